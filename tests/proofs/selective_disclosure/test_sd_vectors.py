"""The W3C vectors of ecdsa-sd-2023 and bbs-2023: every intermediate value, and the proof values byte for byte."""

import hashlib
import json
from dataclasses import dataclass
from functools import partial

import pytest
from integrity_support import vector_jsonld
from support import vectors

from did_methods import bls12_381
from did_methods.multikey import KeyType, PrivateKey
from node.proofs.bbs import ciphersuite, signature
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.selective_disclosure import bbs_2023, ecdsa_sd_2023
from node.proofs.selective_disclosure.grouping import statements_of
from node.proofs.selective_disclosure.labels import hmac_labels, shuffled_labels
from node.proofs.signatures import local_signer

pytestmark = pytest.mark.vectors
JSONLD = vector_jsonld()


@dataclass(frozen=True)
class Family:
    suite: str
    folder: str
    unsigned: str
    mandatory: str
    selective: str

    def __str__(self):
        return f"{self.suite}/{self.folder}" if self.folder else self.suite

    def shared(self, name):
        return json.loads(vectors(self.suite, name).read_bytes())

    def read(self, name):
        return json.loads(self.path(name).read_bytes())

    def path(self, name):
        return vectors(self.suite, *(part for part in self.folder.split("/") if part), name)

    def unsigned_document(self):
        """Of the permanent resident card the unsigned document was revised after the others were made."""
        if "prc" in self.folder:
            return {name: value for name, value in self.read("addSignedSDBase.json").items() if name != "proof"}
        return self.shared(self.unsigned)

    def proof_hash(self):
        hashed = self.read("addHashData.json")
        return bytes.fromhex(hashed["proofHash"])


ECDSA = [
    Family(
        "vc-di-ecdsa", "ecdsa-sd-2023/employ", "employmentAuth.json", "employMandatory.json", "employSelective.json"
    ),
    Family("vc-di-ecdsa", "ecdsa-sd-2023/prc", "prCredUnsigned.json", "prCredMandatory.json", "prCredSelective.json"),
]
BBS = [
    Family("vc-di-bbs", "", "windDoc.json", "windMandatory.json", "windSelective.json"),
    Family("vc-di-bbs", "prc", "prCredUnsigned.json", "prCredMandatory.json", "prCredSelective.json"),
]
HMAC_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF")


def pairs(published):
    return {int(index): line for index, line in published["value"]}


@pytest.mark.parametrize("family", ECDSA + BBS, ids=str)
def test_statements_and_groups(family):
    label_map = shuffled_labels if family in BBS else hmac_labels
    statements = statements_of(family.unsigned_document(), partial(label_map, key=HMAC_KEY), jsonld=JSONLD)
    assert list(statements.nquads) == family.read("addBaseDocHMACCanon.json")
    transformed = family.read("addBaseTransform.json")
    mandatory = statements.group(family.shared(family.mandatory)).indexes
    assert {i: statements.nquads[i] for i in mandatory} == pairs(transformed["mandatory"])
    rest = {i: line for i, line in enumerate(statements.nquads) if i not in mandatory}
    assert rest == pairs(transformed["nonMandatory"])
    assert (
        hashlib.sha256("".join(statements.nquads[i] for i in sorted(mandatory)).encode()).hexdigest()
        == (family.read("addHashData.json")["mandatoryHash"])
    )


@pytest.mark.parametrize("family", ECDSA + BBS, ids=str)
def test_derived_groups(family):
    label_map = shuffled_labels if family in BBS else hmac_labels
    statements = statements_of(family.unsigned_document(), partial(label_map, key=HMAC_KEY), jsonld=JSONLD)
    indexes = family.read("derivedGroupIndexes.json")
    mandatory, selective = family.shared(family.mandatory), family.shared(family.selective)
    assert sorted(statements.group(mandatory).indexes) == indexes["mandatoryIndexes"]
    assert sorted(statements.group(selective).indexes) == indexes["selectiveIndexes"]
    assert sorted(statements.group((*mandatory, *selective)).indexes) == indexes["combinedIndexes"]


@pytest.mark.parametrize("family", ECDSA + BBS, ids=str)
def test_proof_hash(family):
    canonical = canonicalize(JSONLD.to_rdf(family.read("addProofConfig.json")))
    assert canonical.text == family.path("addProofConfigCanon.txt").read_text("utf-8")
    assert hashlib.sha256(canonical.data).digest() == family.proof_hash()


@pytest.mark.parametrize("family", ECDSA, ids=str)
def test_ecdsa_sd_base_proof(family):
    """The published signatures are RFC 6979's, some with a high s; ours have the low one and are else the same."""
    keys = json.loads(vectors("vc-di-ecdsa", "ecdsa-sd-2023", "SDKeyMaterial.json").read_bytes())
    issuer, scoped = (
        PrivateKey.from_multibase(keys[name]["secretKeyMultibase"]) for name in ("baseKeyPair", "proofKeyPair")
    )
    base = ecdsa_sd_2023.make_base(
        family.unsigned_document(),
        family.proof_hash(),
        tuple(family.shared(family.mandatory)),
        jsonld=JSONLD,
        hmac_key=HMAC_KEY,
        proof_scoped=local_signer(scoped),
    )
    published = family.read("addRawBaseSignatureInfo.json")
    assert [low_s(s) for s in published["signatures"]] == [s.hex() for s in base.signatures]
    assert low_s(published["baseSignature"]) == local_signer(issuer).sign(base.signed_data).hex()
    value = family.read("addSignedSDBase.json")["proof"]["proofValue"]
    with_published = ecdsa_sd_2023.BaseProof(
        signed_data=base.signed_data,
        public_key=base.public_key,
        hmac_key=base.hmac_key,
        signatures=tuple(map(bytes.fromhex, published["signatures"])),
        mandatory_pointers=base.mandatory_pointers,
    )
    assert with_published.complete(bytes.fromhex(published["baseSignature"])) == value


