"""`glejt achievement check`: class, score and what to do, of a credential or of a draft."""

import json

import pytest
from micro_credential_support import AWARDED, REMOVALS, changed, sample, without
from running import glejt
from samples import data
from support import vectors


def run(folder, document, *options):
    (folder / "award.json").write_bytes(document if isinstance(document, bytes) else data(document))
    return glejt(folder, "achievement", "check", "award.json", *options)


def test_a_complete_award(tmp_path):
    done = run(tmp_path, sample())
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "Micro-credential, 11 of 11 elements"
    assert lines[1] == f"  hint     The level is stated by the issuer alone.  {AWARDED}/alignment/0"
    assert lines[2].startswith("  Rules: glejt-mc/1, sha256:")
    assert "was not checked" in done.stderr


@pytest.mark.parametrize(
    ("language", "first", "needed"),
    [
        ("en", "Achievement badge, 10 of 11 elements", "needed   Give the issuer's country as a two-letter code."),
        ("pl", "Odznaka osiągnięcia, 10 z 11 elementów", "potrzebne  Podaj kraj wystawcy dwuliterowym kodem."),
    ],
)
def test_what_is_missing_is_said_first_in_the_language_of_the_run(tmp_path, language, first, needed):
    lines = run(tmp_path, without(*REMOVALS["E3"]), "--lang", language).stdout.splitlines()
    assert lines[0] == first
    assert lines[1].split("  /")[0].strip() == needed
    assert len([line for line in lines if line.startswith("  ")]) == 4


def test_for_machines(tmp_path):
    done = run(tmp_path, without(*REMOVALS["E11"]), "--json", "--lang", "pl")
    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    assert (told["kind"], told["class"], told["score"]) == ("credential", "achievement", {"met": 10, "of": 11})
    assert told["elements"]["E11"] == "missing"
    assert {"code": "mc.quality.missing", "severity": "error", "path": f"{AWARDED}/alignment",
            "help": "Podaj, kto zapewnia jakość, z odnośnikiem."} in told["findings"]  # fmt: skip


def test_a_document_that_does_not_say_has_the_status_of_cannot_tell(tmp_path):
    done = run(tmp_path, without(*REMOVALS["E9"]))
    assert done.returncode == 20
    assert done.stdout.startswith("Class not stated, 10 of 11 elements\n")


def test_a_draft_of_an_achievement(tmp_path):
    draft = sample()["credentialSubject"]["achievement"]
    done = run(tmp_path, draft)
    assert done.stdout.splitlines()[:2] == [
        "Micro-credential, 7 of 7 elements",
        "  This is what an award of it can be; learner, country, awarding body and date come with the award.",
    ]
    told = json.loads(run(tmp_path, without("/participationType", document=draft), "--json").stdout)
    assert (told["kind"], told["class"], told["score"]) == ("achievement", "achievement", {"met": 6, "of": 7})


@pytest.mark.vectors
@pytest.mark.parametrize(
    ("name", "score", "path"),
    [
        ("Sample-MC-Annex1-signed.jsonld", 10, "/credentialSubject/hasClaim/specifiedBy"),
        ("Sample-MC-Annex1-unsigned-uploadable.json", 9, "/credential/credentialSubject/hasClaim/specifiedBy"),
    ],
)
def test_european_credentials_in_their_envelopes(tmp_path, name, score, path):
    told = json.loads(run(tmp_path, vectors("elm", "samples", name).read_bytes(), "--json").stdout)
    assert (told["class"], told["score"]["met"]) == ("achievement", score)
    assert path in {finding["path"] for finding in told["findings"]}


def test_texts_of_the_document_cannot_disturb_the_terminal(tmp_path):
    done = run(tmp_path, changed(f"{AWARDED}/name", "\x1b[2J"))
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("content", [b"[]", b"3", b"{", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_document_is_refused(tmp_path, content):
    assert run(tmp_path, content).returncode == 2


def test_any_object_gets_an_answer(tmp_path):
    done = run(tmp_path, b"{}")
    assert done.returncode == 20
    assert done.stdout.startswith("Class not stated, 0 of 11 elements\n")
