"""Strict documents: what two readers could understand differently is refused, with its code and its place."""

import json
import math
import pickle
import time
import tracemalloc

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from node import documents
from node.documents import (
    MAX_CREDENTIAL_BYTES,
    MAX_DEPTH,
    MAX_PRESENTATION_BYTES,
    MAX_SAFE_INTEGER,
    DocumentError,
    parse,
    parse_object,
    pointer,
)

LONGEST_SECONDS = 4.0  # some 0.3 on a quiet machine; what grows with the square takes minutes
MOST_MEMORY = 128 * 1024 * 1024


def refusal(data, **limits):
    with pytest.raises(DocumentError) as caught:
        parse(data, **limits)
    assert caught.value.remedy
    assert len(str(caught.value)) < 300
    return caught.value.code, caught.value.path


@pytest.mark.threat(10)
@pytest.mark.parametrize(
    ("data", "code", "path"),
    [
        pytest.param(data, code, path, id=name)
        for name, data, code, path in [
            ("a member twice", b'{"a":1,"b":2,"a":1}', "duplicate_key", "/a"),
            ("a member twice, once escaped", rb'{"a":1,"\u0061":1}', "duplicate_key", "/a"),
            ("a member twice, apart by space", b'{"x":[0,{"a" : 1,"a":2}]}', "duplicate_key", "/x/1/a"),
            ("a member twice, with members", b'{"a":{"b":1},"a":{"c":1,"d":1}}', "duplicate_key", "/a"),
            ("an empty name twice", b'{"":1,"":2}', "duplicate_key", "/"),
            ("a name to be escaped twice", b'{"a/b~c":1,"a/b~c":2}', "duplicate_key", "/a~1b~0c"),
            ("twice in a member that is there twice", b'{"a":{"b":1,"b":2},"a":1}', "duplicate_key", "/a/b"),
            ("NaN in a member that is there twice", b'{"a":{"b":[0,NaN]},"a":1}', "number", "/a/b/1"),
            ("NaN", b'{"a":[1,NaN]}', "number", "/a/1"),
            ("Infinity", b"[Infinity]", "number", "/0"),
            ("-Infinity", b'{"a":-Infinity}', "number", "/a"),
            ("a float too large", b'{"a":1e999}', "number", "/a"),
            ("a float too large, negative", b"-1e999", "number", ""),
            ("a float too small", b'{"a":{"b":1e-400}}', "number", "/a/b"),
            ("a float too small, negative", b"[-0.00e0,-0.01e-400]", "number", "/1"),
            ("an integer too large", b'{"a":9007199254740992}', "integer_range", "/a"),
            ("an integer too small", b"[-9007199254740992]", "integer_range", "/0"),
            ("an integer beyond 64 bits", b'{"a":[18446744073709551616]}', "integer_range", "/a/0"),
            ("5,000 digits", b'{"a":' + b"9" * 5000 + b"}", "integer_range", "/a"),
            ("a float that rounds to an integer", b'{"a":9007199254740993.0}', "integer_range", "/a"),
            ("an integer as a float", b"[1e20]", "integer_range", "/0"),
            ("the largest float", b"[1.7976931348623157e308]", "integer_range", "/0"),
            ("too deep, arrays", b"[" * 33 + b"]" * 33, "too_deep", "/0" * 32),
            ("too deep, objects", b'{"a":' * 32 + b"{}" + b"}" * 32, "too_deep", "/a" * 32),
            (
                "too deep, beside others",
                b'{"a":[1],"b":' + b"[" * 32 + b"0" + b"]" * 32 + b"}",
                "too_deep",
                "/b" + "/0" * 31,
            ),
            ("100,000 deep", b"[" * 100_000 + b"]" * 100_000, "too_deep", ""),
            ("100,000 deep, unfinished", b'{"a":' * 100_000, "too_deep", ""),
            ("half a character, escaped", rb'{"a":["x","\ud800"]}', "surrogate", "/a/1"),
            ("the other half, escaped", rb'{"a":"\uDFFF\u0041"}', "surrogate", "/a"),
            ("both halves swapped", rb'["\ude00\ud83d"]', "surrogate", "/0"),
            ("half a character in a name", rb'{"a":[{"\udbff":1}]}', "surrogate", "/a/0"),
            ("half a character, raw", b'["\xed\xa0\x80"]', "surrogate", ""),
            ("half a character, in text", '["\ud800"]', "surrogate", ""),
            ("not UTF-8", b'["\xff"]', "not_utf8", ""),
            ("overlong UTF-8", b'["\xc0\xaf"]', "not_utf8", ""),
            ("UTF-8 cut off", b'"\xc5', "not_utf8", ""),
            ("Latin-2", 'ą"'.encode("iso-8859-2"), "not_utf8", ""),
            ("UTF-16", '{"a":1}'.encode("utf-16"), "not_utf8", ""),
            ("a byte order mark", b'\xef\xbb\xbf{"a":1}', "not_utf8", ""),
            ("a byte order mark in text", "\ufeff{}", "not_utf8", ""),
            ("nothing", b"", "syntax", ""),
            ("only space", b" \n", "syntax", ""),
            ("more after it", b'{"a":1} {}', "syntax", ""),
            ("a null byte after it", b"{}\x00", "syntax", ""),
            ("a comma too many", b'{"a":1,}', "syntax", ""),
            ("single quotes", b"{'a':1}", "syntax", ""),
            ("a comment", b'{"a":1/**/}', "syntax", ""),
            ("a leading zero", b"[01]", "syntax", ""),
            ("a plus sign", b"[+1]", "syntax", ""),
            ("no digit after the point", b"[1.]", "syntax", ""),
            ("hexadecimal", b"[0x1]", "syntax", ""),
            ("a raw newline in a string", b'["a\nb"]', "syntax", ""),
            ("an escape that is none", rb'["\x41"]', "syntax", ""),
            ("an unfinished escape", rb'["\u00"]', "syntax", ""),
            ("an unfinished string", b'["a', "syntax", ""),
            ("a name that is no string", b"{1:2}", "syntax", ""),
            ("space that is none in JSON", b"[1,\xc2\xa02]", "syntax", ""),
            ("True", b"[True]", "syntax", ""),
        ]
    ],
)
def test_refused(data, code, path):
    start = time.process_time()
    assert refusal(data) == (f"document.{code}", path)
    assert time.process_time() - start < LONGEST_SECONDS


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"null", None),
        (b' {"a" :\t[1, 2.5, "x", true, false, null] }\r\n', {"a": [1, 2.5, "x", True, False, None]}),
        (b'{"a":1,"b":{"a":1}}', {"a": 1, "b": {"a": 1}}),
        (b"9007199254740991", MAX_SAFE_INTEGER),
        (b"[-9007199254740991, 9007199254740991.0]", [-MAX_SAFE_INTEGER, float(MAX_SAFE_INTEGER)]),
        (b"[0.0, 0e5, 5e-324]", [0.0, 0.0, 5e-324]),
        (b"-0", 0),
        (b"4.0", 4.0),
        ('{"ą":"🎓"}'.encode(), {"ą": "🎓"}),
        (rb'"\ud83c\udf93 \u0105 \" \\ \/ \b\f\n\r\t"', '🎓 ą " \\ / \b\f\n\r\t'),
        (rb'{"\\":"\"","\\\"":"\\"}', {"\\": '"', '\\"': "\\"}),
        (rb'"\\ud800"', r"\ud800"),
        (b'"\xef\xbb\xbf"', "\ufeff"),
        (b"[" * MAX_DEPTH + b"0.0" + b"]" * MAX_DEPTH, None),
        (b"[" * MAX_DEPTH + rb'"\ud83c\udf93"' + b"]" * MAX_DEPTH, None),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
    ],
    ids=ascii,
)
def test_accepted(data, value):
    assert parse(data) == json.loads(data)
    assert parse(data.decode()) == parse(data)
    if value is not None:
        assert parse(data) == value
        assert type(parse(data)) is type(value)


