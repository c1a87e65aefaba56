"""Logs of did:webvh with `didwebvh-ts` and PyPI `did-webvh`: what one writes, all three read alike."""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from peers.client import PeerError
from webvh_support import (
    DAY,
    KEYS,
    NOW,
    START,
    WITNESSES,
    chain,
    did_of,
    entries,
    first,
    forged,
    multikey,
    private,
    rotating,
    rule,
)

from did_methods.did import parse_did
from did_methods.versions import VersionQuery
from did_methods.webvh import LogFiles, read_files, resolution_of
from did_methods.webvh_create import approve, deactivate, promise, update
from did_methods.webvh_services import parallel_web
from node.verification.did_logs import LOG_TOOLS

pytestmark = pytest.mark.peer

AFTER = datetime(2999, 1, 1, tzinfo=UTC)
"""The peer dates the end of an identifier itself."""

PORTABLE = first(changes={"portable": True})
PORTABLE_DID = str(did_of(PORTABLE))
MOVED_STATE = entries(PORTABLE)[0]["state"] | {
    "id": PORTABLE_DID.replace("good.", "new."),
    "alsoKnownAs": [PORTABLE_DID],
}
WITNESSED = first(changes={"witness": rule(2, 0, 1, 2)})
WITNESSED_TWICE = update(WITNESSED, {}, KEYS[0], LOG_TOOLS, at=START + DAY)
LATE = update(first(), {"witness": rule(1, 0)}, KEYS[0], LOG_TOOLS, at=START + DAY)
ENDED = update(LATE, {"witness": {}, "ttl": 9, "watchers": []}, KEYS[0], LOG_TOOLS, at=START + 2 * DAY)
OURS = {
    "one entry": (first(), None),
    "a chain": (chain(4), None),
    "promised keys": (rotating(4), None),
    "given up": (deactivate(chain(2), KEYS[0], LOG_TOOLS, at=START + 5 * DAY), None),
    "given up after promises": (deactivate(rotating(2), KEYS[2], LOG_TOOLS, at=START + 5 * DAY), None),
    "moved": (forged(PORTABLE, state=MOVED_STATE), None),
    "parameters": (first(changes={"ttl": 60, "watchers": ["https://watcher.example/"]}), None),
    "parameters changed": (
        update(
            first(changes={"ttl": 60, "watchers": ["https://watcher.example/"]}),
            {"ttl": 9, "watchers": ["https://other.example/"]},
            KEYS[0],
            LOG_TOOLS,
            at=START + DAY,
        ),
        None,
    ),
    "witnesses later": (LATE, approve(LATE, None, WITNESSES[:1], LOG_TOOLS, at=NOW)),
    "witnesses ended": (ENDED, approve(ENDED, None, WITNESSES[:1], LOG_TOOLS, at=NOW)),
    "witnesses ended before": (
        update(ENDED, {}, KEYS[0], LOG_TOOLS, at=START + 3 * DAY),
        approve(ENDED, None, WITNESSES[:1], LOG_TOOLS, at=NOW),
    ),
    "witnessed": (WITNESSED, approve(WITNESSED, None, WITNESSES[:2], LOG_TOOLS, at=NOW)),
    "witnessed twice": (
        WITNESSED_TWICE,
        approve(WITNESSED_TWICE, None, WITNESSES[1:3], LOG_TOOLS, at=NOW),
    ),
}
# What every reader has to refuse: name, log, file of witnesses.
_LINES = chain(3).splitlines(keepends=True)
HOSTILE = {
    "an entry dropped": (_LINES[0] + _LINES[2], None),
    "two swapped": (_LINES[0] + _LINES[2] + _LINES[1], None),
    "one doubled": (_LINES[0] + _LINES[1] + _LINES[1], None),
    "a stranger's key": (forged(chain(2), by=1), None),
    "promises ignored": (
        forged(rotating(1), {"updateKeys": [multikey(9)], "nextKeyHashes": [promise(KEYS[9].public)]}, by=9),
        None,
    ),
    "an altered document": (_LINES[0] + _LINES[1].replace(b"assertionMethod", b"assertionMethoe"), None),
    "moved without leave": (
        forged(first(), state=entries(first())[0]["state"] | {"id": "did:webvh:x:y.example"}),
        None,
    ),
    "after the end": (forged(forged(first(), {"deactivated": True})), None),
    "too few witnesses": (WITNESSED, approve(WITNESSED, None, WITNESSES[:1], LOG_TOOLS, at=NOW)),
    "no witnesses": (WITNESSED, b"[]"),
    "time runs back": (forged(first(), versionTime="2025-01-01T00:00:00Z"), None),
}
LENIENT = "after the end"
"""PyPI `did-webvh` answers with what follows the end of an identifier; `didwebvh-ts` with nothing and no error."""


