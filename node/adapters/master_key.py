"""The master key of a node without a key management service: at random, sealed under a passphrase.

What is sealed may lie in the database; the passphrase lies in a file that only its owner reads, or comes with the
environment. A new passphrase for the same key reseals it; one that somebody has seen takes a new key.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from node.adapters.envelope import new_key, seal, unseal
from node.adapters.errors import KeyFileError, PassphraseError
from node.adapters.sealed_secret import MAX_PASSPHRASE_CHARS, SealedSecret
from node.adapters.secret_file import open_secret_file, require_owner_only
from node.documents import JsonObject
from node.ports.errors import VaultError
from node.ports.secret import Secret

_TYPE: Final = "glejt/master-key/v1"


@dataclass(frozen=True, slots=True)
class LocalMasterKey:
    """A MasterKey that this process holds."""

    id: str
    _key: Secret

    @classmethod
    def create(cls, key_id: str) -> Self:
        """A new one, at random."""
        return cls(key_id, new_key())

    @classmethod
    def open(cls, key_id: str, sealed: JsonObject, passphrase: str) -> Self:
        """The one that was sealed, which takes 0.1 s; raises VaultError for another passphrase."""
        header = _header(key_id)
        try:
            return cls(key_id, Secret(SealedSecret.from_json(sealed, header).open(passphrase, header)))
        except PassphraseError as error:
            raise VaultError(
                "the passphrase does not open the master key",
                code="vault.passphrase",
                remedy="Give the one that counts now, in passphrase_file; while a master key is being replaced, the "
                "one before in former_passphrase_file. Without it the keys are lost.",
            ) from error
        except KeyFileError as error:
            raise VaultError(str(error), code="vault.damaged", remedy=error.remedy) from error

    def sealed(self, passphrase: str) -> JsonObject:
        """The key under a passphrase; raises PassphraseError for a weak one."""
        header = _header(self.id)
        return SealedSecret.seal(self._key.reveal(), passphrase, header).to_json(header)

    async def wrap(self, key: Secret, context: bytes) -> bytes:
        """The key, encrypted."""
        return seal(self._key, key, context)

    async def unwrap(self, wrapped: bytes, context: bytes) -> Secret:
        """The key that was wrapped."""
        return unseal(self._key, wrapped, context)


def read_passphrase_file(path: Path) -> str:
    """The first line of a file that nobody but its owner may read; raises KeyFileError."""
    data, permissions = open_secret_file(path)
    require_owner_only(path, permissions)
    try:
        line = data.decode().split("\n", 1)[0].removesuffix("\r")
    except UnicodeDecodeError:
        line = ""
    if not line or len(line) > MAX_PASSPHRASE_CHARS:
        raise PassphraseError(
            "the file of the passphrase is empty, or its first line is no passphrase",
            code="key_file.passphrase_wrong",
            remedy="Write the passphrase on its first line.",
        )
    return line


def _header(key_id: str) -> JsonObject:
    return {"type": _TYPE, "id": key_id}
