"""Identifiers without a host at the command line, both forms of a result, and histories of keys."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from running import glejt
from samples import badge, data

from did_methods.did import parse_did
from did_methods.multikey import KeyType, PrivateKey
from did_methods.peer import create_with_key
from did_methods.pkh import create
from did_methods.web import WebPlace, new_document
from did_methods.webvh_create import UpdateKey, unfinished_did, update
from did_methods.webvh_create import create as create_log
from node.proofs.data_integrity import add_proof
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.signatures import local_signer
from node.verification.did_logs import LOG_TOOLS

ED = PrivateKey(KeyType.ED25519, bytes([3]) * 32).public
OPEN = {"GLEJT_ALLOW_LOOPBACK": "1"}
OLDER = 'application/ld+json;profile="https://w3id.org/did-resolution"'


def rotated_log(place):
    """A log in which one key takes the place of another after ten days."""
    administrator = PrivateKey(KeyType.ED25519, bytes([9]) * 32)

    def prove(document, *, method, created):
        options = ProofOptions(cryptosuite="eddsa-jcs-2022", verification_method=method, created=created)
        return add_proof(document, options, local_signer(administrator), jsonld=JsonLd({}))["proof"]

    key, start = UpdateKey(administrator.public, prove), datetime(2026, 1, 1, tzinfo=UTC)
    first = create_log(new_document(unfinished_did(place), ED), {}, key, LOG_TOOLS, at=start)
    did = parse_did(json.loads(first)["state"]["id"])
    other = PrivateKey(KeyType.ED25519, bytes([4]) * 32).public
    return update(first, {}, key, LOG_TOOLS, at=start + timedelta(days=10), document=new_document(did, other))


@contextmanager
def publishing(folder):
    """A server of this machine for the files of a folder, under `/dids`: its port."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self):
            self.path = self.path.removeprefix("/dids")
            super().do_GET()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(tmp_path, *words, status=0, **options):
    done = glejt(tmp_path, *words, **options)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("method", ["peer", "pkh", "jwk", "key"])
def test_what_is_made_signs_and_is_verified_offline(tmp_path, method):
    done = glejt(tmp_path, "did", "create", "--method", method, "--out", "key.json", "--no-passphrase")
    assert done.returncode == 0, done.stderr
    did = done.stdout.strip()
    assert did.startswith({"peer": "did:peer:0z6Mk", "pkh": "did:pkh:solana:"}.get(method, f"did:{method}:"))
    (tmp_path / "credential.json").write_bytes(data(badge(issuer=did)))
    done = glejt(tmp_path, "issue", "credential.json", "--key", "key.json", "--out", "signed.json")
    assert done.returncode == 0, done.stderr
    (entry,) = answer(tmp_path, "verify", "signed.json", "--offline", "--json")["credentials"]
    assert entry["verdict"] == "accepted"
    (key,) = [check for check in entry["checks"] if check["check"] == "issuer_key"]
    assert (key["evidence"]["evidence"], key["evidence"]["state"]) == ("immutable", "active")


def test_a_key_that_is_no_account_makes_none(tmp_path):
    done = glejt(tmp_path, "did", "create", "--method", "pkh", "--type", "p256", "--out", "k", "--no-passphrase")
    assert done.returncode == 2
    assert "usage.account" in done.stderr
    assert not (tmp_path / "k").exists()


def test_one_failure_is_told_in_both_forms(tmp_path):
    newer = answer(tmp_path, "did", "resolve", "did:example:a", "--json", status=20)
    assert newer["didResolutionMetadata"]["error"]["type"] == "https://www.w3.org/ns/did#METHOD_NOT_SUPPORTED"
    older = answer(tmp_path, "did", "resolve", "did:example:a", "--accept", OLDER, status=20)
    assert older["didResolutionMetadata"]["error"] == "methodNotSupported"
    assert older["didResolutionMetadata"]["message"] == newer["didResolutionMetadata"]["error"]["detail"]


def test_the_answer_has_the_form_that_was_asked_for(tmp_path):
    did = str(create_with_key(ED))
    whole = answer(tmp_path, "did", "resolve", did, "--json")
    assert whole["didResolutionMetadata"] == {"contentType": "application/did"}
    assert answer(tmp_path, "did", "resolve", did, "--accept", "application/did") == whole["didDocument"]
    older = answer(tmp_path, "did", "resolve", did, "--accept", OLDER)
    assert older["didResolutionMetadata"] == {"contentType": "application/did+ld+json"}


def test_an_identifier_that_is_its_key_has_a_short_history(tmp_path):
    did = str(create(ED))
    told = answer(tmp_path, "did", "history", did, "--json", "--at", "2001-01-01T00:00:00Z")
    assert told["at"] == "2001-01-01T00:00:00Z"
    assert [(each["since"], each["until"], each["evidence"]) for each in told["versions"]] == [
        (None, None, "immutable")
    ]
    assert (told["keys"][0]["state"], told["keys"][0]["publicKeyMultibase"]) == ("active", ED.to_multibase())
    done = glejt(tmp_path, "did", "history", did)
    assert done.returncode == 0
    assert "ever since - now: controller" in done.stdout
    assert "controller: active" in done.stdout
    assert "made of its keys" in done.stderr
    done = glejt(tmp_path, "--lang", "pl", "did", "history", did)
    assert "od zawsze" in done.stdout


def test_an_account_without_a_key_is_told_without_one(tmp_path):
    did = "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a"
    told = answer(tmp_path, "did", "history", did, "--json")
    assert [key["state"] for key in told["keys"]] == ["unknown"]
    assert glejt(tmp_path, "did", "history", did).returncode == 0


def test_a_log_is_its_history_and_a_bare_document_has_none(tmp_path):
    with publishing(tmp_path) as port:
        did = f"did:web:localhost%3A{port}:dids"
        log = rotated_log(WebPlace("localhost", port, ("dids",)))
        (tmp_path / "did.json").write_text(json.dumps({"id": did}))
        (tmp_path / "did.jsonl").write_bytes(log)
        told = answer(tmp_path, "did", "history", did, "--json", env=OPEN)
        assert [(each["evidence"], each["keys"]) for each in told["versions"]] == [("now-only", [])]
        did = json.loads(log.split(b"\n")[0])["state"]["id"]
        told = answer(tmp_path, "did", "history", did, "--json", "--at", "2026-01-05T00:00:00Z", env=OPEN)
        assert [(each["since"], each["until"], each["evidence"]) for each in told["versions"]] == [
            ("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z", "self-declared"),
            ("2026-01-11T00:00:00Z", None, "self-declared"),
        ]
        assert [key["state"] for key in told["keys"]] == ["active", "not-yet"]
        told = answer(tmp_path, "did", "history", did, "--json", env=OPEN)
        assert [key["state"] for key in told["keys"]] == ["rotated-away", "active"]


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("did:key:z6Mk0",), 2, "did.invalid"),
        (("did:peer:4zQmd8CpeFPci817KDsbSAKWcXAE2mjvCQSasRewvbSF54Bd",), 1, "did.refused"),
        (("did:example:a",), 20, "did.unsupported"),
        ((str(create_with_key(ED)), "--at", "yesterday"), 2, "usage.time"),
    ],
)
def test_what_has_no_history_says_why(tmp_path, words, status, code):
    done = glejt(tmp_path, "did", "history", *words)
    assert done.returncode == status
    assert code in done.stderr
    assert done.stdout == ""
