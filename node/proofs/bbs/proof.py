"""A proof of knowledge of a BBS signature that shows some of the messages and nothing of the others.

Two proofs from one signature cannot be linked: every value in them is masked by fresh random scalars.

Spec: https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-bbs-signatures sections 3.5.3, 3.5.4, 3.6.3, 3.6.4 and 3.7
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
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
    pairings_cancel,
    random_scalar,
    sum_of_products,
)
from did_methods.errors import PointError
from did_methods.multikey import PublicKey
from node.proofs.bbs.ciphersuite import (
    BP2,
    MAX_MESSAGES,
    P1,
    domain_of,
    generators,
    hash_to_scalar,
    message_scalars,
    serialized,
)
from node.proofs.bbs.signature import expect_bls, malformed, mismatch, opened
from node.proofs.errors import ProofOptionsError

_POINTS: Final = 3  # Abar, Bbar, D
_SCALARS: Final = 4  # e^, r1^, r3^, challenge
_FIXED_BYTES: Final = _POINTS * G1_BYTES + _SCALARS * SCALAR_BYTES
_RANDOM_SCALARS: Final = 5  # r1, r2, e~, r1~, r3~; and one for each hidden message


class Proof(NamedTuple):
    """Abar, Bbar, D; the responses e^, r1^, r3^ and one for each hidden message in order; the challenge."""

    a_bar: G1Point
    b_bar: G1Point
    d: G1Point
    e_hat: Scalar
    r1_hat: Scalar
    r3_hat: Scalar
    hidden: tuple[Scalar, ...]
    challenge: Scalar

    def encode(self) -> bytes:
        """The bytes of the proof: 272, and 32 for each hidden message (draft, 4.2.4.4)."""
        points = b"".join(map(encode, (self.a_bar, self.b_bar, self.d)))
        return points + serialized([self.e_hat, self.r1_hat, self.r3_hat, *self.hidden, self.challenge])

    @classmethod
    def decode(cls, data: bytes) -> "Proof":
        """The proof in these bytes (draft, 4.2.4.5). Raises MalformedProofError for surplus or unsafe values."""
        if len(data) < _FIXED_BYTES or (len(data) - _FIXED_BYTES) % SCALAR_BYTES:
            raise malformed(f"has {len(data)} bytes, which is no possible length")
        if (len(data) - _FIXED_BYTES) // SCALAR_BYTES > MAX_MESSAGES:
            raise malformed(f"hides more than {MAX_MESSAGES} messages")
        points_end = _POINTS * G1_BYTES
        try:
            a_bar, b_bar, d = (decode_g1(data[at : at + G1_BYTES]) for at in range(0, points_end, G1_BYTES))
            e_hat, r1_hat, r3_hat, *hidden, challenge = (
                decode_scalar(data[at : at + SCALAR_BYTES]) for at in range(points_end, len(data), SCALAR_BYTES)
            )
        except PointError as error:
            raise malformed(f"cannot be read: {error}") from error
        return cls(a_bar, b_bar, d, e_hat, r1_hat, r3_hat, tuple(hidden), challenge)


def derive(  # noqa: PLR0913 - the inputs of ProofGen
    key: PublicKey,
    signature: bytes,
    messages: Sequence[bytes],
    disclosed: Sequence[int],
    *,
    header: bytes,
    presentation_header: bytes,
    draw: Callable[[], Scalar] = random_scalar,
) -> bytes:
    """A proof that shows the messages at the `disclosed` indexes (ascending, from 0) and hides the rest.

    The signature is checked first, so that no proof is made that nobody accepts. Raises InvalidProofError when it does
    not hold, ProofOptionsError for indexes that are not ascending or not there.
    """
    (a, e), points, domain, scalars, b = opened(key, header, messages, signature)
    _expect_indexes(disclosed, len(messages))
    shown = set(disclosed)
    hidden = [i for i in range(len(messages)) if i not in shown]
    # 1. Fresh random scalars (3.7.1).
    r1, r2, e_mask, r1_mask, r3_mask, *masks = (draw() for _ in range(_RANDOM_SCALARS + len(hidden)))
    # 2. Commitments.
    d = b * r2
    a_bar = a * (r1 * r2)
    b_bar = d * r1 - a_bar * e
    t1 = sum_of_products([a_bar, d], [e_mask, r1_mask])
    t2 = sum_of_products([d, *(points.points[1 + i] for i in hidden)], [r3_mask, *masks])
    # 3. The challenge (3.7.4).
    challenge = _challenge((a_bar, b_bar, d, t1, t2), domain, {i: scalars[i] for i in disclosed}, presentation_header)
    # 4. Responses (3.7.2).
    r3 = inverse_secret(r2)
    return Proof(
        a_bar,
        b_bar,
        d,
        e_mask + e * challenge,
        r1_mask - r1 * challenge,
        r3_mask - r3 * challenge,
        tuple(mask + scalars[i] * challenge for mask, i in zip(masks, hidden, strict=True)),
        challenge,
    ).encode()


def verify_derived(
    key: PublicKey,
    proof: bytes,
    disclosed: Mapping[int, bytes],
    *,
    header: bytes,
    presentation_header: bytes,
) -> None:
    """Return if somebody holds a signature by the key over the header and messages, these at their indexes among them.

    How many messages were signed follows from the proof's length. Raises MalformedProofError for bytes that are no
    proof or indexes that cannot be, InvalidProofError for a proof of something else.
    """
    expect_bls(key)
    a_bar, b_bar, d, e_hat, r1_hat, r3_hat, hidden_hat, challenge = Proof.decode(proof)
    count = len(disclosed) + len(hidden_hat)
    if any(not 0 <= i < count for i in disclosed):
        raise malformed(f"shows a message at an index that {count} messages do not have")
    ordered = sorted(disclosed)
    points = generators(count)
    domain = domain_of(key.raw, points, header)
    scalars = message_scalars(disclosed[i] for i in ordered)
    hidden = [points.points[1 + i] for i in range(count) if i not in disclosed]
    # 1. T1 = Bbar·c + Abar·e^ + D·r1^, T2 = (P1 + Q1·domain + Σ shown)·c + D·r3^ + Σ hidden (3.7.3).
    t1 = sum_of_products([b_bar, a_bar, d], [challenge, e_hat, r1_hat])
    shown = [points.points[1 + i] for i in ordered]
    t2 = sum_of_products(
        [P1, points.points[0], *shown, d, *hidden],
        [challenge, domain * challenge, *(scalar * challenge for scalar in scalars), r3_hat, *hidden_hat],
    )
    # 2. The same challenge.
    expected = _challenge(
        (a_bar, b_bar, d, t1, t2), domain, dict(zip(ordered, scalars, strict=True)), presentation_header
    )
    # 3. e(Abar, W) · e(Bbar, -BP2) = 1
    if encode_scalar(expected) != encode_scalar(challenge) or not pairings_cancel(
        (a_bar, decode_g2(key.raw)), (b_bar, -BP2)
    ):
        raise mismatch()


def _challenge(
    commitments: Sequence[G1Point],
    domain: Scalar,
    disclosed: Mapping[int, Scalar],
    presentation_header: bytes,
) -> Scalar:
    """3.7.4: count, index and scalar of each message shown in order, the five commitments, domain, header."""
    shown = b"".join(i.to_bytes(8) + encode_scalar(scalar) for i, scalar in disclosed.items())
    octets = len(disclosed).to_bytes(8) + shown + b"".join(map(encode, commitments)) + encode_scalar(domain)
    return hash_to_scalar(octets + len(presentation_header).to_bytes(8) + presentation_header)


def _expect_indexes(disclosed: Sequence[int], count: int) -> None:
    if any(not 0 <= i < count for i in disclosed) or any(a >= b for a, b in pairwise(disclosed)):
        raise ProofOptionsError(
            f"the indexes to disclose are not ascending numbers below {count}",
            code="proof.options.disclosed",
            remedy="Name each statement once, in order, from 0.",
        )
