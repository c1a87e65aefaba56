"""The guarded fetcher: the one way out to every address that somebody else names.

1. The URL is read strictly, by our own rules (`web_url`).
2. Its host is looked up once, and every answer must be an address of the public internet (`addresses`).
3. The connection goes to an address that was checked, never to the name: a second look-up could answer otherwise. TLS
   is made, and the certificate checked, for the name.
4. One request, a GET unless something is sent, without cookies, credentials, proxies or anything from before.
5. A redirect is another URL, and goes back to 1.; there may be few. What is sent is sent nowhere else.
6. Of the answer, only so many headers and so many bytes are read, packed or unpacked.
7. All of it together may take a few seconds.

What is sent and answered is never logged here. Whoever calls decides what the body is: no content type is believed.

Spec: https://www.rfc-editor.org/rfc/rfc9110, https://www.rfc-editor.org/rfc/rfc9525
"""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from did_methods.errors import shown
from did_methods.host import LOCALHOST
from node.adapters.addresses import LOOPBACK, Address, kind_of, parse_address
from node.adapters.name_lookup import Lookup, system_lookup
from node.adapters.web_url import PUBLIC_WEB, Rules, WebUrl, join, parse_url
from node.verification.errors import FetchRefusedError, UnreachableError
from node.verification.sources import Clock, Fetched

if TYPE_CHECKING:
    import httpx2

