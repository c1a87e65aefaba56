"""Mail by SMTP, against servers that listen: encrypted or not at all, and every way in which sending may end."""

import asyncio
import ssl
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from mail_sink import PASSWORD, USER, ended, mail_sink, saying
from web_servers import authority

from node.adapters.mail import MailServer, SmtpMail
from node.ports.mail import Letterhead, MailRefusedError, MailWaitsError

pytestmark = [  # of the server that the tests talk to
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
    pytest.mark.filterwarnings("ignore:Session.login_data is deprecated"),
]
FROM, TO = "awards@node.example", "learner@school.example"


@pytest.fixture
def certificates(tmp_path):
    path = tmp_path / "authority.pem"
    path.write_bytes(authority()._certificate.public_bytes(Encoding.PEM))
    return path


def letter():
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = FROM, TO, "Zażółć"
    message["Message-ID"] = "<one@node.example>"
    message.set_content("Dzień dobry!\n.\nA line with a dot alone stands above.\n")
    return message


def mail(port, encryption="none", **more):
    given = {"host": "localhost", "per_minute": 6000, "seconds": 5.0} | more
    return SmtpMail(MailServer(port=port, encryption=encryption, **given), Letterhead(FROM))


async def send(port, encryption="none", **more):
    await mail(port, encryption, **more).send(letter(), FROM, TO)


@pytest.mark.parametrize("encryption", ["none", "starttls", "tls"])
@pytest.mark.parametrize("login", [False, True])
def test_a_message_arrives_as_it_was_written(certificates, encryption, login):
    async def scenario():
        async with mail_sink(encryption, login=login) as sink:
            more = {"user": USER, "password": PASSWORD} if login else {}
            await send(sink.port, encryption, certificates=certificates, **more)
            return sink

    sink = asyncio.run(scenario())
    (message,) = sink.messages
    assert (message["From"], message["To"], message["Subject"]) == (FROM, TO, "Zażółć")
    assert message.get_content().replace("\r\n", "\n") == "Dzień dobry!\n.\nA line with a dot alone stands above.\n"
    assert sink.encrypted == [encryption != "none"]
    assert sink.logins == ([True] if login else [])


@pytest.mark.parametrize(
    ("serves", "asked", "host"),
    [
        ("none", "starttls", "localhost"),  # a server, or somebody on the way, that offers no encryption
        ("none", "tls", "localhost"),
        ("tls", "starttls", "localhost"),
        ("starttls", "starttls", "another.example"),  # a certificate for somebody else
        ("tls", "tls", "another.example"),
    ],
)
def test_nothing_is_said_to_a_server_that_cannot_be_spoken_to_in_private(certificates, serves, asked, host):
    async def scenario():
        async with mail_sink(serves, host=host) as sink:
            with pytest.raises(MailWaitsError) as caught:
                await send(sink.port, asked, certificates=certificates, seconds=2.0)
            return sink, caught.value

    sink, error = asyncio.run(scenario())
    assert (sink.taken, sink.recipients) == ([], [])
    assert error.code == ("mail.unreachable" if (serves, asked) == ("tls", "starttls") else "mail.tls")


def test_a_certificate_of_an_authority_that_is_not_believed_is_none():
    async def scenario():
        async with mail_sink("starttls") as sink:
            with pytest.raises(MailWaitsError, match="in private"):
                await send(sink.port, "starttls")
            return sink

    assert asyncio.run(scenario()).taken == []


