"""`glejt issue --form`, `derive`, `present`, `verify` as processes: from the issuer's desk to the verifier's answer."""

import json

import pytest
from award_support import achievement_file, award_file
from disclosure_support import FORMS, badge, thin
from running import glejt

ASKED = ("--challenge", "n-0S6", "--domain", "verifier.example")
TYPES = {"ecdsa-sd": ["--type", "p256"], "bbs": ["--type", "bls12-381-g2"]}
SAID = {"ecdsa-sd": "wallet.links.signature", "bbs": "wallet.links.id"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """An issuer with a key for each form, a holder, and a credential in each form about that holder."""
    folder = tmp_path_factory.mktemp("desk")
    holder = glejt(folder, "did", "create", "--out", "holder.json", "--no-passphrase").stdout.strip()
    achievement = achievement_file()
    (folder / "achievement.json").write_text(json.dumps(achievement))
    learner = {"id": holder, "name": "Sample Learner"}
    award = award_file(learner=learner, validFrom="2026-06-12T00:00:00Z", credentialStatus=None)
    (folder / "award.json").write_text(json.dumps(award))
    for form in FORMS:
        scope = ["--for", achievement["id"], "--epoch", "2026"] if form == "bbs" else []
        made = glejt(folder, "did", "create", *TYPES[form], *scope, "--out", f"{form}.json", "--no-passphrase")
        assert made.returncode == 0, made.stderr
        done = issue(folder, form, "--out", f"c-{form}.json")
        assert done.returncode == 0, done.stderr
    return folder


def issue(folder, form, *more):
    drafts = ("--achievement", "achievement.json", "--award", "award.json")
    return glejt(folder, "issue", *drafts, "--form", form, "--key", f"{form}.json", *more)


def verdict(folder, name, *more):
    done = glejt(folder, "verify", name, "--offline", "--json", *more)
    report = json.loads(done.stdout)
    (entry,) = report["credentials"]
    return done.returncode, report["sentence"], {check["check"]: check for check in entry["checks"]}


@pytest.mark.parametrize("form", FORMS)
def test_from_the_issuer_to_the_verifier(desk, form):
    status, sentence, checks = verdict(desk, f"c-{form}.json")
    assert (status, sentence, checks["structure"]["code"]) == (1, "malformed", "proof.malformed.base_proof")
    done = glejt(desk, "derive", f"c-{form}.json", "--request", "results", "--out", f"d-{form}.json")
    assert done.returncode == 0, done.stderr
    assert "chosen: the learner / result / 2 / value: 4.0" in done.stderr
    assert "Sample Learner" not in done.stderr
    assert SAID[form] in done.stderr
    status, sentence, checks = verdict(desk, f"d-{form}.json")
    assert (status, sentence) == (0, "genuine_but")
    (proof,) = checks["proof"]["evidence"]["proofs"]
    assert proof["covers"] == ("nothing" if form == "bbs" else "mandatory")
    assert checks["class"]["evidence"]["class"] == "micro-credential"
    done = glejt(
        desk, "present", f"c-{form}.json", "--show", "/name", *ASKED, "--key", "holder.json", "--out", f"p-{form}.json"
    )
    assert done.returncode == 0, done.stderr
    assert ("wallet.stable_key" in done.stderr) is (form == "bbs")
    status, _, checks = verdict(desk, f"p-{form}.json", *ASKED)
    assert (status, checks["holder"]["outcome"]) == (0, "passed")
    status, sentence, checks = verdict(desk, f"p-{form}.json", "--challenge", "other", "--domain", "verifier.example")
    assert (status, sentence, checks["holder"]["code"]) == (1, "refused", "holder.replay")
    bearer = glejt(desk, "present", f"c-{form}.json", *ASKED)
    assert (bearer.returncode, "wallet.bearer" in bearer.stderr) == (0, True)
    (desk / "bearer.json").write_text(bearer.stdout)
    status, _, checks = verdict(desk, "bearer.json", *ASKED)
    assert (status, checks["holder"]["code"], checks["holder"]["evidence"]["bearer"]) == (20, "holder.bearer", True)


def test_the_answers_are_in_the_holders_language(desk):
    done = glejt(desk, "derive", "c-bbs.json", "--show", "/name", "--lang", "pl")
    assert "wybrane: nazwa: " in done.stderr
    assert "Zanim to pokażesz:" in done.stderr
    assert json.loads(done.stdout)["name"]


@pytest.mark.threat(39)
def test_the_linter_is_told_and_refuses_where_it_is_strict(desk):
    done = issue(desk, "bbs", "--out", "told.json")
    assert (done.returncode, "privacy.credential_id" in done.stderr, "privacy.lasting" in done.stderr) == (
        0,
        True,
        True,
    )
    done = issue(desk, "bbs", "--strict", "--out", "strict.json")
    assert (done.returncode, (desk / "strict.json").exists()) == (1, False)
    done = issue(desk, "ecdsa-sd", "--strict", "--out", "strict.json")
    assert (done.returncode, (desk / "strict.json").exists()) == (0, True)
    done = issue(desk, "ecdsa-sd", "--strict", "--mandatory", "/credentialSubject/identifier/0/identityHash")
    assert (done.returncode, done.stdout, "privacy.identifying" in done.stderr) == (1, "", True)


def test_a_table_is_issued_and_what_few_share_is_told(desk):
    rows = [f"Sample Learner {number},2026-06-12T00:00:00Z" for number in range(5)] + ["Odd One,2026-06-13T00:00:00Z"]
    (desk / "learners.csv").write_text("name,validFrom\n" + "\n".join(rows) + "\n")
    award = json.loads((desk / "award.json").read_text())
    del award["learner"]
    (desk / "shared.json").write_text(json.dumps(award))
    asked = ("issue", "--achievement", "achievement.json", "--award", "shared.json", "--csv", "learners.csv")
    given = (*asked, "--form", "bbs", "--key", "bbs.json")
    done = glejt(desk, *given, "--out", "all.jsonl")
    assert done.returncode == 0, done.stderr
    assert "privacy.rare" in done.stderr
    assert len((desk / "all.jsonl").read_text().splitlines()) == len(rows)
    done = glejt(desk, *given, "--strict", "--out", "none.jsonl")
    assert (done.returncode, (desk / "none.jsonl").exists()) == (1, False)


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (["derive", "c-bbs.json", "--challenge", "a"], "usage.request", 2),
        (["derive", "c-bbs.json", "--show", "/name", "--request", "name"], "disclose.twice", 2),
        (["derive", "c-bbs.json", "--show", "/absent"], "proof.options.pointer", 1),
        (["derive", "token.jwt"], "disclose.token", 2),
        (["derive", "d-again.json"], "proof.malformed.derived_proof", 1),
        (["present", "c-bbs.json", "--domain", "d"], "usage.missing", 2),
        (["present", "c-bbs.json", *ASKED, "--key", "ecdsa-sd.json"], "wallet.subject", 1),
        (["present", "d-again.json", *ASKED], "wallet.derived", 1),
        (
            ["issue", "c-bbs.json", "--form", "eddsa", "--mandatory", "/name", "--key", "bbs.json"],
            "usage.disclosure",
            2,
        ),
        (["issue", "c-bbs.json", "--form", "eddsa", "--strict", "--key", "bbs.json"], "usage.strict", 2),
        (["issue", "c-bbs.json", "--form", "bbs", "--suite", "bbs-2023", "--key", "bbs.json"], "usage", 2),
        (["did", "create", "--type", "bls12-381-g2", "--out", "k.json", "--no-passphrase"], "usage.key_scope", 2),
        (
            ["did", "create", "--for", "x", "--epoch", "2026", "--out", "k.json", "--no-passphrase"],
            "usage.key_scope",
            2,
        ),
    ],
)
def test_what_cannot_be_done_is_said(desk, arguments, code, status):
    if not (desk / "d-again.json").exists():
        (desk / "d-again.json").write_text(glejt(desk, "derive", "c-bbs.json").stdout)
        (desk / "token.jwt").write_text("eyJhbGciOiJFZERTQSJ9.e30.AAAA")
    done = glejt(desk, *arguments)
    assert (done.returncode, code in done.stderr) == (status, True), done.stderr
    assert done.stdout == ""


