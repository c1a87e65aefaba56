"""The published samples get the verdict that their sources state, as far as structure can tell.

The suite of the data model sends what lies in `input/` to an issuer or verifier, first putting the issuer's DID where
the file leaves the issuer out. A file that its test rejects must have a finding that fails it, one it accepts none.
"""

import json

import pytest
from support import vectors

from node.credentials.credential import check_credential
from node.credentials.findings import FindingOutcome
from node.credentials.presentation import DocumentKind, check_presentation, kind_of

pytestmark = pytest.mark.vectors

EXPECTED = json.loads(vectors("expected.json").read_bytes())
JSON_FILES = {name: said for name, said in EXPECTED.items() if name.endswith(".json")}
INPUTS = {name: said for name, said in JSON_FILES.items() if said["kind"] == "unsigned-input"}
CREDENTIALS = {name: said for name, said in JSON_FILES.items() if said["kind"] == "credential"}
ISSUER = "did:example:issuer"

STRUCTURE_SAYS = {
    "openbadges/1edtech-validator/simple-err-context.json": "credential.context.base",
    "openbadges/1edtech-validator/simple-err-issuer.json": "credential.issuer",
}
"""The signed samples with a fault of structure; those of the others lie in terms, schema, proof, period or status."""


def load(name):
    return json.loads(vectors(name).read_bytes())


def as_the_suite_sends_it(name):
    document = load(name)
    if kind_of(document) is not DocumentKind.PRESENTATION and "credential-no-issuer" not in name:
        issuer = document.setdefault("issuer", ISSUER)
        if isinstance(issuer, dict):
            issuer.setdefault("id", ISSUER)
    return document


def judge(document):
    """The findings of the check for what the document is, or was meant to be."""
    if kind_of(document) is DocumentKind.PRESENTATION:
        return check_presentation(document)
    return check_credential(document)


def failed(found):
    return [finding for finding in found if finding.outcome is FindingOutcome.FAILED]


def test_the_published_test_data_is_read():
    assert (len(INPUTS), len(CREDENTIALS)) == (64, 65)


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_of_the_data_model_suite(name):
    found = judge(as_the_suite_sends_it(name))
    stated = INPUTS[name]["expect"]
    if stated == "unknown":
        assert found == [], "unlabelled by the suite; both follow the rules of structure"
    else:
        assert bool(failed(found)) == (stated == "invalid")


def test_nothing_is_left_open():
    assert {name for name in INPUTS if (found := judge(as_the_suite_sends_it(name))) and not failed(found)} == set()


def test_the_end_before_the_beginning_fails_also_with_real_dates():
    document = as_the_suite_sends_it("vc-data-model-2.0/input/credential-validUntil-validFrom-fail.json")
    document |= {"validFrom": "2040-01-01T00:00:00Z", "validUntil": "2020-01-01T00:00:00Z"}
    assert [finding.code for finding in check_credential(document)] == ["credential.validity.order"]


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_signed_sample(name):
    found = judge(load(name))
    assert [finding.code for finding in found] == ([STRUCTURE_SAYS[name]] if name in STRUCTURE_SAYS else [])
    if found:
        assert CREDENTIALS[name]["expect"] == "invalid"


def test_dutch_samples_have_no_fault_of_structure():
    samples = sorted(vectors("edu-samples-surf").glob("*.json"))
    assert len(samples) == 2
    for sample in samples:
        assert check_credential(json.loads(sample.read_bytes())) == []


def test_dates_without_a_zone_leave_a_1_1_credential_open():
    found = check_credential(load("elm/samples/credential-sample.jsonld"))
    assert {finding.code for finding in found} == {"credential.date.zone"}
    assert failed(found) == []
