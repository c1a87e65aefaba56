"""Key types, and the checks a public or secret key passes before any library sees it.

Libraries disagree about degenerate keys: OpenSSL verifies any message under the Ed25519 identity key, libsodium refuses
it. The rules here are the same for all back ends: one encoding per key, a point on the curve, no small-order point.

Spec: https://www.rfc-editor.org/rfc/rfc8032#section-5.1.3, https://www.secg.org/sec1-v2.pdf section 2.3.4
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NoReturn

from did_methods.errors import InvalidKeyError

# Checking costs up to 0.5 ms of big-integer work; a verifier meets the same issuers again and again.
_CHECKED_KEYS: Final = 1024

_ED25519_P: Final = 2**255 - 19
_ED25519_D: Final = -121665 * pow(121666, -1, _ED25519_P) % _ED25519_P
# The y of the eight points whose order divides 8: identity, order 2, order 4 (y = 0), and the two of order 8.
_ED25519_ORDER_8_Y: Final = 2707385501144840649318225287225658788936804267575313519463743609750303402022
ED25519_SMALL_ORDER_Y: Final = frozenset(
    {1, _ED25519_P - 1, 0, _ED25519_ORDER_8_Y, _ED25519_P - _ED25519_ORDER_8_Y},
)
# The u of the points of small order on Curve25519 and on its twist: with these every shared secret is known.
_X25519_ORDER_8_U: Final = (
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)
X25519_SMALL_ORDER_U: Final = frozenset({0, 1, _ED25519_P - 1, *_X25519_ORDER_8_U})

_SIGN_BIT: Final = 1 << 255
_EVEN_Y: Final = 2
_ODD_Y: Final = 3


class KeyType(StrEnum):
    """The kinds of keys known here, by the names their own specifications use."""

    ED25519 = "Ed25519"
    P256 = "P-256"
    P384 = "P-384"
    P521 = "P-521"
    X25519 = "X25519"
    SECP256K1 = "secp256k1"
    BLS12_381_G2 = "BLS12-381-G2"


@dataclass(frozen=True, slots=True)
class WeierstrassCurve:
    """The curve y² = x³ + ax + b over the integers modulo p, with a group of prime order n and p ≡ 3 (mod 4)."""

    p: int
    a: int
    b: int
    n: int
    coordinate_bytes: int


_P256_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P384_P: Final = 2**384 - 2**128 - 2**96 + 2**32 - 1
_P521_P: Final = 2**521 - 1

# Domain parameters: SEC 2, sections 2.4.1 (secp256k1), 2.4.2 (P-256), 2.5.1 (P-384) and 2.6.1 (P-521).
WEIERSTRASS_CURVES: Final[Mapping[KeyType, WeierstrassCurve]] = MappingProxyType(
    {
        KeyType.P256: WeierstrassCurve(
            p=_P256_P,
            a=-3,
            b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
            n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
            coordinate_bytes=32,
        ),
        KeyType.P384: WeierstrassCurve(
            p=_P384_P,
            a=-3,
            b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
            n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
            coordinate_bytes=48,
        ),
        KeyType.P521: WeierstrassCurve(
            p=_P521_P,
            a=-3,
            b=int(
                "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109"
                "E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00",
                16,
            ),
            n=int(
                "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
                "FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
                16,
            ),
            coordinate_bytes=66,
        ),
        KeyType.SECP256K1: WeierstrassCurve(
            p=2**256 - 2**32 - 977,
            a=0,
            b=7,
            n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
            coordinate_bytes=32,
        ),
    }
)

BLS12_381_P: Final = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
BLS12_381_R: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
_FP_BYTES: Final = 48
# The three highest bits of a compressed point: compressed, infinity, sign of y.
_G2_COMPRESSED: Final = 0x80
_G2_INFINITY: Final = 0x40
_G2_FLAGS: Final = 0xE0

PUBLIC_BYTES: Final[Mapping[KeyType, int]] = MappingProxyType(
    {
        KeyType.ED25519: 32,
        KeyType.P256: 33,
        KeyType.P384: 49,
        KeyType.P521: 67,
        KeyType.X25519: 32,
        KeyType.SECP256K1: 33,
        KeyType.BLS12_381_G2: 2 * _FP_BYTES,
    }
)
SECRET_BYTES: Final[Mapping[KeyType, int]] = MappingProxyType(
    {
        KeyType.ED25519: 32,
        KeyType.P256: 32,
        KeyType.P384: 48,
        KeyType.P521: 66,
        KeyType.X25519: 32,
        KeyType.SECP256K1: 32,
        KeyType.BLS12_381_G2: 32,
    }
)


@lru_cache(maxsize=_CHECKED_KEYS)
def check_public(key_type: KeyType, raw: bytes) -> None:
    """Refuse a public key that is not the canonical encoding of a safe point."""
    if len(raw) != PUBLIC_BYTES[key_type]:
        _refuse(key_type, f"has {len(raw)} bytes instead of {PUBLIC_BYTES[key_type]}", "key.length")
    match key_type:
        case KeyType.ED25519:
            _check_ed25519(raw)
        case KeyType.X25519:
            _check_x25519(raw)
        case KeyType.BLS12_381_G2:
            _check_g2(raw)
        case KeyType.P256 | KeyType.P384 | KeyType.P521 | KeyType.SECP256K1:
            _check_weierstrass(key_type, raw)


@lru_cache(maxsize=_CHECKED_KEYS)
def y_of(key_type: KeyType, compressed: bytes) -> int | None:
    """The y of a compressed point on a Weierstrass curve (SEC 1, 2.3.4), or None when no point has that x."""
    curve = WEIERSTRASS_CURVES[key_type]
    x = int.from_bytes(compressed[1:])
    square = (x * x * x + curve.a * x + curve.b) % curve.p
    y = pow(square, (curve.p + 1) // 4, curve.p)
    if y * y % curve.p != square:
        return None
    return y if y % 2 == compressed[0] - _EVEN_Y else curve.p - y


def check_secret(key_type: KeyType, raw: bytes) -> None:
    """Refuse a secret key of the wrong length, or a scalar outside 1 … n - 1."""
    if len(raw) != SECRET_BYTES[key_type]:
        raise InvalidKeyError(
            f"the {key_type} secret key has {len(raw)} bytes instead of {SECRET_BYTES[key_type]}",
            code="key.length",
            remedy="Check that the whole secret key was copied and that its type is right.",
        )
    order = scalar_order(key_type)
    if order is not None and not 0 < int.from_bytes(raw) < order:
        raise InvalidKeyError(
            f"the {key_type} secret key is not a number from 1 to the group order less one",
            code="key.scalar",
            remedy="Generate a new key; this one was never usable.",
        )


def scalar_order(key_type: KeyType) -> int | None:
    """The number of valid secret scalars plus one; None for Ed25519 and X25519, where any 32 bytes are a secret."""
    if key_type is KeyType.BLS12_381_G2:
        return BLS12_381_R
    curve = WEIERSTRASS_CURVES.get(key_type)
    return curve.n if curve else None


@lru_cache(maxsize=_CHECKED_KEYS)
def ed25519_to_x25519(raw: bytes) -> bytes:
    """The X25519 public key birationally equivalent to a checked Ed25519 public key.

    Spec: https://www.rfc-editor.org/rfc/rfc7748#section-4.1
    """
    y = int.from_bytes(raw, "little") & ~_SIGN_BIT
    # y = 1 is the identity, a small-order point, and was refused.
    return ((1 + y) * pow(1 - y, -1, _ED25519_P) % _ED25519_P).to_bytes(32, "little")


def _check_ed25519(raw: bytes) -> None:
    encoded = int.from_bytes(raw, "little")
    y = encoded & ~_SIGN_BIT
    # Reduced first: the small-order points have non-canonical encodings too (the identity as p + 1).
    if y % _ED25519_P in ED25519_SMALL_ORDER_Y:
        _refuse(KeyType.ED25519, "is a point of small order: its signatures prove nothing", "key.small_order")
    if y >= _ED25519_P:
        _refuse(KeyType.ED25519, "is not the canonical encoding of its point", "key.not_canonical")
    u = (y * y - 1) % _ED25519_P
    v = (_ED25519_D * y * y + 1) % _ED25519_P
    x = u * pow(v, 3, _ED25519_P) * pow(u * pow(v, 7, _ED25519_P), (_ED25519_P - 5) // 8, _ED25519_P) % _ED25519_P
    # u/v is a square exactly when this candidate, times a root of -1 where needed, is its root. It is never zero:
    # only y = 1 and y = -1 give x = 0, so both sign bits are canonical here.
    if v * x * x % _ED25519_P not in {u, _ED25519_P - u}:
        _refuse(KeyType.ED25519, "is not a point on the curve", "key.not_on_curve")


def _check_x25519(raw: bytes) -> None:
    u = int.from_bytes(raw, "little")
    if (u & ~_SIGN_BIT) % _ED25519_P in X25519_SMALL_ORDER_U:
        _refuse(KeyType.X25519, "is a point of small order: the shared secret would be known", "key.small_order")
    # RFC 7748 reduces such a u silently; here one key has one encoding, because identifiers are made from it.
    if u >= _ED25519_P:
        _refuse(KeyType.X25519, "is not the canonical encoding of its point", "key.not_canonical")


def _check_weierstrass(key_type: KeyType, raw: bytes) -> None:
    curve = WEIERSTRASS_CURVES[key_type]
    if raw[0] not in {_EVEN_Y, _ODD_Y}:
        _refuse(key_type, "is not a compressed point: it must begin with 02 or 03", "key.not_canonical")
    if int.from_bytes(raw[1:]) >= curve.p:
        _refuse(key_type, "has an x that is not below the field prime", "key.not_canonical")
    if y_of(key_type, raw) is None:
        _refuse(key_type, "is not a point on the curve", "key.not_on_curve")


def _check_g2(raw: bytes) -> None:
    """Spec: https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-pairing-friendly-curves#appendix-C ."""
    flags = raw[0] & _G2_FLAGS
    if not flags & _G2_COMPRESSED:
        _refuse(KeyType.BLS12_381_G2, "is not a compressed point", "key.not_canonical")
    if flags & _G2_INFINITY:
        _refuse(KeyType.BLS12_381_G2, "is the point at infinity: any signature would fit it", "key.small_order")
    x1 = int.from_bytes(bytes((raw[0] & ~_G2_FLAGS,)) + raw[1:_FP_BYTES])
    x0 = int.from_bytes(raw[_FP_BYTES:])
    if max(x0, x1) >= BLS12_381_P:
        _refuse(KeyType.BLS12_381_G2, "has a coordinate that is not below the field prime", "key.not_canonical")
    # Loaded for such a key alone.
    from did_methods.bls12_381 import is_in_group  # noqa: PLC0415

    if not is_in_group(raw):
        _refuse(KeyType.BLS12_381_G2, "is not a point of the group", "key.subgroup")


def _refuse(key_type: KeyType, reason: str, code: str) -> NoReturn:
    raise InvalidKeyError(
        f"the {key_type} public key {reason}",
        code=code,
        remedy="Do not rely on this key. Ask its holder for a key made by a well-known library.",
    )
