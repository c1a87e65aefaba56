"""Where in a document the reader is, and what may stand there."""

from dataclasses import dataclass
from enum import IntEnum

from node.proofs.jsonld.active_context import ActiveContext


class Place(IntEnum):
    """The place of a value, as far as it decides what the value may be."""

    VALUE = 0
    """The value of a property."""
    LIST = 1
    """The value of a list container: not yet a list unless it says so."""
    ITEM = 2
    """An item of a list."""
    NODE = 3
    """Nodes only: the value of a reverse property, or an entry of a map that adds something to it."""
    FREE = 4
    """Nodes only, and they must say something, because no statement leads to them."""


@dataclass(slots=True)  # not frozen: one is made per object, and freezing would double the time of that
class Scope:
    """What holds around a value: what terms mean, the graph that statements go to, and how deep it is."""

    active: ActiveContext
    graph: str
    depth: int
    from_map: bool = False
    """Whether the value is an entry of a map, which lets a context go on that would end."""
