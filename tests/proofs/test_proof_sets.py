"""Several proofs on one document: each is reported, chains hold together, and a good proof never covers a bad one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from integrity_support import (
    PRIVATE_KEYS,
    bundled_jsonld,
    credential,
    did_key_method,
    judged,
    keys_of,
    kinds,
    options,
    outcomes,
    secured,
)

from did_methods.curves import KeyType
from did_methods.multibase import encode_base58btc
from did_methods.multikey import PrivateKey
from node.proofs.data_integrity import VerifiedProof, add_proof, verify_proof, verify_proofs
from node.proofs.errors import (
    CanonicalizationBudgetError,
    InvalidProofError,
    ProofIndeterminate,
    UnsupportedProofError,
)
from node.proofs.hashing import DocumentHashes
from node.proofs.proof import MAX_PROOFS, proofs_of
from node.proofs.signatures import local_signer

ED25519 = PRIVATE_KEYS[KeyType.ED25519]


@pytest.mark.threat(17)
def test_each_proof_of_a_set_is_reported_and_a_good_one_never_covers_a_bad_one():
    """{issuer's bad, attacker's good}: two results, and nothing that says "one of them holds"."""
    attacker = PrivateKey.generate(KeyType.ED25519)
    document = secured()
    document["credentialSubject"]["name"] = "Eve"
    document = add_proof(
        document,
        options(verification_method=did_key_method(attacker.public)),
        local_signer(attacker),
        jsonld=bundled_jsonld(),
    )
    issuers, attackers = outcomes(document)
    assert isinstance(issuers, InvalidProofError)
    assert (issuers.code, issuers.path) == ("proof.invalid", "/proof/0")
    assert isinstance(attackers, VerifiedProof)
    assert attackers.key == attacker.public != ED25519.public


def test_a_proof_of_unknown_kind_or_without_a_key_is_indeterminate_and_does_not_hinder_the_others():
    document = secured(secured(array=True), nonce="2")
    document["proof"].append({"type": "MerkleProof2019", "proofValue": "z"})
    keys = keys_of(proofs_of(document))
    del keys["/proof/1"]
    first, second, third = outcomes(document, keys)
    assert isinstance(first, VerifiedProof)
    assert (type(second), second.code, second.path) == (ProofIndeterminate, "proof.indeterminate.key", "/proof/1")
    assert (type(third), third.path) == (UnsupportedProofError, "/proof/2")


@pytest.mark.threat(11)
def test_a_poisonous_document_is_paid_for_once_and_not_by_each_proof():
    class Poisonous:
        """Stands for a document whose RDF is a clique of blank nodes."""

        asked = 0

        def to_rdf(self, _document):
            self.asked += 1
            return [(f"_:b{i}", "<urn:p>", f"_:b{j}", "") for i in range(9) for j in range(9) if i != j]

    document = secured(id="urn:p:0", array=True)
    document["proof"] += [
        document["proof"][0] | {"id": f"urn:p:{number}", "previousProof": f"urn:p:{number - 1}"}
        for number in range(1, MAX_PROOFS)
    ]
    proofs, jsonld = proofs_of(document), Poisonous()
    hashes = DocumentHashes(document, jsonld=jsonld)
    for proof in proofs:
        with pytest.raises(CanonicalizationBudgetError):
            verify_proof(document, proof, ED25519.public, jsonld=jsonld, hashes=hashes)
    assert jsonld.asked == 1
    results = verify_proofs(document, proofs, keys_of(proofs), jsonld=jsonld)
    assert all(isinstance(result.outcome, ProofIndeterminate) for result in results)
    assert jsonld.asked == 2


def test_what_identifies_a_proof_differs_for_every_document_and_proof():
    first, second = judged(secured()), judged(secured(nonce="2"))
    assert first.hash_data != second.hash_data
    assert first.hash_data[32:] == second.hash_data[32:], "the document's half is the same"
    assert first.signature != second.signature


@pytest.mark.threat(111)
def test_the_high_s_twin_has_the_same_identity():
    document = secured(type_=KeyType.P256)
    key = PRIVATE_KEYS[KeyType.P256].public
    low = judged(document, key)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    twin = low.signature[:32] + (order - int.from_bytes(low.signature[32:])).to_bytes(32)
    document["proof"]["proofValue"] = encode_base58btc(twin)
    high = judged(document, key)
    assert (high.signature, high.hash_data) == (low.signature, low.hash_data)


GRAPHS = st.integers(1, 5).flatmap(
    lambda size: st.tuples(*(st.sets(st.integers(0, max(0, index - 1)), max_size=index) for index in range(size)))
)


def descendants(edges, root):
    found = {root}
    for index, named in enumerate(edges):
        if found & named:
            found.add(index)
    return found


def secured_graph(edges, suites):
    document = credential()
    for index, named in enumerate(edges):
        previous = tuple(f"urn:p:{other}" for other in sorted(named)) or None
        document = secured(
            document, id=f"urn:p:{index}", previous_proof=previous, cryptosuite=suites[index], array=True
        )
    return document


@pytest.mark.threat(18)
@settings(max_examples=60, deadline=None)
@given(
    edges=GRAPHS,
    suites=st.lists(st.sampled_from(["eddsa-rdfc-2022", "eddsa-jcs-2022"]), min_size=5, max_size=5),
    data=st.data(),
)
def test_an_altered_proof_takes_all_that_build_on_it_along_and_no_other(edges, suites, data):
    document = secured_graph(edges, suites)
    assert kinds(document) == [VerifiedProof] * len(edges)
    root = data.draw(st.integers(0, len(edges) - 1))
    document["proof"][root]["nonce"] = "altered"
    broken = descendants(edges, root)
    for index, outcome in enumerate(outcomes(document)):
        if index in broken:
            assert outcome.code == ("proof.invalid" if index == root else "proof.invalid.previous")
        else:
            assert isinstance(outcome, VerifiedProof)


@settings(max_examples=40, deadline=None)
@given(edges=GRAPHS, data=st.data())
def test_the_order_in_which_rdf_proofs_stand_means_nothing(edges, data):
    document = secured_graph(edges, ["eddsa-rdfc-2022"] * 5)
    document["proof"] = data.draw(st.permutations(document["proof"]))
    assert kinds(document) == [VerifiedProof] * len(edges)


def test_a_proof_over_one_that_fails_or_cannot_be_checked_does_not_hold():
    document = secured(secured(id="urn:p:0"), id="urn:p:1", previous_proof="urn:p:0")
    document = secured(document, previous_proof=("urn:p:1",))
    keys = keys_of(proofs_of(document))
    assert [type(outcome) for outcome in outcomes(document, keys)] == [VerifiedProof] * 3
    wrong = keys | {"/proof/0": PrivateKey.generate(KeyType.ED25519).public}
    found = outcomes(document, wrong)
    assert [outcome.code for outcome in found] == ["proof.invalid", "proof.invalid.previous", "proof.invalid.previous"]
    assert found[1].path == "/proof/1/previousProof"
    del wrong["/proof/0"]
    assert [outcome.code for outcome in outcomes(document, wrong)] == [
        "proof.indeterminate.key",
        "proof.indeterminate.previous",
        "proof.indeterminate.previous",
    ]


def test_swapping_the_proof_under_a_notary_is_found_out():
    """The notary signed over the issuer's first proof; another proof under the same id does not fit."""
    notarised = secured(secured(id="urn:p:0"), previous_proof="urn:p:0")
    other = secured(id="urn:p:0", nonce="another signing")
    notarised["proof"][0] = other["proof"]
    first, second = outcomes(notarised)
    assert isinstance(first, VerifiedProof)
    assert isinstance(second, InvalidProofError)
