"""The signers of checkpoints: their keys as bytes, and the check of a signature, as `anchoring.checkpoint` asks for it.

A signer is called by the bytes of its Multikey: the prefix that names the kind of key, then the key. Each key has one
such form, so that no signer counts twice.

Spec: https://www.w3.org/TR/cid-1.0/#Multikey
"""

from typing import Final

from did_methods.errors import DidMethodsError, UnsupportedKeyError
from did_methods.multibase import MAX_KEY_CHARS, decode_base58btc, encode_base58btc
from did_methods.multikey import KeyType, PublicKey
from node.proofs.errors import ProofsError
from node.proofs.signatures import verify

SIGNING: Final = frozenset({KeyType.ED25519, KeyType.P256})
"""Kinds of keys that checkpoints are signed with; ECDSA is over SHA-256."""


def signer_of(key: PublicKey) -> bytes:
    """What a signer with this key is called; raises UnsupportedKeyError for other kinds of keys."""
    if key.type not in SIGNING:
        raise UnsupportedKeyError(
            f"checkpoints are not signed with keys of type {key.type}",
            code="key.unsupported",
            remedy=f"Use a key of type {' or '.join(sorted(SIGNING))}.",
        )
    return decode_base58btc(key.to_multibase(), max_chars=MAX_KEY_CHARS)


def signed_by(signer: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the signer with this name signed the data."""
    try:
        key = PublicKey.from_multibase(encode_base58btc(signer))
        if key.type not in SIGNING:
            return False
        verify(key, data, signature, hash_name="sha256")
    except (DidMethodsError, ProofsError):
        return False
    return True
