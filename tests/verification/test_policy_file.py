"""Policies: the three that travel with glejt, and those that somebody writes."""

import json
import tomllib
from datetime import timedelta
from importlib.resources import files

import pytest
from jsonschema_rs import Draft202012Validator

from node.verification.check import CheckName
from node.verification.errors import PolicyError
from node.verification.policy import BUILT_IN, INDISPENSABLE, KeyEvidence, Policy, built_in, parse_policy
from node.verification.toml_file import MAX_FILE_CHARS

EVERYDAY = {"structure", "context", "issuer_key", "proof", "validity", "status"}
FOUR = 'requires = ["structure", "context", "issuer_key", "proof"]'


def _schema(name):
    return json.loads(files("node.verification").joinpath("schemas", f"{name}.schema.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "requires", "evidence"),
    [
        ("everyday", EVERYDAY, set(KeyEvidence)),
        ("strict", EVERYDAY | {"authority", "anchor", "holder"}, {"immutable", "anchored"}),
        ("archive", EVERYDAY, set(KeyEvidence)),
    ],
)
def test_built_in(name, requires, evidence):
    policy = built_in(name)
    assert (policy.name, set(policy.requires), set(policy.key_evidence)) == (name, requires, evidence)
    assert not policy.accepts_inline_contexts
    assert not policy.accepts_vocabulary


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_policies_keep_to_the_schema(name):
    text = files("node.verification").joinpath("policies", f"{name}.toml").read_text("utf-8")
    Draft202012Validator(_schema("policy")).validate(tomllib.loads(text))
    assert parse_policy(text) == built_in(name)


@pytest.mark.parametrize(
    ("line", "age"),
    [
        ("", timedelta(days=7)),
        ("status_age_hours = 1", timedelta(hours=1)),
        ("status_age_hours = 876000", timedelta(hours=876_000)),
        ('status_age_hours = "any"', None),
    ],
)
def test_how_old_a_status_list_may_be(line, age):
    assert parse_policy(f'name = "x"\n{FOUR}\n{line}').status_age == age


def test_how_old_a_status_list_may_be_under_the_built_in_policies():
    ages = {name: built_in(name).status_age for name in BUILT_IN}
    assert ages == {"everyday": timedelta(days=7), "strict": timedelta(hours=24), "archive": None}


@pytest.mark.parametrize(
    ("line", "age"),
    [
        ("", timedelta(hours=168)),
        ("head_age_hours = 1", timedelta(hours=1)),
        ('head_age_hours = "any"', None),
        ("status_age_hours = 5", timedelta(hours=5)),
        ('status_age_hours = "any"', None),
        ('status_age_hours = "any"\nhead_age_hours = 9', timedelta(hours=9)),
    ],
)
def test_how_old_a_block_may_be_that_shows_a_head(line, age):
    assert parse_policy(f'name = "x"\n{FOUR}\n{line}').head_age == age


def test_how_old_such_a_block_may_be_under_the_built_in_policies():
    ages = {name: built_in(name).head_age for name in BUILT_IN}
    assert ages == {"everyday": timedelta(days=7), "strict": timedelta(hours=24), "archive": None}


def test_everyday_is_the_default():
    assert built_in() == built_in("everyday")


def test_the_schema_names_what_the_code_knows():
    properties = _schema("policy")["properties"]
    assert properties["requires"]["items"]["enum"] == list(CheckName)
    assert properties["key_evidence"]["items"]["enum"] == list(KeyEvidence)
    assert {part["contains"]["const"] for part in properties["requires"]["allOf"]} == INDISPENSABLE


def test_a_policy_of_ones_own():
    policy = parse_policy(
        'name = "school board"\n'
        'requires = ["structure", "context", "issuer_key", "proof", "authority"]\n'
        'key_evidence = ["immutable", "witnessed"]\n'
        'inline_contexts = "accept"\n'
        'vocabulary = "accept"\n'
    )
    assert policy == Policy(
        "school board",
        INDISPENSABLE | {CheckName.AUTHORITY},
        frozenset({KeyEvidence.IMMUTABLE, KeyEvidence.WITNESSED}),
        accepts_inline_contexts=True,
        accepts_vocabulary=True,
    )


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("", "policy.invalid", ""),
        (f'name = "x"\n{FOUR}\nrequire = []', "policy.invalid", ""),
        (f'name = ""\n{FOUR}', "policy.invalid", "name"),
        (f'name = "a\\u001bb"\n{FOUR}', "policy.invalid", "name"),
        ('name = "x"\nrequires = ["structure", "context", "issuer_key"]', "policy.invalid", "requires"),
        ('name = "x"\nrequires = ["structure", "context", "issuer_key", "prof"]', "policy.invalid", "requires"),
        ('name = "x"\nrequires = "proof"', "policy.invalid", "requires"),
        (f'name = "x"\n{FOUR}\nkey_evidence = []', "policy.invalid", "key_evidence"),
        (f'name = "x"\n{FOUR}\nkey_evidence = ["rumour"]', "policy.invalid", "key_evidence[0]"),
        (f'name = "x"\n{FOUR}\ninline_contexts = true', "policy.invalid", "inline_contexts"),
        (f'name = "x"\n{FOUR}\nvocabulary = 2026-01-01', "policy.invalid", "vocabulary"),
        (f'name = "x"\n{FOUR}\nstatus_age_hours = 0', "policy.invalid", "status_age_hours"),
        (f'name = "x"\n{FOUR}\nstatus_age_hours = 876001', "policy.invalid", "status_age_hours"),
        (f'name = "x"\n{FOUR}\nstatus_age_hours = true', "policy.invalid", "status_age_hours"),
        (f'name = "x"\n{FOUR}\nstatus_age_hours = "forever"', "policy.invalid", "status_age_hours"),
        (f'name = "x"\n{FOUR}\nhead_age_hours = 0', "policy.invalid", "head_age_hours"),
        (f'name = "x"\n{FOUR}\nhead_age_hours = "forever"', "policy.invalid", "head_age_hours"),
        ("name = ", "policy.syntax", ""),
        ("name = 'x'\nname = 'y'", "policy.syntax", ""),
        ("#" * (MAX_FILE_CHARS + 1), "policy.syntax", ""),
        (f"status_age_hours = {'9' * 5_000}", "policy.syntax", ""),
        (f"[{'a.' * 3_000}a]", "policy.syntax", ""),
        (f"{'a.' * 3_000}a = 1", "policy.syntax", ""),
        (f"a = {'[' * 3_000}{']' * 3_000}", "policy.syntax", ""),
        (f"[{'a.' * 300}a]", "policy.syntax", ""),
    ],
)
def test_what_is_no_policy(text, code, path):
    with pytest.raises(PolicyError) as refused:
        parse_policy(text, file="mine.toml")
    error = refused.value
    assert (error.code, error.file) == (code, "mine.toml")
    assert error.path.startswith(path)
    assert "mine.toml" in str(error)
    assert len(str(error)) < 400
    assert error.remedy


def test_no_policy_goes_without_what_makes_a_document_genuine():
    for missing in INDISPENSABLE:
        with pytest.raises(PolicyError) as refused:
            Policy("odd", frozenset(CheckName) - {missing})
        assert (refused.value.code, missing in str(refused.value)) == ("policy.requires", True)


def test_a_policy_that_nobody_knows():
    with pytest.raises(PolicyError, match="easygoing") as refused:
        built_in("easygoing")
    assert refused.value.code == "policy.unknown"
    assert "everyday" in refused.value.remedy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\nrequire = ["proof"]', "board.toml: there is no setting 'require' here"),
        ('name = "x"', "board.toml: 'requires' is missing"),
        (
            'name = "x"\nrequires = ["structure", "context", "proof"]',
            "board.toml, key requires: 'issuer_key' is missing from it",
        ),
    ],
)
def test_an_error_names_what_is_misspelt_or_missing(text, said):
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, file="board.toml")
    assert str(caught.value) == said
