"""`glejt checkpoint`: made by what nodes agree on, signed by one after another, counted by a trust file."""

import json
from datetime import UTC, datetime

import pytest
from anvil_support import missing, running_chain
from capsule_support import chain_table
from ledger_support import SIGNER, Record, checkpoint, checkpoint_of
from running import glejt

from anchoring.checkpoint import Checkpoint, SignedCheckpoint
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.key_file import write_key_file

STATE = Record(time=datetime.now(UTC).replace(microsecond=0)).state
ONE, TWO = PrivateKey(KeyType.ED25519, bytes([81]) * 32), PrivateKey(KeyType.P256, bytes([82]) * 32)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "unsigned").write_bytes(_unsigned(checkpoint(STATE)))
    for name, key in (("one", ONE), ("two", TWO)):
        public = key.public.to_multibase()
        write_key_file(
            tmp_path / f"{name}.json", key, verification_method=f"did:key:{public}#{public}", passphrase=None
        )
    (tmp_path / "trust.toml").write_text(chain_table(ONE, TWO, SIGNER, threshold=2))
    return tmp_path


def _keep(path, key):
    public = key.public.to_multibase()
    write_key_file(path, key, verification_method=f"did:key:{public}#{public}", passphrase=None)


def _unsigned(data):
    return SignedCheckpoint.of(Checkpoint.decode(SignedCheckpoint.decode(data).signed), ()).encode()


def _sign(folder, *more):
    return glejt(folder, "checkpoint", "sign", *more, "--trust", "trust.toml")


def _show(folder, name, *more):
    return glejt(folder, "checkpoint", "show", name, "--trust", "trust.toml", *more)


def test_it_counts_once_enough_signers_have_signed(folder):
    assert _show(folder, "unsigned").returncode == 20
    first = _sign(folder, "unsigned", "--key", "one.json", "--out", "first")
    assert first.returncode == 0, first.stderr
    assert "Ethereum, block 1000" in first.stdout
    assert "you sign what the file says" in first.stderr
    second = _sign(folder, "unsigned", "--key", "two.json", "--out", "second")
    assert second.returncode == 0
    for name in ("first", "second"):
        shown = _show(folder, name)
        assert (shown.returncode, "1 of the trusted keys signed it; it takes 2" in shown.stdout) == (20, True)
    joined = _sign(folder, "first", "second", "--out", "joined")
    assert joined.returncode == 0, joined.stderr
    assert "Signatures: 2." in joined.stderr
    shown = _show(folder, "joined")
    assert shown.returncode == 0
    assert shown.stdout.count(", whom your trust file names") == 2
    told = json.loads(_show(folder, "joined", "--json").stdout)
    assert (told["code"], told["chain"], told["block"]) == ("checkpoint.trusted", "eip155:1", 1000)
    assert [(each["holds"], each["counts"]) for each in told["signers"]] == [(True, True)] * 2
    one_after_another = _sign(folder, "first", "--key", "two.json", "--out", "both")
    assert one_after_another.returncode == 0
    assert (folder / "both").read_bytes() == (folder / "joined").read_bytes()


def test_what_does_not_belong_together_is_not_joined(folder):
    other = Record(number=1001, time=datetime.now(UTC).replace(microsecond=0)).state
    (folder / "other").write_bytes(checkpoint(other))
    done = _sign(folder, "unsigned", "other", "--key", "one.json", "--out", "joined")
    assert (done.returncode, "checkpoint.different" in done.stderr) == (1, True)
    told = SignedCheckpoint.decode(checkpoint(STATE))
    forged = SignedCheckpoint(told.signed, ((told.signatures[0][0], bytes(64)),)).encode()
    (folder / "forged").write_bytes(forged)
    done = _sign(folder, "unsigned", "forged", "--out", "joined")
    assert (done.returncode, "checkpoint.forged" in done.stderr) == (1, True), done.stderr
    assert "Not signed by" in _show(folder, "forged").stdout
    assert not (folder / "joined").exists()


