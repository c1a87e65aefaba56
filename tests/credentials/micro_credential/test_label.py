"""The signed label: a result that is recomputed, never believed."""

import copy
from datetime import UTC, datetime

import pytest
from micro_credential_support import AWARDED, changed, sample, without

from node.credentials.context_profile import check_contexts
from node.credentials.contexts import BUNDLED
from node.credentials.credential import check_credential
from node.credentials.errors import RuleSetError
from node.credentials.micro_credential import label as labels
from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.label import LabelOutcome, check_label, compose_label, document_digest
from node.proofs.jsonld import JsonLd

ISSUER = "did:key:z6MknNQD1WHLGGraFi6zcbGevuAgkVfdyCdtZnQTGWVVvR5Q"
AT = datetime(2026, 6, 12, 14, 3, tzinfo=UTC)


def label_of(document, **options):
    return compose_label(document, classify(document, **options), issuer=ISSUER, valid_from=AT)


def stating(path, value):
    return changed(f"/credentialSubject{path}", value, label_of(sample()))


def test_a_label_is_a_small_credential_about_the_document():
    label = label_of(sample())
    assert check_credential(label) == []
    assert check_contexts(label) == []
    assert len(JsonLd(BUNDLED).to_rdf(label)) == 8
    subject = label["credentialSubject"]
    assert subject["id"] == sample()["id"]
    assert subject["documentDigest"] == document_digest(sample())
    stated = classify(sample()).to_json()
    del stated["findings"]
    assert subject["classification"] == stated
    assert "Given" not in str(label)
    assert "proof" not in label


def test_a_label_matches_its_document():
    for document in (sample(), without(f"{AWARDED}/name"), without("/id"), {}):
        assert check_label(label_of(document), document) is LabelOutcome.MATCHES


@pytest.mark.threat(103)
@pytest.mark.parametrize(
    "label",
    [
        stating("/classification/class", "achievement"),
        stating("/classification/score/met", 10),
        stating("/classification/elements/E11", "missing"),
        stating("/classification/learner", "key"),
        stating("/classification/digest", "sha256:" + "0" * 64),
        stating("/classification/optional", []),
        stating("/classification/findings", []),
        stating("/classification/rules", None),
        stating("/classification", None),
        stating("/documentDigest", "sha256:" + "0" * 64),
        stating("/id", "urn:uuid:another"),
        stating("/type", ["SomethingElse"]),
        without("/credentialSubject/id", document=label_of(sample())),
        changed("/credentialSubject", [label_of(sample())["credentialSubject"]] * 2, label_of(sample())),
        without("/credentialSubject", document=label_of(sample())),
    ],
)
def test_a_label_that_says_something_else_differs(label):
    assert check_label(label, sample()) is LabelOutcome.DIFFERS


@pytest.mark.threat(103)
def test_a_label_of_another_document_differs():
    for other in (without(f"{AWARDED}/name"), changed("/name", "Another award"), sample() | {"proof": {}}):
        assert check_label(label_of(sample()), other) is LabelOutcome.DIFFERS
    raised = copy.deepcopy(label_of(without(f"{AWARDED}/name")))
    raised["credentialSubject"]["classification"]["class"] = "micro-credential"
    assert check_label(raised, without(f"{AWARDED}/name")) is LabelOutcome.DIFFERS


def test_what_cannot_be_compared_is_undecided():
    later = stating("/classification/rules", "glejt-mc/99")
    assert check_label(later, sample()) is LabelOutcome.UNDECIDED
    derived = without("/credentialSubject/identifier")
    assert check_label(label_of(sample()), derived, derived=True) is LabelOutcome.UNDECIDED


def test_a_damaged_installation_is_no_fault_of_a_label(monkeypatch):
    def damaged(_name):
        raise RuleSetError("changed")

    label = label_of(sample())
    monkeypatch.setattr(labels, "rule_set", damaged)
    with pytest.raises(RuleSetError):
        check_label(label, sample())
