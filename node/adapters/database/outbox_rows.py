"""What is to be done after a transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, bindparam, delete, func, null, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.adapters.database.award_tables import STATUS_LISTS
from node.adapters.database.bound import Bound, insert_by, without_organisation
from node.adapters.database.work_tables import OUTBOX
from node.ports.errors import AbsentError
from node.ports.organisations import OrganisationId
from node.ports.outbox import MAX_ATTEMPTS, Claimed, Standing, Task, wait_after

_WAITING: Final = "waiting"
_DEAD: Final = "dead"
MAX_PROBLEM_CHARS: Final = 500
"""Of what is kept of an answer that a stranger's server gave."""


_TAKEN_BACK: Final = delete(OUTBOX).where(
    OUTBOX.c.organisation == bindparam("its_organisation"),
    OUTBOX.c.once == bindparam("its_once"),
    OUTBOX.c.state == _WAITING,
)


class OutboxRowsReader(Bound):
    """What waits, of one organisation."""

    __slots__ = ()

    async def waiting(self, *, limit: int = 100) -> tuple[Task, ...]:
        """What is still to be done."""
        return await self._tasks(_WAITING, limit)

    async def dead(self, *, limit: int = 100) -> tuple[Task, ...]:
        """What was given up."""
        return await self._tasks(_DEAD, limit)

    async def _tasks(self, state: str, limit: int) -> tuple[Task, ...]:
        statement = self.select(OUTBOX, OUTBOX.c.state == state).order_by(OUTBOX.c.due_at, OUTBOX.c.id).limit(limit)
        return tuple(map(_task, await self.rows(statement)))


class OutboxRows(OutboxRowsReader):
    """… and adding to it."""

    __slots__ = ()

    async def add(self, tasks: Sequence[Task]) -> None:
        """Take these. Of several under one name the earliest time counts.

        The one that waits under a name is locked: whoever works does not get it before our change can be seen. If it
        were left alone, it might be done without the change that asked for it here.
        """
        rows = [self._row(task) for task in tasks]
        named = sorted((row for row in rows if row["once"] is not None), key=lambda row: str(row["once"]))
        if named:
            merged = _merged(self.connection.dialect.name)
            for row in named:
                await self.connection.execute(merged, row)
        await self.insert(OUTBOX, *(row for row in rows if row["once"] is None))

    async def take_back(self, task: Task) -> None:
        """Drop the one that waits under this name."""
        values = {"its_organisation": self.organisation, "its_once": task.once}
        await self.connection.execute(_TAKEN_BACK, values)

    def _row(self, task: Task) -> dict[str, Any]:
        return {**asdict(task), "state": _WAITING, "created_at": task.due_at, "organisation": self.organisation}

    async def retry(self, task: str, at: datetime) -> None:
        """Try one that was given up again."""
        statement = self.update(OUTBOX, OUTBOX.c.id == task, OUTBOX.c.state == _DEAD)
        if not await self.changed(statement.values(state=_WAITING, attempts=0, due_at=at)):
            raise AbsentError("task with this id that was given up")


@cache
def _merged(dialect: str) -> Any:  # noqa: ANN401 -- one of two kinds
    statement = insert_by(dialect, OUTBOX)
    return statement.on_conflict_do_update(
        index_elements=["organisation", "once"],
        set_={"due_at": statement.excluded.due_at},
        where=OUTBOX.c.due_at > statement.excluded.due_at,
    )


