"""The ciphersuite BLS12-381-SHA-256: its generators, and how messages and challenges become scalars.

Spec: https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-bbs-signatures section 7.2.2
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final, NamedTuple

from did_methods.bls12_381 import G1Point, G2Point, Scalar, decode_g1, encode, encode_scalar, hash_to_g1, scalar_of
from node.proofs.errors import BudgetExceededError

API_ID: Final = b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S_"
P1: Final = decode_g1(
    bytes.fromhex("a8ce256102840821a3e94ea9025e4662b205762f9776b3a766c872b948f1fd225e7c59698588e70d11406d161b4e28c9")
)
BP2: Final = G2Point()
"""The generator of G2."""

MAX_MESSAGES: Final = 2048
"""A credential has a message per statement; a foreign one beyond this would cost half a second of generators alone."""

HASH_TO_SCALAR_TAG: Final = API_ID + b"H2S_"
_MAP_TAG: Final = API_ID + b"MAP_MSG_TO_SCALAR_AS_HASH_"
_SEED_TAG: Final = API_ID + b"SIG_GENERATOR_SEED_"
_GENERATOR_TAG: Final = API_ID + b"SIG_GENERATOR_DST_"
_SEED: Final = API_ID + b"MESSAGE_GENERATOR_SEED"

_EXPAND_LENGTH: Final = 48
_DIGEST_BYTES: Final = 32
_MAX_TAG_BYTES: Final = 255
# expand_message_xmd (RFC 9380, 5.3.1) begins with one block of zeros: hashed once.
_PADDED: Final = hashlib.sha256(bytes(64))


class Generators(NamedTuple):
    """Q1 and H_1 … H_n, each as a point and as its 48 bytes."""

    points: tuple[G1Point, ...]
    encoded: tuple[bytes, ...]


def generators(messages: int) -> Generators:
    """The generators for so many messages (draft, 4.1.1).

    Raises BudgetExceededError beyond MAX_MESSAGES.
    """
    if messages > MAX_MESSAGES:
        raise BudgetExceededError(
            f"the signature covers {messages} statements; at most {MAX_MESSAGES} are checked",
            code="budget.exceeded",
        )
    # Rounded up, so that credentials of similar size share one computation.
    all_ = _first_generators(max(64, 1 << messages.bit_length()))
    return Generators(all_.points[: messages + 1], all_.encoded[: messages + 1])


@cache  # at most six sizes, by MAX_MESSAGES
def _first_generators(count: int) -> Generators:
    v = expand_message(_SEED, _SEED_TAG)
    points = []
    for i in range(1, count + 1):
        v = expand_message(v + i.to_bytes(8), _SEED_TAG)
        points.append(hash_to_g1(v, _GENERATOR_TAG))
    return Generators(tuple(points), tuple(map(encode, points)))


def expand_message(message: bytes, tag: bytes) -> bytes:
    """48 uniform bytes of a message under a domain separation tag.

    Spec: https://www.rfc-editor.org/rfc/rfc9380#section-5.3.1
    """
    if len(tag) > _MAX_TAG_BYTES:
        msg = f"a domain separation tag has at most {_MAX_TAG_BYTES} bytes, not {len(tag)}"
        raise ValueError(msg)
    tag_prime = tag + len(tag).to_bytes()
    b0_hash = _PADDED.copy()
    b0_hash.update(message + _EXPAND_LENGTH.to_bytes(2) + b"\x00" + tag_prime)
    b0 = b0_hash.digest()
    b1 = hashlib.sha256(b0 + b"\x01" + tag_prime).digest()
    mixed = (int.from_bytes(b0) ^ int.from_bytes(b1)).to_bytes(_DIGEST_BYTES)
    b2 = hashlib.sha256(mixed + b"\x02" + tag_prime).digest()
    return b1 + b2[: _EXPAND_LENGTH - _DIGEST_BYTES]


def hash_to_scalar(message: bytes, tag: bytes = HASH_TO_SCALAR_TAG) -> Scalar:
    """The scalar that a message hashes to (draft, 4.2.2)."""
    return scalar_of(int.from_bytes(expand_message(message, tag)))


def message_scalars(messages: Iterable[bytes]) -> list[Scalar]:
    """The scalar of each message (draft, 4.1.2)."""
    return [hash_to_scalar(message, _MAP_TAG) for message in messages]


def domain_of(public_key: bytes, generators_: Generators, header: bytes) -> Scalar:
    """The scalar that binds key, generators and header (draft, 4.2.3)."""
    count = len(generators_.encoded) - 1
    octets = count.to_bytes(8) + b"".join(generators_.encoded) + API_ID
    return hash_to_scalar(public_key + octets + len(header).to_bytes(8) + header)


def serialized(scalars: Sequence[Scalar]) -> bytes:
    """The 32 big-endian bytes of each scalar, joined (draft, 4.2.4.1)."""
    return b"".join(map(encode_scalar, scalars))
