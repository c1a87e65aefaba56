"""Hosted badges: who controls the place, what the place gives, and what cannot be known without asking it."""

import json
from dataclasses import replace
from hashlib import md5

import pytest
from open_badges_2_support import (
    EVIL,
    GENUINE,
    IDENTITY,
    SCHOOL,
    assertion,
    badge_class,
    badge_report,
    changed,
    material,
    profile,
    recipient,
    world,
)
from verification_support import AT, EVERYDAY, found, outcomes

from node.credentials.open_badges_2.identity import read_identity
from node.verification.check import CheckName, Outcome
from node.verification.material import EMPTY, Origin, VerificationMaterial
from node.verification.policy import KeyEvidence, built_in
from node.verification.report import Sentence, Verdict
from node.verification.trust import ListedIssuer, Trust, TrustList
from node.verification.verify import verify
from node.verification.wording import wording


def test_a_badge_that_its_issuer_publishes_is_genuine():
    entry = badge_report(assertion(), material(world()))
    assert outcomes(entry) == GENUINE
    assert (entry.verdict, entry.sentence) == (Verdict.ACCEPTED, Sentence.GENUINE_BUT)
    assert entry.summary["name"] == "MIG welding, basic level"
    assert entry.summary["issuer"] == {"id": f"{SCHOOL}/issuer", "name": "School of Welding"}


def test_an_address_alone_is_enough():
    assert outcomes(badge_report(f"{SCHOOL}/assertions/1", material(world()))) == GENUINE


def test_a_badge_of_a_listed_issuer_is_recognised_by_the_address_of_its_profile():
    issuer = ListedIssuer(f"{SCHOOL}/issuer", "School of Welding", "school.example")
    for asked in (False, True):
        trust = Trust(lists=(TrustList("demo", {issuer.did: issuer}, check_domains=asked),))
        entry = badge_report(assertion(), material(world()), trust=trust)
        assert entry.sentence is Sentence.GENUINE
        assert found(entry, "authority") == (Outcome.INDETERMINATE, "authority.listed")
    elsewhere = replace(issuer, domain="other.example")
    trust = Trust(lists=(TrustList("demo", {issuer.did: elsewhere}, check_domains=True),))
    (listed,) = badge_report(assertion(), material(world()), trust=trust).check(CheckName.AUTHORITY).evidence["lists"]
    assert listed["linkage"]["outcome"] == "indeterminate"


@pytest.mark.threat(29)
def test_a_look_alike_issuer_is_genuine_and_recognised_by_nobody():
    """Anybody can host a badge; what it is worth is another answer than whether it is theirs."""
    look_alike = "https://schoo1.example"
    issuer = ListedIssuer(f"{SCHOOL}/issuer", "School of Welding", "school.example")
    trust = Trust(lists=(TrustList("demo", {issuer.did: issuer}),))
    entry = badge_report(assertion(look_alike), material(world(look_alike)), trust=trust)
    assert (entry.sentence, found(entry, "authority")[1]) == (Sentence.GENUINE_BUT, "authority.unknown")


@pytest.mark.threat(49)
@pytest.mark.parametrize("found_there", [EMPTY, material({}, failures=(f"{SCHOOL}/assertions/1",))])
def test_a_badge_whose_host_was_not_asked_or_does_not_answer_is_never_passed(found_there):
    entry = badge_report(assertion(), found_there)
    assert (entry.verdict, entry.sentence) == (Verdict.CANNOT_TELL, Sentence.CANNOT_TELL)
    assert [name for name, outcome in outcomes(entry).items() if outcome == "passed"] == [
        "structure", "context", "validity",
    ]  # fmt: skip
    assert found(entry, "proof") == (Outcome.INDETERMINATE, "proof.hosted.unreachable")
    assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.hosted.unreachable")
    assert found(entry, "status") == (Outcome.INDETERMINATE, "status.unreachable")
    assert "Connect and check again." in entry.check(CheckName.PROOF).message


def test_of_an_address_that_does_not_answer_nothing_is_known():
    entry = badge_report(f"{SCHOOL}/assertions/1", EMPTY)
    assert [name for name, outcome in outcomes(entry).items() if outcome == "passed"] == ["structure"]
    assert entry.verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize("missing", ["assertions/1", "badges/welding", "issuer"])
