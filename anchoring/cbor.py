"""CBOR of four types (unsigned integers, byte strings, arrays, maps with integer keys) in its one deterministic form.

Whatever is accepted is what encoding gives again, so a value has one encoding and a signature over it means one value.
Of a form that others define (`foreign`) there may be text strings too, and the keys of a map stand in any order.
The library alone is more liberal: it keeps the last of duplicate keys, takes longer integers than needed, ignores what
follows the value, and builds dates, decimals and regular expressions out of tags while it reads.

Spec: https://www.rfc-editor.org/rfc/rfc8949.html#section-4.2.1
"""

from collections.abc import Mapping
from typing import Any, Final, Never, override

import cbor2

from anchoring.errors import CborError, shown

type Value = int | bytes | str | list[Value] | dict[int, Value]

MAX_BYTES: Final = 256 * 1024
"""A receipt with header and proof has some 8 kB; a block's largest event receipts stay below this."""
MAX_DEPTH: Final = 8
"""The deepest value written here, a receipt with its proof, nests five containers."""
MAX_VALUES: Final = 2**17
"""Values in one encoding, each of a byte at least: the fullest capsule has some tens of thousands. A million small ones
would take a hundred megabytes, and seconds."""
MAX_INTEGER: Final = 2**64 - 1
_STRINGS: Final = (2, 3)
"""Major types whose values bring bytes of their own."""
_LENGTH_FOLLOWS: Final = 24
_REMEDY: Final = "Ask the sender for the bytes as they were made; they were altered, or made by something else."


def encode(value: Value, *, foreign: bool = False) -> bytes:
    """The deterministic CBOR encoding of a value; of a foreign one, with the keys of its maps as they stand."""
    _walk(value, foreign=foreign)
    return cbor2.dumps(value, canonical=not foreign)


def decode(data: bytes, *, max_bytes: int = MAX_BYTES, foreign: bool = False) -> Value:
    """The value that these bytes are the encoding of, as `encode` gives it; raises CborError."""
    if len(data) > max_bytes:
        raise CborError(
            f"{len(data)} bytes of CBOR; at most {max_bytes} are read here", code="cbor.too_long", remedy=_REMEDY
        )
    if len(data) > MAX_VALUES and not _is_sparse(data):
        raise CborError(f"more than {MAX_VALUES} values of CBOR", code="cbor.too_many", remedy=_REMEDY)
    try:
        value = cbor2.loads(
            data,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            max_depth=MAX_DEPTH,
            semantic_decoders=_NO_TAGS,
        )
    except cbor2.CBORDecodeError as error:
        raise CborError(f"{shown(data)} is not CBOR: {error}"[:300], code="cbor.syntax", remedy=_REMEDY) from error
    _walk(value, foreign=foreign)
    if cbor2.dumps(value, canonical=not foreign) != data:
        raise CborError(
            f"{shown(data)} is not the deterministic encoding of its value", code="cbor.not_canonical", remedy=_REMEDY
        )
    checked: Value = value
    return checked


def tagged(data: bytes, tag: bytes, items: int, *, max_bytes: int = MAX_BYTES) -> list[Value]:
    """The items that follow the tag in an encoded array of exactly `1 + items` items."""
    value = decode(data, max_bytes=max_bytes)
    if not isinstance(value, list) or len(value) != 1 + items or value[0] != tag:
        raise shape(f"an array of {tag.decode('ascii')!r} and {items} items", data)
    return value[1:]


def as_bytes(value: Value, length: int | None = None) -> bytes:
    """The value, which has to be a byte string, of this length where one is given."""
    if not isinstance(value, bytes) or length not in (None, len(value)):
        raise shape(f"a byte string{'' if length is None else f' of {length} bytes'}", value)
    return value


def as_text(value: Value) -> str:
    """The value, which has to be a text string."""
    if not isinstance(value, str):
        raise shape("a text string", value)
    return value


def as_integer(value: Value) -> int:
    """The value, which has to be an integer."""
    if not isinstance(value, int):
        raise shape("an integer", value)
    return value


def as_list(value: Value, length: int | None = None) -> list[Value]:
    """The value, which has to be an array, of this length where one is given."""
    if not isinstance(value, list) or length not in (None, len(value)):
        raise shape(f"an array{'' if length is None else f' of {length} items'}", value)
    return value


def as_map(value: Value) -> dict[int, Value]:
    """The value, which has to be a map."""
    if not isinstance(value, dict):
        raise shape("a map", value)
    return value


def shape(wanted: str, value: Value) -> CborError:
    """The error for a value that is not what has to stand in its place."""
    said = shown(value) if isinstance(value, bytes) else ascii(value)[:80]
    return CborError(f"{said} stands where {wanted} has to", code="cbor.shape", remedy=_REMEDY)


def _is_sparse(data: bytes) -> bool:
    """Whether at most MAX_VALUES values begin in these bytes, told by their heads alone; of what is no CBOR, too."""
    at = 0
    for _ in range(MAX_VALUES):
        if at >= len(data):
            return True
        kind, length = divmod(data[at], 32)
        at += 1
        if length >= _LENGTH_FOLLOWS:
            follows = 1 << (length - _LENGTH_FOLLOWS)  # at most 128; more than 8 is no CBOR, which is told later
            length = int.from_bytes(data[at : at + follows])
            at += follows
        if kind in _STRINGS:
            at += length
    return at >= len(data)


def _walk(value: object, *, foreign: bool) -> None:
    """Refuse other types, and text unless foreign; True is no integer here, nor is anything beyond uint64."""
    kind = type(value)
    if kind is list:
        for item in value:  # type: ignore[attr-defined] # narrowed by the exact type, which mypy does not follow
            _walk(item, foreign=foreign)
    elif kind is dict:
        for key, item in value.items():  # type: ignore[attr-defined] # likewise
            if type(key) is not int:
                raise _foreign(key)
            _walk(key, foreign=foreign)
            _walk(item, foreign=foreign)
    elif kind is int:
        if not 0 <= value <= MAX_INTEGER:  # type: ignore[operator] # likewise
            raise _foreign(value)
    elif kind is not bytes and not (foreign and kind is str):
        raise _foreign(value)


def _foreign(value: object) -> CborError:
    return CborError(f"a value of type {type(value).__name__} that is not read here", code="cbor.type", remedy=_REMEDY)


class _NoTags(Mapping[int, Any]):
    """Holds a decoder for every tag there is: one that refuses. The library's own build objects while they read."""

    @override
    def __getitem__(self, tag: int) -> Any:
        return self._refuse

    @override
    def __iter__(self) -> Never:
        raise TypeError("there is a decoder for every tag")

    @override
    def __len__(self) -> int:
        return MAX_INTEGER

    @staticmethod
    def _refuse(_decoder: object) -> Never:
        raise cbor2.CBORDecodeError("tags are not read here")


_NO_TAGS: Final = _NoTags()
