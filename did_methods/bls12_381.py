"""BLS12-381 G2 keys: the public key of a secret scalar, and whether a foreign point is one at all.

What side channels remain: the library's multiplication takes time that depends on the scalar. Two random shares are
multiplied instead of the secret itself, so no run works on its digits.

Spec: https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-pairing-friendly-curves section 4.2.1
"""

import secrets
from typing import Final

from py_arkworks_bls12381 import G2Point, Scalar

from did_methods.curves import BLS12_381_R

_SCALAR_BYTES: Final = 32


def public_key(secret: bytes) -> bytes:
    """The compressed G2 point of a checked secret scalar."""
    share = Scalar.from_be_bytes(secrets.randbelow(BLS12_381_R).to_bytes(_SCALAR_BYTES))
    generator = G2Point()
    point = generator * share + generator * (Scalar.from_be_bytes(secret) - share)
    return bytes(point.to_compressed_bytes())


def is_in_group(compressed: bytes) -> bool:
    """Whether the point is one of the subgroup of prime order, in the one form that encodes it."""
    try:
        point = G2Point.from_compressed_bytes(compressed)
    except ValueError:
        return False
    return bytes(point.to_compressed_bytes()) == compressed
