"""What an open database promises: one moment for who reads, all or nothing for who writes; what is told is stored."""

import asyncio
import sqlite3
import stat
from pathlib import Path

import psycopg
import pytest
import store_samples as samples
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from node.adapters.database import engine as engines
from node.adapters.database.engine import opened
from node.adapters.database.group_commit import GroupCommit
from node.adapters.database.migration import known_revisions, revision_of
from node.adapters.database.schema import METADATA
from node.adapters.database.store import DatabaseStore
from node.ports.errors import (
    AbsentError,
    ConflictError,
    RuleError,
    StoreBrokenError,
    StoreBusyError,
    StoreError,
    StoreFullError,
)
from node.ports.organisations import OrganisationId

A, NOW = samples.A, samples.NOW


async def names(store):
    async with store.node_view() as view:
        return [each.id for each in await view.organisations.listed()]


@pytest.mark.threat(99)
async def test_the_migrations_make_the_tables_that_the_program_knows(database):
    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), METADATA)

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []
        assert await revision_of(connection) == known_revisions()[0]


@pytest.mark.threat(99)
async def test_a_migration_that_is_broken_off_leaves_nothing(make_address, engine, monkeypatch):
    address = make_address(engine, empty=True)
    real, statements = engines.migrate, 0
    stop_at = [None]

    async def dying(connection, revision):
        nonlocal statements
        statements = 0

        @event.listens_for(connection.sync_connection, "before_cursor_execute")
        def count(*_):
            nonlocal statements
            statements += 1
            if statements == stop_at[0]:
                raise ConnectionError

        await real(connection, revision)

    monkeypatch.setattr(engines, "migrate", dying)
    for number in (5, 20, 45):
        stop_at[0] = number
        with pytest.raises((ConnectionError, StoreError)):
            async with opened(address):
                pass
        async with opened(address, revision=None) as database, database.reading() as connection:
            assert await revision_of(connection) is None
    stop_at[0] = None
    async with opened(address) as database, database.reading() as connection:
        assert await revision_of(connection) == known_revisions()[0]
    assert statements > 45


@pytest.mark.threat(99)
async def test_a_database_of_a_later_version_is_left_alone(address):
    async with opened(address, revision=None) as database:
        await database.transact(
            lambda connection: connection.execute(text("UPDATE alembic_version SET version_num='9'"))
        )
    with pytest.raises(StoreError) as caught:
        async with opened(address):
            pass
    assert caught.value.code == "store.newer"


async def test_who_reads_sees_one_moment_and_cannot_write(store, database):
    await samples.add_organisation(store, "one")
    async with store.node_view() as view:
        assert [each.id for each in await view.organisations.listed()] == ["one"]
        await samples.add_organisation(store, "two")
        assert [each.id for each in await view.organisations.listed()] == ["one"]
    assert await names(store) == ["one", "two"]
    async with store.view(OrganisationId("one")) as view:
        assert not hasattr(view.members, "add")
        assert not hasattr(view.status, "set_value")
    with pytest.raises(StoreError):
        async with database.reading() as connection:
            await connection.execute(text("UPDATE organisations SET name = 'changed'"))


async def test_work_that_fails_is_taken_back_alone(store):
    async def work(number):
        async def add(node):
            await node.organisations.add(samples.Organisation(OrganisationId(f"n{number:02}"), "x", NOW))
            if number % 4 == 0:
                raise LookupError

        await store.node_change(add)

    results = await asyncio.gather(*(work(number) for number in range(40)), return_exceptions=True)
    assert [isinstance(result, LookupError) for result in results] == [number % 4 == 0 for number in range(40)]
    assert await names(store) == [f"n{number:02}" for number in range(40) if number % 4]
    with pytest.raises(ConflictError):
        await samples.add_organisation(store, "n01")


async def test_errors_of_the_work_itself_are_told_as_they_are(store):
    async def work(_):
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.node_change(work)
    with pytest.raises(FileNotFoundError):
        async with store.node_view():
            raise FileNotFoundError


