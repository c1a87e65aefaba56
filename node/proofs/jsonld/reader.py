"""One document read into quads, member by member, with nothing left out: what cannot become a statement is refused.

Expansion, node map generation and deserialization to RDF are one pass here, and no expanded form is built.

Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm
Spec: https://www.w3.org/TR/json-ld11-api/#deserialize-json-ld-to-rdf-algorithm
"""

from dataclasses import dataclass
from itertools import islice
from typing import Final

from node.documents import JsonObject, JsonValue
from node.proofs.jsonld import containers, keywords, literals
from node.proofs.jsonld.active_context import ActiveContext
from node.proofs.jsonld.contexts import Contexts, Work
from node.proofs.jsonld.limits import MAX_QUADS
from node.proofs.jsonld.member import KEYWORD, REFERENCE, SKIPPED, WORD, Member, member
from node.proofs.jsonld.memo import Memo
from node.proofs.jsonld.node_types import TypeReader, Types
from node.proofs.jsonld.place import Place, Scope
from node.proofs.jsonld.refusal import Refusal, Step, check_depth
from node.proofs.jsonld.terms import Terms
from node.proofs.quads import Quad

RDF_FIRST: Final = f"<{literals.RDF}first>"
RDF_REST: Final = f"<{literals.RDF}rest>"
RDF_NIL: Final = f"<{literals.RDF}nil>"


@dataclass(frozen=True, slots=True)
class Shared:
    """What all documents read by one processor share."""

    contexts: Contexts
    types: TypeReader
    iris: Memo[str, str]
    keeps_direction: bool


