"""What only a ledger in memory does: blocks at will, and a clock that is handed in."""

import asyncio

import pytest
import rlp
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_stages import trust_anchor

from anchoring import memory
from anchoring.calls import AuthorizedCall, TypedCall, authorize
from anchoring.errors import CallError, UnprovenError
from anchoring.founding import RecoveryKey, found
from anchoring.layout import read, slots_of
from anchoring.ledger import (
    ENDLESS,
    Accreditation,
    AccreditationOf,
    Anchor,
    AnchorOf,
    Authority,
    CallState,
    HeadOf,
    HistoryEntry,
    NamespaceState,
    Recovery,
    StateOf,
    StatusHead,
)
from anchoring.memory import MemoryLedger, words_of
from anchoring.operations import AnchorValue
from anchoring.signing_key import SigningKey

NOW = 1_800_000_000
KEY = SigningKey(b"\x01" * 32)
OPENING = found(KEY.address, RecoveryKey(b"\x02" * 32, b"\x03" * 32))
NS, ONE = OPENING.namespace, keccak(b"one")

NUMBERS = st.integers(1, 2**16 - 1)
HASHES = st.binary(min_size=32, max_size=32).filter(any)
ADDRESSES = st.binary(min_size=20, max_size=20).filter(any)


def _ledger(**options):
    return MemoryLedger(trust_anchor(), clock=lambda: NOW, **options)


def _anchor(ledger, value=ONE, deadline=NOW + 3600):
    call = TypedCall(AnchorValue(NS, value), ledger.chain.id, ledger.contract.address, deadline)
    return asyncio.run(authorize(call, KEY))


def _round(ledger):
    return {progress.id: progress for progress in asyncio.run(ledger.advance())}


def _submitted(ledger, *calls):
    return [asyncio.run(ledger.submit(call)) for call in calls]


FACTS = st.one_of(
    st.tuples(st.just(AnchorOf(NS, ONE)), st.builds(Anchor, NUMBERS, NUMBERS, NUMBERS, NUMBERS)),
    st.tuples(
        st.just(HeadOf(NS, ONE)),
        st.builds(StatusHead, HASHES, NUMBERS, NUMBERS, st.just(ENDLESS - 1), NUMBERS, NUMBERS, st.just(False))
        | st.builds(StatusHead, HASHES, NUMBERS, NUMBERS, st.just(ENDLESS), NUMBERS, NUMBERS, st.just(True)),
    ),
    st.tuples(st.just(HistoryEntry(NS, 3)), st.builds(Authority, ADDRESSES, NUMBERS, NUMBERS)),
    st.tuples(
        st.just(AccreditationOf(NS, ONE, ONE, 2)),
        st.builds(Accreditation, NUMBERS, st.just(ENDLESS), NUMBERS, st.none(), NUMBERS, st.none(), HASHES)
        | st.builds(Accreditation, NUMBERS, st.just(ENDLESS), NUMBERS, NUMBERS, NUMBERS, NUMBERS, HASHES),
    ),
    st.tuples(
        st.just(StateOf(NS)),
        st.builds(
            NamespaceState,
            ADDRESSES,
            NUMBERS,
            st.just(5),
            st.just(9),
            HASHES,
            st.just(7),
            st.none() | st.builds(Recovery, ADDRESSES, NUMBERS, HASHES),
        ),
    ),
)


@settings(max_examples=200, deadline=None)
@given(FACTS)
def test_what_is_written_is_what_is_read(drawn):
    question, fact = drawn
    assert read(question, dict(zip(slots_of(question), words_of(fact), strict=True))) == fact


def test_by_itself_it_makes_a_block_each_round_and_the_second_behind_it_final():
    ledger = _ledger()
    call = _anchor(ledger)
    _submitted(ledger, AuthorizedCall(OPENING), call)
    states = [_round(ledger)[call.id].state for _ in range(3)]
    assert states == [CallState.MINED, CallState.MINED, CallState.FINALIZED]
    assert _round(ledger) == {}
    final = asyncio.run(ledger.final_block())
    assert (final.number, ledger.latest.number) == (2, 4)
    assert asyncio.run(ledger.answer(AnchorOf(NS, ONE), final)).block == 1


