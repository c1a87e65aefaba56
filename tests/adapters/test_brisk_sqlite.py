"""Statements that cross to SQLite's thread once or not at all: every row comes, and what takes long holds up nobody."""

import asyncio
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from node.adapters.database.brisk_sqlite import FIRST_ROWS, MOST_VALUES, TRIED_AGAIN, connect, connect_to_read
from node.adapters.database.engine import opened

COUNTS = (0, 1, FIRST_ROWS - 1, FIRST_ROWS, FIRST_ROWS + 1, 3 * FIRST_ROWS)
NUMBERS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) SELECT i FROM n WHERE :count > 0"
)


def run(work):
    async def opened():
        engine = create_async_engine("sqlite+aiosqlite:///:memory:", connect_args={"async_creator_fn": connect})
        try:
            async with engine.connect() as connection:
                return await work(connection)
        finally:
            await engine.dispose()

    return asyncio.run(opened())


@pytest.mark.parametrize("count", COUNTS)
def test_every_row_comes(count):
    async def work(connection):
        return (await connection.execute(text(NUMBERS), {"count": count})).scalars().all()

    assert run(work) == list(range(1, count + 1))


@pytest.mark.parametrize("count", COUNTS)
def test_every_row_comes_in_a_stream(count):
    async def work(connection):
        rows = await connection.stream(text(NUMBERS), {"count": count})
        return [row.i async for row in rows]

    assert run(work) == list(range(1, count + 1))


@pytest.mark.parametrize("size", [1, 7, FIRST_ROWS, FIRST_ROWS + 5])
def test_every_row_comes_in_parts(size):
    async def work(connection):
        rows = await connection.stream(text(NUMBERS), {"count": 200})
        return [len(part) async for part in rows.partitions(size)], await connection.scalar(text("SELECT 5"))

    parts, after = run(work)
    assert (sum(parts), set(parts[:-1]) | {size}, after) == (200, {size}, 5)


def test_rows_that_were_written_are_counted_and_returned():
    async def work(connection):
        await connection.execute(text("CREATE TABLE t (i INTEGER)"))
        many = await connection.execute(text("INSERT INTO t VALUES (:i)"), [{"i": number} for number in range(100)])
        told = await connection.execute(text("INSERT INTO t VALUES (7), (8) RETURNING i"))
        changed = await connection.execute(text("UPDATE t SET i = 0 WHERE i < 50"))
        return many.rowcount, told.scalars().all(), changed.rowcount

    assert run(work) == (100, [7, 8], 52)


HERE = threading.get_ident()


async def watched(connection):
    """The raw connection, and where each statement asks for `place()`: here or in the thread."""
    raw = (await connection.get_raw_connection()).driver_connection
    found = []

    def place():
        found.append("here" if threading.get_ident() == HERE else "beside")
        return 1

    await raw.create_function("place", 0, place)
    return raw, found


LONG = "SELECT place(), count(*) FROM numbers AS a, numbers AS b WHERE a.i + b.i < 10000"


async def with_numbers(connection, count):
    await connection.execute(text("CREATE TABLE numbers (i INTEGER PRIMARY KEY)"))
    await connection.execute(text("INSERT INTO numbers VALUES (:i)"), [{"i": number} for number in range(count)])


def placed(*statements, begun=True):
    """Where statements were executed."""

    async def work(connection):
        await with_numbers(connection, 3)
        _, found = await watched(connection)
        if begun:
            await connection.execute(text("INSERT INTO numbers VALUES (100)"))  # the driver's way to begin
        for statement in statements:
            await connection.execute(text(statement))
        return found

    return run(work)


@pytest.mark.parametrize(
    "statement", ["SELECT place()", "INSERT INTO numbers VALUES (place() + 6)", "SELECT place() FROM numbers LIMIT 1"]
)
def test_what_cannot_take_long_is_done_at_once_within_a_transaction(statement):
    assert placed(statement) == ["here"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE numbers SET i = i + 9 * place() WHERE i = 2",
        "DELETE FROM numbers WHERE i = place()",
        "INSERT INTO numbers SELECT i + 10 * place() FROM numbers WHERE i = 1",
        "INSERT INTO numbers VALUES ((SELECT max(i) + 10 * place() FROM numbers))",
        "WITH some AS (SELECT place()) SELECT * FROM some",
    ],
)
def test_what_may_change_many_rows_is_done_beside_the_event_loop(statement):
    assert placed(statement) == ["beside"]


def test_a_search_that_takes_long_is_broken_off_and_done_beside_the_event_loop():
    async def work(connection):
        await with_numbers(connection, 400)
        _, found = await watched(connection)
        await connection.execute(text("INSERT INTO numbers VALUES (1000)"))
        counts = [(await connection.execute(text(LONG))).one()[1] for _ in range(2)]
        return set(counts), found, await connection.scalar(text("SELECT count(*) FROM numbers"))

    assert run(work) == ({401 * 401}, ["beside", "beside"], 401)


