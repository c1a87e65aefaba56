"""did:peer at the command line: keys and services in one identifier, or a whole document."""

import json

import pytest
from running import glejt
from samples import badge, data

from did_methods.did import parse_did
from did_methods.document import DidDocument, Relationship
from did_methods.multikey import KeyType
from did_methods.peer import resolve_peer
from node.adapters.key_file import read_key_file

NEW = ["did", "create", "--method", "peer", "--out", "key.json"]
BARE = "--no-passphrase"
ENDPOINT = "https://agent.example/didcomm"


def made(folder, *more, env=None):
    done = glejt(folder, *NEW, BARE, *more, env=env)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("numalgo", ["2", "4"])
@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_keys_and_services_are_in_the_identifier(tmp_path, numalgo, kind):
    asked = ["--encryption-key", "open.json", "--authentication-key", "show.json", "--service", ENDPOINT]
    mediator = "did:web:mediator.example"
    done = made(tmp_path, "--numalgo", numalgo, "--type", kind, *asked, "--service", mediator)
    did = done.stdout.strip()
    assert did.startswith(f"did:peer:{numalgo}")
    document = resolve_peer(parse_did(did))
    assert [service["serviceEndpoint"]["uri"] for service in document["service"]] == [ENDPOINT, mediator]
    assert {service["type"] for service in document["service"]} == {"DIDCommMessaging"}
    assert [service["id"] for service in document["service"]] == ["#service", "#service-1"]
    read = DidDocument.parse(document)
    files = {name: read_key_file(tmp_path / name) for name in ("key.json", "show.json", "open.json")}
    for name, relationship in (
        ("key.json", Relationship.ASSERTION_METHOD),
        ("show.json", Relationship.AUTHENTICATION),
        ("open.json", Relationship.KEY_AGREEMENT),
    ):
        method = str(files[name].verification_method)
        assert read.relationships[relationship] == {method}
        assert read.methods[method].key == files[name].public == files[name].unlock().public
    assert files["open.json"].public.type is KeyType.X25519
    assert len({file.public.raw for file in files.values()}) == 3
    assert "this one signs statements" not in done.stderr
    resolved = glejt(tmp_path, "did", "resolve", did, env={"GLEJT_OFFLINE": "1"})
    assert json.loads(resolved.stdout) == document


@pytest.mark.parametrize("numalgo", ["2", "4"])
def test_what_it_signs_is_verified_and_shown_offline(tmp_path, numalgo):
    keys = ["--authentication-key", "show.json"] if numalgo == "2" else []
    did = made(tmp_path, "--numalgo", numalgo, *keys).stdout.strip()
    subject = {"type": "AchievementSubject", "id": did}
    credential = badge(issuer=did)
    (tmp_path / "draft.json").write_bytes(
        data({**credential, "credentialSubject": {**credential["credentialSubject"], **subject}})
    )
    done = glejt(tmp_path, "issue", "draft.json", "--key", "key.json", "--out", "award.json")
    assert done.returncode == 0, done.stderr
    verified = glejt(tmp_path, "verify", "award.json", "--offline", "--json")
    assert json.loads(verified.stdout)["verdict"] == "accepted"
    holder = "show.json" if keys else "key.json"
    request = ["--challenge", "c-1", "--domain", "https://shop.example"]
    shown = glejt(tmp_path, "present", "award.json", "--key", holder, *request, "--out", "shown.json")
    assert shown.returncode == 0, shown.stderr
    verified = glejt(tmp_path, "verify", "shown.json", "--offline", "--json", *request)
    assert json.loads(verified.stdout)["verdict"] == "accepted", verified.stdout


def test_a_key_file_of_numalgo_2_is_for_one_thing_and_that_is_said(tmp_path):
    done = made(tmp_path, "--numalgo", "2")
    assert "this one signs statements" in done.stderr
    document = DidDocument.parse(resolve_peer(parse_did(done.stdout.strip())))
    assert len(document.methods) == 2
    assert len({method.key for method in document.methods.values()}) == 1


def test_a_passphrase_protects_each_of_the_keys(tmp_path):
    (tmp_path / "secret").write_text("correct horse battery staple\n")
    keys = ["--encryption-key", "open.json", "--passphrase-file", "secret"]
    done = glejt(tmp_path, *NEW, "--numalgo", "4", *keys)
    assert done.returncode == 0, done.stderr
    for name in ("key.json", "open.json"):
        file = read_key_file(tmp_path / name)
        assert file.protected
        assert file.unlock("correct horse battery staple").public == file.public


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--numalgo", "1"], "usage.choice"),
        (["--numalgo", "3"], "usage.choice"),
        (["--service", ENDPOINT], "usage.peer"),
        (["--encryption-key", "open.json"], "usage.peer"),
        (["--method", "key", "--numalgo", "2"], "usage.peer"),
        (["--method", "webvh", "--domain", "good.example", "--service", ENDPOINT], "usage.peer"),
        (["--numalgo", "2", "--type", "bls12-381-g2", "--for", "urn:x", "--epoch", "2026"], "usage.choice"),
        (["--numalgo", "2", "--for", "urn:x"], "usage.key_scope"),
        (["--numalgo", "2", "--domain", "good.example"], "usage.domain"),
        (["--numalgo", "2", "--portable"], "usage.log"),
        (["--numalgo", "2", "--encryption-key", "key.json"], "usage.same_file"),
        (["--numalgo", "2", "--passphrase-file", "secret"], "usage.passphrase_conflict"),
        (["--numalgo", "2", *["--service", ENDPOINT] * 17], "usage.number"),
        (["--numalgo", "4", *["--service", f"https://agent.example/{'a' * 900}"] * 5], "did.too_long"),
        (["--numalgo", "2", "--service", "did:Web:mediator.example"], "did.syntax"),
        *(
            (["--numalgo", "2", "--service", uri], "usage.endpoint")
            for uri in (
                "http://agent.example/",
                "ftp://agent.example/",
                "https://127.0.0.1/",
                "https://localhost/",
                "https://user@agent.example/",
                "https://agent.example\\x",
                "https://agent.example/\u0430",
                "https://agent.example/" + "a" * 1024,
                "agent.example",
            )
        ),
    ],
)
def test_what_cannot_be_made(tmp_path, more, code):
    done = glejt(tmp_path, *NEW, BARE, *more)
    assert done.returncode == 2
    assert code in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_this_machine_takes_messages_only_where_it_was_opened(tmp_path):
    asked = ["--numalgo", "2", "--service", "ws://localhost:8000/ws"]
    assert "usage.endpoint" in glejt(tmp_path, *NEW, BARE, *asked).stderr
    made(tmp_path, *asked, env={"GLEJT_ALLOW_LOOPBACK": "1"})


@pytest.mark.parametrize("taken", ["key.json", "open.json", "show.json"])
def test_no_key_is_written_over(tmp_path, taken):
    (tmp_path / taken).write_text("mine")
    keys = ["--encryption-key", "open.json", "--authentication-key", "show.json"]
    assert glejt(tmp_path, *NEW, BARE, "--numalgo", "2", *keys).returncode == 2
    assert [file.name for file in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "mine"
