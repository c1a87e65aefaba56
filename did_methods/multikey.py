"""Public and private keys, with their Multikey and JWK forms.

Spec: https://www.w3.org/TR/cid-1.0/#Multikey
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NoReturn, Self

from did_methods import json_web_key
from did_methods.curves import (
    KeyType,
    check_public,
    check_secret,
    ed25519_to_x25519,
    scalar_order,
)
from did_methods.errors import InvalidKeyError, MultibaseError, UnsupportedKeyError
from did_methods.json_web_key import JsonObject
from did_methods.multibase import MAX_KEY_CHARS, decode_base58btc, encode_base58btc

__all__ = ["JsonObject", "KeyType", "PrivateKey", "PublicKey"]

# Decoded keys that are kept: a verifier meets the same issuers again and again.
_CACHED_KEYS: Final = 1024

# Multicodec prefixes as varints. Source: the multicodec table, https://github.com/multiformats/multicodec
_PUBLIC_PREFIX: Final[Mapping[KeyType, bytes]] = MappingProxyType(
    {
        KeyType.ED25519: b"\xed\x01",
        KeyType.P256: b"\x80\x24",
        KeyType.P384: b"\x81\x24",
        KeyType.P521: b"\x82\x24",
        KeyType.X25519: b"\xec\x01",
        KeyType.SECP256K1: b"\xe7\x01",
        KeyType.BLS12_381_G2: b"\xeb\x01",
    }
)
_SECRET_PREFIX: Final[Mapping[KeyType, bytes]] = MappingProxyType(
    {
        KeyType.ED25519: b"\x80\x26",
        KeyType.P256: b"\x86\x26",
        KeyType.P384: b"\x87\x26",
        KeyType.P521: b"\x88\x26",
        KeyType.X25519: b"\x82\x26",
        KeyType.SECP256K1: b"\x81\x26",
        KeyType.BLS12_381_G2: b"\x8a\x26",
    }
)
_PUBLIC_TYPES: Final = MappingProxyType({prefix: key_type for key_type, prefix in _PUBLIC_PREFIX.items()})
_SECRET_TYPES: Final = MappingProxyType({prefix: key_type for key_type, prefix in _SECRET_PREFIX.items()})
_PREFIX_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A checked public key; `raw` is 32 bytes, a compressed SEC 1 point, or a 96-byte compressed G2 point.

    Constructing one checks length, canonical encoding, curve, subgroup and small order. Equal keys have equal bytes.
    """

    type: KeyType
    raw: bytes

    def __post_init__(self) -> None:
        check_public(self.type, self.raw)

    @classmethod
    def from_multibase(cls, text: str) -> Self:
        """The key of a `publicKeyMultibase`: base58btc, as its specification demands for these types."""
        return cls(*_decode_public(text))

    def to_multibase(self) -> str:
        """The `publicKeyMultibase` of this key."""
        return encode_base58btc(self.multicodec)

    @property
    def multicodec(self) -> bytes:
        """The bytes that the `publicKeyMultibase` is the text of: what type the key is, and the key."""
        return _PUBLIC_PREFIX[self.type] + self.raw

    @classmethod
    def from_jwk(cls, jwk: JsonObject) -> Self:
        """The key of a public JWK; secret members, wrong lengths and contradictory members are refused."""
        return cls(*json_web_key.read_public(jwk))

    def to_jwk(self) -> JsonObject:
        """The JWK of this key: required members only."""
        return json_web_key.write_public(self.type, self.raw)

    def to_x25519(self) -> "PublicKey":
        """The key-agreement key derived from an Ed25519 key."""
        if self.type is not KeyType.ED25519:
            raise InvalidKeyError(
                f"a {self.type} key has no derived X25519 key",
                code="key.mismatch",
                remedy="Only an Ed25519 key has one. Publish a key-agreement key of its own.",
            )
        return PublicKey(KeyType.X25519, ed25519_to_x25519(self.raw))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PrivateKey:
    """A checked key pair; `raw` is the 32-byte seed, or the big-endian scalar in the length of the group order.

    It shows nothing of itself in `repr`, equals only itself (compare the public halves) and refuses to be pickled or
    copied, so that it lands in no queue, cache or crash report by accident.
    """

    type: KeyType
    raw: bytes
    public: PublicKey = field(init=False)

    def __post_init__(self) -> None:
        check_secret(self.type, self.raw)
        object.__setattr__(self, "public", PublicKey(self.type, _derive_public(self.type, self.raw)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.type}, secret>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        msg = "a private key is neither pickled nor copied; pass a signer instead"
        raise TypeError(msg)

    @classmethod
    def generate(cls, key_type: KeyType) -> Self:
        """A new key from the operating system's random source."""
        order = scalar_order(key_type)
        if order is None:
            return cls(key_type, secrets.token_bytes(32))
        return cls(key_type, (secrets.randbelow(order - 1) + 1).to_bytes((order.bit_length() + 7) // 8))

    @classmethod
    def from_multibase(cls, text: str) -> Self:
        """The key of a `secretKeyMultibase`."""
        try:
            data = decode_base58btc(text, max_chars=MAX_KEY_CHARS)
        except MultibaseError as error:
            # Its message quotes the text, and this text is a secret.
            raise InvalidKeyError(
                "the secret key is not a multibase base58btc text",
                code=error.code,
                remedy="Check that the whole secretKeyMultibase was copied, beginning with z.",
            ) from None
        key_type = _SECRET_TYPES.get(data[:_PREFIX_BYTES])
        if key_type is None:
            raise UnsupportedKeyError(
                "the secret key begins with no multicodec prefix of a secret key that is known here",
                code="key.unsupported",
                remedy=f"Use a secretKeyMultibase of one of: {', '.join(KeyType)}.",
            )
        return cls(key_type, data[_PREFIX_BYTES:])

    def to_multibase(self) -> str:
        """The `secretKeyMultibase` of this key. It is the secret: never log it."""
        return encode_base58btc(_SECRET_PREFIX[self.type] + self.raw)

    @classmethod
    def from_jwk(cls, jwk: JsonObject) -> Self:
        """The key of a private JWK, whose public members must be the public half of `d`."""
        key_type, secret, public = json_web_key.read_secret(jwk)
        key = cls(key_type, secret)
        if key.public.raw != public:
            raise InvalidKeyError(
                f"the public members of the private {key_type} JWK do not belong to its secret member",
                code="key.mismatch",
                remedy="Do not use this file: one of its halves was replaced. Restore it from a backup.",
            )
        return key

    def to_jwk(self) -> JsonObject:
        """The private JWK of this key. It holds the secret: never log it."""
        return json_web_key.write_secret(self.type, self.raw, self.public.raw)


@lru_cache(maxsize=_CACHED_KEYS)
def _decode_public(text: str) -> tuple[KeyType, bytes]:
    data = decode_base58btc(text, max_chars=MAX_KEY_CHARS)
    prefix = data[:_PREFIX_BYTES]
    key_type = _PUBLIC_TYPES.get(prefix)
    if key_type is not None:
        return key_type, data[_PREFIX_BYTES:]
    if prefix in _SECRET_TYPES:
        raise InvalidKeyError(
            f"a secret {_SECRET_TYPES[prefix]} key stands where a public key belongs",
            code="key.secret",
            remedy="Treat this key as compromised: replace it, and publish only its public half.",
        )
    raise UnsupportedKeyError(
        f"the public key begins with the multicodec prefix {prefix.hex() or 'nothing'}, which is not known here",
        code="key.unsupported",
        remedy=f"Use a Multikey of one of: {', '.join(KeyType)}.",
    )


def _derive_public(key_type: KeyType, raw: bytes) -> bytes:
    # Only a signer pays for these imports.
    if key_type is KeyType.BLS12_381_G2:
        from did_methods.bls12_381 import public_key  # noqa: PLC0415

        return public_key(raw)
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    if key_type is KeyType.ED25519:
        return ed25519.Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
    if key_type is KeyType.X25519:
        return x25519.X25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
    curves: dict[KeyType, type[ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1 | ec.SECP256K1]] = {
        KeyType.P256: ec.SECP256R1,
        KeyType.P384: ec.SECP384R1,
        KeyType.P521: ec.SECP521R1,
        KeyType.SECP256K1: ec.SECP256K1,
    }
    point = ec.derive_private_key(int.from_bytes(raw), curves[key_type]()).public_key()
    return point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
