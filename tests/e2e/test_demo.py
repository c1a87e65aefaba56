"""`glejt demo` from nothing: the story is true, in both languages, and its files can be used."""

import json

import pytest
from running import glejt, python

STORY = {
    "en": ["Genuine, but we do not know the issuer.", "Genuine.", "Not genuine. This is not what the issuer signed."],
    "pl": [
        "Dokument autentyczny, ale nie znamy wystawcy.",
        "Dokument autentyczny.",
        "Dokument nieautentyczny. Tej treści wystawca nie podpisał.",
    ],
}
FILES = {"key.json", "achievement.json", "award.json", "signed.json", "trust.toml", "altered.json"}


@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_story_is_told_to_its_end(tmp_path, language):
    done = glejt(tmp_path, "demo", "--yes", "--lang", language)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    said = [line.partition("  ")[0] for line in lines]
    assert [sentence for sentence in said if sentence in STORY[language]] == STORY[language]
    whole = {"en": "Micro-credential, 11 of 11 elements", "pl": "Mikropoświadczenie, 11 z 11 elementów"}
    assert sum(line.endswith(f" {whole[language]}") for line in lines) == 2
    assert {path.name for path in (tmp_path / "demo-files").iterdir()} == FILES | {".glejt-demo"}
    for name in FILES:
        assert any(line.startswith(f"  {name} ") for line in lines)
    commands = [line[2:] for line in lines if line.startswith("$ ")]
    assert [command.split()[1] for command in commands] == ["did", "issue", "verify", "verify", "verify"]


def test_the_commands_that_the_story_shows_do_what_it_says(tmp_path):
    done = glejt(tmp_path, "demo", "--yes", "--dir", "story")
    commands = [line[2:].split()[1:] for line in done.stdout.splitlines() if line.startswith("$ ")]
    (tmp_path / "story" / "key.json").unlink()
    (tmp_path / "story" / "signed.json").unlink()
    assert [glejt(tmp_path, *command).returncode for command in commands] == [0, 0, 0, 0, 1]


def test_one_letter_is_all_that_was_changed(tmp_path):
    glejt(tmp_path, "demo", "--yes")
    award = (tmp_path / "demo-files" / "signed.json").read_text("utf-8")
    altered = (tmp_path / "demo-files" / "altered.json").read_text("utf-8")
    assert len(award) == len(altered)
    assert [(a, b) for a, b in zip(award, altered, strict=True) if a != b] == [("I", "A")]


def test_people_and_places_are_marked_as_samples(tmp_path):
    glejt(tmp_path, "demo", "--yes")
    award = json.loads((tmp_path / "demo-files" / "signed.json").read_bytes())
    learner = award["credentialSubject"]["identifier"][0]["identityHash"]
    for name in (award["issuer"]["name"], award["name"], learner):
        assert "sample" in name


def test_it_can_be_told_again_and_touches_no_folder_that_is_not_its_own(tmp_path):
    assert glejt(tmp_path, "demo", "--yes").returncode == 0
    first = json.loads((tmp_path / "demo-files" / "signed.json").read_bytes())
    assert glejt(tmp_path, "demo", "--yes").returncode == 0
    assert json.loads((tmp_path / "demo-files" / "signed.json").read_bytes())["id"] != first["id"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "award.json").write_text("mine", "utf-8")
    done = glejt(tmp_path, "demo", "--yes", "--dir", "mine")
    assert (done.returncode, done.stdout) == (2, "")
    assert "demo.folder" in done.stderr
    assert [path.read_text("utf-8") for path in (tmp_path / "mine").iterdir()] == ["mine"]


def test_it_never_waits_without_a_terminal_and_takes_no_settings_from_the_folder(tmp_path):
    (tmp_path / "glejt.toml").write_text('policy = "strict"\n', "utf-8")
    done = glejt(tmp_path, "demo")
    assert done.returncode == 0


def test_a_story_that_goes_wrong_says_so(tmp_path):
    script = """
import sys
import node.cli.demo as demo
from node.__main__ import main
demo.LETTER_AFTER = demo.LETTER_BEFORE
sys.argv = ["glejt", "demo", "--yes"]
sys.exit(main())
"""
    done = python(tmp_path, ["-c", script])
    assert done.returncode == 2
    assert "demo.broken" in done.stderr
