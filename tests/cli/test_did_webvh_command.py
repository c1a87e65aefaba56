"""did:webvh at the command line: made, gone on with, witnessed, given up, and resolved at any of its versions."""

import json

import pytest
from running import glejt
from web_servers import publishing
from webvh_support import NOW, START, chain, did_of, entries, first, forged, private

from did_methods import key as did_key
from did_methods.did import parse_did
from did_methods.multikey import KeyType, PrivateKey
from did_methods.web import WebPlace
from did_methods.webvh import LogFiles, read_files
from node.adapters.key_file import read_key_file, write_key_file
from node.verification.did_logs import LOG_TOOLS

OPEN = {"GLEJT_ALLOW_LOOPBACK": "1"}
NEW = ["did", "create", "--method", "webvh", "--domain", "good.example.edu", "--out", "key.json"]
BARE = "--no-passphrase"
LATER = NOW.replace(year=2999)


@pytest.fixture
def made(tmp_path):
    done = glejt(tmp_path, *NEW, "--next-key", "next.json", BARE)
    assert done.returncode == 0, done.stderr
    return tmp_path, done


def run(folder, *line, status=0):
    done = glejt(folder, *line)
    assert done.returncode == status, done.stderr
    return done


def log_in(folder, witnesses=None):
    data = (folder / "did.jsonl").read_bytes()
    files = LogFiles(data, None if witnesses is None else (folder / witnesses).read_bytes())
    log = read_files(parse_did(entries(data)[0]["state"]["id"]), files, LOG_TOOLS, now=LATER)
    assert log.refusal is None, log.refusal
    return log.versions


def test_a_new_one_comes_with_its_keys_and_what_is_to_be_published(made):
    folder, done = made
    (version,) = log_in(folder)
    assert done.stdout == f"{version.did}\n"
    assert "did.jsonl. Publish it as https://good.example.edu/.well-known/did.jsonl" in done.stderr
    assert "did.json. Publish it as https://good.example.edu/.well-known/did.json" in done.stderr
    keys = {name: read_key_file(folder / name) for name in ("key.json", "update-key.json", "next.json")}
    assert str(keys["key.json"].verification_method) in version.document["assertionMethod"]
    assert version.parameters.update_keys == (keys["update-key.json"].public.to_multibase(),)
    assert len({file.public.raw for file in keys.values()}) == 3
    web = json.loads((folder / "did.json").read_bytes())
    assert web["id"] == "did:web:good.example.edu"
    assert web["alsoKnownAs"] == [version.did]
    for page in ("did.jsonl", "did.json"):
        assert "secretKey" not in (folder / page).read_text()


def test_folders_other_keys_and_parameters(tmp_path):
    witness = str(did_key.create(private(100).public))
    other = str(did_key.create(private(101).public))
    place = [*NEW[:4], "--domain", "good.example.edu/dids/~ala", "--out", "key.json", "--type", "p256", "--portable"]
    watched = ["--watcher", "https://watcher.example/", "--witness", witness, "--witness", other, "--threshold", "1"]
    done = run(tmp_path, *place, *watched, BARE)
    assert done.stdout.strip().endswith(":good.example.edu:dids:%7Eala")
    assert "1 witnesses have to approve" in done.stderr
    parameters = entries((tmp_path / "did.jsonl").read_bytes())[0]["parameters"]
    assert parameters["portable"] is True
    assert parameters["watchers"] == ["https://watcher.example/"]
    assert parameters["witness"] == {"threshold": 1, "witnesses": [{"id": witness}, {"id": other}]}
    assert read_key_file(tmp_path / "key.json").public.type is KeyType.P256


