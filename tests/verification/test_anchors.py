"""Check 7: what an anchor shows, of which signed object, and how far it has come."""

from dataclasses import replace
from datetime import timedelta

import pytest
from anchoring_support import CONTRACT, HandMadeState
from disclosure_support import CREATED, JSONLD, KEYS, issued
from disclosure_support import badge as disclosable
from jose_support import vc_jwt
from ledger_support import (
    ANCHORED,
    CHAIN,
    NAME,
    Case,
    Record,
    anchored,
    checkpoint,
    commitments,
    ledgers,
    live,
    naming,
    pending,
    seconds,
    trusting,
    utc,
)
from sd_jwt_support import sd_jwt, with_claims
from verification_support import (
    AT,
    ISSUER,
    MALLORY,
    Party,
    badge,
    found,
    judged,
    one,
    presentation,
)

from anchoring.layout import slots_of
from anchoring.receipt import Finality, Mined
from did_methods.multikey import KeyType, PrivateKey
from node.proofs.commitment import Commitment, commit, commitment_of
from node.proofs.data_integrity import verify_proofs
from node.proofs.jose.jws import parse_jws, verify_jws
from node.proofs.proof import read_proofs
from node.proofs.sd_jwt.sd_jwt import parse_sd_jwt
from node.verification.check import CheckName, Outcome
from node.verification.ledger_material import FactProof
from node.verification.material import Origin, VerificationMaterial
from node.verification.policy import INDISPENSABLE, Policy
from node.wallet.derive import derive

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


def test_an_anchored_document():
    entry = one(DOCUMENT, material=CASE.material(), trust=TRUST, policy=ASKING)
    assert entry.verdict == "accepted"
    assert entry.sentence == "genuine"
    check = entry.check(CheckName.ANCHOR)
    assert (check.outcome, check.code) == ("passed", "anchor.passed")
    assert check.evidence == {
        "network": "Ethereum",
        "record": str(NAME),
        "proof": "/proof",
        "state": "final",
        "block": 900,
        "time": utc(ANCHORED),
        "asOf": utc(CASE.record.time),
        "covers": "document",
    }
    key = entry.check(CheckName.ISSUER_KEY).evidence
    assert (key["time"], key["anchoredAt"]) == ("anchored", utc(ANCHORED))


def test_without_its_material_it_is_not_known():
    assert _anchor(DOCUMENT, ledgers()) == ("indeterminate", "anchor.no_receipt")
    assert _anchor(DOCUMENT, VerificationMaterial()) == ("indeterminate", "anchor.no_receipt")
    assert one(DOCUMENT, trust=TRUST, policy=ASKING).verdict == "cannot_tell"
    assert _anchor(DOCUMENT, CASE.material(checkpoints=())) == ("indeterminate", "anchor.untrusted_block")
    assert one(DOCUMENT, trust=TRUST).verdict == "accepted"  # the signature stands without it


def test_every_credential_of_a_presentation_has_its_own():
    other = ISSUER.sign(badge(id="urn:uuid:2", evidence=naming()))
    bare = ISSUER.sign(badge(id="urn:uuid:3", evidence=naming()))
    record = Record()
    cases = [anchored(document, record=record) for document in (DOCUMENT, other)]
    state = record.state
    receipts = [record.final(case.receipt).encode() for case in cases]
    material = ledgers(receipts=tuple(receipts), checkpoints=(checkpoint(state),))
    report = judged(presentation(DOCUMENT, other, bare), material=material, trust=TRUST)
    assert [found(entry, "anchor")[1] for entry in report.credentials] == [
        "anchor.passed",
        "anchor.passed",
        "anchor.no_receipt",
    ]


# What is anchored


def _proofs(document, *others):
    return {**document, "proof": [document["proof"], *(other["proof"] for other in others)]}


_VERIFIED = verify_proofs(DOCUMENT, read_proofs(DOCUMENT["proof"]), {"/proof": ISSUER.private.public}, jsonld=JSONLD)[
    0
].outcome
HASHES, SIGNATURE = _VERIFIED.hash_data, _VERIFIED.signature
FORM = _VERIFIED.suite.name


