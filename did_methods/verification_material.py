"""The key of a verification method, by the method's type.

Parse open, verify closed: a type that is not in the table is kept by the document and reported as not supported.

Spec: https://www.w3.org/TR/cid-1.0/#verification-material, https://w3c-ccg.github.io/security-vocab/
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from did_methods.accounts import EIP155, is_account_of, parse_account
from did_methods.curves import PUBLIC_BYTES, WEIERSTRASS_CURVES, KeyType, y_of
from did_methods.errors import DidMethodsError, InvalidKeyError, UnsupportedMethodError, shown
from did_methods.json_web_key import RSA, SIGNATURE, JsonObject, JsonValue, purposes, purposes_of_type
from did_methods.multibase import from_base58
from did_methods.multikey import PublicKey
from did_methods.rsa import MAX_PEM_CHARS, RsaPublicKey

_ANY: Final = frozenset(KeyType)
_JWK: Final = "publicKeyJwk"
_MULTIBASE: Final = "publicKeyMultibase"
_BASE58: Final = "publicKeyBase58"
_BASE64: Final = "publicKeyBase64"
_HEX: Final = "publicKeyHex"
_PEM: Final = "publicKeyPem"
_MATERIAL: Final = (_MULTIBASE, _JWK, _BASE58, _BASE64, _HEX, _PEM)
_ACCOUNT: Final = "blockchainAccountId"
_ADDRESS: Final = "ethereumAddress"
_ACCOUNTS: Final = (_ACCOUNT, _ADDRESS)
"""What is made of a key and may stand beside it; alone it is no key."""
_BARE: Final = frozenset({_BASE58, _BASE64, _HEX})
_HEXADECIMAL: Final = re.compile(r"(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+")
# The two halves of an uncompressed point stand behind 04.
_UNCOMPRESSED: Final = 4
_MAX_HEX_CHARS: Final = 4 * max(PUBLIC_BYTES.values())
_SECRETS: Final = (
    "secretKeyMultibase",
    "secretKeyJwk",
    "privateKeyMultibase",
    "privateKeyJwk",
    "privateKeyBase58",
    "privateKeyHex",
    "privateKeyPem",
)

_SECP256K1: Final = (frozenset({KeyType.SECP256K1}), frozenset({_BASE58, _BASE64, _HEX, _MULTIBASE, _JWK}))
_RSA: Final[tuple[frozenset[KeyType], frozenset[str]]] = (frozenset(), frozenset({_PEM, _JWK}))
# Method type: the key types it may hold, and the members that may carry the key.
_TYPES: Final[Mapping[str, tuple[frozenset[KeyType], frozenset[str]]]] = MappingProxyType(
    {
        "Multikey": (_ANY, frozenset({_MULTIBASE})),
        "JsonWebKey": (_ANY, frozenset({_JWK})),
        "JsonWebKey2020": (_ANY, frozenset({_JWK})),
        "Ed25519VerificationKey2020": (frozenset({KeyType.ED25519}), frozenset({_MULTIBASE})),
        "Ed25519VerificationKey2018": (
            frozenset({KeyType.ED25519}),
            frozenset({_BASE58, _BASE64, _HEX, _PEM, _MULTIBASE, _JWK}),
        ),
        "X25519KeyAgreementKey2020": (frozenset({KeyType.X25519}), frozenset({_MULTIBASE})),
        "X25519KeyAgreementKey2019": (
            frozenset({KeyType.X25519}),
            frozenset({_BASE58, _BASE64, _HEX, _MULTIBASE, _JWK}),
        ),
        "EcdsaSecp256k1VerificationKey2019": _SECP256K1,
        "EcdsaSecp256k1RecoveryMethod2020": _SECP256K1,
        "Secp256k1VerificationKey2018": _SECP256K1,
        "EcdsaSecp256r1VerificationKey2019": (frozenset({KeyType.P256}), frozenset({_BASE58, _HEX, _MULTIBASE, _JWK})),
        "Bls12381G2Key2020": (frozenset({KeyType.BLS12_381_G2}), frozenset({_BASE58, _MULTIBASE, _JWK})),
        # Of no key type that can be a Multikey: only an RSA key stands here.
        "RsaVerificationKey2018": _RSA,
        "RSAVerificationKey2018": _RSA,  # as readers of did:ethr spell it
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
    accounts = [member for member in _ACCOUNTS if member in method]
    if accounts and not material:
        raise UnsupportedMethodError(
            f"the verification method is an account ({accounts[0]}); its key is not published",
            code="verification_method.unsupported",
            remedy="Use a program that recovers keys from signatures, or ask for one signed with a published key.",
        )
    if len(material) != 1 or len(accounts) > 1:
        raise InvalidKeyError(
            f"the verification method has {len(material) + len(accounts)} members with key material; "
            "exactly one is allowed",
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
    if key_types is not _ANY and key.type not in (key_types or {RSA}):
        raise InvalidKeyError(
            f"a {method_type} holds a key of type {key.type}",
            code="key.mismatch",
            remedy="Publish the key under a type that fits it, for example Multikey.",
        )
    if accounts:
        _require_account(method[accounts[0]], accounts[0], key)
    return key, allowed


def _decode(
    method: JsonObject, member: str, key_types: frozenset[KeyType]
) -> tuple[PublicKey | RsaPublicKey, frozenset[str]]:
    value = method[member]
    if member == _JWK and isinstance(value, dict):
        if value.get("kty") == RSA:
            return RsaPublicKey.from_jwk(value), frozenset({SIGNATURE})
        return PublicKey.from_jwk(value), purposes(value)
    if member == _PEM and isinstance(value, str):
        return (_ed25519_from_pem(value) if key_types else RsaPublicKey.from_pem(value)), frozenset({SIGNATURE})
    if member != _JWK and isinstance(value, str):
        if member in _BARE:
            (key_type,) = key_types  # only types of exactly one key type carry bare bytes
            key = _bare(key_type, _BYTES[member](value))
        else:
            key = PublicKey.from_multibase(value)
        return key, purposes_of_type(key.type)
    raise InvalidKeyError(
        f"the key in {member} is not {'an object' if member == _JWK else 'a string'}: {shown(value)}",
        code="key.ambiguous",
        remedy="Publish the key in the form that the method's type calls for.",
    )


def _bare(key_type: KeyType, data: bytes) -> PublicKey:
    """The key of bytes without a name: a point is compressed, or uncompressed as older documents have it.

    Spec: https://www.secg.org/sec1-v2.pdf section 2.3.4
    """
    curve = WEIERSTRASS_CURVES.get(key_type)
    if curve is None or len(data) != 2 * curve.coordinate_bytes + 1 or data[0] != _UNCOMPRESSED:
        return PublicKey(key_type, data)
    x, y = data[1 : curve.coordinate_bytes + 1], data[curve.coordinate_bytes + 1 :]
    key = PublicKey(key_type, bytes((2 + y[-1] % 2,)) + x)
    if y_of(key_type, key.raw) != int.from_bytes(y):
        raise InvalidKeyError(
            f"the {key_type} public key is not a point on the curve",
            code="key.not_on_curve",
            remedy="Do not rely on this key. Ask its holder for a key made by a well-known library.",
        )
    return key


def _from_hex(text: str) -> bytes:
    if len(text) > _MAX_HEX_CHARS or not _HEXADECIMAL.fullmatch(text):
        raise InvalidKeyError(
            f"{shown(text)} is not the hexadecimal form of a key",
            code="key.hex",
            remedy="Publish the key in publicKeyMultibase.",
        )
    return bytes.fromhex(text)


def _from_base64(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True) if len(text) <= _MAX_HEX_CHARS else b""
    except ValueError:
        data = b""
    if b64encode(data).decode("ascii") != text:  # stray bits, or no base64 at all
        raise InvalidKeyError(
            f"{shown(text)} is not the base64 form of a key",
            code="key.base64",
            remedy="Publish the key in publicKeyMultibase.",
        )
    return data


_BYTES: Final[Mapping[str, Callable[[str], bytes]]] = MappingProxyType(
    {_BASE58: from_base58, _BASE64: _from_base64, _HEX: _from_hex}
)


def _ed25519_from_pem(text: str) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 -- few documents have PEM
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 -- as above
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 -- as above

    try:
        key = load_pem_public_key(text.strip().encode()) if len(text) <= MAX_PEM_CHARS else None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidKeyError(
            f"{shown(text)} is no Ed25519 public key in PEM",
            code="key.pem",
            remedy="Publish the key in publicKeyMultibase.",
        )
    return PublicKey(KeyType.ED25519, key.public_bytes_raw())


def _require_account(value: JsonValue, member: str, key: PublicKey | RsaPublicKey) -> None:
    """Refuse an account beside a key that is another's: readers would take different ones for the method's."""
    text = value if isinstance(value, str) else ""
    if member == _ADDRESS:
        text = f"{EIP155}:1:{text}"
    elif "@" in text:  # as CAIP-10 was written until 2021
        address, _, chain = text.partition("@")
        text = f"{chain}:{address}"
    if isinstance(key, RsaPublicKey) or not is_account_of(parse_account(text), key):
        raise InvalidKeyError(
            f"the account {shown(value)} is not that of the key beside it",
            code="key.mismatch",
            remedy="Do not rely on this method: it names two owners.",
        )
