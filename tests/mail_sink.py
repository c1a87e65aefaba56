"""A mail server on this machine that takes what it is sent, or says what a test wants it to say."""

import asyncio
import os
import signal
import ssl
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from web_servers import authority

USER, PASSWORD = "node", "test-password"
HOST = "mail.example"


class Sink:
    """What came in; `answers` are given one after another instead of taking a message, and `at` is where."""

    def __init__(self):
        self.taken, self.logins, self.recipients, self.encrypted = [], [], [], []
        self.answers, self.at = [], "DATA"
        self.port = 0
        self.kill = None
        """A process that is ended once a message was taken, before its sender hears of that."""

    @property
    def messages(self):
        return [message_from_bytes(each, policy=default) for each in self.taken]

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append(good)
        return AuthResult(success=good, handled=False)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 -- as aiosmtpd has it
        self.recipients.append(address)
        if self.answers and self.at == "RCPT":
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 -- likewise
        if self.answers and self.at == "DATA":
            return self.answers.pop(0)
        if self.answers and self.at == "cut":
            self.answers.pop(0)
            server.transport.abort()
            return "250 OK"
        self.taken.append(envelope.content)
        self.encrypted.append(
            session.ssl is not None or isinstance(server.transport.get_extra_info("sslcontext"), ssl.SSLContext)
        )
        if self.kill is not None:
            os.kill(self.kill, signal.SIGKILL)
            self.kill = None
        return "250 OK"


@asynccontextmanager
async def mail_sink(encryption="none", *, login=False, host="localhost"):
    """A sink that listens; with `starttls` it takes nothing unencrypted."""
    sink, context = Sink(), None
    if encryption != "none":
        context = authority().server(host)

    def protocol():
        return SMTP(
            sink,
            hostname=HOST,
            ident="sink",
            timeout=30,
            loop=asyncio.get_running_loop(),
            tls_context=context if encryption == "starttls" else None,
            require_starttls=encryption == "starttls",
            authenticator=sink.authenticate if login else None,
            auth_required=login,
            auth_require_tls=False,
        )

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if encryption == "tls" else None)
    sink.port = listening.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        await ended(listening)


async def ended(listening):
    """Close a server with all that is connected, and let each of it be closed."""
    listening.close()
    listening.abort_clients()
    await listening.wait_closed()
    for _ in range(3):
        await asyncio.sleep(0)


@asynccontextmanager
async def saying(*lines):
    """A server that says these lines, one for each that it hears, and then cuts the connection."""

    async def answer(reader, writer):
        for line in lines:
            writer.write(line + b"\r\n")
            await writer.drain()
            if not await reader.readline():
                break
        writer.transport.abort()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        await ended(listening)
