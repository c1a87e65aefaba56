"""The table of expected classes: public samples, our own sample, and our own with each element taken away."""

import copy
import json

import pytest
from micro_credential_support import AWARDED, EQF, REMOVALS, SUBJECT, changed, sample, without
from support import vectors, vectors_root

from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.findings import Severity
from node.credentials.micro_credential.readers.envelope import open_envelope
from node.documents import parse_object

ELM = "elm/samples/"
UNSEALED = ("Sample-MC-Annex1-unsigned.jsonld", "Sample-MC-Annex1-unsigned-uploadable.json")


def published(path):
    return open_envelope(parse_object(vectors(*path.split("/")).read_bytes())).object


def found(document, **options):
    """Class, score, and the elements that are not met."""
    made = classify(document, **options)
    return made.credential_class.value, made.met, {name for name, state in made.elements.items() if state != "met"}


def errors(document, **options):
    return {one.code for one in classify(document, **options).findings if one.severity is Severity.ERROR}


@pytest.mark.vectors
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sample-MC-Annex1-signed.jsonld", ("achievement", 10, {"E11"})),
        *[(name, ("achievement", 9, {"E5", "E11"})) for name in UNSEALED],
        ("credential-sample.jsonld", ("unclassified", 5, {"E6", "E7", "E8", "E9", "E10", "E11"})),
    ],
)
def test_the_samples_of_the_european_learning_model(name, expected):
    assert found(published(ELM + name)) == expected


@pytest.mark.vectors
@pytest.mark.parametrize("place", ["qualification", "organisation", "issuer", "evidence"])
def test_the_official_sample_is_a_micro_credential_once_somebody_assures_its_quality(place):
    document = published(ELM + "Sample-MC-Annex1-signed.jsonld")
    claim = document["credentialSubject"]["hasClaim"]
    accreditation = {
        "id": "urn:epass:accreditation:1",
        "type": "Accreditation",
        "title": {"en": "Accreditation of the programme"},
        "accreditingAgent": {"type": "Organisation", "legalName": {"en": "Quality Agency"}},
        "dcType": {"id": "http://data.europa.eu/snb/accreditation/820101cba6", "type": "Concept"},
        "landingPage": {"type": "WebResource", "contentURL": "https://agency.example/decisions/7"},
    }
    if place == "qualification":
        claim["specifiedBy"]["accreditation"] = accreditation
    elif place == "organisation":
        claim["awardedBy"]["awardingBody"]["accreditation"] = [accreditation]
    elif place == "issuer":
        document["issuer"]["accreditation"] = accreditation
    else:
        kind = {"id": "http://data.europa.eu/snb/evidence-type/c_991b06c6", "type": "Concept"}
        accredited = {"type": "Evidence", "dcType": kind, "accreditation": accreditation}
        document["evidence"] = [document["evidence"], accredited]
    assert found(document) == ("micro-credential", 11, set())
    assert {one.code for one in classify(document).findings} == {"mc.level.claimed"}


@pytest.mark.vectors
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("edu-samples-surf/mbob_eo_eov_extracurricular_full.json", ("achievement", 7, {"E1", "E3", "E6", "E11"})),
        ("edu-samples-surf/theed_regular_embedded_ho.json", ("achievement", 7, {"E3", "E6", "E9", "E10"})),
        ("openbadges/1edtech-validator/complete.json", ("achievement", 6, {"E7", "E8", "E9", "E10", "E11"})),
        ("openbadges/1edtech-validator/simple.json",
         ("unclassified", 4, {"E3", "E6", "E7", "E8", "E9", "E10", "E11"})),
    ],
)  # fmt: skip
def test_the_samples_of_surf_and_1edtech(path, expected):
    assert found(published(path)) == expected


def dcc_fixtures():
    root = vectors_root()
    folder = root / "dcc-vc-test-fixtures" / "v2" if root else None
    return sorted(str(path.relative_to(root)) for path in folder.rglob("*.json")) if folder else []


@pytest.mark.vectors
def test_every_fixture_of_the_digital_credentials_consortium_is_unclassified():
    fixtures = dcc_fixtures()
    scores = []
    for path in fixtures:
        credential_class, met, _ = found(published(path))
        assert credential_class == "unclassified", path
        scores.append(met)
    assert len(fixtures) == len(list(vectors("dcc-vc-test-fixtures", "v2").rglob("*.json")))
    assert len(fixtures) >= 23
    assert (min(scores), max(scores)) == (1, 4)


def test_our_sample_states_everything():
    made = classify(sample())
    assert found(sample()) == ("micro-credential", 11, set())
    assert made.learner == "name"
    assert made.to_json()["optional"] == ["O1", "O2", "O4"]
    assert [one.code for one in made.findings] == ["mc.level.claimed"]


def test_a_level_that_is_declared_not_to_apply_counts_as_stated():
    document = without(f"{AWARDED}/alignment/{EQF}")
    document["credentialSubject"]["achievement"]["levelNotApplicable"] = True
    made = classify(document)
    assert (made.credential_class, made.met) == ("micro-credential", 11)
    assert made.elements["E8"] == "not_applicable"


MISSING = {
    "E1": "mc.learner.missing",
    "E2": "mc.title.missing",
    "E3": "mc.country.missing",
    "E4": "mc.awarding_body.missing",
    "E5": "mc.date.missing",
    "E6": "mc.outcomes.missing",
    "E7": "mc.workload.missing",
    "E8": "mc.level.missing",
    "E9": "mc.assessment.missing",
    "E10": "mc.participation.missing",
    "E11": "mc.quality.missing",
}


@pytest.mark.parametrize("element", list(REMOVALS))
def test_an_element_that_is_taken_away_is_named_alone(element):
    document = without(*REMOVALS[element])
    unclassified = element == "E9"  # the only thing by which the sample says that learning was assessed
    assert found(document) == ("unclassified" if unclassified else "achievement", 10, {element})
    assert classify(document).elements[element] == "missing"
    assert errors(document) == {MISSING[element]} | ({"mc.assessment.not_stated"} if unclassified else set())


def test_without_assessment_it_confirms_taking_part():
    document = changed(f"{AWARDED}/assessmentType", "none")
    assert found(document) == ("participation", 10, {"E9"})


def test_with_its_only_outcome_failed_it_confirms_taking_part():
    document = changed(f"{SUBJECT}/result/0/status", "Failed")
    assert found(document) == ("participation", 11, set())
    assert errors(document) == {"mc.outcome.open"}


@pytest.mark.threat(103)
def test_a_name_that_is_not_shown_is_withheld_only_on_the_word_of_the_issuer():
    """The base has no subject id, so that showings cannot be linked; its holder leaves out the name."""
    base = without(f"{SUBJECT}/id")
    assert found(base) == ("micro-credential", 11, set())
    derived = without(f"{SUBJECT}/identifier", document=base)

    made = classify(derived, derived=True)
    assert (made.credential_class, made.met, made.elements["E1"]) == ("micro-credential", 10, "withheld")
    assert made.learner is None

    silent = without("/learnerStated", document=derived)
    assert found(silent, derived=True) == ("achievement", 10, {"E1"})
    assert classify(silent, derived=True).elements["E1"] == "missing"

    # In a document that is not derived the term has no effect.
    assert found(derived) == ("achievement", 10, {"E1"})


def test_the_samples_are_left_as_they_were():
    document = sample()
    before = copy.deepcopy(document)
    classify(document, derived=True)
    assert document == before
    assert json.dumps(classify(document).to_json())
