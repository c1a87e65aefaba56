"""The commitment: the same however a credential is shown, another for whatever else was signed."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from integrity_support import PRIVATE_KEYS, bundled_jsonld, credential, judged, options, secured

from did_methods.multibase import decode_base58btc, encode_base58btc
from did_methods.multikey import KeyType
from node.proofs.bbs import signature as bbs_signature
from node.proofs.commitment import TAG, commit, commitment_of
from node.proofs.data_integrity import verify_proof
from node.proofs.disclosure import derive_proof, prepare_base
from node.proofs.errors import UnsupportedProofError
from node.proofs.jose.jws import parse_jws, prepare_jws, verify_jws
from node.proofs.proof import proofs_of
from node.proofs.signatures import local_signer

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def derived(suite, pointers):
    key = PRIVATE_KEYS[KeyType.P256 if suite == "ecdsa-sd-2023" else KeyType.BLS12_381_G2]
    unsigned = prepare_base(
        credential(), options(key.type, cryptosuite=suite), key.public, ["/issuer"], jsonld=bundled_jsonld()
    )
    if unsigned.messages is None:
        base = unsigned.complete(local_signer(key).sign(unsigned.data))
    else:
        base = unsigned.complete(bbs_signature.sign(key, unsigned.data, unsigned.messages))
    found = []
    for pointer in pointers:
        shown = derive_proof(base, [pointer], jsonld=bundled_jsonld())
        found.append(verify_proof(shown, proofs_of(shown)[0], key.public, jsonld=bundled_jsonld()))
    return found


def test_it_is_the_hash_of_the_parts_with_their_lengths():
    parts = b"\0\0\0\1" + b"f" + b"\0\0\0\2" + b"mm" + b"\0\0\0\3" + b"sss"
    assert commit("f", b"mm", b"sss") == hashlib.sha256(TAG + parts).digest()


@pytest.mark.threat(111)
@given(st.binary(max_size=8), st.binary(max_size=8), st.integers(0, 8))
def test_no_byte_moves_across_a_border(data, signature, cut):
    joined = data + signature
    other = (joined[:cut], joined[cut:])
    assert (commit("f", data, signature) == commit("f", *other)) == ((data, signature) == other)


@pytest.mark.threat(111)
def test_content_another_proof_and_another_form_have_another_commitment():
    first, second = judged(secured()), judged(secured(created=options().created.replace(year=2027)))
    values = {
        commitment_of(first).value,
        commitment_of(second).value,
        commit(first.suite.name, first.hash_data, b""),
        commit("eddsa-jcs-2022", first.hash_data, first.signature),
        commit("", first.hash_data, first.signature),
    }
    assert len(values) == 5


@pytest.mark.threat(111)
def test_the_high_s_twin_of_a_signature_has_the_same_commitment():
    key = PRIVATE_KEYS[KeyType.P256].public
    document = secured(type_=KeyType.P256)
    raw = decode_base58btc(document["proof"]["proofValue"], max_chars=1000)
    twin = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32)
    other = {**document, "proof": {**document["proof"], "proofValue": encode_base58btc(twin)}}
    assert other != document
    assert commitment_of(judged(other, key)) == commitment_of(judged(document, key))


def test_every_derivation_of_one_credential_has_one_commitment():
    one, other = derived("ecdsa-sd-2023", ["/credentialSubject/name", "/name"])
    assert one.proof.raw != other.proof.raw
    assert commitment_of(one) == commitment_of(other)
    assert commitment_of(one).covers == "mandatory"
    assert commitment_of(derived("ecdsa-sd-2023", ["/name"])[0]) != commitment_of(one)


def test_bbs_has_none_and_says_why():
    (found,) = derived("bbs-2023", ["/name"])
    with pytest.raises(UnsupportedProofError) as refused:
        commitment_of(found)
    assert refused.value.code == "proof.unsupported.commitment"


def test_a_token_is_committed_to_by_its_signing_input():
    key = PRIVATE_KEYS[KeyType.ED25519]
    unsigned = prepare_jws({"typ": "vc+jwt"}, b"{}", key.public)
    signature = local_signer(key).sign(unsigned.signing_input)
    verified = verify_jws(parse_jws(unsigned.complete(signature)), key.public, algorithms={"EdDSA"})
    assert commitment_of(verified).value == commit("jwt", unsigned.signing_input, signature)
    assert commitment_of(verified, of_sd_jwt=True).value != commitment_of(verified).value
    assert commitment_of(verified).covers == "document"
