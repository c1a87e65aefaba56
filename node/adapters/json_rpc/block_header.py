"""A block's header out of the JSON in which a node tells it: put together again until it has the block's hash.

A node tells the members by name, and the chain hashes them by place. Forks have added members behind the first fifteen
and will add more, so the known orders are tried, and of members that are not known yet, the few orders that there are.
The hash decides: what has it is the header, however it was found.

Spec: https://ethereum.github.io/yellowpaper/paper.pdf (section 4.3), https://eips.ethereum.org/EIPS/eip-1559,
https://eips.ethereum.org/EIPS/eip-4895, https://eips.ethereum.org/EIPS/eip-4844, https://eips.ethereum.org/EIPS/eip-4788,
https://eips.ethereum.org/EIPS/eip-7685, https://eips.ethereum.org/EIPS/eip-7928, https://eips.ethereum.org/EIPS/eip-7843
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import permutations, product
from typing import Final

from anchoring import rlp
from anchoring.errors import HeaderError, shown
from anchoring.header import MAX_BYTES
from anchoring.keccak import keccak256
from node.adapters.json_rpc.hexadecimal import HexError, digits, to_bytes, to_number
from node.documents import JsonObject, JsonValue

MAX_UNKNOWN: Final = 3
"""Members of which no order is known. Forks have added one to three at a time; of three there are 78 orders to hash."""

_FIRST: Final = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"),
    *("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"),
)
"""What every header has."""
_LATER: Final = (
    "baseFeePerGas",  # London
    "withdrawalsRoot",  # Shanghai
    *("blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot"),  # Cancun
    "requestsHash",  # Prague
    *("blockAccessListHash", "slotNumber"),  # Amsterdam
)
"""What forks have added, in this order."""
_NUMBERS: Final = frozenset(
    {
        *("difficulty", "number", "gasLimit", "gasUsed", "timestamp"),
        *("baseFeePerGas", "blobGasUsed", "excessBlobGas", "slotNumber"),
    }
)
_BESIDE: Final = frozenset({"hash", "size", "totalDifficulty", "transactions", "uncles", "withdrawals"})
"""What nodes tell of a block beside its header."""
_HASH_BYTES: Final = 32


def header_bytes(block: JsonObject) -> bytes:
    """The header of this block, as the chain hashes it; raises HeaderError where none has the hash that `block` gives.

    That the block belongs to any chain is not said, nor that its hash is the one that was asked for.
    """
    try:
        wanted = to_bytes(block.get("hash"), _HASH_BYTES)
        first = [_field(name, block.get(name)) for name in _FIRST]
        for later in _orders(block):
            data = rlp.encode([*first, *later])
            if len(data) <= MAX_BYTES and keccak256(data) == wanted:
                return data
    except HexError as error:
        raise _error(f"a header with {error}", "header.field") from error
    raise _error(f"no header of these members has the hash {shown(wanted)} that the block is said to have")


def _orders(block: JsonObject) -> Iterator[list[rlp.Item]]:
    """What may follow the first fields: known members in their order, then unknown ones in any; likeliest first."""
    known: list[rlp.Item] = [_field(name, block[name]) for name in _LATER if block.get(name) is not None]
    yield known
    names = [name for name in block if name not in {*_FIRST, *_LATER} | _BESIDE and isinstance(block[name], str)]
    if len(names) <= MAX_UNKNOWN:
        for count in range(1, len(names) + 1):
            for order in permutations(names, count):
                for fields in product(*(_readings(block[name]) for name in order)):
                    yield [*known, *fields]
    # Some nodes tell members that a later fork brings, before it does.
    yield from (known[:length] for length in range(len(known) - 1, -1, -1))


def _field(name: str, value: JsonValue) -> bytes:
    return digits(to_number(value)) if name in _NUMBERS else to_bytes(value)


def _readings(value: JsonValue) -> list[bytes]:
    """What a member of unknown kind may stand for: a number, bytes, or either."""
    readings = []
    with suppress(HexError):
        readings.append(to_bytes(value))
    with suppress(HexError):
        readings.append(digits(to_number(value)))
    return list(dict.fromkeys(readings))


def _error(message: str, code: str = "header.hash") -> HeaderError:
    return HeaderError(message, code=code, remedy="Ask another node of the chain for the block.")
