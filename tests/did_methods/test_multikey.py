"""Keys: the Multikey form, what a private key hides, and the keys that are refused before a library sees them."""

import copy
import json
import pickle
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from multiformats import multicodec
from py_arkworks_bls12381 import G2Point
from support import vectors

from did_methods.curves import (
    BLS12_381_P,
    BLS12_381_R,
    ED25519_SMALL_ORDER_Y,
    PUBLIC_BYTES,
    WEIERSTRASS_CURVES,
    X25519_SMALL_ORDER_U,
    y_of,
)
from did_methods.errors import InvalidKeyError, MultibaseError, UnsupportedKeyError
from did_methods.multibase import decode_base58btc, encode_base58btc
from did_methods.multikey import KeyType, PrivateKey, PublicKey

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
SIGN = 1 << 255

# By type: a secret key, its public half, and the source of both.
PAIRS = [
    pytest.param(
        # W3C vc-di-ecdsa, TestVectors/p256KeyPair.json
        "z42twTcNeSYcnqg1FLuSFs2bsGH3ZqbRHFmvS9XMsYhjxvHN",
        "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP",
        KeyType.P256,
        id="P-256",
    ),
    pytest.param(
        # W3C vc-di-ecdsa, TestVectors/p384KeyPair.json
        "z2fanyY7zgwNpZGxX5fXXibvScNaUWNprHU9dKx7qpVj7mws9J8LLt4mDB5TyH2GLHWkUc",
        "z82LkuBieyGShVBhvtE2zoiD6Kma4tJGFtkAhxR5pfkp5QPw4LutoYWhvQCnGjdVn14kujQ",
        KeyType.P384,
        id="P-384",
    ),
    pytest.param(
        # W3C vc-di-eddsa, TestVectors/keyPair.json
        "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq",
        "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        KeyType.ED25519,
        id="Ed25519",
    ),
]


def ed25519_bytes(y, sign=0):
    return (y | sign * SIGN).to_bytes(32, "little")


def refusal(key_type, raw):
    with pytest.raises(InvalidKeyError) as caught:
        PublicKey(key_type, raw)
    assert caught.value.remedy
    return caught.value.code


# Multikey


@pytest.mark.parametrize(("secret", "public", "key_type"), PAIRS)
def test_published_key_pairs_are_read_and_written(secret, public, key_type):
    private = PrivateKey.from_multibase(secret)
    assert private.type is key_type
    assert private.to_multibase() == secret
    assert private.public.to_multibase() == public
    assert PublicKey.from_multibase(public) == private.public


@pytest.mark.vectors
@pytest.mark.parametrize(
    ("folder", "name", "public", "secret"),
    [
        ("vc-di-bbs", "BBSKeyMaterial.json", "publicKeyHex", "privateKeyHex"),
        ("bbs-signature/bls12-381-sha-256", "keypair.json", "publicKey", "secretKey"),
    ],
)
def test_published_bls12_381_secret_keys_have_their_published_public_keys(folder, name, public, secret):
    pair = json.loads(vectors(folder, name).read_text())
    pair = pair.get("keyPair", pair)
    private = PrivateKey(KeyType.BLS12_381_G2, bytes.fromhex(pair[secret]))
    assert private.public.raw.hex() == pair[public]


@pytest.mark.parametrize(
    ("key_type", "codec"),
    [
        (KeyType.ED25519, "ed25519"),
        (KeyType.P256, "p256"),
        (KeyType.P384, "p384"),
        (KeyType.P521, "p521"),
        (KeyType.X25519, "x25519"),
        (KeyType.SECP256K1, "secp256k1"),
        (KeyType.BLS12_381_G2, "bls12_381-g2"),
    ],
)
def test_prefixes_are_those_of_the_multicodec_table(key_type, codec):
    private = PrivateKey.generate(key_type)
    for text, raw, half in (
        (private.to_multibase(), private.raw, "priv"),
        (private.public.to_multibase(), private.public.raw, "pub"),
    ):
        found, body = multicodec.unwrap(decode_base58btc(text))
        assert (found.name, body) == (f"{codec}-{half}", raw)


@pytest.mark.parametrize("key_type", list(KeyType))
def test_generated_keys_come_back_from_both_forms(key_type):
    private = PrivateKey.generate(key_type)
    assert PrivateKey.from_multibase(private.to_multibase()).raw == private.raw
    assert PrivateKey.from_jwk(private.to_jwk()).raw == private.raw
    assert PublicKey.from_multibase(private.public.to_multibase()) == private.public
    assert PublicKey.from_jwk(private.public.to_jwk()) == private.public
    assert PrivateKey.generate(key_type).raw != private.raw


