"""Remembered resolutions: bounded in number and time, and never called newer than they are."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import finished

from did_methods.cache import RememberedMethod, retrieved_at
from did_methods.did import Did
from did_methods.resolution import Problem, Resolution

START = datetime(2026, 6, 12, 14, 3, 7, tzinfo=UTC)


class Counting:
    """A method that counts how often it is asked, and a clock."""

    def __init__(self, problem=None, metadata=None):
        self.asked = []
        self.time = 0.0
        self.problem = problem
        self.metadata = metadata or {}

    async def resolve(self, did):
        self.asked.append(did.identifier)
        if self.problem:
            return Resolution.failed(self.problem, "so")
        return Resolution({"id": str(did), "answer": len(self.asked)}, self.metadata)

    def remembered(self, **options):
        return RememberedMethod(
            self, clock=lambda: self.time, now=lambda: START + timedelta(seconds=self.time), **options
        )


def ask(method, name="a"):
    return finished(method.resolve(Did("test", name)))


def test_what_cannot_change_is_asked_for_once_and_so_is_why_there_is_nothing():
    inner = Counting()
    method = inner.remembered()
    first = ask(method)
    inner.time = 1e9
    assert ask(method) is first
    assert inner.asked == ["a"]
    assert retrieved_at(first) is None
    broken = Counting(Problem.INVALID_DID)
    method = broken.remembered()
    assert ask(method) is ask(method)
    assert broken.asked == ["a"]


def test_what_can_change_is_asked_for_again_after_its_time():
    inner = Counting()
    method = inner.remembered(seconds=60)
    first = ask(method)
    assert retrieved_at(first) == START
    inner.time = 59.9
    assert ask(method) is first
    inner.time = 60
    second = ask(method)
    assert second.document["answer"] == 2
    assert retrieved_at(second) == START + timedelta(seconds=60)


def test_failures_are_remembered_only_where_that_is_asked_for():
    inner = Counting(Problem.INTERNAL_ERROR)
    method = inner.remembered(seconds=60)
    ask(method)
    ask(method)
    assert len(inner.asked) == 2
    method = inner.remembered(seconds=60, failed_seconds=10)
    ask(method)
    inner.time = 9
    ask(method)
    assert len(inner.asked) == 3
    inner.time = 10
    inner.problem = None
    assert ask(method).document
    inner.problem = Problem.NOT_FOUND
    inner.time = 200
    assert ask(method).document is None  # an old document does not hide that it is gone


def test_the_longest_unused_is_forgotten():
    inner = Counting()
    method = inner.remembered(max_entries=2)
    for name in ("a", "b", "a", "c", "a", "b"):
        ask(method, name)
    assert inner.asked == ["a", "b", "c", "b"]


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdefgh"), max_size=60), st.integers(1, 4))
def test_no_more_is_kept_than_was_allowed(names, limit):
    inner = Counting()
    method = inner.remembered(max_entries=limit, seconds=5)
    for name in names:
        inner.time += 1
        assert ask(method, name).document["id"] == f"did:test:{name}"
        assert len(method._known) <= limit
        assert method._under_way == {}


def test_those_who_ask_together_wait_for_one_answer():
    class Slow(Counting):
        async def resolve(self, did):
            await asyncio.sleep(0)
            return await super().resolve(did)

    inner = Slow()
    method = inner.remembered(seconds=60)

    async def story():
        answers = await asyncio.gather(*(method.resolve(Did("test", "a")) for _ in range(10)))
        assert len({id(answer) for answer in answers}) == 1

    asyncio.run(story())
    assert inner.asked == ["a"]


def test_one_who_fails_does_not_keep_the_others_out():
    class Failing(Counting):
        async def resolve(self, did):
            if not self.asked:
                self.asked.append(did.identifier)
                raise RuntimeError("broken")
            return await super().resolve(did)

    method = Failing().remembered(seconds=60)

    async def story():
        did = Did("test", "a")
        first, second = await asyncio.gather(method.resolve(did), method.resolve(did), return_exceptions=True)
        assert isinstance(first, RuntimeError)
        assert second.document

    asyncio.run(story())


def test_a_strange_time_is_no_time():
    for stamp in ("yesterday", 5, None):
        assert retrieved_at(Resolution({}, {}, {"retrieved": stamp})) is None


@pytest.mark.parametrize(
    ("ttl", "until"),
    [("0", 0), ("7", 7), ("3600", 60), ("2147483648", 60), (7, 60), ("-1", 60), ("1e1", 60), ("\u0667", 60), ("", 60)],
)
def test_what_its_controller_says_shortens_its_time_and_never_lengthens_it(ttl, until):
    inner = Counting(metadata={"ttl": ttl})
    method = inner.remembered(seconds=60)
    ask(method)
    inner.time = until - 0.1
    ask(method)
    assert len(inner.asked) == (1 if until else 2)
    inner.time = until
    ask(method)
    assert len(inner.asked) == (2 if until else 3)


def test_what_cannot_change_has_no_end_whatever_is_said():
    inner = Counting(metadata={"ttl": "0"})
    method = inner.remembered()
    assert ask(method) is ask(method)
    assert inner.asked == ["a"]
