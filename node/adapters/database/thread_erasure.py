"""What conversations keep of an award, and of whom it was handed to, erased with it.

A relation that was for such an award alone goes whole: who took it up, every thread, what waits to be sent, and the
keys of our side. In one by which other credentials were handed over, threads about the award go, and all that waits to
be sent: no letter says what it is about, and what is lost is asked for again by its thread.
"""

from collections.abc import Collection
from typing import Final

from sqlalchemy import or_

from node.adapters.database.bound import Bound
from node.adapters.database.tables import KEYS
from node.adapters.database.thread_tables import (
    DEPOSITS,
    HANDED,
    LETTERS,
    PRESENTATION_REQUESTS,
    RECIPIENTS,
    RELATIONS,
    THREADS,
)
from node.ports.threads import Purpose
from node.ports.vault import KeyPurpose

PIECE: Final = 500
"""Relations that are removed by one statement."""
_PARTS: Final = (PRESENTATION_REQUESTS, HANDED, DEPOSITS, RECIPIENTS, LETTERS, THREADS, RELATIONS)


async def drop_relations(rows: Bound, relations: Collection[str]) -> int:
    """Remove these relations with all that is in them, and their keys; how many rows went."""
    gone, ours = 0, sorted(relations)
    for first in range(0, len(ours), PIECE):
        some = ours[first : first + PIECE]
        for table in _PARTS:
            gone += await rows.changed(rows.delete(table, table.c.ours.in_(some)))
        for each in some:
            pairwise = (KEYS.c.purpose == KeyPurpose.PAIRWISE, KEYS.c.id.startswith(f"{each}#", autoescape=True))
            await rows.changed(rows.delete(KEYS, *pairwise))
    return gone


async def erase_conversations(rows: Bound, awards: Collection[str]) -> None:
    """Remove what conversations keep of these awards."""
    ids = list(awards)
    offered = rows.select(RELATIONS, RELATIONS.c.about.in_(ids)).with_only_columns(RELATIONS.c.ours)
    handed = rows.select(HANDED, HANDED.c.award.in_(ids)).with_only_columns(HANDED.c.ours)
    ours = {row["ours"] for row in (*await rows.rows(offered), *await rows.rows(handed))}
    await rows.changed(rows.delete(HANDED, HANDED.c.award.in_(ids)))
    shared = set[str]()
    for first in range(0, len(ours), PIECE):
        some = sorted(ours)[first : first + PIECE]
        others = rows.select(HANDED, HANDED.c.ours.in_(some)).with_only_columns(HANDED.c.ours)
        for_more = or_(RELATIONS.c.about.not_in(ids), RELATIONS.c.purpose != Purpose.ISSUE)
        lasting = rows.select(RELATIONS, RELATIONS.c.ours.in_(some), for_more).with_only_columns(RELATIONS.c.ours)
        shared |= {row["ours"] for row in (*await rows.rows(others), *await rows.rows(lasting))}
    await drop_relations(rows, ours - shared)
    for each in sorted(shared):
        about = or_(THREADS.c.about.in_(ids), THREADS.c.about.is_(None))
        await rows.changed(rows.delete(THREADS, THREADS.c.ours == each, about))
        await rows.changed(rows.delete(LETTERS, LETTERS.c.ours == each))
        offer = rows.update(RELATIONS, RELATIONS.c.ours == each, RELATIONS.c.about.in_(ids))
        await rows.changed(offer.values(about=None, context={}))
