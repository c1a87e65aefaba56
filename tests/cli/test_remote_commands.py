"""The command line against a node that runs: each command, and what is told where node, key or answer are not right."""

import json
import os
import re
import socket
import time

import pytest
from picture_support import png
from remote_support import ACHIEVEMENT, desk, elsewhere, glejt
from running import at_terminal
from web_servers import response

from node.adapters.node_client import Answered, NodeClientError
from node.cli.remote_verify import read_judged
from node.verification.report import Verdict


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with desk(tmp_path_factory.mktemp("remote")) as found:
        yield found


def test_a_credential_is_issued_verified_withdrawn_and_found(at):
    out = at.issued("whole")
    signed = at.read(out)
    assert signed["issuer"] == at.did
    assert signed["proof"]["cryptosuite"] == "eddsa-rdfc-2022"
    verified = at.run("verify", out)
    assert (verified.returncode, "Genuine" in verified.stdout) == (0, True)
    assert at.run("verify", out, "--lang", "pl").stdout != verified.stdout
    asked = at_terminal(
        at.folder, "revoke", "urn:example:whole", "--node", at.url, "--node-key-file", "node.key",
        answers=[("(yes/no)", "yes\n")],
    )  # fmt: skip
    assert asked[0] == 0
    rejected = at.run("verify", out, "--json")
    report = json.loads(rejected.stdout)
    assert (rejected.returncode, report["verdict"], report["policy"]) == (1, "rejected", "everyday")
    (award,) = [one for one in at.awards() if one["clientKey"] == "urn:example:whole"]
    assert "Demo Learner" in at.run("award", "list", "Demo").stdout
    assert "Demo Learner" not in at.run("award", "list", "Nobody").stdout
    assert at.run("award", "fetch", award["id"], "--out", "fetched.json").returncode == 0
    assert at.read("fetched.json") == signed
    assert at.run("award", "fetch", award["id"], "--out", "fetched.json").returncode == 2
    assert at.run("award", "fetch", award["id"], "--what", "capsule", "--out", "fetched.capsule").returncode == 0
    judged = at.run("verify", "fetched.capsule", "--json")
    assert (judged.returncode, json.loads(judged.stdout)["verdict"]) == (1, "rejected")


def test_what_was_signed_is_kept_to_the_byte(at):
    out = at.issued("bytes", name="Zażółć \U0001f600 1e2")
    (award,) = [one for one in at.awards() if one["clientKey"] == "urn:example:bytes"]
    assert at.run("award", "fetch", award["id"], "--out", "bytes.fetched").returncode == 0
    assert (at.folder / out).read_bytes().rstrip() == (at.folder / "bytes.fetched").read_bytes()


@pytest.mark.threat(82)
def test_the_same_file_again_is_the_same_credential(at):
    first = at.read(at.issued("again"))
    done = at.run("issue", "again.json", "--profile", "dev")
    assert (done.returncode, json.loads(done.stdout)) == (0, first)
    assert [one["clientKey"] for one in at.awards()].count("urn:example:again") == 1
    at.credential("again", name="Another")
    refused = at.run("issue", "again.json", "--profile", "dev")
    assert (refused.returncode, "store.conflict" in refused.stderr) == (2, True)
    assert "It does not agree with what the node has already." in refused.stderr
    assert "database" not in refused.stderr


def test_an_award_is_composed_here_and_of_a_picture_the_credential_in_it_is_sent(at):
    done = at.run(
        "issue", "--achievement", "achievement.json", "--award", "single.json", "--profile", "dev", "--out", "one.json"
    )
    assert done.returncode == 0, done.stderr
    assert at.read("one.json")["issuer"]["id"] == at.did
    assert not (at.folder / "one.json.run").exists()
    assert at.run("verify", "one.json").returncode == 0
    (at.folder / "plain.png").write_bytes(png())
    assert glejt(at.folder, "bake", "plain.png", "one.json", "--out", "badge.png").returncode == 0
    done, sent = elsewhere(at, response(b"{}"), "verify", "badge.png")
    length = int(re.search(rb"(?i)Content-Length: (\d+)", sent)[1])
    assert (b"application/vc" in sent, length) == (True, len((at.folder / "one.json").read_bytes().rstrip()))
    assert at.run("verify", "badge.png").returncode == 0


