"""Key agreement: a secret that two keys share, and the key that wraps the content key, made of it.

Every shared secret is made of points that were checked: on the curve, in their one encoding, and not of small order.

Spec: https://www.rfc-editor.org/rfc/rfc7518#section-4.6, https://datatracker.ietf.org/doc/html/draft-madden-jose-ecdh-1pu-04,
https://www.rfc-editor.org/rfc/rfc8037#section-3.2
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from secrets import token_bytes
from types import MappingProxyType
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base
from nacl.exceptions import CryptoError

from did_methods.curves import WEIERSTRASS_CURVES, X25519_SMALL_ORDER_U, KeyType, y_of
from did_methods.errors import MultibaseError
from did_methods.multibase import from_base64url, to_base64url
from did_methods.multikey import PrivateKey, PublicKey
from node.didcomm.errors import MalformedEnvelopeError, UnsupportedEnvelopeError, shown
from node.documents import JsonObject, JsonValue

ES: Final = "ECDH-ES+A256KW"
"""The sender stays unknown."""
ONE_PU: Final = "ECDH-1PU+A256KW"
"""Only the holder of the sender's key, or the recipient, can have made it."""
WRAPPING_KEY_BYTES: Final = 32

_X25519_P: Final = 2**255 - 19
_X25519_BYTES: Final = 32
_UNCOMPRESSED: Final = b"\x04"
_MAX_LOADED_POINTS: Final = 256
"""Points of parties that are spoken with again and again; those of one message are never kept."""


class _Curve(NamedTuple):
    kty: str
    parameters: ec.EllipticCurve | None
    coordinate_bytes: int


_CURVES: Final[Mapping[KeyType, _Curve]] = MappingProxyType(
    {KeyType.X25519: _Curve("OKP", None, _X25519_BYTES)}
    | {
        key_type: _Curve("EC", parameters, WEIERSTRASS_CURVES[key_type].coordinate_bytes)
        for key_type, parameters in (
            (KeyType.P256, ec.SECP256R1()),
            (KeyType.P384, ec.SECP384R1()),
            (KeyType.P521, ec.SECP521R1()),
        )
    }
)
CURVES: Final = tuple(_CURVES)
"""The curves on which keys are agreed upon here."""


@dataclass(frozen=True, slots=True)
class Point:
    """A checked public key as agreement takes it: the u of X25519, or an uncompressed SEC 1 point."""

    type: KeyType
    raw: bytes


@dataclass(frozen=True, slots=True)
class AgreementKey:
    """A key and the operation that agrees with it, wherever the private half lies; `agree` returns the shared secret.

    For X25519 that is the u, else the x of the shared point (RFC 7518, section 4.6.2).
    """

    key: PublicKey
    agree: Callable[[Point], bytes]


def local_agreement(private: PrivateKey) -> AgreementKey:
    """An agreement whose private key is held in this process, loaded once; raises UnsupportedEnvelopeError."""
    curve = _CURVES.get(private.type)
    if curve is None:
        raise _unsupported_curve(private.type)
    if curve.parameters is None:
        return AgreementKey(private.public, lambda point: _agree_x25519(private.raw, point))
    loaded = ec.derive_private_key(int.from_bytes(private.raw), curve.parameters)
    return AgreementKey(private.public, lambda point: _agree_ecdh(private.type, loaded, point))


def ephemeral(key_type: KeyType) -> tuple[JsonObject, Callable[[Point], bytes]]:
    """The JWK of a key for one message, and what agrees with it; nobody keeps it beyond the message."""
    curve = _CURVES.get(key_type)
    if curve is None:
        raise _unsupported_curve(key_type)
    if curve.parameters is None:
        secret = token_bytes(_X25519_BYTES)
        public = crypto_scalarmult_base(secret)
        return _jwk(key_type, curve, public), lambda point: _agree_x25519(secret, point)
    private = ec.generate_private_key(curve.parameters)
    encoded = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _jwk(key_type, curve, encoded[1:]), lambda point: _agree_ecdh(key_type, private, point)


@lru_cache(maxsize=_MAX_LOADED_POINTS)
def point_of(key: PublicKey) -> Point:
    """The point of a party's key; raises UnsupportedEnvelopeError for one that agrees upon nothing here."""
    curve = _CURVES.get(key.type)
    if curve is None:
        raise _unsupported_curve(key.type)
    if curve.parameters is None:
        return Point(key.type, key.raw)
    y = y_of(key.type, key.raw)
    if y is None:
        raise _bad_key(f"the {key.type} key is not a point on the curve")
    return Point(key.type, _UNCOMPRESSED + key.raw[1:] + y.to_bytes(curve.coordinate_bytes))


