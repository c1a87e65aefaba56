"""Mail that the node sends: whose, how it is written down, and how sending it may end.

MailError
├── MailWaitsError     mail.unreachable, mail.tls, mail.login, mail.later   it may go well another time
└── MailRefusedError   mail.refused, mail.address, mail.header              the same message never will

No text of a server is kept: it may repeat an address.
"""

from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Final, Literal, Protocol

LANGUAGES: Final = ("en", "pl")

type MailLanguage = Literal["en", "pl"]


class MailError(Exception):
    """A message was not handed over."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


class MailWaitsError(MailError):
    """Another time it may be."""


class MailRefusedError(MailError):
    """As it is, it never will be."""


@dataclass(frozen=True, slots=True)
class Sender:
    """As whom an organisation writes; what is None is as the node has it."""

    address: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    reply_to: str | None = field(default=None, repr=False)
    language: MailLanguage = "en"
    """Of letters to whoever has said no other."""


class SenderReader(Protocol):
    """As whom one organisation writes."""

    async def find(self) -> Sender:
        """As it was set; the node's own where nobody did."""


class SenderKeeper(SenderReader, Protocol):
    """… and changing it."""

    async def keep(self, sender: Sender, at: datetime) -> None:
        """Set it so from now on."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What the administrator has set for all letters of the node."""

    address: str
    """The address that letters come from."""
    domains: tuple[str, ...] = ()
    """Domains in which organisations may have addresses of their own, beside that of `address`."""

    def allows(self, address: str) -> bool:
        """Whether an organisation may write from it: others could not be told from somebody who pretends."""
        own = self.address.rpartition("@")[2]
        return address.rpartition("@")[2].lower() in {own.lower(), *(each.lower() for each in self.domains)}


class Mail(Protocol):
    """The way to a mail server. Raises MailError."""

    @property
    def letterhead(self) -> Letterhead:
        """As whom the node writes."""

    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Hand a message over, so that the server answers for it from then on."""

    async def examine(self) -> str:
        """Say who one is, and send nothing; the server, as host and port."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter before it is a message; every text of it is checked when it becomes one."""

    name: str = field(repr=False)
    recipient: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: MailLanguage
    message_id: str
    """The same each time it is sent, by which mail programs show it once."""
    at: datetime
    attachments: tuple[Attachment, ...] = ()
