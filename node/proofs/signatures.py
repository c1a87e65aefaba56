"""Signature primitives: Ed25519 and ECDSA over P-256 and P-384, with the checks that the libraries leave out.

The low-s rule. If (r, s) is an ECDSA signature, so is (r, n - s), and anyone can turn one into the other. Every
signature made here has s <= n/2. Both are accepted when verifying, because the published vectors of ecdsa-rdfc-2019 and
ecdsa-jcs-2019 and other libraries carry either. Whatever identifies a proof by its signature must therefore use
`normalized_signature`.

Ed25519 has one valid form only: S < L (RFC 8032), and R a canonical encoding of a point that is not of small order.
libsodium and OpenSSL differ in the rest; under these checks, and those that a PublicKey passes when it is made, they
agree.

Spec: https://www.rfc-editor.org/rfc/rfc8032, https://csrc.nist.gov/pubs/fips/186-5/final
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from did_methods.multikey import KeyType, PrivateKey, PublicKey
from node.proofs.errors import InvalidProofError, UnsupportedProofError

type HashName = Literal["sha256", "sha384"]

ED25519_SIGNATURE_BYTES: Final = 64
ED25519_FIELD: Final = 2**255 - 19
ED25519_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_HALF: Final = ED25519_SIGNATURE_BYTES // 2
_Y_MASK: Final = 2**255 - 1

# The y coordinates of the eight points of small order; a point and its negative share one.
_ORDER_8_Y: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_ORDER_Y: Final = frozenset({0, 1, ED25519_FIELD - 1, _ORDER_8_Y, ED25519_FIELD - _ORDER_8_Y})


class _Curve(NamedTuple):
    parameters: ec.EllipticCurve
    order: int
    size: int  # bytes of a coordinate or scalar


_CURVES: Final = MappingProxyType(
    {
        KeyType.P256: _Curve(ec.SECP256R1(), 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551, 32),
        KeyType.P384: _Curve(
            ec.SECP384R1(),
            0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
            48,
        ),
    }
)
_HASHES: Final = MappingProxyType({"sha256": SHA256(), "sha384": SHA384()})
# RFC 6979: no random number is needed, so a bad one cannot give the key away.
_SIGNING: Final = MappingProxyType(
    {name: ec.ECDSA(hash_, deterministic_signing=True) for name, hash_ in _HASHES.items()}
)
_ONE_TIME: Final = ec.ECDSA(Prehashed(SHA256()))
_VERIFYING: Final = MappingProxyType({name: ec.ECDSA(hash_) for name, hash_ in _HASHES.items()})

SIGNATURE_BYTES: Final = MappingProxyType(
    {KeyType.ED25519: ED25519_SIGNATURE_BYTES} | {type_: 2 * curve.size for type_, curve in _CURVES.items()}
)
"""How long a signature of each key type is; a key type that is absent cannot sign here."""

# Decompressing a point costs as much as half a verification, and an issuer signs many credentials with one key.
_MAX_LOADED_KEYS: Final = 256


@dataclass(frozen=True, slots=True)
class Signer:
    """A key and the operation that signs with it, wherever the private half lies.

    `sign` takes the bytes to be signed, not their digest, and returns the 64 bytes of Ed25519 or the r ‖ s of ECDSA.
    """

    key: PublicKey
    sign: Callable[[bytes], bytes]


def local_signer(private: PrivateKey) -> Signer:
    """A signer whose private key is held in this process, loaded once."""
    return Signer(private.public, _loaded_private(private, "sha384" if private.type is KeyType.P384 else "sha256"))


def one_time_key() -> tuple[bytes, Callable[[bytes], bytes]]:
    """The compressed point of a new P-256 key, and what signs with it; nobody keeps it beyond the proof it is for.

    The signatures are r ‖ s over SHA-256 with a low s; their nonces come from the operating system's random source.
    """
    curve = _CURVES[KeyType.P256]
    private = ec.generate_private_key(curve.parameters)

    def sign_low_s(data: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(sha256(data).digest(), _ONE_TIME))
        return r.to_bytes(32) + min(s, curve.order - s).to_bytes(32)

    return private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint), sign_low_s


def sign(key: PrivateKey, data: bytes, *, hash_name: HashName) -> bytes:
    """The signature over the data, deterministic; ECDSA as r ‖ s (IEEE P1363) with a low s.

    The hash is ECDSA's; Ed25519 brings its own. Raises UnsupportedProofError for a key type that cannot sign here.

    Spec: https://www.rfc-editor.org/rfc/rfc6979
    """
    return _loaded_private(key, hash_name)(data)


def verify(key: PublicKey, data: bytes, signature: bytes, *, hash_name: HashName) -> None:
    """Return if the key's owner signed the data.

    The hash is ECDSA's; Ed25519 brings its own. Raises InvalidProofError otherwise, and UnsupportedProofError for a key
    type that cannot sign here.
    """
    expected = SIGNATURE_BYTES.get(key.type)
    if expected is None:
        raise _no_signatures(key.type)
    if len(signature) != expected:
        raise InvalidProofError(
            f"the signature has {len(signature)} bytes; one by a key of type {key.type} has {expected}",
            code="proof.invalid.signature_length",
        )
    if key.type is KeyType.ED25519:
        _verify_ed25519(key, data, signature)
    else:
        _verify_ecdsa(key, data, signature, hash_name)


def normalized_signature(key: PublicKey, signature: bytes) -> bytes:
    """The one form of a valid signature that identifies it: for ECDSA the one with the low s, else itself."""
    if key.type is KeyType.ED25519:
        return signature
    curve = _curve(key.type)
    r, s = signature[: curve.size], int.from_bytes(signature[curve.size :])
    return r + min(s, curve.order - s).to_bytes(curve.size)


def _verify_ed25519(key: PublicKey, data: bytes, signature: bytes) -> None:
    y = int.from_bytes(signature[:_HALF], "little") & _Y_MASK
    if y >= ED25519_FIELD or y in SMALL_ORDER_Y:
        raise InvalidProofError(
            "the R of the Ed25519 signature is not canonical or is of small order: no honest signer makes such a one",
            code="proof.invalid.signature_encoding",
        )
    if int.from_bytes(signature[_HALF:], "little") >= ED25519_ORDER:
        raise InvalidProofError(
            "the S of the Ed25519 signature is not below the group order: it was altered after signing",
            code="proof.invalid.signature_encoding",
        )
    try:
        crypto_sign_open(signature + data, key.raw)
    except BadSignatureError as error:
        raise _mismatch() from error


def _verify_ecdsa(key: PublicKey, data: bytes, signature: bytes, hash_name: HashName) -> None:
    curve = _curve(key.type)
    r, s = int.from_bytes(signature[: curve.size]), int.from_bytes(signature[curve.size :])
    if not (0 < r < curve.order and 0 < s < curve.order):
        raise InvalidProofError(
            "the r or s of the ECDSA signature is not between 1 and the group order",
            code="proof.invalid.signature_encoding",
        )
    try:
        _loaded_public(key.type, key.raw).verify(encode_dss_signature(r, s), data, _VERIFYING[hash_name])
    except InvalidSignature as error:
        raise _mismatch() from error


def _loaded_private(key: PrivateKey, hash_name: HashName) -> Callable[[bytes], bytes]:
    if key.type is KeyType.ED25519:
        _, secret = crypto_sign_seed_keypair(key.raw)
        return lambda data: crypto_sign(data, secret)[:ED25519_SIGNATURE_BYTES]
    curve = _curve(key.type)
    private = ec.derive_private_key(int.from_bytes(key.raw), curve.parameters)

    def sign_low_s(data: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(data, _SIGNING[hash_name]))
        return r.to_bytes(curve.size) + min(s, curve.order - s).to_bytes(curve.size)

    return sign_low_s


@lru_cache(maxsize=_MAX_LOADED_KEYS)
def _loaded_public(type_: KeyType, raw: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(_curve(type_).parameters, raw)


def _curve(type_: KeyType) -> _Curve:
    if type_ not in _CURVES:
        raise _no_signatures(type_)
    return _CURVES[type_]


def _mismatch() -> InvalidProofError:
    return InvalidProofError("the signature does not match the document, the proof's options and the key")


def _no_signatures(type_: KeyType) -> UnsupportedProofError:
    return UnsupportedProofError(
        f"signatures by keys of type {type_} are not supported",
        code="proof.unsupported.key_type",
        remedy="Use an Ed25519, P-256 or P-384 key.",
    )
