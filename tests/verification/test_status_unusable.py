"""A list or an entry that cannot be relied on: whatever is wrong, nothing ever becomes good by it, nor withdrawn."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from status_support import (
    ARCHIVE,
    DOCUMENT,
    GOOD,
    HOUR,
    LIST,
    OTHER,
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
    HOLDER,
    ISSUER,
    MALLORY,
    STRICT,
    UNIVERSITY,
    VC,
    gathered,
    one,
)

from node.status.bitstring import MIN_ENTRIES
from node.status.encoded_list import encode
from node.verification.check import CheckName, Outcome
from node.verification.material import Origin, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence

MESSAGES = ("accepted", "on hold", "under review", "rejected")
FOREIGN = pointing(issuer=MALLORY)
UNUSABLE = {
    "by somebody else": (status_list(issuer=MALLORY), "status.list.issuer"),
    "in somebody else's name": (
        {**status_list(issuer=MALLORY), "issuer": ISSUER.did},
        "status.list.issuer_key",
    ),
    "signed by somebody else": (
        MALLORY.sign({k: v for k, v in GOOD.items() if k != "proof"}),
        "status.list.issuer_key",
    ),
    "for another purpose": (status_list(purpose="suspension"), "status.list.purpose"),
    "of another address": (copy_of(status_list(url=OTHER)), "status.list.id"),
    "without an address": (copy_of(status_list(id=None)), "status.list.id"),
    "signed for another purpose": (
        ISSUER.sign({k: v for k, v in GOOD.items() if k != "proof"}, proof_purpose="authentication"),
        "status.list.issuer_key",
    ),
    "not signed": ({k: v for k, v in GOOD.items() if k != "proof"}, "status.list.structure"),
    "altered": (
        {**GOOD, "credentialSubject": subject_of(GOOD, encodedList=encode(bytes(16_385)))},
        "status.list.proof",
    ),
    "of no list's type": (status_list(type=["VerifiableCredential"]), "status.list.type"),
    "about no list": (
        status_list(credentialSubject={"id": f"{LIST}#list"}),
        "status.list.subject",
    ),
    "about two lists": (
        status_list(credentialSubject=[GOOD["credentialSubject"], subject_of(GOOD, id=f"{LIST}#other")]),
        "status.list.subject",
    ),
    "without bits": (status_list(credentialSubject=subject_of(GOOD, encodedList=None)), "status.list.encoding"),
    "with bits that are none": (
        status_list(credentialSubject=subject_of(GOOD, encodedList="uAAAA")),
        "status.list.encoding",
    ),
    "in terms that nobody knows": (
        status_list(**{"@context": [VC, "https://odd.example/v1"]}, suite="eddsa-jcs-2022"),
        "status.list.context",
    ),
    "not for now": (status_list(signed=AT + HOUR), "status.list.not_yet"),
    "signed after the day asked about": (
        ISSUER.sign({k: v for k, v in GOOD.items() if k != "proof"}, created=AT + HOUR),
        "status.list.not_yet",
    ),
    "not yet begun": (status_list(validFrom=at(AT + HOUR)), "status.list.not_yet"),
    "with a status of its own": (status_list(credentialStatus=entry(9, list_url=OTHER)), "status.list.nested"),
    "no JSON": (copy_of("<html>404</html>"), "status.list.unreadable"),
    "half of it": (copy_of(str(GOOD)[:700]), "status.list.unreadable"),
    "twice the same member": (copy_of('{"id": 1, "id": 2}'), "status.list.unreadable"),
    "a list of JSON": (copy_of("[]"), "status.list.unreadable"),
    "too much of it": (copy_of(" " * 300_000 + "{}"), "status.list.unreadable"),
    "no credential": (copy_of("{}"), "status.list.structure"),
}  # fmt: skip


@pytest.mark.threat(49)
@pytest.mark.threat(52)
@pytest.mark.parametrize("name", UNUSABLE)
@pytest.mark.parametrize("policy", [EVERYDAY, STRICT, ARCHIVE], ids=lambda policy: policy.name)
def test_a_list_that_cannot_be_relied_on_is_never_good(name, policy):
    lists, code = UNUSABLE[name]
    item = lists if not isinstance(lists, dict) else copy_of(lists)
    assert told(DOCUMENT, item, policy=policy) == ("indeterminate", code)


@pytest.mark.threat(52)
def test_nobody_else_can_withdraw_a_document_either():
    assert told(DOCUMENT, status_list([7], issuer=MALLORY)) == ("indeterminate", "status.list.issuer")
    assert told(FOREIGN, status_list([7])) == ("indeterminate", "status.list.issuer")
    assert told(FOREIGN, status_list([7], issuer=MALLORY)) == ("failed", "status.revoked")


@pytest.mark.threat(52)
def test_the_key_of_a_list_must_be_for_making_statements():
    document = pointing(issuer=UNIVERSITY)
    lists = status_list(issuer=UNIVERSITY)

    def known(source):
        return VerificationMaterial(
            {UNIVERSITY.did: ResolvedDocument(source, KeyEvidence.NOW_ONLY, Origin.LIVE, AT)},
            status_lists=(copy_of(lists),),
        )

    assert told(document, material=known(UNIVERSITY.document())) == ("passed", "status.passed")
    assert told(document, material=known(UNIVERSITY.document(["authentication"]))) == (
        "indeterminate",
        "status.list.issuer_key",
    )
    unknown = VerificationMaterial(status_lists=(copy_of(lists),))
    assert told(document, material=unknown) == ("indeterminate", "status.list.issuer_key")
    from_file = gathered(UNIVERSITY, origin=Origin.FILE)
    assert told(document, material=VerificationMaterial(from_file.documents, status_lists=(copy_of(lists),))) == (
        "indeterminate",
        "status.list.issuer_key",
    )


@pytest.mark.threat(53)
@pytest.mark.parametrize(("length", "size"), [(16_383, 1), (12_500, 1), (1, 1), (0, 1), (16_384, 2), (131_071, 8)])
def test_a_short_list_is_never_good(length, size):
    messages = tuple(map(str, range(1 << size))) if size > 1 else None
    subject = subject_of(GOOD, encodedList=encode(bytes(length)))
    document = pointing(entry(size=size, messages=messages))
    assert told(document, status_list(credentialSubject=subject)) == ("indeterminate", "status.list.short")


@pytest.mark.threat(51)
@pytest.mark.parametrize(
    ("index", "code"),
    [
        (str(MIN_ENTRIES - 1), "status.passed"),
        (str(MIN_ENTRIES), "status.list.index"),
        ("9007199254740993", "status.list.index"),
        ("1" * 17, "status.entry.index"),
        (7, "status.entry.index"),
        (7.0, "status.entry.index"),
        (-7, "status.entry.index"),
        ("-7", "status.entry.index"),
        ("+7", "status.entry.index"),
        ("07", "status.entry.index"),
        ("7.0", "status.entry.index"),
        (" 7", "status.entry.index"),
        ("7\n", "status.entry.index"),
        ("0x7", "status.entry.index"),
        ("\N{ARABIC-INDIC DIGIT SEVEN}", "status.entry.index"),
        ("", "status.entry.index"),
        (None, "status.entry.index"),
        (True, "status.entry.index"),
        ([], "status.entry.index"),
    ],
)
def test_an_index_that_is_none_or_beyond_the_list_is_never_good(index, code):
    document = pointing({**entry(), "statusListIndex": index}, suite="eddsa-jcs-2022")
    outcome = "passed" if code == "status.passed" else "indeterminate"
    assert told(document, GOOD) == (outcome, code)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"statusListCredential": "nowhere"}, "status.entry.list"),
        ({"statusListCredential": [LIST]}, "status.entry.list"),
        ({"statusPurpose": None}, "status.entry.purpose"),
        ({"statusPurpose": ["revocation"]}, "status.entry.purpose"),
        ({"statusSize": 0}, "status.entry.size"),
        ({"statusSize": 9}, "status.entry.size"),
        ({"statusSize": "1"}, "status.entry.size"),
        ({"statusSize": True}, "status.entry.size"),
        ({"statusSize": 2}, "status.list.messages"),
        ({"statusMessage": "accepted"}, "status.entry.messages"),
        ({"statusMessage": [{"status": "0x0", "message": "a"}]}, "status.entry.messages"),
        (
            {"statusMessage": [{"status": "0x0", "message": "a"}, {"status": "0x0", "message": "b"}]},
            "status.entry.messages",
        ),
        (
            {
                "statusMessage": [
                    {"status": "0x0", "message": "a"},
                    {"status": "0x1", "message": "b"},
                    {"status": "0x1", "message": "c"},
                ]
            },
            "status.entry.messages",
        ),
        (
            {"statusMessage": [{"status": "0", "message": "a"}, {"status": "1", "message": "b"}]},
            "status.entry.messages",
        ),
        ({"statusReference": "nowhere"}, "status.entry.reference"),
    ],
)
def test_an_entry_that_says_it_improperly_is_never_good(change, code):
    document = pointing({**entry(), **change}, suite="eddsa-jcs-2022")
    check = status(document, GOOD)
    assert (check.outcome, check.code) == (Outcome.INDETERMINATE, code)


def _stating(size=None, messages=None, **more):
    stated = {"statusSize": size, "statusMessages": messages and [
        {"status": f"0x{value:X}", "message": text} for value, text in enumerate(messages)
    ], "statusPurpose": "message"}  # fmt: skip
    bits = status_list({7: 2}, purpose="message", size=2)
    return status_list(credentialSubject=subject_of(bits, **stated, **more), suite="eddsa-jcs-2022")


@pytest.mark.threat(51)
@pytest.mark.parametrize(
    ("ours", "theirs", "code"),
    [
        ((2, MESSAGES), (None, None), "status.message"),
        ((2, MESSAGES), (2, MESSAGES), "status.message"),
        ((2, None), (2, MESSAGES), "status.message"),
        ((2, MESSAGES), (2, None), "status.message"),
        ((2, MESSAGES), (2, MESSAGES[::-1]), "status.list.messages"),
        ((2, None), (2, None), "status.list.messages"),
        ((1, None), (2, MESSAGES), "status.list.size"),
        ((2, MESSAGES), (1, None), "status.list.size"),
    ],
)
def test_size_and_messages_stand_in_either_place_and_must_agree(ours, theirs, code):
    document = pointing(entry(purpose="message", size=ours[0], messages=ours[1]))
    check = status(document, _stating(*theirs))
    assert check.code == code
    if code == "status.message":
        assert (check.evidence["value"], check.evidence["said"]) == (2, "under review")


def test_messages_go_by_the_value_they_name_not_by_their_place():
    """The order of a list is covered by no RDF proof: turned round, the proof holds and the meaning is the same."""
    document = pointing(entry(purpose="message", size=2, messages=MESSAGES))
    lists = status_list({7: 1}, purpose="message", size=2)
    turned = copy.deepcopy(document)
    turned["credentialStatus"][0]["statusMessage"].reverse()
    for each in (document, turned):
        report = one(each, material=having(lists))
        assert report.check(CheckName.PROOF).passed
        assert report.check(CheckName.STATUS).evidence["said"] == "on hold"


@given(st.data())
@settings(max_examples=120, deadline=None)
@pytest.mark.threat(52)
def test_whatever_is_changed_in_a_list_never_makes_a_withdrawn_document_good(data):
    """Any member of the list replaced, taken away or added, anywhere: without a new signature nothing becomes good."""
    lists = copy.deepcopy(status_list([7]))
    holder = data.draw(st.sampled_from([lists, lists["credentialSubject"], lists["proof"]]))
    name = data.draw(st.sampled_from([*holder, "statusSize", "credentialStatus", "expires", "previousProof"]))
    replacement = data.draw(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=20)
        | st.sampled_from([GOOD["credentialSubject"]["encodedList"], HOLDER.did, LIST, OTHER, at(AT), ["revocation"]])
    )
    if data.draw(st.booleans()):
        holder.pop(name, None)
    else:
        holder[name] = replacement
    assert told(DOCUMENT, copy_of(lists))[0] in {"failed", "indeterminate"}
