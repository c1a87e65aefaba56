"""Terms and lines of canonical N-Quads."""

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nquads import parse_nquads, term

from node.proofs.errors import MalformedTermError
from node.proofs.quads import XSD_STRING, iri_term, literal_term, to_nquad

XSD_INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
# https://www.w3.org/TR/rdf-canon/#canonical-quads
ECHARS = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", '"': r"\"", "\\": r"\\"}
UCHARS = [*range(8), 0x0B, *range(0x0E, 0x20), 0x7F, 0xFFFE, 0xFFFF]


def test_every_character_is_written_as_the_canonical_form_says():
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        character = chr(code)
        expected = ECHARS.get(character) or (f"\\u{code:04X}" if code in UCHARS else character)
        assert literal_term(f"a{character}b") == f'"a{expected}b"', hex(code)


@given(st.text())
def test_a_literal_reads_back_as_it_was(text):
    line = to_nquad(("<urn:s>", "<urn:p>", literal_term(text), ""))
    (quad,) = pyoxigraph.parse(line, pyoxigraph.RdfFormat.N_QUADS)
    assert quad.object.value == text
    assert str(quad) + " .\n" == line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("x",), '"x"'),
        (("x", XSD_STRING), '"x"'),
        (("1", XSD_INTEGER), f'"1"^^<{XSD_INTEGER}>'),
        (("x", None, "pl"), '"x"@pl'),
        (("x", XSD_STRING, "en-GB"), '"x"@en-GB'),
        (("",), '""'),
    ],
)
def test_a_literal_has_a_datatype_a_language_or_neither(arguments, expected):
    assert literal_term(*arguments) == expected


@pytest.mark.parametrize("iri", ["https://example.org/ż?q=1#f", "urn:uuid:1", "did:key:z6Mk#z6Mk"])
def test_an_iri_is_written_as_it_is(iri):
    assert iri_term(iri) == f"<{iri}>"
    assert term(pyoxigraph.NamedNode(iri)) == f"<{iri}>"


@pytest.mark.threat(4)
@pytest.mark.parametrize("character", [*map(chr, range(0x21)), *'<>"{}|^`\\'])
def test_an_iri_that_would_end_early_is_refused(character):
    with pytest.raises(MalformedTermError) as caught:
        iri_term(f"urn:x{character}y")
    assert caught.value.code == "quads.iri"
    with pytest.raises(MalformedTermError):
        literal_term("1", f"urn:x{character}y")


@pytest.mark.parametrize("half", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_an_iri_with_half_a_character_is_refused(half):
    with pytest.raises(MalformedTermError) as caught:
        iri_term(f"urn:x{chr(half)}")
    assert caught.value.code == "quads.iri"


def test_no_iri_forges_a_second_statement():
    with pytest.raises(MalformedTermError):
        iri_term("urn:x> <urn:p> <urn:o> .\n<urn:forged")


@pytest.mark.parametrize("language", ["", "pl_PL", "pl .\n", "1", "pl-", "-", "żż", "en-GB ", "pl\n"])
def test_what_is_no_language_tag_is_refused(language):
    with pytest.raises(MalformedTermError) as caught:
        literal_term("x", None, language)
    assert caught.value.code == "quads.language"


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ude00\ud83d"])
def test_half_characters_are_refused(text):
    with pytest.raises(MalformedTermError) as caught:
        literal_term(text)
    assert caught.value.code == "quads.surrogate"
    assert "\\u" in str(caught.value)


def test_a_line_has_a_graph_only_where_there_is_one():
    assert to_nquad(("_:a", "<urn:p>", '"x"', "")) == '_:a <urn:p> "x" .\n'
    assert to_nquad(("_:a", "<urn:p>", '"x"', "_:g")) == '_:a <urn:p> "x" _:g .\n'
    assert parse_nquads('_:a <urn:p> "x" _:g .\n') == [("_:a", "<urn:p>", '"x"', "_:g")]
