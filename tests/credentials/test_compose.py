"""From an achievement and an award to a credential: what is composed, and what keeps it from being composed."""

import copy
import dataclasses
import hashlib

import pytest
from award_support import ISSUER, NOW, SALT, achievement, achievement_file, award, award_file, fresh
from hypothesis import given, settings
from hypothesis import strategies as st
from micro_credential_support import LEARNER

from node.credentials.achievement import CONTEXTS, read_achievement
from node.credentials.award import Award, Learner
from node.credentials.award_file import read_award
from node.credentials.compose import compose
from node.credentials.context_profile import check_contexts
from node.credentials.contexts import BUNDLED
from node.credentials.credential import check_credential
from node.credentials.endorsement import compose_endorsement, read_endorsement
from node.credentials.errors import AchievementError, AwardError, CompositionError, EndorsementError
from node.credentials.identity import Identity, identity_hash
from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.findings import CredentialClass
from node.proofs.jsonld import JsonLd

JSONLD = JsonLd(BUNDLED)
SIGNED = {"type": ["VerifiableCredential", "EndorsementCredential"], "proof": [{}]}


def problems(document=None, /, **changes):
    """Code and place of everything that is wrong with an award."""
    try:
        compose(achievement(), read_award(document or award_file(**changes), fresh()))
    except CompositionError as error:
        return [(type(error), problem.code, problem.path) for problem in error.problems]
    return []


def achievement_problems(**changes):
    try:
        achievement(**changes)
    except AchievementError as error:
        return [(problem.code, problem.path) for problem in error.problems]
    return []


