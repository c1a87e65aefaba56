"""did:key: published identifiers and documents, all key types, canonical identifiers only."""

import pytest

from did_methods.did import Did, parse_did
from did_methods.document import DidDocument, Relationship
from did_methods.errors import DidMethodsError, InvalidDidError, UnsupportedKeyError
from did_methods.key import KeyFormat, create, method_id, resolve_key
from did_methods.multibase import from_base58
from did_methods.multikey import KeyType, PrivateKey, PublicKey

SIGNING = ["authentication", "assertionMethod", "capabilityDelegation", "capabilityInvocation"]
ED = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
ED_X = "z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW"

# https://github.com/w3c-ccg/did-method-key, test-vectors/ed25519-x25519.json: the seed is the number, big-endian.
ED25519_VECTORS = [
    (0, ED, ED_X),
    (1, "z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG", "z6LSrHyXiPBhUbvPUtyUCdf32sniiMGPTAesgHrtEa4FePtr"),
    (2, "z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf", "z6LSkkqoZRC34AEpbkhZCqLDcHQVAxuLpQ7kC8XCXMVUfvjE"),
    (3, "z6MkvqoYXQfDDJRv8L4wKzxYeuKyVZBfi9Qo6Ro8MiLH3kDQ", "z6LSiUo6AEDat8Ze4nQzDo67SGuHLLwsUGkxndHGUjsywHow"),
    (4, "z6MkwW6aqMnjgrhJXFUko3NnZPGzVpkNzhYK7yEhnsibmLwL", "z6LSrGb3qm4xMCEBjvwkLb2WEcXfTM94Tu1RyGCbT5wbg8i9"),
]
# The same repository, test-vectors/secp256k1.json
SECP256K1_VECTORS = [
    (
        "9085d2bef69286a6cbb51623c8fa258629945cd55ca705cc4e66700396894e0c",
        "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
    ),
    (
        "f0f4df55a2b3ff13051ea814a8f24ad00f2e469af73c363ac7e9fb999a9072ed",
        "zQ3shtxV1FrJfhqE1dvxYRcCknWNjHc3c5X1y3ZSoPDi2aur2",
    ),
    (
        "6b0b91287ae3348f8c2f2552d766f30e3604867e34adc37ccbb74a8e6b893e02",
        "zQ3shZc2QzApp2oymGvQbzP8eKheVshBHbU4ZYjeXqwSKEn6N",
    ),
]
# The same repository, test-vectors/nist-curves.json
NIST_VECTORS = [
    (
        KeyType.P256,
        "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv",
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns",
            "y": "efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM",
            "d": "gPh-VvVS8MbvKQ9LSVVmfnxnKjHn4Tqj0bmbpehRlpc",
        },
    ),
    (
        KeyType.P256,
        "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI",
            "y": "hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU",
            "d": "YjRs6vNvw4sYrzVVY8ipkEpDAD9PFqw1sUnvPRMA-WI",
        },
    ),
    (
        KeyType.P384,
        "z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9",
        {
            "kty": "EC",
            "crv": "P-384",
            "x": "lInTxl8fjLKp_UCrxI0WDklahi-7-_6JbtiHjiRvMvhedhKVdHBfi2HCY8t_QJyc",
            "y": "y6N1IC-2mXxHreETBW7K3mBcw0qGr3CWHCs-yl09yCQRLcyfGv7XhqAngHOu51Zv",
            "d": "hAyGZNj9031guBCdpAOaZkO-E5m-LKLYnMIq0-msrp8JLctseaOeNTHmP3uKVWwX",
        },
    ),
]
# The same repository, test-vectors/bls12381.json: secret key and public key in base58
BLS_VECTORS = [
    (
        "zUC7K4ndUaGZgV7Cp2yJy6JtMoUHY6u7tkcSYUvPrEidqBmLCTLmi6d5WvwnUqejscAkERJ3bfjEiSYtdPkRSE8kSa11hFBr4sTgnbZ95SJj19PN2jdvJjyzpSZgxkyyxNnBNnY",
        "8TXrPTbhefHvcz2vkGsDLBZT2UMeemveLKbdh5JZCvvn",
    ),
    (
        "zUC7KKoJk5ttwuuc8pmQDiUmtckEPTwcaFVZe4DSFV7fURuoRnD17D3xkBK3A9tZqdADkTTMKSwNkhjo9Hs6HfgNUXo48TNRaxU6XPLSPdRgMc15jCD5DfN34ixjoVemY62JxnW",
        "48FTGTBBhezV7Ldk5g392NSxP2hwgEgWiSZQkMoNri7E",
    ),
]


