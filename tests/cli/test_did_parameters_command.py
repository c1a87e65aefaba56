"""Witnesses, watchers and the time to remember, changed after a did:webvh was made; and watchers that are asked."""

import json

import pytest
from running import glejt
from web_servers import publishing
from webvh_support import DAY, KEYS, NOW, START, WITNESSES, chain, did_of, entries, first, private, rule

from did_methods import key as did_key
from did_methods import web
from did_methods.did import parse_did
from did_methods.multikey import KeyType, PrivateKey
from did_methods.web import WebPlace
from did_methods.webvh import LogFiles, read_files
from did_methods.webvh_create import approve, update
from node.adapters.key_file import write_key_file
from node.verification.did_logs import LOG_TOOLS

OPEN = {"GLEJT_ALLOW_LOOPBACK": "1"}
NEW = ["did", "create", "--method", "webvh", "--domain", "good.example.edu", "--out", "key.json", "--no-passphrase"]
UPDATE = ["did", "update", "did.jsonl", "--update-key", "update-key.json"]
LATER = NOW.replace(year=2999)


def run(folder, *line, status=0, env=None):
    done = glejt(folder, *line, env=env)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done


def witness(folder, number):
    """The did:key of a witness whose key file is there."""
    secret = PrivateKey(KeyType.ED25519, bytes([number]) * 32)
    name = did_key.method_id(secret.public)
    write_key_file(folder / f"w{number}.json", secret, verification_method=name, passphrase=None)
    return name.partition("#")[0]


def changes(folder):
    return [entry["parameters"] for entry in entries((folder / "did.jsonl").read_bytes())]


def read(folder):
    log = (folder / "did.jsonl").read_bytes()
    proofs = folder / "did-witness.json"
    files = LogFiles(log, proofs.read_bytes() if proofs.exists() else None)
    return read_files(parse_did(entries(log)[0]["state"]["id"]), files, LOG_TOOLS, now=LATER)


def test_watchers_and_the_time_to_remember_change_and_end(tmp_path):
    run(tmp_path, *NEW, "--ttl", "60", "--watcher", "https://a.example/")
    document = entries((tmp_path / "did.jsonl").read_bytes())[0]["state"]
    run(tmp_path, *UPDATE, "--ttl", "0", "--watcher", "https://b.example/", "--watcher", "https://c.example/")
    run(tmp_path, *UPDATE, "--no-watcher")
    assert [each.get("ttl") for each in changes(tmp_path)] == [60, 0, None]
    assert [each.get("watchers") for each in changes(tmp_path)] == [
        ["https://a.example/"],
        ["https://b.example/", "https://c.example/"],
        [],
    ]
    last = read(tmp_path).versions[-1]
    assert (last.parameters.ttl, last.parameters.watchers, last.document) == (0, (), document)


@pytest.mark.threat(23)
def test_the_witnesses_of_before_approve_the_entry_that_replaces_them(tmp_path):
    one, two = witness(tmp_path, 101), witness(tmp_path, 102)
    run(tmp_path, *NEW)
    done = run(tmp_path, *UPDATE, "--witness", one)
    # The first witnesses count at once.
    assert "1 witnesses have to approve" in done.stderr
    assert "of before approve" not in done.stderr
    assert read(tmp_path).refusal.number == 2
    run(tmp_path, "did", "witness", "did.jsonl", "--key", "w101.json")
    assert read(tmp_path).refusal is None
    done = run(tmp_path, *UPDATE, "--witness", two)
    assert "The witnesses of before approve this entry" in done.stderr
    # Who is named in an entry does not approve it.
    assert "More witnesses" in run(tmp_path, "did", "witness", "did.jsonl", "--key", "w102.json").stderr
    assert read(tmp_path).refusal.number == 3
    run(tmp_path, "did", "witness", "did.jsonl", "--key", "w101.json")
    assert read(tmp_path).refusal is None
    run(tmp_path, *UPDATE, "--no-witness")
    assert read(tmp_path).refusal.number == 4
    run(tmp_path, "did", "witness", "did.jsonl", "--key", "w102.json")
    assert read(tmp_path).refusal is None
    run(tmp_path, *UPDATE, "--ttl", "5")
    last = read(tmp_path).versions[-1]
    assert (last.number, last.witness, last.parameters.witness) == (5, None, None)


