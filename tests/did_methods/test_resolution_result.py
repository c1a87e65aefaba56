"""The two forms of one result, and which one a reader gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from did_methods.resolution import Problem, Resolution
from did_methods.resolution_result import (
    OLDER_RESULT,
    RESULT,
    WORDS,
    older_result_json,
    represent,
    result_json,
)

FOUND = Resolution({"id": "did:example:a"}, {"versionId": "1"})


@pytest.mark.parametrize("problem", list(Problem))
def test_one_failure_has_two_forms(problem):
    failed = Resolution.failed(problem, "so it is")
    newer, older = result_json(failed), older_result_json(failed)
    error = newer["didResolutionMetadata"]["error"]
    assert error["type"] == problem.value
    assert error["title"]
    assert error["detail"] == "so it is"
    word = older["didResolutionMetadata"]["error"]
    assert word == WORDS[problem]
    # The word is the name of the type, in the spelling of before.
    assert word.lower() == problem.value.rpartition("#")[2].replace("_", "").lower()
    assert older["didResolutionMetadata"]["message"] == "so it is"
    for form in (newer, older):
        assert form["didDocument"] is None
        assert form["didDocumentMetadata"] == {}
        assert "contentType" not in form["didResolutionMetadata"]


def test_a_document_is_the_same_in_both():
    newer, older = result_json(FOUND), older_result_json(FOUND)
    assert newer["didDocument"] == older["didDocument"] == {"id": "did:example:a"}
    assert newer["didDocumentMetadata"] == older["didDocumentMetadata"] == {"versionId": "1"}
    assert newer["didResolutionMetadata"] == {"contentType": "application/did"}
    assert older["didResolutionMetadata"] == {"contentType": "application/did+ld+json"}
    assert FOUND.resolution_metadata == {"contentType": "application/did"}


PROFILE = 'application/ld+json;profile="https://w3id.org/did-resolution"'


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (RESULT, RESULT),
        (PROFILE, OLDER_RESULT),
        ('application/ld+json; PROFILE="https://w3id.org/did-resolution"; charset=utf-8', OLDER_RESULT),
        ('application/ld+json;profile="https://example.com/x https://w3id.org/did-resolution"', OLDER_RESULT),
        ("application/did", "application/did"),
        ("application/did+json", "application/did+json"),
        ("application/did+ld+json", "application/did+ld+json"),
        ("*/*", RESULT),
        ("application/*;q=0.1", RESULT),
        (f"text/html, {PROFILE};q=0.9, application/did;q=0.8", OLDER_RESULT),
        (f"{RESULT};q=0.1, {PROFILE};q=0.2", OLDER_RESULT),
        (f"{PROFILE};q=0, {RESULT}", RESULT),
        ("Application/DID-Resolution", RESULT),
        (f"application/did;q=9, {RESULT};q=0.001", RESULT),
    ],
)
def test_the_reader_chooses(accept, media_type):
    answer = represent(FOUND, accept)
    assert answer.media_type == media_type
    if media_type in {RESULT, OLDER_RESULT}:
        assert answer.body["didDocument"] == FOUND.document
    else:
        assert answer.body == FOUND.document


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        f"{PROFILE};q=0",
        "*/*;q=0.000",
        "",
        "application/ld+json",
        'application/ld+json;profile="x"',
        ",,;q",
    ],
)
def test_a_form_that_is_not_to_be_had_is_an_error_in_the_newer_one(accept):
    answer = represent(FOUND, accept)
    assert answer.media_type == RESULT
    assert answer.body["didDocument"] is None
    assert answer.body["didResolutionMetadata"]["error"]["type"] == Problem.REPRESENTATION_NOT_SUPPORTED.value


def test_why_there_is_no_document_is_told_whatever_was_asked_for():
    failed = Resolution.failed(Problem.NOT_FOUND, "so")
    for accept in ("application/did", "text/html", RESULT):
        answer = represent(failed, accept)
        assert answer.media_type == RESULT
        assert answer.body["didResolutionMetadata"]["error"]["type"] == Problem.NOT_FOUND.value
    assert represent(failed, PROFILE).body["didResolutionMetadata"]["error"] == "notFound"


@given(st.text(alphabet='application/did-resolution+ld*;=",. q0', max_size=80) | st.text(max_size=50))
def test_any_question_has_an_answer(accept):
    answer = represent(FOUND, accept)
    assert answer.media_type in {
        RESULT,
        OLDER_RESULT,
        "application/did",
        "application/did+json",
        "application/did+ld+json",
    }
    assert isinstance(answer.body, dict)


def test_a_long_question_is_cut():
    assert represent(FOUND, "text/html," * 1000 + RESULT).body["didDocument"] is None
    assert represent(FOUND, '"' * 100_000).media_type == RESULT
