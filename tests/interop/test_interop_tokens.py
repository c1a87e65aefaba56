"""Tokens in both directions: what glejt signs, `jose` verifies, and what `jose` signs, glejt judges."""

import asyncio
import json

import pytest
from integrity_support import PRIVATE_KEYS
from jose_support import NOW, enveloped, vp_jwt
from peers.client import PeerError
from verification_support import (
    AT,
    HOLDER,
    ISSUER,
    REQUEST,
    Party,
    badge,
    credential,
    found,
    gathered,
    judged,
    one,
    presentation,
)

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.documents import UnsecuredDocument
from node.issuance.secure import Signing, SigningProfile, usual_suite
from node.issuance.token import secure_as_token
from node.proofs.jose.algorithms import SIGNING
from node.verification.trust import NO_TRUST

pytestmark = pytest.mark.peer

PARTIES = [Party(PRIVATE_KEYS[kind]) for kind in (KeyType.ED25519, KeyType.P256, KeyType.P384)]
NAMES = [SIGNING[party.private.type].name for party in PARTIES]


def issued(document, by):
    profile = SigningProfile(by.did, by.method, usual_suite(by.private.type))
    signing = Signing(profile, HeldKeys({by.method: by.private}), NO_TRUST)
    return asyncio.run(secure_as_token(UnsecuredDocument(document), signing, created=AT))


@pytest.mark.parametrize("by", PARTIES, ids=NAMES)
def test_the_peer_verifies_what_glejt_signs(peer, by):
    algorithm, jwk = SIGNING[by.private.type].name, by.private.public.to_jwk()
    document = {**badge(by), "name": "Zażółć gęślą jaźń", "validUntil": "2027-01-01T00:00:00Z"}
    token = issued(document, by)
    told = peer.ask("verifyToken", token=token, jwk=jwk, algorithms=[algorithm])
    payload = json.loads(told["payload"])
    assert {name: payload[name] for name in document} == document
    assert told["header"] == {"alg": algorithm, "typ": "vc+jwt", "cty": "vc", "kid": by.method}
    claims = peer.ask(
        "verifyClaims",
        token=token,
        jwk=jwk,
        algorithms=[algorithm],
        now=AT.isoformat(),
        issuer=by.did,
        subject=HOLDER.did,
        typ="vc+jwt",
        requiredClaims=["jti", "nbf", "exp", "iat"],
    )
    assert claims == payload
    with pytest.raises(PeerError, match="signature verification failed"):
        peer.ask("verifyToken", token=token[:-8] + "AAAAAAAA", jwk=jwk, algorithms=[algorithm])


@pytest.mark.parametrize("by", PARTIES, ids=NAMES)
def test_glejt_judges_what_the_peer_signs(peer, by):
    algorithm = SIGNING[by.private.type].name
    document = json.dumps({**credential(by), "name": "Zażółć"}, indent=2, ensure_ascii=False)
    header = {"alg": algorithm, "typ": "vc+jwt", "cty": "vc", "kid": by.method}
    token = peer.ask("signToken", payload=document, header=header, jwk=by.private.to_jwk())
    assert one(token).verdict == "accepted"
    other = peer.ask("signToken", payload=document, header=header, jwk=PrivateKey.generate(by.private.type).to_jwk())
    assert found(one(other), "proof") == ("failed", "proof.invalid")


@pytest.mark.threat(24)
def test_a_presentation_of_the_peer_with_credentials_of_both(peer):
    def signed(payload, by, **header):
        given = {"alg": SIGNING[by.private.type].name, "kid": by.method, **header}
        return peer.ask("signToken", payload=json.dumps(payload), header=given, jwk=by.private.to_jwk())

    theirs, ours = signed(credential(), ISSUER, typ="vc+jwt"), issued(credential(), ISSUER)
    held = [enveloped(theirs), enveloped(ours), ISSUER.sign(credential())]
    shown = {**presentation(*held), "nonce": REQUEST.challenge, "aud": REQUEST.domain, "iss": HOLDER.did}
    assert one_of_each(signed(shown, HOLDER, typ="vp+jwt")) == ["accepted"] * 3
    assert one_of_each(vp_jwt(shown)) == ["accepted"] * 3
    late = {**shown, "exp": NOW - 300}
    assert one_of_each(signed(late, HOLDER, typ="vp+jwt")) == ["cannot_tell"] * 3


def one_of_each(subject):
    return [entry.verdict.value for entry in judged(subject, request=REQUEST).credentials]


@pytest.mark.threat(24)
def test_rsa_of_the_peer_for_open_badges(peer):
    keys = peer.ask("generateRsa", bits=2048)
    did = "did:web:badges.example"
    method = {"id": f"{did}#rsa", "type": "JsonWebKey", "controller": did, "publicKeyJwk": keys["public"]}
    material = gathered(**{did: {"id": did, "verificationMethod": [method], "assertionMethod": [f"{did}#rsa"]}})
    document = {**badge(), "issuer": {"id": did, "type": ["Profile"], "name": "School"}}
    header = {"alg": "RS256", "typ": "JWT", "kid": f"{did}#rsa"}
    token = peer.ask("signToken", payload=json.dumps(document), header=header, jwk=keys["private"])
    assert one(token, material=material).verdict == "accepted"
    plain = peer.ask("signToken", payload=json.dumps(credential(issuer=did)), header=header, jwk=keys["private"])
    assert found(one(plain, material=material), "proof") == ("indeterminate", "proof.unsupported.algorithm")
    assert peer.ask("verifyToken", token=token, jwk=keys["public"], algorithms=["RS256"])["header"] == header


@pytest.mark.threat(24)
@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_a_public_key_taken_for_a_shared_secret_signs_nothing(peer, algorithm):
    """The classic confusion, by a library that does it well."""
    secret = {"kty": "oct", "k": ISSUER.private.public.to_jwk()["x"] * 2}
    header = {"alg": algorithm, "typ": "vc+jwt", "kid": ISSUER.method}
    token = peer.ask("signToken", payload=json.dumps(credential()), header=header, jwk=secret)
    entry = one(token)
    assert found(entry, "structure") == ("failed", "proof.invalid.algorithm")
    assert entry.verdict == "rejected"