def test_a_secret_key_where_a_public_one_belongs_is_refused_and_not_shown():
    secret = PrivateKey.generate(KeyType.P256).to_multibase()
    with pytest.raises(InvalidKeyError) as caught:
        PublicKey.from_multibase(secret)
    assert caught.value.code == "key.secret"
    assert secret[4:] not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        bytes.fromhex("8524") + bytes(270),  # rsa-pub
        bytes.fromhex("ed8100") + bytes(32),  # ed25519-pub as a longer varint than needed
        b"\xed",
        b"",
    ],
)
def test_unknown_multicodecs_are_unsupported_not_wrong(data):
    with pytest.raises(UnsupportedKeyError) as caught:
        PublicKey.from_multibase(encode_base58btc(data))
    assert caught.value.code == "key.unsupported"


@pytest.mark.parametrize("key_type", list(KeyType))
@pytest.mark.parametrize("change", [-1, 1])
def test_wrong_lengths_are_refused(key_type, change):
    assert refusal(key_type, bytes([2]) * (PUBLIC_BYTES[key_type] + change)) == "key.length"
    with pytest.raises(InvalidKeyError) as caught:
        PrivateKey(key_type, bytes([2]) * (len(PrivateKey.generate(key_type).raw) + change))
    assert caught.value.code == "key.length"


@pytest.mark.threat(63)
def test_an_overlong_key_text_is_refused_before_it_is_decoded():
    with pytest.raises(MultibaseError) as caught:
        PublicKey.from_multibase("z" + "2" * 1024)
    assert caught.value.code == "multibase.too_long"


# Private keys


@pytest.mark.threat(88)
@pytest.mark.parametrize("key_type", list(KeyType))
def test_a_private_key_shows_nothing_of_itself(key_type):
    private = PrivateKey.generate(key_type)
    shown = f"{private!r} {private} {private!s} {[private]} {{'key': {private}}}"
    assert str(private.raw) not in shown
    assert private.raw.hex() not in shown.lower()
    assert private.to_multibase() not in shown
    assert not hasattr(private, "__dict__")


@pytest.mark.threat(88)
def test_a_private_key_is_neither_pickled_nor_copied():
    private = PrivateKey.generate(KeyType.ED25519)
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leak(private)


@pytest.mark.threat(88)
@pytest.mark.parametrize("damage", [lambda text: "x" + text, lambda text: text + "0", lambda text: text * 40])
def test_no_message_quotes_a_damaged_secret_key(damage):
    secret = PrivateKey.generate(KeyType.ED25519).to_multibase()
    with pytest.raises((InvalidKeyError, UnsupportedKeyError)) as caught:
        PrivateKey.from_multibase(damage(secret))
    assert secret[8:20] not in f"{caught.value} {caught.value.remedy} {caught.value.__cause__}"


def test_a_private_key_equals_only_itself():
    private = PrivateKey.generate(KeyType.ED25519)
    assert private == private  # noqa: PLR0124 - identity is the point
    assert private != PrivateKey(private.type, private.raw)


@pytest.mark.parametrize("key_type", [KeyType.P256, KeyType.P384, KeyType.SECP256K1, KeyType.BLS12_381_G2])
def test_scalars_outside_the_group_order_are_refused(key_type):
    order = WEIERSTRASS_CURVES[key_type].n if key_type in WEIERSTRASS_CURVES else BLS12_381_R
    length = len(PrivateKey.generate(key_type).raw)
    for scalar in (0, order, order + 1, 2 ** (8 * length) - 1):
        with pytest.raises(InvalidKeyError) as caught:
            PrivateKey(key_type, scalar.to_bytes(length))
        assert caught.value.code == "key.scalar"
    assert (
        PrivateKey(key_type, (order - 1).to_bytes(length)).public != PrivateKey(key_type, (1).to_bytes(length)).public
    )


# Ed25519: small order, canonical, on the curve


def edwards_add(one, other):
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P,
    )


