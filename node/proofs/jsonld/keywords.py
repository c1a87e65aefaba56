"""Keywords as members: names, values, lists and sets, graphs, and what credentials hardly ever contain.

Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, step 13.4
"""

from typing import TYPE_CHECKING, Final

from node.documents import JsonObject, JsonValue
from node.proofs.errors import shown
from node.proofs.jsonld import literals
from node.proofs.jsonld.active_context import ActiveContext, checked_language
from node.proofs.jsonld.member import Member
from node.proofs.jsonld.node_types import Types
from node.proofs.jsonld.place import Place, Scope
from node.proofs.jsonld.refusal import Refusal, Step, check_depth, told

if TYPE_CHECKING:
    from node.proofs.jsonld.reader import Reader

RDF_TYPE: Final = f"<{literals.RDF}type>"
_VALUE_MEMBERS: Final = frozenset({"@value", "@type", "@language", "@direction", "@context"})


def member(reader: "Reader", key: Member, value: JsonValue, scope: Scope, about: str) -> None:
    """Reads a member of a node whose name is a keyword or stands for one."""
    match key.keyword:
        case "@graph":
            graph(reader, value, Scope(scope.active, about, scope.depth))
        case "@included":
            reader.twice = True
            free(reader, value, None, scope)
        case "@nest":
            reader.twice = True
            _nested(reader, value, Scope(key.inner or scope.active, scope.graph, scope.depth), about)
        case "@reverse":
            reader.twice = True
            _reversed(reader, value, scope, about)
        case "@index":
            raise Refusal("context.index", f"no statement would carry the index {told(value)}")
        case "@language" | "@direction":
            raise Refusal("context.value_members", f"{key.keyword} stands beside no @value")
        case _:
            raise Refusal("context.syntax", f"{key.keyword} has no place in a node")


def subject(reader: "Reader", element: JsonObject, inner: ActiveContext) -> str | None:
    """The name that a node gives itself."""
    found = None
    for alias in inner.id_aliases:
        if alias in element:
            try:
                found = _name(reader, element[alias], inner, found)
            except Refusal as refusal:
                refusal.within(alias)
                raise
    return found


def _name(reader: "Reader", value: JsonValue, inner: ActiveContext, before: str | None) -> str:
    if before is not None:
        raise Refusal("context.syntax", "the object has two names")
    if not isinstance(value, str):
        raise Refusal("context.syntax", f"the identifier is {told(value)}, not a string")
    return reader.terms.reference(value, inner)


def graph(reader: "Reader", value: JsonValue, scope: Scope) -> None:
    """Reads the nodes of a graph."""
    if not isinstance(value, dict | list):
        raise Refusal("context.syntax", f"{told(value)} is not a graph")
    free(reader, value, None, scope)


def free(reader: "Reader", value: JsonValue, key: Member | None, scope: Scope) -> None:
    """Reads nodes to which no statement leads."""
    check_depth(scope.depth)
    below = Scope(scope.active, scope.graph, scope.depth + 1)
    if isinstance(value, dict):
        reader.object(value, key, below, Place.FREE)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            with Step(index):
                free(reader, item, key, below)
    elif value is not None:
        raise Refusal("context.free_value", f"nothing is said about {told(value)}")


def value_object(reader: "Reader", element: JsonObject, inner: ActiveContext, types: Types | None, place: Place) -> str:
    """The literal that a value object stands for.

    Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, step 15
    """
    if place >= Place.NODE:
        raise Refusal("context.free_value", "a value stands where only a node can stand")
    stated: dict[str, JsonValue] = {}
    for name, value in element.items():
        with Step(name):
            keyword = reader.member(name, inner).keyword
            if keyword in stated:
                raise Refusal("context.syntax", f"{keyword} is there twice")
            if keyword == "@index":
                raise Refusal("context.index", f"no statement would carry the index {told(value)}")
            if keyword not in _VALUE_MEMBERS:
                raise Refusal("context.value_members", f"{shown(name)} cannot stand beside @value")
            stated[keyword] = value
    return _literal(reader, stated, types)


def _literal(reader: "Reader", stated: JsonObject, types: Types | None) -> str:
    value = stated["@value"]
    language, direction = _language(stated), _direction(stated)
    datatype = _datatype(stated["@type"], types) if types is not None else None
    if datatype is not None and (language or direction):
        raise Refusal("context.value_members", "a value has either a type or a language and direction")
    if datatype == "@json":
        return literals.json(value)
    if value is None:
        raise Refusal("context.null_value", "the value is null, so no statement would carry it")
    if isinstance(value, dict | list):
        raise Refusal("context.syntax", "the value is neither a string nor a number, true or false")
    if isinstance(value, str):
        return reader.terms.text(value, datatype, language, direction)
    if language or direction:
        raise Refusal("context.value_members", "only a string has a language or direction")
    return literals.native(value, datatype)


