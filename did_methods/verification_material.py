"""The key of a verification method, by the method's type.

Parse open, verify closed: a type that is not in the table is kept by the document and reported as not supported.

Spec: https://www.w3.org/TR/cid-1.0/#verification-material, https://w3c-ccg.github.io/security-vocab/
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from did_methods.curves import KeyType
from did_methods.errors import DidMethodsError, InvalidKeyError, UnsupportedMethodError, shown
from did_methods.json_web_key import RSA, SIGNATURE, JsonObject, purposes, purposes_of_type
from did_methods.multibase import from_base58
from did_methods.multikey import PublicKey
from did_methods.rsa import RsaPublicKey

_ANY: Final = frozenset(KeyType)
_JWK: Final = "publicKeyJwk"
_MULTIBASE: Final = "publicKeyMultibase"
_BASE58: Final = "publicKeyBase58"
_MATERIAL: Final = (_MULTIBASE, _JWK, _BASE58, "publicKeyHex", "publicKeyPem", "blockchainAccountId", "ethereumAddress")
_SECRETS: Final = (
    "secretKeyMultibase",
    "secretKeyJwk",
    "privateKeyMultibase",
    "privateKeyJwk",
    "privateKeyBase58",
    "privateKeyHex",
    "privateKeyPem",
)

# Method type: the key types it may hold, and the members that may carry the key.
_TYPES: Final[Mapping[str, tuple[frozenset[KeyType], frozenset[str]]]] = MappingProxyType(
    {
        "Multikey": (_ANY, frozenset({_MULTIBASE})),
        "JsonWebKey": (_ANY, frozenset({_JWK})),
        "JsonWebKey2020": (_ANY, frozenset({_JWK})),
        "Ed25519VerificationKey2020": (frozenset({KeyType.ED25519}), frozenset({_MULTIBASE})),
        "Ed25519VerificationKey2018": (frozenset({KeyType.ED25519}), frozenset({_BASE58, _MULTIBASE, _JWK})),
        "X25519KeyAgreementKey2020": (frozenset({KeyType.X25519}), frozenset({_MULTIBASE})),
        "X25519KeyAgreementKey2019": (frozenset({KeyType.X25519}), frozenset({_BASE58, _MULTIBASE, _JWK})),
        "EcdsaSecp256k1VerificationKey2019": (frozenset({KeyType.SECP256K1}), frozenset({_BASE58, _MULTIBASE, _JWK})),
        "EcdsaSecp256r1VerificationKey2019": (frozenset({KeyType.P256}), frozenset({_BASE58, _MULTIBASE, _JWK})),
    }
)


def read_material(
    method: JsonObject, method_type: str, path: str
) -> tuple[PublicKey | RsaPublicKey | None, frozenset[str], DidMethodsError | None]:
    """The key and what it can be used for, or the problem with it."""
    try:
        key, allowed = _read(method, method_type)
    except DidMethodsError as problem:
        problem.path = path
        return None, frozenset(), problem
    return key, allowed, None


def _read(method: JsonObject, method_type: str) -> tuple[PublicKey | RsaPublicKey, frozenset[str]]:
    secret = [member for member in _SECRETS if member in method]
    if secret:
        raise InvalidKeyError(
            f"the verification method publishes its secret key in {secret[0]}",
            code="key.secret",
            remedy="Do not rely on this key: anyone can sign with it. Its owner has to replace it.",
        )
    if method_type not in _TYPES:
        raise UnsupportedMethodError(
            f"verification methods of type {shown(method_type)} are not known here",
            code="verification_method.unsupported",
            remedy=f"Known types are {', '.join(_TYPES)}.",
        )
    key_types, members = _TYPES[method_type]
    material = [member for member in _MATERIAL if member in method]
    if len(material) != 1:
        raise InvalidKeyError(
            f"the verification method has {len(material)} members with key material; exactly one is allowed",
            code="key.ambiguous",
            remedy="Publish the key once, in the form that the method's type calls for.",
        )
    member = material[0]
    if member not in members:
        raise UnsupportedMethodError(
            f"a {method_type} whose key stands in {member} is not known here",
            code="verification_method.unsupported",
            remedy=f"Publish the key in {' or '.join(sorted(members))}.",
        )
    key, allowed = _decode(method, member, key_types)
    if key_types is not _ANY and key.type not in key_types:
        raise InvalidKeyError(
            f"a {method_type} holds a key of type {key.type}",
            code="key.mismatch",
            remedy="Publish the key under a type that fits it, for example Multikey.",
        )
    return key, allowed


def _decode(
    method: JsonObject, member: str, key_types: frozenset[KeyType]
) -> tuple[PublicKey | RsaPublicKey, frozenset[str]]:
    value = method[member]
    if member == _JWK and isinstance(value, dict):
        if value.get("kty") == RSA:
            return RsaPublicKey.from_jwk(value), frozenset({SIGNATURE})
        return PublicKey.from_jwk(value), purposes(value)
    if member != _JWK and isinstance(value, str):
        if member == _MULTIBASE:
            key = PublicKey.from_multibase(value)
        else:
            (key_type,) = key_types  # only types of exactly one key type carry bare base58
            key = PublicKey(key_type, from_base58(value))
        return key, purposes_of_type(key.type)
    raise InvalidKeyError(
        f"the key in {member} is not {'an object' if member == _JWK else 'a string'}: {shown(value)}",
        code="key.ambiguous",
        remedy="Publish the key in the form that the method's type calls for.",
    )
