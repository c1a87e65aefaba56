"""The types of a node: their IRIs, and the context that they bring along.

Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, steps 10, 11 and 13.4.4
"""

from dataclasses import dataclass

from node.documents import JsonObject, JsonValue
from node.proofs.errors import shown
from node.proofs.jsonld.active_context import KEYWORDS, ActiveContext, checked_iri
from node.proofs.jsonld.contexts import Contexts, Work
from node.proofs.jsonld.memo import Memo
from node.proofs.jsonld.refusal import Refusal, Step, told
from node.proofs.quads import iri_term

type TypeNames = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Types:
    """What the types of a node say: `terms` are N-Quads IRIs, blank node names or keywords, in the given order."""

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
                with Step(alias):
                    found = self._named(element[alias], active, found, work)
        return found

    def _named(self, value: JsonValue, active: ActiveContext, before: Types | None, work: Work) -> Types:
        names = _names(value)
        if before is not None:  # a second alias of @type: rare, not remembered
            return self._join(before, self._make(names, active, before.inner, work))
        key = (active.serial, names)
        known = self._memo.get(key)
        if known is None:
            known = self._make(names, active, active, work)
            self._memo.put(key, known, 1 + sum(len(term) for term in known.terms) // 64)
        else:
            for step in known.steps:
                work.count(step)
        return known

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

    @staticmethod
    def _join(first: Types, second: Types) -> Types:
        terms, steps = first.terms + second.terms, first.steps + second.steps
        return Types(terms, second.inner, steps, first.plain and second.plain)


def type_term(name: str, active: ActiveContext) -> str:
    """The type as an N-Quads IRI, a blank node name or a keyword; raises Refusal for a name without a meaning."""
    iri = active.vocabulary(name)
    if iri is None:
        if name in active.definitions:
            raise Refusal("context.null_term", f"the context maps the type {shown(name)} to null")
        raise Refusal("context.undefined_type", f"the type {shown(name)} looks like a keyword and is none")
    if iri in KEYWORDS or iri.startswith("_:"):
        return iri
    if iri == name and not any(character in name for character in ":/#?."):
        raise Refusal("context.undefined_type", f"no context defines the type {shown(name)}")
    return iri_term(checked_iri(iri, "the type"))


def _names(value: JsonValue) -> TypeNames:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return tuple(str(name) for name in value)
    raise Refusal("context.syntax", f"the type {told(value)} is neither a string nor an array of strings")
