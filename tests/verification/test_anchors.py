"""Check 7: an anchor shows an object that the issuer signed, in the issuer's namespace, under a trusted block."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from anchoring_support import CODE_HASH, CONTRACT, HandMadeState, changed_bytes
from disclosure_support import CREATED, JSONLD, KEYS, issued
from disclosure_support import badge as disclosable
from hypothesis import given, settings
from hypothesis import strategies as st
from jose_support import vc_jwt
from ledger_support import (
    ANCHORED,
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
    naming,
    pending,
    seconds,
    trusted_chain,
    trusting,
    utc,
)
from sd_jwt_support import sd_jwt, with_claims
from verification_support import (
    AT,
    EVERYDAY,
    ISSUER,
    MALLORY,
    STRICT,
    UNIVERSITY,
    Party,
    badge,
    found,
    gathered,
    judged,
    one,
    outcomes,
    party,
    presentation,
)

from anchoring.block_bridge import HISTORY, slot_of
from anchoring.checkpoint import Chain, CheckpointTrust
from anchoring.facts import Anchor, AnchorOf
from anchoring.layout import slots_of
from anchoring.receipt import Finality, Mined, Site
from anchoring.storage_proof import Contract
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.record_name import Promise, RecordName
from node.proofs.commitment import Commitment, commit, commitment_of
from node.proofs.data_integrity import verify_proofs
from node.proofs.jose.jws import parse_jws, verify_jws
from node.proofs.proof import read_proofs
from node.proofs.sd_jwt.sd_jwt import parse_sd_jwt
from node.verification.chains import ChainKind
from node.verification.check import CheckName, Outcome
from node.verification.checkpoint_signers import signer_of
from node.verification.ledger_material import BridgeProof, FactProof, LedgerMaterial, QuorumBlock
from node.verification.material import Origin, VerificationMaterial
from node.verification.policy import INDISPENSABLE, Policy
from node.verification.trust import Trust
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


# Where it is anchored, and whose that is

ELSEWHERE = [
    pytest.param(replace(NAME, namespace=STRANGE), "namespace", id="a namespace of the thief's"),
    pytest.param(replace(NAME, contract=bytes(20)), "other_contract", id="a contract of the thief's"),
    pytest.param(replace(NAME, chain_id=9), "unknown_network", id="a chain of the thief's"),
]


@pytest.mark.threat(107)
@pytest.mark.threat(104)
@pytest.mark.parametrize(("name", "code"), ELSEWHERE)
def test_a_thief_of_the_signing_key_anchors_elsewhere_in_vain(name, code):
    """He names a record of his own and writes there; or he leaves the issuer's name, and shows his own record."""
    own = ISSUER.sign(badge(evidence=naming(name)))
    case = anchored(own, record=Record(name))
    assert _anchor(own, case.material()) == ("indeterminate", f"anchor.{code}")
    named = ISSUER.sign(badge(evidence=naming()))
    record = Record(name)
    tree, receipt = pending(commitments(named)[0], name, named["id"])
    record.anchor(tree)
    theirs = Case(named, record.final(receipt), record)
    assert _anchor(named, theirs.material())[0] is not Outcome.PASSED
    renamed = replace(theirs.receipt, site=Site(NAME.chain_id, NAME.contract, NAME.namespace))
    own_chain = (checkpoint(theirs.record.state, by=STRANGER),)  # nobody whom the verifier trusts signs for it
    assert _anchor(named, theirs.material(receipts=(renamed.encode(),), checkpoints=own_chain))[0] is not Outcome.PASSED
    both = ISSUER.sign(badge(evidence=naming(NAME, name)))
    assert _anchor(both, anchored(both, record=Record(name)).material())[0] is not Outcome.PASSED


def test_an_anchor_is_found_in_any_record_that_is_named():
    both = ISSUER.sign(badge(evidence=[{"id": "https://school.example/1", "type": ["Evidence"]}, *naming(ELSE, NAME)]))
    assert _anchor(both, anchored(both).material()) == ("passed", "anchor.passed")


ELSE = replace(NAME, chain_id=9)