def test_each_object_has_to_be_there(missing):
    published = {url: each for url, each in world().items() if url != f"{SCHOOL}/{missing}"}
    entry = badge_report(assertion(), material(published))
    assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.hosted.unreachable")
    assert entry.verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize(
    "content", [b"<html></html>", b'{"id": 1, "id": 2}', b"[1]", b'"text"', b'{"error": "not found"}', b""]
)
def test_what_is_no_assertion_says_nothing_of_the_badge(content):
    entry = badge_report(assertion(), material({**world(), f"{SCHOOL}/assertions/1": content}))
    assert found(entry, "proof") == (Outcome.INDETERMINATE, "proof.hosted.unreachable")


@pytest.mark.threat(49)
def test_a_copy_that_came_with_the_file_is_nobodys_word():
    entry = badge_report(assertion(), material(world(), origin=Origin.FILE))
    for name in ("issuer_key", "proof", "status"):
        assert entry.check(CheckName(name)).unknown, name
    assert found(entry, "issuer_key")[1] == "issuer_key.hosted.from_file"
    gone = material(world(), origin=Origin.FILE, gone=(f"{SCHOOL}/assertions/1",))
    assert not badge_report(assertion(), gone).check(CheckName.STATUS).failed
    forged = {**world(), f"{SCHOOL}/issuer": profile(verification={"allowedOrigins": "evil.example"})}
    mixed = material({f"{SCHOOL}/issuer": forged[f"{SCHOOL}/issuer"]}, origin=Origin.FILE).badge_objects
    own = material(world()).badge_objects
    both = VerificationMaterial(badge_objects=(*mixed, *own))
    assert outcomes(badge_report(assertion(), both)) == GENUINE  # what was fetched comes first


def test_a_policy_that_asks_for_dated_keys_is_not_satisfied_by_a_host():
    policy = replace(EVERYDAY, key_evidence=frozenset({KeyEvidence.IMMUTABLE, KeyEvidence.ANCHORED}))
    entry = badge_report(assertion(), material(world()), policy=policy)
    assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.undated")


@pytest.mark.threat(56)
def test_an_assertion_hosted_by_somebody_else_is_not_the_issuers():
    """It names the school's badge class, and is hosted by Mallory."""
    forged = assertion(EVIL, badge=f"{SCHOOL}/badges/welding")
    published = {**world(), f"{EVIL}/assertions/1": forged}
    entry = badge_report(forged, material(published))
    assert found(entry, "issuer_key") == (Outcome.FAILED, "issuer_key.hosted.scope")
    assert (entry.verdict, entry.sentence) == (Verdict.REJECTED, Sentence.WRONG_KEY)
    assert entry.check(CheckName.STATUS).unknown


@pytest.mark.threat(56)
def test_a_profile_inside_the_assertion_never_counts():
    """Mallory's copy of the school's profile allows Mallory's host; the school's own does not."""
    claimed = profile(verification={"allowedOrigins": ["evil.example", "school.example"]})
    inside = badge_class(EVIL, issuer=claimed)
    forged = assertion(EVIL, badge=inside)
    entry = badge_report(forged, material({**world(), f"{EVIL}/assertions/1": forged}))
    assert found(entry, "issuer_key") == (Outcome.FAILED, "issuer_key.hosted.scope")
    offline_profile = badge_report(forged, material({f"{EVIL}/assertions/1": forged}))
    assert offline_profile.check(CheckName.ISSUER_KEY).unknown


@pytest.mark.threat(56)
def test_a_badge_class_of_another_issuer_is_not_awarded():
    """Mallory awards, from her own place and in her own name, what says it is the school's badge class."""
    claimed = badge_class(issuer=f"{EVIL}/issuer")
    forged = assertion(EVIL, badge=claimed)
    published = {**world(), f"{EVIL}/assertions/1": forged, f"{EVIL}/issuer": profile(EVIL)}
    entry = badge_report(forged, material(published))
    assert found(entry, "issuer_key") == (Outcome.FAILED, "issuer_key.badge_class")
    del published[f"{SCHOOL}/badges/welding"]
    assert badge_report(forged, material(published)).check(CheckName.ISSUER_KEY).unknown


