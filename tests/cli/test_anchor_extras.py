"""Without the extras, `glejt anchor` says which one is missing, and reads what needs none."""

import pytest
from running import glejt, python

ABSENT = "import sys; sys.modules[{library!r}] = None; from node.cli.program import run; sys.exit(run(sys.argv[1:]))"
TRUST = f"""
[[chains]]
name = "Far"
id = 1
genesis = "0x{"05" * 32}"
kind = "public"
rpc = ["http://127.0.0.1:1"]
"""
NAME = "eip155:1:0xa9664de0c0f0d126088e12ce0785f039049fa07a#0x" + "22" * 32


def _without(folder, library, *argv):
    return python(folder, ["-c", ABSENT.format(library=library), *argv])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "trust.toml").write_text(TRUST)
    (tmp_path / "pass").write_text("correct horse battery")
    return tmp_path


def test_the_embedded_chain_takes_its_extra(folder):
    keys = ("--authority", "authority.json", "--recovery", "recovery.json", "--recovery-passphrase-file", "pass")
    founding = ("anchor", "namespace", "create", "--out", "ns.json", *keys, "--no-passphrase")
    done = _without(folder, "eth", *founding, "--embedded", "chain")
    assert (done.returncode, "devchain.extra" in done.stderr, "glejt[devchain]" in done.stderr) == (2, True, True)


def test_writing_takes_the_extra_evm_and_reading_does_not(folder):
    far = ("--chain", "Far", "--trust", "trust.toml")
    signer = ("--web3signer", "http://127.0.0.1:1", "--gas-address", "0x" + "11" * 20)
    done = _without(folder, "web3", "anchor", "deploy", *far, *signer, "--yes")
    assert (done.returncode, "extra.absent" in done.stderr, "glejt[evm]" in done.stderr) == (2, True, True)
    read = _without(folder, "web3", "anchor", "namespace", "show", NAME, *far)
    assert (read.returncode, "rpc." in read.stderr) == (20, True)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("--chain", "Far"), "usage.gas"),
        (("--chain", "Far", "--web3signer", "http://127.0.0.1:1"), "usage.gas_address"),
        (("--chain", "Far", "--web3signer", "nowhere", "--gas-address", "0x" + "11" * 20), "usage.web3signer"),
        (("--chain", "Far", "--fee-cap", "much"), "usage.number"),
        (("--chain", "Near"), "anchor.unknown_chain"),
        (("--chain", "Far", "--gas", "trust.toml", "--gas-passphrase-file", "pass"), "transaction.signer"),
    ],
)
def test_what_was_typed_is_refused_before_anything_is_sent(folder, argv, code):
    done = glejt(folder, "anchor", "deploy", "--trust", "trust.toml", *argv)
    assert (done.returncode != 0, code in done.stderr) == (True, True), done.stderr


def test_a_chain_without_nodes_cannot_be_asked(folder):
    (folder / "trust.toml").write_text(TRUST.replace('rpc = ["http://127.0.0.1:1"]', ""))
    done = glejt(folder, "anchor", "namespace", "show", NAME, "--trust", "trust.toml")
    assert (done.returncode, "anchor.no_nodes" in done.stderr) == (2, True)