def test_a_suspension_is_lifted_again(at):
    out = at.issued("pause")
    assert at.run("revoke", "urn:example:pause", "--suspend", "--reason", "a mix-up").returncode == 0
    assert at.run("verify", out).returncode == 1
    again = at.run("revoke", "urn:example:pause", "--suspend", "--json")
    assert (again.returncode, json.loads(again.stdout)["changed"]) == (0, False)
    assert at.run("revoke", "urn:example:pause", "--lift").returncode == 0
    assert at.run("verify", out).returncode == 0
    assert at.run("revoke", "urn:example:pause", "--lift", "--suspend").returncode == 2


def test_a_withdrawal_is_asked_about_and_told_where_there_is_no_such_credential(at):
    out = at.issued("stays")
    unasked = at.run("revoke", "urn:example:stays")
    assert (unasked.returncode, "input.unconfirmed" in unasked.stderr) == (2, True)
    assert at.run("verify", out).returncode == 0
    absent = at.run("revoke", "urn:example:nowhere", "--yes")
    assert (absent.returncode, "store.absent" in absent.stderr) == (2, True)


def test_many_are_withdrawn_by_a_file_of_their_ids_and_counted_first(at):
    outs = [at.issued(f"many-{number}") for number in range(3)]
    found = {one["clientKey"]: one["id"] for one in at.awards()}
    ids = [found[f"urn:example:many-{number}"] for number in range(3)]
    listed = f"# of last week\n{ids[0]}  issued  Demo Learner\n\n" + json.dumps({"id": ids[1]}) + f"\n{ids[0]}\n"
    (at.folder / "ids.txt").write_text(listed + "never-was\n", "utf-8")
    dry = at.run("award", "withdraw", "ids.txt", "--reason", "error", "--dry-run", "--json")
    assert (dry.returncode, json.loads(dry.stdout)) == (0, {"named": 3, "count": 2})
    assert at.run("award", "withdraw", "ids.txt", "--reason", "error", "--dry-run").stdout.startswith("A trial: 2 of 3")
    unasked = at.run("award", "withdraw", "ids.txt", "--reason", "error")
    assert (unasked.returncode, "input.unconfirmed" in unasked.stderr) == (2, True)
    assert [at.run("verify", out).returncode for out in outs] == [0, 0, 0]
    done = at.run("award", "withdraw", "ids.txt", "--reason", "error", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["total"]) == (0, 2)
    ends = time.monotonic() + 60
    while at.run("verify", outs[0]).returncode == 0:
        assert time.monotonic() < ends, "the status list was not published"
    assert [at.run("verify", out).returncode for out in outs] == [1, 1, 0]
    revoked = at.run("award", "list", "--standing", "revoked", "--json").stdout
    assert [each in revoked for each in ids] == [True, True, False]
    for option in (("--standing", "expired"), ("--ends-before", "2020-01-01T00:00:00Z"), ("--run", "none")):
        found = at.run("award", "list", *option)
        assert (found.returncode, found.stdout) == (0, "")
    wrong = at.run("award", "withdraw", "ids.txt", "--reason", "whim")
    assert (wrong.returncode, "superseded" in wrong.stderr) == (2, True)
    for text, code in (("# none\n", "input.award_ids"), ("{]", "input.award_line"), ('{"id": 1}', "input.award_line")):
        (at.folder / "bad.txt").write_text(text, "utf-8")
        refused = at.run("award", "withdraw", "bad.txt", "--reason", "error", "--yes")
        assert (refused.returncode, code in refused.stderr) == (2, True), refused.stderr