@pytest.mark.parametrize(
    ("at", "said", "kind", "code"),
    [
        ("RCPT", "550 5.1.1 <learner@school.example> is unknown", MailRefusedError, "mail.refused"),
        ("RCPT", "450 4.2.1 learner@school.example: later", MailWaitsError, "mail.later"),
        ("DATA", "554 5.7.1 no", MailRefusedError, "mail.refused"),
        ("DATA", "451 4.3.0 later", MailWaitsError, "mail.later"),
        ("DATA", "530 5.7.0 log in first", MailWaitsError, "mail.login"),
        ("cut", "", MailWaitsError, "mail.unreachable"),
    ],
)
def test_what_a_server_says_decides_whether_it_is_tried_again(at, said, kind, code):
    async def scenario():
        async with mail_sink() as sink:
            sink.at, sink.answers = at, [said]
            with pytest.raises(kind) as caught:
                await send(sink.port)
            await send(sink.port)
            return sink, caught.value

    sink, error = asyncio.run(scenario())
    assert error.code == code
    assert "school.example" not in str(error), "the words of a server repeat addresses"
    assert len(sink.taken) == 1


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (b"220 mail.example",),
        (b"220 mail.example", b"250 mail.example", b"250 OK", b"250 OK", b"354 go on"),
        (b"554 no",),
        (b"220 mail.example", b"500 what"),
        (b"this is no mail server",),
    ],
    ids=range(6),
)
def test_a_connection_that_is_cut_or_no_mail_server_waits(lines):
    async def scenario():
        async with saying(*lines) as port:
            with pytest.raises(MailWaitsError) as caught:
                await send(port, seconds=2.0)
            return caught.value

    assert asyncio.run(scenario()).code == "mail.unreachable"


def test_a_server_that_says_nothing_is_waited_for_so_long_and_no_longer():
    async def scenario():
        async def silent(_reader, writer):
            await asyncio.sleep(30)
            writer.close()

        listening = await asyncio.start_server(silent, "127.0.0.1", 0)
        try:
            with pytest.raises(MailWaitsError) as caught:
                await send(listening.sockets[0].getsockname()[1], seconds=0.2)
        finally:
            await ended(listening)
        return caught.value

    assert asyncio.run(scenario()).code == "mail.unreachable"


def test_what_was_taken_is_taken_though_the_server_takes_no_leave():
    async def scenario():
        good = (b"220 m", b"250 m", b"250 OK", b"250 OK", b"354 go")

        async def answer(reader, writer):
            for line in good:
                writer.write(line + b"\r\n")
                if line[:3] != b"354":
                    await reader.readline()
            await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"250 OK\r\n")
            await writer.drain()
            await reader.readline()  # QUIT
            writer.transport.abort()

        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        try:
            await send(listening.sockets[0].getsockname()[1])
        finally:
            await ended(listening)

    asyncio.run(scenario())


def test_a_wrong_password_is_no_fault_of_the_message(certificates):
    async def scenario():
        async with mail_sink("starttls", login=True) as sink:
            with pytest.raises(MailWaitsError) as caught:
                await send(sink.port, "starttls", certificates=certificates, user=USER, password=PASSWORD[1:])
            return sink, caught.value

    sink, error = asyncio.run(scenario())
    assert (error.code, sink.taken, any(sink.logins)) == ("mail.login", [], False)


def test_to_examine_is_to_log_in_and_send_nothing(certificates):
    async def scenario():
        async with mail_sink("starttls", login=True) as sink:
            way = mail(sink.port, "starttls", certificates=certificates, user=USER, password=PASSWORD)
            return sink, await way.examine()

    sink, said = asyncio.run(scenario())
    assert said == f"localhost:{sink.port}"
    assert (sink.logins, sink.taken) == ([True], [])


def test_messages_go_at_the_pace_that_is_set(monkeypatch):
    waits = []

    async def scenario():
        async with mail_sink() as sink:
            way = mail(sink.port, per_minute=60)
            sleep = asyncio.sleep

            async def noted(seconds):
                waits.append(seconds)
                await sleep(0)

            monkeypatch.setattr(asyncio, "sleep", noted)
            await asyncio.gather(*(way.send(letter(), FROM, TO) for _ in range(4)))
            monkeypatch.undo()
            return sink

    assert len(asyncio.run(scenario()).taken) == 4
    far = sorted(each for each in waits if each > 0.5)
    assert len(far) == 3
    assert 2.0 < far[-1] <= 3.0


def test_no_older_tls_is_spoken(certificates):
    way = mail(1, "tls", certificates=certificates)
    assert way._tls.minimum_version is ssl.TLSVersion.TLSv1_2
    assert way._tls.verify_mode is ssl.CERT_REQUIRED
    assert way._tls.check_hostname
