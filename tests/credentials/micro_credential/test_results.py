"""Which results leave an outcome open, and what that makes of the class."""

import copy

import pytest
from micro_credential_support import ACHIEVEMENT, AWARDED, SUBJECT, changed, sample, without

from node.credentials.micro_credential.classification import MAX_OPEN_FINDINGS, classify

FIRST, SECOND = f"{ACHIEVEMENT}#o1", f"{ACHIEVEMENT}#o2"


def with_results(results, descriptions=()):
    """The sample with a second outcome and these results."""
    document = sample()
    achievement = document["credentialSubject"]["achievement"]
    second = {"id": SECOND, "type": ["ResultDescription", "LearningOutcome"], "name": "Welds a seam"}
    achievement["resultDescription"] += [second, *descriptions]
    document["credentialSubject"]["result"] = [{"type": ["Result"], **result} for result in results]
    return document


def classified(document):
    made = classify(document)
    return made.credential_class.value, [one.path for one in made.findings if one.code == "mc.outcome.open"]


DONE, FAILED = {"status": "Completed"}, {"status": "Failed"}


@pytest.mark.parametrize(
    ("results", "expected", "left"),
    [
        ([], "micro-credential", []),
        ([{"resultDescription": FIRST, **DONE}], "micro-credential", []),
        ([{"resultDescription": FIRST, **DONE}, {"resultDescription": SECOND, **FAILED}], "achievement", [1]),
        ([{"resultDescription": FIRST, **FAILED}, {"resultDescription": SECOND, **FAILED}], "participation", [0, 1]),
        ([{"resultDescription": FIRST, **FAILED}], "achievement", [0]),
        ([{"resultDescription": FIRST, **FAILED}, {"resultDescription": FIRST, **DONE}], "achievement", [0]),
        # A result that names no outcome speaks for those that have none of their own.
        ([FAILED], "participation", [0]),
        ([FAILED, {"resultDescription": FIRST, **DONE}], "achievement", [0]),
        ([FAILED, {"resultDescription": FIRST, **DONE}, {"resultDescription": SECOND, **DONE}], "achievement", [0]),
        ([FAILED, {"resultDescription": FIRST, **FAILED}], "participation", [0, 1]),
        ([{"resultDescription": "urn:unknown", **FAILED}], "participation", [0]),
        ([DONE], "micro-credential", []),
        ([{"resultDescription": FIRST, "status": ["Completed", "Failed"]}], "achievement", [0]),
        ([{"resultDescription": [FIRST, SECOND], **FAILED}], "participation", [0]),
    ],
)
def test_open_outcomes(results, expected, left):
    assert classified(with_results(results)) == (expected, [f"{SUBJECT}/result/{index}" for index in left])


@pytest.mark.parametrize("status", ["Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew", "", 5, {}])
def test_every_status_but_completed_is_open(status):
    document = changed(f"{SUBJECT}/result/0/status", status)
    assert classified(document) == ("participation", [f"{SUBJECT}/result/0"])


