"""What every ledger does, whichever chain is behind it."""

import asyncio
from dataclasses import replace
from itertools import count

import pytest
from eth_hash.auto import keccak
from ledger_stages import NEEDS_NODE, STAGES

from anchoring.calls import AuthorizedCall, TypedCall, accepted, authorize
from anchoring.checkpoint import Chain
from anchoring.errors import AnchoringError, FactError, IndeterminateError
from anchoring.layout import proven_facts, recovery_commitment
from anchoring.ledger import (
    ENDLESS,
    AccreditationOf,
    AnchorOf,
    AuthorityAt,
    CallState,
    HeadOf,
    HistoryEntry,
    StateOf,
)
from anchoring.operations import (
    RECOVERY_DELAY,
    Accredit,
    AnchorValue,
    CancelRecovery,
    CompleteRecovery,
    OpenNamespace,
    RequestRecovery,
    RotateAuthority,
    SetHead,
    WithdrawAccreditation,
)
from anchoring.signing_key import SigningKey

ONE, TWO, LIST, SUBJECT, SCOPE = (keccak(name) for name in (b"one", b"two", b"list", b"subject", b"scope"))
AUTHORITY, SUCCESSOR, GUARDIAN, NEXT, STRANGER = (SigningKey(bytes([number]) * 32) for number in range(1, 6))
RECOVERY_SALT = keccak(b"recovery salt")
_salts = (keccak(b"salt %d" % number) for number in count())


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[pytest.mark.peer] if name in NEEDS_NODE else []) for name in STAGES],
)
def stage(request):
    with STAGES[request.param]() as stage, stage.runner:
        yield stage


class Desk:
    """A namespace of its own for each test, and the means to write into it."""

    def __init__(self, stage):
        self.stage, self.ledger = stage, stage.ledger
        self.opening = OpenNamespace(
            AUTHORITY.address, recovery_commitment(GUARDIAN.address, RECOVERY_SALT), next(_salts)
        )
        self.ns = self.opening.namespace

    def typed(self, operation, *, chain_id=None, lifetime=3000):
        return TypedCall.soon(
            operation,
            chain_id=self.ledger.chain.id if chain_id is None else chain_id,
            contract=self.ledger.contract.address,
            now=self.stage.now(),
            lifetime=lifetime,
        )

    def call(self, operation, signer=AUTHORITY, **options):
        return asyncio.run(authorize(self.typed(operation, **options), signer))

    def consent(self, successor):
        chain_id, contract = self.ledger.chain.id, self.ledger.contract.address
        deadline = self.stage.now() + 3000
        return asyncio.run(accepted(self.ns, successor, chain_id=chain_id, contract=contract, deadline=deadline))

    def open(self):
        self.done(AuthorizedCall(self.opening))
        return self

    def done(self, *calls):
        told = self.stage.settled(*calls)
        assert [told[call.id].state for call in calls] == [CallState.FINALIZED] * len(calls), told

    def ask(self, question, block=None):
        return self.stage.do(self.ledger.answer(question, block or self.stage.final()))


@pytest.fixture
def desk(stage):
    return Desk(stage)


def test_an_anchor_becomes_final_and_is_proven(desk):
    desk.open()
    before = desk.stage.final()
    call = desk.call(AnchorValue(desk.ns, ONE))
    desk.done(call)
    block = desk.stage.final()
    questions = [AnchorOf(desk.ns, ONE), AnchorOf(desk.ns, TWO), HistoryEntry(desk.ns, 0), StateOf(desk.ns)]
    proof = desk.stage.do(desk.ledger.prove(questions, block))
    shown = proven_facts(proof, block_hash=block.hash, contract=desk.ledger.contract, questions=questions)
    assert shown.facts == {question: desk.ask(question, block) for question in questions}
    anchor = shown.facts[questions[0]]
    assert (anchor.authority, anchor.era) == (0, 0)
    assert before.number < anchor.block <= block.number
    assert shown.facts[questions[1]] is None
    assert shown.facts[questions[2]].address == AUTHORITY.address
    assert shown.facts[questions[3]].last_block == anchor.block
    assert desk.ask(AnchorOf(desk.ns, ONE), before) is None, "the past is answered as it was"


def test_calls_that_wait_for_each_other_all_get_there(desk):
    """Submitted at once, and in the worst order."""
    line = (desk.ns, SUBJECT, SCOPE)
    until = desk.stage.now() + 90_000
    desk.done(
        desk.call(WithdrawAccreditation(*line, 0)),
        desk.call(Accredit(*line, 1, 5, ENDLESS, TWO)),
        desk.call(Accredit(*line, 0, 5, until, ONE)),
        desk.call(AnchorValue(desk.ns, ONE)),
        AuthorizedCall(desk.opening),
    )
    first, second = (desk.ask(AccreditationOf(*line, sequence)) for sequence in (0, 1))
    assert (first.valid_from, first.valid_until, first.evidence, first.revoked_by) == (5, until, ONE, 0)
    assert first.recorded_at <= first.revoked_at
    assert (second.valid_until, second.revoked_at, second.revoked_by) == (ENDLESS, None, None)
    assert desk.ask(AccreditationOf(*line, 2)) is None


