"""What can be written by the contract, who has to sign for it, and how one sees that it was carried out.

Repeats are harmless: by the value, the version, or the number in an operation the contract knows what it has done. How
an operation is signed and brought to a chain says `anchoring.calls`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from anchoring.errors import CallError, shown
from anchoring.facts import (
    ENDLESS,
    Accreditation,
    AccreditationOf,
    Anchor,
    AnchorOf,
    Authority,
    Fact,
    HeadOf,
    HistoryEntry,
    NamespaceState,
    Question,
    Standing,
    StandingOf,
    StateOf,
    StatusHead,
)
from anchoring.layout import namespace_id
from anchoring.storage_proof import ADDRESS_BYTES, WORD_BYTES

RECOVERY_DELAY: Final = 7 * 86_400
"""How long everybody sees a recovery coming, in seconds."""


@dataclass(frozen=True, slots=True)
class OpenNamespace:
    """Open the namespace that these three determine. Anybody may bring it: it says nothing that its id does not."""

    authority: bytes
    recovery: bytes
    """Commitment to the recovery key."""
    salt: bytes

    def __post_init__(self) -> None:
        _check(hashes=[self.recovery], addresses=[self.authority])
        _check_length(self.salt)

    @property
    def namespace(self) -> bytes:
        """Its id."""
        return namespace_id(self.authority, self.recovery, self.salt)


@dataclass(frozen=True, slots=True)
class AnchorValue:
    """Write down that the value existed by now."""

    namespace: bytes
    value: bytes

    def __post_init__(self) -> None:
        _check(hashes=[self.namespace, self.value])


@dataclass(frozen=True, slots=True)
class SetHead:
    """Say which bytes of a status list count until the next head; with ENDLESS, for ever."""

    namespace: bytes
    list_id: bytes
    digest: bytes
    version: int
    valid_until: int
    era: int = 0
    """In which it is meant; not part of what is signed. Heads of earlier eras are no obstacle."""

    def __post_init__(self) -> None:
        _check(hashes=[self.namespace, self.list_id, self.digest])
        _check_number("version", self.version, first=1, bits=64)
        _check_number("era", self.era, bits=16)
        _check_period(0, self.valid_until)

    @property
    def sealed(self) -> bool:
        """Whether no other head shall follow."""
        return self.valid_until == ENDLESS


@dataclass(frozen=True, slots=True)
class Accredit:
    """Accredit a subject for a scope and a period, for the `sequence`th time."""

    body: bytes
    subject: bytes
    scope: bytes
    sequence: int
    valid_from: int
    valid_until: int
    evidence: bytes
    """Digest of the signed statement."""

    def __post_init__(self) -> None:
        _check(hashes=[self.body, self.subject, self.scope, self.evidence])
        _check_number("sequence", self.sequence, bits=32)
        _check_period(self.valid_from, self.valid_until)


@dataclass(frozen=True, slots=True)
class WithdrawAccreditation:
    """Withdraw an accreditation as of the block that takes this."""

    body: bytes
    subject: bytes
    scope: bytes
    sequence: int

    def __post_init__(self) -> None:
        _check(hashes=[self.body, self.subject, self.scope])
        _check_number("sequence", self.sequence, bits=32)


@dataclass(frozen=True, slots=True)
class Accept:
    """A successor's word that it will be the authority: signed by it, and brought inside another operation."""

    namespace: bytes
    successor: bytes

    def __post_init__(self) -> None:
        _check(hashes=[self.namespace], addresses=[self.successor])


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A successor's signature over its `Accept`."""

    deadline: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class RotateAuthority:
    """Hand the namespace on; the new entry of its history has this index."""

    namespace: bytes
    index: int
    successor: bytes
    acceptance: Acceptance

    def __post_init__(self) -> None:
        _check(hashes=[self.namespace], addresses=[self.successor])
        _check_number("index", self.index, first=1, bits=32)


