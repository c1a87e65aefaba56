"""Row 9: keywords in unusual places. What is accepted says in its quads exactly what the document shows.

Random documents over a small vocabulary, with every keyword thrown in. Each text, identifier and type in them is
unique, so that a claim that is shown and not signed, or signed and not shown, is seen by its marker; the oracle reads
the JSON and the quads, and knows no JSON-LD but the property that each member name stands for.
"""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonld_support import outcome

from node.proofs.errors import ProofsError
from node.proofs.jsonld import JsonLd
from node.proofs.quads import Quad

pytestmark = pytest.mark.threat(9)

T = "https://terms.example/"
CONTEXT = {
    "text": T + "text",
    "ref": {"@id": T + "ref", "@type": "@id"},
    "node": T + "node",
    "list": {"@id": T + "list", "@container": "@list"},
    "langs": {"@id": T + "langs", "@container": "@language"},
    "graph": {"@id": T + "graph", "@container": "@graph"},
    "byId": {"@id": T + "byId", "@container": "@id"},
    "index": {"@id": T + "index", "@container": "@index"},
    "json": {"@id": T + "json", "@type": "@json"},
    "back": {"@reverse": T + "back"},
    "nest": "@nest",
    "id": "@id",
    "secret": None,
}
PROPERTY_OF = {name: name for name, meaning in CONTEXT.items() if meaning not in ("@nest", "@id", None)}
PROPERTY_OF["other"] = "text"  # in the one inline context that defines it
PROCESSOR = JsonLd({})
MARKER = re.compile(r"\b[vnt]x[0-9]+x")

VALUE, NAME, TYPE = "VALUE", "urn:NAME", "urn:TYPE"
texts = st.just(VALUE)
names = st.just(NAME)


