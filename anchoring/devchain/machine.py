"""The chain itself, for one thread at a time: it takes transactions, makes and keeps blocks, and proves what they hold.

A block is made in these steps, in this order:

1. The transactions that can pay and follow each other are chosen.
2. They are carried out on the state of the latest block, by the rules of the chain.
3. The block, and all that is new in the tries, is written in one piece, and the disk has it.
4. Only now is it the latest block, and is anybody told of it.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eth.abc import BlockHeaderAPI, SignedTransactionAPI, StateAPI
from eth.exceptions import (
    BlockNotFound,
    CanonicalHeadNotFound,
    HeaderNotFound,
    ReceiptNotFound,
    StateRootNotFound,
    TransactionNotFound,
    VMError,
)
from eth.vm.chain_context import ChainContext
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth.vm.interrupt import EVMMissingData
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError
from trie.exceptions import MissingTrieNode

from anchoring import secp256k1
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.deployments import Deployment, KeylessDeployment
from anchoring.devchain import proofs
from anchoring.devchain.label import NOTICE
from anchoring.devchain.pool import Pool, check, named, read
from anchoring.devchain.rules import (
    BLOCK_GAS,
    FUNDS,
    SEED_BYTES,
    LocalChain,
    begin,
    spoofed,
)
from anchoring.devchain.store import Store
from anchoring.errors import EmbeddedChainError, shown
from anchoring.identity_registry import BlockEvents
from anchoring.keccak import keccak256
from anchoring.signing_key import SigningKey
from anchoring.storage_proof import Contract, StorageProof
from anchoring.transactions.endpoint import AlreadyKnownError, RejectedError, RevertedError

CONTRACTS: Final = ("TrustAnchor", "EthereumDIDRegistry")
MAX_CLOCK_BEHIND: Final = 600
"""A chain that stands so many seconds ahead of the clock was written while the clock was wrong, or it is wrong now."""
TIP: Final = 10**9
"""What is paid beyond the base fee; nobody competes, so any tip will do."""
_DEPLOYMENT_GAS: Final = 2**22
"""Twice what the larger of them takes."""
_TRANSFER_GAS: Final = 21_000
_SUCCEEDED: Final = b"\x01"
_NOTICE, _FAUCET, _GAS = b"glejt/notice", b"glejt/faucet-key", b"glejt/gas-key"
"""Where what is not the chain's own stands in the database; the chain's keys are hashes, or begin otherwise."""
_MISSING: Final = (
    BlockNotFound,
    CanonicalHeadNotFound,
    EVMMissingData,
    HeaderNotFound,
    KeyError,
    MissingTrieNode,
    ReceiptNotFound,
    StateRootNotFound,
    TransactionNotFound,
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account at the end of a block."""

    nonce: int
    balance: int
    code: bytes


@dataclass(frozen=True, slots=True)
class Included:
    """Where a transaction stands, and how it went."""

    header: BlockHeaderAPI
    succeeded: bool


