"""The W3C vectors of vc-di-eddsa and vc-di-ecdsa: every intermediate value, and the signed documents, byte for byte."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from integrity_support import key_of, keys_of, read, vector_jsonld
from support import vectors

from did_methods.multibase import decode_base58btc
from did_methods.multikey import KeyType, PrivateKey
from node.proofs.cryptosuites import SUITES
from node.proofs.data_integrity import VerifiedProof, add_proof, prepare, verify_proof, verify_proofs
from node.proofs.hashing import DocumentHashes
from node.proofs.options import ProofOptions
from node.proofs.proof import proofs_of
from node.proofs.signatures import Signer, local_signer, normalized_signature, sign

pytestmark = pytest.mark.vectors


@dataclass(frozen=True)
class Family:
    folder: str
    suite: str
    unsigned: str
    keys: str
    high_s: bool = False  # measured: whether the published ECDSA signature is the high-s one

    def __str__(self):
        return self.folder

    def file(self, prefix: str) -> Path:
        (found,) = vectors(*self.folder.split("/")).glob(f"{prefix}*")
        return found

    def text(self, prefix: str) -> str:
        return self.file(prefix).read_text("utf-8")

    def document(self):
        return read(vectors(self.folder.split("/")[0], self.unsigned))

    def key(self) -> PrivateKey:
        pair = read(vectors(self.folder.split("/")[0], self.keys))
        return PrivateKey.from_multibase(pair.get("secretKeyMultibase") or pair["privateKeyMultibase"])


FAMILIES = [
    Family("vc-di-eddsa/eddsa-rdfc-2022", "eddsa-rdfc-2022", "unsigned.json", "keyPair.json"),
    Family("vc-di-eddsa/eddsa-rdfc-2022/employ", "eddsa-rdfc-2022", "employmentAuth.json", "keyPair.json"),
    Family("vc-di-eddsa/eddsa-jcs-2022", "eddsa-jcs-2022", "unsigned.json", "keyPair.json"),
    Family("vc-di-eddsa/Ed25519Signature2020", "Ed25519Signature2020", "unsigned.json", "keyPair.json"),
    Family("vc-di-ecdsa/ecdsa-rdfc-2019-p256", "ecdsa-rdfc-2019", "unsigned.json", "p256KeyPair.json", high_s=True),
    Family("vc-di-ecdsa/ecdsa-rdfc-2019-p256/employ", "ecdsa-rdfc-2019", "employmentAuth.json", "p256KeyPair.json"),
    Family("vc-di-ecdsa/ecdsa-rdfc-2019-p384", "ecdsa-rdfc-2019", "unsigned.json", "p384KeyPair.json"),
    Family(
        "vc-di-ecdsa/ecdsa-rdfc-2019-p384/employ",
        "ecdsa-rdfc-2019",
        "employmentAuth.json",
        "p384KeyPair.json",
        high_s=True,
    ),
    Family("vc-di-ecdsa/ecdsa-jcs-2019-p256", "ecdsa-jcs-2019", "unsigned.json", "p256KeyPair.json"),
    Family("vc-di-ecdsa/ecdsa-jcs-2019-p384", "ecdsa-jcs-2019", "unsigned.json", "p384KeyPair.json", high_s=True),
]
CREATED_HERE = [family for family in FAMILIES if SUITES[family.suite].creates]


def options_of(configuration) -> ProofOptions:
    previous = configuration.get("previousProof")
    return ProofOptions(
        cryptosuite=configuration["cryptosuite"],
        verification_method=configuration["verificationMethod"],
        created=datetime.fromisoformat(configuration["created"]),
        proof_purpose=configuration["proofPurpose"],
        id=configuration.get("id"),
        previous_proof=tuple(previous) if isinstance(previous, list) else previous,
    )


def published_order(document) -> str:
    """JSON with its members in the order they have: equal means equal in content and in order."""
    return json.dumps(document, ensure_ascii=False)


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_every_intermediate_value_is_the_published_one(family):
    suite, key, jsonld = SUITES[family.suite], family.key(), vector_jsonld()
    hash_name = suite.hashes[key.type]
    signed = read(family.file("signed"))
    # Transformation: of the document (the 2020 vector adds a context before it signs), and of the proof configuration.
    document = {name: value for name, value in signed.items() if name != "proof"}
    assert {**document, "@context": None} == {**family.document(), "@context": None}
    canonical = suite.transformation.canonical(document, jsonld, hash_name)
    assert canonical == family.file("canonDoc").read_bytes()
    configuration = suite.transformation.canonical(read(family.file("proofConfig")), jsonld, hash_name)
    assert configuration == family.file("proofCanon").read_bytes()
    # Hashing.
    assert hashlib.new(hash_name, canonical).hexdigest() == family.text("docHash")
    assert hashlib.new(hash_name, configuration).hexdigest() == family.text("proofHash")
    (proof,) = proofs_of(signed)
    hash_data = DocumentHashes(signed, jsonld=jsonld).hash_data(proof, suite, hash_name)
    assert hash_data.hex() == family.text("combinedHash") == family.text("proofHash") + family.text("docHash")
    # Serialization: RFC 6979 and Ed25519 give the published signature; where that has a high s, its low-s twin.
    published = bytes.fromhex(family.text("sigHex"))
    assert decode_base58btc(family.text("sigBTC58")) == published
    assert suite.serialization.decode(signed["proof"]["proofValue"]).signature == published
    ours = sign(key, hash_data, hash_name=hash_name)
    assert ours == normalized_signature(key.public, published)
    assert (ours != published) == family.high_s


@pytest.mark.parametrize("family", CREATED_HERE, ids=str)
def test_the_signed_document_is_the_published_one(family):
    key, published = family.key(), read(family.file("signed"))
    options = options_of(published["proof"])
    document = family.document()
    unsigned = prepare(document, options, key.public, jsonld=vector_jsonld())
    assert unsigned.hash_data.hex() == family.text("combinedHash")
    ours = add_proof(document, options, local_signer(key), jsonld=vector_jsonld())
    if family.high_s:
        # All but the sign of s is the same, and the signature published is one we accept.
        value = ours["proof"].pop("proofValue")
        assert value != published["proof"].pop("proofValue")
    assert published_order(ours) == published_order(published)


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_the_published_document_verifies(family):
    signed, key = read(family.file("signed")), family.key().public
    (proof,) = proofs_of(signed)
    assert key_of(proof) == key
    verified = verify_proof(signed, proof, key, jsonld=vector_jsonld())
    assert verified.hash_data.hex() == family.text("combinedHash")
    assert verified.signature == normalized_signature(key, bytes.fromhex(family.text("sigHex")))
    assert (verified.covers, verified.appended_contexts) == ("document", ())


CHAIN = "vc-di-eddsa/proof-set-chain"


def chain(name):
    return read(vectors(*CHAIN.split("/"), name))


def chain_signer(number) -> Signer:
    key = PrivateKey.from_multibase(chain("multiKeyPairs.json")[f"keyPair{number}"]["privateKeyMultibase"])
    assert key.type is KeyType.ED25519
    return local_signer(key)


def test_the_published_proof_set_and_chain_come_out_step_by_step():
    """Two proofs side by side, one over both of them, one over that: each step the published file."""
    document = chain("unsigned.json")
    steps = [
        ("proofSetConfig1.json", "signedProofSet1.json"),
        ("proofSetConfig2.json", "signedProofSet2.json"),
        ("proofChainConfig1.json", "signedProofChain1.json"),
        ("proofChainConfig2.json", "signedProofChain2.json"),
    ]
    for number, (configuration, signed) in enumerate(steps, 1):
        document = add_proof(document, options_of(chain(configuration)), chain_signer(number), jsonld=vector_jsonld())
        assert published_order(document) == published_order(chain(signed))


@pytest.mark.parametrize(
    ("name", "count"),
    [("signedProofSet1", 1), ("signedProofSet2", 2), ("signedProofChain1", 3), ("signedProofChain2", 4)],
)
def test_every_proof_of_the_published_sets_and_chains_holds(name, count):
    signed = chain(f"{name}.json")
    results = verify_proofs(signed, proofs := proofs_of(signed), keys_of(proofs), jsonld=vector_jsonld())
    assert [type(result.outcome) for result in results] == [VerifiedProof] * count


@pytest.mark.parametrize(("configuration", "temporary"), [("1", "1"), ("2", "2")])
def test_a_chained_proof_covers_the_document_with_its_matching_proofs(configuration, temporary):
    """The document that the specification shows as hashed: only the proofs that are named stand in it."""
    signed = chain("signedProofChain2.json")
    proof = proofs_of(signed)[int(configuration) + 1]
    suite = SUITES["eddsa-rdfc-2022"]
    canonical = suite.transformation.canonical(chain(f"proofChainTempDoc{temporary}.json"), vector_jsonld(), "sha256")
    hash_data = DocumentHashes(signed, jsonld=vector_jsonld()).hash_data(proof, suite, "sha256")
    assert hash_data[32:] == hashlib.sha256(canonical).digest()
