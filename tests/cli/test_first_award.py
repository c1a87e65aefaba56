"""The guide to a first award, followed as it is written."""

import json
import re

import pytest
from running import glejt
from support import ROOT

GUIDE = (ROOT / "docs" / "guides" / "first-award.md").read_text("utf-8")
FILES = {
    f"{name}.json": re.search(rf"```json {name}\n(.*?)```", GUIDE, re.DOTALL)[1] for name in ("achievement", "award")
}
COMMANDS = dict(re.findall(r"^glejt (did create|issue|verify) (.*)$", GUIDE, re.MULTILINE))


@pytest.fixture
def desk(tmp_path):
    """A newcomer's folder before signing; the passphrase is left out, because nobody is there to type it."""
    assert glejt(tmp_path, "did", "create", *COMMANDS["did create"].split(), "--no-passphrase").returncode == 0
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_the_commands_lead_to_the_answer_that_is_promised(desk):
    issued = glejt(desk, "issue", *COMMANDS["issue"].split())
    assert (issued.returncode, issued.stdout) == (0, "")
    assert "Achievement" in issued.stderr
    verified = glejt(desk, "verify", *COMMANDS["verify"].split())
    assert verified.returncode == 0
    promised = "Genuine, but we do not know the issuer."
    assert f"`{promised}`" in GUIDE
    assert verified.stdout.startswith(promised)
    assert "Sample Learner" in verified.stdout
    signed = (desk / "signed.json").read_text("utf-8")
    assert "learner@school.example" not in signed
    assert json.loads(signed)["credentialSubject"]["identifier"][1]["hashed"] is True


@pytest.mark.parametrize(
    ("name", "before", "after", "code"),
    [
        ("achievement.json", '"assessmentType": "practical",', "", "achievement.missing"),
        ("achievement.json", '"practical"', '"practise"', "achievement.value"),
        ("achievement.json", '"criteria"', '"crtieria": "", "criteria"', "context.undefined_term"),
        ("award.json", '"awardedDate"', '"awardDate"', "award.member"),
        ("award.json", "2026-06-12T14:00:00Z", "12 June 2026", "award.time"),
        ("award.json", "#o1", "#o2", "award.result.description"),
    ],
)
def test_the_codes_in_its_table_are_those_that_a_slip_meets(desk, name, before, after, code):
    text = (desk / name).read_text("utf-8")
    assert before in text
    (desk / name).write_text(text.replace(before, after), "utf-8")
    refused = glejt(desk, "issue", *COMMANDS["issue"].split())
    assert (refused.returncode, refused.stdout) == (1, "")
    assert code in refused.stderr
    assert f"| `{code}` |" in GUIDE
    assert not (desk / "signed.json").exists()
