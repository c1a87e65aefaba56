"""Tokens as they are issued: what is signed is what was handed over, and any verifier takes it one way."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from samples import DID, KEY, METHOD, badge, finished, profile, signed
from status_support import copy_of

from node.adapters.held_keys import HeldKeys
from node.documents import UnsecuredDocument
from node.issuance.errors import IssuanceError
from node.issuance.secure import Signing
from node.issuance.status_lists import STEP, bits_of, first_version, next_version
from node.issuance.token import secure_as_token
from node.proofs.errors import InvalidProofError, ProofsError
from node.proofs.jose.jws import parse_jws
from node.status.bitstring import Bitstring
from node.status.entry import StatusEntry
from node.status.errors import FinalStatusError, StatusError
from node.status.status_list import read_status_list
from node.verification.check import CheckName
from node.verification.material import EMPTY, Origin, VerificationMaterial
from node.verification.policy import built_in
from node.verification.received import receive
from node.verification.trust import NO_TRUST
from node.verification.verify import verify

NOW = datetime(2026, 6, 12, 14, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
URL = "https://school.example/status/1"
SIGNING = Signing(profile(), HeldKeys({METHOD: KEY}), NO_TRUST)


def issued(document, created=NOW, signing=SIGNING):
    return finished(secure_as_token(UnsecuredDocument(document), signing, created=created))


def payload(token):
    return json.loads(parse_jws(token).payload)


def plain(**changes):
    """A credential that is no Open Badge."""
    whole = badge(type=["VerifiableCredential"], **{"@context": ["https://www.w3.org/ns/credentials/v2"]}, **changes)
    return {**whole, "issuer": DID, "credentialSubject": {"id": "did:example:1"}}


def test_the_payload_is_the_credential_and_when_it_was_signed():
    document = plain()
    token = issued(document)
    assert payload(token) == {**document, "iat": 1781272980}
    assert parse_jws(token).header == {"alg": "EdDSA", "typ": "vc+jwt", "cty": "vc", "kid": METHOD}
    assert verify(token, EMPTY, built_in(), NOW).verdict == "accepted"


@pytest.mark.parametrize("until", [None, "2027-01-01T00:00:00Z", "2027-01-01T00:00:00.250Z"])
def test_the_claims_of_a_badge_are_those_that_its_specification_wants(until):
    document = badge(validUntil=until, credentialSubject={**badge()["credentialSubject"], "id": "did:example:1"})
    claims = {name: value for name, value in payload(issued(document)).items() if name not in document}
    assert claims == {
        "iat": 1781272980,
        "iss": DID,
        "sub": "did:example:1",
        "jti": document["id"],
        "nbf": 1767225600,
        **({"exp": 1798761600.25 if "25" in until else 1798761600} if until else {}),
    }
    as_open_badges = parse_jws(issued(document)).payload
    assert verify(issued(document), EMPTY, built_in(), NOW).verdict == "accepted"
    assert receive(issued(document)).problems == ()
    assert json.loads(as_open_badges)["credentialSubject"] == document["credentialSubject"]


@pytest.mark.parametrize("name", ["iss", "sub", "jti", "nbf", "exp", "iat", "aud", "nonce", "cnf", "vc", "vp"])
def test_a_document_that_brings_a_claim_is_refused(name):
    context = {**badge(), name: "urn:x:1"}
    with pytest.raises((IssuanceError, ProofsError)):
        issued(context)


@pytest.mark.parametrize(
    "document",
    [
        badge(issuer="did:example:another"),
        {**badge(), "proof": {"type": "DataIntegrityProof"}},
        {**badge(), "undefinedTerm": 1},
        {**badge(), "@context": ["https://www.w3.org/ns/credentials/v2", "https://unknown.example/v1"]},
        {**badge(), "credentialSubject": []},
    ],
)
def test_what_no_form_signs_is_not_put_into_a_token(document):
    with pytest.raises((IssuanceError, ProofsError)):
        issued(document)


def test_a_key_store_with_another_key_is_found_out():
    class Wrong(HeldKeys):
        async def sign(self, verification_method, data):
            return await super().sign(verification_method, data + b".")

    with pytest.raises(InvalidProofError):
        issued(badge(), signing=Signing(profile(), Wrong({METHOD: KEY}), NO_TRUST))


# Lists


def begin(now=NOW, **more):
    return finished(first_version(URL, Bitstring.zeros(), SIGNING, purpose="revocation", now=now, token=True, **more))


def follow(current, changes=(), *, now=NOW + HOUR, **more):
    return finished(next_version(current, EMPTY, dict.fromkeys(changes, 1), SIGNING, now=now, **more))


def set_in(token):
    return dict(bits_of(read_status_list(receive(token).value)).nonzero())


def status(token, index=7, at=NOW + HOUR):
    document = signed(badge(credentialStatus=StatusEntry(URL, index, "revocation").to_json()))
    material = VerificationMaterial(status_lists=(copy_of(token, Origin.FILE, url=URL),))
    return verify(document, material, built_in(), at).credentials[0].check(CheckName.STATUS).code


def test_a_list_stays_a_token_from_version_to_version():
    first = begin()
    second = follow(first, [7, 9])
    third = follow(second, [8], now=NOW + 2 * HOUR)
    assert [set_in(each) for each in (first, second, third)] == [{}, {7: 1, 9: 1}, {7: 1, 8: 1, 9: 1}]
    assert [status(each) for each in (first, second)] == ["status.passed", "status.revoked"]
    assert payload(second)["iat"] > payload(first)["iat"]
    assert {"iss", "exp", "nbf"}.isdisjoint(payload(second))
    sealed = follow(third, seal=True, now=NOW + 3 * HOUR)
    assert payload(sealed)["validUntil"].startswith("9999-")
    with pytest.raises(FinalStatusError):
        follow(sealed, [1], now=NOW + 4 * HOUR)


def test_a_version_of_the_same_second_is_later_all_the_same():
    first = begin()
    second = follow(first, [7], now=NOW)
    assert payload(second)["iat"] == pytest.approx(NOW.timestamp() + STEP.total_seconds())


def test_a_version_is_later_than_when_the_one_before_was_signed():
    plain_list = {name: value for name, value in payload(begin()).items() if name != "iat"}
    signed_later = issued(plain_list, NOW + timedelta(seconds=60))
    second = follow(signed_later, [7], now=NOW + timedelta(seconds=30))
    assert payload(second)["iat"] > payload(signed_later)["iat"]


def test_nothing_is_signed_over_a_list_that_does_not_hold():
    for spoiled in (begin()[:-6] + "AAAAAA", "x", 7):
        with pytest.raises((IssuanceError, StatusError)):
            follow(spoiled, [7])


def test_a_list_of_a_later_date_than_the_clock_is_not_carried_on():
    with pytest.raises(IssuanceError):
        follow(begin(), [7], now=NOW - HOUR)
