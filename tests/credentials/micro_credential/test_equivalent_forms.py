"""A proof over RDF holds for every form of a document that has the same statements; no such form has a higher class."""

import copy
import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from micro_credential_support import ACHIEVEMENT, AWARDED, LEARNER, REMOVALS, SUBJECT, changed, sample, without

from node.credentials.contexts import BUNDLED
from node.credentials.credential import check_credential
from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.places import Place
from node.credentials.micro_credential.readers.halves import Halves
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.errors import ProofsError
from node.proofs.jsonld import JsonLd

pytestmark = pytest.mark.threat(103)
JSONLD = JsonLd(BUNDLED)


def statements(document):
    return canonicalize(JSONLD.to_rdf(document)).text


def two_of_a_kind():
    """The sample, with criteria that have the achievement's identifier, and a source that has the learner's."""
    document = sample()
    subject = document["credentialSubject"]
    subject["achievement"]["criteria"]["id"] = ACHIEVEMENT
    subject["source"] = {"id": LEARNER, "type": ["Profile"], "name": "Given Family"}
    return document


def graded(value):
    """The same with an outcome that is graded, and the mark that it needs."""
    document = two_of_a_kind()
    subject = document["credentialSubject"]
    subject["achievement"]["resultDescription"][0]["requiredValue"] = "3"
    subject["result"] = [{"type": ["Result"], "resultDescription": f"{ACHIEVEMENT}#o1", "value": value}]
    return document


def with_a_mark(document):
    """The same with a mark that says that something was assessed."""
    document["credentialSubject"]["result"].append({"type": ["Result"], "value": "5"})
    return document


BASES = [
    two_of_a_kind(),
    graded("5"),
    graded("2"),
    changed(f"{SUBJECT}/result/0/status", "Failed", two_of_a_kind()),
    changed(f"{AWARDED}/assessmentType", "none", two_of_a_kind()),
    with_a_mark(changed(f"{AWARDED}/assessmentType", "none", two_of_a_kind())),
    changed(f"{AWARDED}/achievementType", "ext:Participation", two_of_a_kind()),
    *[without(*REMOVALS[element], document=two_of_a_kind()) for element in ("E3", "E7", "E8", "E9", "E10", "E11")],
]
CRITERIA, SOURCE = f"{AWARDED}/criteria", f"{SUBJECT}/source"
TYPES = {CRITERIA: ["Achievement", "MicroCredentialAchievement"], SOURCE: ["AchievementSubject"]}
"""Objects whose identifier stands twice, and the types that give them the members of the other half."""
NONE = "https://w3id.org/glejt#assessment-none"


def look(document, path):
    value = document
    for step in path.split("/")[1:]:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


HAND_MADE = [
    ("an array in an array", 3, lambda one: changed(f"{SUBJECT}/result", [look(one, f"{SUBJECT}/result")], one)),
    ("a value object", 2, lambda one: changed(f"{AWARDED}/resultDescription/0/requiredValue", {"@value": "3"}, one)),
    (
        "the IRI of a value",
        4,
        lambda one: changed(f"{AWARDED}/assessmentType", NONE, one),
    ),
    (
        "a declaration put into the criteria",
        6,
        lambda one: moved(one, AWARDED, CRITERIA, "achievementType"),
    ),
    (
        "no assessment, put into the criteria",
        4,
        lambda one: moved(one, AWARDED, CRITERIA, "assessmentType"),
    ),
    ("a failure put into the source", 3, lambda one: moved(one, SUBJECT, SOURCE, "result")),
]


def moved(document, origin, target, member):
    """The document with a member of one object in another one that has the same identifier."""
    left = copy.deepcopy(document)
    here, there = look(left, origin), look(left, target)
    there[member] = here.pop(member)
    types = there.get("type", [])
    there["type"] = [*types, *[name for name in TYPES[target] if name not in types]]
    return left


