"""A client for a node that whoever runs the program named: bounded, and unimpressed by what comes back.

The address is the person's own, so addresses of their own network are open to it; the guarded fetcher is for what
strangers name. A key is sent to that one address and never anywhere else: over https, or to this machine itself.

1. One request, without cookies or proxies. A redirect is not followed, and the key goes nowhere.
2. Of the answer, only so many bytes are read; all of it together may take a minute.
3. It is one of the answers that were asked for, or a problem (RFC 9457) in JSON that nothing can be read into twice.
4. What passes, and counts once however often it is asked for, is asked for again, a few times.

NodeClientError
├── remote.{address, open}                                what was named is no address of a node, or no safe one
├── remote.key                                            … or holds no key of one
├── remote.{unreachable, tls, timeout, broken}            no answer
├── remote.{redirect, encoding, too_large, answer}        an answer that no node gives
└── NodeProblemError                                      a problem, by the code that the node gives it

Spec: https://www.rfc-editor.org/rfc/rfc9110, https://www.rfc-editor.org/rfc/rfc9457
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterable, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPMethod, HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, Self
from urllib.parse import quote, urlencode, urlsplit

from did_methods.errors import shown
from did_methods.host import LOCALHOST
from node.adapters.fetch import causes, tls_of_the_system
from node.adapters.secret_file import open_secret_file, require_owner_only
from node.documents import DocumentError, JsonObject, JsonValue, parse_object

if TYPE_CHECKING:
    from types import TracebackType

    import httpx2

TOTAL_SECONDS: Final = 60.0
"""One question and its answer: a node gives up after 30 seconds, unless it was told otherwise."""
CONNECT_SECONDS: Final = 5.0
MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""The report on a presentation full of credentials, and a capsule with all that belongs to it."""
MAX_CONNECTIONS: Final = 8
MAX_TRIES: Final = 5
MAX_BREAKS: Final = 2
"""Connections that may break off: one that was kept open too long, and one more."""
BREAK_SECONDS: Final = 0.5
MAX_WAIT_SECONDS: Final = 20
"""Between two tries; a node that asks for more is busy for longer than anybody waits at a terminal."""
MAX_URL_CHARS: Final = 2048
MAX_PLACES: Final = 8
"""Places of a problem that are told."""
PROBLEM: Final = "application/problem+json"
JSON: Final = "application/json"
_PASSING: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_KEY: Final = re.compile(r"glejt_[0-9a-f]{16}_[0-9a-f]{64}", re.ASCII)
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}(\.[a-z0-9_]{1,64}){0,5}", re.ASCII)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_LOCAL_ADDRESSES: Final = ("127.0.0.1", "[::1]")


class NodeClientError(Exception):
    """A node was not asked, or did not answer as one; `code` says which, `remedy` what to do."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


class NodeProblemError(NodeClientError):
    """The node answered with a problem: its words, its code and its remedy."""

    def __init__(self, message: str, *, code: str, remedy: str, status: int, path: str = "", wait: int = 1) -> None:  # noqa: PLR0913 -- what a problem says
        super().__init__(message, code=code, remedy=remedy)
        self.status = status
        self.path = path
        self.wait = wait


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """Where a node is: a scheme and a host, and nothing behind them."""

    scheme: str
    authority: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The address in a text; raises NodeClientError for what is none, or would carry a key in the open."""
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
            rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None
            usable = bool(host) and parts.scheme in _DEFAULT_PORTS and not rest and port != 0
        except ValueError:
            usable = False
        if not usable or len(text) > MAX_URL_CHARS or not text.isascii() or not text.isprintable() or " " in text:
            raise NodeClientError(
                f"{shown(text)} is no address of a node",
                code="remote.address",
                remedy="Write https:// and its host, as https://node.example, with nothing behind it.",
            )
        if parts.scheme == "http" and not _is_this_machine(host):
            raise NodeClientError(
                f"{shown(text)} would be asked in the open, key and documents included",
                code="remote.open",
                remedy="Write https://; http is for a node on this machine, as http://localhost:8080.",
            )
        bare = f"[{host}]" if ":" in host else host
        authority = bare if port is None else f"{bare}:{port}"
        return cls(parts.scheme, authority, bare, port or _DEFAULT_PORTS[parts.scheme])

    @property
    def origin(self) -> str:
        """The address as it is written."""
        return f"{self.scheme}://{self.authority}"

    def is_of(self, other: "NodeAddress") -> bool:
        """Whether both are the address of one node."""
        return (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)

    @property
    def places(self) -> tuple[str, ...]:
        """Where to connect to; this machine's own name is no matter for a name server (RFC 6761, 6.3)."""
        hosts = _LOCAL_ADDRESSES if self.host == LOCALHOST else (self.host,)
        return tuple([f"{self.scheme}://{host}:{self.port}" for host in hosts])


