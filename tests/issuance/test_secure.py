"""Securing a credential: what is signed is what was handed over, by the key of the issuer that it names."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import CREATED, DID, KEY, METHOD, badge, finished, profile, signed

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.documents import UnsecuredDocument
from node.issuance.errors import IssuerMismatchError, NotIssuableError, ProfileError
from node.issuance.secure import SigningProfile, secure, usual_suite
from node.ports import KeyNotHeldError
from node.proofs.cryptosuites import SUITES
from node.proofs.cryptosuites.usual import USUAL_SUITES
from node.proofs.data_integrity import verify_proof
from node.proofs.errors import DataLossError, InvalidProofError, ProofOptionsError
from node.proofs.proof import proofs_of
from node.verification.trust import NO_TRUST
from node.verification.vocabulary import vocabulary

VOCABULARY = vocabulary(NO_TRUST.contexts)
OTHER = PrivateKey(KeyType.ED25519, bytes(range(1, 33)))


def secured(document, signing=None, keys=None):
    held = HeldKeys({METHOD: KEY}) if keys is None else keys
    return finished(secure(UnsecuredDocument(document), signing or profile(), held, VOCABULARY, created=CREATED))


@pytest.mark.parametrize("kind", list(USUAL_SUITES))
def test_the_usual_suite_of_each_kind_of_key_makes_a_proof_that_holds(kind):
    key = PrivateKey.generate(kind)
    issuer = profile(key).issuer
    document = signed(badge(issuer=issuer), key=key)
    (proof,) = proofs_of(document)
    assert proof.raw["cryptosuite"] == usual_suite(kind)
    verify_proof(document, proof, key.public, jsonld=VOCABULARY.jsonld)


@pytest.mark.parametrize(
    "name", [name for name, suite in SUITES.items() if suite.creates and KeyType.ED25519 in suite.hashes]
)
def test_nothing_but_the_proof_is_added_and_the_document_is_not_touched(name):
    document = badge()
    before = copy.deepcopy(document)
    result = secured(document, profile(cryptosuite=name))
    proof = result.pop("proof")
    assert result == before == document
    assert (proof["verificationMethod"], proof["created"]) == (METHOD, "2026-06-12T14:03:00Z")


def test_the_proof_can_be_a_list_of_one():
    assert isinstance(secured(badge(), profile(proof_array=True))["proof"], list)
    assert isinstance(secured(badge(), profile())["proof"], dict)


def test_signing_is_the_same_each_time():
    assert secured(badge()) == secured(badge())


@pytest.mark.parametrize(
    "issuer", [None, 7, [], "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH", {"id": DID + "#x"}]
)
def test_the_key_signs_only_for_the_issuer_that_the_document_names(issuer):
    with pytest.raises((IssuerMismatchError, NotIssuableError)):
        secured(badge(issuer=issuer))


@pytest.mark.threat(20)
def test_a_profile_holds_together():
    with pytest.raises(ProfileError) as refused:
        SigningProfile(issuer="did:example:other", verification_method=METHOD, cryptosuite="eddsa-rdfc-2022")
    assert refused.value.code == "issuance.controller"
    with pytest.raises(ProfileError):
        usual_suite(KeyType.X25519)


def test_a_document_that_has_a_proof_is_not_signed_again():
    with pytest.raises(NotIssuableError) as refused:
        secured(signed())
    assert (refused.value.code, refused.value.path) == ("issuance.secured", "/proof")


@pytest.mark.threat(1)
@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
@given(
    path=st.sampled_from([(), ("issuer",), ("credentialSubject",), ("credentialSubject", "achievement")]),
    name=st.from_regex(r"[a-z]{3,12}Xq", fullmatch=True),
)
@settings(max_examples=20, deadline=None)
def test_an_undefined_member_is_never_signed_wherever_it_stands(suite, path, name):
    document = copy.deepcopy(badge())
    place = document
    for step in path:
        place = place[step]
    place[name] = "value"
    with pytest.raises(DataLossError) as refused:
        secured(document, profile(cryptosuite=suite))
    assert refused.value.path.endswith(name)


@pytest.mark.threat(24)
def test_a_suite_is_not_used_with_a_key_of_another_kind():
    with pytest.raises(ProofOptionsError):
        secured(badge(), profile(cryptosuite="ecdsa-rdfc-2019"))


def test_a_key_that_is_not_held_signs_nothing():
    with pytest.raises(KeyNotHeldError) as refused:
        secured(badge(), keys=HeldKeys({}))
    assert refused.value.code == "key_store.unknown"
    with pytest.raises(KeyNotHeldError):
        finished(HeldKeys({}).sign(METHOD, b""))


def test_a_store_that_signs_with_another_key_is_found_out_before_the_document_leaves():
    class Faulty:
        def public_key(self, verification_method):
            del verification_method
            return KEY.public

        async def sign(self, verification_method, data):
            del verification_method
            return await HeldKeys({METHOD: OTHER}).sign(METHOD, data)

    with pytest.raises(InvalidProofError):
        secured(badge(), keys=Faulty())


def test_held_keys_show_no_secret():
    assert KEY.raw.hex() not in repr(HeldKeys({METHOD: KEY}))
    assert "PrivateKey" not in repr(HeldKeys({METHOD: KEY}))