def read_ephemeral(jwk: JsonValue) -> Point:
    """The point of an `epk`.

    1. It is an OKP or EC key of a curve that is known here, without its secret half.
    2. Its coordinates are canonical base64url, and no longer than the curve has it.
    3. It is a point of the curve in its one encoding, and not one of small order.

    Raises MalformedEnvelopeError, and UnsupportedEnvelopeError for another curve.

    Spec: https://www.rfc-editor.org/rfc/rfc7518#section-4.6.1.1
    """
    if not isinstance(jwk, dict) or "d" in jwk:  # 1.
        raise _bad_key("epk is not the public half of a key")
    name = jwk.get("crv")
    key_type = next((known for known in CURVES if known == name), None)
    if key_type is None:
        raise _unsupported_curve(name)
    curve = _CURVES[key_type]
    if jwk.get("kty") != curve.kty:
        raise _bad_key(f"epk is of kty {shown(jwk.get('kty'))}, which does not go with {key_type}")
    x = _coordinate(jwk, "x", curve)  # 2.
    if curve.parameters is None:  # 3.
        u = int.from_bytes(x, "little")
        if u >= _X25519_P or u in X25519_SMALL_ORDER_U:
            raise _bad_key("epk is a point of small order, or not in its one encoding")
        return Point(key_type, x)
    encoded = _UNCOMPRESSED + x + _coordinate(jwk, "y", curve)
    _load(key_type, encoded)
    return Point(key_type, encoded)


def wrapping_key(algorithm: str, *secrets: bytes, apu: bytes, apv: bytes, tag: bytes = b"") -> bytes:
    """The key that wraps the content key: one round of the Concat KDF with SHA-256.

    For ECDH-1PU the tag of the content goes in, so that no recipient can pass the content key on with other content.

    Spec: https://www.rfc-editor.org/rfc/rfc7518#section-4.6.2, draft-madden-jose-ecdh-1pu-04 section 2.3
    """
    name = algorithm.encode()
    data = b"".join(
        (
            b"\0\0\0\1",
            *secrets,
            len(name).to_bytes(4), name,
            len(apu).to_bytes(4), apu,
            len(apv).to_bytes(4), apv,
            (8 * WRAPPING_KEY_BYTES).to_bytes(4),
        )
    )  # fmt: skip
    return sha256(data + (len(tag).to_bytes(4) + tag if tag else b"")).digest()


def _agree_x25519(secret: bytes, point: Point) -> bytes:
    _require(point, KeyType.X25519)
    try:
        return crypto_scalarmult(secret, point.raw)
    except CryptoError as error:  # the shared secret is zero, whatever the secret key is
        raise _bad_key("the key is of small order: anybody would know the secret shared with it") from error


def _agree_ecdh(key_type: KeyType, private: ec.EllipticCurvePrivateKey, point: Point) -> bytes:
    _require(point, key_type)
    return private.exchange(ec.ECDH(), _load(key_type, point.raw))


def _require(point: Point, key_type: KeyType) -> None:
    if point.type is not key_type:
        raise _bad_key(f"a key of {point.type} does not agree with one of {key_type}")


def _load(key_type: KeyType, encoded: bytes) -> ec.EllipticCurvePublicKey:
    parameters = _CURVES[key_type].parameters
    if parameters is None:
        raise _unsupported_curve(key_type)
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(parameters, encoded)
    except ValueError as error:
        raise _bad_key(f"the {key_type} key is not a point on the curve") from error


def _jwk(key_type: KeyType, curve: _Curve, coordinates: bytes) -> JsonObject:
    size = curve.coordinate_bytes
    jwk: JsonObject = {"kty": curve.kty, "crv": str(key_type), "x": to_base64url(coordinates[:size])}
    return jwk | {"y": to_base64url(coordinates[size:])} if curve.parameters is not None else jwk


def _coordinate(jwk: JsonObject, name: str, curve: _Curve) -> bytes:
    value = jwk.get(name)
    try:
        data = from_base64url(value) if isinstance(value, str) else b""
    except MultibaseError:
        data = b""
    # Widely used libraries leave the zeros out with which a coordinate begins, against RFC 7518, section 6.2.1.2. It is
    # the same point, and the text of it is under the tag, so nobody gains by it.
    least = curve.coordinate_bytes if curve.parameters is None else 1
    if not least <= len(data) <= curve.coordinate_bytes:
        raise _bad_key(f"{name} of epk is {shown(value)}, not {curve.coordinate_bytes} bytes in base64url")
    return data.rjust(curve.coordinate_bytes, b"\0")


def _bad_key(message: str) -> MalformedEnvelopeError:
    return MalformedEnvelopeError(message, code="didcomm.envelope.key", path="/protected")


def _unsupported_curve(name: object) -> UnsupportedEnvelopeError:
    return UnsupportedEnvelopeError(
        f"keys on the curve {shown(name)} are not agreed upon here",
        code="didcomm.unsupported.curve",
        remedy=f"Use a key of {', '.join(CURVES)}.",
    )
