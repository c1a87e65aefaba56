"""`glejt capsule`, and `glejt verify` of capsules: both forms, what is missing, how fresh the answers are."""

import json
from dataclasses import replace

import pytest
from capsule_support import chain_table, packed
from heads_support import HEADS
from ledger_support import CHAIN, NAME, SIGNER, trusted_chain
from running import glejt
from status_support import LIST
from verification_support import AT, ISSUER, MALLORY, UNIVERSITY, badge

from node.verification.capsule import read_capsule
from node.verification.capsule_cbor import encode

WHOLE = packed(with_list=True)
NOW = AT.strftime("%Y-%m-%dT%H:%M:%SZ")
LISTING = f"""
[[lists]]
name = "demo"
[[lists.issuers]]
did = "{UNIVERSITY.did}"
name = "Example University"
domain = "university.example"
namespaces = ["{NAME}"]
"""


@pytest.fixture
def folder(tmp_path):
    capsule = WHOLE.capsule
    (tmp_path / "award.json").write_text(json.dumps(WHOLE.document))
    (tmp_path / "did.json").write_text(json.dumps(UNIVERSITY.document()))
    (tmp_path / "list.json").write_text(capsule.material.status_lists[0].content)
    for name, receipt in zip(("award", "document"), capsule.material.ledgers.receipts, strict=True):
        (tmp_path / f"{name}.receipt").write_bytes(receipt)
    (tmp_path / "ethereum.checkpoint").write_bytes(WHOLE.checkpoint)
    (tmp_path / "trust.toml").write_text(LISTING + chain_table(SIGNER))
    (tmp_path / "award.capsule").write_bytes(encode(capsule))
    (tmp_path / "award.capsule.json").write_bytes(capsule.json_text())
    return tmp_path


def _verify(folder, *names, more=()):
    at = ("--at", NOW, "--policy", "archive")
    return glejt(folder, "verify", *names, "--offline", "--trust", "trust.toml", *at, *more)


def _make(folder, *more):
    return glejt(folder, "capsule", "make", *more, "--offline", "--trust", "trust.toml")


@pytest.mark.threat(101)
@pytest.mark.parametrize("name", ["award.capsule", "award.capsule.json"])
def test_a_capsule_is_judged_with_a_checkpoint_and_nothing_else(folder, name):
    done = _verify(folder, name, more=("--checkpoint", "ethereum.checkpoint"))
    assert (done.returncode, done.stderr) == (0, "")
    for said in (
        "Genuine.",
        "As of: keys: shown up to 9 June 2026, 14:03 UTC, and not what followed",
        "keys: judged as of 9 June 2026, 14:03 UTC, when the signature was recorded",
        "withdrawal: as of 12 June 2026, 13:03 UTC",
        "time record: proven as of 12 June 2026, 13:03 UTC",
        "Existed before 9 June 2026, 14:03 UTC: Ethereum, block 900.",
    ):
        assert said in done.stdout
    told = json.loads(_verify(folder, name, more=("--checkpoint", "ethereum.checkpoint", "--json")).stdout)
    assert told["verdict"] == "accepted"
    assert told["capsule"] == {"made": NOW, "contexts": dict.fromkeys(WHOLE.capsule.contexts, "same")}
    polish = _verify(folder, name, more=("--checkpoint", "ethereum.checkpoint", "--lang", "pl"))
    assert "Stan na: klucze: wykazane do 9 czerwca 2026, 14:03 UTC, bez tego, co było potem" in polish.stdout


def test_without_a_checkpoint_nothing_in_it_is_shown(folder):
    done = _verify(folder, "award.capsule", more=("--json",))
    assert done.returncode == 20
    checks = {check["check"]: check["outcome"] for check in json.loads(done.stdout)["credentials"][0]["checks"]}
    assert checks["issuer_key"] == checks["anchor"] == checks["status"] == "indeterminate"


def test_a_checkpoint_may_lie_in_the_capsule_itself(folder):
    """It is as good as one from anywhere else: its signers count, and not where it lies."""
    made = _make(folder, "award.capsule", "--checkpoint", "ethereum.checkpoint", "--out", "whole.capsule")
    assert made.returncode == 0, made.stderr
    assert _verify(folder, "whole.capsule").returncode == 0
    (folder / "trust.toml").write_text(LISTING + chain_table(MALLORY.private))
    assert _verify(folder, "whole.capsule").returncode == 20


def test_capsules_are_judged_among_other_files(folder):
    plain = ISSUER.sign(badge())
    (folder / "plain.json").write_text(json.dumps(plain))
    (folder / "some").mkdir()
    for number in range(3):
        (folder / "some" / f"{number}.capsule").write_bytes(encode(WHOLE.capsule))
        (folder / "some" / f"{number}.json").write_text(json.dumps(plain))
    done = _verify(folder, "some", "plain.json", more=("--checkpoint", "ethereum.checkpoint", "--json", "--jobs", "2"))
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 7
    assert [each["verdict"] for each in told] == ["accepted"] * 7
    assert sum("capsule" in each for each in told) == 3


