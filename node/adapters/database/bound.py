"""Statements on one organisation's rows: the only way in which its repositories reach a table.

The organisation is a part of every statement that is made here, so that no repository can forget it. To make a
statement takes longer than SQLite takes to execute it: those that only differ in values are made once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Insert,
    RowMapping,
    Select,
    Table,
    Update,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from node.adapters.database.many_rows import added_all
from node.ports.errors import AbsentError
from node.ports.organisations import OrganisationId

type Values = Mapping[str, Any]

MANY_ROWS: Final = 32
"""From which on it pays to add rows in another way than few."""
_ITS: Final = "its_"
"""Before the name of a column, where its value says which row is meant and not what it becomes."""


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

    async def row(
        self, table: Table, *conditions: ColumnElement[bool], lock: bool = False, **same: object
    ) -> RowMapping | None:
        """The one row that fits, by values of columns; locked, no other transaction changes it before this one ends.

        Rows that refer to it can be added meanwhile, as its key never changes.
        """
        statement = _selected(table, tuple(same), lock)
        result = await self.connection.execute(
            statement.where(*conditions) if conditions else statement, self._its(same)
        )
        row: RowMapping | None = result.mappings().first()
        return row

    async def found(
        self, what: str, table: Table, *conditions: ColumnElement[bool], lock: bool = False, **same: object
    ) -> RowMapping:
        """The one row that fits; raises AbsentError."""
        row = await self.row(table, *conditions, lock=lock, **same)
        if row is None:
            raise AbsentError(what)
        return row

    async def rows_of(self, statement: Select[Any], **values: object) -> Sequence[RowMapping]:
        """What a statement of `own_rows` finds."""
        rows: Sequence[RowMapping] = (await self.connection.execute(statement, self._its({}) | values)).mappings().all()
        return rows

    async def set(self, table: Table, values: Values, **same: object) -> int:
        """How many rows that fit were changed to these values."""
        return (await self.connection.execute(_updated(table, tuple(same)), {**values, **self._its(same)})).rowcount

    def _its(self, same: Mapping[str, object]) -> dict[str, object]:
        return {_ITS + "organisation": self.organisation} | {_ITS + name: value for name, value in same.items()}

    async def changed(self, statement: Update | Delete) -> int:
        """How many rows a statement changed."""
        result: CursorResult[Any] = await self.connection.execute(statement)
        return result.rowcount

    async def insert(self, table: Table, *rows: Values) -> None:
        """Add the organisation's rows."""
        if rows:
            given = [{**row, "organisation": self.organisation} for row in rows]
            await self.connection.execute(_insertion(table), given)

    async def insert_new(self, table: Table, rows: Sequence[Values], *keys: str) -> Sequence[Any]:
        """Add those of the rows that have no row of this key beside them; the last part of the key of each."""
        if not rows:
            return ()
        given = self._in_order(rows, keys)
        if len(given) >= MANY_ROWS and await added_all(self.connection, table, given, *keys):
            return [row[keys[-1]] for row in given]
        result = await self.connection.execute(_inserted(self.connection.dialect.name, table, keys), given)
        keys_of_new: Sequence[Any] = result.scalars().all()
        return keys_of_new

    def _in_order(self, rows: Sequence[Values], keys: Sequence[str]) -> list[dict[str, Any]]:
        """One order for all: two that each wait for a row of the other would wait for ever."""
        ordered = sorted(rows, key=itemgetter(*keys))
        return [{**row, "organisation": self.organisation} for row in ordered]

    async def inserted(self, table: Table, row: Values, *keys: str) -> bool:
        """Add a row unless there is one of this key; whether it was added."""
        return bool(await self.insert_new(table, [row], *keys))


def insert_into(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insertion that can leave a row alone that is there already, which the engines spell alike."""
    return insert_by(connection.dialect.name, table)


def insert_by(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """The same, by the name of the engine."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def own_rows(table: Table, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The rows of a table, for `rows_of`, which says of which organisation."""
    return select(table).where(_same(table, "organisation"), *conditions)


@cache
def _selected(table: Table, names: tuple[str, ...], lock: bool) -> Select[Any]:  # noqa: FBT001 -- as `row` was asked
    statement = own_rows(table, *(_same(table, name) for name in names))
    return statement.with_for_update(key_share=True) if lock else statement


@cache
def _updated(table: Table, names: tuple[str, ...]) -> Update:
    return update(table).where(*(_same(table, name) for name in ("organisation", *names)))


@cache
def _insertion(table: Table) -> Insert:
    return table.insert()


@cache
def _inserted(dialect: str, table: Table, keys: tuple[str, ...]) -> Any:  # noqa: ANN401 -- one of two kinds
    statement = insert_by(dialect, table).on_conflict_do_nothing(index_elements=["organisation", *keys])
    return statement.returning(table.c[keys[-1]])  # which also makes it a few long statements, not one for each row


def _same(table: Table, name: str) -> ColumnElement[bool]:
    return table.c[name] == bindparam(_ITS + name)


def values_of(record: Any) -> dict[str, Any]:  # noqa: ANN401 -- a record of any kind
    """The values of a record with slots, by their names: as `asdict`, which copies all that is inside of them."""
    return {name: getattr(record, name) for name in record.__slots__}


def without_organisation(row: RowMapping) -> dict[str, Any]:
    """The values of a row, for a record that has the same names."""
    return {name: value for name, value in row.items() if name != "organisation"}
