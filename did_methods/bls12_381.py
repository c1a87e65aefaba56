"""The public BLS12-381 G2 key of a secret scalar.

Key generation only: signing, proving and the subgroup check of foreign keys belong to the scheme that uses the key.

Spec: https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-pairing-friendly-curves section 4.2.1
"""

import secrets
from typing import Final, NamedTuple

from did_methods.curves import BLS12_381_P as P
from did_methods.curves import BLS12_381_R as R


class _Fp2(NamedTuple):
    """real + imaginary·i in GF(p²), i² = -1."""

    real: int
    imaginary: int


class _Point(NamedTuple):
    """A point in Jacobian coordinates: (x / z², y / z³); z = 0 is the point at infinity."""

    x: _Fp2
    y: _Fp2
    z: _Fp2


_ZERO: Final = _Fp2(0, 0)
_ONE: Final = _Fp2(1, 0)
_INFINITY: Final = _Point(_ONE, _ONE, _ZERO)
GENERATOR: Final = _Point(
    _Fp2(
        0x024AA2B2F08F0A91260805272DC51051C6E47AD4FA403B02B4510B647AE3D1770BAC0326A805BBEFD48056C8C121BDB8,
        0x13E02B6052719F607DACD3A088274F65596BD0D09920B61AB5DA61BBDC7F5049334CF11213945D57E5AC7D055D042B7E,
    ),
    _Fp2(
        0x0CE5D527727D6E118CC9CDC6DA2E351AADFD9BAA8CBDD3A76D429A695160D12C923AC9CC3BACA289E193548608B82801,
        0x0606C4A02EA734CC32ACD2B02BC28B99CB3E287E85A763AF267492AB572E99AB3F370D275CEC1DA1AAA9075FF05F79BE,
    ),
    _ONE,
)
# Big-integer arithmetic takes time that depends on its operands. A fresh random multiple of the group order, added to
# the scalar, makes each run work on other digits.
_BLINDING_BITS: Final = 64


def public_key(secret: bytes) -> bytes:
    """The compressed G2 point of a checked secret scalar."""
    blinded = int.from_bytes(secret) + R * secrets.randbits(_BLINDING_BITS)
    return _compress(_multiply(GENERATOR, blinded))


def _multiply(point: _Point, scalar: int) -> _Point:
    result = _INFINITY
    for bit in f"{scalar:b}":
        result = _double(result)
        if bit == "1":
            result = _add(result, point)
    return result


def _compress(point: _Point) -> bytes:
    z_inverse = _inverse(point.z)
    z_squared = _times(z_inverse, z_inverse)
    x = _times(point.x, z_squared)
    y = _times(point.y, _times(z_squared, z_inverse))
    # The sign of y: whether it is the larger of y and -y, by the imaginary part first.
    larger = y.imaginary > P // 2 if y.imaginary else y.real > P // 2
    encoded = bytearray(x.imaginary.to_bytes(48) + x.real.to_bytes(48))
    encoded[0] |= 0xA0 if larger else 0x80
    return bytes(encoded)


def _double(point: _Point) -> _Point:
    """dbl-2009-l for curves with a = 0. Spec: https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-0.html ."""
    x, y, z = point
    a, b = _times(x, x), _times(y, y)
    c = _times(b, b)
    x_plus_b = _plus(x, b)
    d = _scaled(_minus(_minus(_times(x_plus_b, x_plus_b), a), c), 2)
    e = _scaled(a, 3)
    x3 = _minus(_times(e, e), _scaled(d, 2))
    return _Point(x3, _minus(_times(e, _minus(d, x3)), _scaled(c, 8)), _scaled(_times(y, z), 2))


def _add(one: _Point, other: _Point) -> _Point:
    """add-2007-bl. Spec: https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-0.html ."""
    if one.z == _ZERO:
        return other
    if other.z == _ZERO:
        return one
    z1_squared, z2_squared = _times(one.z, one.z), _times(other.z, other.z)
    u1, u2 = _times(one.x, z2_squared), _times(other.x, z1_squared)
    s1 = _times(one.y, _times(other.z, z2_squared))
    s2 = _times(other.y, _times(one.z, z1_squared))
    h, r = _minus(u2, u1), _scaled(_minus(s2, s1), 2)
    if h == _ZERO:
        return _double(one) if r == _ZERO else _INFINITY
    double_h = _scaled(h, 2)
    i = _times(double_h, double_h)
    j, v = _times(h, i), _times(u1, i)
    x3 = _minus(_minus(_times(r, r), j), _scaled(v, 2))
    y3 = _minus(_times(r, _minus(v, x3)), _scaled(_times(s1, j), 2))
    return _Point(x3, y3, _scaled(_times(_times(one.z, other.z), h), 2))


def _plus(one: _Fp2, other: _Fp2) -> _Fp2:
    return _Fp2((one.real + other.real) % P, (one.imaginary + other.imaginary) % P)


def _minus(one: _Fp2, other: _Fp2) -> _Fp2:
    return _Fp2((one.real - other.real) % P, (one.imaginary - other.imaginary) % P)


def _times(one: _Fp2, other: _Fp2) -> _Fp2:
    return _Fp2(
        (one.real * other.real - one.imaginary * other.imaginary) % P,
        (one.real * other.imaginary + one.imaginary * other.real) % P,
    )


def _scaled(value: _Fp2, factor: int) -> _Fp2:
    return _Fp2(value.real * factor % P, value.imaginary * factor % P)


def _inverse(value: _Fp2) -> _Fp2:
    norm_inverse = pow(value.real * value.real + value.imaginary * value.imaginary, -1, P)
    return _Fp2(value.real * norm_inverse % P, -value.imaginary * norm_inverse % P)
