"""What a process was told of the outside counts for what was asked, for as long as the pool would say the same."""

import json
import pickle
from dataclasses import replace
from types import SimpleNamespace

import pytest
from judges_support import Shared, question, raw
from status_support import LIST, Web, entry, status_list
from verification_support import AT, EVERYDAY, UNIVERSITY, credential

from node.adapters.judging import protocol
from node.adapters.judging import told as told_module
from node.adapters.judging.answers import OWN_SECONDS
from node.adapters.judging.protocol import AsOf, Examine, FetchNeed, OwnNeed, Task
from node.adapters.judging.told import MAX_TOLD, Told
from node.verification.check import CheckName
from node.verification.sources import Fetched

shared = Shared()

DID_URL = "https://university.example/.well-known/did.json"
DOCUMENT = UNIVERSITY.sign(credential(UNIVERSITY, credentialStatus=[entry()]))
GOOD, WITHDRAWN = status_list(issuer=UNIVERSITY), status_list([7], issuer=UNIVERSITY)
PAGES = {DID_URL: UNIVERSITY.document(), LIST: GOOD}


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    shared.close()


class Asked:
    """A service over pages of this node's own, of which it is seen how often a process asks the pool."""

    def __init__(self, service, pages):
        self.service, self.pages = service, pages
        self.times = 0
        errands = service._errands
        told = errands.told

        def counted(needs, load):
            self.times += 1
            return told(needs, load)

        errands.told = counted

    async def verdict(self, document=DOCUMENT, **members):
        examined = await self.service.examine(raw(document), question(**members))
        return examined.verdict

    async def settled(self):
        """Until a process has been told everything: first it is brought, then it is told."""
        assert [await self.verdict(), await self.verdict()] == ["accepted", "accepted"]
        before = self.times
        assert await self.verdict() == "accepted"
        assert self.times == before


def over_own_pages(work, pages=PAGES):
    pages = dict(pages)

    async def own(url):
        page = pages.get(url)
        return None if page is None else Fetched(json.dumps(page).encode(), "application/json", url, AT)

    async def story():
        async with shared.over(Web({}), own=own) as service:
            return await work(Asked(service, pages))

    return shared.run(story())


@pytest.mark.threat(43)
def test_a_withdrawal_that_was_published_is_seen_by_a_process_that_was_told_otherwise():
    async def work(node):
        await node.settled()
        node.pages[LIST] = WITHDRAWN
        node.service.forget_address(LIST)
        return await node.verdict()

    assert over_own_pages(work) == "rejected"


@pytest.mark.threat(43)
def test_what_was_told_counts_no_longer_than_in_the_pool():
    async def work(node):
        clock = SimpleNamespace(now=100.0)
        node.service._errands.answers.clock = lambda: clock.now
        await node.settled()
        node.pages[LIST] = WITHDRAWN
        clock.now += OWN_SECONDS - 0.01
        before = await node.verdict()
        clock.now += 0.01
        return before, await node.verdict()

    assert over_own_pages(work) == ("accepted", "rejected")


@pytest.mark.threat(43)
def test_what_another_memory_told_counts_for_nothing():
    async def work(node):
        await node.settled()

    over_own_pages(work)

    async def other(node):
        return await node.verdict()

    assert over_own_pages(other, PAGES | {LIST: WITHDRAWN}) == "rejected"


@pytest.mark.threat(43)
def test_a_policy_is_the_one_that_was_asked_by_whatever_others_are_called():
    """Two of one name, in turn and by one process, which reads each of them once."""
    lax = replace(EVERYDAY, requires=EVERYDAY.requires - {CheckName.HOLDER})
    strict = replace(EVERYDAY, requires=EVERYDAY.requires | {CheckName.AUTHORITY})

    async def work(node):
        return [await node.verdict(policy=each) for each in (lax, strict, lax, strict)]

    assert lax.name == strict.name
    assert over_own_pages(work) == ["accepted", "cannot_tell", "accepted", "cannot_tell"]


def need(url="https://a.example/", **members):
    return FetchNeed(**{"url": url, "accept": "*/*", "max_bytes": 10, **members})


def fetched(body=b"x"):
    return Fetched(body, "", "https://a.example/", AT)


def told_of(answers, as_of):
    told = Told()
    told.turn_to(as_of)
    for each, (answer, until) in answers.items():
        told.keep(each, answer, until)
    return told


def test_an_answer_counts_for_what_was_asked_and_nothing_like_it():
    told = told_of({need(): (fetched(), 9.0)}, AsOf(1, 0.0))
    assert told.find(need()) == fetched()
    for other in (
        need("https://b.example/"),
        need(accept="text/html"),
        need(max_bytes=11),
        need(same_host=True),
        need(max_age=5),
        OwnNeed(1),
    ):
        assert told.find(other) is None


def test_nothing_is_kept_of_another_era_past_its_time_or_without_a_moment():
    told = told_of({need(): (fetched(), 9.0)}, AsOf(1, 0.0))
    told.turn_to(AsOf(1, 8.9))
    assert told.find(need()) == fetched()
    told.turn_to(AsOf(1, 9.0))
    assert told.find(need()) is None
    told.turn_to(AsOf(1, 8.9))
    assert told.find(need()) == fetched()
    told.turn_to(AsOf(2, 8.9))
    assert told.find(need()) is None
    told.turn_to(AsOf(1, 0.0))
    assert told.find(need()) is None
    assert told_of({need(): (fetched(), 9.0)}, None).find(need()) is None
    told.keep(need(), fetched(), 9.0)
    told.turn_to(None)
    assert told.find(need()) is None


@pytest.mark.threat(80)
def test_what_a_process_keeps_is_bounded_in_bytes_and_number(monkeypatch):
    monkeypatch.setattr(told_module, "MAX_TOLD_BYTES", 100)
    told = told_of({need(f"https://{n}.example/"): (fetched(b"x" * 30), 9.0) for n in range(9)}, AsOf(1, 0.0))
    assert [n for n in range(9) if told.find(need(f"https://{n}.example/"))] == [6, 7, 8]
    told.keep(need(), fetched(b"x" * 101), 9.0)
    assert told.find(need()) is None
    assert told.find(need("https://8.example/")) is not None
    told = told_of({OwnNeed(n): ((1, b"h"), 9.0) for n in range(MAX_TOLD + 5)}, AsOf(1, 0.0))
    assert [n for n in range(MAX_TOLD + 5) if told.find(OwnNeed(n)) is None] == [0, 1, 2, 3, 4]


def test_a_task_comes_as_it_went_and_policies_beyond_number_do_not_pile_up():
    for number in range(protocol.MAX_POLICIES + 5):
        policy = replace(EVERYDAY, name=f"number {number}")
        asked = question(policy=policy, offline=True, inside="verifiableCredential", labels=(b"{}",))
        task = Task(Examine(b"{}", asked), AT, {need(): fetched()}, last=True, offline=True, as_of=AsOf(3, 1.5))
        assert pickle.loads(pickle.dumps(task)) == task  # noqa: S301 -- our own
    assert protocol._policy.cache_info().currsize <= protocol.MAX_POLICIES
    assert protocol._policy_bytes.cache_info().currsize <= protocol.MAX_POLICIES
