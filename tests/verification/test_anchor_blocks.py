"""Under which block an anchor counts: agreed on here, signed for, pinned, or kept by a later one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from anchoring_support import CODE_HASH, CONTRACT, HandMadeState, changed_bytes
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_support import (
    CHAIN,
    NAME,
    NAMESPACE,
    STRANGE,
    Case,
    Record,
    anchored,
    block_of,
    checkpoint,
    commitments,
    ledgers,
    live,
    naming,
    pending,
    seconds,
    trusted_chain,
    trusting,
    utc,
)
from verification_support import (
    AT,
    EVERYDAY,
    ISSUER,
    STRICT,
    badge,
    found,
    one,
    outcomes,
)

from anchoring.block_bridge import HISTORY, slot_of
from anchoring.checkpoint import Chain, CheckpointTrust
from anchoring.facts import Anchor, AnchorOf
from anchoring.layout import slots_of
from anchoring.storage_proof import Contract
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.record_name import RecordName
from node.verification.check import CheckName, Outcome
from node.verification.checkpoint_signers import signer_of
from node.verification.ledger_material import BridgeProof, FactProof, LedgerMaterial
from node.verification.material import Origin
from node.verification.policy import INDISPENSABLE, Policy

TRUST = trusting(ISSUER)
ASKING = Policy("asks for an anchor", INDISPENSABLE | {CheckName.ANCHOR})
DOCUMENT = ISSUER.sign(badge(evidence=naming()))
CASE = anchored(DOCUMENT)
STATE = CASE.record.state
STRANGER = PrivateKey(KeyType.P256, bytes([78]) * 32)


def _anchor(document, material=None, trust=TRUST, **inputs):
    return found(
        one(document, material=CASE.material() if material is None else material, trust=trust, **inputs), "anchor"
    )


def _evidence(document, material, trust=TRUST, **inputs):
    return one(document, material=material, trust=trust, **inputs).check(CheckName.ANCHOR).evidence


# Under which block


def test_a_block_that_this_verifier_had_agreed_on():
    assert _anchor(DOCUMENT, CASE.material(checkpoints=(), blocks=(live(STATE),))) == ("passed", "anchor.passed")
    for block in (
        live(STATE, Origin.FILE),
        live(STATE, Origin.SAVED),
        live(STATE, chain=Chain(CHAIN.id, bytes(32))),
        replace(live(STATE), number=STATE.number + 1),
        replace(live(STATE), hash=bytes(32)),
    ):
        material = CASE.material(checkpoints=(), blocks=(block,))
        assert _anchor(DOCUMENT, material) == ("indeterminate", "anchor.untrusted_block")


def test_a_block_that_was_pinned():
    pinned = trusting(ISSUER, chains=[trusted_chain(checkpoints=None, blocks=(block_of(STATE),))])
    assert _anchor(DOCUMENT, CASE.material(checkpoints=()), pinned) == ("passed", "anchor.passed")


@pytest.mark.parametrize(
    "checkpoints",
    [
        (checkpoint(STATE, by=STRANGER),),
        (checkpoint(STATE, lasting=timedelta(minutes=30)),),
        (checkpoint(STATE, chain=Chain(CHAIN.id, bytes(32))),),
        (checkpoint(STATE, chain=Chain(9, CHAIN.genesis)),),
        (checkpoint(HandMadeState({}, timestamp=seconds(AT) - 60)),),
        (checkpoint(STATE)[:-1], b"", b"\xff"),
    ],
    ids=["a stranger's", "expired", "of another first block", "of another chain", "of another block", "none"],
)
def test_checkpoints_that_do_not_count(checkpoints):
    assert _anchor(DOCUMENT, CASE.material(checkpoints=checkpoints)) == ("indeterminate", "anchor.untrusted_block")


def test_it_takes_as_many_signers_as_the_trust_file_says():
    signers = frozenset({signer_of(STRANGER.public), signer_of(PrivateKey(KeyType.ED25519, bytes([77]) * 32).public)})
    two = trusting(ISSUER, chains=[trusted_chain(checkpoints=CheckpointTrust(CHAIN, signers, 2))])
    assert _anchor(DOCUMENT, CASE.material(), two) == ("indeterminate", "anchor.untrusted_block")


def test_two_blocks_of_one_number_are_both_no_reason():
    other = replace(live(STATE), hash=bytes([9]) * 32)
    assert _anchor(DOCUMENT, CASE.material(blocks=(other,))) == ("indeterminate", "anchor.untrusted_block")
    assert _anchor(DOCUMENT, CASE.material(blocks=(live(STATE),))) == ("passed", "anchor.passed")


@pytest.mark.threat(115)
@pytest.mark.parametrize(("back", "passes"), [(1, True), (8191, True), (8192, False)])
def test_an_earlier_block_by_what_a_later_one_keeps(back, passes):
    later = HandMadeState(
        {slot_of(STATE.number): STATE.hash}, number=STATE.number + back, timestamp=seconds(AT), contract=HISTORY
    )
    bridge = BridgeProof(CHAIN.id, STATE.number, later.proof([slot_of(STATE.number)]).encode())
    material = CASE.material(checkpoints=(checkpoint(later),), bridges=(bridge,))
    expected = ("passed", "anchor.passed") if passes else ("indeterminate", "anchor.untrusted_block")
    assert _anchor(DOCUMENT, material) == expected
    alone = CASE.material(checkpoints=(), bridges=(bridge,), blocks=(live(later, Origin.FILE),))
    assert _anchor(DOCUMENT, alone) == ("indeterminate", "anchor.untrusted_block")
    for wrong in (replace(bridge, chain_id=9), replace(bridge, number=STATE.number - 1), replace(bridge, proof=b"")):
        material = CASE.material(checkpoints=(checkpoint(later),), bridges=(wrong,))
        assert _anchor(DOCUMENT, material)[0] is Outcome.INDETERMINATE


def test_the_newest_answer_counts():
    """A receipt proves itself anew under any later block, by a proof that somebody brings beside it."""
    later = replace(CASE.record, number=2000, time=AT - timedelta(minutes=1)).state
    question = CASE.receipt.question
    fact = FactProof(CHAIN.id, CONTRACT.address, (question,), later.proof(slots_of(question)).encode(), Origin.FILE)
    material = CASE.material(checkpoints=(CASE.checkpoint, checkpoint(later)), facts=(fact,))
    assert _anchor(DOCUMENT, material) == ("passed", "anchor.passed")
    assert _evidence(DOCUMENT, material)["asOf"] == utc(AT - timedelta(minutes=1))
    waiting = replace(CASE.receipt, progress=None)
    material = CASE.material(receipts=(waiting.encode(),), checkpoints=(checkpoint(later),), facts=(fact,))
    assert _anchor(DOCUMENT, material) == ("passed", "anchor.passed")


@pytest.mark.threat(115)
def test_other_code_at_the_place_of_the_contract_is_no_contract():
    trust = trusting(ISSUER, chains=[replace(trusted_chain(), contract=Contract(CONTRACT.address, bytes([1]) * 32))])
    assert bytes([1]) * 32 != CODE_HASH
    assert _anchor(DOCUMENT, CASE.material(), trust) == ("indeterminate", "anchor.untrusted_block")


# Whatever is replaced


FORGED = ISSUER.sign(badge(id="urn:uuid:forged", name="Forged", evidence=naming()))
"""What a thief of the signing key made, who has no authority in the namespace."""
_THEIRS = anchored(FORGED, record=Record(replace(NAME, namespace=STRANGE)))
_MISTAKEN = replace(_THEIRS.receipt, site=CASE.receipt.site)
ITEMS = {
    "receipts": [_THEIRS.receipt.encode(), _MISTAKEN.encode(), CASE.receipt.encode(), b""],
    "checkpoints": [
        _THEIRS.checkpoint,
        checkpoint(_THEIRS.record.state, by=STRANGER),
        checkpoint(STATE, by=STRANGER),
        CASE.checkpoint,
    ],
    "facts": [
        FactProof(
            CHAIN.id,
            CONTRACT.address,
            (_MISTAKEN.question,),
            _THEIRS.record.state.proof(slots_of(_THEIRS.receipt.question)).encode(),
            Origin.LIVE,
        ),
        FactProof(CHAIN.id, CONTRACT.address, (_MISTAKEN.question,), CASE.receipt.progress.proof.encode(), Origin.LIVE),
        FactProof(
            CHAIN.id, CONTRACT.address, (CASE.receipt.question,), CASE.receipt.progress.proof.encode(), Origin.FILE
        ),
    ],
    "blocks": [live(_THEIRS.record.state, Origin.FILE), live(STATE, Origin.FILE)],
    "bridges": [BridgeProof(CHAIN.id, 999, CASE.receipt.progress.proof.encode())],
}
MATERIAL = st.fixed_dictionaries(
    {name: st.lists(st.sampled_from(choice), max_size=3).map(tuple) for name, choice in ITEMS.items()}
)


@pytest.mark.threat(101)
@settings(max_examples=150, deadline=None)
@given(MATERIAL)
def test_nothing_that_is_put_beside_it_anchors_what_the_issuer_did_not(members):
    """Checkpoints may be sound, of blocks that the thief wrote to: his namespace is not the issuer's."""
    entry = one(FORGED, material=ledgers(**members), trust=TRUST)
    assert found(entry, "anchor")[0] is not Outcome.PASSED
    assert entry.check(CheckName.ISSUER_KEY).evidence["time"] == "judging"


