"""The groups of BLS12-381: the one door to the curve library, which nothing else imports.

The library decodes the identity and odd encodings of infinity, and cuts the longer of two lists that should be equally
long. Behind this door there are only points of the group of prime order, none of them the identity, each from its one
encoding, and scalars from 1 to r - 1.

What side channels remain. The library multiplies in a time that depends on the scalar. A long-lived secret is
therefore never multiplied or inverted itself: two random shares of it are, or its product with a random factor
(`multiply_secret`, `inverse_secret`). The random scalars of one proof and the messages of a holder are not blinded:
each is used once, or is known to whoever could measure. Python's allocation of the 32 bytes, and memory that is not
wiped afterwards, remain.

Spec: https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-pairing-friendly-curves section 4.2.1 and appendix C
"""

import secrets
from collections.abc import Sequence
from typing import Final

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from did_methods.curves import BLS12_381_R
from did_methods.errors import PointError

__all__ = ["G1Point", "G2Point", "Scalar"]

G1_BYTES: Final = 48
G2_BYTES: Final = 96
SCALAR_BYTES: Final = 32

_G1_IDENTITY: Final = G1Point.identity()
_G2_IDENTITY: Final = G2Point.identity()


def decode_g1(data: bytes) -> G1Point:
    """The point of 48 bytes. Raises PointError unless they are the one encoding of a point other than the identity."""
    _expect_length(data, G1_BYTES)
    try:
        point = G1Point.from_compressed_bytes(data)
    except ValueError as error:
        raise _no_point("G1") from error
    if point == _G1_IDENTITY:
        raise _identity("G1")
    if encode(point) != data:
        raise _not_canonical("G1")
    return point


def decode_g2(data: bytes) -> G2Point:
    """The point of 96 bytes. Raises PointError unless they are the one encoding of a point other than the identity."""
    _expect_length(data, G2_BYTES)
    try:
        point = G2Point.from_compressed_bytes(data)
    except ValueError as error:
        raise _no_point("G2") from error
    if point == _G2_IDENTITY:
        raise _identity("G2")
    if encode(point) != data:
        raise _not_canonical("G2")
    return point


def decode_scalar(data: bytes) -> Scalar:
    """The number of 32 big-endian bytes. Raises PointError unless it lies from 1 to r - 1."""
    _expect_length(data, SCALAR_BYTES)
    if not 0 < int.from_bytes(data) < BLS12_381_R:
        raise PointError(
            "a scalar is not a number from 1 to the group order less one",
            code="bls12_381.scalar",
            remedy=_REMEDY,
        )
    return Scalar.from_be_bytes(data)


def encode(point: G1Point | G2Point) -> bytes:
    """The compressed form of a point: 48 bytes in G1, 96 in G2."""
    return bytes(point.to_compressed_bytes())


def encode_scalar(scalar: Scalar) -> bytes:
    """The 32 big-endian bytes of a scalar."""
    return bytes(scalar.to_be_bytes())


def scalar_of(number: int) -> Scalar:
    """The scalar of a number that is no secret, reduced modulo r."""
    return Scalar.from_be_bytes((number % BLS12_381_R).to_bytes(SCALAR_BYTES))


def random_scalar() -> Scalar:
    """A number from 1 to r - 1, from the operating system's random source."""
    return scalar_of(secrets.randbelow(BLS12_381_R - 1) + 1)


def multiply_secret[Point: (G1Point, G2Point)](point: Point, secret: Scalar) -> Point:
    """The point times a secret that lives longer than this call, as the sum of two random shares."""
    share = random_scalar()
    return point * share + point * (secret - share)


def inverse_secret(secret: Scalar) -> Scalar:
    """The inverse of a secret other than zero; what is inverted is its product with a random factor."""
    factor = random_scalar()
    return (secret * factor).inverse() * factor


def sum_of_products(points: Sequence[G1Point], scalars: Sequence[Scalar]) -> G1Point:
    """The sum of each point times its scalar. The library's own check is only that there is no crash."""
    if len(points) != len(scalars):
        msg = f"{len(points)} points cannot be multiplied by {len(scalars)} scalars"
        raise ValueError(msg)
    return G1Point.multiexp_unchecked(list(points), list(scalars))


def hash_to_g1(message: bytes, domain: bytes) -> G1Point:
    """The point that a message hashes to, under BLS12381G1_XMD:SHA-256_SSWU_RO_.

    Spec: https://www.rfc-editor.org/rfc/rfc9380#section-8.8.1
    """
    return G1Point.hash_to_curve(message, domain)


def pairings_cancel(left: tuple[G1Point, G2Point], right: tuple[G1Point, G2Point]) -> bool:
    """Whether e(left) times e(right) is one."""
    return bool(GT.pairing_check([left[0], right[0]], [left[1], right[1]]))


def public_key(secret: bytes) -> bytes:
    """The compressed G2 point of a checked secret scalar."""
    return encode(multiply_secret(G2Point(), decode_scalar(secret)))


def is_in_group(compressed: bytes) -> bool:
    """Whether the bytes are the one encoding of a point of the subgroup of prime order, other than the identity."""
    try:
        decode_g2(compressed)
    except PointError:
        return False
    return True


_REMEDY: Final = "Do not rely on it: it was altered, or made by a faulty program. Ask for an unaltered copy."


def _expect_length(data: bytes, length: int) -> None:
    if len(data) != length:
        raise PointError(f"there are {len(data)} bytes instead of {length}", code="bls12_381.length", remedy=_REMEDY)


def _no_point(group: str) -> PointError:
    return PointError(f"the bytes are no point of {group}", code="bls12_381.point", remedy=_REMEDY)


def _identity(group: str) -> PointError:
    return PointError(f"the point is the identity of {group}", code="bls12_381.identity", remedy=_REMEDY)


def _not_canonical(group: str) -> PointError:
    return PointError(
        f"the bytes are not the canonical encoding of their point of {group}",
        code="bls12_381.not_canonical",
        remedy=_REMEDY,
    )