async def test_a_mistake_in_one_statement_spoils_no_others(store, database):
    async def mistake():
        await database.transact(lambda connection: connection.execute(text("SELECT 1 FROM nothing")))

    works = [samples.add_organisation(store, "one"), mistake(), samples.add_organisation(store, "two")]
    results = await asyncio.gather(*works, return_exceptions=True)
    assert isinstance(results[1], StoreError)
    assert await names(store) == ["one", "two"]


async def test_who_gives_up_waiting_holds_nobody_up(store):
    async def slow(_):
        await asyncio.sleep(30)

    waiting = asyncio.create_task(store.node_change(slow))
    await asyncio.sleep(0.05)
    waiting.cancel()
    behind = [asyncio.create_task(samples.add_organisation(store, f"n{number}")) for number in range(5)]
    behind[2].cancel()
    results = await asyncio.wait_for(asyncio.gather(*behind, return_exceptions=True), 10)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [False, False, True, False, False]
    assert await names(store) == ["n0", "n1", "n3", "n4"]


async def test_an_organisation_that_is_absent_or_closed_changes_nothing(store):
    with pytest.raises(AbsentError):
        await store.change(A, samples.add_course)
    await samples.add_organisation(store)
    await store.node_change(lambda node: node.organisations.close(A))
    with pytest.raises(RuleError) as caught:
        await store.change(A, samples.add_course)
    assert caught.value.code == "organisation.closed"
    with pytest.raises(AbsentError):
        await store.node_change(lambda node: node.organisations.close(samples.B))


