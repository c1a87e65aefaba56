"""JSON-RPC to a node of a chain that the administrator named: bounded, and unimpressed by what comes back.

The address is the administrator's own, so plain http and addresses of this machine and network are open to it; the
guarded fetcher is for what strangers name.

1. One POST, without cookies, proxies or redirects, for at most so many calls.
2. Of the answer, only so many bytes are read; all of it together may take a few seconds.
3. It is JSON in which nothing can be read in two ways.
4. Each call has one answer, by its id, which is a result or an error.

Neither the address nor what is sent and answered is logged; messages name the node by scheme, host and port.

Spec: https://www.jsonrpc.org/specification
"""

import asyncio
import itertools
import json
import ssl
from base64 import b64encode
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from node.adapters.fetch import CONNECT_SECONDS, causes, tls_of_the_system
from node.adapters.json_rpc.errors import (
    NodeRefusalError,
    RpcConfigError,
    bad_answer,
    unreachable,
)
from node.documents import DocumentError, JsonValue, parse

if TYPE_CHECKING:
    from types import TracebackType

    import httpx2

TOTAL_SECONDS: Final = 10.0
"""One question and its answer: a proof of many slots takes a busy node some seconds."""
MAX_URL_CHARS: Final = 2048
MAX_BATCH: Final = 16
"""Calls in one message: more than a question here takes, and less than any provider refuses."""
MAX_CONNECTIONS: Final = 4
"""To one node, where a connection is kept: questions that are asked at the same time."""
MAX_ANSWER_BYTES: Final = 1024 * 1024
"""Proofs of 128 slots in hexadecimal, and the code of a contract with them."""
MAX_BODY_BYTES: Final = 16 * 1024 * 1024
"""Whatever a caller asks for: the receipts of a full block."""
MIN_SECRET_CHARS: Final = 6
"""Parts of an address that are at least so long may be keys, and are struck out of what a node says."""
STRUCK_OUT: Final = "[…]"
_OK: Final = 200
_SERVER_ERRORS: Final = range(500, 600)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


type Carry = Callable[[bytes, int], Awaitable[bytes]]
"""How a message gets to a node: it, and how many bytes of an answer are taken; the answer. Raises RpcError."""


@dataclass(frozen=True, slots=True)
class Call:
    """A method, and what it is called with."""

    method: str
    params: tuple[JsonValue, ...] = ()


