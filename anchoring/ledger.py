"""What can be asked of a chain with the contract on it, what it answers, and the port behind which chains lie.

Each question has one answer at the end of a block, out of storage alone, so each answer can be proven with that block's
hash; `anchoring.layout` knows in which slots it stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.storage_proof import Contract, StorageProof

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


type Question = AnchorOf | HeadOf | AuthorityAt | AccreditationOf


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


type Fact = Anchor | StatusHead | Authority | Accreditation


class Ledger(Protocol):
    """A chain with the contract on it, as a node that talks to it sees it.

    Nothing that comes from here is evidence before its proof was read under a trusted block.
    """

    @property
    def chain(self) -> Chain:
        """The chain."""

    @property
    def contract(self) -> Contract:
        """The contract on it."""

    async def final_block(self) -> TrustedBlock:
        """The latest block that the chain will not take back."""

    async def answer(self, question: Question, block: TrustedBlock) -> Fact | None:
        """What the contract's storage said at the end of this block, or None where it said nothing."""

    async def prove(self, questions: Iterable[Question], block: TrustedBlock) -> StorageProof:
        """One proof of the answers to all of these questions at the end of this block."""
