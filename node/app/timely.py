"""Connections that do not come to the point: whoever opens one and sends no request, or a head without an end.

A request's body and its answer have their time in `node.http`. What is here is before that: until its head is whole,
nobody knows of a request, and each open connection takes a place of `connections` from others. What is answered here,
to who speaks no HTTP and where there is no place, has the form of every other problem.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from typing import Any, ClassVar, Final
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from node.http.frame import Receive, Scope, Send, refuse
from node.http.frame.addresses import address_of, is_in
from node.http.frame.guarded import USUAL, Guarded
from node.http.problems import RETRY_SECONDS, ProblemError, rendered

HEAD_SECONDS: Final = 10.0
"""For the head of a request, from its connection or its first byte; on a bad line it takes one or two."""
MAX_HEAD_BYTES: Final = 64 * 1024
"""Of a head: ours have some hundred bytes, and a key of 90."""
SHARES: Final = 4
"""So many addresses it takes at least to take all connections from everybody else."""
LEAST_SHARE: Final = 64
"""Connections of one address, of whatever node: a browser opens six, and a house has many behind one."""

type Network = IPv4Network | IPv6Network


def sharing(connections: int, proxies: tuple[Network, ...]) -> type["TimelyProtocol"]:
    """The protocol of a server of so many connections, of which no stranger's address takes more than its share."""

    class Sharing(TimelyProtocol):
        share = max(LEAST_SHARE, connections // SHARES)
        _shares: ClassVar[Counter[str]] = Counter()

    Sharing.proxies = proxies
    return Sharing


class CountedSocket(WebSocketsSansIOProtocol):
    """A WebSocket as uvicorn speaks it; it has the place of the connection that it began as."""

    let_go: Callable[[], None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        super().connection_lost(exc)
        if self.let_go is not None:
            self.let_go()
            self.let_go = None


class TimelyProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, closed where a head takes too long, or has no end."""

    seconds = HEAD_SECONDS
    share: int | None = None
    """How many connections one address may have; None without a limit."""
    proxies: tuple[Network, ...] = ()
    """One's own proxies, which come for all others."""
    _shares: ClassVar[Counter[str]] = Counter()
    _counted: str | None = None
    _late: asyncio.TimerHandle | None = None
    _head: int | None = 0
    """How much of a head has come; None while none is awaited."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 -- as uvicorn has them
        super().__init__(*given, **named)
        self._most, self.limit_concurrency = self.limit_concurrency, None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Await a first request, for a while; an address that has its share of connections gets no other."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        if self.share is not None and isinstance(peer, tuple) and not is_in(peer[0], self.proxies):
            self._counted = address_of({"client": peer, "headers": ()}, ())
            self._shares[self._counted] += 1
            if self._shares[self._counted] > self.share:
                transport.abort()
                return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Await nothing more."""
        self._head_came()
        self._let_go()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Go on as a WebSocket, with the same place."""
        self._head_came()
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        if isinstance(protocol, CountedSocket):
            protocol.let_go = self._let_go

    def data_received(self, data: bytes) -> None:
        """Read on, but no head that has no end."""
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > MAX_HEAD_BYTES:
            self._close()

    def on_message_begin(self) -> None:
        """Await the rest of this head."""
        super().on_message_begin()
        if self._late is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """The head is whole; where there is no place for it, that is the answer."""
        self._head_came()
        usual = self.app
        if self._most is not None and max(len(self.connections), len(self.tasks)) >= self._most:
            self.app = _FULL
        try:
            super().on_headers_complete()
        finally:
            self.app = usual

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 -- whose text is another one in each version
        """Answer what is no request."""
        answer = rendered(
            ProblemError(400, "request.http", "this is no request by the rules of HTTP", "Send it by HTTP/1.1."),
            str(uuid4()),
        )
        headers = {**USUAL, **dict(answer.raw_headers), b"connection": b"close"}
        head = b"".join(name + b": " + value + b"\r\n" for name, value in headers.items())
        self.transport.write(STATUS_LINE[400] + head + b"\r\n" + bytes(answer.body))
        self.transport.close()

    def _let_go(self) -> None:
        if self._counted is not None:
            self._shares[self._counted] -= 1
            if not self._shares[self._counted]:
                del self._shares[self._counted]
            self._counted = None

    def _await_head(self) -> None:
        self._head = 0
        self._late = self.loop.call_later(self.seconds, self._close)

    def _head_came(self) -> None:
        self._head = None
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close(self) -> None:
        self._head_came()
        if not self.transport.is_closing():
            self.transport.close()


async def _full(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"Retry-After": str(RETRY_SECONDS), "Connection": "close"}
    problem = ProblemError(503, "node.busy", "too many are connected", "Try again in a few seconds.", headers=headers)
    await refuse(problem, scope, receive, send)


_FULL: Final = Guarded(_full, https=False)
