"""A pool of processes in which a server judges what strangers send it.

JudgesError
├── JudgesBusyError      judges.busy      all judges are at work and enough callers wait: try again later
├── JudgesClosedError    judges.closed    the pool is not open, or closed while the job ran
├── JudgeTimeoutError    judges.time      the job took longer than one may; its process was killed
├── JudgeMemoryError     judges.memory    the job wanted more memory than one may have
└── JudgeFailedError     judges.failed    the process ended, or met a bug, while it judged this document

A document can be made to cost its reader more work than it cost its writer, in code that no thread can interrupt. So
each job has a process to itself, which is warm, has a bounded address space and no secret in its environment, and is
killed and replaced when its time is over. The event loop only waits: it parses nothing that came from outside.

What ends a judge: the pool, when the job's time is over or the caller has gone; a timer of its own, should the pool be
stopped; the kernel, when the pool's process dies (Linux); the end of its input.
"""

import asyncio
import json
import os
import pickle
import sys
from dataclasses import dataclass
from typing import Final, Self, cast

from node.documents import DocumentError, JsonObject

JOB_SECONDS: Final = 1.0
"""How long one job may take: honest documents of the largest size need less than a fifth of it."""
JOB_BYTES: Final = 512 * 1024 * 1024
"""The address space of one process: a warm one maps about a fifth of it."""
MAX_WAITING: Final = 32
"""Callers that may wait for a free judge: more would wait longer than people do."""
PATIENCE_SECONDS: Final = 10.0
"""How long a caller waits for a free judge before it is told that all are busy."""
START_SECONDS: Final = 30.0
"""How long a process may take to become warm, on a machine under load."""
RESTART_PAUSE_SECONDS: Final = 1.0
"""Between attempts to replace a judge that did not start: whatever stops it is not mended faster by haste."""
MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""A report repeats parts of a document of 1 MB; more is no report."""
LENGTH_BYTES: Final = 4
PASSED_ON: Final = frozenset({"LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "PATH"})
"""The environment variables a judge gets: secrets of the server are not among them."""


class JudgesError(Exception):
    """A document was not judged; nothing is known about it."""

    code = "judges"
    remedy = "Try again; if it happens again, report it with this code."


class JudgesBusyError(JudgesError):
    """All judges are at work and enough callers wait already."""

    code = "judges.busy"
    remedy = "Try again in a few seconds."


class JudgesClosedError(JudgesError):
    """The pool is not open."""

    code = "judges.closed"
    remedy = "Wait until the service has started again."


class JudgeTimeoutError(JudgesError):
    """The job took longer than one may."""

    code = "judges.time"
    remedy = "Check this document on its own with: glejt verify FILE"


class JudgeMemoryError(JudgesError):
    """The job wanted more memory than one may have."""

    code = "judges.memory"
    remedy = "Check this document on its own with: glejt verify FILE"


class JudgeFailedError(JudgesError):
    """The process that judged this document ended or met a bug."""

    code = "judges.failed"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may cost."""

    seconds: float = JOB_SECONDS
    memory: int = JOB_BYTES


