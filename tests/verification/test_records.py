"""Comprehensive Learner Records: a set is as good as its worst, and its associations are kept."""

import asyncio
import copy

import pytest
from verification_support import (
    AT,
    EVERYDAY,
    HOLDER,
    ISSUER,
    MALLORY,
    OB,
    UNIVERSITY,
    VC,
    badge,
    credential,
    found,
    gathered,
    judged,
    presentation,
)

from node.app import sources
from node.credentials.context_profile import CLR_CONTEXTS, check_contexts
from node.credentials.contexts import BUNDLED
from node.credentials.micro_credential.classification import classify
from node.credentials.presentation import MAX_PRESENTED
from node.credentials.records import associations_of, held_in
from node.verification.check import Outcome
from node.verification.gather import gather
from node.verification.policy import Policy
from node.verification.status_gathering import named_lists
from node.verification.trust import NO_TRUST

CLR = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
COURSE, PROGRAMME = "urn:uuid:00000000-0000-4000-8000-0000000000c1", "urn:uuid:00000000-0000-4000-8000-0000000000c2"
PART_OF = {"type": "Association", "associationType": "isPartOf", "sourceId": COURSE, "targetId": PROGRAMME}
STATUS = {
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "7",
    "statusListCredential": "https://school.example/status/1",
}


def signed_badge(number=1, issuer=ISSUER, **members):
    return issuer.sign(badge(issuer, id=f"urn:uuid:00000000-0000-4000-8000-00000000000{number}", **members))


def unsigned_record(*held, contexts=(VC, CLR, OB), associations=(PART_OF,), **members):
    subject = {
        "id": HOLDER.did,
        "type": ["ClrSubject"],
        "verifiableCredential": list(held),
        "association": list(associations),
    }
    return credential(
        ISSUER,
        **{
            "@context": list(contexts),
            "id": "urn:uuid:00000000-0000-4000-8000-0000000000ff",
            "type": ["VerifiableCredential", "ClrCredential"],
            "name": "Record of a semester",
            "issuer": {"id": ISSUER.did, "type": ["Profile"], "name": "School of Welding"},
            "credentialSubject": {name: value for name, value in subject.items() if value},
            **members,
        },
    )


def record(*held, **members):
    return ISSUER.sign(unsigned_record(*held, **members))


def verdicts(subject, **inputs):
    report = judged(subject, **inputs)
    return report.verdict, [entry.verdict for entry in report.credentials]


def test_each_credential_in_a_record_is_judged_and_the_whole_is_as_good_as_its_worst():
    one, two = signed_badge(1), signed_badge(2)
    assert verdicts(record(one, two)) == ("accepted", ["accepted"] * 3)
    ended = signed_badge(2, validUntil="2026-04-01T00:00:00Z")
    assert verdicts(record(one, ended)) == ("rejected", ["accepted", "accepted", "rejected"])
    foreign = signed_badge(2, UNIVERSITY)
    assert verdicts(record(one, foreign)) == ("cannot_tell", ["accepted", "accepted", "cannot_tell"])
    assert verdicts(record(one, foreign), material=gathered(UNIVERSITY))[0] == "accepted"


@pytest.mark.threat(17)
def test_whoever_signs_the_set_does_not_vouch_for_what_is_in_it():
    altered = signed_badge(1)
    altered["credentialSubject"]["achievement"]["name"] = "Another"
    report = judged(record(altered))
    assert [entry.sentence for entry in report.credentials] == ["genuine_but", "altered"]
    forged = {**MALLORY.sign(badge(MALLORY)), "issuer": {"id": ISSUER.did, "type": ["Profile"]}}
    assert verdicts(record(forged))[0] == "rejected"
    unsigned = badge()
    assert verdicts(record(unsigned)) == ("rejected", ["accepted", "rejected"])


def test_a_good_credential_does_not_make_a_changed_set_good():
    whole = record(signed_badge(1), signed_badge(2))
    fewer = copy.deepcopy(whole)
    del fewer["credentialSubject"]["verifiableCredential"][1]
    assert verdicts(fewer) == ("rejected", ["rejected", "accepted"])
    more = copy.deepcopy(whole)
    more["credentialSubject"]["verifiableCredential"].append(signed_badge(3))
    assert verdicts(more) == ("rejected", ["rejected", "accepted", "accepted", "accepted"])


def test_what_is_held_may_stand_alone_and_is_found_in_presentations_lists_and_records_too():
    alone = record(signed_badge(1), id="urn:uuid:00000000-0000-4000-8000-0000000000fe")
    alone["credentialSubject"]["verifiableCredential"] = alone["credentialSubject"]["verifiableCredential"][0]
    assert len(judged(alone).credentials) == 2
    whole = record(signed_badge(1))
    assert verdicts(presentation(whole, signed_badge(2)))[1] == ["accepted"] * 3
    assert verdicts([whole, signed_badge(2)])[1] == ["accepted"] * 3
    assert verdicts(record(whole, id="urn:uuid:00000000-0000-4000-8000-0000000000fe"))[1] == ["accepted"] * 3


