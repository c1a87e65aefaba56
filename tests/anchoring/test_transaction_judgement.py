"""What is to be done about a call, case by case; each case is one that happens on real chains."""

from dataclasses import replace

import pytest

from anchoring.calls import AuthorizedCall
from anchoring.ledger import CallProgress, CallState
from anchoring.operations import AnchorValue, Outcome
from anchoring.transactions.endpoint import Head, Inclusion
from anchoring.transactions.fees import GWEI, Fees
from anchoring.transactions.judgement import MAX_ATTEMPTS, Action, Sighting, View, judge
from anchoring.transactions.problems import Problem
from anchoring.transactions.store import Attempt, StoredCall

ACCOUNT, OTHER = bytes([1]) * 20, bytes([2]) * 20
TIME, DEADLINE = 1_000_000, 1_003_000
CALL = AuthorizedCall(AnchorValue(bytes([3]) * 32, bytes([4]) * 32), DEADLINE, bytes(65))
PLACE, FAILED = Inclusion(900, bytes(32), succeeded=True), Inclusion(900, bytes(32), succeeded=False)


def attempt(nonce=5, *, made_at=TIME, sent=True, number=0, account=ACCOUNT):
    name = bytes([nonce, number]) * 16
    return Attempt(CALL.id, account, nonce, name, b"raw", 200_000, Fees(30 * GWEI, GWEI), made_at, sent)


def stored(*attempts, state=CallState.SENT):
    return StoredCall(CallProgress(CALL.id, state, CALL.operation), CALL, attempts)


def view(*, nonce=5, used=(5,), head_time=TIME + 12, base_fee=GWEI, final_time=TIME - 800):
    head = Head(1000, bytes([9]) * 32, head_time, base_fee)
    return View(head, ACCOUNT, nonce, frozenset(used), 936, final_time, patience=60)


def judged(call, seen=None, **options):
    judgement = judge(call, view(**options), seen or Sighting())
    return judgement.state, judgement.action, judgement.problem


@pytest.mark.threat(95)
def test_storage_at_a_final_block_is_the_only_truth():
    done, overtaken = Sighting(Outcome.DONE), Sighting(Outcome.OVERTAKEN)
    for call in (stored(state=CallState.BATCHED), stored(attempt()), stored(attempt(2))):
        assert judged(call, done) == (CallState.FINALIZED, Action.NONE, None)
        assert judged(call, overtaken) == (CallState.REFUSED, Action.NONE, Problem.OVERTAKEN)
        # Its deadline is over, and all the same it was carried out in time.
        assert judged(call, done, final_time=DEADLINE + 1)[0] is CallState.FINALIZED
    told = Sighting(inclusion=(bytes(32), PLACE))
    assert judged(stored(attempt(2)), told) == (CallState.MINED, Action.NONE, Problem.DISAGREES)


def test_what_was_done_and_then_followed_by_something_else_was_done():
    mine = Sighting(Outcome.OVERTAKEN, inclusion=(bytes(32), PLACE))
    assert judged(stored(attempt(2)), mine)[0] is CallState.FINALIZED
    above = replace(PLACE, block=937)
    assert judged(stored(attempt(2)), replace(mine, inclusion=(bytes(32), above)))[0] is CallState.REFUSED
    assert judged(stored(attempt(2)), replace(mine, inclusion=(bytes(32), FAILED)))[0] is CallState.REFUSED


@pytest.mark.threat(112)
def test_past_its_deadline_a_call_is_sent_no_more_and_refused_once_that_is_final():
    late = {"head_time": DEADLINE + 1, "final_time": DEADLINE}
    for call, state in ((stored(state=CallState.BATCHED), CallState.BATCHED), (stored(attempt()), CallState.SENT)):
        assert judged(call, Sighting(known=False), **late) == (state, Action.NONE, Problem.DEADLINE)
        over = {"head_time": DEADLINE + 900, "final_time": DEADLINE + 1}
        assert judged(call, **over) == (CallState.REFUSED, Action.NONE, Problem.DEADLINE)
    assert "authorised anew" in Problem.DEADLINE.remedy
    in_time = {"head_time": DEADLINE, "final_time": DEADLINE - 800}
    assert judged(stored(state=CallState.BATCHED), **in_time)[1] is Action.SIGN
    mined_just_in_time = Sighting(inclusion=(bytes(32), replace(PLACE, block=990)))
    assert judged(stored(attempt(2)), mined_just_in_time, **late) == (CallState.MINED, Action.NONE, None)


