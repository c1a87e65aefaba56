"""Small documents of which part would be lost on the way to RDF, each losing one thing in one way.

Terms are `a` (defined) and `b` (not), the node is `urn:x`; so what is missing from the quads is seen at a glance.
"""

from typing import Any

A = "https://terms.example/a"
B = "https://terms.example/b"


def _node(context: Any, **members: Any) -> dict[str, Any]:
    return {"@context": context, "@id": "urn:x"} | members


LOST: dict[str, dict[str, Any]] = {
    "undefined term": _node({"a": A}, a=1, b=2),
    "undefined term in a nested node": _node({"a": A}, a={"@id": "urn:y", "b": 2}),
    "undefined term in an array": _node({"a": A}, a={"@set": [1, {"b": 1}]}),
    "undefined term under @nest": _node({"a": A, "n": "@nest"}, n={"a": 1, "b": 2}),
    "undefined term in @reverse": _node({"a": A}, **{"@reverse": {"b": {"@id": "urn:y"}}}),
    "undefined term in @included": _node({"a": A}, a=1, **{"@included": [{"@id": "urn:y", "b": 2}]}),
    "undefined term in @graph": {"@context": {"a": A}, "@id": "urn:g", "@graph": [{"@id": "urn:x", "a": 1, "b": 2}]},
    "term of another type's context": _node(
        {"T": {"@id": "https://terms.example/T", "@context": {"b": B}}, "a": A}, a={"b": 1}, **{"@type": "T"}
    ),
    "nested context of null": _node({"a": A}, a={"@context": None, "a": "x"}),
    "term mapped to null": _node({"a": A, "b": None}, a=1, b=2),
    "term with an @id of null": _node({"a": A, "b": {"@id": None}}, a=1, b=2),
    "type mapped to null": _node({"a": A, "T": None}, a=1, **{"@type": "T"}),
    "undefined type": _node({"a": A}, a=1, **{"@type": "T"}),
    "relative type of a value": _node({"a": A}, a={"@value": "x", "@type": "T"}),
    "relative @id": {"@context": {"a": A}, "@id": "relative", "a": 1},
    "relative @id with a path": {"@context": {"a": A}, "@id": "../x", "a": 1},
    "empty @id": _node({"a": A}, a={"@id": "", "a": 1}),
    "relative reference": _node({"a": {"@id": A, "@type": "@id"}}, a="relative"),
    "undefined term as a reference": _node({"a": {"@id": A, "@type": "@vocab"}}, a="b"),
    "relative @vocab": _node({"@vocab": "relative/"}, a=1),
    "empty @vocab": _node({"@vocab": ""}, a=1),
    "@id that no IRI may be": _node({"a": A}, a={"@id": "urn:with space", "a": 1}),
    "reference that no IRI may be": _node({"a": {"@id": A, "@type": "@id"}}, a="urn:with space"),
    "type that no IRI may be": _node({"a": A}, a=1, **{"@type": "urn:with space"}),
    "blank node as a predicate": _node({"a": A, "b": "_:b"}, a=1, b=2),
    "value object with another member": _node({"a": A}, a={"@value": "x", "b": 1}),
    "value object of null": _node({"a": A}, a={"@value": None}),
    "language that is no tag": _node({"a": A}, a={"@value": "x", "@language": "no tag"}),
    "text outside a node": {"@context": {"a": A}, "@graph": ["text", {"@id": "urn:x", "a": 1}]},
    "node that says nothing": {"@context": {"a": A}, "@graph": [{"@id": "urn:y"}, {"@id": "urn:x", "a": 1}]},
    "look-alike of a keyword": _node({"a": A}, a=1, **{"@nosuchkeyword": 2}),
}
"""jsonld.js in safe mode refuses each of these; so must glejt."""

WRONG: dict[str, dict[str, Any]] = {
    "two identifiers": _node({"a": A, "id": "@id"}, id="urn:y", a=1),
    "number as an @id": _node({"a": A}, a={"@id": 3}),
    "null as an @id": _node({"a": A}, a={"@id": None, "a": 1}),
    "protected term defined again": _node([{"@protected": True, "a": A}, {"a": B}], a=1),
    "term that looks like another IRI": _node({"a:b": A}, **{"a:b": 1}),
    "term mapped to a relative IRI": _node({"a": "relative"}, a=1),
    "term with a relative datatype": _node({"a": {"@id": A, "@type": "T"}}, a="x"),
    "value under @reverse": _node({"a": {"@reverse": A}}, a="x"),
    "value object with two meanings": _node({"a": A}, a={"@value": "x", "@id": "urn:y"}),
    "value with type and language": _node({"a": A}, a={"@value": "x", "@type": B, "@language": "en"}),
    "context that nobody gave": _node("https://unknown.example/context", a=1),
    "cyclic definition": _node({"a": "c:a", "c": "a:c"}, a=1),
}
"""Not lossy but against the rules of JSON-LD: everybody refuses."""
