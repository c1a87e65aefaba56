"""A node that runs: what is opened in which order, what is told once it is ready, and how it ends.

Starting:

1. No memory of this process is ever written to a file: there are keys in it.
2. The address is bound, so that one in use is told before anything else happens; but that a node runs in the folder
   already is told before, since it is what has the address then.
3. The folder is held; in production each danger that is found refuses the start.
4. Database and keys are opened; what a rotation left to do is done.
5. Foreign input gets its processes, the outbox its worker, commands on this machine their socket.
6. In development a first issuer is made, as late as can be: its key is told once. Then the server listens, and says
   what there is to know.

Ending, after SIGTERM or SIGINT: nothing new is accepted, requests in flight are answered for as long as the settings
give them, the worker puts back what it holds, and what was opened is closed, in the other order. A second signal ends
the process at once: what was acknowledged is on the disk.
"""

import asyncio
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

import orjson
import uvicorn

from node.adapters.control import listening
from node.adapters.judging.service import Judging
from node.adapters.node_folder import NodeFolder, require_private
from node.app.dangers import danger_of_the_database, dangers_of
from node.app.errands import answered, now
from node.app.errors import StartError, UnsafeError
from node.app.opening import OpenNode, opened_node
from node.app.private_memory import keep_memory_private
from node.app.secret_settings import address_of
from node.app.serving import serving
from node.app.timely import CountedSocket, sharing
from node.config.node_settings import NodeSettings
from node.didcomm.encrypted import MAX_ENVELOPE_BYTES
from node.documents import JsonObject
from node.issuance.development_issuer import Issuer, development_issuer, development_namespace

BACKLOG: Final = 2048
"""Connections that the system holds while the process is busy."""
IDLE_SECONDS: Final = 5
"""A connection without a request is kept so long: for the next request of a page."""
PING_SECONDS: Final = 20.0
"""Between two looks whether who holds a WebSocket open is still there, and for the answer."""
OTHER_FILES: Final = 1024
"""Files beside the connections: the database's, pipes to the judges, and what they have fetched."""
UNWIND_SECONDS: Final = 5.0
"""For requests that were broken off to let go of what they hold."""


@dataclass(frozen=True, slots=True)
class Started:
    """What there is to tell once the node is ready."""

    url: str
    """Where others reach it."""
    address: str
    """Where it listens."""
    settings: NodeSettings
    folder: NodeFolder
    issuer: Issuer | None
    """The first issuer, with its key, where this start has made it."""


def run(settings: NodeSettings, environment: Mapping[str, str], told: Callable[[Started], None]) -> None:
    """Run a node until it is told to stop; raises StartError, FolderError, StoreError and VaultError."""
    keep_memory_private()  # 1.
    _have_room_for(settings.connections)
    import uvloop  # noqa: PLC0415 -- not everywhere

    uvloop.run(_run(settings, environment, told))


async def _run(settings: NodeSettings, environment: Mapping[str, str], told: Callable[[Started], None]) -> None:
    folder = NodeFolder(settings.data)
    folder.require_free()  # 2.
    with bound(settings) as door:
        host, port = door.getsockname()[:2]
        url = settings.public_url or f"http://localhost:{port}"
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        with folder.held(address):  # 3.
            _require_safe(settings, folder, environment)
            async with opened_node(settings, folder, now) as node:  # 4.
                await _require_durable(node)
                async with serving(node, url) as serving_now, _commands(node):  # 5.
                    issuer = None if settings.production else await _first_issuer(node, url, serving_now.contract)
                    serving_now.services.work.wake()
                    started = Started(url, address, settings, folder, issuer)
                    server = _Server(_config(serving_now.app, settings), lambda: told(started), serving_now.listening)
                    with _signals(server):
                        serving_now.warming.add_done_callback(server.stop_where_failed)
                        await server.serve(sockets=[door])  # 6.
                    await _unwound(server)
                    if serving_now.warming.done():
                        serving_now.warming.result()  # raises what kept the judges away


def _have_room_for(connections: int) -> None:
    """Let the process have so many files open, as far as the system allows: the usual limit is below a thousand."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class _Server(uvicorn.Server):
    """Tells when it listens, and leaves the signals to us."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], listening: asyncio.Event) -> None:
        super().__init__(config)
        self._ready, self._listening = ready, listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._listening.set()
            self._ready()

    def stop_where_failed(self, task: asyncio.Task[Judging]) -> None:
        """Serve no longer where nothing that strangers send can be read."""
        if not task.cancelled() and task.exception() is not None:
            self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: object, settings: NodeSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # an ASGI application
        http=sharing(settings.connections, tuple(map(ip_network, settings.proxies))),
        ws=CountedSocket,
        ws_max_size=MAX_ENVELOPE_BYTES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_per_message_deflate=False,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # whose word on an address counts is decided in node.http
        server_header=False,
        limit_concurrency=settings.connections,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=settings.stop_seconds,
    )


@contextmanager
def bound(settings: NodeSettings) -> Iterator[socket.socket]:
    """The address to listen at, taken; raises StartError where it cannot be had."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise StartError(
            f"{settings.host} is no address of this machine: {error.strerror}",
            code="start.host",
            remedy="Set host to an address of this machine; 127.0.0.1 is this machine alone.",
        ) from error
    family, kind, protocol, _, address = found[0]
    door = socket.socket(family, kind, protocol)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(address)
            door.listen(BACKLOG)
        except OSError as error:
            raise StartError(
                f"nothing can listen at {settings.host} port {settings.port}: {error.strerror}",
                code="start.port" if isinstance(error, PermissionError) or error.errno else "start.host",
                remedy="Stop what listens there, or choose another port with --port; 0 takes any that is free.",
            ) from error
        yield door
    finally:
        door.close()


async def _first_issuer(node: OpenNode, url: str, contract: str | None) -> Issuer | None:
    issuer = await development_issuer(node.store, node.vault, url, node.now)
    if contract is not None:
        await development_namespace(node.store, node.vault, contract, node.now)
    return issuer


def _require_safe(settings: NodeSettings, folder: NodeFolder, environment: Mapping[str, str]) -> None:
    if not settings.production:
        require_private(folder)
        return
    if found := dangers_of(settings, folder, address_of(settings, folder), environment):
        raise UnsafeError(found)


async def _require_durable(node: OpenNode) -> None:
    if node.settings.production and (danger := await danger_of_the_database(node.database)) is not None:
        raise UnsafeError((danger,))


@asynccontextmanager
async def _commands(node: OpenNode) -> AsyncIterator[None]:
    """Answer commands on this machine."""

    async def answer(question: JsonObject) -> JsonObject:
        return await answered(node, question)

    async with listening(node.folder.control, answer, orjson.dumps):
        yield


@contextmanager
def _signals(server: uvicorn.Server) -> Iterator[None]:
    """The first signal lets the server end; the second ends the process as that signal does."""
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        if server.should_exit:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        server.should_exit = True

    handled = (signal.SIGINT, signal.SIGTERM)
    for each in handled:
        loop.add_signal_handler(each, stop, each)
    try:
        yield
    finally:
        for each in handled:
            loop.remove_signal_handler(each)


async def _unwound(server: uvicorn.Server) -> None:
    """Wait for requests that were broken off, before what they use is closed."""
    tasks = tuple(server.server_state.tasks)
    if tasks:
        with suppress(TimeoutError):
            async with asyncio.timeout(UNWIND_SECONDS):
                await asyncio.gather(*tasks, return_exceptions=True)
