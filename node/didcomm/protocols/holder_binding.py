"""That a holder controls the identifier that a credential is to be bound to: a signed attachment over a nonce.

The key is one of the holder's choosing, and need not be of the identifier by which they talk.

Spec: https://github.com/hyperledger/aries-rfcs/tree/main/features/0809-w3c-data-integrity-credential-attachment
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from node.didcomm.attachment import Attachment, attach_bytes
from node.didcomm.errors import AttachmentError, DidCommError, UnresolvedError
from node.didcomm.parties import Documents, key_id
from node.didcomm.protocols.machine import Problem
from node.didcomm.signed import SIGNATURE_KEYS, attachment_signers, sign_attachment
from node.documents import DocumentError, JsonObject, JsonValue, parse_object
from node.proofs.signatures import Signer

METHOD: Final = "didcomm_signed_attachment"
ATTACHMENT: Final = "holder-binding"
MAX_NONCE_CHARS: Final = 128
_MAX_BYTES: Final = 8192
_DID_METHODS: Final = ("ethr", "jwk", "key", "peer", "web", "webvh")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be signed: a nonce that is used once, and the issuer for whom."""

    nonce: str
    audience: str

    def as_method(self) -> JsonObject:
        """How an offer asks for it."""
        algorithms: list[JsonValue] = [*SIGNATURE_KEYS]
        return {
            METHOD: {
                "algs_supported": algorithms,
                "did_methods_supported": [*_DID_METHODS],
                "nonce": self.nonce,
                "aud": self.audience,
            }
        }


def bind(challenge: Challenge, kid: str, signer: Signer) -> JsonObject:
    """The attachment by which the holder of a key answers; raises PackError for a key that signs no messages."""
    payload = orjson.dumps({"nonce": challenge.nonce, "aud": challenge.audience})
    attached = attach_bytes(payload, id=ATTACHMENT, media_type="application/json")
    data = attached["data"]
    signed: JsonObject = {"jws": sign_attachment(payload, kid, signer)}
    return attached | {"data": (data if isinstance(data, dict) else {}) | signed}


def bound_holder(attachment: Attachment | None, challenge: Challenge, *, documents: Documents, at: datetime) -> str:
    """The DID whose holder signed the challenge.

    1. What is signed is the nonce and the audience, as they were asked for.
    2. One key signed it, which its owner uses for authentication.

    Raises Problem, and UnresolvedError where the document of the signer is not at hand.
    """
    if attachment is None:
        raise Problem("e.m.trust.holder", "?")
    try:
        content = attachment.content()
        signed = parse_object(content, max_bytes=_MAX_BYTES)
    except (AttachmentError, DocumentError) as error:
        raise Problem("e.m.trust.holder", "?") from error
    if (signed.get("nonce"), signed.get("aud")) != (challenge.nonce, challenge.audience):  # 1.
        raise Problem("e.m.trust.holder", "?")
    try:
        signers = attachment_signers(attachment, content, documents=documents, at=at)  # 2.
    except UnresolvedError:
        raise
    except DidCommError as error:
        raise Problem("e.m.trust.holder", "?") from error
    if len(signers) != 1:
        raise Problem("e.m.trust.holder", "?")
    return str(key_id(signers[0]).did)
