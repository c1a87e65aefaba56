"""Invitations: how they are written and read, who may take one up, and until when."""

from contextlib import suppress
from dataclasses import replace

import orjson
import pytest
from didcomm_support import AT
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import HOLDER, ISSUER, MALLORY, codes, later, received, written

from did_methods.multibase import to_base64url
from node.didcomm.errors import InvitationError
from node.didcomm.message import compose, write_message
from node.didcomm.protocols.out_of_band import (
    GOAL_ISSUE,
    INVITATION,
    MAX_QR_CHARS,
    MAX_URL_CHARS,
    Redirect,
    ShortUrl,
    claim,
    invitation_url,
    invite,
    qr_text,
    read_invitation,
    read_invitation_url,
    read_invited,
    read_short_answer,
    redirect,
    short_url,
    write_invited,
)

PROPOSE = "https://didcomm.org/issue-credential/3.0/propose-credential"
PAGE = "https://node.example/c?lang=pl"
# From the specification, section "Example Out-of-Band Message Encoding".
EXAMPLE = (
    "https://example.com/path?_oob=eyJ0eXBlIjoiaHR0cHM6Ly9kaWRjb21tLm9yZy9vdXQtb2YtYmFuZC8yLjAvaW52aXRhdGlvbiIsImlkIjoi"
    "NjkyMTJhM2EtZDA2OC00ZjlkLWEyZGQtNDc0MWJjYTg5YWYzIiwiZnJvbSI6ImRpZDpleGFtcGxlOmFsaWNlIiwiYm9keSI6eyJnb2FsX2NvZGUi"
    "OiIiLCJnb2FsIjoiIn0sImF0dGFjaG1lbnRzIjpbeyJpZCI6InJlcXVlc3QtMCIsIm1lZGlhX3R5cGUiOiJhcHBsaWNhdGlvbi9qc29uIiwiZGF0"
    "YSI6eyJqc29uIjoiPGpzb24gb2YgcHJvdG9jb2wgbWVzc2FnZT4ifX1dfQ"
)


def invited(**changes):
    given = {
        "id": "invitation-1",
        "sender": ISSUER,
        "goal_code": GOAL_ISSUE,
        "goal": "A badge",
        "at": AT,
        "context": {"award": "7"},
    } | changes
    return invite(**given)


def proposal(**headers):
    return written(PROPOSE, {}, **{"pthid": "invitation-1"} | headers)


def refusal(call, *args, **kwargs):
    with pytest.raises(InvitationError) as caught:
        call(*args, **kwargs)
    assert caught.value.remedy
    assert len(str(caught.value)) < 500
    return caught.value.code.removeprefix("didcomm.invitation.")


def test_an_invitation_goes_into_an_address_and_out_of_it():
    message, _ = invited()
    url = invitation_url(message, PAGE)
    assert url.startswith("https://node.example/c?lang=pl&_oob=")
    found = read_invitation_url(qr_text(url))
    assert found.document == message.document
    read = read_invitation(found, AT)
    assert (read.id, read.sender, read.goal_code, read.goal) == ("invitation-1", ISSUER, GOAL_ISSUE, "A badge")
    assert read.accept == ("didcomm/v2",)
    assert read.expires_time == int(later(minutes=10).timestamp())


def test_the_example_of_the_specification():
    read = read_invitation(read_invitation_url(EXAMPLE), AT)
    assert (read.id, read.sender) == ("69212a3a-d068-4f9d-a2dd-4741bca89af3", "did:example:alice")
    assert [each.id for each in read.message.attachments] == ["request-0"]
    hyphen = compose(INVITATION, {"goal-code": "streamlined-vc"}, sender=ISSUER)
    assert read_invitation(hyphen, AT).goal_code == "streamlined-vc"


def test_short_addresses():
    message, _ = invited()
    short = read_invitation_url(qr_text(short_url("5f0e3ffb", "https://node.example")))
    assert short == ShortUrl("https://node.example/?_oobid=5f0e3ffb", "5f0e3ffb")
    answer = redirect(message, PAGE)
    assert answer == Redirect(invitation_url(message, PAGE), 302)
    assert read_short_answer(short, location=answer.location, body=b"").id == "invitation-1"
    assert read_short_answer(short, location=None, body=write_message(message)).id == "invitation-1"
    assert refusal(read_short_answer, short, location=short.url, body=b"") == "short_url"
    assert refusal(read_short_answer, short, location=None, body=b"<html>") == "short_url"


