"""`glejt did update`, `rotate` and `deactivate` for did:ethr on the embedded chain: resolved, and killed."""

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from anchor_office import DEAD, Office
from running import glejt

from anchoring.devchain.opening import opened
from anchoring.facts import StandingOf
from anchoring.signing_key import SigningKey
from node.adapters.key_file import read_key_file
from node.adapters.registry_access import EmbeddedRegistry

pytest.importorskip("eth", reason="the extra devchain is not installed")

HERE = ("--embedded", "chain")
LONG = "GLEJT_LONG" in os.environ
KEY = ("--update-key", "owner.json")
ADD = ("--add-key", "first.json")


@dataclass(frozen=True)
class Identity:
    """A folder with a chain, an identity on it, its owner's key and two keys that sign; and `glejt` in it."""

    folder: Path
    office: Office
    did: str

    def __call__(self, *argv, expect=0, **options):
        done = self.office(self.folder, *argv, **options)
        assert expect is None or done.returncode == expect, (argv, done)
        return done

    def change(self, command, *argv, key="owner.json", **options):
        return self("did", command, self.did, "--update-key", key, *HERE, *argv, **options)

    def resolved(self):
        return self("did", "resolve", self.did, *HERE, "--json").json()

    def keys(self):
        return [
            entry["publicKeyMultibase"]
            for entry in self.resolved()["didDocument"]["verificationMethod"]
            if "publicKeyMultibase" in entry
        ]

    def changes(self):
        """How many changes the registry took by the owner's word."""
        return asyncio.run(self._changes())

    async def _changes(self):
        owner = SigningKey(read_key_file(self.folder / "owner.json").unlock().raw).address
        async with opened(self.folder / "chain") as chain:
            registry = EmbeddedRegistry(chain, chain.registry)
            standing = await registry.answer(StandingOf(owner, owner), await registry.final_block())
        assert standing.owner == owner
        return standing.calls


def key_of(folder, name):
    return read_key_file(folder / name).public.to_multibase()


@pytest.fixture(scope="module")
def office():
    with Office() as started:
        yield started


@pytest.fixture(scope="module")
def prepared(office, tmp_path_factory):
    folder = tmp_path_factory.mktemp("identity")
    network = office(folder, "anchor", "deploy", *HERE, "--json").json()["network"]["id"]
    made = ("did", "create", "--no-passphrase", "--out")
    did = office(folder, *made, "owner.json", "--method", "ethr", "--network", hex(network)).stdout.strip()
    for name in ("first", "second"):
        office(folder, *made, f"{name}.json", "--type", "p256")
    return folder, did


@pytest.fixture
def identity(prepared, office, tmp_path):
    folder, did = prepared
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return Identity(tmp_path, office, did)


def test_the_life_of_an_identity(identity):
    first, second = (key_of(identity.folder, f"{name}.json") for name in ("first", "second"))
    own = identity.keys()
    told = identity.change(
        "update", "--add-key", "first.json", "--service", "Hub=https://hub.example", "--wait", "--json"
    )
    assert [call["state"] for call in told.json()["calls"]] == ["finalized", "finalized"]
    assert told.json()["network"]["publicValue"] is False
    document = identity.resolved()["didDocument"]
    assert identity.keys() == [*own, first]
    assert document["service"][0]["serviceEndpoint"] == "https://hub.example"

    identity.change("update", "--add-key", second, "--remove-key", "first.json", "--wait")
    assert identity.keys() == [*own, second]
    identity.change("update", "--remove-service", "Hub=https://hub.example", "--wait")
    assert not identity.resolved()["didDocument"].get("service")

    identity.change("rotate", "--out", "next.json", "--no-passphrase", "--wait")
    assert identity.keys()[-1] == second
    refused = identity.change("update", "--remove-key", second, expect=1)
    assert "anchoring.owner" in refused.stderr
    asked = identity.change("deactivate", key="next.json", expect=2)
    assert "input.unconfirmed" in asked.stderr
    identity.change("deactivate", "--yes", "--wait", key="next.json")
    assert identity.resolved()["didDocumentMetadata"]["deactivated"] is True
    over = identity.change("update", "--add-key", first, expect=1)
    assert "anchoring.given_up" in over.stderr