@pytest.mark.threat(96)
async def test_sqlite_waits_for_the_disk_and_is_its_owners(make_address):
    address = make_address("sqlite", empty=True)
    path = Path(address.removeprefix("sqlite:///"))
    async with opened(address) as database:
        assert await database.is_durable()
        mode, wanted = "PRAGMA journal_mode", {"synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "mmap_size": 0}
        for connect in (database._readers.connect, database._writers.connect):
            async with connect() as connection:
                assert await connection.scalar(text(mode)) == "wal"
                found = {name: await connection.scalar(text(f"PRAGMA {name}")) for name in wanted}
                assert {name: value or 0 for name, value in found.items()} == wanted
        assert stat.S_IMODE(path.stat().st_mode) == 0o600  # noqa: ASYNC240 -- nobody waits
        with pytest.raises(StoreBusyError):
            async with opened(address):
                pass
    async with opened(address):
        pass


@pytest.mark.threat(96)
async def test_a_postgresql_that_does_not_wait_for_the_disk_is_told(make_address):
    async with opened(make_address("postgresql"), revision=None) as database:
        assert not await database.is_durable(), "the one of the tests has fsync off"
        async with database.reading() as connection:
            assert await connection.scalar(text("SHOW synchronous_commit")) == "on"


@pytest.mark.threat(96)
@pytest.mark.usefixtures("postgresql_template")  # made before the test runs
async def test_a_connection_that_rested_is_asked_whether_its_server_is_still_there(make_address, monkeypatch):
    """Its server was restarted meanwhile, or a firewall forgot it: nobody who comes then has to hear of it."""
    address = make_address("postgresql")
    async with opened(address, revision=None) as database:
        store = DatabaseStore(database)
        assert await names(store) == []
        await _cut(address)
        with pytest.raises(StoreError):
            await names(store)  # just used, so nobody asked
        assert await names(store) == []
        monkeypatch.setattr(engines, "FRESH_SECONDS", -1.0)
        await _cut(address)
        assert await names(store) == []
        await _cut(address)
        await store.node_change(lambda node: node.organisations.add(samples.Organisation(A, "x", NOW)))
        assert await names(store) == [A]


async def _cut(address):
    """End all other connections."""
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_a_full_disk_stores_nothing_of_a_group_and_what_was_stored_can_be_read(make_address):
    async with opened(make_address("sqlite"), revision=None) as database:
        store = DatabaseStore(database)
        await samples.add_organisation(store)
        async with database._writers.connect() as connection:
            pages = await connection.scalar(text("PRAGMA page_count"))
            await connection.execute(text(f"PRAGMA max_page_count={pages}"))

        async def fill(number):
            task = samples.Task(f"t{number}", "mail", {"text": "x" * 9000}, NOW)
            await store.change(A, lambda unit: unit.outbox.add([task]))

        results = await asyncio.gather(*(fill(number) for number in range(20)), return_exceptions=True)
        assert [type(result) for result in results] == [StoreFullError] * 20
        async with store.view(A) as view:
            assert await view.outbox.waiting() == ()
        async with database._writers.connect() as connection:
            await connection.execute(text("PRAGMA max_page_count=1000000"))
        await fill(99)
        async with store.view(A) as view:
            assert [task.id for task in await view.outbox.waiting()] == ["t99"]


@pytest.mark.threat(96)
async def test_after_the_disk_failed_nothing_is_reported_as_written(make_address):
    async with opened(make_address("sqlite"), revision=None) as database:
        store = DatabaseStore(database)
        failing = [True]

        @event.listens_for(database._writers.sync_engine, "commit")
        def fail(_):
            if failing:
                failing.clear()
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR | 4 << 8  # SQLITE_IOERR_FSYNC
                raise OperationalError("COMMIT", {}, error)

        for tag in ("one", "two"):
            with pytest.raises(StoreBrokenError):
                await samples.add_organisation(store, tag)
        assert await names(store) == []


async def test_more_than_can_wait_are_sent_away(make_address, monkeypatch):
    monkeypatch.setattr("node.adapters.database.group_commit.MAX_WAITING", 3)
    async with opened(make_address("sqlite"), revision=None) as database:
        store = DatabaseStore(database)
        tags = [f"n{number}" for number in range(9)]
        results = await asyncio.gather(*(samples.add_organisation(store, tag) for tag in tags), return_exceptions=True)
        refused = [tag for tag, result in zip(tags, results, strict=True) if isinstance(result, StoreBusyError)]
        assert refused
        assert await names(store) == [tag for tag in tags if tag not in refused]


async def test_work_that_never_ends_is_ended(make_address, monkeypatch):
    monkeypatch.setattr("node.adapters.database.group_commit.WORK_SECONDS", 0.05)
    async with opened(make_address("sqlite"), revision=None) as database:
        store = DatabaseStore(database)
        with pytest.raises(StoreError) as caught:
            await store.node_change(lambda _: asyncio.sleep(30))
        assert caught.value.code == "store.slow"
        await samples.add_organisation(store)


@pytest.mark.parametrize(
    "address", ["", "mysql://x/y", "sqlite://", "postgresql://user:secret@host", "no address", "sqlite:"]
)
async def test_an_address_of_no_database_is_told_without_showing_it(address):
    with pytest.raises(StoreError) as caught:
        async with opened(address):
            pass
    assert caught.value.code == "store.address"
    assert "secret" not in str(caught.value)


async def test_a_database_that_cannot_be_reached_or_is_none_is_told(tmp_path):
    (tmp_path / "damaged.db").write_bytes(b"no database" * 1000)
    for address, code in (
        (f"sqlite:///{tmp_path}/absent/node.db", "store.unavailable"),
        (f"sqlite:///{tmp_path}/damaged.db", "store.broken"),
        (f"postgresql://user:secret@/name?host={tmp_path}", "store.unavailable"),
    ):
        with pytest.raises(StoreError) as caught:
            async with opened(address):
                pass
        assert caught.value.code == code
        assert "secret" not in str(caught.value)


def test_a_line_without_work_has_nothing_to_finish():
    asyncio.run(GroupCommit(None).finish())
