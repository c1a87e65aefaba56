"""Material that strangers stuffed: it crowds out nothing of the verifier's own, wipes no memory, and costs no time."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import webvh_support as logs
from anchoring_support import CONTRACT
from heads_support import HEADS, NEW, TRUST, Heads, head, promising, shown
from ledger_support import (
    CHAIN,
    NAME,
    SECRET,
    STRANGE,
    Record,
    anchored,
    block_of,
    checkpoint,
    commitments,
    naming,
    pending,
    seconds,
    site_of,
    trusting,
)
from status_support import HOUR, LIST, pointing, status_list
from verification_support import AT, EVERYDAY, ISSUER, Party, badge, found, judged, one, party

from anchoring import cbor
from anchoring.accreditations import scope_id, subject_id
from anchoring.batch import batch
from anchoring.errors import CborError, ReceiptError
from anchoring.facts import AccreditationOf, Anchor, AnchorOf, HeadOf
from anchoring.heads import list_id
from anchoring.layout import slots_of
from anchoring.receipt import Receipt
from did_methods import web
from did_methods.webvh import LOG_FILE
from did_methods.webvh_create import update
from node.cli.memory import dumped
from node.cli.verify import Judge
from node.credentials.accreditation import Accreditation, assemble_accreditation
from node.credentials.record_name import Promise, RecordName
from node.credentials.scope import Scope
from node.documents import parse_object
from node.issuance.document_anchors import anchorable_document
from node.verification.bodies import Body
from node.verification.capsule import MAX_BYTES, Capsule, read_capsule
from node.verification.capsule_cbor import encode
from node.verification.errors import CapsuleError, MaterialError
from node.verification.gather import gather
from node.verification.ledger_gathering import MAX_QUESTIONS
from node.verification.ledger_material import FactProof, LedgerMaterial
from node.verification.material import Origin, ResolvedDocument, ResourceCopy, StatusListCopy, VerificationMaterial
from node.verification.material_members import whole_in
from node.verification.opened_capsule import Opened
from node.verification.policy import KeyEvidence
from node.verification.receipt_subject import subject_of
from node.verification.seen import Seen, heads_in
from node.verification.sources import Sources
from node.verification.trust import Trust

BODY = party(21)
SALTS = b"a" * 32, b"b" * 32
OWN = RecordName(CHAIN.id, CONTRACT.address, STRANGE)
"""A record that a thief opened."""


async def _nobody(did):
    raise AssertionError(did)


@pytest.mark.threat(48)
@pytest.mark.threat(101)
def test_lists_in_a_capsule_do_not_crowd_out_the_one_that_the_verifier_has():
    document = pointing()
    older = json.dumps(status_list(signed=AT - timedelta(days=3), until=None))
    copies = tuple(StatusListCopy(LIST, older, Origin.FILE, AT + timedelta(days=n)) for n in range(1, 9))
    capsule = Capsule.of([json.dumps(document).encode()], VerificationMaterial(status_lists=copies), made=AT)
    own = StatusListCopy(LIST, json.dumps(status_list([7], signed=AT - HOUR)), Origin.FILE, AT)
    judge = Judge(EVERYDAY, Trust(), None, AT, Sources(_nobody, lambda: AT), lists=(own,))
    report = asyncio.run(judge.report(capsule.subject_bytes, None, Opened(capsule)))
    assert report.verdict == "rejected"
    assert found(report.credentials[0], "status") == ("failed", "status.revoked")


class _Node:
    """A LedgerReader that tells what it is asked."""

    chain, contract = CHAIN, CONTRACT

    def __init__(self, state):
        self.state, self.asked = state, []

    async def final_block(self):
        return block_of(self.state)

    async def prove(self, questions, _block):
        self.asked += questions
        return self.state.proof(slot for question in questions for slot in slots_of(question))


@pytest.mark.threat(48)
def test_receipts_in_a_capsule_do_not_crowd_out_the_question_which_list_counts():
    document = promising(HEADS, NAME)
    committed = commitments(document)[0]
    strays = tuple(
        pending(committed, secret=bytes([n]) * 32)[1].encode()  # each of another batch
        for n in range(MAX_QUESTIONS + 1)
    )
    node = _Node(Heads({LIST: head(NEW, 2)}).state)
    sources = Sources(_nobody, lambda: AT, ledger=lambda _chain: node)
    asyncio.run(gather(document, sources, TRUST, ledgers=LedgerMaterial(receipts=strays)))
    assert len(node.asked) == MAX_QUESTIONS
    assert HeadOf(HEADS.namespace, list_id(LIST)) in node.asked


@pytest.mark.threat(48)
@pytest.mark.parametrize("version", [2**53, 2**64 - 1])
def test_no_head_makes_the_memory_unreadable(version):
    report = judged(promising(), material=shown(Heads({LIST: head(NEW, version)}), lists=[NEW]), trust=TRUST)
    assert found(report.credentials[0], "status") == ("passed", "status.passed")
    learned = Seen().learning(heads_in(report, TRUST), ())
    assert [seen.version for seen in learned.heads] == [version]
    parse_object(json.dumps(report.to_json()))  # every reader of it reads the same
    assert Seen.from_json(parse_object(dumped(learned))) == learned
    # Another version after it, or before, which a number of 64 bits would not tell from it, is told from it.
    other = shown(Heads({LIST: head(NEW, version - 1)}), lists=[NEW], seen=learned)
    assert found(one(promising(), material=other, trust=TRUST), "status") == ("indeterminate", "status.rolled_back")


@pytest.mark.parametrize("text", ["", "1", "9007199254740991", "09007199254740992", "-9007199254740992", "1" * 21, "²"])
def test_a_number_as_a_text_is_one_that_not_all_readers_can_hold(text):
    with pytest.raises(MaterialError):
        whole_in({"version": text}, "version", "")


def test_the_highest_version_that_json_can_hold_is_remembered_as_a_number():
    report = judged(promising(), material=shown(Heads({LIST: head(NEW, 2**53 - 1)}), lists=[NEW]), trust=TRUST)
    learned = Seen().learning(heads_in(report, TRUST), ())
    assert learned.to_json()["heads"][0]["version"] == 2**53 - 1


SCOPES = tuple(Scope(types=frozenset({f"Example{n}"} if n else {"OpenBadgeCredential"})) for n in range(8))
PLACES = tuple(RecordName(CHAIN.id, CONTRACT.address, bytes([40 + n]) * 32, Promise.ACCREDITATIONS) for n in range(8))
QUESTION = AccreditationOf(PLACES[0].namespace, subject_id(ISSUER.did), scope_id(SCOPES[0].canonical()), 0)
BELIEVING = replace(trusting(ISSUER), bodies={BODY.did: Body(BODY.did, "Example Body")})


def _unsigned(number: int) -> ResourceCopy:
    """What anybody can write: an accreditation in the name of a body that is believed, without its signature."""
    made = Accreditation(
        id=f"urn:example:{number}", body=BODY.did, subject=ISSUER.did, scopes=SCOPES, valid_from=AT - timedelta(days=9)
    )
    document = assemble_accreditation(made, {"id": BODY.did}, None)
    named = {**document, "evidence": [name.entry() for name in PLACES], "proof": {"type": "DataIntegrityProof"}}
    return ResourceCopy(f"https://body.example/{number}", json.dumps(named).encode(), Origin.FILE, AT)


def _asking(*facts: FactProof, accreditations: int = 1) -> VerificationMaterial:
    brought = tuple(map(_unsigned, range(accreditations)))
    return VerificationMaterial(ledgers=LedgerMaterial(facts=facts), accreditations=brought)


@pytest.mark.threat(30)
@pytest.mark.parametrize(
    "fact",
    [
        FactProof(CHAIN.id, b"abc", (QUESTION,), b"x", Origin.FILE),
        FactProof(CHAIN.id, CONTRACT.address, (replace(QUESTION, body=b"1"),), b"x", Origin.FILE),
        FactProof(CHAIN.id, CONTRACT.address, (replace(QUESTION, subject=b""),), b"x", Origin.FILE),
        FactProof(2**53 - 1, b"", (replace(QUESTION, sequence=2**53 - 1),), b"", Origin.FILE),
    ],
)
def test_a_question_about_no_record_is_passed_over(fact):
    capsule = Capsule.of([json.dumps(ISSUER.sign(badge(ISSUER))).encode()], _asking(fact), made=AT)
    again = read_capsule(encode(capsule))
    entry = one(json.loads(again.subject_bytes), material=again.material, trust=BELIEVING)
    assert found(entry, "authority") == ("indeterminate", "authority.listed")


@pytest.mark.threat(30)
def test_thousands_of_questions_cost_no_time():
    asked = [
        replace(QUESTION, body=name.namespace, scope=scope_id(scope.canonical()), sequence=number)
        for name in PLACES
        for scope in SCOPES
        for number in range(64)
    ]
    facts = [
        FactProof(CHAIN.id, CONTRACT.address, tuple(asked[start : start + 128]), b"%d" % turn, Origin.FILE)
        for turn in range(2)
        for start in range(0, len(asked), 128)
    ]
    begun = time.process_time()
    entry = one(ISSUER.sign(badge(ISSUER)), material=_asking(*facts, accreditations=4), trust=BELIEVING)
    assert time.process_time() - begun < 4  # a minute, where each question is looked for in each proof
    assert found(entry, "authority") == ("indeterminate", "authority.listed")


@pytest.mark.parametrize("value", [b"\x00", b"\x40", b"\x80", b"\xa0", b"\x81\x00"])
def test_a_capsule_of_millions_of_values_is_refused_at_once(value):
    count = (4 * 1024 * 1024) // len(value)
    data = b"\x8d\x50glejt/capsule/v1\x00\x9a" + count.to_bytes(4) + value * count
    begun = time.process_time()
    with pytest.raises(CapsuleError, match="more than 131072 values"):
        read_capsule(data)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("value", ["[],", "0,", '"a",', '"",', "{},", "[[[[[[[[]]]]]]]],", '"\\",'])
@pytest.mark.parametrize("member", ["documents", "beside"])
def test_a_capsule_of_millions_of_values_in_json_is_refused_at_once(value, member):
    values = value * ((MAX_BYTES - 200) // len(value))
    data = f'{{"format":"glejt/capsule/v1","made":"2026-01-01T00:00:00Z","{member}":[{values}0]}}'.encode()
    begun = time.process_time()
    with pytest.raises(CapsuleError, match="more than 131072 values"):
        read_capsule(data)
    assert time.process_time() - begun < 1


def test_of_a_capsule_in_json_what_stands_in_its_texts_is_no_value():
    texts = tuple(f'{{"{n}": "{",[{" * 60_000}\\""}}'.encode() for n in range(3))
    capsule = Capsule.of([json.dumps(ISSUER.sign(badge(ISSUER))).encode()], beside=texts, made=AT)
    assert read_capsule(capsule.json_text()) == capsule
    crowded = replace(capsule, contexts=dict.fromkeys(map(str, range(cbor.MAX_VALUES)), ""))
    with pytest.raises(CapsuleError, match="more than 131072 values"):
        crowded.json_text()


def test_as_many_values_as_are_read_are_read():
    length, long = cbor.MAX_VALUES, 2 * cbor.MAX_VALUES - 5
    cbor.decode(b"\x9a" + (length - 1).to_bytes(4) + b"\x00" * (length - 1))
    cbor.decode(b"\x5a" + long.to_bytes(4) + b"x" * long)
    with pytest.raises(CborError) as refused:
        cbor.decode(b"\x9a" + length.to_bytes(4) + b"\x00" * length)
    assert refused.value.code == "cbor.too_many"


@pytest.mark.threat(101)
@pytest.mark.parametrize("size", [0, 2**32 + 1, 2**63, 2**64 - 1])
def test_a_receipt_of_no_tree_is_passed_over(size):
    case = anchored(ISSUER.sign(badge(ISSUER, evidence=naming())))
    place = replace(case.receipt.place, size=size)
    data = replace(case.receipt, place=place).encode()
    with pytest.raises(ReceiptError):
        Receipt.decode(data)
    held = LedgerMaterial((data, case.receipt.encode()), (case.checkpoint,))
    node = _Node(case.record.state)
    sources = Sources(_nobody, lambda: AT, ledger=lambda _chain: node)
    material = asyncio.run(gather(case.document, sources, TRUST, ledgers=held))
    for brought in (VerificationMaterial(ledgers=held), material):
        entry = one(case.document, material=brought, trust=TRUST)
        assert found(entry, "anchor") == ("passed", "anchor.passed")


@pytest.mark.parametrize("date", ["2026-03-01T09:00:p0Z", "yesterday", ""])
def test_a_date_that_cannot_be_read_is_told_where_heads_are_promised(date):
    document = promising(validFrom=date)
    entry = one(document, material=shown(Heads(), lists=[NEW]), trust=TRUST)
    assert found(entry, "status")[0] != "passed"
    assert entry.verdict != "accepted"


# A log of did:webvh, and a thief of the key that writes it, who has no authority over the issuer's record.

START = AT - timedelta(days=60)
LOG = logs.first(at=START)
DID = str(logs.did_of(LOG))
UNIVERSITY, THIEF = Party(logs.private(50), DID), Party(logs.private(66), DID)


def _with_a_version(time, *namespaces):
    """The log with one more version, which has the thief's key and says that these namespaces are the issuer's."""
    document = web.new_document(logs.did_of(LOG), THIEF.private.public)
    services = [
        {"id": f"{DID}#{n}", "type": "TrustAnchorNamespace", "serviceEndpoint": str(name)}
        for n, name in enumerate(namespaces)
    ]
    return update(LOG, {}, logs.KEYS[0], logs.LOG_TOOLS, at=time, document=document | {"service": services})


def _shown(log, *, by, in_record, signed_at, last=AT - timedelta(days=3)):
    """A document anchored there ten days ago, with the log; the issuer anchored its first version last at that time."""
    method = logs.entries(log)[-1 if by is THIEF else 0]["state"]["verificationMethod"][0]["id"]
    document = by.sign(badge(by, evidence=naming(in_record)), method=method, created=signed_at)
    committed = commitments(document, by)[0]
    value, of = anchorable_document(logs.entries(LOG)[0]["state"])
    theirs, own = (batch([one_of, b"o" * 32], SALTS, SECRET) for one_of in (value, committed.value))
    record = Record()
    record.anchor(theirs, last)
    question = AnchorOf(in_record.namespace, own.anchored)
    record.anchors[question] = Anchor(800, seconds(AT - timedelta(days=10)), 0, 0)
    told = subject_of(document["id"], committed.form)
    receipts = (
        record.final(Receipt(theirs.place(SALTS[0], value), site_of(), of)),
        record.final(Receipt(own.place(SALTS[0], committed.value), site_of(in_record), told)),
    )
    brought = ResolvedDocument(logs.entries(log)[-1]["state"], KeyEvidence.NOW_ONLY, Origin.FILE, AT, {LOG_FILE: log})
    held = LedgerMaterial(tuple(receipt.encode() for receipt in receipts), (checkpoint(record.state),))
    return judged(document, material=VerificationMaterial({DID: brought}, ledgers=held), trust=trusting(UNIVERSITY))


@pytest.mark.threat(101)
@pytest.mark.threat(107)
@pytest.mark.threat(109)
@pytest.mark.parametrize("last", [AT - timedelta(days=3), AT])
@pytest.mark.parametrize("days", [59, 11, 4])
def test_a_version_added_to_a_log_with_an_old_date_did_not_come_before_the_anchor(days, last):
    log = _with_a_version(AT - timedelta(days=days), OWN)
    report = _shown(log, by=THIEF, in_record=OWN, signed_at=AT - timedelta(days=12), last=last)
    assert report.verdict == "cannot_tell"
    assert found(report.credentials[0], "anchor") == ("indeterminate", "anchor.namespace")
    expected = "issuer_key.from_file" if last < AT else "issuer_key.not_yet"
    assert found(report.credentials[0], "issuer_key") == ("indeterminate", expected)


@pytest.mark.parametrize("days", [59, 11, 4, 2])
def test_what_the_anchored_version_shows_holds_whatever_was_added_to_the_log(days):
    log = _with_a_version(AT - timedelta(days=days), OWN)
    for brought in (LOG, log):
        report = _shown(brought, by=UNIVERSITY, in_record=NAME, signed_at=AT - timedelta(days=12))
        assert report.verdict == "accepted"
        assert found(report.credentials[0], "issuer_key") == ("passed", "issuer_key.passed")
