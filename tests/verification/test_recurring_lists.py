"""What is remembered of a status list gives no other answer than judging it anew, whatever was judged before."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from status_support import DAY, DOCUMENT, GOOD, HOUR, LIST, copy_of, having, pointing, status_list, told
from verification_support import AT, ISSUER, MALLORY, OB, UNIVERSITY, Party, gathered, judged, party, pin

from node.verification import recurring_lists
from node.verification.material import VerificationMaterial
from node.verification.policy import built_in
from node.verification.trust import Trust

REVOKED = status_list([7])
TAMPERED = {**REVOKED, "credentialSubject": GOOD["credentialSubject"]}
FORGED = status_list(issuer=Party(MALLORY.private, ISSUER.did))
HOSTED = status_list(issuer=UNIVERSITY)
HOSTED_DOCUMENT = pointing(issuer=UNIVERSITY)
IMPOSTOR = Party(party(77).private, UNIVERSITY.name)


@pytest.fixture(autouse=True)
def nothing_remembered():
    recurring_lists._remembered.cache_clear()


@pytest.fixture
def tried(monkeypatch):
    found, real = [], recurring_lists.verify_proofs

    def verify(document, proofs, keys, **terms):
        found.append(document["id"])
        return real(document, proofs, keys, **terms)

    monkeypatch.setattr(recurring_lists, "verify_proofs", verify)
    return found


def test_the_signature_of_a_list_that_comes_again_is_not_tried_again(tried):
    for _ in range(3):
        assert told(DOCUMENT, GOOD) == ("passed", "status.passed")
    assert tried == [LIST]


def test_a_list_that_says_something_else_is_another_one(tried):
    assert told(DOCUMENT, GOOD) == ("passed", "status.passed")
    assert told(DOCUMENT, REVOKED) == ("failed", "status.revoked")
    assert told(DOCUMENT, TAMPERED)[1] == "status.list.proof"
    assert told(DOCUMENT, FORGED)[0] == "indeterminate"
    assert len(tried) == 4


def test_a_signature_that_does_not_hold_is_tried_each_time(tried):
    assert {told(DOCUMENT, TAMPERED) for _ in range(3)} == {("indeterminate", "status.list.proof")}
    assert len(tried) == 3


def hosted(by: Party) -> VerificationMaterial:
    """The list, and the document that its host shows of its issuer: with the key of this party."""
    return VerificationMaterial(gathered(by).documents, status_lists=having(HOSTED).status_lists)


def status_of(document, **inputs):
    (report,) = judged(document, **inputs).credentials
    return next(check.code for check in report.checks if check.name == "status")


def test_another_key_of_the_issuer_is_tried_and_does_not_fit(tried):
    """The method of the list is not in the new document, or it stands for another key."""
    assert status_of(HOSTED_DOCUMENT, material=hosted(UNIVERSITY)) == "status.passed"
    assert status_of(HOSTED_DOCUMENT, material=hosted(IMPOSTOR)) != "status.passed"
    same_name = UNIVERSITY.document(publicKeyMultibase=IMPOSTOR.private.public.to_multibase())
    changed = VerificationMaterial(
        gathered(**{UNIVERSITY.did: same_name}).documents, status_lists=having(HOSTED).status_lists
    )
    assert status_of(HOSTED_DOCUMENT, material=changed) != "status.passed"
    assert status_of(HOSTED_DOCUMENT, material=VerificationMaterial(status_lists=changed.status_lists)) != (
        "status.passed"
    )
    assert status_of(HOSTED_DOCUMENT, material=hosted(UNIVERSITY)) == "status.passed"
    assert len(tried) == 4  # by the key that fits, twice by none, by the one that does not fit; the last was remembered


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (AT, "status.passed"),
        (AT - 2 * HOUR, "status.list.not_yet"),
        (AT + 2 * DAY, "status.list.ended"),
    ],
)
def test_the_period_of_a_list_is_judged_each_time(at, code):
    assert told(DOCUMENT, GOOD) == ("passed", "status.passed")
    assert told(DOCUMENT, GOOD, at=at)[1] == code
    assert told(DOCUMENT, GOOD) == ("passed", "status.passed")


def test_the_address_of_a_list_is_judged_each_time():
    assert told(DOCUMENT, GOOD) == ("passed", "status.passed")
    elsewhere = "https://elsewhere.example/status/1"
    assert told(
        pointing({**DOCUMENT["credentialStatus"][0], "statusListCredential": elsewhere}), copy_of(GOOD, url=elsewhere)
    ) == ("indeterminate", "status.list.id")


def test_other_terms_try_the_signature_again(tried):
    terms = pin("https://school.example/terms", {"@context": {"motto": "https://school.example/terms#motto"}})
    for trust in (Trust(), Trust(contexts=(terms,)), Trust()):
        assert told(DOCUMENT, GOOD, trust=trust) == ("passed", "status.passed")
    assert len(tried) == 3


def test_long_lists_are_not_remembered_and_of_others_only_a_few(tried):
    long = status_list(name="x" * recurring_lists.MAX_CHARS)
    for _ in range(2):
        told(DOCUMENT, long)
    assert len(tried) == 2
    for number in range(recurring_lists.MAX_LISTS + 5):
        told(DOCUMENT, status_list([number + 100]))
    assert recurring_lists._remembered.cache_info().currsize == recurring_lists.MAX_LISTS


LISTS = (
    GOOD,
    REVOKED,
    TAMPERED,
    FORGED,
    HOSTED,
    status_list(until=AT),
    status_list(**{"@context": ["https://www.w3.org/ns/credentials/v2", OB]}),
    {name: value for name, value in GOOD.items() if name != "proof"},
    {**GOOD, "proof": [GOOD["proof"], REVOKED["proof"]]},
)
JUDGED = st.tuples(
    st.sampled_from([DOCUMENT, HOSTED_DOCUMENT]),
    st.lists(st.sampled_from(LISTS), max_size=2),
    st.sampled_from([None, UNIVERSITY, IMPOSTOR]),
    st.sampled_from([-2 * HOUR, timedelta(), 2 * DAY]),
    st.sampled_from(["everyday", "strict", "archive"]),
)


@given(st.lists(JUDGED, min_size=2, max_size=5))
@settings(max_examples=40, deadline=None)
def test_in_whatever_order_each_is_judged_as_if_it_were_the_first(sequence):
    def report(document, lists, by, after, policy):
        documents = {} if by is None else gathered(by).documents
        material = VerificationMaterial(documents, status_lists=having(*lists).status_lists)
        told = judged(document, material=material, at=AT + after, policy=built_in(policy)).to_json()
        return json.dumps(told, sort_keys=True)

    together = [report(*each) for each in sequence]
    alone = []
    for each in sequence:
        recurring_lists._remembered.cache_clear()
        alone.append(report(*each))
    assert together == alone
