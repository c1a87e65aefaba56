"""The worker on both engines: what it takes it does, tries again, gives up or gives back, and so much at once."""

import asyncio
import logging
from datetime import timedelta
from types import MappingProxyType

import pytest
import store_samples as samples
from work_support import QUICK, A, idle, now, until

from node.adapters.database.identifiers import new_id
from node.issuance.background.schedule import Housekeeping, Periodic
from node.issuance.background.tasks import HopelessError, Later
from node.issuance.background.worker import Lane, Pace, Worker
from node.ports.errors import StoreBusyError
from node.ports.outbox import Task
from node.ports.oversight import Request


class Kinds:
    """Tasks of one kind, and what was done."""

    def __init__(self, store, do, at_once=4, pace=QUICK):
        self.done = []
        self.worker = Worker(store, Lane(MappingProxyType({"mail": self._carry}), at_once), now, pace)
        self._do = do

    async def _carry(self, claimed):
        self.done.append(claimed.task.payload["n"])
        return await self._do(claimed)

    async def __aenter__(self):
        self.running = asyncio.create_task(self.worker.run())
        return self

    async def __aexit__(self, *_):
        self.worker.stop()
        await self.running


async def order(store, *numbers, **more):
    tasks = [Task(new_id(), "mail", {"n": number}, now(), **more) for number in numbers]
    await store.change(A, lambda unit: unit.outbox.add(tasks))


async def dead(store):
    async with store.view(A) as view:
        return [task.problem for task in await view.outbox.dead()]


async def waiting(store):
    async with store.view(A) as view:
        return await view.outbox.waiting()


async def well(_claimed):
    return None


async def test_everything_is_done_once_and_no_more_at_once_than_there_is_room_for(store):
    await samples.add_organisation(store)
    under_way, most = 0, 0

    async def do(_claimed):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1

    await order(store, *range(25))
    async with Kinds(store, do, at_once=4) as kinds:
        await until(lambda: idle(store))
    assert sorted(kinds.done) == list(range(25))
    assert most == 4


async def test_who_is_woken_looks_at_once(store):
    await samples.add_organisation(store)
    async with Kinds(store, well, pace=Pace(poll=60.0)) as kinds:
        await asyncio.sleep(0.2)
        await order(store, 1)
        kinds.worker.wake()
        await until(lambda: idle(store), 5)
    assert kinds.done == [1]


async def test_what_fails_is_tried_again_and_what_is_hopeless_waits_for_a_person(store, caplog):
    await samples.add_organisation(store)

    async def do(claimed):
        match claimed.task.payload["n"]:
            case 1:
                raise HopelessError("there is no key", code="work.key", remedy="Make one.")
            case 2:
                raise StoreBusyError("busy", code="store.busy", remedy="Wait.")
            case 3:
                raise KeyError("a fault, with a name in it")

    await order(store, 1, 2, 3)
    with caplog.at_level(logging.CRITICAL, logger="node.issuance.background.worker"):
        async with Kinds(store, do):

            async def told():
                return len([task for task in await waiting(store) if task.problem]) == 2 and await dead(store) != []

            await until(told)
    assert await dead(store) == ["work.key: there is no key"]
    assert sorted(task.problem for task in await waiting(store)) == ["program.failed: KeyError", "store.busy: busy"]
    assert all(task.due_at > now() + timedelta(seconds=10) for task in await waiting(store))


async def test_what_is_to_be_looked_at_again_is_soon(store):
    await samples.add_organisation(store)

    async def do(claimed):
        number = claimed.task.payload["n"]
        return None if number == 3 else Later(Task(new_id(), "mail", {"n": number + 1}, now()))

    await order(store, 1)
    async with Kinds(store, do, pace=Pace(poll=60.0)) as kinds:
        await until(lambda: idle(store), 5)
    assert kinds.done == [1, 2, 3]


@pytest.mark.threat(95)
async def test_who_stops_gives_back_what_does_not_end_in_time(store):
    await samples.add_organisation(store)
    begun = asyncio.Event()

    async def do(_claimed):
        begun.set()
        await asyncio.sleep(3600)

    await order(store, 1)
    async with Kinds(store, do, pace=Pace(grace=0.05)):
        await begun.wait()
    async with Kinds(store, well) as kinds:
        await until(lambda: idle(store), 5)
    assert kinds.done == [1]


async def test_who_stops_lets_end_what_ends_in_time(store):
    await samples.add_organisation(store)
    begun = asyncio.Event()

    async def do(_claimed):
        begun.set()
        await asyncio.sleep(0.1)

    await order(store, 1)
    async with Kinds(store, do):
        await begun.wait()
    assert await idle(store)


async def test_what_takes_longer_than_a_claim_is_not_taken_by_another(store):
    await samples.add_organisation(store)

    async def do(_claimed):
        await asyncio.sleep(6.5)

    await order(store, 1)
    pace = Pace(lease=timedelta(seconds=3), poll=0.05)
    async with Kinds(store, do, pace=pace) as one, Kinds(store, do, pace=pace) as other:
        await until(lambda: idle(store), 60)
    assert one.done + other.done == [1]


async def test_a_database_that_does_not_answer_is_asked_again(store, monkeypatch):
    await samples.add_organisation(store)
    await order(store, 1)
    whole, failures = type(store).node_change, iter([True, True])

    async def failing(self, work):
        if next(failures, False):
            raise StoreBusyError("busy", code="store.busy", remedy="Wait.")
        return await whole(self, work)

    monkeypatch.setattr(type(store), "node_change", failing)
    async with Kinds(store, well) as kinds:
        await until(lambda: idle(store), 5)
    assert kinds.done == [1]


async def test_what_is_over_is_tidied_away(store):
    await samples.add_organisation(store)
    old, new = now() - timedelta(days=30), now()

    async def fill(unit):
        for at, name in ((old, "old"), (new, "new")):
            await unit.challenges.issue(name, "https://a.example", at)
            await unit.requests.begin(Request(name, b"same", {"of": name}, at))

    await store.change(A, fill)
    await Housekeeping(store, now).tidy()

    async def left(unit):
        begun = [await unit.requests.begin(Request(name, b"same", {"of": "again"}, new)) for name in ("old", "new")]
        return [each.intent["of"] for each in begun], await unit.challenges.consume("new", "https://a.example", new)

    assert await store.change(A, left) == (["again", "new"], True)


async def test_what_comes_up_from_time_to_time_goes_on_after_a_failure(caplog):
    times = []

    async def do():
        times.append(1)
        if len(times) == 1:
            raise StoreBusyError("busy", code="store.busy", remedy="Wait.")

    with caplog.at_level(logging.CRITICAL):
        running = asyncio.create_task(Periodic("sample", timedelta(milliseconds=10), do).run())
        await until(lambda: _enough(times))
        running.cancel()


async def _enough(times):
    return len(times) > 2
