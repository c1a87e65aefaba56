"""Strangers' documents are judged in processes that can be killed, and nothing they do reaches the event loop."""

import asyncio
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from running import environment
from samples import badge, data, material, signed

from node.adapters.judging.jobs import Desk
from node.adapters.judging.pool import Judges
from node.adapters.judging.process import warm
from node.adapters.judging.protocol import SetUp, framed
from node.documents import DocumentError
from node.ports.judging import (
    JudgeFailedError,
    JudgeMemoryError,
    JudgesBusyError,
    JudgesClosedError,
    JudgeTimeoutError,
)
from node.verification.policy import built_in
from node.verification.trust import NO_TRUST, ListedIssuer, Trust, TrustList

AT = datetime(2026, 7, 1, tzinfo=UTC)
GENEROUS = 20.0  # seconds: for jobs that must end by themselves on a busy machine
HEARTBEAT = 0.005
P99 = 0.1


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        await asyncio.sleep(0.02)


async def judged(judges, document):
    return await judges.verify(data(document), await material(document), built_in(), AT)


def children(*, width: int, depth: int) -> dict:
    """A tree of nameless nodes that look alike, which canonicalization can tell apart only by trying."""
    node = {"type": ["Achievement"], "name": "x"}
    return {**node, "related": [children(width=width, depth=depth - 1) for _ in range(width)]} if depth else node


def poison():
    """Signed documents, then spoilt: trees of look-alikes, and cliques of 8 to 12 blank nodes."""
    genuine = signed()
    for width, depth in ((4, 3), (8, 2), (12, 2), (2, 9)):
        spoilt = json.loads(json.dumps(genuine))
        spoilt["credentialSubject"]["achievement"] = children(width=width, depth=depth)
        yield spoilt
    for size in range(8, 13):
        spoilt = json.loads(json.dumps(genuine))
        spoilt["credentialSubject"]["achievement"]["related"] = [
            {
                "id": f"_:b{one}",
                "type": ["Achievement"],
                "related": [{"id": f"_:b{other}"} for other in range(size) if other != one],
            }
            for one in range(size)
        ]
        yield spoilt


def test_a_document_is_judged_as_it_would_be_in_this_process():
    async def story():
        async with Judges(size=1, seconds=GENEROUS) as judges:
            genuine = signed()
            report = await judged(judges, genuine)
            altered = await judged(judges, {**genuine, "name": "Another award"})
            return report, altered

    report, altered = asyncio.run(story())
    assert (report["verdict"], report["sentence"]) == ("accepted", "genuine_but")
    assert (altered["verdict"], altered["sentence"]) == ("rejected", "altered")
    assert report["at"] == "2026-07-01T00:00:00Z"


def test_the_pool_judges_by_its_own_trust():
    issuer = signed()["issuer"]["id"]
    listed = ListedIssuer(issuer, "Test School", "school.example")
    trust = Trust(lists=(TrustList("mine", {issuer: listed}),))

    async def story():
        async with Judges(size=1, seconds=GENEROUS, trust=trust) as judges:
            return await judged(judges, signed())

    assert asyncio.run(story())["sentence"] == "genuine"


def test_bytes_that_are_no_document_are_refused_as_the_parser_refuses_them():
    async def story():
        async with Judges(size=1, seconds=GENEROUS) as judges:
            for document, code in ((b'{"a": 1, "a": 2}', "document.duplicate_key"), (b"[" * 100_000, None)):
                with pytest.raises(DocumentError) as refused:
                    await judges.verify(document, await material(None), built_in(), AT)
                assert code in {None, refused.value.code}
            assert (await judged(judges, signed()))["verdict"] == "accepted"
            assert len(judges.pids) == 1

    asyncio.run(story())


@pytest.mark.threat(11)
@pytest.mark.threat(12)
def test_the_event_loop_beats_on_while_poison_is_judged():
    async def heart(lags):
        while True:
            before = time.perf_counter()
            await asyncio.sleep(HEARTBEAT)
            lags.append(time.perf_counter() - before - HEARTBEAT)

    async def story():
        lags = []
        async with Judges(size=2, seconds=GENEROUS, patience=300) as judges:
            documents = list(poison())
            beating = asyncio.create_task(heart(lags))
            reports = await asyncio.gather(*(judged(judges, document) for document in documents))
            beating.cancel()
        return lags, reports

    lags, reports = asyncio.run(story())
    assert len(lags) > 50
    assert sorted(lags)[int(len(lags) * 0.99)] < P99
    assert all(report["verdict"] != "accepted" for report in reports)
    codes = {check["code"] for report in reports for check in report["credentials"][0]["checks"]}
    assert "canonicalization.budget" in codes


