"""Signed labels that accompany a document: compared with it, by whom they are, and never believed."""

import asyncio
from datetime import timedelta

import pytest
from jose_support import enveloped, vc_jwt
from micro_credential_support import changed
from verification_support import AT, HOLDER, ISSUER, MALLORY, UNIVERSITY, found, gathered, judged, listing, presentation

from did_methods.resolution import Resolution
from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.label import compose_label
from node.verification.gather import gather
from node.verification.report import Report
from node.verification.sources import Sources
from node.verification.trust import NO_TRUST

DOCUMENT = changed("/issuer/id", ISSUER.did)
CHANGED = {**DOCUMENT, "name": "Another title"}
SIGNED, TOKEN = ISSUER.sign(DOCUMENT), vc_jwt(DOCUMENT)
PASSED, MISMATCH = ("passed", "class.passed"), ("failed", "mc.label.mismatch")


def label(document=SIGNED, by=ISSUER, *, whole=None, members=None, **stated):
    made = compose_label(
        document, classify(document), issuer=by.did, valid_from=AT - timedelta(days=1), whole=whole
    ) | (members or {})
    made["credentialSubject"]["classification"] |= stated
    return made


HONEST = ISSUER.sign(label())
FALSE = {"class": "achievement"}
WRONG = ISSUER.sign(label(**FALSE))


def of_document(report: Report):
    return found(report.credentials[0], "class")


@pytest.mark.threat(103)
@pytest.mark.parametrize(
    ("handed", "expected"),
    [
        ([SIGNED, HONEST], PASSED),
        ([SIGNED, WRONG], MISMATCH),
        ([SIGNED, HONEST, WRONG], MISMATCH),
        ([SIGNED, vc_jwt(label(**FALSE))], MISMATCH),
        ([SIGNED, enveloped(vc_jwt(label(**FALSE)))], MISMATCH),
        (presentation(SIGNED, WRONG), MISMATCH),
        (presentation(SIGNED, enveloped(vc_jwt(label(**FALSE)))), MISMATCH),
        # Whose word it is
        ([SIGNED, MALLORY.sign(label(by=MALLORY, **FALSE))], PASSED),
        ([SIGNED, HOLDER.sign(label(by=HOLDER, **FALSE))], PASSED),
        # What nobody signed, or not so, says nothing
        ([SIGNED, label(**FALSE)], PASSED),
        ([SIGNED, MALLORY.sign(label(**FALSE))], PASSED),
        ([SIGNED, {**WRONG, "validFrom": "2026-01-01T00:00:00Z"}], PASSED),
        ([SIGNED, ISSUER.sign(label(members={"validUntil": "2026-06-11T00:00:00Z"}, **FALSE))], PASSED),
        ([SIGNED, ISSUER.sign(label(members={"validFrom": "2026-07-01T00:00:00Z"}, **FALSE))], PASSED),
        # Of another document: by its digest; by its identifier it would be one of this document that was changed
        ([SIGNED, ISSUER.sign(label(ISSUER.sign({**DOCUMENT, "id": "urn:uuid:another"}), **FALSE))], PASSED),
        ([SIGNED, ISSUER.sign(label(ISSUER.sign(CHANGED)))], MISMATCH),
    ],
)
def test_a_label_beside_its_document(handed, expected):
    assert of_document(judged(handed)) == expected


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (label(DOCUMENT, whole=TOKEN), PASSED),
        (label(DOCUMENT, whole=TOKEN, **FALSE), MISMATCH),
        (label(DOCUMENT), MISMATCH),
    ],
)
def test_the_label_of_a_token_is_about_all_of_it(made, expected):
    for handed in (
        [TOKEN, ISSUER.sign(made)],
        [enveloped(TOKEN), vc_jwt(made)],
        presentation(enveloped(TOKEN), ISSUER.sign(made)),
    ):
        assert of_document(judged(handed)) == expected


def test_a_label_by_somebody_on_a_list_counts():
    made = UNIVERSITY.sign(label(by=UNIVERSITY, **FALSE))
    material = gathered(UNIVERSITY)
    assert of_document(judged([SIGNED, made], material=material)) == PASSED
    assert of_document(judged([SIGNED, made], material=material, trust=listing(UNIVERSITY))) == MISMATCH
    assert of_document(judged([SIGNED, made], trust=listing(UNIVERSITY))) == PASSED, "its key is not known"


def test_a_label_handed_over_beside_has_no_entry_of_its_own():
    report = judged(SIGNED, beside=[WRONG])
    assert (len(report.credentials), of_document(report)) == (1, MISMATCH)
    assert of_document(judged(SIGNED, beside=[HONEST, 7, "x", [], {}])) == PASSED
    assert of_document(judged(SIGNED, beside=[[WRONG]])) == MISMATCH


def test_each_credential_of_many_is_compared_with_its_own():
    other = ISSUER.sign({**DOCUMENT, "id": "urn:uuid:0f0c9d16-61a6-4d3c-9f0e-d3a7a3d7f1a2"})
    report = judged([SIGNED, other, ISSUER.sign(label(other, **FALSE))])
    assert [found(entry, "class") for entry in report.credentials[:2]] == [PASSED, MISMATCH]


def test_keys_of_labels_beside_are_looked_for():
    asked = []

    async def resolve(did):
        asked.append(did)
        return Resolution(None, {}, {"error": {"type": "https://www.w3.org/ns/did#NOT_FOUND"}})

    made = UNIVERSITY.sign(label(by=UNIVERSITY))
    asyncio.run(gather(SIGNED, Sources(resolve, lambda: AT), NO_TRUST, beside=[made]))
    assert asked == [UNIVERSITY.did]
