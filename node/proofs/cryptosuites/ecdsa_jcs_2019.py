"""ecdsa-jcs-2019: ECDSA over the canonical text of the JSON; the key's curve decides the hash.

Spec: https://www.w3.org/TR/vc-di-ecdsa/#ecdsa-jcs-2019
"""

from types import MappingProxyType
from typing import Final

from did_methods.multikey import KeyType
from node.proofs.cryptosuites.serialization import BASE58BTC_PROOF_VALUE
from node.proofs.cryptosuites.suite import DATA_INTEGRITY_PROOF, Cryptosuite
from node.proofs.cryptosuites.transformation import JCS

ECDSA_JCS_2019: Final = Cryptosuite(
    type=DATA_INTEGRITY_PROOF,
    cryptosuite="ecdsa-jcs-2019",
    transformation=JCS,
    hashes=MappingProxyType({KeyType.P256: "sha256", KeyType.P384: "sha384"}),
    serialization=BASE58BTC_PROOF_VALUE,
    spec="https://www.w3.org/TR/vc-di-ecdsa/#ecdsa-jcs-2019",
)