def test_what_is_missing_or_wrong_is_told(folder):
    for line, code in (
        (("sign", "unsigned", "--out", "x"), "usage.missing"),
        (("sign", "trust.toml", "--key", "one.json", "--out", "x"), "input.no_checkpoint"),
        (("make", "Nowhere", "--out", "x"), "checkpoint.chain"),
        (("make", "Ethereum", "--out", "x"), "checkpoint.no_nodes"),
        (("make", "Ethereum", "--days", "0", "--out", "x"), "usage.number"),
        (("make", "Ethereum", "--out", "unsigned"), "output.exists"),
    ):
        done = glejt(folder, "checkpoint", *line, "--trust", "trust.toml")
        assert (done.returncode, code in done.stderr) == (2, True), (line, done.stderr)
    key = PrivateKey.generate(KeyType.P384)
    _keep(folder / "p384.json", key)
    done = _sign(folder, "unsigned", "--key", "p384.json", "--out", "x")
    assert (done.returncode, "checkpoint.key" in done.stderr) == (2, True)
    alone = glejt(folder, "checkpoint", "show", "unsigned", "--json")
    assert json.loads(alone.stdout)["code"] == "trust.unknown_chain"
    assert alone.returncode == 20


def test_nobody_who_can_be_asked_is_no_agreement(folder):
    text = (folder / "trust.toml").read_text()
    (folder / "trust.toml").write_text(text + '\nrpc = ["http://127.0.0.1:1"]\n')
    for line in (("make", "Ethereum", "--out", "x"), ("sign", "unsigned", "--key", "one.json", "--out", "x")):
        done = glejt(folder, "checkpoint", *line, "--trust", "trust.toml")
        assert (done.returncode, "checkpoint.unagreed" in done.stderr) == (20, True), done.stderr
    assert _sign(folder, "unsigned", "--key", "one.json", "--out", "x", "--offline").returncode == 0


@pytest.mark.peer
@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_a_block_is_what_the_nodes_of_a_chain_say(folder):
    with running_chain("--slots-in-an-epoch", "1") as anvil:
        contract = anvil.deploy("TrustAnchor")
        for _ in range(5):
            anvil.ask("evm_mine")
        keys = f'keys = ["{ONE.public.to_multibase()}"], threshold = 1'
        (folder / "anvil.toml").write_text(
            f"""
[[chains]]
name = "Own chain"
id = {anvil.chain.id}
genesis = "0x{anvil.chain.genesis.hex()}"
kind = "local"
contract = "0x{contract.address.hex()}"
code_hash = "0x{contract.code_hash.hex()}"
rpc = ["http://127.0.0.1:{anvil.port}"]
checkpoints = {{ {keys} }}
"""
        )
        asked = ("--trust", "anvil.toml")
        made = glejt(folder, "checkpoint", "make", "Own chain", "--out", "last", *asked)
        assert made.returncode == 0, made.stderr
        early = glejt(
            folder, "checkpoint", "make", str(anvil.chain.id), "--block", "2", "--days", "7", "--out", "two", *asked
        )
        assert early.returncode == 0, early.stderr
        stated = Checkpoint.decode(SignedCheckpoint.decode((folder / "two").read_bytes()).signed)
        block = anvil.block(2)
        assert (stated.chain, stated.number, stated.hash) == (anvil.chain, 2, block.hash)
        signed = glejt(folder, "checkpoint", "sign", "two", "--key", "one.json", "--out", "signed", *asked)
        assert (signed.returncode, "you sign what" in signed.stderr) == (0, False), signed.stderr
        assert glejt(folder, "checkpoint", "show", "signed", *asked).returncode == 0
        lie = checkpoint_of(type(block)(block.chain, 2, bytes(32)), stated.timestamp)
        (folder / "lie").write_bytes(lie)
        refused = glejt(folder, "checkpoint", "sign", "lie", "--key", "one.json", "--out", "x", *asked)
        assert (refused.returncode, "checkpoint.other_block" in refused.stderr) == (1, True)
        future = glejt(folder, "checkpoint", "make", "Own chain", "--block", "9000", "--out", "x", *asked)
        assert (future.returncode, "checkpoint.unagreed" in future.stderr) == (20, True)
