"""JSON inside identifiers: one meaning, and no more work than it is worth."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from did_methods.embedded_json import MAX_BRACKETS, MAX_SAFE_INTEGER, parse_embedded
from did_methods.errors import InvalidDidError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_a_value_comes_back(value):
    assert parse_embedded(json.dumps(value).encode()) == value


@pytest.mark.threat(24)
def test_deep_and_wide_texts_are_refused_before_they_are_read():
    for text in (b"[" * 100_000, b"[" * 50_000 + b"]" * 50_000, b'{"a":' * 300 + b"1" + b"}" * 300):
        with pytest.raises(InvalidDidError):
            parse_embedded(text)
    full = b"[" + b",".join([b"[]"] * (MAX_BRACKETS - 1)) + b"]"
    assert len(parse_embedded(full)) == MAX_BRACKETS - 1
    with pytest.raises(InvalidDidError):
        parse_embedded(full[:-1] + b",{}]")


@pytest.mark.parametrize("number", ["1", "0", "-7"])
def test_numbers_are_taken_only_where_they_have_a_place(number):
    assert parse_embedded(number.encode()) == int(number)
    with pytest.raises(InvalidDidError):
        parse_embedded(number.encode(), numbers=False)


@pytest.mark.parametrize(
    "number", ["1.0", "1e2", "-0", str(2**53), str(-(2**53)), "9" * 5000, "NaN", "Infinity", "-Infinity"]
)
def test_numbers_that_readers_take_differently_are_refused(number):
    with pytest.raises(InvalidDidError) as caught:
        parse_embedded(f'{{"a":{number}}}'.encode())
    assert len(str(caught.value)) < 250
