"""Whatever a chain, its nodes and other senders do to a transaction: each anchor is there once, and nothing is lost."""

import os
from dataclasses import replace
from itertools import count, pairwise

import pytest
from eth_hash.auto import keccak
from evm_support import LIMITS, attempts, raw_transaction, senders, sending_bench

from anchoring.ledger import CallState
from anchoring.transactions.fees import GWEI, FeeCaps
from anchoring.transactions.points import Point
from anchoring.transactions.problems import Problem
from anchoring.transactions.store import MemoryTransactionStore

pytestmark = pytest.mark.peer

LONG = "GLEJT_LONG" in os.environ
"""Try everything, where otherwise some of it stands for all."""
DEPTHS = range(1, 65) if LONG else (1, 2, 3, 17, 40, 64)
_values = (keccak(b"value %d" % number) for number in count())


@pytest.fixture(scope="module")
def bench():
    with sending_bench() as bench:
        yield bench


@pytest.fixture
def tell(bench):
    with senders(bench) as tell:
        yield tell


@pytest.fixture
def key(tell):
    return tell.key


def anchor(bench, **options):
    return bench.anchor(next(_values), **options)


def jump(bench, base_fee, *, seconds=60):
    """A block with this base fee, some time later: nothing that pays less is in it."""
    bench.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(base_fee))
    bench.anvil.ask("evm_increaseTime", seconds)
    bench.mine()


class CutError(Exception):
    """The process ends here, as far as the test goes."""


def cutting(point):
    def watch(passed):
        if passed is point:
            raise CutError

    return watch


@pytest.fixture
def short():
    """A chain of its own: after some hundreds of blocks, anvil goes back to states that were never there."""
    with sending_bench() as bench, senders(bench) as tell:
        yield bench, tell


@pytest.mark.threat(90)
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_reorganisation_in_each_state(short, depth):
    bench, tell = short
    store = MemoryTransactionStore()
    story = tell(store)
    early, late, sent, signed, batched = (anchor(bench) for _ in range(5))
    story.submit(early)
    story.round()
    if depth > 1:
        bench.anvil.ask("anvil_mine", hex(depth - 1))
    story.submit(late)
    story.round()
    bench.mine()
    assert {story.said(call)[0] for call in (early, late)} <= {CallState.SENT, CallState.MINED}
    story.round()
    assert {story.said(call)[0] for call in (early, late)} == {CallState.MINED}
    story.submit(sent)
    story.round()
    assert story.said(sent)[0] is CallState.SENT
    cut = tell(store, checkpoint=cutting(Point.STORED))
    cut.submit(signed)
    with pytest.raises(CutError):
        cut.round()
    assert story.stored(signed).progress.state is CallState.SIGNED
    story.submit(batched)
    bench.anvil.ask("anvil_reorg", depth, [])
    assert bench.events(early.operation.value) == bench.events(late.operation.value) == 0
    story.finish(early, late, sent, signed, batched)


@pytest.mark.threat(90)
def test_reorganisations_again_and_again(short):
    bench, tell = short
    story, call = tell(), anchor(bench)
    story.submit(call)
    story.round()
    for depth in (1, 3, 2, 1):
        bench.mine(depth)
        assert story.round().calls[0].state is CallState.MINED
        bench.anvil.ask("anvil_reorg", depth, [])
        assert story.round().calls[0].problem == Problem.REORGANISED
    story.finish(call)
    assert len(attempts(story, call)) == 1, "the same bytes each time"


@pytest.mark.threat(93)
def test_what_a_node_forgot_is_sent_again_with_the_same_bytes(bench, tell):
    story, call, other = tell(), anchor(bench), anchor(bench)
    story.submit(call, other)
    story.round()
    before = attempts(story, call)
    bench.anvil.ask("anvil_dropTransaction", "0x" + before[0][1].hex())
    bench.anvil.ask("anvil_dropAllTransactions")
    story.round()
    assert story.said(call) == (CallState.SENT, Problem.DROPPED)
    story.finish(call, other)
    assert attempts(story, call) == before


@pytest.mark.threat(93)
def test_a_jump_of_the_base_fee_is_followed_with_the_same_number(bench, tell):
    story, call, behind = tell(), anchor(bench), anchor(bench)
    story.submit(call, behind)
    story.round()
    jump(bench, 60 * GWEI)
    story.round()
    assert story.said(call) == story.said(behind) == (CallState.SENT, Problem.STUCK)
    story.finish(call, behind)
    for each in (call, behind):
        first, second = story.stored(each).attempts
        assert first.nonce == second.nonce
        assert second.fees.maximum > 60 * GWEI
        assert second.fees.priority * 8 >= first.fees.priority * 9


@pytest.mark.threat(93)
def test_dearer_than_the_cap_it_waits_and_says_so(bench, tell):
    caps = FeeCaps(20 * GWEI, 5 * GWEI)
    story, under_way, waiting = tell(limits=replace(LIMITS, caps=caps)), anchor(bench), anchor(bench)
    story.submit(under_way)
    story.round()
    jump(bench, 60 * GWEI)
    story.submit(waiting)
    for _ in range(3):
        story.round()
        assert story.said(under_way) == (CallState.SENT, Problem.CAPPED)
        assert story.said(waiting) == (CallState.BATCHED, Problem.CAPPED)
        assert Problem.CAPPED in story.last.alerts
    assert len(attempts(story, under_way)) == 1
    assert attempts(story, waiting) == []
    jump(bench, GWEI, seconds=1)
    story.finish(under_way, waiting)


