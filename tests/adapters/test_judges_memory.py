"""What a server remembers of chains: only what a process found there that reads no stranger's document."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
from anchoring_support import CONTRACT
from heads_support import DOCUMENT, HEADS, NEW, NEW_HEAD, OLD, OLD_HEAD, TRUST, Heads, published
from judges_support import judging, question, raw
from ledger_support import CHAIN, STRANGE, block_of
from status_support import HOUR, LIST, Web
from verification_support import AT

from anchoring.heads import digest_of, list_id
from node.adapters.judging import service as service_module
from node.adapters.judging.answers import MAX_KEPT, OWN_SECONDS, Answers
from node.adapters.judging.protocol import Failure, FetchNeed, OwnNeed, PostNeed
from node.adapters.remembered_fetch import FAILED_SECONDS, KEPT_SECONDS
from node.verification import seen as seen_module
from node.verification.seen import NOTHING_SEEN, Seen, SeenBlock, SeenHead
from node.verification.sources import Fetched

BEFORE = Heads({LIST: OLD_HEAD}, number=900, time=AT - 2 * HOUR)
NOW = Heads({LIST: NEW_HEAD})
SEEN = SeenHead(
    CHAIN.id,
    CHAIN.genesis,
    HEADS.contract,
    HEADS.namespace,
    list_id(LIST),
    0,
    2,
    digest_of(published(NEW).encode()),
    NEW_HEAD.time,
)
BLOCK = SeenBlock(CHAIN.id, CHAIN.genesis, NOW.number, NOW.state.hash)


class OwnNode:
    """A chain of one's own, at the end of one block."""

    chain, contract = CHAIN, CONTRACT

    def __init__(self, record):
        self.record = record
        self.asked = 0

    async def final_block(self):
        self.asked += 1
        return block_of(self.record.state)

    async def storage(self, contract, slots, block):
        assert contract == CONTRACT
        assert block.hash == self.record.state.hash
        self.asked += 1
        return self.record.state.proof(slots)


def page(document):
    return Web({LIST: published(document).encode()})


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(service_module, "CONFIRM_SECONDS", 0.05)


def status_of(examined):
    return next(c["code"] for c in examined.report["credentials"][0]["checks"] if c["check"] == "status")


async def settled(service):
    if service._confirming is not None:
        await service._confirming


def test_a_head_of_our_own_chain_is_shown_to_a_process_and_remembered():
    kept = []

    async def keep(seen):
        kept.append(seen)

    node = OwnNode(NOW)

    async def story():
        async with judging(page(NEW), TRUST, chain=node, keep=keep) as service:
            examined = await service.examine(raw(DOCUMENT), question())
            await settled(service)
            asked = node.asked
            await service.examine(raw(DOCUMENT), question())
            return status_of(examined), service.readers.seen, asked

    code, seen, asked = asyncio.run(story())
    assert (code, seen) == ("status.passed", Seen((SEEN,), (BLOCK,)))
    assert kept == [seen]
    assert asked <= 4
    assert node.asked == asked  # what is known is no news


@pytest.mark.threat(48)
def test_a_chain_that_is_taken_back_is_noticed_by_every_process():
    async def story():
        node = OwnNode(NOW)
        async with judging(page(NEW), TRUST, chain=node, size=2) as service:
            await service.examine(raw(DOCUMENT), question())
            await settled(service)
            node.record = BEFORE
            service._errands.answers = Answers()
            service._errands._fetch.pages[LIST] = published(OLD).encode()
            return [status_of(await service.examine(raw(DOCUMENT), question())) for _ in range(4)]

    assert set(asyncio.run(story())) == {"status.rolled_back"}


@pytest.mark.threat(48)
def test_what_was_remembered_at_the_start_counts_and_so_it_does_for_a_process_that_follows():
    async def story():
        async with judging(page(OLD), TRUST, chain=OwnNode(BEFORE), seen=Seen((SEEN,), ())) as service:
            before = status_of(await service.examine(raw(DOCUMENT), question()))
            await service.readers._judges.copy().pop().end()
            return before, status_of(await service.examine(raw(DOCUMENT), question()))

    assert asyncio.run(story()) == ("status.rolled_back", "status.rolled_back")


def test_a_lie_of_a_process_about_a_chain_is_remembered_by_nobody():
    """It was overcome by what it read, and says that a list of somebody else's has a newer version."""
    lie = replace(SEEN, era=9)
    told = Seen((lie,), (replace(BLOCK, number=10**9),)).to_json()
    confirming = []

    async def story():
        async with judging(page(NEW), TRUST, chain=OwnNode(NOW)) as service:
            service._note(told)
            await settled(service)
            confirming.append(service.readers.seen)
            return status_of(await service.examine(raw(DOCUMENT), question()))

    assert asyncio.run(story()) == "status.passed"
    assert confirming == [Seen((SEEN,), (BLOCK,))]


