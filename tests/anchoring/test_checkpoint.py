"""Checkpoints: whose word counts, how many it takes, and until when."""

from datetime import UTC, datetime, timedelta

import cbor2
import pytest
from anchoring_support import changed_bytes, header_of
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from anchoring.checkpoint import (
    CLOCK_SKEW,
    MAX_SIGNATURES,
    Chain,
    Checkpoint,
    CheckpointTrust,
    SignedCheckpoint,
    TrustedBlock,
)
from anchoring.errors import AnchoringError, CborError, CheckpointError, HeaderError, UntrustedBlockError

CHAIN = Chain(11155111, keccak(b"genesis"))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HEADER = header_of(keccak(b"state"), number=777, timestamp=int(NOW.timestamp()) - 900)
CHECKPOINT = Checkpoint(CHAIN, 777, keccak(HEADER), int(NOW.timestamp()) - 900, int(NOW.timestamp()) + 86_400)
SIGNERS = sorted(
    (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 6)),
    key=lambda each: each.public_key().public_bytes_raw(),
)
KEYS = [signer.public_key().public_bytes_raw() for signer in SIGNERS]


def _check(key, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _signed(*numbers, checkpoint=CHECKPOINT):
    return SignedCheckpoint.of(
        checkpoint, [(KEYS[number], SIGNERS[number].sign(checkpoint.encode())) for number in numbers]
    )


def _accept(signed, *, keys=KEYS[:3], threshold=2, at=NOW, chain=CHAIN):
    trust = CheckpointTrust(chain, frozenset(keys), threshold)
    return trust.accept(SignedCheckpoint.decode(signed.encode()), check=_check, at=at)


def test_what_the_signers_sign():
    assert CHECKPOINT.encode() == cbor2.dumps(
        [
            b"glejt/checkpoint/v1",
            11155111,
            keccak(b"genesis"),
            777,
            keccak(HEADER),
            CHECKPOINT.timestamp,
            CHECKPOINT.expires,
        ]
    )


def test_two_of_three():
    assert _accept(_signed(0, 2)) == TrustedBlock(CHAIN, 777, keccak(HEADER))
    assert _accept(_signed(0, 1, 2, 3, 4)).number == 777


@given(st.sets(st.integers(0, 4)), st.integers(1, 3))
def test_only_trusted_keys_count_and_each_once(numbers, threshold):
    counted = len(numbers & {0, 1, 2})
    if counted >= threshold:
        assert _accept(_signed(*numbers), threshold=threshold)
        return
    with pytest.raises(UntrustedBlockError) as caught:
        _accept(_signed(*numbers), threshold=threshold)
    assert caught.value.code == "checkpoint.threshold"


def test_a_signature_is_over_these_very_bytes():
    other = Checkpoint(CHAIN, 778, keccak(b"other"), CHECKPOINT.timestamp, CHECKPOINT.expires)
    borrowed = SignedCheckpoint(other.encode(), _signed(0, 1).signatures)
    swapped = SignedCheckpoint(
        CHECKPOINT.encode(),
        tuple((key, pair[1]) for key, pair in zip(KEYS[:2], _signed(0, 1).signatures[::-1], strict=True)),
    )
    for forged in (borrowed, swapped):
        with pytest.raises(UntrustedBlockError) as caught:
            _accept(forged)
        assert caught.value.code == "checkpoint.threshold"


def test_every_changed_bit_is_refused():
    data = _signed(0, 1).encode()
    trust = CheckpointTrust(CHAIN, frozenset(KEYS[:2]), 2)
    tried = 0
    for altered in changed_bytes(data):
        with pytest.raises(AnchoringError):
            trust.accept(SignedCheckpoint.decode(altered), check=_check, at=NOW)
        tried += 1
    assert tried == 8 * len(data) > 2000


def test_a_wrong_signature_is_as_good_as_none():
    pairs = [(KEYS[0], bytes(64)), *_signed(1, 2).signatures]
    assert _accept(SignedCheckpoint.of(CHECKPOINT, pairs))
    with pytest.raises(UntrustedBlockError):
        _accept(SignedCheckpoint.of(CHECKPOINT, pairs[:2]))


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (timedelta(seconds=86_399), None),
        (timedelta(seconds=86_400), "checkpoint.expired"),
        (timedelta(days=3650), "checkpoint.expired"),
        (-timedelta(seconds=900) - CLOCK_SKEW, None),
        (-timedelta(seconds=901) - CLOCK_SKEW, "checkpoint.future"),
    ],
)
def test_expiry_and_a_block_ahead(after, code):
    if code is None:
        assert _accept(_signed(0, 1), at=NOW + after)
        return
    with pytest.raises(UntrustedBlockError) as caught:
        _accept(_signed(0, 1), at=NOW + after)
    assert caught.value.code == code
    assert caught.value.remedy


def test_another_chain_by_number_or_by_first_block():
    for chain in (Chain(1, CHAIN.genesis), Chain(CHAIN.id, keccak(b"fork"))):
        with pytest.raises(CheckpointError) as caught:
            _accept(_signed(0, 1), chain=chain)
        assert caught.value.code == "checkpoint.conflict"


@pytest.mark.parametrize("threshold", [0, -1, 4])
def test_a_threshold_that_nobody_or_none_could_reach(threshold):
    with pytest.raises(CheckpointError) as caught:
        CheckpointTrust(CHAIN, frozenset(KEYS[:3]), threshold)
    assert caught.value.code == "checkpoint.signers"


def test_what_is_no_checkpoint():
    for fields in [
        {"hash": b"short"},
        {"chain": Chain(1, b"short")},
        {"expires": CHECKPOINT.timestamp},
    ]:
        values = {name: getattr(CHECKPOINT, name) for name in CHECKPOINT.__slots__} | fields
        with pytest.raises(CheckpointError):
            Checkpoint(**values)
    assert Checkpoint.decode(CHECKPOINT.encode()) == CHECKPOINT
    for data in (CHECKPOINT.encode()[:-1], _signed(0).encode(), b""):
        with pytest.raises(CborError):
            Checkpoint.decode(data)


def test_signers_stand_once_in_order_and_not_too_many():
    pairs = [[key, bytes(64)] for key in KEYS[:3]]
    many = [[number.to_bytes(32), b""] for number in range(MAX_SIGNATURES + 1)]
    for listed in (pairs[::-1], [pairs[0], pairs[0]], many):
        data = cbor2.dumps([b"glejt/signed-checkpoint/v1", CHECKPOINT.encode(), listed], canonical=True)
        with pytest.raises(CheckpointError) as caught:
            SignedCheckpoint.decode(data)
        assert caught.value.code == "checkpoint.signers"


def test_the_header_of_a_trusted_block():
    block = TrustedBlock(CHAIN, 777, keccak(HEADER))
    assert block.header(HEADER).timestamp == CHECKPOINT.timestamp
    with pytest.raises(CheckpointError) as caught:
        TrustedBlock(CHAIN, 778, keccak(HEADER)).header(HEADER)
    assert caught.value.code == "checkpoint.conflict"
    with pytest.raises(HeaderError):
        TrustedBlock(CHAIN, 777, keccak(b"other")).header(HEADER)
