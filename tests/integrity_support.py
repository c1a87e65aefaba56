"""What the tests of proofs share: keys of the published vectors, contexts, a small document that needs no vectors."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from support import vectors

from did_methods.multikey import KeyType, PrivateKey, PublicKey
from node.credentials.contexts import BUNDLED
from node.documents import JsonObject
from node.proofs.data_integrity import add_proof, verify_proof, verify_proofs
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.proof import Proof, proofs_of
from node.proofs.signatures import Signer, local_signer

CREATED = datetime(2026, 3, 1, 12, tzinfo=UTC)

# A key per type, the same in every run: seeds and scalars of repeated bytes.
PRIVATE_KEYS: Mapping[KeyType, PrivateKey] = {
    KeyType.ED25519: PrivateKey(KeyType.ED25519, b"\x01" * 32),
    KeyType.P256: PrivateKey(KeyType.P256, b"\x02" * 32),
    KeyType.P384: PrivateKey(KeyType.P384, b"\x03" * 48),
    KeyType.P521: PrivateKey(KeyType.P521, bytes(1) + b"\x07" * 65),
    KeyType.X25519: PrivateKey(KeyType.X25519, b"\x04" * 32),
    KeyType.SECP256K1: PrivateKey(KeyType.SECP256K1, b"\x05" * 32),
    KeyType.BLS12_381_G2: PrivateKey(KeyType.BLS12_381_G2, b"\x06" * 32),
}
SUITE_OF: Mapping[KeyType, str] = {
    KeyType.ED25519: "eddsa-rdfc-2022",
    KeyType.P256: "ecdsa-rdfc-2019",
    KeyType.P384: "ecdsa-rdfc-2019",
    KeyType.BLS12_381_G2: "bbs-2023",
}


@cache
def bundled_jsonld() -> JsonLd:
    return JsonLd(BUNDLED)


@cache
def vector_jsonld() -> JsonLd:
    """The contexts of the test data, which include the examples' own that nobody should trust in earnest."""
    index = json.loads(vectors("contexts", "index.json").read_text("utf-8"))
    return JsonLd(
        {
            entry["url"]: json.loads(vectors("contexts", entry["file"]).read_text("utf-8"))
            for entry in index
            if not entry.get("alternate")
        }
    )


def read(path: Path) -> JsonObject:
    return json.loads(path.read_text("utf-8"))


def did_key_method(key: PublicKey) -> str:
    text = key.to_multibase()
    return f"did:key:{text}#{text}"


def key_of(proof: Proof) -> PublicKey:
    """The key that the verification method itself shows: in the fragment, or as the bare did:key."""
    _, _, fragment = proof.verification_method.partition("#")
    return PublicKey.from_multibase(fragment or proof.verification_method.removeprefix("did:key:"))


def keys_of(proofs: tuple[Proof, ...]) -> dict[str, PublicKey]:
    return {proof.path: key_of(proof) for proof in proofs if proof.suite is not None}


def signer(type_: KeyType = KeyType.ED25519) -> Signer:
    return local_signer(PRIVATE_KEYS[type_])


def options(type_: KeyType = KeyType.ED25519, **changes) -> ProofOptions:
    given = {
        "cryptosuite": SUITE_OF[type_],
        "verification_method": did_key_method(PRIVATE_KEYS[type_].public),
        "created": CREATED,
    }
    return ProofOptions(**given | changes)


_CREDENTIAL = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "id": "urn:uuid:7d1b5a0e-0d5c-4c2e-9d8c-2f2a1f0f6a11",
    "type": ["VerifiableCredential"],
    "issuer": "did:example:issuer",
    "validFrom": "2026-03-01T00:00:00Z",
    "name": "Knots",
    "credentialSubject": {"id": "did:example:learner", "description": "Can tie a bowline.", "name": "Ada"},
}


def credential() -> JsonObject:
    return copy.deepcopy(_CREDENTIAL)


def secured(document=None, type_=KeyType.ED25519, *, array=False, **changes):
    return add_proof(
        credential() if document is None else document,
        options(type_, **changes),
        signer(type_),
        jsonld=bundled_jsonld(),
        array=array,
    )


def judged(document, key=PRIVATE_KEYS[KeyType.ED25519].public):
    (proof,) = proofs_of(document)
    return verify_proof(document, proof, key, jsonld=bundled_jsonld())


def outcomes(document, keys=None):
    proofs = proofs_of(document)
    results = verify_proofs(document, proofs, keys_of(proofs) if keys is None else keys, jsonld=bundled_jsonld())
    assert [result.proof for result in results] == list(proofs)
    return [result.outcome for result in results]


def kinds(document):
    return [type(outcome) for outcome in outcomes(document)]