class JsonRpc:
    """A node of a chain, by its address.

    Used as an asynchronous context manager it keeps its connection open; else each message has its own. With `carry`
    somebody else brings the messages there, and the address need not be more than a name.
    """

    __slots__ = ("_authorization", "_carry", "_ids", "_open", "_seconds", "_secrets", "_singly", "_tls", "_url", "name")

    def __init__(
        self,
        url: str,
        *,
        seconds: float = TOTAL_SECONDS,
        tls: ssl.SSLContext | None = None,
        carry: Carry | None = None,
    ) -> None:
        parts = _parts(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self.name: Final = f"{parts.scheme}://{host}:{port}"
        """The node as messages name it; two addresses with one name are one node's."""
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        self._url = f"{self.name}{path}"
        self._authorization = _basic(parts)
        self._secrets = _secrets(parts)
        self._seconds = seconds
        self._tls = tls
        self._carry = carry or self.deliver
        self._ids = itertools.count(1)
        self._singly = False
        self._open: httpx2.AsyncHTTPTransport | None = None

    def __repr__(self) -> str:
        return f"JsonRpc({self.name})"

    async def __aenter__(self) -> Self:
        self._open = self._transport()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        transport, self._open = self._open, None
        if transport is not None:
            await transport.aclose()

    async def call(self, method: str, *params: JsonValue, max_bytes: int = MAX_ANSWER_BYTES) -> JsonValue:
        """The result of one call; raises NodeUnreachableError, NodeAnswerError and NodeRefusalError."""
        async with self._in_time():
            return await self._one(Call(method, params), max_bytes)

    async def batch(self, calls: Sequence[Call], *, max_bytes: int = MAX_ANSWER_BYTES) -> list[JsonValue]:
        """The results of some calls, in their order, asked for in one message; raises as `call`, for the first.

        A node that takes no such messages is asked for one after the other.
        """
        if not 1 <= len(calls) <= MAX_BATCH:
            raise ValueError(f"{len(calls)} calls at once; at most {MAX_BATCH} go into a message")
        async with self._in_time():
            if not self._singly and len(calls) > 1:
                results = await self._together(calls, max_bytes)
                if results is not None:
                    return results
                self._singly = True
            return [await self._one(call, max_bytes) for call in calls]

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._seconds):
                yield
        except TimeoutError:
            raise unreachable(self.name, "timeout", f"takes longer than {self._seconds:g} s") from None

    async def _one(self, call: Call, max_bytes: int) -> JsonValue:
        (number,) = itertools.islice(self._ids, 1)
        answer = self._read(await self._carry(_written(_message(number, call)), max_bytes), max_bytes)
        return self._results([answer], [number])[0]

    async def _together(self, calls: Sequence[Call], max_bytes: int) -> list[JsonValue] | None:
        """The results, or None where the node answers that it does not take several calls at once."""
        numbers = list(itertools.islice(self._ids, len(calls)))
        message: list[JsonValue] = [_message(number, call) for number, call in zip(numbers, calls, strict=True)]
        answer = self._read(await self._carry(_written(message), max_bytes), max_bytes)
        if isinstance(answer, dict) and "error" in answer and answer.get("id") is None:
            return None
        if not isinstance(answer, list):
            raise bad_answer(self.name, "shape", f"answers {len(calls)} calls with something that is no list")
        return self._results(answer, numbers)

    async def deliver(self, message: bytes, max_bytes: int) -> bytes:
        """The body of the answer to a message that is written already, unread.  1. and 2."""
        import httpx2  # noqa: PLC0415 -- 70 ms that only a run with something to ask should pay

        transport = self._open or self._transport()
        try:
            response = await transport.handle_async_request(self._request(message))
            try:
                return await self._body(response, min(max_bytes, MAX_BODY_BYTES))
            finally:
                await response.aclose()
        except httpx2.ConnectError as error:
            kind = "tls" if any(isinstance(cause, ssl.SSLError) for cause in causes(error)) else "unreachable"
            raise unreachable(self.name, kind, f"does not answer: {self._struck(str(error))}") from None
        except httpx2.TransportError as error:
            raise unreachable(
                self.name, "broken", f"breaks off: {self._struck(str(error)) or type(error).__name__}"
            ) from None
        finally:
            if transport is not self._open:
                await transport.aclose()

    def _transport(self) -> "httpx2.AsyncHTTPTransport":
        import httpx2  # noqa: PLC0415 -- as above

        return httpx2.AsyncHTTPTransport(
            verify=self._trusted_roots(), trust_env=False, limits=httpx2.Limits(max_connections=MAX_CONNECTIONS)
        )

    def _trusted_roots(self) -> ssl.SSLContext:
        """Where no TLS is spoken, a context that trusts nobody: loading the roots of the system takes a while."""
        if self._tls is not None:
            return self._tls
        return tls_of_the_system() if self._url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def _request(self, message: bytes) -> "httpx2.Request":
        import httpx2  # noqa: PLC0415 -- as above

        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "glejt",
        }
        if self._authorization is not None:
            headers["Authorization"] = self._authorization
        return httpx2.Request(
            "POST",
            self._url,
            headers=headers,
            content=message,
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        )

    async def _body(self, response: "httpx2.Response", max_bytes: int) -> bytes:
        if response.status_code != _OK:
            again = "has trouble" if response.status_code in _SERVER_ERRORS else "does not let us ask"
            raise unreachable(self.name, "status", f"answers with the status {response.status_code}: it {again}")
        if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise bad_answer(self.name, "encoding", "answers in an encoding that was not asked for")
        if not isinstance(response.stream, AsyncIterable):
            raise TypeError("the client answered with a body that cannot be read piece by piece")
        body = bytearray()
        async for piece in response.stream:
            body += piece
            if len(body) > max_bytes:
                raise bad_answer(self.name, "too_large", f"answers with more than {max_bytes} bytes")
        return bytes(body)

    def _read(self, body: bytes, max_bytes: int) -> JsonValue:
        """The JSON of an answer.  3."""
        try:
            return parse(body, max_bytes=max_bytes)
        except DocumentError as error:
            raise bad_answer(
                self.name, "json", f"answers with no JSON that can be relied on: {self._struck(str(error))}"
            ) from None

    def _results(self, answers: Sequence[JsonValue], numbers: Sequence[int]) -> list[JsonValue]:
        """The results, in the order of the calls.  4."""
        by_id: dict[int, dict[str, JsonValue]] = {}
        for answer in answers:
            if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
                raise bad_answer(self.name, "shape", "answers with something that is no answer of JSON-RPC 2.0")
            number = answer.get("id")
            if number is None and "error" in answer:
                self._refusal(answer["error"])
            if type(number) is not int or number not in numbers or number in by_id:
                raise bad_answer(self.name, "id", "answers a call that was not made, or one call twice")
            by_id[number] = answer
        if len(by_id) != len(numbers):
            raise bad_answer(self.name, "id", f"answers {len(by_id)} of {len(numbers)} calls")
        return [self._result(by_id[number]) for number in numbers]

    def _result(self, answer: dict[str, JsonValue]) -> JsonValue:
        if ("error" in answer) == ("result" in answer):
            raise bad_answer(self.name, "shape", "answers with a result and an error, or with neither")
        if "error" in answer:
            self._refusal(answer["error"])
        return answer["result"]

    def _refusal(self, error: JsonValue) -> NoReturn:
        match error:
            case {"code": int(number), "message": str(message)}:
                raise NodeRefusalError(self.name, number, self._struck(message))
            case _:
                raise bad_answer(self.name, "shape", "answers with an error that says neither what nor which")

    def _struck(self, text: str) -> str:
        """The text without what may be a key in our address."""
        for secret in self._secrets:
            text = text.replace(secret, STRUCK_OUT)
        return text


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0 and not parts.fragment
    except ValueError:
        usable = False
    if not usable or len(url) > MAX_URL_CHARS or not url.isascii() or not url.isprintable() or " " in url:
        raise RpcConfigError(
            f"the address of a node, of {len(url)} characters, is no URL under http or https",
            code="rpc.url",
            remedy="Write it as https://host/path, or as http://127.0.0.1:8545 for a node on this machine.",
        )
    return parts


def _basic(parts: SplitResult) -> str | None:
    if parts.username is None and parts.password is None:
        return None
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(pair.encode()).decode('ascii')}"


def _secrets(parts: SplitResult) -> tuple[str, ...]:
    """Whatever of the address may be a key, longest first, so that none is left in half."""
    texts = {
        *parts.path.split("/"),
        *(text for pair in parse_qsl(parts.query) for text in pair),
        parts.query,
        parts.username or "",
        parts.password or "",
    }
    both = texts | {unquote(text) for text in texts}
    return tuple(sorted((text for text in both if len(text) >= MIN_SECRET_CHARS), key=len, reverse=True))


def _written(message: JsonValue) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode("ascii")


def _message(number: int, call: Call) -> JsonValue:
    return {"jsonrpc": "2.0", "id": number, "method": call.method, "params": list(call.params)}
