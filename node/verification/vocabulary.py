"""The contexts that a verifier knows, and what can be told about a document's contexts before its terms are read.

Contexts decide what a document says, so whoever may choose them freely can make one signed document say two things.

Spec: https://www.w3.org/TR/vc-data-integrity/#context-validation
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from node.credentials.contexts import BUNDLED, Contexts, PinnedContext
from node.documents import JsonObject, JsonValue
from node.proofs.jsonld import JsonLd

MAX_VOCABULARIES: Final = 16
"""Sets of pinned contexts kept compiled: a server has one per trust file."""


@dataclass(frozen=True, slots=True)
class ContextFacts:
    """What one context defines, at any depth: each term with its definitions, and whether it has an @vocab."""

    definitions: Mapping[str, tuple[JsonValue, ...]]
    catches_all: bool


class Vocabulary:
    """The bundled contexts and a verifier's own; compiled ones are kept."""

    __slots__ = ("_facts", "_pinned", "contexts", "jsonld")

    def __init__(self, contexts: Contexts, pinned: frozenset[str]) -> None:
        self.contexts = contexts
        self.jsonld = JsonLd(contexts)
        self._pinned = pinned
        self._facts: dict[str, ContextFacts] = {}

    def is_pinned(self, url: str) -> bool:
        """Whether the verifier itself added this context."""
        return url in self._pinned

    def facts(self, url: str) -> ContextFacts:
        """What is known of a known context."""
        known = self._facts.get(url)
        if known is None:
            known = self._facts[url] = facts_of(self.contexts[url].get("@context"))
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


def facts_of(context: JsonValue) -> ContextFacts:
    """What a context defines, wherever in it."""
    definitions: dict[str, list[JsonValue]] = {}
    catches_all = False
    for part in _parts(context):
        catches_all = catches_all or part.get("@vocab") is not None
        for term, definition in part.items():
            if not term.startswith("@"):
                definitions.setdefault(term, []).append(definition)
    return ContextFacts({term: tuple(found) for term, found in definitions.items()}, catches_all)


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
