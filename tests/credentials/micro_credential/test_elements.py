"""Each element and option: what counts, what does not, and where the finding points."""

import pytest
from micro_credential_support import AWARDED, EQF, QUALITY, SUBJECT, changed, sample, without

from node.credentials.micro_credential.classification import classify

NAME = f"{SUBJECT}/identifier/0/identityHash"


def state(element, document, **options):
    made = classify(document, **options)
    return (made.elements | made.options)[element].value


def paths(document, code, **options):
    return [one.path for one in classify(document, **options).findings if one.code == code]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("MIG welding", True),
        ("  C  ", True),
        ("焊接", True),
        ("Testing of welds", True),
        ("", None),
        ("   ", None),
        ("2026", False),
        ("—", False),
        ("N/A", False),
        (" none ", False),
        ("Tbd", False),
        ("TODO", False),
        ("test", False),
        ("Brak", False),
    ],
)
@pytest.mark.parametrize(
    ("element", "path", "missing"),
    [
        ("E2", f"{AWARDED}/name", "mc.title.missing"),
        ("E4", "/issuer/name", "mc.awarding_body.missing"),
        ("E6", f"{AWARDED}/resultDescription/0/name", "mc.outcomes.missing"),
        ("E1", NAME, "mc.learner.missing"),
    ],
)
def test_a_text_counts_when_it_says_something(element, path, missing, text, counts):
    document = changed(path, text)
    if element == "E1":
        del document["credentialSubject"]["id"]
    if element == "E6":
        del document["credentialSubject"]["achievement"]["resultDescription"][0]["alignment"]
    expected = {True: "met", False: "unusable", None: "missing"}[counts]
    assert state(element, document) == expected
    assert paths(document, "mc.text.placeholder") == ([path] if counts is False else [])
    assert bool(paths(document, missing)) is (counts is None)


@pytest.mark.parametrize(
    ("subject", "strength"),
    [
        ({"name": "Given Family"}, "name"),
        ({"givenName": "Given", "familyName": "Family"}, "name"),
        ({"givenName": "Given", "familyName": " "}, None),
        ({"familyName": "Family"}, None),
        ({"identifier": {"identityType": "name", "hashed": False, "identityHash": "Given Family"}}, "name"),
        ({"identifier": [{"identityType": "name", "hashed": "false", "identityHash": "Given Family"}]}, "name"),
        ({"identifier": [{"identityType": "name", "hashed": True, "identityHash": "sha256$ab"}]}, "identifier"),
        ({"identifier": [{"identityType": "emailAddress", "hashed": True, "identityHash": "sha256$ab"}]}, "identifier"),
        ({"identifier": [{"identityType": "ext:student", "hashed": False, "identityHash": "12345"}]}, "identifier"),
        ({"identifier": "12345"}, "identifier"),
        ({"identifier": "tbd"}, None),
        ({"id": "did:key:z6Mk"}, "key"),
        ({"id": "https://school.example/learners/1"}, None),
        ({"id": "did:key:z6Mk", "name": "n/a"}, "key"),
        ({}, None),
    ],
)
def test_the_learner_is_named_by_the_strongest_that_is_there(subject, strength):
    document = without(f"{SUBJECT}/id", f"{SUBJECT}/identifier")
    document["credentialSubject"] |= subject
    made = classify(document)
    assert made.learner == strength
    assert (made.elements["E1"] == "met") is (strength is not None)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("PL", "met"), ("XK", "met"), ("GB", "met"), ("XX", "unusable"), ("pl", "unusable"), ("POL", "unusable"),
        ("UK", "unusable"), ("EU", "unusable"), ("", "missing"), (None, "missing"), (48, "missing"),
    ],
)  # fmt: skip
def test_the_country_is_a_code_of_the_standard(code, expected):
    document = changed("/issuer/address/addressCountryCode", code)
    assert state("E3", document) == expected
    here = ["/issuer/address/addressCountryCode"]
    assert paths(document, "mc.country.unusable") == (here if expected == "unusable" else [])
    assert paths(document, "mc.country.missing") == (here if expected == "missing" else [])


def test_a_finding_points_no_further_than_the_first_of_several():
    document = changed("/issuer/address", [{"addressLocality": "Bydgoszcz"}, {"addressLocality": "Toruń"}])
    assert paths(document, "mc.country.missing") == ["/issuer/address"]


