"""What an achievement states is remembered for its other awards; what an award states, and its class, is not."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from micro_credential_support import ACHIEVEMENT, AWARDED, REMOVALS, SUBJECT, changed, sample, without

from node.credentials.micro_credential.classification import classify, classify_achievement
from node.credentials.micro_credential.readers.open_badges import (
    MAX_REMEMBERED,
    MAX_REMEMBERED_BYTES,
    remembered,
)

ODD = [
    None,
    "",
    "TBD",
    "none",
    "Failed",
    "3",
    7,
    True,
    [],
    ["x", ["practical"]],
    {"@value": "written"},
    {"id": "urn:x"},
]


@pytest.fixture(autouse=True)
def _nothing_remembered():
    remembered.cache_clear()


def anew(document, **options):
    """The classification by somebody who has never read anything."""
    remembered.cache_clear()
    return classify(document, **options).to_json()


def paths(value, path=""):
    """Each pointer into a part of the document that is about the achievement or its award."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in members:
        yield from paths(inner, f"{path}/{step}")


PLACES = [path for path in paths(sample()) if path.startswith(("/credentialSubject/", "/issuer/")) and "~" not in path]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), min_size=1, max_size=6))
def test_what_was_read_before_changes_nothing(edits):
    documents = [sample(), *(changed(path, copy.deepcopy(value)) for path, value in edits)]
    expected = [anew(document) for document in documents]
    remembered.cache_clear()
    for document, alone in [*zip(documents, expected, strict=True)] * 2:
        assert classify(document).to_json() == alone


def test_an_achievement_is_read_once_for_all_its_awards():
    for learner in ("Demo Learner", "Sample Learner"):
        classify(changed(f"{SUBJECT}/identifier/0/identityHash", learner))
    assert (remembered.cache_info().misses, remembered.cache_info().hits) == (1, 1)


@pytest.mark.parametrize("element", ["E1", "E3", "E4", "E5"])
def test_what_an_award_states_is_not_remembered(element):
    assert classify(sample()).elements[element] == "met"
    assert classify(without(*REMOVALS[element])).elements[element] == "missing"
    assert classify(sample()).elements[element] == "met"


def test_a_result_is_that_of_its_award():
    assert classify(sample()).credential_class == "micro-credential"
    failed = changed(f"{SUBJECT}/result/0/status", "Failed")
    assert classify(failed).to_json() == anew(failed)
    assert classify(failed).credential_class != "micro-credential"
    assert classify(sample()).credential_class == "micro-credential"


@pytest.mark.threat(103)
def test_another_half_is_read_however_often_the_first_was():
    classify(sample())
    document = without(f"{AWARDED}/achievementType")
    classify(document)
    document["evidence"] = [{"id": ACHIEVEMENT, "type": ["Achievement"], "achievementType": "ext:Participation"}]
    assert classify(document).to_json() == anew(document)
    described = sample()["credentialSubject"]["achievement"]["resultDescription"][0]
    half = {"id": described["id"], "type": ["ResultDescription"], "requiredValue": "9"}
    split = changed(f"{SUBJECT}/result/0/value", "1") | {"evidence": [half]}
    classify({name: value for name, value in split.items() if name != "evidence"})
    assert classify(split).to_json() == anew(split)
    assert classify(split).findings != classify({**split, "evidence": []}).findings


def test_findings_point_into_the_document_at_hand():
    document = without(f"{AWARDED}/workload", f"{AWARDED}/creditsAvailable")
    moved = copy.deepcopy(document)
    moved["credentialSubject"]["achievement"] = [moved["credentialSubject"]["achievement"]]
    places = [
        {one.path for one in made.findings if one.code == "mc.workload.missing"}
        for made in (
            classify(document),
            classify(moved),
            classify(document, path="/verifiableCredential/3"),
            classify_achievement(document["credentialSubject"]["achievement"]),
        )
    ]
    assert places == [{AWARDED}, {f"{AWARDED}/0"}, {f"/verifiableCredential/3{AWARDED}"}, {""}]


def test_what_the_caller_does_to_a_document_reaches_no_other():
    document = sample()
    classify(document)
    document["credentialSubject"]["achievement"]["alignment"].clear()
    assert classify(sample()).to_json() == anew(sample())


def test_a_hidden_learner_is_judged_for_each_award():
    hidden = without(*REMOVALS["E1"]) | {"learnerStated": "name"}
    assert [classify(hidden, derived=derived).elements["E1"] for derived in (False, True, False)] == [
        "missing", "withheld", "missing",
    ]  # fmt: skip


def test_the_memory_is_bounded():
    for number in range(MAX_REMEMBERED + 10):
        classify(changed(f"{AWARDED}/name", f"Welding {number}"))
    assert remembered.cache_info().currsize == MAX_REMEMBERED
    remembered.cache_clear()
    classify(changed(f"{AWARDED}/description", "x" * MAX_REMEMBERED_BYTES))
    assert remembered.cache_info().currsize == 0


def test_what_is_no_json_is_read_all_the_same():
    assert classify(changed(f"{AWARDED}/version", 2**70)).credential_class == "micro-credential"
