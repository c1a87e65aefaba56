"""Writing down what somebody did, in the transaction in which it is done."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from node.documents import JsonValue
from node.ports.api_keys import Caller
from node.ports.identifiers import new_id
from node.ports.outbox import Task
from node.ports.oversight import Event
from node.ports.store import UnitOfWork

HEAD: Final = "audit.head"
"""The kind of task that signs the end of the log and has it anchored; its payload is empty."""
HEAD_AFTER: Final = timedelta(minutes=15)
"""So much of the newest of the log could be cut off unseen, in exchange for not signing after each event."""


def record(  # noqa: PLR0913, PLR0917 -- what is known of an event
    unit: UnitOfWork,
    caller: Caller,
    action: str,
    subject: str,
    at: datetime,
    details: Mapping[str, JsonValue] | None = None,
) -> None:
    """Add this to the log of events with all of the unit of work. No name of a person may stand in it."""
    unit.audit.record(Event(at, caller.actor, action, subject, {**(details or {}), "key": caller.key}))


async def order_head(unit: UnitOfWork, at: datetime) -> None:
    """Have the end of the log signed and anchored some time from now; many that ask are one."""
    await unit.outbox.add([Task(new_id(), HEAD, {}, at + HEAD_AFTER, once=HEAD)])


def in_order(names: Iterable[str]) -> list[JsonValue]:
    """Names in one order, as JSON."""
    return [str(name) for name in sorted(names)]


def said(**members: JsonValue) -> dict[str, JsonValue]:
    """An object of JSON."""
    return members
