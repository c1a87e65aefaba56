"""RLP, read strictly: every accepted encoding is the only one of its item.

Written here, as the library takes 0.16 s to load (it brings a validation framework along), reads nested lists in
quadratic time, and has no bound on depth.

Spec: https://ethereum.org/developers/docs/data-structures-and-encoding/rlp/
"""

from typing import Final

from anchoring.errors import RlpError, shown

type Item = bytes | list[Item]

MAX_BYTES: Final = 128 * 1024
"""The largest single item read here is a transaction's receipt; one with more logs than that serves no one's proof."""
MAX_DEPTH: Final = 8
"""A receipt nests four lists; a trie node whose children are all inline, five."""
_STRING, _LIST = 0x80, 0xC0
_LONG: Final = 56
"""Lengths from here on are written in bytes of their own."""
_WORD: Final = 0xA0
"""The prefix of a string of 32 bytes, which is what most items in proofs are."""
_REMEDY: Final = "Fetch the data again from a node of the chain; it was altered, or is of another kind."


def decode(data: bytes) -> Item:
    """The item that these bytes are the encoding of; raises RlpError."""
    if len(data) > MAX_BYTES:
        raise RlpError(
            f"{len(data)} bytes of RLP; at most {MAX_BYTES} are read here", code="rlp.too_long", remedy=_REMEDY
        )
    items = _items(data, 0, len(data), 0)
    if len(items) != 1:
        raise _error(data, f"{len(items)} items where there has to be one", "rlp.surplus")
    return items[0]


def encode(item: Item) -> bytes:
    """The RLP encoding of an item."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < _STRING:
            return item
        return _prefix(len(item), _STRING) + item
    payload = b"".join(map(encode, item))
    return _prefix(len(payload), _LIST) + payload


def encode_integer(number: int) -> bytes:
    """The RLP encoding of a number without a sign."""
    return encode(number.to_bytes((number.bit_length() + 7) // 8))


def integer(data: Item, max_bytes: int = 32) -> int:
    """The number that a decoded string holds in its shortest big-endian form; raises RlpError."""
    if not isinstance(data, bytes) or len(data) > max_bytes or data[:1] == b"\0":
        said = shown(data) if isinstance(data, bytes) else "a list"
        raise RlpError(
            f"{said} is not the shortest form of a number of at most {max_bytes} bytes",
            code="rlp.too_large" if isinstance(data, bytes) and len(data) > max_bytes else "rlp.not_canonical",
            remedy=_REMEDY,
        )
    return int.from_bytes(data)


def _items(data: bytes, start: int, end: int, depth: int) -> list[Item]:
    """The items that fill data[start:end] exactly."""
    if depth > MAX_DEPTH:
        raise _error(data, f"lists nested more than {MAX_DEPTH} deep", "rlp.too_deep")
    items: list[Item] = []
    while start < end:
        first = data[start]
        if first == _WORD:
            stop = start + 33
            if stop > end:
                raise _truncated(data)
            items.append(data[start + 1 : stop])
            start = stop
        elif first < _STRING:
            items.append(data[start : start + 1])
            start += 1
        elif first == _STRING:
            items.append(b"")
            start += 1
        else:
            payload, stop = _span(data, start, end)
            if first >= _LIST:
                items.append(_items(data, payload, stop, depth + 1))
            else:
                items.append(data[payload:stop])
            start = stop
    return items


def _span(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the payload of the item at `start` begins and ends, for items with a prefix."""
    first = data[start]
    length = first - (_LIST if first >= _LIST else _STRING)
    payload = start + 1
    if length >= _LONG:
        payload += length - _LONG + 1
        if payload > end:
            raise _truncated(data)
        length = int.from_bytes(data[start + 1 : payload])
        if data[start + 1] == 0 or length < _LONG:
            raise _error(data, "a length that is written longer than needed", "rlp.not_canonical")
    if payload + length > end:
        raise _truncated(data)
    if first == _STRING + 1 and data[payload] < _STRING:
        raise _error(data, "a small byte that is written longer than needed", "rlp.not_canonical")
    return payload, payload + length


def _prefix(length: int, offset: int) -> bytes:
    if length < _LONG:
        return bytes([offset + length])
    digits = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([offset + _LONG - 1 + len(digits)]) + digits


def _truncated(data: bytes) -> RlpError:
    return _error(data, "an item that is longer than what holds it", "rlp.truncated")


def _error(data: bytes, found: str, code: str) -> RlpError:
    return RlpError(f"the RLP {shown(data)} holds {found}", code=code, remedy=_REMEDY)
