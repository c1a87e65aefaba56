"""Records on chains that an issuer names: soundly, where nobody hides them, and not where nothing can be anchored."""

import pytest
from disclosure_support import FORMS, JSONLD, badge, issued
from hypothesis import given
from hypothesis import strategies as st
from ledger_support import NAME, naming
from micro_credential_support import sample
from samples import finished
from verification_support import AT, HOLDER, ISSUER, Party, one

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.credentials.micro_credential.readers.sd_jwt import EUDI, WE_BUILD
from node.credentials.record_name import Promise, RecordName, named_records, with_records
from node.documents import UnsecuredDocument
from node.issuance.disclosable import Disclosure
from node.issuance.errors import NotIssuableError
from node.issuance.secure import Signing, SigningProfile
from node.issuance.selective_token import secure_as_sd_jwt
from node.issuance.token import secure_as_token
from node.verification.check import CheckName
from node.verification.received import receive
from node.verification.trust import NO_TRUST
from node.wallet.derive import derive

HEADS = RecordName(NAME.chain_id, NAME.contract, NAME.namespace, Promise.HEADS)
MALFORMED = [str(NAME)[:-1], str(NAME).replace("eip155", "EIP155"), f"{NAME}/tails"]
SIGNING = Signing(
    SigningProfile(ISSUER.did, ISSUER.method, "eddsa-rdfc-2022", disclosure=Disclosure()),
    HeldKeys({ISSUER.method: ISSUER.private}),
    NO_TRUST,
)


def _document(evidence):
    made = sample()
    made["issuer"]["id"] = ISSUER.did
    made["credentialSubject"]["id"] = HOLDER.did
    return UnsecuredDocument({**made, "evidence": evidence})


SIGN = {
    "proof": lambda document: finished(SIGNING.secure(document, created=AT)),
    "jwt": lambda document: finished(secure_as_token(document, SIGNING, created=AT)),
    "sd-jwt": lambda document: finished(secure_as_sd_jwt(document, SIGNING, created=AT)).text,
    "sd-jwt-vc": lambda document: finished(secure_as_sd_jwt(document, SIGNING, created=AT, vct=EUDI)).text,
    "we-build": lambda document: finished(secure_as_sd_jwt(document, SIGNING, created=AT, vct=WE_BUILD)).text,
}


@pytest.mark.parametrize("text", MALFORMED)
@pytest.mark.parametrize("form", SIGN)
def test_a_name_that_no_verifier_would_find_is_not_signed(form, text):
    with pytest.raises(NotIssuableError) as caught:
        SIGN[form](_document(naming(text)))
    assert (caught.value.code, caught.value.path) == ("issuance.record", "/evidence")
    assert caught.value.remedy


@pytest.mark.parametrize("form", SIGN)
def test_what_is_named_is_found_in_every_form(form):
    signed = SIGN[form](_document(naming(NAME, HEADS)))
    assert one(signed, at=AT).check(CheckName.ANCHOR).code == "anchor.unknown_network"
    assert named_records(receive(signed).value["evidence"]).names == (NAME, HEADS)


@pytest.mark.parametrize("form", ["sd-jwt", "sd-jwt-vc", "we-build"])
def test_no_holder_of_a_token_can_hide_it(form):
    bare = SIGN[form](_document(naming(NAME))).split("~")[0] + "~"
    assert named_records(receive(bare).value["evidence"]).names == (NAME,)


def test_no_holder_of_a_credential_can_hide_it():
    entries = [{"id": "https://school.example/video", "type": ["Evidence"], "name": "A video"}, *naming(NAME, HEADS)]
    derived = derive(issued("ecdsa-sd", badge("ecdsa-sd", evidence=entries)), ("/name",), jsonld=JSONLD).credential
    assert named_records(derived["evidence"]).names == (NAME, HEADS)
    assert "video" not in str(derived["evidence"])


def test_what_cannot_be_linked_promises_no_anchor():
    with pytest.raises(NotIssuableError) as caught:
        issued("bbs", badge("bbs", evidence=naming(NAME)))
    assert caught.value.code == "issuance.record"
    assert "ecdsa-sd" in caught.value.remedy
    assert issued("bbs", badge("bbs", evidence=naming(HEADS)))  # heads are of its lists, not of itself
    assert "bbs" in FORMS


def test_somebody_elses_evidence_is_signed_as_ever():
    account = str(NAME).partition("#")[0]
    document = finished(SIGNING.secure(_document([{"id": account, "type": ["Evidence"]}]), created=AT))
    assert one(document, at=AT).check(CheckName.ANCHOR).code == "anchor.none"
    assert Party(PrivateKey(KeyType.ED25519, bytes(32))).did != ISSUER.did


@given(st.lists(st.sampled_from([*naming(NAME), *naming(HEADS), {"id": "https://x.example"}, {"name": "none"}])))
def test_entries_are_added_once_and_nothing_is_lost(entries):
    for given_ in ({"evidence": entries}, {"evidence": entries[0]} if entries else {}):
        made = with_records(given_, [NAME, HEADS])
        assert {NAME, HEADS} <= set(named_records(made["evidence"]).names)
        stated = given_.get("evidence", [])
        assert made["evidence"][: len(stated) if isinstance(stated, list) else 1] == (
            stated if isinstance(stated, list) else [stated]
        )
        assert with_records(made, [NAME, HEADS]) == made
        assert with_records(given_, []) is given_
