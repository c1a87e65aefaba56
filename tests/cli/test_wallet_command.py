"""`glejt wallet` as people use it: what is said before anything is taken or shown, asked, kept, and refused."""

import json
import stat

import pytest
import segno
from running import at_terminal
from serve_support import QUICK, serving
from wallet_support import LOOPBACK, PASSPHRASE, Holder, asked, offered, post


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("node"), **QUICK) as running:
        body = {"id": "choose", "form": "ecdsa-sd-2023", "keyType": "P-256", "options": {"status": []}}
        running.told["choose"] = post(running, "/organisation/profiles", body)["did"]
        yield running


@pytest.fixture
def wallet(tmp_path):
    holder = Holder(tmp_path)
    assert holder("init").returncode == 0
    return holder


def offer(node):
    return offered(node, "choose", node.told["choose"])["url"]


def asks(node, *names, **more):
    return asked(node, *names, **more)["invitation"]["url"]


def at(wallet, *line, answers, **env):
    return at_terminal(wallet.folder, "wallet", *line, "--wallet", "wallet.json", answers=answers, **LOOPBACK, **env)


@pytest.mark.threat(42)
def test_what_is_offered_and_asked_is_said_first_and_nothing_happens_without_a_yes(node, wallet):
    invitation, request = offer(node), asks(node, "role", optional=("term",))
    status, said = at(wallet, "accept", invitation, answers=[("Accept? [yes/no]", "no\n")])
    assert (status, "offers you: Sample achievement" in said) == (1, True)
    assert wallet.told("list") == {"credentials": []}
    status, said = at(wallet, "accept", invitation, answers=[("Accept? [yes/no]", "yes\n")])
    assert (status, "You have it: 1. Sample achievement" in said) == (0, True)
    status, said = at(wallet, "present", request, answers=[("[yes/no]", "no\n")])
    assert status == 1
    for line in (
        "asks you to show something.",
        "Why: To let you use the machine.",
        "required: credentialSubject.role",
        "not required: credentialSubject.term",
        "chosen: the learner / role: Welder",
        "12 values stay hidden.",
    ):
        assert line in said, line
    assert "Spring 2026" not in said
    assert wallet.told("show", "1")["shown"] == []
    told = wallet.told("present", request, "--yes", "--show", "/credentialSubject/term")
    assert "/credentialSubject/term" in [each["path"] for each in told["shown"]]
    done = wallet("show", "1")
    assert "Genuine" in done.stdout
    assert "Shown to http://localhost" in done.stdout


def test_without_a_terminal_nobody_is_taken_to_agree(node, wallet):
    done = wallet("accept", offer(node))
    assert (done.returncode, "input.unconfirmed" in done.stderr) == (2, True)
    assert wallet.told("list") == {"credentials": []}


@pytest.mark.threat(42)
def test_who_asks_for_everything_is_shown_as_such(node, wallet):
    wallet.told("accept", offer(node), "--yes")
    definition = {
        "id": "all",
        "input_descriptors": [{"id": "one", "constraints": {"fields": [{"path": ["$.credentialSubject"]}]}}],
    }
    body = {"definition": definition, "why": "Because."}
    url = post(node, "/organisation/presentation-requests", body)["invitation"]["url"]
    done = wallet("present", url, "--decline")
    assert done.returncode == 0
    url = post(node, "/organisation/presentation-requests", body)["invitation"]["url"]
    status, said = at(wallet, "present", url, answers=[("[yes/no]", "no\n")])
    assert (status, "They ask for everything that you could hide." in said) == (1, True)
    status, said = at(wallet, "present", url, "--lang", "pl", answers=[("[tak/nie]", "nie\n")])
    assert (status, "Proszą o wszystko, co można ukryć." in said) == (1, True)


def test_an_invitation_comes_as_an_address_a_file_or_a_picture(node, wallet):
    made = offered(node, "choose", node.told["choose"])
    segno.make_qr(made["shortUrl"]).save(str(wallet.folder / "code.png"), scale=6)
    assert wallet.told("accept", "code.png", "--yes")["credential"]["id"] == "1"
    (wallet.folder / "invitation.txt").write_text(f"{offer(node)}\n")
    assert wallet.told("accept", "invitation.txt", "--yes")["credential"]["id"] == "2"
    segno.make_qr("https://elsewhere.example/").save(str(wallet.folder / "other.png"), scale=6)
    done = wallet("accept", "other.png", "--yes")
    assert (done.returncode, "holder.no_code" in done.stderr) == (2, True)


