"""Signatures: what is accepted, by both back ends alike, and what is refused before a library is asked."""

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from integrity_support import PRIVATE_KEYS
from nacl.signing import SigningKey

from did_methods.curves import KeyType
from did_methods.errors import InvalidKeyError
from did_methods.multikey import PrivateKey, PublicKey
from node.proofs import signatures
from node.proofs.errors import InvalidProofError, UnsupportedProofError
from node.proofs.signatures import (
    ED25519_FIELD,
    ED25519_ORDER,
    SIGNATURE_BYTES,
    SMALL_ORDER_Y,
    local_signer,
    normalized_signature,
    sign,
    verify,
)

ED25519, P256, P384 = (PRIVATE_KEYS[type_] for type_ in (KeyType.ED25519, KeyType.P256, KeyType.P384))
ORDERS = {
    KeyType.P256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    KeyType.P384: int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
}
ECDSA = [P256, P384]
MESSAGE = b"the quick brown fox"


def hash_of(key):
    return "sha384" if key.type is KeyType.P384 else "sha256"


def split(key, signature):
    half = SIGNATURE_BYTES[key.type] // 2
    return int.from_bytes(signature[:half]), int.from_bytes(signature[half:])


def joined(key, r, s):
    half = SIGNATURE_BYTES[key.type] // 2
    return r.to_bytes(half) + s.to_bytes(half)


@pytest.mark.parametrize("key", [ED25519, P256, P384], ids=lambda key: key.type)
def test_what_is_signed_verifies_and_anything_else_does_not(key):
    signature = sign(key, MESSAGE, hash_name=hash_of(key))
    verify(key.public, MESSAGE, signature, hash_name=hash_of(key))
    assert sign(key, MESSAGE, hash_name=hash_of(key)) == signature, "signing is deterministic"
    assert local_signer(key).sign(MESSAGE) == signature
    other = PrivateKey.generate(key.type).public
    for public, data in ((key.public, MESSAGE + b"."), (other, MESSAGE)):
        with pytest.raises(InvalidProofError) as caught:
            verify(public, data, signature, hash_name=hash_of(key))
        assert caught.value.code == "proof.invalid"


@pytest.mark.parametrize("key", [ED25519, P256, P384], ids=lambda key: key.type)
def test_every_flipped_bit_of_a_signature_is_refused(key):
    signature = sign(key, MESSAGE, hash_name=hash_of(key))
    for bit in range(8 * len(signature)):
        altered = bytearray(signature)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidProofError):
            verify(key.public, MESSAGE, bytes(altered), hash_name=hash_of(key))


@pytest.mark.parametrize("key", [ED25519, P256, P384], ids=lambda key: key.type)
@pytest.mark.parametrize("change", [lambda _: b"", lambda s: s[:-1], lambda s: s + b"\0", lambda s: b"\0" + s])
def test_a_signature_of_another_length_is_refused(key, change):
    with pytest.raises(InvalidProofError) as caught:
        verify(key.public, MESSAGE, change(sign(key, MESSAGE, hash_name=hash_of(key))), hash_name=hash_of(key))
    assert caught.value.code == "proof.invalid.signature_length"


@pytest.mark.parametrize("type_", [KeyType.X25519, KeyType.SECP256K1, KeyType.BLS12_381_G2])
def test_key_types_that_cannot_sign_are_named(type_):
    key = PRIVATE_KEYS[type_]
    with pytest.raises(UnsupportedProofError, match=type_):
        sign(key, MESSAGE, hash_name="sha256")
    with pytest.raises(UnsupportedProofError, match=type_):
        verify(key.public, MESSAGE, bytes(64), hash_name="sha256")
    with pytest.raises(UnsupportedProofError, match=type_):
        normalized_signature(key.public, bytes(64))


# --- Ed25519 -----------------------------------------------------------------------------------------------------


def backends_accept(raw_key, signature, data=MESSAGE):
    """What the library behind `verify` and OpenSSL say, without the checks of `verify`."""
    try:
        Ed25519PublicKey.from_public_bytes(raw_key).verify(signature, data)
        openssl = True
    except InvalidSignature:
        openssl = False
    try:
        signatures.crypto_sign_open(signature + data, raw_key)
        libsodium = True
    except signatures.BadSignatureError:
        libsodium = False
    return openssl, libsodium


def accepted(key, signature, data=MESSAGE):
    try:
        verify(key, data, signature, hash_name="sha256")
    except InvalidProofError:
        return False
    return True


