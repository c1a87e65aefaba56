"""Transactions that wait for a block: bounded, one per sender and number, replaced only by one that pays clearly more.

Spec: https://eips.ethereum.org/EIPS/eip-1559
"""

from collections.abc import Iterator
from typing import Final

from eth.abc import SignedTransactionAPI
from eth.exceptions import PyEVMError
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException

from anchoring import rlp
from anchoring.devchain.rules import BLOCK_GAS
from anchoring.errors import RlpError
from anchoring.secp256k1 import HALF_ORDER
from anchoring.transactions.endpoint import (
    AlreadyKnownError,
    NoFundsError,
    NonceTooLowError,
    RejectedError,
    UnderpricedError,
)

MAX_WAITING: Final = 512
MAX_AHEAD: Final = 64
"""How far a transaction's number may be ahead of its sender's next."""
BUMP_PERCENT: Final = 10
"""By how much both fees have to rise for a replacement (geth)."""
_WITH_TIP: Final = b"\x02"
_ACCESS_LIST: Final = 8
"""Which field of a transaction with a tip is one; all others are strings."""


def read(raw: bytes) -> SignedTransactionAPI:
    """The transaction in these bytes, its signature checked; raises RejectedError."""
    try:
        _check_shape(raw)
        transaction = PragueTransactionBuilder.decode(raw)
        transaction.validate()
        signed = bool(transaction.sender) and transaction.s <= HALF_ORDER
    except (ValidationError, RLPException, PyEVMError, BadSignature, RlpError) as error:
        raise RejectedError(f"no transaction: {error}") from error
    if not signed:
        raise RejectedError("a transaction with the other one of two equivalent signatures")
    return transaction


def _check_shape(raw: bytes) -> None:
    """Refuse what is not the one encoding of a transaction of old, or of one with a tip and an empty access list.

    The EVM's library takes empty lists for zeros, and fails on others. Blobs would need a second layer of nodes, and
    authorizations (EIP-7702) change the numbers of accounts that sent nothing.
    """
    fields = rlp.decode(raw.removeprefix(_WITH_TIP))
    lists = {place: field for place, field in enumerate(fields) if isinstance(field, list)}
    if not isinstance(fields, list) or lists != ({_ACCESS_LIST: []} if raw.startswith(_WITH_TIP) else {}):
        raise RejectedError(f"{len(raw)} bytes that are no transaction of a type that is taken here")


class Pool:
    """What was sent and is in no block yet; it is gone when the process is."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[bytes, int], SignedTransactionAPI] = {}

    def __contains__(self, transaction_hash: bytes) -> bool:
        return any(transaction.hash == transaction_hash for transaction in self._waiting.values())

    def add(self, transaction: SignedTransactionAPI, nonce: int) -> None:
        """Let it wait; the number is the sender's next. Raises the errors of `Endpoint.send`."""
        key = (bytes(transaction.sender), transaction.nonce)
        before = self._waiting.get(key)
        if before is not None and before.hash == transaction.hash:
            raise AlreadyKnownError(f"{named(transaction)} is waiting already")
        if transaction.nonce < nonce:
            raise NonceTooLowError(f"{named(transaction)} has the number {transaction.nonce}; the next is {nonce}")
        if before is not None and not _pays_more(transaction, before):
            raise UnderpricedError(
                f"{named(transaction)} does not pay {BUMP_PERCENT} % more than the one it would replace"
            )
        if transaction.nonce > nonce + MAX_AHEAD or (before is None and len(self._waiting) >= MAX_WAITING):
            raise RejectedError(f"{named(transaction)} is too far ahead, or too many are waiting")
        self._waiting[key] = transaction

    def senders(self) -> Iterator[bytes]:
        """Whose transactions wait."""
        yield from dict.fromkeys(sender for sender, _ in self._waiting)

    def ready(self, sender: bytes, nonce: int, balance: int, base_fee: int) -> Iterator[SignedTransactionAPI]:
        """The sender's transactions from its next number on, as long as they follow each other and can pay."""
        while (transaction := self._waiting.get((sender, nonce))) is not None:
            balance -= cost(transaction)
            if balance < 0 or transaction.max_fee_per_gas < base_fee:
                return
            yield transaction
            nonce += 1

    def next_nonce(self, sender: bytes, nonce: int) -> int:
        """The number after all that wait without a gap."""
        while (sender, nonce) in self._waiting:
            nonce += 1
        return nonce

    def forget(self, sender: bytes, nonce: int) -> None:
        """Drop what has this number, since it, or another one, came into a block."""
        self._waiting.pop((sender, nonce), None)


def cost(transaction: SignedTransactionAPI) -> int:
    """What the sender has to have."""
    return transaction.gas * transaction.max_fee_per_gas + transaction.value


def check(transaction: SignedTransactionAPI, chain_id: int, balance: int) -> None:
    """Refuse what no block of this chain takes from a sender with this balance."""
    if transaction.chain_id not in (chain_id, None):
        raise RejectedError(f"{named(transaction)} is for chain {transaction.chain_id}, not {chain_id}")
    if not transaction.intrinsic_gas <= transaction.gas <= BLOCK_GAS:
        raise RejectedError(
            f"{named(transaction)} has {transaction.gas} gas, not {transaction.intrinsic_gas} to {BLOCK_GAS}"
        )
    if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
        raise RejectedError(f"{named(transaction)} gives a higher tip than all that it pays")
    if balance < cost(transaction):
        raise NoFundsError(f"{named(transaction)} costs up to {cost(transaction)}; its sender has {balance}")


def named(transaction: SignedTransactionAPI) -> str:
    """How messages call it."""
    return f"transaction 0x{transaction.hash.hex()}"


def _pays_more(transaction: SignedTransactionAPI, before: SignedTransactionAPI) -> bool:
    return all(
        new * 100 >= old * (100 + BUMP_PERCENT)
        for new, old in (
            (transaction.max_fee_per_gas, before.max_fee_per_gas),
            (transaction.max_priority_fee_per_gas, before.max_priority_fee_per_gas),
        )
    )
