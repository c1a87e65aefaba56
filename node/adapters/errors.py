"""Errors of key files, of the printer and the scanner, and of what is not installed.

KeyFileError                key_file.{absent, exists, unwritable, unreadable, too_large, permissions, damaged,
│                           unsupported, limits, mismatch, method}
└── PassphraseError         key_file.{passphrase_needed, passphrase_wrong, passphrase_weak}
PrinterError                printer.failed
ScannerError                scanner.time
ExtraAbsentError            extra.absent

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


class PrinterError(Exception):
    """A page cannot be printed; nothing was written."""

    code = "printer.failed"
    remedy = "Report it, with the credential if it may be shown; glejt bake puts it into a picture meanwhile."


class ScannerError(Exception):
    """A picture could not be searched for codes in the time that it may take; whether it has one is not known."""

    code = "scanner.time"
    remedy = "Give a picture of the code alone."

    def __init__(self) -> None:
        super().__init__("looking for codes in the picture took too long")


class ExtraAbsentError(Exception):
    """A library that only some commands need is not installed."""

    code = "extra.absent"

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"the library {library} is not installed")
        self.remedy = f"Install glejt with the extra {extra}: python -m pip install 'glejt[{extra}]'"
