"""Which values of a document can vary in a template, and what becomes of each of them in RDF.

A document is read once with marks in place of the values that vary; where the marks turn up shows what the values
become. That it shows so for all values, and not for marks alone, rests on how JSON-LD treats a single text or number:

- a text that becomes a literal does so letter by letter, whatever it says; where it names a type, a language, a term
  or part of something larger, the mark does not turn up as a whole literal, and where a double is meant, it is refused;
- a text that becomes an IRI does so letter by letter if it is absolute, of a scheme that no context uses as a prefix,
  and no term of a context;
- a number becomes a literal of a datatype that its property states.

What is not certain in this way has no place in a template.

Spec: https://www.w3.org/TR/json-ld11-api/#value-expansion
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import orjson

from node.documents import JsonObject, JsonValue, pointer
from node.proofs.errors import ProofFailure, ProofIndeterminate
from node.proofs.jsonld import JsonLd
from node.proofs.jsonld.literals import RDF, XSD_STRING, native
from node.proofs.jsonld.refusal import Refusal
from node.proofs.quads import Quad, literal_term
from node.proofs.templates.passage import HOLE

type Place = tuple[str | int, ...]
"""The steps that lead to a value from the whole document."""

SCHEMES: Final = frozenset({"http", "https", "urn", "did", "mailto"})
"""Schemes of the IRIs that a template takes: what names people, things and pages in credentials."""
MAX_HOLES: Final = 256
"""Values of one template that vary; the largest published badge has 400 statements in all."""

_MARK: Final = re.compile(HOLE.format("([0-9]+)"))
_LITERAL: Final = re.compile(r'"([^"\\]*)"(?:@[A-Za-z0-9-]+|\^\^<([^>]*)>)?')
_RDF_TYPE: Final = f"<{RDF}type>"
_NUMBER: Final = 7_000_000_000_000
"""Marks of numbers begin here: safe integers of thirteen digits, that half of one can be added to."""
_MAX_NUMBER_CHARS: Final = 32
"""What a marked number becomes is shorter."""
_MARKS: Final = (HOLE.partition("{")[0].encode(), str(_NUMBER)[:9].encode())

# In JSON as orjson writes it: no white space, and nothing escaped but quotation marks, backslashes and control
# characters. N-Quads escapes three characters more; UTF-8 writes two of them with the byte EF first.
_PLAIN: Final = re.compile(rb'"([^"\\\x7f\xef]*)"')
_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')
_IRI: Final = re.compile(
    rb'"((?:https?://(?![/?#])|urn:|did:|mailto:)[!#-;=?-\[\]_a-z~\x80-\xff]+)"',
)
_JSON_NUMBER: Final = re.compile(rb"-?[0-9][0-9.eE+-]*")


class Kind(Enum):
    """What a value becomes in RDF."""

    TEXT = "literal"
    IRI = "iri"
    NUMBER = "number"


class UnfitError(Exception):
    """No template can be made with these values varying; with none named, none of this document at all."""

    def __init__(self, places: Collection[Place] = ()) -> None:
        super().__init__()
        self.places = frozenset(places)


@dataclass(frozen=True, slots=True)
class Hole:
    """One value that varies: where it stands, what becomes of it, and for a number the datatype its property gives."""

    place: Place
    kind: Kind
    datatype: str | None = None

    def read(self, text: bytes, start: int) -> tuple[bytes, int] | None:
        """What stands in the hole in N-Quads, and where in the JSON text the value ends.

        None where another value stands there, or one whose meaning the template is not certain of.
        """
        if self.kind is Kind.NUMBER:
            found = _JSON_NUMBER.match(text, start)
            return found and _number(found[0], self.datatype, found.end())
        found = (_IRI if self.kind is Kind.IRI else _PLAIN).match(text, start)
        if found is not None:
            return found[1], found.end()
        if self.kind is Kind.TEXT and (found := _TEXT.match(text, start)):
            return literal_term(orjson.loads(found[0]))[1:-1].encode(), found.end()
        return None


def _number(text: bytes, datatype: str | None, end: int) -> tuple[bytes, int] | None:
    try:
        return native(orjson.loads(text), datatype).encode(), end
    except Refusal:
        return None


def probe(document: JsonObject, places: Sequence[Place], jsonld: JsonLd) -> tuple[list[Quad], tuple[Hole, ...]]:
    """The statements of the document with marks for the values at these places, and the holes that they are.

    Raises UnfitError for places whose values no template can let vary.
    """
    if len(places) > MAX_HOLES:
        raise UnfitError(places[MAX_HOLES:])
    if not _is_ordinary(document, jsonld):
        raise UnfitError
    numbers = {number for number, place in enumerate(places) if not isinstance(value_at(document, place), str)}
    quads = _marked(document, places, numbers, 0, jsonld)
    datatypes: dict[int, str | None] = {}
    if numbers:
        halves = _marked(document, places, numbers, 0.5, jsonld)
        quads = _with_marked_numbers(quads, halves, places, datatypes)
    kinds = _kinds(quads, places)
    holes = [Hole(place, kinds[number], datatypes.get(number)) for number, place in enumerate(places)]
    return quads, tuple([Hole(h.place, Kind.NUMBER, h.datatype) if n in numbers else h for n, h in enumerate(holes)])


def check_unmarked(text: bytes) -> None:
    """Raises UnfitError for a document, as JSON, in which something can be taken for a mark."""
    if any(mark in text for mark in _MARKS):
        raise UnfitError


def value_at(document: JsonObject, place: Place) -> JsonValue:
    """The value that the steps lead to."""
    value: JsonValue = document
    for step in place:
        value = value[step]  # type: ignore[index]  # the steps were taken in a document of this shape
    return value


def filled(document: JsonObject, values: Mapping[Place, JsonValue]) -> JsonObject:
    """A copy of the document with other values at these places; what has none of them is shared."""
    copy = _filled(document, values)
    return copy if isinstance(copy, dict) else document


def _filled(value: JsonValue, values: Mapping[Place, JsonValue]) -> JsonValue:
    if () in values:
        return values[()]
    inner: dict[str | int, dict[Place, JsonValue]] = {}
    for place, new in values.items():
        inner.setdefault(place[0], {})[place[1:]] = new
    if isinstance(value, list):
        return [_filled(item, inner[index]) if index in inner else item for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {name: _filled(item, inner[name]) if name in inner else item for name, item in value.items()}
    return value


def _marked(
    document: JsonObject, places: Sequence[Place], numbers: Collection[int], more: float, jsonld: JsonLd
) -> list[Quad]:
    """The statements with a mark at each place; raises UnfitError for the places where one is refused first."""
    marks: dict[Place, JsonValue] = {
        place: _NUMBER + number + more if number in numbers else HOLE.format(number)
        for number, place in enumerate(places)
    }
    try:
        return jsonld.to_rdf(filled(document, marks))
    except (ProofFailure, ProofIndeterminate) as error:
        # One reading tells of one refusal; to try place by place would let a stranger's document cost any time.
        raise UnfitError([place for place in places if f"{pointer(*place)}/".startswith(f"{error.path}/")]) from None


def _with_marked_numbers(
    quads: Sequence[Quad], halves: Sequence[Quad], places: Sequence[Place], datatypes: dict[int, str | None]
) -> list[Quad]:
    """The statements with marks for the numbers too; the datatypes are told by what an integer and a half become."""
    marked = list(quads)
    for index, ((s, p, integer, g), (_, _, half, _)) in enumerate(zip(quads, halves, strict=True)):
        found = _LITERAL.fullmatch(integer)
        number = _number_of(found[1]) if found else None
        if found is None or number is None or not number < len(places):
            continue
        stated = [None, found[2] or XSD_STRING]
        fitting = [one for one in stated if _becomes(number, one, integer, half)]
        if not fitting or datatypes.get(number, fitting[0]) != fitting[0]:
            raise UnfitError([places[number]])
        datatypes[number] = fitting[0]
        marked[index] = (s, p, HOLE.format(number), g)
    return marked


def _number_of(lexical: str) -> int | None:
    try:
        value = float(lexical[:_MAX_NUMBER_CHARS]) - _NUMBER
    except ValueError:
        return None
    return int(value) if 0 <= value < MAX_HOLES else None


def _becomes(number: int, datatype: str | None, integer: str, half: str) -> bool:
    try:
        return (native(_NUMBER + number, datatype), native(_NUMBER + number + 0.5, datatype)) == (integer, half)
    except Refusal:
        return False


def _kinds(quads: Iterable[Quad], places: Sequence[Place]) -> dict[int, Kind]:
    """What each marked value became; raises UnfitError for those that became none of the three, or not one alone."""
    kinds: dict[int, Kind] = {}
    unfit: set[Place] = set()
    for quad in quads:
        for term in quad:
            kind = _kind(term, quad)
            for mark in _MARK.finditer(term):
                number = int(mark[1])
                if kind is None or kinds.setdefault(number, kind) is not kind:
                    unfit.add(places[number])
    unfit |= {place for number, place in enumerate(places) if number not in kinds}
    if unfit:
        raise UnfitError(unfit)
    return kinds


def _kind(term: str, quad: Quad) -> Kind | None:
    if _MARK.fullmatch(term):
        return Kind.NUMBER
    if _MARK.fullmatch(term[1:-1]) and term[0] == "<":
        typed = quad[1] == _RDF_TYPE and term == quad[2]
        return None if typed or term == quad[1] else Kind.IRI
    found = _LITERAL.fullmatch(term)
    whole = found is not None and _MARK.fullmatch(found[1]) and not _MARK.search(found[2] or "")
    return Kind.TEXT if whole else None


def _is_ordinary(document: JsonObject, jsonld: JsonLd) -> bool:
    """Whether what holds for marks holds for all values.

    The contexts are named, and only at the top; none has a term that could be taken for an IRI or for its scheme; and
    there is nothing in the document that is read twice, by a processor of which no such thing is known.
    """
    named = document.get("@context")
    contexts = named if isinstance(named, list) else [named]
    if _has_null_or_context([value for name, value in document.items() if name != "@context"]):
        return False
    for context in contexts:
        beginnings = jsonld.beginnings(context) if isinstance(context, str) else None
        if beginnings is None or not SCHEMES.isdisjoint(beginnings):
            return False
    return not jsonld.is_rare(document)


def _has_null_or_context(value: JsonValue) -> bool:
    """Whether there is a null, which orjson also writes for what is no JSON number, or a context, somewhere inside."""
    if isinstance(value, dict):
        return "@context" in value or any(_has_null_or_context(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_has_null_or_context(inner) for inner in value)
    return value is None
