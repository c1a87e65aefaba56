"""Compact JWS: the examples of the RFCs hold; what two readers could take differently is refused."""

import json
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from integrity_support import PRIVATE_KEYS

from did_methods.errors import InvalidKeyError
from did_methods.multibase import from_base64url, to_base64url
from did_methods.multikey import KeyType, PublicKey
from did_methods.rsa import RsaPublicKey
from node.proofs.errors import (
    InvalidProofError,
    MalformedProofError,
    ProofIndeterminate,
    ProofOptionsError,
    ProofsError,
    UnsupportedProofError,
)
from node.proofs.jose.algorithms import ALGORITHMS
from node.proofs.jose.jws import KEYS_IN_HEADER, MAX_PAYLOAD_BYTES, looks_compact, parse_jws, prepare_jws, verify_jws
from node.proofs.signatures import local_signer

ALL = frozenset(ALGORITHMS)
ED25519 = PRIVATE_KEYS[KeyType.ED25519]
PUBLISHED = {
    name: ((RsaPublicKey if example["jwk"]["kty"] == "RSA" else PublicKey).from_jwk(example["jwk"]), example["jws"])
    for name, example in tomllib.loads(Path(__file__).with_name("published.toml").read_text("utf-8")).items()
}
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS = {
    "EdDSA": PRIVATE_KEYS[KeyType.ED25519].public,
    "ES256": PRIVATE_KEYS[KeyType.P256].public,
    "ES384": PRIVATE_KEYS[KeyType.P384].public,
    "RS256": RsaPublicKey(RSA_KEY.public_key().public_numbers().n, 65537),
    "secp256k1": PRIVATE_KEYS[KeyType.SECP256K1].public,
    "X25519": PRIVATE_KEYS[KeyType.X25519].public,
    "BLS": PRIVATE_KEYS[KeyType.BLS12_381_G2].public,
}


def signed(header, payload=b"{}", key=ED25519):
    unsigned = prepare_jws(header, payload, key.public)
    return unsigned.complete(local_signer(key).sign(unsigned.signing_input))


