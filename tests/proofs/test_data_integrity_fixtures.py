"""Credentials signed by other people's software: what the source, or an independent library, says of their proofs.

The key is the one the verification method shows, or that its did:web document (beside the fixtures) has; whose key it
is, is not the question here.
"""

import json

import pytest
from integrity_support import key_of, read, vector_jsonld
from support import vectors

from did_methods.errors import DidMethodsError
from node.proofs.data_integrity import VerifiedProof, verify_proofs
from node.proofs.errors import (
    DataLossError,
    InvalidProofError,
    MalformedProofError,
    ProofIndeterminate,
    UnsupportedProofError,
)
from node.proofs.proof import proofs_of

pytestmark = pytest.mark.vectors

VERIFIES, FAILS = "proof verifies with", "proof does NOT verify with"
# Where we differ from the independent library at the level of the proof, and why.
ANOTHER_REASON = {
    # It refuses the verification method (no fragment); the signature itself holds.
    "openbadges/1edtech-validator/simple-did-key-method.json": VerifiedProof,
    # Its keys are not keys: the method is unknown, or the fragment is no Multikey.
    "openbadges/1edtech-validator/simple-err-proof-method-unknown-did-method.json": ProofIndeterminate,
    "openbadges/1edtech-validator/simple-err-proof-method.json": ProofIndeterminate,
}


EXPECTED = {
    name: entry
    for name, entry in json.loads(vectors("expected.json").read_text("utf-8")).items()
    if name.endswith(".json")
}
CROSS_CHECKED = {
    name: entry["cross_check"]
    for name, entry in EXPECTED.items()
    if entry.get("cross_check", "").startswith((VERIFIES, FAILS))
}


def outcomes(name):
    document = read(vectors(*name.split("/")))
    proofs = proofs_of(document)
    keys = {}
    for proof in proofs:
        try:
            keys[proof.path] = key_of(proof)
        except DidMethodsError:
            continue
    return [result.outcome for result in verify_proofs(document, proofs, keys, jsonld=vector_jsonld())]


def test_there_are_fixtures():
    assert sum(text.startswith(VERIFIES) for text in CROSS_CHECKED.values()) > 50
    assert sum(text.startswith(FAILS) for text in CROSS_CHECKED.values()) > 9


@pytest.mark.parametrize("name", CROSS_CHECKED)
def test_a_fixture_is_judged_as_the_independent_library_judges_it(name):
    found = outcomes(name)
    if name in ANOTHER_REASON:
        assert [type(outcome) for outcome in found] == [ANOTHER_REASON[name]]
    elif CROSS_CHECKED[name].startswith(VERIFIES):
        assert [type(outcome) for outcome in found] == [VerifiedProof] * len(found), found
    else:
        assert all(isinstance(outcome, InvalidProofError | DataLossError) for outcome in found), found


@pytest.mark.parametrize(
    "name", [name for name, entry in EXPECTED.items() if entry.get("checks", {}).get("signature") == "fail"]
)
def test_a_fixture_whose_source_says_the_signature_fails_does_not_verify(name):
    assert [type(outcome) for outcome in outcomes(name)] == [InvalidProofError]


@pytest.mark.threat(17)
def test_an_unsigned_badge_has_no_proof():
    with pytest.raises(MalformedProofError) as caught:
        outcomes("openbadges/1edtech-validator/simple-noproof.json")
    assert caught.value.code == "proof.malformed.missing"


def test_a_draft_name_of_a_suite_is_unsupported_and_not_guessed():
    (outcome,) = outcomes("openbadges/1edtech-validator/simple-eddsa-2022.json")
    assert isinstance(outcome, UnsupportedProofError)
    assert "eddsa-2022" in str(outcome)
