"""Pictures, entries of the catalogue, statements."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import RowMapping, func, null, select

from node.adapters.database.bound import Bound, without_organisation
from node.adapters.database.publication_tables import CATALOGUE_ENTRIES, PICTURES, STATEMENTS
from node.documents import JsonValue
from node.ports.errors import AbsentError, RuleError
from node.ports.publishing import Entry, Picture, Statement

PICTURE_COLUMNS = tuple(column for column in PICTURES.c if column.name not in {"organisation", "image"})


class PictureRowsReader(Bound):
    """The pictures of one organisation."""

    __slots__ = ()

    async def find(self, digest: str) -> Picture:
        """The picture."""
        statement = self.select(PICTURES, PICTURES.c.digest == digest).with_only_columns(*PICTURE_COLUMNS)
        rows = await self.rows(statement)
        if not rows:
            raise AbsentError("picture of this digest")
        return picture(rows[0])

    async def image(self, digest: str) -> bytes:
        """The bytes of it."""
        row = await self.found("picture of this digest", PICTURES, PICTURES.c.digest == digest)
        image: bytes = row["image"]
        return image

    async def listed(self, *, after: str = "", limit: int = 100) -> tuple[Picture, ...]:
        """Those whose digest comes after this one."""
        statement = self.select(PICTURES, PICTURES.c.digest > after).with_only_columns(*PICTURE_COLUMNS)
        return tuple(map(picture, await self.rows(statement.order_by(PICTURES.c.digest).limit(limit))))

    async def unpublished(self) -> int:
        """How many nobody sees yet."""
        statement = select(func.count()).where(
            PICTURES.c.organisation == self.organisation, PICTURES.c.published_at.is_(None)
        )
        return await self.connection.scalar(statement) or 0


class PictureRows(PictureRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, picture: Picture, image: bytes) -> bool:
        """Take one."""
        return await self.inserted(PICTURES, {**asdict(picture), "image": image}, "digest")

    async def publish(self, digest: str, at: datetime) -> None:
        """Let everybody see it."""
        if (await self.find(digest)).published_at is None:
            statement = self.update(PICTURES, PICTURES.c.digest == digest, PICTURES.c.published_at.is_(None))
            await self.changed(statement.values(published_at=at))

    async def remove(self, digest: str) -> None:
        """Drop one."""
        if (await self.find(digest)).published_at is not None:
            raise RuleError(
                "the picture is published",
                code="picture.published",
                remedy="Leave it; awards name it. Give the next version of the achievement another one.",
            )
        await self.changed(self.delete(PICTURES, PICTURES.c.digest == digest, PICTURES.c.published_at.is_(None)))


class CatalogueRowsReader(Bound):
    """The entries of one organisation."""

    __slots__ = ()

    async def entry(self, achievement: str) -> Entry:
        """The entry of an achievement."""
        table = CATALOGUE_ENTRIES
        return entry(await self.found("achievement in the catalogue", table, table.c.achievement == achievement))


class CatalogueRows(CatalogueRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def put(self, entry: Entry) -> None:
        """Show this of the achievement."""
        table = CATALOGUE_ENTRIES
        row = {name: value for name, value in asdict(entry).items() if name not in {"organisation", "offer"}}
        changed = await self.changed(self.update(table, table.c.achievement == entry.achievement).values(**row))
        if not changed:
            await self.insert(table, {**row, "offer": entry.offer})

    async def offer(self, achievement: str, offer: Mapping[str, JsonValue] | None) -> None:
        """Say this of taking part."""
        statement = self.update(CATALOGUE_ENTRIES, CATALOGUE_ENTRIES.c.achievement == achievement)
        if not await self.changed(statement.values(offer=null() if offer is None else offer)):
            raise AbsentError("achievement in the catalogue")


class StatementRowsReader(Bound):
    """Signed statements about one organisation."""

    __slots__ = ()

    async def find(self, digest: str) -> Statement:
        """The statement."""
        return statement(await self.found("statement of this digest", STATEMENTS, STATEMENTS.c.digest == digest))

    async def listed(self) -> tuple[Statement, ...]:
        """All of them."""
        rows = await self.rows(self.select(STATEMENTS).order_by(STATEMENTS.c.added_at, STATEMENTS.c.digest))
        return tuple(map(statement, rows))


class StatementRows(StatementRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, statement: Statement) -> bool:
        """Publish one."""
        return await self.inserted(STATEMENTS, asdict(statement), "digest")

    async def remove(self, digest: str) -> None:
        """Publish it no more."""
        if not await self.changed(self.delete(STATEMENTS, STATEMENTS.c.digest == digest)):
            raise AbsentError("statement of this digest")


def picture(row: RowMapping) -> Picture:
    """The record of a row, without the image."""
    return Picture(**{column.name: row[column.name] for column in PICTURE_COLUMNS})


def entry(row: RowMapping) -> Entry:
    """The record of a row."""
    return Entry(**row)


def statement(row: RowMapping) -> Statement:
    """The record of a row."""
    return Statement(**without_organisation(row))