@pytest.mark.parametrize(
    ("demanded", "reached", "is_open"),
    [
        ({"requiredValue": "6"}, {"value": "6"}, False),
        ({"requiredValue": "6"}, {"value": "5.9"}, True),
        ({"requiredValue": "6"}, {"value": "10"}, False),
        ({"requiredValue": 6}, {"value": 5}, True),
        ({"requiredValue": "6"}, {"value": "5,5"}, True),
        ({"requiredValue": "6"}, {"value": "7,5"}, False),
        ({"requiredValue": "-1"}, {"value": "-2"}, True),
        ({"requiredValue": "C", "allowedValue": ["D", "C", "B", "A"]}, {"value": "D"}, True),
        ({"requiredValue": "C", "allowedValue": ["D", "C", "B", "A"]}, {"value": "A"}, False),
        ({"requiredValue": "C", "allowedValue": ["D", "C", "B", "A"]}, {"value": "E"}, False),
        ({"requiredValue": "C"}, {"value": "D"}, False),
        ({"requiredValue": "6"}, {"value": "passed"}, False),
        ({"requiredValue": "6"}, {"value": ["7", "5"]}, True),
        ({"requiredLevel": "urn:good"}, {"achievedLevel": "urn:good"}, False),
        ({"requiredLevel": "urn:good"}, {"achievedLevel": "urn:fair"}, True),
        ({"requiredLevel": "urn:fair"}, {"achievedLevel": "urn:good"}, False),
        ({"requiredLevel": "urn:good"}, {"achievedLevel": "urn:unknown"}, False),
        ({}, {"value": "0"}, False),
        ({"requiredValue": "6"}, {}, False),
    ],
)
def test_a_result_below_what_is_required_is_open(demanded, reached, is_open):
    document = sample()
    document["credentialSubject"]["achievement"]["resultDescription"][0] |= {
        "rubricCriterionLevel": [{"id": "urn:good", "points": "4"}, {"id": "urn:fair", "points": "2"}],
        **demanded,
    }
    document["credentialSubject"]["result"] = [{"resultDescription": FIRST, **reached}]
    assert classified(document)[0] == ("participation" if is_open else "micro-credential")


@pytest.mark.threat(103)
def test_a_requirement_cannot_be_lost_by_writing_its_description_in_two_parts():
    """To JSON-LD two objects with one id are one, so a holder could split what was signed as one."""
    document = sample()
    description = document["credentialSubject"]["achievement"]["resultDescription"][0]
    description["requiredValue"] = "6"
    document["credentialSubject"]["result"] = [{"resultDescription": FIRST, "value": "3"}]
    assert classify(document).credential_class == "participation"
    for parts in (
        [{**description}, {"id": FIRST, "type": ["ResultDescription"]}],
        [{name: value for name, value in description.items() if name != "requiredValue"},
         {"id": FIRST, "type": ["ResultDescription"], "requiredValue": "6"}],
    ):  # fmt: skip
        for order in (parts, parts[::-1]):
            split = changed(f"{AWARDED}/resultDescription", order, document)
            assert classify(split).credential_class == "participation"


def test_a_grade_that_is_too_low_speaks_for_all_outcomes_without_a_result():
    grade = {"id": "urn:grade", "type": ["ResultDescription"], "name": "Final grade", "requiredValue": "6"}
    low = {"resultDescription": "urn:grade", "value": "4"}
    assert classified(with_results([low], [grade]))[0] == "participation"
    assert classified(with_results([low, {"resultDescription": FIRST, **DONE}], [grade]))[0] == "achievement"
    assert classified(with_results([{**low, "value": "7"}], [grade]))[0] == "micro-credential"


def test_without_any_outcome_an_open_result_is_about_the_whole():
    document = without(f"{AWARDED}/resultDescription")
    document["credentialSubject"]["result"] = [FAILED]
    assert classify(document).credential_class == "participation"


def test_a_thousand_open_results_are_not_all_named():
    document = copy.deepcopy(sample())
    document["credentialSubject"]["result"] = [FAILED] * 1000
    assert len(classified(document)[1]) == MAX_OPEN_FINDINGS


def test_a_value_says_that_something_was_assessed_unless_it_is_a_status():
    for kind, credential_class in (("Status", "unclassified"), ("Percent", "achievement"), (None, "achievement")):
        document = without(f"{AWARDED}/assessmentType")
        document["credentialSubject"]["achievement"]["resultDescription"][0]["resultType"] = kind
        for reached in ({"value": "yes"}, {"achievedLevel": "urn:good"}):
            document["credentialSubject"]["result"] = [{"resultDescription": FIRST, **reached}]
            assert classify(document).credential_class == credential_class
        document["credentialSubject"]["result"] = [{"resultDescription": FIRST, **DONE}]
        assert classify(document).credential_class == "unclassified"
    document["credentialSubject"]["result"] = [{"value": "5"}]
    assert classify(document).credential_class == "achievement"
