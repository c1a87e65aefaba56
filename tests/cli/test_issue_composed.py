"""`glejt issue` of what is composed: an award of an achievement, an endorsement."""

import json

import pytest
from award_support import achievement_file, award_file
from running import glejt

AWARD = ("--achievement", "achievement.json", "--award", "award.json")


@pytest.fixture
def desk(tmp_path):
    """An issuer's folder: a key, an achievement and an award."""
    assert glejt(tmp_path, "did", "create", "--out", "key.json", "--no-passphrase").returncode == 0
    write(tmp_path, "achievement.json", achievement_file())
    write(tmp_path, "award.json", award_file(credentialStatus=None))
    return tmp_path


def write(folder, name, document):
    (folder / name).write_text(json.dumps(document, ensure_ascii=False), "utf-8")


def issue(folder, *arguments, **options):
    return glejt(folder, "issue", *arguments, "--key", "key.json", **options)


def test_an_award_is_signed_and_anybody_can_verify_it(desk):
    done = issue(desk, *AWARD, "--out", "signed.json", "--created", "2026-06-12T14:03:00Z")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Micro-credential, 11 of 11" in done.stderr
    signed = json.loads((desk / "signed.json").read_bytes())
    assert isinstance(signed["proof"], list)
    assert signed["validFrom"] == "2026-06-12T14:03:00Z"
    assert signed["issuer"]["id"] == json.loads((desk / "key.json").read_bytes())["controller"]
    verified = glejt(desk, "verify", "signed.json")
    assert verified.returncode == 0
    assert "Micro-credential, 11 of 11" in verified.stdout


def test_no_two_awards_share_an_id_or_a_salt(desk):
    one, other = (json.loads(issue(desk, *AWARD).stdout) for _ in range(2))
    assert one["id"] != other["id"]
    salts = [document["credentialSubject"]["identifier"][1]["salt"] for document in (one, other)]
    assert salts[0] != salts[1]
    assert all(len(salt) >= 22 for salt in salts)


def test_each_problem_is_told_with_its_file_and_place_and_nothing_is_written(desk):
    write(desk, "award.json", award_file(learner={"id": "x"}, creditsEarned=-1))
    done = issue(desk, *AWARD, "--out", "signed.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("glejt: award.json: The award cannot be given") == 2
    assert "/learner/id" in done.stderr
    assert "/creditsEarned" in done.stderr
    write(desk, "achievement.json", achievement_file(assessmentType=None))
    done = issue(desk, *AWARD, "--lang", "pl")
    assert done.returncode == 1
    assert "achievement.json" in done.stderr
    assert "achievement.missing" in done.stderr
    assert not (desk / "signed.json").exists()


@pytest.mark.parametrize(("name", "content"), [("achievement.json", ""), ("award.json", '{"a":1,"a":2}')])
def test_which_of_the_files_cannot_be_read_is_said(desk, name, content):
    (desk / name).write_text(content, "utf-8")
    done = issue(desk, *AWARD)
    assert done.returncode == 2
    assert done.stderr.startswith(f"glejt: {name}: ")


def test_what_is_complete_is_not_said_to_miss_anything(desk):
    assert "missing" not in issue(desk, *AWARD).stderr
    write(desk, "achievement.json", achievement_file(participationType=None))
    assert "What is missing: glejt achievement check" in issue(desk, *AWARD).stderr


def test_the_issuer_is_the_owner_of_the_key(desk):
    write(desk, "award.json", award_file(issuer={"id": "did:web:other.example"}))
    done = issue(desk, *AWARD)
    assert done.returncode == 1
    assert "issuance.issuer" in done.stderr


def test_an_endorsement_is_signed_verified_and_carried(desk):
    about = achievement_file()["id"]
    write(desk, "endorsement.json", {"name": "A word for it", "endorses": about, "endorsementComment": "Good."})
    assert issue(desk, "--endorsement", "endorsement.json", "--out", "endorsed.json").returncode == 0
    assert glejt(desk, "verify", "endorsed.json").returncode == 0
    endorsement = json.loads((desk / "endorsed.json").read_bytes())
    assert endorsement["credentialSubject"]["id"] == about
    write(desk, "award.json", award_file(credentialStatus=None, endorsement=[endorsement]))
    assert issue(desk, *AWARD, "--out", "signed.json").returncode == 0
    assert glejt(desk, "verify", "signed.json").returncode == 0
    write(desk, "endorsement.json", {"endorses": about})
    refused = issue(desk, "--endorsement", "endorsement.json")
    assert (refused.returncode, "endorsement.missing" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--achievement", "achievement.json"),
        ("--award", "award.json"),
        ("award.json", *AWARD),
        (*AWARD, "--endorsement", "award.json"),
        ("award.json", "--endorsement", "award.json"),
    ],
)
def test_what_is_to_be_signed_has_to_be_said_in_one_way(desk, arguments):
    done = issue(desk, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage.what_to_sign" in done.stderr
