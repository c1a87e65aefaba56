"""How the content of an envelope is encrypted.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#curves-and-content-encryption-algorithms
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt, crypto_aead_xchacha20poly1305_ietf_encrypt
from nacl.exceptions import CryptoError

from node.didcomm.errors import ForgedEnvelopeError

_BLOCK: Final = 16
_HALF: Final = 32
"""A256CBC-HS512: half of the key authenticates, half encrypts, and half of the hash is the tag."""
_TAG: Final = 16

type Encrypt = Callable[[bytes, bytes, bytes, bytes], tuple[bytes, bytes]]
"""From key, iv, associated data and content to ciphertext and tag."""
type Decrypt = Callable[[bytes, bytes, bytes, bytes, bytes], bytes]
"""From key, iv, associated data, ciphertext and tag to the content; raises ForgedEnvelopeError."""


@dataclass(frozen=True, slots=True)
class ContentEncryption:
    """An algorithm, and how long its key, iv and tag are.

    Only one that commits to its key goes with ECDH-1PU: else a recipient could make other content under the same tag.
    """

    name: str
    key_bytes: int
    iv_bytes: int
    tag_bytes: int
    commits: bool
    encrypt: Encrypt
    decrypt: Decrypt


def _encrypt_cbc(key: bytes, iv: bytes, associated: bytes, content: bytes) -> tuple[bytes, bytes]:
    padding = _BLOCK - len(content) % _BLOCK
    encryptor = Cipher(AES256(key[_HALF:]), CBC(iv)).encryptor()
    ciphertext = encryptor.update(content + bytes((padding,)) * padding) + encryptor.finalize()
    return ciphertext, _cbc_tag(key, iv, associated, ciphertext)


def _decrypt_cbc(key: bytes, iv: bytes, associated: bytes, ciphertext: bytes, tag: bytes) -> bytes:
    # The tag first: what padding is like is nobody's business but the sender's.
    if not hmac.compare_digest(_cbc_tag(key, iv, associated, ciphertext), tag):
        raise _forged()
    if not ciphertext or len(ciphertext) % _BLOCK:
        raise _forged()
    decryptor = Cipher(AES256(key[_HALF:]), CBC(iv)).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    padding = padded[-1]
    if not 0 < padding <= _BLOCK or not padded.endswith(bytes((padding,)) * padding):
        raise _forged()
    return padded[:-padding]


def _cbc_tag(key: bytes, iv: bytes, associated: bytes, ciphertext: bytes) -> bytes:
    """Spec: https://www.rfc-editor.org/rfc/rfc7518#section-5.2.2.1 ."""
    bits = (8 * len(associated)).to_bytes(8)
    return hmac.digest(key[:_HALF], b"".join((associated, iv, ciphertext, bits)), "sha512")[:_HALF]


def _encrypt_gcm(key: bytes, iv: bytes, associated: bytes, content: bytes) -> tuple[bytes, bytes]:
    sealed = AESGCM(key).encrypt(iv, content, associated)
    return sealed[:-_TAG], sealed[-_TAG:]


def _decrypt_gcm(key: bytes, iv: bytes, associated: bytes, ciphertext: bytes, tag: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(iv, ciphertext + tag, associated)
    except InvalidTag as error:
        raise _forged() from error


def _encrypt_xchacha(key: bytes, iv: bytes, associated: bytes, content: bytes) -> tuple[bytes, bytes]:
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(content, associated, iv, key)
    return sealed[:-_TAG], sealed[-_TAG:]


def _decrypt_xchacha(key: bytes, iv: bytes, associated: bytes, ciphertext: bytes, tag: bytes) -> bytes:
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext + tag, associated, iv, key)
    except CryptoError as error:
        raise _forged() from error


def _forged() -> ForgedEnvelopeError:
    return ForgedEnvelopeError("the content is not that which was encrypted: something of the envelope was altered")


A256CBC_HS512: Final = ContentEncryption("A256CBC-HS512", 64, 16, 32, True, _encrypt_cbc, _decrypt_cbc)
A256GCM: Final = ContentEncryption("A256GCM", 32, 12, 16, False, _encrypt_gcm, _decrypt_gcm)
XC20P: Final = ContentEncryption("XC20P", 32, 24, 16, False, _encrypt_xchacha, _decrypt_xchacha)

ENCRYPTIONS: Final[Mapping[str, ContentEncryption]] = MappingProxyType(
    {each.name: each for each in (A256CBC_HS512, A256GCM, XC20P)}
)
