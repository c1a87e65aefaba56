"""Objects that are one thing.

To JSON-LD two objects with one identifier are one thing, wherever in the document they stand, and a proof over RDF
holds, however its statements are shared out between them. So what is read of one is read of its other halves too: no
statement is lost by being put where nobody looks.

Spec: https://www.w3.org/TR/json-ld11/#node-identifiers
"""

from node.credentials.micro_credential.places import Place
from node.credentials.structure import Trail, objects_within, trail_pointer, types_of
from node.documents import JsonObject

type Objects = dict[str, list[tuple[JsonObject, Trail]]]


class Halves:
    """The objects of a document by their identifiers; they are looked through when first asked for."""

    __slots__ = ("_document", "_objects")

    def __init__(self, document: Place) -> None:
        self._document = document
        self._objects: Objects | None = None

    def of(self, places: list[Place]) -> list[Place]:
        """Every other object that has the identifier of one of these."""
        names = {name for place in places if isinstance(name := place.object.get("id"), str)}
        if not names:
            return []
        if self._objects is None:
            self._objects = {}
            for value, trail in objects_within(self._document.object):
                if isinstance(name := value.get("id"), str):
                    self._objects.setdefault(name, []).append((value, trail))
        known = {id(place.value) for place in places}
        return [
            Place(value, trail_pointer(trail, self._document.path))
            for name in sorted(names)
            for value, trail in self._objects[name]
            if id(value) not in known
        ]

    def with_others(self, places: list[Place], types: frozenset[str]) -> list[Place]:
        """The places, and every other object that is one with one of them and is of such a type."""
        return places + [other for other in self.of(places) if not types.isdisjoint(types_of(other.object))]
