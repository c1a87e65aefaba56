"""The types of a node: their IRIs, and the context that they bring along.

Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, steps 10, 11 and 13.4.4
"""

from dataclasses import dataclass
from typing import cast

from node.documents import JsonObject, JsonValue
from node.proofs.errors import shown
from node.proofs.jsonld.active_context import KEYWORDS, ActiveContext, checked_iri, checked_label
from node.proofs.jsonld.contexts import Contexts, Work
from node.proofs.jsonld.limits import MEMO_CHARS_PER_UNIT
from node.proofs.jsonld.memo import Memo
from node.proofs.jsonld.refusal import Refusal, Step, told
from node.proofs.quads import iri_term

type TypeNames = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Types:
    """What the types of a node say: `terms` are N-Quads IRIs, blank node names or @json, in the given order."""

    terms: tuple[str, ...]
    inner: ActiveContext
    steps: tuple[ActiveContext, ...]
    plain: bool
    """Whether all terms are IRIs, as the types of a node are but for rare ones."""


class TypeReader:
    """Reads the types of nodes; remembers them by active context and names."""

    __slots__ = ("_contexts", "_memo")

    def __init__(self, contexts: Contexts, memo: Memo[tuple[int, TypeNames], Types]) -> None:
        self._contexts = contexts
        self._memo = memo

    def read(self, element: JsonObject, active: ActiveContext, work: Work) -> Types | None:
        """The types that the object states in this context; None where it states none."""
        found: Types | None = None
        for alias in active.type_aliases:
            if alias in element:
                try:
                    found = self._stated(element[alias], active, found, work)
                    if not found.plain and "@json" in found.terms:
                        _check_is_value(element, element[alias], active, found.inner)
                except Refusal as refusal:
                    refusal.within(alias)
                    raise
        return found

    def of(self, value: JsonValue, active: ActiveContext, work: Work) -> Types:
        """The types that the value of @type names."""
        return self._stated(value, active, None, work)

    def _stated(self, value: JsonValue, active: ActiveContext, before: Types | None, work: Work) -> Types:
        if before is not None:  # a second alias of @type: rare, not remembered
            return _join(before, self._make(_names(value), active, before.inner, work))
        try:
            # Only what _names has accepted is remembered, so what is found is names.
            names = cast("TypeNames", tuple(value) if isinstance(value, list) else value)
            known = self._memo.get((active.serial, names))
        except TypeError:  # what cannot be looked up is no name
            known = None
        if known is not None:
            for step in known.steps:
                work.count(step)
            return known
        names = _names(value)
        made = self._make(names, active, active, work)
        kept = len(made.inner.definitions) if made.steps else 0
        written = sum(len(term) for term in made.terms) // MEMO_CHARS_PER_UNIT
        self._memo.put((active.serial, names), made, 1 + kept + written)
        return made

    def _make(self, names: TypeNames, active: ActiveContext, inner: ActiveContext, work: Work) -> Types:
        given = (names,) if isinstance(names, str) else names
        steps: list[ActiveContext] = []
        for name in sorted(given):
            definition = active.definitions.get(name)
            if definition is not None and definition.scoped is not None:
                inner = self._contexts.type_scoped(inner, definition.scoped, work)
                steps.append(inner)
        terms: list[str] = []
        if isinstance(names, str):
            terms.append(type_term(names, active))
        else:
            for index, name in enumerate(names):
                with Step(index):
                    terms.append(type_term(name, active))
        return Types(tuple(terms), inner, tuple(steps), all(term.startswith("<") for term in terms))


def _join(first: Types, second: Types) -> Types:
    terms, steps = first.terms + second.terms, first.steps + second.steps
    return Types(terms, second.inner, steps, first.plain and second.plain)


def type_term(name: str, active: ActiveContext) -> str:
    """The type as an N-Quads IRI, a blank node name or @json; raises Refusal for a name without a meaning."""
    iri = active.vocabulary(name)
    if iri is None:
        if name in active.definitions:
            raise Refusal("context.null_term", f"the context maps the type {shown(name)} to null")
        raise Refusal("context.undefined_type", f"the type {shown(name)} looks like a keyword and is none")
    if iri == "@json":
        return iri
    if iri.startswith("_:"):
        return checked_label(iri)
    if iri in KEYWORDS:
        raise Refusal("context.syntax", f"the keyword {iri} cannot be a type")
    if iri == name and not any(character in name for character in ":/#?."):
        raise Refusal("context.undefined_type", f"no context defines the type {shown(name)}")
    return iri_term(checked_iri(iri, "the type"))


def _check_is_value(element: JsonObject, stated: JsonValue, active: ActiveContext, inner: ActiveContext) -> None:
    if any(alias in element for alias in inner.value_aliases):
        return
    for index, name in enumerate(stated if isinstance(stated, list) else [stated]):
        if isinstance(name, str) and active.vocabulary(name) == "@json":
            steps = (index,) if isinstance(stated, list) else ()
            raise Refusal("context.syntax", "@json is the type of a value, not of a node", *steps)


def _names(value: JsonValue) -> TypeNames:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return tuple(str(name) for name in value)
    raise Refusal("context.syntax", f"the type {told(value)} is neither a string nor an array of strings")