def test_without_the_final_block_nothing_is_refused_or_final_and_sending_goes_on():
    unknown = {"final_time": None}
    assert judged(stored(state=CallState.BATCHED), **unknown)[1] is Action.SIGN
    assert judged(stored(attempt()), head_time=DEADLINE + 9999, **unknown)[0] is CallState.SENT


@pytest.mark.threat(90)
def test_what_the_chain_took_back_or_a_node_forgot_is_sent_again_as_it_is():
    gone = Sighting(known=False)
    assert judged(stored(attempt()), gone) == (CallState.SENT, Action.SEND, Problem.DROPPED)
    assert judged(stored(attempt(), state=CallState.MINED), gone) == (
        CallState.SENT,
        Action.SEND,
        Problem.REORGANISED,
    )
    assert judged(stored(attempt(), state=CallState.MINED)) == (CallState.SENT, Action.NONE, Problem.REORGANISED)
    assert judged(stored(attempt(sent=False)), gone) == (CallState.SIGNED, Action.SEND, None)


@pytest.mark.threat(95)
def test_what_a_node_has_although_nobody_noted_that_it_took_it_is_sent():
    assert judged(stored(attempt(sent=False), state=CallState.SIGNED)) == (CallState.SENT, Action.NONE, None)


@pytest.mark.threat(93)
def test_what_waits_for_long_is_raised_where_that_helps():
    stuck = {"head_time": TIME + 60}
    first, second = stored(attempt(5)), stored(attempt(6))
    assert judged(first, used=(5, 6), **stuck) == (CallState.SENT, Action.RAISE, Problem.STUCK)
    assert judged(second, used=(5, 6), **stuck) == (CallState.SENT, Action.NONE, Problem.STUCK)
    assert judged(second, used=(5, 6), base_fee=30 * GWEI, **stuck)[1] is Action.RAISE
    assert judged(first, head_time=TIME + 59) == (CallState.SENT, Action.NONE, None)
    # Forgotten because it pays too little: the same bytes would be forgotten again.
    assert judged(first, Sighting(known=False), **stuck)[1] is Action.RAISE
    assert judged(second, Sighting(known=False), used=(5, 6), **stuck)[1] is Action.SEND


@pytest.mark.threat(93)
def test_the_first_in_line_fills_a_number_that_nobody_has_any_more():
    stuck = {"head_time": TIME + 60, "nonce": 4, "used": (5, 6)}
    assert judged(stored(attempt(5)), **stuck) == (CallState.SENT, Action.FILL, Problem.GAP)
    assert judged(stored(attempt(6)), **stuck)[1] is Action.NONE
    filled = stored(attempt(5), attempt(4, made_at=TIME + 60))
    assert judged(filled, nonce=4, used=(4, 5, 6), head_time=TIME + 70)[1] is Action.NONE


@pytest.mark.threat(93)
@pytest.mark.threat(95)
def test_a_number_that_something_else_used_up_is_replaced_only_where_the_call_was_not_brought():
    spent = stored(attempt(4))
    assert judged(spent) == (CallState.BATCHED, Action.SIGN, Problem.NONCE_TAKEN)
    assert judged(spent, Sighting(written=True)) == (CallState.MINED, Action.NONE, None)
    assert judged(spent, Sighting(written=None)) == (CallState.BATCHED, Action.NONE, Problem.UNREADABLE)
    reverted = Sighting(inclusion=(bytes(32), FAILED))
    assert judged(spent, reverted) == (CallState.BATCHED, Action.SIGN, Problem.REVERTED)
    assert judged(spent, replace(reverted, written=True))[0] is CallState.MINED
    foreign = stored(attempt(7, account=OTHER))
    assert judged(foreign)[1] is Action.SIGN, "an account that is used no more cannot hold a call up"


def test_attempts_end():
    many = [attempt(5, number=number) for number in range(MAX_ATTEMPTS)]
    stuck = {"head_time": TIME + 60}
    assert judged(stored(*many), **stuck) == (CallState.SENT, Action.NONE, Problem.TOO_MANY)
    assert judged(stored(*many), Sighting(known=False), **stuck)[1] is Action.SEND
    assert judged(stored(*many), nonce=6, used=()) == (CallState.BATCHED, Action.NONE, Problem.TOO_MANY)


def test_every_problem_has_a_code_and_a_remedy():
    assert len({problem.value for problem in Problem}) == len(Problem)
    for problem in Problem:
        assert problem.value.partition(".")[2]
        assert problem.remedy.endswith(".")
