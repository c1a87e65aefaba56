"""From an unsecured credential to a token around it (VC-JOSE).

What may be signed is what may be signed in any other form. The payload is the credential as it was handed over, and
beside its members the claims that say when it was signed; for an Open Badge also those that its specification wants to
hear again.

Spec: https://www.w3.org/TR/vc-jose-cose/#securing-with-jose, https://www.imsglobal.org/spec/ob/v3p0#create-the-jwt-payload
"""

from datetime import datetime
from typing import Final

import orjson

from node.credentials.credential import Credential
from node.credentials.registered_claims import WRAPPERS, registered_claims
from node.credentials.structure import types_of
from node.documents import JsonObject, UnsecuredDocument, pointer
from node.issuance.errors import NotIssuableError
from node.issuance.secure import Signing, check_issuable
from node.proofs.jose.jws import prepare_jws
from node.proofs.jose.jwt import REGISTERED_CLAIMS, numeric_date
from node.verification.received import BADGE_TYPES
from node.verification.vocabulary import vocabulary

TYPE: Final = "vc+jwt"
CONTENT: Final = "vc"


async def secure_as_token(document: UnsecuredDocument, signing: Signing, *, created: datetime) -> str:
    """The compact JWS around the document, by the profile's key; its cryptosuite does not matter here.

    1. The document may be signed, by the same rules as in any other form.
    2. The claims are added; a document that brings one of its own is refused, for they are the token's.
    3. The key signs; the signature is verified before the token leaves.

    Raises IssuanceError and ProofsError for what must not be signed, and what the key store raises.
    """
    method = signing.profile.verification_method
    check_issuable(document, signing.profile, vocabulary(signing.trust.contexts))  # 1
    check_unclaimed(document)
    payload = orjson.dumps({**document, **_claims(document, created)})  # 2
    header: JsonObject = {"typ": TYPE, "cty": CONTENT, "kid": method}
    unsigned = prepare_jws(header, payload, signing.keys.public_key(method))
    return unsigned.complete(await signing.keys.sign(method, unsigned.signing_input))  # 3


def check_unclaimed(document: UnsecuredDocument) -> None:
    """Refuse a document with a member that is a claim of the token."""
    for name in sorted({*REGISTERED_CLAIMS, *WRAPPERS} & document.keys()):
        raise NotIssuableError(
            f"the document has the member {name}, which is a claim of the token",
            code="issuance.claim",
            path=pointer(name),
            remedy="Leave it out: what the token has to claim is added when it is signed.",
        )


def _claims(document: UnsecuredDocument, created: datetime) -> JsonObject:
    claims: JsonObject = {"iat": numeric_date(created)}
    if BADGE_TYPES.isdisjoint(types_of(document)):
        return claims
    validity = Credential(document).validity
    claims |= registered_claims(document)
    dates = {"nbf": validity.start, "exp": validity.end}
    return claims | {name: numeric_date(moment) for name, moment in dates.items() if moment is not None}
