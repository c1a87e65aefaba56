"""The signature of a signed badge, tried with the keys that its issuer lists.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html#SignedBadge
"""

from dataclasses import dataclass
from typing import Final

from node.proofs.errors import InvalidProofError, ProofFailure, ProofsError
from node.proofs.jose.jws import Jws, check_trustworthy, verify_jws
from node.verification.check import Outcome
from node.verification.open_badges_2.signing_keys import SigningKey

ALGORITHMS: Final = frozenset({"RS256"})
"""The one that the specification recommends; no other is in use."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of the signature: the outcome, code and message of the check, and the key that made it, if known."""

    outcome: Outcome
    code: str
    message: str
    iri: str | None = None


def try_signature(jws: Jws, keys: tuple[SigningKey, ...]) -> Tried | None:
    """What the signature says under these keys; None where there is none to try.

    1. It is of a kind that is checked here.
    2. One key that made it is enough.
    3. Where a key is not known, it may be the one.
    """
    try:
        check_trustworthy(jws, algorithms=ALGORITHMS)  # 1.
    except ProofsError as error:
        return _told(error)
    usable = [key for key in keys if key.key is not None]
    refusal: InvalidProofError | None = None
    for each in usable:  # 2.
        if each.key is not None:
            try:
                verify_jws(jws, each.key, algorithms=ALGORITHMS)
            except InvalidProofError as error:
                refusal = error
            else:
                return Tried(Outcome.PASSED, "proof.passed", "Nothing has changed since it was signed.", each.iri)
    if refusal is None:
        return None
    if len(usable) < len(keys):  # 3.
        message = "The signature is by none of the issuer's keys that are known here, and not all of them are."
        return Tried(Outcome.INDETERMINATE, "proof.indeterminate.key", f"{message} Connect and check again.")
    return _told(refusal)


def _told(error: ProofsError) -> Tried:
    outcome = Outcome.FAILED if isinstance(error, ProofFailure) else Outcome.INDETERMINATE
    return Tried(outcome, error.code, f"{error}. {error.remedy}")
