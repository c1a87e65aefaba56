"""Receipts from the batch to the final proof, and everything that must not pass for one."""

from dataclasses import fields, replace
from functools import cache
from hashlib import sha256

import cbor2
import pytest
from anchoring_support import CONTRACT, HandMadeState, changed_bytes
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring.batch import batch
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.errors import (
    AnchoringError,
    CborError,
    HeaderError,
    MerkleError,
    ReceiptError,
    StorageProofError,
    TrieProofError,
    UnprovenError,
)
from anchoring.layout import slots_of
from anchoring.ledger import Anchor, AnchorOf
from anchoring.receipt import MAX_SUBJECT_BYTES, Finality, Mined, Receipt, Site, State, anchor_shown_by
from anchoring.storage_proof import Contract

CHAIN = Chain(31337, keccak(b"genesis"))
NS, OTHER_NS = keccak(b"namespace"), keccak(b"namespace of someone else")
SITE = Site(CHAIN.id, CONTRACT.address, NS)
COMMITMENTS = [keccak(b"document %d" % number) for number in range(5)]
SALTS = [keccak(b"salt %d" % number) for number in range(5)]
BATCH = batch(COMMITMENTS, SALTS, bytes(32))
ANCHOR = Anchor(block=900, time=1_799_999_000, authority=0, era=0)
PENDING = Receipt(BATCH.place(SALTS[2], COMMITMENTS[2]), SITE, b"eddsa-rdfc-2022")


def _word(anchor):
    return (anchor.block | anchor.time << 48 | anchor.authority << 96 | anchor.era << 128).to_bytes(32)


@cache
def _state(number=1000, *, namespace=NS, anchor=ANCHOR):
    held = {keccak(b"slot %d" % other): keccak(b"word %d" % other) for other in range(20)}
    if anchor is not None:
        held |= {slots_of(AnchorOf(namespace, BATCH.anchored))[0]: _word(anchor)}
    return HandMadeState(held, number=number)


def _block(state):
    return TrustedBlock(CHAIN, state.number, state.hash)


def _proof(state, receipt=PENDING):
    return state.proof(slots_of(receipt.question))


def _final(number=1000, anchor=ANCHOR, receipt=PENDING):
    state = _state(number, anchor=anchor)
    return receipt.refreshed(_proof(state), block=_block(state), contract=CONTRACT)


FINAL = _final()


def _shown(receipt=FINAL, commitment=COMMITMENTS[2], *, state=None, **changes):
    given = {"site": SITE, "block": _block(state or _state()), "contract": CONTRACT} | changes
    return anchor_shown_by(receipt, commitment, **given)


def test_from_pending_to_final():
    mined = PENDING.mined(900, keccak(b"block 900"))
    assert [each.state for each in (PENDING, mined, FINAL)] == [State.PENDING, State.MINED, State.FINAL]
    state = _state()
    assert mined.refreshed(_proof(state), block=_block(state), contract=CONTRACT) == FINAL
    assert FINAL.mined(901, keccak(b"block 901")) == FINAL
    assert _shown() == ANCHOR
    for receipt in (PENDING, mined):
        with pytest.raises(UnprovenError) as caught:
            _shown(receipt)
        assert caught.value.code == "receipt.not_final"


def test_every_document_of_the_batch_has_its_own():
    state = _state()
    for salt, commitment in zip(SALTS, COMMITMENTS, strict=True):
        receipt = Receipt(BATCH.place(salt, commitment), SITE, b"").refreshed(
            _proof(state), block=_block(state), contract=CONTRACT
        )
        assert _shown(receipt, commitment) == ANCHOR


@pytest.mark.threat(111)
def test_another_document_has_no_anchor():
    for other in (COMMITMENTS[3], keccak(b"never anchored")):
        with pytest.raises(ReceiptError) as caught:
            _shown(commitment=other)
        assert caught.value.code == "receipt.root"
    with pytest.raises(MerkleError):
        _shown(commitment=b"short")


@pytest.mark.threat(107)
def test_only_the_record_that_the_document_names_counts():
    """The thief anchors in a namespace of his own, or has the document's receipt name it."""
    state = _state(namespace=OTHER_NS)
    theirs = replace(PENDING, site=replace(SITE, namespace=OTHER_NS)).refreshed(
        state.proof(slots_of(AnchorOf(OTHER_NS, BATCH.anchored))), block=_block(state), contract=CONTRACT
    )
    assert theirs.state is State.FINAL
    with pytest.raises(ReceiptError) as caught:
        _shown(theirs, state=state)
    assert caught.value.code == "receipt.foreign"
    with pytest.raises(TrieProofError):
        _shown(replace(theirs, site=SITE), state=state)


