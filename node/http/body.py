"""Reading the body of a request: so many bytes at most, of a kind that the route takes, and JSON strictly.

A length that is declared is believed only where it is too large; bytes are counted as they come.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-8
"""

from collections.abc import Collection
from email.message import Message as Header
from typing import Any, Final, cast

from fastapi import Request

from node.documents import JsonValue, parse
from node.http.call import call_of
from node.http.problems import ProblemError

JSON: Final = "application/json"
_MAX_LENGTH_DIGITS: Final = 15


class ReadRequest(Request):
    """A request whose body was read, and parsed where the route takes a model of it."""

    def __init__(self, request: Request, body: bytes, value: JsonValue) -> None:
        super().__init__(request.scope, request.receive)
        self._body = body
        self._value = value

    async def body(self) -> bytes:
        """The bytes."""
        return self._body

    async def json(self) -> Any:  # noqa: ANN401 -- as the overridden one
        """The value that they say."""
        return self._value


async def read(request: Request, media_types: Collection[str], most: int, *, parsed: bool) -> ReadRequest:
    """The request with its body; raises ProblemError, and DocumentError where it is to be parsed and cannot be."""
    _require_length(request, most)
    call = call_of(request.scope)
    call.reading = True
    body = await _received(request, most)
    call.reading = False
    if body:
        _require_kind(request, media_types)
    return ReadRequest(request, body, cast("Any", parse(body, max_bytes=most)) if parsed and body else None)


def _require_length(request: Request, most: int) -> None:
    said = request.headers.get("content-length", "")
    if said.isdecimal() and (len(said) > _MAX_LENGTH_DIGITS or int(said) > most):
        raise _too_large(most)


async def _received(request: Request, most: int) -> bytes:
    parts: list[bytes] = []
    left = most
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ProblemError(400, "request.broken_off", "the body ended before its end", "Send it again.")
        part = message.get("body", b"")
        left -= len(part)
        if left < 0:
            raise _too_large(most)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _require_kind(request: Request, media_types: Collection[str]) -> None:
    said, coding = request.headers.get("content-type", ""), request.headers.get("content-encoding", "identity")
    if coding != "identity" or not (said in media_types or _is_kind(said, media_types)):
        raise ProblemError(
            415,
            "request.media_type",
            "the body is of a kind that is not taken here",
            f"Send one of these, in UTF-8 and not compressed, and say which in Content-Type: {', '.join(media_types)}.",
        )


def _is_kind(said: str, media_types: Collection[str]) -> bool:
    """Whether a Content-Type, with all that may stand in one, is of a kind that is taken."""
    header = Header()
    header["content-type"] = said
    kind, charset = header.get_content_type(), header.get_content_charset() or "utf-8"
    taken = kind in media_types or (JSON in media_types and kind.startswith("application/") and kind.endswith("+json"))
    return bool(said) and taken and charset in {"utf-8", "utf8", "us-ascii"}


def _too_large(most: int) -> ProblemError:
    return ProblemError(
        413,
        "request.too_large",
        f"the body has more than {most} bytes",
        "Send less at once; keep pictures and attachments outside and link to them.",
        headers={"Connection": "close"},
    )
