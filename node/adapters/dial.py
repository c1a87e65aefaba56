"""The guarded dialer: messages to addresses that somebody else names, by HTTP POST or over a WebSocket.

It keeps to the rules of the guarded fetcher, by whose hand every address is read and looked up, and every POST is made:
a public host, the usual port, TLS for the name, the connection to an address that was checked. It follows no redirect:
what was sent to one host is for nobody else. What is answered is bounded, and so is the time.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#transports, https://www.rfc-editor.org/rfc/rfc6455
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from did_methods.errors import shown
from node.adapters.fetch import (
    CONNECT_SECONDS,
    MAX_PIECES,
    MAX_TRIED,
    GuardedFetch,
    Sending,
    causes,
    check_headers,
    refused,
    tls_of_the_system,
    unreachable,
)
from node.adapters.web_url import WebUrl, parse_url
from node.verification.errors import FetchRefusedError

if TYPE_CHECKING:
    import httpx2
    from websockets.asyncio.client import ClientConnection

POST_SECONDS: Final = 20.0
"""For all of one message and its answer: whoever answers on the same way may have to sign first."""
OPEN_SECONDS: Final = 5.0
"""For a WebSocket to open."""
SEND_SECONDS: Final = 20.0
"""For one message to be taken."""
PING_SECONDS: Final = 20.0
"""Between two looks whether the other side of a WebSocket is still there."""
MAX_ANSWER_BYTES: Final = 2560 * 1024 * 4 // 3
"""As much as an encrypted message has."""
_WEB: Final = {"ws": "http", "wss": "https"}
_NOT_TAKEN: Final = 300


@dataclass(frozen=True, slots=True)
class Posted:
    """What was answered to a message: nothing, or another message."""

    status: int
    media_type: str
    body: bytes = field(repr=False)


class Socket(Protocol):
    """A WebSocket that is open. Both raise UnreachableError once it is not."""

    async def send(self, data: bytes) -> None:
        """Send one message."""

    async def receive(self) -> bytes:
        """Wait for the next message."""


@dataclass(frozen=True, slots=True)
class GuardedDialer:
    """What dials; `guard` reads and looks up every address, and brings its rules and its TLS."""

    guard: GuardedFetch = field(default_factory=GuardedFetch)
    seconds: float = POST_SECONDS

    async def post(self, address: str, data: bytes, *, media_type: str) -> Posted:
        """Send a message by POST; what is answered with it. Raises FetchRefusedError and UnreachableError."""
        try:
            async with asyncio.timeout(self.seconds):
                url = parse_url(address, self.guard.rules)
                sending = Sending("POST", {"Content-Type": media_type, "Accept": media_type}, data)
                return await self.guard.ask(url, sending, partial(_read, url))
        except TimeoutError as error:
            raise unreachable(address, "timeout", f"took longer than {self.seconds:g} s") from error

    @asynccontextmanager
    async def socket(self, address: str) -> AsyncIterator[Socket]:
        """An open WebSocket; raises FetchRefusedError and UnreachableError."""
        scheme, _, rest = address.partition("://")
        if scheme.lower() not in _WEB:
            raise FetchRefusedError(
                f"{shown(address)} is no address of a WebSocket",
                code="fetch.scheme",
                remedy="Ask whoever wrote the address for one that begins with wss://.",
            )
        url = parse_url(f"{_WEB[scheme.lower()]}://{rest}", self.guard.rules)
        connection = await self._opened(url)
        try:
            yield _Open(connection, address)
        finally:
            await connection.close()

    async def _opened(self, url: WebUrl) -> "ClientConnection":
        from websockets.asyncio.client import connect  # noqa: PLC0415 -- few have a WebSocket to open
        from websockets.exceptions import WebSocketException  # noqa: PLC0415 -- likewise

        class Direct(connect):
            """A connection that goes nowhere else than it was told to."""

            def process_redirect(self, exc: Exception) -> Exception | str:
                return exc

        secure = url.scheme == "https"
        tls: dict[str, Any] = {}
        if secure:
            tls = {"ssl": self.guard.tls or tls_of_the_system(), "server_hostname": url.host.strip("[]")}
        reason, failure = "no connection", None
        for address in (await self.guard.addresses(url))[:MAX_TRIED]:
            try:
                async with asyncio.timeout(OPEN_SECONDS):
                    return await Direct(
                        f"{'wss' if secure else 'ws'}://{url.authority}{url.target}",
                        host=str(address),
                        port=url.port,
                        proxy=None,
                        compression=None,
                        user_agent_header="glejt",
                        open_timeout=OPEN_SECONDS,
                        close_timeout=CONNECT_SECONDS,
                        ping_interval=PING_SECONDS,
                        ping_timeout=PING_SECONDS,
                        max_size=MAX_ANSWER_BYTES,
                        max_queue=4,
                        **tls,
                    )
            except (OSError, WebSocketException, EOFError) as error:
                if any(isinstance(cause, ssl.SSLError) for cause in causes(error)):
                    raise unreachable(url.text, "tls", f"has no certificate that holds: {error}") from error
                reason, failure = str(error) or reason, error
        raise unreachable(url.text, "unreachable", f"opens no WebSocket: {reason}") from failure


@dataclass(frozen=True, slots=True)
class _Open:
    """A Socket."""

    connection: "ClientConnection"
    address: str

    async def send(self, data: bytes) -> None:
        """Send one message, as text: an envelope is JSON."""
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 -- as above

        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self.connection.send(data, text=True)
        except (ConnectionClosed, TimeoutError) as error:
            raise unreachable(self.address, "broken", "takes no more messages") from error

    async def receive(self) -> bytes:
        """Wait for the next message."""
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 -- as above

        try:
            return await self.connection.recv(decode=False)
        except ConnectionClosed as error:
            raise unreachable(self.address, "broken", "sends no more messages") from error


async def _read(url: WebUrl, response: "httpx2.Response") -> Posted:
    check_headers(url, response)
    if response.status_code >= _NOT_TAKEN:
        raise unreachable(url.text, "status", f"answers {response.status_code}", status=response.status_code)
    if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise refused(url.text, "encoding", "answers in an encoding that was not asked for")
    if not isinstance(response.stream, AsyncIterable):
        raise TypeError("the client answered with a body that cannot be read piece by piece")
    body, pieces = bytearray(), 0
    async for piece in response.stream:
        body, pieces = body + piece, pieces + 1
        if len(body) > MAX_ANSWER_BYTES or pieces > MAX_PIECES:
            raise refused(url.text, "too_large", f"answers with more than {MAX_ANSWER_BYTES} bytes")
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Posted(response.status_code, media_type, bytes(body))
