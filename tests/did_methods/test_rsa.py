"""RSA keys of others: large enough, in one encoding, public, and meant for the signatures that are checked."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from did_methods.document import DidDocument, Relationship
from did_methods.errors import DidMethodsError, InvalidKeyError, UnsupportedKeyError
from did_methods.rsa import MAX_PEM_CHARS, RsaPublicKey

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NUMBERS = PRIVATE.public_key().public_numbers()
KEY = RsaPublicKey(NUMBERS.n, NUMBERS.e)
JWK = KEY.to_jwk()
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
OLD_PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
SECRET_PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
EC_PEM = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
    Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
).decode()  # fmt: skip


def test_a_key_is_the_same_in_each_form():
    assert RsaPublicKey.from_jwk(JWK) == RsaPublicKey.from_pem(PEM) == RsaPublicKey.from_pem(f"\n{OLD_PEM}\n") == KEY
    assert KEY.type == "RSA"
    assert JWK["e"] == "AQAB"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"d": "AQAB"}, "key.secret"),
        ({"p": "AQAB"}, "key.secret"),
        ({"n": None}, "key.jwk"),
        ({"n": 7}, "key.jwk"),
        ({"n": ""}, "key.jwk"),
        ({"n": JWK["n"] + "="}, "key.jwk"),
        ({"n": "AAAA" + JWK["n"]}, "key.jwk"),
        ({"n": "A" * 100_000}, "key.jwk"),
        ({"e": "AAEAAQ"}, "key.jwk"),
        ({"e": "Aw"}, "key.rsa_exponent"),
        ({"n": JWK["n"][:200]}, "key.rsa_size"),
        ({"use": "enc"}, "key.use"),
        ({"key_ops": ["encrypt"]}, "key.use"),
        ({"key_ops": "verify"}, "key.use"),
        ({"alg": "PS256"}, "key.unsupported"),
        ({"alg": "RSA-OAEP"}, "key.unsupported"),
    ],
)
def test_a_jwk_that_is_not_one_for_these_signatures(change, code):
    with pytest.raises(DidMethodsError) as caught:
        RsaPublicKey.from_jwk({name: value for name, value in {**JWK, **change}.items() if value is not None})
    assert caught.value.code == code


@pytest.mark.parametrize("extra", [{"use": "sig"}, {"key_ops": ["verify"]}, {"alg": "RS256", "kid": "1"}])
def test_a_jwk_that_says_what_it_is_for(extra):
    assert RsaPublicKey.from_jwk({**JWK, **extra}) == KEY


@pytest.mark.parametrize(
    "text",
    ["", "x", SECRET_PEM, PEM[:100], PEM * 10, "A" * (MAX_PEM_CHARS + 1)],
    ids=["none", "one", "secret", "cut", "many", "long"],
)
def test_a_text_that_is_no_public_key(text):
    with pytest.raises(InvalidKeyError) as caught:
        RsaPublicKey.from_pem(text)
    assert caught.value.code == "key.pem"


def test_another_kind_of_key_is_not_supported():
    with pytest.raises(UnsupportedKeyError):
        RsaPublicKey.from_pem(EC_PEM)


def test_a_document_may_list_such_a_key():
    def listing(kind, jwk):
        method = {"id": "#1", "type": kind, "controller": "did:web:a.example", "publicKeyJwk": jwk}
        document = {"id": "did:web:a.example", "verificationMethod": [method], "assertionMethod": ["#1"]}
        return DidDocument.parse(document).methods["did:web:a.example#1"]

    for kind in ("JsonWebKey", "JsonWebKey2020"):
        assert listing(kind, JWK).key == KEY
    weak = listing("JsonWebKey", {**JWK, "e": "Aw"})
    assert (weak.key, weak.problem.code) == (None, "key.rsa_exponent")
    assert listing("Ed25519VerificationKey2018", JWK).problem.code == "key.mismatch"


def test_the_only_method_of_a_relationship():
    document = DidDocument.parse(
        {
            "id": "did:web:a.example",
            "assertionMethod": [
                {"id": f"#{name}", "type": "JsonWebKey", "controller": "did:web:a.example", "publicKeyJwk": JWK}
                for name in ("1", "2")
            ],
            "authentication": ["#1"],
        }
    )
    assert document.only_method(Relationship.AUTHENTICATION) == "did:web:a.example#1"
    for relationship in (Relationship.ASSERTION_METHOD, Relationship.KEY_AGREEMENT):
        with pytest.raises(DidMethodsError) as caught:
            document.only_method(relationship)
        assert caught.value.code == "verification_method.open"