def test_a_broken_capsule_is_told(folder):
    (folder / "broken.capsule").write_bytes(encode(WHOLE.capsule)[:-9])
    done = _verify(folder, "broken.capsule")
    assert done.returncode == 2
    assert "capsule.invalid" in done.stderr
    assert "This capsule cannot be read." in done.stderr


def test_terms_that_were_others_are_told(folder):
    url = next(iter(WHOLE.capsule.contexts))
    strange = replace(WHOLE.capsule, contexts={**WHOLE.capsule.contexts, url: "ab" * 32, "urn:x:y": "cd" * 32})
    (folder / "strange.capsule").write_bytes(encode(strange))
    done = _verify(folder, "strange.capsule", more=("--checkpoint", "ethereum.checkpoint", "--json"))
    assert done.returncode == 0
    assert f"strange.capsule was made with other terms under {url}" in done.stderr
    assert json.loads(done.stdout)["capsule"]["contexts"][url] == "other"
    assert "urn:x:y: unknown here" in glejt(folder, "capsule", "show", "strange.capsule").stdout


def test_a_capsule_is_put_together_from_files(folder):
    parts = ("award.json", "--receipt", "award.receipt", "--receipt", "document.receipt", "--status", "list.json")
    done = _make(
        folder, *parts, "--did-document", "did.json", "--checkpoint", "ethereum.checkpoint", "--out", "new.capsule"
    )
    # The head of the list can only be asked of nodes, so who has none is told.
    assert done.returncode == 20
    assert "Missing in the capsule for urn:uuid:0f0c9d16-61a6-4d3c-9f0e-d3a7a3d7f1a1: withdrawal." in done.stderr
    capsule = read_capsule((folder / "new.capsule").read_bytes())
    assert capsule.documents == ((folder / "award.json").read_bytes(),)
    assert capsule.material.ledgers.receipts == WHOLE.capsule.material.ledgers.receipts
    assert capsule.material.documents[UNIVERSITY.did].document == UNIVERSITY.document()
    assert [copy.content for copy in capsule.material.status_lists] == [(folder / "list.json").read_text()]
    assert capsule.contexts == WHOLE.capsule.contexts
    again = _make(folder, *parts, "--out", "new.capsule")
    assert (again.returncode, "output.exists" in again.stderr) == (2, True)
    told = json.loads(_make(folder, *parts, "--out", "new.capsule.json", "--json").stdout)
    assert {each["check"] for each in told["missing"]} == {"issuer_key", "status"}
    assert [(each["chain"], each["block"], each["checkpoint"]) for each in told["blocks"]] == [(1, 1000, False)]
    named = _make(folder, *parts, "--out", "new.capsule.json", "--force")
    assert "Without a network, this takes a checkpoint of block 1000 of Ethereum" in named.stderr


def test_without_a_name_it_goes_to_standard_output_in_the_form_for_people(folder):
    done = _make(folder, "award.capsule")
    assert read_capsule(done.stdout.encode()).documents == WHOLE.capsule.documents


def test_one_form_is_made_of_the_other(folder):
    shown = glejt(folder, "capsule", "show", "award.capsule", "--json")
    assert json.loads(shown.stdout) == json.loads(WHOLE.capsule.json_text())
    assert json.loads(shown.stdout)["format"] == "glejt/capsule/v1"


def test_what_is_in_it_is_shown(folder):
    for command in (("capsule", "show"), ("inspect",)):
        shown = glejt(folder, *command, "award.capsule")
        assert shown.returncode == 0
        for said in (
            WHOLE.document["id"],
            UNIVERSITY.did,
            LIST,
            f"final, {NAME}",
            "Proven at block",
            "the same as here",
        ):
            assert said in shown.stdout
        assert "nothing was checked" in shown.stderr
    none = glejt(folder, "capsule", "show", "award.json")
    assert (none.returncode, "input.no_capsule" in none.stderr) == (2, True)
    assert "a capsule" in glejt(folder, "achievement", "check", "award.capsule").stderr


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("--receipt", "input.no_receipt"),
        ("--checkpoint", "input.no_checkpoint"),
        ("--did-document", "input.no_did_document"),
    ],
)
def test_what_is_something_else_is_refused(folder, option, code):
    done = _make(folder, "award.json", option, "award.json")
    assert done.returncode == 2
    assert code in done.stderr


def test_nothing_is_taken_out_of_a_document(folder):
    odd = b'{ "a" : 1.50 }\r\n'
    (folder / "odd.json").write_bytes(odd)
    done = _make(folder, "odd.json", "award.json", "--out", "odd.capsule")
    assert read_capsule((folder / "odd.capsule").read_bytes()).documents[0] == odd, done.stderr


def test_the_chain_of_the_capsule_is_the_one_of_the_trust_file():
    assert (HEADS.chain_id, trusted_chain().chain) == (1, CHAIN)
