"""Errands: what processes need of the outside is brought here, as bytes that nobody here reads.

1. What is remembered is there at once. Those who need the same thing wait for one errand.
2. What this node publishes itself comes out of its store, without a network.
3. Addresses that strangers name are fetched by the guarded fetcher.
4. Messages to nodes go to those that the administrator named, and only questions that change nothing.
5. Facts and events of our own chain are proven by it.

All of it is bounded: each errand in time, those of one task in number, time and bytes, those to one host in number, and
how many tasks may wait at all. Whoever has slow hosts in a document waits for them without keeping anybody else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, Self
from urllib.parse import urlsplit

import orjson

from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.errors import AnchoringError
from anchoring.identity_registry import BlockEvents
from anchoring.storage_proof import MAX_SLOTS, Contract, StorageProof
from node.adapters.fetch import MAX_BODY_BYTES, GuardedFetch
from node.adapters.json_rpc.client import MAX_BODY_BYTES as MAX_POST_BYTES
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.errors import RpcError
from node.adapters.judging.answers import Answers
from node.adapters.judging.protocol import Brought, Failure, FetchNeed, Need, OwnEventsNeed, OwnNeed, PostNeed, size_of
from node.adapters.web_url import Rules
from node.ports.errors import StoreError
from node.ports.judging import JudgesBusyError
from node.verification.errors import FetchError, FetchRefusedError
from node.verification.gather import MAX_AT_ONCE, RESOLVE_SECONDS
from node.verification.sources import Fetch, Fetched

if TYPE_CHECKING:
    from node.verification.trust import Trust

MAX_ABROAD: Final = 96
"""Tasks that wait for errands at the same time, eight for each; the next one is told to come back."""
MAX_AT_ONE_HOST: Final = 16
"""Errands to one host at the same time: a slow one is not to take all that a machine can have open."""
MAX_HELD_BYTES: Final = 256 * 1024 * 1024
"""Of what was brought for all tasks that are under way."""
MAX_TASK_BYTES: Final = 24 * 1024 * 1024
"""Of what was brought for one task: the receipts of a full block, and a few status lists."""
READING: Final = frozenset(
    {
        "eth_chainId",
        "eth_getBlockByHash",
        "eth_getBlockByNumber",
        "eth_getBlockReceipts",
        "eth_getCode",
        "eth_getProof",
    }
)
"""What a node may be asked: a process that was overcome by what it read could else tell it to do things."""
_LATE: Final = Failure(
    "UnreachableError",
    "it was not brought in time",
    "fetch.timeout",
    "Try again later; if it stays so, ask whoever runs the server.",
)
_TOO_MUCH: Final = Failure(
    "FetchRefusedError",
    "more lies there than is read for one document",
    "fetch.too_large",
    "Check this document on a machine of your own with: glejt verify FILE",
)
_UNASKED: Final = Failure(
    "NodeUnreachableError", "no such question is put to a node", "rpc.unreachable", "Report it with this code."
)

type Own = Callable[[str], Awaitable[Fetched | None]]
"""What this node publishes itself at an address, without a network; None for what is somebody else's."""


class OwnChain(Protocol):
    """Our own chain, as far as it is asked."""

    @property
    def chain(self) -> Chain:
        """Which it is."""

    @property
    def contract(self) -> Contract:
        """The contract on it."""

    async def final_block(self) -> TrustedBlock:
        """Its last block."""

    async def storage(self, contract: Contract, slots: Sequence[bytes], block: TrustedBlock) -> StorageProof:
        """What a contract holds at the end of a block."""

    async def block(self, number: int) -> TrustedBlock:
        """An earlier block."""

    async def events(self, block: TrustedBlock) -> BlockEvents:
        """The receipts of a block."""


async def nothing_of_ours(_url: str) -> Fetched | None:
    """For a node that publishes nothing."""
    return None


@dataclass(slots=True)
class Load:
    """What one task has been brought so far; `over` once nobody waits for it any more."""

    bytes: int = 0
    over: bool = False


