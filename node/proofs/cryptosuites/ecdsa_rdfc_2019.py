"""ecdsa-rdfc-2019: ECDSA over RDF statements; the key's curve decides the hash, also RDFC-1.0's own.

Spec: https://www.w3.org/TR/vc-di-ecdsa/#ecdsa-rdfc-2019
"""

from types import MappingProxyType
from typing import Final

from did_methods.multikey import KeyType
from node.proofs.cryptosuites.serialization import BASE58BTC_PROOF_VALUE
from node.proofs.cryptosuites.suite import DATA_INTEGRITY_PROOF, Cryptosuite
from node.proofs.cryptosuites.transformation import RDFC

ECDSA_RDFC_2019: Final = Cryptosuite(
    type=DATA_INTEGRITY_PROOF,
    cryptosuite="ecdsa-rdfc-2019",
    transformation=RDFC,
    hashes=MappingProxyType({KeyType.P256: "sha256", KeyType.P384: "sha384"}),
    serialization=BASE58BTC_PROOF_VALUE,
    spec="https://www.w3.org/TR/vc-di-ecdsa/#ecdsa-rdfc-2019",
)
