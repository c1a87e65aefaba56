"""A reading that names blank nodes by the JSON they come from: a part of a document names them as the whole does.

The effect is that of the skolemization of the specifications, without expanding and compacting: a selection read so
makes a subset of the statements of the document, whatever is left out.

Spec: https://www.w3.org/TR/vc-di-ecdsa/#skolemizecompactjsonld
"""

from collections.abc import Mapping
from typing import override

from node.documents import JsonObject, JsonValue
from node.proofs.jsonld.member import Member
from node.proofs.jsonld.place import Place, Scope
from node.proofs.jsonld.reader import RDF_FIRST, RDF_NIL, RDF_REST, Reader, Shared
from node.proofs.jsonld.terms import Terms


class NamedReader(Reader):
    """Reads one document; `names` maps the `id()` of its objects and arrays to what their blank nodes are called.

    What has no name there gets one that no other reading gives.
    """

    __slots__ = ("_list", "_names")

    def __init__(self, shared: Shared, names: Mapping[int, str]) -> None:
        super().__init__(shared)
        self.terms = _StableTerms(shared.iris, keeps_direction=shared.keeps_direction)
        self._names = names
        self._list: str | None = None

    @override
    def object(
        self, element: JsonObject, key: Member | None, scope: Scope, place: Place, subject: str | None = None
    ) -> str | list[str]:
        outer = self._list
        name = self._list = self._names.get(id(element))
        try:
            return super().object(element, key, scope, place, subject or (name and f"_:{name}"))
        finally:
            self._list = outer

    @override
    def list_from(self, value: JsonValue, key: Member, scope: Scope) -> str:
        outer = self._list
        self._list = self._names.get(id(value)) if isinstance(value, list) else None
        try:
            return super().list_from(value, key, scope)
        finally:
            self._list = outer

    @override
    def list_of(self, items: list[str], graph: str) -> str:
        if self._list is None:
            return super().list_of(items, graph)
        cells = [f"_:{self._list}i{index}" for index in range(len(items))]
        for cell, item, rest in zip(cells, items, [*cells[1:], RDF_NIL], strict=True):
            self.quads.append((cell, RDF_FIRST, item, graph))
            self.quads.append((cell, RDF_REST, rest, graph))
        return cells[0] if cells else RDF_NIL


class _StableTerms(Terms):
    """Names a node that the document labels itself by that label, and not by when it is met."""

    __slots__ = ()

    @override
    def _label(self, value: str) -> str:
        super()._label(value)
        return f"_:l{value.encode().hex()}"
