"""A block header: its hash is taken over the bytes as they came, and its members are read at their fixed places.

Forks have added members at the end and will add more; those are covered by the hash and otherwise left alone.

Spec: https://ethereum.github.io/yellowpaper/paper.pdf (section 4.3), https://eips.ethereum.org/EIPS/eip-1559
"""

from dataclasses import dataclass
from typing import Final, Self

from anchoring import rlp
from anchoring.errors import HeaderError, RlpError, shown
from anchoring.keccak import keccak256

MAX_BYTES: Final = 8 * 1024
"""The main chain's headers have some 650 bytes; those of chains with signer lists in them, some thousands."""
MIN_FIELDS: Final = 15
"""What every header has had from the first block on."""
MAX_FIELDS: Final = 64
"""Three times as many as today."""
_PARENT, _STATE_ROOT, _RECEIPTS_ROOT, _NUMBER, _TIMESTAMP = 0, 3, 5, 8, 11
_REMEDY: Final = "Fetch the header again, as the chain's own RLP, from a node of that chain."


@dataclass(frozen=True, slots=True)
class Header:
    """What is read of a header, and the hash of its bytes."""

    hash: bytes
    parent_hash: bytes
    state_root: bytes
    receipts_root: bytes
    number: int
    timestamp: int
    """Seconds since 1970, as the block's producer set it within the rules of its chain."""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a header; nothing is said about whether it belongs to any chain. Raises HeaderError."""
        if len(data) > MAX_BYTES:
            raise _error(f"a header of {len(data)} bytes; at most {MAX_BYTES} are read here", "header.too_long")
        try:
            fields = rlp.decode(data)
            if not isinstance(fields, list) or not MIN_FIELDS <= len(fields) <= MAX_FIELDS:
                raise _error(
                    f"the RLP {shown(data)} is no list of {MIN_FIELDS} to {MAX_FIELDS} fields", "header.fields"
                )
            return cls(
                hash=keccak256(data),
                parent_hash=_hash(fields[_PARENT]),
                state_root=_hash(fields[_STATE_ROOT]),
                receipts_root=_hash(fields[_RECEIPTS_ROOT]),
                number=rlp.integer(fields[_NUMBER], max_bytes=8),
                timestamp=rlp.integer(fields[_TIMESTAMP], max_bytes=8),
            )
        except RlpError as error:
            raise _error(f"no header: {error}", "header.rlp") from error

    @classmethod
    def trusted(cls, data: bytes, block_hash: bytes) -> Self:
        """Read the header of the block with this hash, which the caller trusts; raises HeaderError for any other."""
        header = cls.parse(data)
        if header.hash != block_hash:
            raise _error(
                f"the header has the hash {shown(header.hash)} and not that of the trusted block, {shown(block_hash)}",
                "header.hash",
            )
        return header


def _hash(field: rlp.Item) -> bytes:
    if not isinstance(field, bytes) or len(field) != 32:  # noqa: PLR2004 - the length of a Keccak-256 digest
        raise _error("a field that has to be a hash is none", "header.field")
    return field


def _error(message: str, code: str) -> HeaderError:
    return HeaderError(message, code=code, remedy=_REMEDY)
