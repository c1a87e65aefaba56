"""Signed messages and rotations that are refused, by name, and those that are not."""

import pytest
from didcomm_cast import (
    ALICE,
    BOB,
    MALLORY,
    P,
    agreeing,
    anon,
    auth,
    drop,
    in_signature,
    message,
    opened,
    put,
    refusal,
    sign,
    signing,
    twice,
)
from didcomm_forgery import token
from didcomm_support import AT, Party

from did_methods.did import parse_did
from did_methods.multibase import to_base64url
from node.didcomm.parties import HeldSecrets
from node.didcomm.rotation import prior_token

SIGNATURES = {
    "none": ({"header": put(alg="none")}, "unsupported.algorithm"),
    "a shared secret": ({"header": put(alg="HS256")}, "unsupported.algorithm"),
    "RS256": ({"header": put(alg="RS256")}, "unsupported.algorithm"),
    "ES384": ({"header": put(alg="ES384")}, "unsupported.algorithm"),
    "no algorithm": ({"header": drop("alg")}, "unsupported.algorithm"),
    "the algorithm of another kind of key": ({"header": put(alg="ES256")}, "forged.signature"),
    "ES256K with a key of another kind": ({"header": put(alg="ES256K")}, "forged.signature"),
    "critical": ({"header": put(crit=["b64"], b64=False)}, "unsupported.critical"),
    "b64": ({"header": put(b64=False)}, "unsupported.critical"),
    "a key brought along": ({"header": put(jwk=signing(MALLORY)[1].public.to_jwk())}, "unsupported.key_in_header"),
    "an address of keys": ({"header": put(jku="https://example.com")}, "unsupported.key_in_header"),
    "another media type": ({"header": put(typ="application/didcomm-encrypted+json")}, "unsupported.media_type"),
    "a key id in both headers": ({"header": put(kid=signing(ALICE)[0])}, "envelope.header"),
    "an algorithm beside": (
        {"outside": in_signature(header={"kid": signing(ALICE)[0], "alg": "x"})},
        "envelope.header",
    ),
    "a key beside": ({"outside": in_signature(header={"kid": signing(ALICE)[0], "jwk": {}})}, "envelope.header"),
    "no key id": ({"outside": in_signature(header={})}, "envelope.kid"),
    "the key of another": ({"outside": in_signature(header={"kid": signing(MALLORY)[0]})}, "forged.signature"),
    "a key that agrees": ({"outside": in_signature(header={"kid": agreeing(ALICE, P)[0]})}, "inconsistent.signer"),
    "two signatures": ({"outside": twice("signatures")}, "envelope.signatures"),
    "no signatures": ({"outside": put(signatures=[])}, "envelope.signatures"),
    "general and flattened": ({"outside": put(signature="AA")}, "envelope.signatures"),
    "another payload": ({"outside": put(payload=to_base64url(message()))}, "forged.signature"),
    "a payload that is no text": ({"outside": put(payload=1)}, "envelope.member"),
    "another signature": ({"outside": in_signature(signature=to_base64url(bytes(64)))}, "forged.signature"),
    "a short signature": ({"outside": in_signature(signature="AAAA")}, "forged.signature"),
    "padding": ({"outside": in_signature(signature="AA==")}, "envelope.base64"),
}


@pytest.mark.threat(24)
@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures(name):
    changes, code = SIGNATURES[name]
    assert refusal(sign(**changes)) == code
    assert refusal(anon(sign(**changes))) == code


def test_a_flattened_signature_with_its_key_id_protected_is_read():
    def flatten(envelope):
        (entry,) = envelope.pop("signatures")
        del entry["header"]
        envelope |= entry

    assert opened(sign(header=put(kid=signing(ALICE)[0]), outside=flatten)).sender == ALICE.did


OLD = Party("did:example:old")
CLAIMS = {"iss": OLD.did, "sub": ALICE.did, "iat": 1772366400}


def rotated(text, make=auth, **changes):
    return make(message(from_prior=text, **changes))


