"""The JSON-LD processor: documents to quads, losslessly, with a registry of contexts and no network.

Spec: https://www.w3.org/TR/vc-data-integrity/#securing-data-losslessly
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from node.documents import JsonObject, JsonValue
from node.proofs.jsonld.contexts import Contexts
from node.proofs.jsonld.limits import (
    MAX_CACHED_IRIS,
    MAX_SECOND_READING_QUADS,
    MAX_SECOND_READING_WORK,
    MEMO_WEIGHT,
)
from node.proofs.jsonld.memo import Memo
from node.proofs.jsonld.named_reader import NamedReader
from node.proofs.jsonld.node_types import TypeReader
from node.proofs.jsonld.reader import Reader, Shared
from node.proofs.jsonld.refusal import Refusal
from node.proofs.jsonld.second_reading import agree
from node.proofs.quads import Quad


class JsonLd:
    """Turns documents into RDF with the contexts it was given, and with no others.

    The contexts are a frozen registry from URL to context document; they are read on demand and never changed.
    rdf_direction says how a text direction is kept: with None, a document that has one is refused, because processors
    then drop it and it would be signed by nobody.

    One processor serves all threads. It remembers what contexts mean, within bounds.
    """

    __slots__ = ("_beginnings", "_registry", "_shared")

    def __init__(
        self,
        contexts: Mapping[str, JsonObject],
        *,
        rdf_direction: Literal["i18n-datatype"] | None = None,
    ) -> None:
        compiled = Contexts(contexts)
        self._registry = contexts
        self._beginnings: Memo[str, frozenset[str]] = Memo(MEMO_WEIGHT)
        self._shared = Shared(
            contexts=compiled,
            types=TypeReader(compiled, Memo(MEMO_WEIGHT)),
            iris=Memo(MAX_CACHED_IRIS),
            keeps_direction=rdf_direction is not None,
        )

    def to_rdf(self, document: JsonObject, *, names: Mapping[int, str] | None = None) -> list[Quad]:
        """The RDF dataset of the document: every member of it is in a statement, or the document is refused.

        The order of the quads and the names of the blank nodes mean nothing, and a quad may be there twice. With
        `names`, from the `id()` of objects and arrays, the blank nodes are called by these (`NamedReader`). Raises
        DataLossError, with its path, for what no statement would carry; ContextInvalidError and JsonLdError for what
        is not JSON-LD 1.1; UnknownContextError for a context that is not in the registry; BudgetExceededError for a
        document that costs too much; UnsupportedProofError where JSON-LD processors would read it differently.

        Spec: https://www.w3.org/TR/json-ld11-api/#deserialize-json-ld-to-rdf-algorithm
        """
        reader = Reader(self._shared) if names is None else NamedReader(self._shared, names)
        try:
            quads = reader.read(document)
            if reader.twice:
                self._read_again(document, reader)
        except Refusal as refusal:
            raise refusal.to_error() from None
        return quads

    @property
    def contexts(self) -> Mapping[str, JsonObject]:
        """The registry."""
        return self._registry

    def beginnings(self, url: str) -> frozenset[str] | None:
        """What names begin with, up to a colon, that a context or one it leads to defines anywhere; None if unknown."""
        known = self._beginnings.get(url)
        if known is None and url in self._registry:
            known = frozenset(_beginnings(url, self._registry))
            self._beginnings.put(url, known, len(known))
        return known

    def is_rare(self, document: JsonObject) -> bool:
        """Whether the document has features for which `to_rdf` asks a second processor; it must be one that is read."""
        reader = Reader(self._shared)
        reader.read(document)
        return reader.twice

    def _read_again(self, document: JsonObject, reader: Reader) -> None:
        if len(reader.quads) > MAX_SECOND_READING_QUADS or reader.work.spent > MAX_SECOND_READING_WORK:
            raise Refusal("context.budget", "the document has rare features and is too large to be read twice")
        agree(document, reader.quads, self._registry, keeps_direction=self._shared.keeps_direction)


def _beginnings(url: str, contexts: Mapping[str, JsonObject]) -> Iterator[str]:
    pending: list[JsonValue] = [contexts[url]]
    seen = {url}
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            for name in value:
                yield name.partition(":")[0]
            pending += value.values()
        elif isinstance(value, list):
            pending += value
        elif isinstance(value, str) and value in contexts and value not in seen:
            seen.add(value)
            pending.append(contexts[value])
