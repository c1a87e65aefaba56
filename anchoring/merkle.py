"""The Merkle tree of a batch: one value for many leaves, and an audit path for each.

The tree is that of RFC 9162 with salted leaves. What goes on chain covers the size too, so that a path has one length
only and no inner node can pass as a leaf.

Spec: https://www.rfc-editor.org/rfc/rfc9162.html#section-2.1
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from anchoring import tags
from anchoring.errors import MerkleError, shown

HASH_BYTES: Final = 32
MAX_SIZE: Final = 2**32
"""Leaves of one tree: more than anyone awards in one batch, and an audit path stays below 32 hashes."""
_LEAF: Final = b"\x00" + tags.LEAF
_NODE: Final = b"\x01"
_REMEDY: Final = "Ask whoever holds the batch for the receipt again; it was altered, or belongs to another document."


def leaf_hash(salt: bytes, commitment: bytes) -> bytes:
    """The leaf of a commitment; without the salt nobody can tell whose it is."""
    _require_hashes((salt, commitment))
    return sha256(_LEAF + salt + commitment).digest()


def leaf_hashes(salts: Sequence[bytes], commitments: Sequence[bytes]) -> list[bytes]:
    """The leaves of many commitments, each with its own salt."""
    _require_hashes(salts)
    _require_hashes(commitments)
    if len(salts) != len(commitments):
        raise _wrong(f"{len(salts)} salts for {len(commitments)} commitments", "merkle.length")
    return [sha256(_LEAF + salt + commitment).digest() for salt, commitment in zip(salts, commitments, strict=True)]


def anchored_value(size: int, root: bytes) -> bytes:
    """What goes on chain for a tree of this size with this root."""
    _require_hashes((root,))
    _require_size(size)
    return sha256(tags.ANCHORED + size.to_bytes(8) + root).digest()


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root of the tree of `size` leaves in which this path leads from the leaf at `index`; raises MerkleError.

    Whether the root is the right one is the caller's to see.

    Spec: https://www.rfc-editor.org/rfc/rfc9162.html#section-2.1.3.2
    """
    _require_size(size)
    _require_index(index, size)
    _require_hashes((leaf, *path))
    if len(path) != path_length(index, size):
        raise _wrong(
            f"an audit path of {len(path)} hashes; leaf {index} of {size} has {path_length(index, size)}", "merkle.path"
        )
    at, last, node = index, size - 1, leaf
    for sibling in path:
        # A last node without a sibling rises unchanged to the level where it has one.
        while at == last and not at & 1:
            at >>= 1
            last >>= 1
        node = sha256(_NODE + sibling + node if at & 1 else _NODE + node + sibling).digest()
        at >>= 1
        last >>= 1
    return node


def path_length(index: int, size: int) -> int:
    """How many hashes the audit path of a leaf has.

    The path meets the levels below the highest bit in which the index differs from the last one, and above that, where
    it runs along the right edge, those in which the edge is a right child.
    """
    along_edge = (index ^ (size - 1)).bit_length()
    return along_edge + (index >> along_edge).bit_count()


@dataclass(frozen=True, slots=True, repr=False)
class Tree:
    """A whole tree; each level is one run of hashes, leaves first, root last."""

    levels: tuple[bytes, ...]

    @classmethod
    def of(cls, leaves: Iterable[bytes]) -> Self:
        """The tree of these leaf hashes, in this order."""
        level = list(leaves)
        _require_hashes(level)
        _require_size(len(level))
        levels = [b"".join(level)]
        while len(level) > 1:
            level = _level_above(level)
            levels.append(b"".join(level))
        return cls(tuple(levels))

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self.levels[0]) // HASH_BYTES

    @property
    def root(self) -> bytes:
        """The root hash."""
        return self.levels[-1]

    def leaf(self, index: int) -> bytes:
        """The leaf hash at a place."""
        _require_index(index, self.size)
        return self.levels[0][index * HASH_BYTES : (index + 1) * HASH_BYTES]

    def bisected(self, leaf: bytes) -> int:
        """Where a leaf hash stands among leaves that are in order, or would."""
        leaves = self.levels[0]
        return bisect_left(range(self.size), leaf, key=lambda at: leaves[at * HASH_BYTES : (at + 1) * HASH_BYTES])

    def path(self, index: int) -> tuple[bytes, ...]:
        """The audit path of a leaf, from the bottom up.

        Spec: https://www.rfc-editor.org/rfc/rfc9162.html#section-2.1.3.1
        """
        _require_index(index, self.size)
        siblings = []
        for level in self.levels[:-1]:
            start = (index ^ 1) * HASH_BYTES
            if start < len(level):
                siblings.append(level[start : start + HASH_BYTES])
            index >>= 1
        return tuple(siblings)


def _level_above(level: list[bytes]) -> list[bytes]:
    """Each two neighbours hashed; a last one without a neighbour rises as it is."""
    left = iter(level)
    above = [sha256(_NODE + one + other).digest() for one, other in zip(left, left, strict=False)]
    return above if len(level) % 2 == 0 else [*above, level[-1]]


def _require_hashes(hashes: Sequence[bytes]) -> None:
    if hashes and set(map(len, hashes)) != {HASH_BYTES}:
        odd = next(item for item in hashes if len(item) != HASH_BYTES)
        raise _wrong(f"{shown(odd)} is not {HASH_BYTES} bytes long", "merkle.length")


def _require_size(size: int) -> None:
    if not 1 <= size <= MAX_SIZE:
        raise _wrong(f"a tree of {size} leaves; 1 to {MAX_SIZE} are possible", "merkle.size")


def _require_index(index: int, size: int) -> None:
    if not 0 <= index < size:
        raise _wrong(f"leaf {index} of a tree of {size}", "merkle.index")


def _wrong(message: str, code: str) -> MerkleError:
    return MerkleError(message, code=code, remedy=_REMEDY)
