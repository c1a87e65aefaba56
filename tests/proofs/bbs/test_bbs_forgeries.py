"""What the draft's fixtures miss: forgeries, mutations, and proofs for other keys, headers, messages and places."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from did_methods import bls12_381
from did_methods.curves import BLS12_381_R
from did_methods.multikey import KeyType, PrivateKey
from node.proofs.bbs import ciphersuite, proof, signature
from node.proofs.errors import (
    BudgetExceededError,
    InvalidProofError,
    MalformedProofError,
    ProofFailure,
    ProofOptionsError,
    UnsupportedProofError,
)

KEY = PrivateKey(KeyType.BLS12_381_G2, (0xABCDEF).to_bytes(32))  # a test key
OTHER = PrivateKey(KeyType.BLS12_381_G2, (0xFEDCBA).to_bytes(32))  # a test key
HEADER, PRESENTATION = b"header", b"presentation"
HEADERS = {"header": HEADER, "presentation_header": PRESENTATION}
MESSAGES = [b"one", b"two", "trzy ąę".encode(), b"", b"five"]
SHOWN = [0, 2]
SIGNATURE = signature.sign(KEY, HEADER, MESSAGES)
PROOF = proof.derive(KEY.public, SIGNATURE, MESSAGES, SHOWN, **HEADERS)
DISCLOSED = {i: MESSAGES[i] for i in SHOWN}
IDENTITY = b"\xc0" + bytes(47)


def accepted(data=PROOF, key=KEY.public, header=HEADER, presentation=PRESENTATION, disclosed=DISCLOSED):
    try:
        proof.verify_derived(key, data, disclosed, header=header, presentation_header=presentation)
    except ProofFailure:
        return False
    return True


def test_the_proof_holds():
    assert accepted()


@pytest.mark.threat(25)
@pytest.mark.parametrize("slots", [(0,), (1,), (2,), (0, 1), (0, 1, 2)], ids=str)
def test_identity_points_are_refused(slots):
    data = bytearray(PROOF)
    for slot in slots:
        data[slot * 48 : slot * 48 + 48] = IDENTITY
    with pytest.raises(MalformedProofError):
        proof.Proof.decode(bytes(data))


@pytest.mark.threat(25)
def test_the_forgery_from_identity_points_is_refused():
    """With Abar = Bbar = the identity both pairings are one and T1 holds no signature: anyone can answer."""
    count, hidden = 3, [1, 2]
    points = ciphersuite.generators(count)
    domain = ciphersuite.domain_of(KEY.public.raw, points, HEADER)
    forged = ciphersuite.message_scalars([b"a grade nobody gave"])
    shown = ciphersuite.P1 + bls12_381.sum_of_products(points.points[:2], [domain, *forged])
    # D = shown, so T2's equation is met by r3^ = r3~ - c; the hidden messages are zero.
    masks = [bls12_381.random_scalar() for _ in range(2 + len(hidden))]
    identity = bls12_381.G1Point.identity()
    t1 = shown * masks[0]
    t2 = bls12_381.sum_of_products([shown, *(points.points[1 + i] for i in hidden)], masks[1:])
    challenge = proof._challenge((identity, identity, shown, t1, t2), domain, {0: forged[0]}, PRESENTATION)
    data = proof.Proof(
        identity,
        identity,
        shown,
        bls12_381.scalar_of(1),
        masks[0],
        masks[1] - challenge,
        tuple(masks[2:]),
        challenge,
    ).encode()
    with pytest.raises(MalformedProofError, match="identity"):
        proof.verify_derived(KEY.public, data, {0: b"a grade nobody gave"}, **HEADERS)


@pytest.mark.threat(25)
@pytest.mark.parametrize("scalar", [0, BLS12_381_R, 2**256 - 1])
@pytest.mark.parametrize("place", range(7))
def test_scalars_out_of_range_are_refused(scalar, place):
    at = 144 + 32 * place
    with pytest.raises(MalformedProofError):
        proof.Proof.decode(PROOF[:at] + scalar.to_bytes(32) + PROOF[at + 32 :])


@pytest.mark.threat(25)
@pytest.mark.parametrize("data", [b"", PROOF[:-1], PROOF + b"\0", PROOF + bytes(32), PROOF[:271], PROOF + PROOF])
def test_surplus_and_missing_bytes_are_refused(data):
    assert not accepted(data)


@pytest.mark.threat(25)
def test_every_byte_of_a_proof_counts():
    for at in range(len(PROOF)):
        assert not accepted(PROOF[:at] + bytes([PROOF[at] ^ 1]) + PROOF[at + 1 :]), at


@pytest.mark.threat(25)
def test_every_byte_of_a_signature_counts():
    for at in range(len(SIGNATURE)):
        altered = SIGNATURE[:at] + bytes([SIGNATURE[at] ^ 1]) + SIGNATURE[at + 1 :]
        with pytest.raises(ProofFailure):
            signature.verify(KEY.public, HEADER, MESSAGES, altered)


@pytest.mark.threat(25)
@pytest.mark.parametrize("data", [IDENTITY + SIGNATURE[48:], SIGNATURE[:48] + bytes(32), SIGNATURE + b"\0", b""])
def test_unsafe_signatures_are_refused(data):
    with pytest.raises(MalformedProofError):
        signature.verify(KEY.public, HEADER, MESSAGES, data)


@pytest.mark.parametrize(
    "changed",
    [
        {"key": OTHER.public},
        {"header": b"Header"},
        {"presentation": b"another"},
        {"presentation": b""},
        {"disclosed": {0: MESSAGES[0], 2: b"other"}},
        {"disclosed": {0: MESSAGES[2], 2: MESSAGES[0]}},
        {"disclosed": {1: MESSAGES[0], 2: MESSAGES[2]}},
        {"disclosed": {0: MESSAGES[0]}},
        {"disclosed": {0: MESSAGES[0], 2: MESSAGES[2], 3: MESSAGES[3]}},
        {"disclosed": {0: MESSAGES[0], 9: MESSAGES[2]}},
        {"disclosed": {0: MESSAGES[0], -3: MESSAGES[2]}},
    ],
    ids=repr,
)
def test_a_proof_of_something_else_is_refused(changed):
    assert not accepted(**changed)


def test_no_proof_is_made_from_a_signature_over_something_else():
    with pytest.raises(InvalidProofError):
        proof.derive(KEY.public, SIGNATURE, [*MESSAGES[:-1], b"six"], SHOWN, **HEADERS)


@pytest.mark.parametrize("indexes", [[1, 0], [0, 0], [-1], [5], [0, 5]])
def test_indexes_that_cannot_be_are_refused(indexes):
    with pytest.raises(ProofOptionsError):
        proof.derive(KEY.public, SIGNATURE, MESSAGES, indexes, **HEADERS)


def test_another_kind_of_key_is_not_supported():
    ed25519 = PrivateKey.generate(KeyType.ED25519)
    with pytest.raises(UnsupportedProofError):
        signature.sign(ed25519, HEADER, MESSAGES)
    with pytest.raises(UnsupportedProofError):
        proof.verify_derived(ed25519.public, PROOF, DISCLOSED, **HEADERS)


def test_too_many_messages_are_refused_before_any_work():
    with pytest.raises(BudgetExceededError):
        ciphersuite.generators(ciphersuite.MAX_MESSAGES + 1)
    with pytest.raises(MalformedProofError, match="hides more"):
        proof.Proof.decode(PROOF[:144] + b"\x01" * 32 * (ciphersuite.MAX_MESSAGES + 5))


def test_two_proofs_share_nothing():
    again = proof.derive(KEY.public, SIGNATURE, MESSAGES, SHOWN, **HEADERS)
    assert accepted(again)
    pieces = [{data[at : at + 16] for at in range(0, len(data), 16)} for data in (PROOF, again)]
    assert not pieces[0] & pieces[1]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=8), st.binary(max_size=20), st.binary(max_size=20), st.data())
def test_any_selection_of_any_messages_can_be_proven(messages, header, presentation, data):
    shown = sorted(data.draw(st.sets(st.integers(min_value=0, max_value=len(messages) - 1)))) if messages else []
    signed = signature.sign(KEY, header, messages)
    headers = {"header": header, "presentation_header": presentation}
    made = proof.derive(KEY.public, signed, messages, shown, **headers)
    proof.verify_derived(
        KEY.public, made, {i: messages[i] for i in shown}, header=header, presentation_header=presentation
    )


@pytest.mark.threat(25)
@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=600))
def test_noise_is_never_a_proof(noise):
    assert not accepted(noise)
    with pytest.raises(MalformedProofError):
        signature.verify(KEY.public, HEADER, MESSAGES, noise)