def test_the_same_call_twice_is_one(desk):
    desk.open()
    call = desk.call(AnchorValue(desk.ns, ONE))
    assert desk.stage.do(desk.ledger.submit(call)) == desk.stage.do(desk.ledger.submit(call)) == call.id
    told = [progress for progress in desk.stage.do(desk.ledger.advance()) if progress.id == call.id]
    assert len(told) == 1
    desk.done(call)
    assert [each for each in desk.stage.do(desk.ledger.advance()) if each.id == call.id] == []


@pytest.mark.threat(90)
def test_a_call_goes_through_its_states_and_is_told_of_until_it_is_settled(desk):
    desk.open()
    call = desk.call(AnchorValue(desk.ns, ONE))
    desk.stage.do(desk.ledger.submit(call))
    seen = []
    for _ in range(60):
        told = {progress.id: progress for progress in desk.stage.do(desk.ledger.advance())}
        if call.id not in told:
            break
        seen.append(told[call.id])
        final = desk.ask(AnchorOf(desk.ns, ONE))
        assert final is None or seen[-1].state in (CallState.MINED, CallState.FINALIZED)
        if seen[-1].state is CallState.FINALIZED:
            assert final.block == seen[-1].block
        desk.stage.grow()
    order = list(CallState)
    places = [order.index(progress.state) for progress in seen]
    assert places == sorted(places)
    assert seen[-1].state is CallState.FINALIZED
    assert [progress.operation for progress in seen] == [call.operation] * len(seen)


@pytest.mark.threat(90)
@pytest.mark.parametrize("depth", [1, 2])
def test_a_chain_that_takes_blocks_back_does_not_lose_an_anchor(desk, depth):
    desk.open()
    call = desk.call(AnchorValue(desk.ns, ONE))
    if desk.stage.reorganise is None:  # a chain that takes nothing back: what is in a block is final
        desk.done(call)
        assert desk.ask(AnchorOf(desk.ns, ONE)).block <= desk.stage.final().number
        return
    desk.stage.do(desk.ledger.submit(call))
    states = []
    for _ in range(5):
        told = {progress.id: progress.state for progress in desk.stage.do(desk.ledger.advance())}
        states.append(told[call.id])
        if states[-1] is CallState.MINED:
            break
        desk.stage.grow()
    if depth == 2:
        desk.stage.grow()
    desk.stage.reorganise(depth)
    desk.done(call)
    assert states[-1] is CallState.MINED
    assert desk.ask(AnchorOf(desk.ns, ONE)) is not None


@pytest.mark.threat(107)
@pytest.mark.threat(92)
def test_what_the_authority_did_not_sign_for_this_place_is_never_written(desk):
    desk.open()
    anchor = AnchorValue(desk.ns, ONE)
    good = desk.call(AnchorValue(desk.ns, TWO))
    calls = [
        desk.call(anchor, STRANGER),
        desk.call(anchor, chain_id=desk.ledger.chain.id + 1),
        replace(good, operation=anchor),
        replace(desk.call(anchor), deadline=good.deadline + 1),
    ]
    for call in calls:
        desk.stage.do(desk.ledger.submit(call))
    for _ in range(4):
        told = {progress.id: progress for progress in desk.stage.do(desk.ledger.advance())}
        desk.stage.grow()
    for call in calls:
        assert told[call.id].state not in (CallState.MINED, CallState.FINALIZED)
        assert told[call.id].problem
    assert desk.ask(AnchorOf(desk.ns, ONE)) is None
    desk.stage.wait(3601)
    told = desk.stage.settled(*calls)
    assert {told[call.id].state for call in calls} == {CallState.REFUSED}
    assert desk.ask(AnchorOf(desk.ns, ONE)) is None


@pytest.mark.threat(112)
def test_a_call_that_was_held_back_over_its_deadline_is_refused_but_a_withdrawal_lands(desk):
    line = (desk.ns, SUBJECT, SCOPE, 0)
    desk.open().done(desk.call(Accredit(*line, 5, ENDLESS, ONE)))
    held, withdrawal = desk.call(AnchorValue(desk.ns, ONE)), desk.call(WithdrawAccreditation(*line), lifetime=9**9)
    desk.stage.wait(3001)
    told = desk.stage.settled(held, withdrawal)
    assert [told[call.id].state for call in (held, withdrawal)] == [CallState.REFUSED, CallState.FINALIZED]
    assert told[held.id].problem
    assert desk.ask(AnchorOf(desk.ns, ONE)) is None
    assert desk.ask(AccreditationOf(*line)).revoked_at is not None


