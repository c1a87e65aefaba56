"""Containers of a property: graphs, and objects whose member names are languages, indexes, identifiers or types.

Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, steps 13.7, 13.8 and 13.12
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from node.documents import JsonObject, JsonValue
from node.proofs.jsonld import keywords
from node.proofs.jsonld.active_context import ActiveContext, checked_language
from node.proofs.jsonld.member import Member
from node.proofs.jsonld.node_types import type_term
from node.proofs.jsonld.place import Place, Scope
from node.proofs.jsonld.refusal import Refusal, Step, check_depth, told

if TYPE_CHECKING:
    from node.proofs.jsonld.reader import Reader

MAPS: Final = frozenset({"@language", "@index", "@id", "@type"})


def graphs(reader: "Reader", key: Member, value: JsonValue, scope: Scope, terms: list[str]) -> None:
    """Appends a graph of its own for each node, as with the proofs of a credential."""
    check_depth(scope.depth)
    if isinstance(value, list):
        for index, item in enumerate(value):
            with Step(index):
                graphs(reader, key, item, Scope(scope.active, scope.graph, scope.depth + 1), terms)
    elif value is not None:
        name = reader.terms.blank()
        keywords.free(reader, value, key, Scope(scope.active, name, scope.depth))
        terms.append(name)


def map_entries(reader: "Reader", key: Member, value: JsonObject, scope: Scope, place: Place) -> list[str]:
    """The terms for the entries of a map."""
    terms: list[str] = []
    index_map = _IndexMap(reader, key, scope, place)
    for name, entry in value.items():
        with Step(name):
            if "@language" in key.container:
                terms += _texts(reader, key, scope.active, name, entry)
            else:
                terms += index_map.entry(name, entry)
    return terms


def _texts(reader: "Reader", key: Member, active: ActiveContext, name: str, entry: JsonValue) -> list[str]:
    """The texts in one language; step 13.7."""
    language = None if active.vocabulary(name) == "@none" else checked_language(name)
    if isinstance(entry, str):
        return [reader.terms.text(entry, None, language, key.direction)]
    terms: list[str] = []
    for index, item in enumerate(entry if isinstance(entry, list) else [entry]):
        if isinstance(item, str):
            terms.append(reader.terms.text(item, None, language, key.direction))
        elif item is not None:
            steps = (index,) if isinstance(entry, list) else ()
            raise Refusal("context.syntax", f"{told(item)} is no text", *steps)
    return terms


@dataclass(frozen=True, slots=True)
class _IndexMap:
    """A map by @index, @id or @type; step 13.8. All of them are rare."""

    reader: "Reader"
    key: Member
    scope: Scope
    place: Place

    def entry(self, name: str, entry: JsonValue) -> list[str]:
        """The terms under one index, once what the index says about them is said."""
        reader, key, active = self.reader, self.key, self.scope.active
        reader.twice = True
        indexed = None if active.vocabulary(name) == "@none" else name
        property_ = None
        if indexed is not None and "@index" in key.container:
            if key.definition is None or key.definition.index is None:
                raise Refusal("context.index", f"no statement would carry the index {told(name)}")
            property_ = reader.member(key.definition.index, active)
        context = self._context(name)
        terms: list[str] = []
        if not isinstance(entry, list):
            entry = [entry]
        for item in entry:
            if item is not None:
                term = self._item(indexed, item, context)
                terms.append(term)
                if indexed is not None and "@type" in key.container:
                    type_ = reader.terms.type(type_term(indexed, active))
                    reader.quads.append((term, keywords.RDF_TYPE, type_, self.scope.graph))
                if indexed is not None and property_ is not None:
                    reader.add(term, property_, reader.terms.scalar(indexed, property_, active), self.scope.graph)
        return terms

    def _context(self, name: str) -> ActiveContext:
        active = self.scope.active
        if self.key.container.isdisjoint({"@id", "@type"}):
            return active
        context = active.previous or active
        definition = context.definitions.get(name)
        if "@type" in self.key.container and definition is not None and definition.scoped is not None:
            return self.reader.contexts.type_scoped(context, definition.scoped, self.reader.work, propagate=True)
        return context

    def _item(
        self, indexed: str | None, item: JsonObject | list[JsonValue] | str | float, context: ActiveContext
    ) -> str:
        reader, key, scope = self.reader, self.key, self.scope
        place = self.place if indexed is None else Place.NODE
        subject = None
        if indexed is not None and "@id" in key.container:
            subject = reader.terms.reference(indexed, scope.active)
        within = Scope(context, scope.graph, scope.depth + 1, from_map=True)
        made: str | list[str]
        if "@graph" in key.container and not self._is_graph_object(item, within):
            made = subject or reader.terms.blank()
            keywords.free(reader, item, key, Scope(context, made, scope.depth + 1))
        elif isinstance(item, dict):
            made = reader.object(item, key, within, place, subject)
        elif isinstance(item, list):
            raise Refusal("context.ambiguous", "processors differ in how they read an array of arrays in a map")
        else:
            made = reader.terms.scalar(item, key, context, place)
        if not isinstance(made, str):
            raise Refusal("context.ambiguous", "processors differ in how they read a set in a map")
        if subject is not None and made != subject:
            raise Refusal("context.index", f"what is indexed by {told(indexed)} has another name, {made}")
        return made

    def _is_graph_object(self, item: JsonValue, scope: Scope) -> bool:
        if not isinstance(item, dict):
            return False
        inner, _ = self.reader.enter(item, scope, self.key)
        stated = {self.reader.member(name, inner).keyword for name in item}
        return "@graph" in stated and stated <= {"@graph", "@id", "@index", "@context"}
