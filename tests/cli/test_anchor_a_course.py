"""The guide to anchoring a course, followed as it is written, on the embedded chain."""

import json
import re
import shlex

import pytest
from running import glejt
from support import ROOT

from anchoring.receipt import Receipt

pytest.importorskip("eth", reason="the extra devchain is not installed")
GUIDE = (ROOT / "docs" / "guides" / "anchor-a-course.md").read_text("utf-8")
COURSE = (ROOT / "docs" / "guides" / "whole-course.md").read_text("utf-8")
FIRST = (ROOT / "docs" / "guides" / "first-award.md").read_text("utf-8")
COMMANDS = [shlex.split(line)[1:] for line in re.findall(r"^glejt .*$", GUIDE, re.MULTILINE)]
CREATE, ISSUE, RUN, STATUS, SHOW, VERIFY, REFRESH, RECEIPT, KEY, ROTATE = COMMANDS


def block(text, label):
    return re.search(rf"```\w+ {label}\n(.*?)```", text, re.DOTALL)[1]


def test_the_commands_lead_to_the_answers_that_are_promised(tmp_path):
    def run(command, *more, **names):
        words = [names.get(word, word) for word in command]
        done = glejt(tmp_path, *words, *more)
        assert done.returncode == 0, (words, done.stderr)
        return done

    did = run(["did", "create", "--out", "key.json", "--no-passphrase"]).stdout.strip()
    (tmp_path / "pass").write_text("correct horse battery")
    (tmp_path / "achievement.json").write_text(block(FIRST, "achievement"), "utf-8")
    (tmp_path / "course.json").write_text(block(COURSE, "course"), "utf-8")
    learners = block(COURSE, "learners").replace(";passed;", ";Completed;")
    (tmp_path / "learners.csv").write_text(learners, "utf-8")
    asked = ("--passphrase-file", "pass")
    founded = run(CREATE, *asked, "--recovery-passphrase-file", "pass")
    name = founded.stdout.splitlines()[0]
    assert "of no public value" in founded.stderr
    run(ISSUE, NAMESPACE=name)
    anchored = run(RUN, *asked)
    assert "Anchored now: 3; before: 0; receipts: 3." in anchored.stdout
    assert (tmp_path / "signed" / "row-0000002.json.receipt").exists()
    assert "Anchored now: 0; before: 3; receipts: 3." in run(RUN, *asked).stdout
    assert "Final: batches 1, documents 3." in run(STATUS).stdout
    shown = run(SHOW).stderr
    chain = {key: re.search(rf"^ *{key} = (.*)$", shown, re.MULTILINE)[1] for key in ("id", "genesis")}
    trust = block(GUIDE, "trust").replace("NAMESPACE", name).replace('"DID"', f'"{did}"')
    trust = trust.replace("= ID", f"= {chain['id']}").replace('"GENESIS"', chain["genesis"])
    (tmp_path / "trust.toml").write_text(trust)
    checked = run(VERIFY)
    assert checked.stdout.startswith("Existed before")
    assert "`Existed before`" in GUIDE
    receipt = tmp_path / "signed" / "row-0000002.json.receipt"
    before = Receipt.decode(receipt.read_bytes())
    run(REFRESH)
    after = Receipt.decode(receipt.read_bytes())
    assert (after.place, after.progress.anchor) == (before.place, before.progress.anchor)
    receipt.unlink()
    assert "Receipts: 3." in run(RECEIPT).stdout
    assert run(VERIFY).stdout == checked.stdout
    run(KEY, *asked)
    run(ROTATE, *asked, "--successor-passphrase-file", "pass")
    refused = glejt(tmp_path, *RUN, *asked)
    assert (refused.returncode, "anchoring.authority" in refused.stderr) == (1, True)
    assert json.loads((tmp_path / "namespace.json").read_text())["id"] == name
