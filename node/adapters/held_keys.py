"""Keys held by this process, for the time it signs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from did_methods.errors import shown
from did_methods.multikey import PrivateKey, PublicKey
from node.ports import KeyNotHeldError
from node.proofs.bbs import signature as bbs_signature
from node.proofs.signatures import Signer, local_signer


@dataclass(frozen=True, slots=True)
class HeldKeys:
    """A key store over private keys in memory, each under the DID URL of its verification method."""

    _keys: Mapping[str, PrivateKey] = field(repr=False)
    _signers: dict[str, Signer] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Loaded when first used: loading a key costs as much as signing with it."""

    def public_key(self, verification_method: str) -> PublicKey:
        """The public half of a key."""
        return self._key(verification_method).public

    async def sign(self, verification_method: str, data: bytes) -> bytes:
        """The signature by a key."""
        signer = self._signers.get(verification_method)
        if signer is None:
            signer = self._signers[verification_method] = local_signer(self._key(verification_method))
        return signer.sign(data)

    async def sign_messages(self, verification_method: str, header: bytes, messages: Sequence[bytes]) -> bytes:
        """The BBS signature by a key."""
        return bbs_signature.sign(self._key(verification_method), header, messages)

    def _key(self, verification_method: str) -> PrivateKey:
        try:
            return self._keys[verification_method]
        except KeyError:
            raise KeyNotHeldError(f"no key is held for {shown(verification_method)}") from None