class Reader:
    """Reads one document. `twice` tells afterwards whether it contains what calls for a second reading."""

    __slots__ = ("contexts", "quads", "terms", "twice", "types", "work")

    def __init__(self, shared: Shared) -> None:
        self.types = shared.types
        self.contexts = shared.contexts
        self.terms = Terms(shared.iris, keeps_direction=shared.keeps_direction)
        self.quads: list[Quad] = []
        self.twice = False
        self.work = Work()

    def read(self, document: JsonObject) -> list[Quad]:
        """The quads of the document, possibly some of them twice; raises Refusal."""
        scope = Scope(self.contexts.initial, "", 0)
        telling = [name for name, value in document.items() if value is not None and name != "@context"]
        if len(telling) == 1:
            inner, _ = self.enter(document, scope, None)
            if telling[0] in inner.graph_aliases:  # an object that is only a graph is the default graph
                for name in document:
                    with Step(name):
                        self.member(name, inner)
                with Step(telling[0]):
                    keywords.graph(self, document[telling[0]], Scope(inner, "", 0))
                return self.quads
        self.object(document, None, scope, Place.FREE)
        return self.quads

    def enter(self, element: JsonObject, scope: Scope, key: Member | None) -> tuple[ActiveContext, Types | None]:
        """The active context inside the object, and its types.

        Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, steps 7 to 11
        """
        active = scope.active
        if active.previous is not None and not scope.from_map and not _keeps_context(element, active):  # 7
            active = active.previous
        if key is not None and key.inner is not None:  # 8
            if active is key.home:
                active = key.inner
            elif key.definition is not None and key.definition.scoped is not None:
                active = self.contexts.property_scoped(active, key.definition.scoped, self.work)
        if "@context" in element:  # 9
            with Step("@context"):
                active = self.contexts.local(active, element["@context"], self.work)
        types = self.types.read(element, active, self.work)  # 10, 11
        if types is not None:
            active = types.inner
        if active.twice:
            self.twice = True
        return active, types

    def object(
        self, element: JsonObject, key: Member | None, scope: Scope, place: Place, subject: str | None = None
    ) -> str | list[str]:
        """Reads a JSON object; the term that stands for it, or the terms of a set.

        The subject given is the name of a node that does not name itself.
        """
        check_depth(scope.depth)
        inner, types = self.enter(element, scope, key)
        scope = Scope(inner, scope.graph, scope.depth + 1)
        for alias in inner.object_aliases:
            if alias in element:
                if any(one in element for one in inner.value_aliases):
                    term = keywords.value_object(self, element, inner, types, place)
                    return self.list_of([term], scope.graph) if place == Place.LIST else term
                return keywords.collection(self, element, key, scope, place)
        before = len(self.quads)
        subject = keywords.subject(self, element, inner) or subject or self.terms.blank()
        if types is not None:
            for term in types.terms:
                type_ = term if types.plain else self.terms.type(term)
                self.quads.append((subject, keywords.RDF_TYPE, type_, scope.graph))
        self.members(element, scope, subject)
        if place == Place.FREE and any(alias in element for alias in inner.id_aliases):
            self._check_mentioned(subject, before)
        return self.list_of([subject], scope.graph) if place == Place.LIST else subject

    def _check_mentioned(self, subject: str, before: int) -> None:
        if not any(subject in quad for quad in islice(self.quads, before, None)):
            raise Refusal("context.free_value", "the object names something and says nothing about it")

    def members(  # noqa: C901, PLR0912 - the hot loop, unrolled
        self, element: JsonObject, scope: Scope, subject: str
    ) -> None:
        """Adds what the members of a node say about the subject.

        Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, step 13
        """
        quads = self.quads
        inner, graph = scope.active, scope.graph
        known = inner.members
        name = ""
        try:
            for name, value in element.items():
                key = known.get(name) or self.member(name, inner)
                kind = key.kind
                if kind == SKIPPED:
                    continue
                if key.inner is not None:
                    self.work.count(key.inner)
                if kind <= WORD and isinstance(value, str):
                    if kind == REFERENCE:
                        term = self.terms.reference(value, key.inner or inner)
                    elif kind == WORD:
                        term = self.terms.word(value, key.inner or inner)
                    elif value.isprintable() and '"' not in value and "\\" not in value:
                        term = f'"{value}{key.suffix}'  # nothing to escape
                    else:
                        term = literals.text(value, key.datatype, key.language)
                    quads.append((subject, key.predicate, term, graph))
                elif kind <= WORD and isinstance(value, dict):
                    made = self.object(value, key, scope, Place.VALUE)
                    for term in (made,) if isinstance(made, str) else made:
                        quads.append((subject, key.predicate, term, graph))
                elif kind == KEYWORD:
                    keywords.member(self, key, value, scope, subject)
                else:
                    for term in self.values(key, value, scope, Place.NODE if key.reverse else Place.VALUE):
                        self.add(subject, key, term, graph)
        except Refusal as refusal:
            refusal.within(name)
            raise
        _check_count(len(quads))

    def member(self, name: str, active: ActiveContext) -> Member:
        """What the member name means."""
        return member(name, active, self.contexts, self.work)

    def add(self, subject: str, key: Member, term: str, graph: str, *, reverse: bool = False) -> None:
        """Adds the statement that the property makes about the subject, or the other way round."""
        if key.reverse:
            self.twice = True
        if key.reverse is not reverse:
            subject, term = term, subject
        self.quads.append((subject, key.predicate, term, graph))

    def values(self, key: Member, value: JsonValue, scope: Scope, place: Place) -> list[str]:
        """The terms for the value of a property.

        Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, steps 13.5 to 13.12
        """
        container = key.container
        terms: list[str] = []
        if key.coercion == "@json":  # 13.6
            if not container <= {"@set", "@list"} or place == Place.NODE:
                raise Refusal("context.ambiguous", "processors differ in how they read JSON in this place")
            terms.append(literals.json(value))
            return [self.list_of(terms, scope.graph)] if "@list" in container else terms
        if value is None:  # 13.10
            return terms
        if container <= {"@set"}:  # 13.9
            self.collect(value, key, scope, place, terms)
        elif isinstance(value, dict) and not containers.MAPS.isdisjoint(container):  # 13.7, 13.8
            return containers.map_entries(self, key, value, scope, place)
        elif "@graph" in container and containers.MAPS.isdisjoint(container):  # 13.12
            containers.graphs(self, key, value, scope, terms)
        elif "@list" not in container:
            self.collect(value, key, scope, place, terms)
        elif isinstance(value, dict):  # 13.11
            self.collect(value, key, scope, Place.LIST, terms)
        else:
            terms.append(self.list_from(value, key, scope))
        return terms

    def collect(self, value: JsonValue, key: Member, scope: Scope, place: Place, terms: list[str]) -> None:
        """Appends the terms for the value, and for each item of an array."""
        if isinstance(value, dict):
            made = self.object(value, key, scope, place)
            if isinstance(made, str):
                terms.append(made)
            else:
                terms.extend(made)
        elif isinstance(value, list):
            _check_count(len(terms) + len(value))
            below = _below(scope)
            for index, item in enumerate(value):
                try:
                    self.collect(item, key, below, place, terms)
                except Refusal as refusal:
                    refusal.within(index)
                    raise
        elif value is not None:
            terms.append(self.terms.scalar(value, key, scope.active, place))

    def list_from(self, value: JsonValue, key: Member, scope: Scope) -> str:
        """The head of the list that an array, or a single value, makes."""
        items: list[str] = []
        if not isinstance(value, list):
            self.collect(value, key, scope, Place.ITEM, items)
            return self.list_of(items, scope.graph)
        _check_count(len(value))
        below = _below(scope)
        for index, item in enumerate(value):
            with Step(index):
                if not isinstance(item, list):
                    self.collect(item, key, below, Place.ITEM, items)
                elif "@list" in key.container:
                    items.append(self.list_from(item, key, below))
                else:
                    raise Refusal("context.ambiguous", "processors differ in whether this array is a list in a list")
        return self.list_of(items, scope.graph)

    def list_of(self, items: list[str], graph: str) -> str:
        """The head of an RDF list of the terms.

        Spec: https://www.w3.org/TR/json-ld11-api/#list-to-rdf-conversion
        """
        rest = RDF_NIL
        for item in reversed(items):
            cell = self.terms.blank()
            self.quads.append((cell, RDF_FIRST, item, graph))
            self.quads.append((cell, RDF_REST, rest, graph))
            rest = cell
        return rest


def _check_count(statements: int) -> None:
    if statements > MAX_QUADS:
        raise Refusal("context.quads", f"the document makes more than {MAX_QUADS} statements")


def _below(scope: Scope) -> Scope:
    check_depth(scope.depth)
    return Scope(scope.active, scope.graph, scope.depth + 1, scope.from_map)


def _keeps_context(element: JsonObject, active: ActiveContext) -> bool:
    """Whether the object is a value or a mere reference, which end no context.

    Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, step 7
    """
    for alias in active.value_aliases:
        if alias in element:
            return True
    return len(element) == 1 and next(iter(element)) in active.id_aliases
