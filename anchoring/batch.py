"""A batch: salted leaves among padding, in an order that says nothing, in a tree whose size says little.

What one receipt shows of the others is nothing: its siblings are hashes under salts that it does not hold, its place
follows from hashes and not from any roll, and the size is the next power of two, of at least 256. A batch of one looks
like one of two hundred.

A batch is a function of what goes in, so after a crash the same salts and secret give the same root again. Deleting a
salt, wherever it is held, leaves a leaf that can no longer be linked to anything; all other receipts stay good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from secrets import token_bytes
from typing import Final

from anchoring import tags
from anchoring.errors import MerkleError
from anchoring.merkle import HASH_BYTES, Tree, anchored_value, leaf_hash, leaf_hashes

MIN_LEAVES: Final = 256
"""Smaller batches are padded to this: a path of eight hashes costs a receipt 256 bytes."""
MAX_COMMITMENTS: Final = 2**22
"""Four million documents: their tree takes 256 MB."""
_PADDING: Final = b"\x00" + tags.PADDING


def fresh_salts(count: int) -> list[bytes]:
    """So many unguessable salts; to be kept apart, each to be deleted on its own."""
    pool = token_bytes(HASH_BYTES * count)
    return [pool[start : start + HASH_BYTES] for start in range(0, len(pool), HASH_BYTES)]


def fresh_secret() -> bytes:
    """A secret from which the padding of one batch is derived; needed only while receipts are still to be made."""
    return token_bytes(HASH_BYTES)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a commitment stands in a batch: all that its holder needs, and nothing of anyone else."""

    salt: bytes
    index: int
    size: int
    path: tuple[bytes, ...]
    root: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch with all its paths."""

    tree: Tree

    @property
    def anchored(self) -> bytes:
        """The value that goes on chain."""
        return anchored_value(self.tree.size, self.tree.root)

    def place(self, salt: bytes, commitment: bytes) -> Place:
        """Where a commitment stands; raises MerkleError where it is not in the batch under this salt."""
        leaf = leaf_hash(salt, commitment)
        index = self.tree.bisected(leaf)
        if index == self.tree.size or self.tree.leaf(index) != leaf:
            raise MerkleError(
                "the commitment is not in this batch under this salt",
                code="merkle.unknown_leaf",
                remedy="Look for the batch that the document was put into; its salt was kept together with it.",
            )
        return Place(salt, index, self.tree.size, self.tree.path(index), self.tree.root)


def batch(commitments: Sequence[bytes], salts: Sequence[bytes], secret: bytes) -> Batch:
    """The batch of these commitments, each under its own salt from `fresh_salts`, padded by `fresh_secret`."""
    if not 1 <= len(commitments) <= MAX_COMMITMENTS or len(secret) != HASH_BYTES:
        raise MerkleError(
            f"{len(commitments)} commitments and a secret of {len(secret)} bytes; a batch has 1 to {MAX_COMMITMENTS} "
            f"and {HASH_BYTES} bytes",
            code="merkle.size",
            remedy="Split what is to be anchored into batches of fewer documents.",
        )
    leaves = leaf_hashes(salts, commitments)
    leaves += _padding(secret, padded_size(len(leaves)) - len(leaves))
    return Batch(Tree.of(_sorted(leaves)))


def padded_size(count: int) -> int:
    """How many leaves the tree of so many commitments has."""
    return max(MIN_LEAVES, 1 << (count - 1).bit_length())


def _padding(secret: bytes, count: int) -> list[bytes]:
    """Leaves that no commitment has, and that nobody without the secret can tell from the others."""
    head = _PADDING + secret
    return [sha256(head + number.to_bytes(8)).digest() for number in range(count)]


def _sorted(leaves: list[bytes]) -> list[bytes]:
    """The leaves in order; first spread by their first byte, which takes half the time on a million of them."""
    spread: list[list[bytes]] = [[] for _ in range(256)]
    for leaf in leaves:
        spread[leaf[0]].append(leaf)
    for part in spread:
        part.sort()
    return list(chain.from_iterable(spread))
