"""What waits at a mediator; and whose an identifier or invitation is, for the node that takes messages for all."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.adapters.database.bound import Bound, without_organisation
from node.adapters.database.thread_rows import relation_of
from node.adapters.database.thread_tables import DEPOSITS, LETTERS, RECIPIENTS, RELATIONS
from node.ports.errors import RuleError
from node.ports.organisations import OrganisationId
from node.ports.threads import (
    MAX_DEPOSITED_BYTES,
    MAX_DEPOSITS,
    MAX_LISTED,
    MAX_RECIPIENTS,
    Deposit,
    Relation,
    Waiting,
)


class MediationRowsReader(Bound):
    """Whom one organisation mediates for."""

    __slots__ = ()

    async def recipients(self, ours: str, *, offset: int = 0, limit: int = MAX_LISTED) -> tuple[tuple[str, ...], int]:
        """A page of the identifiers that are served in a relation, and how many come after it."""
        served = self.select(RECIPIENTS, RECIPIENTS.c.ours == ours)
        (row,) = await self.rows(served.with_only_columns(func.count().label("many")))
        page = await self.rows(served.order_by(RECIPIENTS.c.did).offset(offset).limit(limit))
        return tuple(each["did"] for each in page), max(0, row["many"] - offset - len(page))

    async def waiting(self, ours: str, recipient: str | None = None) -> Waiting:
        """What waits for a relation, or for one of its identifiers."""
        table = DEPOSITS.c
        figures = self.select(DEPOSITS, *_of(ours, recipient)).with_only_columns(
            func.count().label("count"),
            func.coalesce(func.sum(table.size), 0).label("total_bytes"),
            func.min(table.received_at).label("oldest"),
            func.max(table.received_at).label("newest"),
        )
        (row,) = await self.rows(figures)
        return Waiting(row["count"], int(row["total_bytes"]), row["oldest"], row["newest"])

    async def deposits(
        self, ours: str, recipient: str | None = None, *, limit: int, max_bytes: int
    ) -> tuple[Deposit, ...]:
        """What waits, the oldest first, as far as it fits."""
        table = DEPOSITS.c
        sizes = self.select(DEPOSITS, *_of(ours, recipient)).with_only_columns(table.id, table.size)
        chosen: list[str] = []
        left = max_bytes
        for row in await self.rows(sizes.order_by(table.received_at, table.id).limit(limit)):
            left -= row["size"]
            if left < 0 and chosen:
                break
            chosen.append(row["id"])
        found = self.select(DEPOSITS, table.id.in_(chosen)).order_by(table.received_at, table.id)
        rows = await self.rows(found) if chosen else ()
        return tuple(
            Deposit(**{name: value for name, value in without_organisation(row).items() if name != "size"})
            for row in rows
        )


class MediationRows(MediationRowsReader):
    """… and changing it."""

    __slots__ = ()

    async def serve(self, ours: str, recipient: str) -> bool:
        """Serve this identifier from now on."""
        await self.found("relation of this identifier", RELATIONS, ours=ours)
        if await self.row(RECIPIENTS, ours=ours, did=recipient) is not None:
            return False
        _, more = await self.recipients(ours, offset=0, limit=0)
        if more >= MAX_RECIPIENTS:
            raise RuleError(
                f"{MAX_RECIPIENTS} identifiers are served in this relation already",
                code="mediation.full",
                remedy="Have those removed that are used no more.",
            )
        return await self.inserted(RECIPIENTS, {"ours": ours, "did": recipient}, "ours", "did")

    async def leave(self, ours: str, recipient: str) -> bool:
        """Serve it no more, and drop what waits for it."""
        await self.changed(self.delete(DEPOSITS, *_of(ours, recipient)))
        same = (RECIPIENTS.c.ours == ours, RECIPIENTS.c.did == recipient)
        return bool(await self.changed(self.delete(RECIPIENTS, *same)))

    async def deposit(self, deposit: Deposit) -> bool:
        """Keep a message for a recipient, as long as there is room for that one."""
        same = await self.row(RECIPIENTS, lock=True, ours=deposit.ours, did=deposit.recipient)
        if same is None:
            return False
        waits = await self.waiting(deposit.ours, deposit.recipient)
        if waits.count >= MAX_DEPOSITS or waits.total_bytes + len(deposit.data) > MAX_DEPOSITED_BYTES:
            return False
        await self.insert(DEPOSITS, {**asdict(deposit), "size": len(deposit.data)})
        return True

    async def received(self, ours: str, ids: Collection[str]) -> int:
        """Drop what its recipient has received."""
        return await self.changed(self.delete(DEPOSITS, DEPOSITS.c.ours == ours, DEPOSITS.c.id.in_(ids)))

    async def expire(self, at: datetime) -> int:
        """Drop what nobody fetched in time."""
        return await self.changed(self.delete(DEPOSITS, DEPOSITS.c.expires_at <= at))


def _of(ours: str, recipient: str | None) -> tuple[ColumnElement[bool], ...]:
    relation = DEPOSITS.c.ours == ours
    return (relation,) if recipient is None else (relation, DEPOSITS.c.recipient == recipient)


@dataclass(frozen=True, slots=True)
class MailRows:
    """Whose a message is, before anybody is known."""

    connection: AsyncConnection

    async def owner(self, dids: Sequence[str]) -> tuple[OrganisationId, str] | None:
        """Whose the first of these identifiers is that is one of ours."""
        statement = select(RELATIONS.c.organisation, RELATIONS.c.ours).where(RELATIONS.c.ours.in_(dids))
        rows = (await self.connection.execute(statement)).mappings().all()
        found = {row["ours"]: OrganisationId(row["organisation"]) for row in rows}
        return next(((found[did], did) for did in dids if did in found), None)

    async def invitation(self, short: str) -> tuple[OrganisationId, Relation] | None:
        """The invitation behind a short address."""
        statement = select(RELATIONS).where(RELATIONS.c.short == short)
        row = (await self.connection.execute(statement)).mappings().first()
        return None if row is None else (OrganisationId(row["organisation"]), relation_of(row))

    async def with_mail(self, ours: Sequence[str], *, live: Sequence[str] = ()) -> frozenset[str]:
        """Those for which something waits."""
        letters = select(LETTERS.c.ours).where(LETTERS.c.ours.in_(ours)).distinct()
        found = set((await self.connection.execute(letters)).scalars())
        if live:
            deposits = select(DEPOSITS.c.ours).where(DEPOSITS.c.ours.in_(live)).distinct()
            found |= set((await self.connection.execute(deposits)).scalars())
        return frozenset(found)