# RFC 8032, section 7.1, tests 1 to 3 and 1024 are covered by the libraries; test 2 pins that we call them rightly.
def test_rfc_8032_test_2():
    key = PrivateKey(KeyType.ED25519, bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert sign(key, b"\x72", hash_name="sha256") == signature
    verify(key.public, b"\x72", signature, hash_name="sha256")


def add(p, q):
    """Edwards addition in affine coordinates, for making test points only."""
    d = -121665 * pow(121666, -1, ED25519_FIELD) % ED25519_FIELD
    (x1, y1), (x2, y2) = p, q
    k = d * x1 * x2 * y1 * y2 % ED25519_FIELD
    x = (x1 * y2 + x2 * y1) * pow(1 + k, -1, ED25519_FIELD) % ED25519_FIELD
    y = (y1 * y2 + x1 * x2) * pow(1 - k, -1, ED25519_FIELD) % ED25519_FIELD
    return x, y


def times(n, p):
    total = (0, 1)
    while n:
        if n & 1:
            total = add(total, p)
        p, n = add(p, p), n >> 1
    return total


def decoded(raw):
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    d = -121665 * pow(121666, -1, ED25519_FIELD) % ED25519_FIELD
    square = (y * y - 1) * pow(d * y * y + 1, -1, ED25519_FIELD) % ED25519_FIELD
    x = pow(square, (ED25519_FIELD + 3) // 8, ED25519_FIELD)
    if x * x % ED25519_FIELD != square:
        x = x * pow(2, (ED25519_FIELD - 1) // 4, ED25519_FIELD) % ED25519_FIELD
    assert x * x % ED25519_FIELD == square, "not a point"
    return (ED25519_FIELD - x if x % 2 != raw[31] >> 7 else x), y


def encoded(point):
    return (point[1] | (point[0] % 2) << 255).to_bytes(32, "little")


def torsion():
    """The eight points of small order: L times any point has one of them."""
    for byte in range(2, 60):
        raw = bytes([byte]) + bytes(31)
        try:
            generator = times(ED25519_ORDER, decoded(raw))
        except AssertionError:
            continue
        points = [times(n, generator) for n in range(8)]
        if len(set(points)) == 8:
            return points
    raise AssertionError("no generator of the torsion found")


TORSION = torsion()


def test_the_small_order_points_are_these():
    assert {y for _, y in TORSION} == SMALL_ORDER_Y


@pytest.mark.threat(16)
@pytest.mark.parametrize("index", range(8))
def test_no_key_of_small_order_gets_as_far_as_a_verification(index):
    """OpenSSL takes the identity key with R = identity, S = 0 for any message; here it is no key at all."""
    raw = encoded(TORSION[index])
    if TORSION[index] == (0, 1):
        assert backends_accept(raw, raw + bytes(32)) == (True, False)
    with pytest.raises(InvalidKeyError):
        PublicKey(KeyType.ED25519, raw)


@pytest.mark.threat(16)
def test_s_plus_l_is_refused():
    signature = sign(ED25519, MESSAGE, hash_name="sha256")
    s = int.from_bytes(signature[32:], "little")
    for multiple in range(1, (2**256 - 1 - s) // ED25519_ORDER + 1):
        twin = signature[:32] + (s + multiple * ED25519_ORDER).to_bytes(32, "little")
        with pytest.raises(InvalidProofError, match="group order") as caught:
            verify(ED25519.public, MESSAGE, twin, hash_name="sha256")
        assert caught.value.code == "proof.invalid.signature_encoding"


def forged(secret_scalar, public, r_point, r_scalar, data=MESSAGE):
    """A signature with an R of the forger's choice: R = r·B plus the rest of r_point."""
    r = encoded(r_point)
    k = int.from_bytes(hashlib.sha512(r + public + data).digest(), "little")
    return r + ((r_scalar + k * secret_scalar) % ED25519_ORDER).to_bytes(32, "little")


def scalar_of(seed):
    digest = bytearray(hashlib.sha512(seed).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    return int.from_bytes(digest, "little")


BASE = decoded((4 * pow(5, -1, ED25519_FIELD) % ED25519_FIELD).to_bytes(32, "little"))


@pytest.mark.threat(16)
@pytest.mark.parametrize("index", range(8))
def test_an_r_of_small_order_is_refused_also_where_the_equation_holds(index):
    """R = identity with S = k·a satisfies the equation under the honest key: whoever holds the key can make it."""
    signature = forged(scalar_of(ED25519.raw), ED25519.public.raw, TORSION[index], 0)
    with pytest.raises(InvalidProofError) as caught:
        verify(ED25519.public, MESSAGE, signature, hash_name="sha256")
    assert caught.value.code == "proof.invalid.signature_encoding"
    if TORSION[index] == (0, 1):
        assert backends_accept(ED25519.public.raw, signature)[0], "OpenSSL alone would take it"


@pytest.mark.threat(16)
def test_a_non_canonical_r_is_refused():
    for y in range(ED25519_FIELD, 2**255):
        for sign_bit in (0, 1):
            r = (y | sign_bit << 255).to_bytes(32, "little")
            with pytest.raises(InvalidProofError, match="not canonical") as caught:
                verify(ED25519.public, MESSAGE, r + bytes(32), hash_name="sha256")
            assert caught.value.code == "proof.invalid.signature_encoding"


@pytest.mark.threat(16)
def test_both_back_ends_agree_behind_the_checks():
    """Torsion mixed into R, honest and altered signatures: OpenSSL and libsodium judge alike what passes the checks."""
    secret, public = scalar_of(ED25519.raw), ED25519.public
    r_scalar = 12345678901234567890
    r_point = times(r_scalar, BASE)
    cases = [sign(ED25519, MESSAGE, hash_name="sha256")]
    cases += [forged(secret, public.raw, add(r_point, point), r_scalar) for point in TORSION]
    cases += [case[:32] + bytes(32) for case in cases]
    verdicts = []
    for case in cases:
        openssl, libsodium = backends_accept(public.raw, case)
        verdicts.append(accepted(public, case))
        assert openssl == libsodium == verdicts[-1], case.hex()
    assert verdicts.count(True) == 2, "the honest signature, and the forger's with no torsion: he holds the key"


@given(seed=st.binary(min_size=32, max_size=32), data=st.binary(max_size=200))
def test_signatures_are_those_of_the_reference_library(seed, data):
    key = PrivateKey(KeyType.ED25519, seed)
    assert sign(key, data, hash_name="sha256") == SigningKey(seed).sign(data).signature
    assert backends_accept(key.public.raw, sign(key, data, hash_name="sha256"), data) == (True, True)


# --- ECDSA -------------------------------------------------------------------------------------------------------


@pytest.mark.threat(16)
@pytest.mark.parametrize("key", ECDSA, ids=lambda key: key.type)
def test_every_signature_made_here_has_a_low_s(key):
    half = ORDERS[key.type] // 2
    for number in range(40):
        _, s = split(key, sign(key, number.to_bytes(4), hash_name=hash_of(key)))
        assert s <= half


@pytest.mark.threat(16)
@pytest.mark.parametrize("key", ECDSA, ids=lambda key: key.type)
def test_the_high_s_twin_verifies_and_has_the_same_identity(key):
    signature = sign(key, MESSAGE, hash_name=hash_of(key))
    r, s = split(key, signature)
    twin = joined(key, r, ORDERS[key.type] - s)
    assert twin != signature
    verify(key.public, MESSAGE, twin, hash_name=hash_of(key))
    assert normalized_signature(key.public, twin) == normalized_signature(key.public, signature) == signature


def test_an_ed25519_signature_is_its_own_identity():
    signature = sign(ED25519, MESSAGE, hash_name="sha256")
    assert normalized_signature(ED25519.public, signature) == signature


@pytest.mark.threat(16)
@pytest.mark.parametrize("key", ECDSA, ids=lambda key: key.type)
def test_r_and_s_are_between_one_and_the_group_order(key):
    r, s = split(key, sign(key, MESSAGE, hash_name=hash_of(key)))
    order = ORDERS[key.type]
    top = 2 ** (4 * SIGNATURE_BYTES[key.type]) - 1
    for pair in [(0, s), (r, 0), (0, 0), (order, s), (r, order), (top, s), (r, top), (order, order)]:
        with pytest.raises(InvalidProofError) as caught:
            verify(key.public, MESSAGE, joined(key, *pair), hash_name=hash_of(key))
        assert caught.value.code == "proof.invalid.signature_encoding"
    if s + order <= top:
        with pytest.raises(InvalidProofError):
            verify(key.public, MESSAGE, joined(key, r, s + order), hash_name=hash_of(key))


def test_rfc_6979_p256_sample():
    """RFC 6979, appendix A.2.5, message "sample", SHA-256; its s is high, so ours is n - s."""
    secret = bytes.fromhex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
    r = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    key = PrivateKey(KeyType.P256, secret)
    assert split(key, sign(key, b"sample", hash_name="sha256")) == (r, ORDERS[KeyType.P256] - s)
    verify(key.public, b"sample", joined(key, r, s), hash_name="sha256")


@pytest.mark.parametrize("key", ECDSA, ids=lambda key: key.type)
def test_another_hash_does_not_verify(key):
    other = "sha256" if hash_of(key) == "sha384" else "sha384"
    with pytest.raises(InvalidProofError):
        verify(key.public, MESSAGE, sign(key, MESSAGE, hash_name=hash_of(key)), hash_name=other)
