"""Every sample document of the published test data: read as pyld reads it, or refused for a reason listed here."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonld_support import outcome, published_contexts, read_by_both
from support import vectors

from node.proofs.jsonld import JsonLd

pytestmark = [pytest.mark.vectors, pytest.mark.threat(13)]

REFUSED = {
    # Terms and types that no context of the document defines.
    "dcc-vc-test-fixtures/dids/oidf/did.json": "context.undefined_type",
    "elm/samples/credential-sample.jsonld": "context.undefined_term",  # a Greek iota in eIDASIdentifier
    "openbadges/1edtech-validator/simple-err-context.json": "context.undefined_type",
    "openbadges/1edtech-validator/simple-err-credential-subject-identifier-type.json": "context.undefined_type",
    "openbadges/1edtech-validator/simple-err-credential-subject-result-type.json": "context.undefined_type",
    "openbadges/1edtech-validator/simple-err-evidence-type.json": "context.undefined_type",
    "openbadges/1edtech-validator/simple-err-issuer-parentorg-type.json": "context.undefined_type",
    "openbadges/1edtech-validator/simple-err-type.json": "context.undefined_type",
    "vc-data-model-2.0/input/credential-no-type-fail.json": "context.undefined_term",
    "vc-data-model-2.0/input/credential-proof-ok.json": "context.undefined_term",  # in its proof
    "vc-data-model-2.0/input/names-and-descriptions/credential-name-extra-prop-en-fail.json": "context.undefined_term",
    "vc-data-model-2.0/input/names-and-descriptions/issuer-name-extra-prop-en-fail.json": "context.undefined_term",
    # What no statement would carry.
    "vc-data-model-2.0/input/presentation-enveloped-vc-missing-type-fail.json": "context.free_value",
    "vc-data-model-2.0/input/presentation-vc-as-string-fail.json": "context.free_value",
    # Relative identifiers.
    "rdf-canon/tests/manifest.jsonld": "context.base",
    "vc-data-model-2.0/input/credential-context-combo3-fail.json": "context.relative_iri",
    "vc-data-model-2.0/input/credential-status-nonurl-id-fail.json": "context.relative_iri",
    # Identifiers that are no strings.
    "vc-data-model-2.0/input/credential-id-nonidentifier-fail.json": "context.syntax",
    "vc-data-model-2.0/input/credential-id-subject-multi-fail.json": "context.syntax",
    "vc-data-model-2.0/input/credential-issuer-object-id-null-fail.json": "context.syntax",
    # Contexts against the rules; the educredential one has an entry "context" in a term definition.
    "edu-samples-surf/mbob_eo_eov_extracurricular_full.json": "context.invalid",
    "edu-samples-surf/theed_regular_embedded_ho.json": "context.invalid",
    "vc-data-model-2.0/input/credential-redef-type-fail.json": "context.protected",
    "vc-data-model-2.0/input/credential-type-mapped-nonurl-fail.json": "context.invalid",
}
DIRECTED = {
    f"vc-data-model-2.0/input/names-and-descriptions/{name}-language-direction-en-ok.json"
    for name in ("credential-name", "credential-description", "issuer-name", "issuer-description")
}
"""Documents with a text direction: refused unless the processor is told how to keep it."""
READ = 184


def samples() -> Iterator[tuple[str, dict[str, Any]]]:
    root = vectors()
    for path in sorted(root.rglob("*.json*")):
        name = path.relative_to(root).as_posix()
        if path.suffix in {".json", ".jsonld"} and "json-ld-api" not in path.parts and "contexts" not in path.parts:
            try:
                document = json.loads(path.read_bytes())
            except ValueError:
                continue  # one published schema is not JSON
            if isinstance(document, dict) and "@context" in document:
                yield name, document


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    return dict(samples())


def test_each_sample_is_read_or_refused_as_listed(documents):
    processor = JsonLd(published_contexts())

    outcomes = {name: outcome(processor, document) for name, document in documents.items()}

    assert {name: code for name, code in outcomes.items() if code} == REFUSED | dict.fromkeys(
        DIRECTED, "context.direction"
    )
    assert len(outcomes) - len(REFUSED) - len(DIRECTED) == READ


def test_each_sample_that_is_read_is_read_by_pyld_as_the_same_dataset(documents):
    processor = JsonLd(published_contexts(), rdf_direction="i18n-datatype")

    compared = [name for name in documents if name not in REFUSED]
    for name in compared:
        read_by_both(processor, documents[name])  # raises context.disagreement

    assert len(compared) == READ + len(DIRECTED)


def test_a_warm_processor_answers_as_a_cold_one(documents):
    warm = JsonLd(published_contexts())
    for name in (*documents, *reversed(documents)):
        cold = JsonLd(published_contexts())
        assert outcome(warm, documents[name]) == outcome(cold, documents[name]), name
