"""JSON documents as they come in: parsed strictly, so that every reader of the same bytes sees the same claims.

JSON leaves open what a repeated member, a huge number or half a character means, and readers differ. Whatever two
readers could understand differently is refused here, before anything is looked up, hashed or shown.

Spec: https://www.rfc-editor.org/rfc/rfc8259, https://www.rfc-editor.org/rfc/rfc7493 (I-JSON)
"""

import json
import math
import re
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NewType, cast

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

type JsonValue = JsonObject | list[JsonValue] | str | int | float | bool | None
type JsonObject = dict[str, JsonValue]

UnsecuredDocument = NewType("UnsecuredDocument", dict[str, JsonValue])
"""A document that no proof covers yet."""
SecuredDocument = NewType("SecuredDocument", dict[str, JsonValue])
"""A document that carries a proof. Whether it holds, the type does not say."""

MAX_CREDENTIAL_BYTES: Final = 256 * 1024
"""One credential: the largest published sample has 56 kB; an embedded picture of 150 kB still fits."""
MAX_PRESENTATION_BYTES: Final = 1024 * 1024
"""One presentation: several credentials in one message, and no content of that size takes half a second to refuse."""
MAX_DEPTH: Final = 32
"""Arrays and objects inside one another; published credentials need 10, and recursion downstream stays harmless."""
MAX_SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that every reader tells from its neighbours (RFC 7493, section 2.2)."""
_MAX_SAFE_CHARS: Final = len(str(-MAX_SAFE_INTEGER))
"""A longer run of digits is out of range, and is never converted: the conversion would cost quadratic time."""
MAX_SHOWN_CHARS: Final = 96
"""How much of an offending value a message repeats: enough to recognise it, too little to flood a log."""

_REMEDIES: Final = {
    "document.too_large": "Send a smaller document: keep pictures and attachments outside it and link to them.",
    "document.not_utf8": "Save the document as UTF-8 without a byte order mark.",
    "document.syntax": "Repair the JSON; a document that was signed must be fetched again from its issuer or holder.",
    "document.duplicate_key": "Keep one member of that name; readers disagree which of several counts.",
    "document.number": "Write a number that a 64-bit float can hold, or use a string.",
    "document.integer_range": "Write the number as a string: readers round beyond 9007199254740991.",
    "document.too_deep": f"Flatten the document to at most {MAX_DEPTH} levels.",
    "document.surrogate": "Replace the half character by a whole one; no UTF-8 text can carry it.",
    "document.not_object": "Send the credential or presentation itself: a JSON object in braces.",
}


class DocumentError(ValueError):
    """The bytes are not a JSON document that every reader understands alike."""

    def __init__(self, message: str, *, code: str = "document.syntax", path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.path = path
        self.remedy = _REMEDIES[code]


def parse(data: bytes | str, *, max_bytes: int = MAX_PRESENTATION_BYTES) -> JsonValue:
    """The JSON value of the text.

    Raises DocumentError, with a path where the place is known, for: more than max_bytes of UTF-8; anything but UTF-8,
    or a byte order mark; anything but RFC 8259 JSON; a repeated member; NaN, infinities and numbers that a 64-bit
    float turns into infinity or zero; numbers beyond MAX_SAFE_INTEGER; more than MAX_DEPTH levels; lone surrogates.

    Numbers beyond MAX_SAFE_INTEGER are refused also when written as a float. JSON knows one kind of number, so 1e20
    and 100000000000000000000 are the same claim, and every float of that size is an integer that stands for a whole
    range of them: 9007199254740993.0 would be signed, and shown, as …992.

    Spec: https://www.rfc-editor.org/rfc/rfc7493#section-2
    """
    raw = _utf8(data, max_bytes)
    # orjson refuses what is not JSON, not UTF-8 or not a Unicode string. It keeps the last of repeated members and
    # makes floats of large integers, so its value counts only where it can be seen to hold all that was written.
    with suppress(orjson.JSONDecodeError):
        value = cast("JsonValue", orjson.loads(raw))
        if _is_all_of(raw, value):
            return value
        del value
    return _parse_watchfully(raw)


def parse_object(data: bytes | str, *, max_bytes: int = MAX_PRESENTATION_BYTES) -> JsonObject:
    """The JSON object of the text; raises DocumentError as parse does, and where the text is another JSON value."""
    value = parse(data, max_bytes=max_bytes)
    if not isinstance(value, dict):
        kind = {list: "an array", str: "a string", type(None): "null", bool: "a boolean"}.get(type(value), "a number")
        raise DocumentError(f"the document is {kind}, not an object", code="document.not_object")
    return value


def pointer(*steps: str | int) -> str:
    """The JSON Pointer that goes these steps from the whole document.

    Spec: https://www.rfc-editor.org/rfc/rfc6901
    """
    return "".join([f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps])


def _utf8(data: bytes | str, max_bytes: int) -> bytes:
    # A character has at least one byte: an oversize text is refused before it is encoded.
    if len(data) <= max_bytes:
        if isinstance(data, bytes):
            return data
        try:
            raw = data.encode()
        except UnicodeEncodeError as error:
            raise DocumentError(
                f"the text has the lone surrogate {_shown(data[error.start])} at character {error.start}",
                code="document.surrogate",
            ) from error
        if len(raw) <= max_bytes:
            return raw
    raise DocumentError(f"the document has more than {max_bytes} bytes", code="document.too_large")


def _is_all_of(raw: bytes, value: JsonValue) -> bool:
    """Whether the value that orjson made of the text is certainly all that the text says.

    No member was dropped: two quotation marks delimit each string of the text, and a dropped member takes at least its
    name away; so when the value has half as many strings as the text has delimiters, all are there. No number was
    changed beyond recognition: each is within the safe range, and none is a float zero that may have been written as
    something else. "No" means that _parse_watchfully must decide.
    """
    strings = 0
    level: list[JsonValue] = [value]
    for _ in range(MAX_DEPTH):
        below: list[JsonValue] = []
        for node in level:
            if type(node) is dict:
                strings += len(node)
                below += node.values()
            elif type(node) is list:
                below += node
            elif type(node) is str:
                strings += 1
            elif (type(node) is int or type(node) is float) and not _is_plain(node):
                return False
        level = [node for node in below if type(node) is not str]
        strings += len(below) - len(level)
        if not level:
            return 2 * strings == _delimiters(raw)
    return False


def _delimiters(raw: bytes) -> int:
    """How many quotation marks of a valid JSON text are not escaped: a backslash always begins an escape."""
    count = raw.count(b'"')
    place = raw.find(b"\\")
    while place >= 0:
        count -= raw[place + 1] == ord('"')
        place = raw.find(b"\\", place + 2)
    return count


def _is_plain(number: float) -> bool:
    return -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER and (number != 0 or type(number) is int)


def _parse_watchfully(raw: bytes) -> JsonValue:
    """The JSON value of the text, or a DocumentError that names what is wrong and where.

    The scanner cannot say where it is. So its hooks leave the error in the value instead of raising it, and a second
    look finds the place.
    """
    text = _decode(raw)
    try:
        value = _Hooks().decode(text)
    except json.JSONDecodeError as error:
        raise DocumentError(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise DocumentError(f"the document has more than {MAX_DEPTH} levels", code="document.too_deep") from error
    if flaw := _flaw(value, surrogates=_SURROGATE_ESCAPE.search(text) is not None):
        raise flaw
    return cast("JsonValue", value)


def _decode(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        if _SURROGATE_BYTES.match(raw, error.start):
            message, code = f"the text has a lone surrogate at byte {error.start}", "document.surrogate"
        else:
            message, code = f"byte {error.start} is not UTF-8", "document.not_utf8"
        raise DocumentError(message, code=code) from error
    if text.startswith("\ufeff"):
        raise DocumentError("the document begins with a byte order mark", code="document.not_utf8")
    return text


_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE_BYTES: Final = re.compile(rb"\xed[\xa0-\xbf]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NON_ZERO_MANTISSA: Final = re.compile(r"-?[0.]*[1-9]")


class _Hooks:
    """What the scanner calls for each object and number.

    Of all that is to be refused only the first becomes an error: a megabyte of flaws costs no more than one of numbers.
    """

    __slots__ = ("_flawed",)

    def __init__(self) -> None:
        self._flawed = False

    def decode(self, text: str) -> object:
        return json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=self._integer,
            parse_float=self._float,
            parse_constant=self._constant,
        ).decode(text)

    def _object(self, members: list[tuple[str, object]]) -> object:
        value = dict(members)
        if len(value) == len(members):
            return value
        if self._flawed:
            return tuple(members)  # one of them may hold the error
        names = Counter(name for name, _ in members)
        name = next(name for name, _ in members if names[name] > 1)
        return self._flaw(f"the member {_shown(name)} is there twice", "document.duplicate_key", pointer(name))

    def _integer(self, digits: str) -> object:
        if len(digits) > _MAX_SAFE_CHARS or abs(number := int(digits)) > MAX_SAFE_INTEGER:
            return self._flaw(f"the number {_shown(digits)} is beyond {MAX_SAFE_INTEGER}", "document.integer_range")
        return number

    def _float(self, text: str) -> object:
        number = float(text)
        if math.isinf(number) or (number == 0 and _NON_ZERO_MANTISSA.match(text)):
            return self._flaw(f"the number {_shown(text)} is no 64-bit float", "document.number")
        if abs(number) > MAX_SAFE_INTEGER:
            return self._flaw(f"the number {_shown(text)} is beyond {MAX_SAFE_INTEGER}", "document.integer_range")
        return number

    def _constant(self, name: str) -> object:
        return self._flaw(f"{name} is no JSON number", "document.number")

    def _flaw(self, message: str, code: str, path: str = "") -> DocumentError | None:
        if self._flawed:
            return None
        self._flawed = True
        return DocumentError(message, code=code, path=path)


def _flaw(value: object, *, surrogates: bool) -> DocumentError | None:
    """What is wrong with the value, and where; with surrogates, its strings are searched for lone ones.

    One loop without calls: it may have to pass half a million arrays.
    """
    steps: list[str | int] = []
    unfinished: list[Iterator[tuple[str | int, object]]] = [iter([("", value)])]
    while unfinished:
        for step, node in unfinished[-1]:
            if type(node) is list:
                members: Iterator[tuple[str | int, object]] = iter(enumerate(node))
            elif type(node) is dict:
                members = iter(node.items())
                if surrogates and (half := _SURROGATE.search("".join(node))):
                    return _half_a_character(half.string, [*steps, step])
            elif type(node) is tuple:
                members = iter(node)
            elif type(node) is DocumentError:
                node.path = pointer(*[*steps, step][1:]) + node.path
                return node
            elif surrogates and type(node) is str and _SURROGATE.search(node):
                return _half_a_character(node, [*steps, step])
            else:
                continue
            if len(steps) == MAX_DEPTH:
                message = f"the document has more than {MAX_DEPTH} levels"
                return DocumentError(message, code="document.too_deep", path=pointer(*steps[1:], step))
            steps.append(step)
            unfinished.append(members)
            break
        else:
            unfinished.pop()
            del steps[-1:]
    return None


def _half_a_character(text: str, steps: list[str | int]) -> DocumentError:
    return DocumentError(f"{_shown(text)} has a lone surrogate", code="document.surrogate", path=pointer(*steps[1:]))


def _shown(text: str) -> str:
    quoted = ascii(text[:MAX_SHOWN_CHARS])
    return quoted if len(quoted) <= MAX_SHOWN_CHARS else quoted[: MAX_SHOWN_CHARS - 1] + "…"