@dataclass(frozen=True, slots=True)
class WorkerRows:
    """The side of whoever does the work."""

    connection: AsyncConnection

    async def claim(self, kinds: Sequence[str], at: datetime, *, lasting: timedelta, limit: int) -> tuple[Claimed, ...]:
        """Take what is due.

        It stands in the outbox until it is done, due again once the claim is over: whoever dies over it leaves it to
        others. From here on, what is added under its name is a new task, as this one may have looked already.
        """
        due = (
            select(OUTBOX.c.organisation, OUTBOX.c.id)
            .where(OUTBOX.c.state == _WAITING, OUTBOX.c.kind.in_(kinds), OUTBOX.c.due_at <= at)
            .order_by(OUTBOX.c.due_at, OUTBOX.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)  # several on PostgreSQL; SQLite has one writer and knows no such words
            .cte()  # looked up once: within the change PostgreSQL may look again, and find others that are still free
        )
        statement = (
            update(OUTBOX)
            .where(tuple_(OUTBOX.c.organisation, OUTBOX.c.id).in_(select(due)))
            .values(attempts=OUTBOX.c.attempts + 1, due_at=at + lasting, once=null())
            .returning(OUTBOX)
        )
        rows = (await self.connection.execute(statement)).mappings().all()
        claimed = [Claimed(OrganisationId(row["organisation"]), _task(row)) for row in rows]
        return tuple(sorted(claimed, key=lambda each: each.task.id))

    async def prolong(self, claimed: Claimed, until: datetime) -> bool:
        """Keep what takes longer."""
        return await self._changed(claimed, due_at=until)

    async def done(self, claimed: Claimed) -> bool:
        """Strike it off."""
        return bool((await self.connection.execute(delete(OUTBOX).where(*_same(claimed)))).rowcount)

    async def again(self, claimed: Claimed, task: Task) -> bool:
        """Strike it off, and take this instead."""
        if not await self.done(claimed):
            return False
        await OutboxRows(self.connection, claimed.organisation).add([task])
        return True

    async def failed(self, claimed: Claimed, problem: str, at: datetime, *, for_good: bool = False) -> bool:
        """Have it tried again later, or give it up."""
        attempts = claimed.task.attempts
        state = _DEAD if for_good or attempts >= MAX_ATTEMPTS else _WAITING
        return await self._changed(
            claimed, state=state, due_at=at + wait_after(attempts), problem=problem[:MAX_PROBLEM_CHARS]
        )

    async def give_back(self, claimed: Claimed, at: datetime) -> bool:
        """Leave it to others."""
        return await self._changed(claimed, due_at=at)

    async def free(self, at: datetime) -> int:
        """Make all that is claimed due at once."""
        claimed = (OUTBOX.c.state == _WAITING, OUTBOX.c.attempts > 0, OUTBOX.c.problem.is_(None), OUTBOX.c.due_at > at)
        return (await self.connection.execute(update(OUTBOX).where(*claimed).values(due_at=at))).rowcount

    async def forget(self, before: datetime) -> int:
        """Drop what was given up before then."""
        old = (OUTBOX.c.state == _DEAD, OUTBOX.c.due_at < before)
        return (await self.connection.execute(delete(OUTBOX).where(*old))).rowcount

    async def standing(self, at: datetime) -> Standing:
        """How much there is to do."""
        waiting = OUTBOX.c.state == _WAITING
        counted = select(
            func.count().filter(waiting),
            func.count().filter(OUTBOX.c.state == _DEAD),
            func.min(OUTBOX.c.due_at).filter(waiting, OUTBOX.c.due_at <= at),
        )
        return Standing(*(await self.connection.execute(counted)).one())

    async def published_at(self, list_id: str) -> datetime | None:
        """As of when a status list was published last."""
        latest = select(func.max(STATUS_LISTS.c.published_at)).where(STATUS_LISTS.c.id == list_id)
        found: datetime | None = await self.connection.scalar(latest)
        return found

    async def _changed(self, claimed: Claimed, **values: object) -> bool:
        statement = update(OUTBOX).where(*_same(claimed)).values(**values)
        return bool((await self.connection.execute(statement)).rowcount)


def _same(claimed: Claimed) -> tuple[ColumnElement[bool], ...]:
    """The task, as long as nobody has claimed it since: each claim counts."""
    return (
        OUTBOX.c.organisation == claimed.organisation,
        OUTBOX.c.id == claimed.task.id,
        OUTBOX.c.attempts == claimed.task.attempts,
        OUTBOX.c.state == _WAITING,
    )


def _task(row: RowMapping) -> Task:
    kept = {name: value for name, value in without_organisation(row).items() if name not in {"state", "created_at"}}
    return Task(**kept)
