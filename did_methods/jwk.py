"""did:jwk: an identifier that is a JSON Web Key.

Spec: https://github.com/quartzjer/did-jwk/blob/main/spec.md
"""

import json
from dataclasses import dataclass
from typing import Final, NoReturn

from did_methods.did import Did
from did_methods.document import Relationship
from did_methods.embedded_json import parse_embedded
from did_methods.errors import DidMethodsError, InvalidDidError, shown
from did_methods.json_web_key import ENCRYPTION, SIGNATURE, JsonObject, JsonValue, purposes_of_type
from did_methods.multibase import from_base64url, to_base64url
from did_methods.multikey import PublicKey
from did_methods.resolution import Resolution

METHOD: Final = "jwk"
# A P-384 key with use, alg and kid has 300 characters; a certificate chain does not belong into an identifier.
MAX_JWK_CHARS: Final = 2048
# The longest known JWK has no list inside but key_ops. More brackets than this are an attack on the parser.
_MAX_BRACKETS: Final = 32
_CONTEXTS: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1")
_SIGNING: Final = (
    Relationship.ASSERTION_METHOD,
    Relationship.AUTHENTICATION,
    Relationship.CAPABILITY_INVOCATION,
    Relationship.CAPABILITY_DELEGATION,
)


def create(key: PublicKey) -> Did:
    """The DID of this key: required members only, sorted, and `use` where the type leaves one choice.

    Spec: https://github.com/quartzjer/did-jwk/blob/main/spec.md#create
    """
    jwk = key.to_jwk()
    uses = purposes_of_type(key.type)
    if len(uses) == 1:
        (jwk["use"],) = uses
    return Did(METHOD, to_base64url(json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()))


def method_id(did: Did) -> str:
    """The id of the only verification method of a did:jwk."""
    return f"{did}#0"


def resolve_jwk(did: Did) -> JsonObject:
    """The document of a did:jwk; the JWK stands in it with all its members.

    1. Decode the identifier: canonical base64url of a JSON object that every reader understands alike.
    2. Check the key; secret members are refused.
    3. List it under the relationships that its `use` member leaves.

    Spec: https://github.com/quartzjer/did-jwk/blob/main/spec.md#to-create-the-did-document
    """
    if did.method != METHOD:
        _refuse(f"{shown(str(did))} is not a did:jwk")
    # 1.
    jwk = _parse(from_base64url(did.identifier, max_chars=MAX_JWK_CHARS))
    # 2.
    PublicKey.from_jwk(jwk)
    # 3.
    subject, method = str(did), method_id(did)
    document: JsonObject = {
        "@context": list[JsonValue](_CONTEXTS),
        "id": subject,
        "verificationMethod": [{"id": method, "type": "JsonWebKey2020", "controller": subject, "publicKeyJwk": jwk}],
    }
    use = jwk.get("use")
    if use != ENCRYPTION:
        for relationship in _SIGNING:
            document[relationship] = [method]
    if use != SIGNATURE:
        document[Relationship.KEY_AGREEMENT] = [method]
    return document


@dataclass(frozen=True, slots=True)
class JwkMethod:
    """did:jwk for the registry of a resolver."""

    async def resolve(self, did: Did) -> Resolution:
        """The document, or why the identifier has none."""
        try:
            return Resolution(resolve_jwk(did))
        except DidMethodsError as error:
            return Resolution.refused(error)


def _parse(data: bytes) -> JsonObject:
    # No member of a public key is a number.
    jwk = parse_embedded(data, max_brackets=_MAX_BRACKETS, numbers=False)
    if not isinstance(jwk, dict):
        _refuse("the identifier does not hold a JSON object")
    return jwk


def _refuse(reason: str) -> NoReturn:
    raise InvalidDidError(
        reason,
        code="did.syntax",
        remedy="Compare the identifier with its source; a did:jwk is the base64url form of one public JWK.",
    )
