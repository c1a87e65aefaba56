"""Issuer, mediator, holder and verifier as processes: offered, accepted, two of eight attributes shown, judged."""

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import httpx2
import pytest
from running import environment
from serve_support import QUICK, serving
from wallet_support import ATTRIBUTES, LOOPBACK, Holder, asked, offered, post

LONG = bool(os.environ.get("GLEJT_LONG"))
FORMS = {"ecdsa-sd-2023": "P-256", "bbs-2023": "BLS12-381-G2", "sd-jwt": "P-256", "jwt": "Ed25519"}
SCOPE = {"signs": "urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55", "epoch": "2026"}
KILLED = """
import os, signal, sys
from node.adapters.didcomm_transport import Transport
from node.adapters.wallet_file import WalletFile
from node.cli.program import run
left = int(sys.argv[1])

def count():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

sent, saved = Transport.exchange, WalletFile.save

async def exchange(self, address, data):
    answers = await sent(self, address, data)
    count()
    return answers

def save(self, contents):
    saved(self, contents)
    count()

Transport.exchange, WalletFile.save = exchange, save
sys.exit(run(sys.argv[2:]))
"""
"""A wallet that is killed right after so many messages and writes."""
POINTS = range(1, 40) if LONG else (3, 6)


@pytest.fixture(scope="module")
def parties(tmp_path_factory):
    """An issuer with a profile of each form, a verifier and a mediator, each a process."""
    with ExitStack() as stack:
        made = {}
        for name in ("issuer", "verifier", "mediator"):
            folder = tmp_path_factory.mktemp(name)
            made[name] = stack.enter_context(serving(folder, **QUICK))
        made["dids"] = {}
        for form, kind in FORMS.items():
            options = {"status": [], **(SCOPE if form == "bbs-2023" else {})}
            body = {"id": form, "form": form, "keyType": kind, "options": options}
            made["dids"][form] = post(made["issuer"], "/organisation/profiles", body)["did"]
        yield made


@pytest.fixture
def wallet(tmp_path):
    holder = Holder(tmp_path)
    assert holder("init").returncode == 0
    return holder


def offer(parties, form):
    return offered(parties["issuer"], form, parties["dids"][form])


def result(parties, request):
    path = f"{parties['verifier'].url}/organisation/presentation-requests/{request['id']}"
    return httpx2.get(path, headers=parties["verifier"].key, timeout=30).json()


def hidden(told):
    """Which of the eight attributes nobody saw."""
    seen = {each["path"].split("/")[2] for each in told["shown"] if each["path"].startswith("/credentialSubject/")}
    return set(ATTRIBUTES) - seen


@pytest.mark.parametrize("form", list(FORMS))
def test_two_of_eight_attributes_are_shown_and_both_learn_the_verdict(parties, wallet, form):
    given = wallet.told("accept", offer(parties, form)["url"], "--yes")
    assert given["offer"]["issuer"] == parties["dids"][form]
    request = asked(parties["verifier"], "role", "term")
    told = wallet.told("present", request["invitation"]["url"], "--yes")
    assert (told["accepted"], told["why"], told["placed"]) == (True, "To let you use the machine.", True)
    assert told["whole"] is (form == "jwt")
    assert hidden(told) == (set() if form == "jwt" else set(ATTRIBUTES) - {"role", "term"})
    found = result(parties, request)
    assert (found["state"], found["report"]["verdict"]) == ("accepted", "accepted")
    if form != "jwt":
        assert "DEMO-87" not in json.dumps(found)
    again = wallet.told("present", request["invitation"]["url"], "--yes")
    assert again["accepted"] is True


def killed(wallet, point, *line):
    arguments = [sys.executable, "-c", KILLED, str(point), "wallet", *line, "--wallet", "wallet.json"]
    done = subprocess.run(  # noqa: S603 -- our own program
        arguments, cwd=wallet.folder, env=environment(wallet.folder, **LOOPBACK), capture_output=True, check=False
    )
    return done.returncode == -signal.SIGKILL


@pytest.mark.threat(68)
@pytest.mark.parametrize("point", POINTS)
def test_a_wallet_that_is_killed_between_messages_goes_on_when_the_command_is_given_again(parties, wallet, point):
    invitation = offer(parties, "ecdsa-sd-2023")["url"]
    request = asked(parties["verifier"], "role", "term")
    ends = []
    for line in (("accept", invitation, "--yes"), ("present", request["invitation"]["url"], "--yes")):
        ends.append(killed(wallet, point, *line))
        wallet.told(*line)
    assert any(ends) or point > POINTS[1], "it was killed at least once"
    assert len(wallet.told("list")["credentials"]) == 1
    assert result(parties, request)["state"] == "accepted"
    assert len(wallet.told("show", "1")["shown"]) == 1


def test_a_mediator_keeps_what_comes_while_the_wallet_is_off(parties, tmp_path):
    wallet = Holder(tmp_path)
    invitation = post(parties["mediator"], "/organisation/mediation-invitations", {})["url"]
    assert wallet.told("init", "--mediator", invitation)["mediator"].startswith("did:peer:")
    wallet.told("accept", offer(parties, "ecdsa-sd-2023")["url"], "--yes")
    assert wallet.told("receive") == {"messages": 0, "changed": [], "unreached": []}
    request = asked(parties["verifier"], "role", "term")
    assert wallet.told("present", request["invitation"]["url"], "--yes")["accepted"] is True


@pytest.mark.threat(69)
def test_an_invitation_is_taken_up_by_one_wallet(parties, wallet, tmp_path_factory):
    invitation = offer(parties, "ecdsa-sd-2023")["url"]
    wallet.told("accept", invitation, "--yes")
    other = Holder(tmp_path_factory.mktemp("other"))
    assert other("init").returncode == 0
    done = other("accept", invitation, "--yes")
    assert (done.returncode, "wallet.problem" in done.stderr) == (1, True)
    assert other.told("list") == {"credentials": []}
