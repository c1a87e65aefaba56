"""The readers: every dialect, its own words mapped to ours, and no document that breaks one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from micro_credential_support import AWARDED, changed, sample

from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.readers.envelope import open_envelope
from node.documents import DocumentError

EUDI = {
    "vct": "urn:eu.europa.ec.eudi:learning:credential:1",
    "family_name": "Family",
    "given_name": "Given",
    "achievement_title": "MIG welding",
    "issuing_country": "PL",
    "issuing_authority": "School of Welding",
    "date_of_issuance": "2026-06-10",
    "learning_outcomes": ["Sets current and wire feed"],
    "expected_study_time": "50 hours",
    "level_of_learning_experience": 3,
    "types_of_quality_assurance": ["Welding Quality Board, https://quality.example/decisions/17"],
    "prerequisites_to_enroll": ["Safety training"],
    "assessment_grade": "5",
    "integration_stackability_options": True,
    "language_of_classes": ["pl"],
}
WE_BUILD = {
    "vct": "VerifiableMicroCredential",
    "familyName": "Family",
    "givenName": "Given",
    "title": "Introduction to Applied Data Ethics",
    "issuerCountry": "SE",
    "awardingBody": "Linköping University",
    "issuanceDate": "2026-06-15",
    "learningOutcomes": ["Applies ethical frameworks", "Evaluates bias"],
    "notionalWorkload": {"value": 3, "unit": "ECTS"},
    "level": "EQF-6",
    "typeOfAssessment": "written-examination",
    "formOfParticipation": "online",
    "qualityAssurance": "institutional-accreditation",
    "accreditation": {"accreditingAgent": "Higher Education Authority", "decision": "https://authority.example/d/1"},
    "entryRequirements": ["Python"],
    "grade": "Pass",
    "stackable": True,
    "idVerificationMethod": "in-person-supervision",
}
ASSERTION = {
    "@context": "https://w3id.org/openbadges/v2",
    "type": "Assertion",
    "id": "https://badges.example/assertions/1",
    "recipient": {"type": "email", "hashed": True, "salt": "a", "identity": "sha256$c7ef86405ba71b85acd8e2e95166c4b1"},
    "issuedOn": "2026-06-10T12:00:00+00:00",
    "badge": {
        "type": "BadgeClass",
        "name": "Welding",
        "criteria": {"narrative": "Weld three seams."},
        "issuer": {"type": "Issuer", "name": "School of Welding"},
        "extensions:ECTSExtension": {"ECTS": 2.5},
        "extensions:EQFExtension": {"EQF": 3},
        "extensions:LearningOutcomeExtension": {"LearningOutcome": "Welds a seam"},
    },
}


def found(document, **options):
    made = classify(document, **options)
    return made.credential_class.value, made.met, {name for name, state in made.elements.items() if state != "met"}


def optional(document):
    return classify(document).to_json()["optional"]


def test_the_wallet_form_of_the_union_lacks_two_elements_and_so_its_class():
    assert found(EUDI) == ("unclassified", 9, {"E9", "E10"})
    assert classify(EUDI).learner == "name"
    assert optional(EUDI) == ["O1", "O3", "O4"]
    completed = EUDI | {"assessmentType": "practical", "participationType": "on-site"}
    assert found(completed) == ("unclassified", 11, set())  # it has no place for criteria either


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("2 ECTS", True), ("2.5 ects", True), ("50 h", True), ("50 hours", True), ("1 hour", True), ("50 godzin", True),
        ("two weeks", False), ("50", False), ("", False), ("0 ECTS", False),
    ],
)  # fmt: skip
def test_a_study_time_in_words(text, states):
    assert (classify(EUDI | {"expected_study_time": text}).elements["E7"] == "met") is states


def test_the_wallet_form_of_the_rule_book_fits_whole():
    assert found(WE_BUILD) == ("micro-credential", 11, set())
    assert optional(WE_BUILD) == ["O1", "O2", "O3", "O4"]
    assert found(WE_BUILD | {"level": "EQF-9"}) == ("achievement", 10, {"E8"})
    assert classify(WE_BUILD | {"level": "EQF-9"}).found("mc.claim.unsupported")
    assert found({**WE_BUILD, "accreditation": {"title": "Accredited"}}) == ("achievement", 10, {"E11"})
    assert found({name: value for name, value in WE_BUILD.items() if name != "accreditation"})[2] == {"E11"}
    assert found(WE_BUILD | {"typeOfAssessment": "quiz"}) == ("micro-credential", 11, set())
    assert found(WE_BUILD | {"formOfParticipation": "by telepathy"}) == ("achievement", 10, {"E10"})


def test_an_unknown_type_of_wallet_form_states_nothing():
    assert found(EUDI | {"vct": "urn:other"})[:2] == ("unclassified", 0)
    assert found(EUDI | {"vct": ["urn:other"]})[:2] == ("unclassified", 0)


def test_an_assertion_of_open_badges_2():
    assert found(ASSERTION) == ("unclassified", 7, {"E3", "E9", "E10", "E11"})
    made = classify(ASSERTION)
    assert made.learner == "identifier"
    assert made.found("mc.assessment.not_stated")
    assert not made.found("mc.criteria.missing")
    named = ASSERTION | {"recipient": {"type": "name", "hashed": False, "identity": "Given Family"}}
    assert classify(named).learner == "name"
    hosted = ASSERTION | {"badge": "https://badges.example/classes/1"}
    assert found(hosted)[:2] == ("unclassified", 2)
    assert {one.path for one in classify(hosted).findings} <= {"/badge", "/recipient"}


DUTCH = {
    "type": ["Achievement", "EducredentialAchievement"],
    "name": "Oogcontact",
    "criteria": {"narrative": "Kan oogcontact maken."},
    "SBU": 240,
    "participationType": "onsite or blended",
    "assessmentType": "testing",
    "supervisionType": "onsite with identity verification",
    "alignment": [{"type": ["Alignment"], "targetType": "ext:EQF", "targetCode": "4"}],
}


def dutch(**changes):
    achievement = {name: value for name, value in (DUTCH | changes).items() if value is not None}
    return {
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": "https://school.example", "name": "MBO Beek", "address": {"addressCountryCode": "NL"}},
        "validFrom": "2024-08-30T00:00:00Z",
        "credentialSubject": {"name": "Given Family", "achievement": achievement},
    }


def test_dutch_words_are_mapped():
    assert found(dutch()) == ("achievement", 9, {"E6", "E11"})
    for member in ("ECTS", "SBU", "timeInvestment"):
        assert classify(dutch(**{"SBU": None, member: 3.5})).elements["E7"] == "met"
    assert classify(dutch(SBU=None, creditsAvailable=3)).elements["E7"] == "unusable"
    for kind in ("testing", "Application of a skill", "portfolio", "recognition of prior learning", "something else"):
        assert classify(dutch(assessmentType=kind)).elements["E9"] == "met"
    assert classify(dutch(participationType="Online")).elements["E10"] == "met"
    unknown = classify(dutch(participationType="elsewhere"))
    assert unknown.elements["E10"] == "unusable"
    assert unknown.found("mc.value.unlisted")


def test_the_revised_dutch_model():
    document = dutch(
        type=["Achievement", "EdubadgesAchievement"],
        SBU=None,
        creditsAvailable=3,
        learningOutcome="Maakt oogcontact",
        alignment=[{"type": ["Alignment"], "targetType": "ext:EQFLevel", "targetCode": "4"}],
    )
    institution = {"name": "MBO Beek", "address": {"addressCountryCode": "NL"}}
    document["issuer"] = {"id": "https://school.example", "parentOrg": institution}
    assert found(document) == ("achievement", 10, {"E11"})
    assert classify(document).found("mc.outcomes.unlinked")


def test_the_first_dialect_that_matches_is_read():
    ours = changed(f"{AWARDED}/type", ["Achievement", "EducredentialAchievement", "MicroCredentialAchievement"])
    assert found(ours) == ("micro-credential", 11, set())
    plain = changed(f"{AWARDED}/type", ["Achievement"])
    assert found(plain)[2] == {"E7", "E9", "E10"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("Exam", "met"), ("Performance", "met"), ("Artifact", "met"), ("Quiz", "met"), (None, "missing")],
)
def test_the_assessment_extension_of_1edtech(kind, expected):
    document = changed(f"{AWARDED}/type", ["Achievement"])
    description = {"id": "urn:a", "type": ["ResultDescription", "AssessmentResultDescription"], "name": "Test"}
    document["credentialSubject"]["achievement"]["resultDescription"] = [description | {"assessmentType": kind}]
    assert classify(document).elements["E9"] == expected


def learning(claim, **members):
    return {
        "type": ["VerifiableCredential", "EuropeanDigitalCredential"],
        "credentialSubject": {"type": "Person", "hasClaim": claim},
        **members,
    }


CONCEPT = {
    "assessment": "http://data.europa.eu/snb/assessment/",
    "mode": "http://data.europa.eu/snb/learning-assessment/",
}


def test_taking_part_in_an_activity_is_participation():
    activity = {
        "type": "LearningActivity",
        "title": {"en": "Summer school"},
        "specifiedBy": {"mode": {"id": CONCEPT["mode"] + "9191af2ed9"}, "volumeOfLearning": "PT60H"},
    }
    made = classify(learning(activity))
    assert (made.credential_class, made.elements["E7"], made.elements["E10"]) == ("participation", "met", "met")
    tested = activity | {"provenBy": {"type": "LearningAssessment", "specifiedBy": {"title": {"en": "Test"}}}}
    assert classify(learning(tested)).credential_class == "achievement"


def achievement(**members):
    return {"type": "LearningAchievement", "title": {"en": "Welding"}, **members}


def test_an_achievement_without_assessment_is_unclassified_and_one_without_its_description_too():
    assert classify(learning(achievement())).credential_class == "unclassified"
    bare = classify(learning(achievement(provenBy={"type": "LearningAssessment"})))
    assert bare.credential_class == "unclassified"
    assert bare.found("mc.criteria.missing")
    assert not bare.found("mc.assessment.not_stated")


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["7331eb4762"], "participation"),  # level of attendance
        (["7331eb4762", "6e6cb2cc78"], "achievement"),
        (["6e6cb2cc78"], "achievement"),
        (["3484bd7e51"], "achievement"),
    ],
)
def test_attendance_is_no_assessment(kinds, expected):
    tests = [{"specifiedBy": {"dcType": {"id": CONCEPT["assessment"] + kind}}} for kind in kinds]
    made = classify(learning(achievement(provenBy=tests)))
    assert made.credential_class == expected
    assert (made.elements["E9"] == "met") is (expected == "achievement")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("http://publications.europa.eu/resource/authority/country/POL", "met"),
        ("http://publications.europa.eu/resource/authority/country/1A0", "met"),
        ("http://publications.europa.eu/resource/authority/country/XYZ", "unusable"),
        ("PL", "met"),
    ],
)
def test_the_country_list_of_the_union(code, expected):
    issuer = {"location": {"address": {"countryCode": {"id": code}}}}
    assert classify(learning(achievement(), issuer=issuer)).elements["E3"] == expected


@pytest.mark.parametrize(
    ("specification", "element", "expected"),
    [
        ({"volumeOfLearning": "PT60H"}, "E7", "met"),
        ({"volumeOfLearning": "P2M"}, "E7", "unusable"),
        ({"creditPoint": {"framework": {"id": "http://data.europa.eu/snb/education-credit/6fcec5c5af"}, "point": "2"}},
         "E7", "met"),
        ({"creditPoint": {"framework": {"id": "http://data.europa.eu/snb/education-credit/60b314e826"}, "point": "2"}},
         "E7", "unusable"),
        ({"creditPoint": {"point": "2"}}, "E7", "unusable"),
        ({"eqfLevel": {"id": "http://data.europa.eu/snb/eqf/6"}}, "E8", "met"),
        ({"eqfLevel": {"id": "http://data.europa.eu/snb/eqf/9"}}, "E8", "unusable"),
        ({"nqfLevel": {"id": "http://data.europa.eu/snb/qdr/c_c392e7a2"}}, "E8", "met"),
        ({"nqfLevel": {"id": "urn:level:6"}}, "E8", "unusable"),
        ({"learningOutcome": [{"title": {"pl": ["Spawa"]}}]}, "E6", "met"),
    ],
)  # fmt: skip
def test_what_a_specification_states(specification, element, expected):
    assert classify(learning(achievement(specifiedBy=specification))).elements[element] == expected


def test_a_learner_of_the_european_model():
    for subject, strength in (
        ({"fullName": {"pl": "Given Family"}}, "name"),
        ({"givenName": {"pl": ["Given"]}, "familyName": {"pl": ["Family"]}}, "name"),
        ({"nationalID": {"notation": "1"}}, "identifier"),
        ({"id": "did:ebsi:abc"}, "key"),
        ({"id": "urn:epass:person:1"}, None),
    ):
        document = learning(achievement())
        document["credentialSubject"] |= subject
        assert classify(document).learner == strength


@pytest.mark.threat(103)
def test_several_achievements_are_as_good_as_the_worst():
    document = sample()
    good = document["credentialSubject"]["achievement"]
    taking_part = good | {"assessmentType": "none"}
    for order in ([good, taking_part], [taking_part, good]):
        assert classify(changed(AWARDED, order)).credential_class == "participation"
    assert classify(changed(AWARDED, [good, good])).credential_class == "micro-credential"


def test_envelopes_of_european_credentials():
    inner = learning(achievement())
    assert open_envelope(inner).object is inner
    uploaded = open_envelope({"credential": inner, "deliveryDetails": {}})
    assert (uploaded.object, uploaded.path) == (inner, "/credential")
    text = '{"type":["EuropeanDigitalCredential"]}'
    for payload in (text, "eyJ0eXBlIjpbIkV1cm9wZWFuRGlnaXRhbENyZWRlbnRpYWwiXX0"):
        assert open_envelope({"payload": payload, "signatures": []}).object == {"type": ["EuropeanDigitalCredential"]}
    for payload in ("not json", "[]", "eyJ"):
        with pytest.raises(DocumentError):
            open_envelope({"payload": payload, "signature": ""})
    other = {"payload": text}
    assert open_envelope(other).object is other


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = [
    "type", "issuer", "validFrom", "awardedDate", "learnerStated", "credentialSubject", "id", "name", "identifier",
    "identityHash", "achievement", "criteria", "narrative", "workload", "value", "unit", "alignment", "targetType",
    "targetCode", "targetUrl", "targetName", "resultDescription", "result", "status", "requiredValue", "allowedValue",
    "rubricCriterionLevel", "points", "assessmentType", "participationType", "address", "addressCountryCode",
    "hasClaim", "specifiedBy", "provenBy", "dcType", "title", "badge", "recipient", "identity", "vct", "@value",
    "creditsAvailable", "achievementType", "grade", "noteLiteral", "accreditation", "evidence", "level",
    "notionalWorkload",
]  # fmt: skip
WORDS = [
    "Achievement", "MicroCredentialAchievement", "EdubadgesAchievement", "EducredentialAchievement", "LearningOutcome",
    "EuropeanDigitalCredential", "OpenBadgeCredential", "Assertion", "LearningAchievement", "LearningActivity",
    "urn:eu.europa.ec.eudi:learning:credential:1", "VerifiableMicroCredential", "ext:EQF", "ext:QualityAssurance",
    "none", "practical", "3", "6", "Failed", "did:key:z6Mk", "2026-06-10", "ECTS", "https://a.example", "x",
]  # fmt: skip
DOCUMENTS = st.recursive(
    st.sampled_from(WORDS) | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | JSON,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=8),
    max_leaves=60,
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(MEMBERS), DOCUMENTS, max_size=10), st.booleans())
def test_whatever_a_document_says_it_has_a_class(document, derived):
    made = classify(document, derived=derived)
    assert 0 <= made.met <= len(made.elements) == 11
    for finding in made.findings:
        assert _exists(document, finding.path), finding


def _exists(document, path):
    value = document
    for step in path.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")  # noqa: PLW2901 -- the same step, unescaped
        if isinstance(value, list):
            if not step.isdigit() or int(step) >= len(value):
                return False
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return False
    return True


@pytest.mark.threat(103)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(MEMBERS), DOCUMENTS, max_size=10), st.data())
def test_the_order_of_values_means_nothing(document, data):
    """No proof over RDF covers it, so a holder could choose the order that suits."""

    def shuffled(value, member=""):
        if isinstance(value, dict):
            return {name: shuffled(inner, name) for name, inner in data.draw(st.permutations(list(value.items())))}
        if isinstance(value, list):
            items = [shuffled(item) for item in value]
            return items if member == "allowedValue" else data.draw(st.permutations(items))
        return value

    before, after = classify(document), classify(shuffled(document))
    assert (before.credential_class, before.met, before.elements, before.options, before.learner) == (
        after.credential_class, after.met, after.elements, after.options, after.learner,
    )  # fmt: skip
