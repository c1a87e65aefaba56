"""A connection to SQLite whose statements cross to its thread and back once, or not at all.

The driver has a thread for each connection, so that nothing holds up the event loop, and goes there for every step of a
statement: to make a cursor, execute, fetch, close. Most statements of a node find a row or two by an index, and take
less time than one such way.

1. What cannot take long is done at once: one row added within a transaction, a savepoint, the beginning and the end of
   a view, and a search for as many steps as take less than a millisecond.
2. A search that takes more is broken off, and done beside the event loop; the same again goes there without a trial.
3. Everything else goes there, above all what waits for the disk or for a lock. Its first rows come back with it.

Nothing is done at once while the thread is at work for the same connection, as for a caller who has left.

Spec: https://docs.python.org/3/library/sqlite3.html#sqlite3.threadsafety, https://www.sqlite.org/c3ref/interrupt.html
"""

import sqlite3
from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import Any, Final

import aiosqlite

FIRST_ROWS: Final = 64
"""Rows that come back with the statement; more are fetched in further ways, as the driver would."""
MOST_STEPS: Final = 8_000
"""Of SQLite's machine, in a search that is done at once."""
MOST_VALUES: Final = 64
"""In what is added at once: a row of the widest table."""
TRIED_AGAIN: Final = 64
"""How often a search that took more goes to the thread before it is tried at once again."""
_MAX_LONG: Final = 1024
"""Texts of long searches that are remembered; there are fewer in this program."""
_NAMED: Final = ("SAVEPOINT ", "RELEASE ")


class BriskCursor(aiosqlite.Cursor):
    """A cursor that has its first rows with the statement."""

    def __init__(self, conn: "BriskConnection", cursor: sqlite3.Cursor) -> None:
        super().__init__(conn, cursor)
        self._first: list[Any] = []
        self._more = False

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> "BriskCursor":
        """Execute the statement, and fetch its first rows."""
        given = () if parameters is None else tuple(parameters)
        connection: BriskConnection = self._conn  # type: ignore[assignment]  # whose cursor it is
        if not connection.at_once(sql, given, self._begin):
            await self._execute(self._begin, sql, given)  # type: ignore[no-untyped-call]  # the driver's
        return self

    async def fetchone(self) -> Any:  # noqa: ANN401 -- as the overridden one
        """The next row."""
        if self._first:
            return self._first.pop(0)
        return await super().fetchone() if self._more else None

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """So many rows, or fewer at the end."""
        wanted = self.arraysize if size is None else size
        rows, self._first = self._first[:wanted], self._first[wanted:]
        if self._more and len(rows) < wanted:
            rows += await super().fetchmany(wanted - len(rows))
        return rows

    async def fetchall(self) -> list[Any]:
        """All that are left."""
        rows, self._first = self._first, []
        return [*rows, *await super().fetchall()] if self._more else rows

    async def close(self) -> None:
        """Give it up; that waits for nothing."""
        self._first, self._more = [], False
        self._cursor.close()

    def _begin(self, sql: str, parameters: Iterable[Any]) -> None:
        self._first, self._more = [], False
        self._cursor.execute(sql, parameters)  # type: ignore[arg-type]  # what the driver takes, sqlite3 takes
        if self._cursor.description is not None:
            self._first = self._cursor.fetchmany(FIRST_ROWS)
            self._more = len(self._first) == FIRST_ROWS


class _Opening:
    """A cursor, in the forms in which callers await one."""

    def __init__(self, cursor: BriskCursor) -> None:
        self._cursor = cursor

    def __await__(self) -> Generator[Any, None, BriskCursor]:
        yield from ()
        return self._cursor

    async def __aenter__(self) -> BriskCursor:
        return self._cursor

    async def __aexit__(self, *_: object) -> None:
        await self._cursor.close()


class BriskConnection(aiosqlite.Connection):
    """A connection with such cursors; its caller never asks for two things at one time."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], *, reads: bool) -> None:
        super().__init__(connector, FIRST_ROWS)
        self._reads = reads
        self._sent = 0
        """What was given to the thread; counted here alone, as `_done` is there."""
        self._done = 0
        self._long: dict[str, int] = {}
        """Searches that took more steps, and how often they go to the thread yet."""

    def cursor(self) -> _Opening:  # type: ignore[override]  # awaited and entered like the one of the driver
        """A new cursor; that waits for nothing."""
        return _Opening(BriskCursor(self, self._conn.cursor()))

    def at_once(self, sql: str, values: tuple[Any, ...], begin: Callable[[str, tuple[Any, ...]], None]) -> bool:
        """Whether a statement was executed here and now; raises what it raises."""
        if self._sent != self._done:
            return False
        if not self._conn.in_transaction:
            short = sql == "BEGIN"
        elif sql.startswith("SELECT "):
            return self._searched(sql, values, begin)
        elif sql.startswith("INSERT INTO "):
            # Without the rows of another table, as many rows are added as there are values.
            short = len(values) <= MOST_VALUES and " VALUES (" in sql and "SELECT " not in sql
        else:
            short = sql.startswith(_NAMED)
        if short:
            begin(sql, values)
        return short

    def _searched(self, sql: str, values: tuple[Any, ...], begin: Callable[[str, tuple[Any, ...]], None]) -> bool:
        """Whether a search was over soon; one that is broken off changes nothing, so that it can be done again."""
        left = self._long.get(sql, 0)
        if left:
            self._long[sql] = left - 1
            return False
        self._conn.set_progress_handler(_stop, MOST_STEPS)
        try:
            begin(sql, values)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            if len(self._long) >= _MAX_LONG:
                self._long.clear()
            self._long[sql] = TRIED_AGAIN
            return False
        finally:
            self._conn.set_progress_handler(None, 0)
        return True

    async def commit(self) -> None:
        """Commit the transaction; a view's end touches no file."""
        if self._reads and self._sent == self._done:
            self._conn.commit()
        else:
            await super().commit()

    async def rollback(self) -> None:
        """Take the transaction back, if there is one."""
        if self._sent == self._done and (self._reads or not self._conn.in_transaction):
            self._conn.rollback()
        else:
            await super().rollback()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- the driver's
        """Have something done by the thread."""

        def done() -> Any:  # noqa: ANN401 -- as above
            try:
                return fn(*args, **kwargs)
            finally:
                self._done += 1

        if self._running and self._connection:
            self._sent += 1
        return await super()._execute(done)  # type: ignore[no-untyped-call]  # the driver's


def _stop() -> int:
    """Called after so many steps; anything but 0 breaks off."""
    return 1


def connect(database: str, *, reads: bool = False, **options: Any) -> BriskConnection:  # noqa: ANN401 -- those of sqlite3
    """A connection to be awaited, as the driver's own function makes one; `reads` says that it never writes."""
    given = {**options, "check_same_thread": False}  # one thing at a time, in the thread or here
    connection = BriskConnection(lambda: sqlite3.connect(database, **given), reads=reads)
    connection._thread.daemon = True  # noqa: SLF001 -- as SQLAlchemy does with the driver's own
    return connection


connect_to_read: Final = partial(connect, reads=True)
"""The same, to read only."""
