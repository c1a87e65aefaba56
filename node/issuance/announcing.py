"""Telling other programs of what happened: a delivery for each subscription that wants it, in the same transaction.

What is sent has ids and the kind of event, and nothing of a person: whoever may read the rest asks for it. Of many
awards at once one event has up to AWARDS_AT_ONCE of them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import Final

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.ports.identifiers import new_id
from node.ports.store import UnitOfWork
from node.ports.webhooks import EventType
from node.ports.work import deliver_event

AWARDS_AT_ONCE: Final = 400
"""Ids of awards in one event: some 16 kB, as much as receivers of events are used to."""


async def announce(
    unit: UnitOfWork, event: EventType, at: datetime, awards: Sequence[str] = (), **about: JsonValue
) -> None:
    """Have everybody told of this who wants to be, once all of the unit of work is stored.

    `awards` are the ids of those it happened to; `about` what else there is to know, of ids and numbers alone. The
    worker is woken by whoever stores the change.
    """
    wanting = await unit.webhooks.wanting(event)
    if not wanting:
        return
    pieces: list[Sequence[str]] = [*batched(awards, AWARDS_AT_ONCE, strict=False)] or [()]
    await unit.outbox.add(
        [
            deliver_event(webhook, new_id(), said_of(unit, event, at, piece, about), at)
            for piece in pieces
            for webhook in wanting
        ]
    )


def said_of(
    unit: UnitOfWork, event: EventType, at: datetime, awards: Sequence[str], about: Mapping[str, JsonValue]
) -> JsonObject:
    """What is sent of an event."""
    data: JsonObject = {"organisation": str(unit.organisation), **about}
    if awards:
        data["awards"] = list(awards)
    return {"type": event.value, "timestamp": format_timestamp(at), "data": data}
