"""Where an anchor counts: in the issuer's namespace, on a chain and in a contract that the verifier knows."""

import json
from dataclasses import replace

import pytest
from ledger_support import (
    CHAIN,
    NAME,
    STRANGE,
    Case,
    Record,
    anchored,
    checkpoint,
    commitments,
    ledgers,
    live,
    naming,
    pending,
    trusted_chain,
    trusting,
)
from verification_support import (
    ISSUER,
    UNIVERSITY,
    badge,
    found,
    gathered,
    one,
    party,
)

from anchoring.checkpoint import Chain
from anchoring.devchain.label import IDS
from anchoring.receipt import Site
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.record_name import Promise
from node.verification.chains import ChainKind
from node.verification.check import CheckName, Outcome
from node.verification.material import Origin, VerificationMaterial
from node.verification.policy import INDISPENSABLE, Policy
from node.verification.trust import Trust

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
    material = case.material(gathered(origin=Origin.LIVE, **{liar.did: source}), blocks=(live(case.record.state),))
    capsule = VerificationMaterial.from_json(material.to_json())
    entry = one(document, material=capsule, trust=UNLISTED)
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.from_file")
    assert found(entry, "anchor") == ("indeterminate", "anchor.namespace")
    assert entry.verdict == "cannot_tell"


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
    embedded = replace(NAME, chain_id=IDS.start + 7)
    there = ISSUER.sign(badge(evidence=naming(embedded)))
    for trust in (
        Trust(),
        trusting(ISSUER, names=[embedded], chains=[trusted_chain(chain=Chain(embedded.chain_id, CHAIN.genesis))]),
    ):
        assert _anchor(there, ledgers(), trust) == ("indeterminate", "anchor.test_network")
    forked = trusting(ISSUER, names=[demo], chains=[trusted_chain(ChainKind.LOCAL, Chain(31337, bytes(32)))])
    assert _anchor(document, own, forked) == ("indeterminate", "anchor.untrusted_block")