@pytest.mark.threat(91)
def test_another_chain_contract_code_or_block():
    state = _state()
    for changes, code in [
        ({"site": replace(SITE, chain_id=1)}, "receipt.foreign"),
        ({"site": replace(SITE, contract=b"\xee" * 20)}, "receipt.foreign"),
        ({"block": replace(_block(state), chain=Chain(1, CHAIN.genesis))}, "receipt.foreign"),
        ({"contract": Contract(b"\xee" * 20, CONTRACT.code_hash)}, "receipt.foreign"),
    ]:
        for receipt in (FINAL, PENDING):  # a receipt of another chain is wrong, not early
            with pytest.raises(ReceiptError) as caught:
                _shown(receipt, **changes)
            assert caught.value.code == code
    with pytest.raises(StorageProofError) as caught:
        _shown(contract=Contract(CONTRACT.address, keccak(b"other code")))
    assert caught.value.code == "storage_proof.code_hash"
    with pytest.raises(HeaderError):
        _shown(state=_state(1001))


def test_an_absent_anchor_is_not_there_yet():
    state = _state(anchor=None)
    with pytest.raises(UnprovenError) as caught:
        PENDING.refreshed(_proof(state), block=_block(state), contract=CONTRACT)
    assert caught.value.code == "receipt.absent"
    claimed = replace(PENDING, progress=Finality(ANCHOR, _proof(state)))
    with pytest.raises(UnprovenError):
        _shown(claimed, state=state)


@pytest.mark.parametrize("field", ["block", "time", "authority", "era"])
def test_a_receipt_that_tells_another_story_than_the_chain(field):
    told = replace(ANCHOR, **{field: getattr(ANCHOR, field) + 1})
    with pytest.raises(ReceiptError) as caught:
        _shown(replace(FINAL, progress=replace(FINAL.progress, anchor=told)))
    assert caught.value.code == "receipt.fact"


def test_every_changed_byte_of_a_receipt_is_seen():
    """Every byte; only what the holder may say freely, which proof is meant, can be changed."""
    data = FINAL.encode()
    start = data.index(FINAL.subject)
    free = range(start, start + len(FINAL.subject))
    tried = 0
    for number, altered in enumerate(changed_bytes(data, bits=(0, 7))):
        if number // 2 in free:
            assert Receipt.decode(altered).subject != FINAL.subject
            continue
        with pytest.raises(AnchoringError):
            _shown(Receipt.decode(altered))
        tried += 1
    assert tried == 2 * (len(data) - len(FINAL.subject))


def test_anyone_can_prove_the_same_again_under_a_newer_block():
    newer = _state(50_000)
    refreshed = FINAL.refreshed(_proof(newer), block=_block(newer), contract=CONTRACT)
    assert refreshed == _final(50_000)
    assert _shown(refreshed, state=newer) == ANCHOR
    # What was just proven is what the receipt carries; who wants the newer of both, merges.
    older = refreshed.refreshed(_proof(_state()), block=_block(_state()), contract=CONTRACT)
    assert older == FINAL
    assert refreshed.merge(older) == older.merge(refreshed) == refreshed


@pytest.mark.parametrize("told", [ANCHOR, replace(ANCHOR, time=1)])
def test_a_receipt_that_somebody_spoilt_can_be_proven_again(told):
    """It carries a proof under a block of the forger's own, far ahead: nothing of it was ever checked."""
    forged = _state(2**63, anchor=told)
    spoilt = replace(PENDING, progress=Finality(told, _proof(forged)))
    with pytest.raises(HeaderError):
        _shown(spoilt)
    assert spoilt.refreshed(_proof(_state()), block=_block(_state()), contract=CONTRACT) == FINAL


@pytest.mark.parametrize("before", [Mined(900, b"\xff" * 32), Mined(901, bytes(32)), Mined(2**64 - 1, bytes(32))])
def test_what_was_seen_last_is_told(before):
    """The chain may take a block back, and have the anchor in another of the same number or an earlier one."""
    assert replace(PENDING, progress=before).mined(900, keccak(b"b")).progress == Mined(900, keccak(b"b"))


def test_a_proof_of_another_chain_or_contract_refreshes_nothing():
    state = _state()
    for block, contract in [
        (replace(_block(state), chain=Chain(1, CHAIN.genesis)), CONTRACT),
        (_block(state), Contract(b"\xee" * 20, CONTRACT.code_hash)),
    ]:
        with pytest.raises(ReceiptError) as caught:
            PENDING.refreshed(_proof(state), block=block, contract=contract)
        assert caught.value.code == "receipt.foreign"


MINED = st.sampled_from([None, Mined(900, keccak(b"a")), Mined(900, keccak(b"b")), Mined(901, keccak(b"a"))])
PROGRESS = st.sampled_from([PENDING, _final(1000), _final(1001), _final(50_000)]) | MINED.map(
    lambda progress: replace(PENDING, progress=progress)
)