def test_the_document_is_the_one_digital_bazaar_makes():
    """As @digitalbazaar/did-method-key 5.3.0 answers, without its keyAgreement, for the first vector."""
    did = f"did:key:{ED}"
    method = f"{did}#{ED}"
    assert resolve_key(parse_did(did), derive_key_agreement=False) == {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [{"id": method, "type": "Multikey", "controller": did, "publicKeyMultibase": ED}],
        **{relationship: [method] for relationship in SIGNING},
    }


def test_the_document_of_the_specification_in_the_2020_form():
    """did:key 0.7, section 3.1, with the derived key listed beside the first as its algorithm has it."""
    did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    method = f"{did}#z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    derived = "z6LSj72tK8brWgZja8NLRwPigth2T9QRiG1uH9oKZuKjdh9p"
    assert resolve_key(parse_did(did), key_format=KeyFormat.ED25519_2020) == {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/suites/ed25519-2020/v1",
            "https://w3id.org/security/suites/x25519-2020/v1",
        ],
        "id": did,
        "verificationMethod": [
            {
                "id": method,
                "type": "Ed25519VerificationKey2020",
                "controller": did,
                "publicKeyMultibase": "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
            },
            {
                "id": f"{did}#{derived}",
                "type": "X25519KeyAgreementKey2020",
                "controller": did,
                "publicKeyMultibase": derived,
            },
        ],
        **{relationship: [method] for relationship in SIGNING},
        "keyAgreement": [f"{did}#{derived}"],
    }


def test_the_json_web_keys_of_the_specification():
    """did:key 0.7, section 5.1, JWK example."""
    document = resolve_key(parse_did(f"did:key:{ED}"), key_format=KeyFormat.JSON_WEB_KEY_2020)
    assert document["@context"] == ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"]
    assert [
        (entry["id"].split("#")[1], entry["type"], entry["publicKeyJwk"]) for entry in document["verificationMethod"]
    ] == [
        (ED, "JsonWebKey2020", {"kty": "OKP", "crv": "Ed25519", "x": "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik"}),
        (ED_X, "JsonWebKey2020", {"kty": "OKP", "crv": "X25519", "x": "W_Vcc7guviK-gPNDBmevVw-uJVamQV5rMNQGUwCqlH0"}),
    ]


@pytest.mark.parametrize(("seed", "identifier", "derived"), ED25519_VECTORS)
def test_published_ed25519_identifiers_and_derived_keys(seed, identifier, derived):
    key = PrivateKey(KeyType.ED25519, seed.to_bytes(32)).public
    assert str(create(key)) == f"did:key:{identifier}"
    document = resolve_key(create(key))
    assert document["keyAgreement"] == [f"did:key:{identifier}#{derived}"]
    assert document["verificationMethod"][1]["publicKeyMultibase"] == derived


@pytest.mark.parametrize(("secret", "identifier"), SECP256K1_VECTORS)
def test_published_secp256k1_identifiers(secret, identifier):
    assert str(create(PrivateKey(KeyType.SECP256K1, bytes.fromhex(secret)).public)) == f"did:key:{identifier}"


@pytest.mark.parametrize(("key_type", "identifier", "jwk"), NIST_VECTORS)
def test_published_nist_identifiers(key_type, identifier, jwk):
    private = PrivateKey.from_jwk(jwk)
    assert private.type is key_type
    assert str(create(private.public)) == f"did:key:{identifier}"


