"""A wallet in one encrypted file, rewritten whole at each step; a crash leaves the old file or the new one.

A random key encrypts the contents; the passphrase opens that key, which costs 0.1 s once for each opening. Nothing
that is in a wallet is ever on the disk in plain. What the encryption does not tell is that somebody put an older file
of the same wallet in the place of a newer one.

Spec: https://www.rfc-editor.org/rfc/rfc5116#section-5.2
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import orjson

from did_methods.errors import MultibaseError, shown
from did_methods.multibase import from_base64url, to_base64url
from node.adapters.errors import KeyFileError
from node.adapters.sealed_secret import SealedSecret
from node.documents import DocumentError, JsonObject, parse_object
from node.wallet.contents import Contents, read_contents, write_contents
from node.wallet.errors import WalletError

MAX_WALLET_BYTES: Final = 64 * 1024 * 1024
"""Some ten thousand credentials."""
TYPE: Final = "GlejtWallet"
_HEADER: Final[JsonObject] = {"type": TYPE, "version": 1}
_TAG: Final = b"glejt/wallet/v1\0"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_OWNER_ONLY: Final = 0o600
_SEALED, _NONCE, _CIPHERTEXT = "encryptedKey", "nonce", "ciphertext"


@dataclass(frozen=True, slots=True)
class WalletFile:
    """An open wallet; it is a Keep for the agent."""

    path: Path
    _key: bytes = field(repr=False)
    _sealed: JsonObject = field(repr=False)

    @classmethod
    def create(cls, path: Path, passphrase: str) -> Self:
        """A new, empty wallet; a file that exists is never touched."""
        if path.exists():
            raise exists(path)
        key = secrets.token_bytes(_KEY_BYTES)
        sealed = SealedSecret.seal(key, passphrase, _HEADER).to_json(_HEADER)
        made = cls(path, key, sealed)
        _write(path, made._encrypted(Contents()), new=True)
        return made

    @classmethod
    def open(cls, path: Path, passphrase: str) -> Self:
        """The wallet in a file; raises WalletError, and PassphraseError for a passphrase that does not open it."""
        document = _parsed(_read(path))
        sealed = document.get(_SEALED)
        if not isinstance(sealed, dict):
            raise altered("it holds no key")
        try:
            key = SealedSecret.from_json(sealed, _HEADER).open(passphrase, _HEADER)
        except KeyFileError as error:
            if error.code == "key_file.damaged":
                raise altered(str(error)) from error
            raise
        opened = cls(path, key, sealed)
        opened.load()
        return opened

    def load(self) -> Contents:
        """What is in it; raises WalletError for a file that was altered."""
        return self.decrypted(_read(self.path))

    def save(self, contents: Contents) -> None:
        """Put this in the place of what was there; it is on the disk when this returns."""
        _write(self.path, self._encrypted(contents), new=False)

    def copy_to(self, path: Path) -> None:
        """A copy under the same passphrase, opened once more to be sure."""
        data = _read(self.path)
        self.decrypted(data)
        _write(path, data, new=True)
        self.decrypted(_read(path))

    def decrypted(self, data: bytes) -> Contents:
        """The contents of a file of this wallet."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- only where a wallet is opened
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- likewise

        document = _parsed(data)
        if document.get(_SEALED) != self._sealed:
            raise altered("its key is another one")
        try:
            plain = AESGCM(self._key).decrypt(
                _bytes(document, _NONCE, _NONCE_BYTES), _bytes(document, _CIPHERTEXT), self._authenticated()
            )
        except InvalidTag:
            raise altered("its contents are not what was written") from None
        return read_contents(orjson.loads(plain))  # what this key encrypted is what was written here

    def _encrypted(self, contents: Contents) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- as above

        plain = orjson.dumps(write_contents(contents))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        ciphertext = AESGCM(self._key).encrypt(nonce, plain, self._authenticated())
        data = orjson.dumps(
            {**_HEADER, _SEALED: self._sealed, _NONCE: to_base64url(nonce), _CIPHERTEXT: to_base64url(ciphertext)}
        )
        if len(data) > MAX_WALLET_BYTES:
            raise WalletError(
                f"the wallet would have more than {MAX_WALLET_BYTES} bytes",
                code="wallet.full",
                remedy="Export what is in it, and go on with another wallet.",
            )
        return data

    def _authenticated(self) -> bytes:
        return _TAG + orjson.dumps({**_HEADER, _SEALED: self._sealed}, option=orjson.OPT_SORT_KEYS)


def restore(source: Path, path: Path, passphrase: str) -> WalletFile:
    """Put a backup in an empty place, once it was opened; what is there already is never touched."""
    if path.exists():
        raise exists(path)
    data = _read(source)
    WalletFile.open(source, passphrase)
    _write(path, data, new=True)
    return WalletFile.open(path, passphrase)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """The only process that has this wallet open; raises WalletError where another one has."""
    try:
        handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WalletError(
                f"another process has the wallet {shown(str(path))} open",
                code="wallet.in_use",
                remedy="Let it end, and try again.",
            ) from error
        yield
    finally:
        os.close(handle)


def exists(path: Path) -> WalletError:
    """That there is something already."""
    return WalletError(
        f"{shown(str(path))} exists already",
        code="wallet.exists",
        remedy="Choose another name. A wallet that is overwritten is lost for good.",
    )


def altered(reason: str) -> WalletError:
    """That a file is not as this program wrote it."""
    return WalletError(
        f"the file of the wallet was altered or is damaged: {reason}",
        code="wallet.altered",
        remedy="Restore the wallet from a backup, into an empty place.",
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_WALLET_BYTES + 1)
    except FileNotFoundError:
        raise WalletError(
            f"there is no wallet {shown(str(path))}",
            code="wallet.absent",
            remedy="Make one with glejt wallet init, or name another with --wallet.",
        ) from None
    except OSError as error:
        raise WalletError(
            f"the wallet {shown(str(path))} cannot be read: {error.strerror}",
            code="wallet.unreadable",
            remedy="Check who may read the file and the folders above it.",
        ) from error
    if len(data) > MAX_WALLET_BYTES:
        raise altered(f"it has more than {MAX_WALLET_BYTES} bytes")
    return data


def _parsed(data: bytes) -> JsonObject:
    try:
        document = parse_object(data, max_bytes=MAX_WALLET_BYTES)
    except DocumentError:
        raise altered("it is not the JSON that was written") from None
    if (document.get("type"), document.get("version")) != (_HEADER["type"], _HEADER["version"]):
        raise altered("it is no wallet of a version that is known here")
    return document


def _bytes(document: JsonObject, name: str, length: int | None = None) -> bytes:
    text = document.get(name)
    try:
        data = from_base64url(text if isinstance(text, str) else "=", max_chars=MAX_WALLET_BYTES)
    except MultibaseError:
        raise altered(f"{name} is not base64url") from None
    if length is not None and len(data) != length:
        raise altered(f"{name} has {len(data)} bytes")
    return data


def _write(path: Path, data: bytes, *, new: bool) -> None:
    """Write beside it, wait for the disk, then move the whole onto the name."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if new:
            os.link(temporary, path)
        else:
            temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError:
        raise exists(path) from None
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _unwritable(path: Path, error: OSError) -> WalletError:
    return WalletError(
        f"the wallet {shown(str(path))} cannot be written: {error.strerror}",
        code="wallet.unwritable",
        remedy="Choose a folder that exists, that you may write to, and that has room.",
    )