def test_a_badge_class_inside_the_assertion_counts_as_the_issuers_word():
    for badge in (badge_class(), badge_class(id="urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55"), badge_class(id=None)):
        whole = assertion(badge=badge)
        published = {f"{SCHOOL}/assertions/1": whole, f"{SCHOOL}/issuer": profile()}
        assert outcomes(badge_report(whole, material(published))) == GENUINE


@pytest.mark.threat(56)
@pytest.mark.parametrize(
    ("url", "leads_to"),
    [("assertions/1", EVIL), ("issuer", EVIL), ("issuer", f"{SCHOOL}.evil.example"), ("issuer", f"{SCHOOL}:8443")],
)
def test_what_leads_away_to_another_host_is_not_its_issuers_word(url, leads_to):
    moved = material(world(), served_from={f"{SCHOOL}/{url}": f"{leads_to}/copy"})
    entry = badge_report(assertion(), moved)
    assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.hosted.moved")
    assert not entry.check(CheckName.STATUS).passed


def test_an_assertion_may_lead_to_a_place_that_the_issuer_names():
    rules = {"allowedOrigins": ["school.example", "files.example"]}
    published = {**world(), f"{SCHOOL}/issuer": profile(verification=rules)}
    moved = material(published, served_from={f"{SCHOOL}/assertions/1": "https://files.example/1"})
    assert outcomes(badge_report(assertion(), moved)) == GENUINE


@pytest.mark.parametrize("document", [badge_class(), profile()])
def test_an_object_that_calls_another_address_its_own_is_another_object(document):
    url = document["id"]
    published = {**world(), url: changed(document, id=f"{SCHOOL}/else")}
    entry = badge_report(assertion(), material(published))
    assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.hosted.unreachable")


@pytest.mark.threat(56)
def test_an_address_that_gives_another_badge_confirms_nothing():
    published = {**world(), f"{SCHOOL}/assertions/1": assertion(id=f"{SCHOOL}/assertions/2")}
    entry = badge_report(assertion(), material(published))
    assert found(entry, "proof") == (Outcome.INDETERMINATE, "proof.hosted.unreachable")


@pytest.mark.threat(60)
@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"recipient": recipient(identity="sha256$" + "0" * 64)}, "/recipient"),
        ({"recipient": {"type": "name", "hashed": False, "identity": "Sample Learner"}}, "/recipient"),
        ({"badge": f"{SCHOOL}/badges/phd"}, "/badge"),
        ({"badge": badge_class(id=f"{SCHOOL}/badges/phd")}, "/badge"),
        ({"badge": badge_class(issuer=f"{EVIL}/issuer")}, "/badge/issuer"),
        ({"badge": badge_class(issuer=profile(EVIL))}, "/badge/issuer"),
        ({"issuedOn": "2020-03-01T09:00:00Z"}, "/issuedOn"),
        ({"expires": "2030-01-01T00:00:00Z"}, "/expires"),
    ],
)
def test_a_file_that_says_otherwise_than_its_host_is_not_genuine(members, path):
    entry = badge_report(assertion(**members), material(world()))
    assert found(entry, "proof") == (Outcome.FAILED, "proof.hosted.differs")
    assert entry.check(CheckName.PROOF).evidence["path"] == path
    assert (entry.verdict, entry.sentence) == (Verdict.REJECTED, Sentence.ALTERED)


def test_an_end_that_the_file_leaves_out_is_missed():
    entry = badge_report(assertion(), material(world(expires="2030-01-01T00:00:00Z")))
    assert found(entry, "proof") == (Outcome.FAILED, "proof.hosted.differs")


def test_what_the_issuer_may_have_mended_since_is_listed_and_the_hosts_word_counts():
    whole = assertion(badge=badge_class(name="Doctor of welding"), narrative="Old", image="https://old.example/1.png")
    published = {**world(badge=badge_class(), narrative="New"), f"{SCHOOL}/issuer": profile()}
    entry = badge_report(whole, material(published))
    assert outcomes(entry) == GENUINE
    assert entry.check(CheckName.PROOF).evidence["differs"] == ["/badge/name", "/narrative", "/image"]
    assert entry.summary["name"] == "MIG welding, basic level"


