"""Statements that are made once and get their values later: each is of one organisation, and keeps no value."""

import pytest
import store_samples as samples
from sqlalchemy.dialects import postgresql, sqlite

from node.adapters.database import bound
from node.adapters.database.bound import Bound, _selected, _updated, own_rows
from node.adapters.database.run_tables import RUNS
from node.adapters.database.schema import METADATA
from node.adapters.database.work_tables import OUTBOX
from node.ports.errors import CapError
from node.ports.organisations import Caps
from node.ports.outbox import Task
from node.ports.vault import KeyPurpose

OWNED = [table for table in METADATA.sorted_tables if "organisation" in table.c]


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])
@pytest.mark.parametrize("table", OWNED, ids=str)
def test_every_statement_is_of_one_organisation(table, dialect):
    key = table.primary_key.columns.keys()[-1]
    for statement in (own_rows(table), _selected(table, (key,), True), _updated(table, (key,)).values({key: None})):
        where = str(statement.compile(dialect=dialect)).partition("WHERE")[2]
        assert f"{table.name}.organisation = " in where


def test_a_statement_is_made_once_for_the_same_columns():
    assert _selected(OUTBOX, ("id",), False) is _selected(OUTBOX, ("id",), False)
    assert _selected(OUTBOX, ("id",), False) is not _selected(OUTBOX, ("id",), True)
    assert _selected(OUTBOX, ("id",), False) is not _selected(OUTBOX, ("state",), False)
    assert _updated(OUTBOX, ("id",)) is _updated(OUTBOX, ("id",))


async def test_the_value_that_says_which_row_is_not_the_one_it_becomes(database, store):
    tasks = [Task(f"task-{number}", "mail", {}, samples.NOW) for number in range(3)]
    await samples.add_organisation(store)
    await store.change(samples.A, lambda unit: unit.outbox.add(tasks))

    async def work(connection):
        own, other = Bound(connection, samples.A), Bound(connection, samples.B)
        same = {"state": "waiting", "id": "task-1"}
        changed = [await own.set(OUTBOX, {"state": "dead", "attempts": number}, **same) for number in (5, 6)]
        changed.append(await other.set(OUTBOX, {"attempts": 9}, id="task-1"))
        rows = await own.rows_of(own_rows(OUTBOX).order_by(OUTBOX.c.id))
        found = await own.row(OUTBOX, OUTBOX.c.attempts > 4, state="dead")
        return changed, [row["attempts"] for row in rows], found["id"], await other.rows_of(own_rows(OUTBOX))

    assert await database.transact(work) == ([1, 0, 0], [0, 5, 0], "task-1", [])


async def test_every_column_that_is_asked_for_is_asked_for_whatever_was_asked_before(database, store):
    """One after another, with the same first column, in another order, of another table, and locked."""
    tasks = [Task(f"task-{number}", "mail", {}, samples.NOW) for number in range(2)]
    await samples.add_organisation(store)
    await store.change(samples.A, lambda unit: unit.outbox.add(tasks))
    await store.change(samples.A, samples.add_run)

    async def work(connection):
        own, found = Bound(connection, samples.A), []
        for same in (
            {"state": "waiting"},
            {"state": "waiting", "id": "task-1"},
            {"id": "task-1", "state": "waiting"},
            {"id": "task-1", "state": "dead"},
            {"state": "waiting", "kind": "other"},
            {"id": "task-0"},
        ):
            for lock in (False, True):
                row = await own.row(OUTBOX, lock=lock, **same)
                found.append(row and all(row[name] == value for name, value in same.items()))
        found.append(await own.row(RUNS, id="task-1"))
        counts = [
            await own.set(OUTBOX, {"attempts": 1}, **same)
            for same in ({"kind": "mail"}, {"kind": "mail", "id": "task-1"}, {"kind": "mail", "id": "none"})
        ]
        return found, counts

    yes, no = [True, True], [None, None]
    assert await database.transact(work) == ([*yes, *yes, *yes, *no, *no, *yes, None], [2, 1, 0])


async def test_no_value_makes_another_statement_to_remember(database, store):
    await samples.add_organisation(store)
    remembered = [each for each in vars(bound).values() if hasattr(each, "cache_info")]
    assert {_selected, _updated} <= set(remembered)

    async def work(connection):
        own, sizes = Bound(connection, samples.A), set()
        for number in range(50):
            name = f"task-{number}"
            task = {"id": name, "kind": "mail", "payload": {}, "due_at": samples.NOW, "created_at": samples.NOW}
            await own.insert_new(OUTBOX, [task | {"state": "waiting", "attempts": number}], "id")
            await own.row(OUTBOX, id=name)
            await own.set(OUTBOX, {"attempts": number + 1}, id=name)
            sizes.add(tuple(each.cache_info().currsize for each in remembered))
        return sizes

    assert len(await database.transact(work)) == 1


async def test_each_count_of_a_key_is_held_against_the_caps_of_its_own_call(database, store):
    await samples.add_organisation(store)
    await samples.add_keys(await samples.make_vault(database), samples.A, (KeyPurpose.ASSERTION,))
    key = f"{samples.key_name(samples.A)}-{KeyPurpose.ASSERTION}"

    async def spend(count, *, minute, day):
        caps = Caps(per_minute=minute, per_day=day)
        await store.change(samples.A, lambda unit: unit.keys.spend(key, samples.NOW, caps, count=count))

    await spend(3, minute=10, day=20)
    with pytest.raises(CapError, match="4 times a minute"):
        await spend(2, minute=4, day=20)
    with pytest.raises(CapError, match="4 times a day"):
        await spend(2, minute=10, day=4)
    await spend(2, minute=5, day=5)
    with pytest.raises(CapError, match="5 times a minute"):
        await spend(1, minute=5, day=20)
