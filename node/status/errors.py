"""What can be wrong with a status list, with an entry that points into one, or with a change of one.

StatusError
├── BitstringError          status.bitstring.{size, entries, value}     bits that nobody could read as they were meant
├── StatusEntryError        status.entry.{list, index, purpose, size, messages, reference}     the credential's side
├── StatusListError         the list's side
│   │                       status.list.{type, subject, purpose, encoding, too_large, size, messages, ttl, url, valid}
│   ├── ShortListError      status.list.short
│   └── OutOfRangeError     status.list.index
├── StatusFullError         status.full                                 no index is free
├── FinalStatusError        status.final.{value, list}                  a change that cannot be taken back
└── UnsupportedStatusError  status.unsupported                          a kind of status that is not known here

All but the last say that something is wrong; the last, that it could not be checked. Whichever it is, nothing is known
about the status, so none of them ever means that a credential was withdrawn, or that it was not.
"""

from typing import ClassVar


class StatusError(ValueError):
    """A status cannot be read or changed as it was asked for."""

    default_code: ClassVar[str] = "status"
    default_remedy: ClassVar[str] = "Ask the issuer for a status list, or a document, that is built as it must be."

    def __init__(self, message: str, *, code: str = "", path: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.path = path
        self.remedy = remedy or self.default_remedy


class BitstringError(StatusError):
    """Bits of such a shape, or such a value in them, are not possible."""

    default_code = "status.bitstring"
    default_remedy = "Use entries of 1 to 8 bits, and values that fit into them."


class StatusEntryError(StatusError):
    """A credential does not say properly where its status is found."""

    default_code = "status.entry"


class StatusListError(StatusError):
    """A document is not a status list that could be relied on."""

    default_code = "status.list"


class ShortListError(StatusListError):
    """A list is so short that looking into it would point at a person."""

    default_code = "status.list.short"


class OutOfRangeError(StatusListError):
    """An index lies beyond the end of its list."""

    default_code = "status.list.index"


class StatusFullError(StatusError):
    """Every index of a list is taken."""

    default_code = "status.full"
    default_remedy = "Begin another list for the next credentials."


class FinalStatusError(StatusError):
    """A change would take back what is final: a revocation, a signal to refresh, or a sealed list."""

    default_code = "status.final"
    default_remedy = "Issue a new credential; only a suspension may be lifted."


class UnsupportedStatusError(StatusError):
    """A credential's status is of a kind that is not known here; nothing is known about it."""

    default_code = "status.unsupported"
    default_remedy = "Ask the issuer whether the document was withdrawn, or use a program that knows this kind."