@dataclass(frozen=True, slots=True)
class NodeKey:
    """A key of an organisation; shown nowhere."""

    text: str = field(repr=False)

    @classmethod
    def parse(cls, text: str, *, where: str) -> Self:
        """The key in a text; whatever else it may be, it is not repeated, and never sent."""
        if _KEY.fullmatch(text.strip()) is None:
            raise NodeClientError(
                f"{where} holds no key of a node",
                code="remote.key",
                remedy="Put the key there as it was shown: glejt_ and what follows, in one line.",
            )
        return cls(text.strip())

    @classmethod
    def read(cls, path: Path) -> Self:
        """The key in a file that only its owner may read; raises NodeClientError and KeyFileError."""
        data, permissions = open_secret_file(path)
        key = cls.parse(data.decode("ascii", "replace"), where=str(path))
        require_owner_only(path, permissions)
        return key


@dataclass(frozen=True, slots=True)
class Asked:
    """A question. `takes` are statuses that answer it; `again` says that it may be asked twice and counts once."""

    method: HTTPMethod
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    media_type: str = JSON
    accept: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    takes: Collection[int] = (HTTPStatus.OK,)
    again: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was asked for."""

    status: int
    media_type: str
    body: bytes = field(repr=False)
    etag: str = ""
    origin: str = ""

    def json(self) -> JsonObject:
        """The object that it is; raises NodeClientError for anything else."""
        try:
            return parse_object(self.body, max_bytes=MAX_ANSWER_BYTES)
        except DocumentError as error:
            raise bad_answer(self.origin, f"answers with no JSON that can be relied on ({error.code})") from None


class NodeClient:
    """A node by its address, as an asynchronous context manager that keeps its connections open."""

    __slots__ = ("_key", "_open", "_seconds", "_sleep", "_tls", "address", "language")

    def __init__(  # noqa: PLR0913 -- what tests bring of their own
        self,
        address: NodeAddress,
        key: NodeKey | None,
        *,
        language: str = "en",
        seconds: float = TOTAL_SECONDS,
        tls: ssl.SSLContext | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.address: Final = address
        self.language: Final = language
        self._key = key
        self._seconds = seconds
        self._tls = tls
        self._sleep = sleep
        self._open: httpx2.AsyncHTTPTransport | None = None

    def __repr__(self) -> str:
        return f"NodeClient({self.address.origin})"

    async def __aenter__(self) -> Self:
        import httpx2  # noqa: PLC0415 -- 70 ms that only a run with something to ask should pay

        tls = self._tls
        if (
            tls is None
        ):  # where no TLS is spoken, a context that trusts nobody: loading the system's roots takes a while
            secure = self.address.scheme == "https"
            tls = tls_of_the_system() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        limits = httpx2.Limits(max_connections=MAX_CONNECTIONS)
        self._open = httpx2.AsyncHTTPTransport(verify=tls, trust_env=False, limits=limits)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        transport, self._open = self._open, None
        if transport is not None:
            await transport.aclose()

    async def ask(self, asked: Asked) -> Answered:
        """The answer; raises NodeProblemError for a problem, NodeClientError where there is none that counts."""
        breaks = 0
        for number in range(1, MAX_TRIES + 1):
            try:
                return await self._once(asked)
            except NodeClientError as error:
                breaks += error.code == "remote.broken"
                wait = None if breaks > MAX_BREAKS else _wait(error)
                if not asked.again or number == MAX_TRIES or wait is None:  # 4.
                    raise
                await self._sleep(wait)
        raise AssertionError  # the last try has answered or raised

    async def _once(self, asked: Asked) -> Answered:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._answer(asked)
        except TimeoutError:
            raise self._unreachable("timeout", f"takes longer than {self._seconds:g} s") from None

    async def _answer(self, asked: Asked) -> Answered:
        import httpx2  # noqa: PLC0415 -- as above

        if self._open is None:
            raise TypeError("a client is used as a context manager")
        reason = "no connection"
        for place in self.address.places:
            try:
                response = await self._open.handle_async_request(self._request(asked, place))
                try:
                    return await self._read(asked, response)
                finally:
                    await response.aclose()
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                if any(isinstance(cause, ssl.SSLError) for cause in causes(error)):
                    raise self._unreachable("tls", f"has no certificate that holds: {shown(str(error))}") from None
                reason = shown(str(error)) if str(error) else reason
            except httpx2.TransportError as error:
                raise self._unreachable("broken", f"breaks off: {shown(str(error) or type(error).__name__)}") from None
        raise self._unreachable("unreachable", f"does not answer: {reason}")

    def _request(self, asked: Asked, place: str) -> "httpx2.Request":
        """One request, to the address that was named.  1."""
        import httpx2  # noqa: PLC0415 -- as above

        headers = {
            "Host": self.address.authority,
            "Accept": asked.accept,
            "Accept-Encoding": "identity",
            "Accept-Language": self.language,
            "User-Agent": "glejt",
            **asked.headers,
        }
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.text}"
        if asked.body is not None:
            headers["Content-Type"] = asked.media_type
        query = f"?{urlencode(asked.query, quote_via=quote)}" if asked.query else ""
        return httpx2.Request(
            asked.method.value,
            f"{place}{asked.path}{query}",
            headers=headers,
            content=asked.body,
            extensions={
                "sni_hostname": self.address.host.strip("[]"),
                "timeout": {"connect": CONNECT_SECONDS},
            },
        )

    async def _read(self, asked: Asked, response: "httpx2.Response") -> Answered:
        if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise self._bad("encoding", "answers in an encoding that was not asked for")
        if HTTPStatus.MULTIPLE_CHOICES <= response.status_code < HTTPStatus.BAD_REQUEST:
            raise self._bad("redirect", f"leads on with the status {response.status_code}, to where no key is sent")
        body = await self._body(response)
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type == PROBLEM:
            self._refuse(response.status_code, body, response.headers.get("retry-after", ""))
        if response.status_code not in asked.takes:  # 3.
            raise self._bad("answer", f"answers with the status {response.status_code}, and not as a node does")
        return Answered(response.status_code, media_type, body, response.headers.get("etag", ""), self.address.origin)

    async def _body(self, response: "httpx2.Response") -> bytes:
        """The bytes of an answer.  2."""
        if not isinstance(response.stream, AsyncIterable):
            raise TypeError("the client answered with a body that cannot be read piece by piece")
        body = bytearray()
        async for piece in response.stream:
            body += piece
            if len(body) > MAX_ANSWER_BYTES:
                raise self._bad("too_large", f"answers with more than {MAX_ANSWER_BYTES} bytes")
        return bytes(body)

    def _refuse(self, status: int, body: bytes, retry: str) -> NoReturn:
        """Raise the problem in an answer.  3."""
        try:
            problem = parse_object(body, max_bytes=MAX_ANSWER_BYTES)
        except DocumentError:
            problem = {}
        match problem:
            case {"code": str(code), "detail": str(detail), "remedy": str(remedy)} if _CODE.fullmatch(code):
                places, instance = _places(problem.get("errors")), problem.get("instance")
                known = (
                    f" [{instance}]" if isinstance(instance, str) and status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
                )
                raise NodeProblemError(
                    f"{detail}{known}",
                    code=code,
                    remedy=remedy,
                    status=status,
                    path=", ".join(places),
                    wait=int(retry) if retry.isascii() and retry.isdigit() and len(retry) < MAX_PLACES else 1,
                )
            case _:
                raise self._bad("answer", f"answers with the status {status}, and a problem that says nothing")

    def _unreachable(self, kind: str, what: str) -> NodeClientError:
        return NodeClientError(
            f"{self.address.origin} {what}",
            code=f"remote.{kind}",
            remedy="Check the address, and whether the node runs; then try again.",
        )

    def _bad(self, kind: str, what: str) -> NodeClientError:
        return bad_answer(self.address.origin, what, kind)


def bad_answer(origin: str, what: str, kind: str = "answer") -> NodeClientError:
    """That something answers there, and not as a node of glejt does."""
    return NodeClientError(
        f"{origin} {what}",
        code=f"remote.{kind}",
        remedy="Check that this is the address of a node, and that whatever stands before it passes all on unchanged.",
    )


def part(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")


def _wait(error: NodeClientError) -> float | None:
    """How long to wait before something is asked for again; None where that changes nothing."""
    if isinstance(error, NodeProblemError):
        return error.wait if error.status in _PASSING and error.wait <= MAX_WAIT_SECONDS else None
    return BREAK_SECONDS if error.code == "remote.broken" else None


def _places(errors: JsonValue) -> list[str]:
    found = errors if isinstance(errors, list) else []
    return [_place(one) for one in found if isinstance(one, dict) and one.get("pointer")][:MAX_PLACES]


def _place(one: JsonObject) -> str:
    """A place, with the values that it may have where the node lists them."""
    allowed = one.get("allowed")
    return f"{one['pointer']} ({allowed})" if isinstance(allowed, str) else str(one["pointer"])


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == LOCALHOST