@pytest.mark.threat(111)
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(commit(FORM, b"", b""), id="nothing"),
        pytest.param(commit(FORM, HASHES, b""), id="the content without the signature"),
        pytest.param(commit("", HASHES, SIGNATURE), id="no form"),
        pytest.param(commit("jwt", HASHES, SIGNATURE), id="another form"),
        pytest.param(commit("eddsa-jcs-2022", HASHES, SIGNATURE), id="another cryptosuite"),
        pytest.param(commit(FORM, HASHES[:-1], HASHES[-1:] + SIGNATURE), id="a border moved"),
    ],
)
def test_anything_but_the_signed_object_is_none(wrong):
    record = Record()
    tree, receipt = pending(Commitment(value=wrong, form=FORM, covers="document"), NAME, DOCUMENT["id"])
    record.anchor(tree)
    case = Case(DOCUMENT, record.final(receipt), record)
    assert _anchor(DOCUMENT, case.material()) == ("failed", "anchor.mismatch")
    assert _anchor(DOCUMENT, CASE.material()) == ("passed", "anchor.passed")


@pytest.mark.threat(111)
def test_the_anchor_of_another_proof_of_a_set_says_nothing_of_this_one():
    """Of two proofs by the issuer one is anchored; beside a stranger's, only the stranger's."""
    second = ISSUER.sign(badge(evidence=naming()), created=AT - timedelta(days=2))
    both = _proofs(DOCUMENT, second)
    assert _anchor(both) == ("passed", "anchor.passed")
    assert _anchor(second) == ("failed", "anchor.mismatch")
    stranger = MALLORY.sign(badge(evidence=naming()))
    record = Record()
    tree, receipt = pending(commitments(stranger, MALLORY)[0], NAME, DOCUMENT["id"])
    record.anchor(tree)
    case = Case(DOCUMENT, record.final(receipt), record)
    found_ = _anchor(_proofs(DOCUMENT, stranger), case.material(), trusting(ISSUER, MALLORY))
    assert found_ == ("failed", "anchor.mismatch")


@pytest.mark.threat(111)
def test_twins_of_a_signature_are_one_object():
    issuer = Party(PrivateKey(KeyType.P256, bytes([21]) * 32))
    document = issuer.sign(badge(issuer, evidence=naming()))
    case = anchored(document, issuer)
    from did_methods.multibase import decode_base58btc, encode_base58btc  # noqa: PLC0415

    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    raw = decode_base58btc(document["proof"]["proofValue"])
    twin = raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32)
    other = {**document, "proof": {**document["proof"], "proofValue": encode_base58btc(twin)}}
    assert other != document
    for each in (document, other):
        assert _anchor(each, case.material(), trusting(issuer)) == ("passed", "anchor.passed")


def _of_token(verified, document_id, *, of_sd_jwt=False):
    record = Record()
    made = commitment_of(verified, of_sd_jwt=of_sd_jwt)
    tree, receipt = pending(made, NAME, document_id)
    record.anchor(tree)
    return Case({}, record.final(receipt), record)


def test_a_token_is_anchored_as_it_was_signed():
    text = vc_jwt(badge(evidence=naming()))
    verified = verify_jws(parse_jws(text), ISSUER.private.public, algorithms={"EdDSA"})
    case = _of_token(verified, badge()["id"])
    assert _anchor(text, case.material()) == ("passed", "anchor.passed")
    as_sd = _of_token(verified, badge()["id"], of_sd_jwt=True)
    assert _anchor(text, as_sd.material())[0] is not Outcome.PASSED


