"""A secret under a key, tied to what it is for: AES-256-GCM with the context as additional data.

Taken out of its place, and put into another row, organisation or purpose, it does not open.

Spec: https://www.rfc-editor.org/rfc/rfc5116#section-5.2
"""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from node.ports.errors import VaultError
from node.ports.secret import Secret

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
"""Drawn at random: safe for some four billion secrets under one key, and an organisation has a dozen."""


def new_key() -> Secret:
    """A key for an envelope."""
    return Secret(secrets.token_bytes(KEY_BYTES))


def context(tag: bytes, *parts: str) -> bytes:
    """One byte string for these parts, and for no others."""
    return tag + b"".join(len(part).to_bytes(4) + part for part in (text.encode() for text in parts))


def seal(key: Secret, secret: Secret, about: bytes) -> bytes:
    """The secret under the key; it opens only with the same `about`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key.reveal()).encrypt(nonce, secret.reveal(), about)


def unseal(key: Secret, sealed: bytes, about: bytes) -> Secret:
    """The secret; raises VaultError for another key, another `about`, or a byte that was changed."""
    try:
        return Secret(AESGCM(key.reveal()).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about))
    except (InvalidTag, ValueError):
        raise VaultError(
            "what is stored of a key was changed, or put in another's place",
            code="vault.damaged",
            remedy="Restore it from a backup, and find out who can write to the database.",
        ) from None
