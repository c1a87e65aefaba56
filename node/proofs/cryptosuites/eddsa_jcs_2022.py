"""eddsa-jcs-2022: Ed25519 over the canonical text of the JSON, terms without a definition included.

Spec: https://www.w3.org/TR/vc-di-eddsa/#eddsa-jcs-2022
"""

from types import MappingProxyType
from typing import Final

from did_methods.multikey import KeyType
from node.proofs.cryptosuites.serialization import BASE58BTC_PROOF_VALUE
from node.proofs.cryptosuites.suite import DATA_INTEGRITY_PROOF, Cryptosuite
from node.proofs.cryptosuites.transformation import JCS

EDDSA_JCS_2022: Final = Cryptosuite(
    type=DATA_INTEGRITY_PROOF,
    cryptosuite="eddsa-jcs-2022",
    transformation=JCS,
    hashes=MappingProxyType({KeyType.ED25519: "sha256"}),
    serialization=BASE58BTC_PROOF_VALUE,
    spec="https://www.w3.org/TR/vc-di-eddsa/#eddsa-jcs-2022",
)