@pytest.mark.threat(112)
def test_heads_only_rise_and_a_sealed_one_is_the_last(desk):
    now = desk.stage.now()
    desk.open().done(desk.call(SetHead(desk.ns, LIST, ONE, 5, now + 90_000)))
    late = desk.call(SetHead(desk.ns, LIST, TWO, 4, now + 90_000))
    again = desk.call(SetHead(desk.ns, LIST, ONE, 5, now + 90_000))
    told = desk.stage.settled(late, again)
    assert [told[call.id].state for call in (late, again)] == [CallState.REFUSED, CallState.FINALIZED]
    desk.done(desk.call(SetHead(desk.ns, LIST, TWO, 6, ENDLESS)))
    after = desk.call(SetHead(desk.ns, LIST, ONE, 7, now + 90_000))
    assert desk.stage.settled(after)[after.id].state is CallState.REFUSED
    head = desk.ask(HeadOf(desk.ns, LIST))
    assert (head.digest, head.version, head.valid_until, head.sealed) == (TWO, 6, ENDLESS, True)


@pytest.mark.threat(108)
def test_a_namespace_is_handed_on_stolen_and_taken_back(desk):
    desk.open()
    opened = desk.ask(HistoryEntry(desk.ns, 0)).since_block
    desk.done(desk.call(RotateAuthority(desk.ns, 1, SUCCESSOR.address, desk.consent(SUCCESSOR))))
    rotated = desk.ask(HistoryEntry(desk.ns, 1)).since_block
    # The thief seals a list; whoever has the recovery key asks, takes that back, asks again, and waits.
    desk.done(desk.call(SetHead(desk.ns, LIST, ONE, 2**64 - 1, ENDLESS), SUCCESSOR))
    following = recovery_commitment(NEXT.address, RECOVERY_SALT)

    def request(sequence):
        consent = desk.consent(STRANGER)
        return RequestRecovery(desk.ns, sequence, STRANGER.address, following, RECOVERY_SALT, consent, GUARDIAN.address)

    desk.done(desk.call(request(1), GUARDIAN))
    assert desk.ask(StateOf(desk.ns)).pending.successor == STRANGER.address
    desk.done(desk.call(CancelRecovery(desk.ns, 1, RECOVERY_SALT, GUARDIAN.address), GUARDIAN))
    assert desk.ask(StateOf(desk.ns)).pending is None
    desk.done(desk.call(request(2), GUARDIAN))
    early = AuthorizedCall(CompleteRecovery(desk.ns, 1))
    assert desk.stage.settled(early, rounds=3)[early.id].problem
    desk.stage.wait(RECOVERY_DELAY)
    desk.done(early)
    state = desk.ask(StateOf(desk.ns))
    assert (state.authority, state.era, state.authorities, state.pending) == (STRANGER.address, 1, 3, None)
    assert (state.commitment, state.recovery_requests) == (following, 2)
    until = desk.stage.now() + 90_000
    desk.done(desk.call(SetHead(desk.ns, LIST, TWO, 1, until, era=1), STRANGER))
    head = desk.ask(HeadOf(desk.ns, LIST))
    assert (head.digest, head.order, head.sealed, head.authority) == (TWO, (1, 1), False, 2)

    final = desk.stage.final()
    for block, index, key in ((opened, 0, AUTHORITY), (rotated, 1, SUCCESSOR), (final.number, 2, STRANGER)):
        assert desk.ask(AuthorityAt(desk.ns, block, index)).address == key.address
        with pytest.raises(FactError):
            desk.ask(AuthorityAt(desk.ns, block, (index + 1) % 3))
    assert desk.ask(AuthorityAt(desk.ns, opened - 1, 0)) is None
    with pytest.raises(IndeterminateError):
        desk.ask(AuthorityAt(desk.ns, final.number + 1, 2), final)


@pytest.mark.threat(91)
def test_what_is_not_a_block_of_the_chain_is_not_answered(desk):
    block = desk.stage.final()
    genesis = replace(block, chain=Chain(block.chain.id + 1, block.chain.genesis))
    for other in (replace(block, hash=ONE), replace(block, number=block.number + 1), genesis):
        with pytest.raises(AnchoringError):
            desk.ask(StateOf(desk.ns), other)


def test_final_blocks_only_rise(desk):
    numbers = []
    for _ in range(4):
        numbers.append(desk.stage.final().number)
        desk.stage.grow()
    assert numbers == sorted(numbers)
    assert numbers[-1] > numbers[0]
