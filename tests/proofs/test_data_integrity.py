"""Adding a proof and verifying it: options, shapes, contexts, and what must never be signed."""

import copy
from datetime import UTC, datetime, timedelta, timezone

import pytest
from integrity_support import (
    CREATED,
    PRIVATE_KEYS,
    bundled_jsonld,
    credential,
    judged,
    kinds,
    options,
    secured,
)

from did_methods.curves import KeyType
from did_methods.multibase import decode_base58btc
from did_methods.multikey import PrivateKey
from node.proofs.data_integrity import VerifiedProof, add_proof, prepare
from node.proofs.errors import (
    InvalidProofError,
    JsonLdError,
    MalformedProofError,
    ProofOptionsError,
    UnknownContextError,
)
from node.proofs.options import ProofOptions
from node.proofs.proof import MAX_PROOFS
from node.proofs.signatures import Signer, local_signer, sign

ED25519 = PRIVATE_KEYS[KeyType.ED25519]
JCS = {"cryptosuite": "eddsa-jcs-2022"}


# --- adding ------------------------------------------------------------------------------------------------------


EVERY_OPTION = {
    "id": "urn:uuid:0d9b6c57-1d1f-4d0f-bb0b-111111111111",
    "expires": CREATED + timedelta(days=30),
    "proof_purpose": "authentication",
    "domain": ("verifier.example", "other.example"),
    "challenge": "c-1",
    "nonce": "n-1",
}


@pytest.mark.parametrize("changes", [{}, JCS], ids=["rdfc", "jcs"])
def test_every_option_is_written_and_signed(changes):
    document = secured(**EVERY_OPTION, **changes)
    proof = document["proof"]
    assert proof["created"] == "2026-03-01T12:00:00Z"
    assert proof["expires"] == "2026-03-31T12:00:00Z"
    assert proof["domain"] == ["verifier.example", "other.example"]
    assert (proof["proofPurpose"], proof["challenge"], proof["nonce"]) == ("authentication", "c-1", "n-1")
    assert judged(document).covers == "document"
    for name, value in proof.items():
        if name in ("type", "cryptosuite", "proofValue", "@context"):
            continue
        altered = copy.deepcopy(document)
        altered["proof"][name] = value[:1] if isinstance(value, list) else value + "0"
        with pytest.raises((InvalidProofError, JsonLdError)):
            judged(altered)
        if name not in ("verificationMethod", "proofPurpose"):
            del altered["proof"][name]
            with pytest.raises(InvalidProofError):
                judged(altered)


@pytest.mark.parametrize(
    "purpose",
    ["assertionMethod", "authentication", "keyAgreement", "capabilityInvocation", "capabilityDelegation"],
)
def test_every_purpose_can_be_stated(purpose):
    assert judged(secured(proof_purpose=purpose)).proof.proof_purpose == purpose


@pytest.mark.parametrize(
    ("created", "written"),
    [
        (datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone(timedelta(hours=2))), "2026-03-01T10:00:00Z"),
        (datetime(2026, 3, 1, 12, 0, 0, 500000, tzinfo=UTC), "2026-03-01T12:00:00.500000Z"),
        (datetime(33, 3, 1, tzinfo=UTC), "0033-03-01T00:00:00Z"),
    ],
)
def test_times_are_written_in_utc(created, written):
    assert secured(created=created)["proof"]["created"] == written


@pytest.mark.parametrize("type_", [KeyType.ED25519, KeyType.P256, KeyType.P384])
def test_a_proof_by_each_key_type_verifies(type_):
    document = secured(type_=type_)
    verified = judged(document, PRIVATE_KEYS[type_].public)
    assert len(verified.hash_data) == (96 if type_ is KeyType.P384 else 64)
    assert decode_base58btc(document["proof"]["proofValue"]) == verified.signature


def test_the_shape_of_proof_follows_the_caller():
    single, listed = secured(), secured(array=True)
    assert isinstance(single["proof"], dict)
    assert listed["proof"] == [single["proof"]]
    for first in (single, listed):
        for array in (False, True):
            both = secured(first, nonce="2", array=array)
            assert isinstance(both["proof"], list)
            assert both["proof"][0] == single["proof"]
            assert kinds(both) == [VerifiedProof] * 2


