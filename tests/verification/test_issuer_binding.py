"""Check 3: a key of the issuer's, authorised for statements, valid, and known well enough for the policy."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verification_support import (
    AT,
    EVERYDAY,
    ISSUER,
    MALLORY,
    STRICT,
    UNIVERSITY,
    credential,
    found,
    gathered,
    one,
    outcomes,
    party,
)

from did_methods import jwk
from did_methods.multibase import encode_base58btc
from node.verification.check import CheckName
from node.verification.material import Origin, ResolutionFailure, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence, Policy
from node.verification.trust import Trust

DID = UNIVERSITY.did
SIGNED = UNIVERSITY.sign(credential(UNIVERSITY))


def _live(source, evidence=KeyEvidence.NOW_ONLY, origin=Origin.LIVE, did=DID):
    return VerificationMaterial({did: ResolvedDocument(source, evidence, origin, AT)})


def test_the_issuers_key():
    entry = one(SIGNED, material=gathered(UNIVERSITY))
    assert found(entry, "issuer_key") == ("passed", "issuer_key.passed")
    assert entry.check(CheckName.ISSUER_KEY).evidence == {
        "issuer": DID,
        "proof": "/proof",
        "method": UNIVERSITY.method,
        "evidence": "now-only",
        "origin": "live",
        "resolvedAt": "2026-06-12T14:03:00Z",
        "keyType": "Ed25519",
        "state": "active",
        "time": "judging",
    }
    assert entry.verdict == "accepted"


def test_a_did_that_is_its_key_needs_no_material():
    entry = one(ISSUER.sign(credential()))
    assert found(entry, "issuer_key")[0] == "passed"
    assert entry.check(CheckName.ISSUER_KEY).evidence["evidence"] == "immutable"
    named = party(21)
    did = str(jwk.create(named.private.public))
    document = credential(issuer=did)
    entry = one(named.sign(document, method=f"{did}#0"))
    assert found(entry, "issuer_key")[0] == "passed"


@pytest.mark.threat(19)
@pytest.mark.parametrize("relationship", ["authentication", "keyAgreement", "capabilityInvocation"])
@pytest.mark.parametrize("embedded", [False, True])
def test_a_key_that_is_there_for_another_purpose(relationship, embedded):
    source = UNIVERSITY.document([relationship])
    if embedded:
        source[relationship] = source.pop("verificationMethod")
    entry = one(SIGNED, material=_live(source))
    assert found(entry, "issuer_key") == ("failed", "verification_method.relationship")
    assert (entry.verdict, entry.sentence) == ("rejected", "wrong_key")


@pytest.mark.threat(19)
def test_a_proof_made_for_another_purpose():
    entry = one(ISSUER.sign(credential(), proof_purpose="authentication"))
    assert found(entry, "issuer_key") == ("failed", "issuer_key.purpose")
    assert (entry.verdict, entry.sentence) == ("rejected", "wrong_key")


@pytest.mark.threat(20)
@pytest.mark.threat(17)
def test_a_good_signature_by_a_key_of_somebody_else():
    entry = one(MALLORY.sign(credential(ISSUER)))
    assert found(entry, "issuer_key") == ("failed", "issuer_key.other_controller")
    assert found(entry, "proof") == ("indeterminate", "proof.not_by_issuer")
    (listed,) = entry.check(CheckName.PROOF).evidence["proofs"]
    assert listed["signature"]["outcome"] == "passed"
    assert listed["counts"] is False
    assert (entry.verdict, entry.sentence) == ("rejected", "wrong_key")


@pytest.mark.threat(20)
def test_a_method_of_somebody_else_hosted_in_the_issuers_document():
    source = UNIVERSITY.document()
    source["verificationMethod"].append(MALLORY.document()["verificationMethod"][0])
    source["assertionMethod"].append(MALLORY.method)
    hosted = MALLORY.sign(credential(UNIVERSITY))
    entry = one(hosted, material=_live(source))
    assert found(entry, "issuer_key") == ("failed", "issuer_key.other_controller")


@pytest.mark.threat(20)
def test_a_method_of_the_issuers_that_somebody_else_controls():
    entry = one(SIGNED, material=_live(UNIVERSITY.document(controller=MALLORY.did)))
    assert found(entry, "issuer_key") == ("failed", "verification_method.controller")
    assert entry.sentence == "wrong_key"


@pytest.mark.threat(20)
@pytest.mark.threat(21)
@pytest.mark.parametrize(
    "twist",
    [
        lambda did: did + "#" + did.rpartition(":")[2],
        lambda did: did + "?versionId=1",
        lambda did: did + "/",
        lambda did: did.upper(),
        lambda did: did.replace("did:", "DID:"),
        lambda did: did + "%00",
        lambda did: "did:web:university.example%40" + did,
    ],
)
def test_an_issuer_that_only_looks_like_the_owner_of_the_key(twist):
    entry = one(ISSUER.sign(credential(issuer=twist(ISSUER.did))))
    assert entry.verdict == "rejected"
    assert not entry.check(CheckName.ISSUER_KEY).passed


@pytest.mark.threat(21)
def test_the_issuer_may_be_an_object_and_only_its_id_counts():
    document = credential(issuer={"id": ISSUER.did, "name": "School"})
    assert found(one(ISSUER.sign(document)), "issuer_key")[0] == "passed"
    document = credential(issuer={"id": MALLORY.did, "name": ISSUER.did})
    assert found(one(ISSUER.sign(document)), "issuer_key")[0] == "failed"


@pytest.mark.parametrize("method", ["did:web:university.example:%2Fx#k", "did:key:z6Mk#", "did:key:#z6Mk"])
def test_a_method_that_no_parser_should_take(method):
    signed = ISSUER.sign(credential())
    signed["proof"]["verificationMethod"] = method
    entry = one(signed)
    assert entry.check(CheckName.ISSUER_KEY).failed
    assert entry.check(CheckName.ISSUER_KEY).code.startswith("did_url.")


ED25519 = b"\xed\x01"


@pytest.mark.parametrize(
    ("identifier", "outcome"),
    [
        ("did:jwk:e30", "failed"),
        ("did:key:" + encode_base58btc(ED25519 + bytes(31)), "failed"),
        ("did:key:" + encode_base58btc(ED25519 + bytes(32)), "failed"),
        ("did:key:" + encode_base58btc(b"\x99\x99" + bytes(32)), "indeterminate"),
    ],
)
def test_an_identifier_that_is_no_key_or_none_of_a_known_kind(identifier, outcome):
    signed = ISSUER.sign(credential(issuer=identifier))
    signed["proof"]["verificationMethod"] = f"{identifier}#0"
    entry = one(signed)
    assert found(entry, "issuer_key")[0] == outcome
    assert entry.verdict == ("rejected" if outcome == "failed" else "cannot_tell")


def test_a_key_that_is_not_in_the_document_of_its_controller():
    other = party(22, DID)
    entry = one(other.sign(credential(UNIVERSITY)), material=gathered(UNIVERSITY))
    assert found(entry, "issuer_key") == ("failed", "verification_method.absent")
    assert found(entry, "proof") == ("indeterminate", "proof.not_by_issuer")


@pytest.mark.parametrize(
    ("material", "code"),
    [
        (VerificationMaterial(), "issuer_key.unresolved"),
        (VerificationMaterial(failures={DID: ResolutionFailure("TIMEOUT", "too slow", AT)}), "issuer_key.unresolved"),
        (_live({"id": MALLORY.did}), "issuer_key.other_document"),
        (_live({"id": DID, "verificationMethod": {}}), "did_document.member"),
        (_live({}), "did_document.id"),
    ],
)
def test_a_document_that_is_not_known(material, code):
    entry = one(SIGNED, material=material)
    assert found(entry, "issuer_key") == ("indeterminate", code)
    assert found(entry, "proof") == ("indeterminate", "proof.indeterminate.key")
    assert (entry.verdict, entry.sentence) == ("cannot_tell", "cannot_tell")


def test_the_failure_of_a_resolution_is_told():
    material = VerificationMaterial(failures={DID: ResolutionFailure("TIMEOUT", "too slow by far", AT)})
    assert "too slow by far" in one(SIGNED, material=material).check(CheckName.ISSUER_KEY).message


def test_a_pinned_document_counts_also_without_a_network():
    entry = one(SIGNED, trust=Trust(documents={DID: UNIVERSITY.document()}))
    assert found(entry, "issuer_key")[0] == "passed"
    assert entry.check(CheckName.ISSUER_KEY).evidence["origin"] == "pinned"


def test_an_issuer_with_an_https_address_cannot_be_resolved_but_pinned():
    school = party(23, "https://school.example/issuer")
    signed = school.sign(credential(school))
    entry = one(signed)
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.unresolved")
    assert "pin the document" in entry.check(CheckName.ISSUER_KEY).message
    assert found(one(signed, trust=Trust(documents={school.did: school.document()})), "issuer_key")[0] == "passed"
    # A key of the issuer's under another name is no key of the issuer's.
    entry = one(ISSUER.sign(credential(school)))
    assert found(entry, "issuer_key") == ("failed", "issuer_key.other_controller")


@pytest.mark.threat(101)
def test_a_document_that_came_with_the_file_counts_neither_for_nor_against():
    """A forged credential with a matching document of the issuer, as a hostile capsule would carry it."""
    forged = party(24, DID)
    capsule = VerificationMaterial.from_json(gathered(forged).to_json())
    entry = one(forged.sign(credential(UNIVERSITY)), material=capsule)
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.from_file")
    assert (entry.verdict, entry.sentence) == ("cannot_tell", "cannot_tell")
    # The other way round: a hostile document does not make a genuine credential look forged.
    entry = one(SIGNED, material=VerificationMaterial.from_json(_live(forged.document()).to_json()))
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.from_file")
    for source in (UNIVERSITY.document(["authentication"]), UNIVERSITY.document(revoked="2026-01-01T00:00:00Z")):
        entry = one(SIGNED, material=VerificationMaterial.from_json(_live(source).to_json()))
        assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.from_file")
    swapped = UNIVERSITY.document(publicKeyMultibase=MALLORY.private.public.to_multibase())
    entry = one(SIGNED, material=VerificationMaterial.from_json(_live(swapped).to_json()))
    assert set(outcomes(entry).values()) <= {"passed", "indeterminate", "not_applicable"}
    assert found(entry, "proof") == ("indeterminate", "proof.indeterminate.key")


@pytest.mark.threat(101)
@settings(max_examples=60, deadline=None)
@given(
    evidence=st.sampled_from(KeyEvidence),
    origin=st.sampled_from(Origin),
    source=st.sampled_from(
        [UNIVERSITY.document(), MALLORY.document(), party(24, DID).document(), UNIVERSITY.document([]), {"id": DID}, {}]
    ),
    did=st.sampled_from([DID, ISSUER.did, MALLORY.did]),
    issuer=st.sampled_from([UNIVERSITY, ISSUER]),
)
def test_replacing_an_item_of_a_capsule_turns_no_check_to_passed(evidence, origin, source, did, issuer):
    signed = issuer.sign(credential(issuer))
    honest = one(signed, material=VerificationMaterial.from_json(gathered(UNIVERSITY).to_json()))
    forged = _live(source, evidence, origin, did).to_json()
    entry = one(signed, material=VerificationMaterial.from_json(forged))
    for check in entry.checks:
        assert not check.passed or honest.check(check.name).passed
        assert not check.failed or honest.check(check.name).failed


def test_a_document_in_the_material_never_replaces_a_computed_one():
    for origin in Origin:
        entry = one(ISSUER.sign(credential()), material=_live(MALLORY.document(), origin=origin, did=ISSUER.did))
        assert entry.verdict == "accepted"
    impostor = party(25, ISSUER.did)
    signed = impostor.sign(credential(ISSUER))
    entry = one(signed, material=_live(impostor.document(), did=ISSUER.did))
    assert found(entry, "issuer_key") == ("failed", "verification_method.absent")


BEFORE, AFTER = "2026-06-12T14:02:59Z", "2026-06-12T14:03:01Z"


@pytest.mark.threat(22)
@pytest.mark.parametrize("created", [datetime(2020, 1, 1, tzinfo=UTC), AT, AT + timedelta(days=9999)])
@pytest.mark.parametrize(
    ("limits", "outcome", "code", "sentence"),
    [
        ({"revoked": AFTER, "expires": AFTER}, "passed", "issuer_key.passed", "genuine_but"),
        ({"revoked": BEFORE}, "failed", "issuer_key.revoked", "revoked_key"),
        ({"revoked": "2026-06-12T14:03:00Z"}, "failed", "issuer_key.revoked", "revoked_key"),
        ({"revoked": BEFORE, "expires": BEFORE}, "failed", "issuer_key.revoked", "revoked_key"),
        ({"expires": BEFORE}, "indeterminate", "issuer_key.replaced", "cannot_tell"),
        ({"expires": "2026-06-12T14:03:00Z"}, "indeterminate", "issuer_key.replaced", "cannot_tell"),
    ],
)
def test_a_revoked_or_replaced_key_whatever_the_proof_says_of_its_date(limits, outcome, code, sentence, created):
    signed = UNIVERSITY.sign(credential(UNIVERSITY), created=created)
    entry = one(signed, material=_live(UNIVERSITY.document(**limits)))
    assert found(entry, "issuer_key") == (outcome, code)
    assert entry.sentence == sentence
    assert found(entry, "proof")[0] == "passed"


def test_a_date_of_a_key_that_cannot_be_read():
    entry = one(SIGNED, material=_live(UNIVERSITY.document(revoked="yesterday")))
    assert not entry.check(CheckName.ISSUER_KEY).passed


@pytest.mark.threat(109)
@pytest.mark.parametrize("evidence", KeyEvidence)
def test_strict_counts_only_what_is_anchored_or_cannot_change(evidence):
    material = _live(UNIVERSITY.document(), evidence)
    assert found(one(SIGNED, material=material, policy=EVERYDAY), "issuer_key")[0] == "passed"
    entry = one(SIGNED, material=material, policy=STRICT)
    if evidence in {KeyEvidence.IMMUTABLE, KeyEvidence.ANCHORED}:
        assert found(entry, "issuer_key")[0] == "passed"
    else:
        assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.undated")
        assert entry.verdict == "cannot_tell"


def test_a_policy_of_ones_own_may_ask_for_witnesses():
    policy = Policy("witnessed", EVERYDAY.requires, frozenset({KeyEvidence.WITNESSED}))
    assert found(one(ISSUER.sign(credential()), policy=policy), "issuer_key") == ("indeterminate", "issuer_key.undated")
    material = _live(UNIVERSITY.document(), KeyEvidence.WITNESSED)
    assert found(one(SIGNED, material=material, policy=policy), "issuer_key")[0] == "passed"