@pytest.mark.threat(93)
def test_stuck_at_a_fair_price_the_fees_rise_by_an_eighth_each_time(bench, tell):
    story, call = tell(), anchor(bench)
    story.submit(call)
    story.round()
    for number in range(2, 5):
        # A producer who leaves everything out.
        bench.anvil.ask("evm_increaseTime", 31)
        pending = [each.raw for each in story.stored(call).attempts]
        bench.anvil.ask("anvil_dropAllTransactions")
        bench.mine()
        bench.anvil.ask("eth_sendRawTransaction", "0x" + pending[-1].hex())
        story.round()
        assert story.said(call) == (CallState.SENT, Problem.STUCK)
        listed = story.stored(call).attempts
        assert len(listed) == number
        assert len({each.nonce for each in listed}) == 1
        for before, after in pairwise(listed):
            assert after.fees.maximum * 8 >= before.fees.maximum * 9
            assert after.fees.priority * 8 >= before.fees.priority * 9
    story.finish(call)


@pytest.mark.threat(93)
@pytest.mark.threat(95)
def test_a_foreign_transaction_in_our_place_costs_a_number_and_nothing_else(bench, tell, key):
    story, call = tell(), anchor(bench)
    story.submit(call)
    story.round()
    [(nonce, _)] = attempts(story, call)
    foreign = raw_transaction(key, bench, nonce, tip=20 * GWEI)
    bench.anvil.ask("eth_sendRawTransaction", "0x" + foreign.hex())
    bench.mine()
    story.round()
    assert story.said(call) == (CallState.SENT, Problem.NONCE_TAKEN)
    story.finish(call)
    assert [each[0] for each in attempts(story, call)] == [nonce, nonce + 1]


@pytest.mark.threat(93)
def test_the_number_after_what_waits_already_is_taken(bench, tell, key):
    foreign = raw_transaction(key, bench, 0)
    bench.anvil.ask("eth_sendRawTransaction", "0x" + foreign.hex())
    story, call = tell(), anchor(bench)
    story.submit(call)
    story.round()
    assert [each[0] for each in attempts(story, call)] == [1]
    story.finish(call)


@pytest.mark.threat(93)
def test_a_number_that_a_foreign_transaction_left_empty_is_filled(bench, tell, key):
    foreign = raw_transaction(key, bench, 0)
    dropped = bench.anvil.ask("eth_sendRawTransaction", "0x" + foreign.hex())
    story, first, second = tell(), anchor(bench), anchor(bench)
    story.submit(first, second)
    story.round()
    bench.anvil.ask("anvil_dropTransaction", dropped)
    bench.anvil.ask("evm_increaseTime", 31)
    bench.mine()
    story.round()
    assert story.said(first) == (CallState.SENT, Problem.GAP)
    assert [each[0] for each in attempts(story, first)] == [1, 0]
    story.finish(first, second)


@pytest.mark.threat(95)
@pytest.mark.threat(112)
def test_a_call_that_somebody_else_brought_is_not_brought_again(bench, tell):
    story, known, unknown = tell(), anchor(bench), anchor(bench)
    for call in (known, unknown):
        bench.anvil.transact(bench.contract.address, call.data(), sender=7)
    bench.anvil.ask("anvil_mine", hex(65))
    story.submit(known, unknown)
    story.round()
    assert story.said(known) == story.said(unknown) == (CallState.FINALIZED, None)
    assert attempts(story, known) == attempts(story, unknown) == []


@pytest.mark.threat(95)
def test_a_call_brought_by_a_foreign_transaction_from_our_account_is_not_signed_anew(bench, tell, key):
    story, call = tell(), anchor(bench)
    story.submit(call)
    story.round()
    [(nonce, _)] = attempts(story, call)
    foreign = raw_transaction(key, bench, nonce, to=bench.contract.address, data=call.data(), tip=20 * GWEI)
    bench.anvil.ask("eth_sendRawTransaction", "0x" + foreign.hex())
    bench.mine()
    story.round()
    assert story.said(call) == (CallState.MINED, None)
    story.finish(call)
    assert len(attempts(story, call)) == 1


@pytest.mark.threat(93)
def test_two_senders_that_know_nothing_of_each_other(bench, tell):
    """The same account in two programs, each with a store of its own: against the rule, and still nothing is lost."""
    one, two = tell(holder="one"), tell(holder="two")
    shared = anchor(bench)
    calls = [[anchor(bench) for _ in range(3)] for _ in range(2)]
    for story, own in zip((one, two), calls, strict=True):
        story.submit(shared, *own)
    for _ in range(14):
        for story in (one, two):
            story.round()
        bench.anvil.ask("evm_increaseTime", 31)
        bench.mine()
    bench.anvil.ask("anvil_mine", hex(65))
    for story, own in zip((one, two), calls, strict=True):
        story.round()
        for call in (shared, *own):
            assert story.said(call) == (CallState.FINALIZED, None)
            assert bench.events(call.operation.value) == 1


@pytest.mark.threat(93)
def test_of_two_with_one_store_one_sends(bench, tell):
    store = MemoryTransactionStore()
    one, two = tell(store, holder="one"), tell(store, holder="two")
    call = anchor(bench)
    one.submit(call)
    two.submit(call)
    one.round()
    assert two.round().alerts == (Problem.LEASED,)
    assert two.said(call) == (CallState.SENT, None), "what the other one has stored"
    one.finish(call)
    assert len(attempts(one, call)) == 1
