"""Signed badges: whose key, by the issuer's own profile; what was signed; and what the issuer lists as revoked."""

import pytest
from open_badges_2_support import (
    EVIL,
    GENUINE,
    SCHOOL,
    assertion,
    badge_class,
    badge_report,
    jws,
    key_document,
    material,
    pem,
    profile,
    revocation_list,
    signed_assertion,
    signing_world,
)
from verification_support import found, outcomes

from node.verification.check import CheckName, Outcome
from node.verification.material import EMPTY, Origin
from node.verification.report import Sentence, Verdict


def test_a_badge_signed_with_a_key_that_its_issuer_lists_is_genuine():
    entry = badge_report(jws(signed_assertion()), material(signing_world()))
    assert outcomes(entry) == GENUINE
    assert (entry.verdict, entry.sentence) == (Verdict.ACCEPTED, Sentence.GENUINE_BUT)
    assert entry.check(CheckName.ISSUER_KEY).evidence["method"] == f"{SCHOOL}/keys/1"
    assert entry.check(CheckName.PROOF).evidence["kind"] == "signed"


def test_the_key_may_stand_in_the_profile_and_need_not_be_named():
    inside = {"id": f"{SCHOOL}/issuer#key", "type": "CryptographicKey", "publicKeyPem": pem()}
    for creator in (None, f"{SCHOOL}/issuer#key", {"id": f"{SCHOOL}/issuer#key"}):
        verification = {"type": "signed", **({} if creator is None else {"creator": creator})}
        entry = badge_report(
            jws(signed_assertion(verification=verification)), material(signing_world(publicKey=[inside]))
        )
        assert outcomes(entry) == GENUINE


def test_a_key_inside_the_profile_is_found_at_its_fragment():
    iri = f"{SCHOOL}/people#key"
    document = {
        "id": f"{SCHOOL}/people",
        "publicKey": [{"id": iri, "owner": f"{SCHOOL}/issuer", "publicKeyPem": pem()}],
    }
    published = signing_world(SCHOOL, document, publicKey=iri)
    payload = signed_assertion(verification={"type": "SignedBadge", "creator": iri})
    assert outcomes(badge_report(jws(payload), material(published))) == GENUINE


@pytest.mark.threat(15)
def test_an_altered_badge_is_not_what_was_signed():
    head, _, signature = jws(signed_assertion()).split(".")
    _, other, _ = jws(signed_assertion(issuedOn="2026-03-02T09:00:00Z")).split(".")
    entry = badge_report(f"{head}.{other}.{signature}", material(signing_world()))
    assert found(entry, "proof") == (Outcome.FAILED, "proof.invalid")
    assert (entry.verdict, entry.sentence) == (Verdict.REJECTED, Sentence.ALTERED)


@pytest.mark.threat(19)
def test_a_key_that_the_profile_does_not_list_is_not_the_issuers():
    """Mallory publishes a key that says it is the school's, and names it in the badge."""
    hers = key_document(EVIL, 2, owner=f"{SCHOOL}/issuer")
    forged = signed_assertion(verification={"type": "SignedBadge", "creator": hers["id"]})
    entry = badge_report(jws(forged, 2), material(signing_world(SCHOOL, hers)))
    assert found(entry, "issuer_key") == (Outcome.FAILED, "issuer_key.not_listed")
    assert found(entry, "proof") == (Outcome.INDETERMINATE, "proof.indeterminate.key")
    assert (entry.verdict, entry.sentence) == (Verdict.REJECTED, Sentence.WRONG_KEY)
    assert entry.check(CheckName.STATUS).unknown


@pytest.mark.threat(20)
def test_a_key_that_says_it_is_anothers_is_not_the_issuers():
    """The profile lists somebody else's key: the way has to lead back."""
    theirs = key_document(EVIL, 2)
    payload = signed_assertion(verification={"type": "SignedBadge", "creator": theirs["id"]})
    entry = badge_report(jws(payload, 2), material(signing_world(SCHOOL, theirs, publicKey=theirs["id"])))
    assert found(entry, "issuer_key") == (Outcome.FAILED, "issuer_key.owner")


def test_a_key_that_says_nothing_of_its_owner_is_not_known_to_be_the_issuers():
    published = {**signing_world(), f"{SCHOOL}/keys/1": key_document(owner=None)}
    entry = badge_report(jws(signed_assertion()), material(published))
    assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.no_owner")


@pytest.mark.threat(20)
def test_a_profile_inside_the_badge_brings_no_key():
    """The badge carries the school's profile with Mallory's key in it, and her signature."""
    hers = {"id": f"{SCHOOL}/keys/2", "owner": f"{SCHOOL}/issuer", "publicKeyPem": pem(2)}
    inside = badge_class(issuer=profile(publicKey=[hers]))
    forged = signed_assertion(badge=inside, verification={"type": "SignedBadge", "creator": hers["id"]})
    entry = badge_report(jws(forged, 2), material(signing_world()))
    assert found(entry, "issuer_key") == (Outcome.FAILED, "issuer_key.not_listed")
    unnamed = signed_assertion(badge=inside, verification={"type": "SignedBadge"})
    entry = badge_report(jws(unnamed, 2), material(signing_world()))
    assert found(entry, "proof") == (Outcome.FAILED, "proof.invalid")