def test_a_key_is_replaced_and_the_next_one_promised(made):
    folder, _ = made
    before = (folder / "did.jsonl").read_bytes()
    line = ["did", "rotate", "did.jsonl", "--out", "key-2.json", BARE, "--web", "did.json"]
    refused = run(folder, *line, "--update-key", "next.json", status=2)
    assert "usage.next_key" in refused.stderr
    stolen = glejt(folder, *line, "--update-key", "update-key.json", "--next-key", "next-2.json")
    assert stolen.returncode != 0
    assert "webvh.rotation" in stolen.stderr
    assert "Use the key that writes in this log" in stolen.stderr
    assert not (folder / "key-2.json").exists()
    assert not (folder / "next-2.json").exists()
    assert (folder / "did.jsonl").read_bytes() == before
    done = run(folder, *line, "--update-key", "next.json", "--next-key", "next-2.json")
    one, two = log_in(folder)
    assert done.stdout == f"{two.version_id}\n"
    new = read_key_file(folder / "key-2.json")
    assert two.document["assertionMethod"] == [str(new.verification_method)] != one.document["assertionMethod"]
    assert json.loads((folder / "did.json").read_bytes())["verificationMethod"][0]["publicKeyMultibase"] == (
        new.public.to_multibase()
    )
    run(
        folder,
        "did",
        "rotate",
        "did.jsonl",
        "--out",
        "key-3.json",
        BARE,
        "--update-key",
        "next-2.json",
        "--next-key",
        "n3",
    )
    assert len(log_in(folder)) == 3


def test_another_document(made):
    folder, _ = made
    document = entries((folder / "did.jsonl").read_bytes())[0]["state"] | {"alsoKnownAs": ["https://good.example.edu/"]}
    (folder / "new.json").write_text(json.dumps(document))
    line = ["did", "update", "did.jsonl", "--document", "new.json", BARE]
    run(folder, *line, "--update-key", "next.json", "--next-key", "next-2.json")
    assert log_in(folder)[1].document == document
    (folder / "new.json").write_text(json.dumps(document | {"id": "did:web:evil.example"}))
    before = (folder / "did.jsonl").read_bytes()
    done = glejt(folder, *line, "--update-key", "next-2.json", "--next-key", "next-3.json")
    assert done.returncode != 0
    assert "webvh.subject" in done.stderr
    assert "Mend what it says" in done.stderr
    assert (folder / "did.jsonl").read_bytes() == before
    assert not (folder / "next-3.json").exists()


def test_the_end_asks_first_and_is_final(made):
    folder, _ = made
    line = ["did", "deactivate", "did.jsonl", "--update-key", "next.json"]
    assert "input.unconfirmed" in run(folder, *line, status=2).stderr
    assert len(log_in(folder)) == 1
    run(folder, *line, "--yes")
    assert [version.parameters.deactivated for version in log_in(folder)] == [False, False, True]
    again = glejt(folder, *line, "--yes")
    assert again.returncode != 0
    assert "Make a new identifier" in again.stderr


def test_another_key_is_told_to_its_owner_and_not_to_a_reader(tmp_path):
    run(tmp_path, *NEW, BARE)
    line = ["did", "rotate", "did.jsonl", "--out", "key-2.json", BARE, "--update-key"]
    wrong = glejt(tmp_path, *line, "key.json")
    assert wrong.returncode != 0
    assert "webvh.key" in wrong.stderr
    assert "Use the key that writes in this log" in wrong.stderr
    run(tmp_path, *line, "update-key.json")


def test_witnesses_approve_before_the_log_is_published(tmp_path):
    for number in (100, 101):
        secret = PrivateKey(KeyType.ED25519, bytes([number]) * 32)
        write_key_file(
            tmp_path / f"w{number}.json", secret, verification_method=did_key.method_id(secret.public), passphrase=None
        )
    named = [str(read_key_file(tmp_path / f"w{number}.json").verification_method.did) for number in (100, 101)]
    run(tmp_path, *NEW, BARE, "--witness", named[0], "--witness", named[1])
    one = run(tmp_path, "did", "witness", "did.jsonl", "--key", "w100.json")
    assert "More witnesses" in one.stderr
    two = run(tmp_path, "did", "witness", "did.jsonl", "--key", "w101.json")
    assert "Enough witnesses" in two.stderr
    (version,) = log_in(tmp_path, "did-witness.json")
    assert version.approved_by == set(named)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ([*NEW[:4], "--out", "k", BARE], "usage.domain"),
        ([*NEW, "--type", "bls12-381-g2", BARE], "usage.choice"),
        ([*NEW, "--threshold", "1", BARE], "usage.threshold"),
        ([*NEW, "--witness", "did:key:z6Mk", "--threshold", "2", BARE], "usage.number"),
        ([*NEW, "--witness", "did:web:good.edu", BARE], "webvh.witness"),
        ([*NEW, "--update-key", "key.json", BARE], "usage.same_file"),
        (["did", "create", "--out", "k", "--portable", BARE], "usage.log"),
        ([*NEW[:5], "127.0.0.1", *NEW[6:], BARE], "did.host"),
    ],
)
def test_what_cannot_be_made(tmp_path, line, code):
    done = glejt(tmp_path, *line)
    assert done.returncode != 0
    assert code in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("taken", ["key.json", "update-key.json", "next.json", "did.jsonl", "did.json"])
