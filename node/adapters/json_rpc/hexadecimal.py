"""Numbers and bytes as nodes of a chain write them: hexadecimal after 0x.

Spec: https://ethereum.org/developers/docs/apis/json-rpc/#hex-encoding
"""

import re
from typing import Final

from node.documents import JsonValue

_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
"""The widest number on a chain has 256 bits."""
_BYTES: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


class HexError(ValueError):
    """A value is not the number, or the bytes, that it has to be."""


def to_number(value: JsonValue) -> int:
    """The number that a node wrote; raises HexError."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value, 16)
    raise HexError("something that is no number in hexadecimal")


def to_bytes(value: JsonValue, length: int | None = None) -> bytes:
    """The bytes that a node wrote, as many as there have to be; raises HexError."""
    if isinstance(value, str) and _BYTES.fullmatch(value):
        data = bytes.fromhex(value[2:])
        if length is None or len(data) == length:
            return data
    raise HexError(f"something that is not {'bytes' if length is None else f'{length} bytes'} in hexadecimal")


def from_bytes(data: bytes) -> str:
    """The bytes as a node takes them: of a slot, always all 32, as some nodes refuse numbers in their place."""
    return f"0x{data.hex()}"


def digits(number: int) -> bytes:
    """The number as RLP wants it: without leading zeros, and zero as nothing."""
    return number.to_bytes((number.bit_length() + 7) // 8)
