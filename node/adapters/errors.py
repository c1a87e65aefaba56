"""Errors of key files.

KeyFileError                key_file.{absent, exists, unwritable, unreadable, too_large, permissions, damaged,
│                           unsupported, limits, mismatch, method}
└── PassphraseError         key_file.{passphrase_needed, passphrase_wrong, passphrase_weak}

No message ever shows secret key material or a passphrase.
"""


class KeyFileError(Exception):
    """A key file cannot be written, read or used."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


class PassphraseError(KeyFileError):
    """A passphrase is needed, too weak or wrong."""


def damaged(reason: str) -> KeyFileError:
    """The error of a file whose content cannot be what was written."""
    return KeyFileError(
        f"the key file is damaged: {reason}",
        code="key_file.damaged",
        remedy="Restore the file from a backup.",
    )


def unsupported(reason: str) -> KeyFileError:
    """The error of a file of another kind."""
    return KeyFileError(
        f"the file is not a key file that is known here: {reason}",
        code="key_file.unsupported",
        remedy="Use a key file made by glejt, or a Multikey in JSON.",
    )