@pytest.mark.threat(11)
def test_a_job_that_hangs_is_killed_in_time_and_the_pool_goes_on():
    async def story():
        async with Judges(size=1, seconds=1.0, patience=60) as judges:
            (stuck,) = judges.pids
            os.kill(stuck, signal.SIGSTOP)
            before = time.monotonic()
            with pytest.raises(JudgeTimeoutError) as late:
                await judged(judges, signed())
            took = time.monotonic() - before
            await until(lambda: not alive(stuck))
            report = await judged(judges, signed())
            return took, late.value, report, judges.pids, stuck

    took, late, report, pids, stuck = asyncio.run(story())
    assert 1.0 <= took < 3.0
    assert (late.code, bool(late.remedy)) == ("judges.time", True)
    assert report["verdict"] == "accepted"
    assert stuck not in pids


def test_a_process_ends_itself_should_the_pool_stand_still():
    """The timer is the process's own: here nobody else would ever kill it."""
    script = """
import sys, time
import node.adapters.judging.process as process
process.attempt = lambda *_: time.sleep(60)
process.MERCY_SECONDS = 0.2
process.warm = lambda desk: None
process.work({parent}, 0.3, 1 << 30)
"""
    process = subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-c", script.format(parent=os.getpid())],
        env=environment(Path.home()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdin.write(framed(pickle.dumps(SetUp(NO_TRUST))) + framed(pickle.dumps(None)))
    process.stdin.flush()
    assert process.wait(timeout=30) == -signal.SIGALRM
    process.stdin.close()
    process.stdout.close()


def test_the_crash_of_a_process_is_an_error_for_its_job_alone():
    async def story():
        async with Judges(size=2, seconds=GENEROUS, patience=60) as judges:
            for pid in judges.pids:
                os.kill(pid, signal.SIGSTOP)
            jobs = [asyncio.create_task(judged(judges, signed())) for _ in range(2)]
            await asyncio.sleep(0.2)
            victim, survivor = judges.pids
            os.kill(victim, signal.SIGSEGV)
            os.kill(victim, signal.SIGCONT)
            os.kill(survivor, signal.SIGCONT)
            results = await asyncio.gather(*jobs, return_exceptions=True)
            again = await judged(judges, signed())
            await until(lambda: len(judges.pids) == 2)
            return results, again

    results, again = asyncio.run(story())
    failed = [result for result in results if isinstance(result, JudgeFailedError)]
    assert [error.code for error in failed] == ["judges.failed"]
    assert sum(isinstance(result, dict) for result in results) == 1
    assert again["verdict"] == "accepted"


def test_a_process_that_died_while_idle_harms_no_job():
    async def story():
        async with Judges(size=1, seconds=GENEROUS, patience=60) as judges:
            (idle,) = judges.pids
            os.kill(idle, signal.SIGKILL)
            await until(lambda: not alive(idle))
            await asyncio.sleep(0.2)
            return await judged(judges, signed())

    assert asyncio.run(story())["verdict"] == "accepted"


@pytest.mark.threat(12)
def test_memory_beyond_the_limit_ends_the_job_and_not_the_machine():
    async def story():
        async with Judges(size=1, seconds=GENEROUS, memory=64 * 1024 * 1024, patience=60) as judges:
            huge = badge(name=["x" * 900 for _ in range(1000)])
            with pytest.raises((JudgeMemoryError, JudgeFailedError)) as refused:
                await judges.verify(
                    b'{"a":' + b"[[],[]," * 3 + b"[]" + b",[]" * 300_000 + b"]]]}", await material(huge), built_in(), AT
                )
            return refused.value.code, await judged(judges, signed())

    code, report = asyncio.run(story())
    assert code in {"judges.memory", "judges.failed"}
    assert report["verdict"] == "accepted"


def test_callers_do_not_pile_up():
    async def story():
        async with Judges(size=1, seconds=GENEROUS, waiting=2, patience=60) as judges:
            (pid,) = judges.pids
            os.kill(pid, signal.SIGSTOP)
            jobs = [asyncio.create_task(judged(judges, signed())) for _ in range(3)]
            await asyncio.sleep(0.2)
            before = time.monotonic()
            with pytest.raises(JudgesBusyError) as busy:
                await judged(judges, signed())
            took = time.monotonic() - before
            os.kill(pid, signal.SIGCONT)
            return busy.value, took, await asyncio.gather(*jobs)

    busy, took, reports = asyncio.run(story())
    assert (busy.code, took < 0.5) == ("judges.busy", True)
    assert [report["verdict"] for report in reports] == ["accepted"] * 3


def test_nobody_waits_for_ever():
    async def story():
        async with Judges(size=1, seconds=GENEROUS, patience=0.3) as judges:
            (pid,) = judges.pids
            os.kill(pid, signal.SIGSTOP)
            first = asyncio.create_task(judged(judges, signed()))
            await asyncio.sleep(0.1)
            with pytest.raises(JudgesBusyError):
                await judged(judges, signed())
            os.kill(pid, signal.SIGCONT)
            return await first

    assert asyncio.run(story())["verdict"] == "accepted"


@pytest.mark.threat(80)
def test_callers_who_come_and_leave_take_no_answers_from_others_and_end_no_process():
    async def story():
        async with Judges(size=1, seconds=GENEROUS, patience=60) as judges:
            (pid,) = judges.pids
            for _ in range(5):
                os.kill(pid, signal.SIGSTOP)
                leaving = asyncio.create_task(judged(judges, {"not": "a credential"}))
                await asyncio.sleep(0.1)
                leaving.cancel()
                with suppress(asyncio.CancelledError):
                    await leaving
                os.kill(pid, signal.SIGCONT)
            return await judged(judges, signed()), judges.pids == {pid}

    report, same = asyncio.run(story())
    assert (report["verdict"], same) == ("accepted", True)


def test_the_task_of_a_caller_who_left_ends_in_time_all_the_same():
    async def story():
        async with Judges(size=1, seconds=0.5, patience=60) as judges:
            (pid,) = judges.pids
            os.kill(pid, signal.SIGSTOP)
            leaving = asyncio.create_task(judged(judges, {"not": "a credential"}))
            await asyncio.sleep(0.1)
            leaving.cancel()
            with suppress(asyncio.CancelledError):
                await leaving
            report = await judged(judges, signed())
            return report, pid in judges.pids

    report, there = asyncio.run(story())
    assert (report["verdict"], there) == ("accepted", False)


def test_a_closed_pool_says_so_and_leaves_no_process_behind():
    async def story():
        judges = Judges(size=2, seconds=GENEROUS)
        with pytest.raises(JudgesClosedError):
            await judged(judges, signed())
        async with judges:
            pids = judges.pids
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            running = asyncio.create_task(judged(judges, signed()))
            await asyncio.sleep(0.2)
        with pytest.raises(JudgesClosedError):
            await running
        with pytest.raises(JudgesClosedError):
            await judged(judges, signed())
        return pids

    pids = asyncio.run(story())
    assert len(pids) == 2
    assert not any(map(alive, pids))


def test_a_pool_that_cannot_start_says_so(monkeypatch):
    async def story():
        async with Judges(size=2):
            pass

    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(JudgeFailedError, match="did not start"):
        asyncio.run(story())


def test_no_process_outlives_a_pool_that_was_killed(tmp_path):
    script = """
import asyncio
from node.adapters.judging.pool import Judges
async def story():
    async with Judges(size=2) as judges:
        print(*judges.pids, flush=True)
        await asyncio.sleep(60)
asyncio.run(story())
"""
    server = subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-c", script], env=environment(tmp_path), stdout=subprocess.PIPE
    )
    pids = [int(pid) for pid in server.stdout.readline().split()]
    assert len(pids) == 2
    assert all(map(alive, pids))
    os.kill(pids[0], signal.SIGSTOP)  # even one that could not notice by itself
    server.kill()
    server.wait()
    server.stdout.close()
    asyncio.run(until(lambda: not any(map(alive, pids))))


