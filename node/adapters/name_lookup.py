"""From the name of a host to its addresses, once, by the system's resolver.

A system's resolver cannot be interrupted, and the interpreter waits at its end for threads of a pool. So each look-up
has a thread of its own that nobody waits for, and only so many are under way together.
"""

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Final, Protocol

from did_methods.errors import shown
from node.verification.errors import UnreachableError

MAX_LOOKUPS: Final = 256
"""Look-ups under way together: a dead name server keeps each for some 30 s, a document can name many hosts under it,
and a thread costs little."""

_places: Final = threading.BoundedSemaphore(MAX_LOOKUPS)


class Lookup(Protocol):
    """All addresses of a host, as texts; raises UnreachableError where there are none."""

    async def __call__(self, host: str) -> tuple[str, ...]:
        """The answers to a question that is asked anew each time."""


async def system_lookup(host: str) -> tuple[str, ...]:
    """What the system's resolver says of a name in ASCII; the name is taken as whole, no suffix is tried behind it."""
    if not _places.acquire(blocking=False):
        raise _unresolved(host, "too many names are being looked up")
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[str, ...]] = loop.create_future()
    threading.Thread(target=_look_up, args=(host, loop, answer), name="glejt name look-up", daemon=True).start()
    return await answer


def _look_up(host: str, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[tuple[str, ...]]) -> None:
    found: tuple[str, ...] | UnreachableError
    try:
        entries = socket.getaddrinfo(f"{host}.".encode("ascii"), None, type=socket.SOCK_STREAM)
        found = tuple(dict.fromkeys(str(entry[4][0]) for entry in entries))
    except OSError as error:
        found = _unresolved(host, error.strerror or type(error).__name__)
    finally:
        _places.release()
    with suppress(RuntimeError):  # the loop has ended: nobody is waiting any more
        loop.call_soon_threadsafe(_deliver, answer, found)


def _deliver(answer: asyncio.Future[tuple[str, ...]], found: tuple[str, ...] | UnreachableError) -> None:
    if answer.done():  # given up in the meantime
        return
    if isinstance(found, UnreachableError):
        answer.set_exception(found)
    else:
        answer.set_result(found)


def _unresolved(host: str, reason: str) -> UnreachableError:
    return UnreachableError(
        f"the addresses of {shown(host)} could not be had: {reason}",
        code="fetch.unresolved",
        remedy="Check the connection and try again; if others can reach the host, check the name server.",
    )