@dataclass(slots=True)
class _Door:
    """How many may ask one host at once, and how many do or wait to."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_AT_ONE_HOST))
    waiting: int = 0


class Errands:
    """`async with Errands(trust) as errands: …`; for the tasks of one event loop."""

    def __init__(  # noqa: PLR0913 -- whom to ask, each for its own kind
        self,
        trust: "Trust",
        *,
        loopback: bool = False,
        own: Own = nothing_of_ours,
        chain: OwnChain | None = None,
        fetch: Fetch | None = None,
        fetch_at_home: Fetch | None = None,
    ) -> None:
        rules = Rules(loopback=loopback)
        self.answers = Answers()
        self._fetch = fetch or GuardedFetch(rules)
        self._fetch_at_home = fetch_at_home or fetch or GuardedFetch(rules, same_host=True)
        self._own = own
        self._chain = chain
        self._nodes = {(chain.chain.id, node.name): node for chain in trust.chains for node in map(JsonRpc, chain.rpc)}
        self._connections = AsyncExitStack()
        self._under_way: dict[Need, asyncio.Task[Brought]] = {}
        self._at: dict[str, _Door] = {}
        self._abroad = 0
        self._held = 0

    async def __aenter__(self) -> Self:
        for node in self._nodes.values():
            await self._connections.enter_async_context(node)
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        finally:
            await self._connections.aclose()

    def remembered(self, needs: Sequence[Need], load: Load) -> Mapping[Need, Brought]:
        """What is known of these at once.  1."""
        told = zip(needs, self.told(needs, load), strict=True)
        return {need: answer[0] for need, answer in told if answer is not None}

    def told(self, needs: Sequence[Need], load: Load) -> list[tuple[Brought, float] | None]:
        """The same in the order of the needs, each with the time of `answers` until which a process may keep it."""
        found = map(self.answers.find_until, needs)
        return [None if known is None else (self._weighed(known[0], load), known[1]) for known in found]

    async def bring(self, needs: Sequence[Need], load: Load, end: float) -> Mapping[Need, Brought]:
        """An answer to each need, by the loop's time `end`; raises JudgesBusyError where too many tasks wait."""
        brought = dict(self.remembered(needs, load))
        missing = [need for need in needs if need not in brought]
        if missing:
            if self._abroad >= MAX_ABROAD:
                raise JudgesBusyError(f"{self._abroad} documents wait for what others publish")
            self._abroad += 1
            try:
                gate = asyncio.Semaphore(MAX_AT_ONCE)
                found = await asyncio.gather(*(self._one(need, gate, end) for need in missing))
            finally:
                self._abroad -= 1
            for need, answer in zip(missing, found, strict=True):
                brought[need] = self._weighed(answer, load)
        return brought

    def put_down(self, load: Load) -> None:
        """The task is over: what was brought for it weighs no more."""
        self._held -= load.bytes
        load.bytes, load.over = 0, True

    def _weighed(self, answer: Brought, load: Load) -> Brought:
        size = size_of(answer)
        if load.over or load.bytes + size > MAX_TASK_BYTES or self._held + size > MAX_HELD_BYTES:
            return _TOO_MUCH
        load.bytes += size
        self._held += size
        return answer

    async def _one(self, need: Need, gate: asyncio.Semaphore, end: float) -> Brought:
        try:
            async with asyncio.timeout_at(end), gate:
                task = self._under_way.get(need)
                if task is None:
                    task = self._under_way[need] = asyncio.create_task(self._run(need))
                return await asyncio.shield(task)  # one who gives up does not take the answer away from the others
        except TimeoutError:
            return _LATE

    async def _run(self, need: Need) -> Brought:
        host = _host(need)
        door = self._at.setdefault(host, _Door())
        door.waiting += 1
        asked = own = False
        answer: Brought = _LATE
        try:
            async with asyncio.timeout(RESOLVE_SECONDS), door.places:
                asked = True
                answer, own = await self._answer(need)
        except TimeoutError:
            pass  # told as late
        finally:
            del self._under_way[need]
            door.waiting -= 1
            if not door.waiting:
                del self._at[host]
        if asked:  # else it says nothing about what lies there
            self.answers.keep(need, answer, own=own)
        return answer

    async def _answer(self, need: Need) -> tuple[Brought, bool]:
        """The answer, and whether it is our own."""
        match need:
            case FetchNeed(url):
                try:
                    ours = await self._own(url)  # 2.
                except StoreError as error:
                    return Failure("UnreachableError", str(error), error.code, error.remedy), True
                if ours is not None:
                    return (ours if len(ours.body) <= need.max_bytes else _TOO_MUCH), True
                return await self._fetched(need), False
            case PostNeed():
                return await self._posted(need), False
            case OwnNeed():
                return await self._proven(need), True
            case OwnEventsNeed():
                return await self._happened(need), True

    async def _fetched(self, need: FetchNeed) -> Brought:
        """3."""
        fetch = self._fetch_at_home if need.same_host else self._fetch
        try:
            return await fetch(need.url, accept=need.accept, max_bytes=min(need.max_bytes, MAX_BODY_BYTES))
        except FetchError as error:
            kind = FetchRefusedError if isinstance(error, FetchRefusedError) else type(error)
            return Failure(kind.__name__, str(error), error.code, error.remedy, error.status)

    async def _posted(self, need: PostNeed) -> Brought:
        """4."""
        node = self._nodes.get((need.chain, need.node))
        if node is None or not _only_reads(need.message):
            return _UNASKED
        try:
            return await node.deliver(need.message.encode("ascii"), min(need.max_bytes, MAX_POST_BYTES))
        except RpcError as error:
            return Failure(type(error).__name__, str(error), error.code, error.remedy)

    async def _proven(self, need: OwnNeed) -> Brought:
        """5."""
        chain = self._chain
        if chain is None or chain.chain.id != need.chain or len(need.slots) > MAX_SLOTS:
            return _UNASKED
        try:
            if need.block is None or need.contract is None:
                last = await chain.final_block()
                return last.number, last.hash
            block = TrustedBlock(chain.chain, *need.block)
            return (await chain.storage(Contract(*need.contract), need.slots, block)).encode()
        except AnchoringError as error:
            return Failure(type(error).__name__, str(error), error.code, error.remedy)

    async def _happened(self, need: OwnEventsNeed) -> Brought:
        """5."""
        chain = self._chain
        if chain is None or chain.chain.id != need.chain:
            return _UNASKED
        try:
            return (await chain.events(await chain.block(need.number))).encode()
        except AnchoringError as error:
            return Failure(type(error).__name__, str(error), error.code, error.remedy)


def _only_reads(message: str) -> bool:
    """Whether a message, which a process of ours wrote, asks for nothing but what READING lists."""
    if not message.isascii():
        return False
    try:
        told = orjson.loads(message)
    except orjson.JSONDecodeError:
        return False
    calls = told if isinstance(told, list) else [told]
    methods = [call.get("method") if isinstance(call, dict) else None for call in calls]
    return bool(methods) and all(isinstance(method, str) and method in READING for method in methods)


def _host(need: Need) -> str:
    match need:
        case FetchNeed(url):
            try:
                return urlsplit(url).netloc.rpartition("@")[2].lower()
            except ValueError:
                return ""
        case PostNeed():
            return f"{need.chain} {need.node}"
        case OwnNeed() | OwnEventsNeed():
            return f"{need.chain}"
