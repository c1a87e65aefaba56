"""A fetch that remembers: one question for the same thing, for a while, and no more memory than it may have."""

import asyncio
from datetime import UTC, datetime

import pytest

from node.adapters import remembered_fetch
from node.adapters.remembered_fetch import FAILED_SECONDS, KEPT_SECONDS, MAX_KEPT, RememberedFetch
from node.verification.errors import UnreachableError
from node.verification.sources import Fetched

NOW = datetime(2026, 6, 12, tzinfo=UTC)


class Host:
    """Answers each question with as many bytes as its URL says, or fails; keeps what was asked."""

    def __init__(self):
        self.asked = []
        self.down = False
        self.gate = None

    async def __call__(self, url, *, accept, max_bytes):
        del max_bytes
        self.asked.append(url)
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise UnreachableError(f"{url} is down", code="fetch.timeout", remedy="Later.")
        return Fetched(b"x" * int(url), accept, url, NOW)


@pytest.fixture
def host():
    return Host()


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def fetch(host, clock):
    return RememberedFetch(host, clock=lambda: clock[0])


def had(fetch, url="5", **given):
    return asyncio.run(_had(fetch, url, **given))


async def _had(fetch, url, accept="a", max_bytes=10):
    return await fetch(url, accept=accept, max_bytes=max_bytes)


def test_the_same_thing_is_asked_for_once_while_it_counts(fetch, host, clock):
    first = had(fetch)
    clock[0] = KEPT_SECONDS - 0.1
    assert had(fetch) is first
    assert host.asked == ["5"]
    clock[0] = KEPT_SECONDS
    had(fetch)
    assert host.asked == ["5", "5"]


def test_another_form_or_bound_is_another_thing(fetch, host):
    had(fetch)
    assert had(fetch, accept="b").content_type == "b"
    had(fetch, max_bytes=20)
    assert len(host.asked) == 3


def test_a_failure_counts_for_a_shorter_while(fetch, host, clock):
    host.down = True
    for _ in range(3):
        with pytest.raises(UnreachableError, match="is down"):
            had(fetch)
    assert len(host.asked) == 1
    clock[0], host.down = FAILED_SECONDS, False
    assert had(fetch).body == b"xxxxx"


def test_those_who_ask_at_once_wait_for_one_answer_and_one_who_gives_up_takes_it_from_nobody(fetch, host):
    async def at_once():
        host.gate = asyncio.Event()
        asking = [asyncio.create_task(_had(fetch, "5")) for _ in range(10)]
        await asyncio.sleep(0)
        asking[0].cancel()
        host.gate.set()
        return await asyncio.gather(*asking, return_exceptions=True)

    first, *others = asyncio.run(at_once())
    assert isinstance(first, asyncio.CancelledError)
    assert {found.body for found in others} == {b"xxxxx"}
    assert host.asked == ["5"]


@pytest.mark.threat(50)
def test_what_is_kept_is_bounded_in_number_and_in_bytes(host, clock, monkeypatch):
    async def fill(fetch, urls):
        for url in urls:
            await _had(fetch, url)

    many = RememberedFetch(host, clock=lambda: clock[0])
    asyncio.run(fill(many, (str(number) for number in range(MAX_KEPT + 10))))
    assert len(many._kept) == MAX_KEPT
    monkeypatch.setattr(remembered_fetch, "MAX_KEPT_BYTES", 100)
    large = RememberedFetch(host, clock=lambda: clock[0])
    asyncio.run(fill(large, ["40", "41", "42"]))
    assert large._bytes == sum(kept.size for kept in large._kept.values()) == 83
    host.asked.clear()
    asyncio.run(fill(large, ["41", "42"]))
    assert host.asked == []