@pytest.mark.threat(101)
@settings(max_examples=100, deadline=None)
@given(MATERIAL)
def test_no_check_turns_to_passed_by_what_is_put_beside_it(members):
    good = outcomes(one(DOCUMENT, material=CASE.material(), trust=TRUST))
    assert good["anchor"] == "passed"
    now = outcomes(one(DOCUMENT, material=ledgers(**members), trust=TRUST))
    assert {name for name, outcome in now.items() if outcome == "passed"} <= {
        name for name, outcome in good.items() if outcome == "passed"
    }


@pytest.mark.threat(101)
@pytest.mark.parametrize("member", ["receipts", "checkpoints"])
def test_a_capsule_with_one_bit_changed(member):
    (whole,) = getattr(CASE.material().ledgers, member)
    passed = 0
    for number, data in enumerate(changed_bytes(whole, bits=(0,))):
        if number % 7 == 0:
            passed += _anchor(DOCUMENT, CASE.material(**{member: (data,)}))[0] is Outcome.PASSED
    # Of a receipt the subject is for finding it, and says nothing: any word of it may be another.
    assert passed <= (len(CASE.receipt.subject) // 7 + 1 if member == "receipts" else 0)


def test_hostile_material_is_read_so_far():
    questions = tuple(AnchorOf(NAMESPACE, number.to_bytes(32)) for number in range(5000))
    facts = [FactProof(CHAIN.id, CONTRACT.address, questions, bytes([n]) * 99, Origin.FILE) for n in range(200)]
    material = CASE.material(
        facts=tuple(facts), receipts=(b"\x00",) * 5000 + (CASE.receipt.encode(),), checkpoints=(b"\x00",) * 5000
    )
    assert _anchor(DOCUMENT, material)[0] is Outcome.INDETERMINATE
    late = Anchor(900, 2**48 - 1, 0, 0)
    record = Record()
    tree, receipt = pending(commitments(DOCUMENT)[0], NAME, DOCUMENT["id"])
    record.anchors[AnchorOf(NAMESPACE, tree.anchored)] = late
    case = Case(DOCUMENT, record.final(receipt), record)
    assert _anchor(DOCUMENT, case.material()) == ("indeterminate", "anchor.later")


def test_material_without_chains_is_nothing():
    assert LedgerMaterial() == LedgerMaterial()
    assert one(ISSUER.sign(badge()), material=CASE.material(), trust=TRUST, policy=EVERYDAY).verdict == "accepted"
    assert one(DOCUMENT, material=CASE.material(), trust=TRUST, policy=STRICT).check(CheckName.ANCHOR).passed
    assert RecordName.parse(str(NAME)) == NAME