@pytest.mark.threat(111)
def test_of_a_token_that_shows_a_part_the_mandatory_part_is_anchored():
    text = sd_jwt(with_claims(evidence=naming(), iat=seconds(AT) - 99, nbf=seconds(AT) - 99, exp=seconds(AT) + 9999))
    verified = verify_jws(parse_sd_jwt(text).jwt, ISSUER.private.public, algorithms={"EdDSA"})
    case = _of_token(verified, None, of_sd_jwt=True)
    head, *disclosures = text.removesuffix("~").split("~")
    for shown in ([], disclosures[:1], disclosures):
        entry = one("~".join([head, *shown, ""]), material=case.material(), trust=TRUST)
        assert found(entry, "anchor") == ("passed", "anchor.passed")
        assert entry.check(CheckName.ANCHOR).evidence["covers"] == "mandatory"
        assert entry.check(CheckName.ISSUER_KEY).evidence["time"] == "anchored"
    as_jwt = _of_token(verified, None)
    assert _anchor(text, as_jwt.material())[0] is not Outcome.PASSED


def test_every_derivation_of_a_credential_has_the_anchor_of_its_mandatory_part():
    base = issued("ecdsa-sd", disclosable("ecdsa-sd", evidence=naming()))
    issuer = Party(KEYS["ecdsa-sd"])
    at = CREATED + timedelta(days=9)
    shown = [derive(base, pointers, jsonld=JSONLD).credential for pointers in ((), ("/name",))]
    record = Record(time=at)
    tree, receipt = pending(commitments(shown[0], issuer)[0], NAME, base["id"])
    record.anchor(tree, CREATED + timedelta(days=1))
    case = Case(base, record.final(receipt), record)
    for document in shown:
        entry = one(document, material=case.material(), trust=trusting(issuer), at=at)
        assert found(entry, "anchor") == ("passed", "anchor.passed")
        assert entry.check(CheckName.ANCHOR).evidence["covers"] == "mandatory"


def test_what_cannot_be_linked_is_not_anchored():
    from disclosure_support import thin  # noqa: PLC0415

    base = thin("bbs", disclosable("bbs", evidence=naming()), ("/issuer", "/evidence"))
    derived = derive(base, ("/credentialSubject/achievement",), jsonld=JSONLD).credential
    entry = one(derived, material=CASE.material(), trust=trusting(Party(KEYS["bbs"])), at=CREATED + timedelta(days=9))
    assert found(entry, "anchor") == ("not_applicable", "anchor.unlinkable")


# How far it has come


@pytest.mark.parametrize(
    ("progress", "within"), [(None, "24 h"), (Mined(900, bytes(32)), "1 h")], ids=["pending", "mined"]
)
def test_a_receipt_that_is_not_final(progress, within):
    receipt = replace(CASE.receipt, progress=progress)
    empty = HandMadeState({}, timestamp=seconds(AT) - 60)
    question = receipt.question
    absent = FactProof(CHAIN.id, CONTRACT.address, (question,), empty.proof(slots_of(question)).encode(), Origin.LIVE)
    for material in (
        CASE.material(receipts=(receipt.encode(),)),
        CASE.material(receipts=(receipt.encode(),), checkpoints=()),
        CASE.material(receipts=(receipt.encode(),), checkpoints=(checkpoint(empty),), facts=(absent,)),
    ):
        assert _anchor(DOCUMENT, material) == ("indeterminate", "anchor.waiting")
        assert _evidence(DOCUMENT, material)["within"] == within


def test_a_receipt_that_tells_what_the_record_does_not_hold():
    """Of an anchor in a block before the proven one, there would be one."""
    empty = HandMadeState({}, timestamp=seconds(AT) - 60)
    proof = empty.proof(slots_of(CASE.receipt.question))
    claimed = CASE.receipt.progress.anchor
    for anchor, answer in (
        (claimed, ("failed", "anchor.contradicted")),
        (replace(claimed, block=1001), ("indeterminate", "anchor.untrusted_block")),
    ):
        made_up = replace(CASE.receipt, progress=Finality(anchor, proof))
        material = CASE.material(receipts=(made_up.encode(),), checkpoints=(checkpoint(empty),))
        assert _anchor(DOCUMENT, material) == answer