def test_headers_are_what_other_software_reads():
    ledger = _ledger(automatic=False)
    before = ledger.latest
    block = ledger.mine()
    proof = asyncio.run(ledger.prove([StateOf(NS)], block))
    fields = rlp.decode(proof.header)
    assert keccak(proof.header) == block.hash
    assert (fields[0], len(fields)) == (before.hash, 15)
    assert (int.from_bytes(fields[8]), int.from_bytes(fields[11])) == (1, NOW + 1)


@pytest.mark.threat(90)
@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("depth", range(1, 9))
def test_an_anchor_that_was_taken_back_is_brought_again(depth, lost):
    ledger = _ledger(automatic=False)
    call = _anchor(ledger)
    _submitted(ledger, AuthorizedCall(OPENING))
    _round(ledger)
    ledger.mine()
    ledger.finalize()
    _submitted(ledger, call)
    _round(ledger)
    for _ in range(depth):
        taken_back = ledger.mine()
    assert _round(ledger)[call.id].state is CallState.MINED
    ledger.reorganise(depth, lost=lost)
    assert ledger.latest.number == taken_back.number
    assert ledger.latest.hash != taken_back.hash
    with pytest.raises(UnprovenError):
        asyncio.run(ledger.prove([AnchorOf(NS, ONE)], taken_back))
    assert asyncio.run(ledger.answer(AnchorOf(NS, ONE), ledger.latest)) is None
    assert _round(ledger)[call.id].state is CallState.SENT
    ledger.mine()
    ledger.finalize()
    assert _round(ledger)[call.id].state is CallState.FINALIZED
    blocks = [block for block in ledger._blocks if call.id in block.calls]
    assert len(blocks) == 1


def test_final_blocks_stay():
    ledger = _ledger(automatic=False)
    for _ in range(4):
        ledger.mine()
    ledger.finalize(2)
    for depth in (0, 3, 9):
        with pytest.raises(UnprovenError):
            ledger.reorganise(depth)
    for number in (1, 5, -1):
        with pytest.raises(UnprovenError):
            ledger.finalize(number)
    before = ledger.latest
    ledger.reorganise(2)
    assert ledger.latest.number == before.number
    assert ledger.latest.hash != before.hash, "as empty as the ones before, and yet others"


@pytest.mark.parametrize("lost", [False, True])
def test_calls_of_a_block_that_was_taken_back_wait_in_line_unless_they_are_lost(lost):
    ledger = _ledger(automatic=False)
    (digest,) = _submitted(ledger, AuthorizedCall(OPENING))
    _round(ledger)
    ledger.mine()
    ledger.reorganise(1, lost=lost)
    ledger.mine()
    assert (digest in ledger._blocks[-1].calls) is not lost


def test_the_past_is_proven_even_when_its_tries_were_thrown_away(monkeypatch):
    monkeypatch.setattr(memory, "KEPT_STATES", 1)
    ledger = _ledger()
    values = [keccak(bytes([number])) for number in range(6)]
    _submitted(ledger, AuthorizedCall(OPENING))
    for value in values:
        _submitted(ledger, _anchor(ledger, value))
        _round(ledger)
    for number, block in enumerate(ledger._blocks):
        trusted = ledger._trusted(block)
        found = [asyncio.run(ledger.answer(AnchorOf(NS, value), trusted)) is not None for value in values]
        assert found == [place < number for place in range(6)]


def test_a_crowd_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "MAX_WAITING", 2)
    ledger = _ledger(automatic=False)
    calls = [_anchor(ledger, keccak(bytes([number]))) for number in range(3)]
    _submitted(ledger, *calls[:2])
    with pytest.raises(CallError) as caught:
        _submitted(ledger, calls[2])
    assert caught.value.code == "call.too_many"
    _submitted(ledger, calls[0])


def test_what_somebody_else_brought_already_is_not_brought_again():
    """Another ledger's relayer had the same order signed: this one finds it done, with no transaction of its own."""
    ledger = _ledger()
    first, second = _anchor(ledger), _anchor(ledger, deadline=NOW + 3599)
    _submitted(ledger, AuthorizedCall(OPENING), first)
    for _ in range(4):
        _round(ledger)
    _submitted(ledger, second)
    told = _round(ledger)[second.id]
    assert (told.state, told.operation, told.transaction) == (CallState.FINALIZED, second.operation, None)
    assert not [block for block in ledger._blocks if second.id in block.calls]
