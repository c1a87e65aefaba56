"""Check 8: shown live, by the subject's own key, in answer to this verifier's request."""

import copy
from dataclasses import replace
from datetime import timedelta

import pytest
from jose_support import vp_jwt
from verification_support import (
    AT,
    EVERYDAY,
    HOLDER,
    ISSUER,
    MALLORY,
    REQUEST,
    STRICT,
    UNIVERSITY,
    VC,
    VC_1,
    credential,
    found,
    gathered,
    judged,
    one,
    party,
    presentation,
    shown_live,
)

from node.credentials.contexts import BUNDLED
from node.verification.case import CLOCK_SKEW, Request
from node.verification.check import CheckName
from node.verification.material import VerificationMaterial
from node.verification.trust import Trust

SIGNED = ISSUER.sign(credential())
ACCEPTING = replace(EVERYDAY, accepts_inline_contexts=True, accepts_vocabulary=True)
DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v2"
OF_1_1 = {
    "@context": [VC_1, DATA_INTEGRITY],
    "validFrom": None,
    "issuanceDate": "2026-03-01T09:00:00Z",
    "name": None,
}
FOREIGN_HOLDER = party(51, "did:web:holder.example")


def _holder(subject, request=REQUEST, **inputs):
    return found(one(subject, request=request, **inputs), "holder")


def test_shown_live_for_this_request():
    entry = one(shown_live(presentation(SIGNED)), request=REQUEST)
    assert found(entry, "holder") == ("passed", "holder.passed")
    assert entry.check(CheckName.HOLDER).evidence["holder"] == HOLDER.did


def test_a_file_is_not_shown_by_anybody():
    assert _holder(SIGNED) == ("indeterminate", "holder.file")
    assert _holder(presentation(SIGNED)) == ("indeterminate", "holder.no_proof")
    assert one(presentation(SIGNED)).check(CheckName.HOLDER).evidence == {"bearer": True}


def test_nobody_said_what_was_asked():
    assert _holder(shown_live(presentation(SIGNED)), request=None) == ("indeterminate", "holder.no_challenge")


@pytest.mark.threat(33)
@pytest.mark.parametrize(
    "changes",
    [
        {"challenge": "another"},
        {"challenge": REQUEST.challenge + " "},
        {"challenge": REQUEST.challenge.lower()},
        {"challenge": None},
        {"domain": "https://evil.example"},
        {"domain": REQUEST.domain + "/"},
        {"domain": REQUEST.domain + ".evil.example"},
        {"domain": "https://verifier.exampl"},
        {"domain": (REQUEST.domain, "https://evil.example")},
        {"domain": None},
        {"challenge": None, "domain": None},
    ],
)
def test_an_answer_to_another_request(changes):
    entry = one(shown_live(presentation(SIGNED), **changes), request=REQUEST)
    assert found(entry, "holder") == ("failed", "holder.replay")
    assert entry.sentence == "refused"
    assert entry.verdict == "rejected"


@pytest.mark.threat(5)
@pytest.mark.threat(33)
def test_an_answer_to_a_relay_whose_challenge_and_domain_were_exchanged():
    """The relay asks with its victim's domain as the challenge, and the other way round, and then swaps the words.

    The statements are the same, so the holder's proof still holds.
    """
    inside = ISSUER.sign(credential(**OF_1_1))
    answer = shown_live(
        presentation(inside, **{"@context": OF_1_1["@context"]}), challenge=REQUEST.domain, domain=REQUEST.challenge
    )
    assert _holder(answer) == ("failed", "holder.replay")

    twisted = copy.deepcopy(BUNDLED[DATA_INTEGRITY]["@context"]["DataIntegrityProof"])
    terms, proof = twisted["@context"], answer["proof"]
    terms["challenge"], terms["domain"] = terms["domain"], terms["challenge"]
    proof["challenge"], proof["domain"] = proof["domain"], proof["challenge"]
    relayed = {**answer, "@context": [VC_1, {"DataIntegrityProof": twisted}]}
    assert _holder(relayed) == ("indeterminate", "holder.context")
    assert _holder(relayed, policy=ACCEPTING) == ("indeterminate", "holder.context")
    assert one(relayed, request=REQUEST, policy=STRICT).verdict == "cannot_tell"


