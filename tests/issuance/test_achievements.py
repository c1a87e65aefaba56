"""From a draft to a version and back, and what is said of a draft meanwhile."""

import copy

import orjson
import pytest
from award_support import achievement_file
from hypothesis import given
from hypothesis import strategies as st
from register_support import draft

from node.credentials.achievement import read_achievement
from node.credentials.achievement_version import MAX_DRAFT_BYTES, draft_of, version_of
from node.credentials.micro_credential.rule_set import rule_set
from node.documents import DocumentError, parse_object
from node.issuance.achievement_review import MAX_PROBLEMS, review
from node.issuance.catalogue_card import Fact, card_of, gaps_of, plain_words, words_of

URL = "https://node.example/achievements/a/versions/3"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
TEXTS = ["name", "description", "assessmentType", "stackability", "inLanguage", "id", "version", "tag"]
OTHERS = ["criteria", "resultDescription", "alignment", "workload", "image", "type", "nameMap", "levelNotApplicable"]
MORE = ["stacksInto", "@context", "creditsAvailable", "otherIdentifier"]
MEMBERS = st.sampled_from([*TEXTS, *OTHERS, *MORE])
TYPED = {"resultDescription", "alignment", "workload", "image", "creditsAvailable"}


def reviewed(document):
    return review(orjson.dumps(document), URL, 3)


def test_a_version_has_its_address_and_its_parts_have_addresses_in_it():
    before = draft()
    kept = copy.deepcopy(before)
    document = version_of(before, URL, 3)
    assert before == kept, "the draft is not changed"
    assert (document["id"], document["version"]) == (URL, "3")
    assert [one["id"] for one in document["resultDescription"]] == [f"{URL}#o1", f"{URL}#grade"]
    assert document["alignment"][0]["type"] == ["Alignment"]
    read_achievement(document)


def test_what_names_nothing_is_called_by_its_place():
    levels = [{"name": "Basic", "level": "1"}, {"id": "#top", "name": "Top", "level": "2"}]
    described = [
        {"name": "First", "resultType": "Status"},
        {
            "name": "Rubric",
            "resultType": "RubricCriterionLevel",
            "rubricCriterionLevel": levels,
            "requiredLevel": "#top",
        },
        {"id": "https://elsewhere.example/#x", "name": "Own", "resultType": "Status"},
    ]
    first, rubric, own = version_of({"resultDescription": described}, URL, 1)["resultDescription"]
    assert first["id"] == f"{URL}#o1"
    assert rubric["requiredLevel"] == f"{URL}#top"
    assert [one["id"] for one in rubric["rubricCriterionLevel"]] == [f"{URL}#o2-1", f"{URL}#top"]
    assert rubric["rubricCriterionLevel"][0]["type"] == ["RubricCriterionLevel"]
    assert own["id"] == "https://elsewhere.example/#x"


def test_the_draft_of_a_version_makes_the_same_version_again():
    found = reviewed(draft())
    assert found.problems == ()
    again = draft_of(found.document, URL, 3)
    assert "creditsAvailable" not in again, "it follows from the workload, and would contradict another"
    assert reviewed(again).document == found.document
    other = "https://node.example/achievements/b/versions/1"
    moved = version_of(again, other, 1)
    assert URL not in orjson.dumps(moved).decode()


def test_its_own_name_of_a_version_stays():
    assert version_of({"version": "autumn"}, URL, 3)["version"] == "autumn"
    assert draft_of(version_of({"version": "autumn"}, URL, 3), URL, 3)["version"] == "autumn"
    assert "version" not in draft_of(version_of({}, URL, 3), URL, 3)


def test_each_removed_element_is_named_alone():
    """Of the seven that an achievement states itself; the others come with each award."""
    removals = {
        "mc.outcomes.missing": {"resultDescription": None},
        "mc.workload.missing": {"workload": None},
        "mc.participation.missing": {"participationType": None},
    }
    full = reviewed(draft())
    assert (full.found.credential_class, full.found.met, len(full.found.elements)) == ("micro-credential", 7, 7)
    for code, change in removals.items():
        document = {name: value for name, value in (draft() | change).items() if value is not None}
        found = reviewed(document)
        assert found.found.credential_class == "achievement"
        errors = [one.code for one in found.found.findings if one.severity == "error"]
        assert errors == [code]
        assert found.problems == (), "a missing virtue is shown, not banned"


def test_no_class_is_no_version():
    """Documents issued here are never unclassified."""
    for change in ({"assessmentType": None}, {"criteria": None}, {"criteria": {"narrative": "tbd"}}):
        document = {name: value for name, value in (draft() | change).items() if value is not None}
        answer = reviewed(document).to_json()
        assert answer["problems"], change
        assert "text" not in answer


def test_what_could_not_be_signed_is_a_problem_now_and_not_at_the_first_award():
    for change, code in (
        ({"tpyo": "x"}, "achievement.context.undefined_term"),
        ({"creditsAvailable": "2"}, "achievement.credits"),
        ({"image": {"caption": "no id"}}, "achievement.schema"),
        ({"tag": "no list"}, "achievement.schema"),
    ):
        found = reviewed(draft() | change)
        assert code in {one.code for one in found.problems}, found.problems
        assert all(one.remedy for one in found.problems)


def test_the_text_of_a_review_is_what_it_says():
    answer = reviewed(draft()).to_json()
    assert parse_object(answer["text"]) == reviewed(draft()).document
    assert answer["rules"] == rule_set().name
    assert answer["digest"] == rule_set().digest


@pytest.mark.threat(10)
def test_what_readers_understand_differently_is_no_draft():
    for data in (b'{"a":1,"a":2}', b"[]", b"\xff", b'{"a":NaN}', b"{" * 100):
        with pytest.raises(DocumentError):
            review(data, URL, 1)
    with pytest.raises(DocumentError):
        review(orjson.dumps({"a": "x" * MAX_DRAFT_BYTES}), URL, 1)


@given(st.dictionaries(MEMBERS, JSON, max_size=8))
def test_any_draft_is_reviewed(document):
    answer = reviewed(document).to_json()
    assert answer["problems"], "nothing of this is an achievement"
    assert len(answer["problems"]) <= MAX_PROBLEMS
    orjson.dumps(answer)


@given(st.dictionaries(MEMBERS.filter(lambda name: name not in {"id", "@context", "version"}), JSON, max_size=8))
def test_any_draft_comes_back_from_its_version(document):
    """But for types that follow from places, which are written out."""
    again = draft_of(version_of(document, URL, 3), URL, 3)
    kept = {name: value for name, value in document.items() if name not in TYPED}
    assert {name: again.get(name) for name in kept} == kept


def test_a_card_has_the_five_facts():
    found = reviewed(draft())
    card = card_of(found.document, found.found)
    assert gaps_of(card, None) == [Fact.COST]
    assert gaps_of(card, {"cost": "free"}) == []
    bare = reviewed(
        {"name": "X", "description": "Y", "criteria": {"id": "https://x.example"}, "assessmentType": "none"}
    )
    assert gaps_of(card_of(bare.document, bare.found), None) == [Fact.WORKLOAD, Fact.COST, Fact.STACKING]
    assert gaps_of({}, None) == list(Fact)


def test_words_are_compared_without_signs_accents_and_capitals():
    assert plain_words("Żółw, (MIG-MAG) 2.0!") == ["zolw", "migmag", "2", "0", "zolw", "mig", "mag", "2", "0"]
    words = words_of(achievement_file())
    assert " spawanie metoda " in words
    assert words.startswith(" ")
