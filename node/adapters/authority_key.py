"""The two keys of a namespace in files: the authority's, and the recovery key with its salt.

They are two files, for two places: who has the one must not find the other beside it. Of the authority's the address
can be read without the passphrase; of the recovery key only the commitment, which shows nothing of it. A recovery key
is never written bare: it is used once in years, so nothing has to open it unattended.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from anchoring.errors import CallError
from anchoring.founding import RecoveryKey
from anchoring.signing_key import SigningKey
from anchoring.storage_proof import ADDRESS_BYTES, WORD_BYTES
from did_methods.errors import MultibaseError, shown
from did_methods.multibase import from_base64url, to_base64url
from node.adapters.errors import KeyFileError, PassphraseError, damaged, unsupported
from node.adapters.sealed_secret import SealedSecret
from node.adapters.secret_file import read_secret_file, require_owner_only, write_secret_file
from node.documents import JsonObject

_AUTHORITY: Final = "TrustAnchorAuthorityKey"
_RECOVERY: Final = "TrustAnchorRecoveryKey"
_BARE: Final = "secretKey"
_SEALED: Final = "encryptedSecretKey"


@dataclass(frozen=True, slots=True)
class AuthorityKeyFile:
    """Which address the key has, and whether a passphrase protects it."""

    address: bytes
    _secret: bytes | SealedSecret = field(repr=False)

    @property
    def protected(self) -> bool:
        """Whether the key is encrypted."""
        return isinstance(self._secret, SealedSecret)

    def unlock(self, passphrase: str | None = None) -> SigningKey:
        """The key; a bare one needs no passphrase and ignores it. Raises PassphraseError and KeyFileError."""
        secret = self._secret
        if isinstance(secret, SealedSecret):
            secret = secret.open(_needed(passphrase), _authority_header(self.address))
        key = _checked(secret)
        if key.address != self.address:
            raise _mismatch("address")
        return key


@dataclass(frozen=True, slots=True)
class RecoveryKeyFile:
    """What the namespace says of the key, which is encrypted."""

    commitment: bytes
    _secret: SealedSecret = field(repr=False)

    def unlock(self, passphrase: str) -> RecoveryKey:
        """The key with its salt; raises PassphraseError and KeyFileError."""
        data = self._secret.open(passphrase, _recovery_header(self.commitment))
        try:
            key = RecoveryKey.from_bytes(data)
        except CallError as error:
            raise damaged(str(error)) from None
        if key.commitment != self.commitment:
            raise _mismatch("commitment")
        return key


def write_authority_key(path: Path, secret: bytes, *, passphrase: str | None) -> AuthorityKeyFile:
    """Write an authority's key to a new file; an existing one is never touched.

    Without a passphrase, whoever reads the file can write into the namespace.
    """
    address = SigningKey(secret).address
    header = _authority_header(address)
    if passphrase is None:
        _write(path, {**header, _BARE: to_base64url(secret)})
        return AuthorityKeyFile(address, secret)
    sealed = SealedSecret.seal(secret, passphrase, header)
    _write(path, {**header, _SEALED: sealed.to_json(header)})
    return AuthorityKeyFile(address, sealed)


def write_recovery_key(path: Path, key: RecoveryKey, *, passphrase: str) -> RecoveryKeyFile:
    """Write a recovery key with its salt to a new file, always encrypted."""
    header = _recovery_header(key.commitment)
    sealed = SealedSecret.seal(key.to_bytes(), passphrase, header)
    _write(path, {**header, _SEALED: sealed.to_json(header)})
    return RecoveryKeyFile(key.commitment, sealed)


def read_authority_key(path: Path) -> AuthorityKeyFile:
    """Read what `write_authority_key` wrote; a bare key that others may read is refused. Raises KeyFileError."""
    document, permissions = _read(path, _AUTHORITY)
    address = _hexadecimal(document, "address", ADDRESS_BYTES)
    if (_BARE in document) == (_SEALED in document):
        raise damaged(f"it must hold either {_BARE} or {_SEALED}")
    if _SEALED in document:
        return AuthorityKeyFile(address, _sealed(document, _authority_header(address)))
    require_owner_only(path, permissions)
    return AuthorityKeyFile(address, _bare(document))


def read_recovery_key(path: Path) -> RecoveryKeyFile:
    """Read what `write_recovery_key` wrote; raises KeyFileError."""
    document, _ = _read(path, _RECOVERY)
    commitment = _hexadecimal(document, "commitment", WORD_BYTES)
    return RecoveryKeyFile(commitment, _sealed(document, _recovery_header(commitment)))


def _authority_header(address: bytes) -> JsonObject:
    return {"type": _AUTHORITY, "address": f"0x{address.hex()}"}


def _recovery_header(commitment: bytes) -> JsonObject:
    return {"type": _RECOVERY, "commitment": f"0x{commitment.hex()}"}


def _write(path: Path, document: JsonObject) -> None:
    write_secret_file(path, (json.dumps(document, indent=2) + "\n").encode())


def _read(path: Path, kind: str) -> tuple[JsonObject, int]:
    document, permissions = read_secret_file(path)
    if document.get("type") != kind:
        raise unsupported(f"its type is {shown(document.get('type'))} instead of {kind}")
    return document, permissions


def _sealed(document: JsonObject, header: JsonObject) -> SealedSecret:
    box = document.get(_SEALED)
    if not isinstance(box, dict):
        raise damaged(f"{_SEALED} is absent or not an object")
    return SealedSecret.from_json(box, header)


def _bare(document: JsonObject) -> bytes:
    text = document[_BARE]
    try:
        return from_base64url(text if isinstance(text, str) else "=")
    except MultibaseError:
        raise damaged(f"{_BARE} is not base64url") from None


def _checked(secret: bytes) -> SigningKey:
    try:
        return SigningKey(secret)
    except CallError as error:
        raise damaged(str(error)) from None


def _hexadecimal(document: JsonObject, member: str, length: int) -> bytes:
    """Bytes in the one form that is written here: 0x, and lower-case digits."""
    text = document.get(member)
    try:
        data = bytes.fromhex(text.removeprefix("0x")) if isinstance(text, str) else b""
    except ValueError:
        data = b""
    if len(data) != length or text != f"0x{data.hex()}":
        raise damaged(f"{member} is not {length} bytes in hexadecimal")
    return data


def _needed(passphrase: str | None) -> str:
    if passphrase is None:
        raise PassphraseError(
            "the key is protected by a passphrase",
            code="key_file.passphrase_needed",
            remedy="Give the passphrase that was chosen when the key was made.",
        )
    return passphrase


def _mismatch(member: str) -> KeyFileError:
    return KeyFileError(
        f"the {member} in the file is not the one of its secret key",
        code="key_file.mismatch",
        remedy="Do not use this file: one of its halves was replaced. Restore it from a backup.",
    )