def test_the_country_of_the_institution_above_the_issuer_counts():
    document = without("/issuer/address")
    assert paths(document, "mc.country.missing") == ["/issuer"]
    document["issuer"]["parentOrg"] = {"address": {"addressCountryCode": "NL"}}
    assert state("E3", document) == "met"
    document["issuer"] = "did:key:z6Mk"
    assert paths(document, "mc.country.missing") == ["/issuer"]
    del document["issuer"]
    assert paths(document, "mc.country.missing") == [""]


@pytest.mark.parametrize(
    "body",
    [
        {"awardingBody": [{"type": ["Profile"], "name": "Chamber of Crafts"}]},
        {"creator": {"name": "Chamber of Crafts"}},
    ],
)
def test_another_body_may_award_it(body):
    document = without("/issuer/name")
    assert paths(document, "mc.awarding_body.missing") == ["/issuer"]
    document["credentialSubject"]["achievement"] |= body
    assert state("E4", document) == "met"
    document = without("/issuer/name")
    document["credentialSubject"]["source"] = {"name": "Chamber of Crafts"}
    assert state("E4", document) == "met"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-06-10", "met"),
        ("2026-06-10T14:03:00Z", "met"),
        ("2026-06-10T14:03:00+02:00", "met"),
        ("2026-06-10T14:03:00", "met"),
        ("2026-02-30", "unusable"),
        ("2026-02-30T00:00:00Z", "unusable"),
        ("10.06.2026", "unusable"),
        ("2026", "unusable"),
        ("2026-W24-3", "unusable"),
        ("20260610", "unusable"),
        ("", "missing"),
        (None, "missing"),
        (20260610, "missing"),
    ],
)
@pytest.mark.parametrize("member", ["awardedDate", "validFrom", "issuanceDate"])
def test_the_date_of_award(member, value, expected):
    document = without("/awardedDate", "/validFrom") | {member: value}
    assert state("E5", document) == expected
    assert paths(document, "mc.date.missing") == {"met": [], "unusable": [f"/{member}"], "missing": [""]}[expected]


def test_outcomes_may_stand_among_the_alignments():
    for target in ("ceasn:Competency", "CFItem", "CFRubricCriterion", "CTDL", "ext:ESCO"):
        document = without(f"{AWARDED}/resultDescription", f"{SUBJECT}/result")
        assert paths(document, "mc.outcomes.missing") == [AWARDED]
        aligned = {"type": ["Alignment"], "targetType": target, "targetName": "operate welding equipment"}
        document["credentialSubject"]["achievement"]["alignment"].append(aligned)
        assert state("E6", document) == "met"
        assert paths(document, "mc.outcomes.unlinked") == []
        aligned["targetType"] = "ext:Subject"
        assert state("E6", document) == "missing"


def test_outcomes_without_a_link_to_a_list_of_skills_are_noted():
    document = without(f"{AWARDED}/resultDescription/0/alignment")
    assert state("E6", document) == "met"
    assert paths(document, "mc.outcomes.unlinked") == [f"{AWARDED}/resultDescription/0/name"]


def test_a_description_of_a_grade_is_no_outcome():
    document = without(f"{AWARDED}/resultDescription/0/alignment")
    document["credentialSubject"]["achievement"]["resultDescription"][0]["type"] = ["ResultDescription"]
    assert state("E6", document) == "missing"
    assert paths(document, "mc.outcomes.missing") == [f"{AWARDED}/resultDescription"]


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        ("2", True), ("0.5", True), ("100000", True), ("99999.999", True), ("100000.1", False), ("0", False),
        ("0.0", False), ("-1", False), ("+1", False), ("1e3", False), ("1,5", False), (" 2", False), ("²", False),
        ("02", False), ("two", False), ("1" * 40, False), (2, False), (2.5, False), (True, False), (["2", "3"], False),
        (["2", "2"], True), ({"@value": "2"}, True),
    ],
)  # fmt: skip
def test_a_workload_is_a_positive_decimal_text(value, counts):
    document = changed(f"{AWARDED}/workload/0/value", value)
    assert state("E7", document) == ("met" if counts else "unusable")
    assert paths(document, "mc.workload.missing") == ([] if counts else [f"{AWARDED}/workload/0"])


