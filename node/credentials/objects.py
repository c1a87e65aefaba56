"""The objects of a document, looked through once however many rules ask for them.

Most rules only want to know whether anything is out of the ordinary: a name with a colon, an identifier that two
objects have. That is answered without minding where each object stands; places are worked out only for documents in
which something was found.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Final

from node.documents import JsonObject, JsonValue, pointer

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTEXT: Final = "@context"

type Trail = tuple[Trail, str | int] | None
"""The steps to a place, the last one outermost; a pointer is made of them only where one is shown."""


def trail_pointer(trail: Trail, path: str = "") -> str:
    """The JSON pointer of a trail that begins at path."""
    behind = ""
    while trail is not None:
        trail, step = trail
        behind = f"/{_escaped(step) if isinstance(step, str) else step}{behind}"
    return path + behind


def _escaped(step: str) -> str:
    return step if step.isalnum() else pointer(step)[1:]


class Objects:
    """A document and every object inside it; a context and what is in it is no part of the document.

    The document must not change while this is in use.
    """

    def __init__(self, document: JsonObject) -> None:
        self.document = document

    @cached_property
    def all(self) -> list[JsonObject]:
        """Each object: the document itself first, the others in no order that means anything."""
        found: list[JsonObject] = []
        pending: list[JsonObject | list[JsonValue]] = [self.document]
        for value in pending:  # which grows on the way; most of what is inside is text, and passed over soonest
            inner: Iterable[JsonValue] = value
            if isinstance(value, dict):
                found.append(value)
                inner = value.values()
                if CONTEXT in value:
                    inner = [child for name, child in value.items() if name != CONTEXT]
            pending += [child for child in inner if type(child) is not str and isinstance(child, (dict, list))]
        return found

    @cached_property
    def names(self) -> frozenset[str]:
        """The name of every member."""
        return frozenset[str]().union(*self.all)

    @cached_property
    def shared_ids(self) -> frozenset[str]:
        """The identifiers that more than one object has."""
        seen: set[str] = set()
        shared: set[str] = set()
        for value in self.all:
            name = value.get("id")
            if isinstance(name, str):
                (shared if name in seen else seen).add(name)
        return frozenset(shared)

    def placed(self) -> list[tuple[JsonObject, Trail]]:
        """Each object with its place, in the order of the document."""
        found: list[tuple[JsonObject, Trail]] = []
        pending: list[tuple[JsonObject | list[JsonValue], Trail]] = [(self.document, None)]
        while pending:
            value, trail = pending.pop()
            inner: list[tuple[JsonObject | list[JsonValue], Trail]]
            if isinstance(value, dict):
                found.append((value, trail))
                inner = [
                    (child, (trail, name))
                    for name, child in value.items()
                    if isinstance(child, (dict, list)) and name != CONTEXT
                ]
            else:
                inner = [
                    (child, (trail, index)) for index, child in enumerate(value) if isinstance(child, (dict, list))
                ]
            pending += reversed(inner)
        return found
