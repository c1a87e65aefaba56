"""How a command on the node's own machine asks the node that runs: one line of JSON there, one back, over a socket.

Whoever may write into the node's folder may ask: the socket lies in it, for its owner alone, and the node looks who is
at the other end besides. A database in a file has one process that has it open, so a command cannot look for itself.

ControlError    control.{absent, stranger, answer}
"""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from node.documents import DocumentError, JsonObject, parse_object

MAX_LINE_BYTES: Final = 1024 * 1024
"""An answer lists what was found in a database, at most some hundred lines."""
ASK_SECONDS: Final = 10.0
"""How long somebody may take to write a line."""
_OWNER_ONLY: Final = 0o077
_CREDENTIALS: Final = struct.Struct("3i")
_MAX_PATH: Final = 90
"""What the address of a socket may have is a hundred bytes or so; longer ones are reached through a handle."""

type Answer = Callable[[JsonObject], Awaitable[JsonObject]]


class ControlError(Exception):
    """The node that runs was not asked, or did not answer."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


@asynccontextmanager
async def listening(path: Path, answer: Answer, encode: Callable[[JsonObject], bytes]) -> AsyncIterator[None]:
    """Answer commands for as long as this lasts; the folder is held, so a socket that lies there is a dead one's."""
    path.unlink(missing_ok=True)  # noqa: ASYNC240 -- at the start
    under_way: set[asyncio.Task[object]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        try:
            if not _is_owner(writer.get_extra_info("socket")):
                return
            line = await asyncio.wait_for(reader.readline(), ASK_SECONDS)
            asked = parse_object(line, max_bytes=MAX_LINE_BYTES)
            writer.write(encode(await answer(asked)) + b"\n")
            await writer.drain()
        except (OSError, TimeoutError, ValueError, DocumentError):
            return  # nobody is there who would read a complaint
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    before = os.umask(_OWNER_ONLY)
    try:
        with _reachable(path) as name:
            server = await asyncio.start_unix_server(serve, name, limit=MAX_LINE_BYTES)
    finally:
        os.umask(before)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)  # noqa: ASYNC240 -- at the end
        for task in tuple(under_way):
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def ask(path: Path, question: bytes, *, seconds: float) -> JsonObject:
    """What the node that runs answers; raises ControlError."""
    try:
        with _reachable(path) as name:
            reader, writer = await asyncio.open_unix_connection(name, limit=MAX_LINE_BYTES)
    except OSError as error:
        raise ControlError(
            f"the node that runs in {path.parent} does not answer: {error.strerror}",
            code="control.absent",
            remedy="Wait until it has started, or stop it and try again.",
        ) from error
    try:
        writer.write(question + b"\n")
        async with asyncio.timeout(seconds):
            line = await reader.readline()
        return parse_object(line, max_bytes=MAX_LINE_BYTES)
    except (OSError, TimeoutError, ValueError, DocumentError) as error:
        raise ControlError(
            "the node that runs did not answer to the end",
            code="control.answer",
            remedy="See its log. What was asked for may have been done: look before you ask again.",
        ) from error
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


class _reachable:  # noqa: N801 -- reads as a verb
    """A path to a socket that is short enough for the system's calls."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1

    def __enter__(self) -> str:
        if len(os.fsencode(self._path)) <= _MAX_PATH:
            return str(self._path)
        self._handle = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        return f"/proc/self/fd/{self._handle}/{self._path.name}"

    def __exit__(self, *_: object) -> None:
        if self._handle >= 0:
            os.close(self._handle)


def _is_owner(connection: socket.socket) -> bool:
    """Whether it is this account, or the machine's administrator, where the system tells."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the modes of socket and folder keep others out
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(found)
    return user in {0, os.geteuid()}
