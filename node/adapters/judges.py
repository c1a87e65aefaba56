"""A pool of processes in which a server judges what strangers send it.

JudgesError
├── JudgesBusyError      judges.busy      all judges are at work and enough callers wait: try again later
├── JudgesClosedError    judges.closed    the pool is not open, or was closed while the job ran
├── JudgeTimeoutError    judges.time      the job took longer than one may; its process was killed
├── JudgeMemoryError     judges.memory    the job wanted more memory than one may have
└── JudgeFailedError     judges.failed    the process ended, or met a bug, while it judged this document

A document can be made to cost its reader more work than it cost its writer, in code that no thread can interrupt. So
each job has a process to itself, which is warm, has a bounded address space and no secret in its environment, and is
killed and replaced when its time is over. The event loop only waits: it parses nothing that came from outside.

What ends a process: the pool, when the job's time is over or the caller has gone; a timer of its own, should the pool
stand still; the kernel, when the pool's process dies (Linux); the end of its input.
"""

import asyncio
import os
import pickle
import sys
from datetime import datetime
from typing import Final, Self

import orjson

from node.adapters.judge_protocol import LENGTH_BYTES, Job, framed
from node.documents import DocumentError, JsonObject, JsonValue
from node.verification.case import Request
from node.verification.material import VerificationMaterial
from node.verification.policy import Policy
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
START_SECONDS: Final = 30.0
"""How long a process may take to become warm, on a machine under load."""
RESTART_PAUSE_SECONDS: Final = 1.0
"""Between attempts to replace a process that did not start: whatever stops it is not mended by haste."""
MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
"""A report repeats parts of a document of 1 MB; more is no report."""
PASSED_ON: Final = frozenset({"LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TZ"})
"""The environment variables that a process gets: secrets of the server are not among them."""


class JudgesError(Exception):
    """A document was not judged; nothing is known about it."""

    code = "judges"
    remedy = "Try again; if it happens again, report it with this code."


class JudgesBusyError(JudgesError):
    """All processes are at work and enough callers wait already."""

    code = "judges.busy"
    remedy = "Try again in a few seconds."


class JudgesClosedError(JudgesError):
    """The pool is not open."""

    code = "judges.closed"
    remedy = "Wait until the service has started again."


class JudgeTimeoutError(JudgesError):
    """The job took longer than one may."""

    code = "judges.time"
    remedy = "Check this document on a machine of your own with: glejt verify FILE"


class JudgeMemoryError(JudgesError):
    """The job wanted more memory than one may have."""

    code = "judges.memory"
    remedy = "Check this document on a machine of your own with: glejt verify FILE"


