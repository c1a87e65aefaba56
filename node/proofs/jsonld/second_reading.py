"""A second, independent reading of documents with rare features, by pyld.

Features that hardly any credential uses (@nest, @reverse, @included, @import, indexed maps) are also those that
processors read differently. Such a document is answered only if two processors agree on what it says. Ours has by then
refused everything that would be lost, with its place; pyld drops such things silently, so its word alone counts for
nothing.

What this module must do, because pyld does otherwise by itself: give it no network, no shared memory, its own copy of
each context (it changes them), and a base that shows (it invents one).
"""

import copy
from collections.abc import Mapping
from typing import Any, Final

from node.documents import JsonObject
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.jsonld.refusal import Refusal
from node.proofs.quads import Quad, iri_term, literal_term

_BASE: Final = "https://no-base.invalid/"
"""Reserved for being nowhere (RFC 2606); an identifier under it agrees with none of ours."""


def agree(
    document: JsonObject, quads: list[Quad], contexts: Mapping[str, JsonObject], *, keeps_direction: bool
) -> None:
    """Raises Refusal unless pyld reads the same dataset out of the document."""
    theirs = read(document, contexts, keeps_direction=keeps_direction)
    if canonicalize(quads).nquads != canonicalize(theirs).nquads:
        raise Refusal("context.disagreement", "two JSON-LD processors read this document differently")


def read(document: JsonObject, contexts: Mapping[str, JsonObject], *, keeps_direction: bool) -> list[Quad]:
    """What pyld makes of the document. It may leave members out without a word."""
    from pyld import jsonld  # noqa: PLC0415 - loads lxml, which a verifier of ordinary credentials never needs
    from pyld.context_resolver import ContextResolver  # noqa: PLC0415 - as above

    def load(url: str, _options: Mapping[str, object]) -> dict[str, object]:
        return {"contextUrl": None, "documentUrl": url, "document": copy.deepcopy(contexts[url]), "tag": None}

    options: dict[str, Any] = {
        "base": _BASE,
        "contextResolver": ContextResolver({}, load),
        "documentLoader": load,
        "processingMode": "json-ld-1.1",
        "rdfDirection": "i18n-datatype" if keeps_direction else None,
    }
    try:
        dataset = jsonld.to_rdf(document, options)
        return [_quad(triple, name) for name, triples in dataset.items() for triple in triples]
    except Exception as error:  # a foreign processor: whatever it raises means that it does not agree
        raise Refusal("context.disagreement", f"a second JSON-LD processor refuses this document: {error}") from error


def _quad(triple: Mapping[str, Mapping[str, str]], graph: str) -> Quad:
    return (
        _term(triple["subject"]),
        _term(triple["predicate"]),
        _term(triple["object"]),
        "" if graph == "@default" else _resource(graph),
    )


def _term(term: Mapping[str, str]) -> str:
    if term["type"] == "literal":
        return literal_term(term["value"], term["datatype"], term.get("language"))
    return _resource(term["value"])


def _resource(name: str) -> str:
    return name if name.startswith("_:") else iri_term(name)
