"""The guide to a whole course, followed as it is written."""

import json
import re
import shlex

import pytest
from picture_support import png
from running import glejt
from support import ROOT

GUIDE = (ROOT / "docs" / "guides" / "whole-course.md").read_text("utf-8")
FIRST = (ROOT / "docs" / "guides" / "first-award.md").read_text("utf-8")
COMMANDS = [shlex.split(line)[1:] for line in re.findall(r"^glejt .*$", GUIDE, re.MULTILINE)]
CREATE, TRY, ISSUE, LATER, VERIFY_ALL, BAKE, PRINT, RENEW, INSPECT, WITHDRAW, VERIFY_ONE = COMMANDS


def block(text, label):
    return re.search(rf"```\w+ {label}\n(.*?)```", text, re.DOTALL)[1]


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1250"])
def test_the_commands_lead_to_the_answers_that_are_promised(tmp_path, encoding):
    def run(command, *more):
        return glejt(tmp_path, *command, *more)

    assert glejt(tmp_path, "did", "create", "--out", "key.json", "--no-passphrase").returncode == 0
    (tmp_path / "achievement.json").write_text(block(FIRST, "achievement"), "utf-8")
    (tmp_path / "course.json").write_text(block(GUIDE, "course"), "utf-8")
    (tmp_path / "learners.csv").write_text(block(GUIDE, "learners"), encoding)
    named = () if encoding == "utf-8" else ("--encoding", encoding)
    assert f"`--encoding {encoding}`" in GUIDE or not named
    assert run(CREATE).returncode == 0
    tried = run(TRY, *named)
    assert (tried.returncode, "row 4, column Passed" in tried.stderr) == (1, True)
    assert not (tmp_path / "signed").exists()
    assert run(ISSUE, *named).returncode == 1
    assert {path.name for path in (tmp_path / "signed").iterdir()} == {"row-0000002.json", "row-0000003.json"}
    assert "Zażółć Sample" in (tmp_path / "signed" / "row-0000002.json").read_text("utf-8")
    table = (tmp_path / "signed.rejected.csv").read_text("utf-8-sig")
    assert '"passed"' in table
    (tmp_path / "signed.rejected.csv").write_text(table.replace('"passed"', '"Completed"'), "utf-8-sig")
    assert run(LATER).returncode == 0
    assert run(VERIFY_ALL, "--offline").returncode == 0
    (tmp_path / "badge.png").write_bytes(png())
    for command in (BAKE, PRINT):
        assert run(command).returncode == 0
        carried = run(["unbake", command[command.index("--out") + 1]])
        assert carried.stdout.strip() == (tmp_path / "signed" / "row-0000002.json").read_text("utf-8").strip()
    assert run(RENEW).returncode == 0
    place = re.search(r"Status .*#(\d+)$", run(INSPECT).stdout, re.MULTILINE)[1]
    assert WITHDRAW.count("PLACE") == 1
    assert run([place if word == "PLACE" else word for word in WITHDRAW], "--yes").returncode == 0
    withdrawn = run(VERIFY_ONE, "--offline")
    assert withdrawn.returncode == 1
    assert withdrawn.stdout.startswith("Withdrawn by the issuer")
    assert "`Withdrawn by the issuer`" in GUIDE
    assert json.loads((tmp_path / "list.json.taken").read_text("utf-8"))["list"] == CREATE[CREATE.index("--url") + 1]
