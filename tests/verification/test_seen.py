"""What a verifier remembers: a list or a chain that is taken back between two runs, and nothing from files."""

from dataclasses import replace

import pytest
from heads_support import (
    DOCUMENT,
    HEADS,
    NEW,
    NEW_HEAD,
    OLD,
    OLD_HEAD,
    TRUST,
    Heads,
    promising,
    published,
    shown,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_support import CHAIN, STRANGE, live, trusting
from status_support import DAY, HOUR, LIST, OTHER, copy_of, entry, pointing, status_list
from verification_support import AT, EVERYDAY, MALLORY, found, judged, one

from anchoring.heads import digest_of, list_id
from node.verification.check import Check, CheckName, Outcome
from node.verification.errors import MaterialError
from node.verification.ledger_material import LedgerMaterial
from node.verification.material import Origin, VerificationMaterial
from node.verification.seen import MAX_BLOCKS, MAX_HEADS, NOTHING_SEEN, Seen, SeenBlock, SeenHead, blocks_in, heads_in
from node.verification.trust import Trust

BEFORE = Heads({LIST: OLD_HEAD}, number=900, time=AT - 2 * HOUR)
NOW = Heads({LIST: NEW_HEAD})
ROLLED_BACK = ("indeterminate", "status.rolled_back")


def _learned(*records, lists=(NEW,), trust=TRUST, document=DOCUMENT, seen=NOTHING_SEEN):
    report = judged(document, material=shown(*records, lists=lists), trust=trust)
    return seen.learning(heads_in(report, trust), ())


def _told(*records, seen, lists=(OLD,), document=DOCUMENT, trust=TRUST, at=AT, **members):
    material = shown(*records, lists=lists, seen=seen, **members)
    return found(one(document, material=material, trust=trust, at=at), "status")


def test_what_is_learned_of_a_list():
    assert _learned(NOW).heads == (
        SeenHead(
            CHAIN.id,
            CHAIN.genesis,
            HEADS.contract,
            HEADS.namespace,
            list_id(LIST),
            0,
            2,
            digest_of(published(NEW).encode()),
            NEW_HEAD.time,
        ),
    )
    assert _learned(NOW, lists=[OLD]) == _learned(NOW)  # also where the list offered is another
    assert _learned(Heads()) == _learned(NOW, document=pointing()) == NOTHING_SEEN
    assert _learned(NOW, trust=trusting(MALLORY)) == NOTHING_SEEN


@pytest.mark.threat(48)
def test_a_list_that_was_current_once_is_not_taken_again_where_a_later_one_was_seen():
    """The same bytes and proofs, with nothing newer at hand: good yesterday, and known to be overtaken today."""
    assert _told(BEFORE, seen=NOTHING_SEEN) == ("passed", "status.passed")
    assert _told(BEFORE, seen=_learned(BEFORE, lists=[OLD])) == ("passed", "status.passed")
    assert _told(BEFORE, seen=_learned(NOW)) == ROLLED_BACK
    checked = one(DOCUMENT, material=shown(BEFORE, lists=[OLD], seen=_learned(NOW)), trust=TRUST)
    assert checked.check(CheckName.STATUS).evidence["seen"] == "2026-06-12T13:33:00Z"
    assert _told(NOW, seen=_learned(NOW), lists=[NEW]) == ("passed", "status.passed")
    assert _told(Heads(), seen=_learned(NOW), lists=[NEW]) == ROLLED_BACK


@pytest.mark.threat(48)
def test_a_chain_that_now_says_another_thing_is_not_believed():
    other = Heads({LIST: replace(NEW_HEAD, digest=OLD_HEAD.digest)})
    assert _told(other, seen=_learned(NOW)) == ("indeterminate", "status.equivocated")


def test_what_was_seen_after_the_time_asked_about_is_not_held_against_it():
    then = AT - 1.5 * HOUR
    blocks = {"checkpoints": (), "blocks": (live(BEFORE.state),)}
    assert _told(BEFORE, seen=_learned(NOW), at=then, **blocks) == ("passed", "status.passed")


@pytest.mark.threat(48)
def test_a_list_without_a_promise_that_comes_before_one_seen():
    """Where none was promised a head is no condition; but that a list is overtaken is known all the same."""
    plain, seen = pointing(), _learned(NOW)
    assert _told(seen=seen, document=plain) == ROLLED_BACK
    assert _told(seen=seen, document=plain, lists=[NEW]) == ("passed", "status.passed")
    assert _told(seen=seen, document=plain, lists=[status_list(signed=AT)]) == ("passed", "status.passed")
    assert _told(seen=seen, document=plain, lists=[OLD, NEW]) == ("passed", "status.passed")
    assert _told(seen=seen, document=plain, lists=[status_list([7], signed=AT - 3 * HOUR)]) == (
        "failed",
        "status.revoked",
    )
    assert _told(seen=seen, document=plain, lists=[]) == ("indeterminate", "status.not_checked")
    elsewhere, other = pointing(entry(list_url=OTHER)), status_list(url=OTHER, signed=AT - 3 * HOUR)
    material = shown(seen=seen, lists=[copy_of(other, url=OTHER)])
    assert found(one(elsewhere, material=material, trust=TRUST), "status") == ("passed", "status.passed")


@pytest.mark.threat(104)
def test_what_was_seen_in_anothers_record_is_not_held_against_a_list():
    (mine,) = _learned(NOW).heads
    for strange in (
        replace(mine, namespace=STRANGE),
        replace(mine, contract=bytes([3]) * 20),
        replace(mine, genesis=bytes(32)),
        replace(mine, chain_id=5),
        replace(mine, list_id=list_id(OTHER)),
    ):
        for document in (DOCUMENT, pointing()):
            assert _told(BEFORE, seen=Seen((strange,)), document=document) == ("passed", "status.passed")
    assert _told(BEFORE, seen=Seen((mine,)), document=pointing(), trust=Trust(chains=TRUST.chains)) == (
        "passed",
        "status.passed",
    )


def test_a_file_never_adds_to_it():
    """A capsule that claims to remember: it could make any list look taken back."""
    material = shown(BEFORE, lists=[OLD], seen=_learned(NOW))
    written = material.to_json()
    theirs, mine = (VerificationMaterial.from_json(written, own=own) for own in (False, True))
    assert theirs.ledgers.seen == NOTHING_SEEN
    assert mine.ledgers.seen == material.ledgers.seen
    assert found(one(DOCUMENT, material=theirs, trust=TRUST), "status") == ("passed", "status.passed")
    assert found(one(DOCUMENT, material=mine, trust=TRUST), "status") == ROLLED_BACK
    assert "seen" not in LedgerMaterial().to_json()


def test_blocks_are_those_that_were_asked_for():
    live_, told = live(NOW.state), live(BEFORE.state, Origin.FILE)
    assert list(blocks_in(LedgerMaterial(blocks=(told, live_)))) == [
        SeenBlock(CHAIN.id, CHAIN.genesis, NOW.number, live_.hash)
    ]
    assert list(blocks_in(None)) == []


def test_what_a_process_makes_up_is_passed_over():
    good = judged(DOCUMENT, material=shown(NOW, lists=[NEW]), trust=TRUST)
    (entry_,) = good.credentials
    check = entry_.check(CheckName.STATUS)
    (told,) = check.evidence["heads"]
    for wrong in (
        [],
        {},
        7,
        ["x", 7, None],
        [told | {"record": "eip155:1:0x"}],
        [told | {"record": 7}],
        [told | {"version": -1}],
        [told | {"version": "2"}],
        [told | {"digest": "0xzz"}],
        [told | {"listId": None}],
    ):
        checks = tuple(
            Check(one_.name, Outcome.PASSED, "x", "", {"heads": wrong, "entries": wrong})
            if one_.name is CheckName.STATUS
            else one_
            for one_ in entry_.checks
        )
        report = replace(good, credentials=(replace(entry_, checks=checks),))
        assert list(heads_in(report, TRUST)) == []
    assert list(heads_in(good, Trust())) == []


HEAD = st.builds(
    SeenHead,
    st.just(1),
    st.just(bytes(32)),
    st.just(bytes(20)),
    st.just(bytes(32)),
    st.integers(0, 4).map(lambda number: bytes([number]) * 32),
    st.integers(0, 3),
    st.integers(1, 5),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**40),
)
BLOCK = st.builds(
    SeenBlock,
    st.integers(1, 3),
    st.just(bytes(32)),
    st.integers(0, 9),
    st.binary(min_size=32, max_size=32),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(HEAD, max_size=6), max_size=4), st.lists(st.lists(BLOCK, max_size=4), max_size=4))
