"""did:jwk: the specification's examples, and a JWK that every reader understands alike."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from did_methods.did import Did, parse_did
from did_methods.document import DidDocument
from did_methods.errors import DidMethodsError, InvalidDidError, InvalidKeyError, MultibaseError, UnsupportedKeyError
from did_methods.jwk import MAX_JWK_CHARS, create, method_id, resolve_jwk
from did_methods.multibase import to_base64url
from did_methods.multikey import KeyType, PrivateKey, PublicKey

RELATIONSHIPS = ["assertionMethod", "authentication", "capabilityInvocation", "capabilityDelegation", "keyAgreement"]

# https://github.com/quartzjer/did-jwk/blob/main/spec.md, "Examples"
P256_DID = (
    "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAi"
    "LCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"
)
P256_JWK = {
    "crv": "P-256",
    "kty": "EC",
    "x": "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0",
    "y": "_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE",
}
X25519_DID = (
    "did:jwk:eyJrdHkiOiJPS1AiLCJjcnYiOiJYMjU1MTkiLCJ1c2UiOiJlbmMiLCJ4IjoiM3A3YmZYdDl3YlRUVzJIQzdPUTFOei1EUThoYmVH"
    "ZE5yZngtRkctSUswOCJ9"
)
X25519_JWK = {"kty": "OKP", "crv": "X25519", "use": "enc", "x": "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}


def did_of(jwk):
    return Did("jwk", to_base64url(jwk if isinstance(jwk, bytes) else json.dumps(jwk).encode()))


@pytest.mark.parametrize(
    ("did", "jwk", "relationships"), [(P256_DID, P256_JWK, RELATIONSHIPS), (X25519_DID, X25519_JWK, ["keyAgreement"])]
)
def test_the_documents_of_the_specification(did, jwk, relationships):
    assert resolve_jwk(parse_did(did)) == {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
        "id": did,
        "verificationMethod": [{"id": f"{did}#0", "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk}],
        **{relationship: [f"{did}#0"] for relationship in relationships},
    }


def test_the_identifier_of_the_specification_is_the_one_created():
    assert str(create(PublicKey.from_jwk(P256_JWK))) == P256_DID


@pytest.mark.parametrize("key_type", list(KeyType))
def test_the_document_of_every_key_type_answers_for_its_key(key_type):
    key = PrivateKey.generate(key_type).public
    did = create(key)
    view = DidDocument.parse(resolve_jwk(did))
    asked = "keyAgreement" if key_type is KeyType.X25519 else "assertionMethod"
    assert view.verification_method(method_id(did), asked).key == key
    assert str(parse_did(str(did))) == str(did)


def test_use_decides_the_relationships():
    document = resolve_jwk(did_of({**P256_JWK, "use": "sig"}))
    assert "keyAgreement" not in document
    assert set(RELATIONSHIPS[:4]) <= set(document)
    assert not set(RELATIONSHIPS[:4]) & set(resolve_jwk(did_of({**P256_JWK, "use": "enc"})))


def test_other_members_stand_in_the_method():
    jwk = {**P256_JWK, "kid": "it is not the fragment", "alg": "ES256"}
    (method,) = resolve_jwk(did_of(jwk))["verificationMethod"]
    assert method["publicKeyJwk"] == jwk
    assert method["id"].endswith("#0")


def test_a_private_key_is_refused_and_not_shown():
    private = PrivateKey.generate(KeyType.P256)
    with pytest.raises(InvalidKeyError) as caught:
        resolve_jwk(did_of(private.to_jwk()))
    assert caught.value.code == "key.secret"
    assert to_base64url(private.raw)[4:] not in str(caught.value)


@pytest.mark.parametrize(
    ("jwk", "error"),
    [
        (b"", InvalidDidError),
        (b"[]", InvalidDidError),
        (b'"x"', InvalidDidError),
        (b"null", InvalidDidError),
        (b"{", InvalidDidError),
        (b"\xff\xfe{}", InvalidDidError),
        (b"\xef\xbb\xbf{}", InvalidDidError),
        (b'{"kty":"EC","kty":"OKP"}', InvalidDidError),
        (b'{"kty":"EC","a":{"b":1,"b":2}}', InvalidDidError),
        (b'{"kty":NaN}', InvalidDidError),
        (b'{"kty":Infinity}', InvalidDidError),
        (b'{"kty":"EC","n":1e999}', InvalidDidError),
        (b'{"kty":"EC","n":[9007199254740993]}', InvalidDidError),
        (b'{"kty":"EC","\\ud800":"x"}', InvalidDidError),
        (b'{"kty":"EC","x":"\\udfff"}', InvalidDidError),
        (b'{"a":' + b"[" * 700 + b"]" * 700 + b"}", InvalidDidError),
        (b"{}", InvalidKeyError),
        (json.dumps({**P256_JWK, "x": "AA"}).encode(), InvalidKeyError),
        (json.dumps({**P256_JWK, "y": P256_JWK["x"]}).encode(), InvalidKeyError),
        (b'{"kty":"RSA","n":"AQAB","e":"AQAB"}', UnsupportedKeyError),
    ],
)
def test_what_is_not_one_public_key_is_refused(jwk, error):
    with pytest.raises(error) as caught:
        resolve_jwk(did_of(jwk))
    assert caught.value.remedy


@pytest.mark.threat(63)
def test_the_length_is_bounded():
    padded = {**P256_JWK, "kid": "x" * MAX_JWK_CHARS}
    with pytest.raises(MultibaseError) as caught:
        resolve_jwk(did_of(padded))
    assert caught.value.code == "multibase.too_long"


@pytest.mark.threat(16)
@pytest.mark.parametrize("change", [lambda text: text + "=", lambda text: text[:-1] + "B", lambda text: text + "AA"])
def test_the_encoding_is_canonical(change):
    # With 113 bytes the last character has two bits to spare: a careless decoder reads B as A.
    identifier = to_base64url(json.dumps({**X25519_JWK, "kid": "123"}).encode().ljust(113))
    assert len(identifier) % 4 == 3
    assert identifier.endswith("A")
    assert resolve_jwk(Did("jwk", identifier))
    with pytest.raises(MultibaseError):
        resolve_jwk(Did("jwk", change(identifier)))


def test_a_did_of_another_method_is_refused():
    with pytest.raises(InvalidDidError):
        resolve_jwk(Did("key", parse_did(P256_DID).identifier))


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: json.dumps({**P256_JWK, text: text}).encode()))
def test_any_identifier_is_resolved_or_refused(data):
    did = did_of(data)
    try:
        document = resolve_jwk(did)
    except DidMethodsError as error:
        assert error.remedy  # noqa: PT017 - refused or resolved, both are right
    else:
        assert document["id"] == str(did)
        json.dumps(document, ensure_ascii=False).encode()