def test_the_whole_is_a_micro_credential_that_loses_nothing():
    document = compose(achievement(), award())
    assert check_credential(document) == []
    assert check_contexts(document) == []
    assert JSONLD.to_rdf(document)
    found = classify(document)
    assert (found.credential_class, found.met) == (CredentialClass.MICRO_CREDENTIAL, 11)
    assert document["@context"] == list(CONTEXTS)
    assert document["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert (document["validFrom"], document["validUntil"]) == ("2026-06-12T14:03:00Z", "2031-06-12T14:03:00Z")
    assert document["credentialStatus"]["statusListIndex"] == "4711"
    assert document["evidence"][0]["type"] == ["Evidence"]
    subject = document["credentialSubject"]
    assert subject["id"] == LEARNER
    assert subject["source"]["type"] == ["Profile"]
    assert [result["type"] for result in subject["result"]] == [["Result"], ["Result"]]


def test_the_achievement_is_carried_as_it_is_described():
    described = achievement_file()
    carried = compose(achievement(), award())["credentialSubject"]["achievement"]
    assert carried == described
    assert carried["nameMap"] == {"pl": "Spawanie metodą MIG, poziom podstawowy"}


def test_an_achievement_as_it_is_published_may_name_its_contexts():
    named = {"@context": list(CONTEXTS), **achievement_file()}
    assert read_achievement(named).document == achievement_file()
    assert achievement_problems(**{"@context": ["https://www.w3.org/ns/credentials/v2", "https://nobody.example"]}) == [
        ("achievement.context", "/@context/1")
    ]


@pytest.mark.parametrize(("value", "number"), [("2", 2), ("2.5", 2.5), ("30", 30)])
def test_credits_are_the_workload_in_ects(value, number):
    workload = [{"type": ["Workload"], "value": value, "unit": "ECTS"}]
    whole = achievement(workload=workload, creditsAvailable=None).document
    assert whole["creditsAvailable"] == number
    assert type(whole["creditsAvailable"]) is type(number)
    hours = [{"type": ["Workload"], "value": value, "unit": "hour"}]
    assert "creditsAvailable" not in achievement(workload=hours, creditsAvailable=None).document
    assert achievement_problems(workload=workload, creditsAvailable=7) == [("achievement.credits", "/creditsAvailable")]


def test_nothing_that_was_handed_over_is_changed():
    described, written = achievement_file(creditsAvailable=None), award_file()
    before = copy.deepcopy((described, written))
    compose(read_achievement(described), read_award(written, fresh()))
    assert (described, written) == before


def test_identifiers_are_salted_hashes_and_the_name_is_not():
    name, mail = compose(achievement(), award())["credentialSubject"]["identifier"]
    assert name == {"type": "IdentityObject", "identityType": "name", "hashed": False, "identityHash": "Sample Learner"}
    digest = hashlib.sha256(b"learner@school.example" + SALT.encode()).hexdigest()
    assert mail == {
        "type": "IdentityObject",
        "identityType": "emailAddress",
        "hashed": True,
        "identityHash": f"sha256${digest}",
        "salt": SALT,
    }


@given(st.text(min_size=1), st.text(min_size=22, max_size=40))
@settings(max_examples=60)
def test_a_hash_is_that_of_identifier_and_salt_and_of_nothing_else(value, salt):
    found = identity_hash("identifier", value, salt)
    assert found == identity_hash("identifier", f"  {value} ", salt)
    assert found != identity_hash("identifier", value, salt + "x")
    assert found != identity_hash("identifier", value + "x", salt)
    assert len(found) == len("sha256$") + 64


def test_each_identifier_has_a_salt_of_its_own():
    salts = iter([SALT, SALT[::-1]])
    made = dataclasses.replace(fresh(), new_salt=lambda: next(salts))
    learner = {
        "identifier": "17",
        "ext:pupilNumber": {"value": "17", "hashed": True},
        "userName": {"value": "u", "hashed": False},
    }
    found = read_award(award_file(learner=learner), made).learner.identities
    assert [identity.salt for identity in found] == [SALT, SALT[::-1], None]


@pytest.mark.parametrize("kind", ["emailAddress", "nationalIdentityNumber"])
def test_what_would_give_somebody_away_is_never_in_the_clear(kind):
    learner = {"name": "Sample Learner", kind: {"value": "x@school.example", "hashed": False}}
    assert problems(learner=learner) == [(AwardError, "award.identity.clear", f"/learner/{kind}")]


@pytest.mark.parametrize("address", ["none", "learner", "@", "a@", "@school.example", "a b@school.example", "a@b@c"])
def test_what_is_certainly_no_e_mail_address_is_not_hashed_as_one(address):
    assert problems(learner={"emailAddress": address}) == [
        (AwardError, "award.identity.email", "/learner/emailAddress")
    ]


def test_an_e_mail_address_may_have_letters_of_any_alphabet_and_space_around_it():
    assert problems(learner={"name": "Sample Learner", "emailAddress": " Zażółć@szkoła.example "}) == []


def test_a_minimal_award_is_in_force_from_now_on():
    document = compose(
        achievement(), award(**dict.fromkeys(award_file(), None) | {"learner": {"name": "Sample Learner"}})
    )
    assert document["issuer"] == {"id": ISSUER, "type": ["Profile"]}
    assert document["validFrom"] == "2026-06-12T14:03:00Z"
    assert set(document) == {"@context", "id", "type", "name", "issuer", "validFrom", "credentialSubject"}
    assert classify(document).credential_class is CredentialClass.ACHIEVEMENT


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"learner": None}, "award.learner", "/learner"),
        ({"learner": {"id": "Sample Learner"}}, "award.learner", "/learner/id"),
        ({"learner": {"name": " "}}, "award.identity", "/learner/name"),
        ({"learner": {"shoeSize": "43"}}, "award.identity", "/learner/shoeSize"),
        ({"issuer": {"id": "School"}}, "award.issuer", "/issuer/id"),
        ({"id": "17"}, "award.id", "/id"),
        ({"validUntil": "2020-01-01T00:00:00Z"}, "award.period", "/validUntil"),
        ({"result": [{"resultDescription": "urn:x", "status": "Completed"}]}, "award.result.description", "/result/0"),
        ({"credentialStatus": {"type": "BitstringStatusListEntry"}}, "award.status", "/credentialStatus/0"),
        ({"creditsEarned": -1}, "award.credits", "/creditsEarned"),
        ({"endorsement": [{"type": ["Endorsement"]}]}, "award.endorsement", "/endorsement/0"),
        (
            {"endorsement": [SIGNED | {"credentialSubject": {"id": "https://other.example"}}]},
            "award.endorsement",
            "/endorsement/0",
        ),
        ({"learnerStated": "identifier"}, "award.credential.learner_stated", "/learnerStated"),
        ({"evidence": [{"type": []}]}, "award.credential.evidence.type", "/evidence/0"),
    ],
)
def test_what_keeps_an_award_from_being_given_is_named_with_its_place(changes, code, path):
    assert problems(**changes) == [(AwardError, code, path)]