@dataclass(frozen=True, slots=True)
class RequestRecovery:
    """Ask, with the recovery key, for another authority after the contract's delay."""

    namespace: bytes
    sequence: int
    """One more than the requests so far."""
    successor: bytes
    next_commitment: bytes
    """To the recovery key of the next era."""
    recovery_salt: bytes
    acceptance: Acceptance
    recovery_key: bytes
    """Its address."""

    def __post_init__(self) -> None:
        _check(hashes=[self.namespace, self.next_commitment], addresses=[self.successor, self.recovery_key])
        _check_length(self.recovery_salt)
        _check_number("sequence", self.sequence, first=1, bits=48)


@dataclass(frozen=True, slots=True)
class CancelRecovery:
    """Take the pending request back, with the recovery key."""

    namespace: bytes
    sequence: int
    recovery_salt: bytes
    recovery_key: bytes
    era: int = 0
    """In which the request was made; not part of what is signed."""

    def __post_init__(self) -> None:
        _check(hashes=[self.namespace], addresses=[self.recovery_key])
        _check_length(self.recovery_salt)
        _check_number("sequence", self.sequence, first=1, bits=48)
        _check_number("era", self.era, bits=16)


@dataclass(frozen=True, slots=True)
class CompleteRecovery:
    """Complete a recovery whose delay is over. Anybody may bring it."""

    namespace: bytes
    era: int
    """That begins with it; not part of the call."""

    def __post_init__(self) -> None:
        _check(hashes=[self.namespace])
        _check_number("era", self.era, first=1, bits=16)


@dataclass(frozen=True, slots=True)
class ChangeIdentity:
    """Change an identity in the registry of ERC-1056, by its owner's word: data with the signature in it.

    The owner signs a number with it that the registry takes once, so whoever brings it, and how often, it is carried
    out once at the most. See `anchoring.registry_calls`.
    """

    identity: bytes
    owner: bytes
    nonce: int
    data: bytes

    def __post_init__(self) -> None:
        _check(hashes=[], addresses=[self.identity, self.owner])
        _check_number("nonce", self.nonce, bits=64)


type Operation = (
    OpenNamespace
    | AnchorValue
    | SetHead
    | Accredit
    | WithdrawAccreditation
    | RotateAuthority
    | RequestRecovery
    | CancelRecovery
    | CompleteRecovery
    | ChangeIdentity
)


class Outcome(StrEnum):
    """What the contract's storage says of an operation."""

    OPEN = "open"
    """Nothing yet."""
    DONE = "done"
    """It was carried out."""
    OVERTAKEN = "overtaken"
    """Something else stands in its place, so it cannot be carried out any more. Whether it was before, and was then
    followed by something else, only its transaction's receipt tells."""


def question_of(operation: Operation) -> Question:  # noqa: PLR0911 - one for each operation
    """What to ask the contract's storage to learn what became of the operation."""
    match operation:
        case OpenNamespace():
            return HistoryEntry(operation.namespace, 0)
        case AnchorValue(namespace, value):
            return AnchorOf(namespace, value)
        case SetHead(namespace, list_id):
            return HeadOf(namespace, list_id)
        case Accredit(body, subject, scope, sequence) | WithdrawAccreditation(body, subject, scope, sequence):
            return AccreditationOf(body, subject, scope, sequence)
        case RotateAuthority(namespace, index):
            return HistoryEntry(namespace, index)
        case RequestRecovery(namespace) | CancelRecovery(namespace) | CompleteRecovery(namespace):
            return StateOf(namespace)
        case ChangeIdentity(identity, owner):
            return StandingOf(identity, owner)


def carried_out(operation: Operation, fact: Fact | None) -> bool:
    """Whether the answer to `question_of` the operation shows that it was carried out."""
    return outcome(operation, fact) is Outcome.DONE


