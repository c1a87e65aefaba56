"""Mail by SMTP: one connection for each message, encrypted from its first word or by STARTTLS, and a pace.

The administrator has named the server, so nothing of the guard for strangers' addresses stands in the way. Where
encryption is set, it is never done without: a server that offers none is not written to. Texts of servers are read
and dropped, for they repeat addresses; what is told is the number.

Spec: https://www.rfc-editor.org/rfc/rfc5321, https://www.rfc-editor.org/rfc/rfc3207, https://www.rfc-editor.org/rfc/rfc8314
"""

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final, Literal

from node.adapters.extras import extra
from node.ports.mail import Letterhead, MailError, MailRefusedError, MailWaitsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import aiosmtplib

PERMANENT: Final = 500
"""From this number on a server says that the same will never go well."""
QUIT_SECONDS: Final = 2.0
"""For taking leave, which changes nothing any more."""
TRANSIENT: Final = 400
"""… and from this one on, that it may another time; what is below is no answer to a message."""
_NOT_THE_MESSAGE: Final = frozenset({502, 503, 504, 530, 534, 535, 538})
"""Numbers about commands and logging in: once that is mended, the message goes."""

type Encryption = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where to send mail, and how."""

    host: str
    port: int
    encryption: Encryption = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    certificates: Path | None = None
    """Authorities to believe instead of those of the system."""
    seconds: float = 30.0
    per_minute: int = 60
    own_name: str = "localhost"
    """By which the node greets."""


class SmtpMail:
    """A Mail."""

    def __init__(self, server: MailServer, letterhead: Letterhead) -> None:
        self._server = server
        self._letterhead = letterhead
        self._tls = None if server.encryption == "none" else _trusting(server.certificates)
        self._turn = asyncio.Lock()
        self._next = 0.0

    @property
    def letterhead(self) -> Letterhead:
        """As whom the node writes."""
        return self._letterhead

    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Hand a message over, at the pace that is set."""
        await self._pace()
        async with self._connected() as client:
            await client.sendmail(sender, [recipient], message.as_bytes())

    async def examine(self) -> str:
        """Say who one is, and send nothing."""
        async with self._connected() as client:
            await client.noop()
        return f"{self._server.host}:{self._server.port}"

    async def _pace(self) -> None:
        """Wait for one's turn: so many a minute, evenly."""
        loop, between = asyncio.get_running_loop(), 60.0 / self._server.per_minute
        async with self._turn:
            wait = self._next - loop.time()
            self._next = max(self._next, loop.time()) + between
        if wait > 0:
            await asyncio.sleep(wait)

    @asynccontextmanager
    async def _connected(self) -> "AsyncIterator[aiosmtplib.SMTP]":
        """A connection that is encrypted and logged in as it is set; its errors are ours."""
        smtp, server = extra("aiosmtplib"), self._server
        client: aiosmtplib.SMTP = smtp.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=server.own_name,
            timeout=server.seconds,
            use_tls=server.encryption == "tls",
            start_tls=server.encryption == "starttls",
            tls_context=self._tls,
            username=server.user,
            password=server.password,
        )
        try:
            async with asyncio.timeout(server.seconds * 2):
                await client.connect()
                yield client
        except (smtp.SMTPException, OSError) as error:
            raise _ours(error, smtp) from None
        finally:
            with suppress(smtp.SMTPException, OSError):  # what was handed over stays handed over
                async with asyncio.timeout(QUIT_SECONDS):
                    await client.quit()
            client.close()


def _ours(error: Exception, smtp: ModuleType) -> MailError:
    if isinstance(error, smtp.SMTPRecipientsRefused):
        return _answered(max([one.code for one in getattr(error, "recipients", ())], default=PERMANENT))
    if isinstance(error, smtp.SMTPAuthenticationError):
        return _waits("mail.login", "the mail server does not let this node in")
    if isinstance(error, smtp.SMTPConnectError | smtp.SMTPHeloError):
        return _unreachable(error)
    code = getattr(error, "code", None)
    return _answered(code) if isinstance(code, int) and code >= TRANSIENT else _unreachable(error)


def _unreachable(error: BaseException | None) -> MailWaitsError:
    """Why nothing could be said to it: encryption is told apart, since others than the network have to mend it."""
    while error is not None:
        if isinstance(error, ssl.SSLError) or "TLS" in str(error):
            return _waits("mail.tls", "the mail server cannot be spoken to in private: encryption fails, or is absent")
        error = error.__cause__ or error.__context__
    return _waits("mail.unreachable", "the mail server does not answer")


def _answered(code: int) -> MailError:
    if code >= PERMANENT and code not in _NOT_THE_MESSAGE:
        return MailRefusedError(
            f"the mail server refuses this message for good ({code})",
            code="mail.refused",
            remedy="Look whether the address is right, and have another link sent to one that is.",
        )
    if code in _NOT_THE_MESSAGE:
        return _waits("mail.login", f"the mail server does not let this node in ({code})")
    return _waits("mail.later", f"the mail server takes no message now ({code})")


def _waits(code: str, message: str) -> MailWaitsError:
    return MailWaitsError(
        message,
        code=code,
        remedy="It is tried again by itself. If it goes on: glejt doctor says what is the matter.",
    )


def _trusting(certificates: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if certificates is None else str(certificates))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
