"""The secrets that a node is set up with, each from its file, which nobody else may read, or from the environment."""

from pathlib import Path
from typing import Protocol

from did_methods.errors import shown
from node.adapters.errors import KeyFileError
from node.adapters.master_key import read_passphrase_file
from node.adapters.node_folder import NodeFolder
from node.app.errors import StartError
from node.config.node_settings import NodeSettings
from node.ports.secret import Secret


class Hidden(Protocol):
    """A value that no dump of the settings shows."""

    def get_secret_value(self) -> str:
        """The value."""


def address_of(settings: NodeSettings, folder: NodeFolder) -> str:
    """The address of the database; a file in the node's folder where none was set."""
    return secret(settings.database, settings.database_file) or f"sqlite:///{folder.database}"


def passphrases_of(settings: NodeSettings) -> list[str]:
    """The passphrases of the master key: the one that counts, then a former one."""
    found = (
        secret(settings.passphrase, settings.passphrase_file),
        secret(settings.former_passphrase, settings.former_passphrase_file),
    )
    return [each for each in found if each is not None]


def pin_of(settings: NodeSettings) -> Secret:
    """The PIN of the token in which the master key lies."""
    return Secret((secret(settings.pkcs11_pin, settings.pkcs11_pin_file) or "").encode())


def secret(value: Hidden | None, path: Path | None) -> str | None:
    """A secret that was set; raises StartError for a file that is absent, or that others may read."""
    if value is not None:
        return value.get_secret_value()
    if path is None:
        return None
    try:
        return read_passphrase_file(path)
    except KeyFileError as error:
        if error.code == "key_file.absent":
            raise StartError(
                f"there is no file {shown(str(path))}, which the settings name for a secret",
                code="start.secret_absent",
                remedy="Write it, for its owner alone (chmod 600), or correct the setting that names it.",
            ) from error
        raise StartError(str(error), code=error.code, remedy=error.remedy) from error
