"""The embedded chain as everything else sees it: it reads, it proves, and it takes transactions, without a network.

All of the chain's work is done by one thread of its own, one task after the other. A caller that gives up waiting does
not stop a task that has begun: as with any chain, what was sent may be carried out.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final, Self

from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.deployments import Deployment
from anchoring.devchain.endpoint import DevEndpoint, GasAccount
from anchoring.devchain.machine import Machine
from anchoring.errors import EmbeddedChainError, StorageProofError, UntrustedBlockError, shown
from anchoring.identity_registry import BlockEvents
from anchoring.layout import proven_facts, slots_of
from anchoring.ledger import Fact, Question
from anchoring.storage_proof import MAX_SLOTS, Contract, StorageProof

MAX_TASKS: Final = 256
"""How many tasks may wait for the chain's thread; a block takes some hundredths of a second."""
BLOCK_SECONDS: Final = 12
"""When the latest block is asked for and is older than this, an empty one is made, as other chains make them anyway."""


class DevChain:
    """A chain in a folder of this machine, with the contracts on it: a `LedgerReader`, and what belongs to it.

    Every block is final, as nobody else makes any. What it is worth is said in `anchoring.devchain.label`.
    """

    def __init__(self, machine: Machine, thread: ThreadPoolExecutor) -> None:
        """Made by `opened`."""
        self._machine = machine
        self._thread = thread
        self._room = BoundedSemaphore(MAX_TASKS)
        self._contract = Deployment.named("TrustAnchor").contract
        self.registry = Deployment.named("EthereumDIDRegistry").contract
        """The registry of did:ethr."""
        self.gas_account = GasAccount(machine.gas_key)
        """An account of this chain that can pay for ever."""

    @classmethod
    @asynccontextmanager
    async def opened(cls, folder: Path, clock: Callable[[], float], *, at_once: bool) -> AsyncIterator[Self]:
        """The chain in this folder; see `anchoring.devchain.opening`, which also loads all of this."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="devchain")
        opening = thread.submit(Machine, folder, clock, at_once=at_once)
        try:
            machine = await asyncio.wrap_future(opening)
        except BaseException:
            opening.add_done_callback(_close_abandoned)
            thread.shutdown(wait=False)
            raise
        try:
            yield cls(machine, thread)
        finally:
            thread.shutdown(wait=False, cancel_futures=True)
            try:
                await asyncio.to_thread(thread.shutdown)
            finally:
                thread.shutdown()
                machine.close()

    # What a `LedgerReader` does

    @property
    def chain(self) -> Chain:
        """The chain: its number and its first block are this folder's alone."""
        return self._machine.chain

    @property
    def contract(self) -> Contract:
        """The contract, at the address at which it stands everywhere."""
        return self._contract

    async def final_block(self) -> TrustedBlock:
        """The latest block; a new one where that is older than BLOCK_SECONDS."""
        return await self.done(self._final_block)

    async def answer(self, question: Question, block: TrustedBlock) -> Fact | None:
        """What the contract's storage said at the end of this block, read out of the proof."""
        proof = await self.prove([question], block)
        shown_by = proven_facts(proof, block_hash=block.hash, contract=self._contract, questions=[question])
        return shown_by.facts[question]

    async def prove(self, questions: Iterable[Question], block: TrustedBlock) -> StorageProof:
        """One proof of the answers to all of these questions; raises UntrustedBlockError for another chain's block."""
        slots = dict.fromkeys(slot for question in questions for slot in slots_of(question))
        return await self.storage(self._contract, tuple(slots), block)

    async def storage(self, contract: Contract, slots: Sequence[bytes], block: TrustedBlock) -> StorageProof:
        """One proof of these slots of any contract: the registry's, or past blocks' hashes."""
        if len(slots) > MAX_SLOTS:
            raise StorageProofError(
                f"{len(slots)} slots; one proof shows at most {MAX_SLOTS}",
                code="storage_proof.key",
                remedy="Ask for fewer facts at once.",
            )
        return await self.done(lambda: self._machine.storage_proof(contract.address, slots, self._own(block)))

    async def block(self, number: int) -> TrustedBlock:
        """The block with this number."""
        return await self.done(lambda: self._machine.trusted(number))

    async def events(self, block: TrustedBlock) -> BlockEvents:
        """The receipts of all transactions of a block, shown to be all."""
        return await self.done(lambda: self._machine.events(self._own(block)))

    # What only this chain does

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[DevEndpoint]:
        """The chain as a sender of transactions sees it."""
        yield DevEndpoint(self._machine, self.done, self.refresh)

    async def mine(self) -> int:
        """Make a block of what waits, or an empty one; its number."""
        return await self.done(self._machine.mine)

    async def fund(self, address: bytes, amount: int) -> None:
        """Give an account some coins of the chain."""
        await self.done(lambda: self._machine.fund(address, amount))

    async def copy(self, path: Path) -> None:
        """Write all blocks there are to a new file: in a folder of its own, it goes on as this chain."""
        await self.done(lambda: self._machine.copy(path))

    async def done[T](self, task: Callable[[], T]) -> T:
        """What the chain's thread makes of a task, once it is its turn."""
        if not self._room.acquire(blocking=False):
            raise EmbeddedChainError(
                f"{MAX_TASKS} tasks wait for the embedded chain",
                code="devchain.crowded",
                remedy="Ask again later; for many writers at once, use a chain with nodes of its own.",
            )
        try:
            work = self._thread.submit(task)
        except RuntimeError as error:
            self._room.release()
            raise _closed() from error
        work.add_done_callback(lambda _: self._room.release())
        try:
            return await asyncio.wrap_future(work)
        except asyncio.CancelledError as error:
            caller = asyncio.current_task()
            if caller is None or caller.cancelling():
                raise
            raise _closed() from error  # the task had not begun when the chain was closed

    def refresh(self) -> None:
        """Let the latest block be as new as on a chain that goes on by itself; runs in the chain's thread."""
        if self._machine.at_once and self._machine.now() - self._machine.head.timestamp >= BLOCK_SECONDS:
            self._machine.mine()

    def _final_block(self) -> TrustedBlock:
        self.refresh()
        return self._machine.trusted(self._machine.head.block_number)

    def _own(self, block: TrustedBlock) -> int:
        """The number of a block that is this chain's."""
        if 0 <= block.number <= self._machine.head.block_number and block == self._machine.trusted(block.number):
            return block.number
        raise UntrustedBlockError(
            f"block {block.number} with the hash {shown(block.hash)} is none of chain {self.chain.id} in this folder",
            code="devchain.foreign_block",
            remedy="Ask this chain for its latest block. Every folder has a chain of its own.",
        )


def _closed() -> EmbeddedChainError:
    return EmbeddedChainError("the chain was closed", code="devchain.closed", remedy="Open it again.")


def _close_abandoned(opening: Future[Machine]) -> None:
    """Let go of a folder that nobody waits for any more."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
