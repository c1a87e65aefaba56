"""The same documents through glejt, pyld and jsonld.js: byte for byte the same canonical N-Quads."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from interop.samples import document
from peers.client import Peer, PeerError
from pyld import jsonld as pyld

from node.credentials.contexts import BUNDLED
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.jsonld import JsonLd

pytestmark = [pytest.mark.peer, pytest.mark.threat(13)]

DOCUMENTS = int(os.environ.get("GLEJT_DIFFERENTIAL", "2000"))
FIRST = int(os.environ.get("GLEJT_DIFFERENTIAL_FIRST", "0"))  # other documents, for a longer search
BATCH = 100  # documents per request: some megabytes of JSON, and a test that says soon which of them differs


def by_glejt(jsonld: JsonLd, sample: dict[str, Any]) -> str:
    return canonicalize(jsonld.to_rdf(sample)).text


def by_pyld(sample: dict[str, Any]) -> str:
    options = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": _bundled,
        "rdfDirection": "i18n-datatype",
    }
    return pyld.normalize(sample, options)


def _bundled(url: str, _options: dict[str, Any]) -> dict[str, Any]:
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": BUNDLED[url]}


@pytest.mark.parametrize("first", range(FIRST, FIRST + DOCUMENTS, BATCH))
def test_safe_documents_have_the_same_canonical_form_everywhere(first: int, peer: Peer, jsonld: JsonLd):
    seeds = range(first, min(first + BATCH, FIRST + DOCUMENTS))
    samples = [json.loads(json.dumps(document(seed))) for seed in seeds]
    with ThreadPoolExecutor(1) as waiting:
        asked = waiting.submit(peer.canonize, samples)
        expected = [by_pyld(sample) for sample in samples]
        computed = [by_glejt(jsonld, sample) for sample in samples]
        answered = asked.result()

    for seed, from_glejt, from_pyld, from_jsonld_js in zip(seeds, computed, expected, answered, strict=True):
        assert not isinstance(from_jsonld_js, PeerError), f"document({seed}) is not safe: {from_jsonld_js}"
        assert from_glejt == from_pyld, f"document({seed}) differs from pyld"
        assert from_glejt == from_jsonld_js, f"document({seed}) differs from jsonld.js"


def test_the_documents_are_worth_comparing():
    """A generator that makes little would agree with everybody."""
    samples = [document(seed) for seed in range(200)]
    quads = [by_pyld(sample) for sample in samples]
    together = "".join(quads)

    assert sum(text.count("\n") for text in quads) > 50 * len(samples)
    assert sum("_:c14n" in text for text in quads) > 0.9 * len(samples)
    for feature in ("@pl", "i18n#", "#JSON>", "XMLSchema#double", "#first>", "\\\\", '\\"', "\\n", "🪵", "ż"):
        assert feature in together, feature
