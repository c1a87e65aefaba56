"""The W3C test suite "Transform JSON-LD to RDF": each test gives the expected result or is refused by name.

Source: w3c/json-ld-api, tests/toRdf-manifest.jsonld. No document there has a base IRI of ours, so all that rely on
one are refused; so is what the suite wants dropped without a word.
"""

import json
import re
from collections import Counter
from functools import cache
from typing import Any

import pyoxigraph
import pytest
from support import vectors

from node.proofs.errors import ProofsError
from node.proofs.jsonld import JsonLd, processor
from node.proofs.quads import Quad, to_nquad

pytestmark = [pytest.mark.vectors, pytest.mark.threat(13)]

BASE = "https://w3c.github.io/json-ld-api/tests/"

OUTCOMES = {
    "expected, by our reading": 172,
    "expected, by two readings": 44,
    "syntax accepted, by our reading": 16,
    # Positive tests that rely on a base IRI.
    "positive, refused: context.base": 43,
    "positive, refused: context.relative_iri": 27,
    # Positive tests in which something is dropped, or is not in the RDF.
    "positive, refused: context.index": 13,
    "positive, refused: context.undefined_term": 12,
    "positive, refused: context.direction": 6,
    "positive, refused: context.free_value": 5,
    "positive, refused: context.invalid_iri": 5,
    "positive, refused: context.null_value": 2,
    "positive, refused: context.blank_predicate": 1,
    "positive, refused: context.language": 1,
    "positive, refused: context.null_term": 1,
    "positive, refused: context.undefined_type": 1,
    "positive, refused: context.value_members": 1,
    # A number that JSON readers round.
    "positive, refused: context.number": 1,
    # Negative tests.
    "negative, refused: context.invalid": 39,
    "negative, refused: context.protected": 17,
    "negative, refused: context.syntax": 16,
    "negative, refused: context.free_value": 6,
    "negative, refused: context.relative_iri": 6,
    "negative, refused: context.value_members": 3,
    "negative, refused: context.base": 2,
    "negative, refused: context.index": 1,
    "negative, refused: context.invalid_iri": 1,
    "negative, refused: context.unknown": 1,
}
APPLICABLE = 444
WITHOUT_INPUT = 1  # ter56, whose input is not in the suite's folder; restated below


@cache
def applicable() -> list[dict[str, Any]]:
    """The entries but those for JSON-LD 1.0, generalized RDF and the non-normative ones."""
    manifest = json.loads(vectors("json-ld-api", "tests", "toRdf-manifest.jsonld").read_text("utf-8"))
    return [entry for entry in manifest["sequence"] if _applies(entry.get("option", {}))]


def _applies(option: dict[str, Any]) -> bool:
    return (
        option.get("specVersion") != "json-ld-1.0"
        and option.get("processingMode") != "json-ld-1.0"
        and option.get("normative") is not False
        and not option.get("produceGeneralizedRdf")
    )


def read(name: str) -> Any:
    return json.loads(vectors("json-ld-api", "tests", name).read_text("utf-8"))


def document_of(entry: dict[str, Any]) -> dict[str, Any]:
    """The input; an array is written as the graph that it means, an expandContext as a context."""
    document = read(entry["input"])
    if isinstance(document, list):
        document = {"@graph": document}
    if expand_context := entry.get("option", {}).get("expandContext"):
        given = read(expand_context)["@context"]
        document = {**document, "@context": [given, document["@context"]] if "@context" in document else given}
    return document


def dataset(nquads: str) -> set[str]:
    """The dataset in pyoxigraph's canonical form, language tags in lower case as RDF 1.1 lets one write them."""
    parsed = pyoxigraph.parse(nquads.encode(), format=pyoxigraph.RdfFormat.N_QUADS, lenient=True)
    found = pyoxigraph.Dataset(parsed)
    found.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return {re.sub(r'(?<=")@[A-Za-z0-9-]+', lambda tag: tag[0].lower(), str(quad)) for quad in found}


def expected(entry: dict[str, Any]) -> set[str]:
    return dataset(vectors("json-ld-api", "tests", entry["expect"]).read_text("utf-8"))


def produced(quads: list[Quad]) -> set[str]:
    return dataset("".join(map(to_nquad, quads)))


