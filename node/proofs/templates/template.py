"""A template: the JSON text and the canonical form of all documents that differ in a few values only.

What a template says of a document is what the general way would say, byte for byte; where it is not certain of that,
it says nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Self

import orjson

from node.documents import JsonObject, JsonValue
from node.proofs.canonicalize.rdfc10 import HashName, canonicalize
from node.proofs.jsonld import JsonLd
from node.proofs.templates.dataset import Dataset
from node.proofs.templates.holes import Hole, Place, UnfitError, check_unmarked, filled, probe, value_at
from node.proofs.templates.passage import HOLE, Values

_MARK: Final = re.compile(('"' + HOLE.format("([0-9]+)") + '"').encode())


class Template:
    """The documents that are like one document but for the values at some places."""

    __slots__ = ("_dataset", "_last", "_steps", "holes")

    def __init__(self, segments: Sequence[bytes], holes: Sequence[Hole], dataset: Dataset) -> None:
        self.holes = tuple(holes)
        self._steps = tuple(zip(segments, map(len, segments), holes, strict=False))
        self._last = segments[-1]
        self._dataset = dataset

    @classmethod
    def of(
        cls,
        document: JsonObject,
        places: Sequence[Place],
        jsonld: JsonLd,
        hash_name: HashName,
        *,
        room: int | None = None,
    ) -> Self:
        """The template of a document, the values at these places varying.

        `room` is how many characters it may put together beforehand, if not as many as usual. Raises UnfitError for
        places whose values no template can let vary, or where none can be made at all.
        """
        text = orjson.dumps(document)
        check_unmarked(text)
        marks: Mapping[Place, JsonValue] = {place: HOLE.format(number) for number, place in enumerate(places)}
        parts = _MARK.split(orjson.dumps(filled(document, marks)))
        order = [int(number) for number in parts[1::2]]
        # Holes are numbered in the order of the text, so that the values found there need not be put in order.
        ordered = [places[number] for number in order]
        quads, holes = probe(document, ordered, jsonld)
        made = cls(parts[::2], holes, Dataset(quads, len(holes), hash_name, room))
        values = made.values(text)
        if values is None:
            raise UnfitError([hole.place for hole in holes if not _takes(document, hole)])
        if made.canonical(values) != canonicalize(jsonld.to_rdf(document), hash_name=hash_name).data:
            raise UnfitError
        return made

    def values(self, text: bytes) -> Values | None:
        """What stands in the holes, in N-Quads; None for the text of a document that the template is not certain of.

        The text is a document as orjson writes it.
        """
        values, place = [], 0
        for segment, length, hole in self._steps:
            if not text.startswith(segment, place):
                return None
            found = hole.read(text, place + length)
            if found is None:
                return None
            value, place = found
            values.append(value)
        return tuple(values) if text[place:] == self._last else None

    def canonical(self, values: Values) -> bytes:
        """The canonical form of the document with these values."""
        return self._dataset.canonical(values)


def _takes(document: JsonObject, hole: Hole) -> bool:
    """Whether the hole takes the value that the document has there."""
    text = orjson.dumps(value_at(document, hole.place))
    found = hole.read(text, 0)
    return found is not None and found[1] == len(text)