@pytest.mark.parametrize(
    ("evidence", "answer"),
    [
        (naming(str(NAME)[:-1]), ("indeterminate", "anchor.malformed")),
        (naming(str(NAME).partition("#")[0]), ("not_applicable", "anchor.none")),
        (naming(replace(NAME, promise=Promise.HEADS)), ("not_applicable", "anchor.none")),
        (naming(str(NAME)[:-1], NAME), ("indeterminate", "anchor.no_receipt")),
    ],
    ids=["malformed", "an account", "heads alone", "beside a sound one"],
)
def test_what_the_evidence_names(evidence, answer):
    document = ISSUER.sign(badge(evidence=[json.loads(json.dumps(entry)) for entry in evidence]))
    assert _anchor(document, ledgers()) == answer


SERVICE = {"id": "#time", "type": "TrustAnchorNamespace", "serviceEndpoint": str(NAME)}
UNLISTED = Trust(chains=(trusted_chain(),))


def _at_university(*services):
    document = UNIVERSITY.sign(badge(UNIVERSITY, evidence=naming()))
    case = anchored(document, UNIVERSITY)
    source = UNIVERSITY.document() | {"service": list(services)}
    return document, case, source


@pytest.mark.threat(107)
@pytest.mark.parametrize(
    ("services", "passes"),
    [
        ([SERVICE], True),
        ([{"id": "#x", "type": "LinkedDomains", "serviceEndpoint": "https://x.example"}, SERVICE], True),
        ([SERVICE | {"type": ["Other", "TrustAnchorNamespace"], "serviceEndpoint": ["https://x", str(NAME)]}], True),
        ([], False),
        ([SERVICE | {"type": "LinkedDomains"}], False),
        ([SERVICE | {"serviceEndpoint": str(replace(NAME, namespace=STRANGE))}], False),
        ([SERVICE | {"serviceEndpoint": {"uri": str(NAME)}}], False),
        ([SERVICE | {"serviceEndpoint": str(NAME).upper()}], False),
        (["text", 7, None], False),
    ],
)
def test_a_namespace_by_the_issuers_own_document(services, passes):
    document, case, source = _at_university(*services)
    expected = ("passed", "anchor.passed") if passes else ("indeterminate", "anchor.namespace")
    for origin in (Origin.LIVE, Origin.FILE):
        material = case.material(gathered(origin=origin, **{UNIVERSITY.did: source}))
        answer = _anchor(document, material, UNLISTED)
        assert answer == (expected if origin is Origin.LIVE else ("indeterminate", "anchor.namespace"))
    pinned = replace(UNLISTED, documents={UNIVERSITY.did: source})
    assert _anchor(document, case.material(), pinned) == expected


@pytest.mark.threat(101)
def test_a_capsule_with_a_document_of_the_attackers():
    """A whole capsule of one who calls himself the university: everything matches, and nothing of it counts."""
    liar = party(66, UNIVERSITY.did)
    document = liar.sign(badge(liar, evidence=naming()))
    case = anchored(document, liar)
    source = liar.document() | {"service": [SERVICE]}
    material = case.material(gathered(origin=Origin.LIVE, **{liar.did: source}), blocks=(_live(case.record.state),))
    capsule = VerificationMaterial.from_json(material.to_json())
    entry = one(document, material=capsule, trust=UNLISTED)
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.from_file")
    assert found(entry, "anchor") == ("indeterminate", "anchor.namespace")
    assert entry.verdict == "cannot_tell"


# Under which block


def _live(state, origin=Origin.LIVE, chain=CHAIN):
    return QuorumBlock(chain.id, chain.genesis, state.number, state.hash, origin)


