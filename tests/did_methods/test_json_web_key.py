"""JWKs: published examples, and everything in them that contradicts the key or leaks it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from did_methods.errors import InvalidKeyError, UnsupportedKeyError
from did_methods.json_web_key import purposes
from did_methods.multikey import KeyType, PrivateKey, PublicKey

# RFC 8037, appendix A.1 and A.2
ED25519 = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
ED25519_SECRET = {**ED25519, "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}
# RFC 7517, appendix A.1
P256 = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}
P256_SECRET = {**P256, "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}
# W3C CID 1.0, section 2.2.3, the examples of a P-384 key
P384_SECRET = {
    "kty": "EC",
    "crv": "P-384",
    "x": "1F14JSzKbwxO-Heqew5HzEt-0NZXAjCu8w-RiuV8_9tMiXrSZdjsWqi4y86OFb5d",
    "y": "dnd8yoq-NOJcBuEYgdVVMmSxonXg-DU90d7C4uPWb_Lkd4WIQQEH0DyeC2KUDMIU",
    "d": "fGwges0SX1mj4eZamUCL4qtZijy9uT15fI4gKTuRvre4Kkoju2SHM4rlFOeKVraH",
}
# draft-ietf-cose-bls-key-representations-08, appendix A.1
BLS_SECRET = {
    "kty": "OKP",
    "crv": "BLS12381G2",
    "x": "pVD25M3Ca0jOBmHizej_YwuVOEIadk44urQcQQD3uhITsWj5LdgRmjTkftCme9KQ"
    "EReUf5yoxPi7pDDx4UdkmTXtzuaIKm9YY2cOpT5dO26ttBSzneQEUFhHpM3sdUmf",
    "d": "XdXO0OOc6YrVTKEPIR6JmmTSDDA5Y5pxCyY5TRI0k5c",
}
BLS_SECRET_TWO = {
    "kty": "OKP",
    "crv": "BLS12381G2",
    "x": "o-w6GPtbZuiG7pEZ7Jelw925pirHQIunTOnLy-F68HSs3A2ejcukZFeYkyWOsVyI"
    "DZKkES69mX0UBhUeyHI_DaZMv3YbSs_9Q1YxtJVn4uaneEykAFtTJyCSh2A6H1S7",
    "d": "MpN9MF6G6pmiZaJN6WOjWM2LQt07Blgb7WeJQbsKxWY",
}
# W3C did:key test vectors, test-vectors/ed25519-x25519.json by way of the specification's JWK example
X25519 = {"kty": "OKP", "crv": "X25519", "x": "W_Vcc7guviK-gPNDBmevVw-uJVamQV5rMNQGUwCqlH0"}
SECP256K1 = PrivateKey.generate(KeyType.SECP256K1).public.to_jwk()

PUBLIC = {"Ed25519": ED25519, "P-256": P256, "X25519": X25519, "secp256k1": SECP256K1}


def refusal(jwk, error=InvalidKeyError):
    with pytest.raises(error) as caught:
        PublicKey.from_jwk(jwk)
    assert caught.value.remedy
    return caught.value.code


@pytest.mark.parametrize("jwk", [ED25519_SECRET, P256_SECRET, P384_SECRET, BLS_SECRET, BLS_SECRET_TWO])
def test_published_key_pairs_are_read_and_written(jwk):
    private = PrivateKey.from_jwk(jwk)
    assert private.to_jwk() == jwk
    assert private.public.to_jwk() == {name: value for name, value in jwk.items() if name != "d"}


@pytest.mark.parametrize("jwk", PUBLIC.values(), ids=PUBLIC)
def test_public_keys_are_read_and_written(jwk):
    assert PublicKey.from_jwk(jwk).to_jwk() == jwk


def test_members_that_are_not_understood_are_ignored():
    assert PublicKey.from_jwk({**P256, "kid": "1", "x5t": "abc", "nbf": 1}) == PublicKey.from_jwk(P256)


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"])
def test_a_public_jwk_with_a_secret_member_is_refused_and_the_secret_not_shown(member):
    with pytest.raises(InvalidKeyError) as caught:
        PublicKey.from_jwk({**P256, member: "c2VjcmV0IHNlY3JldA"})
    assert caught.value.code == "key.secret"
    assert "c2VjcmV0" not in str(caught.value)


def test_a_symmetric_key_is_refused_as_a_leak():
    assert refusal({"kty": "oct", "k": "AAAA"}) == "key.secret"


@pytest.mark.threat(88)
@pytest.mark.parametrize(
    "secret", ["nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2+"]
)
def test_no_message_quotes_a_damaged_secret_member(secret):
    with pytest.raises(InvalidKeyError) as caught:
        PrivateKey.from_jwk({**ED25519, "d": secret})
    assert "nWGx" not in f"{caught.value} {caught.value.__cause__}"


def test_halves_that_do_not_belong_together_are_refused():
    for jwk in (ED25519_SECRET, P256_SECRET, BLS_SECRET):
        other = PrivateKey.generate(PrivateKey.from_jwk(jwk).type)
        with pytest.raises(InvalidKeyError) as caught:
            PrivateKey.from_jwk({**jwk, **other.public.to_jwk()})
        assert caught.value.code == "key.mismatch"


@pytest.mark.parametrize("name", ["x", "y", "crv", "kty"])
@pytest.mark.parametrize("value", [None, 5, "", [], {}])
def test_members_of_the_wrong_kind_are_refused(name, value):
    jwk = {**P256, name: value}
    with pytest.raises((InvalidKeyError, UnsupportedKeyError)) as caught:
        PublicKey.from_jwk(jwk)
    assert caught.value.code in {"key.jwk", "key.unsupported"}


@pytest.mark.threat(16)
@pytest.mark.parametrize(
    "x",
    [
        P256["x"] + "=",  # padding
        P256["x"][:-1] + "5",  # stray bits
        P256["x"].replace("N", "+", 1),  # the other alphabet
        " " + P256["x"],
        "AA" + P256["x"],  # a longer number
        "A" * 2000,
    ],
)
def test_coordinates_have_one_spelling(x):
    assert refusal({**P256, "x": x}) == "key.jwk"


@pytest.mark.parametrize("jwk", [P256, {k: v for k, v in P384_SECRET.items() if k != "d"}, SECP256K1])
def test_points_off_the_curve_are_refused(jwk):
    swapped = {**jwk, "x": jwk["y"], "y": jwk["x"]}
    assert refusal(swapped) == "key.not_on_curve"
    other = PrivateKey.generate(PublicKey.from_jwk(jwk).type).public.to_jwk()
    assert refusal({**jwk, "y": other["y"]}) == "key.not_on_curve"
    assert (
        refusal({**jwk, "x": "_" * (len(jwk["x"]) - 1) + ("8" if len(jwk["x"]) == 43 else "_")}) == "key.not_on_curve"
    )


@pytest.mark.threat(16)
def test_small_order_keys_are_refused_in_this_form_too():
    assert refusal({**ED25519, "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) == "key.small_order"
    assert refusal({**X25519, "x": "A" * 43}) == "key.small_order"


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "OKP", "crv": "Ed448", "x": "AA"},
        {"kty": "OKP", "crv": "X448", "x": "AA"},
        {"kty": "EC", "crv": "BLS12381G2", "x": "AA", "y": "AA"},  # an older draft
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
    ],
)
def test_unknown_kinds_are_unsupported_not_wrong(jwk):
    assert refusal(jwk, UnsupportedKeyError) == "key.unsupported"


@pytest.mark.parametrize(("kty", "crv"), [("EC", "Ed25519"), ("OKP", "P-256"), ("EC", "X25519"), ("OKP", "secp256k1")])
def test_a_curve_under_the_wrong_kty_is_wrong(kty, crv):
    assert refusal({**P256, "kty": kty, "crv": crv}) == "key.jwk"


ALGORITHMS = {
    "EdDSA": {"Ed25519"},
    "Ed25519": {"Ed25519"},
    "ES256": {"P-256"},
    "ESP256": {"P-256"},
    "ES384": set(),
    "ES512": set(),
    "ES256K": {"secp256k1"},
    "Ed448": set(),
    "HS256": set(),
    "HS512": set(),
    "none": set(),
    "RS256": set(),
    "PS256": set(),
    "RSA-OAEP": set(),
    "RSA1_5": set(),
    "A256KW": set(),
    "dir": set(),
    "PBES2-HS256+A128KW": set(),
    "ML-DSA-44": set(),
    "ECDH-ES": {"P-256", "X25519", "secp256k1"},
    "ECDH-ES+A256KW": {"P-256", "X25519", "secp256k1"},
}


@pytest.mark.threat(24)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("name", PUBLIC)
def test_an_algorithm_goes_with_its_own_key_type_only(algorithm, name):
    jwk = {**PUBLIC[name], "alg": algorithm}
    if name in ALGORITHMS[algorithm]:
        assert PublicKey.from_jwk(jwk).type == name
    else:
        assert refusal(jwk) in {"key.algorithm", "key.use"}


@pytest.mark.parametrize(
    ("jwk", "allowed"),
    [
        (P256, {"sig", "enc"}),
        ({**P256, "use": "sig"}, {"sig"}),
        ({**P256, "use": "enc"}, {"enc"}),
        ({**P256, "alg": "ES256"}, {"sig"}),
        ({**P256, "alg": "ECDH-ES"}, {"enc"}),
        ({**P256, "key_ops": ["verify"]}, {"sig"}),
        ({**P256, "key_ops": ["deriveKey", "deriveBits"]}, {"enc"}),
        ({**P256, "alg": "a-new-one"}, {"sig", "enc"}),
        (ED25519, {"sig"}),
        (X25519, {"enc"}),
    ],
)
def test_what_a_jwk_may_be_used_for(jwk, allowed):
    assert purposes(jwk) == allowed


@pytest.mark.parametrize(
    "jwk",
    [
        {**ED25519, "use": "enc"},
        {**X25519, "use": "sig"},
        {**P256, "use": "sig", "alg": "ECDH-ES"},
        {**P256, "use": "enc", "key_ops": ["verify"]},
        {**P256, "key_ops": []},
        {**P256, "key_ops": ["fly"]},
        {**P256, "use": "other"},
        {**ED25519, "key_ops": ["deriveKey"]},
    ],
)
def test_contradictory_uses_are_refused(jwk):
    assert refusal(jwk) == "key.use"


@pytest.mark.parametrize("operations", ["verify", ["verify", "verify"], [1], {"verify": True}])
def test_malformed_key_ops_are_refused(operations):
    assert refusal({**P256, "key_ops": operations}) == "key.jwk"


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*P384_SECRET, "use", "alg", "key_ops", "kid"]),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(max_size=5)
            | st.sampled_from([*P256.values(), *X25519.values()]),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
            max_leaves=4,
        ),
    )
)
def test_any_object_is_a_key_or_refused_with_a_reason(jwk):
    try:
        key = PublicKey.from_jwk(jwk)
    except (InvalidKeyError, UnsupportedKeyError) as error:
        assert error.remedy  # noqa: PT017 - refused or read, both are right
    else:
        assert PublicKey.from_jwk(key.to_jwk()) == key
