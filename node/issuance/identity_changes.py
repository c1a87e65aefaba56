"""What changes the document of a did:ethr: calls of the registry that its owner makes, or signs for others to bring.

A rotation of what signs credentials is two calls, the new key first: between them both are good, and never none. What
was signed before stays good as far as something anchored shows that it was.

Spec: https://github.com/decentralized-identity/ethr-did-resolver/blob/master/doc/did-method-spec.md#update
"""

from typing import Final, Protocol

from anchoring.registry_calls import (
    GIVEN_UP,
    ChangeOwner,
    RegistryCall,
    RevokeAttribute,
    SetAttribute,
    digest,
    signed_call_data,
)
from did_methods.accounts import ethereum_address
from did_methods.did import Did
from did_methods.ethr import attribute_name, key_attribute, subject_of
from did_methods.multikey import PublicKey

TEN_YEARS: Final = 10 * 365 * 86_400
"""For how long a key is written, where nothing else is said: it can be withdrawn at any time."""


class OwnerKey(Protocol):
    """The key that owns an identity; it stays with whoever has it."""

    @property
    def address(self) -> bytes:
        """Its account."""

    def sign_digest(self, digest: bytes) -> bytes:
        """The signature over 32 bytes: r, s in its lower half, v."""


def add_key(did: Did, key: PublicKey, *, validity: int = TEN_YEARS) -> SetAttribute:
    """Let a key sign credentials for an identity, or, where it can do nothing else, encrypt, for so many seconds."""
    name, value = key_attribute(key)
    return SetAttribute(subject_of(did).address, name, value, validity)


def withdraw_key(did: Did, key: PublicKey) -> RevokeAttribute:
    """Let a key do so no more."""
    name, value = key_attribute(key)
    return RevokeAttribute(subject_of(did).address, name, value)


def rotate_key(did: Did, old: PublicKey, new: PublicKey, *, validity: int = TEN_YEARS) -> tuple[RegistryCall, ...]:
    """Let one key take the place of another."""
    return add_key(did, new, validity=validity), withdraw_key(did, old)


def add_service(did: Did, kind: str, endpoint: str, *, validity: int = TEN_YEARS) -> SetAttribute:
    """Say where an identity offers something; raises InvalidDidError for a kind that is too long for the registry."""
    return SetAttribute(subject_of(did).address, attribute_name(f"did/svc/{kind}"), endpoint.encode(), validity)


def withdraw_service(did: Did, kind: str, endpoint: str) -> RevokeAttribute:
    """Say so no more; raises InvalidDidError as `add_service`."""
    return RevokeAttribute(subject_of(did).address, attribute_name(f"did/svc/{kind}"), endpoint.encode())


def hand_over(did: Did, owner: PublicKey) -> ChangeOwner:
    """Let another secp256k1 key own an identity; what is listed in its document stays."""
    return ChangeOwner(subject_of(did).address, ethereum_address(owner))


def give_up(did: Did) -> ChangeOwner:
    """End an identity for ever: from then on no key speaks for it."""
    return ChangeOwner(subject_of(did).address, GIVEN_UP)


def authorized(call: RegistryCall, owner: OwnerKey, *, registry: bytes, nonce: int) -> bytes:
    """The call with its owner's signature, as anybody may bring it to the registry at this address.

    `nonce` is the registry's count for the owner, or for whom `anchoring.registry_calls.nonce_holder` names.
    """
    return signed_call_data(call, owner.sign_digest(digest(call, registry=registry, nonce=nonce)))
