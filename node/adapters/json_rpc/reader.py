"""A chain as several of its nodes tell it: final is what enough of them agree on, true what was proven under that.

One node can be down, behind, on another chain, or lie. It takes `quorum` of the nodes to agree on the number and hash
of a block before it counts as final; everything else is then shown under that hash, so any one of them may supply it,
and one that supplies something else is passed over. Where too few agree, or nobody shows it, that is an error of the
kind "could not be checked", and never an answer.

A light client on the same machine, such as Helios, follows the consensus of its chain by itself. It is one node under a
quorum of one, with `light=True`.

Spec: https://eips.ethereum.org/EIPS/eip-1186, https://eips.ethereum.org/EIPS/eip-2935
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from anchoring.block_bridge import HISTORY, earlier_block, slot_of
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.errors import StorageProofError, shown
from anchoring.facts import Fact, Question
from anchoring.header import Header
from anchoring.identity_registry import BlockEvents
from anchoring.layout import proven_facts, slots_of
from anchoring.storage_proof import MAX_SLOTS, Contract, StorageProof
from node.adapters.json_rpc.chain_node import ChainNode, View
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.errors import NoQuorumError, RpcConfigError, RpcError, other_chain
from node.verification.sources import Clock

if TYPE_CHECKING:
    from types import TracebackType

MAX_NODES: Final = 16
"""More than anybody asks about one chain."""
PATIENCE_SECONDS: Final = 1.0
"""How long a node is waited for when enough others have answered, and before another one is asked beside it."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """An earlier block, and the proof under the trusted one that it is of the same chain."""

    block: TrustedBlock
    proof: StorageProof


@dataclass(frozen=True, slots=True)
class _Round[T]:
    """What came back when several nodes were asked the same."""

    answers: Mapping[ChainNode, T]
    failures: Sequence[RpcError]


@dataclass(slots=True)
class _Hurry:
    """How long slow nodes are waited for when enough have answered, and whether that left one out."""

    seconds: float | None
    left_out: bool = False


class JsonRpcReader:
    """A LedgerReader over the nodes that an administrator named.

    `seen` is a block that was final before, from an earlier run: no older one is called final, and no other chain than
    the one that it is on. Used as an asynchronous context manager, the reader keeps its connections open.
    """

    def __init__(  # noqa: PLR0913 -- a chain, a contract, whom to ask; the rest has defaults
        self,
        chain: Chain,
        contract: Contract,
        nodes: Sequence[JsonRpc],
        quorum: int,
        *,
        seen: TrustedBlock | None = None,
        light: bool = False,
        now: Clock = lambda: datetime.now(UTC),
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        _check(chain, nodes, quorum, seen)
        self._chain, self._contract = chain, contract
        self._nodes = tuple(ChainNode(node, chain, contract, now, light) for node in nodes)
        self._quorum = quorum
        self._seen = seen
        self._patience = patience
        self._first_asked = 0
        self._connections = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for node in self._nodes:
            await self._connections.enter_async_context(node.rpc)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        await self._connections.aclose()

    @property
    def chain(self) -> Chain:
        """The chain."""
        return self._chain

    @property
    def contract(self) -> Contract:
        """The contract on it."""
        return self._contract

    @property
    def seen(self) -> TrustedBlock | None:
        """The latest final block of which this reader knows, for the next run."""
        return self._seen

    async def final_block(self) -> TrustedBlock:
        """The latest block that enough nodes call final; raises NoQuorumError.

        1. Each node says which block is its last final one. Those of other chains, with blocks ahead of our clock, or
           with headers that do not have their hash are passed over.
        2. The highest number counts behind which enough nodes' final blocks stand, or a lower one of theirs: that at
           which enough of them have the same hash.
        3. Enough nodes have the block that was final before at its place. It is the answer if it is the later one.
        """
        found = await self._patiently(self._agreed_final)
        self._seen = found
        return found

    async def block(self, number: int) -> TrustedBlock:
        """The block with this number, where enough nodes call it, or one behind it, final; raises NoQuorumError."""

        async def agreed(hurry: _Hurry) -> TrustedBlock:
            looked = await self._ask(self._nodes, lambda node: node.view([number], code=True), hurry)
            said = {node: view.blocks[number] for node, view in looked.answers.items() if view.final.number >= number}
            if (block := self._common(said)) is None:
                raise self._no_quorum("quorum", f"call block {number} final and give it one hash", looked)
            return block

        return await self._patiently(agreed)

    async def answer(self, question: Question, block: TrustedBlock) -> Fact | None:
        """What the contract's storage said at the end of this block, or None where it is shown that it said nothing.

        Raises NoQuorumError where no node shows it, and FactError and UnprovenError as `anchoring.layout` does.
        """
        proof = await self.prove([question], block)
        shown_facts = proven_facts(proof, block_hash=block.hash, contract=self._contract, questions=[question])
        return shown_facts.facts[question]

    async def prove(self, questions: Iterable[Question], block: TrustedBlock) -> StorageProof:
        """One proof of the answers to all of these questions, which holds under this block; raises NoQuorumError."""
        slots = dict.fromkeys(slot for question in questions for slot in slots_of(question))
        return await self.storage(self._contract, tuple(slots), block)

    async def storage(self, contract: Contract, slots: Sequence[bytes], block: TrustedBlock) -> StorageProof:
        """One proof of these slots of any contract, which holds under this block; raises NoQuorumError."""
        self._check_chain(block)
        if len(slots) > MAX_SLOTS:
            raise StorageProofError(
                f"{len(slots)} slots; one proof shows at most {MAX_SLOTS}",
                code="storage_proof.key",
                remedy="Ask for fewer facts at once.",
            )
        return await self._first(lambda node: node.storage(contract, slots, block), "storage")

    async def bridge(self, trusted: TrustedBlock, number: int) -> Bridge:
        """The block with this number, shown by the storage of a later block that is trusted, and the proof of it.

        Raises UntrustedBlockError for blocks too far behind, and NoQuorumError where no node shows it.
        """
        proof = await self.storage(HISTORY, [slot_of(number)], trusted)
        return Bridge(earlier_block(trusted, proof, number), proof)

    async def header(self, block: TrustedBlock) -> bytes:
        """The bytes of a trusted block's header; raises NoQuorumError where no node has it."""
        self._check_chain(block)
        return await self._first(lambda node: node.header(block), "the header")

    async def events(self, block: TrustedBlock) -> BlockEvents:
        """The receipts of all transactions of a trusted block, shown to be all; raises NoQuorumError."""
        self._check_chain(block)
        return await self._first(lambda node: node.events(block), "the events")

    async def _agreed_final(self, hurry: _Hurry) -> TrustedBlock:
        looked = await self._ask(self._nodes, lambda node: node.view(code=True), hurry)  # 1.
        numbers = sorted((view.final.number for view in looked.answers.values()), reverse=True)
        for number in dict.fromkeys(numbers[self._quorum - 1 :]):  # 2.
            if block := await self._agreed_at(number, looked.answers, hurry):
                return await self._not_taken_back(block, looked, hurry)
        raise self._no_quorum("quorum", "agree on a final block", looked)

    async def _agreed_at(self, number: int, views: Mapping[ChainNode, View], hurry: _Hurry) -> TrustedBlock | None:
        """The block with this number, where enough of those nodes have it for which it is final."""
        said = {node: view.final for node, view in views.items() if view.final.number == number}
        ahead = [node for node, view in views.items() if view.final.number > number]
        return self._common(said | await self._at(number, ahead, hurry))

    async def _not_taken_back(self, block: TrustedBlock, looked: _Round[View], hurry: _Hurry) -> TrustedBlock:
        """The later one of this block and the one that was final before, if both are on one chain.  3."""
        seen = self._seen
        if seen is None or seen == block:
            return block
        there = self._common(await self._at(seen.number, looked.answers, hurry))
        if there is None:
            raise self._no_quorum("rolled_back", f"know block {seen.number}, which was final before", looked)
        if there != seen:
            raise NoQuorumError(
                f"block {seen.number} is said to be {shown(there.hash)}, and was final before as {shown(seen.hash)}",
                kind="conflict",
            )
        return block if block.number > seen.number else seen

    async def _at(self, number: int, nodes: Collection[ChainNode], hurry: _Hurry) -> dict[ChainNode, Header]:
        looked = await self._ask(nodes, lambda node: node.view([number]), hurry)
        return {node: view.blocks[number] for node, view in looked.answers.items()}

    def _common(self, said: Mapping[ChainNode, Header]) -> TrustedBlock | None:
        """The block that enough nodes name, or None; raises NoQuorumError where that is so of two."""
        counts = Counter((header.number, header.hash) for header in said.values())
        enough = [named for named, count in counts.items() if count >= self._quorum]
        if len(enough) > 1:
            raise NoQuorumError(f"the nodes tell of {len(enough)} different blocks {enough[0][0]}", kind="conflict")
        return TrustedBlock(self._chain, *enough[0]) if enough else None

    async def _patiently(self, ask: Callable[[_Hurry], Awaitable[TrustedBlock]]) -> TrustedBlock:
        """Ask without waiting for the slowest, and once more with, if it was for want of them that nothing came."""
        hurry = _Hurry(self._patience)
        try:
            return await ask(hurry)
        except NoQuorumError:
            if not hurry.left_out:
                raise
        return await ask(_Hurry(None))

    async def _ask[T](
        self, nodes: Collection[ChainNode], ask: Callable[[ChainNode], Awaitable[T]], hurry: _Hurry
    ) -> _Round[T]:
        """The same question to several nodes at once."""
        tasks = {asyncio.ensure_future(ask(node)): node for node in nodes}
        answers: dict[ChainNode, T] = {}
        failures: list[RpcError] = []
        try:
            while tasks:
                wait = hurry.seconds if len(answers) >= self._quorum else None
                done, _ = await asyncio.wait(tasks, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    hurry.left_out = True
                    break
                for task in done:
                    node = tasks.pop(task)
                    try:
                        answers[node] = task.result()
                    except RpcError as error:
                        failures.append(error)
            return _Round(answers, failures)
        finally:
            await _given_up(tasks)

    async def _first[T](self, ask: Callable[[ChainNode], Awaitable[T]], what: str) -> T:
        """The first answer that holds; another node is asked when one fails, or beside one that takes long."""
        waiting = [*self._nodes[self._first_asked :], *self._nodes[: self._first_asked]]
        tasks: dict[asyncio.Future[T], ChainNode] = {}
        failures: list[RpcError] = []
        try:
            while waiting or tasks:
                if waiting:
                    node = waiting.pop(0)
                    tasks[asyncio.ensure_future(ask(node))] = node
                done, _ = await asyncio.wait(
                    tasks, timeout=self._patience if waiting else None, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    node = tasks.pop(task)
                    try:
                        answer = task.result()
                    except RpcError as error:
                        failures.append(error)
                    else:
                        self._first_asked = self._nodes.index(node)
                        return answer
        finally:
            await _given_up(tasks)
        raise NoQuorumError(f"no node shows {what} as asked for", kind="unproven", reasons=failures)

    def _check_chain(self, block: TrustedBlock) -> None:
        if block.chain != self._chain:
            raise other_chain(
                f"block {block.number}", "genesis", f"is of chain {block.chain.id}, and the nodes are of another"
            )

    def _no_quorum(self, kind: str, what: str, looked: _Round[View]) -> NoQuorumError:
        return NoQuorumError(
            f"fewer than {self._quorum} of {len(self._nodes)} nodes {what}", kind=kind, reasons=looked.failures
        )


async def _given_up[T](tasks: Collection[asyncio.Future[T]]) -> None:
    """Leave nothing running behind."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _check(chain: Chain, nodes: Sequence[JsonRpc], quorum: int, seen: TrustedBlock | None) -> None:
    names = {node.name for node in nodes}
    if not 1 <= len(nodes) <= MAX_NODES or len(names) != len(nodes):
        raise _wrong(f"{len(nodes)} nodes under {len(names)} addresses; it takes 1 to {MAX_NODES} different ones")
    if not 1 <= quorum <= len(nodes):
        raise _wrong(f"{quorum} of {len(nodes)} nodes; at least 1 and at most all of them have to agree")
    if seen is not None and seen.chain != chain:
        raise _wrong(f"block {seen.number} was final on chain {seen.chain.id}, and these are nodes of another")


def _wrong(message: str) -> RpcConfigError:
    return RpcConfigError(
        message,
        code="rpc.endpoints",
        remedy="List each node once, by host and port, and how many of them have to agree: 2 of 3 is usual.",
    )
