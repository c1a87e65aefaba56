"""RSA public keys: read to check signatures that others made, never to sign here.

They are no Multikeys and identify nobody by themselves: each is a JWK in a DID document, or PEM beside
a badge.

Spec: https://www.rfc-editor.org/rfc/rfc7518#section-6.3
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from did_methods.errors import InvalidKeyError, MultibaseError, UnsupportedKeyError, shown
from did_methods.json_web_key import RSA, JsonObject, refuse_secrets
from did_methods.multibase import from_base64url, to_base64url

MIN_MODULUS_BITS: Final = 2048
"""RFC 7518, 3.3; smaller ones have been broken."""
MAX_MODULUS_BITS: Final = 8192
"""Checking a signature grows with the square: one by such a key costs some 0.5 ms."""
MIN_EXPONENT: Final = 2**16 + 1
"""FIPS 186-5, A.1.1; signatures under smaller ones were forged where padding was read carelessly."""
MAX_EXPONENT: Final = 2**32 - 1
"""Nobody publishes a larger one, and checking grows with its length."""
MAX_PEM_CHARS: Final = 4096
_MAX_MEMBER_CHARS: Final = 4 * MAX_MODULUS_BITS // (3 * 8) + 4
_ALGORITHM: Final = "RS256"


@dataclass(frozen=True, slots=True)
class RsaPublicKey:
    """A checked RSA public key; constructing one checks both numbers."""

    modulus: int
    exponent: int
    type: ClassVar[str] = RSA

    def __post_init__(self) -> None:
        bits = self.modulus.bit_length()
        if not MIN_MODULUS_BITS <= bits <= MAX_MODULUS_BITS:
            raise InvalidKeyError(
                f"the RSA key has {bits} bits; keys of {MIN_MODULUS_BITS} to {MAX_MODULUS_BITS} are relied upon",
                code="key.rsa_size",
                remedy="Do not rely on this key: its owner has to sign with one of at least 2048 bits.",
            )
        if self.modulus % 2 == 0 or self.exponent % 2 == 0 or not MIN_EXPONENT <= self.exponent <= MAX_EXPONENT:
            raise InvalidKeyError(
                f"the RSA key has an even modulus, or the exponent {shown(self.exponent)}",
                code="key.rsa_exponent",
                remedy="Do not rely on this key. Ask its holder for one with the exponent 65537.",
            )

    @classmethod
    def from_jwk(cls, jwk: JsonObject) -> Self:
        """The key of a public JWK of kty RSA, for RS256; secret members and other uses are refused."""
        refuse_secrets(jwk)
        operations = jwk.get("key_ops", ["verify"])
        if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
            raise InvalidKeyError(
                "the RSA JWK is not for signatures, by its use or key_ops",
                code="key.use",
                remedy="Sign with a key that its owner publishes for signatures.",
            )
        if jwk.get("alg", _ALGORITHM) != _ALGORITHM:
            raise UnsupportedKeyError(
                f"the RSA JWK is for {shown(jwk['alg'])}; only {_ALGORITHM} is checked here",
                code="key.unsupported",
                remedy="Use a program that checks this algorithm.",
            )
        return cls(_number(jwk, "n"), _number(jwk, "e"))

    @classmethod
    def from_pem(cls, text: str) -> Self:
        """The key of a PEM text: `PUBLIC KEY` or `RSA PUBLIC KEY`, nothing secret and no certificate."""
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 -- only signed badges of old bring PEM
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

        if len(text) > MAX_PEM_CHARS:
            raise _not_pem(f"the PEM text has {len(text)} characters")
        try:
            key = load_pem_public_key(text.strip().encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _not_pem(f"{shown(text)} is no public key in PEM") from error
        if not isinstance(key, RSAPublicKey):
            raise UnsupportedKeyError(
                "the PEM text holds a key that is not one of RSA",
                code="key.unsupported",
                remedy="Use an RSA key here.",
            )
        numbers = key.public_numbers()
        return cls(numbers.n, numbers.e)

    def to_jwk(self) -> JsonObject:
        """The JWK of this key: required members only."""
        return {"kty": RSA, "n": _written(self.modulus), "e": _written(self.exponent)}


def _number(jwk: JsonObject, member: str) -> int:
    text = jwk.get(member)
    try:
        data = from_base64url(text, max_chars=_MAX_MEMBER_CHARS) if isinstance(text, str) else b""
    except MultibaseError as error:
        raise _malformed(member, str(error)) from error
    if not data or data[0] == 0:
        raise _malformed(member, "is absent, empty, or begins with a zero byte")
    return int.from_bytes(data)


def _written(number: int) -> str:
    return to_base64url(number.to_bytes((number.bit_length() + 7) // 8))


def _malformed(member: str, problem: str) -> InvalidKeyError:
    return InvalidKeyError(
        f"the JWK member {member} {problem}", code="key.jwk", remedy="Write the key as RFC 7518, section 6.3 has it."
    )


def _not_pem(problem: str) -> InvalidKeyError:
    return InvalidKeyError(problem, code="key.pem", remedy="Publish the key between BEGIN PUBLIC KEY and its END.")