def secret(name):
    pairs_ = json.loads(vectors("vc-di-ecdsa", "ecdsa-sd-2023", "SDKeyMaterial.json").read_bytes())
    return PrivateKey.from_multibase(pairs_[name]["secretKeyMultibase"])


def low_s(signature):
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    s = int(signature[64:], 16)
    return signature[:64] + f"{min(s, order - s):064x}"


@pytest.mark.parametrize("family", ECDSA, ids=str)
def test_ecdsa_sd_derived_proof(family):
    base = family.read("addSignedSDBase.json")
    derived = ecdsa_sd_2023.derive(
        base, base["proof"]["proofValue"], tuple(family.shared(family.selective)), jsonld=JSONLD
    )
    published = family.read("derivedRevealDocument.json")
    assert derived.document == {name: value for name, value in published.items() if name != "proof"}
    assert derived.value == published["proof"]["proofValue"]
    key = secret("baseKeyPair").public
    verified = ecdsa_sd_2023.verify_derived(published, derived.value, family.proof_hash(), key, jsonld=JSONLD)
    assert verified.signed_data.startswith(family.proof_hash())


@pytest.mark.parametrize("family", BBS, ids=str)
def test_bbs_base_proof(family):
    key = PrivateKey(KeyType.BLS12_381_G2, bytes.fromhex(family.shared("BBSKeyMaterial.json")["privateKeyHex"]))
    base = bbs_2023.make_base(
        family.unsigned_document(),
        family.proof_hash(),
        tuple(family.shared(family.mandatory)),
        jsonld=JSONLD,
        hmac_key=HMAC_KEY,
    )
    made = signature.sign(key, base.header, base.messages)
    assert made.hex() == family.read("addRawBaseSignatureInfo.json")["bbsSignature"]
    assert base.complete(made, key.public) == family.read("addSignedSDBase.json")["proof"]["proofValue"]


@pytest.mark.parametrize("family", BBS, ids=str)
def test_bbs_derived_proof(family, monkeypatch):
    """Byte for byte, with the random scalars that the vectors were made of."""
    base = family.read("addSignedSDBase.json")
    material = family.shared("BBSDeriveMaterial.json")
    published = family.read("derivedRevealDocument.json")
    indexes = family.read("derivedGroupIndexes.json"), family.read("derivedAdjIndexes.json")
    hidden = len(indexes[0]["nonMandatoryIndexes"]) - len(indexes[1]["adjSelectiveIndexes"])
    draws = iter(seeded_scalars(bytes.fromhex(material["pseudoRandSeedHex"]), 5 + hidden))
    monkeypatch.setattr(bbs_2023.bbs_proof, "derive", partial(bbs_2023.bbs_proof.derive, draw=lambda: next(draws)))
    derived = bbs_2023.derive(
        base,
        base["proof"]["proofValue"],
        tuple(family.shared(family.selective)),
        presentation_header=bytes.fromhex(material["presentationHeaderHex"]),
        jsonld=JSONLD,
    )
    assert derived.document == {name: value for name, value in published.items() if name != "proof"}
    assert derived.value == published["proof"]["proofValue"]
    key = PrivateKey(KeyType.BLS12_381_G2, bytes.fromhex(family.shared("BBSKeyMaterial.json")["privateKeyHex"])).public
    verified = bbs_2023.verify_derived(published, derived.value, family.proof_hash(), key, jsonld=JSONLD)
    assert verified.presentation_header.hex() == material["presentationHeaderHex"]


def seeded_scalars(seed, count):
    """The draft's mocked random scalars: expand_message_xmd (RFC 9380, 5.3.1) over the seed, cut into 48 bytes.

    The draft's tag ends in MOCK_RANDOM_SCALARS_DST_; these vectors were made with the API's identifier alone.
    """
    tag = ciphersuite.API_ID + bytes([len(ciphersuite.API_ID)])
    length = 48 * count
    b0 = hashlib.sha256(bytes(64) + seed + length.to_bytes(2) + b"\0" + tag).digest()
    blocks = [hashlib.sha256(b0 + b"\1" + tag).digest()]
    for i in range(2, -(-length // 32) + 1):
        mixed = bytes(a ^ b for a, b in zip(b0, blocks[-1], strict=True))
        blocks.append(hashlib.sha256(mixed + bytes([i]) + tag).digest())
    expanded = b"".join(blocks)
    return [bls12_381.scalar_of(int.from_bytes(expanded[at : at + 48])) for at in range(0, length, 48)]
