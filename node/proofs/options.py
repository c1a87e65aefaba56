"""Proof options: what a signer states about a proof, and whether that is what a verifier expects.

Spec: https://www.w3.org/TR/vc-data-integrity/#proofs
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal

from node.documents import JsonObject
from node.proofs.errors import InvalidProofError, ProofIndeterminate, ProofOptionsError, shown
from node.proofs.proof import Proof

ASSERTION_METHOD: Final = "assertionMethod"
AUTHENTICATION: Final = "authentication"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofOptions:
    """What the caller decides about a proof to be made.

    Times are aware datetimes; they are written in UTC, to the second unless they have a fraction. `created` has no
    default: the core reads no clock. A tuple is written as an array, a string as a string. A proof that a later one
    shall name by `previous_proof` needs an `id`.
    """

    cryptosuite: str
    verification_method: str
    created: datetime
    proof_purpose: str = ASSERTION_METHOD
    expires: datetime | None = None
    domain: str | tuple[str, ...] | None = None
    challenge: str | None = None
    nonce: str | None = None
    id: str | None = None
    previous_proof: str | tuple[str, ...] | None = None

    def to_json(self, type_: str, cryptosuite: str | None) -> JsonObject:
        """The options as members of a proof, in the order in which specifications show them."""
        members: JsonObject = {
            "type": type_,
            "id": self.id,
            "cryptosuite": cryptosuite,
            "created": _written("created", self.created),
            "expires": None if self.expires is None else _written("expires", self.expires),
            "verificationMethod": self.verification_method,
            "proofPurpose": self.proof_purpose,
            "domain": list(self.domain) if isinstance(self.domain, tuple) else self.domain,
            "challenge": self.challenge,
            "nonce": self.nonce,
            "previousProof": list(self.previous_proof)
            if isinstance(self.previous_proof, tuple)
            else self.previous_proof,
        }
        return {name: value for name, value in members.items() if value is not None}


def _written(name: str, time: datetime) -> str:
    if time.utcoffset() is None:
        raise ProofOptionsError(
            f"{name} is {shown(time)}; it must be a time with an offset from UTC", code=f"proof.options.{name}"
        )
    return time.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


type Option = Literal["proofPurpose", "domain", "challenge", "created", "expires"]


@dataclass(frozen=True, slots=True)
class OptionCheck:
    """What one option says; `not_applicable` where there was nothing to check."""

    option: Option
    outcome: Literal["passed", "failed", "indeterminate", "not_applicable"]
    error: InvalidProofError | ProofIndeterminate | None = None


def check_proof_options(  # noqa: PLR0913 - each is an expectation of the caller
    proof: Proof,
    *,
    purpose: str,
    at: datetime,
    skew: timedelta,
    created: datetime | None,
    expires: datetime | None,
    domain: frozenset[str] | None = None,
    challenge: str | None = None,
) -> tuple[OptionCheck, ...]:
    """Each option of the proof against what the verifier expects at the time `at`; clocks may be off by up to `skew`.

    `created` and `expires` are the proof's own, read by the caller, who has the one reader of times; None for a text
    that cannot be read is indeterminate, never passed. A `domain` or `challenge` that the verifier did not ask for is
    not checked. Nothing is said about the signature.

    Spec: https://www.w3.org/TR/vc-data-integrity/#verify-proof, steps 5 to 7
    """
    return (
        # 5. The purpose.
        _check("proofPurpose", f"{shown(proof.proof_purpose)}, not {purpose}", holds=proof.proof_purpose == purpose),
        # 6. The domain: the same strings, in any order.
        _check("domain", f"{shown(list(proof.domain))}, not the one asked for", holds=set(proof.domain) == domain)
        if domain is not None
        else OptionCheck("domain", "not_applicable"),
        # 7. The challenge.
        _check("challenge", f"{shown(proof.challenge)}, not the one asked for", holds=proof.challenge == challenge)
        if challenge is not None
        else OptionCheck("challenge", "not_applicable"),
        # The times, which section 2.1 leaves to the verifier. Differences of moments cannot overflow; sums can.
        _check_time("created", proof.created, created, "is in the future", lambda time: time - at <= skew),
        _check_time("expires", proof.expires, expires, "is past", lambda time: at - time < skew),
    )


_CODES: Final = MappingProxyType({"proofPurpose": "purpose", "created": "not_yet", "expires": "expired"})


def _check(option: Option, found: str, *, holds: bool) -> OptionCheck:
    if holds:
        return OptionCheck(option, "passed")
    code = f"proof.invalid.{_CODES.get(option, option)}"
    return OptionCheck(option, "failed", InvalidProofError(f"{option} of the proof is {found}", code=code))


def _check_time(
    option: Option, text: str | None, time: datetime | None, found: str, holds: Callable[[datetime], bool]
) -> OptionCheck:
    if text is None:
        return OptionCheck(option, "not_applicable")
    if time is None:
        message = f"{option} of the proof, {shown(text)}, cannot be read as a time"
        return OptionCheck(option, "indeterminate", ProofIndeterminate(message, code=f"proof.indeterminate.{option}"))
    return _check(option, f"{shown(text)}, which {found}", holds=holds(time))
