"""Opening a database: SQLite in a file of this process, or PostgreSQL.

Reading and writing go separate ways. Who reads has a view of one moment, and could not write; who writes hands over a
piece of work, which is done in one transaction and may be done again where two got into each other's way.

Spec: https://www.sqlite.org/pragma.html, https://www.postgresql.org/docs/current/runtime-config-wal.html
"""

import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final, Literal

from sqlalchemy import URL, Engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from node.adapters.database.brisk_sqlite import connect, connect_to_read
from node.adapters.database.failures import again, told, unreachable
from node.adapters.database.group_commit import GroupCommit
from node.adapters.database.migration import migrate
from node.adapters.database.rewriting import vacuum
from node.ports.errors import StoreBusyError, StoreError

READERS: Final = 4
"""Connections that only read a SQLite file; they hold up nobody."""
CONNECTIONS: Final = 16
"""To PostgreSQL, by one process; its usual limit is a hundred for all."""
WAIT_SECONDS: Final = 10.0
"""For a connection, or for a row that another transaction holds."""
FRESH_SECONDS: Final = 1.0
"""A connection that was used as lately is taken to be there still; one that rested longer is asked first."""
IDLE_SECONDS: Final = 60
"""After which PostgreSQL ends a transaction whose process does nothing."""
TRIES: Final = 5
"""For work that got into another's way; each time somebody got on."""
_LOG_BYTES: Final = 64 * 1024 * 1024
_OWNER_ONLY: Final = 0o600
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",  # without it a power cut takes what was acknowledged
    "foreign_keys=ON",
    "secure_delete=ON",  # what was erased is overwritten
    "mmap_size=0",
    "temp_store=MEMORY",  # nothing of anybody in files that nobody thinks of
    "busy_timeout=10000",
    f"journal_size_limit={_LOG_BYTES}",
    "cache_size=-65536",
)
_USED_AT: Final = "glejt_used_at"
_NO_TRANSACTION: Final = "glejt_no_transaction"
"""For what SQLite does outside transactions only. After the driver's own way it would begin them by itself."""

type Kind = Literal["sqlite", "postgresql"]


