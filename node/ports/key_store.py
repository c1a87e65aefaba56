"""Keys that sign: the port behind which private halves lie."""

from collections.abc import Sequence
from typing import Protocol

from did_methods.multikey import PublicKey


class KeyNotHeldError(Exception):
    """A key store was asked for a key that it does not hold."""

    code = "key_store.unknown"
    remedy = "Give the key of this verification method, or sign with one that is held."


class KeyRetiredError(KeyNotHeldError):
    """A key store was asked to sign with a key that signs no more."""

    code = "key_store.retired"
    remedy = "Sign with the key that replaced it; what it signed can be verified as before."


class KeyStore(Protocol):
    """Keys that sign, wherever their private halves lie; none ever leaves."""

    def public_key(self, verification_method: str) -> PublicKey:
        """The public half of the key known by this DID URL; raises KeyNotHeldError."""

    async def sign(self, verification_method: str, data: bytes) -> bytes:
        """The signature over `data` (not over its digest): 64 bytes of Ed25519, or the r ‖ s of ECDSA with a low s.

        Raises KeyNotHeldError.
        """

    async def sign_messages(self, verification_method: str, header: bytes, messages: Sequence[bytes]) -> bytes:
        """The 80 bytes of the BBS signature over a header and messages; raises KeyNotHeldError.

        Raises UnsupportedProofError for a key that is none of BBS.
        """
