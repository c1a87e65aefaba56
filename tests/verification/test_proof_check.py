"""Check 4: which proofs count, and what each outcome of theirs makes of the document."""

import copy

import pytest
from verification_support import (
    AT,
    ISSUER,
    MALLORY,
    Party,
    badge,
    credential,
    found,
    gathered,
    judged,
    one,
    outcomes,
    party,
)

from did_methods.multikey import KeyType, PrivateKey
from node.verification.check import CheckName
from node.verification.wording import wording

COUNTERFEIT = "z" + "2" * 88


def _proofs(entry):
    return entry.check(CheckName.PROOF).evidence["proofs"]


def _bad(signed):
    """The same document with a proof that does not hold."""
    return {**signed, "proof": {**signed["proof"], "proofValue": party(31).sign(credential())["proof"]["proofValue"]}}


@pytest.mark.parametrize(
    ("suite", "key_type"),
    [
        ("eddsa-rdfc-2022", KeyType.ED25519),
        ("eddsa-jcs-2022", KeyType.ED25519),
        ("ecdsa-rdfc-2019", KeyType.P256),
        ("ecdsa-rdfc-2019", KeyType.P384),
        ("ecdsa-jcs-2019", KeyType.P256),
        ("ecdsa-jcs-2019", KeyType.P384),
    ],
)
def test_each_suite(suite, key_type):
    issuer = Party(PrivateKey(key_type, b"\x05" * (48 if key_type is KeyType.P384 else 32)))
    signed = issuer.sign(badge(issuer), suite)
    entry = one(signed)
    assert (found(entry, "proof"), found(entry, "issuer_key")[0]) == (("passed", "proof.passed"), "passed")
    altered = copy.deepcopy(signed)
    altered["credentialSubject"]["achievement"]["name"] = "MIG welding, master level"
    entry = one(altered)
    assert found(entry, "proof")[0] == "failed"
    assert (entry.verdict, entry.sentence) == ("rejected", "altered")


@pytest.mark.threat(17)
def test_an_attackers_good_proof_does_not_make_up_for_the_issuers_bad_one():
    good = MALLORY.sign(credential())
    bad = _bad(ISSUER.sign(credential()))
    for proofs in ([bad["proof"], good["proof"]], [good["proof"], bad["proof"]]):
        entry = one({**credential(), "proof": proofs})
        assert found(entry, "proof")[0] == "failed"
        assert (entry.verdict, entry.sentence) == ("rejected", "altered")
        assert sorted((proof["counts"], proof["signature"]["outcome"]) for proof in _proofs(entry)) == [
            (False, "passed"),
            (True, "failed"),
        ]


@pytest.mark.threat(17)
@pytest.mark.parametrize("attackers", [1, 7])
def test_extra_proofs_are_shown_and_change_nothing(attackers):
    signed = ISSUER.sign(credential())
    for index in range(attackers):
        signed = party(40 + index).sign(signed)
    entry = one(signed)
    assert entry.verdict == "accepted"
    assert [proof["counts"] for proof in _proofs(entry)] == [True] + [False] * attackers
    signed["proof"][1]["proofValue"] = signed["proof"][0]["proofValue"]
    entry = one(signed)
    assert entry.verdict == "accepted"
    assert _proofs(entry)[1]["signature"]["outcome"] == "failed"


@pytest.mark.threat(17)
@pytest.mark.parametrize("count", [0, 9, 200])
def test_no_proof_or_more_than_one_document_may_have(count):
    proof = ISSUER.sign(credential())["proof"]
    entry = one({**credential(), "proof": [proof] * count})
    assert entry.verdict != "accepted"
    assert not entry.check(CheckName.STRUCTURE).passed


@pytest.mark.threat(17)
def test_a_bad_proof_by_the_issuers_own_key_counts_against_it():
    signed = ISSUER.sign(credential())
    entry = one({**credential(), "proof": [signed["proof"], _bad(signed)["proof"]]})
    assert (entry.verdict, entry.sentence) == ("rejected", "altered")


@pytest.mark.threat(17)
def test_only_others_have_signed():
    signed = party(33).sign(MALLORY.sign(credential()))
    entry = one(signed)
    assert found(entry, "issuer_key")[0] == "failed"
    assert found(entry, "proof") == ("indeterminate", "proof.not_by_issuer")
    assert entry.verdict == "rejected"


