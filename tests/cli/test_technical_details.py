"""The technical details of a verdict: place and reason, where a check stands in the way, and nothing otherwise."""

import pytest
from running import glejt
from samples import data, signed

LABEL = {"en": "  Technical details: ", "pl": "  Szczegóły techniczne: "}


@pytest.fixture(scope="module")
def genuine():
    return signed()


def details(folder, document, language="en"):
    done = glejt(folder, "verify", "-", "--offline", "--lang", language, stdin=data(document))
    _, found, rest = done.stdout.partition(LABEL[language])
    return rest.splitlines()[:-1] if found else []  # the last line names the policy


@pytest.mark.parametrize("language", LABEL)
def test_what_nobody_defined_is_named_with_its_place(tmp_path, genuine, language):
    [line] = details(tmp_path, {**genuine, "extra": "y"}, language)
    assert "no context defines 'extra'" in line
    assert line.endswith(": /extra) [context.undefined_term]")


def test_an_unknown_context_is_named_with_what_to_do(tmp_path, genuine):
    unknown = "https://nobody.example/terms/v1"
    [line] = details(tmp_path, {**genuine, "@context": [*genuine["@context"], unknown]})
    assert f"'{unknown}' is not known here" in line
    assert "trust file" in line
    assert line.endswith(" [context.unknown]")


def test_a_document_without_a_signature_says_so_once_though_no_other_check_could_be_made(tmp_path, genuine):
    [line] = details(tmp_path, {name: value for name, value in genuine.items() if name != "proof"})
    assert line.endswith("[proof.malformed.missing]")
    assert "not_run" not in line


def test_a_genuine_document_has_none(tmp_path, genuine):
    assert details(tmp_path, genuine) == []


def test_what_a_document_says_cannot_forge_a_line_in_them(tmp_path, genuine):
    [line] = details(tmp_path, {**genuine, "a\n  ok  Unchanged\x1b[32m": "y"})
    assert "\x1b" not in line
    assert "context.undefined_term" in line
