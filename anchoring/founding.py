"""How a namespace comes to be: an authority that writes every day, and a recovery key that lies in a safe.

The id of the namespace commits to both and to a salt. Whoever has the recovery key can take the namespace back from a
thief of the authority, after a delay; so the two are kept apart, and the recovery key is never used before.
"""

from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Self

from anchoring.errors import CallError, shown
from anchoring.layout import recovery_commitment
from anchoring.operations import OpenNamespace
from anchoring.signing_key import SECRET_BYTES, SigningKey
from anchoring.storage_proof import WORD_BYTES


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """The key that can take a namespace back, and the salt without which nobody sees whose it is."""

    secret: bytes = field(repr=False)
    salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        SigningKey(self.secret)
        if len(self.salt) != WORD_BYTES:
            raise CallError(
                f"a salt of {len(self.salt)} bytes",
                code="call.value",
                remedy=f"Keep the {WORD_BYTES} bytes of the salt together with the recovery key.",
            )

    @classmethod
    def generate(cls) -> Self:
        """A new key under a new salt."""
        _, secret = SigningKey.generate()
        return cls(secret, token_bytes(WORD_BYTES))

    @property
    def signer(self) -> SigningKey:
        """Who signs with it."""
        return SigningKey(self.secret)

    @property
    def commitment(self) -> bytes:
        """What the namespace says of it before it is ever used."""
        return recovery_commitment(self.signer.address, self.salt)

    def to_bytes(self) -> bytes:
        """Key and salt, to be kept as one secret."""
        return self.secret + self.salt

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` gave; raises CallError."""
        return cls(data[:SECRET_BYTES], data[SECRET_BYTES:])


def found(authority: bytes, recovery: RecoveryKey) -> OpenNamespace:
    """A new namespace of this authority's address; everything in it may be public.

    Raises CallError where both are one key: whoever steals the authority would have the recovery too.
    """
    if recovery.signer.address == authority:
        raise CallError(
            f"{shown(authority)} is to be authority and recovery key at once",
            code="call.same_key",
            remedy="Make a recovery key of its own, and keep it where the authority's key is not.",
        )
    return OpenNamespace(authority, recovery.commitment, token_bytes(WORD_BYTES))
