"""Why the contract does not take a call, in its own errors and in words."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from anchoring.abi import SELECTOR_BYTES, selector
from anchoring.errors import RefusedError


class Refusal(Enum):
    """The contract's errors, by their signatures, and what they mean to whoever made the call."""

    ZERO_AUTHORITY = "ZeroAuthority()", "nobody can sign for the zero address"
    ZERO_RECOVERY = "ZeroRecovery()", "no key opens the zero commitment"
    ZERO_HASH = "ZeroHash()", "zero marks what is absent"
    NAMESPACE_UNKNOWN = "NamespaceUnknown(bytes32)", "the namespace has not been opened there"
    NOT_AUTHORITY = "NotAuthority(bytes32,address)", "the sender is not the authority of the namespace"
    NOT_RECOVERY_KEY = "NotRecoveryKey(bytes32,address)", "the key and the salt do not open the recovery commitment"
    SIGNATURE_INVALID = "SignatureInvalid(address)", "the signature is not by the one whose word is needed"
    DEADLINE_PASSED = "DeadlinePassed(uint256)", "the deadline is over"
    DEADLINE_TOO_FAR = "DeadlineTooFar(uint256)", "the deadline lies more than an hour ahead"
    SEQUENCE_MISMATCH = "SequenceMismatch(uint256,uint256)", "it is not the turn of this number"
    SEQUENCE_TAKEN = "SequenceTaken(uint32)", "an accreditation with this number has been written"
    SEQUENCE_SKIPPED = "SequenceSkipped(uint32)", "the accreditation before this one has not been written"
    VERSION_NOT_HIGHER = "VersionNotHigher(uint64,uint64)", "the head in place has this version or a higher one"
    HEAD_SEALED = "HeadSealed(bytes32,bytes32)", "the head in place was declared the last one"
    SEAL_MISMATCH = "SealMismatch(uint48)", "a sealed head has no end, and no other head has none"
    PERIOD_INVALID = "PeriodInvalid(uint256,uint256)", "the period is empty or over"
    ACCREDITATION_UNKNOWN = (
        "AccreditationUnknown(bytes32,bytes32,bytes32,uint32)",
        "no such accreditation has been written",
    )
    NO_RECOVERY_PENDING = "NoRecoveryPending(bytes32)", "no recovery is pending"
    RECOVERY_NOT_READY = "RecoveryNotReady(uint48)", "the delay of the pending recovery is not over"

    def __init__(self, signature: str, meaning: str) -> None:
        self.signature = signature
        self.meaning = meaning

    def error(self) -> RefusedError:
        """The error to raise."""
        return RefusedError(
            f"the contract refuses the call: {self.meaning}",
            code=f"refused.{self.name.lower()}",
            remedy="Ask the ledger how the namespace stands, and make the call anew where it is still wanted.",
        )


_BY_SELECTOR: Final[Mapping[bytes, Refusal]] = MappingProxyType({selector(each.signature): each for each in Refusal})


def refusal_of(reason: bytes) -> Refusal | None:
    """Which refusal it is that a node of the chain gives as ABI data, or None for what is not the contract's."""
    return _BY_SELECTOR.get(reason[:SELECTOR_BYTES])
