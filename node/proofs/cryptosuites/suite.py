"""What a cryptographic suite declares: how data becomes bytes, which keys and hashes it takes, how a proof is written.

Spec: https://www.w3.org/TR/vc-data-integrity/#cryptographic-suites
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from did_methods.multikey import KeyType
from node.proofs.cryptosuites.serialization import ProofSerialization
from node.proofs.cryptosuites.transformation import Transformation
from node.proofs.signatures import HashName

DATA_INTEGRITY_PROOF: Final = "DataIntegrityProof"


@dataclass(frozen=True, slots=True)
class Cryptosuite:
    """One suite; everything that its algorithms leave open to a suite is a field here.

    `hashes` is the whole list of keys the suite takes: a key type that is not in it never signs nor verifies, whatever
    the proof says. `creates` is false for suites that are read for the sake of old documents and never written.
    """

    type: str
    cryptosuite: str | None
    transformation: Transformation
    hashes: Mapping[KeyType, HashName]
    serialization: ProofSerialization
    spec: str
    creates: bool = True

    @property
    def name(self) -> str:
        """The identifier people know the suite by."""
        return self.cryptosuite or self.type