@pytest.mark.threat(60)
@pytest.mark.parametrize(
    ("members", "differs"),
    [
        ({"badge": badge_class(name="Doctor of welding", image="x")}, ["/badge/name", "/badge/image"]),
        ({"badge": changed(badge_class(name="Doctor of welding"), id=None)}, ["/badge/name"]),
        ({"badge": badge_class(issuer=profile(name="Example University"))}, ["/badge/issuer/name"]),
        ({"recipient": recipient(name="Mallory")}, ["/recipient/name"]),
        ({"evidence": f"{EVIL}/x"}, ["/evidence"]),
    ],
)
def test_what_the_bringer_may_have_changed_is_told_beside_the_verdict(members, differs):
    report = verify(assertion(**members), material(world()), EVERYDAY, AT)
    (entry,) = report.credentials
    assert outcomes(entry) == GENUINE
    assert entry.check(CheckName.PROOF).evidence["differs"] == differs
    (said,) = wording(report, "en").credentials
    assert f"the file says otherwise in {', '.join(differs)}" in said.rows[0].text


@pytest.mark.threat(56)
def test_a_place_that_leads_out_of_the_issuers_places_is_not_one_of_them():
    rules = {"startsWith": f"{SCHOOL}/assertions/"}
    published = {**world(), f"{SCHOOL}/issuer": profile(verification=rules)}
    asked = f"{SCHOOL}/assertions/1"
    within = material(published, served_from={asked: f"{SCHOOL}/assertions/1.json"})
    assert outcomes(badge_report(assertion(), within)) == GENUINE
    beside = material(published, served_from={asked: f"{SCHOOL}/uploads/mine.json"})
    entry = badge_report(assertion(), beside)
    assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.hosted.moved")


def test_other_spellings_of_the_same_are_the_same():
    same = assertion(issuedOn="2026-03-01T10:00+0100", id="http://school.example/assertions/1")
    assert outcomes(badge_report(same, material(world()))) == GENUINE
    plain = assertion(recipient={"type": "email", "hashed": False, "identity": IDENTITY})
    assert outcomes(badge_report(plain, material(world()))) == GENUINE


def test_a_recipient_under_another_salt_cannot_be_told_from_another():
    entry = badge_report(assertion(recipient=recipient(salt="other")), material(world()))
    assert found(entry, "proof") == (Outcome.INDETERMINATE, "proof.hosted.recipient")


@pytest.mark.threat(52)
@pytest.mark.parametrize("reason", ["Awarded in error", None])
def test_a_revoked_badge_is_withdrawn_whether_or_not_it_was_stripped(reason):
    stripped = changed({"id": f"{SCHOOL}/assertions/1", "revoked": True}, revocationReason=reason, type="Assertion")
    for published in (stripped, assertion(revoked=True, revocationReason=reason)):
        entry = badge_report(assertion(), material({**world(), f"{SCHOOL}/assertions/1": published}))
        assert (entry.verdict, entry.sentence) == (Verdict.REJECTED, Sentence.WITHDRAWN)
        assert found(entry, "status") == (Outcome.FAILED, "status.revoked")
        assert entry.check(CheckName.STATUS).evidence.get("reason") == reason


@pytest.mark.threat(52)
@pytest.mark.parametrize(
    "body", [b"", b"<html>Gone</html>", b'{"id": "x", "revoked": true, "revocationReason": "Error"}']
)
def test_a_badge_that_its_host_took_away_for_good_is_withdrawn(body):
    published = {**world(), f"{SCHOOL}/assertions/1": body}
    entry = badge_report(assertion(), material(published, gone=(f"{SCHOOL}/assertions/1",)))
    assert (entry.verdict, entry.sentence) == (Verdict.REJECTED, Sentence.WITHDRAWN)
    assert found(entry, "proof") == (Outcome.INDETERMINATE, "proof.hosted.stripped")


