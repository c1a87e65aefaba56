"""The token around a document: whose key it names, and what its claims say of the signature."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jose_support import token
from verification_support import HOLDER, ISSUER, REQUEST, found, one, presentation

from node.proofs.errors import MalformedProofError
from node.proofs.jose.jws import parse_jws
from node.proofs.jose.jwt import moment_of, numeric_date, read_jwt
from node.proofs.proof import Form

EDDSA = frozenset({"EdDSA"})


def read(claims, *, maker="did:example:maker", **header):
    return read_jwt(
        parse_jws(token(claims, **header)), claims, maker=maker, purpose="assertionMethod", algorithms=EDDSA
    )


@pytest.mark.parametrize(
    ("claims", "kid", "maker", "expected"),
    [
        ({}, "did:example:1#k", "did:example:maker", ("did:example:1#k", False)),
        ({}, "#k", "did:example:maker", ("did:example:maker#k", False)),
        ({}, "k", "did:example:maker", ("did:example:maker#k", False)),
        ({"iss": "did:example:2"}, "#k", "did:example:maker", ("did:example:2#k", False)),
        ({"iss": "did:example:2"}, None, "did:example:maker", ("did:example:2", True)),
        ({}, None, "did:example:maker", ("did:example:maker", True)),
        ({}, "k", None, ("k", False)),
        ({}, None, None, (None, True)),
        ({"iss": "did:example:2"}, "https://keys.example/1", None, ("https://keys.example/1", False)),
    ],
)
def test_the_key_that_a_token_names(claims, kid, maker, expected):
    proof = read(claims, maker=maker, kid=kid)
    assert (proof.verification_method, proof.names_owner_only) == expected


def test_what_the_claims_say_of_the_signature():
    proof = read({"iat": 0, "nbf": 1.5, "exp": -1, "aud": ["a", "b"], "nonce": "n"})
    assert (proof.created, proof.starts, proof.expires) == (
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:00:01.500000Z",
        "1969-12-31T23:59:59Z",
    )
    assert (proof.domain, proof.challenge) == (("a", "b"), "n")
    assert (proof.form, proof.kind, proof.signs_text, proof.derived) == (Form.JWT, "JWT EdDSA", True, False)
    assert proof.refusal is None
    bare = read({})
    assert (bare.created, bare.starts, bare.expires, bare.domain, bare.challenge) == (None, None, None, (), None)


@pytest.mark.parametrize(
    ("claims", "path"),
    [
        ({"iss": ""}, "/iss"),
        ({"iss": ["did:example:1"]}, "/iss"),
        ({"nonce": 7}, "/nonce"),
        ({"aud": []}, "/aud"),
        ({"aud": [""]}, "/aud"),
        ({"aud": {"a": 1}}, "/aud"),
        ({"aud": None}, "/aud"),
        ({"iat": "0"}, "/iat"),
        ({"nbf": False}, "/nbf"),
        ({"exp": 9_007_199_254_740_991}, "/exp"),
        ({"exp": -9_007_199_254_740_991}, "/exp"),
    ],
)
def test_claims_of_another_type_are_refused(claims, path):
    with pytest.raises(MalformedProofError) as caught:
        read(claims)
    assert (caught.value.code, caught.value.path) == ("proof.malformed.jwt_claim", path)


@given(st.datetimes(datetime(1900, 1, 1), datetime(9000, 1, 1)))  # noqa: DTZ001 -- given a zone below
def test_a_date_survives_to_the_microsecond(moment):
    aware = moment.replace(tzinfo=UTC)
    back = moment_of(numeric_date(aware))
    assert abs(back - aware) <= timedelta(microseconds=100)
    whole = aware.replace(microsecond=0)
    assert moment_of(numeric_date(whole)) == whole
    assert isinstance(numeric_date(whole), int)


@pytest.mark.parametrize("value", [None, "0", True, float("inf"), float("nan"), 1e300, 10**12 * 10, [], {}])
def test_what_is_no_date(value):
    assert moment_of(value) is None


def test_a_presentation_without_a_holder_names_its_signer_in_iss():
    inside = {name: value for name, value in presentation(ISSUER.sign(_credential())).items() if name != "holder"}
    claims = {**inside, "iss": HOLDER.did, "nonce": REQUEST.challenge, "aud": REQUEST.domain}
    kid = "#" + HOLDER.method.partition("#")[2]
    for given_kid in (kid, None):
        shown = token(claims, HOLDER, typ="vp+jwt", kid=given_kid)
        assert found(one(shown, request=REQUEST), "holder") == ("passed", "holder.passed")


def _credential():
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER.did,
        "credentialSubject": {"id": HOLDER.did},
    }
