"""The guide to a first award, followed as it is written."""

import re

import pytest
from running import glejt
from support import ROOT

GUIDE = (ROOT / "docs" / "guides" / "first-award.md").read_text("utf-8")
SAMPLE = re.search(r"```json award\n(.*?)```", GUIDE, re.DOTALL)[1]
COMMANDS = dict(re.findall(r"^glejt (did create|issue|verify) (.*)$", GUIDE, re.MULTILINE))


@pytest.fixture
def desk(tmp_path):
    """A newcomer's folder after the first two steps; the passphrase is left out, because nobody is there to type it."""
    made = glejt(tmp_path, "did", "create", *COMMANDS["did create"].split(), "--no-passphrase")
    (tmp_path / "award.json").write_text(SAMPLE.replace("did:key:YOURS", made.stdout.strip()), "utf-8")
    return tmp_path


def test_the_commands_lead_to_the_answer_that_is_promised(desk):
    issued = glejt(desk, "issue", *COMMANDS["issue"].split())
    assert (issued.returncode, issued.stdout) == (0, "")
    assert "Remark" not in issued.stderr
    verified = glejt(desk, "verify", *COMMANDS["verify"].split())
    assert verified.returncode == 0
    promised = "Genuine, but we do not know the issuer."
    assert f"`{promised}`" in GUIDE
    assert verified.stdout.startswith(promised)
    assert "Sample Learner" in verified.stdout


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("did:key:z6Mk", "did:key:z6Mj", "issuance.issuer"),
        ('"description"', '"descripton"', "context.undefined_term"),
        ('    "https://www.w3.org/ns/credentials/v2"', '    "https://school.example/v1"', "issuance.malformed"),
        ("context-3.0.3.json", "context-9.json", "issuance.context"),
        ("2026-06-12T14:00:00Z", "12 June 2026", "issuance.malformed"),
    ],
)
def test_the_codes_in_its_table_are_those_that_a_slip_meets(desk, before, after, code):
    award = (desk / "award.json").read_text("utf-8")
    assert before in award
    (desk / "award.json").write_text(award.replace(before, after), "utf-8")
    refused = glejt(desk, "issue", *COMMANDS["issue"].split())
    assert (refused.returncode, refused.stdout) == (1, "")
    assert code in refused.stderr
    assert f"| `{code}` |" in GUIDE
    assert not (desk / "signed.json").exists()
