"""An authority's, or a recovery, key that this process holds; others are behind the port `AuthoritySigner`.

Spec: https://www.rfc-editor.org/rfc/rfc6979, https://eips.ethereum.org/EIPS/eip-2
"""

import secrets
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from anchoring import secp256k1
from anchoring.calls import TypedCall
from anchoring.errors import CallError

SECRET_BYTES: Final = 32
# Which hash it is named makes no difference to what is signed: the digest comes as it is. RFC 6979 uses it for k.
_ECDSA: Final = ec.ECDSA(Prehashed(SHA256()), deterministic_signing=True)


class SigningKey:
    """A secp256k1 key; the same call gives the same signature again. Shows nothing of itself."""

    __slots__ = ("_key", "address")

    def __init__(self, secret: bytes) -> None:
        number = int.from_bytes(secret)
        if len(secret) != SECRET_BYTES or not 0 < number < secp256k1.ORDER:
            raise CallError(
                f"{len(secret)} bytes that are no secp256k1 key",
                code="call.value",
                remedy="Give the key's 32 bytes; have a new one made where there is none.",
            )
        self._key = ec.derive_private_key(number, ec.SECP256K1())
        point = self._key.public_key().public_numbers()
        self.address = secp256k1.address_of((point.x, point.y))

    @classmethod
    def generate(cls) -> tuple[Self, bytes]:
        """A new key, and its secret to be kept."""
        secret = (1 + secrets.randbelow(secp256k1.ORDER - 1)).to_bytes(SECRET_BYTES)
        return cls(secret), secret

    async def sign(self, call: TypedCall) -> bytes:
        """The signature over the call: r, s, v."""
        return self.sign_digest(call.digest)

    def sign_digest(self, digest: bytes) -> bytes:
        """The signature over a digest: r, s in its lower half, v.

        Which v it is shows when the address is recovered: that takes nothing but what is public anyway.
        """
        r, s = decode_dss_signature(self._key.sign(digest, _ECDSA))
        pair = r.to_bytes(32) + min(s, secp256k1.ORDER - s).to_bytes(32)
        for v in secp256k1.PARITIES:
            signature = pair + bytes([v])
            if secp256k1.signer_of(digest, signature) == self.address:
                return signature
        raise CallError(
            "a signature from which no address is recovered",
            code="call.signature",
            remedy="This happens once in 10^38 signatures: change the deadline by a second, and sign again.",
        )