def test_a_workload_needs_a_unit_that_is_listed():
    for unit in ("hour", "https://w3id.org/glejt#unit-hour", {"id": "https://w3id.org/glejt#unit-ECTS"}):
        assert state("E7", changed(f"{AWARDED}/workload/0/unit", unit)) == "met"
    weeks = changed(f"{AWARDED}/workload/0/unit", "week")
    assert state("E7", weeks) == "unusable"
    assert paths(weeks, "mc.workload.no_unit") == [f"{AWARDED}/workload/0"]
    assert paths(weeks, "mc.value.unlisted") == [f"{AWARDED}/workload/0/unit"]
    assert paths(without(f"{AWARDED}/workload/0/unit"), "mc.workload.no_unit") == [f"{AWARDED}/workload/0"]
    assert paths(without(f"{AWARDED}/workload"), "mc.workload.no_unit") == [f"{AWARDED}/creditsAvailable"]
    assert (
        paths(changed(f"{AWARDED}/creditsAvailable", True, without(f"{AWARDED}/workload")), "mc.workload.no_unit") == []
    )
    both = changed(f"{AWARDED}/workload", [{"value": "3", "unit": "week"}, {"value": "50", "unit": "hour"}])
    assert state("E7", both) == "met"


@pytest.mark.parametrize(
    ("alignment", "expected"),
    [
        ({"targetType": "ext:EQF", "targetCode": "1"}, "met"),
        ({"targetType": "ext:EQF", "targetCode": "8"}, "met"),
        ({"targetType": "ext:EQF", "targetCode": 8}, "met"),
        ({"targetType": "ext:EQFLevel", "targetCode": "4"}, "met"),
        ({"targetType": "ext:EQF", "targetCode": "9"}, "unusable"),
        ({"targetType": "ext:EQF", "targetCode": "0"}, "unusable"),
        ({"targetType": "ext:EQF", "targetCode": "level 3"}, "unusable"),
        ({"targetType": "ext:EQF", "targetCode": ["3", "9"]}, "unusable"),
        ({"targetType": "ext:EQF"}, "unusable"),
        ({"targetType": "ext:QFEHEA", "targetCode": "first"}, "met"),
        ({"targetType": "ext:QFEHEA", "targetCode": "fourth"}, "unusable"),
        ({"targetType": "ext:NQF", "targetFramework": "NFQ", "targetCode": "10"}, "met"),
        ({"targetType": "ext:NQF", "targetFramework": "NFQ", "targetCode": "11"}, "unusable"),
        ({"targetType": "ext:NQF", "targetFramework": "NLQF", "targetCode": "8"}, "met"),
        ({"targetType": "ext:NQF", "targetFramework": "DQR", "targetCode": "9"}, "unusable"),
        ({"targetType": "ext:NQF", "targetFramework": "PRK", "targetCode": "3"}, "unusable"),
        ({"targetType": "ext:NQF", "targetFramework": "PRK", "targetCode": "3", "targetUrl": "https://zrk.example/1"},
         "met"),
        ({"targetType": "ext:NQF", "targetFramework": "PRK", "targetCode": "9", "targetUrl": "https://zrk.example/1"},
         "unusable"),
        ({"targetType": "ext:NQF", "targetFramework": "SQF", "targetCode": "B2"}, "unusable"),
        ({"targetType": "ext:NQF", "targetFramework": "SQF", "targetCode": "B2", "targetUrl": "https://sqf.example"},
         "met"),
        ({"targetType": "ext:NQF", "targetFramework": "SQF", "targetCode": "B2", "targetUrl": "urn:sqf"}, "unusable"),
        ({"targetType": "ext:NQF", "targetCode": "3", "targetUrl": "https://sqf.example"}, "unusable"),
        ({"targetType": "ext:Occupation", "targetCode": "3"}, "missing"),
    ],
)  # fmt: skip
def test_a_level_in_the_range_of_its_framework(alignment, expected):
    document = changed(f"{AWARDED}/alignment/{EQF}", {"type": ["Alignment"], **alignment})
    here = f"{AWARDED}/alignment/{EQF}"
    assert state("E8", document) == expected
    assert paths(document, "mc.level.claimed") == ([here] if expected == "met" else [])
    assert paths(document, "mc.level.unusable") == ([here] if expected == "unusable" else [])
    assert paths(document, "mc.level.missing") == ([f"{AWARDED}/alignment"] if expected == "missing" else [])


@pytest.mark.parametrize(
    ("value", "expected"), [(True, "not_applicable"), (False, "missing"), ("true", "missing"), (1, "missing")]
)
def test_only_a_declaration_makes_the_level_not_applicable(value, expected):
    document = without(f"{AWARDED}/alignment/{EQF}")
    document["credentialSubject"]["achievement"]["levelNotApplicable"] = value
    assert state("E8", document) == expected


ASSESSMENTS = ["written-exam", "oral-exam", "practical", "portfolio", "project", "peer", "prior-learning", "other"]
FORMS = ["online", "on-site", "blended", "work-based", "volunteering", "self-directed"]


