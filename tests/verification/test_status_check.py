"""Check 6: what a list says, in words and in order of gravity."""

import base64

import pytest
from status_support import (
    DAY,
    DOCUMENT,
    GOOD,
    HOUR,
    LIST,
    OTHER,
    SUSPENDABLE,
    at,
    copy_of,
    entry,
    having,
    pointing,
    status,
    status_list,
    subject_of,
    told,
)
from verification_support import (
    AT,
    EVERYDAY,
    ISSUER,
    MALLORY,
    VC_1,
    badge,
    credential,
    found,
    judged,
    listing,
    one,
    presentation,
)

from did_methods.multibase import from_base64url
from node.verification import status_lists
from node.verification.check import CheckName, Outcome
from node.verification.material import Origin
from node.verification.policy import Policy
from node.verification.trust import Trust

MESSAGES = ("accepted", "on hold", "under review", "rejected")


def test_a_status_that_is_not_there_does_not_apply():
    for none in ({}, {"credentialStatus": []}):
        assert found(one(ISSUER.sign(credential(**none))), "status") == ("not_applicable", "status.none")


@pytest.mark.parametrize("value", [None, "", {}, False, 0, [None], ["x"], [{}]])
def test_a_status_that_is_no_status_is_never_taken_for_none(value):
    report = one({**ISSUER.sign(credential()), "credentialStatus": value})
    assert found(report, "status")[0] == "indeterminate"
    assert report.verdict != "accepted"


def test_good_withdrawn_and_suspended():
    assert told(DOCUMENT, GOOD) == ("passed", "status.passed")
    assert told(DOCUMENT, status_list([6, 8])) == ("passed", "status.passed")
    assert told(DOCUMENT, status_list([7])) == ("failed", "status.revoked")
    assert told(SUSPENDABLE, status_list(purpose="suspension")) == ("passed", "status.passed")
    assert told(SUSPENDABLE, status_list([7], purpose="suspension")) == ("failed", "status.suspended")


def test_the_evidence_says_which_list_and_of_when():
    assert status(DOCUMENT, GOOD).evidence == {
        "source": "live",
        "time": at(AT - HOUR),
        "validUntil": at(AT + DAY),
        "purpose": "revocation",
        "index": 7,
        "list": LIST,
    }


def test_of_several_entries_the_gravest_decides_in_any_order():
    both = [entry(1), entry(2, list_url=OTHER, purpose="suspension")]
    good, bad = status_list(url=OTHER, purpose="suspension"), status_list([2], url=OTHER, purpose="suspension")
    for entries in (both, both[::-1]):
        document = pointing(*entries)
        assert told(document, GOOD, good) == ("passed", "status.passed")
        assert told(document, GOOD, bad) == ("failed", "status.suspended")
        assert told(document, status_list([1]), bad) == ("failed", "status.revoked")
        assert told(document, status_list([1])) == ("failed", "status.revoked")
        assert told(document, GOOD) == ("indeterminate", "status.not_checked")
        assert told(document, bad) == ("failed", "status.suspended")
        listed = status(document, GOOD, bad).evidence["entries"]
        assert [each["code"] for each in listed] == ["status.passed", "status.suspended"][
            :: 1 if entries == both else -1
        ]


def test_of_several_good_lists_the_oldest_date_is_said():
    older = status_list(url=OTHER, purpose="suspension", signed=AT - 20 * HOUR)
    check = status(pointing(entry(), entry(list_url=OTHER, purpose="suspension")), GOOD, older)
    assert check.evidence["time"] == at(AT - 20 * HOUR)


def test_a_newer_document_is_told_of_and_decides_nothing():
    document = pointing(entry(purpose="refresh"))
    for lists in ([status_list(purpose="refresh")], [status_list([7], purpose="refresh")], []):
        check = status(document, *lists)
        assert (check.outcome, check.code) == (Outcome.NOT_APPLICABLE, "status.none")
    assert status(document, status_list([7], purpose="refresh")).evidence["entries"][0]["code"] == "status.refresh"
    both = pointing(entry(), entry(list_url=OTHER, purpose="refresh"))
    assert told(both, GOOD) == ("passed", "status.passed")
    assert told(both, status_list([7])) == ("failed", "status.revoked")


def test_a_message_is_never_taken_for_good_nor_for_bad():
    messages = {"purpose": "message", "size": 2, "messages": MESSAGES, "references": ("https://school.example/words",)}
    document = pointing(entry(**messages))
    for value in range(4):
        check = status(document, status_list({7: value}, purpose="message", size=2))
        if value == 0:
            assert check.code == "status.passed"
        else:
            assert (check.outcome, check.code) == (Outcome.INDETERMINATE, "status.message")
            assert (check.evidence["value"], check.evidence["said"]) == (value, MESSAGES[value])
            assert check.evidence["references"] == ["https://school.example/words"]


def test_a_purpose_that_nobody_knows_is_never_good():
    document = pointing(entry(purpose="activation"))
    for values in ([], [7]):
        assert told(document, status_list(values, purpose="activation")) == ("indeterminate", "status.purpose")


