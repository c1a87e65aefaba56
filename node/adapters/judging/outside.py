"""The outside as a task in a process sees it: what was brought, what may be remembered, and what has to be brought.

1. What was brought with the task is there at once, and so is what the process was told before and still counts.
2. For the rest, everything that can be begun is begun; then nothing can go on, and the pool is asked what it remembers.
3. What it does not remember becomes a need: the task ends, and is done again from its beginning with what was brought.

So no process ever waits for somebody else's host. A task done again does the same as far as before: its clock stands
still, and nothing but what was brought comes in.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from node.adapters.judging.protocol import Brought, Failure, FetchNeed, Need, OwnEventsNeed, OwnNeed, PostNeed, Task
from node.adapters.judging.told import Told
from node.verification.errors import FetchRefusedError, UnreachableError
from node.verification.sources import Fetched

if TYPE_CHECKING:
    from anchoring.errors import IndeterminateError
    from anchoring.storage_proof import Contract

OVER: Final = Failure(
    "UnreachableError",
    "it was not had in the time there is for one answer",
    "fetch.timeout",
    "Try again later; if it stays so, ask whoever runs the server.",
)
"""What is told of all that is still missing once nobody will be asked any more."""
OFFLINE: Final = Failure(
    "UnreachableError",
    "it was not had: the network is not to be used",
    "fetch.offline",
    "Check again where the network may be used.",
)
"""What is told of it where nobody was to be asked."""


class Line(Protocol):
    """The way to the pool, by which a process asks while it holds a task."""

    def remembered(self, needs: Sequence[Need]) -> Sequence[tuple[Brought, float] | None]:
        """What is known of each of these at once, and until when by the pool's clock that counts."""


class Outside:
    """What one task sees."""

    def __init__(self, task: Task, line: Line, told: Told | None = None) -> None:
        self._task = task
        self._line = line
        self._told = told or Told()
        self._told.turn_to(task.as_of)
        self._known: dict[Need, Brought] = dict(task.brought)
        self._open: dict[Need, asyncio.Future[Brought]] = {}
        self._asked: set[Need] = set()
        self.wanting: tuple[Need, ...] = ()
        """What has to be brought, once the task has come to an end for want of it."""

    def now(self) -> datetime:
        """The task's clock, which stands still."""
        return self._task.now

    async def bring(self, need: Need) -> Brought:
        """What was brought for a need."""
        known = self._known.get(need)
        if known is None and (known := self._told.find(need)) is not None:
            self._known[need] = known
        if known is not None:
            return known
        future = self._open.get(need)
        if future is None:
            future = self._open[need] = asyncio.get_running_loop().create_future()
        return await asyncio.shield(future)

    async def fetch(
        self, url: str, *, accept: str, max_bytes: int, same_host: bool = False, max_age: int | None = None
    ) -> Fetched:
        """A Fetch."""
        brought = await self.bring(FetchNeed(url, accept, max_bytes, same_host, max_age))
        match brought:
            case Fetched():
                return brought
            case Failure(kind, message, code, remedy, status):
                error = FetchRefusedError if kind == FetchRefusedError.__name__ else UnreachableError
                raise error(message, code=code, remedy=remedy, status=status)
            case _:
                raise TypeError("something else was brought than what lies at an address")

    async def post(self, chain: int, node: str, message: bytes, max_bytes: int) -> bytes:
        """What a node of a chain answers to a message; raises RpcError."""
        brought = await self.bring(PostNeed(chain, node, message.decode("ascii"), max_bytes))
        if isinstance(brought, bytes):
            return brought
        from node.adapters.json_rpc import errors  # noqa: PLC0415 -- few tasks need a chain

        told = brought if isinstance(brought, Failure) else OVER
        kind = errors.NodeAnswerError if told.kind == errors.NodeAnswerError.__name__ else errors.NodeUnreachableError
        raise kind(told.message, code=told.code, remedy=told.remedy)

    async def own_block(self, chain: int) -> tuple[int, bytes]:
        """The last block of our own chain; raises IndeterminateError."""
        brought = await self.bring(OwnNeed(chain))
        if isinstance(brought, tuple):
            return brought
        raise _unknown(brought)

    async def own_storage(
        self, chain: int, block: tuple[int, bytes], contract: "Contract", slots: tuple[bytes, ...]
    ) -> bytes:
        """The proof of some slots at the end of a block of our own chain; raises IndeterminateError."""
        brought = await self.bring(OwnNeed(chain, block, (contract.address, contract.code_hash), slots))
        if isinstance(brought, bytes):
            return brought
        raise _unknown(brought)

    async def own_events(self, chain: int, number: int) -> bytes:
        """A block of our own chain with all its receipts; raises IndeterminateError."""
        brought = await self.bring(OwnEventsNeed(chain, number))
        if isinstance(brought, bytes):
            return brought
        raise _unknown(brought)

    def settle(self, cancel: Callable[[], None]) -> None:
        """Nothing can go on: see what is remembered, else end the task for what has to be brought."""
        if self.wanting or not self._open:
            raise RuntimeError("a task waits for what nobody brings")
        fresh = [need for need in self._open if need not in self._asked]
        self._asked.update(fresh)
        found = self._remembered(fresh) if fresh else {}
        if not found and (self._task.last or self._task.offline):
            found = dict.fromkeys(self._open, OFFLINE if self._task.offline else OVER)
        for need, brought in found.items():
            self._known[need] = brought
            future = self._open.pop(need, None)
            if future is not None and not future.done():
                future.set_result(brought)
        if not found:
            self.wanting = tuple(self._open)
            cancel()

    def _remembered(self, needs: Sequence[Need]) -> dict[Need, Brought]:
        found: dict[Need, Brought] = {}
        for need, told in zip(needs, self._line.remembered(needs), strict=True):
            if told is not None:
                found[need], until = told
                self._told.keep(need, found[need], until)
        return found


def _unknown(brought: Brought) -> "IndeterminateError":
    from anchoring.errors import IndeterminateError  # noqa: PLC0415 -- few tasks need a chain

    told = brought if isinstance(brought, Failure) else OVER
    return IndeterminateError(told.message, code=told.code, remedy=told.remedy)


class Runner:
    """An event loop that never waits: whenever it would, `settle` of the present task is asked."""

    def __init__(self) -> None:
        self._selector = _NeverWaiting()
        self._loop = asyncio.SelectorEventLoop(self._selector)
        self._loop.set_task_factory(asyncio.eager_task_factory)  # most work finds all it needs, and waits for nothing

    def run[T](self, work: Coroutine[None, None, T], outside: Outside) -> T | None:
        """What the work comes to; None where it ended for what has to be brought."""
        self._selector.settle = lambda: outside.settle(self._cancel)
        try:
            return self._loop.run_until_complete(work)
        except asyncio.CancelledError:
            if not outside.wanting:
                raise
            return None
        finally:
            self._sweep()

    def _cancel(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _sweep(self) -> None:
        """End what the work left behind."""
        left = asyncio.all_tasks(self._loop)
        if left:
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))


class _NeverWaiting(selectors.SelectSelector):
    """A selector for a loop on which no file is waited for."""

    settle: Callable[[], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Nothing is ever ready; where time is given to wait, the task is told that it cannot go on."""
        if timeout is None or timeout > 0:
            self.settle()
        return []