@pytest.mark.parametrize("data", [b"[]", b'"{}"', b"1", b"1.5", b"true", b"null"])
def test_a_document_is_an_object(data):
    with pytest.raises(DocumentError) as caught:
        parse_object(data)
    assert caught.value.code == "document.not_object"
    assert parse_object(b'{"a":1}') == {"a": 1}


def test_the_size_is_counted_in_bytes():
    assert parse('"ą"', max_bytes=4) == "ą"
    assert refusal('"ą"', max_bytes=3) == ("document.too_large", "")
    assert refusal('"ą"'.encode(), max_bytes=3) == ("document.too_large", "")
    assert parse(b'"a"', max_bytes=3) == "a"
    assert MAX_CREDENTIAL_BYTES < MAX_PRESENTATION_BYTES


def test_the_size_is_looked_at_first():
    assert refusal(b"\xff" * 100, max_bytes=99) == ("document.too_large", "")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [((), ""), (("a", 0, "b"), "/a/0/b"), (("a/b", "~", ""), "/a~1b/~0/"), (("~1",), "/~01")],
)
def test_pointer(steps, expected):
    assert pointer(*steps) == expected


def test_an_error_survives_the_way_between_processes():
    with pytest.raises(DocumentError) as caught:
        parse(b'{"a":1e999}')
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert (str(copy), copy.code, copy.path, copy.remedy) == (
        str(caught.value),
        "document.number",
        "/a",
        caught.value.remedy,
    )


NUMBERS = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | st.floats(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(st.characters(codec="utf-8"))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner),
    max_leaves=40,
)


