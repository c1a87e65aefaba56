"""From a letter to a message of mail: text and HTML, attachments, and nothing in a header that nobody put there.

Every text of a header is of one line and of letters that are seen; every address is one that `mail_address` made.

Spec: https://www.rfc-editor.org/rfc/rfc5322, https://www.rfc-editor.org/rfc/rfc2045, https://www.rfc-editor.org/rfc/rfc3834
"""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from node.issuance.claiming.addresses import mail_address
from node.issuance.errors import NotIssuableError
from node.ports.mail import Letter, Letterhead, MailRefusedError, Sender

MAX_HEADER_CHARS: Final = 500
"""Of one text in a header; titles of achievements are shorter."""


def message_of(letter: Letter, sender: Sender, head: Letterhead, organisation: str) -> EmailMessage:
    """The message; raises MailRefusedError for what would be another header, or is no address."""
    from_address = _address(head.address if sender.address is None else sender.address)
    if not head.allows(from_address):
        raise MailRefusedError(
            "the address that the organisation writes from is of a domain that this node does not write from",
            code="mail.address",
            remedy="Set another one: PUT /organisation/mail; or have the administrator allow the domain: mail_domains.",
        )
    message = EmailMessage(policy=SMTP)
    message["From"] = _named(organisation if sender.name is None else sender.name, from_address)
    message["To"] = _named(letter.name, _address(letter.recipient))
    if sender.reply_to is not None:
        message["Reply-To"] = Address(addr_spec=_address(sender.reply_to))
    message["Subject"] = _line(letter.subject)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.message_id}@{from_address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for each in letter.attachments:
        kind, _, subtype = each.media_type.partition("/")
        message.add_attachment(each.content, maintype=kind, subtype=subtype, filename=_line(each.name))
    message["Content-Language"] = letter.language  # of the whole: what was set before went into its first part
    return message


def require_line(text: str, path: str) -> None:
    """Raise NotIssuableError for what cannot stand in a header."""
    try:
        _line(text)
    except MailRefusedError as error:
        raise NotIssuableError(str(error), code="award.name", path=path, remedy=error.remedy) from error


def _named(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(_line(name), local, domain)


def _line(text: str) -> str:
    if not text.isprintable() or len(text) > MAX_HEADER_CHARS:
        raise MailRefusedError(
            "a text for a header of mail has a line end, or something else that is not seen, or is too long",
            code="mail.header",
            remedy=f"Write it in one line of at most {MAX_HEADER_CHARS} characters.",
        )
    return text


def _address(text: str) -> str:
    try:
        return mail_address(text)
    except NotIssuableError as error:
        raise MailRefusedError(str(error), code="mail.address", remedy=error.remedy) from error
