"""Which values a template lets vary, and what it makes of them: what is certain, and nothing else."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.credentials.contexts import BUNDLED
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.errors import CanonicalizationBudgetError
from node.proofs.jsonld import JsonLd
from node.proofs.templates.holes import MAX_HOLES, Kind, UnfitError
from node.proofs.templates.template import Template

BASE = "https://www.w3.org/ns/credentials/v2"
OURS = "https://example.org/terms"
XSD = "http://www.w3.org/2001/XMLSchema#"


def contexts(**terms):
    return {**BUNDLED, OURS: {"@context": {"@version": 1.1, "id": "@id", "type": "@type", **terms}}}


TERMS = {
    "text": "https://t.example/text",
    "double": {"@id": "https://t.example/double", "@type": f"{XSD}double"},
    "decimal": {"@id": "https://t.example/decimal", "@type": f"{XSD}decimal"},
    "date": {"@id": "https://t.example/date", "@type": f"{XSD}dateTime"},
    "link": {"@id": "https://t.example/link", "@type": "@id"},
    "word": {"@id": "https://t.example/word", "@type": "@vocab"},
    "one": "https://t.example/one",
    "json": {"@id": "https://t.example/json", "@type": "@json"},
    "list": {"@id": "https://t.example/list", "@container": "@list"},
    "inner": "https://t.example/inner",
    "polish": {"@id": "https://t.example/polish", "@language": "pl"},
    "texts": {"@id": "https://t.example/texts", "@container": "@language"},
    "Thing": "https://t.example/Thing",
}
JSONLD = JsonLd(contexts(**TERMS))


def document(**members):
    return {"@context": [OURS], "id": "urn:x:1", **members}


def template(whole, *places, jsonld=JSONLD):
    return Template.of(whole, [tuple(place) for place in places], jsonld, "sha256")


@pytest.mark.parametrize(
    ("member", "place", "kind", "values"),
    [
        (
            "text",
            ["text"],
            Kind.TEXT,
            ["a", "", "@id", "urn:x:1", '"\\\n', "ż\x7f", "\ufffe", "\uffff", "\uf8ff", "\u0080"],
        ),
        ("date", ["date"], Kind.TEXT, ["2026-06-12T14:03:00Z", "never"]),
        ("polish", ["polish"], Kind.TEXT, ["ż", '"@en']),
        ("texts", ["texts", "en"], Kind.TEXT, ["a", "b"]),
        ("link", ["link"], Kind.IRI, ["urn:x:2", "https://a.example/%25?b#c", "did:x:ż", "mailto:a@b.example"]),
        ("word", ["word"], Kind.IRI, ["urn:x:2", "https://t.example/one"]),
        ("text", ["text"], Kind.NUMBER, [1, -1, 0, 1.5, -0.0, 2**53 - 1, 1e-7]),
        ("double", ["double"], Kind.NUMBER, [1, 1.5, 100]),
        ("decimal", ["decimal"], Kind.NUMBER, [1, 1.5]),
    ],
)
def test_values_become_what_the_general_way_makes_of_them(member, place, kind, values):
    def with_value(value):
        inner = {"en": value, "pl": "stały"} if member == "texts" else value
        return document(**{member: inner}, inner={"text": "beside"})

    made = template(with_value(values[0]), place)
    assert [hole.kind for hole in made.holes] == [kind]
    for value in values:
        whole = with_value(value)
        found = made.values(orjson.dumps(whole))
        assert found is not None, value
        assert made.canonical(found) == canonicalize(JSONLD.to_rdf(whole)).data


@pytest.mark.parametrize(
    ("value", "others"),
    [
        (
            ("link", "urn:x:2"),
            ["relative", "_:b0", "tag:x:y", "urn:", "urn:a b", "https://", "https://?a", "one", "", 1, None],
        ),
        (("word", "urn:x:2"), ["one", "Thing", "type"]),
        (("text", "a"), [1, True, None, ["a"], {"@value": "a"}]),
        (("text", 1), ["1", True, None, 2**53, float("nan"), float("inf"), 0.1 + 0.2]),
    ],
)
def test_what_it_is_not_certain_of_a_template_says_nothing_about(value, others):
    name, usual = value
    made = template(document(**{name: usual}), [name])
    for other in others:
        assert made.values(orjson.dumps(document(**{name: other}))) is None, other


@pytest.mark.parametrize(
    ("whole", "places"),
    [
        (document(word="one"), [["word"]]),  # names a term, and another would be another IRI
        (document(double="1.5E0"), [["double"]]),  # processors differ in what they do with such a text
        (document(json={"a": "b"}), [["json", "a"]]),  # part of a larger literal
        (document(type="Thing", text="a"), [["type"]]),  # decides what other members mean
        (document(type="urn:x:Thing", text="a"), [["type"]]),
        (document(double={"@value": "1.5E0", "@type": f"{XSD}double"}), [["double", "@value"]]),
        (document(text={"@value": "a", "@language": "pl"}), [["text", "@language"]]),
        (document(text={"@value": "a", "@type": "urn:x:t"}), [["text", "@type"]]),
    ],
)
def test_values_that_mean_more_than_themselves_cannot_vary(whole, places):
    with pytest.raises(UnfitError) as caught:
        template(whole, *places)
    assert caught.value.places == {tuple(place) for place in places}


@pytest.mark.parametrize(
    ("whole", "registry"),
    [
        (document(text=None, inner={"text": "a"}), contexts(**TERMS)),  # orjson writes null for other things, too
        (document(inner={"@context": [OURS], "text": "a"}), contexts(**TERMS)),
        (document(inner={"text": "a"}) | {"@context": [{"x": "urn:x:x"}, OURS]}, contexts(**TERMS)),
        (document(inner={"text": "urn:glejt-hole:0:"}), contexts(**TERMS)),
        (document(inner={"text": "a"}), contexts(**TERMS, urn="https://t.example/prefix#")),
        (document(inner={"text": "a"}), contexts(**TERMS, **{"did:x:y": "https://t.example/z"})),
        (
            document(inner={"text": "a"}, listed={"@reverse": {"link": {"id": "urn:x:2"}}}),
            contexts(**TERMS, listed="https://t.example/listed"),
        ),
    ],
)
def test_documents_in_which_marks_are_no_proof_have_no_template(whole, registry):
    with pytest.raises(UnfitError) as caught:
        template(whole, ["inner", "text"] if "text" in whole["inner"] else ["id"], jsonld=JsonLd(registry))
    assert not caught.value.places


def test_statements_that_become_the_same_are_one():
    made = template(document(text=["a", "b", "c"], link=["urn:x:2", "urn:x:3"]), ["text", 0], ["text", 1], ["link", 1])
    for texts, links in ((["a", "a", "b"], ["urn:x:2", "urn:x:3"]), (["a", "c", "c"], ["urn:x:2", "urn:x:2"])):
        whole = document(text=[*texts[:2], "c"], link=links)
        assert made.canonical(made.values(orjson.dumps(whole))) == canonicalize(JSONLD.to_rdf(whole)).data


def test_no_more_values_vary_than_there_may_be():
    whole = document(inner=[{"text": str(number)} for number in range(MAX_HOLES + 1)])
    with pytest.raises(UnfitError) as caught:
        template(whole, *[["inner", number, "text"] for number in range(MAX_HOLES + 1)])
    assert len(caught.value.places) == 1


def test_a_long_identifier_that_is_repeated_too_often_is_refused_as_always():
    made = template(document(text=[str(number) for number in range(99)]), ["id"])
    whole = document(text=[str(number) for number in range(99)]) | {"id": "urn:x:" + "x" * 100_000}
    with pytest.raises(CanonicalizationBudgetError):
        canonicalize(JSONLD.to_rdf(whole))
    with pytest.raises(CanonicalizationBudgetError):
        made.canonical(made.values(orjson.dumps(whole)))


NODES = st.lists(st.sampled_from(("a", "b", "ą", 'a" .\n_:c14n0 <urn:x> "', "")), min_size=2, max_size=5)


@settings(deadline=None)  # a busy machine is not a failure
@given(NODES, st.lists(st.sampled_from(("a", "b", "c")), min_size=5, max_size=5), st.sampled_from(("sha256", "sha384")))
def test_blank_nodes_are_ranked_anew_for_each_document(names, values, hash_name):
    """Nodes with fixed and with varying texts, linked and listed, more than ten of them, at times some alike."""

    def whole(varying):
        return document(
            inner=[
                {"text": name, "one": {"text": value}, "list": [value, f"end {index}"]}
                for index, (name, value) in enumerate(zip(names, varying, strict=False))
            ]
            + [{"text": name} for name in ("fixed", "also")],
            link=["urn:x:1", "urn:x:2"],
        )

    distinct = whole([f"value {number}" for number in range(5)])
    places = [(*("inner", index), *rest) for index in range(len(names)) for rest in (("one", "text"), ("list", 0))]
    made = Template.of(distinct, places, JSONLD, hash_name)
    found = made.values(orjson.dumps(whole(values)))
    assert made.canonical(found) == canonicalize(JSONLD.to_rdf(whole(values)), hash_name=hash_name).data
