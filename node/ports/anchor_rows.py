"""What is to be anchored, in which batches, and the receipts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class BatchState(StrEnum):
    """How far a batch has come."""

    OPEN = "open"
    """It has its leaves and its secret; the same root can be made again."""
    SUBMITTED = "submitted"
    FINAL = "final"
    REFUSED = "refused"
    """The contract will never take it; its leaves are free for another batch."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A commitment of a credential under its salt; without the salt nobody can link it to anything."""

    award: str
    form: str
    namespace: str
    commitment: bytes
    salt: bytes = field(repr=False)
    batch: str | None = None
    receipt: bytes | None = None
    """As it is without the proof, which all of a batch share."""
    credential: str | None = None
    """The identifier that the credential was stored by; told when it is read, and not given."""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A batch of one namespace."""

    id: str
    namespace: str
    created_at: datetime
    changed_at: datetime
    secret: bytes | None = field(default=None, repr=False)
    anchored: bytes | None = None
    call: bytes | None = None
    finality: bytes | None = None
    """The part of a final receipt that is the same for all of the batch."""
    state: BatchState = BatchState.OPEN


class AnchorReader(Protocol):
    """What one organisation anchors."""

    async def batch(self, batch: str) -> BatchRecord:
        """The batch; raises AbsentError."""

    async def unfinished(self) -> tuple[BatchRecord, ...]:
        """The batches that are open or submitted, the oldest first."""

    async def leaves(self, batch: str, *, after: tuple[str, str] = ("", ""), limit: int = 10_000) -> tuple[Leaf, ...]:
        """The leaves of a batch, in the order of award and form."""

    async def leaf(self, award: str, form: str) -> Leaf:
        """The leaf of a credential; raises AbsentError."""


class Anchors(AnchorReader, Protocol):
    """… and changing it."""

    async def want(self, leaves: Sequence[Leaf]) -> None:
        """Have these anchored with the next batch; those that are wanted already stay as they are."""

    async def open(self, batch: BatchRecord, *, limit: int, empty: bool = False) -> int:
        """Begin a batch of what is wanted in its namespace, so many at most; how many those are.

        Where nothing is, there is no batch, unless it may be `empty`: then it is for something else.
        """

    async def keep(self, batch: str, receipts: Sequence[Leaf]) -> None:
        """Keep receipts of a batch that is open, some at a time; raises AbsentError, RuleError."""

    async def submit(self, batch: str, anchored: bytes, call: bytes, receipts: Sequence[Leaf], at: datetime) -> None:
        """Keep root, call and receipts before the chain is told, and drop the secret; raises AbsentError, RuleError."""

    async def authorize(self, batch: str, call: bytes, at: datetime, *, before: bytes) -> None:
        """Keep another call that brings the same root, as the one before can be taken no more.

        Raises AbsentError, RuleError for a batch that is not submitted, ConflictError where the call was not `before`.
        """

    async def finish(self, batch: str, finality: bytes, at: datetime) -> None:
        """Keep the proof that all of the batch share; raises AbsentError."""

    async def refuse(self, batch: str, at: datetime) -> int:
        """Free the leaves of a batch that can never be anchored; how many those are."""