def test_nothing_handed_over_is_changed_and_nothing_returned_is_shared():
    document = secured(array=True)
    before = copy.deepcopy(document)
    unsigned = prepare(document, options(nonce="2"), ED25519.public, jsonld=bundled_jsonld())
    signature = sign(ED25519, unsigned.hash_data, hash_name=unsigned.hash_name)
    assert document == before
    document["credentialSubject"]["name"] = "Eve"
    document["proof"].clear()
    result = unsigned.complete(signature)
    assert kinds(result) == [VerifiedProof] * 2
    assert result["credentialSubject"]["name"] == "Ada"
    again = unsigned.complete(signature)
    assert again == result
    assert again["proof"] is not result["proof"]


def test_a_remote_signer_gets_the_hash_data_and_its_answer_is_checked():
    unsigned = prepare(credential(), options(KeyType.P256), PRIVATE_KEYS[KeyType.P256].public, jsonld=bundled_jsonld())
    signature = sign(PRIVATE_KEYS[KeyType.P256], unsigned.hash_data, hash_name="sha256")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    high = signature[:32] + (order - int.from_bytes(signature[32:])).to_bytes(32)
    assert unsigned.complete(high) == unsigned.complete(signature), "whatever the signer returns, a low s is written"
    for bad in (b"", signature[:-1], bytes(64), signature[:-1] + bytes([signature[-1] ^ 1])):
        with pytest.raises(InvalidProofError):
            unsigned.complete(bad)


def test_a_signer_that_holds_another_key_is_found_out():
    liar = Signer(key=ED25519.public, sign=local_signer(PrivateKey.generate(KeyType.ED25519)).sign)
    with pytest.raises(InvalidProofError):
        add_proof(credential(), options(), liar, jsonld=bundled_jsonld())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cryptosuite": "eddsa-2022"}, "cryptosuite"),
        ({"cryptosuite": "Ed25519Signature2020"}, "cryptosuite"),
        ({"cryptosuite": ""}, "cryptosuite"),
        ({"cryptosuite": "ecdsa-rdfc-2019"}, "key_type"),
        ({"created": datetime(2026, 3, 1)}, "created"),  # noqa: DTZ001 - that it has no zone is the point
        ({"expires": datetime(2026, 3, 1)}, "expires"),  # noqa: DTZ001 - likewise
        ({"verification_method": "key-1"}, "verification_method"),
        ({"verification_method": ""}, "verification_method"),
        ({"verification_method": None}, "verification_method"),
        ({"proof_purpose": ""}, "proof_purpose"),
        ({"proof_purpose": None}, "proof_purpose"),
        ({"proof_purpose": 5}, "proof_purpose"),
        ({"domain": ()}, "domain"),
        ({"domain": ("a", "a")}, "domain"),
        ({"domain": ""}, "domain"),
        ({"challenge": ""}, "challenge"),
        ({"nonce": 7}, "nonce"),
        ({"id": "proof-1"}, "id"),
        ({"previous_proof": "urn:p:absent"}, "previous_missing"),
        ({"previous_proof": ()}, "previous_proof"),
        ({"id": "urn:p:1", "previous_proof": "urn:p:1"}, "cycle"),
    ],
    ids=str,
)
@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
def test_what_no_verifier_would_take_is_not_signed(changes, code, suite):
    with pytest.raises(ProofOptionsError) as caught:
        secured(**{"cryptosuite": suite} | changes)
    assert caught.value.code == f"proof.options.{code}"
    assert caught.value.remedy


def test_an_id_that_is_taken_and_a_ninth_proof_are_not_signed():
    document = secured(id="urn:p:0")
    with pytest.raises(ProofOptionsError) as caught:
        secured(document, id="urn:p:0")
    assert caught.value.code == "proof.options.duplicate_id"
    for number in range(1, MAX_PROOFS):
        document = secured(document, id=f"urn:p:{number}")
    assert kinds(document) == [VerifiedProof] * MAX_PROOFS
    with pytest.raises(ProofOptionsError) as caught:
        secured(document)
    assert caught.value.code == "proof.options.full"


@pytest.mark.parametrize("proof", [None, [], [1], {"type": "DataIntegrityProof"}])
def test_nothing_is_added_beside_a_broken_proof(proof):
    with pytest.raises(MalformedProofError):
        secured(credential() | {"proof": proof})


