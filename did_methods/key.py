"""did:key: an identifier that is a public key.

Spec: https://w3c-ccg.github.io/did-key-spec/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from did_methods.did import Did
from did_methods.document import Relationship
from did_methods.errors import DidMethodsError, InvalidDidError, UnsupportedKeyError, shown
from did_methods.json_web_key import JsonObject, JsonValue
from did_methods.multikey import KeyType, PublicKey
from did_methods.resolution import Resolution

METHOD: Final = "key"
_DID_CONTEXT: Final = "https://www.w3.org/ns/did/v1"


class KeyFormat(StrEnum):
    """How a document shows its keys."""

    MULTIKEY = "Multikey"
    JSON_WEB_KEY_2020 = "JsonWebKey2020"
    ED25519_2020 = "Ed25519VerificationKey2020"


class _Shape(NamedTuple):
    type: str
    context: str


_SUITE_2020: Final[Mapping[KeyType, _Shape]] = MappingProxyType(
    {
        KeyType.ED25519: _Shape("Ed25519VerificationKey2020", "https://w3id.org/security/suites/ed25519-2020/v1"),
        KeyType.X25519: _Shape("X25519KeyAgreementKey2020", "https://w3id.org/security/suites/x25519-2020/v1"),
    }
)
_SHAPES: Final[Mapping[KeyFormat, _Shape]] = MappingProxyType(
    {
        KeyFormat.MULTIKEY: _Shape("Multikey", "https://w3id.org/security/multikey/v1"),
        KeyFormat.JSON_WEB_KEY_2020: _Shape("JsonWebKey2020", "https://w3id.org/security/suites/jws-2020/v1"),
    }
)
_SIGNING: Final = (
    Relationship.AUTHENTICATION,
    Relationship.ASSERTION_METHOD,
    Relationship.CAPABILITY_DELEGATION,
    Relationship.CAPABILITY_INVOCATION,
)


def create(key: PublicKey) -> Did:
    """The DID that is this key."""
    return Did(METHOD, key.to_multibase())


def method_id(key: PublicKey) -> str:
    """The id of the verification method that signs for the DID that is this key."""
    return f"{create(key)}#{key.to_multibase()}"


def resolve_key(
    did: Did, *, key_format: KeyFormat = KeyFormat.MULTIKEY, derive_key_agreement: bool = True
) -> JsonObject:
    """The document of a did:key.

    1. Decode the key; its type, length and point are checked. The encoding is canonical.
    2. List it as a verification method, under every relationship a key of its type can serve.
    3. For Ed25519, unless told otherwise, add the X25519 key derived from it for key agreement.
    4. Name the contexts of the types that are used.

    The deprecated version segment (`did:key:1:z…`) is not part of the grammar and is refused.

    Spec: https://w3c-ccg.github.io/did-key-spec/#document-creation-algorithm
    """
    if did.method != METHOD:
        raise InvalidDidError(
            f"{shown(str(did))} is not a did:key",
            code="did.syntax",
            remedy="Resolve it with the method it names.",
        )
    # 1.
    key = PublicKey.from_multibase(did.identifier)
    return document_of_key(str(did), key, key_format=key_format, derive_key_agreement=derive_key_agreement)


def document_of_key(
    subject: str,
    key: PublicKey,
    *,
    key_format: KeyFormat = KeyFormat.MULTIKEY,
    derive_key_agreement: bool = True,
) -> JsonObject:
    """The document of a subject that has one key and nothing else; the numbers are those of `resolve_key`."""
    # 2.
    contexts: list[JsonValue] = [_DID_CONTEXT]
    method = _verification_method(subject, key, key_format, contexts)
    methods: list[JsonValue] = [method]
    document: JsonObject = {"@context": contexts, "id": subject, "verificationMethod": methods}
    if key.type is KeyType.X25519:
        document[Relationship.KEY_AGREEMENT] = [method["id"]]
        return document
    for relationship in _SIGNING:
        document[relationship] = [method["id"]]
    # 3.
    if derive_key_agreement and key.type is KeyType.ED25519:
        # 4. happens beside each method.
        derived = _verification_method(subject, key.to_x25519(), key_format, contexts)
        methods.append(derived)
        document[Relationship.KEY_AGREEMENT] = [derived["id"]]
    return document


@dataclass(frozen=True, slots=True)
class KeyMethod:
    """did:key for the registry of a resolver."""

    key_format: KeyFormat = KeyFormat.MULTIKEY
    derive_key_agreement: bool = True

    async def resolve(self, did: Did) -> Resolution:
        """The document, or why the identifier has none."""
        try:
            return Resolution(
                resolve_key(did, key_format=self.key_format, derive_key_agreement=self.derive_key_agreement)
            )
        except DidMethodsError as error:
            return Resolution.refused(error)


def _verification_method(subject: str, key: PublicKey, key_format: KeyFormat, contexts: list[JsonValue]) -> JsonObject:
    shape = _SUITE_2020.get(key.type) if key_format is KeyFormat.ED25519_2020 else _SHAPES[key_format]
    if shape is None:
        raise UnsupportedKeyError(
            f"a {key.type} key has no form as {key_format}",
            code="key.unsupported",
            remedy=f"Ask for the format {KeyFormat.MULTIKEY}.",
        )
    if shape.context not in contexts:
        contexts.append(shape.context)
    fragment = key.to_multibase()
    method: JsonObject = {"id": f"{subject}#{fragment}", "type": shape.type, "controller": subject}
    if key_format is KeyFormat.JSON_WEB_KEY_2020:
        method["publicKeyJwk"] = key.to_jwk()
    else:
        method["publicKeyMultibase"] = fragment
    return method
