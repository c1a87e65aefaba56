"""The key-binding JWT: who shows an SD-JWT, to whom, when, and what of it.

Spec: https://www.rfc-editor.org/rfc/rfc9901#section-4.3, https://www.rfc-editor.org/rfc/rfc9901#section-7.3
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final

import orjson

from did_methods.multikey import PublicKey
from node.documents import DocumentError, JsonObject, parse_object
from node.proofs.errors import InvalidProofError, shown
from node.proofs.jose.algorithms import VerificationKey
from node.proofs.jose.jws import UnsignedJws, VerifiedJws, prepare_jws, verify_jws
from node.proofs.jose.jwt import moment_of, numeric_date
from node.proofs.sd_jwt.disclosure import DEFAULT_HASH, HASH_CLAIM, digest_of, malformed
from node.proofs.sd_jwt.sd_jwt import SdJwt

TYPE: Final = "kb+jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBinding:
    """What a key-binding JWT with a valid signature says; whether it answers the question was not looked at."""

    audience: str
    nonce: str
    issued_at: datetime
    starts: datetime | None
    expires: datetime | None
    verified: VerifiedJws


def prepare_key_binding(  # noqa: PLR0913 - what the token says
    sd_jwt: SdJwt, payload: JsonObject, key: PublicKey, *, audience: str, nonce: str, issued_at: datetime
) -> UnsignedJws:
    """The key-binding JWT over exactly the Disclosures of this SD-JWT, but for its signature by the holder's key.

    `payload` is that of the issuer-signed JWT, which names the hash algorithm. Raises ProofOptionsError for a key that
    does not sign JWTs.
    """
    claims: JsonObject = {
        "iat": numeric_date(issued_at),
        "aud": audience,
        "nonce": nonce,
        "sd_hash": _sd_hash(sd_jwt, payload),
    }
    return prepare_jws({"typ": TYPE}, orjson.dumps(claims), key)


def verify_key_binding(
    sd_jwt: SdJwt, payload: JsonObject, key: VerificationKey, *, algorithms: AbstractSet[str]
) -> KeyBinding:
    """Verify the key-binding JWT with the holder's key; steps 5.b to 5.g of section 7.3.

    5.b-d. Its type is kb+jwt, and it is signed with an allowed algorithm by the key that the issuer bound it to.
    5.e. `iat` is a moment, and so are `nbf` and `exp`, where they are there.
    5.f. `nonce` and `aud` are single texts.
    5.g. `sd_hash` is the digest of exactly what is presented.

    Raises MalformedProofError, InvalidProofError, and UnsupportedProofError as `verify_jws` does.
    """
    jws = sd_jwt.key_binding
    if jws is None:
        raise malformed("there is no key-binding JWT", "key_binding")
    if jws.typ != TYPE:
        raise malformed(f"the key-binding JWT has the type {shown(jws.typ)}; it must be {TYPE}", "key_binding")
    verified = verify_jws(jws, key, algorithms=algorithms)
    try:
        claims = parse_object(jws.payload)
    except DocumentError as error:
        raise malformed(f"the key-binding JWT cannot be read: {error}", "key_binding") from error
    issued_at = moment_of(claims.get("iat"))
    limits = {name: moment_of(claims[name]) for name in ("nbf", "exp") if name in claims}
    audience, nonce, sd_hash = (claims.get(name) for name in ("aud", "nonce", "sd_hash"))
    if issued_at is None:
        raise malformed(f"iat of the key-binding JWT is {shown(claims.get('iat'))}; it must be a date", "key_binding")
    if None in limits.values():
        raise malformed("nbf and exp of the key-binding JWT must be dates", "key_binding")
    if not (isinstance(audience, str) and audience and isinstance(nonce, str) and nonce and isinstance(sd_hash, str)):
        raise malformed("aud, nonce and sd_hash of the key-binding JWT must be texts", "key_binding")
    if not compare_digest(sd_hash.encode(), _sd_hash(sd_jwt, payload).encode()):
        raise InvalidProofError(
            "the key-binding JWT was made for other disclosures than are shown", code="proof.invalid.sd_hash"
        )
    return KeyBinding(
        audience=audience,
        nonce=nonce,
        issued_at=issued_at,
        starts=limits.get("nbf"),
        expires=limits.get("exp"),
        verified=verified,
    )


def _sd_hash(sd_jwt: SdJwt, payload: JsonObject) -> str:
    return digest_of(sd_jwt.presented, str(payload.get(HASH_CLAIM, DEFAULT_HASH)))
