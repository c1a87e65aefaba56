"""A node of the chain, as a sender of transactions sees it.

Nothing that it says is evidence: what was carried out is read, proven, by a `LedgerReader`. A node that lies here costs
time or some gas, within the caps; it can neither make an anchor that is none look final nor hide one that is.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from anchoring.checkpoint import Chain
from anchoring.errors import EndpointError


@dataclass(frozen=True, slots=True)
class Head:
    """The latest block, by the node's word."""

    number: int
    hash: bytes
    time: int
    """In seconds since 1970, as the block says."""
    base_fee: int
    """In wei for a unit of gas, like every fee here."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where a transaction stands, by its receipt."""

    block: int
    block_hash: bytes
    succeeded: bool


class UnreachableError(EndpointError):
    """The node does not answer, or not in the way of a node."""

    code = "endpoint.unreachable"
    remedy = "Check the address of the node and the connection; what is under way goes on by itself once it answers."


class NonceTooLowError(EndpointError):
    """A transaction with this number from this account is in a block already."""

    code = "endpoint.nonce_too_low"
    remedy = "Nothing: receipts and the contract's storage are looked at in the next round."


class UnderpricedError(EndpointError):
    """The node takes the transaction only for a higher fee."""

    code = "endpoint.underpriced"
    remedy = "Nothing: the fees are raised, up to their caps."


class AlreadyKnownError(EndpointError):
    """The node has exactly this transaction, which is as good as having taken it."""

    code = "endpoint.already_known"
    remedy = "Nothing."


class NoFundsError(EndpointError):
    """The account cannot pay for the transaction."""

    code = "endpoint.no_funds"
    remedy = "Send coins of the chain to the account that pays for gas."


class RejectedError(EndpointError):
    """The node does not take the transaction, for another reason."""

    code = "endpoint.rejected"
    remedy = "Read the node's own words; try another node."


class RevertedError(EndpointError):
    """The contract would not take the call in the present state of the chain."""

    code = "endpoint.reverted"
    remedy = "Read the contract's reason."

    def __init__(self, message: str, reason: bytes) -> None:
        super().__init__(message)
        self.reason = reason
        """The contract's error as ABI data, four bytes of selector first; empty where the node does not tell."""


class Endpoint(Protocol):
    """A connected node. Every method raises UnreachableError where there is no usable answer in bounded time."""

    async def chain(self) -> Chain:
        """The chain that the node is on: its number, and the hash of its first block."""

    async def code_hash(self, address: bytes) -> bytes:
        """Keccak-256 of the code at an address at the latest block."""

    async def head(self) -> Head:
        """The latest block."""

    async def nonce(self, account: bytes, *, pending: bool) -> int:
        """How many transactions of the account are in blocks; with `pending`, and waiting in line behind them."""

    async def balance(self, account: bytes) -> int:
        """What the account has, in wei."""

    async def priority_fee(self) -> int:
        """The tip that the node suggests."""

    async def estimate(self, sender: bytes, to: bytes, data: bytes) -> int:
        """The gas that the call takes at the latest block; raises RevertedError."""

    async def send(self, raw: bytes) -> None:
        """Hand a signed transaction over.

        Raises AlreadyKnownError, NonceTooLowError, UnderpricedError, NoFundsError, RejectedError.
        """

    async def inclusion(self, transaction: bytes) -> Inclusion | None:
        """Where the transaction with this hash stands, or None while it is in no block."""

    async def known(self, transaction: bytes) -> bool:
        """Whether the node has the transaction with this hash, waiting or in a block."""


type Connect = Callable[[], AbstractAsyncContextManager[Endpoint]]
"""Connects to one node, for the length of one round."""
