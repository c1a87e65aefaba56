"""Issuing SD-JWTs: the credential as it is, and the two wallet forms with what is lost in them."""

import asyncio
import copy
import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from micro_credential_support import sample
from verification_support import AT, HOLDER, ISSUER, found, judged, one, party

from node.adapters.held_keys import HeldKeys
from node.credentials.contexts import BUNDLED
from node.credentials.errors import CompositionError
from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.disclosure import with_the_word
from node.credentials.micro_credential.readers.sd_jwt import EUDI, WE_BUILD
from node.credentials.micro_credential.wallet_forms import wallet_form
from node.documents import UnsecuredDocument
from node.issuance.disclosable import Disclosure
from node.issuance.errors import IssuanceError
from node.issuance.secure import Signing, SigningProfile
from node.issuance.selective_token import secure_as_sd_jwt
from node.issuance.token_status_list import sign_token_status_list
from node.proofs.sd_jwt.proof import open_sd_jwt
from node.proofs.sd_jwt.sd_jwt import parse_sd_jwt
from node.status.bitstring import MIN_ENTRIES
from node.status.errors import FinalStatusError, StatusListError
from node.status.token_status_list import TokenStatusEntry, TokenStatusList, pack, read_token_status_list
from node.verification.check import CheckName, Outcome
from node.verification.material import Origin, StatusListCopy, VerificationMaterial
from node.verification.received import receive
from node.verification.report import Verdict
from node.verification.trust import NO_TRUST

LIST = "https://lists.example/tokens/1"
ENTRY = TokenStatusEntry(7, LIST)
BITSTRING = {
    "id": "https://lists.example/1#7",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "7",
    "statusListCredential": "https://lists.example/1",
}
FORMS = [None, EUDI, WE_BUILD]
assert BUNDLED


def document(**changes):
    made = sample()
    made["issuer"]["id"] = ISSUER.did
    made["credentialSubject"]["id"] = HOLDER.did
    return UnsecuredDocument({name: value for name, value in {**made, **changes}.items() if value is not None})


def signing(disclosure=None, by=ISSUER):
    profile = SigningProfile(by.did, by.method, "eddsa-rdfc-2022", disclosure=disclosure or Disclosure())
    return Signing(profile, HeldKeys({by.method: by.private}), NO_TRUST)


def issued(vct=None, made=None, disclosure=None, status=None):
    made = made or document()
    before = copy.deepcopy(made)
    token = asyncio.run(secure_as_sd_jwt(made, signing(disclosure), created=AT, vct=vct, status=status))
    assert made == before
    return token


def showing(token, names):
    """The SD-JWT with these Disclosures alone, by the last step of their places."""
    whole = open_sd_jwt(parse_sd_jwt(token.text))
    kept = [one for place, one in whole.processed.disclosed.items() if place in names]
    return whole.sd_jwt.showing(kept).text


@pytest.mark.parametrize("vct", FORMS)
def test_what_is_issued_is_accepted(vct):
    entry = one(issued(vct).text)
    assert entry.verdict is Verdict.ACCEPTED
    assert entry.check(CheckName.PROOF).evidence["proofs"][0]["form"] == "sd-jwt"


def test_the_credential_comes_back_whole():
    claims = receive(issued().text).value
    assert {name: value for name, value in claims.items() if name not in {"iat", "cnf"}} == with_the_word(document())
    assert claims["cnf"] == {"jwk": HOLDER.private.public.to_jwk()}


def test_losses_of_the_eudi_form():
    form = wallet_form(document(), EUDI)
    assert set(form.lost) >= {"E9", "E10"}
    assert form.kept == ("E9", "E10")
    assert form.claims["openBadge"] == document()["id"]
    assert classify(form.claims).credential_class == "unclassified"
    assert classify(form.claims).met == 11


def test_the_other_form_fits_whole():
    form = wallet_form(document(), WE_BUILD)
    assert not [name for name in form.lost if name.startswith("E")]
    assert classify(form.claims).credential_class == "micro-credential"
    assert one(issued(WE_BUILD).text).check(CheckName.CLASS).evidence["class"] == "micro-credential"