def result_of(entry: dict[str, Any], document: dict[str, Any], jsonld: JsonLd, second_readings: list[object]) -> str:
    kind = entry["@type"][0].removeprefix("jld:")
    second_readings.clear()
    try:
        quads = jsonld.to_rdf(document)
    except ProofsError as error:
        sign = "negative" if kind == "NegativeEvaluationTest" else "positive"
        return f"{sign}, refused: {error.code if error.remedy else 'WITHOUT REMEDY'}"
    by = "two readings" if second_readings else "our reading"
    if kind == "PositiveSyntaxTest":
        return f"syntax accepted, by {by}"
    if kind == "PositiveEvaluationTest" and produced(quads) == expected(entry):
        return f"expected, by {by}"
    return f"DIFFERENT: {entry['@id']} {entry['name']}"


@pytest.fixture
def second_readings(monkeypatch):
    seen = []
    agree = processor.agree
    monkeypatch.setattr(processor, "agree", lambda *given, **named: (seen.append(1), agree(*given, **named)))
    return seen


def test_every_test_is_as_expected_or_refused_by_name(second_readings):
    outcomes = Counter()
    without_input = 0
    for entry in applicable():
        if not vectors("json-ld-api", "tests", entry["input"]).is_file():
            without_input += 1
            continue
        outcomes[result_of(entry, document_of(entry), JsonLd({}), second_readings)] += 1

    assert dict(outcomes) == OUTCOMES
    assert without_input == WITHOUT_INPUT
    assert sum(outcomes.values()) + without_input == APPLICABLE


def test_negative_test_er56_without_its_file():
    """A term definition for @context itself is a keyword redefinition."""
    with pytest.raises(ProofsError) as refused:
        JsonLd({}).to_rdf({"@context": {"@context": {"p": "ex:p"}}, "@id": "ex:1", "p": "value"})

    assert (refused.value.code, refused.value.path) == ("context.invalid", "/@context/@context")


@pytest.mark.parametrize("name", ["#ter38", "#ter39"])
def test_negative_tests_that_are_easily_accepted(name):
    entry = next(entry for entry in applicable() if entry["@id"] == name)

    with pytest.raises(ProofsError) as refused:
        JsonLd({}).to_rdf(document_of(entry))

    assert refused.value.code == "context.value_members"


# Tests whose contexts are named by relative URLs, which a registry cannot have: with the names written out.
NAMED_BY_RELATIVE_URL = {
    "#tc034": "expected, by our reading",
    "#te126": "expected, by our reading",
    "#te127": "expected, by our reading",
    "#te128": "expected, by our reading",
    "#ter05": "negative, refused: context.invalid",
    "#tso03": "negative, refused: context.invalid",
    "#tso05": "expected, by two readings",
    "#tso06": "expected, by two readings",
    "#tso07": "negative, refused: context.protected",
    "#tso08": "expected, by two readings",
    "#tso09": "expected, by two readings",
    "#tso10": "negative, refused: context.protected",
    "#tso11": "expected, by two readings",
    "#tso12": "negative, refused: context.invalid",
    "#tso13": "negative, refused: context.invalid",
}


def written_out(value: Any, folder: str, names: set[str]) -> Any:
    """The value with each relative name of a context file written out, and the files named."""
    if isinstance(value, dict):
        return {key: written_out(member, folder, names) for key, member in value.items()}
    if isinstance(value, list):
        return [written_out(item, folder, names) for item in value]
    if isinstance(value, str) and re.fullmatch(r"[a-z0-9-]+\.jsonld", value):
        names.add(f"{folder}/{value}")
        return f"{BASE}{folder}/{value}"
    return value


def registry_of(names: set[str]) -> dict[str, Any]:
    registry: dict[str, Any] = {}
    while missing := {name for name in names if BASE + name not in registry}:
        for name in missing:
            registry[BASE + name] = written_out(read(name), name.split("/")[0], names)
    return registry


def test_contexts_with_their_names_written_out(second_readings):
    outcomes = {}
    for entry in applicable():
        if entry["@id"] in NAMED_BY_RELATIVE_URL:
            names: set[str] = set()
            document = written_out(document_of(entry), entry["input"].split("/")[0], names)
            outcomes[entry["@id"]] = result_of(entry, document, JsonLd(registry_of(names)), second_readings)

    assert outcomes == NAMED_BY_RELATIVE_URL


@pytest.mark.parametrize("name", ["#tdi09", "#tdi10"])
def test_text_directions_are_kept_when_the_processor_is_told_how(name):
    """The suite's two tests of i18n-datatype, not normative there."""
    manifest = read("toRdf-manifest.jsonld")
    entry = next(entry for entry in manifest["sequence"] if entry["@id"] == name)

    quads = JsonLd({}, rdf_direction="i18n-datatype").to_rdf(document_of(entry))

    assert produced(quads) == expected(entry)
