"""CBOR in one form: what is read, and all that the library alone would read besides."""

import contextlib

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring import cbor
from anchoring.errors import CborError

INTEGERS = st.integers(0, 2**64 - 1)
VALUES = st.recursive(
    INTEGERS | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(INTEGERS, inner, max_size=4),
    max_leaves=12,
)


def _depth(value):
    inner = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, list | dict) else 0


@given(VALUES)
def test_what_is_encoded_is_read_again(value):
    if _depth(value) > cbor.MAX_DEPTH:
        with pytest.raises(CborError):
            cbor.decode(cbor.encode(value))
        return
    data = cbor.encode(value)
    assert cbor.decode(data) == value
    assert cbor2.loads(data) == value


@given(VALUES, st.data())
def test_whatever_is_accepted_is_the_one_encoding_of_its_value(value, data):
    encoded = bytearray(cbor.encode(value))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] = data.draw(st.integers(0, 255))
    try:
        read = cbor.decode(bytes(encoded))
    except CborError:
        return
    assert cbor.encode(read) == bytes(encoded)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_in_one_form_or_refused(data):
    with contextlib.suppress(CborError):
        assert cbor.encode(cbor.decode(data)) == data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "cbor.syntax"),
        ("1817", "cbor.not_canonical"),  # 23 in two bytes
        ("190017", "cbor.not_canonical"),
        ("5801ff", "cbor.not_canonical"),  # a length longer than needed
        ("0100", "cbor.not_canonical"),  # bytes behind the value
        ("a201020103", "cbor.syntax"),  # a key twice
        ("a202000100", "cbor.not_canonical"),  # keys out of order
        ("5f4101ff", "cbor.syntax"),  # indefinite length
        ("9f01ff", "cbor.syntax"),
        ("8201", "cbor.syntax"),  # cut off
        ("9bffffffffffffffff", "cbor.syntax"),  # an array said to be longer than memory
        ("5b7fffffffffffffff", "cbor.syntax"),
        ("20", "cbor.type"),  # -1
        ("6161", "cbor.type"),  # text
        ("f5", "cbor.type"),  # true, which is 1 to Python
        ("a1f501", "cbor.type"),
        ("a1410101", "cbor.type"),  # a byte string as key
        ("a1810101", "cbor.type"),
        ("f6", "cbor.type"),
        ("f93c00", "cbor.type"),  # 1.0
        ("c074323030302d30312d30315430303a30303a30305a", "cbor.syntax"),  # a date
        ("d8236428612b29", "cbor.syntax"),  # a regular expression
        ("c5821b00000000ffffffff01", "cbor.syntax"),  # a number of a billion digits
        ("c2490100000000000000ff", "cbor.syntax"),  # a long integer
        ("d81c8100", "cbor.syntax"),  # a value that may hold itself
        ("d9d9f701", "cbor.syntax"),  # the tag that says "this is CBOR"
        ("81" * 9 + "01", "cbor.syntax"),
    ],
)
def test_what_the_library_alone_would_read(data, code):
    with pytest.raises(CborError) as caught:
        cbor.decode(bytes.fromhex(data))
    assert caught.value.code == code
    assert caught.value.remedy


def test_no_tag_is_read_whatever_its_number():
    for number in [*range(300), 1000, 43000, 55799, 2**32, 2**64 - 1]:
        with pytest.raises(CborError) as caught:
            cbor.decode(cbor2.dumps(cbor2.CBORTag(number, [1, b"x"])))
        assert caught.value.code == "cbor.syntax", number


def test_long_input_is_refused_unread():
    data = cbor2.dumps(bytes(cbor.MAX_BYTES))
    with pytest.raises(CborError) as caught:
        cbor.decode(data)
    assert caught.value.code == "cbor.too_long"
    assert cbor.decode(data, max_bytes=len(data)) == bytes(cbor.MAX_BYTES)


@pytest.mark.parametrize("value", [-1, 2**64, True, "text", None, 1.5, [("a",)], {b"k": 1}, {True: 1}, {-1: 1}])
def test_other_types_are_not_written(value):
    with pytest.raises(CborError) as caught:
        cbor.encode(value)
    assert caught.value.code == "cbor.type"


def test_a_value_stands_where_its_type_is_wanted():
    assert cbor.tagged(cbor.encode([b"tag", 1, b"x"]), b"tag", 2) == [1, b"x"]
    for value in ([b"tag", 1], [b"gat", 1, 2], [b"tag", 1, 2, 3], {0: b"tag"}, b"tag"):
        with pytest.raises(CborError, match="stands where an array of 'tag' and 2 items has to"):
            cbor.tagged(cbor.encode(value), b"tag", 2)
    for read, value in [
        (cbor.as_bytes, 1),
        (lambda each: cbor.as_bytes(each, 2), b"x"),
        (cbor.as_integer, b"x"),
        (cbor.as_list, {1: 1}),
        (lambda each: cbor.as_list(each, 1), []),
    ]:
        with pytest.raises(CborError) as caught:
            read(value)
        assert caught.value.code == "cbor.shape"