@pytest.mark.threat(56)
def test_a_signed_badge_class_of_another_issuer_is_not_awarded():
    claimed = badge_class(issuer=f"{EVIL}/issuer")
    forged = signed_assertion(EVIL, badge=claimed)
    published = {**signing_world(), **signing_world(EVIL)}
    entry = badge_report(jws(forged), material(published))
    assert found(entry, "issuer_key") == (Outcome.FAILED, "issuer_key.badge_class")
    assert entry.verdict is Verdict.REJECTED


@pytest.mark.threat(24)
@pytest.mark.parametrize(
    ("header", "outcome"),
    [
        ({"alg": "none"}, Outcome.FAILED),
        ({"alg": "HS256"}, Outcome.FAILED),
        ({"alg": "RS512"}, Outcome.INDETERMINATE),
        ({"alg": "ES256"}, Outcome.INDETERMINATE),
        ({"alg": "EdDSA"}, Outcome.INDETERMINATE),
        ({"jwk": {"kty": "RSA"}}, Outcome.INDETERMINATE),
        ({"x5u": f"{EVIL}/chain"}, Outcome.INDETERMINATE),
    ],
)
def test_only_rs256_under_a_key_that_the_issuer_lists(header, outcome):
    entry = badge_report(jws(signed_assertion(), **header), material(signing_world()))
    assert entry.check(CheckName.PROOF).outcome is outcome
    assert entry.verdict is not Verdict.ACCEPTED


@pytest.mark.threat(24)
def test_a_short_rsa_key_is_not_relied_upon():
    published = {**signing_world(), f"{SCHOOL}/keys/1": key_document(bits=1024)}
    entry = badge_report(jws(signed_assertion(), bits=1024), material(published))
    assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "key.rsa_size")
    assert entry.verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize("text", ["", "no pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", 7, None])
def test_what_is_no_key_is_none(text):
    published = {**signing_world(), f"{SCHOOL}/keys/1": key_document(publicKeyPem=text)}
    entry = badge_report(jws(signed_assertion()), material(published))
    assert entry.check(CheckName.ISSUER_KEY).unknown
    assert entry.check(CheckName.PROOF).unknown


def test_of_several_keys_one_is_enough_and_one_that_is_not_known_may_be_it():
    keys = [f"{SCHOOL}/keys/{number}" for number in (1, 2)]
    published = signing_world(SCHOOL, key_document(SCHOOL, 2), publicKey=keys)
    badge = jws(signed_assertion(verification={"type": "SignedBadge"}), 2)
    assert outcomes(badge_report(badge, material(published))) == GENUINE
    del published[keys[1]]
    entry = badge_report(badge, material(published))
    assert found(entry, "proof") == (Outcome.INDETERMINATE, "proof.indeterminate.key")


@pytest.mark.threat(49)
@pytest.mark.parametrize(
    ("missing", "unknown"),
    [
        ("badges/welding", {"issuer_key", "proof", "status"}),
        ("issuer", {"issuer_key", "proof", "status"}),
        ("keys/1", {"issuer_key", "proof"}),
        ("revoked", {"status"}),
    ],
)
def test_what_is_not_at_hand_leaves_open_what_rests_on_it(missing, unknown):
    published = {url: each for url, each in signing_world().items() if url != f"{SCHOOL}/{missing}"}
    entry = badge_report(jws(signed_assertion()), material(published))
    asked = ("issuer_key", "proof", "status")
    assert {name for name in asked if entry.check(CheckName(name)).unknown} == unknown
    assert entry.verdict is Verdict.CANNOT_TELL


@pytest.mark.threat(56)
@pytest.mark.parametrize(
    ("moved", "unknown"),
    [
        ("badges/welding", {"issuer_key"}),
        ("issuer", {"issuer_key", "proof", "status"}),
        ("keys/1", {"issuer_key", "proof"}),
        ("revoked", {"status"}),
    ],
)
def test_what_leads_away_to_another_host_is_not_its_issuers_word(moved, unknown):
    there = material(signing_world(), served_from={f"{SCHOOL}/{moved}": f"{EVIL}/copy"})
    entry = badge_report(jws(signed_assertion()), there)
    asked = ("issuer_key", "proof", "status")
    assert {name for name in asked if entry.check(CheckName(name)).unknown} == unknown
    assert entry.verdict is Verdict.CANNOT_TELL


def test_offline_nothing_of_it_is_known():
    entry = badge_report(jws(signed_assertion()), EMPTY)
    assert (entry.verdict, entry.sentence) == (Verdict.CANNOT_TELL, Sentence.CANNOT_TELL)
    assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.unresolved")