class JudgeFailedError(JudgesError):
    """The process that judged this document ended or met a bug."""

    code = "judges.failed"


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
    ) -> None:
        self._set_up = pickle.dumps(trust)
        self._size = size or os.process_cpu_count() or 1
        self._seconds = seconds
        self._memory = memory
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
    def pids(self) -> frozenset[int]:
        """The processes of the pool."""
        return frozenset(judge.pid for judge in self._judges)

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
        answer = await self._ask(Job(document, material, policy, at, request, beside))
        report = answer["report"]
        if not isinstance(report, dict):
            raise JudgeFailedError("the process answered with something that is no report")
        return report

    async def outline(self, document: bytes) -> JsonValue:
        """What gathering looks at in a document, and no more: `gather` finds in it the same identifiers.

        So a server gathers for `verify` without reading the document itself. Raises as `verify` does.
        """
        return (await self._ask(document))["outline"]

    async def close(self) -> None:
        """End all processes; callers whose jobs still run are told that the pool was closed."""
        self._open = False
        for task in self._replacing:
            task.cancel()
        await asyncio.gather(*self._replacing, return_exceptions=True)
        await asyncio.gather(*(judge.end() for judge in self._judges))
        self._judges.clear()

    async def _ask(self, job: Job | bytes) -> JsonObject:
        """One job to one process; one that did not answer properly never gets another."""
        judge = await self._free()
        usable = False
        try:
            async with asyncio.timeout(self._seconds):
                answer = await judge.ask(pickle.dumps(job))  # our own objects to our own process; back comes JSON
            usable = "failed" not in answer
        except TimeoutError as error:
            raise JudgeTimeoutError(f"judging took more than {self._seconds} s and was stopped") from error
        except (EOFError, ConnectionError) as error:
            if not self._open:
                raise JudgesClosedError("the pool was closed while this document was judged") from error
            raise JudgeFailedError("the process that judged this document ended before it answered") from error
        finally:
            if usable and self._open:
                self._idle.put_nowait(judge)
            else:
                self._replace(judge)
        return _sound(answer)

    async def _free(self) -> "_Judge":
        """A process that is free and alive; raises JudgesBusyError rather than let callers pile up."""
        if not self._open:
            raise JudgesClosedError("the pool is not open")
        if self._idle.empty() and self._waiting >= self._max_waiting:
            raise JudgesBusyError(f"all {self._size} processes are at work and {self._waiting} callers wait")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                while not (judge := await self._idle.get()).alive:
                    self._replace(judge)
        except TimeoutError as error:
            raise JudgesBusyError(f"no process was free within {self._patience} s") from error
        finally:
            self._waiting -= 1
        return judge

    def _replace(self, judge: "_Judge") -> None:
        """In the background, kill a process and start another; a pool that closes kills all it has."""
        if self._open:
            task = asyncio.create_task(self._succeed(judge))
            self._replacing.add(task)
            task.add_done_callback(self._replacing.discard)

    async def _succeed(self, judge: "_Judge") -> None:
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
        judge = await _Judge.start(self._set_up, self._seconds, self._memory)
        self._judges.add(judge)
        self._idle.put_nowait(judge)


class _Judge:
    """One process and the two pipes to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise JudgeFailedError("a process was started without pipes")
        self._process = process
        self._to, self._from = process.stdin, process.stdout

    @classmethod
    async def start(cls, set_up: bytes, seconds: float, memory: int) -> "_Judge":
        """A warm process with our module path, and next to nothing else of ours."""
        environment = {name: value for name, value in os.environ.items() if name in PASSED_ON}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        arguments = ("-P", "-m", "node.adapters.judge", str(os.getpid()), str(seconds), str(memory))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env=environment,
            start_new_session=True,  # Ctrl-C in a terminal is for the server, which then closes the pool
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # a traceback could carry a claim into the server's log
        )
        judge = cls(process)
        started = False
        try:
            async with asyncio.timeout(START_SECONDS):
                started = "ready" in await judge.ask(set_up)
        except (TimeoutError, EOFError, ConnectionError) as error:
            raise JudgeFailedError("a process for judging did not start") from error
        finally:
            if not started:
                await judge.end()
        return judge

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, message: bytes) -> JsonObject:
        """Send one message and wait for its answer; raises EOFError or ConnectionError if the process is gone."""
        self._to.write(framed(message))
        await self._to.drain()
        length = int.from_bytes(await self._from.readexactly(LENGTH_BYTES))
        if length > MAX_ANSWER_BYTES:
            raise JudgeFailedError("the process answered with more than a report")
        try:
            answer = orjson.loads(await self._from.readexactly(length))
        except orjson.JSONDecodeError as error:
            raise JudgeFailedError("the process answered with something that is no JSON") from error
        if not isinstance(answer, dict):
            raise JudgeFailedError("the process answered with something that is no answer")
        return answer

    def kill(self) -> None:
        if self.alive:
            self._process.kill()

    async def end(self) -> None:
        self.kill()
        await self._process.wait()


def _sound(answer: JsonObject) -> JsonObject:
    """An answer, unless it tells of an error, which is raised."""
    match answer:
        case {"report": _} | {"outline": _}:
            return answer
        case {"document": {"message": str(message), "code": str(code), "path": str(path)}}:
            raise DocumentError(message, code=code, path=path)
        case {"failed": "memory"}:
            raise JudgeMemoryError("judging took more memory than one document may")
        case {"failed": str(kind)}:
            raise JudgeFailedError(f"the process that judged this document met a bug ({kind[:64]})")
        case _:
            raise JudgeFailedError("the process answered with something that is no answer")