def test_the_same_search_is_not_tried_at_once_again_for_a_while():
    async def work(connection):
        await with_numbers(connection, 400)
        raw, _ = await watched(connection)
        await connection.execute(text("INSERT INTO numbers VALUES (1000)"))
        left = []
        for _ in range(TRIED_AGAIN + 2):
            await connection.execute(text("SELECT count(*) FROM numbers AS a, numbers AS b"))
            left += raw._long.values()
        return left

    assert run(work) == [TRIED_AGAIN, *range(TRIED_AGAIN - 1, -1, -1), TRIED_AGAIN]


def test_nothing_is_done_at_once_while_the_thread_works_for_one_who_has_left():
    async def work(connection):
        await with_numbers(connection, 3)
        raw, found = await watched(connection)
        await connection.execute(text("INSERT INTO numbers VALUES (100)"))
        go_on = threading.Event()
        left = asyncio.ensure_future(raw._execute(go_on.wait))
        await asyncio.sleep(0)
        left.cancel()
        asking = asyncio.ensure_future(connection.execute(text("SELECT place()")))
        await asyncio.sleep(0.05)
        before = (asking.done(), list(found))
        go_on.set()
        await asking
        return before, found

    assert run(work) == ((False, []), ["beside"])


def test_a_row_that_is_refused_at_once_is_told_as_the_engine_tells_it():
    async def work(connection):
        await with_numbers(connection, 3)
        await connection.execute(text("INSERT INTO numbers VALUES (7)"))
        with pytest.raises(IntegrityError):
            await connection.execute(text("INSERT INTO numbers VALUES (7)"))
        return await connection.scalar(text("SELECT count(*) FROM numbers"))

    assert run(work) == 4


def test_outside_transactions_nothing_is_added_at_once():
    """It would wait for the disk here."""

    async def work(connection):
        raw, found = await watched(connection)
        raw._conn.isolation_level = None
        await connection.execute(text("CREATE TABLE kept (i INTEGER)"))
        await connection.execute(text("INSERT INTO kept VALUES (place())"))
        return found

    assert run(work) == ["beside"]


@pytest.mark.parametrize(("connecting", "beside"), [(connect, 1), (connect_to_read, 0)])
def test_who_writes_waits_for_the_disk_beside_the_event_loop(tmp_path, connecting, beside):
    async def work():
        raw = await connecting(str(tmp_path / "some.db"))
        try:
            raw._conn.isolation_level = None
            await (await raw.cursor()).execute("BEGIN")
            sent = raw._sent
            await raw.commit()
            return raw._sent - sent, raw._conn.in_transaction
        finally:
            await raw.close()

    assert asyncio.run(work()) == (beside, False)


@pytest.mark.parametrize(("connecting", "beside"), [(connect, 1), (connect_to_read, 0)])
def test_who_writes_takes_back_beside_the_event_loop(tmp_path, connecting, beside):
    async def work():
        raw = await connecting(str(tmp_path / "some.db"))
        try:
            raw._conn.isolation_level = None
            await (await raw.cursor()).execute("BEGIN")
            sent = raw._sent
            await raw.rollback()
            await raw.rollback()  # there is none any more
            return raw._sent - sent, raw._conn.in_transaction
        finally:
            await raw.close()

    assert asyncio.run(work()) == (beside, False)


def test_many_values_are_added_beside_the_event_loop():
    async def work(connection):
        await with_numbers(connection, 3)
        _, found = await watched(connection)
        await connection.execute(text("INSERT INTO numbers VALUES (100)"))
        for count in (MOST_VALUES, MOST_VALUES + 1):
            rows = ", ".join(f"(place() * {count} * 1000 + :v{number})" for number in range(count))
            await connection.execute(
                text(f"INSERT INTO numbers VALUES {rows}"),  # noqa: S608 -- numbers of ours
                {f"v{number}": number for number in range(count)},
            )
        return {found[0]}, {found[-1]}

    assert run(work) == ({"here"}, {"beside"})


def test_a_cursor_that_is_used_again_has_no_rows_of_before(tmp_path):
    async def work():
        raw = await connect(str(tmp_path / "some.db"))
        try:
            cursor = await raw.cursor()
            await cursor.execute("SELECT 1 UNION SELECT 2")
            await cursor.execute("CREATE TABLE t (i INTEGER)")
            return await cursor.fetchall()
        finally:
            await raw.close()

    assert asyncio.run(work()) == []


def test_a_view_of_the_node_crosses_to_no_thread(tmp_path):
    async def work():
        async with opened(f"sqlite:///{tmp_path / 'node.db'}") as database:
            async with database.reading() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
            sent = raw._sent
            for _ in range(3):
                async with database.reading() as connection:
                    assert (await connection.get_raw_connection()).driver_connection is raw
                    assert await connection.scalar(text("SELECT count(*) FROM organisations")) == 0
            return raw._sent - sent

    assert asyncio.run(work()) == 0


def test_a_statement_that_fails_leaves_the_connection_of_use():
    async def work(connection):
        with pytest.raises(Exception, match="no such table"):
            await connection.execute(text("SELECT * FROM absent"))
        return await connection.scalar(text("SELECT 1"))

    assert run(work) == 1
