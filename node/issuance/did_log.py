"""The keys that write logs of did:webvh: what such a log asks of a private key."""

from datetime import datetime
from typing import Final

from did_methods.multikey import PrivateKey
from did_methods.webvh_create import UpdateKey
from did_methods.webvh_entry import CRYPTOSUITE
from node.documents import JsonObject
from node.proofs.data_integrity import add_proof
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.signatures import local_signer

_NO_CONTEXTS: Final = JsonLd({})


def log_key(private: PrivateKey) -> UpdateKey:
    """A key held in this process as one that writes or witnesses logs; they take Ed25519 keys alone."""
    signer = local_signer(private)

    def prove(document: JsonObject, *, method: str, created: datetime) -> JsonObject:
        options = ProofOptions(cryptosuite=CRYPTOSUITE, verification_method=method, created=created)
        proof = add_proof(document, options, signer, jsonld=_NO_CONTEXTS)["proof"]
        if not isinstance(proof, dict):
            raise TypeError("a document without a proof gets one")
        return proof

    return UpdateKey(private.public, prove)