@pytest.mark.threat(18)
@pytest.mark.parametrize("previous", ["urn:uuid:absent", ["urn:x:1", "urn:x:2"]])
def test_a_chain_with_a_gap_is_no_document(previous):
    signed = ISSUER.sign(credential())
    signed["proof"]["previousProof"] = previous
    assert one(signed).sentence == "malformed"


def test_a_chain_holds_only_with_what_it_builds_on():
    signed = ISSUER.sign(credential(), id="urn:x:1")
    chained = ISSUER.sign(signed, previous_proof="urn:x:1")
    assert one(chained).verdict == "accepted"
    chained["proof"][0]["created"] = "2025-01-01T00:00:00Z"
    assert one(chained).sentence == "altered"


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ({"cryptosuite": "example-2099"}, ISSUER.method),
        ({"cryptosuite": "ecdsa-xi-2023"}, ISSUER.method),
        ({"type": "BbsBlsSignature2020", "cryptosuite": None}, ISSUER.method),
        ({"type": "MerkleProof2019", "cryptosuite": None, "verificationMethod": None, "proofPurpose": None}, None),
    ],
)
def test_a_kind_of_proof_that_is_not_known_is_neither_right_nor_wrong(kind, method):
    signed = ISSUER.sign(credential())
    signed["proof"] = {name: value for name, value in {**signed["proof"], **kind}.items() if value is not None}
    entry = one(signed)
    assert found(entry, "proof") == ("indeterminate", "proof.unsupported.cryptosuite")
    assert found(entry, "issuer_key")[0] == ("passed" if method else "indeterminate")
    assert (entry.verdict, entry.sentence) == ("cannot_tell", "cannot_tell")


def test_one_kind_of_proof_that_is_known_is_enough():
    signed = ISSUER.sign(credential())
    other = {**signed["proof"], "cryptosuite": "example-2099"}
    entry = one({**signed, "proof": [other, signed["proof"]]})
    assert entry.verdict == "accepted"
    assert [proof["signature"]["outcome"] for proof in _proofs(entry)] == ["indeterminate", "passed"]


@pytest.mark.threat(12)
def test_a_document_with_more_statements_than_are_read_is_not_called_a_forgery():
    signed = ISSUER.sign(badge())
    signed["evidence"] = [{"type": ["Evidence"], "name": "x"}] * 6000
    entry = one(signed)
    assert found(entry, "context") == ("indeterminate", "context.quads")
    assert found(entry, "proof") == ("indeterminate", "proof.not_run")
    assert (entry.verdict, entry.sentence) == ("cannot_tell", "cannot_tell")
    said = wording(judged(signed), "en")
    assert said.sentence == "We cannot tell: it is larger than what we check."


def test_a_proof_value_that_is_no_value():
    for value in ("z", "u123", COUNTERFEIT, "z0OIl", "not multibase"):
        signed = ISSUER.sign(credential())
        signed["proof"]["proofValue"] = value
        entry = one(signed)
        assert found(entry, "proof")[0] == "failed"
        assert entry.sentence == "altered"


def test_a_key_that_does_not_go_with_the_suite():
    signed = ISSUER.sign(credential())
    signed["proof"]["cryptosuite"] = "ecdsa-rdfc-2019"
    entry = one(signed)
    assert found(entry, "proof") == ("failed", "proof.invalid.key_type")


def test_every_check_answers_for_itself():
    """One report in which each outcome but one occurs side by side."""
    entry = one(ISSUER.sign(credential(credentialStatus={"type": "BitstringStatusListEntry"}), "eddsa-jcs-2022"))
    assert outcomes(entry) == {
        "structure": "passed",
        "context": "passed",
        "issuer_key": "passed",
        "proof": "passed",
        "validity": "passed",
        "status": "indeterminate",
        "anchor": "not_applicable",
        "holder": "indeterminate",
        "authority": "indeterminate",
        "class": "indeterminate",
    }
    assert (entry.verdict, entry.sentence) == ("cannot_tell", "cannot_tell")


def test_judging_needs_a_time_with_a_zone():
    with pytest.raises(ValueError, match="zone"):
        judged(ISSUER.sign(credential()), at=AT.replace(tzinfo=None), material=gathered())