@pytest.mark.threat(6)
@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
@pytest.mark.parametrize("context", [{"note": "https://x.example/#note"}, {"@vocab": "https://x.example/#"}])
def test_a_presentation_under_contexts_of_its_own(suite, context):
    answer = shown_live(presentation(SIGNED, **{"@context": [VC, context]}), suite=suite)
    assert _holder(answer) == ("indeterminate", "holder.context")
    assert _holder(answer, policy=ACCEPTING) == ("passed", "holder.passed")


@pytest.mark.threat(6)
def test_a_presentation_with_a_context_behind_those_that_were_signed():
    answer = shown_live(presentation(SIGNED), suite="eddsa-jcs-2022")
    assert _holder(answer) == ("passed", "holder.passed")
    answer["@context"].append(DATA_INTEGRITY)
    assert _holder(answer) == ("indeterminate", "holder.context")


@pytest.mark.threat(34)
def test_shown_by_somebody_else():
    for shown in (
        shown_live(presentation(SIGNED, holder=MALLORY), MALLORY),
        shown_live(presentation(SIGNED, holder=HOLDER), MALLORY),
        shown_live(presentation(SIGNED), ISSUER),
    ):
        assert _holder(shown) == ("failed", "holder.other_key")
    assert one(shown_live(presentation(SIGNED), MALLORY), request=REQUEST, policy=STRICT).verdict == "rejected"


@pytest.mark.threat(34)
def test_each_credential_has_its_own_subject():
    mallorys = ISSUER.sign(credential(credentialSubject={"id": MALLORY.did}))
    report = judged(shown_live(presentation(SIGNED, mallorys)), request=REQUEST)
    assert [found(entry, "holder")[1] for entry in report.credentials] == ["holder.passed", "holder.other_key"]


@pytest.mark.threat(34)
@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ({"description": "no id"}, ("indeterminate", "holder.bearer")),
        ([{"description": "no id"}], ("indeterminate", "holder.bearer")),
        ([{"id": HOLDER.did}], ("passed", "holder.passed")),
        ([{"id": HOLDER.did}, {"id": MALLORY.did}], ("indeterminate", "holder.many_subjects")),
        ([{"id": HOLDER.did}, {"description": "no id"}], ("indeterminate", "holder.many_subjects")),
        ([{"id": ISSUER.did}, {"id": MALLORY.did}], ("failed", "holder.other_key")),
        ({"id": "urn:uuid:0f0c9d16-61a6-4d3c-9f0e-d3a7a3d7f1a2"}, ("failed", "holder.other_key")),
    ],
)
def test_subjects(subject, answer):
    entry = one(shown_live(presentation(ISSUER.sign(credential(credentialSubject=subject)))), request=REQUEST)
    assert found(entry, "holder") == answer
    assert (entry.check(CheckName.HOLDER).evidence.get("bearer") is True) == (answer[1] == "holder.bearer")
    if answer[0] != "passed":
        strict = one(shown_live(presentation(ISSUER.sign(credential(credentialSubject=subject)))), policy=STRICT)
        assert strict.verdict != "accepted"


def test_a_changed_presentation_is_not_shown_by_the_holder():
    shown = shown_live(presentation(SIGNED))
    shown["proof"]["challenge"] = "another"
    assert _holder(shown, Request("another", REQUEST.domain)) == ("failed", "holder.proof_invalid")
    shown = shown_live(presentation(SIGNED))
    shown["verifiableCredential"] = [ISSUER.sign(credential(name="TIG welding"))]
    assert _holder(shown) == ("failed", "holder.proof_invalid")