def test_what_is_no_invitation():
    message, _ = invited()
    assert refusal(read_invitation, written(PROPOSE), AT) == "message"
    assert refusal(read_invitation, compose(INVITATION, {}), AT) == "sender"
    assert refusal(read_invitation, message, later(minutes=10)) == "expired"
    old = compose(INVITATION, {"accept": ["didcomm/aip1", 7]}, sender=ISSUER)
    assert refusal(read_invitation, old, AT) == "accept"
    profile = compose(INVITATION, {"accept": ["didcomm/aip2;env=rfc587", "didcomm/v2"]}, sender=ISSUER)
    assert read_invitation(profile, AT).sender == ISSUER
    encoded = to_base64url(write_message(message))
    for url, code in (
        ("javascript:alert(1)?_oob=" + encoded, "url"),
        ("https:///?_oob=" + encoded, "url"),
        ("https://[/?_oob=" + encoded, "url"),
        ("https://a.example/", "url"),
        (f"https://a.example/?_oob={encoded}&_oob={encoded}", "url"),
        (f"https://a.example/?_oob={encoded}&_oobid=1", "url"),
        ("https://a.example/?oob=" + encoded, "version"),
        ("https://a.example/?_oob=!!", "message"),
        ("https://a.example/?_oob=" + to_base64url(b"{}"), "message"),
        ("https://a.example/?_oob=" + "A" * MAX_URL_CHARS, "too_long"),
    ):
        assert refusal(read_invitation_url, url) == code
    assert refusal(qr_text, "https://a.example/" + "a" * MAX_QR_CHARS) == "too_long"
    assert refusal(invitation_url, message, "ftp://a.example") == "url"


@pytest.mark.threat(69)
def test_an_invitation_is_taken_up_once_and_in_time():
    _, mine = invited()
    first = claim(mine, received(proposal(), known=False), later(minutes=9))
    assert first.given.known
    assert (first.invited.by.theirs, first.messages) == (HOLDER, ())
    used = read_invited(orjson.loads(orjson.dumps(write_invited(first.invited))))
    assert used == first.invited
    # The same party goes on, also later; a second one is refused, whenever it comes.
    assert claim(used, received(proposal(), known=False), later(hours=3)).given.known
    for at in (later(minutes=9), later(hours=3)):
        second = claim(used, received(proposal(by=MALLORY), known=False), at)
        assert (second.given, second.invited) == (None, used)
        assert codes(second.messages) == ["e.p.req.invitation-used"]
        assert str(second.messages[0].to[0]) == MALLORY
    late = claim(mine, received(proposal(), known=False), later(minutes=10))
    assert (late.given, late.invited) == (None, mine)
    assert codes(late.messages) == ["e.p.req.invitation-expired"]


@pytest.mark.threat(65)
def test_nobody_takes_up_what_was_not_said_to_them():
    _, mine = invited()
    for message in (
        received(proposal(), anonymous=True),
        received(proposal(), at="did:example:another", known=False),
        received(proposal(pthid="invitation-2"), known=False),
        received(written(PROPOSE), known=False),
    ):
        taken = claim(mine, message, AT)
        assert (taken.given, taken.invited, taken.messages) == (None, mine, ())


def test_what_is_kept_of_an_invitation_is_read_again():
    _, mine = invited()
    document = write_invited(mine)
    assert read_invited(document) == mine
    for wrong in ({}, document | {"by": [1]}, document | {"id": None}, document | {"expires_time": "1"}):
        assert refusal(read_invited, wrong) == "message"
    assert replace(mine, id="x") != mine


@given(st.text(max_size=60) | st.from_regex(r"https://a\.example/\?_oob=[A-Za-z0-9_-]{0,40}", fullmatch=True))
def test_whatever_is_scanned_is_read_or_refused(text):
    with suppress(InvitationError):
        assert read_invitation_url(text)
