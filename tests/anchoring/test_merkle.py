"""Trees and audit paths, beside the definitions of RFC 9162 written down as they stand there."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring import tags
from anchoring.errors import MerkleError
from anchoring.merkle import Tree, anchored_value, leaf_hash, leaf_hashes, path_length, root_from_path

SALT, COMMITMENT = bytes(range(32)), bytes(range(32, 64))


def _hash(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def _leaves(count):
    return [_hash(b"leaf", number.to_bytes(4)) for number in range(count)]


def _split(count):
    """The largest power of two smaller than the count."""
    return 1 << (count - 1).bit_length() - 1


def _naive_root(leaves):
    """RFC 9162, 2.1.1, of leaves that are hashed already."""
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return _hash(b"\x01", _naive_root(leaves[:k]), _naive_root(leaves[k:]))


def _naive_path(m, leaves):
    """RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if m < k:
        return [*_naive_path(m, leaves[:k]), _naive_root(leaves[k:])]
    return [*_naive_path(m - k, leaves[k:]), _naive_root(leaves[:k])]


def test_bytes_that_are_hashed():
    assert leaf_hash(SALT, COMMITMENT) == _hash(b"\x00glejt/leaf/v1", SALT, COMMITMENT)
    assert anchored_value(258, SALT) == _hash(b"glejt/anchored/v1", b"\0\0\0\0\0\0\x01\x02", SALT)
    assert leaf_hashes([SALT] * 2, [COMMITMENT, SALT]) == [leaf_hash(SALT, COMMITMENT), leaf_hash(SALT, SALT)]


def test_a_leaf_restated_from_another_language():
    # printf of the bytes piped into sha256sum: 0x00, "glejt/leaf/v1", 00..1f, 20..3f
    assert leaf_hash(SALT, COMMITMENT).hex() == "13fc05ce758acb8c2548da10a17d478dfb7586c508812e891cd57cd84b39dd4c"
    assert (
        anchored_value(1, leaf_hash(SALT, COMMITMENT)).hex()
        == "2d0c9630742a9fcdc5f6dbc8346118df6732ba09f5b5d1f98bd5ef3eb534d357"
    )


def test_no_two_tags_are_alike_nor_the_beginning_of_one_another():
    values = [value for name, value in vars(tags).items() if name.isupper()]
    assert len(values) >= 9
    assert all(value.startswith(b"glejt/") and value.endswith(b"/v1") for value in values)
    assert not [1 for one in values for other in values if one is not other and other.startswith(one)]


@pytest.mark.parametrize("size", range(1, 70))
def test_every_root_and_path_is_that_of_the_definition(size):
    leaves = _leaves(size)
    tree = Tree.of(leaves)
    assert (tree.size, tree.root) == (size, _naive_root(leaves))
    for index, leaf in enumerate(leaves):
        path = tree.path(index)
        assert list(path) == _naive_path(index, leaves)
        assert len(path) == path_length(index, size)
        assert root_from_path(leaf, index, size, path) == tree.root


@given(st.integers(1, 2000), st.data())
def test_paths_of_larger_trees(size, data):
    index = data.draw(st.integers(0, size - 1))
    leaves = _leaves(size)
    tree = Tree.of(leaves)
    assert tree.path(index) == tuple(_naive_path(index, leaves))
    assert root_from_path(leaves[index], index, size, tree.path(index)) == tree.root


@given(st.integers(1, 300), st.data())
def test_no_other_index_size_leaf_or_path_leads_to_the_anchored_value(size, data):
    tree = Tree.of(_leaves(size))
    index = data.draw(st.integers(0, size - 1))
    leaf, path = tree.leaf(index), tree.path(index)
    wanted = anchored_value(size, tree.root)
    other_index = data.draw(st.integers(0, 310))
    other_size = data.draw(st.integers(1, 310))
    place = data.draw(st.integers(0, len(path)))
    other_path = data.draw(
        st.sampled_from(
            [
                path,
                path[:place] + path[place + 1 :],
                (*path[:place], leaf, *path[place:]),
                path[::-1],
                (*path, tree.root),
            ]
        )
    )
    if (other_index, other_size, other_path) == (index, size, path):
        return
    try:
        root = root_from_path(leaf, other_index, other_size, other_path)
    except MerkleError:
        return
    assert anchored_value(other_size, root) != wanted


def test_every_changed_bit_of_a_proof_is_seen():
    tree = Tree.of(_leaves(37))
    leaf, path = tree.leaf(20), tree.path(20)
    whole = leaf + b"".join(path)
    seen = 0
    for place in range(len(whole)):
        for bit in range(8):
            altered = bytearray(whole)
            altered[place] ^= 1 << bit
            parts = [bytes(altered[start : start + 32]) for start in range(0, len(altered), 32)]
            assert root_from_path(parts[0], 20, 37, parts[1:]) != tree.root
            seen += 1
    assert seen == 32 * 7 * 8


def test_an_inner_node_is_no_leaf():
    """A node's hash under another size: the path is too short, or the size in the anchored value is another."""
    tree = Tree.of(_leaves(8))
    inner = tree.levels[1][:32]
    assert root_from_path(inner, 0, 4, tree.path(0)[1:]) == tree.root
    assert anchored_value(4, tree.root) != anchored_value(8, tree.root)
    with pytest.raises(MerkleError) as caught:
        root_from_path(inner, 0, 8, tree.path(0)[1:])
    assert caught.value.code == "merkle.path"


@pytest.mark.parametrize(
    ("leaf", "index", "size", "path", "code"),
    [
        (SALT, 0, 0, [], "merkle.size"),
        (SALT, 0, 2**32 + 1, [], "merkle.size"),
        (SALT, -1, 2, [SALT], "merkle.index"),
        (SALT, 2, 2, [SALT], "merkle.index"),
        (SALT[:31], 0, 2, [SALT], "merkle.length"),
        (SALT, 0, 2, [SALT + b"\0"], "merkle.length"),
        (SALT, 0, 2, [], "merkle.path"),
        (SALT, 0, 2, [SALT, SALT], "merkle.path"),
        (SALT, 4, 5, [SALT] * 3, "merkle.path"),
    ],
)
def test_what_is_no_path(leaf, index, size, path, code):
    with pytest.raises(MerkleError) as caught:
        root_from_path(leaf, index, size, path)
    assert caught.value.code == code
    assert caught.value.remedy


def test_a_tree_has_leaves_and_only_hashes():
    for leaves, code in [([], "merkle.size"), ([SALT, b""], "merkle.length")]:
        with pytest.raises(MerkleError) as caught:
            Tree.of(leaves)
        assert caught.value.code == code
    with pytest.raises(MerkleError, match="2 salts for 1"):
        leaf_hashes([SALT, SALT], [COMMITMENT])
    with pytest.raises(MerkleError, match="leaf 3 of a tree of 3"):
        Tree.of(_leaves(3)).path(3)
