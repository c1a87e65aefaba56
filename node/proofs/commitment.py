"""The commitment to a secured credential: the 32 bytes that its issuer anchors, and that every verifier finds again.

Signed data and signature go in, so that what is anchored is this signed object and not its content: a content could be
anchored early and signed much later. The lengths keep the borders between the parts, and the form keeps a signature of
one kind from standing for one of another. Of a credential of which a holder shows a part, what goes in is the same for
every part (ecdsa-sd-2023: the mandatory statements; SD-JWT: the issuer's JWT). Two BBS proofs have nothing in common,
which is what they are for: they have no commitment.

Spec: docs/adr/0018-a-commitment-is-to-a-signed-object.md
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

from node.proofs.data_integrity import VerifiedProof
from node.proofs.errors import UnsupportedProofError
from node.proofs.jose.jws import VerifiedJws

TAG: Final = b"glejt/commitment/v1"
COMMITMENT_BYTES: Final = 32
JWT_FORM: Final = "jwt"
SD_JWT_FORM: Final = "sd-jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """The 32 bytes, the form of the proof, and how much of the document the issuer's signature under them covers."""

    value: bytes
    form: str
    covers: Literal["document", "mandatory"]


def commitment_of(verified: VerifiedProof | VerifiedJws, *, of_sd_jwt: bool = False) -> Commitment:
    """The commitment to the object whose signature was verified; `of_sd_jwt` for the issuer's JWT of an SD-JWT.

    Raises UnsupportedProofError (proof.unsupported.commitment) for a BBS proof, which has none.
    """
    if isinstance(verified, VerifiedJws):
        form = SD_JWT_FORM if of_sd_jwt else JWT_FORM
        return Commitment(
            value=commit(form, verified.jws.signing_input, verified.signature),
            form=form,
            covers="mandatory" if of_sd_jwt else "document",
        )
    if verified.covers == "nothing":
        raise UnsupportedProofError(
            f"a proof of {verified.suite.name} shows nothing to anchor: no two of them have a part in common",
            code="proof.unsupported.commitment",
            remedy="Anchor credentials in another form, or rely on short validity instead.",
        )
    return Commitment(
        value=commit(verified.suite.name, verified.hash_data, verified.signature),
        form=verified.suite.name,
        covers=verified.covers,
    )


def commit(form: str, signed_data: bytes, signature: bytes) -> bytes:
    """SHA-256 over the tag and the three parts, each after its length as a big-endian uint32."""
    parts = (form.encode("ascii"), signed_data, signature)
    return hashlib.sha256(TAG + b"".join(len(part).to_bytes(4) + part for part in parts)).digest()