@pytest.mark.threat(49)
def test_objects_that_came_with_the_file_are_nobodys_word():
    published = material(signing_world(), origin=Origin.FILE)
    for number in (1, 2):
        entry = badge_report(jws(signed_assertion(), number), published)
        assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.from_file")
        assert not entry.check(CheckName.PROOF).failed
        assert found(entry, "status") == (Outcome.INDETERMINATE, "status.from_file")


@pytest.mark.threat(52)
@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55", None),
        (
            {"id": "urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55", "revocationReason": "Awarded in error"},
            "Awarded in error",
        ),
        ({"uid": "f2c20"}, None),
    ],
)
def test_a_badge_on_the_issuers_list_is_withdrawn(entry, reason):
    published = {**signing_world(), f"{SCHOOL}/revoked": revocation_list(SCHOOL, "urn:uuid:other", entry)}
    report = badge_report(jws(signed_assertion(uid="f2c20")), material(published))
    assert found(report, "status") == (Outcome.FAILED, "status.revoked")
    assert report.check(CheckName.STATUS).evidence.get("reason") == reason
    assert (report.verdict, report.sentence) == (Verdict.REJECTED, Sentence.WITHDRAWN)


@pytest.mark.threat(52)
@pytest.mark.parametrize(
    "entry",
    [
        7,
        ["urn:uuid:x"],
        {"@id": "urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55"},
        {"assertion": "urn:uuid:x"},
        {"id": 7},
    ],
)
def test_an_entry_that_could_be_about_any_badge_leaves_the_question_open(entry):
    published = {**signing_world(), f"{SCHOOL}/revoked": revocation_list(SCHOOL, entry)}
    report = badge_report(jws(signed_assertion()), material(published))
    assert found(report, "status") == (Outcome.INDETERMINATE, "status.list.unreadable")


@pytest.mark.threat(52)
def test_an_address_on_the_list_may_be_spelled_with_http():
    published = {**signing_world(), f"{SCHOOL}/revoked": revocation_list(SCHOOL, "http://school.example/x")}
    report = badge_report(jws(signed_assertion(id=f"{SCHOOL}/x")), material(published))
    assert found(report, "status") == (Outcome.FAILED, "status.revoked")


@pytest.mark.threat(52)
@pytest.mark.parametrize(
    ("said", "withdrawn"), [("true", True), (1, True), ("yes", True), ("false", False), (None, False)]
)
def test_that_it_was_revoked_may_be_said_as_a_text(said, withdrawn):
    report = badge_report(jws({**signed_assertion(), "revoked": said}), material(signing_world()))
    assert report.check(CheckName.STATUS).failed == withdrawn


@pytest.mark.parametrize("entry", [None, [], {}, {"id": None, "uid": None}, {"id": "urn:uuid:other"}])
def test_a_badge_that_is_not_on_the_list_stands(entry):
    published = {**signing_world(), f"{SCHOOL}/revoked": revocation_list(SCHOOL, entry)}
    assert badge_report(jws(signed_assertion()), material(published)).check(CheckName.STATUS).passed


@pytest.mark.threat(52)
@pytest.mark.parametrize(
    "document",
    [
        {"type": "RevocationList", "id": f"{SCHOOL}/revoked"},
        {"type": "RevocationList", "id": f"{SCHOOL}/revoked", "revokedAssertions": {}},
        revocation_list(issuer=f"{EVIL}/issuer"),
        revocation_list(issuer={"id": f"{EVIL}/issuer"}),
        revocation_list(id=f"{SCHOOL}/other"),
    ],
)
def test_what_is_not_the_issuers_list_says_nothing(document):
    published = {**signing_world(), f"{SCHOOL}/revoked": document}
    entry = badge_report(jws(signed_assertion()), material(published))
    assert entry.check(CheckName.STATUS).unknown
    assert entry.verdict is Verdict.CANNOT_TELL


def test_without_a_list_the_issuer_provided_no_way_to_withdraw():
    entry = badge_report(jws(signed_assertion()), material(signing_world(revocationList=None)))
    assert found(entry, "status") == (Outcome.NOT_APPLICABLE, "status.none")
    assert entry.verdict is Verdict.ACCEPTED


def test_a_badge_signed_as_revoked_is_withdrawn():
    entry = badge_report(jws(signed_assertion(revoked=True)), material(signing_world()))
    assert entry.sentence is Sentence.WITHDRAWN


def test_a_badge_that_calls_itself_signed_without_a_signature_is_malformed():
    entry = badge_report(signed_assertion(), material(signing_world()))
    assert found(entry, "structure") == (Outcome.FAILED, "proof.malformed.missing")
    assert entry.sentence is Sentence.MALFORMED


def test_what_is_signed_and_says_that_it_is_hosted_is_asked_of_its_host():
    entry = badge_report(jws(assertion(), 2), EMPTY)
    assert found(entry, "proof") == (Outcome.INDETERMINATE, "proof.hosted.unreachable")


def test_a_profile_without_keys_signs_nothing():
    entry = badge_report(jws(signed_assertion()), material(signing_world(publicKey=None)))
    assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.no_key")