def by(number, *, witness=False):
    keys, offset = (WITNESSES, 100) if witness else (KEYS, 0)
    return {"seed": private(offset + number).raw.hex(), "multikey": keys[number].public.to_multibase()}


def ours(log, file=None, *, now=NOW, **query):
    did = parse_did(entries(log)[-1]["state"]["id"])
    read = read_files(did, LogFiles(log, file), LOG_TOOLS, now=now)
    return resolution_of(did, read, VersionQuery(**query))


def peer_reads(peer, log, file=None, **options):
    """What `didwebvh-ts` reads, without the services that it writes into every document."""
    witnesses = {} if file is None else {"witnessProofs": json.loads(file)}
    read = peer.ask("webvhRead", log=entries(log), **options, **witnesses)
    return read | {"document": read["document"] and as_published(read["document"])}


def as_published(document):
    services = [service for service in document.get("service", []) if service["id"] not in {"#files", "#whois"}]
    bare = {name: value for name, value in document.items() if name != "service"}
    return bare | ({"service": services} if services else {})


def python_reads(tmp_path, log, file=None, **query):
    """What PyPI `did-webvh` makes of the files: a document with its metadata, or a problem."""
    from did_webvh.core.resolver import DidResolver, LocalHistoryResolver  # noqa: PLC0415 - slow, and needed here alone
    from did_webvh.verify import WebvhVerifier  # noqa: PLC0415 - as above

    (tmp_path / "did.jsonl").write_bytes(log)
    witness = None
    if file is not None:
        witness = tmp_path / "did-witness.json"
        witness.write_bytes(file)
    did = entries(log)[-1]["state"]["id"]
    source = LocalHistoryResolver(tmp_path / "did.jsonl", witness)
    return asyncio.run(DidResolver(WebvhVerifier()).resolve(did, source, **query)).serialize()


def lines(log):
    return b"".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for entry in log)


