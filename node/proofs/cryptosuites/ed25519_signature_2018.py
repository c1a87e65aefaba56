"""Ed25519Signature2018: a detached JWS over the same hashes, verified for the sake of documents that carry it.

The proof's options are canonized under the document's own contexts, as the agents in the field that still write this
suite do. Libraries that used the security/v2 context instead arrive at the same statements: the scoped definitions of
credentials/v1 are the same.

Spec: https://w3c-ccg.github.io/ld-cryptosuite-registry/#ed25519signature2018
"""

from types import MappingProxyType
from typing import Final

from did_methods.multikey import KeyType
from node.proofs.cryptosuites.serialization import DETACHED_JWS
from node.proofs.cryptosuites.suite import Cryptosuite
from node.proofs.cryptosuites.transformation import RDFC

ED25519_SIGNATURE_2018: Final = Cryptosuite(
    type="Ed25519Signature2018",
    cryptosuite=None,
    transformation=RDFC,
    hashes=MappingProxyType({KeyType.ED25519: "sha256"}),
    serialization=DETACHED_JWS,
    spec="https://w3c-ccg.github.io/ld-cryptosuite-registry/#ed25519signature2018",
    creates=False,
)
