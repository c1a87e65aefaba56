"""`glejt did` for did:ethr on a chain with a node: somebody else pays, a run is killed, and the document tells."""

import json
import random
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from anchor_office import DEAD, Office
from anvil_mining import Mining
from anvil_support import running_chain
from eth_account import Account
from support import ROOT

from anchoring.identity_registry import nonce_slot
from anchoring.signing_key import SigningKey
from node.adapters.key_file import read_key_file

pytestmark = [pytest.mark.peer]

REGISTRY = ROOT / "anchoring" / "artifacts" / "EthereumDIDRegistry.json"
GAS = ("--gas", "gas.json", "--gas-passphrase-file", "pass")
PAYING = ("--trust", "trust.toml", *GAS)


@pytest.fixture(scope="module")
def office():
    with Office() as started:
        yield started


@pytest.fixture(scope="module")
def anvil():
    with running_chain("--disable-default-create2-deployer") as chain:
        yield chain


@pytest.fixture(scope="module")
def folder(office, anvil, tmp_path_factory):
    """A chain onto which the registry was put, and keys that sign."""
    folder = tmp_path_factory.mktemp("identities")
    key, secret = SigningKey.generate()
    (folder / "gas.json").write_text(json.dumps(Account.encrypt(secret, "correct horse", kdf="pbkdf2", iterations=1)))
    (folder / "pass").write_text("correct horse")
    anvil.ask("anvil_setBalance", "0x" + key.address.hex(), hex(10**18))
    (folder / "trust.toml").write_text(
        f'[[chains]]\nname = "Test chain"\nid = {anvil.chain.id}\ngenesis = "0x{anvil.chain.genesis.hex()}"\n'
        f'kind = "local"\nrpc = ["http://127.0.0.1:{anvil.port}"]\n'
    )
    with Mining(anvil.port):
        done = office(folder, "anchor", "deploy", "--registry", "--chain", "Test chain", "--yes", *PAYING)
        assert done.returncode == 0, done
    anvil.ask("anvil_mine", hex(70))  # so that the registry is final
    for name in ("first", "second"):
        office(folder, "did", "create", "--no-passphrase", "--type", "p256", "--out", f"{name}.json")
    return folder


@pytest.fixture
def identity(office, anvil, folder, tmp_path):
    for file in folder.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
            (tmp_path / file.name).chmod(0o600)
    made = ("did", "create", "--method", "ethr", "--network", hex(anvil.chain.id), "--no-passphrase")
    did = office(tmp_path, *made, "--out", "owner.json").stdout.strip()

    def run(command, *argv, key="owner.json", expect=0, **options):
        paying = ("--update-key", key, "--journal", "journal", *PAYING) if command != "resolve" else ()
        done = office(tmp_path, "did", command, did, *paying, *argv, **options)
        assert expect is None or done.returncode == expect, (argv, done)
        return done

    return run


def document(identity):
    return identity("resolve", "--trust", "trust.toml", "--json").json()


def listed(identity):
    return [
        entry["publicKeyMultibase"]
        for entry in document(identity)["didDocument"]["verificationMethod"]
        if "publicKeyMultibase" in entry
    ]


def public(folder, name):
    return read_key_file(folder / name).public.to_multibase()


def test_the_life_of_an_identity(identity, anvil, tmp_path):
    with Mining(anvil.port):
        told = identity("update", "--add-key", "first.json", "--wait", "--json").json()
        assert [call["state"] for call in told["calls"]] == ["finalized"]
        assert listed(identity) == [public(tmp_path, "first.json")]
        identity("update", "--add-key", "second.json", "--remove-key", "first.json", "--wait")
        assert listed(identity) == [public(tmp_path, "second.json")]
        identity("rotate", "--out", "next.json", "--no-passphrase", "--wait")
        assert "anchoring.owner" in identity("update", "--add-key", "first.json", expect=1).stderr
        identity("deactivate", "--yes", "--wait", key="next.json")
        assert document(identity)["didDocumentMetadata"]["deactivated"] is True


def test_what_is_not_final_is_waited_for(identity, anvil, tmp_path):
    anvil.ask("anvil_mine", hex(1))
    with Mining(anvil.port, blocks=1, seconds=0.5):  # so that nothing becomes final
        done = identity("update", "--add-key", "first.json")
        assert "could still take that back" in done.stderr
        other = identity("update", "--add-key", "second.json", expect=1)
        assert "anchoring.under_way" in other.stderr
        identity("update", "--add-key", "first.json")  # the same is the same
    anvil.ask("anvil_mine", hex(70))
    identity("update", "--wait")
    assert listed(identity) == [public(tmp_path, "first.json")]


@pytest.mark.threat(93)
@pytest.mark.parametrize("seed", range(3))
def test_killed_again_and_again(identity, anvil, tmp_path, seed):
    """The registry counts what the owner signed: two changes, whatever was cut off."""
    chance = random.Random(seed)  # noqa: S311 - which points, not secrets
    story = ("update", "--add-key", "first.json", "--add-key", "second.json", "--wait")
    kills = 0
    with Mining(anvil.port):
        for _ in range(3):
            kills += identity(*story, kill=chance.randrange(1, 12), expect=None).ended == DEAD
        identity(*story)
    assert kills
    assert listed(identity) == [public(tmp_path, "first.json"), public(tmp_path, "second.json")]
    assert _count(anvil, tmp_path) == 2


def test_a_number_that_another_change_used(identity, anvil, tmp_path):
    """Two machines with one owner's key: the second to come is told that its number was used."""
    with Mining(anvil.port, blocks=1, seconds=0.5):
        identity("update", "--add-key", "first.json")
    journal = tmp_path / "elsewhere" / "calls.sqlite"
    with ThreadPoolExecutor(1) as beside:
        second = ("--add-key", "second.json", "--journal", "elsewhere", "--wait")
        running = beside.submit(identity, "update", *second, expect=None)
        while not journal.exists() or not _calls(journal):
            assert not running.done(), running.result()
            time.sleep(0.05)
        with Mining(anvil.port):
            done = running.result()
    assert (done.returncode, "did.overtaken" in done.stderr) == (1, True), done
    assert listed(identity) == [public(tmp_path, "first.json")]
    assert _count(anvil, tmp_path) == 1


def _calls(journal):
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
        try:
            return database.execute("SELECT count(*) FROM calls").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def _count(anvil, folder):
    owner = SigningKey(read_key_file(folder / "owner.json").unlock().raw)
    registry = json.loads(REGISTRY.read_text("utf-8"))["address"]
    return int(anvil.ask("eth_getStorageAt", registry, "0x" + nonce_slot(owner.address).hex(), "latest"), 16)