def test_a_key_that_may_not_authenticate():
    signed = ISSUER.sign(credential(credentialSubject={"id": FOREIGN_HOLDER.did}))
    shown = shown_live(presentation(signed, holder=FOREIGN_HOLDER), FOREIGN_HOLDER)
    trust = Trust(documents={FOREIGN_HOLDER.did: FOREIGN_HOLDER.document(["assertionMethod"])})
    assert _holder(shown, trust=trust) == ("failed", "holder.key")
    assert _holder(shown, material=gathered(FOREIGN_HOLDER)) == ("passed", "holder.passed")
    statement = HOLDER.sign(presentation(SIGNED), challenge=REQUEST.challenge, domain=REQUEST.domain)
    assert _holder(statement) == ("failed", "holder.key")


def test_a_holder_whose_keys_are_not_known():
    signed = ISSUER.sign(credential(credentialSubject={"id": FOREIGN_HOLDER.did}))
    shown = shown_live(presentation(signed, holder=FOREIGN_HOLDER), FOREIGN_HOLDER)
    assert _holder(shown) == ("indeterminate", "holder.not_checked")
    from_file = VerificationMaterial.from_json(gathered(FOREIGN_HOLDER).to_json())
    assert _holder(shown, material=from_file) == ("indeterminate", "holder.not_checked")


def test_a_presentation_whose_terms_are_not_known():
    shown = shown_live(presentation(SIGNED))
    shown["@context"] = [VC, "https://unknown.example/ctx"]
    assert _holder(shown) == ("indeterminate", "holder.not_checked")
    shown = shown_live(presentation(SIGNED))
    shown["undefined"] = "x"
    assert _holder(shown) == ("indeterminate", "holder.not_checked")


@pytest.mark.parametrize("after", [timedelta(0), CLOCK_SKEW, CLOCK_SKEW + timedelta(seconds=1)])
def test_an_answer_that_has_expired_is_no_longer_live(after):
    shown = shown_live(presentation(SIGNED), expires=AT)
    expected = ("indeterminate", "holder.expired") if after > CLOCK_SKEW else ("passed", "holder.passed")
    assert _holder(shown, at=AT + after) == expected


@pytest.mark.parametrize("before", [timedelta(0), CLOCK_SKEW, CLOCK_SKEW + timedelta(seconds=1)])
def test_an_answer_that_counts_only_later_is_not_live_yet(before):
    claims = {"aud": REQUEST.domain, "nonce": REQUEST.challenge, "nbf": int((AT + before).timestamp())}
    expected = ("indeterminate", "holder.not_yet") if before > CLOCK_SKEW else ("passed", "holder.passed")
    assert _holder(vp_jwt(presentation(SIGNED, **claims)), at=AT) == expected


def test_an_end_of_an_answer_that_cannot_be_read():
    shown = HOLDER.sign(
        presentation(SIGNED),
        "eddsa-jcs-2022",
        proof_purpose="authentication",
        challenge=REQUEST.challenge,
        domain=REQUEST.domain,
        expires=AT,
    )
    shown["proof"]["expires"] = "some day"
    assert _holder(shown)[0] != "passed"


def test_a_presentation_that_names_another_holder_than_its_signer():
    assert _holder(shown_live(presentation(SIGNED, holder=MALLORY))) == ("failed", "holder.other_holder")
    anonymous = {name: value for name, value in presentation(SIGNED).items() if name != "holder"}
    assert _holder(shown_live(anonymous)) == ("passed", "holder.passed")


def test_more_signers_than_the_holder():
    both = shown_live(shown_live(presentation(SIGNED)), MALLORY)
    assert _holder(both) == ("passed", "holder.passed")
    stale = shown_live(shown_live(presentation(SIGNED), challenge="another"), HOLDER)
    assert _holder(stale) == ("passed", "holder.passed")
    broken = copy.deepcopy(both)
    broken["proof"][0]["proofValue"] = broken["proof"][1]["proofValue"]
    assert _holder(broken) == ("failed", "holder.proof_invalid")


def test_who_shows_it_does_not_make_a_document_genuine():
    """Each check answers for itself: a forged credential shown live by its subject stays forged."""
    forged = MALLORY.sign(credential())
    entry = one(shown_live(presentation(forged)), request=REQUEST)
    assert (found(entry, "holder")[0], entry.sentence) == ("passed", "wrong_key")
    assert found(one(SIGNED, material=gathered(UNIVERSITY)), "holder")[1] == "holder.file"