def members(nodes: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    items = st.lists(texts | nodes, max_size=2)
    tagged = st.sampled_from([{}, {"@language": "pl"}, {"@language": "x y"}, {"@type": "urn:TYPE"}, {"text": VALUE}])
    anything = st.one_of(
        texts,
        nodes,
        items,
        tagged.map(lambda tags: {"@value": VALUE, **tags}),
        items.map(lambda some: {"@list": some}),
        items.map(lambda some: {"@set": some}),
        st.none(),
    )
    usual = {
        "text": texts,
        "ref": names,
        "node": nodes,
        "list": items,
        "langs": st.dictionaries(st.sampled_from(["pl", "en", "@none"]), texts, max_size=2),
        "graph": nodes,
        "byId": st.dictionaries(names, nodes, max_size=1),
        "index": st.dictionaries(st.sampled_from(["@none", VALUE]), nodes, max_size=1),
        "json": anything,
        "back": nodes,
        "nest": nodes,
        "id": names,
        "@id": names,
        "@type": st.just(TYPE) | st.lists(st.just(TYPE), max_size=2),
        "@graph": nodes,
        "@included": nodes,
        "@nest": nodes,
        "@reverse": st.dictionaries(st.sampled_from(["node", "text", "back"]), nodes, max_size=2),
    }
    odd = {
        "@context": st.sampled_from([None, {}, [], {"text": None}, {"@vocab": None}, {"other": T + "text"}]),
        **dict.fromkeys(("@index", "@value", "@language", "secret", "unknown", "other"), texts),
        **dict.fromkeys(("@list", "@set", "@none", "@type", "@graph", "text", "ref", "langs", "byId"), anything),
    }
    pairs = [st.tuples(st.just(name), value) for table in (usual, usual, odd) for name, value in table.items()]
    return st.lists(st.one_of(pairs), max_size=4).map(dict)


documents = st.recursive(st.just({"text": VALUE}), members, max_leaves=6)


def marked(value: Any, seen: list[int]) -> Any:
    """The document with each placeholder replaced by a marker of its own."""
    if isinstance(value, dict):
        return {marked(name, seen): marked(member, seen) for name, member in value.items()}
    if isinstance(value, list):
        return [marked(item, seen) for item in value]
    for placeholder, letter in ((VALUE, "v"), ("NAME", "n"), ("TYPE", "t")):
        if isinstance(value, str) and value.endswith(placeholder):
            seen.append(len(seen))
            return value.replace(placeholder, f"{letter}x{len(seen)}x")
    return value


def shown(document: Any) -> set[str]:
    return set(MARKER.findall(json.dumps(document)))


def signed(quads: list[Quad]) -> set[str]:
    return {marker for quad in quads for term in quad for marker in MARKER.findall(term)}


def claims_shown(value: Any, name: str = "") -> set[tuple[str, str]]:
    """Each text with the property that the nearest member name around it stands for."""
    if name == "json":  # kept as it is, names and all
        return {(name, marker) for marker in texts_in(json.dumps(value))}
    if isinstance(value, dict):
        return {
            claim
            for member, item in value.items()
            for claim in claims_shown(
                list(item.values()) if member == "langs" and isinstance(item, dict) else item,  # named by languages
                PROPERTY_OF.get(member, name),
            )
        }
    if isinstance(value, list):
        return {claim for item in value for claim in claims_shown(item, name)}
    return {(name, marker) for marker in texts_in(value)} if isinstance(value, str) else set()


def texts_in(text: str) -> set[str]:
    return {marker for marker in MARKER.findall(text) if marker.startswith("v")}


def claims_signed(quads: list[Quad]) -> set[tuple[str, str]]:
    """Each text with the property of its statement; an item of a list has the property of the list."""
    rest = {object_: subject for subject, predicate, object_, _ in quads if predicate.endswith("#rest>")}
    owner = {object_: predicate for _, predicate, object_, _ in quads if predicate.startswith(f"<{T}")}
    claims = set()
    for subject, predicate, object_, _ in quads:
        cell = subject
        property_ = predicate
        while property_.endswith(("#first>", "#rest>")):
            while cell in rest and cell not in owner:
                cell = rest[cell]
            property_ = owner.get(cell) or next(first[1] for first in quads if first[2] == cell)
            cell = next(first[0] for first in quads if first[2] == cell and first[1] == property_)
        claims |= {(property_.removeprefix(f"<{T}")[:-1], marker) for marker in texts_in(object_)}
    return claims


@given(document=documents)
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_what_is_accepted_is_signed_as_it_is_shown(document):
    document = {
        "@context": CONTEXT,
        **{name: value for name, value in marked(document, []).items() if name != "@context"},
    }
    assume(not outcome(PROCESSOR, document))
    quads = PROCESSOR.to_rdf(document)

    assert signed(quads) == shown(document)
    assert claims_signed(quads) == claims_shown({name: value for name, value in document.items() if name != "@context"})


@pytest.mark.parametrize(
    "members",
    [
        {"text": VALUE},
        {"id": NAME, "nest": {"text": VALUE}, "@type": TYPE},
        {"@id": NAME, "@reverse": {"node": {"@id": NAME, "text": VALUE}}},
        {"@included": [{"text": VALUE}], "node": {"@graph": {"text": VALUE}}},
        {"graph": [{"text": VALUE}, {"id": NAME, "ref": NAME}]},
        {"list": [VALUE, {"@list": [VALUE, {"text": VALUE}]}], "langs": {"pl": VALUE, "@none": VALUE}},
        {"byId": {NAME: {"text": VALUE}}, "json": {"text": [VALUE]}, "back": {"id": NAME, "text": VALUE}},
        {"node": {"@context": {"other": T + "text"}, "other": VALUE}, "index": {"@none": {"text": VALUE}}},
    ],
    ids=json.dumps,
)
def test_the_oracle_sees_what_is_accepted(members):
    """The grammar reaches accepted documents, and the oracle knows each of their features."""
    document = {"@context": CONTEXT, **marked(members, [])}

    quads = PROCESSOR.to_rdf(document)

    assert signed(quads) == shown(document) != set()
    assert claims_signed(quads) == claims_shown(marked(members, []))


@pytest.mark.parametrize(
    "members",
    [
        {"node": {"@context": None, "text": VALUE}},
        {"@context": [CONTEXT, {"text": None}], "text": VALUE},
        {"node": {"@context": {"text": None}, "text": VALUE}},
        {"secret": VALUE},
        {"nest": {"secret": VALUE}},
        {"@included": {"id": NAME}},
        {"@graph": {"id": NAME}, "text": VALUE},
        {"graph": {"id": NAME}},
        {"index": {VALUE: {"text": VALUE}}},
        {"node": {"@index": VALUE, "text": VALUE}},
        {"node": {"@language": "pl", "text": VALUE}},
        {"@reverse": {"text": VALUE}},
        {"@none": VALUE},
    ],
    ids=json.dumps,
)
def test_what_would_hide_is_refused(members):
    with pytest.raises(ProofsError):
        PROCESSOR.to_rdf({"@context": CONTEXT, **marked(members, [])})