@pytest.mark.parametrize(
    ("result", "code", "place"),
    [
        ({}, "award.result.empty", ""),
        ({"status": "Done"}, "award.result.status", "/status"),
        ({"value": 4.0}, "award.result.value", "/value"),
        ({"value": "4.5"}, "award.result.value", "/value"),
        ({"achievedLevel": "urn:level"}, "award.result.level", "/achievedLevel"),
    ],
)
def test_a_result_has_to_be_one_that_its_description_allows(result, code, place):
    stated = {"resultDescription": f"{achievement_file()['id']}#grade", **result}
    assert problems(result=[stated]) == [(AwardError, code, f"/result/0{place}")]


@pytest.mark.parametrize(
    ("value", "right"), [("0", True), ("100", True), ("-1", False), ("100.1", False), ("A", False)]
)
def test_a_value_lies_within_the_bounds_of_its_description(value, right):
    description = {
        "id": "urn:example:percent",
        "type": ["ResultDescription"],
        "name": "Points",
        "resultType": "Percent",
        "valueMin": "0",
        "valueMax": "100",
    }
    given = award(result=[{"resultDescription": description["id"], "value": value}])
    if right:
        compose(achievement(resultDescription=[description]), given)
    else:
        with pytest.raises(AwardError, match="outside"):
            compose(achievement(resultDescription=[description]), given)


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"awarded": "2026"}, "award.member", "/awarded"),
        ({"awardedDate": "2026-06-10"}, "award.time", "/awardedDate"),
        ({"narrative": 7}, "award.text", "/narrative"),
        ({"issuer": "School"}, "award.object", "/issuer"),
        ({"result": ["Completed"]}, "award.object", "/result/0"),
        ({"creditsEarned": "2"}, "award.number", "/creditsEarned"),
        ({"learner": {"name": ["a"]}}, "award.identity", "/learner/name"),
        ({"learner": {"name": {"value": "a", "hashed": "yes"}}}, "award.identity", "/learner/name"),
        ({"learner": {"id": 7, "name": "a"}}, "award.learner", "/learner/id"),
        ({"evidence": [{}] * 65}, "award.limit", "/evidence"),
    ],
)
def test_a_file_that_cannot_be_read_as_an_award_says_where(changes, code, path):
    assert problems(**changes) == [(AwardError, code, path)]


