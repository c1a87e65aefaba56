"""The messages of VCALM: an object with what is meant and its options, each member of which is known.

Which members there are is looked at here; what stands in a document, where foreign input is read.

Spec: https://www.w3.org/TR/vcalm/
"""

import asyncio
from collections.abc import Collection
from typing import Final

import orjson

from node.documents import DocumentError, JsonObject, JsonValue, parse_object, pointer
from node.http.problems import ProblemError

MAX_TEXT_CHARS: Final = 2048
"""Of a text that is no document: identifiers and addresses."""
AT_ONCE_BYTES: Final = 32 * 1024
"""Longer messages are read beside the event loop, which goes on: to refuse one can take a tenth of a second."""


class Message:
    """An object of a message, whose members are taken out one by one; what is left over is refused."""

    def __init__(self, value: JsonValue, path: str = "") -> None:
        if not isinstance(value, dict):
            raise invalid(path, "it is no object")
        self._left = dict(value)
        self._path = path

    def has(self, name: str) -> bool:
        """Whether there is such a member."""
        return name in self._left

    def object(self, name: str) -> JsonObject:
        """A member that has to be there, as it is."""
        value = self._left.pop(name, None)
        if not isinstance(value, dict):
            raise self._invalid(name, "it is missing, or no object")
        return value

    def inner(self, name: str) -> "Message":
        """An object of the message; an empty one where there is none."""
        return Message(self._left.pop(name, {}), self._path + pointer(name))

    def anything(self, name: str) -> JsonValue:
        """A member that has to be there, whatever it is."""
        if name not in self._left:
            raise self._invalid(name, "it is missing")
        return self._left.pop(name)

    def text(self, name: str) -> str:
        """A text that has to be there."""
        value = self.optional(name)
        if value is None:
            raise self._invalid(name, "it is missing")
        return value

    def optional(self, name: str) -> str | None:
        """A text, where there is one."""
        value = self._left.pop(name, None)
        if value is not None and not (isinstance(value, str) and len(value) <= MAX_TEXT_CHARS):
            raise self._invalid(name, f"it is no text of at most {MAX_TEXT_CHARS} characters")
        return value

    def flag(self, name: str, *, missing: bool | None = None) -> bool:
        """Whether something is so; where it says nothing, `missing`, unless it has to."""
        value = self._left.pop(name, missing)
        if not isinstance(value, bool):
            raise self._invalid(name, "it is neither true nor false")
        return value

    def list(self, name: str) -> list[JsonValue]:
        """A list, empty where there is none."""
        value = self._left.pop(name, [])
        if not isinstance(value, list):
            raise self._invalid(name, "it is no list")
        return value

    def end(self, ignored: Collection[str] = ()) -> None:
        """That nothing is left, but what is known to say nothing here; raises ProblemError."""
        if left := sorted(self._left.keys() - set(ignored)):
            raise invalid(self._path, f"it has {len(left)} members more than are known here")

    def _invalid(self, name: str, message: str) -> ProblemError:
        return invalid(self._path + pointer(name), message)


async def read(body: bytes, max_bytes: int) -> Message:
    """The message, every member of which stands there once; raises DocumentError and ProblemError."""
    if len(body) > AT_ONCE_BYTES:
        return Message(await asyncio.to_thread(parse_object, body, max_bytes=max_bytes))
    return Message(parse_object(body, max_bytes=max_bytes))


def glance(body: bytes) -> Message:
    """The message as a first reader sees it; the one who judges what is in it reads it again, and strictly.

    Raises DocumentError for what is no JSON at all. It takes some milliseconds at most, whatever the message.
    """
    try:
        return Message(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise DocumentError(f"{error.msg} at line {error.lineno}, column {error.colno}") from None


def invalid(path: str, message: str) -> ProblemError:
    """The problem of a message that is not as it should be; it says where, and repeats no value."""
    return ProblemError(
        400,
        "request.invalid",
        "the message is not as it should be",
        "See errors for the places, and the reference for what can stand there.",
        errors=[{"pointer": path, "message": message}],
    )