def without(claims, name):
    return {member: value for member, value in claims.items() if member != name}


ROTATIONS = {
    "no token": (lambda: "x", "rotation.token"),
    "a token of no object": (lambda: token(*signing(OLD), [1]), "rotation.token"),
    "a token with critical headers": (lambda: token(*signing(OLD), CLAIMS, crit=["x"]), "rotation.token"),
    "by none": (lambda: token(*signing(OLD), CLAIMS, alg="none"), "unsupported.algorithm"),
    "by a key brought along": (lambda: token(*signing(OLD), CLAIMS, jwk={}), "unsupported.key_in_header"),
    "by the new key": (lambda: token(*signing(ALICE), CLAIMS), "rotation.signer"),
    "by another's key": (lambda: token(signing(OLD)[0], signing(MALLORY)[1], CLAIMS), "rotation.signer"),
    "by a key that agrees": (lambda: token(agreeing(OLD)[0], signing(OLD)[1], CLAIMS), "rotation.signer"),
    "by a key without an id": (lambda: token(None, signing(OLD)[1], CLAIMS), "rotation.signer"),
    "of somebody else's": (lambda: token(*signing(OLD), CLAIMS | {"iss": MALLORY.did}), "rotation.signer"),
    "for somebody else": (lambda: token(*signing(OLD), CLAIMS | {"sub": MALLORY.did}), "rotation.subject"),
    "for nobody": (lambda: token(*signing(OLD), without(CLAIMS, "sub")), "rotation.subject"),
    "of oneself": (lambda: token(*signing(ALICE), CLAIMS | {"iss": ALICE.did}), "rotation.claims"),
    "of nobody": (lambda: token(*signing(OLD), without(CLAIMS, "iss")), "rotation.claims"),
    "at no time": (lambda: token(*signing(OLD), without(CLAIMS, "iat")), "rotation.claims"),
    "at a time that is a text": (lambda: token(*signing(OLD), CLAIMS | {"iat": "now"}), "rotation.claims"),
    "of a text": (lambda: token(*signing(OLD), CLAIMS | {"iss": "x"}), "rotation.claims"),
}


@pytest.mark.threat(65)
@pytest.mark.parametrize("name", ROTATIONS)
def test_rotations(name):
    make, code = ROTATIONS[name]
    assert refusal(rotated(make()), parties=(OLD, ALICE, BOB, MALLORY)) == code


def test_a_rotation_is_told():
    kid, key = signing(OLD)
    text = prior_token(kid, HeldSecrets({kid: key}).signer(kid), subject=parse_did(ALICE.did), issued_at=AT)
    rotation = opened(rotated(text), parties=(OLD, ALICE, BOB)).rotation
    assert (rotation.prior, rotation.subject, rotation.signer_kid) == (OLD.did, ALICE.did, kid)
    assert rotation.issued_at == AT.timestamp()


@pytest.mark.threat(65)
def test_a_rotation_is_for_a_sender_who_is_proven():
    parties = (OLD, ALICE, BOB)
    text = token(*signing(OLD), CLAIMS)
    assert refusal(rotated(text, anon), parties=parties) == "rotation.subject"
    assert refusal(rotated(text, sign), parties=parties) == "rotation.unprotected"
    assert refusal(rotated(text, unchanged_message), parties=parties) == "rotation.unprotected"
    assert opened(rotated(text, lambda content: anon(sign(content))), parties=parties).rotation


def unchanged_message(content):
    return content


def test_the_end_of_a_relationship_is_from_nobody():
    parties = (OLD, ALICE, BOB)
    kid, key = signing(OLD)
    text = prior_token(kid, HeldSecrets({kid: key}).signer(kid), subject=None, issued_at=AT)
    rotation = opened(rotated(text, anon, sender=None), parties=parties).rotation
    assert (rotation.prior, rotation.subject) == (OLD.did, None)
    assert refusal(rotated(text, anon), parties=parties) == "rotation.subject"
