"""Trie proofs, beside another implementation and under every kind of forgery."""

import pytest
import rlp
from anchoring_support import HandMadeTrie
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from anchoring.errors import TrieProofError
from anchoring.storage_proof import MAX_NODE_BYTES
from anchoring.trie import EMPTY_ROOT, MAX_NODES, TrieProof

KEYS = st.binary(min_size=3, max_size=3) | st.sampled_from([b"\0\0\0", b"\0\0\1", b"\0\x10\0", b"\0\x10\1"])
VALUES = st.binary(min_size=1, max_size=40)
MAX = 4096


def _value(nodes, root, key):
    proof = TrieProof(nodes, max_node_bytes=MAX)
    value = proof.value(root, key)
    proof.finish()
    return value


def _joined(*paths):
    return list(dict.fromkeys(node for path in paths for node in path))


@settings(max_examples=150)
@given(st.dictionaries(KEYS, VALUES, max_size=40), KEYS)
def test_presence_and_absence_as_another_implementation_has_them(items, asked):
    other = HexaryTrie({})
    for key, value in items.items():
        other[key] = value
    made = HandMadeTrie(items)
    assert made.root == other.root_hash
    for key in {asked, *items}:
        value = _value(made.proof(key), made.root, key)
        assert value == items.get(key)
        # The library proves the same out of its own nodes, as far as they stand by themselves.
        nodes = [rlp.encode(node) for node in other.get_proof(key)]
        own = [node for place, node in enumerate(nodes) if (place == 0 and node != b"\x80") or len(node) >= 32]
        assert own == made.proof(key)
        assert HexaryTrie.get_from_proof(made.root, key, other.get_proof(key)) == (value or b"")


@settings(max_examples=100)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=40), st.sets(KEYS, min_size=1, max_size=6), st.data())
def test_one_proof_for_several_keys_is_the_only_one(items, asked, data):
    made, keys = HandMadeTrie(items), sorted(asked)
    nodes = _joined(*(made.proof(key) for key in keys))

    def values(nodes):
        proof = TrieProof(nodes, max_node_bytes=MAX)
        found = [proof.value(made.root, key) for key in keys]
        proof.finish()
        return found

    assert values(nodes) == [items.get(key) for key in keys]
    place = data.draw(st.integers(0, len(nodes) - 1))
    forged = data.draw(
        st.sampled_from(
            [
                nodes[:place] + nodes[place + 1 :],
                [*nodes[:place], nodes[place], *nodes[place:]],
                [*nodes, nodes[place]],
                [*nodes, b"\xc2\x20\x01"],
                [*nodes[:place], nodes[place][:-1], *nodes[place + 1 :]],
                [*nodes[:place], nodes[place] + b"\0", *nodes[place + 1 :]],
                nodes[::-1],
            ]
        )
    )
    if forged != nodes:
        with pytest.raises(TrieProofError) as caught:
            values(forged)
        assert caught.value.code in {"trie_proof.missing", "trie_proof.mismatch", "trie_proof.surplus"}


def test_nothing_is_in_an_empty_trie():
    assert keccak(rlp.encode(b"")) == EMPTY_ROOT
    assert HandMadeTrie({}).root == EMPTY_ROOT
    assert _value([], EMPTY_ROOT, b"key") is None
    with pytest.raises(TrieProofError) as caught:
        _value([rlp.encode(b"")], EMPTY_ROOT, b"key")
    assert caught.value.code == "trie_proof.surplus"


def _forged(node, key=b"\x12\x34"):
    """Whoever could choose the root could choose this node: it has to be well formed nevertheless."""
    data = node if isinstance(node, bytes) else rlp.encode(node)
    return _value([data], keccak(data), key)


LEAF = [b"\x20\x12\x34", b"v" * 40]


@pytest.mark.parametrize(
    "node",
    [
        b"",
        rlp.encode(b"text"),
        rlp.encode(b"ab"),
        rlp.encode(b"x" * 17),
        [],
        [b"\x20"],
        [b"\x20", b"v", b"w"],
        [b""] * 16,
        [b""] * 17,
        [b"x" * 32, *[b""] * 16],  # a branch of one way
        [*[b""] * 16, b"value"],
        [b"\x20\x12\x34", b""],  # a leaf of nothing
        [b"\x20\x12\x34", [b"list"]],
        [b"", b"v"],
        [[b"\x20"], b"v"],
        [b"\x2f\x12\x34", b"v"],  # even, with something in the half byte that has to be empty
        [b"\x40\x12\x34", b"v"],
        [b"\x80\x12\x34", b"v"],
        [b"\x00", b"x" * 32],  # an extension of no length
        [b"\x00\x12", [b"\x20\x34", b"v" * 40]],  # inside its parent although it is as long as a hash
        [b"\x00\x12", [b"\x20\x34", b"v" * 27]],  # exactly as long
        [b"\x00\x12", [b"\x20\x34", b""]],
        [b"\x00\x12", [b"one"]],
        rlp.encode(LEAF) + b"\0",
        b"\xf9\x00" + bytes([len(rlp.encode(LEAF)) - 2]) + rlp.encode(LEAF)[2:],
    ],
)
def test_nodes_that_no_trie_has(node):
    with pytest.raises(TrieProofError) as caught:
        _forged(node)
    assert caught.value.code == "trie_proof.node"
    assert caught.value.remedy
    assert _forged(LEAF) == b"v" * 40


def test_a_node_one_byte_shorter_than_a_hash_stands_in_its_parent():
    assert _forged([b"\x00\x12", [b"\x20\x34", b"v" * 26]]) == b"v" * 26


def test_a_child_that_is_no_hash_has_no_node():
    with pytest.raises(TrieProofError) as caught:
        _forged([b"\x00\x12", b"x" * 31])
    assert caught.value.code == "trie_proof.missing"


def test_a_key_that_ends_inside_the_trie():
    made = HandMadeTrie({b"\x12\x34": b"long" * 10, b"\x12": b"short" * 10, b"\x13": b"other" * 10})
    assert _value(made.proof(b"\x12"), made.root, b"\x12") == b"short" * 10
    assert _value(made.proof(b""), made.root, b"") is None
    assert _value(made.proof(b"\x12\x34\x56"), made.root, b"\x12\x34\x56") is None


def test_a_key_that_ends_where_ways_part_has_no_value_there():
    made = HandMadeTrie({b"\x12\x34": b"long" * 10, b"\x12\x56": b"other" * 10})
    assert _value(made.proof(b"\x12"), made.root, b"\x12") is None


def test_bounds():
    node = rlp.encode([b"x" * 32] * 17)
    assert len(node) <= MAX_NODE_BYTES
    for nodes, code in [
        ([node] * (MAX_NODES + 1), "trie_proof.too_many"),
        ([rlp.encode([b"\x20\x12\x34", bytes(MAX)])], "trie_proof.too_long"),
    ]:
        with pytest.raises(TrieProofError) as caught:
            _value(nodes, keccak(nodes[0]), b"\x12\x34")
        assert caught.value.code == code