def test_several_files_are_answered_in_order_each_for_itself(at):
    good = at.issued("several")
    changed = at.read(good)
    changed["name"] = "Another name"
    at.write("changed.json", changed)
    at.write("broken.json", "{")
    (at.folder / "many.jsonl").write_text(f"{json.dumps(at.read(good))}\n{json.dumps(changed)}\n", "utf-8")
    done = at.run("verify", good, "changed.json", "broken.json", "absent.json", "many.jsonl", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["file"] for one in told] == [
        good, "changed.json", "broken.json", "absent.json", "many.jsonl:1", "many.jsonl:2",
    ]  # fmt: skip
    assert [one.get("verdict") or one["error"]["code"] for one in told] == [
        "accepted", "rejected", "document.syntax", "input.missing", "accepted", "rejected",
    ]  # fmt: skip
    assert done.returncode == 1
    assert at.run("verify", "-", stdin=json.dumps(changed).encode()).returncode == 1
    strict = at.run("verify", good, "--policy", "strict", "--json")
    assert (strict.returncode, json.loads(strict.stdout)["verdict"]) == (20, "cannot_tell")
    unknown = at.run("verify", good, "--policy", "mine")
    assert (unknown.returncode, "exchange.policy" in unknown.stderr) == (2, True)


def test_a_challenge_of_the_node_counts_once(at):
    challenge = at.post("/challenges", {})["challenge"]
    domain = at.node.told["url"]
    assert glejt(at.folder, "did", "create", "--out", "holder.json", "--no-passphrase").returncode == 0
    made = glejt(
        at.folder, "present", at.issued("shown"), "--key", "holder.json", "--challenge", challenge,
        "--domain", domain, "--out", "shown.vp.json",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    request = ("--challenge", challenge, "--domain", domain)
    first, second = (at.run("verify", "shown.vp.json", *request, "--json") for _ in range(2))
    assert json.loads(first.stdout)["verdict"] in {"accepted", "cannot_tell", "rejected"}
    assert (second.returncode, json.loads(second.stdout)["error"]["code"]) == (1, "remote.spent")
    _, sent = elsewhere(at, b"", "verify", "shown.vp.json", *request)
    assert sent.count(b"POST /credentials/verify") == 1  # asked again, a verdict that got lost would be another one


def test_an_achievement_is_begun_published_and_versioned(at):
    draft = {key: value for key, value in ACHIEVEMENT.items() if key not in {"id", "type"}}
    at.write("draft.json", draft)
    kept = at.run("achievement", "publish", "draft.json", "--draft", "--json")
    assert kept.returncode == 0, kept.stderr
    identifier = json.loads(kept.stdout)["id"]
    listed = at.run("achievement", "list")
    assert (identifier in listed.stdout, "draft" in listed.stdout) == (True, True)
    published = at.run("achievement", "publish", "draft.json", "--id", identifier)
    assert published.returncode == 0, published.stderr
    assert f"/achievements/{identifier}/versions/1" in published.stdout
    same = at.run("achievement", "publish", "draft.json", "--id", identifier, "--json")
    assert (same.returncode, json.loads(same.stdout)["published"]) == (0, 1)
    at.write("draft.json", {**draft, "name": "Second aid"})
    second = at.run("achievement", "publish", "draft.json", "--id", identifier, "--json")
    assert json.loads(second.stdout)["version"] == 2
    (one,) = json.loads(at.run("achievement", "list", "--json").stdout)["achievements"]
    assert (one["published"], one["name"]) == (2, "Second aid")


def test_an_achievement_that_lacks_something_is_not_published(at):
    at.write("lacking.json", {"name": "Lacking"})
    done = at.run("achievement", "publish", "lacking.json")
    assert (done.returncode, "achievement.unfinished" in done.stderr) == (2, True)
    assert "/assessmentType (" in done.stderr
    assert "practical" in done.stderr
    identifier = re.search(r"--id (\S+)", done.stderr)[1]
    assert identifier in at.run("achievement", "list").stdout
    told = at.run("achievement", "publish", "lacking.json", "--id", identifier, "--draft")
    assert (told.returncode, identifier in told.stdout) == (0, True)


def test_identifiers_are_looked_up_by_the_node(at):
    done = at.run("did", "resolve", at.did)
    assert (done.returncode, json.loads(done.stdout)["id"]) == (0, at.did)
    assert glejt(at.folder, "did", "resolve", at.did).stdout == done.stdout
    for name in ("did:key:zzz", "nothing", "did:nowhere:x", "did:web:127.0.0.1"):
        there, here = at.run("did", "resolve", name), glejt(at.folder, "did", "resolve", name)
        assert (there.returncode, there.stdout) == (here.returncode, here.stdout)
        assert there.returncode in {1, 2, 20}
    assert json.loads(at.run("did", "resolve", at.did, "--json").stdout)["didDocument"]["id"] == at.did
    assert at.run("did", "resolve", f"{at.did}#key").returncode == 2


def test_without_a_key_with_a_wrong_one_or_one_for_something_else(at):
    out = at.issued("keys")
    none = at.run("verify", out, key=None)
    assert (none.returncode, "access.key" in none.stderr) == (2, True)
    at.private("wrong.key", "glejt_0000000000000000_" + 64 * "0")
    wrong = at.run("award", "list", key="wrong.key")
    assert (wrong.returncode, "access.key" in wrong.stderr) == (2, True)
    made = at.post("/organisation/api-keys", {"label": "verifier", "scopes": ["verify"]})
    at.private("verifier.key", made["key"])
    assert at.run("verify", out, key="verifier.key").returncode == 0
    beyond = at.run("issue", "keys.json", "--profile", "dev", key="verifier.key")
    assert (beyond.returncode, "access.scope" in beyond.stderr) == (2, True)
    assert "credentials:issue" in beyond.stderr
    polish = at.run("issue", "keys.json", "--profile", "dev", "--lang", "pl", key="verifier.key")
    assert "Ten klucz nie jest do tego." in polish.stderr


def test_a_key_that_others_may_read_is_not_used(at):
    (at.folder / "open.key").write_text(at.key, "ascii")
    (at.folder / "open.key").chmod(0o644)
    done = at.run("award", "list", key="open.key")
    assert (done.returncode, "key_file.permissions" in done.stderr) == (2, True)
    absent = at.run("award", "list", key="absent.key")
    assert (absent.returncode, "key_file.absent" in absent.stderr) == (2, True)
    assert at.key not in done.stderr


def test_address_and_key_are_set_once_in_ones_own_settings(at):
    at.issued("settings")
    settings = at.folder / ".config" / "glejt"
    settings.mkdir(parents=True)
    (settings / "node.key").touch(0o600)
    (settings / "node.key").write_text(at.key, "ascii")
    (settings / "glejt.toml").write_text(f'remote_url = "{at.url}"\nremote_key_file = "node.key"\n', "utf-8")
    try:
        assert glejt(at.folder, "award", "list").returncode == 0
        assert glejt(at.folder, "verify", "settings.signed.json", "--node", at.url).returncode == 0
        by_itself = glejt(at.folder, "verify", "settings.signed.json", "--offline")
        assert (by_itself.returncode, "status.unreachable" in by_itself.stdout) == (20, True)  # judged here
    finally:
        (settings / "glejt.toml").unlink()
    said = {"GLEJT_REMOTE_URL": at.url, "GLEJT_REMOTE_KEY": at.key}
    assert glejt(at.folder, "award", "list", env=said).returncode == 0
    assert glejt(at.folder, "award", "list", env={**said, "GLEJT_REMOTE_KEY": "x"}).returncode == 2


def test_the_settings_of_a_folder_name_no_node(at, tmp_path):
    for line in (f'remote_url = "{at.url}"', 'remote_key_file = "node.key"'):
        (tmp_path / "glejt.toml").write_text(line, "utf-8")
        done = glejt(tmp_path, "award", "list", env={"GLEJT_REMOTE_KEY": at.key})
        assert (done.returncode, "config.personal" in done.stderr) == (2, True)


def test_a_key_that_is_set_for_one_node_goes_to_no_other(at):
    out = at.issued("other")
    env = {"GLEJT_REMOTE_URL": at.url, "GLEJT_REMOTE_KEY": at.key}
    done, sent = elsewhere(at, response(b"{}"), "verify", out, env=env)
    assert (done.returncode, "remote.answer" in done.stderr) == (2, True)
    assert sent.startswith(b"POST /credentials/verify")
    assert b"glejt_" not in sent
    assert b"authorization" not in sent.lower()
    assert "No key is sent" in done.stderr
    _, sent = elsewhere(at, response(b"{}"), "verify", out, env={"GLEJT_REMOTE_KEY": at.key})
    assert at.key.encode() in sent  # the one address that was said


def test_no_name_of_a_file_and_nothing_else_of_the_machine_is_sent(at):
    name = at.issued("private-name")
    done, sent = elsewhere(at, response(b"{}"), "verify", name)
    assert done.returncode == 2
    assert b"private-name" not in sent
    assert os.uname().nodename.encode() not in sent
    assert str(at.folder).encode() not in sent


ACCEPTED = {"verified": True, "report": {"verdict": "accepted", "policy": "everyday", "at": "2026-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    "answer",
    [
        b"not http at all\r\n\r\n",
        response(b"<html><title>Genuine</title></html>", headers={"Content-Type": "text/html"}),
        response(b'{"verified": true}'),
        response(json.dumps(ACCEPTED).encode()),
        response(b"", "302 Found", {"Location": "https://evil.example/"}),
    ],
)
def test_an_answer_that_no_node_gives_is_never_a_verdict(at, answer):
    done, _ = elsewhere(at, answer, "verify", at.issued("verdicts"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "remote." in done.stderr


CHECK = {"check": "proof", "outcome": "passed", "code": "proof.passed", "message": "", "evidence": {}}
ENTRY = {"verdict": "accepted", "sentence": "genuine", "credential": {}, "checks": [CHECK]}
REPORT = {
    "verdict": "accepted", "sentence": "genuine", "policy": "p", "at": "2026-01-01T00:00:00Z", "credentials": [ENTRY],
}  # fmt: skip


def judged(status=200, report=REPORT, *, verified=True):
    body = json.dumps({"verified": verified, "report": report}).encode()
    return read_judged(Answered(status, "application/json", body, origin="http://node"), asked=False)


def test_a_verdict_is_believed_only_where_everything_says_the_same():
    assert judged().report.verdict is Verdict.ACCEPTED
    rejected = {**REPORT, "verdict": "rejected", "credentials": [{**ENTRY, "verdict": "rejected"}]}
    assert judged(400, rejected, verified=False).report.verdict is Verdict.REJECTED
    for status, report, verified in (
        (400, REPORT, True),
        (200, REPORT, False),
        (200, rejected, True),
        (200, rejected, False),
        (400, rejected, True),
        (200, {**REPORT, "credentials": [ENTRY, {**ENTRY, "verdict": "rejected"}]}, True),
        (200, {**REPORT, "credentials": []}, True),
        (200, {**REPORT, "at": "yesterday"}, True),
        (200, {**REPORT, "verdict": "fine"}, True),
        (200, {**REPORT, "credentials": [{**ENTRY, "checks": [{"check": "luck"}]}]}, True),
    ):
        with pytest.raises(NodeClientError) as refused:
            judged(status, report, verified=verified)
        assert refused.value.code == "remote.answer"


def test_a_node_that_is_down_is_told(at):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = at.run("award", "list", url=f"http://127.0.0.1:{port}")
    assert (done.returncode, "remote.unreachable" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("verify", "x.json", "--node", "http://node.example"), "remote.open"),
        (("verify", "x.json", "--node", "node.example"), "remote.address"),
        (("verify", "x.json", "--node-key-file", "node.key"), "usage.node_options"),
        (("verify", "x.json", "--node", "https://node.example", "--offline"), "usage.node_option"),
        (("verify", "x.json", "--node", "https://node.example", "--trust", "t.toml"), "usage.node_option"),
        (("verify", "x.json", "--node", "https://node.example", "--at", "2026-01-01T00:00:00Z"), "usage.node_option"),
        (("issue", "x.json", "--profile", "dev"), "usage.node_options"),
        (("issue", "x.json", "--node", "https://node.example"), "usage.missing"),
        (("issue", "x.json", "--node", "https://node.example", "--profile", "d", "--key", "k"), "usage.node_option"),
        (("issue", "x.json", "--node", "https://node.example", "--profile", "d", "--strict"), "usage.node_option"),
        (("did", "resolve", "did:key:z", "--node", "https://node.example", "--trust", "t"), "usage.node_option"),
        (("award", "list"), "usage.node"),
        (("award", "list", "--state", "gone", "--node", "https://node.example"), "usage.choice"),
        (("revoke", "urn:x", "--yes"), "usage.node"),
    ],
)
def test_what_does_not_go_together_is_told_before_anything_is_sent(tmp_path, arguments, code):
    done = glejt(tmp_path, *arguments)
    assert (done.returncode, f"Code: {code}\n" in done.stderr) == (2, True)
