"""`glejt issue --anchor`: the name of a record, in what is written by hand, composed, endorsed or made from a table."""

import csv
import json

import pytest
from award_support import achievement_file, award_file
from ledger_support import NAME, naming
from running import glejt

AWARD = ("--achievement", "achievement.json", "--award", "award.json")
HEADS = f"{NAME}/heads"


@pytest.fixture
def desk(tmp_path):
    assert glejt(tmp_path, "did", "create", "--out", "key.json", "--no-passphrase").returncode == 0
    for name, content in (("achievement", achievement_file()), ("award", award_file(credentialStatus=None))):
        (tmp_path / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return tmp_path


def _issue(desk, *arguments):
    return glejt(desk, "issue", *arguments, "--key", "key.json")


def _named(document):
    return [entry["id"] for entry in document["evidence"] if entry.get("id", "").startswith("eip155:")]


def test_the_records_are_in_what_is_signed(desk):
    done = _issue(desk, *AWARD, "--anchor", str(NAME), "--anchor", HEADS)
    assert done.returncode == 0, done.stderr
    signed = json.loads(done.stdout)
    assert _named(signed) == [str(NAME), HEADS]
    unsigned = {name: value for name, value in signed.items() if name != "proof"} | {"evidence": naming()}
    (desk / "finished.json").write_text(json.dumps(unsigned))
    again = _issue(desk, "finished.json", "--anchor", str(NAME), "--anchor", HEADS)
    assert _named(json.loads(again.stdout)) == [str(NAME), HEADS]


def test_the_file_of_an_award_may_name_them(desk):
    (desk / "award.json").write_text(json.dumps(award_file(credentialStatus=None, evidence=naming())), "utf-8")
    assert _named(json.loads(_issue(desk, *AWARD).stdout)) == [str(NAME)]
    (desk / "award.json").write_text(json.dumps(award_file(credentialStatus=None, evidence=naming(str(NAME)[:-1]))))
    done = _issue(desk, *AWARD, "--out", "signed.json")
    assert done.returncode == 1
    assert "issuance.record" in done.stderr
    assert not (desk / "signed.json").exists()


@pytest.mark.parametrize("text", [str(NAME)[:-1], str(NAME).partition("#")[0], "x"])
def test_what_names_no_record_is_refused_before_anything_is_read(desk, text):
    done = _issue(desk, *AWARD, "--anchor", text)
    assert done.returncode == 2
    assert "--anchor" in done.stderr


def test_everybody_in_a_table(desk):
    (desk / "award.json").write_text(json.dumps(award_file(credentialStatus=None, learner=None)), "utf-8")
    with (desk / "table.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["name"], ["Sample Learner"], ["Demo Learner"]])
    done = _issue(desk, *AWARD, "--csv", "table.csv", "--out", "signed.jsonl", "--anchor", str(NAME))
    assert done.returncode == 0, done.stderr
    lines = (desk / "signed.jsonl").read_text("utf-8").splitlines()
    assert [_named(json.loads(line)) for line in lines] == [[str(NAME)]] * 2
