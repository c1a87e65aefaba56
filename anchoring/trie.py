"""Proofs in a Merkle Patricia trie: the value under a key, or that there is none.

Several keys share one proof: the nodes in the order in which the walks along the keys first meet them, each once. So a
proof of given keys under a given root has one form only, and whatever else is in it is refused.

Spec: https://ethereum.github.io/yellowpaper/paper.pdf (appendix D)
"""

from collections.abc import Sequence
from typing import Final

from anchoring import rlp
from anchoring.errors import RlpError, TrieProofError, shown
from anchoring.keccak import keccak256

HASH_BYTES: Final = 32
MAX_NODES: Final = 1024
"""Some hundred keys in the largest tries there are."""
EMPTY_ROOT: Final = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
"""The root of a trie in which nothing is: the Keccak-256 digest of the RLP of the empty string."""
_BRANCH, _PAIR = 17, 2
_ODD, _LEAF, _FLAGS = 1, 2, 4
_REMEDY: Final = "Fetch the proof again, for the same block and keys, from a node of the chain."


class TrieProof:
    """The nodes of a proof, used up while one key after another is looked up."""

    __slots__ = ("_max_node_bytes", "_nodes", "_read", "_used")

    def __init__(self, nodes: Sequence[bytes], *, max_node_bytes: int) -> None:
        if len(nodes) > MAX_NODES:
            raise _error(f"a proof of {len(nodes)} nodes; at most {MAX_NODES} are read here", "trie_proof.too_many")
        self._nodes = nodes
        self._max_node_bytes = max_node_bytes
        self._read: dict[bytes, list[rlp.Item]] = {}
        self._used = 0

    def value(self, root: bytes, key: bytes) -> bytes | None:
        """The value under a key, or None where the proof shows that there is none; raises TrieProofError.

        The walk takes at most a node per half byte of the key, so its depth is bounded by the key.
        """
        if root == EMPTY_ROOT:
            return None
        path = key.hex()
        node, at = self._node(root), 0
        while True:
            if len(node) == _BRANCH:
                if at == len(path):
                    return _value(node[16]) or None
                child = node[int(path[at], 16)]
                at += 1
            else:
                part, is_leaf = _partial_path(node[0])
                if is_leaf:
                    return _value(node[1]) if path[at:] == part else None
                if not path.startswith(part, at):
                    return None
                child = node[1]
                at += len(part)
            if child == b"":
                return None
            node = _inline(child) if isinstance(child, list) else self._node(child)

    def finish(self) -> None:
        """Refuse a proof of which some nodes were not needed."""
        if self._used != len(self._nodes):
            raise _error(f"{len(self._nodes) - self._used} nodes beyond those that the keys need", "trie_proof.surplus")

    def _node(self, digest: bytes) -> list[rlp.Item]:
        """The node with this hash: one met before, or the next."""
        if digest in self._read:
            return self._read[digest]
        if self._used == len(self._nodes):
            raise _error(f"the node {shown(digest)} is missing", "trie_proof.missing")
        data = self._nodes[self._used]
        if len(data) > self._max_node_bytes:
            raise _error(
                f"a node of {len(data)} bytes; at most {self._max_node_bytes} are read here", "trie_proof.too_long"
            )
        if keccak256(data) != digest:
            raise _error(
                f"node {self._used} is {shown(data)}, which does not have the hash {shown(digest)}",
                "trie_proof.mismatch",
            )
        self._used += 1
        try:
            node = _checked(rlp.decode(data))
        except RlpError as error:
            raise _error(f"a node that cannot be read: {error}", "trie_proof.node") from error
        self._read[digest] = node
        return node


def _checked(node: rlp.Item) -> list[rlp.Item]:
    """A node of either shape: a branch of at least two ways, or a piece of path before a value or a branch."""
    if isinstance(node, list) and (
        (len(node) == _BRANCH and node.count(b"") < _BRANCH - 1) or (len(node) == _PAIR and node[1] != b"")
    ):
        return node
    raise _error("a node that is neither a branch, an extension nor a leaf", "trie_proof.node")


def _inline(node: list[rlp.Item]) -> list[rlp.Item]:
    """A node that stands in its parent, as only those shorter than a hash do."""
    if len(rlp.encode(node)) >= HASH_BYTES:
        raise _error("a node in its parent that has to stand by itself", "trie_proof.node")
    return _checked(node)


def _partial_path(encoded: rlp.Item) -> tuple[str, bool]:
    """The half bytes of a hex-prefix encoding, and whether a leaf ends there."""
    if isinstance(encoded, bytes) and encoded:
        digits = encoded.hex()
        flags = int(digits[0], 16)
        part = digits[1 if flags & _ODD else 2 :]
        # An extension of no length would let a walk go on without getting anywhere.
        if flags < _FLAGS and (flags & _ODD or digits[1] == "0") and (flags & _LEAF or part):
            return part, bool(flags & _LEAF)
    raise _error("a piece of path that is not in hex-prefix encoding", "trie_proof.node")


def _value(item: rlp.Item) -> bytes:
    if isinstance(item, list):
        raise _error("a list where a value has to be", "trie_proof.node")
    return item


def _error(message: str, code: str) -> TrieProofError:
    return TrieProofError(message, code=code, remedy=_REMEDY)
