"""A pool of processes in which a server reads what strangers send it.

A document can be made to cost its reader more work than it cost its writer, in code that no thread can interrupt. So
each task has a process to itself, which is warm, has a bounded address space and no secret in its environment, and is
killed and replaced when its time is over. The event loop only waits: it parses nothing that came from outside.

What ends a process: the pool, when the task's time is over or the process has grown; a timer of its own, should the
pool stand still; the kernel, when the pool's process dies (Linux); the end of its input. A caller who leaves ends none:
who comes and goes would else cost a warm process each time.
"""

import asyncio
import os
import pickle
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Self

from anchoring.checkpoint import Chain
from anchoring.storage_proof import Contract
from node.adapters.judging.ending import all_done, together
from node.adapters.judging.judge import MAX_ANSWER_BYTES, Judge, Remembered, Sign, Wanting
from node.adapters.judging.protocol import (
    PICTURES,
    SetUp,
    Task,
    Verify,
)
from node.documents import DocumentError, JsonObject, JsonValue
from node.ports.judging import (
    InputRefusedError,
    JudgeFailedError,
    JudgeMemoryError,
    JudgesBusyError,
    JudgesClosedError,
    JudgesError,
    JudgeTimeoutError,
)
from node.ports.judging_load import Outcome, PoolLoad
from node.verification.case import Request
from node.verification.material import VerificationMaterial
from node.verification.policy import Policy
from node.verification.seen import NOTHING_SEEN, Seen
from node.verification.trust import NO_TRUST, Trust