def test_one_list_may_serve_several_purposes():
    subject = subject_of(status_list([7]), statusPurpose=["revocation", "suspension"])
    lists = status_list(credentialSubject=subject)
    assert told(DOCUMENT, lists) == ("failed", "status.revoked")
    assert told(SUSPENDABLE, lists) == ("failed", "status.suspended")


@pytest.mark.parametrize(
    "other",
    [{"type": "1EdTechRevocationList", "id": "https://school.example/revoked"}, {"type": "TokenStatusListEntry"},
     {"type": ["BitstringStatusListEntry", "StatusList2021Entry"]}],
)  # fmt: skip
def test_another_kind_of_status_is_unknown(other):
    document = pointing(other, suite="eddsa-jcs-2022")
    assert told(document, GOOD) == ("indeterminate", "status.unsupported")


@pytest.mark.threat(49)
def test_why_there_is_no_list_is_said():
    check = status(DOCUMENT, material=having(failures={LIST: "it answers 404"}))
    assert (check.outcome, check.code) == (Outcome.INDETERMINATE, "status.unreachable")
    assert "it answers 404" in check.message
    assert told(DOCUMENT) == ("indeterminate", "status.not_checked")


def test_what_is_wrong_with_the_list_that_was_fetched_is_said_before_that_of_another():
    copies = [copy_of(status_list(issuer=MALLORY), Origin.FILE), copy_of("<html>")]
    assert told(DOCUMENT, *copies) == ("indeterminate", "status.list.unreadable")


def test_a_policy_that_does_not_ask_for_the_status():
    lenient = Policy("lenient", EVERYDAY.requires - {CheckName.STATUS})
    assert judged(DOCUMENT, policy=lenient).verdict == "accepted"
    report = judged(DOCUMENT, policy=lenient, material=having(status_list([7])))
    assert (report.verdict, report.sentence) == ("accepted", "withdrawn")


def test_a_list_is_judged_once_for_all_that_point_into_it(monkeypatch):
    seen = []
    read = status_lists.read_statement
    monkeypatch.setattr(status_lists, "read_statement", lambda *given, **known: seen.append(1) or read(*given, **known))
    documents = [pointing(entry(index), id=f"urn:uuid:{index}") for index in range(20)]
    report = judged(presentation(*documents), material=having(status_list([3])), trust=Trust())
    codes = [each.check(CheckName.STATUS).code for each in report.credentials]
    assert codes == ["status.revoked" if index == 3 else "status.passed" for index in range(20)]
    assert len(seen) == 1


def test_copies_and_lists_are_looked_at_up_to_a_number(monkeypatch):
    monkeypatch.setattr(status_lists, "MAX_COPIES", 1)
    assert told(DOCUMENT, copy_of("<html>"), copy_of(GOOD)) == ("indeterminate", "status.list.unreadable")
    monkeypatch.setattr(status_lists, "MAX_LISTS", 1)
    both = pointing(entry(), entry(list_url=OTHER))
    assert told(both, GOOD, status_list(url=OTHER)) == ("indeterminate", "status.not_checked")


OLD_CONTEXTS = [VC_1, "https://w3id.org/vc/status-list/2021/v1", "https://w3id.org/security/data-integrity/v2"]


def _old_list(values=()):
    """A list of 2021: another vocabulary, no multibase prefix, standard base64."""
    packed = from_base64url(status_list(values)["credentialSubject"]["encodedList"][1:])
    document = {
        "@context": OLD_CONTEXTS,
        "id": LIST,
        "type": ["VerifiableCredential", "StatusList2021Credential"],
        "issuer": ISSUER.did,
        "issuanceDate": at(AT - HOUR),
        "credentialSubject": {
            "id": f"{LIST}#list",
            "type": "StatusList2021",
            "statusPurpose": "revocation",
            "encodedList": base64.b64encode(packed).decode(),
        },
    }
    return ISSUER.sign(document, created=AT - HOUR)


def test_status_lists_of_2021_are_read():
    pointer = {**entry(), "type": "StatusList2021Entry"}
    document = credential(credentialStatus=pointer, name=None, validFrom=None, issuanceDate=at(AT - DAY))
    signed = ISSUER.sign({**document, "@context": OLD_CONTEXTS})
    assert told(signed, _old_list()) == ("passed", "status.passed")
    assert told(signed, _old_list([7])) == ("failed", "status.revoked")
    assert told(signed, GOOD) == ("indeterminate", "status.list.purpose")
    assert told(DOCUMENT, _old_list()) == ("indeterminate", "status.list.purpose")


def test_a_badge_is_judged_the_same_way():
    document = ISSUER.sign(badge(credentialStatus=entry(131_071)))
    assert one(document, material=having(status_list([131_071]))).sentence == "withdrawn"
    assert one(document, material=having(status_list([131_070])), trust=listing(ISSUER)).sentence == "genuine"