@pytest.mark.parametrize("name", OURS)
def test_the_peers_read_what_glejt_writes(peer, tmp_path, name):
    log, file = OURS[name]
    mine = ours(log, file)
    assert mine.problem is None
    theirs = peer_reads(peer, log, file)
    # It answers with no document once the identifier was given up.
    assert theirs["document"] == (None if mine.deactivated else mine.document)
    assert theirs["metadata"]["versionId"] == mine.document_metadata["versionId"]
    assert theirs["metadata"]["deactivated"] == mine.deactivated
    python = python_reads(tmp_path, log, file)
    assert python["didDocument"] == mine.document
    assert python["didDocumentMetadata"]["versionId"] == mine.document_metadata["versionId"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_all_find_the_same_version(peer, tmp_path, number):
    log = chain(3)
    mine = ours(log, version_number=number).document
    name = entries(log)[number - 1]["versionId"]
    time = f"2026-01-0{number}T12:00:00Z"
    assert ours(log, version_id=name).document == mine
    assert ours(log, version_time=datetime.fromisoformat(time)).document == mine
    assert peer_reads(peer, log, versionNumber=number)["document"] == mine
    assert peer_reads(peer, log, versionId=name)["document"] == mine
    assert peer_reads(peer, log, time=time)["document"] == mine
    assert python_reads(tmp_path, log, version_number=str(number))["didDocument"] == mine
    assert python_reads(tmp_path, log, version_id=name)["didDocument"] == mine
    assert python_reads(tmp_path, log, version_time=time)["didDocument"] == mine


@pytest.mark.threat(23)
@pytest.mark.parametrize("name", HOSTILE)
def test_what_glejt_refuses_the_peers_refuse(peer, tmp_path, name):
    log, file = HOSTILE[name]
    assert ours(log, file).document is None
    with suppress(PeerError):  # its usual way of refusing
        assert peer_reads(peer, log, file)["document"] is None
    assert (python_reads(tmp_path, log, file)["didDocument"] is None) == (name != LENIENT)


class TestTheyWrite:
    OPTIONS = {  # noqa: RUF012 - read only
        "verificationMethods": [{"type": "Multikey", "publicKeyMultibase": multikey(5), "purpose": "assertionMethod"}],
    }

    def created(self, peer, **options):
        return peer.ask(
            "webvhWrite",
            how="create",
            by=by(0),
            domain="good.example.edu",
            updateKeys=[multikey(0)],
            created="2026-01-01T00:00:00Z",
            **self.OPTIONS,
            **options,
        )

    def read_alike(self, made, tmp_path, file=None):
        log = lines(made["log"])
        mine = ours(log, file)
        assert mine.problem is None, mine.detail
        assert mine.document == made["document"]
        assert python_reads(tmp_path, log, file)["didDocument"] == made["document"]

    def test_a_first_entry(self, peer, tmp_path):
        made = self.created(peer, portable=True, paths=["dids", "issuer"], watchers=["https://watcher.example/"])
        self.read_alike(made, tmp_path)

    def test_later_entries(self, peer, tmp_path):
        made = self.created(peer)
        for day in (2, 3):
            made = peer.ask(
                "webvhWrite",
                how="update",
                by=by(0),
                log=made["log"],
                updateKeys=[multikey(0)],
                updated=f"2026-01-0{day}T00:00:00Z",
                **self.OPTIONS,
            )
            self.read_alike(made, tmp_path)
        ended = peer.ask("webvhWrite", how="deactivate", by=by(0), log=made["log"])
        assert ours(lines(ended["log"]), now=AFTER).deactivated

    def test_promised_keys(self, peer, tmp_path):
        made = self.created(peer, nextKeyHashes=[promise(KEYS[1].public)])
        made = peer.ask(
            "webvhWrite",
            how="update",
            by=by(1),
            log=made["log"],
            updateKeys=[multikey(1)],
            nextKeyHashes=[promise(KEYS[2].public)],
            updated="2026-01-02T00:00:00Z",
            **self.OPTIONS,
        )
        self.read_alike(made, tmp_path)

    def test_witnesses(self, peer, tmp_path):
        made = self.created(peer, witness=rule(2, 0, 1))
        version = made["log"][0]["versionId"]
        entry = peer.ask(
            "webvhApprove",
            versionId=version,
            by=[by(0, witness=True), by(1, witness=True)],
            created="2026-01-01T00:00:00Z",
        )
        self.read_alike(made, tmp_path, json.dumps([entry]).encode())
        one = json.dumps([{**entry, "proof": entry["proof"][:1]}]).encode()
        assert ours(lines(made["log"]), one).document is None

    def test_witnesses_watchers_and_the_time_to_remember_change(self, peer, tmp_path):
        made = self.created(peer, witness=rule(1, 0), watchers=["https://watcher.example/"])
        first_version = made["log"][0]["versionId"]
        approved = {"created": "2026-01-01T00:00:00Z", "by": [by(0, witness=True)]}
        before = peer.ask("webvhApprove", versionId=first_version, **approved)
        made = peer.ask(
            "webvhWrite",
            how="update",
            by=by(0),
            log=made["log"],
            updateKeys=[multikey(0)],
            updated="2026-01-02T00:00:00Z",
            witness=rule(1, 1),
            watchers=["https://other.example/"],
            ttl=60,
            witnessProofs=[before],
            **self.OPTIONS,
        )
        entry = peer.ask("webvhApprove", versionId=made["log"][1]["versionId"], **approved)
        log, file = lines(made["log"]), json.dumps([entry]).encode()
        self.read_alike(made, tmp_path, file)
        metadata = ours(log, file).document_metadata
        assert metadata["watchers"] == ["https://other.example/"]
        assert metadata["witness"]["witnesses"] == rule(1, 1)["witnesses"]
        newcomer = peer.ask(
            "webvhApprove",
            versionId=made["log"][1]["versionId"],
            created="2026-01-02T00:00:00Z",
            by=[by(1, witness=True)],
        )
        assert ours(log, json.dumps([newcomer]).encode()).document is None

    def test_glejt_goes_on_with_their_log_and_they_with_ours(self, peer, tmp_path):
        log = update(lines(self.created(peer)["log"]), {"ttl": 60}, KEYS[0], LOG_TOOLS, at=START + DAY)
        assert peer_reads(peer, log)["document"] == ours(log).document
        made = peer.ask(
            "webvhWrite",
            how="update",
            by=by(0),
            log=entries(log),
            updateKeys=[multikey(0)],
            updated="2026-01-09T00:00:00Z",
        )
        self.read_alike(made, tmp_path)


def test_python_writes_and_all_read(peer, tmp_path):
    from aries_askar import Key  # noqa: PLC0415 - slow, and needed here alone
    from did_webvh.askar import AskarSigningKey  # noqa: PLC0415 - as above
    from did_webvh.history import update_document_state  # noqa: PLC0415 - as above
    from did_webvh.provision import genesis_document, provision_did  # noqa: PLC0415 - as above

    keys = [AskarSigningKey(Key.from_secret_bytes("ed25519", private(number).raw)) for number in range(2)]
    assert keys[0].multikey == multikey(0)
    state = provision_did(
        genesis_document("did:webvh:{SCID}:good.example.edu"),
        params={"updateKeys": [multikey(0)], "nextKeyHashes": [promise(KEYS[1].public)]},
        timestamp="2026-01-01T00:00:00Z",
    )
    state.sign(keys[0], timestamp=state.timestamp)
    later = update_document_state(
        state,
        keys[1],
        document=state.document | {"alsoKnownAs": ["https://good.example.edu/"]},
        params_update={"updateKeys": [multikey(1)], "nextKeyHashes": []},
        timestamp="2026-01-02T00:00:00Z",
    )
    for log in (f"{state.history_json()}\n", f"{state.history_json()}\n{later.history_json()}\n"):
        mine = ours(log.encode())
        assert mine.problem is None, mine.detail
        assert peer_reads(peer, log.encode())["document"] == mine.document
        assert python_reads(tmp_path, log.encode())["didDocument"] == mine.document


def test_the_same_promise_of_a_key(peer):
    assert peer.ask("webvhPromise", multikey=multikey(3)) == promise(KEYS[3].public)


def test_the_same_document_for_readers_of_did_web(peer):
    log = chain(1)
    document = entries(log)[0]["state"]
    theirs = peer.ask("webvhWeb", did=document["id"], document=document)
    mine = parallel_web(did_of(log), document)
    assert {name: value for name, value in theirs.items() if name != "service"} == {
        name: value for name, value in mine.items() if name != "service"
    }
    assert {service["serviceEndpoint"] for service in theirs["service"]} == {
        service["serviceEndpoint"] for service in mine["service"]
    }


@pytest.mark.parametrize(("approving", "accepted"), [((0,), True), ((1,), False), ((0, 1), True)])
def test_new_witnesses_are_let_in_by_the_old_ones(peer, tmp_path, approving, accepted):
    log = forged(first(changes={"witness": rule(1, 0)}), {"witness": rule(1, 1)})
    file = approve(log, None, [WITNESSES[number] for number in approving], LOG_TOOLS, at=NOW)
    assert (ours(log, file).problem is None) == accepted
    assert (python_reads(tmp_path, log, file)["didDocument"] is not None) == accepted
    if accepted:
        assert peer_reads(peer, log, file)["document"] == ours(log, file).document
    else:
        with pytest.raises(PeerError):
            peer_reads(peer, log, file)


def test_a_log_that_is_not_to_be_kept_is_one_that_python_refuses(peer, tmp_path):
    """The method has 0 for that; PyPI `did-webvh` takes no such number."""
    log = first(changes={"ttl": 0})
    assert ours(log).document_metadata["ttl"] == "0"
    assert peer_reads(peer, log)["document"] == ours(log).document
    assert python_reads(tmp_path, log)["didDocument"] is None
