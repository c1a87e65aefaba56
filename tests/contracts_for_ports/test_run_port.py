"""Runs on either engine: pages are done once, counts add up, states follow each other."""

import asyncio

import pytest
import store_samples as samples

from node.ports.errors import AbsentError, RuleError
from node.ports.runs import Outcome, Page, RunState

A, NOW, HOUR = samples.A, samples.NOW, samples.HOUR
RUN = "org-a-run"


@pytest.fixture
def read(store, runner):
    runner.run(samples.add_organisation(store))
    runner.run(store.change(A, samples.add_run))
    return store


async def find(store):
    async with store.view(A) as view:
        return await view.runs.find(RUN)


async def test_a_table_is_read_in_pages_and_no_more_once_all_are_there(read):
    run = await find(read)
    assert (run.state, run.rows, run.pages, run.headings) == (RunState.READ, 2, 2, ("name", "org-a"))
    with pytest.raises(RuleError):
        await read.change(A, lambda unit: unit.runs.add_pages(RUN, [Page(2, 1, b"late")]))
    async with read.view(A) as view:
        assert [page.content for page in await view.runs.pages(RUN)] == [b"row 0 org-a", b"row 1 org-a"]
        assert [page.number for page in await view.runs.pages(RUN, after=0, limit=1)] == [1]


@pytest.mark.threat(97)
async def test_a_page_is_done_once_however_many_say_so(read):
    await read.change(A, lambda unit: unit.runs.change(RUN, RunState.RUNNING, NOW))

    async def done():
        return await read.change(A, lambda unit: unit.runs.page_done(RUN, 0, Outcome(b"[]", 1), NOW))

    assert sorted(await asyncio.gather(*[done() for _ in range(8)])) == [False] * 7 + [True]
    run = await find(read)
    assert (run.awarded, run.done) == (1, 1)
    async with read.view(A) as view:
        (first,) = await view.runs.pages(RUN, done=True)
        assert (first.content, first.outcome) == (None, b"[]")
        assert [page.number for page in await view.runs.pages(RUN, done=False)] == [1]


async def test_a_dry_run_keeps_the_rows_and_is_forgotten_by_the_next(read):
    await read.change(A, lambda unit: unit.runs.change(RUN, RunState.CHECKING, NOW))
    await read.change(A, lambda unit: unit.runs.page_done(RUN, 0, Outcome(b"x", 0, 0, 1), NOW, keep=True))
    assert (await find(read)).rejected == 1
    await read.change(A, lambda unit: unit.runs.begin(RUN, NOW))
    run = await find(read)
    assert (run.rejected, run.done) == (0, 0)
    async with read.view(A) as view:
        assert all(page.content and not page.done for page in await view.runs.pages(RUN))


async def test_states_follow_each_other_and_every_change_counts(read):
    before = await find(read)
    for state in (RunState.CHECKING, RunState.CHECKED, RunState.RUNNING, RunState.PAUSED, RunState.RUNNING):
        after = await read.change(A, lambda unit, state=state: unit.runs.change(RUN, state, NOW))
        assert after.version > before.version
        before = after
    for refused in (RunState.READ, RunState.CHECKING):
        with pytest.raises(RuleError):
            await read.change(A, lambda unit, refused=refused: unit.runs.change(RUN, refused, NOW))
    with pytest.raises(RuleError):
        await read.change(A, lambda unit: unit.runs.remove(RUN))
    with pytest.raises(RuleError):
        await read.change(A, lambda unit: unit.runs.order(RUN, {}, NOW))
    done = await read.change(A, lambda unit: unit.runs.change(RUN, RunState.DONE, NOW + HOUR))
    assert (done.started_at, done.ended_at) == (NOW, NOW + HOUR)
    await read.change(A, lambda unit: unit.runs.remove(RUN))
    with pytest.raises(AbsentError):
        await find(read)


async def test_what_a_run_waits_for_is_noted_and_gone_with_the_next_state(read):
    await read.change(A, lambda unit: unit.runs.change(RUN, RunState.RUNNING, NOW))
    await read.change(A, lambda unit: unit.runs.note(RUN, "caps", NOW))
    assert (await find(read)).problem == "caps"
    await read.change(A, lambda unit: unit.runs.page_done(RUN, 0, Outcome(b"[]", 1), NOW))
    assert (await find(read)).problem is None  # it goes on
    await read.change(A, lambda unit: unit.runs.note(RUN, "caps", NOW))
    await read.change(A, lambda unit: unit.runs.change(RUN, RunState.PAUSED, NOW))
    assert (await find(read)).problem is None