@pytest.mark.parametrize("vct", [EUDI, WE_BUILD])
def test_a_name_of_other_than_two_words_is_not_parted(vct):
    made = document()
    made["credentialSubject"]["identifier"][0]["identityHash"] = "Given de la Family"
    form = wallet_form(made, vct)
    assert "Given" not in json.dumps(form.claims)
    assert ("E1" in form.lost) is (vct == WE_BUILD)


def test_a_level_that_does_not_apply_cannot_be_said():
    made = document()
    achievement = made["credentialSubject"]["achievement"]
    achievement["alignment"] = [one for one in achievement["alignment"] if one["targetType"] != "ext:EQF"]
    achievement["levelNotApplicable"] = True
    before = classify(made).elements["E8"]
    assert ("E8" in wallet_form(made, EUDI).lost) is (before in {"met", "not_applicable"})


@pytest.mark.threat(103)
@pytest.mark.parametrize("vct", [EUDI, WE_BUILD])
def test_no_form_makes_more_of_it(vct):
    lowered = document()
    lowered["credentialSubject"]["achievement"]["assessmentType"] = "none"
    for made in (lowered, document(awardedDate=None), document()):
        try:
            form = wallet_form(made, vct)
        except CompositionError as error:
            assert error.code == "wallet_form"  # noqa: PT017 -- it may as well be carried
        else:
            assert classify(form.claims).credential_class.rank <= classify(made).credential_class.rank
    left_open = document()
    outcome = left_open["credentialSubject"]["achievement"]["resultDescription"][0]["id"]
    left_open["credentialSubject"]["result"] = [{"type": ["Result"], "resultDescription": outcome, "status": "Failed"}]
    with pytest.raises(CompositionError):
        wallet_form(left_open, vct)


@pytest.mark.threat(102)
@pytest.mark.parametrize("vct", FORMS)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_nobody_hides_when_it_ends_or_how_it_is_withdrawn(vct, data):
    made = document(validUntil="2026-01-01T00:00:00Z", validFrom="2025-01-01T00:00:00Z", credentialStatus=BITSTRING)
    token = issued(vct, made, status=None if vct is None else ENTRY)
    names = data.draw(st.sets(st.sampled_from(sorted(token.choosable))))
    text = showing(token, names)
    entry = one(text)
    assert found(entry, "validity") == (Outcome.FAILED, "validity.ended")
    assert entry.check(CheckName.STATUS).outcome is Outcome.INDETERMINATE
    assert entry.verdict is Verdict.REJECTED


@pytest.mark.threat(102)
def test_issuing_refuses_to_leave_out_how_it_is_withdrawn():
    for vct in (EUDI, WE_BUILD):
        with pytest.raises(IssuanceError) as caught:
            issued(vct, document(credentialStatus=BITSTRING))
        assert caught.value.code == "issuance.status"


@pytest.mark.threat(103)
@pytest.mark.parametrize("vct", FORMS)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_hiding_never_raises_the_class(vct, data):
    token = issued(vct)
    names = data.draw(st.sets(st.sampled_from(sorted(token.choosable))))
    report = judged(showing(token, names))
    assert report.verdict is Verdict.ACCEPTED
    evidence = report.credentials[0].check(CheckName.CLASS).evidence
    whole = one(token.text).check(CheckName.CLASS).evidence
    assert evidence["score"]["met"] <= whole["score"]["met"]
    assert evidence["class"] == whole["class"]


@pytest.mark.threat(103)
def test_an_open_result_cannot_be_hidden():
    made = document()
    outcome = made["credentialSubject"]["achievement"]["resultDescription"][0]["id"]
    made["credentialSubject"]["result"] = [
        {"type": ["Result"], "resultDescription": outcome, "status": "Failed"},
    ]
    token = issued(None, made)
    assert not any(place.startswith("/credentialSubject/result") for place in token.choosable)
    assert receive(showing(token, ())).value["credentialSubject"]["result"] == made["credentialSubject"]["result"]