def test_nothing_is_ever_unlearned(runs, chains):
    seen = NOTHING_SEEN
    for heads in runs:
        before = {head.place: head.order for head in seen.heads}
        seen = seen.learning(heads, ())
        for head in seen.heads:
            assert head.order >= before.get(head.place, (0, 0))
        newest = {head.place: max(one_.order for one_ in heads if one_.place == head.place) for head in heads}
        assert all(head.order >= newest.get(head.place, (0, 0)) for head in seen.heads)
        assert {head.place for head in seen.heads} == before.keys() | newest.keys()
    for blocks in chains:
        known = {block.place: block.number for block in seen.blocks}
        seen = seen.learning((), blocks)
        assert all(block.number >= known.get(block.place, 0) for block in seen.blocks)
    assert Seen.from_json(seen.to_json()) == seen


def test_it_is_bounded_and_forgets_what_was_seen_longest_ago():
    (head,) = _learned(NOW).heads
    many = [replace(head, list_id=number.to_bytes(32)) for number in range(MAX_HEADS + 9)]
    seen = NOTHING_SEEN.learning(many[:9], ()).learning(many[9:-1], ()).learning([many[9]], ())
    assert len(seen.heads) == MAX_HEADS
    full = seen.learning([many[-1]], ())
    assert len(full.heads) == MAX_HEADS
    assert many[9] in full.heads
    assert many[8] in seen.heads
    assert many[8] not in full.heads
    blocks = [SeenBlock(number, bytes(32), 1, bytes(32)) for number in range(1, MAX_BLOCKS + 9)]
    assert NOTHING_SEEN.learning((), blocks).blocks == tuple(blocks[-MAX_BLOCKS:])


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"version": 2, "heads": [], "blocks": []},
        {"version": 1, "heads": {}, "blocks": []},
        {"version": 1, "heads": [{}], "blocks": []},
        {"version": 1, "heads": [], "blocks": [{"chain_id": True}]},
        {"version": 1, "heads": []},
    ],
)
def test_a_memory_that_cannot_be_read(table):
    with pytest.raises(MaterialError):
        Seen.from_json(table)


def test_each_run_learns_for_the_next():
    seen = NOTHING_SEEN
    later = Heads({LIST: NEW_HEAD}, number=1000)
    seen = _learned(BEFORE, lists=[OLD], seen=seen)
    assert [head.version for head in seen.heads] == [1]
    seen = _learned(later, seen=seen)
    assert [head.version for head in seen.heads] == [2]
    seen = _learned(BEFORE, lists=[OLD], seen=seen)
    assert [head.version for head in seen.heads] == [2]
    assert _told(BEFORE, seen=seen, document=promising(name="Another")) == ROLLED_BACK
    assert EVERYDAY.head_age == 7 * DAY