def test_nothing_is_written_over(tmp_path, taken):
    (tmp_path / taken).write_text("mine")
    run(tmp_path, *NEW, "--next-key", "next.json", BARE, status=2)
    assert [file.name for file in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "mine"


@pytest.fixture
def published():
    """A host on this machine with the log of three versions, and what it serves."""
    pages = {}
    with publishing(pages) as (port, _):
        log = chain(3, place=WebPlace("localhost", port, ()))
        pages["/.well-known/did.jsonl"] = log
        yield log, pages


class TestResolve:
    def test_the_present_version(self, tmp_path, published):
        log, _ = published
        done = glejt(tmp_path, "did", "resolve", str(did_of(log)), env=OPEN)
        assert (done.returncode, json.loads(done.stdout)) == (0, entries(log)[2]["state"])

    @pytest.mark.parametrize(("lang", "words"), [("en", "gave this DID up"), ("pl", "porzucił ten DID")])
    def test_one_that_was_given_up_is_said_to_be(self, tmp_path, published, lang, words):
        log, pages = published
        line = ["--lang", lang, "did", "resolve", str(did_of(log))]
        assert words not in glejt(tmp_path, *line, env=OPEN).stderr
        pages["/.well-known/did.jsonl"] = forged(log, {"deactivated": True})
        done = glejt(tmp_path, *line, env=OPEN)
        assert (done.returncode, json.loads(done.stdout)) == (0, entries(log)[2]["state"])
        assert words in done.stderr

    def test_any_version(self, tmp_path, published):
        log, pages = published
        pages["/.well-known/did.jsonl"] = forged(log, by=1)
        did, second = str(did_of(log)), entries(log)[1]
        for asked in (
            ["--version-number", "2"],
            ["--version-id", second["versionId"]],
            ["--version-time", "2026-01-02T10:00:00Z"],
        ):
            done = glejt(tmp_path, "did", "resolve", did, *asked, env=OPEN)
            assert (done.returncode, json.loads(done.stdout)) == (0, second["state"])
        by_url = glejt(tmp_path, "did", "resolve", f"{did}?versionNumber=2", env=OPEN)
        assert json.loads(by_url.stdout) == second["state"]
        # The last entry does not hold, so there is no present document: the log is wrong, not what was typed.
        assert glejt(tmp_path, "did", "resolve", did, env=OPEN).returncode == 1
        assert glejt(tmp_path, "did", "resolve", did, "--version-number", "9", env=OPEN).returncode == 1

    @pytest.mark.parametrize(
        ("asked", "status"),
        [
            (["--version-number", "x"], 2),
            (["--version-number", "1", "--version-id", "1-Qm"], 2),
            (["--version-time", "yesterday"], 2),
        ],
    )
    def test_what_asks_for_no_version(self, tmp_path, asked, status):
        did = str(did_of(first(at=START)))
        assert glejt(tmp_path, "did", "resolve", did, *asked).returncode == status

    @pytest.mark.parametrize("part", ["#whois", "/whois"])
    def test_a_part_of_one_has_no_history(self, tmp_path, part):
        done = run(tmp_path, "did", "history", f"{did_of(first(at=START))}{part}", status=2)
        assert "did.invalid" in done.stderr

    def test_other_methods_keep_none(self, tmp_path):
        did = str(did_key.create(private(1).public))
        assert glejt(tmp_path, "did", "resolve", did, "--version-number", "1").returncode == 20
