"""Check 1, and what happens to everything else when a document does not pass it."""

import json

import pytest
from verification_support import (
    HOLDER,
    ISSUER,
    badge,
    credential,
    found,
    judged,
    one,
    outcomes,
    presentation,
    shown_live,
)

from node.credentials.presentation import MAX_PRESENTED
from node.documents import MAX_CREDENTIAL_BYTES
from node.verification.check import CheckName
from node.verification.checks.structure import MAX_FINDINGS

NOT_CREDENTIALS = [
    None,
    True,
    7,
    "credential",
    [],
    {},
    {"type": "Person"},
    {"type": []},
    {"type": {"VerifiableCredential": True}},
    {"type": ["VerifiableCredential", "VerifiablePresentation"]},
    presentation(),
    {"type": "VerifiablePresentation"},
    {"type": "VerifiablePresentation", "verifiableCredential": None},
]


@pytest.mark.parametrize("subject", NOT_CREDENTIALS, ids=lambda subject: json.dumps(subject)[:40])
def test_json_in_which_no_credential_is_found_has_one_entry(subject):
    report = judged(subject)
    assert (report.verdict, report.sentence) == ("rejected", "malformed")
    (entry,) = report.credentials
    assert found(entry, "structure")[0] == "failed"
    assert set(outcomes(entry).values()) == {"failed", "indeterminate"}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (credential(), "proof.malformed.missing"),
        ({**credential(), "proof": []}, "proof.malformed.empty"),
        ({**credential(), "proof": "none"}, "credential.proof"),
        ({**credential(), "proof": [ISSUER.sign(credential())["proof"], {}]}, "credential.proof.type"),
        (ISSUER.sign(credential(issuer=None)), "credential.issuer"),
        (ISSUER.sign(credential(credentialSubject=None)), "credential.subject"),
        (ISSUER.sign(credential(validFrom="2026-03-01T00:00:00Z", validUntil="2026-02-01T00:00:00Z")),
         "credential.validity.order"),
    ],
)  # fmt: skip
def test_a_document_that_breaks_the_data_model(document, code):
    entry = one(document)
    assert found(entry, "structure") == ("failed", code)
    assert entry.sentence == "malformed"
    others = {name: outcome for name, outcome in outcomes(entry).items() if name != "structure"}
    assert set(others.values()) == {"indeterminate"}
    assert {entry.check(name).code for name in CheckName if name != "structure"} == {
        f"{name}.not_run" for name in others
    }


@pytest.mark.threat(12)
def test_what_is_larger_than_may_be_judged_is_neither_right_nor_wrong():
    entry = one(ISSUER.sign(badge(name="x" * MAX_CREDENTIAL_BYTES)))
    assert found(entry, "structure") == ("indeterminate", "credential.limit.bytes")
    assert (entry.verdict, entry.sentence) == ("cannot_tell", "cannot_tell")


@pytest.mark.threat(12)
def test_a_presentation_that_is_larger_than_may_be_judged():
    signed = ISSUER.sign(badge(name="x" * (MAX_CREDENTIAL_BYTES - 4_000)), "eddsa-jcs-2022")
    assert judged(presentation(signed, signed, signed)).verdict == "accepted"
    report = judged(presentation(*[signed] * 5))
    assert {found(entry, "structure") for entry in report.credentials} == {
        ("indeterminate", "presentation.limit.bytes")
    }
    assert report.verdict == "cannot_tell"


@pytest.mark.threat(12)
def test_more_credentials_than_may_be_judged():
    signed = ISSUER.sign(credential())
    assert len(judged(presentation(*[signed] * MAX_PRESENTED)).credentials) == MAX_PRESENTED
    report = judged(presentation(*[signed] * (MAX_PRESENTED + 1)))
    assert found(report.credentials[0], "structure") == ("indeterminate", "presentation.limit.credentials")
    assert (len(report.credentials), report.verdict) == (1, "cannot_tell")


def test_only_so_many_findings_are_listed():
    entry = one({**credential(), "credentialSubject": [7] * 50, "proof": ISSUER.sign(credential())["proof"]})
    evidence = entry.check(CheckName.STRUCTURE).evidence
    assert len(evidence["findings"]) == MAX_FINDINGS < evidence["total"]


@pytest.mark.parametrize("kind", ["EnvelopedVerifiableCredential", "EnvelopedVerifiablePresentation"])
def test_what_is_sealed_in_an_envelope_of_another_make_could_not_be_checked(kind):
    sealed = {
        "@context": "https://www.w3.org/ns/credentials/v2",
        "id": "data:application/vc+cose;base64,eyJhbGciOiJFZERTQSJ9",
        "type": kind,
    }
    entry = one(sealed)
    assert found(entry, "structure") == ("indeterminate", "credential.enveloped")
    assert (entry.verdict, entry.sentence) == ("cannot_tell", "cannot_tell")
    if kind == "EnvelopedVerifiableCredential":
        report = judged(presentation(ISSUER.sign(credential()), sealed))
        assert [entry.verdict for entry in report.credentials] == ["accepted", "cannot_tell"]
        assert report.verdict == "cannot_tell"


@pytest.mark.parametrize("inside", ["eyJhbGciOiJFZERTQSJ9.e30.c2ln", None, 7, {"type": "Person"}, presentation({})])
def test_what_is_no_credential_inside_a_presentation(inside):
    report = judged(presentation(ISSUER.sign(credential()), inside))
    assert len(report.credentials) == 2
    assert found(report.credentials[1], "structure")[0] == "failed"
    assert (report.verdict, report.sentence) == ("rejected", "malformed")


def test_a_broken_presentation_breaks_what_it_shows():
    signed = ISSUER.sign(credential())
    for broken in (
        {**presentation(signed), "@context": ["https://www.w3.org/ns/did/v1"]},
        {**presentation(signed), "holder": 7},
        {**presentation(signed), "proof": []},
        {**presentation(signed), "proof": {"type": "DataIntegrityProof"}},
    ):
        entry = one(broken)
        assert (entry.verdict, entry.sentence) == ("rejected", "malformed")
    assert one(presentation(signed)).verdict == "accepted"


def test_one_entry_per_credential_and_the_whole_as_good_as_its_worst():
    signed, altered = ISSUER.sign(credential()), ISSUER.sign(credential())
    altered["name"] = "MIG brazing"
    report = judged(shown_live(presentation(signed, altered, signed)))
    assert [entry.sentence for entry in report.credentials] == ["genuine_but", "altered", "genuine_but"]
    assert (report.verdict, report.sentence) == ("rejected", "altered")


def test_the_summary_repeats_what_the_document_says_of_itself():
    summary = dict(one(ISSUER.sign(badge())).summary)
    assert summary == {
        "id": "urn:uuid:0f0c9d16-61a6-4d3c-9f0e-d3a7a3d7f1a1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "MIG welding",
        "issuer": {"id": ISSUER.did, "name": "School of Welding"},
        "subject": {"id": HOLDER.did, "name": "Sample Learner"},
        "validFrom": "2026-03-01T09:00:00Z",
    }


def test_the_summary_of_hostile_texts_is_bounded():
    names = [{"@value": "x" * 5000, "@language": "en"}, "y"]
    subjects = [{"id": HOLDER.did}, {"id": ISSUER.did}]
    summary = one(
        {**credential(name=names, credentialSubject=subjects), "type": ["VerifiableCredential", "T"] * 20}
    ).summary
    assert len(summary["name"]) == 1000
    assert len(summary["type"]) == 16
    assert summary["subjects"] == 2
    assert "subject" not in summary
