"""One BBS signature over a header and many messages.

Spec: https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-bbs-signatures sections 3.5.1, 3.5.2, 3.6.1 and 3.6.2
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from did_methods.bls12_381 import (
    G1_BYTES,
    SCALAR_BYTES,
    G1Point,
    Scalar,
    decode_g1,
    decode_g2,
    decode_scalar,
    encode,
    encode_scalar,
    inverse_secret,
    multiply_secret,
    pairings_cancel,
    sum_of_products,
)
from did_methods.errors import PointError
from did_methods.multikey import KeyType, PrivateKey, PublicKey
from node.proofs.bbs.ciphersuite import (
    BP2,
    P1,
    Generators,
    domain_of,
    generators,
    hash_to_scalar,
    message_scalars,
    serialized,
)
from node.proofs.errors import InvalidProofError, MalformedProofError, UnsupportedProofError

SIGNATURE_BYTES: Final = G1_BYTES + SCALAR_BYTES


class Signature(NamedTuple):
    """The point A and the scalar e."""

    a: G1Point
    e: Scalar

    @classmethod
    def decode(cls, data: bytes) -> "Signature":
        """The signature of 80 bytes. Raises MalformedProofError unless both halves are in range."""
        if len(data) != SIGNATURE_BYTES:
            raise malformed(f"has {len(data)} bytes instead of {SIGNATURE_BYTES}")
        try:
            return cls(decode_g1(data[:G1_BYTES]), decode_scalar(data[G1_BYTES:]))
        except PointError as error:
            raise malformed(f"cannot be read: {error}") from error


def sign(key: PrivateKey, header: bytes, messages: Sequence[bytes]) -> bytes:
    """The 80 bytes of the one signature that this key makes over header and messages; it is deterministic.

    Raises UnsupportedProofError for a key of another type, BudgetExceededError for too many messages.
    """
    expect_bls(key.public)
    secret = decode_scalar(key.raw)
    _, domain, scalars, b = _signed(key.public.raw, header, tuple(messages))
    # 1-2. The domain, and e from the secret and all that is signed.
    e = hash_to_scalar(serialized([secret, *scalars, domain]))
    # 3-4. B = P1 + Q1·domain + Σ H_i·msg_i, A = B·1/(SK + e); what holds the secret is blinded.
    a = multiply_secret(b, inverse_secret(secret + e))
    return encode(a) + encode_scalar(e)


def verify(key: PublicKey, header: bytes, messages: Sequence[bytes], signature: bytes) -> None:
    """Return if the key's owner signed header and messages.

    Raises MalformedProofError for bytes that are no signature, InvalidProofError for one over something else.
    """
    opened(key, header, messages, signature)


class Opened(NamedTuple):
    """A signature that holds, and what was worked out of the messages on the way."""

    signature: Signature
    generators: Generators
    domain: Scalar
    scalars: tuple[Scalar, ...]
    b: G1Point


def opened(key: PublicKey, header: bytes, messages: Sequence[bytes], signature: bytes) -> Opened:
    """The signature, if the key's owner signed header and messages; raises as `verify` does."""
    expect_bls(key)
    a, e = Signature.decode(signature)
    points, domain, scalars, b = _signed(key.raw, header, tuple(messages))
    # e(A, W + BP2·e) · e(B, -BP2) = 1, with the multiplication moved to G1, where it costs a third.
    if not pairings_cancel((a, decode_g2(key.raw)), (a * e - b, BP2)):
        raise mismatch()
    return Opened(Signature(a, e), points, domain, scalars, b)


class _Signed(NamedTuple):
    generators: Generators
    domain: Scalar
    scalars: tuple[Scalar, ...]
    b: G1Point


@lru_cache(1)  # whoever signs verifies at once what it has signed
def _signed(key: bytes, header: bytes, messages: tuple[bytes, ...]) -> _Signed:
    """What a signature by the key is over: domain, scalars of the messages, and the point B of both."""
    points = generators(len(messages))
    domain = domain_of(key, points, header)
    scalars = tuple(message_scalars(messages))
    return _Signed(points, domain, scalars, commitment_to(points, domain, scalars))


def commitment_to(points: Generators, domain: Scalar, scalars: Sequence[Scalar]) -> G1Point:
    """B = P1 + Q1·domain + Σ H_i·msg_i."""
    return P1 + sum_of_products(points.points, [domain, *scalars])


def expect_bls(key: PublicKey) -> None:
    """Raises UnsupportedProofError unless this is a key for BBS."""
    if key.type is not KeyType.BLS12_381_G2:
        raise UnsupportedProofError(
            f"a key of type {key.type} makes no BBS signatures",
            code="proof.unsupported.key_type",
            remedy=f"Use a key of type {KeyType.BLS12_381_G2}.",
        )


def malformed(reason: str) -> MalformedProofError:
    """The error for bytes that are no BBS signature or proof at all."""
    return MalformedProofError(f"the BBS signature or proof {reason}", code="proof.malformed.bbs")


def mismatch() -> InvalidProofError:
    """The error for a signature or proof that does not hold."""
    return InvalidProofError("the signature does not match the document, the proof's options and the key")