@given(VALUES, st.sampled_from([None, 2, "\t"]), st.booleans())
@settings(max_examples=500, deadline=None)
def test_what_was_written_is_read(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    for data in (text, text.encode()):
        assert exact(parse(data)) == exact(value)


def exact(value):
    """The value with the types and signs that Python's comparison passes over."""
    if isinstance(value, dict):
        return {name: exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    return type(value), value, math.copysign(1, value) if isinstance(value, float) else 0


# JSON texts, most of them valid, with few names, so that members repeat, and with every escape that matters here.
SPACE = st.sampled_from(["", "", "", " ", "\n"])
STRINGS = st.sampled_from(
    ['"a"', '"b"', r'"\u0061"', r'"\""', r'"\\"', '":"', '""', r'"\ud83d\udc00"', r'"\ud800"', '"ą"']
)
NUMERALS = st.sampled_from(["0", "-0", "1.5", "-0.0", "1e400", "1e-400", "9007199254740992", "1e17", "NaN"])
TEXTS = st.recursive(
    STRINGS | NUMERALS | st.sampled_from(["true", "null", "[]", "{}", "]", '"\x00"']),
    lambda inner: (
        st.builds("[{}{}]".format, SPACE, st.lists(inner, max_size=3).map(",".join))
        | st.lists(st.builds("{}{}:{}{}".format, STRINGS, SPACE, inner, SPACE), max_size=3).map(
            lambda members: "{" + ",".join(members) + "}"
        )
    ),
    max_leaves=12,
)


@given(TEXTS)
@settings(max_examples=2000, deadline=None)
@example('{"a":{"b":{}},"a":{"b":{}}}')
@example('{"a":"\\"","a":1}')
@example('{"a\\\\":"\\\\\\"","a\\\\":1}')
def test_the_short_path_and_the_watchful_one_judge_alike(text):
    raw = text.encode()
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return
    if documents._is_all_of(raw, value):
        assert exact(documents._parse_watchfully(raw)) == exact(value)


@pytest.mark.threat(10)
@given(VALUES, st.data())
@settings(max_examples=300, deadline=None)
def test_a_repeated_member_at_any_depth_is_refused(value, data):
    document = {"first": value, "last": [value]}
    places = [(path, node) for path, node in objects(document, ()) if node]
    path, node = data.draw(st.sampled_from(places))
    name = data.draw(st.sampled_from(sorted(node)))
    text = json.dumps(document, indent=data.draw(st.sampled_from([None, 1])))
    assert parse(text) == document
    assert refusal(repeated(document, path, name)) == ("document.duplicate_key", pointer(*path, name))


def objects(node, path):
    if isinstance(node, dict):
        yield path, node
    for step, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from objects(inner, (*path, step))


def repeated(node, path, name, here=()):
    """The text of the document with the member of that name there twice in the object at the path."""
    if isinstance(node, dict):
        members = [f"{json.dumps(key)}:{repeated(inner, path, name, (*here, key))}" for key, inner in node.items()]
        return "{" + ",".join(members + [f"{json.dumps(name)}:0"] * (here == path)) + "}"
    if isinstance(node, list):
        return "[" + ",".join(repeated(inner, path, name, (*here, place)) for place, inner in enumerate(node)) + "]"
    return json.dumps(node)


def filled(unit, last=b"0"):
    """An array as large as a presentation may be."""
    count = (MAX_PRESENTATION_BYTES - len(last) - 3) // (len(unit) + 1)
    return b"[" + (unit + b",") * count + last + b"]"


FILLINGS = [b"0", b"[]", b"[0]", b'{"a":0}', b'""', rb'"\""', b"0.0", b"[" * 31 + b"]" * 31, b"NaN", b'{"a":1,"a":1}']
ENDS = [b"0", b'{"a":1,"a":1}', rb'"\ud800"']


@pytest.mark.threat(12)
@pytest.mark.parametrize("unit", FILLINGS)
@pytest.mark.parametrize("last", ENDS)
def test_no_content_of_the_largest_size_costs_more(unit, last):
    data = filled(unit, last)
    assert len(data) <= MAX_PRESENTATION_BYTES
    start = time.process_time()
    judged(data)
    assert time.process_time() - start < LONGEST_SECONDS


@pytest.mark.threat(12)
@pytest.mark.parametrize("unit", [b"[]", b"{}", b"[" * 31 + b"]" * 31, b'{"a":1,"a":1}'])
def test_no_content_of_the_largest_size_fills_the_memory(unit):
    data = filled(unit, b"NaN")
    tracemalloc.start()
    try:
        judged(data)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


def judged(data):
    try:
        parse(data)
    except DocumentError as error:
        return error.code
    return "accepted"


@pytest.mark.threat(12)
def test_the_size_doubles_until_it_is_refused():
    verdicts = [judged(b'"' + b"x" * (2**power - 2) + b'"') for power in range(1, 26)]
    assert verdicts == ["accepted"] * 20 + ["document.too_large"] * 5


@pytest.mark.threat(12)
def test_the_depth_doubles_until_it_is_refused():
    verdicts = [judged(b"[" * 2**power + b"]" * 2**power) for power in range(21)]
    assert verdicts == ["accepted"] * 6 + ["document.too_deep"] * 14 + ["document.too_large"]
