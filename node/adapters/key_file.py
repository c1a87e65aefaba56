"""A private key in a file: bare, or encrypted under a passphrase.

The file is a Multikey verification method in JSON. A bare key stands in `secretKeyMultibase`, so other software reads
it too; an encrypted one stands in `encryptedSecretKey`. Whose key it is can be read without the passphrase, and of a
BBS key also which credentials it signs.

Spec: https://www.w3.org/TR/cid-1.0/#Multikey
"""

import contextlib
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from did_methods.did import DidUrl, parse_did_url
from did_methods.errors import DidMethodsError, InvalidDidUrlError, InvalidKeyError, shown
from did_methods.multikey import PrivateKey, PublicKey
from node.adapters.errors import KeyFileError, PassphraseError, damaged, unsupported
from node.adapters.sealed_secret import SealedSecret
from node.documents import DocumentError, JsonObject, parse_object
from node.issuance.disclosable import KeyScope
from node.issuance.errors import ProfileError

__all__ = ["KeyFile", "KeyFileError", "PassphraseError", "read_key_file", "write_key_file"]

# The largest key file written here has 1 kB.
MAX_KEY_FILE_BYTES: Final = 16 * 1024

_CONTEXT: Final = "https://w3id.org/security/multikey/v1"
_TYPE: Final = "Multikey"
_BARE: Final = "secretKeyMultibase"
_SEALED: Final = "encryptedSecretKey"
_SCOPE: Final = "scope"
_OWNER_ONLY: Final = 0o600
_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file says: whose key it is, and whether a passphrase protects it."""

    verification_method: DidUrl
    public: PublicKey
    _secret: PrivateKey | SealedSecret = field(repr=False)
    scope: KeyScope | None = None

    @property
    def protected(self) -> bool:
        """Whether the key is encrypted."""
        return isinstance(self._secret, SealedSecret)

    def unlock(self, passphrase: str | None = None) -> PrivateKey:
        """The private key; a bare one needs no passphrase and ignores it. An encrypted one takes 0.1 s.

        Raises PassphraseError when the passphrase is missing or wrong.
        """
        if isinstance(self._secret, PrivateKey):
            return self._secret
        if passphrase is None:
            raise PassphraseError(
                "the key is protected by a passphrase",
                code="key_file.passphrase_needed",
                remedy="Give the passphrase that was chosen when the key was made.",
            )
        raw = self._secret.open(passphrase, _header(self.verification_method, self.public, self.scope))
        try:
            private = PrivateKey(self.public.type, raw)
        except InvalidKeyError as error:
            raise damaged(str(error)) from None
        return _pair(private, self.public)


def write_key_file(
    path: Path,
    key: PrivateKey,
    *,
    verification_method: str | DidUrl,
    passphrase: str | None,
    scope: KeyScope | None = None,
) -> KeyFile:
    """Write a key to a new file that only its owner may read; an existing file is never touched.

    The bytes are on the disk when this returns. Without a passphrase, whoever reads the file has the key.
    """
    method = _method(verification_method)
    header = _header(method, key.public, scope)
    document: JsonObject = {"@context": _CONTEXT, **header}
    secret: PrivateKey | SealedSecret = key
    if passphrase is None:
        document[_BARE] = key.to_multibase()
    else:
        secret = SealedSecret.seal(key.raw, passphrase, header)
        document[_SEALED] = secret.to_json(header)
    _write_new(path, (json.dumps(document, indent=2) + "\n").encode())
    return KeyFile(method, key.public, secret, scope)


def read_key_file(path: Path) -> KeyFile:
    """Read a key file; a bare key that others may read is refused, because it may be known already."""
    try:
        with path.open("rb") as stream:
            permissions = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            data = stream.read(MAX_KEY_FILE_BYTES + 1)
    except FileNotFoundError:
        raise KeyFileError(
            f"there is no key file {shown(str(path))}",
            code="key_file.absent",
            remedy="Check the path, or make a key first.",
        ) from None
    except OSError as error:
        raise KeyFileError(
            f"the key file {shown(str(path))} cannot be read: {error.strerror}",
            code="key_file.unreadable",
            remedy="Check who may read the file and the folders above it.",
        ) from error
    if len(data) > MAX_KEY_FILE_BYTES:
        raise KeyFileError(
            f"the file {shown(str(path))} has more than {MAX_KEY_FILE_BYTES} bytes",
            code="key_file.too_large",
            remedy="This is not a key file; check the path.",
        )
    try:
        document = parse_object(data, max_bytes=MAX_KEY_FILE_BYTES)
    except DocumentError:
        # Its message quotes the place, and the place may be the secret.
        raise damaged("it is not a JSON object") from None
    key_file = _from_json(document)
    # Elsewhere the mode says nothing about who may read a file.
    if not key_file.protected and os.name == "posix" and permissions & _OTHERS:
        raise KeyFileError(
            f"others may read the bare key in {shown(str(path))}: its mode is {permissions:03o}",
            code="key_file.permissions",
            remedy="Set the mode to 600, and replace the key if others have had access to this machine.",
        )
    return key_file


def _header(method: DidUrl, public: PublicKey, scope: KeyScope | None) -> JsonObject:
    header: JsonObject = {
        "id": str(method),
        "type": _TYPE,
        "controller": str(method.did),
        "publicKeyMultibase": public.to_multibase(),
    }
    return header if scope is None else {**header, _SCOPE: scope.to_json()}


def _from_json(document: JsonObject) -> KeyFile:
    if document.get("type") != _TYPE:
        raise unsupported(f"its type is {shown(document.get('type'))} instead of {_TYPE}")
    try:
        method = parse_did_url(_text(document, "id"))
        public = PublicKey.from_multibase(_text(document, "publicKeyMultibase"))
        bare = PrivateKey.from_multibase(_text(document, _BARE)) if _BARE in document else None
    except DidMethodsError as error:
        raise damaged(str(error)) from None
    scope = _scope(document)
    header = _header(method, public, scope)
    if method.fragment is None or document.get("controller") != header["controller"]:
        raise damaged("its id and its controller do not belong together")
    if (bare is None) == (_SEALED not in document):
        raise damaged(f"it must hold either {_BARE} or {_SEALED}")
    if bare is not None:
        return KeyFile(method, public, _pair(bare, public), scope)
    box = document[_SEALED]
    if not isinstance(box, dict):
        raise damaged(f"{_SEALED} is not an object")
    return KeyFile(method, public, SealedSecret.from_json(box, header), scope)


def _scope(document: JsonObject) -> KeyScope | None:
    if _SCOPE not in document:
        return None
    stated = document[_SCOPE]
    try:
        return KeyScope(_text(stated, "signs"), _text(stated, "epoch")) if isinstance(stated, dict) else _no_scope()
    except ProfileError as error:
        raise damaged(str(error)) from None


def _no_scope() -> NoReturn:
    raise damaged(f"{_SCOPE} is not an object")


def _pair(private: PrivateKey, public: PublicKey) -> PrivateKey:
    if private.public != public:
        raise KeyFileError(
            "the public key in the file is not the one of its secret key",
            code="key_file.mismatch",
            remedy="Do not use this file: one of its halves was replaced. Restore it from a backup.",
        )
    return private


def _method(verification_method: str | DidUrl) -> DidUrl:
    try:
        method = parse_did_url(str(verification_method))
    except InvalidDidUrlError as error:
        raise KeyFileError(str(error), code="key_file.method", remedy=error.remedy) from error
    if method.fragment is None:
        raise KeyFileError(
            f"{shown(str(method))} names no verification method: it has no fragment",
            code="key_file.method",
            remedy="Give the id of the method in the DID document, with its # and what follows.",
        )
    return method


def _text(document: JsonObject, member: str) -> str:
    value = document.get(member)
    if not isinstance(value, str):
        raise damaged(f"{member} is absent or not a string")
    return value


def _write_new(path: Path, data: bytes) -> None:
    """Reserve the name, write beside it, then move the whole file onto the name: no reader sees a part of a key."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
    except FileExistsError:
        raise KeyFileError(
            f"the file {shown(str(path))} exists",
            code="key_file.exists",
            remedy="Choose another name. A key that is overwritten is lost for good.",
        ) from None
    except OSError as error:
        _unwritable(path, error)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException as error:
        # Also on an interrupt: neither an empty file nor a stray copy of the key stays behind.
        for leftover in (temporary, path):
            with contextlib.suppress(OSError):
                leftover.unlink()
        if isinstance(error, OSError):
            _unwritable(path, error)
        raise


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened; the rename itself is journalled
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> NoReturn:
    raise KeyFileError(
        f"the key file {shown(str(path))} cannot be written: {error.strerror}",
        code="key_file.unwritable",
        remedy="Choose a folder that exists, that you may write to, and that has room.",
    ) from error
