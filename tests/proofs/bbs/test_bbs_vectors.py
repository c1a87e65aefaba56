"""The draft's fixtures, byte for byte: generators, hashes, keys, signatures, proofs with their fixed random scalars."""

import json

import pytest
from support import vectors

from did_methods import bls12_381
from did_methods.multikey import KeyType, PrivateKey, PublicKey
from node.proofs.bbs import ciphersuite, proof, signature
from node.proofs.errors import ProofFailure

pytestmark = pytest.mark.vectors


def fixture(*parts):
    return json.loads(vectors("bbs-signature", "bls12-381-sha-256", *parts).read_bytes())


def names(kind, count):
    return [f"{kind}{i:03}.json" for i in range(1, count + 1)]


def test_generators():
    published = fixture("generators.json")
    ours = ciphersuite.generators(len(published["MsgGenerators"]))
    assert [g.hex() for g in ours.encoded] == [published["Q1"], *published["MsgGenerators"]]
    assert bls12_381.encode(ciphersuite.P1).hex() == published["P1"]


def test_hash_to_scalar():
    published = fixture("h2s.json")
    scalar = ciphersuite.hash_to_scalar(bytes.fromhex(published["message"]), bytes.fromhex(published["dst"]))
    assert bls12_381.encode_scalar(scalar).hex() == published["scalar"]


def test_map_messages_to_scalars():
    cases = fixture("MapMessageToScalarAsHash.json")["cases"]
    ours = ciphersuite.message_scalars(bytes.fromhex(case["message"]) for case in cases)
    assert [bls12_381.encode_scalar(s).hex() for s in ours] == [case["scalar"] for case in cases]


def test_key_pair():
    pair = fixture("keypair.json")["keyPair"]
    private = PrivateKey(KeyType.BLS12_381_G2, bytes.fromhex(pair["secretKey"]))
    assert private.public.raw.hex() == pair["publicKey"]


@pytest.mark.parametrize("name", names("signature", 10))
def test_signature(name):
    case = fixture("signature", name)
    key = PublicKey(KeyType.BLS12_381_G2, bytes.fromhex(case["signerKeyPair"]["publicKey"]))
    header, published = bytes.fromhex(case["header"]), bytes.fromhex(case["signature"])
    messages = [bytes.fromhex(m) for m in case["messages"]]
    if not case["result"]["valid"]:
        with pytest.raises(ProofFailure):
            signature.verify(key, header, messages, published)
        return
    signature.verify(key, header, messages, published)
    private = PrivateKey(KeyType.BLS12_381_G2, bytes.fromhex(case["signerKeyPair"]["secretKey"]))
    assert signature.sign(private, header, messages) == published


@pytest.mark.parametrize("name", names("proof", 15))
def test_proof(name):
    case = fixture("proof", name)
    key = PublicKey(KeyType.BLS12_381_G2, bytes.fromhex(case["signerPublicKey"]))
    header, presentation_header = bytes.fromhex(case["header"]), bytes.fromhex(case["presentationHeader"])
    messages = [bytes.fromhex(m) for m in case["messages"]]
    shown = case["disclosedIndexes"]
    published = bytes.fromhex(case["proof"])
    disclosed = {i: messages[i] for i in shown}
    if not case["result"]["valid"]:
        with pytest.raises(ProofFailure):
            proof.verify_derived(key, published, disclosed, header=header, presentation_header=presentation_header)
        return
    proof.verify_derived(key, published, disclosed, header=header, presentation_header=presentation_header)
    scalars = case["trace"]["random_scalars"]
    fixed = [scalars[name] for name in ("r1", "r2", "e_tilde", "r1_tilde", "r3_tilde")] + scalars["m_tilde_scalars"]
    draws = iter([bls12_381.decode_scalar(bytes.fromhex(scalar)) for scalar in fixed])
    made = proof.derive(
        key,
        bytes.fromhex(case["signature"]),
        messages,
        shown,
        header=header,
        presentation_header=presentation_header,
        draw=lambda: next(draws),
    )
    assert made == published