@pytest.mark.threat(1)
def test_a_document_with_an_undefined_term_is_neither_signed_nor_verified_by_rdf():
    document = credential()
    document["credentialSubject"]["grade"] = "A"
    with pytest.raises(JsonLdError):
        secured(document)
    signed = secured()
    signed["credentialSubject"]["grade"] = "A"
    with pytest.raises(JsonLdError):
        judged(signed)
    assert judged(secured(document, **JCS)), "JCS signs it: the text is covered, whatever it means"


@pytest.mark.threat(1)
def test_an_undefined_member_of_the_proof_is_not_verified_and_reported_where_it_stands():
    document = secured(array=True)
    document["proof"][0]["grade"] = "A"
    with pytest.raises(JsonLdError) as caught:
        judged(document)
    assert caught.value.path == "/proof/0/grade"


def test_a_context_that_is_not_known_is_reported_in_the_document():
    document = credential()
    document["@context"].append("https://unknown.example/v1")
    with pytest.raises(UnknownContextError) as caught:
        secured(document)
    assert not caught.value.path.startswith("/proof")


def test_vc_1_documents_need_the_context_that_defines_the_proof():
    document = {
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "issuanceDate": "2026-03-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:learner"},
    }
    with pytest.raises(JsonLdError) as caught:
        secured(document)
    assert caught.value.path.startswith("/proof/")
    document["@context"].append("https://w3id.org/security/data-integrity/v2")
    assert judged(secured(document))


def test_a_presentation_is_secured_with_its_credentials():
    presentation = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": "did:example:learner",
        "verifiableCredential": [secured()],
    }
    document = secured(presentation, proof_purpose="authentication", challenge="1", domain="verifier.example")
    assert judged(document).proof.challenge == "1"
    document["verifiableCredential"][0]["name"] = "Other"
    with pytest.raises(InvalidProofError):
        judged(document)


# --- contexts of JCS proofs --------------------------------------------------------------------------------------


DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v2"


@pytest.mark.threat(6)
def test_a_jcs_proof_carries_the_contexts_and_the_document_begins_with_them():
    document = secured(**JCS)
    assert document["proof"]["@context"] == document["@context"]
    assert document["proof"]["@context"] is not document["@context"]
    appended = copy.deepcopy(document)
    appended["@context"].append(DATA_INTEGRITY)
    assert judged(document).appended_contexts == ()
    assert judged(appended).appended_contexts == (DATA_INTEGRITY,), "allowed by the suite, and told"
    for contexts in ([DATA_INTEGRITY, *document["@context"]], [DATA_INTEGRITY], [], None, ...):
        altered = copy.deepcopy(document)
        if contexts is ...:
            del altered["@context"]
        else:
            altered["@context"] = contexts
        with pytest.raises(InvalidProofError) as caught:
            judged(altered)
        assert (caught.value.code, caught.value.path) == ("proof.invalid.context", "/proof/@context")


def test_contexts_are_compared_as_json():
    """Python takes 1 for true: a document whose inline context says 1 is not the one that was signed."""
    document = credential()
    document["@context"].append({"@protected": True})
    signed = secured(document, **JCS)
    assert judged(signed)
    signed["@context"][1]["@protected"] = 1
    with pytest.raises(InvalidProofError) as caught:
        judged(signed)
    assert caught.value.code == "proof.invalid.context"


def test_the_contexts_that_a_jcs_proof_carries_are_signed():
    document = secured(**JCS)
    for context in ("https://www.w3.org/ns/credentials/v2", []):
        altered = copy.deepcopy(document)
        altered["proof"]["@context"] = context
        with pytest.raises(InvalidProofError) as caught:
            judged(altered)
        assert caught.value.code == "proof.invalid"


def test_a_jcs_document_may_have_no_context_at_all():
    document = secured({"name": "plain JSON"}, **JCS)
    assert "@context" not in document["proof"]
    assert judged(document)


def test_an_rdf_proof_may_repeat_the_contexts_of_the_document_and_name_no_others():
    document = secured()
    document["proof"]["@context"] = list(document["@context"])
    assert judged(document)
    for contexts in ([*document["@context"], DATA_INTEGRITY], [DATA_INTEGRITY], []):
        document["proof"]["@context"] = contexts
        with pytest.raises(MalformedProofError) as caught:
            judged(document)
        assert (caught.value.code, caught.value.path) == ("proof.malformed.context", "/proof/@context")


def test_options_are_frozen():
    given_options = options()
    with pytest.raises(AttributeError):
        given_options.nonce = "x"
    assert isinstance(given_options, ProofOptions)
