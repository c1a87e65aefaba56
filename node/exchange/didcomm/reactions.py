"""What an effect leads to: in the transaction in which it is recorded, and what is left for afterwards."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from node.didcomm.protocols.exchange import Exchange
from node.didcomm.protocols.machine import Effect, Event
from node.didcomm.protocols.step import Abandon
from node.documents import JsonObject
from node.ports.store import UnitOfWork
from node.ports.threads import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """In what an effect happened. `exchange` is None where it left none behind.

    `stays` says that a way to them stays open, `live` that what comes for them goes there at once.
    """

    unit: UnitOfWork
    relation: Relation
    exchange: Exchange | None
    at: datetime
    stays: bool = False
    live: bool = False


@dataclass(frozen=True, slots=True)
class Reaction:
    """What follows at once, in the same exchange; and whether there is more to do, once all this is recorded.

    `remember` is kept with the exchange for that. `about` names what the thread is about from now on. `live` says how
    messages are delivered from now on, and `arrived` that something waits for who is in this relation.
    """

    event: Event | Abandon | None = None
    later: bool = False
    remember: JsonObject = field(default_factory=dict)
    about: str | None = None
    live: bool | None = None
    arrived: bool = False


NOTHING_FOLLOWS = Reaction()

type React = Callable[[Scene, Effect], Awaitable[Reaction]]
type Reactions = Mapping[str, React]
"""By the kinds of effects."""


async def nothing_else(_: UnitOfWork) -> None:
    """Nothing is recorded beside what was decided."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of what was left to do: an event, and what is recorded with it; None where it has to wait.

    `forget` are members of the exchange's record that were remembered for this.
    """

    event: Event | Abandon | None
    also: Callable[[UnitOfWork], Awaitable[None]] = nothing_else
    about: str | None = None
    forget: tuple[str, ...] = ()
