"""eddsa-rdfc-2022: Ed25519 over RDF statements, so over meaning whatever the order or layout of the JSON.

Spec: https://www.w3.org/TR/vc-di-eddsa/#eddsa-rdfc-2022
"""

from types import MappingProxyType
from typing import Final

from did_methods.multikey import KeyType
from node.proofs.cryptosuites.serialization import BASE58BTC_PROOF_VALUE
from node.proofs.cryptosuites.suite import DATA_INTEGRITY_PROOF, Cryptosuite
from node.proofs.cryptosuites.transformation import RDFC

EDDSA_RDFC_2022: Final = Cryptosuite(
    type=DATA_INTEGRITY_PROOF,
    cryptosuite="eddsa-rdfc-2022",
    transformation=RDFC,
    hashes=MappingProxyType({KeyType.ED25519: "sha256"}),
    serialization=BASE58BTC_PROOF_VALUE,
    spec="https://www.w3.org/TR/vc-di-eddsa/#eddsa-rdfc-2022",
)
