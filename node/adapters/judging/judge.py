"""One process of the pool, as the pool sees it: what it is told, and what is made of what it says.

It reads what strangers wrote, and could have been overcome by it. So nothing that it says is believed before it is of
the form that it has to have: no answer may be longer than one is, and nothing is asked for that a task does not have.
"""

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import Process, SubprocessStreamProtocol
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import orjson

from node.adapters.judging.ending import all_done
from node.adapters.judging.protocol import (
    ASK,
    DONE,
    LENGTH_BYTES,
    NEED,
    READY,
    REFUSED,
    SIGN,
    WELL,
    AsOf,
    Brought,
    Need,
    framed,
    need_from_json,
)
from node.documents import DocumentError, JsonObject
from node.ports.judging import InputRefusedError, JudgeFailedError, JudgeMemoryError

START_SECONDS: Final = 30.0
"""How long a process may take to become warm, on a machine under load."""
MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
"""A report repeats parts of a document of 1 MB; more is no answer."""
READ_AHEAD: Final = 64 * 1024
"""How much of what a process writes is taken in before it is read; twice as much, and no more is taken."""
MAX_ASKED: Final = 64
"""How often one task may ask for something while it holds its process: each time many things at once."""
MAX_NEEDS: Final = 256
"""Needs of one message: as many as the identifiers and lists of the largest presentation."""
MAX_NEED_CHARS: Final = 64 * 1024
"""An address, or a message to a node, which may ask for the proofs of 128 slots."""
PASSED_ON: Final = frozenset({"LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TZ"})
"""The environment variables that a process gets: secrets of the server are not among them."""


class Remembered(Protocol):
    """What is known at once."""

    @property
    def as_of(self) -> AsOf:
        """The moment by which processes keep what they were told."""

    def told(self, needs: Sequence[Need]) -> Sequence[tuple[Brought, float] | None]:
        """Of each need what is known, and until when that counts."""


type Sign = Callable[[JsonObject], Awaitable[bytes]]
"""The signature that a process asks for, as it asks; raises what its caller is to hear."""


@dataclass(frozen=True, slots=True)
class Wanting:
    """What has to be brought before the task can be done."""

    needs: tuple[Need, ...]


