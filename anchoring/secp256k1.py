"""Whose signature it is: the address behind an ECDSA signature over secp256k1, as contracts recover it.

All of this is arithmetic on public values: nothing here has, or may be given, a secret. The library that signs does not
recover, and the one that recovers comes with the chain's whole tool chest.

Spec: https://www.secg.org/sec1-v2.pdf (section 4.1.6), https://eips.ethereum.org/EIPS/eip-2
"""

from typing import Final

from anchoring.keccak import keccak256

SIGNATURE_BYTES: Final = 65
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HALF_ORDER: Final = ORDER // 2
"""Of two equivalent signatures the one with the lower s counts."""
_PRIME: Final = 2**256 - 2**32 - 977
_GENERATOR: Final = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
PARITIES: Final = (27, 28)
"""What v is: whether the point's y is even or odd."""

type _Jacobian = tuple[int, int, int]
"""x/z², y/z³; z is 0 at infinity."""
_INFINITY: Final[_Jacobian] = (1, 1, 0)


def signer_of(digest: bytes, signature: bytes) -> bytes | None:
    """The address whose key made this signature over this digest, or None where no key did.

    As the contract sees it: r, s, v in 65 bytes, s in its lower half, v 27 or 28.
    """
    if len(signature) != SIGNATURE_BYTES:
        return None
    r, s, v = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64]), signature[64]
    if not 0 < r < ORDER or not 0 < s <= HALF_ORDER or v not in PARITIES:
        return None
    point = _lifted(r, PARITIES.index(v))
    if point is None:
        return None
    inverse = pow(r, -1, ORDER)
    key = _sum(-int.from_bytes(digest) * inverse % ORDER, s * inverse % ORDER, point)
    return None if key is None else address_of(key)


def address_of(key: tuple[int, int]) -> bytes:
    """The address of a public key, given as its point."""
    return keccak256(key[0].to_bytes(32) + key[1].to_bytes(32))[-20:]


def _lifted(x: int, parity: int) -> tuple[int, int] | None:
    """The point with this x whose y has this lowest bit."""
    square = (pow(x, 3, _PRIME) + 7) % _PRIME
    y = pow(square, (_PRIME + 1) // 4, _PRIME)
    if y * y % _PRIME != square:
        return None
    return x, y if y % 2 == parity else _PRIME - y


def _sum(first: int, second: int, point: tuple[int, int]) -> tuple[int, int] | None:
    """`first` times the generator plus `second` times the point; None at infinity."""
    generator, other = (*_GENERATOR, 1), (*point, 1)
    table = (None, generator, other, _added(generator, other))
    total = _INFINITY
    for bit in reversed(range(max(first.bit_length(), second.bit_length()))):
        total = _doubled(total)
        chosen = table[(first >> bit & 1) | (second >> bit & 1) << 1]
        if chosen is not None:
            total = _added(total, chosen)
    x, y, z = total
    if z == 0:
        return None
    inverse = pow(z, -1, _PRIME)
    return x * inverse**2 % _PRIME, y * inverse**3 % _PRIME


def _doubled(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    if z == 0:
        return point
    square = y * y % _PRIME
    spread = 4 * x * square % _PRIME
    slope = 3 * x * x % _PRIME
    following = (slope * slope - 2 * spread) % _PRIME
    return following, (slope * (spread - following) - 8 * square * square) % _PRIME, 2 * y * z % _PRIME


def _added(one: _Jacobian, other: _Jacobian) -> _Jacobian:
    if one[2] == 0:
        return other
    if other[2] == 0:
        return one
    x1, y1, z1 = one
    x2, y2, z2 = other
    z1_squared, z2_squared = z1 * z1 % _PRIME, z2 * z2 % _PRIME
    u1, u2 = x1 * z2_squared % _PRIME, x2 * z1_squared % _PRIME
    s1, s2 = y1 * z2 * z2_squared % _PRIME, y2 * z1 * z1_squared % _PRIME
    if u1 == u2:
        return _doubled(one) if s1 == s2 else _INFINITY
    run, rise = u2 - u1, s2 - s1
    run_squared = run * run % _PRIME
    run_cubed, shared = run * run_squared % _PRIME, u1 * run_squared % _PRIME
    x = (rise * rise - run_cubed - 2 * shared) % _PRIME
    return x, (rise * (shared - x) - s1 * run_cubed) % _PRIME, run * z1 * z2 % _PRIME
