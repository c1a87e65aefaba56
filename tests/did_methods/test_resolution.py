"""Resolution: the standard's result for success and for every kind of failure."""

import asyncio
import json

import pytest

from did_methods.did import Did
from did_methods.errors import InvalidKeyError, MultibaseError, UnsupportedKeyError
from did_methods.jwk import JwkMethod
from did_methods.key import KeyMethod, create
from did_methods.multibase import to_base58
from did_methods.multikey import KeyType, PrivateKey
from did_methods.resolution import Problem, Resolution, resolve

METHODS = {"key": KeyMethod(), "jwk": JwkMethod()}


class Fixed:
    def __init__(self, result):
        self.result = result

    async def resolve(self, did):
        assert isinstance(did, Did)
        return self.result


def resolved(did, methods=None):
    return asyncio.run(resolve(did, METHODS if methods is None else methods))


def test_a_did_is_resolved_by_the_method_it_names():
    did = create(PrivateKey.generate(KeyType.ED25519).public)
    for form in (did, str(did)):
        result = resolved(form)
        assert result.problem is None
        assert result.document["id"] == str(did)
        assert result.to_json() == {
            "didDocument": result.document,
            "didResolutionMetadata": {"contentType": "application/did"},
            "didDocumentMetadata": {},
        }


@pytest.mark.parametrize(
    ("did", "problem", "wrong"),
    [
        ("did:web", Problem.INVALID_DID, True),
        ("did:key:z6Mk#z6Mk", Problem.INVALID_DID, True),
        ("did:web:good.edu%40evil.com", Problem.INVALID_DID, True),
        ("did:nosuch:abc", Problem.METHOD_NOT_SUPPORTED, False),
        ("did:key:abc", Problem.INVALID_DID, True),
        ("did:key:1:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", Problem.INVALID_DID, True),
        ("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW0", Problem.INVALID_DID, True),
        ("did:key:z" + to_base58(b"\xed\x01" + bytes(31)), Problem.INVALID_PUBLIC_KEY_LENGTH, True),
        ("did:key:z" + to_base58(b"\xed\x01" + bytes(32)), Problem.INVALID_PUBLIC_KEY, True),
        ("did:key:z" + to_base58(b"\x80\x26" + bytes(32)), Problem.INVALID_PUBLIC_KEY, True),
        ("did:key:z" + to_base58(b"\x85\x24" + bytes(270)), Problem.UNSUPPORTED_PUBLIC_KEY_TYPE, False),
        ("did:jwk:e30", Problem.INVALID_PUBLIC_KEY, True),
        ("did:jwk:abc", Problem.INVALID_DID, True),
    ],
)
def test_what_cannot_be_resolved_says_why_in_registered_words(did, problem, wrong):
    result = resolved(did)
    assert result.document is None
    assert result.document_metadata == {}
    assert result.problem is problem
    assert result.problem.means_wrong is wrong
    error = result.to_json()["didResolutionMetadata"]["error"]
    assert error["type"] == str(problem)
    assert error["type"].startswith("https://")
    assert error["title"]
    assert error["detail"] == result.detail != ""
    json.dumps(result.to_json())


def test_no_methods_is_said_plainly():
    assert "known are: none" in resolved("did:key:z6Mk", {}).detail


@pytest.mark.threat(20)
@pytest.mark.parametrize("other", ["did:fixed:B", "did:fixed:a ", "did:FIXED:a", None, 5])
def test_a_method_cannot_answer_with_the_document_of_another_did(other):
    result = resolved("did:fixed:a", {"fixed": Fixed(Resolution({"id": other}))})
    assert result.document is None
    assert result.problem is Problem.INVALID_DID_DOCUMENT


def test_the_answer_of_a_method_is_passed_on_as_it_is():
    answer = Resolution({"id": "did:fixed:a"}, {"deactivated": True, "versionId": "2"})
    assert resolved("did:fixed:a", {"fixed": Fixed(answer)}) is answer
    assert answer.deactivated
    failure = Resolution.failed(Problem.NOT_FOUND, "nobody knows it")
    assert resolved("did:fixed:a", {"fixed": Fixed(failure)}) is failure
    assert not failure.deactivated


@pytest.mark.parametrize("error", ["notFound", {"type": "https://example.com/own"}, {"type": 5}, {}, []])
def test_an_error_in_other_words_is_an_error_still(error):
    result = Resolution(None, {}, {"error": error})
    assert result.problem is Problem.INTERNAL_ERROR
    assert not result.problem.means_wrong
    assert isinstance(result.detail, str)


@pytest.mark.parametrize("problem", list(Problem))
def test_every_problem_has_a_title(problem):
    assert Resolution.failed(problem, "so").problem is problem


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (UnsupportedKeyError("x", code="key.unsupported", remedy="y"), Problem.UNSUPPORTED_PUBLIC_KEY_TYPE),
        (InvalidKeyError("x", code="key.length", remedy="y"), Problem.INVALID_PUBLIC_KEY_LENGTH),
        (InvalidKeyError("x", code="key.secret", remedy="y"), Problem.INVALID_PUBLIC_KEY),
        (MultibaseError("x", code="multibase.prefix", remedy="y"), Problem.INVALID_DID),
    ],
)
def test_errors_become_problems(error, problem):
    result = Resolution.refused(error)
    assert result.problem is problem
    assert result.detail == "x. y"
