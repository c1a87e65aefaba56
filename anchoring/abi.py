"""What a call of a contract's function looks like in bytes, for the few types that calls here have.

Nothing is bent to fit: a number has to fit its type and bytes have to have its length.

Spec: https://docs.soliditylang.org/en/v0.8.37/abi-spec.html
"""

from collections.abc import Sequence
from typing import Final, assert_never

from anchoring.errors import CallError, shown
from anchoring.keccak import keccak256

type Kind = str | tuple[Kind, ...]
"""`uint` with its width, `address`, `bool`, `bytes32`, `bytes`; or a struct, by the kinds of its members."""
type Value = int | bool | bytes | tuple[Value, ...]

WORD_BYTES: Final = 32
SELECTOR_BYTES: Final = 4
_ADDRESS_BYTES: Final = 20
_MAX_BITS: Final = 256


def call_data(function: str, arguments: Sequence[tuple[Kind, Value]]) -> bytes:
    """The call of the function with this name and these arguments."""
    kinds, values = tuple(kind for kind, _ in arguments), tuple(value for _, value in arguments)
    return selector(function + _name(kinds)) + _members(kinds, values)


def selector(signature: str) -> bytes:
    """The four bytes by which a function, or an error, is known."""
    return keccak256(signature.encode("ascii"))[:SELECTOR_BYTES]


def word(kind: str, value: Value) -> bytes:
    """A value of a type that takes one word; raises CallError for one that the type does not hold."""
    match kind, value:
        case "bytes32", bytes() if len(value) == WORD_BYTES:
            return value
        case "address", bytes() if len(value) == _ADDRESS_BYTES:
            return value.rjust(WORD_BYTES, b"\0")
        case "bool", bool():
            return value.to_bytes(WORD_BYTES)
        case str(), int() if kind.startswith("uint") and not isinstance(value, bool):
            bits = int(kind.removeprefix("uint"))
            if bits <= _MAX_BITS and 0 <= value < 1 << bits:
                return value.to_bytes(WORD_BYTES)
    said = shown(value) if isinstance(value, bytes) else ascii(value)[:80]
    raise CallError(
        f"{said} is no {kind}",
        code="call.value",
        remedy="Give hashes as 32 bytes, addresses as 20, and numbers that the contract has room for.",
    )


def _members(kinds: Sequence[Kind], values: Sequence[Value]) -> bytes:
    """Each fixed member in its place; of the others the place holds only how far behind the heads they begin."""
    length = WORD_BYTES * len(kinds)
    heads, tails = b"", b""
    for kind, value in zip(kinds, values, strict=True):
        if isinstance(kind, str) and kind != "bytes":
            heads += word(kind, value)
        else:
            heads += (length + len(tails)).to_bytes(WORD_BYTES)
            tails += _tail(kind, value)
    return heads + tails


def _tail(kind: Kind, value: Value) -> bytes:
    match value:
        case tuple() if isinstance(kind, tuple) and "bytes" in kind:
            return _members(kind, value)
        case bytes() if kind == "bytes":
            return len(value).to_bytes(WORD_BYTES) + value.ljust(-(-len(value) // WORD_BYTES) * WORD_BYTES, b"\0")
        case _:
            raise CallError(
                f"{ascii(value)[:80]} is no {_name(kind)} that is written here",
                code="call.value",
                remedy="Give byte strings, or structs with one in them.",
            )


def _name(kind: Kind) -> str:
    match kind:
        case str():
            return kind
        case tuple():
            return f"({','.join(map(_name, kind))})"
        case _:
            assert_never(kind)