TOTAL_SECONDS: Final = 5.0
"""Everything, redirects included: people wait for the answer, and a drip must not hold a place."""
CONNECT_SECONDS: Final = 2.0
"""One address, so that a second one still gets its turn."""
MAX_BODY_BYTES: Final = 1024 * 1024
"""Whatever a caller asks for: a status list of 131,072 entries has 16 kB before packing."""
MAX_HEADERS: Final = 100
MAX_HEADER_BYTES: Final = 32 * 1024
"""Real servers send some 20 headers and 2 kB; the client under us gives up at 100 kB."""
MAX_PIECES: Final = 16_384
"""Pieces of one body: each costs work, however little is in it."""
MAX_REDIRECTS: Final = 3
"""To a canonical host, and to where the file lies; more is a loop."""
MAX_ADDRESSES: Final = 64
"""Addresses of one host; large sites answer with some 16."""
MAX_TRIED: Final = 3
"""Addresses tried, in the order of the resolver."""
MAX_REASON_CHARS: Final = 160
"""How much of the client's own words is repeated; a certificate's may quote what a stranger wrote."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OK: Final = 200
_GZIP: Final = 16 + zlib.MAX_WBITS
_TOO_LONG_A_HEAD: Final = 431
"""What the protocol engine suggests as a status where the headers do not end."""
_LOCAL_ADDRESSES: Final = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class GuardedFetch:
    """A Fetch for addresses that strangers name.

    `same_host` forbids redirects to another scheme, host or port, for documents whose authority is their address.
    `lookup`, `tls` and `now` are the system's unless a test brings its own.
    """

    rules: Rules = PUBLIC_WEB
    same_host: bool = False
    lookup: Lookup = system_lookup
    tls: ssl.SSLContext | None = None
    now: Clock = lambda: datetime.now(UTC)
    seconds: float = TOTAL_SECONDS

    async def __call__(self, url: str, *, accept: str, max_bytes: int) -> Fetched:
        """The body behind a URL; raises FetchRefusedError or UnreachableError."""
        try:
            async with asyncio.timeout(self.seconds):  # 7.
                return await self._follow(parse_url(url, self.rules), accept, min(max_bytes, MAX_BODY_BYTES))
        except TimeoutError as error:
            raise unreachable(url, "timeout", f"took longer than {self.seconds:g} s") from error

    async def _follow(self, url: WebUrl, accept: str, max_bytes: int) -> Fetched:
        first = url
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self.ask(url, _getting(accept), partial(self._read, url, max_bytes=max_bytes))
            if isinstance(answer, Fetched):
                return answer
            following = parse_url(join(url, answer), self.rules)  # 5.
            if self.same_host and following.origin != first.origin:
                raise refused(first.text, "redirect", f"leads away to {shown(following.origin)}")
            url = following
        raise refused(first.text, "redirect", f"leads on more than {MAX_REDIRECTS} times")

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send this to a URL once; the status that it answers with, of which nothing else is read.

        A redirect is followed nowhere: it is a status like any other. Raises FetchRefusedError or UnreachableError.
        """
        try:
            async with asyncio.timeout(self.seconds):  # 7.
                parsed = parse_url(url, self.rules)
                return await self.ask(parsed, Sending("POST", dict(headers), body), partial(_status, parsed))
        except TimeoutError as error:
            raise unreachable(url, "timeout", f"took longer than {self.seconds:g} s") from error

    async def ask[T](self, url: WebUrl, sending: "Sending", read: "Callable[[httpx2.Response], Awaitable[T]]") -> T:
        """What `read` makes of the answer of the first address that takes the connection: 2. to 4. of one request.

        Whoever calls has read the URL by these rules, and bounds the time. Raises as a call does.
        """
        import httpx2  # noqa: PLC0415 -- 70 ms that only a run with something to fetch should pay

        reason, failure = "no connection", None
        for address in (await self.addresses(url))[:MAX_TRIED]:
            transport = httpx2.AsyncHTTPTransport(
                verify=self.tls or tls_of_the_system(), trust_env=False, limits=httpx2.Limits(max_connections=1)
            )
            try:
                async with transport:
                    response = await transport.handle_async_request(_request(url, address, sending))
                    try:
                        return await read(response)
                    finally:
                        await response.aclose()
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                if isinstance(error, httpx2.ConnectError) and any(isinstance(c, ssl.SSLError) for c in causes(error)):
                    raise unreachable(url.text, "tls", f"has no certificate that holds: {error}") from error
                reason, failure = str(error) or reason, error
            except httpx2.TransportError as error:
                if any(getattr(cause, "error_status_hint", None) == _TOO_LONG_A_HEAD for cause in causes(error)):
                    raise refused(url.text, "headers", "answers with headers that do not end") from error
                raise unreachable(url.text, "broken", f"broke off: {str(error) or 'nothing came'}") from error
        raise unreachable(url.text, "unreachable", f"does not answer: {reason}") from failure

    async def addresses(self, url: WebUrl) -> tuple[Address, ...]:
        """The addresses of the host, each of them checked; raises as a call does.  2."""
        if url.number is not None:
            texts: tuple[str, ...] = (str(url.number),)
        elif url.host == LOCALHOST:  # never a matter for a name server (RFC 6761, 6.3)
            texts = _LOCAL_ADDRESSES
        else:
            texts = await self.lookup(url.host)
        if not texts:
            raise unreachable(url.text, "unresolved", "has a host without an address")
        if len(texts) > MAX_ADDRESSES:
            raise refused(url.text, "address", f"has a host with {len(texts)} addresses")
        addresses = tuple(parse_address(text) for text in texts)
        checked = tuple(address for address in addresses if address is not None and self._may_connect(url, address))
        if len(checked) != len(texts):
            raise refused(url.text, "address", "has a host whose address is not one of the public internet")
        return checked

    def _may_connect(self, url: WebUrl, address: Address) -> bool:
        kind = kind_of(address)
        return (kind is None and not url.local) or (kind == LOOPBACK and self.rules.loopback)

    async def _read(self, url: WebUrl, response: "httpx2.Response", *, max_bytes: int) -> Fetched | str:
        """The body of an answer, or where it sends us.  6."""
        check_headers(url, response)
        if response.status_code in _REDIRECTS:
            places = response.headers.get_list("location")
            if len(places) != 1:
                raise refused(url.text, "redirect", f"leads on to {len(places)} places")
            return places[0]
        if response.status_code != _OK:
            raise unreachable(url.text, "status", _said(response.status_code), status=response.status_code)
        encoding = ", ".join(response.headers.get_list("content-encoding")).strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise refused(url.text, "encoding", f"answers in an encoding that was not asked for: {shown(encoding)}")
        if not isinstance(response.stream, AsyncIterable):
            raise TypeError("the client answered with a body that cannot be read piece by piece")
        body = await _body(url, response.stream, max_bytes, packed=encoding.endswith("gzip"))
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Fetched(body, media_type, url.text, self.now())


