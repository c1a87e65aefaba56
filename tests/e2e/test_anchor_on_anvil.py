"""`glejt anchor` on a chain with a node: from no contract at all to final receipts, killed, and twice at once."""

import json
import os
import random
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from anchor_office import DEAD, Office
from anvil_mining import Asking, Mining
from anvil_support import Anvil, running_chain
from eth_account import Account
from verification_support import badge

from anchoring.keccak import keccak256
from anchoring.receipt import Receipt, State
from anchoring.signing_key import SigningKey
from node.credentials.record_name import RecordName

pytestmark = [pytest.mark.peer]

ANCHORED = keccak256(b"Anchored(bytes32,bytes32,uint32,uint48)")
PAYING = ("--chain", "Test chain", "--trust", "trust.toml", "--gas", "gas.json", "--gas-passphrase-file", "pass")
RUN = ("anchor", "run", "--namespace", "ns.json", "--authority", "authority.json", *PAYING)
LONG = "GLEJT_LONG" in os.environ


@dataclass(frozen=True)
class Desk:
    """A folder with an account that pays, and `glejt` in it."""

    folder: Path
    office: Office
    anvil: Anvil

    def __call__(self, *argv, expect=0, **options):
        done = self.office(self.folder, *argv, **options)
        assert expect is None or done.returncode == expect, (argv, done)
        return done

    @property
    def name(self):
        return RecordName.parse(json.loads((self.folder / "ns.json").read_text())["id"])

    def sign(self, file):
        did = json.loads((self.folder / "key.json").read_text())["controller"]
        draft = {**badge(id=f"urn:example:{self.folder.name}:{file}"), "issuer": {**badge()["issuer"], "id": did}}
        (self.folder / "draft.json").write_text(json.dumps(draft))
        self("issue", "draft.json", "--key", "key.json", "--proof-array", "--anchor", self.name, "--out", file)

    def receipts(self):
        return [Receipt.decode(path.read_bytes()) for path in sorted(self.folder.glob("*.receipt"))]

    def anchored(self):
        """The values that our namespace anchored, as often as the contract says so."""
        topics = ["0x" + ANCHORED.hex(), "0x" + self.name.namespace.hex()]
        found = self.anvil.ask("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "topics": topics})
        return [bytes.fromhex(log["topics"][2][2:]) for log in found]


def _keystore():
    """A keystore that is opened at once, as nobody guesses at its passphrase."""
    key, secret = SigningKey.generate()
    made = Account.encrypt(secret, "correct horse battery", kdf="pbkdf2", iterations=1)
    return json.dumps(made).encode(), key.address


def _pay(port, address):
    with Asking(port) as node:
        node.ask("anvil_setBalance", "0x" + address.hex(), hex(10**18))


@pytest.fixture(scope="module")
def office():
    with Office() as started:
        yield started


@pytest.fixture(scope="module")
def anvil():
    with running_chain("--disable-default-create2-deployer") as chain:
        yield chain


@pytest.fixture(scope="module")
def gas():
    return _keystore()


@pytest.fixture(scope="module")
def prepared(office, anvil, gas, tmp_path_factory):
    """A chain onto which the contract was put, and a namespace in it; by the commands themselves."""
    folder = tmp_path_factory.mktemp("founded")
    desk = Desk(folder, office, anvil)
    keystore, address = gas
    (folder / "gas.json").write_bytes(keystore)
    (folder / "pass").write_text("correct horse battery")
    (folder / "trust.toml").write_text(
        f'[[chains]]\nname = "Test chain"\nid = {anvil.chain.id}\ngenesis = "0x{anvil.chain.genesis.hex()}"\n'
        f'kind = "local"\nrpc = ["http://127.0.0.1:{anvil.port}"]\n'
    )
    desk("did", "create", "--out", "key.json", "--no-passphrase")
    deploy = ("anchor", "deploy", "--registry", *PAYING)
    poor = desk(*deploy, "--yes", expect=1)
    assert "anchor.funds" in poor.stderr
    assert "Create2Factory, TrustAnchor, EthereumDIDRegistry" in poor.stderr
    anvil.ask("anvil_setBalance", "0x" + address.hex(), hex(10**18))
    with Mining(anvil.port):
        asked = desk(*deploy, expect=2)
        assert "input.unconfirmed" in asked.stderr
        done = desk(*deploy, "--yes", "--json").json()
        assert done["deployed"] == ["Create2Factory", "TrustAnchor", "EthereumDIDRegistry"]
        assert desk(*deploy, "--json").json()["deployed"] == []
        desk(
            "anchor", "namespace", "create", "--out", "ns.json", "--authority", "authority.json", "--recovery",
            "recovery.json", "--no-passphrase", "--recovery-passphrase-file", "pass", "--wait", *PAYING,
        )  # fmt: skip
    return folder


@pytest.fixture
def desk(prepared, office, anvil, tmp_path):
    """The same namespace, in a folder and with a journal of its own."""
    for file in prepared.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
            (tmp_path / file.name).chmod(0o600)
    made = Desk(tmp_path, office, anvil)
    for number in range(2):
        made.sign(f"award{number}.json")
    return made


@contextmanager
def quiet(desk):
    """No anchors but those of this test."""
    before = desk.anchored()
    yield lambda: desk.anchored()[len(before) :]


def test_from_the_first_batch_to_a_final_receipt(desk):
    with quiet(desk) as anchored:
        with Mining(desk.anvil.port):
            told = desk(*RUN, "award0.json", "award1.json", "--wait", "--json").json()
        assert (told["anchored"], told["receipts"]) == (2, 2)
        assert [batch["state"] for batch in told["batches"]] == ["final"]
        assert int(told["costAtMost"]) > 0
        assert told["network"]["publicValue"] is False
        (value,) = anchored()
        assert {(receipt.state, receipt.question.value) for receipt in desk.receipts()} == {(State.FINAL, value)}


def test_mined_first_and_final_later(desk):
    with quiet(desk) as anchored:
        desk.anvil.ask("anvil_mine", hex(1))
        with Mining(desk.anvil.port, blocks=1, seconds=0.5):  # so that nothing becomes final
            done = desk(*RUN, "award0.json", "award1.json", "--json")
        assert {receipt.state for receipt in desk.receipts()} == {State.MINED}
        assert "could still take that back" in done.stderr
        assert "costAtMost" in done.stdout
        desk.anvil.ask("anvil_mine", hex(70))
        desk("anchor", "receipt", "award0.json", "award1.json", "--namespace", "ns.json", "--trust", "trust.toml")
        assert {receipt.state for receipt in desk.receipts()} == {State.FINAL}
        assert len(anchored()) == 1


@pytest.mark.threat(93)
@pytest.mark.parametrize("seed", range(12 if LONG else 3))
def test_killed_again_and_again(desk, seed):
    chance = random.Random(seed)  # noqa: S311 - which points, not secrets
    story = (*RUN, "award0.json", "award1.json", "--wait")
    kills = 0
    with quiet(desk) as anchored, Mining(desk.anvil.port):
        for _ in range(6 if LONG else 3):
            kills += desk(*story, kill=chance.randrange(1, 16), expect=None).ended == DEAD
        told = desk(*story, "--json").json()
        assert kills
        assert told["receipts"] == 2
        (value,) = anchored()
        assert {(receipt.state, receipt.question.value) for receipt in desk.receipts()} == {(State.FINAL, value)}


@pytest.mark.threat(95)
def test_two_runs_at_once_send_one_transaction(desk):
    story = (*RUN, "award0.json", "award1.json", "--wait", "--json")
    with quiet(desk) as anchored, Mining(desk.anvil.port), Office() as other:
        before = _sent(desk)
        desk.office.start(desk.folder, *story)
        other.start(desk.folder, *story)
        ends = [desk.office.end(), other.end()]
        assert [end.returncode for end in ends] == [0, 0], ends
        assert sum(end.json()["anchored"] for end in ends) == 2
        assert len(anchored()) == 1
        assert _sent(desk) == before + 1
        assert {receipt.state for receipt in desk.receipts()} == {State.FINAL}


def _sent(desk):
    address = json.loads((desk.folder / "gas.json").read_text())["address"]
    return int(desk.anvil.ask("eth_getTransactionCount", f"0x{address}", "latest"), 16)


def test_a_node_that_is_not_there_loses_nothing(desk):
    trust = (desk.folder / "trust.toml").read_text()
    (desk.folder / "trust.toml").write_text(trust.replace(str(desk.anvil.port), "1"))
    done = desk(*RUN, "award0.json", expect=20)
    assert "rpc." in done.stderr
    (desk.folder / "trust.toml").write_text(trust)
    with quiet(desk) as anchored, Mining(desk.anvil.port):
        desk(*RUN, "award0.json", "--wait")
        assert len(anchored()) == 1


def test_an_account_without_coins_leaves_the_batch_for_later(desk):
    keystore, address = _keystore()
    (desk.folder / "gas.json").write_bytes(keystore)
    with quiet(desk) as anchored, Mining(desk.anvil.port):
        desk.office.start(desk.folder, *RUN, "award0.json", "--wait")
        timer = threading.Timer(4, _pay, [desk.anvil.port, address])
        timer.start()
        done = desk.office.end()
        timer.join()
        assert (done.returncode, "account.empty" in done.stderr) == (0, True), done
        assert len(anchored()) == 1
