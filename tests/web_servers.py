"""Web servers on this machine for the tests of fetching: what they send is given byte by byte."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

type Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Is given the head of a request, and writes what it likes."""


class Server:
    """A server under way: its port, how many connections came, and what they asked for."""

    def __init__(self, handler: Handler) -> None:
        self.port = 0
        self.connections = 0
        self.requests: list[bytes] = []
        self._handler = handler

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            await self._handler(head, writer)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(
    handler: Handler | bytes, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """A server on a free port; bytes are what it answers every time."""
    if isinstance(handler, bytes):
        answer = handler

        async def handler(_head: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(answer)

    server = Server(handler)
    listening = await asyncio.start_server(server.answer, host, 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        listening.close_clients()
        await listening.wait_closed()


def response(
    body: bytes = b"{}", status: str = "200 OK", headers: Mapping[str, str] | None = None, *, length: bool = True
) -> bytes:
    """An answer as bytes."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def files(content: Mapping[str, bytes]) -> Handler:
    """A handler that serves these bytes by path, and 404 for anything else."""

    async def handler(head: bytes, writer: asyncio.StreamWriter) -> None:
        path = head.split(b" ")[1].decode("ascii")
        writer.write(response(content[path]) if path in content else response(b"", "404 Not Found"))

    return handler


class Authority:
    """A certificate authority of the tests' own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests only")])
        now = datetime.now(UTC)
        self._certificate = (
            self._builder(self._name, self._key.public_key(), now - timedelta(days=2), now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=False,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=True,
                    crl_sign=True,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def client(self) -> ssl.SSLContext:
        """What a client that trusts this authority, and no other, brings along."""
        context = ssl.create_default_context(cadata=self._certificate.public_bytes(Encoding.PEM).decode())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def server(self, *names: str, ended: bool = False) -> ssl.SSLContext:
        """What a server for these names brings along; `ended` makes its certificate one of yesterday."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        until = now - timedelta(hours=1) if ended else now + timedelta(days=1)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = (
            self._builder(subject, key.public_key(), now - timedelta(days=1), until)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            chain = Path(folder) / "chain.pem"
            chain.write_bytes(
                key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                + certificate.public_bytes(Encoding.PEM)
            )
            context.load_cert_chain(chain)
        return context

    def _builder(self, subject, public, since, until):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(until)
        )


@cache
def authority() -> Authority:
    """The one authority of this run."""
    return Authority()


class Names:
    """A name server that answers from a table, with one list of addresses after another, and keeps what was asked."""

    def __init__(self, **table: list[list[str]]) -> None:
        self.asked: list[str] = []
        self._table = {name.replace("_", "."): list(answers) for name, answers in table.items()}

    async def __call__(self, host: str) -> tuple[str, ...]:
        self.asked.append(host)
        answers = self._table[host]
        return tuple(answers.pop(0) if len(answers) > 1 else answers[0])


@contextmanager
def publishing(pages):
    """A server for these pages on this machine: its port, and the paths that were asked for.

    A page that is a text is where else to look.
    """
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            page = pages.get(self.path)
            if isinstance(page, str):
                self.send_response(302)
                self.send_header("Location", page)
                page = b""
            else:
                self.send_response(404 if page is None else 200)
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
