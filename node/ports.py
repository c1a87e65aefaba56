"""What the use cases ask of the outside, as Protocols; each has a version in `node.adapters`."""

from typing import Protocol

from did_methods.multikey import PublicKey


class KeyStore(Protocol):
    """Keys that sign, wherever their private halves lie; none ever leaves."""

    def public_key(self, verification_method: str) -> PublicKey:
        """The public half of the key known by this DID URL; raises an error with code `key_store.unknown` if none is."""

    async def sign(self, verification_method: str, data: bytes) -> bytes:
        """The signature over `data` (not over its digest): 64 bytes of Ed25519, or the r ‖ s of ECDSA with a low s.

        Raises an error with code `key_store.unknown` for a key that is not held here.
        """