@pytest.mark.threat(52)
def test_an_address_whose_host_says_that_it_is_withdrawn():
    place = f"{SCHOOL}/assertions/1"
    stripped = material({place: {"id": place, "type": "Assertion", "revoked": True}})
    for there in (stripped, material({place: b""}, gone=(place,))):
        entry = badge_report(place, there)
        assert (entry.verdict, entry.sentence) == (Verdict.REJECTED, Sentence.WITHDRAWN)


@pytest.mark.threat(52)
def test_nobody_elses_host_can_withdraw_a_badge():
    forged = assertion(EVIL, badge=f"{SCHOOL}/badges/welding")
    published = {**world(), f"{EVIL}/assertions/1": b""}
    entry = badge_report(forged, material(published, gone=(f"{EVIL}/assertions/1",)))
    assert entry.check(CheckName.STATUS).unknown
    assert entry.sentence is Sentence.WRONG_KEY


def test_what_the_file_says_of_its_own_withdrawal_counts_nothing():
    entry = badge_report(assertion(revoked=True), material(world()))
    assert entry.check(CheckName.STATUS).passed


def test_the_word_of_a_host_lasts_as_long_as_the_policy_says():
    saved = material(world(), origin=Origin.SAVED, at=AT.replace(year=2025))
    entry = badge_report(assertion(), saved)
    assert found(entry, "status") == (Outcome.INDETERMINATE, "status.stale")
    assert badge_report(assertion(), saved, policy=built_in("archive")).check(CheckName.STATUS).passed


@pytest.mark.threat(28)
@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"expires": "2026-06-12T14:00:00Z"}, (Outcome.FAILED, "validity.ended")),
        ({"expires": "2026-06-12T14:01:00Z"}, (Outcome.PASSED, "validity.passed")),
        ({"issuedOn": "2026-06-12T14:06:00Z"}, (Outcome.FAILED, "validity.not_yet")),
        ({"issuedOn": 1772355600}, (Outcome.PASSED, "validity.passed")),
        ({"issuedOn": True}, (Outcome.INDETERMINATE, "validity.unreadable")),
        ({"issuedOn": "2026-03-01"}, (Outcome.INDETERMINATE, "validity.unreadable")),
        ({"issuedOn": "2026-03-01T09:00:00"}, (Outcome.INDETERMINATE, "validity.unreadable")),
        ({"issuedOn": "2026-W01-1T00:00Z"}, (Outcome.INDETERMINATE, "validity.unreadable")),
        ({"issuedOn": -1}, (Outcome.INDETERMINATE, "validity.unreadable")),
        ({"expires": "soon", "issuedOn": "2027-01-01T00:00:00Z"}, (Outcome.FAILED, "validity.not_yet")),
    ],
)
def test_dates_are_read_strictly_and_the_host_decides(members, expected):
    entry = badge_report(assertion(**members), material(world(**members)))
    assert found(entry, "validity") == expected


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"verification": None}, "badge.verification"),
        ({"verification": {"type": "hosted"}, "id": "urn:uuid:1"}, "badge.verification"),
        ({"id": "no address"}, "badge.id"),
        ({"badge": None}, "badge.badge"),
        ({"badge": []}, "badge.badge"),
        ({"recipient": None}, "badge.recipient"),
        ({"recipient": "Demo Learner"}, "badge.recipient"),
        ({"recipient": recipient(identity="sha1$0123")}, "badge.recipient"),
        ({"recipient": recipient(identity="md5$0123")}, "badge.recipient"),
        ({"issuedOn": None}, "badge.issued_on"),
    ],
)
def test_what_is_no_badge_that_could_be_verified_is_malformed(members, code):
    entry = badge_report(assertion(**members), material(world()))
    assert found(entry, "structure") == (Outcome.FAILED, code)
    assert (entry.verdict, entry.sentence) == (Verdict.REJECTED, Sentence.MALFORMED)
    assert all(outcome == "indeterminate" for name, outcome in outcomes(entry).items() if name != "structure")


