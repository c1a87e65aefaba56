"""The page about the rules says what the rules do."""

import json
import re

from support import ROOT

from node.credentials.micro_credential.classification import classify_achievement
from node.credentials.micro_credential.rule_set import rule_set

TEXT = (ROOT / "docs" / "reference" / "micro-credentials.md").read_text("utf-8")
TABLES = rule_set().tables


def test_the_achievement_of_the_page_states_everything():
    (block,) = re.findall(r"```json achievement\n(.*?)```", TEXT, re.DOTALL)
    made = classify_achievement(json.loads(block))
    assert (made.credential_class, made.met, len(made.elements)) == ("micro-credential", 7, 7)


def test_the_page_has_every_listed_value_and_no_other():
    rows = dict(re.findall(r"^\| `?([a-zA-Z ]+?)`? \| ((?:`[a-zA-Z-]+` ?)+)\|$", TEXT, re.MULTILINE))
    names = {
        "assessment": "assessmentType",
        "participation": "participationType",
        "supervision": "supervisionType",
        "stackability": "stackability",
        "unit": "unit",
        "quality": "kind of quality assurance",
    }
    stated = {kind: frozenset(re.findall(r"`([a-zA-Z-]+)`", rows[name])) for kind, name in names.items()}
    assert stated == {kind: one.terms for kind, one in TABLES.values.items()}


def test_the_page_has_every_element_and_every_placeholder():
    assert re.findall(r"^\| (E\d+) \|", TEXT, re.MULTILINE) == list(TABLES.elements)
    assert re.findall(r"\b(O\d) ", TEXT) == list(TABLES.options)
    for word in TABLES.placeholders | TABLES.participation_types | TABLES.claiming_types:
        assert f"`{word}`" in TEXT
