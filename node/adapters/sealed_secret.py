"""A secret under a passphrase: AES-256-GCM with a key that Argon2id makes.

Spec: https://www.rfc-editor.org/rfc/rfc9106, https://www.rfc-editor.org/rfc/rfc5116#section-5.2
"""

import hashlib
import hmac
import json
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Final, Self

from did_methods.errors import MultibaseError, shown
from did_methods.multibase import from_base64url, to_base64url
from node.adapters.errors import KeyFileError, PassphraseError, damaged, unsupported
from node.documents import JsonObject

# Below this a passphrase is found by trying (NIST SP 800-63B).
MIN_PASSPHRASE_CHARS: Final = 8
# No person types more; a longer one is a file given by mistake.
MAX_PASSPHRASE_CHARS: Final = 1024

# RFC 9106, section 4, second recommended option: 0.1 s and 64 MiB per guess.
_MEMORY_KIB: Final = 64 * 1024
_ITERATIONS: Final = 3
_LANES: Final = 4
# A foreign file names its own cost: at most 256 MiB and some two seconds are spent on it.
MAX_MEMORY_KIB: Final = 256 * 1024
MAX_ITERATIONS: Final = 10
MAX_LANES: Final = 16
# RFC 9106, section 3.1: at least eight blocks for each lane.
_MIN_KIB_PER_LANE: Final = 8

_CIPHER: Final = "A256GCM"
_KDF: Final = "argon2id"
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_TAG: Final = b"glejt/sealed-secret/v1\0"


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret that opens with its passphrase, and only beside the header it was sealed with."""

    memory_kib: int
    iterations: int
    lanes: int
    salt: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)

    @classmethod
    def seal(cls, secret: bytes, passphrase: str, header: JsonObject) -> Self:
        """Encrypt a secret; `header` is authenticated with it and kept by the caller."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - only where a key is protected

        if len(passphrase) < MIN_PASSPHRASE_CHARS:
            raise PassphraseError(
                f"the passphrase has {len(passphrase)} characters; at least {MIN_PASSPHRASE_CHARS} are needed",
                code="key_file.passphrase_weak",
                remedy="Use four or five words drawn at random.",
            )
        salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
        empty = cls(_MEMORY_KIB, _ITERATIONS, _LANES, salt, nonce, b"")
        # The key is used for this one message: its salt is new.
        key = empty._derive(passphrase)
        ciphertext = AESGCM(key).encrypt(nonce, secret, empty._authenticated(header))
        return cls(_MEMORY_KIB, _ITERATIONS, _LANES, salt, nonce, ciphertext)

    def open(self, passphrase: str, header: JsonObject) -> bytes:
        """The secret; raises PassphraseError for a wrong passphrase, or a header that was replaced on purpose."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only where a key is protected
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - likewise

        key = self._derive(passphrase)
        try:
            return AESGCM(key).decrypt(self.nonce, self.ciphertext, self._authenticated(header))
        except InvalidTag:
            # An accident to the file would have shown in the checksum.
            raise PassphraseError(
                "the passphrase does not open this key file",
                code="key_file.passphrase_wrong",
                remedy="Try again, minding capitals and keyboard layout. Nothing gets around a forgotten passphrase.",
            ) from None

    def to_json(self, header: JsonObject) -> JsonObject:
        """Parameters, ciphertext, and a checksum over them and the header."""
        return {
            **self._parameters(),
            "ciphertext": to_base64url(self.ciphertext),
            "checksum": to_base64url(self._checksum(header)),
        }

    @classmethod
    def from_json(cls, box: JsonObject, header: JsonObject) -> Self:
        """Read what `to_json` wrote; costs beyond the limits are refused, and so is a checksum that does not match."""
        if (box.get("cipher"), box.get("kdf")) != (_CIPHER, _KDF):
            raise unsupported(f"it is encrypted with {shown(box.get('cipher'))} under {shown(box.get('kdf'))}")
        sealed = cls(
            memory_kib=_cost(box, "memoryKiB", MAX_MEMORY_KIB),
            iterations=_cost(box, "iterations", MAX_ITERATIONS),
            lanes=_cost(box, "lanes", MAX_LANES),
            salt=_bytes(box, "salt"),
            nonce=_bytes(box, "nonce"),
            ciphertext=_bytes(box, "ciphertext"),
        )
        if (
            sealed.memory_kib < _MIN_KIB_PER_LANE * sealed.lanes
            or len(sealed.salt) != _SALT_BYTES
            or len(sealed.nonce) != _NONCE_BYTES
        ):
            raise damaged("the parameters of its encryption do not fit together")
        if not hmac.compare_digest(_bytes(box, "checksum"), sealed._checksum(header)):
            raise damaged("its checksum does not match")
        return sealed

    def _parameters(self) -> JsonObject:
        return {
            "cipher": _CIPHER,
            "kdf": _KDF,
            "memoryKiB": self.memory_kib,
            "iterations": self.iterations,
            "lanes": self.lanes,
            "salt": to_base64url(self.salt),
            "nonce": to_base64url(self.nonce),
        }

    def _authenticated(self, header: JsonObject) -> bytes:
        fields = {"header": header, "parameters": self._parameters()}
        return _TAG + json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    def _checksum(self, header: JsonObject) -> bytes:
        """Tells an accident from a wrong passphrase. It protects from nobody: all it covers is public."""
        return hashlib.sha256(self._authenticated(header) + self.ciphertext).digest()

    def _derive(self, passphrase: str) -> bytes:
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415 - only where a key is protected

        kdf = Argon2id(
            salt=self.salt,
            length=_KEY_BYTES,
            iterations=self.iterations,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        )
        return kdf.derive(_normalised(passphrase))


def _normalised(passphrase: str) -> bytes:
    """One byte string per passphrase, however the keyboard composes its accents.

    Spec: https://www.rfc-editor.org/rfc/rfc8265#section-4.2
    """
    try:
        data = unicodedata.normalize("NFC", passphrase[:MAX_PASSPHRASE_CHARS]).encode()
    except UnicodeEncodeError:
        data = b""
    if not data or len(passphrase) > MAX_PASSPHRASE_CHARS:
        raise PassphraseError(
            f"the passphrase is empty, longer than {MAX_PASSPHRASE_CHARS} characters, or not text",
            code="key_file.passphrase_wrong",
            remedy="Check that the passphrase itself was given, and not a file or an empty variable.",
        )
    return data


def _cost(box: JsonObject, member: str, limit: int) -> int:
    value = box.get(member)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise damaged(f"{member} is not a positive number")
    if value > limit:
        raise KeyFileError(
            f"the key file asks for {member} {value}; at most {limit} is spent here",
            code="key_file.limits",
            remedy="Use a file made by glejt. Opening this one could exhaust the machine.",
        )
    return value


def _bytes(box: JsonObject, member: str) -> bytes:
    text = box.get(member)
    try:
        return from_base64url(text if isinstance(text, str) else "=")
    except MultibaseError:
        raise damaged(f"{member} is not base64url") from None
