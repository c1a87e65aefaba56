"""Objects that are one thing.

To JSON-LD two objects with one identifier are one thing, wherever in the document they stand, and a proof over RDF
holds, however its statements are shared out between them. So what is read of one is read of its other halves too: no
statement is lost by being put where nobody looks.

Spec: https://www.w3.org/TR/json-ld11/#node-identifiers
"""

from node.credentials.micro_credential.places import Place
from node.credentials.objects import Objects
from node.credentials.structure import types_of


class Halves:
    """The objects of a document by their identifiers; they are looked through when two have the same one."""

    __slots__ = ("_document", "_objects", "_places")

    def __init__(self, document: Place, objects: Objects | None = None) -> None:
        self._document = document
        self._objects = objects or Objects(document.object)
        self._places: dict[str, list[Place]] = {}

    @property
    def any(self) -> bool:
        """Whether two objects have one identifier."""
        return bool(self._objects.shared_ids)

    def of(self, places: list[Place]) -> list[Place]:
        """Every other object that has the identifier of one of these."""
        shared = self._objects.shared_ids
        names = shared and shared.intersection(
            [name for place in places if isinstance(name := place.object.get("id"), str)]
        )
        if not names:
            return []
        if not self._places:
            for value, trail in self._objects.placed():
                if isinstance(name := value.get("id"), str) and name in shared:
                    self._places.setdefault(name, []).append(Place(value, self._document.path, trail))
        known = {id(place.value) for place in places}
        return [other for name in sorted(names) for other in self._places[name] if id(other.value) not in known]

    def with_others(self, places: list[Place], types: frozenset[str]) -> list[Place]:
        """The places, and every other object that is one with one of them and is of such a type."""
        return places + [other for other in self.of(places) if not types.isdisjoint(types_of(other.object))]
