"""At a terminal: colours, wrapping, and questions that are asked there and nowhere else."""

import re

import pytest
from running import at_terminal, glejt
from samples import data, signed


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terminal")
    genuine = signed()
    (folder / "genuine.json").write_bytes(data(genuine))
    (folder / "altered.json").write_bytes(data({**genuine, "name": "Another award"}))
    return folder


def test_the_sentence_has_its_colour_and_problems_are_red(folder):
    _, genuine = at_terminal(folder, "verify", "genuine.json")
    assert re.match(r"\x1b\[33mGenuine, but we do not know the issuer\. +Class not stated, .*\x1b\[0m\n", genuine)
    status, altered = at_terminal(folder, "verify", "altered.json")
    assert status == 1
    assert altered.startswith("\x1b[31mNot genuine.")
    assert re.search(r"\x1b\[31m  problem +Unchanged ", altered)


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colour_gets_none(folder, variables):
    _, shown = at_terminal(folder, "verify", "genuine.json", **variables)
    assert "\x1b" not in shown


def test_long_lines_are_wrapped_under_their_column(folder):
    _, shown = at_terminal(folder, "verify", "genuine.json", columns=90, NO_COLOR="1")
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 90
    start = lines.index(next(line for line in lines if "Issuer recognised" in line))
    column = lines[start].index("Signed by")
    assert lines[start + 1][:column].isspace()
    assert not lines[start + 1][column].isspace()


def test_standard_input_at_a_terminal_is_announced(folder):
    status, shown = at_terminal(folder, "verify", "-", answers=[("Ctrl-D", "{}\n\x04")])
    assert status == 1
    assert "Reading from standard input" in shown


def test_a_passphrase_is_asked_for_twice_and_never_shown(tmp_path):
    answers = [("Passphrase for the new key file: ", "correct horse\n"), ("again: ", "correct horse\n")]
    status, shown = at_terminal(tmp_path, "did", "create", "--out", "key.json", answers=answers)
    assert status == 0
    assert "correct horse" not in shown
    did = re.search(r"did:key:\S+", shown)[0]
    credential = glejt(tmp_path, "did", "resolve", did)
    assert credential.returncode == 0
    assert "correct horse" not in (tmp_path / "key.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [("correct horse", "correct hearse", "input.passphrases_differ"), ("short", "short", "key_file.passphrase_weak")],
)
def test_a_passphrase_that_will_not_do_makes_no_key(tmp_path, first, second, code):
    answers = [("key file: ", f"{first}\n"), ("again: ", f"{second}\n")]
    status, shown = at_terminal(tmp_path, "did", "create", "--out", "key.json", answers=answers)
    assert status == 2
    assert code in shown
    assert not (tmp_path / "key.json").exists()


def test_the_end_of_the_input_is_no_passphrase(tmp_path):
    status, shown = at_terminal(tmp_path, "did", "create", "--out", "key.json", answers=[("key file: ", "\x04")])
    assert status == 2
    assert "input.ended" in shown
    assert not (tmp_path / "key.json").exists()


def test_the_demo_waits_between_its_scenes_unless_told_not_to(tmp_path):
    status, shown = at_terminal(tmp_path, "demo", answers=[("Press Enter to go on.", "\n")] * 5)
    assert status == 0
    assert shown.count("Press Enter to go on.") == 5
    status, shown = at_terminal(tmp_path, "demo", "--yes")
    assert status == 0
    assert "Press Enter" not in shown
