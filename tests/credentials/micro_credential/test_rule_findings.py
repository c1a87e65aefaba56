"""Every code of a finding: its severity, its help in both languages, and a document that leads to it."""

import json
import string

import pytest
from micro_credential_support import ACHIEVEMENT, AWARDED, EQF, QUALITY, REMOVALS, SUBJECT, changed, sample, without

from node.credentials.micro_credential.classification import classify, classify_achievement
from node.credentials.micro_credential.help import help_texts
from node.credentials.micro_credential.rule_set import rule_set

TABLES = rule_set().tables
WITH_A_GRADE = changed(f"{AWARDED}/assessmentType", "none")
WITH_A_GRADE["credentialSubject"]["result"].append({"value": "5"})
TWO_PERSONS = changed(SUBJECT, [sample()["credentialSubject"], {"id": "did:key:z6Mk", "name": "Jan"}])
OUTCOME = f"{AWARDED}/resultDescription/0"
OUTSIDE = {"mc.label.mismatch", "mc.below_policy"}
"""Findings that compare the class with something outside the document; the check has their tests."""

LEADING = {
    "mc.subject.many": (TWO_PERSONS, SUBJECT),
    "mc.learner.missing": (without(*REMOVALS["E1"]), SUBJECT),
    "mc.title.missing": (without(*REMOVALS["E2"]), AWARDED),
    "mc.country.missing": (without(*REMOVALS["E3"]), "/issuer"),
    "mc.country.unusable": (changed("/issuer/address/addressCountryCode", "XX"), "/issuer/address/addressCountryCode"),
    "mc.awarding_body.missing": (without(*REMOVALS["E4"]), "/issuer"),
    "mc.date.missing": (without(*REMOVALS["E5"]), ""),
    "mc.outcomes.missing": (without(*REMOVALS["E6"]), AWARDED),
    "mc.outcomes.unlinked": (
        without(f"{AWARDED}/resultDescription/0/alignment"),
        f"{AWARDED}/resultDescription/0/name",
    ),
    "mc.workload.missing": (without(*REMOVALS["E7"]), AWARDED),
    "mc.workload.no_unit": (without(f"{AWARDED}/workload"), f"{AWARDED}/creditsAvailable"),
    "mc.level.missing": (without(*REMOVALS["E8"]), f"{AWARDED}/alignment"),
    "mc.level.unusable": (changed(f"{AWARDED}/alignment/{EQF}/targetCode", "9"), f"{AWARDED}/alignment/{EQF}"),
    "mc.level.claimed": (sample(), f"{AWARDED}/alignment/{EQF}"),
    "mc.assessment.missing": (without(*REMOVALS["E9"]), AWARDED),
    "mc.participation.missing": (without(*REMOVALS["E10"]), AWARDED),
    "mc.quality.missing": (without(*REMOVALS["E11"]), f"{AWARDED}/alignment"),
    "mc.quality.internal_only": (
        changed(f"{AWARDED}/alignment/{QUALITY}/targetFramework", "internal-only"),
        f"{AWARDED}/alignment/{QUALITY}",
    ),
    "mc.text.placeholder": (changed(f"{AWARDED}/name", "TBD"), f"{AWARDED}/name"),
    "mc.value.unlisted": (changed(f"{AWARDED}/supervisionType", "watched"), f"{AWARDED}/supervisionType"),
    "mc.assessment.not_stated": (without(*REMOVALS["E9"]), AWARDED),
    "mc.criteria.missing": (changed(f"{AWARDED}/criteria/narrative", "n/a"), f"{AWARDED}/criteria"),
    "mc.outcome.open": (changed(f"{SUBJECT}/result/0/status", "InProgress"), f"{SUBJECT}/result/0"),
    "mc.contradiction": (WITH_A_GRADE, f"{SUBJECT}/result/1"),
    "mc.claim.unsupported": (without(*REMOVALS["E2"]), f"{AWARDED}/achievementType"),
}


@pytest.mark.parametrize("code", sorted(LEADING))
def test_a_document_leads_to_the_finding_at_its_place(code):
    document, path = LEADING[code]
    assert [one.path for one in classify(document).findings if one.code == code] == [path]


def test_every_code_has_a_document_and_no_other_occurs():
    assert set(LEADING) | OUTSIDE == set(TABLES.severities)


@pytest.mark.parametrize("language", ["en", "pl"])
def test_every_code_has_one_sentence_of_help(language):
    texts = help_texts(language)
    assert set(texts) == set(TABLES.severities)
    for text in texts.values():
        assert text.endswith(".")
        assert text[0].isupper()
        assert not [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    assert set(help_texts("en").values()).isdisjoint(help_texts("pl").values())


WARNINGS = {"mc.quality.internal_only", "mc.value.unlisted", "mc.contradiction", "mc.claim.unsupported"}
REMARKS = {"mc.outcomes.unlinked", "mc.level.claimed"}


def test_severities():
    expected = (
        dict.fromkeys(TABLES.severities, "error") | dict.fromkeys(WARNINGS, "warning") | dict.fromkeys(REMARKS, "info")
    )
    assert TABLES.severities == expected


def test_the_result_has_the_stated_form():
    document = without(*REMOVALS["E11"])
    document["credentialSubject"]["achievement"]["achievementType"] = "Course"
    told = json.loads(json.dumps(classify(document).to_json()))
    assert list(told) == ["rules", "digest", "class", "score", "learner", "elements", "optional", "findings"]
    assert told | {"digest": ""} == {
        "rules": "glejt-mc/1",
        "digest": "",
        "class": "achievement",
        "score": {"met": 10, "of": 11},
        "learner": "name",
        "elements": {f"E{number}": "missing" if number == 11 else "met" for number in range(1, 12)},
        "optional": ["O1", "O2", "O4"],
        "findings": [
            {"code": "mc.level.claimed", "severity": "info", "path": f"{AWARDED}/alignment/{EQF}"},
            {"code": "mc.quality.missing", "severity": "error", "path": f"{AWARDED}/alignment"},
        ],
    }


def test_pointers_start_where_the_document_stands():
    found = classify(without(*REMOVALS["E2"]), path="/verifiableCredential/3").findings
    assert "/verifiableCredential/3/credentialSubject/achievement" in {one.path for one in found}


def test_several_persons_are_checked_one_at_a_time():
    made = classify(TWO_PERSONS)
    assert made.credential_class == "unclassified"
    assert classify(changed(SUBJECT, [sample()["credentialSubject"]])).credential_class == "micro-credential"


def test_a_draft_is_judged_by_what_an_achievement_states():
    achievement = sample()["credentialSubject"]["achievement"]
    made = classify_achievement(achievement)
    assert (made.credential_class, made.met, len(made.elements)) == ("micro-credential", 7, 7)
    assert set(made.elements) == {"E2", "E6", "E7", "E8", "E9", "E10", "E11"}
    assert made.learner is None
    del achievement["participationType"]
    found = {one.code: one.path for one in classify_achievement(achievement).findings}
    assert found["mc.participation.missing"] == ""
    assert found["mc.level.claimed"] == f"/alignment/{EQF}"
    assert found["mc.claim.unsupported"] == "/achievementType"
    assert achievement["id"] == ACHIEVEMENT