@pytest.mark.parametrize("held", ["text", 7, None, {"type": ["ClrSubject"]}])
def test_what_is_no_credential_in_a_record_fails_it(held):
    document = record(signed_badge(1))
    document["credentialSubject"]["verifiableCredential"] = [held]
    assert judged(document).verdict == "rejected"
    assert len(judged(document).credentials) == 2


@pytest.mark.threat(12)
def test_a_record_holds_as_many_as_a_presentation_may():
    document = unsigned_record()
    held = [credential(ISSUER, id=f"urn:x:{number}") for number in range(MAX_PRESENTED)]
    document["credentialSubject"]["verifiableCredential"] = held[:-1]
    assert len(judged(document).credentials) == MAX_PRESENTED
    document["credentialSubject"]["verifiableCredential"] = held
    (entry,) = judged(document).credentials
    assert found(entry, "structure") == (Outcome.INDETERMINATE, "presentation.limit.credentials")
    inner = unsigned_record(*held[: MAX_PRESENTED // 2])
    (entry,) = judged([inner, inner]).credentials
    assert found(entry, "structure") == (Outcome.INDETERMINATE, "presentation.limit.credentials")


def test_a_record_may_be_as_large_as_what_it_holds():
    held = [
        signed_badge(number, evidence=[{"type": ["Evidence"], "narrative": "x" * 60_000}]) for number in range(1, 7)
    ]
    assert verdicts(record(*held))[0] == "accepted"


def test_associations_are_kept_and_say_whether_both_ends_are_there():
    one, two = (signed_badge(number) for number in (1, 2))
    both = {**PART_OF, "sourceId": one["id"], "targetId": two["credentialSubject"]["achievement"]["id"]}
    document = record(one, two, associations=(PART_OF, both, {"type": "Association"}))
    (entry, *_) = judged(document).credentials
    assert entry.summary["associations"] == [
        {"type": "isPartOf", "source": COURSE, "target": PROGRAMME, "complete": False},
        {"type": "isPartOf", "source": both["sourceId"], "target": both["targetId"], "complete": True},
    ]
    assert [association.complete for association in associations_of(document)] == [False, True]
    assert "associations" not in judged(one).credentials[0].summary


def test_the_class_of_a_record_is_that_of_its_worst():
    plain, participation = badge(), badge()
    participation["credentialSubject"]["achievement"]["achievementType"] = "ext:Participation"
    assert classify(unsigned_record(participation)).credential_class == "participation"
    assert classify(unsigned_record(participation, plain)).credential_class == "unclassified"
    described = unsigned_record()
    described["credentialSubject"]["achievement"] = [{"type": ["Achievement", "MicroCredentialAchievement"]}]
    assert classify(described).credential_class == "unclassified"


@pytest.mark.parametrize(
    ("contexts", "code"),
    [
        ((VC, CLR, OB), None),
        ((VC, CLR), None),
        ((VC, "https://purl.imsglobal.org/spec/clr/v2p0/context.json", OB), None),
        ((VC, OB, CLR), "context.type"),
        ((VC, CLR, CLR), "context.repeated"),
        ((VC, CLR, OB, OB), "context.repeated"),
        ((VC, CLR, "https://w3id.org/security/data-integrity/v2", OB), "context.unexpected"),
    ],
)
@pytest.mark.threat(6)
def test_a_record_names_its_contexts_in_their_order(contexts, code):
    findings = check_contexts(unsigned_record(contexts=contexts))
    assert ([finding.code for finding in findings[:1]] or [None]) == [code]


def test_the_contexts_of_records_are_no_contexts_of_badges():
    assert set(BUNDLED) >= CLR_CONTEXTS
    assert [finding.code for finding in check_contexts(badge(**{"@context": [VC, OB, CLR]}))] == ["context.unexpected"]


def test_what_is_held_is_gathered_for_too():
    held = signed_badge(1, UNIVERSITY, credentialStatus=STATUS)
    document = record(held)
    assert named_lists(document) == [STATUS["statusListCredential"]]
    material = asyncio.run(gather(document, sources(), NO_TRUST))
    assert set(material.failures) == {UNIVERSITY.did}
    assert [value["issuer"]["id"] for value, _ in held_in(document)] == [UNIVERSITY.did]


def test_a_policy_that_asks_for_a_class_asks_it_of_everything_in_the_set():
    policy = Policy("class", EVERYDAY.requires | {"class"})
    assert verdicts(record(signed_badge(1)), policy=policy, at=AT) == ("cannot_tell", ["cannot_tell", "cannot_tell"])
