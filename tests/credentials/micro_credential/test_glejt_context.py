"""Our own context: nothing is lost with it, whoever reads it, and the sample keeps to the schema of Open Badges."""

import json

import jsonschema_rs
import pytest
from micro_credential_support import AWARDED, SUBJECT, changed, sample
from peers.client import Peer, PeerError, missing
from pyld import jsonld as pyld
from support import vectors

from node.credentials.context_profile import GLEJT_CONTEXT, OPEN_BADGES_CONTEXTS, check_contexts
from node.credentials.contexts import BUNDLED
from node.credentials.credential import check_credential
from node.credentials.micro_credential.classification import classify
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.errors import DataLossError
from node.proofs.jsonld import JsonLd

JSONLD = JsonLd(BUNDLED)
GLEJT = "https://w3id.org/glejt#"


def load(url, _options):
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": BUNDLED[url]}


def full():
    """The sample with every term of ours."""
    document = sample()
    achievement = document["credentialSubject"]["achievement"]
    achievement |= {
        "awardingBody": [{"id": "https://chamber.example", "type": ["Profile"], "name": "Chamber of Crafts"}],
        "levelNotApplicable": True,
        "descriptionMap": {"pl": "Łączy blachy.", "uk": "Сталь."},
    }
    achievement["resultDescription"][0]["descriptionMap"] = {"pl": "Spoina bez podtopień."}
    return document


def test_the_sample_is_sound_and_its_contexts_are_those_of_its_type():
    assert check_credential(full()) == []
    assert check_contexts(full()) == []


def test_every_term_of_the_context_is_in_the_statements_of_the_sample():
    text = canonicalize(JSONLD.to_rdf(full())).text
    members = {
        "MicroCredentialAchievement", "LearningOutcome", "Workload", "learnerStated", "workload", "value", "unit",
        "unit-ECTS", "assessmentType", "assessment-practical", "participationType", "participation-on-site",
        "supervisionType", "supervision-supervised-onsite-identified", "stackability", "stackability-stackable",
        "stacksInto", "prerequisite", "levelNotApplicable", "awardingBody", "nameMap", "descriptionMap",
    }  # fmt: skip
    assert {name for name in members if f"<{GLEJT}{name}>" not in text} == set()
    assert f'<{GLEJT}nameMap> "Spawanie metodą MIG, poziom podstawowy"@pl .' in text


V1, V2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"
TOGETHER = [(base, version) for base in (V1, V2) for version in sorted(OPEN_BADGES_CONTEXTS)]
TOGETHER = [
    (base, version) for base, version in TOGETHER if base == V1 or version.endswith(("3.0.2.json", "3.0.3.json"))
]
"""The earlier versions of Open Badges are made for data model 1.1 and contradict the terms of 2.0."""


@pytest.mark.parametrize(("base", "open_badges"), TOGETHER)
def test_it_goes_with_every_version_of_open_badges_and_of_the_data_model(base, open_badges):
    document = full() | {"@context": [base, open_badges, GLEJT_CONTEXT]}
    if not open_badges.endswith("3.0.3.json"):
        del document["awardedDate"], document["credentialSubject"]["achievement"]["inLanguage"]  # came with 3.0.3
    if base.endswith("v1"):
        document["issuanceDate"] = document.pop("validFrom")
        del document["name"]
    del document["credentialSubject"]["identifier"][0]["salt"]
    text = canonicalize(JSONLD.to_rdf(document)).text
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    assert pyld.normalize(document, options) == text


@pytest.mark.peer
def test_jsonld_js_reads_it_safely_and_alike():
    if reason := missing():
        pytest.skip(reason)
    documents = [
        full(),
        changed(f"{AWARDED}/assessmentType", "by-telepathy"),
        changed(f"{AWARDED}/workload/0/unit", "week"),
    ]
    with Peer() as peer:
        peer.contexts(BUNDLED)
        ours, unlisted, unit = peer.canonize(documents)
    assert ours == canonicalize(JSONLD.to_rdf(full())).text
    assert isinstance(unlisted, PeerError)
    assert isinstance(unit, PeerError)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{AWARDED}/assessmentType", "by-telepathy"),
        (f"{AWARDED}/participationType", "everywhere"),
        (f"{AWARDED}/supervisionType", "watched"),
        (f"{AWARDED}/stackability", "maybe"),
        (f"{AWARDED}/workload/0/unit", "week"),
        (f"{AWARDED}/type", ["Achievement"]),
        (f"{AWARDED}/asessmentType", "practical"),
        (f"{AWARDED}/learnerStated", "name"),
        (f"{AWARDED}/resultDescription/0/assessmentType", "practical"),
        (f"{SUBJECT}/workload", []),
        ("/assessmentType", "practical"),
    ],
)
def test_there_is_no_catch_all(path, value):
    """A value on no list, a misspelt member, or one out of its place is never signed as if it meant something."""
    if path.endswith("/learnerStated"):
        assert JSONLD.to_rdf(changed(path, value)), "said of the credential, and so a term everywhere"
        return
    with pytest.raises(DataLossError):
        JSONLD.to_rdf(changed(path, value))


@pytest.mark.vectors
def test_the_sample_keeps_to_the_schema_of_open_badges():
    schema = json.loads(vectors("openbadges", "schemas", "1edtech-gh-pages", "achievementcredential.json").read_bytes())
    validator = jsonschema_rs.validator_for(schema)
    secured = full() | {"proof": [{"type": "DataIntegrityProof"}]}
    assert [error.message for error in validator.iter_errors(secured)] == []
    in_two_languages = changed(f"{AWARDED}/name", {"en": "Welding"}, secured)
    assert list(validator.iter_errors(in_two_languages)), (
        "the schema takes plain strings, so languages stand beside them"
    )


def test_the_sample_with_every_term_is_classified():
    assert classify(full()).credential_class == "micro-credential"