def test_what_stands_is_not_written_again(identity):
    identity.change("update", "--add-key", "first.json", "--wait")
    before = identity.changes()
    again = identity.change("update", "--add-key", "first.json", "--wait", "--json")
    assert (again.json()["calls"], identity.changes()) == ([], before)
    never = identity.change("update", "--remove-key", "second.json", expect=1)
    assert "anchoring.no_entry" in never.stderr


@pytest.mark.threat(93)
@pytest.mark.parametrize("command", ["update", "go on"])
def test_killed_at_every_point_nothing_is_lost_or_done_twice(prepared, office, tmp_path, command):
    """Two changes, wherever the first run died; by the same command, or by going on first."""
    folder, did = prepared
    kill, ended = (-1 if command == "update" else 0) * (not LONG), DEAD
    while ended == DEAD:
        kill += 1 if LONG else 3
        place = tmp_path / str(kill)
        shutil.copytree(folder, place)
        identity = Identity(place, office, did)
        both = {key_of(place, "first.json"), key_of(place, "second.json")}
        story = ("--add-key", "first.json", "--add-key", "second.json", "--wait")
        done = identity.change("update", *story, kill=kill, expect=None)
        ended = done.ended
        begun = done.passed.count("call, after")
        if command == "go on":
            went_on = identity("did", "update", did, *HERE, "--wait", expect=None)
            assert went_on.returncode in {0, 2}, went_on
            assert len(set(identity.keys()) & both) >= begun
        identity.change("update", *story)
        assert len(identity.keys()) == len(both)
        assert identity.keys()[-2:] == [key_of(place, "first.json"), key_of(place, "second.json")]
        assert identity.changes() == 2
    assert kill > 8


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("update", "{did}", *KEY, *HERE, "--ttl", "5"), "usage.not_on_a_chain"),
        (("update", "{did}", *KEY, *HERE, "--service", "Hub"), "usage.service"),
        (("update", "{did}", *HERE, *ADD), "usage.missing"),
        (("update", "{did}", *HERE), "usage.no_change"),
        (("update", "{did}", "--update-key", "first.json", *HERE, *ADD), "did.owner_key"),
        (("update", "{did}", *KEY, "--embedded", "none", *ADD), "anchor.no_chain"),
        (("update", "did:ethr:0xab", *KEY, *HERE), "did.invalid"),
        (("update", "did:ethr:0x{zeros}", *KEY, *HERE, *ADD), "did.other_chain"),
        (("update", "did:ethr:0x{zeros}", *KEY, *ADD), "anchor.unknown_chain"),
        (("update", "did.jsonl", *KEY, *ADD), "usage.on_a_chain"),
        (("update", "did.jsonl", "--ttl", "5"), "usage.missing"),
        (("rotate", "did.jsonl", *KEY, "--out", "new.json", *HERE), "usage.on_a_chain"),
        (("rotate", "{did}", *KEY, "--out", "first.json", *HERE), "key_file.exists"),
        (("rotate", "{did}", *KEY, "--out", "new.json", "--web", "a", *HERE), "usage.not_on_a_chain"),
        (("deactivate", "{did}", *KEY, "--web", "a", *HERE), "usage.not_on_a_chain"),
        (("deactivate", "did.jsonl", *KEY, "--wait"), "usage.on_a_chain"),
        (("resolve", "{did}", "--embedded", "none"), "anchor.no_chain"),
        (("resolve", "{did}", "--fetch", *HERE), "usage.fetch"),
    ],
)  # fmt: skip
def test_what_is_asked_for_in_vain(identity, argv, code):
    filled = [word.format(did=identity.did, zeros="ab" * 20) for word in argv]
    done = identity("did", *filled, expect=2)
    assert (code in done.stderr, done.stdout) == (True, ""), done
    assert not (identity.folder / "new.json").exists()


def test_another_language(identity):
    done = glejt(identity.folder, "--lang", "pl", "did", "update", identity.did, "--update-key", "first.json", *HERE,
                 *ADD)  # fmt: skip
    assert "did.owner_key" in done.stderr
    assert "did:ethr" in done.stderr
