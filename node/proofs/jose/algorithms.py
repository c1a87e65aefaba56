"""The algorithms of signatures, each with the one kind of key that it goes with.

Only those of public keys are here. HS* is none of them, and `none` is no algorithm, so no list of a caller's can let
them in.

Spec: https://www.rfc-editor.org/rfc/rfc7518#section-3, https://www.rfc-editor.org/rfc/rfc8037#section-3.1
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from did_methods.multikey import KeyType, PublicKey
from did_methods.rsa import RsaPublicKey
from node.proofs.errors import InvalidProofError
from node.proofs.signatures import HashName, normalized_signature, verify

type VerificationKey = PublicKey | RsaPublicKey
"""A key that signatures can be checked with."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An algorithm; `key_type` is the only kind of key it is ever used with."""

    name: str
    key_type: str
    hash_name: HashName
    signs: bool = True


EDDSA: Final = Algorithm("EdDSA", KeyType.ED25519, "sha256")
ES256: Final = Algorithm("ES256", KeyType.P256, "sha256")
ES384: Final = Algorithm("ES384", KeyType.P384, "sha384")
RS256: Final = Algorithm("RS256", RsaPublicKey.type, "sha256", signs=False)
"""For Open Badges, which demand it; RSA keys are not made here."""

ALGORITHMS: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {algorithm.name: algorithm for algorithm in (EDDSA, ES256, ES384, RS256)}
)
SIGNING: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {algorithm.key_type: algorithm for algorithm in ALGORITHMS.values() if algorithm.signs}
)
"""The algorithm with which a kind of key signs."""

_MAX_LOADED_KEYS: Final = 64


def check_signature(algorithm: Algorithm, key: VerificationKey, data: bytes, signature: bytes) -> bytes:
    """The one form of the signature that identifies it, if the key's owner signed the data by this algorithm.

    Raises InvalidProofError otherwise, also where the key is of another kind than the algorithm's.
    """
    if key.type != algorithm.key_type:
        raise InvalidProofError(
            f"{algorithm.name} is never verified with a key of type {key.type}",
            code="proof.invalid.key_type",
            remedy="The algorithm and the key do not belong together; ask the issuer for a correct signature.",
        )
    if isinstance(key, PublicKey):
        verify(key, data, signature, hash_name=algorithm.hash_name)
        return normalized_signature(key, signature)
    _check_rsa(key, data, signature)
    return signature


def _check_rsa(key: RsaPublicKey, data: bytes, signature: bytes) -> None:
    expected = (key.modulus.bit_length() + 7) // 8
    if len(signature) != expected:
        raise InvalidProofError(
            f"the signature has {len(signature)} bytes; one by this RSA key has {expected}",
            code="proof.invalid.signature_length",
        )
    try:
        _loaded(key).verify(signature, data, PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise InvalidProofError("the signature does not match the content and the key") from error


@lru_cache(maxsize=_MAX_LOADED_KEYS)
def _loaded(key: RsaPublicKey) -> RSAPublicKey:
    return RSAPublicNumbers(key.exponent, key.modulus).public_key()
