"""Many rows added by one statement, past what SQLAlchemy does for each value of each of them.

1. The values of the rows become tuples, in the order of the statement; only columns that are kept otherwise than they
   are given are converted.
2. SQLite's driver takes them by one prepared statement. To PostgreSQL they go by COPY, in its binary form, over the
   connection of the transaction.
3. Either adds all of the rows or none: where one is there already, what was added is taken back, and the caller adds
   the others in another way.

Spec: https://www.postgresql.org/docs/current/sql-copy.html, https://www.psycopg.org/psycopg3/docs/basic/copy.html
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from operator import itemgetter
from typing import Any, Final

import psycopg
from psycopg.errors import UniqueViolation
from sqlalchemy import BigInteger, Boolean, Dialect, LargeBinary, Table, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator, TypeEngine

from node.adapters.database.failures import spoils_others

type Row = tuple[Any, ...]

_DIALECTS: Final[dict[str, Dialect]] = {each.name: each() for each in (sqlite.dialect, postgresql.dialect)}
_OF_POSTGRESQL: Final[dict[type[TypeEngine[Any]], str]] = {
    Text: "text",
    BigInteger: "int8",
    LargeBinary: "bytea",
    Boolean: "bool",
}


@dataclass(frozen=True, slots=True)
class _Adding:
    """How rows with values of these names are added to a table."""

    names: tuple[str, ...]
    converting: tuple[tuple[int, Callable[[Any], Any]], ...]
    """The places of columns that are kept otherwise than they are given."""
    kinds: tuple[str, ...]
    """Of PostgreSQL's columns."""
    copying: str
    quietly: str
    """SQLite's statement, which leaves alone what is there already."""

    def tuples(self, rows: Sequence[dict[str, Any]]) -> list[Row]:
        """Step 1."""
        columns: list[Any] = [map(itemgetter(name), rows) for name in self.names]
        for place, convert in self.converting:
            columns[place] = map(convert, columns[place])
        return list(zip(*columns, strict=True))


async def added_all(connection: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]], *keys: str) -> bool:
    """Whether all of the rows were added, which have values of the same names; else none was.

    `keys` are what no two rows of the table have alike.
    """
    adding = _adding(connection.dialect.name, table, tuple(rows[0]), keys)
    savepoint = await connection.begin_nested()
    try:
        done = await _added(connection, adding, adding.tuples(rows))
    except DBAPIError as error:
        if not spoils_others(error) and not error.connection_invalidated:
            await savepoint.rollback()
        raise
    if done:
        await savepoint.commit()
    else:
        await savepoint.rollback()
    return done


async def _added(connection: AsyncConnection, adding: _Adding, rows: Sequence[Row]) -> bool:
    """Step 2."""
    if connection.dialect.name == "postgresql":
        return await _copied(connection, adding, rows)
    return (await connection.exec_driver_sql(adding.quietly, [*rows])).rowcount == len(rows)


async def _copied(connection: AsyncConnection, adding: _Adding, rows: Sequence[Row]) -> bool:
    """Whether COPY took the rows; raises what SQLAlchemy would for any other failure."""
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, psycopg.AsyncConnection):
        raise TypeError(type(driver).__name__)
    try:
        async with driver.cursor() as cursor, cursor.copy(adding.copying) as copy:
            copy.set_types(adding.kinds)
            for row in rows:
                await copy.write_row(row)
    except UniqueViolation:
        return False
    except psycopg.Error as error:
        raise DBAPIError.instance(
            adding.copying, None, error, psycopg.Error, connection_invalidated=driver.broken, dialect=connection.dialect
        ) from error
    return True


@cache
def _adding(dialect: str, table: Table, names: tuple[str, ...], keys: tuple[str, ...]) -> _Adding:
    columns = [table.c[name] for name in names]
    kinds = [_plain(column.type) for column in columns]
    converting = [
        (place, convert)
        for place, column in enumerate(columns)
        if isinstance(column.type, TypeDecorator)
        and (convert := column.type.dialect_impl(_DIALECTS[dialect]).bind_processor(_DIALECTS[dialect])) is not None
    ]
    listed = ", ".join(names)
    copying = f"COPY {table.name} ({listed}) FROM STDIN (FORMAT BINARY)"
    marks, unique = ", ".join(repeat("?", len(names))), ", ".join(("organisation", *keys))
    # The names are those of our tables; whatever is kept goes beside the statement.
    quietly = f"INSERT INTO {table.name} ({listed}) VALUES ({marks}) ON CONFLICT ({unique}) DO NOTHING"  # noqa: S608
    return _Adding(names, tuple(converting), tuple(_OF_POSTGRESQL[kind] for kind in kinds), copying, quietly)


def _plain(kind: TypeEngine[Any]) -> type[TypeEngine[Any]]:
    """What a column is by itself."""
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    return next(each for each in _OF_POSTGRESQL if isinstance(plain, each))
