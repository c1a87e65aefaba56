"""The worker's side of the outbox, on both engines: nothing asked for is lost, done too early, or kept for ever."""

import asyncio
from datetime import timedelta

import pytest
import store_samples as samples

from node.adapters.database.identifiers import new_id
from node.adapters.database.outbox_rows import OutboxRows, WorkerRows
from node.ports.outbox import Standing, Task

NOW, HOUR, A = samples.NOW, samples.HOUR, samples.A
MINUTE = timedelta(minutes=1)


def task(once=None, at=NOW, **payload):
    return Task(new_id(), "publish", payload, at, once)


async def add(store, *tasks):
    await store.change(A, lambda unit: unit.outbox.add(tasks))


async def claim(store, at=NOW, limit=9):
    return await store.node_change(lambda node: node.worker.claim(["publish"], at, lasting=MINUTE, limit=limit))


async def work(store, do):
    return await store.node_change(lambda node: do(node.worker))


@pytest.mark.threat(54)
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_whoever_works_does_not_see_a_task_before_the_change_that_asked_for_it_once_more(store, database):
    """A task waits already; another change asks for the same, and is stored a moment later. SQLite has one writer."""
    await samples.add_organisation(store)
    await add(store, task("list"))
    async with database._writers.connect() as connection:
        await OutboxRows(connection, A).add([task("list")])
        assert await claim(store) == (), "it would be done without the change"
        await connection.commit()
    assert len(await claim(store)) == 1


async def test_of_tasks_under_one_name_the_earliest_time_counts(store):
    await samples.add_organisation(store)
    await add(store, task("list", NOW + HOUR))
    await add(store, task("list", NOW))
    await add(store, task("list", NOW + HOUR * 2))
    assert [each.task.due_at for each in await claim(store)] == [NOW + MINUTE]
    assert await claim(store, NOW + HOUR * 3) != (), "the one that was claimed, for too long"


async def test_what_takes_long_is_kept_and_what_is_stopped_is_given_back(store):
    await samples.add_organisation(store)
    await add(store, task())
    (claimed,) = await claim(store)
    assert await work(store, lambda worker: worker.prolong(claimed, NOW + HOUR))
    assert await claim(store, NOW + MINUTE * 2) == ()
    assert await work(store, lambda worker: worker.give_back(claimed, NOW))
    (again,) = await claim(store)
    assert not await work(store, lambda worker: worker.prolong(claimed, NOW + HOUR)), "it is somebody else's now"
    assert not await work(store, lambda worker: worker.again(claimed, task("more")))
    assert await work(store, lambda worker: worker.done(again))


async def test_a_task_may_be_followed_by_another_in_its_place(store):
    await samples.add_organisation(store)
    await add(store, task("batch"))
    (claimed,) = await claim(store)
    assert await work(store, lambda worker: worker.again(claimed, task("batch", NOW + HOUR)))
    assert await claim(store) == ()
    (later,) = await claim(store, NOW + HOUR)
    assert (later.task.attempts, later.task.id == claimed.task.id) == (1, False)


async def test_what_is_hopeless_is_given_up_at_once_and_forgotten_some_day(store):
    await samples.add_organisation(store)
    await add(store, task())
    (claimed,) = await claim(store)
    assert await work(store, lambda worker: worker.failed(claimed, "no key", NOW, for_good=True))
    async with store.view(A) as view:
        assert [each.problem for each in await view.outbox.dead()] == ["no key"]
    assert await work(store, lambda worker: worker.forget(NOW)) == 0
    assert await work(store, lambda worker: worker.forget(NOW + HOUR)) == 1


async def test_the_only_process_takes_over_what_a_dead_one_had_claimed(store):
    await samples.add_organisation(store)
    await add(store, task(), task(at=NOW + HOUR))
    assert len(await claim(store)) == 1
    assert await claim(store) == ()
    assert await work(store, lambda worker: worker.free(NOW)) == 1
    assert len(await claim(store)) == 1


async def test_how_much_there_is_to_do_is_told(store):
    await samples.add_organisation(store)

    async def standing(at=NOW + MINUTE):
        async with store.node_view() as view:
            return await view.work.standing(at)

    assert await standing() == Standing(0, 0, None)
    await add(store, task(at=NOW), task(at=NOW + HOUR), task(at=NOW + MINUTE))
    assert await standing() == Standing(3, 0, NOW)
    (claimed,) = await claim(store, limit=1)
    await work(store, lambda worker: worker.failed(claimed, "no", NOW, for_good=True))
    assert await standing() == Standing(2, 1, NOW + MINUTE)


async def test_as_of_when_a_list_was_published_is_told(store, database):
    await samples.add_organisation(store)
    vault = await samples.make_vault(database)
    await samples.add_keys(vault, A, ["assertion", "authority", "gas"])
    await store.change(A, samples.add_everything)

    async def told(list_id="org-a-list"):
        async with store.node_view() as view:
            return await view.work.published_at(list_id)

    assert (await told(), await told("nobody's")) == (None, None)
    await store.change(A, lambda unit: unit.status.publish("org-a-list", b"list", NOW, version=1))
    assert await told() == NOW


async def test_many_changes_that_ask_for_the_same_wait_for_nobody_for_ever(store):
    """Each asks for two names, in either order."""
    await samples.add_organisation(store)

    async def ask(number):
        names = ["list 1", "list 2"] if number % 2 else ["list 2", "list 1"]
        await add(store, *(task(name) for name in names))

    await asyncio.gather(*(ask(number) for number in range(32)))
    assert len(await claim(store)) == 2


def test_the_rows_are_the_port():
    assert {name for name in vars(WorkerRows) if not name.startswith("_")} >= {"claim", "again", "prolong", "free"}
