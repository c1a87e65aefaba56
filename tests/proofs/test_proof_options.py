"""What a proof states about itself, against what a verifier expects: purpose, domain, challenge, times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from integrity_support import CREATED, PRIVATE_KEYS, did_key_method

from did_methods.curves import KeyType
from node.proofs.errors import InvalidProofError, ProofIndeterminate
from node.proofs.options import check_proof_options
from node.proofs.proof import proofs_of

SKEW = timedelta(seconds=120)
TICK = timedelta(microseconds=1)


def proof(**members):
    (view,) = proofs_of(
        {
            "proof": {
                "type": "DataIntegrityProof",
                "cryptosuite": "eddsa-rdfc-2022",
                "verificationMethod": did_key_method(PRIVATE_KEYS[KeyType.ED25519].public),
                "proofPurpose": "assertionMethod",
                "proofValue": "z",
                **members,
            }
        }
    )
    return view


def checked(view, **expected):
    given_ = {"purpose": "assertionMethod", "at": CREATED, "skew": SKEW, "created": None, "expires": None} | expected
    checks = check_proof_options(view, **given_)
    assert [check.option for check in checks] == ["proofPurpose", "domain", "challenge", "created", "expires"]
    for check in checks:
        assert (check.error is not None) == (check.outcome in ("failed", "indeterminate"))
        assert not isinstance(check.error, InvalidProofError) or check.outcome == "failed"
        assert not isinstance(check.error, ProofIndeterminate) or check.outcome == "indeterminate"
    return {check.option: check.error.code if check.error else check.outcome for check in checks}


def test_what_was_not_asked_for_is_not_checked():
    assert checked(proof(domain="a.example", challenge="c")) == {
        "proofPurpose": "passed",
        "domain": "not_applicable",
        "challenge": "not_applicable",
        "created": "not_applicable",
        "expires": "not_applicable",
    }


def test_the_purpose_is_the_expected_one():
    assert checked(proof(proofPurpose="authentication"), purpose="authentication")["proofPurpose"] == "passed"
    for purpose in ("authentication", "AssertionMethod", "assertionMethod "):
        assert checked(proof(), purpose=purpose)["proofPurpose"] == "proof.invalid.purpose"


@pytest.mark.parametrize(
    ("stated", "expected", "holds"),
    [
        ("a.example", {"a.example"}, True),
        (["a.example"], {"a.example"}, True),
        (["b.example", "a.example"], {"a.example", "b.example"}, True),
        ("a.example", {"a.example", "b.example"}, False),
        (["a.example", "b.example"], {"a.example"}, False),
        ("a.example.evil.com", {"a.example"}, False),
        ("a.exampl", {"a.example"}, False),
        ("A.example", {"a.example"}, False),
        (..., {"a.example"}, False),
        ("a.example", set(), False),
    ],
)
def test_the_domain_is_the_same_set_of_strings(stated, expected, holds):
    view = proof() if stated is ... else proof(domain=stated)
    assert checked(view, domain=frozenset(expected))["domain"] == ("passed" if holds else "proof.invalid.domain")


def test_the_challenge_is_the_same_string():
    assert checked(proof(challenge="c-1"), challenge="c-1")["challenge"] == "passed"
    for view in (proof(challenge="c-2"), proof(challenge="c-11"), proof()):
        assert checked(view, challenge="c-1")["challenge"] == "proof.invalid.challenge"


@pytest.mark.threat(28)
@given(
    offset=st.timedeltas(min_value=timedelta(-400), max_value=timedelta(400)), skew=st.timedeltas(timedelta(0), SKEW)
)
def test_times_hold_up_to_the_skew_and_no_tick_further(offset, skew):
    view = proof(created="c", expires="e")
    found = checked(view, created=CREATED + offset, expires=CREATED + offset, skew=skew)
    assert found["created"] == ("passed" if offset <= skew else "proof.invalid.not_yet")
    assert found["expires"] == ("passed" if -offset < skew else "proof.invalid.expired")


@pytest.mark.threat(28)
def test_the_boundaries_themselves():
    view = proof(created="c", expires="e")
    assert checked(view, created=CREATED + SKEW, expires=CREATED - SKEW + TICK) == checked(
        view, created=CREATED, expires=CREATED + TICK
    )
    found = checked(view, created=CREATED + SKEW + TICK, expires=CREATED - SKEW)
    assert (found["created"], found["expires"]) == ("proof.invalid.not_yet", "proof.invalid.expired")
    assert checked(view, created=CREATED, expires=CREATED, skew=timedelta(0))["expires"] == "proof.invalid.expired"


@pytest.mark.threat(28)
def test_the_ends_of_the_calendar_do_not_overflow():
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    view = proof(created="c", expires="e")
    for at in (first, last):
        found = checked(view, at=at, created=first, expires=last)
        assert found["created"] == "passed"
        assert found["expires"] == ("passed" if at == first else found["expires"])
    assert checked(view, at=last, created=first, expires=last, skew=timedelta(0))["expires"] == "proof.invalid.expired"


@pytest.mark.threat(28)
def test_a_time_that_could_not_be_read_never_passes():
    found = checked(proof(created="2026-W01-1", expires="2026-03-01"))
    assert found["created"] == "proof.indeterminate.created"
    assert found["expires"] == "proof.indeterminate.expires"
