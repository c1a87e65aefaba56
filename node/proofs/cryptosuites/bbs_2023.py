"""bbs-2023: BBS over RDF statements, of which the holder shows some, unlinkably.

Spec: https://www.w3.org/TR/vc-di-bbs/#bbs-2023
"""

from types import MappingProxyType
from typing import Final

from did_methods.multikey import KeyType
from node.proofs.cryptosuites.serialization import SELECTIVE_PROOF_VALUE
from node.proofs.cryptosuites.suite import DATA_INTEGRITY_PROOF, Cryptosuite
from node.proofs.cryptosuites.transformation import RDFC
from node.proofs.selective_disclosure.bbs_2023 import verify_derived

BBS_2023: Final = Cryptosuite(
    type=DATA_INTEGRITY_PROOF,
    cryptosuite="bbs-2023",
    transformation=RDFC,
    hashes=MappingProxyType({KeyType.BLS12_381_G2: "sha256"}),
    serialization=SELECTIVE_PROOF_VALUE,
    spec="https://www.w3.org/TR/vc-di-bbs/#bbs-2023",
    creates=False,
    verify_derived=verify_derived,
)