def test_the_published_p521_identifier():
    jwk = {
        "kty": "EC",
        "crv": "P-521",
        "x": "ASUHPMyichQ0QbHZ9ofNx_l4y7luncn5feKLo3OpJ2nSbZoC7mffolj5uy7s6KSKXFmnNWxGJ42IOrjZ47qqwqyS",
        "y": "AW9ziIC4ZQQVSNmLlp59yYKrjRY0_VqO-GOIYQ9tYpPraBKUloEId6cI_vynCzlZWZtWpgOM3HPhYEgawQ703RjC",
    }
    key = PublicKey.from_jwk(jwk)
    identifier = "z2J9gaYxrKVpdoG9A4gRnmpnRCcxU6agDtFVVBVdn1JedouoZN7SzcyREXXzWgt3gGiwpoHq7K68X4m32D8HgzG8wv3sY5j7"
    assert str(create(key)) == f"did:key:{identifier}"
    assert PublicKey.from_multibase(identifier).to_jwk() == jwk


@pytest.mark.parametrize(("identifier", "secret"), BLS_VECTORS)
def test_published_bls12_381_identifiers(identifier, secret):
    key = PublicKey.from_multibase(identifier)
    assert key.type is KeyType.BLS12_381_G2
    assert PrivateKey(KeyType.BLS12_381_G2, from_base58(secret)).public == key


@pytest.mark.parametrize(
    "identifier",
    [
        "z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F",
        "z6LStiZsmxiK4odS4Sb6JmdRFuJ6e1SYP157gtiCyJKfrYha",
        "z6LSoMdmJz2Djah2P4L9taDmtqeJ6wwd2HhKZvNToBmvaczQ",
    ],
)
def test_published_x25519_identifiers_agree_on_keys_and_sign_nothing(identifier):
    """The same repository, test-vectors/x25519.json."""
    document = resolve_key(parse_did(f"did:key:{identifier}"))
    assert document["keyAgreement"] == [f"did:key:{identifier}#{identifier}"]
    assert not set(SIGNING) & set(document)


@pytest.mark.parametrize("key_type", list(KeyType))
@pytest.mark.parametrize("key_format", [KeyFormat.MULTIKEY, KeyFormat.JSON_WEB_KEY_2020])
def test_the_document_of_every_key_type_answers_for_its_key(key_type, key_format):
    key = PrivateKey.generate(key_type).public
    did = create(key)
    view = DidDocument.parse(resolve_key(did, key_format=key_format))
    asked = Relationship.KEY_AGREEMENT if key_type is KeyType.X25519 else Relationship.ASSERTION_METHOD
    assert view.id == str(did)
    assert view.verification_method(method_id(key), asked).key == key
    if key_type is KeyType.ED25519:
        (agreement,) = view.relationships[Relationship.KEY_AGREEMENT]
        assert view.verification_method(agreement, "keyAgreement").key == key.to_x25519()


def test_the_2020_form_is_for_ed25519_only():
    with pytest.raises(UnsupportedKeyError):
        resolve_key(create(PrivateKey.generate(KeyType.P256).public), key_format=KeyFormat.ED25519_2020)


@pytest.mark.threat(16)
@pytest.mark.parametrize(
    "identifier",
    [
        f"1:{ED}",
        f"1{ED}",
        ED[1:],
        ED + "1",
        "z1" + ED[1:],
        ED.lower(),
        "u7QE7aie8zrakLWKjqNAqbw1zZTIVdx3iQ6Y6wEihi1naKQ",  # the same bytes in base64url
        "f" + "ed01" + "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29",
    ],
)
def test_an_identifier_has_one_spelling(identifier):
    with pytest.raises(DidMethodsError):
        resolve_key(Did("key", identifier))


def test_a_did_of_another_method_is_refused():
    with pytest.raises(InvalidDidError):
        resolve_key(Did("web", ED))
