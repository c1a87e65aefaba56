"""Batches: what a receipt shows of other people's documents, which has to be nothing."""

import hashlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring.batch import MAX_COMMITMENTS, MIN_LEAVES, batch, fresh_salts, fresh_secret, padded_size
from anchoring.errors import MerkleError
from anchoring.merkle import leaf_hash, root_from_path

SECRET = b"s" * 32


def _commitments(count):
    return [hashlib.sha256(f"document {number}".encode()).digest() for number in range(count)]


def _salts(count):
    return [hashlib.sha256(f"salt {number}".encode()).digest() for number in range(count)]


def _shown(place, commitment):
    return root_from_path(leaf_hash(place.salt, commitment), place.index, place.size, place.path)


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 1000])
def test_every_commitment_has_its_place(count):
    commitments, salts = _commitments(count), fresh_salts(count)
    made = batch(commitments, salts, fresh_secret())
    places = [made.place(salt, commitment) for salt, commitment in zip(salts, commitments, strict=True)]
    assert len({place.index for place in places}) == count
    for place, commitment in zip(places, commitments, strict=True):
        assert _shown(place, commitment) == made.tree.root == place.root
        assert place.size == made.tree.size == padded_size(count)


@pytest.mark.threat(47)
@pytest.mark.parametrize(
    ("count", "size"), [(1, 256), (256, 256), (257, 512), (1000, 1024), (1024, 1024), (1025, 2048), (1_000_000, 2**20)]
)
def test_the_size_says_no_more_than_a_power_of_two(count, size):
    assert padded_size(count) == size


@pytest.mark.threat(47)
def test_padding_looks_like_any_other_leaf():
    """All leaves stand in the order of their bytes, so no stretch of the tree is known to be padding, or a roll."""
    made = batch(_commitments(3), _salts(3), SECRET)
    leaves = [made.tree.leaf(index) for index in range(made.tree.size)]
    assert leaves == sorted(set(leaves))
    assert len(leaves) == MIN_LEAVES
    # Another secret gives other padding: nobody can compute it from what a receipt shows.
    others = {batch(_commitments(3), _salts(3), b"t" * 32).tree.leaf(index) for index in range(MIN_LEAVES)}
    assert others & set(leaves) == {
        leaf_hash(salt, commitment) for salt, commitment in zip(_salts(3), _commitments(3), strict=True)
    }


@pytest.mark.threat(47)
@settings(max_examples=50)
@given(st.integers(2, 40), st.data())
def test_a_receipt_is_no_function_of_what_other_documents_say(count, data):
    """Whatever the others' commitments are, some salts give the same siblings: hashes under salts nobody else holds."""
    commitments, salts = _commitments(count), _salts(count)
    mine = data.draw(st.integers(0, count - 1))
    place = batch(commitments, salts, SECRET).place(salts[mine], commitments[mine])
    shown = b"".join((place.salt, place.root, *place.path))
    for other in set(range(count)) - {mine}:
        assert salts[other] not in shown
        assert commitments[other] not in shown
        # Without the other's salt not even the right commitment can be recognised among the siblings.
        assert hashlib.sha256(b"\x00" + commitments[other]).digest() not in place.path
        assert leaf_hash(place.salt, commitments[other]) not in place.path
    # The order in which documents are handed over shows nowhere.
    order = data.draw(st.permutations(range(count)))
    again = batch([commitments[at] for at in order], [salts[at] for at in order], SECRET)
    assert again.place(salts[mine], commitments[mine]) == place


@pytest.mark.threat(47)
def test_places_do_not_follow_the_roll():
    """Neighbours on the roll are neighbours in the tree no more often than chance has it."""
    count = 2000
    commitments, salts = _commitments(count), _salts(count)
    made = batch(commitments, salts, SECRET)
    indexes = [made.place(salt, commitment).index for salt, commitment in zip(salts, commitments, strict=True)]
    rises = sum(one < other for one, other in itertools.pairwise(indexes))
    siblings = sum(one ^ 1 == other for one, other in itertools.pairwise(indexes))
    assert 900 < rises < 1100  # fixed salts: the same every time
    assert siblings < 10


@pytest.mark.threat(45)
def test_without_its_salt_a_document_is_not_found_in_its_batch():
    """Whoever has the document, the whole tree and the chain, but not the salt, recognises nothing."""
    commitments, salts = _commitments(20), fresh_salts(20)
    made = batch(commitments, salts, SECRET)
    leaves = {made.tree.leaf(index) for index in range(made.tree.size)}
    for commitment in commitments:
        guesses = [b"\0" * 32, commitment, SECRET, made.tree.root, made.anchored]
        assert not leaves & {leaf_hash(guess, commitment) for guess in guesses}
        with pytest.raises(MerkleError) as caught:
            made.place(fresh_salts(1)[0], commitment)
        assert caught.value.code == "merkle.unknown_leaf"


@pytest.mark.threat(45)
def test_salts_have_256_bits_and_differ():
    salts = fresh_salts(5000)
    assert {len(salt) for salt in salts} == {32}
    assert len(set(salts)) == len({salt[:8] for salt in salts}) == 5000
    assert fresh_secret() != fresh_secret()


@pytest.mark.threat(46)
def test_deleting_one_salt_leaves_999_receipts_good():
    commitments, salts = _commitments(1000), fresh_salts(1000)
    secret = fresh_secret()
    made = batch(commitments, salts, secret)
    held = dict(zip(commitments, salts, strict=True))
    del held[commitments[500]]
    checked = sum(
        _shown(made.place(salt, commitment), commitment) == made.tree.root for commitment, salt in held.items()
    )
    assert checked == 999
    # What stays of the erased one is its leaf, which nothing that is still held leads to.
    left = {made.tree.leaf(index) for index in range(made.tree.size)} - {
        leaf_hash(salt, commitment) for commitment, salt in held.items()
    }
    assert leaf_hash(salts[500], commitments[500]) in left
    assert not left & {leaf_hash(salt, commitments[500]) for salt in held.values()}


def test_the_same_batch_comes_out_again_after_a_crash():
    commitments, salts = _commitments(300), _salts(300)
    first, second = (batch(commitments, salts, SECRET) for _ in range(2))
    assert first == second
    assert first.anchored.hex() == "584dae7b516c4a1f649c11463cb6fd9917dea3431ba1d2b668c443cb356c63c9"


def test_what_is_no_batch(monkeypatch):
    monkeypatch.setattr("anchoring.batch.MAX_COMMITMENTS", 4)
    for commitments, salts, secret, code in [
        ([], [], SECRET, "merkle.size"),
        (_commitments(5), _salts(5), SECRET, "merkle.size"),
        (_commitments(1), _salts(1), b"short", "merkle.size"),
        (_commitments(2), _salts(1), SECRET, "merkle.length"),
        ([b"short"], _salts(1), SECRET, "merkle.length"),
        (_commitments(1), [b"short"], SECRET, "merkle.length"),
    ]:
        with pytest.raises(MerkleError) as caught:
            batch(commitments, salts, secret)
        assert caught.value.code == code
    assert MAX_COMMITMENTS == 2**22