def _language(stated: JsonObject) -> str | None:
    if "@language" not in stated:
        return None
    language = stated["@language"]
    if not isinstance(language, str):
        raise Refusal("context.syntax", f"the language is {told(language)}, not a string")
    return checked_language(language)


def _direction(stated: JsonObject) -> str | None:
    if "@direction" not in stated:
        return None
    direction = stated["@direction"]
    if direction not in ("ltr", "rtl"):
        raise Refusal("context.syntax", f"{told(direction)} is no text direction")
    return str(direction)


def _datatype(stated: JsonValue, types: Types) -> str:
    term = types.terms[0] if isinstance(stated, str) and len(types.terms) == 1 else ""
    if term == "@json":
        return term
    if not term.startswith("<"):
        raise Refusal("context.syntax", f"{told(stated)} is no datatype: it is not one IRI")
    return term[1:-1]


def collection(
    reader: "Reader", element: JsonObject, key: Member | None, scope: Scope, place: Place
) -> str | list[str]:
    """The head of the list, or the terms of the set, that an object with @list or @set stands for.

    Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, step 17
    """
    inner = scope.active
    name = _only_collection(reader, element, inner)
    is_list = name in inner.list_aliases
    with Step(name):
        if key is None or place == Place.FREE or (is_list and place == Place.NODE):
            raise Refusal("context.free_value", "a list or set stands where only a node can stand")
        if place == Place.ITEM and not is_list:
            raise Refusal("context.ambiguous", "processors differ in how they read a set in a list")
        again = reader.member(key.name, inner)
        if again.definition != key.definition:
            raise Refusal("context.ambiguous", f"inside the list or set {shown(key.name)} has another meaning")
        if is_list or place == Place.LIST:
            return reader.list_from(element[name], again, scope)
        terms: list[str] = []
        reader.collect(element[name], again, scope, place, terms)
    return terms


def _only_collection(reader: "Reader", element: JsonObject, inner: ActiveContext) -> str:
    """The name of the member that is the list or set; it must be the only member."""
    found = ""
    for name, value in element.items():
        with Step(name):
            keyword = reader.member(name, inner).keyword
            if keyword == "@context":
                continue
            if keyword == "@index":
                raise Refusal("context.index", f"no statement would carry the index {told(value)}")
            if keyword not in {"@list", "@set"} or found:
                raise Refusal("context.syntax", f"{shown(name)} cannot stand beside @list or @set")
            found = name
    return found


def _nested(reader: "Reader", value: JsonValue, scope: Scope, about: str) -> None:
    """Reads members that are nested for their looks only.

    Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, step 14
    """
    check_depth(scope.depth)
    inner = scope.active
    below = Scope(inner, scope.graph, scope.depth + 1)
    if isinstance(value, list):
        for index, item in enumerate(value):
            with Step(index):
                _nested(reader, item, below, about)
        return
    if not isinstance(value, dict) or any(alias in value for alias in inner.value_aliases):
        raise Refusal("context.syntax", f"{told(value)} does not hold members of a node")
    if "@context" in value or any(alias in value for alias in inner.id_aliases):
        raise Refusal("context.ambiguous", "processors differ in how they read a name or context under @nest")
    for alias in inner.type_aliases:
        if alias in value:
            with Step(alias):
                _nested_types(reader, value[alias], scope, about)
    reader.members(value, below, about)


def _nested_types(reader: "Reader", value: JsonValue, scope: Scope, about: str) -> None:
    types = reader.types.of(value, scope.active, reader.work)
    if types.steps or "@json" in types.terms:
        raise Refusal("context.ambiguous", "processors differ in what a nested type brings along")
    for term in types.terms:
        reader.quads.append((about, RDF_TYPE, reader.terms.type(term), scope.graph))


def _reversed(reader: "Reader", value: JsonValue, scope: Scope, about: str) -> None:
    """Reads properties whose subject is their value.

    Spec: https://www.w3.org/TR/json-ld11-api/#expansion-algorithm, step 13.4.13
    """
    if not isinstance(value, dict):
        raise Refusal("context.syntax", f"{told(value)} does not hold reversed properties")
    inner, _ = reader.enter(value, scope, None)
    below = Scope(inner, scope.graph, scope.depth + 1)
    for name, item in value.items():
        with Step(name):
            key = reader.member(name, inner)
            if key.keyword == "@context":
                continue
            if key.keyword:
                raise Refusal("context.syntax", f"the keyword {key.keyword} cannot be reversed")
            for term in reader.values(key, item, below, Place.NODE):
                reader.add(about, key, term, scope.graph, reverse=True)