def test_a_threshold_alone_is_one_for_the_witnesses_that_are_there(tmp_path):
    named = [witness(tmp_path, number) for number in (101, 102)]
    run(tmp_path, *NEW, "--witness", named[0], "--witness", named[1])
    for key in ("w101.json", "w102.json"):
        run(tmp_path, "did", "witness", "did.jsonl", "--key", key)
    run(tmp_path, *UPDATE, "--threshold", "1")
    assert changes(tmp_path)[1]["witness"] == {"threshold": 1, "witnesses": [{"id": each} for each in named]}
    assert "usage.number" in run(tmp_path, *UPDATE, "--threshold", "3", status=2).stderr


def test_where_keys_are_promised_they_go_on_being(tmp_path):
    run(tmp_path, *NEW, "--next-key", "next.json")
    line = ["did", "update", "did.jsonl", "--update-key", "next.json", "--ttl", "9", "--no-passphrase"]
    assert "usage.next_key" in run(tmp_path, *line, status=2).stderr
    run(tmp_path, *line, "--next-key", "next-2.json")
    assert {"ttl", "updateKeys", "nextKeyHashes"} == changes(tmp_path)[1].keys()
    assert read(tmp_path).refusal is None


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ([], "usage.no_change"),
        (["--ttl", "-1"], "usage.number"),
        (["--ttl", "2147483649"], "usage.number"),
        (["--ttl", "1.5"], "usage.number"),
        (["--threshold", "1"], "usage.threshold"),
        (["--watcher", "http://a.example/"], "usage.watcher"),
        (["--watcher", "https://localhost/"], "usage.watcher"),
        (["--watcher", "https://a.example/", "--no-watcher"], "usage.both"),
        (["--witness", "did:key:z6Mk", "--no-witness"], "usage.both"),
        (["--threshold", "1", "--no-witness"], "usage.both"),
        (["--witness", "did:web:a.example"], "webvh.witness"),
    ],
)
def test_what_cannot_be_changed(tmp_path, more, code):
    run(tmp_path, *NEW)
    before = (tmp_path / "did.jsonl").read_bytes()
    assert code in run(tmp_path, *UPDATE, *more, status=2).stderr
    assert (tmp_path / "did.jsonl").read_bytes() == before


def test_a_move_is_written_and_the_former_place_is_not_forgotten(tmp_path):
    run(tmp_path, *NEW, "--portable")
    state = entries((tmp_path / "did.jsonl").read_bytes())[0]["state"]
    moved = json.loads(json.dumps(state).replace("good.example.edu", "new.example.edu"))
    (tmp_path / "new.json").write_text(json.dumps(moved))
    assert "webvh.portability" in run(tmp_path, *UPDATE, "--document", "new.json", status=2).stderr
    (tmp_path / "new.json").write_text(json.dumps(moved | {"alsoKnownAs": [state["id"]]}))
    done = run(tmp_path, *UPDATE, "--document", "new.json")
    assert "Publish it as https://new.example.edu/.well-known/did.jsonl" in done.stderr
    assert "Go on publishing the log at https://good.example.edu/.well-known/did.jsonl" in done.stderr
    again = run(tmp_path, *UPDATE, "--ttl", "5")
    assert "has moved" not in again.stderr


