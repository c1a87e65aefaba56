"""Private links by their digests, and as whom organisations write letters."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.adapters.database.award_tables import AWARDS
from node.adapters.database.bound import Bound, without_organisation
from node.adapters.database.link_tables import LINKS, MAIL_SENDERS
from node.ports.errors import AbsentError
from node.ports.links import GRACE, Link, LinkKind
from node.ports.mail import Sender
from node.ports.organisations import OrganisationId


class LinkRowsReader(Bound):
    """The links of one organisation."""

    __slots__ = ()

    async def find(self, link: str) -> Link:
        """The link."""
        return _link(await self.found("link with this id", LINKS, id=link))

    async def of_award(self, award: str) -> tuple[Link, ...]:
        """The links of an award."""
        return tuple(map(_link, await self.rows(self.select(LINKS, LINKS.c.award == award).order_by(LINKS.c.id))))

    async def unclaimed(self, since: datetime, until: datetime, *, limit: int) -> tuple[str, ...]:
        """The awards whose claim links ran out, unused."""
        ran_out = (LINKS.c.expires_at > since, LINKS.c.expires_at <= until)
        unused = (LINKS.c.kind == LinkKind.CLAIM, LINKS.c.accepted_at.is_(None), LINKS.c.ended_at.is_(None))
        statement = self.select(LINKS, *ran_out, *unused).with_only_columns(LINKS.c.award).order_by(LINKS.c.expires_at)
        return tuple((await self.connection.execute(statement.limit(limit))).scalars())


class LinkRows(LinkRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def put(self, link: Link) -> None:
        """Take a new one, in the place of those of its kind; who does the same meanwhile waits."""
        await self.found("award with this id", AWARDS, AWARDS.c.id == link.award, lock=True)
        await self.end(link.award, [link.kind], link.made_at)
        await self.insert(LINKS, asdict(link))

    async def accept(self, digest: bytes, at: datetime, *, again: bytes | None, holder: str | None) -> Link | None:
        """Use up the claim link with this digest."""
        # One statement looks and changes: of many at once, one gets the row.
        statement = self.update(LINKS, LINKS.c.digest == digest, LINKS.c.kind == LinkKind.CLAIM, _lives(at))
        changed = statement.values(accepted_at=at, again=again, holder=holder).returning(*LINKS.c)
        row = (await self.connection.execute(changed)).mappings().first()
        return None if row is None else _link(row)

    async def end(self, award: str, kinds: Sequence[LinkKind], at: datetime) -> int:
        """End those that still lead somewhere."""
        which = (LINKS.c.award == award, LINKS.c.kind.in_(kinds), LINKS.c.ended_at.is_(None))
        return await self.changed(self.update(LINKS, *which, LINKS.c.accepted_at.is_(None)).values(ended_at=at))

    async def forget(self, before: datetime) -> int:
        """Drop those that were over by then, and what was awarded has no need of."""
        over = and_(LINKS.c.expires_at <= before, LINKS.c.accepted_at.is_(None))
        return await self.changed(self.delete(LINKS, over))


class SenderRowsReader(Bound):
    """As whom one organisation writes."""

    __slots__ = ()

    async def find(self) -> Sender:
        """As it was set."""
        row = await self.row(MAIL_SENDERS)
        if row is None:
            return Sender()
        return Sender(row["address"], row["name"], row["reply_to"], row["language"])


class SenderRows(SenderRowsReader):
    """… and changing it."""

    __slots__ = ()

    async def keep(self, sender: Sender, at: datetime) -> None:
        """Set it so from now on."""
        await self.changed(self.delete(MAIL_SENDERS))
        await self.insert(MAIL_SENDERS, {**asdict(sender), "changed_at": at})


async def link_of(
    connection: AsyncConnection, digest: bytes, kind: LinkKind, at: datetime, again: bytes | None
) -> tuple[OrganisationId, Link]:
    """The link with this digest, which leads somewhere still; what never was and what is over are one answer.

    With `again`, also a claim link that was used with this key a moment ago.
    """
    counts = _lives(at) if again is None else or_(_lives(at), _used(at, again))
    statement: Any = select(LINKS).where(LINKS.c.digest == digest, LINKS.c.kind == kind, counts)
    row = (await connection.execute(statement)).mappings().first()
    if row is None:
        raise AbsentError("link that leads somewhere")
    return OrganisationId(row["organisation"]), _link(row)


def _lives(at: datetime) -> ColumnElement[bool]:
    return and_(LINKS.c.accepted_at.is_(None), LINKS.c.ended_at.is_(None), LINKS.c.expires_at > at)


def _used(at: datetime, again: bytes) -> ColumnElement[bool]:
    return and_(LINKS.c.again == again, LINKS.c.accepted_at > at - GRACE)


def _link(row: RowMapping) -> Link:
    return Link(**{**without_organisation(row), "kind": LinkKind(row["kind"])})
