"""The worker: takes what is due out of the outbox and carries it out, so much at once and no more.

1. Claim what is due, as far as there is room. A claim ends by itself, so whoever dies over a task leaves it to others.
2. Carry each task out by its kind; what takes long has its claim prolonged meanwhile.
3. Strike it off, put another in its place, or note why it failed and when it is tried again.
4. Where nothing is due, sleep until somebody wakes us, or for a second: other processes add tasks, too.

Between 2 and 3 a process may die, and the task is done once more; whatever carries it out sees to it that this
changes nothing. Who stops takes no more tasks, gives those under way some time, and gives back the rest.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from node.issuance.background.tasks import HOPELESS, Carry, Checkpoint, Later, told, unwatched
from node.ports.errors import StoreError
from node.ports.outbox import Claimed
from node.ports.store import NodeWork, Store

LEASE: Final = timedelta(seconds=60)
"""For so long others wait for a process that died over a task."""
POLL_SECONDS: Final = 1.0
"""After which the outbox is looked at though nobody told us to."""
BUSY_SECONDS: Final = 5.0
"""After which it is tried again where the database does not answer."""
GRACE_SECONDS: Final = 10.0
"""Which tasks under way get to end, when the process is to stop."""
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lane:
    """Kinds of tasks that share their room, so that those which wait for a chain never hold up the others."""

    kinds: Mapping[str, Carry]
    at_once: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How the worker goes about it; other figures than these are for tests."""

    lease: timedelta = LEASE
    poll: float = POLL_SECONDS
    busy: float = BUSY_SECONDS
    grace: float = GRACE_SECONDS


@dataclass(slots=True, eq=False)
class Worker:
    """Works off one lane in this process."""

    store: Store
    lane: Lane
    now: Callable[[], datetime]
    pace: Pace = field(default_factory=Pace)
    checkpoint: Checkpoint = unwatched
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _running: dict[asyncio.Task[None], Claimed] = field(default_factory=dict)
    _stopping: bool = False

    def wake(self) -> None:
        """Look at the outbox now."""
        self._woken.set()

    def stop(self) -> None:
        """Take no more tasks."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Work until `stop`; raises nothing but what cancels it."""
        try:
            while not self._stopping:
                self._woken.clear()
                wait = self.pace.poll
                try:
                    if await self._claim():  # 1. There may be more: room is looked for again at once.
                        wait = 0.0
                except StoreError as error:
                    _LOG.warning("The outbox cannot be read: %s", told(error))
                    wait = self.pace.busy
                await self._sleep(wait)  # 4.
        finally:
            await self._end()

    async def _claim(self) -> bool:
        """Take tasks as far as there is room; whether as many were due."""
        room = self.lane.at_once - len(self._running)
        if room <= 0:
            return False
        at, kinds = self.now(), tuple(self.lane.kinds)

        async def claim(node: NodeWork) -> Sequence[Claimed]:
            return await node.worker.claim(kinds, at, lasting=self.pace.lease, limit=room)

        claimed = await self.store.node_change(claim)
        for each in claimed:
            task = asyncio.create_task(self._carry(each), name=f"{each.task.kind} {each.task.id}")
            self._running[task] = each
            task.add_done_callback(self._ended)
        return len(claimed) == room

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._woken.set()  # there is room again
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("A task ended in a way that nobody foresaw: %s", type(error).__name__, exc_info=error)

    async def _sleep(self, seconds: float) -> None:
        full = len(self._running) >= self.lane.at_once
        with suppress(TimeoutError):
            async with asyncio.timeout(None if full else seconds):
                await self._woken.wait()

    async def _carry(self, claimed: Claimed) -> None:
        """Steps 2 and 3 for one task."""
        self.checkpoint("task.claimed")
        held = asyncio.create_task(self._hold(claimed))
        later: Later | None = None
        problem: Exception | None = None
        try:
            later = await self.lane.kinds[claimed.task.kind](claimed)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is noted beside the task, and others go on
            problem = error
            if not hasattr(error, "code"):
                _LOG.exception("The task %s failed by a fault of the program.", claimed.task.kind)
        finally:
            held.cancel()
        self.checkpoint("task.carried")
        with suppress(StoreError):  # nothing was noted: once the claim is over, it is done again
            await self.store.node_change(lambda node: self._note(node, claimed, later, problem))
        if later is not None:
            seconds = (later.task.due_at - self.now()).total_seconds()
            if seconds < self.pace.poll:
                asyncio.get_running_loop().call_later(max(seconds, 0.0), self._woken.set)

    async def _note(self, node: NodeWork, claimed: Claimed, later: Later | None, problem: Exception | None) -> None:
        if problem is not None:
            hopeless = isinstance(problem, HOPELESS)
            await node.worker.failed(claimed, told(problem), self.now(), for_good=hopeless)
        elif later is not None:
            await node.worker.again(claimed, later.task)
        else:
            await node.worker.done(claimed)

    async def _hold(self, claimed: Claimed) -> None:
        """Prolong the claim for as long as the task takes."""
        while True:
            await asyncio.sleep(self.pace.lease.total_seconds() / 3)
            with suppress(StoreError):
                until = self.now() + self.pace.lease
                await self.store.node_change(lambda node, until=until: node.worker.prolong(claimed, until))  # type: ignore[misc]

    async def _end(self) -> None:
        """Let the tasks under way end, for a while; then give them back."""
        if self._running:
            await asyncio.wait(self._running, timeout=self.pace.grace)
        left = dict(self._running)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        for claimed in left.values():
            with suppress(StoreError):
                await self.store.node_change(
                    lambda node, claimed=claimed: node.worker.give_back(claimed, self.now())  # type: ignore[misc]
                )