@pytest.mark.threat(44)
def test_a_process_gets_no_secret_and_says_nothing_in_the_servers_name(tmp_path):
    script = """
import asyncio
from node.adapters.judging.pool import Judges
async def story():
    async with Judges(size=1) as judges:
        (pid,) = judges.pids
        print(open(f"/proc/{pid}/environ").read().replace(chr(0), "|"))
        print(open(f"/proc/{pid}/limits").read())
asyncio.run(story())
"""
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", script],
        env=environment(tmp_path, GLEJT_KEY="/secret", DATABASE_URL="postgres://user:secret@host"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "secret" not in done.stdout
    limits = {line[:26].strip(): line[26:46].strip() for line in done.stdout.splitlines()}
    assert limits["Max address space"] == str(512 * 1024 * 1024)
    assert limits["Max core file size"] == "0"
    assert limits["Max file size"] == "0"
    assert done.stderr == ""


def test_warming_reaches_the_signature():
    checks = {check["check"]: check["code"] for check in warm(Desk(SetUp(NO_TRUST), None))["credentials"][0]["checks"]}
    assert (checks["structure"], checks["context"], checks["issuer_key"], checks["proof"]) == (
        "structure.passed",
        "context.passed",
        "issuer_key.passed",
        "proof.invalid",
    )
