"""Hiding never raises the class, and no declaration does."""

import copy
import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from micro_credential_support import ACHIEVEMENT, AWARDED, REMOVALS, SUBJECT, changed, sample, without
from support import vectors_root

from node.credentials.findings import FindingOutcome
from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.disclosure import always_disclosed, check_learner_stated
from node.credentials.micro_credential.findings import CredentialClass

pytestmark = pytest.mark.threat(103)


def public_samples():
    """Signed and unsigned Open Badges of the published sets, which a holder could derive from."""
    root = vectors_root()
    if root is None:
        return []
    folders = ("edu-samples-surf", "openbadges/1edtech-validator", "dcc-vc-test-fixtures/v2")
    found = [json.loads(path.read_bytes()) for name in folders for path in sorted((root / name).rglob("*.json"))]
    return [document for document in found if isinstance(document.get("credentialSubject"), dict)]


def own_samples():
    """Ours: complete, with each element taken away, with two outcomes in each state, and with grades."""
    documents = [sample(), without(f"{SUBJECT}/id"), changed(f"{AWARDED}/assessmentType", "none")]
    documents += [without(*paths) for paths in REMOVALS.values()]
    documents.append(changed(f"{AWARDED}/achievementType", "ext:Participation"))
    for states in itertools.product((None, "Completed", "Failed"), repeat=3):
        document = sample()
        achievement, subject = document["credentialSubject"]["achievement"], document["credentialSubject"]
        achievement["resultDescription"] += [
            {"id": f"{ACHIEVEMENT}#o2", "type": ["ResultDescription", "LearningOutcome"], "name": "Welds a seam"},
            {"id": f"{ACHIEVEMENT}#g", "type": ["ResultDescription"], "name": "Final grade", "requiredValue": "3"},
        ]
        named = zip((f"{ACHIEVEMENT}#o1", f"{ACHIEVEMENT}#o2"), states[:2], strict=True)
        subject["result"] = [{"resultDescription": name, "status": status} for name, status in named if status]
        if states[2]:
            value = "5" if states[2] == "Completed" else "2"
            subject["result"].append({"resultDescription": f"{ACHIEVEMENT}#g", "value": value})
        documents.append(document)
    for document in documents:
        if check_learner_stated(document):  # no issuer of ours would sign it so
            del document["learnerStated"]
    return documents


SAMPLES = own_samples() + public_samples()


def selections(document):
    """What a holder may leave out, one pointer each: nothing that is always disclosed, nor what leads to it."""
    kept = always_disclosed(document, awarded_date=False)
    found = []

    def look(value, path):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            here = f"{path}/{name}"
            inside = any(other.startswith(f"{here}/") for other in kept)
            if here in kept:
                continue
            if not inside and name not in {"@context", "id"}:
                found.append(here)
            if isinstance(inner, dict | list):
                look(inner, here)

    look(document, "")
    return found


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
