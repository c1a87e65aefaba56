"""What a cryptographic suite declares: how data becomes bytes, which keys and hashes it takes, how a proof is written.

Spec: https://www.w3.org/TR/vc-data-integrity/#cryptographic-suites
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from did_methods.multikey import KeyType, PublicKey
from node.documents import JsonObject
from node.proofs.cryptosuites.serialization import ProofSerialization
from node.proofs.cryptosuites.transformation import Transformation
from node.proofs.jsonld import JsonLd
from node.proofs.selective_disclosure.derivation import VerifiedDerivation
from node.proofs.signatures import HashName

DATA_INTEGRITY_PROOF: Final = "DataIntegrityProof"


class VerifyDerived(Protocol):
    """How a suite verifies a proof that a holder derived."""

    def __call__(
        self, document: JsonObject, value: str, proof_hash: bytes, key: PublicKey, *, jsonld: JsonLd
    ) -> VerifiedDerivation:
        """What was found out of the document, by the hash of the proof's configuration and the issuer's key.

        Raises InvalidProofError, MalformedProofError, JsonLdError, or ProofIndeterminate.
        """
        ...


@dataclass(frozen=True, slots=True)
class Cryptosuite:
    """One suite; everything that its algorithms leave open to a suite is a field here.

    `hashes` is the whole list of keys the suite takes: a key type that is not in it never signs nor verifies, whatever
    the proof says. `creates` is false for suites that are read for the sake of old documents and never written. A suite
    with `verify_derived` is one of selective disclosure: a verifier meets only proofs that holders derived, and
    `disclosure` makes them.
    """

    type: str
    cryptosuite: str | None
    transformation: Transformation
    hashes: Mapping[KeyType, HashName]
    serialization: ProofSerialization
    spec: str
    creates: bool = True
    verify_derived: VerifyDerived | None = None

    @property
    def name(self) -> str:
        """The identifier people know the suite by."""
        return self.cryptosuite or self.type
