"""Statements on one organisation's rows: the only way in which its repositories reach a table.

The organisation is a part of every statement that is made here, so that no repository can forget it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Delete, RowMapping, Select, Table, Update, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from node.ports.errors import AbsentError
from node.ports.organisations import OrganisationId

type Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """One organisation's side of a connection."""

    connection: AsyncConnection
    organisation: OrganisationId

    def select(self, table: Table, *conditions: ColumnElement[bool]) -> Select[Any]:
        """The organisation's rows of a table."""
        return select(table).where(table.c.organisation == self.organisation, *conditions)

    def update(self, table: Table, *conditions: ColumnElement[bool]) -> Update:
        """A change of the organisation's rows."""
        return update(table).where(table.c.organisation == self.organisation, *conditions)

    def delete(self, table: Table, *conditions: ColumnElement[bool]) -> Delete:
        """A removal of the organisation's rows."""
        return delete(table).where(table.c.organisation == self.organisation, *conditions)

    async def rows(self, statement: Select[Any]) -> Sequence[RowMapping]:
        """What a statement finds."""
        rows: Sequence[RowMapping] = (await self.connection.execute(statement)).mappings().all()
        return rows

    async def row(self, table: Table, *conditions: ColumnElement[bool], lock: bool = False) -> RowMapping | None:
        """The one row that fits; locked, no other transaction changes it before this one ends."""
        statement = self.select(table, *conditions)
        result = await self.connection.execute(statement.with_for_update() if lock else statement)
        row: RowMapping | None = result.mappings().first()
        return row

    async def found(self, what: str, table: Table, *conditions: ColumnElement[bool], lock: bool = False) -> RowMapping:
        """The one row that fits; raises AbsentError."""
        row = await self.row(table, *conditions, lock=lock)
        if row is None:
            raise AbsentError(what)
        return row

    async def changed(self, statement: Update | Delete) -> int:
        """How many rows a statement changed."""
        result: CursorResult[Any] = await self.connection.execute(statement)
        return result.rowcount

    async def insert(self, table: Table, *rows: Values) -> None:
        """Add the organisation's rows."""
        if rows:
            await self.connection.execute(table.insert(), [{**row, "organisation": self.organisation} for row in rows])

    async def insert_new(self, table: Table, rows: Sequence[Values], *keys: str) -> Sequence[Any]:
        """Add those of the rows that have no row of this key beside them; the last part of the key of each."""
        if not rows:
            return ()
        statement = insert_into(self.connection, table).on_conflict_do_nothing(index_elements=["organisation", *keys])
        # What it returns also makes it a few long statements, not one for each row.
        result = await self.connection.execute(statement.returning(table.c[keys[-1]]), self._in_order(rows, keys))
        keys_of_new: Sequence[Any] = result.scalars().all()
        return keys_of_new

    def _in_order(self, rows: Sequence[Values], keys: Sequence[str]) -> list[Values]:
        """One order for all: two that each wait for a row of the other would wait for ever."""
        ordered = sorted(rows, key=lambda row: [row[key] for key in keys])
        return [{**row, "organisation": self.organisation} for row in ordered]

    async def inserted(self, table: Table, row: Values, *keys: str) -> bool:
        """Add a row unless there is one of this key; whether it was added."""
        return bool(await self.insert_new(table, [row], *keys))


def insert_into(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insertion that can leave a row alone that is there already, which the engines spell alike."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def without_organisation(row: RowMapping) -> dict[str, Any]:
    """The values of a row, for a record that has the same names."""
    return {name: value for name, value in row.items() if name != "organisation"}