JOB_SECONDS: Final = 2.0
"""How long one job may take. Honest documents need hundredths, and poisonous ones are refused by the budget of their
canonicalization within one; the rest is room for a machine under load, since a killed process has to be replaced."""
JOB_BYTES: Final = 512 * 1024 * 1024
"""The address space of one process: a warm one maps some 45 MB, the largest honest documents add 15, and other systems
map more from the start."""
MAX_WAITING: Final = 32
"""Callers that may wait for a free process: more would wait longer than people do."""
PATIENCE_SECONDS: Final = 10.0
"""How long a caller waits for a free process before it is told that all are busy."""
ROUNDS_SHARE: Final = 2.0
"""How many times as long all rounds of one task may take together as one of them."""
MAX_NEWS: Final = 64
"""What was seen of late, each time by itself: a process that has slept for longer is told everything."""
RESTART_PAUSE_SECONDS: Final = 1.0
"""Between attempts to replace a process that did not start: whatever stops it is not mended by haste."""
MAX_PICTURE_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""A picture of 8 MB comes back as text."""


@dataclass(slots=True)
class Left:
    """The time of processes that a task has left, however often it is done again."""

    seconds: float
    begun: bool = False


class Judges:
    """`async with Judges(trust=…) as judges: report = await judges.verify(…)`; for the tasks of one event loop.

    A pool judges by one trust file, which its processes keep; another trust needs another pool.
    """

    def __init__(  # noqa: PLR0913 -- each bounds something else
        self,
        *,
        trust: Trust = NO_TRUST,
        size: int | None = None,
        seconds: float = JOB_SECONDS,
        memory: int = JOB_BYTES,
        waiting: int = MAX_WAITING,
        patience: float = PATIENCE_SECONDS,
        loopback: bool = False,
        own: tuple[Chain, Contract] | None = None,
        seen: Seen = NOTHING_SEEN,
        serves: bool = False,
    ) -> None:
        self._set_up = SetUp(trust, loopback, own, seen, serves)
        self._size = size or os.process_cpu_count() or 1
        self._seconds = seconds
        self._memory = memory
        self._max_waiting = waiting
        self._patience = patience
        self._open = False
        self._judges: set[Judge] = set()
        self._idle: deque[Judge] = deque()
        self._queue: deque[asyncio.Future[Judge]] = deque()
        """Callers that wait for a free process, in the order in which they get one."""
        self._replacing: set[asyncio.Task[None]] = set()
        self._working: set[asyncio.Task[JsonObject | Wanting | Exception]] = set()
        self._learned: list[Seen] = []
        self._jobs = dict.fromkeys(Outcome, 0)
        self._ended = 0
        self._forgotten = 0
        """How much of what was learned is not kept apart any more."""

    async def __aenter__(self) -> Self:
        self._open = True
        try:
            await together(*(self._hire() for _ in range(self._size)))
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def pids(self) -> frozenset[int]:
        """The processes of the pool."""
        return frozenset(judge.pid for judge in self._judges)

    @property
    def load(self) -> PoolLoad:
        """How its processes fare."""
        return PoolLoad(dict(self._jobs), self._ended, len(self._judges), len(self._working), len(self._queue))

    def left(self) -> Left:
        """The time that a new task has, in all its rounds."""
        return Left(ROUNDS_SHARE * self._seconds)

    @property
    def seen(self) -> Seen:
        """What its processes are told of what was seen before."""
        return self._set_up.seen

    def learn(self, news: Seen) -> None:
        """Let its processes know, each with its next task, what was seen."""
        self._set_up = replace(self._set_up, seen=self._set_up.seen.learning(news.heads, news.blocks))
        self._learned.append(news)
        if len(self._learned) > MAX_NEWS:
            del self._learned[0]
            self._forgotten += 1

    async def verify(  # noqa: PLR0913 -- the inputs of the judgement
        self,
        document: bytes,
        material: VerificationMaterial,
        policy: Policy,
        at: datetime,
        *,
        request: Request | None = None,
        beside: tuple[JsonValue, ...] = (),
    ) -> JsonObject:
        """The report on a document, as `Report.to_json` gives it; `beside` are documents handed over with it.

        Raises DocumentError for bytes that are no document, as `parse` would, and JudgesError where nothing was judged.
        """
        answer = await self.run(Task(Verify(document, material, policy, at, request, beside), datetime.now(UTC)))
        report = answer.get("report") if isinstance(answer, dict) else None
        if not isinstance(report, dict):
            raise JudgeFailedError("the process answered with something that is no report")
        return report

    async def close(self) -> None:
        """End all processes; callers whose tasks still run are told that the pool was closed.

        It ends them also where it is told to stop meanwhile, which it then does.
        """
        self._open = False
        for judge in self._judges:
            judge.kill()
        for task in self._replacing:
            task.cancel()
        cancelled = await all_done(self._replacing)
        cancelled = await all_done([asyncio.create_task(judge.end()) for judge in self._judges]) or cancelled
        if cancelled is None:
            try:
                await asyncio.gather(*self._working, return_exceptions=True)
            except asyncio.CancelledError as error:
                cancelled = error
        for work in self._working:  # one may wait for a key
            work.cancel()
        cancelled = await all_done(self._working) or cancelled
        self._judges.clear()
        self._idle.clear()
        for place in self._queue:
            if not place.done():
                place.set_exception(JudgesClosedError("the pool was closed before this document was judged"))
        if cancelled is not None:
            raise cancelled

    async def run(
        self,
        task: Task,
        *,
        remembered: Remembered | None = None,
        sign: Sign | None = None,
        left: "Left | None" = None,
    ) -> JsonObject | Wanting:
        """One task by one process; one that did not answer properly never gets another.

        `left` is for a task that is done in several rounds: how much time all of them may still take. One that was
        begun before is not sent away for want of room.
        """
        judge = await self._free(again=left is not None and left.begun)
        work = asyncio.create_task(self._work(judge, task, remembered, sign, left))
        self._working.add(work)
        work.add_done_callback(self._worked)
        answer = await asyncio.shield(work)  # for one who leaves, no warm process is ended: starting one costs much
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _worked(self, work: "asyncio.Task[JsonObject | Wanting | Exception]") -> None:
        self._working.discard(work)
        if work.cancelled():
            return
        error = work.exception()  # its caller may have left
        if error is None and isinstance(answer := work.result(), Exception):
            error = answer
        if (outcome := _outcome(error)) is not None:
            self._jobs[outcome] += 1

    async def _work(
        self,
        judge: Judge,
        task: Task,
        remembered: Remembered | None,
        sign: Sign | None,
        left: "Left | None",
    ) -> JsonObject | Wanting | Exception:
        """What came of it; the process is free again, or replaced, before that is told."""
        usable = False
        seconds = self._seconds if left is None else min(self._seconds, left.seconds)
        try:
            if judge.learned < (newest := self._forgotten + len(self._learned)):
                task = replace(task, learned=self._news(judge.learned))
                judge.learned = newest
            if remembered is not None:
                task = replace(task, as_of=remembered.as_of)
            async with asyncio.timeout(seconds) as limit:
                judge.hears = MAX_PICTURE_ANSWER_BYTES if isinstance(task.job, PICTURES) else MAX_ANSWER_BYTES
                answer, usable = await judge.work(pickle.dumps(task), limit, remembered, sign)
            if left is not None:
                left.begun = True
                left.seconds -= seconds - ((limit.when() or 0.0) - asyncio.get_running_loop().time())
        except TimeoutError as error:
            raise JudgeTimeoutError(f"judging took more than {seconds:.1f} s and was stopped") from error
        except (EOFError, ConnectionError) as error:
            if not self._open:
                raise JudgesClosedError("the pool was closed while this document was judged") from error
            raise JudgeFailedError("the process that judged this document ended before it answered") from error
        finally:
            if usable and self._open:
                self._offer(judge)
            else:
                self._replace(judge)
        return answer

    def _news(self, after: int) -> Seen:
        """What was learned after so much; all that was seen, for a process that has not been told of it for long."""
        if after < self._forgotten:
            return self._set_up.seen
        return _joined(self._learned[after - self._forgotten :])

    async def _free(self, *, again: bool) -> "Judge":
        """A process that is free and alive; raises JudgesBusyError rather than let callers pile up."""
        if not self._open:
            raise JudgesClosedError("the pool is not open")
        while self._idle:
            if (judge := self._idle.popleft()).alive:
                return judge
            self._replace(judge)
        if len(self._queue) >= self._max_waiting and not again:
            self._jobs[Outcome.BUSY] += 1
            raise JudgesBusyError(f"all {self._size} processes are at work and {len(self._queue)} callers wait")
        place: asyncio.Future[Judge] = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        try:
            async with asyncio.timeout(self._patience):
                return await place
        except TimeoutError as error:
            self._jobs[Outcome.BUSY] += 1
            raise JudgesBusyError(f"no process was free within {self._patience} s") from error
        finally:
            if place in self._queue:
                self._queue.remove(place)
            elif place.done() and not place.cancelled() and sys.exception() is not None:
                self._offer(place.result())  # it was given a process as it left

    def _offer(self, judge: "Judge") -> None:
        """Give a free process to the caller who waits longest; one that has died is replaced first."""
        if not judge.alive:
            self._replace(judge)
            return
        while self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(judge)
                return
        self._idle.append(judge)

    def _replace(self, judge: "Judge") -> None:
        """In the background, kill a process and start another; a pool that closes kills all it has."""
        if self._open:
            self._ended += 1
            task = asyncio.create_task(self._succeed(judge))
            self._replacing.add(task)
            task.add_done_callback(self._replacing.discard)

    async def _succeed(self, judge: "Judge") -> None:
        await judge.end()
        self._judges.discard(judge)
        while True:
            try:
                await self._hire()
            except (JudgesError, OSError):  # no process or no memory to be had: callers learn it as "busy"
                await asyncio.sleep(RESTART_PAUSE_SECONDS)
            else:
                return

    async def _hire(self) -> None:
        knows = self._forgotten + len(self._learned)
        judge = await Judge.start(pickle.dumps(self._set_up), self._seconds, self._memory)
        judge.learned = knows
        self._judges.add(judge)
        self._offer(judge)


def _outcome(error: BaseException | None) -> Outcome | None:
    """How a job ended; None where it was the pool, or the key that was to sign, that did."""
    match error:
        case None:
            return Outcome.ANSWERED
        case DocumentError() | InputRefusedError():
            return Outcome.REFUSED
        case JudgeTimeoutError():
            return Outcome.TIMEOUT
        case JudgeMemoryError():
            return Outcome.MEMORY
        case JudgeFailedError():
            return Outcome.FAILED
        case _:
            return None


def _joined(news: Sequence[Seen]) -> Seen:
    return Seen(
        tuple([head for each in news for head in each.heads]), tuple([block for each in news for block in each.blocks])
    )
