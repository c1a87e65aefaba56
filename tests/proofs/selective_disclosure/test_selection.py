"""Selecting by JSON pointers: what comes along, and what is no pointer."""

import pytest

from node.proofs.errors import ProofOptionsError
from node.proofs.selective_disclosure.selection import named, select, steps_of

DOCUMENT = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "id": "urn:example:c",
    "type": ["VerifiableCredential"],
    "name": "Sample",
    "credentialSubject": {
        "id": "_:b0",
        "type": ["AchievementSubject"],
        "achievement": {
            "id": "https://issuer.example/a",
            "type": ["Achievement"],
            "name": "Welding",
            "criteria": {"id": "https://issuer.example/c", "narrative": "Exam."},
        },
        "result": [{"value": "1"}, {"value": "2"}, {"value": "3"}],
    },
    "proof": {"type": "DataIntegrityProof"},
}


@pytest.mark.parametrize("pointer", ["/a~2", "/a~", "/~", "a", "a/b"])
def test_what_is_no_pointer_is_refused_even_where_a_member_has_that_name(pointer):
    with pytest.raises(ProofOptionsError):
        steps_of(pointer)
    assert steps_of("/a~1b/~0/") == ("a/b", "~", "")


def test_a_selection_keeps_names_types_and_contexts():
    part = select(named(DOCUMENT), ["/credentialSubject/achievement/criteria/narrative", "/type/0"]).document
    assert part == {
        "@context": DOCUMENT["@context"],
        "id": DOCUMENT["id"],
        "type": DOCUMENT["type"],
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://issuer.example/a",
                "type": ["Achievement"],
                "criteria": {"id": "https://issuer.example/c", "narrative": "Exam."},
            },
        },
    }


def test_elements_of_an_array_keep_their_order():
    part = select(named(DOCUMENT), ["/credentialSubject/result/2", "/credentialSubject/result/0"]).document
    assert part["credentialSubject"]["result"] == [{"value": "1"}, {"value": "3"}]


def test_the_whole_document_is_all_but_its_proofs():
    whole = {name: value for name, value in DOCUMENT.items() if name != "proof"}
    assert select(named(DOCUMENT), [""]).document == whole
    assert select(named(DOCUMENT), ["", "/name"]).document == whole
    assert select(named(DOCUMENT), ["/name", ""]).document == whole


def test_a_part_within_a_part_changes_nothing():
    both = ["/credentialSubject", "/credentialSubject/result/0"]
    for pointers in (both, both[::-1]):
        part = select(named(DOCUMENT), pointers).document
        assert part["credentialSubject"] == DOCUMENT["credentialSubject"]


def test_one_object_in_two_places_has_two_names():
    shared = {"type": ["Result"], "value": "1"}
    whole = named({"a": shared, "b": shared})
    assert whole.names[id(whole.document["a"])] != whole.names[id(whole.document["b"])]
