"""Lists of others that are mirrored, and copies of lists by their digests."""

from datetime import datetime

from sqlalchemy import func

from node.adapters.database.bound import Bound, without_organisation
from node.adapters.database.copy_tables import LIST_COPIES, MIRRORED_LISTS
from node.ports.errors import AbsentError, RuleError
from node.ports.mirroring import MAX_COPIES, MAX_MIRRORED, Mirrored

_WHAT = "mirrored list at this address"


class MirrorRowsReader(Bound):
    """The lists of others that one organisation mirrors."""

    __slots__ = ()

    async def listed(self) -> tuple[Mirrored, ...]:
        """All of them."""
        rows = await self.rows(self.select(MIRRORED_LISTS).order_by(MIRRORED_LISTS.c.url))
        return tuple(Mirrored(**without_organisation(row)) for row in rows)

    async def find(self, url: str) -> Mirrored:
        """One of them."""
        return Mirrored(**without_organisation(await self.found(_WHAT, MIRRORED_LISTS, MIRRORED_LISTS.c.url == url)))


class MirrorRows(MirrorRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, url: str, at: datetime) -> bool:
        """Mirror this list from now on."""
        many = self.select(MIRRORED_LISTS).with_only_columns(func.count().label("many"))
        (row,) = await self.rows(many)
        known = await self.row(MIRRORED_LISTS, MIRRORED_LISTS.c.url == url)
        if known is None and row["many"] >= MAX_MIRRORED:
            raise RuleError(
                f"{MAX_MIRRORED} lists are mirrored already",
                code="mirror.full",
                remedy="Remove one that nobody needs any more.",
            )
        return await self.inserted(MIRRORED_LISTS, {"url": url, "asked_at": at}, "url")

    async def remove(self, url: str) -> None:
        """Mirror it no more, and drop the copies."""
        await self.find(url)
        await self.changed(self.delete(LIST_COPIES, LIST_COPIES.c.mirrored == url))
        await self.changed(self.delete(MIRRORED_LISTS, MIRRORED_LISTS.c.url == url))

    async def keep(self, url: str, digest: str, document: bytes, at: datetime) -> None:
        """Keep a copy, and the newest of this list."""
        await self._noted(url, tried_at=at, had_at=at, digest=digest, problem=None)
        table = LIST_COPIES.c
        copy = {"digest": digest, "url": url, "mirrored": url, "had_at": at, "document": document}
        if not await self.inserted(LIST_COPIES, copy, "digest"):
            await self.changed(
                self.update(LIST_COPIES, table.digest == digest, table.mirrored == url).values(had_at=at)
            )
        kept = self.select(LIST_COPIES, table.mirrored == url).order_by(table.had_at.desc(), table.digest)
        oldest = await self.rows(kept.with_only_columns(table.digest).offset(MAX_COPIES))
        await self.changed(self.delete(LIST_COPIES, table.digest.in_([row["digest"] for row in oldest])))

    async def failed(self, url: str, problem: str, at: datetime) -> None:
        """Note that it could not be had."""
        await self._noted(url, tried_at=at, problem=problem)

    async def _noted(self, url: str, **values: str | datetime | None) -> None:
        if not await self.changed(self.update(MIRRORED_LISTS, MIRRORED_LISTS.c.url == url).values(**values)):
            raise AbsentError(_WHAT)