def test_everything_that_is_wrong_is_said_at_once():
    found = problems(learner={"id": "x"}, id="17", creditsEarned=-1)
    assert [code for _, code, _ in found] == ["award.id", "award.learner", "award.credits"]


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"id": None}, "achievement.missing", "/id"),
        ({"id": "welding"}, "achievement.id", "/id"),
        ({"name": None}, "achievement.missing", "/name"),
        ({"name": "TBD"}, "achievement.text", "/name"),
        ({"name": {"en": "Welding"}}, "achievement.text", "/name"),
        ({"description": None}, "achievement.missing", "/description"),
        ({"criteria": None}, "achievement.missing", "/criteria"),
        ({"criteria": {}}, "achievement.criteria", "/criteria"),
        ({"criteria": {"narrative": "todo"}}, "achievement.criteria", "/criteria"),
        ({"criteria": {"id": "page"}}, "achievement.criteria", "/criteria/id"),
        ({"assessmentType": None}, "achievement.missing", "/assessmentType"),
        ({"assessmentType": "by-telepathy"}, "achievement.value", "/assessmentType"),
        ({"participationType": "everywhere"}, "achievement.value", "/participationType"),
        ({"type": ["Achievement"]}, "achievement.type", "/type"),
        ({"nameMap": {"polski": "x y"}, "descriptionMap": None}, None, None),
        ({"nameMap": {"p": "x"}}, "achievement.language", "/nameMap/p"),
        ({"nameMap": {"pl": ""}}, "achievement.language", "/nameMap/pl"),
        ({"nameMap": ["x"]}, "achievement.language", "/nameMap"),
        (
            {"workload": [{"type": ["Workload"], "value": "0", "unit": "ECTS"}]},
            "achievement.mc.workload.missing",
            "/workload/0",
        ),
        ({"workload": [{"type": ["Workload"], "value": "2"}]}, "achievement.mc.workload.no_unit", "/workload/0"),
        ({"alignment": [{}]}, "achievement.alignment", "/alignment/0"),
        ({"alignment": "x"}, "achievement.alignment", "/alignment"),
        ({"resultDescription": [{}]}, "achievement.type", "/resultDescription/0"),
        ({"resultDescription": {}}, "achievement.result_description", "/resultDescription"),
        ({"creditsAvailable": "2"}, "achievement.credits", "/creditsAvailable"),
    ],
)
def test_what_keeps_an_achievement_from_being_awarded_is_named_with_its_place(changes, code, path):
    found = achievement_problems(**changes)
    assert found[:1] == ([] if code is None else [(code, path)])


@pytest.mark.parametrize(
    ("kind", "code", "url", "place"),
    [
        ("ext:ESCO", None, "https://esco.example/skill/1", "/targetUrl"),
        ("ext:EQF", "3", "http://data.europa.eu/snb/eqf/9", "/targetUrl"),
        ("ext:EQF", "3", "http://data.europa.eu/snb/eqf/4", "/targetCode"),
        ("ext:ISCED-F", "0715", "http://data.europa.eu/snb/isced-f/welding", "/targetUrl"),
        ("ext:ISCED-F", "0714", "http://data.europa.eu/snb/isced-f/0715", "/targetCode"),
        ("ext:NQF", "3", "welding", ""),
    ],
)
def test_an_alignment_points_into_the_framework_that_it_names(kind, code, url, place):
    alignment = {"type": ["Alignment"], "targetName": "x", "targetType": kind, "targetCode": code, "targetUrl": url}
    alignment = {name: value for name, value in alignment.items() if value is not None}
    assert ("achievement.alignment", f"/alignment/0{place}") in achievement_problems(alignment=[alignment])


def test_a_level_of_the_polish_framework_needs_the_address_of_its_register():
    level = {
        "type": ["Alignment"],
        "targetType": "ext:NQF",
        "targetFramework": "PRK",
        "targetCode": "3",
        "targetName": "Poziom 3 PRK",
        "targetUrl": "urn:prk:3",
    }
    assert achievement_problems(alignment=[level]) == [("achievement.mc.level.unusable", "/alignment/0")]
    assert achievement_problems(alignment=[level | {"targetUrl": "https://register.example/17"}]) == []


def test_a_description_is_named_once():
    described = achievement_file()["resultDescription"]
    assert achievement_problems(resultDescription=[described[0], described[0]]) == [
        ("achievement.repeated_id", "/resultDescription/1/id")
    ]


