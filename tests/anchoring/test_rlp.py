"""RLP beside the library that other Ethereum software reads it with."""

import pytest
import rlp as library
from hypothesis import given
from hypothesis import strategies as st

from anchoring import rlp
from anchoring.errors import RlpError

ITEMS = st.recursive(
    st.binary(max_size=70) | st.sampled_from([bytes(32), b"\xa0" * 32, b"\x7f", b"\x80"]),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=20,
)


@given(ITEMS)
def test_items_are_written_and_read_as_the_library_does(item):
    data = rlp.encode(item)
    assert data == library.encode(item)
    assert library.decode(data) == item
    _same(item, data)


@given(ITEMS, st.data())
def test_both_refuse_the_same_and_read_the_same(item, data):
    altered = bytearray(rlp.encode(item))
    for _ in range(data.draw(st.integers(1, 2))):
        altered[data.draw(st.integers(0, len(altered) - 1))] = data.draw(st.integers(0, 255))
    _compare(bytes(altered))


@given(st.binary(max_size=80))
def test_any_bytes(data):
    _compare(data)


def _compare(data):
    try:
        expected = library.decode(data)
    except library.DecodingError:
        with pytest.raises(RlpError):
            rlp.decode(data)
        return
    assert rlp.encode(expected) == data
    _same(expected, data)


def _same(item, data):
    if _depth(item) <= rlp.MAX_DEPTH:
        assert rlp.decode(data) == item
        return
    with pytest.raises(RlpError) as caught:
        rlp.decode(data)
    assert caught.value.code == "rlp.too_deep"


def _depth(item):
    return 1 + max(map(_depth, item), default=0) if isinstance(item, list | tuple) else 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "rlp.surplus"),
        ("8080", "rlp.surplus"),
        ("8100", "rlp.not_canonical"),
        ("817f", "rlp.not_canonical"),
        ("b801ff", "rlp.not_canonical"),
        ("b90038" + "00" * 56, "rlp.not_canonical"),
        ("f800", "rlp.not_canonical"),
        ("a0" + "00" * 31, "rlp.truncated"),
        ("83ffff", "rlp.truncated"),
        ("c281", "rlp.truncated"),
        ("b9", "rlp.truncated"),
        ("bfffffffffffffffff", "rlp.truncated"),
        ("c2a000", "rlp.truncated"),
        ("c483ffff80ff", "rlp.truncated"),
        ("c1" * 9 + "c0", "rlp.truncated"),
    ],
)
def test_what_is_not_rlp(data, code):
    with pytest.raises(RlpError) as caught:
        rlp.decode(bytes.fromhex(data))
    assert caught.value.code == code
    assert caught.value.remedy


def test_bounds():
    deep = library.encode(_nest(10))
    with pytest.raises(RlpError) as caught:
        rlp.decode(deep)
    assert caught.value.code == "rlp.too_deep"
    with pytest.raises(RlpError) as caught:
        rlp.decode(b"\xc1" * 100_000)
    assert caught.value.code in {"rlp.truncated", "rlp.too_deep"}
    with pytest.raises(RlpError) as caught:
        rlp.decode(library.encode(bytes(rlp.MAX_BYTES)))
    assert caught.value.code == "rlp.too_long"


def _nest(depth):
    return [_nest(depth - 1)] if depth else []


@given(st.integers(0, 2**256 - 1))
def test_numbers(number):
    data = rlp.encode_integer(number)
    assert data == library.encode(number)
    assert rlp.integer(rlp.decode(data)) == number


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (b"\0", "rlp.not_canonical"),
        (b"\0\x01", "rlp.not_canonical"),
        ([], "rlp.not_canonical"),
        (b"\x01" * 9, "rlp.too_large"),
    ],
)
def test_what_is_no_number(item, code):
    with pytest.raises(RlpError) as caught:
        rlp.integer(item, max_bytes=8)
    assert caught.value.code == code