@dataclass(frozen=True, slots=True)
class Database:
    """An open database at today's revision."""

    kind: Kind
    _readers: AsyncEngine
    _writers: AsyncEngine
    _group: GroupCommit | None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one moment, and cannot write."""
        with told():
            async with self._readers.begin() as connection:
                yield connection

    async def transact[T](self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do the work in one transaction; when this returns, it is on the disk. It may run more than once."""
        if self._group is not None:
            return await self._group.transact(work)
        with told():
            for left in reversed(range(TRIES)):
                try:
                    async with self._writers.begin() as connection:
                        return await work(connection)
                except DBAPIError as error:
                    if not left or not again(error):
                        raise
        raise AssertionError  # unreachable: the last try returns or raises

    async def transact_alone[T](self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do work that takes long, as to migrate or to restore, in one transaction, while nobody else writes."""
        with self._noted(), told():
            async with self._writers.begin() as connection:
                return await work(connection)

    async def purge(self) -> None:
        """Overwrite what was erased wherever the database still has it: in its log, or in rows nobody sees."""
        with self._noted(), told():
            if self._group is not None:
                await self._group.finish()
            async with self._writers.connect() as connection:
                if self.kind == "postgresql":
                    plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
                    await vacuum(plain)
                else:
                    plain = await connection.execution_options(**{_NO_TRANSACTION: True})
                    await plain.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Has a failure of the disk end all writing, also what goes past the line of those who wait."""
        try:
            yield
        except StoreError as error:
            if self._group is not None:
                self._group.note(error)
            raise

    async def is_durable(self) -> bool:
        """Whether the engine waits for the disk; a PostgreSQL that was set up not to would lose what it told of."""
        async with self.reading() as connection:
            if self.kind == "sqlite":
                return bool(await connection.scalar(text("PRAGMA synchronous")) >= 2)  # noqa: PLR2004 -- 2 is FULL
            found = [await connection.scalar(text(f"SHOW {name}")) for name in ("fsync", "synchronous_commit")]
            return found[0] == "on" and found[1] not in {"off", "local"}


@asynccontextmanager
async def opened(address: str, *, revision: str | None = "head") -> AsyncIterator[Database]:
    """The database at `sqlite:///path` or `postgresql://…`, brought to a revision first, or with None left as it is."""
    url = _url(address)
    opening = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    async with opening as database:
        if revision is not None:
            await database.transact_alone(lambda connection: migrate(connection, revision))
        yield database


@asynccontextmanager
async def _sqlite(url: URL) -> AsyncIterator[Database]:
    path = _path(url)
    with _alone(path):
        async_url = URL.create("sqlite+aiosqlite", database=str(path))
        writers = create_async_engine(
            async_url, pool_size=1, max_overflow=0, connect_args={"async_creator_fn": connect}
        )
        readers = create_async_engine(
            async_url,
            pool_size=READERS,
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
            connect_args={"async_creator_fn": connect_to_read},
        )
        _set_up(writers.sync_engine, _PRAGMAS, "BEGIN IMMEDIATE")
        _set_up(readers.sync_engine, (*_PRAGMAS, "query_only=ON"), "BEGIN")
        group = GroupCommit(writers)
        try:
            yield Database("sqlite", readers, writers, group)
        finally:
            await group.finish()
            # The last one to close moves the log into the file: that has to be the writer.
            await readers.dispose()
            await writers.dispose()


@asynccontextmanager
async def _postgresql(url: URL) -> AsyncIterator[Database]:
    settings = {
        "timezone": "UTC",
        "synchronous_commit": "on",
        "lock_timeout": f"{WAIT_SECONDS:.0f}s",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    }
    engine = create_async_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        isolation_level="READ COMMITTED",
        connect_args={"options": " ".join(f"-c {name}={value}" for name, value in settings.items())},
    )
    _ask_the_rested(engine.sync_engine)
    readers = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    try:
        yield Database("postgresql", readers, engine, None)
    finally:
        await engine.dispose()


def file_of(address: str) -> Path | None:
    """The file of a database that is one; raises StoreError for no address."""
    url = _url(address)
    return _path(url) if url.get_backend_name() == "sqlite" else None


def _path(url: URL) -> Path:
    return Path(url.database or "").absolute()


def _url(address: str) -> URL:
    try:
        url = make_url(address)
        if url.get_backend_name() in {"sqlite", "postgresql"} and url.database:
            return url
    except (ArgumentError, ValueError):
        pass
    # The address is not shown: a password may stand in it.
    raise StoreError(
        "the address of the database is neither sqlite:///PATH nor postgresql://USER@HOST/NAME",
        code="store.address",
        remedy="Correct it in the settings.",
    )


def _set_up(engine: Engine, pragmas: tuple[str, ...], begin: str) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's
        connection.isolation_level = None  # transactions begin below, not where Python sees a first change
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def began(connection: Any) -> None:  # noqa: ANN401 -- the engine's
        if not connection.get_execution_options().get(_NO_TRANSACTION):
            connection.exec_driver_sql(begin)


def _ask_the_rested(engine: Engine) -> None:
    """Before a connection is used that rested, ask whether its server is still there; if not, all are made anew."""

    @event.listens_for(engine, "checkin")
    def put_back(_connection: object, record: Any) -> None:  # noqa: ANN401 -- the pool's
        record.info[_USED_AT] = monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection: Any, record: Any, _proxy: object) -> None:  # noqa: ANN401 -- the pool's
        if monotonic() - record.info.get(_USED_AT, monotonic()) <= FRESH_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes of ours away: there is one writer."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY))
        handle = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
    except OSError as error:
        raise unreachable() from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreBusyError(
                f"another process has {path.name} open",
                code="store.busy",
                remedy="Stop it first; where several are to work on one database, use PostgreSQL.",
            ) from error
        yield
    finally:
        os.close(handle)
