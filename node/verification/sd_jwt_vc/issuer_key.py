"""Whose key signed an SD-JWT VC, or a status list for one.

How a key is found follows from the issuer's identifier, never from the token's choice: a DID is resolved. Only where
the identifier is an address, or there is none, may certificates speak for it, and only those that the verifier trusts.

Spec: https://www.ietf.org/archive/id/draft-ietf-oauth-sd-jwt-vc-13.html#section-2.5
"""

from dataclasses import replace
from typing import Final

from did_methods.did import parse_did_url
from did_methods.document import Relationship
from did_methods.errors import DidMethodsError
from node.proofs.jose.jws import CERTIFICATES
from node.proofs.jose.jwt import JwtProof
from node.proofs.sd_jwt.proof import SdJwtProof
from node.verification.check import Outcome
from node.verification.keys import KeyFinding, KeyRing
from node.verification.received import Received
from node.verification.sd_jwt_vc.issuer_metadata import HTTPS, published_key

DID: Final = "did:"


def issuer_of(token: JwtProof, issuer: str | None) -> str | None:
    """Who a token is by, where it has no certificates: its `iss`, or the DID that its `kid` belongs to."""
    if issuer is not None or CERTIFICATES in token.jws.header:
        return issuer
    try:
        return str(parse_did_url(token.jws.kid or "").did)
    except DidMethodsError:
        return None


def issuer_in(part: Received) -> str | None:
    """Who an SD-JWT VC says that it is by; None where that is for its certificates to say."""
    claims, proof = part.value, part.envelope
    if not isinstance(claims, dict) or not isinstance(proof, SdJwtProof):
        return None
    stated = proof.opened.payload.get("iss")
    return issuer_of(proof.token, stated if isinstance(stated, str) else None)


def find_issuer_key(  # noqa: PLR0911 -- one per answer
    token: JwtProof, issuer: str | None, ring: KeyRing
) -> tuple[str | None, KeyFinding]:
    """The issuer, and its key.

    1. A DID: the method that `kid` names in its document, for making statements, or its only one.
    2. Certificates, where there are any.
    3. An address of which the verifier pinned the document: as with a DID.
    4. An address: what is published there.
    """
    certificates = token.jws.header.get(CERTIFICATES)
    named = issuer_of(token, issuer)
    if named is not None and named.startswith(DID):  # 1.
        if certificates is not None:
            message = "The issuer has a DID, and the token brings certificates instead of naming one of its keys."
            return named, KeyFinding(Outcome.INDETERMINATE, "issuer_key.x5c.did", message)
        return named, _of(named, ring.find(token, Relationship.ASSERTION_METHOD))
    if certificates is not None:  # 2.
        from node.verification.sd_jwt_vc.certificates import certified_key  # noqa: PLC0415 -- slow, and rare

        return certified_key(certificates, named, ring.trust, ring.policy, ring.at)
    if named is None:
        message = "The token does not say who issued it."
        return None, KeyFinding(Outcome.INDETERMINATE, "issuer_key.no_method", message)
    if named in ring.trust.documents:  # 3.
        return named, _of(named, ring.find(token, Relationship.ASSERTION_METHOD))
    if not named.startswith(HTTPS):
        message = f"Keys of {named[:96]} cannot be found here. Use a program that knows such identifiers."
        return named, KeyFinding(Outcome.INDETERMINATE, "issuer_key.unsupported", message)
    return named, published_key(named, token.jws.kid, ring.material, ring.policy)  # 4.


def _of(issuer: str, found: KeyFinding) -> KeyFinding:
    """The finding, judged as one on a key of the issuer's."""
    if found.controller in {None, issuer}:
        return found
    message = f"The method belongs to {str(found.controller)[:96]}, which is somebody else."
    return replace(
        found, outcome=Outcome.FAILED, code="issuer_key.other_controller", message=message, authorised=False, others=()
    )
