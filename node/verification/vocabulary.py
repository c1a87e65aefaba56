"""The contexts that a verifier or an issuer knows: the bundled ones, and those it pinned itself."""

from collections.abc import Iterator, Mapping
from typing import Final

import orjson

from node.credentials.contexts import BUNDLED, Contexts, PinnedContext
from node.credentials.findings import Finding
from node.documents import JsonObject, JsonValue
from node.proofs.jsonld import JsonLd
from node.proofs.templates.recurring import Recurring

MAX_VOCABULARIES: Final = 16
"""Sets of pinned contexts kept compiled: a server has one per trust file."""

type Definitions = Mapping[str, tuple[JsonValue, ...]]
"""Each term that a context defines, at any depth, with its definitions, each once."""


class Vocabulary:
    """Known contexts by URL, and the processor that reads terms by them; what is compiled is kept."""

    __slots__ = ("_definitions", "contexts", "jsonld", "pinned", "profiles", "recurring")

    profiles: dict[tuple[str | None, ...], tuple[Finding, ...]]
    """What vetting has found for contexts and types."""

    def __init__(self, contexts: Contexts, pinned: frozenset[str]) -> None:
        self.profiles = {}
        self.contexts = contexts
        self.pinned = pinned
        # The base direction of a text is kept; the default of JSON-LD would drop it, and nobody would have signed it.
        self.jsonld = JsonLd(contexts, rdf_direction="i18n-datatype")
        self.recurring = Recurring(self.jsonld)
        self._definitions: dict[str, Definitions] = {}

    def definitions(self, url: str) -> Definitions:
        """What a known context defines."""
        known = self._definitions.get(url)
        if known is None:
            known = self._definitions[url] = definitions_of(self.contexts[url].get("@context"))
        return known


_VOCABULARIES: dict[tuple[tuple[str, str], ...], Vocabulary] = {}


def vocabulary(pinned: tuple[PinnedContext, ...]) -> Vocabulary:
    """The vocabulary with these contexts added; the same one for the same pins, so that compiled contexts are kept."""
    key = tuple((context.url, context.sha256) for context in pinned)
    known = _VOCABULARIES.get(key)
    if known is None:
        if len(_VOCABULARIES) >= MAX_VOCABULARIES:
            _VOCABULARIES.clear()
        contexts = BUNDLED.pin(pinned) if pinned else BUNDLED
        known = _VOCABULARIES[key] = Vocabulary(contexts, frozenset(url for url, _ in key))
    return known


def definitions_of(context: JsonValue) -> Definitions:
    """What a context defines, wherever in it."""
    found: dict[str, dict[bytes, JsonValue]] = {}
    for part in _parts(context):
        for term, definition in part.items():
            if not term.startswith("@"):
                # A context may define one term thousands of times: kept by content, so that nobody compares them all.
                found.setdefault(term, {})[orjson.dumps(definition, option=orjson.OPT_SORT_KEYS)] = definition
    return {term: tuple(definitions.values()) for term, definitions in found.items()}


def exchanged_terms(one: Definitions, other: Definitions) -> tuple[str, str] | None:
    """Two terms that trade meanings between two contexts: what one calls the first, the other calls the second.

    Under such a pair, the statements of a document can be carried from one context to the other with their values
    exchanged, and an RDF proof over them still holds.
    """
    names: dict[str, set[str]] = {}
    for term, definitions in other.items():
        for meaning in _meanings(definitions):
            names.setdefault(meaning, set()).add(term)
    for term, definitions in one.items():
        if term not in other:
            continue
        for meaning in _meanings(definitions):
            if meaning not in _meanings(other[term]) and (elsewhere := names.get(meaning)):
                return term, min(elsewhere)
    return None


def _meanings(definitions: tuple[JsonValue, ...]) -> set[str]:
    """The identifiers that a term stands for."""
    targets = (definition.get("@id") if isinstance(definition, dict) else definition for definition in definitions)
    return {target for target in targets if isinstance(target, str) and not target.startswith("@")}


def _parts(context: JsonValue) -> Iterator[JsonObject]:
    """The context objects in a context: itself, those in a list, and those scoped to its terms."""
    if isinstance(context, list):
        for part in context:
            yield from _parts(part)
    elif isinstance(context, dict):
        yield context
        for definition in context.values():
            if isinstance(definition, dict) and "@context" in definition:
                yield from _parts(definition["@context"])
