"""Mail as it is set: what is refused at the start, and what `glejt doctor` says of the server."""

import asyncio
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from mail_sink import PASSWORD, USER, mail_sink
from web_servers import authority

from node.app.errors import StartError
from node.app.examining import _mail
from node.app.mailing import mail_of
from node.config import ConfigError
from node.config.node_settings import load_node

pytestmark = [
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
    pytest.mark.filterwarnings("ignore:Session.login_data is deprecated"),
]
FROM = "awards@node.example"
AT = datetime(2026, 9, 1, tzinfo=UTC)


def settings(tmp_path, **said):
    given = {"host": "localhost", "from": FROM} | said
    variables = {f"GLEJT_NODE_MAIL_{name.upper()}": str(value) for name, value in given.items() if value is not None}
    return load_node({}, {"GLEJT_NODE_DATA": str(tmp_path), **variables}, folder=None, user_file=None)


@pytest.mark.parametrize(
    "said", [{"from": None}, {"host": None}, {"user": USER}, {"port": 0}, {"encryption": "maybe"}, {"per_minute": 0}]
)
def test_what_does_not_fit_together_is_no_setting(tmp_path, said):
    with pytest.raises(ConfigError):
        settings(tmp_path, **said)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"from": "nobody"}, "start.mail_from"),
        ({"from": "a@b.example\nBcc: c@d.example"}, "start.mail_from"),
        ({"certificates": "absent.pem"}, "start.mail_certificates"),
        ({"user": USER, "password_file": "absent"}, "start.secret_absent"),
    ],
)
def test_what_cannot_be_used_keeps_a_node_from_starting(tmp_path, said, code):
    with pytest.raises(StartError) as caught:
        mail_of(settings(tmp_path, **said), "https://node.example")
    assert caught.value.code == code


def test_a_node_without_mail_says_so(tmp_path):
    told = asyncio.run(_mail(load_node({}, {"GLEJT_NODE_DATA": str(tmp_path)}, folder=None, user_file=None)))
    assert told == {"name": "node_mail", "words": "node_mail_none", "values": {}}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, None),
        ({"password": PASSWORD[1:]}, "mail.login"),
        ({"certificates": None}, "mail.tls"),
        ({"encryption": "tls"}, "mail.tls"),
        ({"port": 1}, "mail.unreachable"),
    ],
)
def test_the_server_is_greeted_and_logged_in_to_and_sent_nothing(tmp_path, said, code):
    path = tmp_path / "authority.pem"
    path.write_bytes(authority()._certificate.public_bytes(Encoding.PEM))

    async def scenario():
        async with mail_sink("starttls", login=True) as sink:
            given = {"port": sink.port, "user": USER, "password": PASSWORD, "certificates": path, "seconds": 2}
            return sink, await _mail(settings(tmp_path, **given | said))

    sink, told = asyncio.run(scenario())
    assert sink.taken == []
    if code is None:
        assert told["values"] == {"server": f"localhost:{sink.port}", "address": FROM}
    else:
        assert told["problem"]["code"] == code
        assert told["problem"]["remedy"]
