"""Recovered addresses, compared with the library that Ethereum wallets recover with."""

import pytest
from eth_keys import keys
from eth_keys.exceptions import BadSignature, ValidationError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anchoring.errors import CallError
from anchoring.secp256k1 import HALF_ORDER, ORDER, address_of, signer_of
from anchoring.signing_key import SigningKey

SECRETS = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32))
DIGESTS = st.binary(min_size=32, max_size=32)
BELOW = pytest.mark.threat(113)


def _theirs(digest, signature):
    """What eth-keys recovers, within the rules of the contract."""
    r, s, v = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64]), signature[64]
    if s > HALF_ORDER or v not in (27, 28):
        return None
    try:
        return keys.Signature(vrs=(v - 27, r, s)).recover_public_key_from_msg_hash(digest).to_canonical_address()
    except (BadSignature, ValidationError, ValueError):
        return None


@settings(max_examples=60, deadline=None)
@example((1).to_bytes(32), bytes(32))
@example((ORDER - 1).to_bytes(32), b"\xff" * 32)
@given(SECRETS, DIGESTS)
def test_what_is_signed_here_is_what_the_library_recovers(secret, digest):
    key = SigningKey(secret)
    signature = key.sign_digest(digest)
    assert signature == key.sign_digest(digest)
    assert int.from_bytes(signature[32:64]) <= HALF_ORDER
    theirs = keys.PrivateKey(secret)
    assert key.address == theirs.public_key.to_canonical_address()
    assert signer_of(digest, signature) == key.address == _theirs(digest, signature)
    their_signature = theirs.sign_msg_hash(digest)
    ours = their_signature.r.to_bytes(32) + their_signature.s.to_bytes(32) + bytes([27 + their_signature.v])
    assert signer_of(digest, ours) == key.address


@BELOW
@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**256 - 1), st.integers(0, 2**256 - 1), st.integers(0, 255), DIGESTS)
def test_any_numbers_recover_what_the_library_recovers(r, s, v, digest):
    for low, parity in ((s, v), (s % HALF_ORDER, 27 + v % 2)):
        signature = r.to_bytes(32) + low.to_bytes(32) + bytes([parity])
        assert signer_of(digest, signature) == _theirs(digest, signature)


@BELOW
def test_forms_that_the_contract_does_not_take():
    key, digest = SigningKey(b"\x07" * 32), b"\x01" * 32
    signature = key.sign_digest(digest)
    r, s, v = signature[:32], int.from_bytes(signature[32:64]), signature[64]
    twin = r + (ORDER - s).to_bytes(32) + bytes([55 - v])
    assert signer_of(digest, twin) is None
    for other in (b"", signature[:64], signature + b"\0", bytes(65), r + bytes(32) + bytes([v])):
        assert signer_of(digest, other) is None
    for parity in (v - 27, 55 - v, 29, 35, 255):
        assert signer_of(digest, signature[:64] + bytes([parity])) != key.address
    assert signer_of(digest, ORDER.to_bytes(32) + signature[32:]) is None
    assert signer_of(b"\x02" * 32, signature) != key.address


def test_a_signature_that_leads_to_infinity_is_nobodys():
    # With r the generator's x and s = digest, first and second cancel each other: the "key" is no point at all.
    r = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798
    digest = (5).to_bytes(32)
    found = [signer_of(digest, r.to_bytes(32) + digest + bytes([v])) for v in (27, 28)]
    assert found.count(None) == 1


def test_a_published_address():
    # The key 1 has the generator as its public key.
    assert SigningKey((1).to_bytes(32)).address.hex() == "7e5f4552091a69125d5dfcb7b8c2659029395bdf"
    assert len(address_of((1, 2))) == 20


@pytest.mark.parametrize("secret", [b"", bytes(32), b"\xff" * 32, ORDER.to_bytes(32), b"\x01" * 31, b"\x01" * 33])
def test_no_keys(secret):
    with pytest.raises(CallError, match="no secp256k1 key"):
        SigningKey(secret)


def test_a_new_key_each_time_that_shows_nothing_of_itself():
    (one, secret), (other, _) = SigningKey.generate(), SigningKey.generate()
    assert one.address != other.address
    assert SigningKey(secret).address == one.address
    assert secret.hex() not in repr(one)
    assert str(int.from_bytes(secret)) not in repr(one)
