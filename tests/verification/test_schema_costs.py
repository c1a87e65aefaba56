"""Schemas and documents that are made to cost: what does not cost little is not judged, and says so."""

import json
import re
import time

import pytest

from node.credentials.schemas.open_badges import judge_form
from node.documents import MAX_CREDENTIAL_BYTES
from node.verification.foreign_schema import UnjudgedSchemaError, judge_by

SECONDS = 2.0
"""Far beyond what judging may take, and far below what each of these took."""


def bytes_of(schema):
    return json.dumps(schema, separators=(",", ":")).encode()


def chain(length, *first):
    parts = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(length)}
    return {"allOf": [{"$ref": f"#/$defs/a{n}"} for n in first], "$defs": {**parts, f"a{length}": {}}}


def of_each(*parts):
    return {"properties": {"x": {"items": {"allOf": list(parts)}}}}


NUMBERS = [str(n) for n in range(5_000)]
COSTLY = {
    "references that lead to one another": (chain(900, 0), {}),
    "the same, the last first": (chain(900, *range(899, 0, -100), 0), {}),
    "one list of values, many times": (
        {**of_each(*[{"$ref": "#/$defs/e"}] * 400), "$defs": {"e": {"enum": [*NUMBERS, {}]}}},
        {"x": ["4999"] * 20_000},
    ),
    "many values, each of them wrong": (of_each(*[{"type": "string"}] * 250), {"x": [1] * 60_000}),
    "one large value, wrong many times": ({"allOf": [{"required": ["zz"]}] * 2_400}, {"x": [[]] * 60_000}),
    "a large pattern": ({"properties": {"x": {"pattern": "(a{1000}){100}b"}}}, {"x": "a" * 200_000}),
    "many patterns": (
        {"properties": {"x": {"allOf": [{"pattern": f"(a?){{40}}b{n}"} for n in range(900)]}}},
        {"x": "a" * 200_000},
    ),
    "patterns that take much memory": ({"allOf": [{"pattern": f"(a|b{n}){{100}}"} for n in range(1_000)]}, {}),
    "many patterns of names": (
        {"patternProperties": {f"(a?){{40}}b{n}": {} for n in range(900)}},
        {"a" * 200_000: 1},
    ),
}


@pytest.mark.threat(56)
@pytest.mark.parametrize("name", COSTLY)
def test_a_schema_that_would_cost_much_is_not_judged(name):
    schema, document = COSTLY[name]
    assert len(json.dumps(document)) <= MAX_CREDENTIAL_BYTES * 2
    begun = time.process_time()
    with pytest.raises(UnjudgedSchemaError):
        judge_by(bytes_of(schema), document)
    assert time.process_time() - begun < SECONDS


@pytest.mark.threat(56)
def test_of_many_errors_there_could_be_only_the_first_is_made():
    few, many = {"x": [1] * 30}, {"x": [1] * 30_000}
    schema = of_each({"type": "string"}, {"minimum": 2})
    assert len(judge_by(bytes_of(schema), few)) == 20
    assert [error.path for error in judge_by(bytes_of(schema), many)] == ["/x/0"]
    assert judge_by(bytes_of(schema), {"x": ["s"] * 30_000}) == ()


@pytest.mark.threat(56)
def test_a_badge_with_thousands_of_errors_is_told_the_first():
    badge = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "evidence": [1] * 80_000,
    }
    begun = time.process_time()
    verdict = judge_form(badge)
    assert verdict.form is None
    assert len(verdict.errors) == 1
    assert time.process_time() - begun < SECONDS
    assert len(judge_form({**badge, "evidence": [1] * 30}).errors) == 20


def test_an_honest_schema_of_some_size_is_judged():
    text = {"type": "string", "pattern": "^\\p{L}[\\p{L} -]*$"}
    schema = {"properties": {f"p{n}": {"$ref": "#/$defs/t"} for n in range(40)}, "$defs": {"t": text}}
    document = {f"p{n}": "Zażółć gęślą jaźń" * 2 for n in range(40)}
    assert judge_by(bytes_of(schema), document) == ()
    (error,) = judge_by(bytes_of(schema), {**document, "p7": "1"})
    assert error.path == "/p7"
    assert re.search("does not match", error.message)