@pytest.mark.threat(7)
@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ([V2 := "https://w3id.org/openbadges/v2"], (Outcome.PASSED, "context.by_name")),
        ([V2, "https://school.example/terms"], (Outcome.PASSED, "context.by_name")),
        ([V2, {"points": "https://school.example/points"}], (Outcome.PASSED, "context.by_name")),
        ([V2, {"recipient": "https://school.example/loser"}], (Outcome.FAILED, "context.redefined")),
        ({"expires": None}, (Outcome.FAILED, "context.redefined")),
        ("https://school.example/terms", (Outcome.INDETERMINATE, "context.unknown")),
        (None, (Outcome.PASSED, "context.by_name")),
    ],
)
def test_members_are_read_by_name_unless_the_badge_renames_them(context, expected):
    document = {"@context": context}
    entry = badge_report(assertion(**document), material(world(**document)))
    assert found(entry, "context") == expected


def test_a_badge_that_lacks_what_nothing_rests_on_is_genuine_and_it_is_said():
    published = {
        **world(),
        f"{SCHOOL}/badges/welding": badge_class(description=None, image=None),
        f"{SCHOOL}/issuer": profile(email=None),
    }
    entry = badge_report(assertion(), material(published))
    assert outcomes(entry) == GENUINE
    remarks = entry.check(CheckName.STRUCTURE).evidence["remarks"]
    assert {remark["path"] for remark in remarks} == {"/badge/description", "/badge/image", "/badge/issuer/email"}


def test_a_recipient_hidden_by_md5_or_without_salt_is_remarked_on_and_named_nowhere():
    digest = md5(IDENTITY.encode(), usedforsecurity=False).hexdigest()
    weak = {"type": "email", "hashed": True, "identity": f"md5${digest}", "salt": None}
    entry = badge_report(assertion(recipient=weak), material(world(recipient=weak)))
    assert outcomes(entry) == GENUINE
    remarks = entry.check(CheckName.STRUCTURE).evidence["remarks"]
    assert remarks == [
        {"code": "badge.recipient.md5", "path": "/recipient/identity"},
        {"code": "badge.recipient.unsalted", "path": "/recipient"},
    ]
    assert entry.check(CheckName.HOLDER).evidence == {"hashed": True, "algorithm": "md5", "salted": False}


@pytest.mark.parametrize(
    "who",
    [
        recipient(),
        {"type": "email", "hashed": False, "identity": IDENTITY},
        {"type": "email", "hashed": True, "identity": "sha256$nothex", "salt": "pepper"},
    ],
)
@pytest.mark.parametrize("publish", [True, False])
def test_no_report_repeats_who_the_recipient_is(who, publish):
    other = recipient(identity="sha256$" + "7" * 64)
    for there in (who, other):
        published = material(world(recipient=there)) if publish else EMPTY
        entry = badge_report(assertion(recipient=who), published)
        told = json.dumps(entry.to_json()) + repr(entry)
        for secret in (
            IDENTITY,
            "pepper",
            recipient()["identity"],
            str(recipient()["identity"])[7:],
            "7" * 64,
            "nothex",
        ):
            assert secret not in told
    assert IDENTITY not in repr(read_identity({"type": "email", "hashed": False, "identity": IDENTITY}))


def test_a_recipient_named_by_a_name_is_shown():
    who = {"type": "name", "hashed": False, "identity": "Sample Learner"}
    entry = badge_report(assertion(recipient=who), material(world(recipient=who)))
    assert entry.summary["subject"] == {"name": "Sample Learner"}


def test_endorsements_are_named_and_nothing_rests_on_them():
    published = {
        **world(endorsement=f"{SCHOOL}/endorsements/1"),
        f"{SCHOOL}/badges/welding": badge_class(
            endorsement=[{"id": "urn:uuid:1", "type": "Endorsement"}, "urn:uuid:2"]
        ),
        f"{SCHOOL}/issuer": profile(endorsement={"type": "Endorsement"}),
    }
    entry = badge_report(assertion(), material(published))
    assert outcomes(entry) == GENUINE
    assert entry.check(CheckName.AUTHORITY).evidence["endorsements"] == [
        {"of": "", "id": f"{SCHOOL}/endorsements/1"},
        {"of": "/badge", "id": "urn:uuid:1"},
        {"of": "/badge", "id": "urn:uuid:2"},
        {"of": "/badge/issuer", "id": None},
    ]