@pytest.mark.parametrize(("base", "form"), [one[1:] for one in HAND_MADE], ids=[one[0] for one in HAND_MADE])
def test_forms_that_would_have_hidden_something(base, form):
    base = BASES[base]
    other = form(base)
    assert other != base
    assert statements(other) == statements(base)
    assert check_credential(other) == [], "nothing else notices"
    assert classify(base).credential_class == "participation"
    assert classify(base).credential_class.reaches(classify(other).credential_class)


def test_even_the_type_that_brings_the_terms_may_be_put_elsewhere():
    base = BASES[5]
    assert classify(base).credential_class == "participation"
    other = copy.deepcopy(base)
    achievement = other["credentialSubject"]["achievement"]
    terms = [
        "assessmentType", "participationType", "supervisionType", "workload", "stackability", "stacksInto", "nameMap",
        "prerequisite",
    ]  # fmt: skip
    achievement["type"] = ["Achievement"]
    half = {"type": ["MicroCredentialAchievement", "Achievement"], **{name: achievement.pop(name) for name in terms}}
    achievement["criteria"] |= {**half, "criteria": {"id": ACHIEVEMENT}}
    assert statements(other) == statements(base)
    assert check_credential(other) == []
    assert classify(base).credential_class.reaches(classify(other).credential_class)


def test_every_other_half_of_every_object_is_found():
    document = Place(
        {"a": [{"id": "1"}, {"id": "2"}], "b": {"id": "2", "c": {"id": "1"}, "d": [{"id": "1"}, {}]}}, "/x"
    )
    halves = Halves(document)
    assert [half.path for half in halves.of(document.walk("a"))] == ["/x/b/c", "/x/b/d/0", "/x/b"]
    assert [half.path for half in halves.of(document.walk("b"))] == ["/x/a/1"]
    assert halves.of([document]) == halves.of([Place("1")]) == []


def places(value, path=""):
    """Every member and item below a value, with its owner."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        if name not in {"@context", "id", "type"}:
            yield path, name, inner
            yield from places(inner, f"{path}/{name}")


def rewritten(document, choice):
    """The document in another form; whether it has the same statements is asked afterwards."""
    left = copy.deepcopy(document)
    for _ in range(choice.randint(1, 4)):
        path, name, value = choice.choice(list(places(left)))
        owner = look(left, path)
        match choice.choice(["array", "nested", "value", "scalar", "shuffle", "move", "move", "halve"]):
            case "array":
                owner[name] = [value]
            case "nested":
                owner[name] = [[value]]
            case "value" if isinstance(value, str | int | float):
                owner[name] = {"@value": value}
            case "scalar" if isinstance(value, list) and len(value) == 1:
                owner[name] = value[0]
            case "shuffle" if isinstance(value, list) and name != "allowedValue":
                choice.shuffle(value)
            case "move":
                target = choice.choice(list(TYPES))
                origin = AWARDED if target.startswith(AWARDED) else SUBJECT
                here = look(left, origin)
                if isinstance(here, dict) and isinstance(look(left, target), dict):
                    own = [key for key in here if key not in {"id", "type", target.rpartition("/")[2]}]
                    left = moved(left, origin, target, choice.choice(own)) if own else left
            case "halve" if isinstance(value, dict) and "id" in value and isinstance(name, str):
                keys = [key for key in value if key not in {"id", "type"}]
                other = {key: value.pop(key) for key in keys if choice.random() < 0.5}
                owner[name] = [value, {**{key: value[key] for key in ("id", "type") if key in value}, **other}]
            case _:
                pass
    return left


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.sampled_from(range(len(BASES))), st.randoms(use_true_random=False))
def test_no_form_with_the_same_statements_has_a_higher_class(number, choice):
    base = BASES[number]
    try:
        other = rewritten(base, choice)
        same = statements(other) == statements(base)
    except (ProofsError, KeyError, IndexError, TypeError, ValueError):
        assume(False)
        return
    assume(same and not check_credential(other))
    assert classify(base).credential_class.reaches(classify(other).credential_class), json.dumps(other)
