"""What can be asked of a chain with the contract on it, and what it answers.

Each question has one answer at the end of a block, out of storage alone, so each answer can be proven with that block's
hash; `anchoring.layout` knows in which slots it stands.
"""

from dataclasses import dataclass
from typing import Final

ENDLESS: Final = 253_402_300_799
"""9999-12-31T23:59:59Z, the end of what has none."""


@dataclass(frozen=True, slots=True)
class AnchorOf:
    """When did this namespace anchor this value?"""

    namespace: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class HeadOf:
    """Which is the current version of this status list, as this namespace says?"""

    namespace: bytes
    list_id: bytes


@dataclass(frozen=True, slots=True)
class AuthorityAt:
    """Who could write into this namespace at the end of this block?

    The index tells where in the history the answer stands. A wrong one leads to no answer, never to another.
    """

    namespace: bytes
    block: int
    index: int


@dataclass(frozen=True, slots=True)
class AccreditationOf:
    """What does this body say about this subject in this scope, for the `sequence`th time?

    Sequences have no gaps: the last is the one after which there is none.
    """

    body: bytes
    subject: bytes
    scope: bytes
    sequence: int


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Which is the `index`th authority of this namespace, whether or not others came after it?"""

    namespace: bytes
    index: int


@dataclass(frozen=True, slots=True)
class StateOf:
    """How does this namespace stand: who may write, who may take it back, is somebody about to?"""

    namespace: bytes


@dataclass(frozen=True, slots=True)
class StandingOf:
    """Who owns this identity, and how many calls were made by this signer's word? Asked of the registry of ERC-1056."""

    identity: bytes
    signer: bytes


type Question = AnchorOf | HeadOf | AuthorityAt | AccreditationOf | HistoryEntry | StateOf | StandingOf


@dataclass(frozen=True, slots=True)
class Anchor:
    """The value was written, once and for all, in this block; so what it commits to existed by then."""

    block: int
    time: int
    """Of that block, in seconds since 1970, like every time here."""
    authority: int
    """Which entry of the namespace's history wrote it."""
    era: int
    """How often the namespace had been recovered by then."""


@dataclass(frozen=True, slots=True)
class StatusHead:
    """The digest of the list that counts."""

    digest: bytes
    version: int
    time: int
    valid_until: int
    authority: int
    era: int
    sealed: bool
    """No other version follows, unless the namespace is recovered from a thief."""

    @property
    def order(self) -> tuple[int, int]:
        """A head with a higher order is newer: versions rise within an era, and a recovery begins the next."""
        return self.era, self.version


@dataclass(frozen=True, slots=True)
class Authority:
    """Who can write, from when on."""

    address: bytes
    since_block: int
    since_time: int


@dataclass(frozen=True, slots=True)
class Accreditation:
    """What a body says about a subject; never overwritten, and withdrawn at most once."""

    valid_from: int
    valid_until: int
    recorded_at: int
    revoked_at: int | None
    authority: int
    revoked_by: int | None
    evidence: bytes
    """Digest of the signed statement."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """A recovery that was asked for, and neither completed nor taken back."""

    successor: bytes
    ready_at: int
    """From then on anybody may complete it."""
    next_commitment: bytes
    """To the recovery key of the era that begins with it."""


@dataclass(frozen=True, slots=True)
class NamespaceState:
    """How a namespace stands; unlike all other answers this one changes with each event."""

    authority: bytes
    last_block: int
    """Of its last event."""
    era: int
    """How often it was recovered."""
    authorities: int
    """Entries of its history; the next has this index."""
    commitment: bytes
    """To the key that may recover it."""
    recovery_requests: int
    """So far; the next has the number after this."""
    pending: Recovery | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an identity and a signer stand in the registry of ERC-1056."""

    owner: bytes
    """Whoever may change the identity: itself, until it is handed over."""
    calls: int
    """The number that goes into what the signer signs next; each is taken once."""


type Fact = Anchor | StatusHead | Authority | Accreditation | NamespaceState | Standing
