"""What an identifier says of itself: whose the presentation is, whom it is about, and whether that is certain."""

import pytest
from verification_support import (
    AT,
    EVERYDAY,
    HOLDER,
    ISSUER,
    MALLORY,
    UNIVERSITY,
    credential,
    gathered,
    party,
    presentation,
)

from node.verification.check import Outcome
from node.verification.material import EMPTY, Origin
from node.verification.trust import NO_TRUST
from node.verification.whois import check_whois


def told(subject, names=(UNIVERSITY.did,), material=None, at=AT):
    material = gathered(UNIVERSITY) if material is None else material
    return check_whois(subject, frozenset(names), material, policy=EVERYDAY, trust=NO_TRUST, at=at)


def about(who=UNIVERSITY, **members):
    return ISSUER.sign(credential(credentialSubject={"id": who.did}, **members))


def published(*credentials, by=UNIVERSITY, holder=UNIVERSITY, purpose="authentication", members=None, **options):
    return by.sign(presentation(*credentials, holder=holder, **(members or {})), proof_purpose=purpose, **options)


@pytest.mark.parametrize("purpose", ["authentication", "assertionMethod"])
@pytest.mark.parametrize("options", [{}, {"challenge": "x", "domain": "https://anybody.example"}])
def test_one_that_the_identifier_signed_of_itself(purpose, options):
    finding = told(published(about(HOLDER), about(), purpose=purpose, **options))
    assert (finding.outcome, finding.code) == (Outcome.PASSED, "whois.passed")
    assert finding.to_json()["outcome"] == "passed"


@pytest.mark.parametrize(
    ("subject", "outcome", "code"),
    [
        (about(), Outcome.FAILED, "whois.none"),
        ([about()], Outcome.FAILED, "whois.none"),
        ({"a": 1}, Outcome.FAILED, "whois.none"),
        (presentation(about(), holder=UNIVERSITY), Outcome.FAILED, "whois.other_signer"),
        (published(about(), by=MALLORY), Outcome.FAILED, "whois.other_signer"),
        (published(about(), holder=MALLORY), Outcome.FAILED, "whois.other_holder"),
        (published(about(HOLDER)), Outcome.FAILED, "whois.about_others"),
        (published(about()) | {"holder": MALLORY.did}, Outcome.FAILED, "whois.proof_invalid"),
        (published(about(), by=party(44, UNIVERSITY.did)), Outcome.FAILED, "whois.key"),
        (published(about()) | {"proof": []}, Outcome.FAILED, "whois.unsound"),
        (
            published(about(), expires=AT.replace(year=2026, month=1)),
            Outcome.INDETERMINATE,
            "whois.expired",
        ),
        (
            published(about(), members={"@context": [credential()["@context"][0], {"x": "https://x.example/#x"}]}),
            Outcome.INDETERMINATE,
            "whois.context",
        ),
    ],
)
@pytest.mark.threat(16)
def test_one_that_it_did_not(subject, outcome, code):
    finding = told(subject)
    assert finding.outcome is outcome, finding
    assert code is None or finding.code == code
    assert finding.message.endswith(".")


def test_nothing_is_known_of_a_key_that_came_with_a_file_or_not_at_all():
    shown = published(about())
    assert told(shown, material=gathered(UNIVERSITY, origin=Origin.FILE)).code == "whois.not_checked"
    assert told(shown, material=EMPTY).code == "whois.not_checked"


def test_the_did_web_at_the_same_place_is_the_same():
    same = party(14, "did:web:same.example")
    shown = published(about(), by=same, holder=same)
    material = gathered(UNIVERSITY, same)
    assert told(shown, material=material).code == "whois.other_signer"
    assert told(shown, (UNIVERSITY.did, same.did), material).outcome is Outcome.PASSED