class Machine:
    """A chain in a folder, which is made, with the contracts on it, where there is none."""

    def __init__(self, folder: Path, clock: Callable[[], float], *, at_once: bool) -> None:
        """Open it; raises EmbeddedChainError. With `at_once`, every transaction has a block of its own at once."""
        self.at_once = at_once
        self._clock = clock
        self._pool = Pool()
        self._store = Store(folder)
        try:
            with self._readable():
                if self._store.empty:
                    self._begin()
                self._chain = LocalChain(self._store)
                self._head = self._chain.get_canonical_head()
                self._faucet, self.gas_key = (SigningKey(self._store[name]) for name in (_FAUCET, _GAS))
                self.chain = Chain(self._chain.chain_id, bytes(self._chain.genesis.hash))
                self._deploy()
        except BaseException:
            self._store.close()
            raise

    def close(self) -> None:
        """Let go of the folder."""
        self._store.close()

    def copy(self, path: Path) -> None:
        """Write all blocks there are to a new file."""
        self._store.copy(path)

    @property
    def head(self) -> BlockHeaderAPI:
        """The latest block's header."""
        return self._head

    def now(self) -> int:
        """The time that the next block gets: the clock's, but never before the latest block's."""
        now = int(self._clock())
        if self._head.timestamp > now + MAX_CLOCK_BEHIND:
            raise EmbeddedChainError(
                f"this machine's clock is {self._head.timestamp - now} seconds behind the latest block",
                code="devchain.clock",
                remedy="Set the clock. If it was wrong when the block was made, begin a new chain in another folder.",
            )
        return max(now, self._head.timestamp)

    def header(self, number: int) -> BlockHeaderAPI:
        """The header of the block with this number; raises EmbeddedChainError for one that is not there."""
        if not 0 <= number <= self._head.block_number:
            raise EmbeddedChainError(
                f"there is no block {number}; the latest is {self._head.block_number}",
                code="devchain.block",
                remedy="Ask for a block of this chain.",
            )
        with self._readable():
            return self._chain.get_canonical_block_header_by_number(BlockNumber(number))

    def trusted(self, number: int) -> TrustedBlock:
        """The block with this number."""
        return TrustedBlock(self.chain, number, bytes(self.header(number).hash))

    def account(self, address: bytes) -> Account:
        """An account at the end of the latest block."""
        with self._readable():
            state, owner = self._state(), Address(address)
            return Account(state.get_nonce(owner), state.get_balance(owner), bytes(state.get_code(owner)))

    def pending_nonce(self, address: bytes) -> int:
        """The number of the address's next transaction, counting those that wait."""
        return self._pool.next_nonce(address, self.account(address).nonce)

    def next_base_fee(self) -> int:
        """What gas in the next block costs at least."""
        return self._next_header(self._head.timestamp).base_fee_per_gas or 0

    def send(self, raw: bytes) -> bytes:
        """Take a signed transaction; its hash. Raises the errors of `Endpoint.send`."""
        transaction = read(raw)
        if self.included(transaction.hash) is not None:
            raise AlreadyKnownError(f"{named(transaction)} is in a block already")
        account = self.account(transaction.sender)
        check(transaction, self.chain.id, account.balance)
        self._pool.add(transaction, account.nonce)
        while self.at_once and (ready := self._ready()):
            self._make_block(ready[:1])
        return bytes(transaction.hash)

    def mine(self) -> int:
        """Make a block of everything that can be carried out, or an empty one; its number."""
        self._make_block(self._ready())
        return int(self._head.block_number)

    def included(self, transaction: bytes) -> Included | None:
        """Where the transaction with this hash stands, or None."""
        with self._readable():
            try:
                number, index = self._chain.get_canonical_transaction_index(Hash32(transaction))
            except TransactionNotFound:
                return None
            receipt = self._chain.get_transaction_receipt_by_index(number, index)
            return Included(self.header(number), receipt.state_root == _SUCCEEDED)

    def knows(self, transaction: bytes) -> bool:
        """Whether the transaction with this hash is in a block, or waits for one."""
        return transaction in self._pool or self.included(transaction) is not None

    def estimate(self, sender: bytes, to: bytes, data: bytes) -> int:
        """How much gas such a call takes on the latest state; raises RevertedError where it is refused."""
        call = PragueTransactionBuilder.new_unsigned_dynamic_fee_transaction(
            self.chain.id, self.account(sender).nonce, 0, 0, BLOCK_GAS, Address(to), 0, data, ()
        )
        with self._readable():
            try:
                return self._chain.estimate_gas(spoofed(call, from_=Address(sender)), self._head)
            except VMError as error:
                reason = error.args[0] if error.args and isinstance(error.args[0], bytes) else b""
                raise RevertedError(f"the call is refused: {type(error).__name__} {shown(reason)}", reason) from error

    def storage_proof(self, address: bytes, slots: Iterable[bytes], number: int) -> StorageProof:
        """What the slots of this account hold at the end of the block."""
        header = self.header(number)
        with self._readable():
            return proofs.storage_proof(self._store, header, address, slots)

    def events(self, number: int) -> BlockEvents:
        """The receipts of all transactions of the block."""
        header = self.header(number)
        with self._readable():
            count = len(self._chain.get_block_by_header(header).transactions)
            return BlockEvents(count, proofs.event_proof(self._store, header, range(count + 1)))

    def fund(self, address: bytes, amount: int) -> bytes:
        """Give an account some of what is worth nothing; the hash of the transaction."""
        return self.send(self._paid(address, b"", gas=_TRANSFER_GAS, value=amount))

    def _begin(self) -> None:
        (faucet, faucet_secret), (gas, gas_secret) = SigningKey.generate(), SigningKey.generate()
        factory = KeylessDeployment.factory()
        funded = {faucet.address: FUNDS, gas.address: FUNDS, factory.sender: factory.cost}
        begin(self._store, secrets.token_bytes(SEED_BYTES), int(self._clock()), funded)
        self._store[_FAUCET], self._store[_GAS], self._store[_NOTICE] = faucet_secret, gas_secret, NOTICE.encode()
        self._store.commit()

    def _deploy(self) -> None:
        """Put the contracts where they stand everywhere, unless they do."""
        factory = KeylessDeployment.factory()
        if not self._stands(factory.contract):
            self._make_block([read(factory.transaction)])
        for name in CONTRACTS:
            deployment = Deployment.named(name)
            if not self._stands(deployment.contract):
                raw = self._paid(deployment.factory, deployment.data, gas=_DEPLOYMENT_GAS)
                self._make_block([read(raw)])
            if not self._stands(deployment.contract):
                raise self._store.damaged(f"{name} does not come to stand where it has to")

    def _stands(self, contract: Contract) -> bool:
        return keccak256(self.account(contract.address).code) == contract.code_hash

    def _paid(self, to: bytes, data: bytes, *, gas: int, value: int = 0) -> bytes:
        """A transaction of the account that all others have their coins from."""
        fields = (
            self.chain.id,
            self.pending_nonce(self._faucet.address),
            TIP,
            2 * self.next_base_fee() + TIP,
            gas,
            Address(to),
            value,
            data,
            (),
        )
        message = PragueTransactionBuilder.new_unsigned_dynamic_fee_transaction(*fields).get_message_for_signing()
        signature = self._faucet.sign_digest(keccak256(message))
        parity = secp256k1.PARITIES.index(signature[64])
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
        return bytes(PragueTransactionBuilder.new_dynamic_fee_transaction(*fields, parity, r, s).encode())

    def _ready(self) -> list[SignedTransactionAPI]:
        """What the next block takes, each sender's in the order of its numbers, as far as there is room."""  # 1
        fee, room = self.next_base_fee(), BLOCK_GAS
        ready: list[SignedTransactionAPI] = []
        for sender in self._pool.senders():
            account = self.account(sender)
            for transaction in self._pool.ready(sender, account.nonce, account.balance, fee):
                room -= transaction.gas
                if room < 0:
                    return ready
                ready.append(transaction)
        return ready

    def _make_block(self, transactions: Sequence[SignedTransactionAPI]) -> None:
        header = self._next_header(self.now())
        try:
            with self._readable():
                virtual_machine = self._chain.get_vm(header)
                wanted = virtual_machine.get_block().copy(transactions=tuple(transactions))
                block = virtual_machine.import_block(wanted).block  # 2
                self._chain.chaindb.persist_block(block)
            self._store.commit()  # 3
        except ValidationError as error:
            self._store.discard()
            if not transactions:
                raise
            # The checks before leave hardly anything that the rules still refuse; the first is told why, others wait.
            self._pool.forget(bytes(transactions[0].sender), transactions[0].nonce)
            raise RejectedError(f"{named(transactions[0])} is refused: {error}") from error
        finally:
            self._store.discard()
        self._head = block.header  # 4
        for transaction in transactions:
            self._pool.forget(bytes(transaction.sender), transaction.nonce)

    def _next_header(self, timestamp: int) -> BlockHeaderAPI:
        return self._chain.create_header_from_parent(self._head, timestamp=timestamp)

    def _state(self) -> StateAPI:
        rules = self._chain.get_vm_class(self._head)
        return rules.build_state(self._chain.chaindb.db, self._head, ChainContext(self.chain.id))

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Tell of what has to be in the database and is not."""
        try:
            yield
        except _MISSING as error:
            raise self._store.damaged(f"something is missing in it ({type(error).__name__})") from error
