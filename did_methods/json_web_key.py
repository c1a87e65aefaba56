"""JSON Web Keys of the known key types, public and private, read strictly.

Spec: https://www.rfc-editor.org/rfc/rfc7517, https://www.rfc-editor.org/rfc/rfc7518#section-6.2,
https://www.rfc-editor.org/rfc/rfc8037#section-2, https://www.rfc-editor.org/rfc/rfc8812#section-3.1,
https://datatracker.ietf.org/doc/draft-ietf-cose-bls-key-representations/ section 2.2.1
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from did_methods.curves import SECRET_BYTES, WEIERSTRASS_CURVES, KeyType, y_of
from did_methods.errors import InvalidKeyError, MultibaseError, UnsupportedKeyError, shown
from did_methods.multibase import MAX_KEY_CHARS, from_base64url, to_base64url

type JsonValue = bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None
type JsonObject = dict[str, JsonValue]

_EC: Final = "EC"
_OKP: Final = "OKP"
RSA: Final = "RSA"


class _Form(NamedTuple):
    kty: str
    crv: str
    x_bytes: int


_FORMS: Final[Mapping[KeyType, _Form]] = MappingProxyType(
    {
        KeyType.ED25519: _Form(_OKP, "Ed25519", 32),
        KeyType.P256: _Form(_EC, "P-256", 32),
        KeyType.P384: _Form(_EC, "P-384", 48),
        KeyType.P521: _Form(_EC, "P-521", 66),
        KeyType.X25519: _Form(_OKP, "X25519", 32),
        KeyType.SECP256K1: _Form(_EC, "secp256k1", 32),
        KeyType.BLS12_381_G2: _Form(_OKP, "BLS12381G2", 96),
    }
)
_TYPES: Final[Mapping[tuple[str, str], KeyType]] = MappingProxyType(
    {(form.kty, form.crv): key_type for key_type, form in _FORMS.items()}
)

# Private or secret in the JOSE registries, whatever the kty.
_SECRET_MEMBERS: Final = ("d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv")

SIGNATURE: Final = "sig"
ENCRYPTION: Final = "enc"
_CAPABLE: Final[Mapping[KeyType, frozenset[str]]] = MappingProxyType(
    {
        KeyType.ED25519: frozenset({SIGNATURE}),
        KeyType.P256: frozenset({SIGNATURE, ENCRYPTION}),
        KeyType.P384: frozenset({SIGNATURE, ENCRYPTION}),
        KeyType.P521: frozenset({SIGNATURE, ENCRYPTION}),
        KeyType.X25519: frozenset({ENCRYPTION}),
        KeyType.SECP256K1: frozenset({SIGNATURE, ENCRYPTION}),
        KeyType.BLS12_381_G2: frozenset({SIGNATURE}),
    }
)
# What a holder of the public half, or of the private half, does with the key (RFC 7517, 4.3).
_SIGNATURE_OPERATIONS: Final = frozenset({"verify", "sign"})
_ENCRYPTION_OPERATIONS: Final = frozenset({"encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"})

# Signature algorithms with the only key type each may name. Any other algorithm of these families contradicts the key.
_SIGNATURE_ALGORITHMS: Final[Mapping[str, KeyType]] = MappingProxyType(
    {
        "EdDSA": KeyType.ED25519,
        "Ed25519": KeyType.ED25519,
        "ES256": KeyType.P256,
        "ESP256": KeyType.P256,
        "ES384": KeyType.P384,
        "ESP384": KeyType.P384,
        "ES512": KeyType.P521,
        "ESP512": KeyType.P521,
        "ES256K": KeyType.SECP256K1,
    }
)
_FOREIGN_FAMILIES: Final = (
    "none",
    "HS",
    "RS",
    "PS",
    "ES",
    "Ed",
    "RSA",
    "ML-DSA",
    "A128",
    "A192",
    "A256",
    "PBES2",
    "dir",
)
_KEY_AGREEMENT_FAMILY: Final = "ECDH-"


def read_public(jwk: JsonObject) -> tuple[KeyType, bytes]:
    """The key type and raw public key of a JWK; a JWK with any secret member is refused."""
    refuse_secrets(jwk)
    key_type = _type_of(jwk)
    purposes(jwk)
    return key_type, _public_bytes(jwk, key_type)


def refuse_secrets(jwk: JsonObject) -> None:
    """Refuse a JWK with any secret member, where a public key belongs."""
    leaked = [member for member in _SECRET_MEMBERS if member in jwk]
    if leaked:
        raise InvalidKeyError(
            f"the JWK has secret members ({', '.join(leaked)}) where only a public key may stand",
            code="key.secret",
            remedy="Treat this key as compromised: replace it, and publish only its public members.",
        )


def read_secret(jwk: JsonObject) -> tuple[KeyType, bytes, bytes]:
    """The key type, raw secret key and raw public key of a private JWK; the caller compares the two halves."""
    key_type = _type_of(jwk)
    purposes(jwk)
    secret = _member(jwk, "d", SECRET_BYTES[key_type], secret=True)
    return key_type, secret, _public_bytes(jwk, key_type)


def write_public(key_type: KeyType, raw: bytes) -> JsonObject:
    """The JWK of a checked public key: required members only."""
    form = _FORMS[key_type]
    jwk: JsonObject = {"kty": form.kty, "crv": form.crv}
    curve = WEIERSTRASS_CURVES.get(key_type)
    if curve is None:
        jwk["x"] = to_base64url(raw)
        return jwk
    y = y_of(key_type, raw)
    if y is None:
        raise InvalidKeyError(
            f"the {key_type} public key is not a point on the curve",
            code="key.not_on_curve",
            remedy="Do not rely on this key.",
        )
    jwk["x"] = to_base64url(raw[1:])
    jwk["y"] = to_base64url(y.to_bytes(curve.coordinate_bytes))
    return jwk


def write_secret(key_type: KeyType, secret: bytes, public: bytes) -> JsonObject:
    """The private JWK of a checked key pair."""
    return {**write_public(key_type, public), "d": to_base64url(secret)}


def purposes(jwk: JsonObject) -> frozenset[str]:
    """What a JWK may be used for, `sig` or `enc` or both, by its type, `use`, `key_ops` and `alg`.

    A member that contradicts the key type, or the others, is refused. Unknown values of `use` allow nothing; unknown
    algorithms are kept and allow what the type allows.
    """
    key_type = _type_of(jwk)
    allowed = _CAPABLE[key_type]
    if "use" in jwk:
        allowed &= {_text(jwk, "use")}
    if "key_ops" in jwk:
        allowed &= _purposes_of_operations(jwk["key_ops"])
    if "alg" in jwk:
        allowed &= _purposes_of_algorithm(_text(jwk, "alg"), key_type)
    if not allowed:
        given = {member: jwk[member] for member in ("use", "key_ops", "alg") if member in jwk}
        raise InvalidKeyError(
            f"the {key_type} JWK cannot be used for anything: {shown(given)} contradict it or one another",
            code="key.use",
            remedy="Remove the members that do not fit the key, or use a key of the intended type.",
        )
    return allowed


def purposes_of_type(key_type: KeyType) -> frozenset[str]:
    """What keys of a type can be used for, `sig` or `enc` or both."""
    return _CAPABLE[key_type]


def _purposes_of_operations(operations: JsonValue) -> frozenset[str]:
    names = {name for name in operations if isinstance(name, str)} if isinstance(operations, list) else set()
    if not isinstance(operations, list) or len(names) != len(operations):
        raise InvalidKeyError(
            f"the JWK member key_ops is not a list of distinct strings: {shown(operations)}",
            code="key.jwk",
            remedy="Write key_ops as RFC 7517, section 4.3 has it, or leave it out.",
        )
    found = set()
    if names & _SIGNATURE_OPERATIONS:
        found.add(SIGNATURE)
    if names & _ENCRYPTION_OPERATIONS:
        found.add(ENCRYPTION)
    return frozenset(found)


def _purposes_of_algorithm(algorithm: str, key_type: KeyType) -> frozenset[str]:
    if algorithm.startswith(_KEY_AGREEMENT_FAMILY):
        return frozenset({ENCRYPTION})
    if _SIGNATURE_ALGORITHMS.get(algorithm) is key_type:
        return frozenset({SIGNATURE})
    if algorithm.startswith(_FOREIGN_FAMILIES):
        raise InvalidKeyError(
            f"the JWK names the algorithm {shown(algorithm)}, which is not one of its {key_type} key",
            code="key.algorithm",
            remedy="Correct the member alg or leave it out; the key decides which algorithm is used.",
        )
    return frozenset({SIGNATURE, ENCRYPTION})


def _type_of(jwk: JsonObject) -> KeyType:
    kty, crv = _text(jwk, "kty"), jwk.get("crv")
    if kty not in {_EC, _OKP}:
        raise UnsupportedKeyError(
            f"a JWK of kty {shown(kty)} is not known here",
            code="key.unsupported",
            remedy="Use an EC or OKP key: Ed25519, P-256, P-384, P-521, X25519, secp256k1 or BLS12381G2.",
        )
    if not isinstance(crv, str):
        raise _malformed("crv", "is not a string")
    key_type = _TYPES.get((kty, crv))
    if key_type is not None:
        return key_type
    if any(crv == form.crv and kty != form.kty for key, form in _FORMS.items() if key is not KeyType.BLS12_381_G2):
        raise _malformed("kty", f"is {shown(kty)}, which does not go with the curve {shown(crv)}")
    raise UnsupportedKeyError(
        f"a JWK of kty {shown(kty)} and crv {shown(crv)} is not known here",
        code="key.unsupported",
        remedy="Use Ed25519, P-256, P-384, P-521, X25519, secp256k1, or BLS12381G2 with kty OKP.",
    )


def _public_bytes(jwk: JsonObject, key_type: KeyType) -> bytes:
    form = _FORMS[key_type]
    x = _member(jwk, "x", form.x_bytes)
    if form.kty == _OKP:
        return x
    y = _member(jwk, "y", form.x_bytes)
    compressed = bytes((2 + y[-1] % 2,)) + x
    curve = WEIERSTRASS_CURVES[key_type]
    if int.from_bytes(x) >= curve.p or y_of(key_type, compressed) != int.from_bytes(y):
        raise InvalidKeyError(
            f"the coordinates of the {key_type} JWK are not a point on the curve",
            code="key.not_on_curve",
            remedy="Do not rely on this key. Ask its holder for a key made by a well-known library.",
        )
    return compressed


def _member(jwk: JsonObject, name: str, length: int, *, secret: bool = False) -> bytes:
    text = _text(jwk, name)
    try:
        data = from_base64url(text, max_chars=MAX_KEY_CHARS)
    except MultibaseError as error:
        # The message of a failed secret member would quote it.
        raise _malformed(name, "is not canonical base64url" if secret else str(error)) from None
    if len(data) != length:
        raise _malformed(name, f"has {len(data)} bytes instead of {length}")
    return data


def _text(jwk: JsonObject, name: str) -> str:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise _malformed(name, "is absent or not a string")
    return value


def _malformed(member: str, problem: str) -> InvalidKeyError:
    return InvalidKeyError(
        f"the JWK member {member} {problem}",
        code="key.jwk",
        remedy="Write the key as RFC 7517, RFC 7518 section 6 and RFC 8037 have it.",
    )