class Judge:
    """One process and the two pipes to it."""

    def __init__(self, transport: asyncio.SubprocessTransport, protocol: SubprocessStreamProtocol) -> None:
        if protocol.stdin is None or protocol.stdout is None:
            raise JudgeFailedError("a process was started without pipes")
        self._transport = transport
        self._process = Process(transport, protocol, asyncio.get_running_loop())
        self._to, self._from = protocol.stdin, protocol.stdout
        self.hears = MAX_ANSWER_BYTES
        """How many bytes of an answer are taken."""
        self.learned = 0
        """How much of what the pool learned it has been told."""

    @classmethod
    async def start(cls, set_up: bytes, seconds: float, memory: int) -> "Judge":
        """A warm process with our module path, and next to nothing else of ours."""
        environment = {name: value for name, value in os.environ.items() if name in PASSED_ON}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        arguments = ("-P", "-m", "node.adapters.judging.process", str(os.getpid()), str(seconds), str(memory))
        loop = asyncio.get_running_loop()
        starting = loop.create_task(
            loop.subprocess_exec(
                lambda: SubprocessStreamProtocol(READ_AHEAD, loop),
                sys.executable,
                *arguments,
                env=environment,
                start_new_session=True,  # Ctrl-C in a terminal is for the server, which then closes the pool
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,  # a traceback could carry a claim into the server's log
            )
        )
        cancelled = await all_done([starting])
        judge = cls(*starting.result())
        started = False
        try:
            if cancelled is not None:
                raise cancelled
            async with asyncio.timeout(START_SECONDS):
                await judge._tell(set_up)
                started = (await judge._heard())[:1] == READY
        except (TimeoutError, EOFError, ConnectionError) as error:
            raise JudgeFailedError("a process for judging did not start") from error
        finally:
            if not started:
                await judge.end()
        return judge

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet, as far as is known."""
        return self._process.returncode is None

    async def work(
        self, task: bytes, limit: asyncio.Timeout, remembered: Remembered | None, sign: Sign | None
    ) -> tuple[JsonObject | Wanting | Exception, bool]:
        """What came of a task, and whether the process may get another.

        What the process asks for meanwhile is answered here. It waits for a signature, so that this does not count as
        its time. Raises EOFError or ConnectionError if it is gone.
        """
        await self._tell(task)
        for _ in range(MAX_ASKED):
            heard = await self._heard()
            letter, rest = heard[:1], heard[1:]
            if letter in (DONE, REFUSED):
                answer = _object(rest[1:])
                usable = rest[:1] == WELL and "failed" not in answer
                return (answer if letter == DONE else _error(answer)), usable
            if letter == NEED:
                return Wanting(_needs(rest)), True
            if letter == ASK and remembered is not None:
                await self._tell(pickle.dumps(remembered.told(_needs(rest))))
            elif letter == SIGN and sign is not None:
                asked, now = _object(rest), asyncio.get_running_loop().time
                left = (limit.when() or now()) - now()
                limit.reschedule(None)  # the key has a time of its own
                signature = await sign(asked)
                limit.reschedule(now() + left)
                await self._tell(signature)
            else:
                raise JudgeFailedError("the process asked for something that it is not given")
        raise JudgeFailedError("the process asked for more and more")

    async def _tell(self, message: bytes) -> None:
        if self._to.is_closing():  # for some event loops, writing there is no failure of the process
            raise ConnectionResetError("the process has ended")
        self._to.write(framed(message))
        await self._to.drain()

    async def _heard(self) -> bytes:
        length = int.from_bytes(await self._from.readexactly(LENGTH_BYTES))
        if not 0 < length <= self.hears:
            raise JudgeFailedError("the process answered with nothing, or with more than an answer")
        return await self._from.readexactly(length)

    def kill(self) -> None:
        """End it, whatever it does."""
        if self.alive:
            self._process.kill()

    async def end(self) -> None:
        """End it, and wait until it has and nothing of it is left, also where the caller is told to stop meanwhile.

        Its pipes are closed first: it may have written what nobody reads, and the end of that would be waited for.
        """
        self.kill()
        for number in (0, 1):
            pipe = self._transport.get_pipe_transport(number)
            if isinstance(pipe, asyncio.WriteTransport) and not pipe.is_closing():
                pipe.abort()
            elif pipe is not None:
                pipe.close()
        cancelled = await all_done([asyncio.create_task(self._ended())])
        if cancelled is not None:
            raise cancelled

    async def _ended(self) -> None:
        while self.alive:
            with suppress(asyncio.CancelledError):  # of all tasks, as the loop ends: what was killed ends at once
                await self._process.wait()
        self._transport.close()
        await asyncio.sleep(0)  # in which the closed pipes are let go


def _object(data: bytes) -> JsonObject:
    """The JSON object that a process sent."""
    try:
        answer = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise JudgeFailedError("the process answered with something that is no JSON") from error
    if not isinstance(answer, dict):
        raise JudgeFailedError("the process answered with something that is no answer")
    return answer


def _needs(data: bytes) -> tuple[Need, ...]:
    told = _object(data).get("needs")
    if not isinstance(told, list) or not 0 < len(told) <= MAX_NEEDS:
        raise JudgeFailedError("the process needs nothing, or more than is brought")
    for each in told:
        if isinstance(each, list) and any(isinstance(part, str) and len(part) > MAX_NEED_CHARS for part in each):
            raise JudgeFailedError("the process needs something that nobody would ask for")
    try:
        return tuple(map(need_from_json, told))
    except ValueError as error:
        raise JudgeFailedError("the process needs something that is not brought") from error


def _error(answer: JsonObject) -> Exception:
    """The error that a process tells of."""
    match answer:
        case {"document": {"message": str(message), "code": str(code), "path": str(path)}}:
            return DocumentError(message, code=code, path=path)
        case {
            "refused": {
                "message": str(message),
                "code": str(code),
                "remedy": str(remedy),
                "path": str(path),
                "wrong": bool(wrong),
            }
        }:
            return InputRefusedError(message, code=code, remedy=remedy, path=path, wrong=wrong)
        case {"failed": "memory"}:
            return JudgeMemoryError("judging took more memory than one document may")
        case {"failed": str(kind)}:
            return JudgeFailedError(f"the process that judged this document met a bug ({kind[:64]})")
        case _:
            return JudgeFailedError("the process answered with something that is no answer")
