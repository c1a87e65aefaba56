"""Base proofs and derived ones as parts of a document: what is made, what is refused, what verifies."""

import copy

import pytest
from integrity_support import PRIVATE_KEYS, bundled_jsonld, credential, options

from did_methods.multikey import KeyType
from node.proofs.bbs import signature as bbs_signature
from node.proofs.data_integrity import add_proof, verify_proof, verify_proofs
from node.proofs.disclosure import BBS, ECDSA_SD, derive_proof, prepare_base
from node.proofs.errors import InvalidProofError, MalformedProofError, ProofFailure, ProofOptionsError
from node.proofs.proof import proofs_of
from node.proofs.signatures import local_signer

KEYS = {ECDSA_SD: PRIVATE_KEYS[KeyType.P256], BBS: PRIVATE_KEYS[KeyType.BLS12_381_G2]}
MANDATORY = ["/issuer", "/validFrom"]
every_suite = pytest.mark.parametrize("suite", [ECDSA_SD, BBS])


def prepared(suite, document=None, mandatory=MANDATORY, *, array=False, **changes):
    key = KEYS[suite]
    given = options(key.type, cryptosuite=suite, **changes)
    return prepare_base(document or credential(), given, key.public, mandatory, jsonld=bundled_jsonld(), array=array)


def signed(suite, unsigned):
    if unsigned.messages is None:
        return local_signer(KEYS[suite]).sign(unsigned.data)
    return bbs_signature.sign(KEYS[suite], unsigned.data, unsigned.messages)


def base(suite, *arguments, **changes):
    unsigned = prepared(suite, *arguments, **changes)
    return unsigned.complete(signed(suite, unsigned))


def verified(suite, document):
    (proof,) = proofs_of(document)
    return verify_proof(document, proof, KEYS[suite].public, jsonld=bundled_jsonld())


@every_suite
def test_what_is_derived_verifies_and_says_what_it_covers(suite):
    document = base(suite)
    derived = derive_proof(document, ["/credentialSubject"], jsonld=bundled_jsonld(), presentation_header=b"p")
    found = verified(suite, derived)
    assert found.proof.derived
    if suite == ECDSA_SD:
        again = derive_proof(document, ["/credentialSubject/id"], jsonld=bundled_jsonld())
        other = verified(suite, again)
        assert (found.covers, found.presentation_header) == ("mandatory", None)
        assert (other.hash_data, other.signature) == (found.hash_data, found.signature)
        assert found.signature
    else:
        assert (found.covers, found.hash_data, found.signature) == ("nothing", b"", b"")
        assert found.presentation_header == b"p"


@every_suite
def test_a_base_proof_is_not_shown(suite):
    document = base(suite)
    with pytest.raises(MalformedProofError) as refused:
        verified(suite, document)
    assert refused.value.code == "proof.malformed.base_proof"
    assert "derive" in refused.value.remedy


@every_suite
def test_an_array_stays_an_array(suite):
    document = base(suite, array=True)
    derived = derive_proof(document, ["/credentialSubject"], jsonld=bundled_jsonld())
    assert isinstance(document["proof"], list)
    assert isinstance(derived["proof"], list)
    assert verified(suite, derived)


@every_suite
def test_arguments_are_not_changed(suite):
    document = credential()
    before = copy.deepcopy(document)
    secured = base(suite, document)
    kept = copy.deepcopy(secured)
    derive_proof(secured, ["/credentialSubject"], jsonld=bundled_jsonld())
    assert document == before
    assert secured == kept


@every_suite
def test_a_signature_by_another_key_is_not_written(suite):
    unsigned = prepared(suite)
    wrong = bytearray(signed(suite, unsigned))
    wrong[-1] ^= 1
    with pytest.raises(ProofFailure):
        unsigned.complete(bytes(wrong))


@every_suite
def test_what_a_proof_says_of_itself_is_signed(suite):
    derived = derive_proof(base(suite), ["/credentialSubject"], jsonld=bundled_jsonld())
    derived["proof"]["created"] = "2020-01-01T00:00:00Z"
    with pytest.raises(InvalidProofError):
        verified(suite, derived)


@every_suite
@pytest.mark.parametrize("member", ["@context", "previousProof"])
def test_members_that_the_suite_does_not_treat_are_refused(suite, member):
    derived = derive_proof(base(suite), ["/credentialSubject"], jsonld=bundled_jsonld())
    if member == "@context":
        derived["proof"]["@context"] = ["https://www.w3.org/2018/credentials/v1"]
        with pytest.raises(MalformedProofError):
            verified(suite, derived)
        return
    eddsa = add_proof(
        credential(),
        options(id="urn:example:first"),
        local_signer(PRIVATE_KEYS[KeyType.ED25519]),
        jsonld=bundled_jsonld(),
    )["proof"]
    derived["proof"] = [eddsa, {**derived["proof"], "previousProof": "urn:example:first"}]
    proofs = proofs_of(derived)
    keys = {"/proof/0": PRIVATE_KEYS[KeyType.ED25519].public, "/proof/1": KEYS[suite].public}
    results = verify_proofs(derived, proofs, keys, jsonld=bundled_jsonld())
    assert all(isinstance(result.outcome, Exception) for result in results)


@every_suite
def test_what_must_not_be_signed_is_refused(suite):
    with pytest.raises(ProofOptionsError) as refused:
        prepared(suite, base(suite))
    assert refused.value.code == "proof.options.alone"
    with pytest.raises(ProofOptionsError):
        prepared(suite, mandatory=["/absent"])
    with pytest.raises(ProofOptionsError):
        prepared(suite, verification_method="no URL")
    other = KEYS[BBS if suite == ECDSA_SD else ECDSA_SD]
    with pytest.raises(ProofOptionsError) as refused:
        prepare_base(credential(), options(cryptosuite=suite), other.public, MANDATORY, jsonld=bundled_jsonld())
    assert refused.value.code == "proof.options.key_type"


def test_other_suites_make_no_base_proofs():
    with pytest.raises(ProofOptionsError) as refused:
        prepare_base(credential(), options(), PRIVATE_KEYS[KeyType.ED25519].public, MANDATORY, jsonld=bundled_jsonld())
    assert refused.value.code == "proof.options.cryptosuite"


def test_nothing_is_derived_from_a_whole_proof():
    document = add_proof(credential(), options(), local_signer(PRIVATE_KEYS[KeyType.ED25519]), jsonld=bundled_jsonld())
    with pytest.raises(MalformedProofError) as refused:
        derive_proof(document, ["/credentialSubject"], jsonld=bundled_jsonld())
    assert refused.value.code == "proof.malformed.no_base_proof"
