"""Private links and letters by themselves: what a token follows from, which addresses are written to, by whom."""

import re
from dataclasses import replace

import pytest
from node_support import NOW, A, B

from node.issuance.claiming.addresses import mail_address
from node.issuance.claiming.linking import digest_of, made, token_of
from node.issuance.claiming.messages import message_of
from node.issuance.claiming.writing import one_line
from node.issuance.errors import NotIssuableError
from node.ports.links import LIFETIME, LinkKind
from node.ports.mail import Letter, Letterhead, MailRefusedError, Sender
from node.ports.secret import Secret

ONE, OTHER = Secret(b"1" * 32), Secret(b"2" * 32)
HEAD = Letterhead("awards@node.example", ("university.example",))
LETTER = Letter(
    name="Demo Learner",
    recipient="learner@school.example",
    subject="An offer",
    text="Hello\n",
    html="<p>Hello</p>",
    language="en",
    message_id="one",
    at=NOW,
)


@pytest.mark.threat(69)
def test_a_token_follows_from_the_secret_and_from_nothing_less():
    said = [
        (secret, whose, link, kind)
        for secret in (ONE, OTHER)
        for whose in (A, B)
        for link in ("link-1", "link-2")
        for kind in LinkKind
    ]
    tokens = {token_of(*each) for each in said}
    assert len(tokens) == len(said)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", token) for token in tokens)
    assert token_of(*said[0]) == token_of(*said[0])


def test_no_two_links_have_one_token_and_the_digest_is_of_the_token():
    links = [made(ONE, A, "award", LinkKind.CLAIM, NOW) for _ in range(100)]
    assert len({link.digest for link in links}) == 100
    link = links[0]
    assert link.digest == digest_of(token_of(ONE, A, link.id, link.kind))
    assert link.expires_at - link.made_at == LIFETIME
    assert "digest" not in repr(link)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("learner@school.example", "learner@school.example"),
        ("First.Last+tag@School.Example", "First.Last+tag@school.example"),
        ("osoba@żółw.example", "osoba@xn--w-uga1v8h.example"),
        ("o'brien@a.b.c.example", "o'brien@a.b.c.example"),
    ],
)
def test_an_address_is_written_as_servers_take_it(text, written):
    assert mail_address(text) == written


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "a", "a@", "@b.example", "a@b", "a b@c.example", "a@b c.example", "a@@b.example"),
        *("a@b.example\n", "a@b.example\r\nBcc: c@d.example", "a\n@b.example", "a@b.example,c@d.example"),
        *("<a@b.example>", "A <a@b.example>", '"a b"@c.example', "a(x)@b.example", ".a@b.example", "a..b@c.example"),
        *("ż@b.example", "a@[127.0.0.1]", "a@127.0.0.1", "a@b..example", "a@-b.example", "a" * 65 + "@b.example"),
        *("a@" + "b" * 64 + ".example", "a@" + "b." * 126 + "example", "a@b.example\u2028", "a@b\u200b.exa mple"),
    ],
)
def test_what_is_no_address_is_not_written_to_and_not_repeated(text):
    with pytest.raises(NotIssuableError) as caught:
        mail_address(text)
    assert caught.value.code == "award.email"
    assert len(text) < 3 or text not in str(caught.value)


@pytest.mark.threat(29)
@pytest.mark.parametrize("address", ["desk@bank.example", "desk@university.example.evil.example", "no address"])
def test_nobody_writes_from_a_domain_that_is_not_allowed(address):
    with pytest.raises(MailRefusedError) as caught:
        message_of(LETTER, Sender(address), HEAD, "University")
    assert caught.value.code == "mail.address"


def test_a_name_with_marks_stays_a_name():
    name = 'Anna "Ania" Żółw, <admin@bank.example>'
    message = message_of(replace(LETTER, name=name), Sender(), HEAD, 'A "B", C')
    (to,) = message["To"].addresses
    assert (to.display_name, to.addr_spec) == (name, LETTER.recipient)
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ('A "B", C', HEAD.address)
    raw = message.as_bytes()
    assert b"\r\n" in raw
    assert not re.search(rb"(?<!\r)\n", raw.partition(b"\r\n\r\n")[0])


def test_the_same_letter_is_the_same_message():
    first, second = (message_of(LETTER, Sender(), HEAD, "University") for _ in range(2))
    assert first["Message-ID"] == second["Message-ID"] == "<one@node.example>"
    assert first["Date"] == second["Date"] == "Tue, 01 Sep 2026 12:00:00 +0000"


def test_titles_stand_in_one_line():
    assert one_line("A\n title\twith \u202e marks\x00") == "A title with marks"


def test_both_languages_have_the_same_words():
    import tomllib  # noqa: PLC0415 -- for this test
    from importlib.resources import files  # noqa: PLC0415 -- as above

    from node.verification.phrases import flatten  # noqa: PLC0415 -- as above

    found = []
    for language in ("en", "pl"):
        texts: dict[str, str] = {}
        text = files("node.issuance.claiming.letters").joinpath(f"{language}.toml").read_text("utf-8")
        flatten(tomllib.loads(text), "", texts)
        found.append({key: set(re.findall(r"{(\w+)}", each)) for key, each in texts.items()})
    assert found[0] == found[1]
