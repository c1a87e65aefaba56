"""Ed25519Signature2020: the predecessor of eddsa-rdfc-2022, verified for the sake of documents that carry it.

Spec: https://www.w3.org/TR/vc-di-eddsa/#ed25519signature2020
"""

from types import MappingProxyType
from typing import Final

from did_methods.multikey import KeyType
from node.proofs.cryptosuites.serialization import BASE58BTC_PROOF_VALUE
from node.proofs.cryptosuites.suite import Cryptosuite
from node.proofs.cryptosuites.transformation import RDFC

ED25519_SIGNATURE_2020: Final = Cryptosuite(
    type="Ed25519Signature2020",
    cryptosuite=None,
    transformation=RDFC,
    hashes=MappingProxyType({KeyType.ED25519: "sha256"}),
    serialization=BASE58BTC_PROOF_VALUE,
    spec="https://www.w3.org/TR/vc-di-eddsa/#ed25519signature2020",
    creates=False,
)