def outcome(operation: Operation, fact: Fact | None) -> Outcome:  # noqa: PLR0911 - one for each operation
    """What the answer to `question_of` the operation says of it.

    Raises CallError for the answer to another question.
    """
    match operation, fact:
        case _, None:
            return Outcome.OPEN
        case (OpenNamespace(), Authority()) | (AnchorValue(), Anchor()):
            return Outcome.DONE
        case SetHead(), StatusHead():
            return _head_outcome(operation, fact)
        case Accredit(), Accreditation():
            written = (fact.valid_from, fact.valid_until, fact.evidence)
            return _done(written == (operation.valid_from, operation.valid_until, operation.evidence))
        case WithdrawAccreditation(), Accreditation():
            return _done(fact.revoked_at is not None, otherwise=Outcome.OPEN)
        case RotateAuthority(), Authority():
            return _done(fact.address == operation.successor)
        case ((RequestRecovery() | CancelRecovery() | CompleteRecovery()), NamespaceState()):
            return _recovery_outcome(operation, fact)
        case ChangeIdentity(), Standing():
            if fact.calls > operation.nonce:  # by this call, or by another that its owner gave the same number
                return Outcome.DONE
            return Outcome.OPEN if fact.owner == operation.owner else Outcome.OVERTAKEN
        case _:
            raise CallError(
                f"the answer {type(fact).__name__} says nothing about {type(operation).__name__}",
                code="call.shape",
                remedy="Ask what `question_of` gives for the operation.",
            )


def _head_outcome(operation: SetHead, head: StatusHead) -> Outcome:
    if head.era < operation.era:
        return Outcome.OPEN
    written = (head.digest, head.version, head.valid_until)
    if written == (operation.digest, operation.version, operation.valid_until):
        return Outcome.DONE
    open_still = head.era == operation.era and head.version < operation.version and not head.sealed
    return Outcome.OPEN if open_still else Outcome.OVERTAKEN


def _recovery_outcome(operation: RequestRecovery | CancelRecovery | CompleteRecovery, state: NamespaceState) -> Outcome:
    pending, requests = state.pending, state.recovery_requests
    match operation:
        case CompleteRecovery(_, era):
            return _done(state.era >= era, otherwise=Outcome.OPEN)
        case CancelRecovery(_, sequence, era=era):
            if requests > sequence or state.era > era:
                return Outcome.OVERTAKEN
            return _done(requests == sequence and pending is None, otherwise=Outcome.OPEN)
        case RequestRecovery(_, sequence, successor, following):
            if requests < sequence:
                return Outcome.OPEN
            wanted = pending is not None and (pending.successor, pending.next_commitment) == (successor, following)
            return _done(requests == sequence and wanted)


def _done(yes: bool, *, otherwise: Outcome = Outcome.OVERTAKEN) -> Outcome:  # noqa: FBT001 - what was found, not a mode
    return Outcome.DONE if yes else otherwise


def _check(*, hashes: list[bytes], addresses: list[bytes] | None = None) -> None:
    for value, length in [*((each, WORD_BYTES) for each in hashes), *((a, ADDRESS_BYTES) for a in addresses or [])]:
        _check_length(value, length)
        if not any(value):
            raise CallError(
                "a hash or an address of nothing but zeros",
                code="call.zero",
                remedy="Zero stands for what is absent, so the contract takes none; check where the value comes from.",
            )


def _check_length(value: bytes, length: int = WORD_BYTES) -> None:
    if len(value) != length:
        raise CallError(
            f"{shown(value)} has not the {length} bytes of its place",
            code="call.value",
            remedy="Give hashes, salts and ids as 32 bytes, addresses as 20.",
        )


def _check_number(name: str, value: int, *, bits: int, first: int = 0) -> None:
    if not first <= value < 1 << bits:
        raise CallError(
            f"{name} {value} is not from {first} to {(1 << bits) - 1}",
            code="call.value",
            remedy="Ask the ledger which number comes next.",
        )


def _check_period(start: int, end: int) -> None:
    if not 0 <= start < end <= ENDLESS:
        raise CallError(
            f"a period from {start} to {end}",
            code="call.period",
            remedy=f"Let it end after it begins, and not behind {ENDLESS}, which stands for no end.",
        )
