"""A Merkle Patricia trie made whole out of its items, and the nodes that prove any of them.

For tries that fit into memory: a block's receipts, the state of a small chain. Who only reads proofs needs
`anchoring.trie`.

Spec: https://ethereum.github.io/yellowpaper/paper.pdf (appendix D)
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from anchoring import rlp
from anchoring.keccak import keccak256
from anchoring.trie import EMPTY_ROOT, HASH_BYTES

_DIGITS: Final = "0123456789abcdef"
_BRANCH: Final = 17
_EMPTY: Final = b""

type _Node = list[rlp.Item]
type _Item = tuple[str, bytes]
"""What is left of a key, in half bytes, and its value."""


class BuiltTrie:
    """The trie of these items, in which nothing is changed any more; an empty value is no item."""

    __slots__ = ("_nodes", "_root", "root")

    def __init__(self, items: Mapping[bytes, bytes]) -> None:
        self._nodes: dict[bytes, tuple[bytes, _Node]] = {}
        listed = sorted((key.hex(), value) for key, value in items.items() if value)
        self._root: _Node | None = self._built(listed) if listed else None
        self.root = EMPTY_ROOT if self._root is None else keccak256(rlp.encode(self._root))

    def proof(self, key: bytes) -> list[bytes]:
        """The nodes on the way to a key, or to where it is missing, as a node of a chain gives them: root first.

        Nodes that are shorter than a hash stand in their parents; of an empty trie there is nothing to show.
        """
        node, path = self._root, key.hex()
        if node is None:
            return []
        found = [rlp.encode(node)]
        while True:
            child, path = _step(node, path)
            if isinstance(child, list):
                node = child
            elif child:
                encoded, node = self._nodes[child]
                found.append(encoded)
            else:
                return found

    def _built(self, items: Sequence[_Item]) -> _Node:
        """The node of these items, which are in the order of their keys and at least one."""
        if len(items) == 1:
            path, value = items[0]
            return [_packed(path, leaf=True), value]
        shared = _shared(items[0][0], items[-1][0])
        if shared:
            return [_packed(shared, leaf=False), self._reference([(path[len(shared) :], v) for path, v in items])]
        branch: _Node = [_EMPTY] * _BRANCH
        for digit, below in groupby(items, key=lambda item: item[0][:1]):
            if digit:
                branch[int(digit, 16)] = self._reference([(path[1:], value) for path, value in below])
            else:
                branch[-1] = items[0][1]
        return branch

    def _reference(self, items: Sequence[_Item]) -> rlp.Item:
        """How a parent names a node: by its hash, or, where it is shorter than that, by itself."""
        node = self._built(items)
        encoded = rlp.encode(node)
        if len(encoded) < HASH_BYTES:
            return node
        digest = keccak256(encoded)
        self._nodes[digest] = encoded, node
        return digest


def _shared(first: str, last: str) -> str:
    """What the first and the last of some sorted keys begin with, and so all of them."""
    length = next((at for at, digit in enumerate(first) if digit != last[at : at + 1]), len(first))
    return first[:length]


def _step(node: _Node, path: str) -> tuple[rlp.Item, str]:
    """What the walk along a path meets below a node, and what is left of the path; nothing where it ends."""
    if len(node) == _BRANCH:
        return (node[int(path[0], 16)], path[1:]) if path else (_EMPTY, path)
    digits = node[0].hex() if isinstance(node[0], bytes) else ""
    flags = int(digits[0], 16)
    part = digits[1 if flags % 2 else 2 :]
    if flags > 1 or not path.startswith(part):
        return _EMPTY, path
    return node[1], path[len(part) :]


def _packed(path: str, *, leaf: bool) -> bytes:
    """The hex-prefix encoding: a half byte that says of which kind the node is, and whether another one follows."""
    odd = len(path) % 2
    return bytes.fromhex(_DIGITS[2 * leaf + odd] + ("" if odd else "0") + path)