def test_a_block_that_this_verifier_had_agreed_on():
    assert _anchor(DOCUMENT, CASE.material(checkpoints=(), blocks=(_live(STATE),))) == ("passed", "anchor.passed")
    for block in (
        _live(STATE, Origin.FILE),
        _live(STATE, Origin.SAVED),
        _live(STATE, chain=Chain(CHAIN.id, bytes(32))),
        replace(_live(STATE), number=STATE.number + 1),
        replace(_live(STATE), hash=bytes(32)),
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
    other = replace(_live(STATE), hash=bytes([9]) * 32)
    assert _anchor(DOCUMENT, CASE.material(blocks=(other,))) == ("indeterminate", "anchor.untrusted_block")
    assert _anchor(DOCUMENT, CASE.material(blocks=(_live(STATE),))) == ("passed", "anchor.passed")


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
    alone = CASE.material(checkpoints=(), bridges=(bridge,), blocks=(_live(later, Origin.FILE),))
    assert _anchor(DOCUMENT, alone) == ("indeterminate", "anchor.untrusted_block")
    for wrong in (replace(bridge, chain_id=9), replace(bridge, number=STATE.number - 1), replace(bridge, proof=b"")):
        material = CASE.material(checkpoints=(checkpoint(later),), bridges=(wrong,))
        assert _anchor(DOCUMENT, material)[0] is Outcome.INDETERMINATE


def test_the_newest_answer_counts():
    """A receipt proves itself anew under any later block, by a proof that somebody brings beside it."""
    later = replace(CASE.record, number=2000, time=AT - timedelta(minutes=1)).state
    question = CASE.receipt.question
    fact = FactProof(CHAIN.id, CONTRACT.address, (question,), later.proof(slots_of(question)).encode(), Origin.FILE)
    material = CASE.material(checkpoints=(checkpoint(later),), facts=(fact,))
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


def test_bytes_that_are_no_receipt_are_passed_over():
    material = CASE.material(receipts=(b"", b"\xff" * 99, CASE.receipt.encode()[:-1], CASE.receipt.encode()))
    assert _anchor(DOCUMENT, material) == ("passed", "anchor.passed")


def test_what_was_anchored_after_the_time_of_judging():
    before = ANCHORED - timedelta(hours=1)
    at_once = CASE.material(checkpoints=(), blocks=(_live(STATE),))
    assert _anchor(DOCUMENT, at_once, at=before) == ("indeterminate", "anchor.later")
    entry = one(DOCUMENT, material=at_once, trust=TRUST, at=before)
    assert entry.check(CheckName.ISSUER_KEY).evidence["time"] == "judging"
    slow = one(DOCUMENT, material=at_once, trust=TRUST, at=ANCHORED - timedelta(seconds=60))
    assert found(slow, "anchor") == ("passed", "anchor.passed")
    assert slow.check(CheckName.ISSUER_KEY).evidence["anchoredAt"] == utc(ANCHORED - timedelta(seconds=60))


# Networks that prove nothing


@pytest.mark.threat(114)
def test_a_network_for_tests_proves_nothing_unless_it_is_called_ones_own():
    test = trusting(ISSUER, chains=[trusted_chain(ChainKind.TEST)])
    assert _anchor(DOCUMENT, CASE.material(), test) == ("indeterminate", "anchor.test_network")
    local = trusting(ISSUER, chains=[trusted_chain(ChainKind.LOCAL)])
    assert _anchor(DOCUMENT, CASE.material(), local) == ("passed", "anchor.passed")
    demo = replace(NAME, chain_id=31337)
    document = ISSUER.sign(badge(evidence=naming(demo)))
    record = Record(demo)
    case = anchored(document, record=record)
    chain = Chain(31337, CHAIN.genesis)
    own = replace(case, record=record).material(checkpoints=(checkpoint(record.state, chain=chain),))
    for trust in (Trust(), TRUST, trusting(ISSUER, names=[demo])):
        assert _anchor(document, own, trust) == ("indeterminate", "anchor.test_network")
    marked = trusting(ISSUER, names=[demo], chains=[trusted_chain(ChainKind.LOCAL, chain)])
    assert _anchor(document, own, marked) == ("passed", "anchor.passed")
    forked = trusting(ISSUER, names=[demo], chains=[trusted_chain(ChainKind.LOCAL, Chain(31337, bytes(32)))])
    assert _anchor(document, own, forked) == ("indeterminate", "anchor.untrusted_block")


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
    "blocks": [_live(_THEIRS.record.state, Origin.FILE), _live(STATE, Origin.FILE)],
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
