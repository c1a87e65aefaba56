"""Which documents are alike but for values: learned from the documents themselves.

Two documents of one shape have the same members and types in the same places. Where such documents have differed,
values vary; a template is made for those places, be they none, and made anew when another place turns out to vary.
What no template can let vary belongs to the shape from then on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from node.documents import JsonObject, JsonValue
from node.proofs.templates.holes import Place, UnfitError

MAX_SHAPES: Final = 64
"""Shapes that are told apart: each optional member doubles them; documents of more shapes are not alike."""
MAX_REVISIONS: Final = 32
"""Times that a shape is worked out anew, each costing about ten documents: a value that rarely varies is found late."""
MAX_PINNED: Final = 64
"""Places whose values turn out to belong to the shape."""
FIXED: Final = frozenset({"@context", "type", "@type"})
"""Members that say what others mean: they are the same in all documents of one shape."""

type Scalar = str | int | float


@dataclass(frozen=True, slots=True)
class Outline:
    """A document's shape, and the values at the places where documents of this shape may differ."""

    key: bytes
    values: Mapping[Place, Scalar]


@dataclass(slots=True)
class Shape[T]:
    """What is known of one shape: where its documents have differed from the first, and what was made for that."""

    values: Mapping[Place, Scalar]
    varying: frozenset[Place] = frozenset()
    revisions: int = 0
    template: T | None = None
    unfit: bool = False


@dataclass(slots=True)
class Shapes[T]:
    """The shapes of documents that belong together, each with a template where one could be made by `make`.

    `make` takes a document and the places where values vary; it raises UnfitError where that cannot be. `is_fixed` says
    of a place that its value belongs to the shape.
    """

    make: Callable[[JsonObject, tuple[Place, ...]], T]
    is_fixed: Callable[[Place], bool]
    most: int = MAX_SHAPES
    _known: dict[bytes, Shape[T]] = field(default_factory=dict)
    _pinned: set[Place] = field(default_factory=set)

    @property
    def templates(self) -> list[T]:
        """The templates there are."""
        return [shape.template for shape in self._known.values() if shape.template is not None]

    def learn(self, document: JsonObject) -> T | None:
        """A new template that the document calls for; None where none is to be made, or not yet.

        The document must be one that the general way has an answer for.
        """
        while True:
            outline = self._outline_of(document)
            shape = self._known.get(outline.key)
            if shape is None:
                if len(self._known) < self.most:
                    self._known[outline.key] = Shape(outline.values)
                return None
            differing = {place for place, value in outline.values.items() if _differs(value, shape.values[place])}
            known = shape.template is not None and differing <= shape.varying
            if known or shape.unfit or shape.revisions == MAX_REVISIONS:
                return None
            shape.varying |= differing
            shape.revisions += 1
            try:
                shape.template = self.make(document, tuple(sorted(shape.varying, key=str)))
            except UnfitError as error:
                shape.template, shape.unfit = None, True
                if not error.places or len(self._pinned) + len(error.places) > MAX_PINNED:
                    return None
                self._pin(error.places)
            else:
                return shape.template

    def _pin(self, places: frozenset[Place]) -> None:
        """Let the values at these places belong to the shape; what was known is not of these shapes any more."""
        self._pinned |= places
        self._known.clear()

    def _outline_of(self, document: JsonObject) -> Outline:
        """The shape of a document and its values."""
        values: dict[Place, Scalar] = {}
        return Outline(orjson.dumps(self._outlined(document, (), values)), values)

    def _outlined(self, value: JsonValue, place: Place, values: dict[Place, Scalar]) -> JsonValue:
        """The value with nothing in the place of what may vary."""
        if isinstance(value, dict):
            return {name: self._outlined(inner, (*place, name), values) for name, inner in value.items()}
        if isinstance(value, list):
            return ["list", *[self._outlined(inner, (*place, index), values) for index, inner in enumerate(value)]]
        if value is None or isinstance(value, bool) or self.is_fixed(place) or place in self._pinned:
            return ["fixed", value]
        values[place] = value
        return "text" if isinstance(value, str) else "number"


def _differs(one: Scalar, other: Scalar) -> bool:
    return one != other or type(one) is not type(other)