def test_a_receipt_that_tells_another_time_than_the_record():
    older = replace(CASE.receipt.progress.anchor, time=seconds(ANCHORED) - 86_400)
    lying = replace(CASE.receipt, progress=Finality(older, CASE.receipt.progress.proof))
    assert _anchor(DOCUMENT, CASE.material(receipts=(lying.encode(),))) == ("failed", "anchor.contradicted")
    both = CASE.material(receipts=(lying.encode(), CASE.receipt.encode()))
    assert _anchor(DOCUMENT, both) == ("passed", "anchor.passed")
    assert (
        one(DOCUMENT, material=CASE.material(receipts=(lying.encode(),)), trust=TRUST, policy=ASKING).verdict
        == "rejected"
    )


def test_a_receipt_of_another_document_is_passed_over():
    other = anchored(ISSUER.sign(badge(id="urn:uuid:2", evidence=naming())))
    assert _anchor(DOCUMENT, other.material()) == ("indeterminate", "anchor.no_receipt")
    nameless = anchored(ISSUER.sign(badge(id=None, evidence=naming())))
    unnamed = ISSUER.sign(badge(id=None, name="Another", evidence=naming()))
    assert _anchor(unnamed, nameless.material()) == ("indeterminate", "anchor.no_receipt")
    assert _anchor(nameless.document, nameless.material()) == ("passed", "anchor.passed")


def test_of_several_receipts_the_earliest_anchor_counts():
    """A document that was put into two batches has two anchors, in one record."""
    (made,) = commitments(DOCUMENT)
    record, receipts = Record(), []
    for days, secret in ((1, b"t" * 32), (9, b"s" * 32)):
        tree, receipt = pending(made, NAME, DOCUMENT["id"], secret)
        record.anchor(tree, AT - timedelta(days=days), 900 - days)
        receipts.append(receipt)
    shown = tuple(record.final(receipt).encode() for receipt in receipts)
    for order in (shown, shown[::-1]):
        material = ledgers(receipts=order, checkpoints=(checkpoint(record.state),))
        assert _evidence(DOCUMENT, material)["time"] == utc(AT - timedelta(days=9))


def test_bytes_that_are_no_receipt_are_passed_over():
    material = CASE.material(receipts=(b"", b"\xff" * 99, CASE.receipt.encode()[:-1], CASE.receipt.encode()))
    assert _anchor(DOCUMENT, material) == ("passed", "anchor.passed")


def test_what_was_anchored_after_the_time_of_judging():
    before = ANCHORED - timedelta(hours=1)
    at_once = CASE.material(checkpoints=(), blocks=(live(STATE),))
    assert _anchor(DOCUMENT, at_once, at=before) == ("indeterminate", "anchor.later")
    entry = one(DOCUMENT, material=at_once, trust=TRUST, at=before)
    assert entry.check(CheckName.ISSUER_KEY).evidence["time"] == "judging"
    slow = one(DOCUMENT, material=at_once, trust=TRUST, at=ANCHORED - timedelta(seconds=60))
    assert found(slow, "anchor") == ("passed", "anchor.passed")
    assert slow.check(CheckName.ISSUER_KEY).evidence["anchoredAt"] == utc(ANCHORED - timedelta(seconds=60))


# Lists that distrust


@pytest.mark.threat(22)
def test_a_list_that_distrusts_from_a_date_is_compared_with_the_anchored_time():
    def trust(date):
        (listed,) = TRUST.lists
        entry = replace(listed.issuers[ISSUER.did], distrust_from=date)
        return replace(TRUST, lists=(replace(listed, issuers={ISSUER.did: entry}),))

    material = CASE.material()
    after, before = ANCHORED + timedelta(days=1), ANCHORED - timedelta(days=1)
    assert found(one(DOCUMENT, material=material, trust=trust(after)), "authority") == (
        "indeterminate",
        "authority.listed",
    )
    assert found(one(DOCUMENT, material=material, trust=trust(before)), "authority") == (
        "failed",
        "authority.distrusted",
    )
    assert found(one(DOCUMENT, material=material, trust=trust(ANCHORED)), "authority")[0] is Outcome.FAILED
    assert found(one(DOCUMENT, trust=trust(after)), "authority") == ("failed", "authority.distrusted")
