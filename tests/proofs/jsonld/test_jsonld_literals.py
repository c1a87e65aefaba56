"""Numbers and texts as literals: canonical, and refused where the canonical form would lose something."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonld_support import outcome
from pyld import jsonld as pyld

from node.proofs.errors import ProofsError
from node.proofs.jsonld import JsonLd
from node.proofs.jsonld.literals import XSD

A = "https://terms.example/a"


def literal(value, type_=None):
    definition = {"@id": A} | ({} if type_ is None else {"@type": type_})
    ((_, _, term, _),) = JsonLd({}).to_rdf({"@context": {"a": definition}, "@id": "urn:x", "a": value})
    return term


def by_pyld(value):
    dataset = pyld.to_rdf({"@id": "urn:x", A: value}, {"documentLoader": None})
    found = dataset["@default"][0]["object"]
    return f'"{found["value"]}"^^<{found["datatype"]}>'


@pytest.mark.parametrize(
    ("value", "text", "datatype"),
    [
        (0, "0", "integer"),
        (-0.0, "0", "integer"),
        (7, "7", "integer"),
        (7.0, "7", "integer"),
        (-(2**53) + 1, "-9007199254740991", "integer"),
        (0.1, "1.0E-1", "double"),
        (2.5, "2.5E0", "double"),
        (-1234.5, "-1.2345E3", "double"),
        (1e-7, "1.0E-7", "double"),
        (5e-324, "4.940656458412465E-324", "double"),
        (True, "true", "boolean"),
        (False, "false", "boolean"),
    ],
)
def test_numbers_and_booleans_have_one_form(value, text, datatype):
    assert literal(value) == f'"{text}"^^<{XSD}{datatype}>'


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        (4, "float", "4"),
        (4.0, "float", "4"),
        (4.5, "float", "4.5E0"),
        (4, "double", "4.0E0"),
        (4.0, "double", "4.0E0"),
        (0, "double", "0.0E0"),
        (4, "decimal", "4"),
        ("4.50", "decimal", "4.50"),
        ("4.5E0", "double", "4.5E0"),
        ("INF", "double", "INF"),
        (True, "string", "true"),
    ],
)
def test_a_datatype_of_the_property_decides_the_form(value, type_, text):
    expected = f'"{text}"' if type_ == "string" else f'"{text}"^^<{XSD}{type_}>'
    assert literal(value, XSD + type_) == expected


@pytest.mark.parametrize("value", [2**53, -(2**53), 2.0**53, 1e21, 1e300, math.inf, math.nan, 0.1 + 0.2, 1.1 * 1.1])
def test_a_number_that_its_form_does_not_tell_from_its_neighbours_is_refused(value):
    with pytest.raises(ProofsError) as refused:
        literal(value)

    assert (refused.value.code, refused.value.path) == ("context.number", "/a")


@pytest.mark.parametrize("value", ["4.5", "1", "04.5E0", "4.50E0", "4.5e0", "4.5E+0", "x", ""])
def test_a_double_written_as_another_string_is_undecidable(value):
    """pyld and jsonld.js rewrite it as a number, the specification keeps it."""
    with pytest.raises(ProofsError) as refused:
        literal(value, XSD + "double")

    assert refused.value.code == "context.ambiguous"


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60))
def test_a_number_is_written_as_pyld_writes_it_and_read_back_the_same_or_refused(value):
    if refused := outcome(JsonLd({}), {"@context": {"a": A}, "@id": "urn:x", "a": value}):
        assert refused == "context.number"
        assert abs(value) >= 2**53 or float(f"{value:.15E}") != value
        return
    term = literal(value)
    assert term == by_pyld(value)
    assert float(term.split('"')[1]) == value


@given(st.text())
def test_any_text_is_written_as_one_canonical_term(text):
    """The quick path for plain text and the escaping one are the same term."""
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") == text
    if not expected:
        with pytest.raises(ProofsError) as refused:
            literal(text)
        assert refused.value.code == "context.text"
        return
    term = literal(text)
    body = term[1:-1]
    assert term[0] == term[-1] == '"'
    assert not any(character in body for character in "\n\r\x00\x7f\x85"[:4])
    assert body.replace("\\\\", "").count('"') == body.replace("\\\\", "").count('\\"')


@pytest.mark.parametrize("value", ['"', "\\", "\n", "\x7f", "\ufffe", "\uffff", "\x00", "a\tb"])
def test_what_canonical_nquads_escape_is_escaped(value):
    assert "\\" in literal(value)


def test_json_is_kept_in_its_canonical_form():
    term = literal({"b": 1.0, "a": [None, "ż"]}, "@json")

    assert term == '"{\\"a\\":[null,\\"ż\\"],\\"b\\":1}"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON>'
    assert literal(None, "@json").startswith('"null"')


@pytest.mark.parametrize("value", [[math.nan], {"a": 2**60}, "\ud800"])
def test_json_without_a_canonical_form_is_refused(value):
    with pytest.raises(ProofsError) as refused:
        literal(value, "@json")

    assert (refused.value.code, refused.value.path) == ("context.json", "/a")


def test_a_text_direction_is_kept_when_the_processor_is_told_how():
    document = {"@context": {"@direction": "rtl", "@language": "AR", "a": A}, "@id": "urn:x", "a": "x"}

    ((_, _, term, _),) = JsonLd({}, rdf_direction="i18n-datatype").to_rdf(document)

    assert term == '"x"^^<https://www.w3.org/ns/i18n#ar_rtl>'
