"""What deriving gives, and what verifying a derived proof finds out.

Spec: https://www.w3.org/TR/vc-data-integrity/#selective-disclosure
"""

from dataclasses import dataclass

from node.documents import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedProof:
    """What a holder shows: the part of the document, without a proof, and the proof value for it."""

    document: JsonObject
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedDerivation:
    """What of a derived proof is the same however it was derived: the data that the issuer signed, and the signature.

    The signature is in its one identifying form. Both are None for BBS, which shows nothing that two derivations share;
    its proof is instead bound to a presentation by the `presentation_header`.
    """

    signed_data: bytes | None = None
    signature: bytes | None = None
    presentation_header: bytes | None = None