def test_what_an_issuer_adds_is_shown_too():
    assert "/name" in issued().choosable
    assert "/name" not in issued(disclosure=Disclosure(("/name",))).choosable
    assert "/awardedDate" in issued(disclosure=Disclosure(awarded_date=False)).choosable
    assert "/given_name" in issued(EUDI).choosable
    assert "/given_name" not in issued(EUDI, disclosure=Disclosure(("/given_name",))).choosable
    assert "/date_of_issuance" in issued(EUDI, disclosure=Disclosure(awarded_date=False)).choosable
    for absent in ("/credentialSubject/name", "", "given_name"):
        with pytest.raises(IssuanceError):
            issued(EUDI, disclosure=Disclosure((absent,)))


@pytest.mark.threat(41)
@pytest.mark.parametrize("vct", FORMS)
def test_how_much_there_is_to_hide_cannot_be_counted(vct):
    counts = Counter()
    for optional in ({}, {"name": None}, {"learnerStated": None}):
        payload = open_sd_jwt(parse_sd_jwt(issued(vct, document(**optional)).text)).payload
        for digests in _digest_lists(payload):
            assert len(digests) & (len(digests) - 1) == 0
            assert digests == sorted(digests)
            counts[len(digests)] += 1
    assert counts


@pytest.mark.threat(40)
def test_salts_and_digests_are_new_for_each():
    first, second = (set(parse_sd_jwt(issued(EUDI).text).presented.split("~")) for _ in range(2))
    assert first & second == {""}


def _digest_lists(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "_sd":
                yield inner
            yield from _digest_lists(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _digest_lists(inner)


def test_no_key_of_a_holder_without_a_subject():
    made = document()
    del made["credentialSubject"]["id"]
    claims = receive(issued(EUDI, made).text).value
    assert {"cnf", "sub"}.isdisjoint(claims)
    made["credentialSubject"]["id"] = "did:web:holder.example"
    assert receive(issued(EUDI, made).text).value["cnf"] == {"kid": "did:web:holder.example"}


@pytest.mark.parametrize("vct", FORMS)
def test_refused_like_any_other(vct):
    for made in (document(issuer={"id": party(99).did}), document(proof={}), document(iss="x")):
        with pytest.raises(Exception) as caught:  # noqa: PT011 -- of two families, each with a code
            issued(vct, made)
        assert caught.value.code


class TestStatusLists:
    def content(self, values=(), **changes):
        made = {
            "uri": LIST,
            "issuer": ISSUER.did,
            "size": 2,
            "data": pack(dict(values), MIN_ENTRIES, 2),
            "issued_at": AT,
        }
        return TokenStatusList(**(made | changes))

    def sign(self, content):
        return asyncio.run(sign_token_status_list(content, signing()))

    def test_what_is_signed_is_read_by_the_judge(self):
        token = issued(WE_BUILD, document(credentialStatus=BITSTRING), status=ENTRY)
        for values, code in (({}, "status.passed"), ({7: 1}, "status.revoked"), ({7: 2}, "status.suspended")):
            held = StatusListCopy(LIST, self.sign(self.content(values)), Origin.LIVE, AT)
            entry = one(token.text, material=VerificationMaterial(status_lists=(held,)))
            assert found(entry, "status")[1] == code

    def test_what_no_issuer_should_publish_is_refused(self):
        for content in (
            self.content(uri="lists"),
            self.content(uri=f"{LIST}#a"),
            self.content(data=bytes(8)),
            self.content(expires=AT),
        ):
            with pytest.raises(StatusListError):
                self.sign(content)

    def test_a_withdrawal_is_not_taken_back(self):
        content = self.content({7: 1, 8: 2})
        with pytest.raises(FinalStatusError):
            content.changed({7: 0})
        changed = self.content(data=content.changed({8: 0, 9: 1}))
        assert [changed.value(TokenStatusEntry(index, LIST)) for index in (7, 8, 9, 10)] == [1, 0, 1, 0]

    def test_it_says_how_long_it_may_be_kept(self):
        payload = parse_sd_jwt(self.sign(self.content()) + "~").jwt.payload
        assert read_token_status_list(json.loads(payload)).entries == MIN_ENTRIES
