"""Rotation: a token by which the holder of one identifier says that another takes its place, or that there is none.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#did-rotation
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from did_methods.did import Did, parse_did
from did_methods.document import Relationship
from did_methods.errors import DidMethodsError
from did_methods.multibase import to_base64url
from node.didcomm.errors import (
    ForgedEnvelopeError,
    InconsistentEnvelopeError,
    MalformedEnvelopeError,
    RotationError,
    shown,
)
from node.didcomm.message import MAX_FROM_PRIOR_CHARS
from node.didcomm.parties import Documents, key_id, public_key
from node.didcomm.signed import check_algorithm, check_by_key, signing_algorithm
from node.documents import DocumentError, JsonObject, parse_object
from node.proofs.errors import MalformedProofError, UnsupportedProofError
from node.proofs.jose.jws import Jws, parse_jws
from node.proofs.signatures import Signer

_TYPE: Final = "JWT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """That `prior`, who signed with `signer_kid`, goes by `subject` from now on; None ends the relationship.

    When it was is what the holder of `prior` says; the other claims of the token are in `claims`.
    """

    prior: str
    subject: str | None
    signer_kid: str
    issued_at: int
    claims: JsonObject


def prior_token(kid: str, signer: Signer, *, subject: Did | None, issued_at: datetime) -> str:
    """The token for `from_prior`, signed by a key that the prior identifier uses for authentication."""
    prior = key_id(kid).did
    header = {"typ": _TYPE, "alg": signing_algorithm(signer.key), "kid": kid}
    claims: JsonObject = {"iss": str(prior), "iat": int(issued_at.timestamp())}
    if subject is not None:
        claims["sub"] = str(subject)
    text = f"{to_base64url(orjson.dumps(header))}.{to_base64url(orjson.dumps(claims))}"
    return f"{text}.{to_base64url(signer.sign(text.encode()))}"


def read_prior(token: str, *, documents: Documents, at: datetime) -> Rotation:
    """What a token says that is signed by whom it is about.

    1. It is a compact JWS of a JSON object by an algorithm of messages, and brings no key.
    2. `iss` is a DID, `sub` another one or absent, `iat` a whole number.
    3. `kid` is a key of `iss`, which its document lists for authentication.
    4. The signature is by that key.

    Raises RotationError, UnsupportedEnvelopeError and UnresolvedError.
    """
    jws, claims = _parsed(token)  # 1.
    algorithm = check_algorithm(jws.header)
    prior, subject, issued_at = _party(claims, "iss"), _party(claims, "sub"), claims.get("iat")  # 2.
    if prior is None or type(issued_at) is not int or issued_at < 0:
        raise RotationError("the token does not say who rotated, or when", code="didcomm.rotation.claims")
    if prior == subject:
        raise RotationError(f"the token has {shown(str(prior))} take its own place", code="didcomm.rotation.claims")
    try:
        kid = key_id(jws.kid or "")  # 3.
        if kid.did != prior:
            raise RotationError(
                f"the key {shown(str(kid))} is not one of {shown(str(prior))}", code="didcomm.rotation.signer"
            )
        key = public_key(kid, Relationship.AUTHENTICATION, documents, at=at, code="didcomm.rotation.signer")
        check_by_key(algorithm, key, jws.signing_input, jws.signature)  # 4.
    except (ForgedEnvelopeError, InconsistentEnvelopeError, MalformedEnvelopeError) as error:
        raise RotationError(
            f"the token is not by {shown(str(prior))}: {error}", code="didcomm.rotation.signer"
        ) from error
    return Rotation(
        prior=str(prior),
        subject=None if subject is None else str(subject),
        signer_kid=str(kid),
        issued_at=issued_at,
        claims=claims,
    )


def _parsed(token: str) -> tuple[Jws, JsonObject]:
    try:
        jws = parse_jws(token, max_payload_bytes=MAX_FROM_PRIOR_CHARS, max_header_bytes=MAX_FROM_PRIOR_CHARS)
        return jws, parse_object(jws.payload)
    except (MalformedProofError, UnsupportedProofError, DocumentError) as error:
        raise RotationError(f"from_prior is no token: {error}", code="didcomm.rotation.token") from error


def _party(claims: JsonObject, name: str) -> Did | None:
    value = claims.get(name)
    if name not in claims:
        return None
    try:
        return parse_did(value if isinstance(value, str) else "")
    except DidMethodsError as error:
        raise RotationError(f"{name} is {shown(value)}, not a DID", code="didcomm.rotation.claims") from error