class TestWatchers:
    @pytest.fixture
    def host(self):
        """A log on this machine that names a watcher beside it, and the pages of both."""
        pages = {}
        with publishing(pages) as (port, asked):
            place = WebPlace("localhost", port, ())
            log = first(place=place, changes={"watchers": [f"http://localhost:{port}/w"]})
            did = did_of(log)
            for number in (1, 2):
                document = web.new_document(did, private(50 + number).public)
                log = update(log, {}, KEYS[0], LOG_TOOLS, at=START + number * DAY, document=document)
            pages["/.well-known/did.jsonl"] = log
            yield did, log, pages, asked

    def history(self, folder, did, status, *more):
        done = run(folder, "did", "history", str(did), "--watchers", "--json", *more, status=status, env=OPEN)
        return json.loads(done.stdout)

    def test_one_that_holds_the_same_or_less_or_nothing(self, tmp_path, host):
        did, log, pages, asked = host
        place = f"/w/log?scid={did.identifier.partition(':')[0]}"
        lines = log.splitlines(keepends=True)
        for page, state in (
            (log, "same"),
            (b"".join(lines[:1]), "behind"),
            (None, "absent"),
            (b"<html>", "unsound"),
            (lines[0] + lines[2], "unsound"),
            ("https://elsewhere.example/", "unknown"),
            (b" " * (1024 * 1024 + 1), "unknown"),
        ):
            pages[place] = page
            told = self.history(tmp_path, did, 0)
            assert [each["state"] for each in told["watchers"]] == [state]
            assert len(told["versions"]) == 3
        assert place in asked

    @pytest.mark.threat(23)
    def test_one_that_holds_more_or_other_shows_it_and_changes_nothing(self, tmp_path, host):
        did, log, pages, _ = host
        place = f"/w/log?scid={did.identifier.partition(':')[0]}"
        lines = log.splitlines(keepends=True)
        pages[place] = log
        pages["/.well-known/did.jsonl"] = b"".join(lines[:2])
        told = self.history(tmp_path, did, 20)
        assert (told["watchers"][0]["state"], told["watchers"][0]["version"]) == ("ahead", 3)
        assert len(told["versions"]) == 2
        document = web.new_document(did, private(99).public)
        pages[place] = update(lines[0], {}, KEYS[0], LOG_TOOLS, at=START + 5 * DAY, document=document)
        told = self.history(tmp_path, did, 20)
        assert (told["watchers"][0]["state"], told["watchers"][0]["version"]) == ("fork", 2)
        line = ["did", "history", str(did), "--at", "2026-06-01T00:00:00Z"]
        done = run(tmp_path, *line, "--watchers", status=20, env=OPEN)
        assert "ANOTHER version 2" in done.stdout
        assert "cannot be told" in done.stdout
        assert done.stdout.startswith(run(tmp_path, *line, env=OPEN).stdout)

    @pytest.mark.threat(23)
    def test_what_witnesses_did_not_approve_accuses_nobody(self, tmp_path):
        pages = {}
        with publishing(pages) as (port, _):
            changed = {"watchers": [f"http://localhost:{port}/w"], "witness": rule(1, 0)}
            log = first(place=WebPlace("localhost", port, ()), changes=changed)
            did = did_of(log)
            scid = did.identifier.partition(":")[0]
            approved = approve(log, None, WITNESSES[:1], LOG_TOOLS, at=START)
            pages |= {"/.well-known/did.jsonl": log, "/.well-known/did-witness.json": approved}
            more = update(log, {}, KEYS[0], LOG_TOOLS, at=START + DAY)
            pages[f"/w/log?scid={scid}"] = more
            assert self.history(tmp_path, did, 0)["watchers"][0]["state"] == "unsound"
            pages[f"/w/witness?scid={scid}"] = approve(more, approved, WITNESSES[:1], LOG_TOOLS, at=NOW)
            assert self.history(tmp_path, did, 20)["watchers"][0]["state"] == "ahead"

    def test_nobody_is_asked_unless_that_was_wished(self, tmp_path, host):
        did, _, _, asked = host
        run(tmp_path, "did", "history", str(did), env=OPEN)
        run(tmp_path, "did", "resolve", str(did), env=OPEN)
        assert asked == ["/.well-known/did.jsonl"] * 2

    def test_a_log_without_watchers_and_a_did_without_a_log(self, tmp_path):
        pages = {}
        with publishing(pages) as (port, _):
            log = chain(1, place=WebPlace("localhost", port, ()))
            pages["/.well-known/did.jsonl"] = log
            assert (
                "names no watchers" in run(tmp_path, "did", "history", str(did_of(log)), "--watchers", env=OPEN).stdout
            )
        did = str(did_key.create(private(1).public))
        assert "usage.watchers" in run(tmp_path, "did", "history", did, "--watchers", status=2).stderr
