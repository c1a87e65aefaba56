"""Tries made whole, compared with the ones that the library of other Ethereum software makes."""

import pytest
import rlp
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from anchoring.trie import EMPTY_ROOT, TrieProof
from anchoring.trie_build import BuiltTrie

# Short keys and few digits meet every shape: values in branches, extensions, nodes inside their parents.
KEYS = st.one_of(
    st.binary(min_size=1, max_size=4),
    st.text("01a", min_size=2, max_size=8).filter(lambda text: len(text) % 2 == 0).map(bytes.fromhex),
    st.integers(0, 300).map(rlp.encode),
)
ITEMS = st.dictionaries(KEYS, st.binary(min_size=1, max_size=40), max_size=40)


def _theirs(items):
    trie = HexaryTrie({})
    for key, value in items.items():
        trie[key] = value
    return trie


@settings(max_examples=300, deadline=None)
@given(ITEMS)
def test_every_root_is_that_of_the_library(items):
    assert BuiltTrie(items).root == _theirs(items).root_hash


@settings(max_examples=200, deadline=None)
@given(ITEMS, st.lists(KEYS, max_size=5))
def test_every_proof_shows_the_value_or_its_absence(items, others):
    built, theirs = BuiltTrie(items), _theirs(items)
    for key in [*items, *others]:
        nodes = built.proof(key)
        proof = TrieProof(nodes, max_node_bytes=1000)
        assert proof.value(built.root, key) == items.get(key)
        proof.finish()
        assert nodes == [rlp.encode(node) for node in theirs.get_proof(key) if node and _stands_alone(node, theirs)]


def _stands_alone(node, trie):
    encoded = rlp.encode(node)
    return len(encoded) >= 32 or keccak(encoded) == trie.root_hash


def test_a_state_of_many_slots():
    items = {keccak(bytes([n // 256, n % 256])): rlp.encode(n + 1) for n in range(2000)}
    built = BuiltTrie(items)
    assert built.root == _theirs(items).root_hash
    for key in (*list(items)[::97], keccak(b"nobody")):
        proof = TrieProof(built.proof(key), max_node_bytes=600)
        assert proof.value(built.root, key) == items.get(key)


def test_what_holds_nothing():
    assert BuiltTrie({}).root == EMPTY_ROOT == BuiltTrie({b"key": b""}).root
    assert BuiltTrie({}).proof(b"key") == []


@pytest.mark.parametrize("value", [b"v", b"v" * 40])
def test_one_item(value):
    built = BuiltTrie({b"\x80": value})
    assert built.root == _theirs({b"\x80": value}).root_hash
    assert len(built.proof(b"\x80")) == 1