@dataclass(frozen=True, slots=True)
class Sending:
    """What is asked of a server."""

    method: str
    headers: Mapping[str, str]
    body: bytes = b""


def _getting(accept: str) -> Sending:
    return Sending("GET", {"Accept": accept})


def check_headers(url: WebUrl, response: "httpx2.Response") -> None:
    """Refuse an answer with more headers than servers have a use for."""
    headers = response.headers.raw
    if len(headers) > MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        raise refused(url.text, "headers", "answers with too many headers")


async def _status(url: WebUrl, response: "httpx2.Response") -> int:
    """The status of an answer whose body nobody wants."""
    check_headers(url, response)
    return response.status_code


async def _body(url: WebUrl, stream: AsyncIterable[bytes], max_bytes: int, *, packed: bool) -> bytes:
    """The body, unpacked, as long as neither form of it is longer than was asked for."""
    unpacker = zlib.decompressobj(_GZIP) if packed else None
    body, received, pieces = bytearray(), 0, 0
    async for piece in stream:
        received, pieces = received + len(piece), pieces + 1
        if pieces > MAX_PIECES:
            raise refused(url.text, "too_large", f"answers in more than {MAX_PIECES} pieces")
        try:
            # One byte more than is wanted tells that there is more; a length of 0 would mean that there is no limit.
            body += unpacker.decompress(piece, max_bytes + 1 - len(body)) if unpacker else piece
        except zlib.error as error:
            raise unreachable(url.text, "broken", "answers with what is not packed as it says") from error
        if max(received, len(body)) > max_bytes:
            raise refused(url.text, "too_large", f"answers with more than {max_bytes} bytes")
        if unpacker and unpacker.unused_data:
            raise refused(url.text, "encoding", "answers with more behind the end of what is packed")
    if unpacker and not unpacker.eof:
        raise unreachable(url.text, "broken", "answers with half of what is packed")
    return bytes(body)


def _request(url: WebUrl, address: Address, sending: Sending) -> "httpx2.Request":
    """A request for the name, to the address.  3. and 4."""
    import httpx2  # noqa: PLC0415 -- as above

    host = f"[{address}]" if ":" in str(address) else str(address)
    name = url.host.strip("[]")
    return httpx2.Request(
        sending.method,
        f"{url.scheme}://{host}:{url.port}/",
        headers={
            "Host": url.authority,
            **sending.headers,
            "Accept-Encoding": "identity",
            "User-Agent": "glejt",
            "Connection": "close",
        },
        content=sending.body or None,
        extensions={
            "target": url.target.encode("ascii"),
            "sni_hostname": name,
            "timeout": {"connect": CONNECT_SECONDS},
        },
    )


@cache
def tls_of_the_system() -> ssl.SSLContext:
    """The roots that this system trusts; loading them takes some 40 ms."""
    import httpx2  # noqa: PLC0415 -- as above

    context = httpx2.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def causes(error: BaseException) -> Iterator[BaseException]:
    """What an error of the client wraps, outermost first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _said(status: int) -> str:
    try:
        return f"answers {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"answers {status}"


def refused(url: str, kind: str, what: str) -> FetchRefusedError:
    """An address, or an answer, that is not taken."""
    return FetchRefusedError(
        f"{shown(url)} {what}",
        code=f"fetch.{kind}",
        remedy="Trying again changes nothing. Ask whoever runs the server to answer plainly, under a public address.",
    )


def unreachable(url: str, kind: str, what: str, *, status: int | None = None) -> UnreachableError:
    """What kept an answer from coming, which may go better another time."""
    return UnreachableError(
        f"{shown(url)} {what[:MAX_REASON_CHARS]}",
        code=f"fetch.{kind}",
        remedy="Check the connection and try again later; if it stays so, ask whoever runs the server.",
        status=status,
    )