class Judges:
    """`async with Judges() as judges: report = await judges.verify(…)`; safe to share between tasks of one event loop."""

    def __init__(
        self,
        *,
        size: int | None = None,
        seconds: float = JOB_SECONDS,
        memory: int = JOB_BYTES,
        waiting: int = MAX_WAITING,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._size = size or os.process_cpu_count() or 1
        self._limits = Limits(seconds, memory)
        self._max_waiting = waiting
        self._patience = patience
        self._waiting = 0
        self._open = False
        self._judges: set[_Judge] = set()
        self._idle: asyncio.Queue[_Judge] = asyncio.Queue()
        self._replacing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._open = True
        try:
            await asyncio.gather(*(self._hire() for _ in range(self._size)))
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes of the pool."""
        return tuple(judge.pid for judge in self._judges)

    async def close(self) -> None:
        """End all processes; jobs that still run are told that the pool closed."""
        self._open = False
        for task in self._replacing:
            task.cancel()
        await asyncio.gather(*self._replacing, return_exceptions=True)
        await asyncio.gather(*(judge.end() for judge in self._judges))
        self._judges.clear()

    async def _ask(self, job: object) -> JsonObject:
        """One job to one judge; a judge that did not answer properly never gets another."""
        judge = await self._free()
        usable = False
        try:
            async with asyncio.timeout(self._limits.seconds):
                answer = await judge.ask(job)
            usable = "failed" not in answer
        except TimeoutError as error:
            raise JudgeTimeoutError(f"judging took more than {self._limits.seconds} s and was stopped") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            if not self._open:
                raise JudgesClosedError("the judges were closed while this document was judged") from error
            raise JudgeFailedError("the process that judged this document ended before it answered") from error
        finally:
            if usable and self._open:
                self._idle.put_nowait(judge)
            else:
                self._replace(judge)
        return _report(answer)

    async def _free(self) -> "_Judge":
        """A judge that is free and alive; raises JudgesBusyError rather than let callers pile up."""
        if not self._open:
            raise JudgesClosedError("the judges are not open")
        if self._idle.empty() and self._waiting >= self._max_waiting:
            raise JudgesBusyError(f"all {self._size} judges are at work and {self._waiting} callers wait")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                while not (judge := await self._idle.get()).alive:
                    self._replace(judge)
        except TimeoutError as error:
            raise JudgesBusyError(f"no judge was free within {self._patience} s") from error
        finally:
            self._waiting -= 1
        return judge

    def _replace(self, judge: "_Judge") -> None:
        """Kill a judge now; hire another in the background."""
        judge.kill()
        if self._open:
            task = asyncio.create_task(self._succeed(judge))
            self._replacing.add(task)
            task.add_done_callback(self._replacing.discard)

    async def _succeed(self, judge: "_Judge") -> None:
        await judge.end()
        self._judges.discard(judge)
        while True:
            try:
                return await self._hire()
            except (JudgesError, OSError):  # no process, no memory: callers learn it as "busy"
                await asyncio.sleep(RESTART_PAUSE_SECONDS)

    async def _hire(self) -> None:
        judge = await _Judge.start(self._limits)
        self._judges.add(judge)
        self._idle.put_nowait(judge)


class _Judge:
    """One process and the two pipes to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise JudgesError("a judge was started without pipes")
        self._process = process
        self._to, self._from = process.stdin, process.stdout

    @classmethod
    async def start(cls, limits: Limits) -> "_Judge":
        """A warm process, with our module path and next to nothing else of ours."""
        environment = {name: value for name, value in os.environ.items() if name in PASSED_ON}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        arguments = ("-P", "-m", "node.adapters.judge", str(os.getpid()), str(limits.seconds), str(limits.memory))
        judge = cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                env=environment,
                start_new_session=True,  # Ctrl-C is the server's, not ours
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,  # a traceback could carry a claim into the server's log
            )
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                await judge.read()
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            await judge.end()
            raise JudgeFailedError("a judge did not start") from error
        except BaseException:
            judge.kill()
            raise
        return judge

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, job: object) -> JsonObject:
        payload = pickle.dumps(job)  # our own objects, to our own process; the way back is JSON
        self._to.write(len(payload).to_bytes(LENGTH_BYTES) + payload)
        await self._to.drain()
        return await self.read()

    async def read(self) -> JsonObject:
        length = int.from_bytes(await self._from.readexactly(LENGTH_BYTES))
        if length > MAX_ANSWER_BYTES:
            raise JudgeFailedError("the judge answered with more than a report")
        return cast("JsonObject", json.loads(await self._from.readexactly(length)))

    def kill(self) -> None:
        if self.alive:
            self._process.kill()

    async def end(self) -> None:
        self.kill()
        await self._process.wait()