@pytest.mark.parametrize("kind", ["written-exam", "other", "prior-learning", "none"])
@pytest.mark.parametrize("optional", [True, False])
def test_nothing_composed_is_unclassified(kind, optional):
    bare = dict.fromkeys(
        ("achievementType", "alignment", "workload", "creditsAvailable", "participationType", "resultDescription"), None
    )
    described = achievement(assessmentType=kind, **({} if optional else bare))
    document = compose(described, award(**({} if optional else {"result": None})))
    assert classify(document).credential_class is not CredentialClass.UNCLASSIFIED
    if kind == "none":
        assert classify(document).credential_class is CredentialClass.PARTICIPATION


def test_what_would_have_no_class_is_refused_even_if_its_achievement_was_made_by_hand():
    made = dataclasses.replace(
        achievement(), document={name: value for name, value in achievement().document.items() if name != "criteria"}
    )
    with pytest.raises(AchievementError) as refused:
        compose(made, award())
    assert (refused.value.code, refused.value.path) == ("achievement.mc.criteria.missing", "")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"tag": "welding"}, "/tag"),
        ({"inLanguage": "English"}, "/inLanguage"),
        ({"achievementType": "ShortCourse"}, "/achievementType"),
        ({"image": {"id": "https://school.example/welding.png"}}, "/image"),
    ],
)
def test_an_achievement_has_to_keep_to_the_schema_of_open_badges(changes, path):
    with pytest.raises(AchievementError) as refused:
        compose(achievement(**changes), award())
    assert (refused.value.code, refused.value.path) == ("achievement.schema", path)


def test_an_award_has_to_keep_to_it_too():
    assert problems(evidence=[{"name": ["a"]}]) == [(AwardError, "award.schema", "/evidence/0/name")]
    assert problems(role=7) == [(AwardError, "award.schema", "/role")]
    with pytest.raises(EndorsementError, match="type"):
        compose_endorsement(read_endorsement(endorsement_file(issuer={"name": "Guild", "url": 7}), fresh()))


def test_many_awards_differ_in_what_differs_alone():
    first = award()
    second = dataclasses.replace(
        first, id="urn:uuid:0", learner=Learner(None, (Identity("name", "Other Learner"),)), learner_stated=None
    )
    one, other = compose(achievement(), first), compose(achievement(), second)
    assert {name for name in one if one[name] != other.get(name)} == {"id", "credentialSubject", "learnerStated"}
    assert isinstance(first, Award)
    assert first.valid_from == NOW


def endorsement_file(**changes):
    document = {
        "id": "urn:uuid:0d8f6f34-7d0a-4f0e-9c53-6f1a5a1f0c11",
        "issuer": {"name": "Welders' Guild"},
        "name": "Endorsement by the Welders' Guild",
        "endorses": achievement_file()["id"],
        "endorsementComment": "Our members train to this standard.",
    }
    return {name: value for name, value in (document | changes).items() if value is not None}


def test_an_endorsement_stands_alone_and_may_be_carried_by_what_it_endorses():
    document = compose_endorsement(read_endorsement(endorsement_file(), fresh()))
    assert check_credential(document) == []
    assert check_contexts(document) == []
    assert JSONLD.to_rdf(document)
    signed = document | {"proof": [{"type": "DataIntegrityProof"}]}
    carrier = compose(achievement(), award(endorsement=[signed]))
    assert carrier["endorsement"] == [signed]
    assert check_contexts(carrier) == []


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"name": None}, "endorsement.missing", "/name"),
        ({"endorses": None}, "endorsement.missing", "/endorses"),
        ({"endorses": "welding"}, "endorsement.endorses", "/endorses"),
        ({"comment": "x"}, "endorsement.member", "/comment"),
        ({"validUntil": "soon"}, "endorsement.time", "/validUntil"),
        ({"validUntil": "2020-01-01T00:00:00Z"}, "endorsement.credential.validity.order", "/validUntil"),
    ],
)
def test_what_keeps_an_endorsement_from_being_stated(changes, code, path):
    with pytest.raises(EndorsementError) as refused:
        compose_endorsement(read_endorsement(endorsement_file(**changes), fresh()))
    assert (refused.value.code, refused.value.path) == (code, path)
