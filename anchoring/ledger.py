"""The ports behind which chains lie: `LedgerReader` answers and proves, `Ledger` also writes.

The questions and their answers are those of `anchoring.facts`, which this module offers too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from anchoring.calls import AuthorizedCall
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.facts import (
    ENDLESS,
    Accreditation,
    AccreditationOf,
    Anchor,
    AnchorOf,
    Authority,
    AuthorityAt,
    Fact,
    HeadOf,
    HistoryEntry,
    NamespaceState,
    Question,
    Recovery,
    StateOf,
    StatusHead,
)
from anchoring.operations import Operation
from anchoring.storage_proof import Contract, StorageProof

__all__ = [
    "ENDLESS",
    "Accreditation",
    "AccreditationOf",
    "Anchor",
    "AnchorOf",
    "Authority",
    "AuthorityAt",
    "CallProgress",
    "CallState",
    "Fact",
    "HeadOf",
    "HistoryEntry",
    "Ledger",
    "LedgerReader",
    "NamespaceState",
    "Question",
    "Recovery",
    "StateOf",
    "StatusHead",
]


class LedgerReader(Protocol):
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


class CallState(StrEnum):
    """How far a call has come. Up to `mined` it may fall back: a chain can take its latest blocks back."""

    BATCHED = "batched"
    SIGNED = "signed"
    SENT = "sent"
    MINED = "mined"
    FINALIZED = "finalized"
    """Carried out at the end of a block that the chain will not take back."""
    REFUSED = "refused"
    """The contract can never take it any more: its deadline is over, or another came before it."""


@dataclass(frozen=True, slots=True)
class CallProgress:
    """What is known of a call."""

    id: bytes
    state: CallState
    operation: Operation
    transaction: bytes | None = None
    """Hash of the latest transaction that brings it."""
    block: int | None = None
    """Number of the block that it stands in; a hint up to `mined`."""
    problem: str | None = None
    """Why it does not get on, or was refused, for a person."""


class Ledger(LedgerReader, Protocol):
    """A chain that can also be written to."""

    async def submit(self, call: AuthorizedCall) -> bytes:
        """Take a call over; from the return on it is not forgotten. Its id, so that the same call twice is one.

        Raises CallError for what no chain could ever take.
        """

    async def advance(self) -> tuple[CallProgress, ...]:
        """Do what is to be done next, within bounds of time, and tell of each call that is not settled.

        A call that became final or refused in this round is told of once more, in this round, and then no longer.
        """