def by_hand(header, payload=b"{}"):
    """A JWS with any header at all, signed over exactly these bytes with Ed25519."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    head = f"{to_base64url(raw)}.{to_base64url(payload)}"
    return f"{head}.{to_base64url(local_signer(ED25519).sign(head.encode()))}"


def refused(text, kind=ProofsError, *, key=ED25519.public, algorithms=ALL):
    with pytest.raises(kind) as caught:
        verify_jws(parse_jws(text), key, algorithms=algorithms)
    return caught.value.code


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_examples_of_the_rfcs_hold(name):
    key, text = PUBLISHED[name]
    verified = verify_jws(parse_jws(text), key, algorithms={name})
    assert (verified.algorithm.name, verified.jws.text) == (name, text)
    assert verified.jws.signing_input == text.rpartition(".")[0].encode()


@pytest.mark.parametrize("key_type", [KeyType.ED25519, KeyType.P256, KeyType.P384])
def test_what_is_signed_verifies_and_keeps_its_payload(key_type):
    key, payload = PRIVATE_KEYS[key_type], '{"title":  "Zażółć"}'.encode()
    text = signed({"typ": "application/VC+jwt", "cty": "vc", "kid": "did:example:1#k"}, payload, key)
    jws = verify_jws(parse_jws(text), key.public, algorithms=ALL).jws
    assert (jws.payload, jws.typ, jws.cty, jws.kid) == (payload, "vc+jwt", "vc", "did:example:1#k")
    assert looks_compact(text)


@pytest.mark.threat(24)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "ES384", "RS256"])
def test_only_the_diagonal_of_algorithms_and_keys_passes(algorithm, key):
    head = f"{to_base64url(json.dumps({'alg': algorithm}).encode())}.e30"
    if algorithm == "RS256":
        signature = RSA_KEY.sign(head.encode(), PKCS1v15(), SHA256())
    else:
        (private,) = [one for one in PRIVATE_KEYS.values() if one.type == ALGORITHMS[algorithm].key_type]
        signature = local_signer(private).sign(head.encode())
    text = f"{head}.{to_base64url(signature)}"
    if key == algorithm:
        assert verify_jws(parse_jws(text), KEYS[key], algorithms={algorithm})
    else:
        assert refused(text, InvalidProofError, key=KEYS[key]) == "proof.invalid.key_type"
    assert refused(text, UnsupportedProofError, key=KEYS[key], algorithms=ALL - {algorithm}) == (
        "proof.unsupported.algorithm"
    )


@pytest.mark.threat(24)
@pytest.mark.parametrize("name", ["none", "None", "nOnE", "HS256", "HS384", "HS512"])
def test_what_anybody_can_sign_is_wrong_and_not_only_unknown(name):
    for signature in ("", to_base64url(b"\0" * 64)):
        head = f"{to_base64url(json.dumps({'alg': name}).encode())}.e30"
        assert refused(f"{head}.{signature}", InvalidProofError) == "proof.invalid.algorithm"


@pytest.mark.threat(24)
@pytest.mark.parametrize("name", ["ES256K", "PS256", "RS512", "ES512", "eddsa", "Ed25519", "EdDSA ", "ML-DSA-44"])
def test_other_algorithms_are_not_checked(name):
    assert refused(by_hand({"alg": name}), UnsupportedProofError) == "proof.unsupported.algorithm"


@pytest.mark.threat(24)
@pytest.mark.parametrize("member", KEYS_IN_HEADER)
def test_a_key_that_comes_with_the_signature_is_never_used(member):
    value = ED25519.public.to_jwk() if member == "jwk" else "https://keys.example/1"
    text = by_hand({"alg": "EdDSA", "kid": "did:example:1#k", member: value})
    assert refused(text, UnsupportedProofError) == "proof.unsupported.key_in_header"


@pytest.mark.parametrize("extra", [{"crit": ["b64"], "b64": False}, {"b64": False}, {"crit": []}, {"crit": ["exp"]}])
def test_what_changes_the_signed_bytes_is_refused(extra):
    assert refused(by_hand({"alg": "EdDSA", **extra}), UnsupportedProofError) == "proof.unsupported.critical"


def test_b64_that_says_what_is_so_anyway_changes_nothing():
    assert verify_jws(parse_jws(by_hand({"alg": "EdDSA", "b64": True})), ED25519.public, algorithms=ALL)


@pytest.mark.threat(24)
@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"EdDSA","alg":"none"}',
        b'{"alg":"EdDSA","kid":"did:example:1#a","kid":"did:example:1#b"}',
        b'{"kid":"x"}',
        b'{"alg":["EdDSA"]}',
        b'{"alg":""}',
        b'{"alg":"EdDSA","kid":1}',
        b'{"alg":"EdDSA","typ":null}',
        b'{"alg":"EdDSA","cty":{}}',
        b'["EdDSA"]',
        b'{"alg":"EdDSA"',
        b"\xef\xbb\xbf{}",
        b"\xff",
        b"",
    ],
)
def test_a_header_that_readers_could_take_differently_is_refused(header):
    assert refused(by_hand(header), MalformedProofError) == "proof.malformed.jws_header"


GOOD = signed({"kid": "did:example:1#k"}, b'{"a":1}')
HEADER, PAYLOAD, SIGNATURE = GOOD.split(".")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "proof.malformed.parts"),
        (HEADER, "proof.malformed.parts"),
        (f"{HEADER}.{PAYLOAD}", "proof.malformed.parts"),
        (f"{GOOD}.x", "proof.malformed.parts"),
        (f"{HEADER}.{PAYLOAD}.{SIGNATURE}==", "proof.malformed.base64url"),
        (f"{HEADER}.{PAYLOAD}=.{SIGNATURE}", "proof.malformed.base64url"),
        (f"{HEADER} .{PAYLOAD}.{SIGNATURE}", "proof.malformed.base64url"),
        (f"\n{GOOD}", "proof.malformed.base64url"),
        (f"{GOOD}\n", "proof.malformed.base64url"),
        (f"{HEADER}.{PAYLOAD}.{SIGNATURE[:-1]}é", "proof.malformed.base64url"),
        (f"{HEADER}.{PAYLOAD}.{SIGNATURE[:-4]}+/+/", "proof.malformed.base64url"),
        ("A" * 2_000_000, "proof.malformed.too_large"),
        (f"{'A' * 6_000}.{PAYLOAD}.{SIGNATURE}", "proof.malformed.too_large"),
        (f"{HEADER}.{PAYLOAD}.{'A' * 2_000}", "proof.malformed.too_large"),
    ],
)
def test_what_is_no_compact_jws_is_refused(text, code):
    assert refused(text, MalformedProofError) == code


def test_stray_bits_at_the_end_of_a_part_are_refused():
    """Of the four texts that a careless decoder takes for the same bytes, one is the signature."""
    last = ALPHABET.index(SIGNATURE[-1])
    taken = []
    for change in range(16):
        text = GOOD[:-1] + ALPHABET[(last & ~15) | change]
        with suppress(MalformedProofError):
            verify_jws(parse_jws(text), ED25519.public, algorithms=ALL)
            taken.append(text)
    assert taken == [GOOD]


@given(st.integers(0, len(GOOD) - 1), st.sampled_from(ALPHABET + "."))
def test_no_altered_character_goes_unnoticed(place, character):
    altered = GOOD[:place] + character + GOOD[place + 1 :]
    if altered != GOOD:
        assert refused(altered)


@given(
    st.one_of(st.text(max_size=80), st.from_regex(r"[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,4}", fullmatch=True))
)
def test_any_text_is_parsed_or_refused_with_a_code(text):
    try:
        jws = parse_jws(text)
    except (MalformedProofError, UnsupportedProofError) as error:
        refusal = error
    else:
        assert to_base64url(jws.payload) == text.split(".")[1]
        return
    assert refusal.code.startswith("proof.")
    assert refusal.remedy


@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4))
def test_signing_and_parsing_are_each_others_inverse(payload, extra):
    header = {name: value for name, value in extra.items() if name not in {"alg", "kid", "typ", "cty", "crit", "b64"}}
    jws = parse_jws(signed(header, payload))
    assert jws.payload == payload
    assert jws.header == {"alg": "EdDSA", **header}


def test_a_limit_on_the_payload_holds_before_it_is_decoded():
    text = signed({}, b" " * 100)
    assert parse_jws(text, max_payload_bytes=100).payload == b" " * 100
    with pytest.raises(MalformedProofError) as caught:
        parse_jws(text, max_payload_bytes=99)
    assert caught.value.code == "proof.malformed.too_large"


@pytest.mark.parametrize(
    ("header", "payload", "key", "code"),
    [
        ({}, b"", PRIVATE_KEYS[KeyType.X25519], "proof.options.key_type"),
        ({}, b"", PRIVATE_KEYS[KeyType.SECP256K1], "proof.options.key_type"),
        ({"crit": ["exp"]}, b"", ED25519, "proof.options.header"),
        ({"kid": 1}, b"", ED25519, "proof.options.header"),
        ({}, b" " * (MAX_PAYLOAD_BYTES + 1), ED25519, "proof.options.too_large"),
        ({"note": "x" * 5000}, b"", ED25519, "proof.options.header"),
    ],
)
def test_what_would_not_be_read_is_not_signed(header, payload, key, code):
    with pytest.raises(ProofOptionsError) as caught:
        prepare_jws(header, payload, key.public)
    assert caught.value.code == code


def test_the_algorithm_is_the_keys_whatever_the_header_says():
    assert parse_jws(signed({"alg": "none", "kid": "k"})).header == {"alg": "EdDSA", "kid": "k"}


def test_a_signer_that_holds_another_key_is_found_out():
    unsigned = prepare_jws({}, b"{}", ED25519.public)
    with pytest.raises(InvalidProofError):
        unsigned.complete(b"\1" * 64)


@pytest.mark.threat(24)
@pytest.mark.parametrize("bits", [512, 1024, 2047, 8200])
def test_rsa_keys_of_other_sizes_are_refused(bits):
    with pytest.raises(InvalidKeyError) as caught:
        RsaPublicKey((1 << (bits - 1)) + 1, 65537)
    assert caught.value.code == "key.rsa_size"


@pytest.mark.parametrize("exponent", [1, 3, 17, 65536, 65538, 2**32 + 1])
def test_rsa_exponents_that_invite_forgery_are_refused(exponent):
    with pytest.raises(InvalidKeyError) as caught:
        RsaPublicKey(RSA_KEY.public_key().public_numbers().n, exponent)
    assert caught.value.code == "key.rsa_exponent"


def test_every_flipped_bit_of_an_rsa_signature_is_refused():
    key, text = PUBLISHED["RS256"]
    head, _, encoded = text.rpartition(".")
    signature = from_base64url(encoded)
    for bit in range(0, 8 * len(signature), 7):
        altered = bytearray(signature)
        altered[bit // 8] ^= 1 << bit % 8
        assert refused(f"{head}.{to_base64url(bytes(altered))}", InvalidProofError, key=key) == "proof.invalid"
    for other in (signature[1:], b"\0" + signature):
        code = refused(f"{head}.{to_base64url(other)}", InvalidProofError, key=key)
        assert code == "proof.invalid.signature_length"


def test_wrong_and_not_checked_are_different_kinds():
    assert issubclass(UnsupportedProofError, ProofIndeterminate)
    assert not issubclass(InvalidProofError, ProofIndeterminate)
