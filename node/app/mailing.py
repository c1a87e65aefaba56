"""The way to the mail server that is set, and what a node does in the background with awards of one person."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from node.adapters.mail import MailServer, SmtpMail
from node.app.errors import StartError
from node.app.opening import OpenNode
from node.app.secret_settings import secret
from node.config.node_settings import NodeSettings
from node.issuance.aftercare.telling import Telling
from node.issuance.background.tasks import Carry
from node.issuance.claiming.addresses import mail_address
from node.issuance.claiming.fetching import Fetching
from node.issuance.claiming.finishing import Finishing
from node.issuance.claiming.linking import Linking
from node.issuance.claiming.mailing import Mailing
from node.issuance.errors import NotIssuableError
from node.ports.judging import Judging
from node.ports.mail import Letterhead, Mail
from node.ports.work import Kind, Nobody


def mail_of(settings: NodeSettings, public_url: str | None) -> Mail | None:
    """The way to the mail server; None where none is set. Raises StartError for an address that is none."""
    if settings.mail_host is None or settings.mail_from is None:
        return None
    try:
        address = mail_address(settings.mail_from)
    except NotIssuableError as error:
        raise StartError("mail_from is no e-mail address", code="start.mail_from", remedy=error.remedy) from error
    server = MailServer(
        host=settings.mail_host,
        port=settings.mail_port,
        encryption=settings.mail_encryption,
        user=settings.mail_user,
        password=secret(settings.mail_password, settings.mail_password_file),
        certificates=settings.mail_certificates,
        seconds=float(settings.mail_seconds),
        per_minute=settings.mail_per_minute,
        own_name=urlsplit(public_url or "").hostname or "localhost",
    )
    try:
        return SmtpMail(server, Letterhead(address, settings.mail_domains))
    except OSError as error:
        raise StartError(
            f"the file of mail_certificates cannot be used: {error.strerror or 'it has no certificates'}",
            code="start.mail_certificates",
            remedy="Name a file in PEM with the certificates of the authorities.",
        ) from error


def award_kinds(node: OpenNode, judges: Judging, public_url: str, mail: Mail | None) -> dict[str, Carry]:
    """What goes on with awards whose beginner is gone."""
    return {Kind.ISSUE_AWARD: finishing_of(node, judges, public_url, mails=mail is not None).carry}


def mail_kinds(node: OpenNode, judges: Judging, public_url: str, mail: Mail | None) -> Mapping[str, Carry]:
    """What writes letters, where any are written."""
    if mail is None:
        return {}
    fetching = Fetching(node.store, judges, node.now, public_url)
    linking = Linking(node.store, node.vault, public_url)
    mailing = Mailing(store=node.store, mail=mail, linking=linking, fetching=fetching, now=node.now)
    telling = Telling(store=node.store, mail=mail, now=node.now)
    return {Kind.SEND_MAIL: mailing.carry, Kind.TELL_HOLDER: telling.carry}


def finishing_of(node: OpenNode, judges: Judging, public_url: str, *, mails: bool) -> Finishing:
    """What issues awards of one person."""
    return Finishing(
        store=node.store,
        vault=node.vault,
        judges=judges,
        work=Nobody(),
        now=node.now,
        linking=Linking(node.store, node.vault, public_url),
        mails=mails,
    )
