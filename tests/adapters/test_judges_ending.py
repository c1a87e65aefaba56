"""Whatever happens to who starts, uses or closes a pool of judges: no process, pipe or transport of it is left."""

import asyncio
import gc
import os
import stat
import sys
import types
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
import uvloop
from verification_support import AT, EVERYDAY

from node.adapters.judging import judge
from node.adapters.judging.pool import Judges
from node.ports.judging import JudgesError
from node.verification.material import VerificationMaterial

READY = "printf '\\000\\000\\000\\001+'"
PROGRAMS = {
    "silent": f"{READY}; exec cat >/dev/null",
    "gone": f"{READY}; head -c 8 >/dev/null; exec 0</dev/null; exit",
    "never ready": "exec sleep 60",
    "cannot start": "exit 1",
    "closes its output first": "exec >&-; exec sleep 60",
    "floods": f"{READY}; exec head -c 1000000 /dev/zero",
}
SECONDS = 0.05
START_SECONDS = 0.1
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
"""A node runs on the second one, commands on the first."""
SIZE = 2
LEAST = 5


@pytest.fixture(autouse=True, scope="module")
def _small():
    """Of what there is already, nothing is looked at: collecting is done often here."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@types.coroutine
def _told(work, passed):
    """A coroutine that says each time that it waits."""
    step = work.__await__()
    resume, value = step.send, None
    while True:
        try:
            waited_for = resume(value)
        except StopIteration as done:
            return done.value
        passed()
        try:
            resume, value = step.send, (yield waited_for)
        except BaseException as error:  # noqa: BLE001 -- handed on
            resume, value = step.throw, error


class Points:
    """The points at which any task of a loop waits, at some of which something is done."""

    def __init__(self, new, *at, do):
        self.passed = 0
        self._new = new
        self._at = at
        self.do = do

    def loop(self):
        async def told(work):
            return await _told(work, self._pass)

        def task(loop, work, **options):
            begun = asyncio.Task(told(work), loop=loop, **options)
            begun.add_done_callback(lambda _: work.close())  # who is cancelled before the first step never got to it
            return begun

        loop = self._new()
        loop.set_task_factory(task)
        return loop

    def _pass(self):
        self.passed += 1
        if self.passed in self._at:
            asyncio.get_running_loop().call_soon(self.do)


def children():
    """The processes of this one, those that nobody waited for included."""
    return {pid for each in Path("/proc/self/task").iterdir() for pid in (each / "children").read_text().split()}


async def used(judges):
    """A pool of which one process is at work, and perhaps replaced, as it closes."""
    async with judges:
        with suppress(JudgesError):
            await judges.verify(b"{}", VerificationMaterial(), EVERYDAY, AT)


def run(points, story):
    """What happens to this story, and whether anything is left of its processes."""
    before = children()
    gc.collect()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with asyncio.Runner(loop_factory=points.loop) as runner, suppress(asyncio.CancelledError, JudgesError):
            runner.run(story())
        gc.collect()
    assert [str(each.message) for each in said] == []
    assert children() == before


@pytest.fixture
def program(tmp_path, monkeypatch):
    def put(name):
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{PROGRAMS[name]}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "executable", os.fspath(path))
        monkeypatch.setattr(judge, "START_SECONDS", START_SECONDS)

    return put


@pytest.fixture(params=LOOPS)
def loop(request):
    return LOOPS[request.param]


def everywhere(loop, *after):
    """Cancel a caller at each point at which anything waits, and so many points later; how many there are."""
    at = 0
    while (passed := _stopped(loop, at := at + 1, *after)) >= at:
        pass
    return passed


def _stopped(loop, at, *after):
    main = None

    async def story():
        nonlocal main
        main = asyncio.current_task()
        await used(Judges(size=SIZE, seconds=SECONDS))

    points = Points(loop, at, *(at + each for each in after), do=lambda: main.cancel())  # noqa: PLW0108 -- known later
    run(points, story)
    return points.passed


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_caller_who_is_told_to_stop_at_any_point_leaves_no_process(program, loop, name):
    program(name)
    assert everywhere(loop) > LEAST


@pytest.mark.parametrize("name", PROGRAMS)
def test_nor_does_one_who_is_told_twice(program, loop, name):
    program(name)
    assert everywhere(loop, 1) > LEAST


def _closed(loop, at):
    closing = []

    async def story():
        judges = Judges(size=SIZE, seconds=SECONDS)
        points.do = lambda: closing.append(asyncio.ensure_future(judges.close()))
        await used(judges)
        await asyncio.gather(*closing)

    points = Points(loop, at, do=None)
    run(points, story)
    return points.passed


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_pool_that_is_closed_at_any_point_leaves_no_process(program, loop, name):
    program(name)
    at = 0
    while (passed := _closed(loop, at := at + 1)) >= at:
        pass
    assert passed > LEAST


def test_what_a_process_wrote_and_nobody_read_is_not_waited_for(program):
    """asyncio reads no more than some of it, so that the end of the output is never seen."""
    program("floods")

    async def story():
        async with asyncio.timeout(30):
            async with Judges(size=1, seconds=5) as judges:
                (flooding,) = judges._judges
                while flooding._from._transport.is_reading():  # noqa: ASYNC110 -- nothing tells of it
                    await asyncio.sleep(0.01)

    run(Points(asyncio.new_event_loop, do=None), story)
