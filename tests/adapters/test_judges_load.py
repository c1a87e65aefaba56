"""How the processes that read foreign input fare, as numbers: each end of a job counts once."""

import asyncio
import os
import signal
from datetime import UTC, datetime

import pytest
from samples import data, material, signed

from node.adapters.judging.pool import Judges
from node.documents import DocumentError
from node.http.telemetry import Telemetry
from node.ports.judging import JudgeFailedError, JudgesBusyError, JudgeTimeoutError
from node.ports.judging_load import Outcome
from node.verification.policy import built_in

AT = datetime(2026, 7, 1, tzinfo=UTC)
GENEROUS = 20.0


async def judged(judges, document):
    return await judges.verify(data(document), await material(document), built_in(), AT)


def counted(judges):
    return {outcome.value: count for outcome, count in judges.load.jobs.items() if count}


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 -- of what tells nobody
            await asyncio.sleep(0.02)


def test_each_job_is_counted_by_how_it_ended():
    async def story():
        async with Judges(size=1, seconds=GENEROUS, patience=60, waiting=1) as judges:
            assert counted(judges) == {}
            assert (judges.load.processes, judges.load.at_work, judges.load.waiting) == (1, 0, 0)
            await judged(judges, signed())
            with pytest.raises(DocumentError):
                await judges.verify(b"[" * 100_000, await material(None), built_in(), AT)
            assert counted(judges) == {"answered": 1, "refused": 1}

            (pid,) = judges.pids
            os.kill(pid, signal.SIGSTOP)
            jobs = [asyncio.create_task(judged(judges, signed())) for _ in range(2)]
            await until(lambda: judges.load.waiting == 1)
            assert judges.load.at_work == 1
            with pytest.raises(JudgesBusyError):
                await judged(judges, signed())
            assert counted(judges) == {"answered": 1, "refused": 1, "busy": 1}
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(JudgeFailedError):
                await jobs[0]
            await jobs[1]
            assert counted(judges) == {"answered": 2, "refused": 1, "busy": 1, "failed": 1}
            assert (judges.load.ended, judges.load.waiting) == (1, 0)
        assert judges.load.ended == 1, "those of a pool that closes are not replaced"

    asyncio.run(story())


def test_a_job_whose_time_is_over_and_one_that_nobody_waits_for_are_counted():
    async def story():
        async with Judges(size=1, seconds=1.0, patience=60) as judges:
            (pid,) = judges.pids
            os.kill(pid, signal.SIGSTOP)
            with pytest.raises(JudgeTimeoutError):
                await judged(judges, signed())
            assert (counted(judges), judges.load.ended) == ({"timeout": 1}, 1)
        async with Judges(size=1, seconds=GENEROUS, patience=60) as judges:
            (pid,) = judges.pids
            os.kill(pid, signal.SIGSTOP)
            leaving = asyncio.create_task(judged(judges, signed()))
            await until(lambda: judges.load.at_work == 1)
            leaving.cancel()
            os.kill(pid, signal.SIGCONT)
            await until(lambda: counted(judges) == {"answered": 1})

    asyncio.run(story())


def test_the_metrics_tell_of_each_pool_as_it_is_when_they_are_asked_for():
    async def story():
        async with Judges(size=1, seconds=GENEROUS) as judges:
            telemetry = Telemetry()
            telemetry.watch_judges(lambda: {"readers": judges.load})
            before = telemetry.metrics().decode()
            await judged(judges, signed())
            return before, telemetry.metrics().decode()

    before, after = asyncio.run(story())
    lines = [line for line in after.splitlines() if line.startswith("glejt_judges")]
    jobs = 'glejt_judges_jobs_total{{outcome="{}",pool="readers"}} {:.1f}'
    expected = [jobs.format(each, each is Outcome.ANSWERED) for each in Outcome]
    expected += [
        'glejt_judges_ended_total{pool="readers"} 0.0',
        'glejt_judges_processes{pool="readers"} 1.0',
        'glejt_judges_at_work{pool="readers"} 0.0',
        'glejt_judges_waiting{pool="readers"} 0.0',
    ]
    assert sorted(lines) == sorted(expected)
    assert 'glejt_judges_jobs_total{outcome="answered",pool="readers"} 0.0' in before