@pytest.mark.parametrize("told", [None, 1, {}, {"version": 1}, {"version": 1, "heads": [{}], "blocks": []}])
def test_what_is_no_news_is_passed_over(told):
    pool = SimpleNamespace(seen=NOTHING_SEEN)
    service = SimpleNamespace(readers=pool, _claims={}, _claimed_chains=set(), _confirming=None)
    service_module.Judging._note(service, told)
    assert (service._claims, service._claimed_chains, service._confirming) == ({}, set(), None)


def head_in(namespace, number):
    return replace(SEEN, namespace=namespace, list_id=number.to_bytes(32), version=1)


def test_lists_of_one_namespace_however_many_push_out_nobody_elses(monkeypatch):
    monkeypatch.setattr(seen_module, "MAX_HEADS", 100)
    honest = [head_in(HEADS.namespace, number) for number in range(10)]
    flood = [head_in(STRANGE, number) for number in range(500)]
    known = NOTHING_SEEN.learning(honest, ())
    for start in range(0, 500, 50):
        known = known.learning(flood[start : start + 50], ())
    assert [head for head in known.heads if head.namespace == HEADS.namespace] == honest
    assert [head.list_id for head in known.heads if head.namespace == STRANGE] == [head.list_id for head in flood[-90:]]


def need(url="https://a.example/", **members):
    return FetchNeed(**{"url": url, "accept": "*/*", "max_bytes": 10, **members})


def fetched(body=b"x"):
    return Fetched(body, "", "https://a.example/", AT)


def test_answers_are_kept_for_minutes_failures_for_one_and_own_ones_for_a_moment():
    clock = SimpleNamespace(now=0.0)
    answers = Answers(lambda: clock.now)
    failure = Failure("UnreachableError", "no", "fetch.status", "Ask.")
    kinds = {
        need(): (fetched(), KEPT_SECONDS, False),
        need("https://b.example/"): (failure, FAILED_SECONDS, False),
        need("https://c.example/"): (fetched(), OWN_SECONDS, True),
        PostNeed(1, "http://n:1", "{}", 9): (b"{}", 60.0, False),
        OwnNeed(1): ((1, b"h"), OWN_SECONDS, False),
    }
    for kind, (answer, _, own) in kinds.items():
        answers.keep(kind, answer, own=own)
    for kind, (answer, seconds, _) in kinds.items():
        clock.now = seconds - 0.01
        assert answers.find(kind) == answer
        clock.now = seconds
        assert answers.find(kind) is None


def test_an_answer_can_be_too_old_for_one_and_not_for_another():
    clock = SimpleNamespace(now=0.0)
    answers = Answers(lambda: clock.now)
    answers.keep(need(max_age=5), fetched())
    clock.now = 6.0
    assert answers.find(need(max_age=5)) is None
    assert answers.find(need()) == fetched()


@pytest.mark.threat(80)
def test_what_is_kept_is_bounded_in_bytes_and_number():
    answers = Answers(max_bytes=1000)
    for number in range(50):
        answers.keep(need(f"https://{number}.example/"), fetched(b"x" * 100))
        answers.keep(need(f"https://{number}.example/"), fetched(b"y" * 100))
    assert answers.bytes == 1000
    assert answers.find(need("https://49.example/")).body == b"y" * 100
    assert answers.find(need("https://39.example/")) is None
    for number in range(MAX_KEPT + 10):
        answers.keep(OwnNeed(number), (1, b"h"))
    assert len(answers._kept) == MAX_KEPT
    assert answers.bytes == 0


def test_an_address_that_was_changed_is_forgotten_in_all_its_forms():
    answers = Answers()
    answers.keep(need(), fetched())
    answers.keep(need(accept="text/html"), fetched())
    answers.keep(need("https://b.example/"), fetched())
    answers.forget_address("https://a.example/")
    assert (answers.find(need()), answers.find(need(accept="text/html"))) == (None, None)
    assert answers.find(need("https://b.example/"))
    assert answers.bytes == 1


def test_what_processes_are_still_to_be_told_is_bounded_and_none_misses_any():
    heads = [head_in(HEADS.namespace, number) for number in range(200)]
    told = []

    async def story():
        async with judging(page(NEW), TRUST, chain=OwnNode(NOW)) as service:
            pool = service.readers
            for head in heads[:100]:
                pool.learn(Seen((head,), ()))
            told.append(pool._news(0))
            told.append(pool._news(98))
            await service.examine(raw(DOCUMENT), question())
            (judge,) = pool._judges
            return len(pool._learned), judge.learned, pool.seen

    kept, learned, seen = asyncio.run(story())
    assert (kept, learned) == (64, 100)
    assert told[0].heads == seen.heads == tuple(heads[:100])
    assert told[1].heads == tuple(heads[98:100])