@pytest.mark.parametrize("what", ["https://node.example/", "{}", "https://node.example/?oob=e30", "absent.txt"])
def test_what_is_no_invitation_cannot_be_used(wallet, what):
    done = wallet("accept", what, "--yes")
    assert done.returncode in {1, 2}
    assert "Next: " in done.stderr
    assert "Traceback" not in done.stderr


def test_an_invitation_for_something_else_says_which_command_is_meant(node, wallet):
    done = wallet("accept", asks(node, "role"), "--yes")
    assert (done.returncode, "wallet.goal" in done.stderr) == (1, True)
    done = wallet("present", offer(node), "--yes")
    assert (done.returncode, "glejt wallet accept" in done.stderr) == (1, True)


def test_a_key_of_the_holders_own_is_what_a_credential_is_bound_to(node, wallet):
    from running import glejt  # noqa: PLC0415 -- of this test alone

    did = glejt(
        wallet.folder, "did", "create", "--type", "p256", "--out", "mine.json", "--no-passphrase"
    ).stdout.strip()
    given = wallet.told("accept", offer(node), "--yes", "--key", "mine.json")
    assert given["credential"]["holder"] == did
    given = wallet.told("accept", offer(node), "--yes", "--key-type", "ed25519")
    assert given["credential"]["holder"].startswith("did:key:z6Mk")
    done = wallet("accept", offer(node), "--yes", "--key-type", "p999")
    assert (done.returncode, "holder.key_type" in done.stderr) == (2, True)


def test_nobody_there_is_no_loss(node, wallet):
    """Without the network of this machine nobody is reached: what was begun goes on later."""
    invitation = offer(node)
    done = wallet("accept", invitation, "--yes", env={"GLEJT_ALLOW_LOOPBACK": ""})
    assert done.returncode in {1, 20}
    assert wallet.told("accept", invitation, "--yes")["credential"]["id"] == "1"


def test_a_wallet_is_exported_kept_and_restored(node, wallet):
    wallet.told("accept", offer(node), "--yes")
    told = wallet.told("export", "out")
    assert told["files"] == ["1.json"]
    document = json.loads((wallet.folder / "out" / "1.json").read_text())
    assert document["name"] == "Welding"
    assert wallet.told("backup", "copy.json")["checked"] is True
    assert stat.S_IMODE((wallet.folder / "copy.json").stat().st_mode) == 0o600
    again = wallet("backup", "copy.json")
    assert (again.returncode, "wallet.exists" in again.stderr) == (2, True)
    there = wallet("restore", "copy.json")
    assert (there.returncode, "wallet.exists" in there.stderr) == (2, True)
    (wallet.folder / "wallet.json").rename(wallet.folder / "away.json")
    assert wallet.told("restore", "copy.json")["credentials"] == 1
    request = asked(node, "role")
    assert wallet.told("present", request["invitation"]["url"], "--yes")["accepted"] is True


def test_a_wallet_does_not_open_with_another_passphrase_nor_altered_nor_twice(wallet):
    (wallet.folder / "passphrase").write_text("four words drawn otherwise")
    done = wallet("list")
    assert (done.returncode, "key_file.passphrase_wrong" in done.stderr) == (2, True)
    (wallet.folder / "passphrase").write_text(PASSPHRASE)
    data = (wallet.folder / "wallet.json").read_bytes()
    (wallet.folder / "wallet.json").write_bytes(data[:-12] + b"AAAAAAAAAA" + data[-2:])
    done = wallet("list")
    assert (done.returncode, "wallet.altered" in done.stderr) == (2, True)
    done = wallet("init")
    assert (done.returncode, "wallet.exists" in done.stderr) == (2, True)
    done = wallet("show", "1", "--lang", "pl")
    assert "Plik portfela zmieniono" in done.stderr


def test_what_is_not_there_is_said(wallet):
    assert "The wallet is empty." in wallet("list").stderr
    done = wallet("show", "7")
    assert (done.returncode, "wallet.unknown" in done.stderr) == (2, True)
