"""The RDF terms of one document: its identifiers, blank nodes, vocabulary terms and literals."""

from node.proofs.jsonld import literals
from node.proofs.jsonld.active_context import ActiveContext, checked_iri, checked_label
from node.proofs.jsonld.limits import MAX_CACHED_CHARS
from node.proofs.jsonld.member import Member
from node.proofs.jsonld.memo import Memo
from node.proofs.jsonld.place import Place
from node.proofs.jsonld.refusal import Refusal, told
from node.proofs.quads import iri_term


class Terms:
    """Makes terms, and keeps the blank nodes of one document apart."""

    __slots__ = ("_blanks", "_iris", "_keeps_direction", "_labels")

    def __init__(self, iris: Memo[str, str], *, keeps_direction: bool) -> None:
        self._iris = iris
        self._keeps_direction = keeps_direction
        self._labels: dict[str, str] = {}
        self._blanks = 0

    def blank(self) -> str:
        """A new blank node."""
        self._blanks += 1
        return f"_:b{self._blanks}"

    def reference(self, value: str, active: ActiveContext) -> str:
        """The term for an identifier; raises Refusal for a relative one."""
        if value.startswith("_:"):
            return self._label(value)
        return self._iri(active.compact(value), "the identifier")

    def word(self, value: str, active: ActiveContext) -> str:
        """The term for a term of the vocabulary."""
        known = active.words.get(value)
        if known is None:
            iri = active.vocabulary(value)
            if iri is None:
                if value in active.definitions:
                    raise Refusal("context.null_term", f"the context maps {told(value)} to null")
                iri = value  # the look-alike of a keyword
            if iri.startswith("_:"):
                return self._label(iri)
            known = self._iri(iri, "the vocabulary term")
            if value in active.definitions:
                active.words[value] = known
        return known

    def type(self, term: str) -> str:
        """The term for the type of a node, from what node_types.type_term says."""
        return self._label(term) if term.startswith("_:") else term

    def scalar(self, value: str | float, key: Member, active: ActiveContext, place: Place = Place.VALUE) -> str:
        """The term for a string, number or boolean that is a value of the property.

        Spec: https://www.w3.org/TR/json-ld11-api/#value-expansion
        """
        active = key.inner or active
        if place == Place.NODE and not (isinstance(value, str) and key.coercion in {"@id", "@vocab"}):
            raise Refusal("context.free_value", f"{told(value)} stands where only a node can stand")
        if not isinstance(value, str):
            return literals.native(value, key.datatype)
        if key.coercion == "@id":
            return self.reference(value, active)
        if key.coercion == "@vocab":
            return self.word(value, active)
        return self.text(value, key.datatype, key.language, key.direction)

    def text(self, value: str, datatype: str | None, language: str | None, direction: str | None) -> str:
        """The term for a string. A text direction is refused unless the processor was told how to keep it."""
        if direction is None or datatype is not None:
            return literals.text(value, datatype, language)
        if not self._keeps_direction:
            raise Refusal("context.direction", f"no statement would carry the text direction of {told(value)}")
        return literals.directed(value, language, direction)

    def _iri(self, iri: str, what: str) -> str:
        known = self._iris.get(iri)
        if known is None:
            known = iri_term(checked_iri(iri, what))
            if len(iri) <= MAX_CACHED_CHARS:
                self._iris.put(iri, known, 1)
        return known

    def _label(self, label: str) -> str:
        """Our own name for a blank node that the document names."""
        known = self._labels.get(label)
        if known is None:
            known = self._labels[checked_label(label)] = self.blank()
        return known