@pytest.mark.parametrize(
    ("element", "member", "listed"), [("E9", "assessmentType", ASSESSMENTS), ("E10", "participationType", FORMS)]
)
def test_listed_values(element, member, listed):
    path, kind = f"{AWARDED}/{member}", member.removesuffix("Type")
    for value in listed:
        assert state(element, changed(path, value)) == "met"
        assert state(element, changed(path, [value])) == "met"
        assert state(element, changed(path, f"https://w3id.org/glejt#{kind}-{value}")) == "met"
    for value in ("by-telepathy", listed[0].upper(), f"https://other.example/{listed[0]}"):
        document = changed(path, value)
        assert state(element, document) == "unusable"
        assert paths(document, "mc.value.unlisted") == [path]
        assert paths(document, f"mc.{kind}.missing") == [path]
    assert state(element, changed(path, [listed[0], "by-telepathy"])) == "met"
    assert state(element, changed(path, " ")) == "missing"


@pytest.mark.threat(103)
@pytest.mark.parametrize(
    "value",
    [
        "none",
        ["none"],
        ["none", "practical"],
        {"@value": "none"},
        "https://w3id.org/glejt#assessment-none",
        {"id": "https://w3id.org/glejt#assessment-none"},
        {"@id": "https://w3id.org/glejt#assessment-none"},
    ],
)
def test_no_assessment_is_understood_in_every_form_that_the_proof_covers(value):
    """To JSON-LD they are all the same statement, so a holder could write the one for the other."""
    document = changed(f"{AWARDED}/assessmentType", value)
    assert classify(document).credential_class == "participation"
    assert state("E9", document) == "missing"


@pytest.mark.parametrize(
    ("change", "expected", "code"),
    [
        ({}, "met", None),
        ({"targetFramework": "internal-only"}, "met", "mc.quality.internal_only"),
        ({"targetFramework": None}, "met", "mc.quality.internal_only"),
        ({"targetFramework": "our-own-word"}, "met", "mc.value.unlisted"),
        ({"targetUrl": "http://quality.example"}, "met", None),
        ({"targetUrl": "urn:quality"}, "unusable", "mc.quality.missing"),
        ({"targetUrl": "https://"}, "unusable", "mc.quality.missing"),
        ({"targetUrl": None}, "unusable", "mc.quality.missing"),
        ({"targetName": "n/a"}, "unusable", "mc.quality.missing"),
        ({"targetName": None}, "unusable", "mc.quality.missing"),
        ({"targetType": "ext:Quality"}, "missing", "mc.quality.missing"),
    ],
)
def test_quality_needs_a_name_and_a_link(change, expected, code):
    document = sample()
    document["credentialSubject"]["achievement"]["alignment"][QUALITY] |= change
    assert state("E11", document) == expected
    found = {one.code for one in classify(document).findings}
    expected_codes = {"mc.level.claimed"} | ({code} if code else set())
    assert found - {"mc.claim.unsupported"} == expected_codes


def test_options():
    assert [state(name, sample()) for name in ("O1", "O2", "O3", "O4", "O5")] == [
        "met",
        "met",
        "missing",
        "met",
        "missing",
    ]
    assert state("O1", changed(f"{AWARDED}/prerequisite", "none")) == "missing"
    supervised = changed(f"{AWARDED}/supervisionType", "by telepathy")
    assert state("O2", supervised) == "unusable"
    assert paths(supervised, "mc.value.unlisted") == [f"{AWARDED}/supervisionType"]
    assert state("O4", without(f"{AWARDED}/stacksInto")) == "met"
    assert state("O4", without(f"{AWARDED}/stackability")) == "met"
    assert state("O4", without(f"{AWARDED}/stackability", f"{AWARDED}/stacksInto")) == "missing"
    for further in ({"humanCode": "W1"}, {"fieldOfStudy": "Welding"}, {"criteria": {"id": "https://school.example/c"}}):
        document = sample()
        document["credentialSubject"]["achievement"] |= further
        assert state("O5", document) == "met"


def test_a_grade_is_an_option_and_the_holders_choice():
    document = sample()
    document["credentialSubject"]["achievement"]["resultDescription"].append({"id": "urn:grade", "name": "Grade"})
    document["credentialSubject"]["result"].append({"resultDescription": "urn:grade", "value": "5"})
    assert state("O3", document) == "met"
    assert state("O3", document, derived=True) == "met"
    assert state("O3", sample(), derived=True) == "withheld"
    outcome = changed(
        f"{SUBJECT}/result/0", {"resultDescription": "https://school.example/achievements/welding/1#o1", "value": "5"}
    )
    assert state("O3", outcome) == "missing"