def edwards_x(y):
    """A root by Euler's criterion and exponentiation, unlike the code under test; None off the curve."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    if pow(square, (P - 1) // 2, P) not in {0, 1}:
        return None
    root = pow(square, (P + 3) // 8, P)
    return root if root * root % P == square else root * pow(2, (P - 1) // 4, P) % P


def torsion():
    """The points whose order divides 8: the multiples of one of order 8, found from any point by removing the rest."""
    subgroup = 2**252 + 27742317777372353535851937790883648493
    for y in range(2, 100):
        x = edwards_x(y)
        if x is None:
            continue
        point, result = (x, y), (0, 1)
        for bit in f"{subgroup:b}":
            result = edwards_add(result, result)
            if bit == "1":
                result = edwards_add(result, point)
        multiples = [(0, 1)]
        while (step := edwards_add(multiples[-1], result)) != (0, 1):
            multiples.append(step)
        if len(multiples) == 8:
            return multiples
    raise AssertionError("no point with a component of order 8")


def test_the_small_order_constants_are_the_torsion_points():
    points = torsion()
    assert len(set(points)) == 8
    assert {y for _, y in points} == ED25519_SMALL_ORDER_Y
    # The birational map of RFC 7748, 4.1 carries them over; its two exceptions are infinity and u = 0. The points of
    # small order on the twist have u = -1, whose double is u = 0.
    assert {(1 + y) * pow(1 - y, -1, P) % P for _, y in points if y != 1} | {1, P - 1, 0} == X25519_SMALL_ORDER_U


SMALL_ORDER_ENCODINGS = [
    (y + shift, sign) for y in sorted(ED25519_SMALL_ORDER_Y) for shift in (0, P) for sign in (0, 1) if y + shift < SIGN
]


@pytest.mark.threat(16)
@pytest.mark.parametrize(("y", "sign"), SMALL_ORDER_ENCODINGS)
def test_small_order_ed25519_keys_are_refused_in_every_encoding(y, sign):
    assert refusal(KeyType.ED25519, ed25519_bytes(y, sign)) == "key.small_order"


def test_every_known_small_order_encoding_is_covered():
    # 8 canonical ones and 6 non-canonical ones: the identity, -1 and both points with y = 0, plus the wrong signs.
    assert len(SMALL_ORDER_ENCODINGS) == 14


@pytest.mark.threat(16)
def test_openssl_would_accept_what_is_refused_here():
    """Why the check is ours: with the identity as key, one signature fits every message."""
    identity = ed25519_bytes(1)
    forged = identity + bytes(32)
    ed25519.Ed25519PublicKey.from_public_bytes(identity).verify(forged, b"anything")
    ed25519.Ed25519PublicKey.from_public_bytes(ed25519_bytes(P + 1)).verify(forged, b"anything else")
    assert refusal(KeyType.ED25519, identity) == "key.small_order"
    assert refusal(KeyType.ED25519, ed25519_bytes(P + 1)) == "key.small_order"


@pytest.mark.threat(16)
@pytest.mark.parametrize("y", range(P + 2, SIGN))
@pytest.mark.parametrize("sign", [0, 1])
def test_non_canonical_ed25519_keys_are_refused(y, sign):
    assert refusal(KeyType.ED25519, ed25519_bytes(y, sign)) == "key.not_canonical"


@settings(deadline=None)
@given(st.integers(0, P - 1), st.integers(0, 1))
def test_an_ed25519_key_is_accepted_exactly_when_it_is_on_the_curve(y, sign):
    if y in ED25519_SMALL_ORDER_Y:
        return
    if edwards_x(y) is None:
        assert refusal(KeyType.ED25519, ed25519_bytes(y, sign)) == "key.not_on_curve"
    else:
        assert PublicKey(KeyType.ED25519, ed25519_bytes(y, sign)).raw == ed25519_bytes(y, sign)


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_honest_ed25519_keys_are_accepted(seed):
    public = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert PrivateKey(KeyType.ED25519, seed).public == PublicKey(KeyType.ED25519, public)


# X25519


@pytest.mark.threat(16)
@pytest.mark.parametrize("u", [u + shift for u in sorted(X25519_SMALL_ORDER_U) for shift in (0, P) if u + shift < SIGN])
@pytest.mark.parametrize("high_bit", [0, 1])
def test_small_order_x25519_keys_are_refused_in_every_encoding(u, high_bit):
    assert refusal(KeyType.X25519, ed25519_bytes(u, high_bit)) == "key.small_order"


@pytest.mark.parametrize("u", sorted(X25519_SMALL_ORDER_U))
def test_the_x25519_constants_are_those_whose_shared_secret_is_zero(u):
    with pytest.raises(ValueError, match="shared key"):
        x25519.X25519PrivateKey.generate().exchange(x25519.X25519PublicKey.from_public_bytes(ed25519_bytes(u)))


@pytest.mark.threat(16)
@pytest.mark.parametrize("u", [P + 2, P + 9, 9 | SIGN, SIGN - 1])
def test_non_canonical_x25519_keys_are_refused(u):
    assert refusal(KeyType.X25519, u.to_bytes(32, "little")) == "key.not_canonical"


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_honest_x25519_keys_are_accepted(secret):
    public = x25519.X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    assert PrivateKey(KeyType.X25519, secret).public == PublicKey(KeyType.X25519, public)


# Weierstrass curves

CURVES = {KeyType.P256: ec.SECP256R1(), KeyType.P384: ec.SECP384R1(), KeyType.SECP256K1: ec.SECP256K1()}


@pytest.mark.parametrize("key_type", list(CURVES))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_compressed_point_is_accepted_exactly_when_openssl_accepts_it(key_type, data):
    length = WEIERSTRASS_CURVES[key_type].coordinate_bytes
    raw = bytes([data.draw(st.sampled_from([2, 3]))]) + data.draw(st.binary(min_size=length, max_size=length))
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[key_type], raw)
    except ValueError:
        assert refusal(key_type, raw) in {"key.not_on_curve", "key.not_canonical"}
    else:
        key = PublicKey(key_type, raw)
        numbers = point.public_numbers()
        assert key.raw == raw
        assert y_of(key_type, raw) == numbers.y


@pytest.mark.threat(16)
@pytest.mark.parametrize("key_type", list(CURVES))
def test_other_encodings_of_a_point_are_refused(key_type):
    curve = WEIERSTRASS_CURVES[key_type]
    point = ec.generate_private_key(CURVES[key_type]).public_key()
    compressed = point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    assert PublicKey(key_type, compressed).raw == compressed
    assert refusal(key_type, point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)) == "key.length"
    for prefix in (0, 1, 4, 5, 6, 7, 0x82):
        assert refusal(key_type, bytes([prefix]) + compressed[1:]) == "key.not_canonical"
    x = next(x for x in range(1000) if y_of(key_type, b"\x02" + x.to_bytes(curve.coordinate_bytes)) is not None)
    if x + curve.p < 256**curve.coordinate_bytes:
        assert refusal(key_type, b"\x02" + (x + curve.p).to_bytes(curve.coordinate_bytes)) == "key.not_canonical"
    assert refusal(key_type, bytes(1 + curve.coordinate_bytes)) == "key.not_canonical"


# BLS12-381 G2


def g2_encodings():
    """Encodings with small x: some of no point, some of a point of the curve outside the subgroup, none of a key."""
    for x in range(1, 24):
        yield bytes([0x80]) + bytes(46) + x.to_bytes(1) + bytes(47) + x.to_bytes(1)


@pytest.mark.threat(16)
def test_g2_points_off_the_curve_or_outside_the_subgroup_are_refused():
    outside = off = 0
    for raw in g2_encodings():
        try:
            point = G2Point.from_compressed_bytes_unchecked(raw)
        except ValueError:
            off += 1
        else:
            outside += not point.is_in_subgroup()
        assert refusal(KeyType.BLS12_381_G2, raw) == "key.subgroup"
    assert outside
    assert off


@pytest.mark.threat(16)
def test_other_encodings_of_a_g2_point_are_refused():
    good = PrivateKey.generate(KeyType.BLS12_381_G2).public.raw
    uncompressed_flag = bytes([good[0] & 0x7F]) + good[1:]
    assert refusal(KeyType.BLS12_381_G2, uncompressed_flag) == "key.not_canonical"
    infinity_flag = bytes([good[0] | 0x40]) + good[1:]
    assert refusal(KeyType.BLS12_381_G2, infinity_flag) == "key.small_order"
    for first in (0xC0, 0xE0):
        assert refusal(KeyType.BLS12_381_G2, bytes([first]) + bytes(95)) == "key.small_order"
    x0 = int.from_bytes(good[48:])
    assert refusal(KeyType.BLS12_381_G2, good[:48] + (x0 + BLS12_381_P).to_bytes(48)) == "key.not_canonical"
    at_the_prime = bytearray(BLS12_381_P.to_bytes(48) + good[48:])
    at_the_prime[0] |= 0x80
    assert refusal(KeyType.BLS12_381_G2, bytes(at_the_prime)) == "key.not_canonical"


# Order of work


@pytest.mark.threat(16)
def test_refusing_a_key_calls_no_library():
    script = (
        "import sys\n"
        "from did_methods.multikey import KeyType, PublicKey\n"
        "from did_methods.errors import InvalidKeyError\n"
        "for key_type, raw in ((KeyType.ED25519, bytes([1]) + bytes(31)), (KeyType.X25519, bytes(32)),\n"
        "                      (KeyType.P256, bytes(33)), (KeyType.BLS12_381_G2, bytes([0xC0]) + bytes(95))):\n"
        "    try:\n"
        "        PublicKey(key_type, raw)\n"
        "    except InvalidKeyError:\n"
        "        continue\n"
        "    sys.exit('accepted')\n"
        "sys.exit(', '.join({'cryptography', 'nacl', 'py_arkworks_bls12381'} & set(sys.modules)) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr


def test_only_an_ed25519_key_has_a_derived_x25519_key():
    with pytest.raises(InvalidKeyError) as caught:
        PrivateKey.generate(KeyType.P256).public.to_x25519()
    assert caught.value.code == "key.mismatch"
