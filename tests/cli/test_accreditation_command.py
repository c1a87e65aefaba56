"""Accreditations at the command line: signed from a file, under a parent, and handed over with a document."""

import json
import shutil

import pytest
from award_support import achievement_file, award_file
from running import glejt

RECORD = f"eip155:1:0x{'ab' * 20}#0x{'cd' * 32}"
EQF_3 = {"level": [{"framework": "EQF", "code": "3"}]}


@pytest.fixture
def desk(tmp_path, offices):
    """A folder of its own with what is in the offices."""
    return shutil.copytree(offices, tmp_path / "desk")


@pytest.fixture(scope="module")
def offices(tmp_path_factory):
    """A body, an agency and an issuer, each with a key; and an award by the issuer."""
    tmp_path = tmp_path_factory.mktemp("offices")
    for name in ("body", "agency", "issuer"):
        assert glejt(tmp_path, "did", "create", "--out", f"{name}.key", "--no-passphrase").returncode == 0
    write(tmp_path, "achievement.json", achievement_file())
    write(tmp_path, "award.json", award_file(credentialStatus=None))
    done = glejt(
        tmp_path, "issue", "--achievement", "achievement.json", "--award", "award.json", "--key", "issuer.key",
        "--out", "signed.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    since = {"scopes": [EQF_3], "validFrom": "2020-01-01T00:00:00Z"}
    write(tmp_path, "agency.json", {"subject": did(tmp_path, "agency"), "mayAccredit": 1, **since})
    write(tmp_path, "school.json", {"subject": {"id": did(tmp_path, "issuer"), "name": "School"}, **since})
    return tmp_path


def did(folder, name):
    return json.loads((folder / f"{name}.key").read_bytes())["controller"]


def write(folder, name, document):
    (folder / name).write_text(json.dumps(document, ensure_ascii=False), "utf-8")


def accredit(folder, name, by, *more):
    return glejt(folder, "issue", "--accreditation", name, "--key", f"{by}.key", *more)


def chain(folder):
    """The two accreditations, from the body to the issuer."""
    assert accredit(folder, "agency.json", "body", "--out", "up.json").returncode == 0
    done = accredit(folder, "school.json", "agency", "--parent", "up.json", "--out", "down.json")
    assert done.returncode == 0, done.stderr


def trust(folder, **members):
    told = "\n".join(f"{name} = {json.dumps(value)}" for name, value in members.items())
    text = f'[[bodies]]\ndid = "{did(folder, "body")}"\nname = "Quality Board"\n{told}\n'
    (folder / "trust.toml").write_text(text, "utf-8")


def verify(folder, *more):
    names = ("--accreditation", "up.json", "--accreditation", "down.json")
    return glejt(folder, "verify", "signed.json", "--offline", "--trust", "trust.toml", *names, *more)


def test_an_accreditation_is_signed_and_genuine(desk):
    done = accredit(desk, "agency.json", "body", "--anchor", f"{RECORD}/accreditations", "--out", "up.json")
    assert (done.returncode, done.stdout) == (0, "")
    document = json.loads((desk / "up.json").read_bytes())
    assert document["credentialSubject"]["accreditationDepth"] == 1
    assert document["evidence"][0]["id"] == f"{RECORD}/accreditations"
    told = json.loads(glejt(desk, "verify", "up.json", "--offline", "--json").stdout)["credentials"][0]
    assert told["verdict"] == "accepted"
    assert {check["check"]: check["outcome"] for check in told["checks"]}["class"] == "not_applicable"


def test_what_is_signed_counts_as_far_as_the_trust_file_says(desk):
    chain(desk)
    trust(desk, signed_suffices=True)
    done = verify(desk)
    assert done.returncode == 0, done.stderr
    assert "School was accredited by Quality Board for this, on the day of issue." in done.stdout
    assert "Guaranteed by Quality Board, signed, in force on the day of issue. Level: EQF 3." in done.stdout
    polish = verify(desk, "--lang", "pl")
    assert "School: akredytacja od Quality Board na ten zakres, w dniu wydania." in polish.stdout
    trust(desk)
    (entry,) = json.loads(verify(desk, "--json").stdout)["credentials"]
    (found,) = [check for check in entry["checks"] if check["check"] == "authority"]
    assert (found["outcome"], found["code"]) == ("indeterminate", "authority.claimed")
    assert [step["evidence"] for step in found["evidence"]["chain"]] == ["claimed", "claimed"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scopes": [{}]}, "Narrow it to a scope of the parent."),
        ({"mayAccredit": 1}, "Permit fewer, or have the parent permit more."),
    ],
)
def test_what_would_never_count_is_not_signed(desk, change, said):
    assert accredit(desk, "agency.json", "body", "--out", "up.json").returncode == 0
    write(desk, "school.json", {"subject": did(desk, "issuer"), "scopes": [EQF_3], **change})
    done = accredit(desk, "school.json", "agency", "--parent", "up.json", "--out", "down.json")
    assert done.returncode == 1
    assert "The accreditation cannot be given as it is written." in done.stderr
    assert said in done.stderr
    assert not (desk / "down.json").exists()
    assert accredit(desk, "school.json", "body", "--parent", "up.json").returncode == 1  # the parent is not the body's


def test_each_problem_of_the_file_is_told(desk):
    write(desk, "agency.json", {"subject": "somebody", "scopes": [{"colour": "red"}], "until": "x"})
    done = accredit(desk, "agency.json", "body", "--lang", "pl")
    assert done.returncode == 1
    for place in ("/subject", "/scopes/0/colour", "/until"):
        assert place in done.stderr


def test_what_goes_together(desk):
    assert glejt(desk, "issue", "signed.json", "--accreditation", "agency.json", "--key", "body.key").returncode == 2
    assert glejt(desk, "issue", "signed.json", "--parent", "signed.json", "--key", "body.key").returncode == 2
    done = accredit(desk, "school.json", "agency", "--parent", "signed.json")
    assert done.returncode == 2
    assert "signed.json is no accreditation that can be read." in done.stderr
    trust(desk)
    chain(desk)
    done = glejt(desk, "verify", "signed.json", "--offline", "--trust", "trust.toml", "--accreditation", "signed.json")
    assert done.returncode == 2