def test_what_nobody_would_accept_is_not_made(desk):
    altered = json.loads((desk / "c-ecdsa-sd.json").read_text())
    altered["issuer"]["name"] = "Another school"
    (desk / "altered.json").write_text(json.dumps(altered))
    done = glejt(desk, "derive", "altered.json", "--show", "/name")
    assert (done.returncode, done.stdout, "wallet.rejected" in done.stderr) == (1, "", True)


@pytest.mark.threat(102)
@pytest.mark.parametrize("command", [("derive",), ("present", *ASKED)], ids=lambda words: words[0])
def test_a_holder_is_told_what_nobody_can_tell_for_what_is_hidden(tmp_path, command):
    always = ("/type", "/issuer", "/credentialSubject/achievement")
    document = badge("ecdsa-sd", validUntil="2027-12-31T00:00:00Z")
    (tmp_path / "foreign.json").write_text(json.dumps(thin("ecdsa-sd", document, always)))
    done = glejt(tmp_path, command[0], "foreign.json", *command[1:])
    assert done.returncode == 0, done.stderr
    assert "Show this, too: /validFrom, /validUntil (wallet.undecided.validity)" in done.stderr
    assert "You have nothing to add; ask the issuer to say where" in done.stderr
    assert "wallet.undecided.class" in done.stderr
    done = glejt(tmp_path, command[0], "foreign.json", *command[1:], "--show", "/validFrom", "--show", "/validUntil")
    assert (done.returncode, "undecided.validity" in done.stderr) == (0, False)
    assert "wycofano" in glejt(tmp_path, command[0], "foreign.json", *command[1:], "--lang", "pl").stderr
