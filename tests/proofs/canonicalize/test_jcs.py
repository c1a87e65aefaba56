"""RFC 8785 by its own examples, and the short path against the exact one."""

import json
import math
import struct
import sys

import orjson
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from node.documents import MAX_SAFE_INTEGER, parse
from node.proofs.canonicalize import jcs as module
from node.proofs.canonicalize.jcs import jcs
from node.proofs.errors import JcsError

# https://www.rfc-editor.org/rfc/rfc8785#appendix-B
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "expected"), NUMBERS.items())
def test_numbers_of_the_specification(bits, expected):
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert jcs(number) == expected.encode()
    assert jcs({"n": [number]}) == f'{{"n":[{expected}]}}'.encode()


def test_order_of_names_in_the_specification():
    # https://www.rfc-editor.org/rfc/rfc8785#section-3.2.3
    names = ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(jcs(dict.fromkeys(reversed(names), "x")))) == names
    assert list(json.loads(jcs(dict.fromkeys(reversed(names), 0.5)))) == names


def test_text_of_the_specification():
    # https://www.rfc-editor.org/rfc/rfc8785#section-3.2.2
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert (
        jcs(value)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_both_paths_write_every_character_alike():
    for code in range(sys.maxunicode + 1):
        if not 0xD800 <= code < 0xE000:
            text = chr(code)
            assert orjson.dumps(text) == rfc8785.dumps(text), hex(code)


CHARACTERS = st.characters(codec="utf-8")
NAMES = st.text(CHARACTERS, max_size=4) | st.text(
    st.sampled_from("a\ud7ff\ue000\uffff\U00010000\U0010ffff"), max_size=3
)
SAFE = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
SCALARS = st.none() | st.booleans() | SAFE | st.text(CHARACTERS)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def values(scalars):
    return st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=30)


@given(values(SCALARS))
@settings(max_examples=400, deadline=None)
def test_the_short_path_writes_what_the_exact_one_writes(value):
    assert jcs(value) == rfc8785.dumps(value)


@given(values(SCALARS | FLOATS))
@settings(max_examples=500, deadline=None)
def test_floats_are_written_exactly(value):
    assert jcs(value) == rfc8785.dumps(value)


@given(values(SCALARS), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_layout_and_order_do_not_matter(value, random):
    def shuffled(node):
        if isinstance(node, dict):
            names = list(node)
            random.shuffle(names)
            return {name: shuffled(node[name]) for name in names}
        return [shuffled(child) for child in node] if isinstance(node, list) else node

    text = json.dumps(shuffled(value), indent=random.choice([None, 1]), ensure_ascii=random.choice([True, False]))
    assert jcs(parse(text.encode())) == jcs(value)


@given(values(SCALARS | FLOATS.filter(lambda number: abs(number) <= MAX_SAFE_INTEGER)))
@settings(deadline=None)
def test_the_canonical_form_is_its_own(value):
    once = jcs(value)
    assert jcs(parse(once)) == once


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ({"a": [1, "x", True, None, {}]}, True),
        ({"ż": 1}, True),
        ({"\ud7ff": 1}, True),
        ({"\ue000": 1}, False),
        ({"x": {"\U0001f600": 1}}, False),
        ([1.0], False),
        ([MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER], True),
        ([MAX_SAFE_INTEGER + 1], False),
        ([-MAX_SAFE_INTEGER - 1], False),
        ([(1,)], False),
    ],
)
def test_the_short_path_is_for_what_both_write_alike(value, plain):
    assert module._is_plain(value) is plain


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        [-math.inf],
        MAX_SAFE_INTEGER + 1,
        -MAX_SAFE_INTEGER - 1,
        10**5000,
        "\ud800",
        {"\udfff": 1},
        {"\udfff": 1.5},
        b"x",
        {"a": {1, 2}},
        {1: 2},
        {1: 2.5},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(JcsError) as caught:
        jcs(value)
    assert caught.value.code == "jcs.value"


def test_bottomless_values_are_refused():
    bottomless = []
    bottomless.append(bottomless)
    with pytest.raises(JcsError) as caught:
        jcs(bottomless)
    assert caught.value.code == "jcs.too_deep"
