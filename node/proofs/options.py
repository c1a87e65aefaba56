"""Proof options: what a signer states about a proof.

Spec: https://www.w3.org/TR/vc-data-integrity/#proofs
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from node.documents import JsonObject
from node.proofs.errors import ProofOptionsError, shown

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
