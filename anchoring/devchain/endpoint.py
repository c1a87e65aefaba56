"""The embedded chain as a sender of transactions sees it, and the account that it gives the sender to pay from."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from anchoring.checkpoint import Chain
from anchoring.devchain.machine import TIP, Machine
from anchoring.errors import EmbeddedChainError
from anchoring.keccak import keccak256
from anchoring.secp256k1 import PARITIES
from anchoring.signing_key import SigningKey
from anchoring.transactions.endpoint import Head, Inclusion, UnreachableError
from anchoring.transactions.signing import Transaction


class Done(Protocol):
    """Has the chain's thread do something."""

    def __call__[T](self, task: Callable[[], T], /) -> Awaitable[T]:
        """What comes of the task, once it is its turn."""


class DevEndpoint:
    """An `Endpoint`: the only node of its chain."""

    def __init__(self, machine: Machine, done: Done, refresh: Callable[[], None]) -> None:
        """Made by `DevChain.connect`."""
        self._machine = machine
        self._done = done
        self._refresh = refresh

    async def chain(self) -> Chain:
        """The chain: its number, and the hash of its first block."""
        return self._machine.chain

    async def code_hash(self, address: bytes) -> bytes:
        """Keccak-256 of the code at an address."""
        return keccak256((await self._told(lambda: self._machine.account(address))).code)

    async def head(self) -> Head:
        """The latest block, which is final, and what gas costs in the next at least."""
        return await self._told(self._head)

    async def nonce(self, account: bytes, *, pending: bool) -> int:
        """How many transactions of the account are in blocks; with `pending`, and waiting in line behind them."""
        if pending:
            return await self._told(lambda: self._machine.pending_nonce(account))
        return (await self._told(lambda: self._machine.account(account))).nonce

    async def balance(self, account: bytes) -> int:
        """What the account has, which is worth nothing."""
        return (await self._told(lambda: self._machine.account(account))).balance

    async def priority_fee(self) -> int:
        """A tip; any will do."""
        return TIP

    async def estimate(self, sender: bytes, to: bytes, data: bytes) -> int:
        """The gas that the call takes at the latest block; raises RevertedError."""
        return await self._told(lambda: self._machine.estimate(sender, to, data))

    async def send(self, raw: bytes) -> None:
        """Take a signed transaction; on return its block is on the disk, unless blocks are made by `mine` alone."""
        await self._told(lambda: self._machine.send(raw))

    async def inclusion(self, transaction: bytes) -> Inclusion | None:
        """Where the transaction with this hash stands, or None while it is in no block."""
        return await self._told(lambda: self._inclusion(transaction))

    async def known(self, transaction: bytes) -> bool:
        """Whether the transaction with this hash is in a block, or waits for one."""
        return await self._told(lambda: self._machine.knows(transaction))

    async def _told[T](self, task: Callable[[], T]) -> T:
        try:
            return await self._done(task)
        except EmbeddedChainError as error:
            raise UnreachableError(f"{error}. {error.remedy} [{error.code}]") from error

    def _head(self) -> Head:
        self._refresh()
        latest = self._machine.head
        return Head(latest.block_number, bytes(latest.hash), latest.timestamp, self._machine.next_base_fee())

    def _inclusion(self, transaction: bytes) -> Inclusion | None:
        found = self._machine.included(transaction)
        if found is None:
            return None
        return Inclusion(found.header.block_number, bytes(found.header.hash), found.succeeded)


class GasAccount:
    """A `GasSigner`: the account that the chain's first block gave coins to. Its key lies open in the folder."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self.address = key.address

    async def sign(self, transaction: Transaction) -> bytes:
        """The signed transaction."""
        signature = self._key.sign_digest(transaction.digest)
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
        return transaction.signed(PARITIES.index(signature[64]), r, s)