@settings(max_examples=200)
@given(PROGRESS, PROGRESS, PROGRESS)
def test_merging_is_a_join(one, other, third):
    merged = one.merge(other)
    assert merged == other.merge(one)
    assert one.merge(one) == one
    assert merged.merge(third) == one.merge(other.merge(third))
    assert merged.merge(one) == merged
    order = list(State)
    assert order.index(merged.state) == max(order.index(one.state), order.index(other.state))


@pytest.mark.parametrize(
    "other",
    [
        replace(FINAL, subject=b"another proof"),
        replace(FINAL, site=replace(SITE, namespace=OTHER_NS)),
        replace(FINAL, place=BATCH.place(SALTS[3], COMMITMENTS[3])),
        replace(FINAL, place=replace(FINAL.place, salt=SALTS[3])),
        replace(FINAL, place=replace(FINAL.place, path=FINAL.place.path[::-1])),
        _final(1002, anchor=replace(ANCHOR, block=901)),
        replace(FINAL, progress=Finality(ANCHOR, _proof(_state(1000, anchor=replace(ANCHOR, block=901))))),
        replace(FINAL, progress=Finality(ANCHOR, replace(_proof(_state()), storage=()))),
    ],
)
def test_receipts_that_contradict_each_other(other):
    for pair in [(FINAL, other), (other, FINAL)]:
        with pytest.raises(ReceiptError) as caught:
            pair[0].merge(pair[1])
        assert caught.value.code == "receipt.conflict"
        assert caught.value.remedy


def test_a_proof_without_a_header_is_not_merged():
    other = replace(FINAL, progress=Finality(ANCHOR, replace(_proof(_state()), header=b"no header")))
    for pair in [(FINAL, other), (other, FINAL)]:
        with pytest.raises(HeaderError):
            pair[0].merge(pair[1])


@pytest.mark.parametrize("receipt", [PENDING, PENDING.mined(900, keccak(b"x")), FINAL])
def test_encoding(receipt):
    assert Receipt.decode(receipt.encode()) == receipt
    assert len(receipt.encode()) < 4000
    assert {field.name for field in fields(receipt)} == {"place", "site", "subject", "progress"}


def test_the_form_of_version_1_stays():
    """Receipts are in the hands of learners: what was once written has to be read for ever."""
    assert sha256(FINAL.encode()).hexdigest() == "8d733c57e18a1451f7f21cb1ad4b2ad421f6bfcd4ceab71cef84f7fa11166bf2"
    assert (
        sha256(PENDING.mined(900, keccak(b"x")).encode()).hexdigest()
        == "bbc565a73eafd37da03fe5697607183036479ce3a0638fdb4f6a498777b59d12"
    )
    assert FINAL.encode() == cbor2.dumps(
        [
            b"glejt/receipt/v1",
            [SALTS[2], FINAL.place.index, 256, list(FINAL.place.path), BATCH.tree.root],
            [31337, CONTRACT.address, NS],
            b"eddsa-rdfc-2022",
            [900, 1_799_999_000, 0, 0, [FINAL.progress.proof.header, *map(list, _nodes(FINAL))]],
        ]
    )


def _nodes(receipt):
    return receipt.progress.proof.account, receipt.progress.proof.storage


def _listed():
    return cbor2.loads(FINAL.encode())


@pytest.mark.parametrize(
    "change",
    [
        lambda listed: listed[1].__setitem__(0, b"short"),
        lambda listed: listed[1].__setitem__(4, b"short"),
        lambda listed: listed[1].__setitem__(1, b"1"),
        lambda listed: listed[1][3].__setitem__(0, b"short"),
        lambda listed: listed[1].append(1),
        lambda listed: listed[2].__setitem__(1, b"short"),
        lambda listed: listed[2].__setitem__(2, b"short"),
        lambda listed: listed.__setitem__(3, bytes(MAX_SUBJECT_BYTES + 1)),
        lambda listed: listed.__setitem__(4, [1]),
        lambda listed: listed.__setitem__(4, [1, b"short"]),
        lambda listed: listed.__setitem__(4, {}),
        lambda listed: listed[4].__setitem__(0, b"1"),
        lambda listed: listed[4].append(1),
        lambda listed: listed[4][4].append(b""),
        lambda listed: listed[4][4][1].append(1),
        lambda listed: listed.append(1),
        lambda listed: listed.__setitem__(0, b"glejt/receipt/v2"),
    ],
)
def test_what_is_no_receipt(change):
    listed = _listed()
    change(listed)
    with pytest.raises((CborError, ReceiptError)) as caught:
        Receipt.decode(cbor2.dumps(listed, canonical=True))
    assert caught.value.code in {"cbor.shape", "receipt.shape"}


def test_a_long_receipt_is_refused_unread():
    with pytest.raises(CborError) as caught:
        Receipt.decode(bytes(65 * 1024))
    assert caught.value.code == "cbor.too_long"
