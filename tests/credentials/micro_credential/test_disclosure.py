"""Hiding never raises the class, and no declaration does."""

import copy

import pytest
from disclosable_samples import SAMPLES, own_samples, selections
from hypothesis import given, settings
from hypothesis import strategies as st
from micro_credential_support import ACHIEVEMENT, REMOVALS, sample, without

from node.credentials.findings import FindingOutcome
from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.disclosure import always_disclosed, check_learner_stated
from node.credentials.micro_credential.findings import CredentialClass

pytestmark = pytest.mark.threat(103)


def derive(document, hidden):
    """The document without these places; later items of an array move up, as in a derived document."""
    left = copy.deepcopy(document)
    for path in sorted(hidden, key=lambda one: [step.zfill(4) for step in one.split("/")], reverse=True):
        *steps, last = path.split("/")[1:]
        parent = left
        for step in steps:
            parent = parent[int(step)] if isinstance(parent, list) else parent.get(step, {})
        if isinstance(parent, list):
            del parent[int(last)]
        else:
            parent.pop(last, None)
    return left


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(range(len(SAMPLES))), st.data())
def test_hiding_never_raises_the_class(number, data):
    base = SAMPLES[number]
    hidden = data.draw(st.sets(st.sampled_from(selections(base) or ["/nothing"])))
    before, after = classify(base), classify(derive(base, hidden), derived=True)
    assert before.credential_class.reaches(after.credential_class)


def test_hiding_everything_that_may_be_hidden_never_raises_the_class():
    for base in SAMPLES:
        places = selections(base)
        hidings = [[place] for place in places] + [places]
        for hidden in hidings:
            after = classify(derive(base, hidden), derived=True).credential_class
            assert classify(base).credential_class.reaches(after), hidden


def test_there_is_something_to_hide():
    """A generator that hides nothing would agree with everything."""
    fewer = [classify(derive(base, selections(base)), derived=True) for base in own_samples()]
    assert len(selections(sample())) >= 10
    assert {one.credential_class.value for one in fewer} == {
        "micro-credential",
        "achievement",
        "participation",
        "unclassified",
    }
    assert {one.elements["E1"].value for one in fewer} == {"met", "missing", "withheld"}


def test_what_is_always_disclosed():
    document = sample() | {
        "validUntil": "2030-01-01T00:00:00Z",
        "credentialStatus": {"type": "BitstringStatusListEntry"},
    }
    document["credentialSubject"]["result"].append({"resultDescription": f"{ACHIEVEMENT}#o1", "status": "Failed"})
    expected = {
        "/type", "/issuer", "/validFrom", "/validUntil", "/credentialStatus", "/learnerStated", "/awardedDate",
        "/credentialSubject/achievement", "/credentialSubject/result/1",
    }  # fmt: skip
    assert set(always_disclosed(document)) == expected
    assert set(always_disclosed(document, awarded_date=False)) == expected - {"/awardedDate"}
    older = {"type": [], "issuanceDate": "2020-01-01T00:00:00Z", "expirationDate": "2030-01-01T00:00:00Z"}
    assert set(always_disclosed(older)) == {"/type", "/issuanceDate", "/expirationDate"}


@pytest.mark.parametrize(
    ("stated", "gone", "borne_out"),
    [
        ("name", (), True),
        ("identifier", (), False),
        ("key", (), False),
        ("key", ("/credentialSubject/identifier",), True),
        ("name", ("/credentialSubject/identifier",), False),
        ("key", REMOVALS["E1"], False),
        ("name", REMOVALS["E1"], False),
        ("everything", (), False),
        ("", (), False),
        (None, (), False),
        (["name", "key"], (), False),
        ({"@value": "name"}, (), True),
    ],
)
def test_an_issuer_states_no_learner_that_the_document_does_not_name(stated, gone, borne_out):
    document = without(*gone) | {"learnerStated": stated}
    found = check_learner_stated(document, "/vc")
    assert (found == []) is borne_out
    for finding in found:
        assert (finding.code, finding.path) == ("credential.learner_stated", "/vc/learnerStated")
        assert finding.outcome is FindingOutcome.FAILED
    assert check_learner_stated(without("/learnerStated")) == []


@pytest.mark.parametrize("word", ["", "Name", "everything", 1])
def test_only_a_listed_word_of_the_issuer_withholds_the_learner(word):
    derived = without(*REMOVALS["E1"]) | {"learnerStated": word}
    assert classify(derived, derived=True).elements["E1"] == "missing"


TYPES = ["MicroCredential", "Course", "Degree", "Badge", "ext:Participation", "ext:Attendance", None]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(range(len(SAMPLES))), st.sampled_from(TYPES))
def test_a_declaration_may_lower_the_class_and_never_raises_it(number, declared):
    document = copy.deepcopy(SAMPLES[number])
    achievement = document["credentialSubject"].get("achievement")
    if not isinstance(achievement, dict):
        return
    achievement.pop("achievementType", None)
    silent = classify(document)
    if declared is not None:
        achievement["achievementType"] = declared
    made = classify(document)
    if declared in {"ext:Participation", "ext:Attendance"}:
        assert made.credential_class == "participation"
    else:
        assert made.credential_class == silent.credential_class
        assert made.elements == silent.elements
    claims = declared == "MicroCredential" and made.credential_class != "micro-credential"
    assert made.found("mc.claim.unsupported") is claims


def test_the_order_of_classes():
    ranked = [CredentialClass(name) for name in ("unclassified", "participation", "achievement", "micro-credential")]
    assert sorted(ranked, key=lambda one: one.rank) == ranked
    assert [one.reaches(CredentialClass.ACHIEVEMENT) for one in ranked] == [False, False, True, True]
