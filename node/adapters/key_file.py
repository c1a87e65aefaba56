"""A private key in a file: bare, or encrypted under a passphrase.

The file is a Multikey verification method in JSON. A bare key stands in `secretKeyMultibase`, so other software reads
it too; an encrypted one stands in `encryptedSecretKey`. Whose key it is can be read without the passphrase, and of a
BBS key also which credentials it signs.

Spec: https://www.w3.org/TR/cid-1.0/#Multikey
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from did_methods.did import DidUrl, parse_did_url
from did_methods.errors import DidMethodsError, InvalidDidUrlError, InvalidKeyError, shown
from did_methods.multikey import PrivateKey, PublicKey
from node.adapters.errors import KeyFileError, PassphraseError, damaged, unsupported
from node.adapters.sealed_secret import SealedSecret
from node.adapters.secret_file import read_secret_file, require_owner_only, write_secret_file
from node.documents import JsonObject
from node.issuance.disclosable import KeyScope
from node.issuance.errors import ProfileError

__all__ = ["KeyFile", "KeyFileError", "PassphraseError", "read_key_file", "write_key_file"]

_CONTEXT: Final = "https://w3id.org/security/multikey/v1"
_TYPE: Final = "Multikey"
_BARE: Final = "secretKeyMultibase"
_SEALED: Final = "encryptedSecretKey"
_SCOPE: Final = "scope"


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
    write_secret_file(path, (json.dumps(document, indent=2) + "\n").encode())
    return KeyFile(method, key.public, secret, scope)


def read_key_file(path: Path) -> KeyFile:
    """Read a key file; a bare key that others may read is refused, because it may be known already."""
    document, permissions = read_secret_file(path)
    key_file = _from_json(document)
    if not key_file.protected:
        require_owner_only(path, permissions)
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
