"""What deriving gives, and what verifying a derived proof finds out.

Spec: https://www.w3.org/TR/vc-data-integrity/#selective-disclosure
"""

from collections.abc import Collection
from dataclasses import dataclass

from node.documents import JsonObject
from node.proofs.errors import ProofsError
from node.proofs.selective_disclosure.grouping import Statements


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedProof:
    """What a holder shows: the part of the document, without a proof, and the proof value for it."""

    document: JsonObject
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStatements:
    """The statements of a derived document, of which its issuer let nobody hide those at the indexes `mandatory`."""

    statements: Statements
    mandatory: frozenset[int]

    def cannot_hide(self, pointers: Collection[str]) -> bool:
        """Whether the issuer let nobody hide anything of what these pointers name in the derived document.

        Of a part that could not have been signed by itself, nothing says so.
        """
        if len(self.mandatory) == len(self.statements.nquads):
            return True
        try:
            return self.statements.group(pointers).indexes <= self.mandatory
        except ProofsError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedDerivation:
    """What a derived proof showed to be signed, and in which of two ways.

    What is the same however it was derived are the data that the issuer signed, and the signature in its one
    identifying form. Both are None for BBS, which shows nothing that two derivations share; its proof is instead bound
    to a presentation by the `presentation_header`.
    """

    shown: ShownStatements
    signed_data: bytes | None = None
    signature: bytes | None = None
    presentation_header: bytes | None = None
