"""`glejt verify` with receipts and checkpoints: files that show an anchor without a network, and others."""

import json
from datetime import UTC, datetime

import pytest
from anchoring_support import CONTRACT
from ledger_support import NAME, SIGNER, Record, anchored, naming, trusted_chain, trusting
from running import glejt
from verification_support import AT, ISSUER, badge

from node.app import sources
from node.verification.errors import TrustError

DOCUMENT = ISSUER.sign(badge(evidence=naming()))
CASE = anchored(DOCUMENT)
TRUST = f"""
[[lists]]
name = "demo"
[[lists.issuers]]
did = "{ISSUER.did}"
name = "Example University"
domain = "university.example"
namespaces = ["{NAME}"]

[[chains]]
name = "Ethereum"
id = 1
genesis = "0x{"05" * 32}"
kind = "public"
contract = "0x{CONTRACT.address.hex()}"
code_hash = "0x{CONTRACT.code_hash.hex()}"
checkpoints = {{ keys = ["{SIGNER.public.to_multibase()}"], threshold = 1 }}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "award.json").write_text(json.dumps(DOCUMENT))
    (tmp_path / "award.receipt").write_bytes(CASE.receipt.encode())
    (tmp_path / "ethereum.checkpoint").write_bytes(CASE.checkpoint)
    (tmp_path / "trust.toml").write_text(TRUST)
    return tmp_path


def _verify(folder, *more):
    at = AT.strftime("%Y-%m-%dT%H:%M:%SZ")
    return glejt(folder, "verify", "award.json", "--offline", "--trust", "trust.toml", "--at", at, *more)


def test_an_anchor_is_shown_without_a_network(folder):
    done = _verify(folder, "--receipt", "award.receipt", "--checkpoint", "ethereum.checkpoint")
    assert done.returncode == 0
    assert "Existed before 9 June 2026, 14:03 UTC: Ethereum, block 900." in done.stdout
    told = json.loads(
        _verify(folder, "--receipt", "award.receipt", "--checkpoint", "ethereum.checkpoint", "--json").stdout
    )
    (anchor,) = [check for check in told["credentials"][0]["checks"] if check["check"] == "anchor"]
    assert (anchor["outcome"], anchor["code"]) == ("passed", "anchor.passed")


def test_what_is_missing_is_said(folder):
    assert "no receipt of it is at hand" in _verify(folder).stdout
    assert "no saved block header" in _verify(folder, "--receipt", "award.receipt").stdout


@pytest.mark.parametrize(
    ("option", "code"), [("--receipt", "input.no_receipt"), ("--checkpoint", "input.no_checkpoint")]
)
def test_a_file_that_is_none(folder, option, code):
    done = _verify(folder, option, "award.json", "--json")
    assert done.returncode == 2
    assert code in done.stderr


def test_many_files_are_judged_in_processes_with_the_same_material(folder):
    for number in range(3):
        (folder / f"copy{number}.json").write_text(json.dumps(DOCUMENT))
    done = _verify(
        folder,
        *(f"copy{number}.json" for number in range(3)),
        "--receipt", "award.receipt", "--checkpoint", "ethereum.checkpoint", "--json", "--jobs", "2",
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.count('"anchor.passed"') == 4


def test_whom_the_trust_file_names_is_asked():
    asked = trusting(ISSUER, chains=[trusted_chain(rpc=("http://127.0.0.1:1",), quorum=1)])
    (chain,) = asked.chains
    reader = sources(online=True, remember=True, trust=asked).ledger(chain)
    assert (reader.chain, reader.contract) == (chain.chain, chain.contract)
    assert sources(online=False, trust=asked).ledger(chain) is None
    assert sources(online=True, trust=trusting(ISSUER)).ledger(chain) is None
    for nodes in (("http://user@:1",), ("http://127.0.0.1:1", "http://127.0.0.1:1/other")):
        wrong = trusting(ISSUER, chains=[trusted_chain(rpc=nodes, quorum=1)])
        with pytest.raises(TrustError, match="Ethereum"):
            sources(online=True, trust=wrong)


def test_nodes_that_are_not_there_leave_the_question_open(folder):
    (folder / "trust.toml").write_text(TRUST + 'rpc = ["http://127.0.0.1:1"]\n')
    done = glejt(folder, "verify", "award.json", "--trust", "trust.toml", "--receipt", "award.receipt", "--json")
    told = json.loads(done.stdout)
    (anchor,) = [check for check in told["credentials"][0]["checks"] if check["check"] == "anchor"]
    assert anchor["code"] == "anchor.untrusted_block"
    assert Record().time < datetime.now(UTC)
