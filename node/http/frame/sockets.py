"""WebSockets, on which agents send envelopes and get theirs: at one address, so many, so fast and so large at most.

An ASGI application around the routes, which know nothing of WebSockets: no other path has one. Who sends is known by
their envelopes alone; here they are counted by where they come from, as requests are.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html#websocket, https://www.rfc-editor.org/rfc/rfc6455
"""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Final, Protocol

from node.http.frame import App, Receive, Scope, Send
from node.http.frame.addresses import address_of
from node.http.frame.buckets import Buckets
from node.http.limits import Limits
from node.http.telemetry import Telemetry

MAX_SOCKETS: Final = 4096
"""WebSockets of one process."""
SHARE: Final = 4
"""So many addresses it takes at least to take all of them."""
IDLE_SECONDS: Final = 30 * 60.0
"""Without a message: the server looks more often whether the other side is there, which costs it no place of this."""
SEND_SECONDS: Final = 20.0
"""For one message to be taken: who takes none holds up nobody else, and is closed."""
WAITING: Final = 64
"""Messages that wait for one who takes them slowly."""
NORMAL, NOT_TAKEN, AGAIN_LATER = 1000, 1003, 1013


class Takes(Protocol):
    """Who takes what comes."""

    async def take(self, data: bytes, way: "SocketWay") -> bool:
        """Take an envelope; False for what is none."""

    def gone(self, way: "SocketWay") -> None:
        """The way was closed."""


class SocketWay:
    """A way that stays open until one side closes it."""

    stays = True

    def __init__(self, send: Send) -> None:
        self._send = send
        self._turn = asyncio.Lock()
        self._waiting = 0
        self.open = True

    async def send(self, data: bytes) -> bool:
        """Send an envelope, after those that wait; False where it is not taken."""
        if not self.open or self._waiting >= WAITING:
            return False
        self._waiting += 1
        try:
            async with asyncio.timeout(SEND_SECONDS), self._turn:
                await self._send({"type": "websocket.send", "text": data.decode("utf-8")})
        except (TimeoutError, OSError, RuntimeError):
            self.open = False
        finally:
            self._waiting -= 1
        return self.open


class Sockets:
    """An ASGI application."""

    def __init__(self, app: App, path: str, takes: Takes, telemetry: Telemetry, limits: Limits) -> None:
        self.app = app
        self._path = path
        self._takes = takes
        self._telemetry = telemetry
        self._proxies = limits.proxies
        self._rate = Buckets(limits.address)
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket, or pass a request on."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        address = address_of(scope, self._proxies)
        full = self._open.total() >= MAX_SOCKETS or self._open[address] >= MAX_SOCKETS // SHARE
        if scope["path"] != self._path or full or self._rate.take(address):
            if scope["path"] == self._path:
                self._telemetry.refused("overload" if full else "address")
            await receive()
            await send({"type": "websocket.close", "code": AGAIN_LATER})
            return
        self._open[address] += 1
        way = SocketWay(send)
        try:
            await self._serve(way, address, receive, send)
        finally:
            way.open = False
            self._takes.gone(way)
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    async def _serve(self, way: SocketWay, address: str, receive: Receive, send: Send) -> None:
        """Message after message; the next is read once this one is taken, so nobody fills the memory."""
        await receive()
        await send({"type": "websocket.accept"})
        while way.open:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    message = await receive()
            except TimeoutError:
                return await _close(send, NORMAL)
            if message["type"] == "websocket.disconnect":
                return None
            wait = self._rate.take(address)
            if wait:
                self._telemetry.refused("address")
                await asyncio.sleep(min(wait, SEND_SECONDS))
            text, data = message.get("text"), message.get("bytes")
            envelope = text.encode() if isinstance(text, str) else data
            if not isinstance(envelope, bytes) or not await self._takes.take(envelope, way):
                return await _close(send, NOT_TAKEN)
        return None


async def _close(send: Send, code: int) -> None:
    with suppress(OSError, RuntimeError):
        await send({"type": "websocket.close", "code": code})
