"""Showing a credential: what is bound to whom, what is a bearer's, and what is refused."""

import copy
import hashlib

import pytest
from disclosure_support import ASKED, CREATED, FORMS, HOLDER, HOLDER_KEY, JSONLD, KEYS, badge, issued, judged
from samples import finished, signed
from verification_support import MALLORY

from did_methods import key as did_key
from node.adapters.held_keys import HeldKeys
from node.proofs.data_integrity import add_proof
from node.proofs.errors import JsonLdError, ProofFailure, ProofOptionsError
from node.proofs.options import ProofOptions
from node.proofs.presentation_header import presentation_header
from node.proofs.signatures import local_signer
from node.verification.case import Request
from node.wallet.derive import derive
from node.wallet.errors import WalletError
from node.wallet.present import Holder, present

OTHERS = [Request("another challenge", ASKED.domain), Request(ASKED.challenge, "other.example")]
STRANGER = Holder(MALLORY.method, HeldKeys({MALLORY.method: MALLORY.private}))
every_form = pytest.mark.parametrize("form", FORMS)


def shown(base, reveal=("/name",), request=ASKED, *, holder=HOLDER):
    return finished(present(base, reveal, request, created=CREATED, jsonld=JSONLD, holder=holder))


def holder_of(document, request=ASKED):
    check = judged(document, request).check("holder")
    return check.outcome.value, check.code, dict(check.evidence)


@every_form
@pytest.mark.threat(33)
@pytest.mark.threat(34)
def test_a_presentation_with_the_subjects_key_is_bound_to_it_and_to_who_asked(form):
    made = shown(issued(form))
    assert holder_of(made.presentation)[:2] == ("passed", "holder.passed")
    for request in OTHERS:
        assert holder_of(made.presentation, request)[:2] == ("failed", "holder.replay")
    assert judged(made.presentation).check("holder").outcome == "indeterminate"
    moved = copy.deepcopy(made.presentation)
    moved["proof"]["created"] = "2026-06-13T00:00:00Z"
    assert holder_of(moved)[1] == "holder.proof_invalid"
    assert "wallet.bearer" not in made.remarks
    assert ("wallet.stable_key" in made.remarks) is (form == "bbs")


@every_form
@pytest.mark.threat(34)
def test_somebody_elses_key_shows_nothing(form):
    base = issued(form)
    with pytest.raises(WalletError) as refused:
        shown(base, holder=STRANGER)
    assert refused.value.code == "wallet.subject"
    made = shown(base).presentation
    theirs = {name: value for name, value in made.items() if name != "proof"} | {"holder": MALLORY.did}
    relayed = MALLORY.sign(theirs, proof_purpose="authentication", challenge=ASKED.challenge, domain=ASKED.domain)
    assert holder_of(relayed)[1] == "holder.other_key"


@pytest.mark.threat(38)
def test_what_nobody_signed_for_is_a_bearers():
    for form, bound in (("ecdsa-sd", False), ("bbs", True)):
        made = shown(issued(form), holder=None)
        assert made.remarks[-1] == "wallet.bearer"
        outcome, code, evidence = holder_of(made.presentation)
        assert (outcome, code, evidence.get("bearer"), evidence.get("bound", False)) == (
            "indeterminate", "holder.bearer", True, bound,
        )  # fmt: skip
        assert judged(made.presentation, ASKED).verdict == "cannot_tell"
        derived = derive(issued(form), (), jsonld=JSONLD, request=ASKED).credential
        assert holder_of(derived)[1:] == (code, evidence)  # a derived document without anything around it
        assert holder_of(derived, None)[1:] == ("holder.bearer", {"bearer": True})
    nobody = badge("bbs", learnerStated=None)
    del nobody["credentialSubject"]["id"]
    signed_by_somebody = shown(issued("bbs", nobody)).presentation
    assert holder_of(signed_by_somebody)[1:] == ("holder.bearer", {"bearer": True})


@pytest.mark.threat(33)
@pytest.mark.threat(38)
def test_a_bbs_proof_for_somebody_else_is_a_replay_whoever_signs_around_it():
    base = issued("bbs")
    for request in OTHERS:
        made = shown(base, holder=None, request=request).presentation
        assert holder_of(made)[:2] == ("failed", "holder.replay")
        derived = made["verifiableCredential"][0]
        wrapped = {
            "@context": made["@context"], "type": made["type"], "holder": HOLDER.did,
            "verifiableCredential": [derived],
        }  # fmt: skip
        assert holder_of(_signed(wrapped))[:2] == ("failed", "holder.replay")
    unbound = derive(base, (), jsonld=JSONLD).credential
    wrapped = {"@context": made["@context"], "type": made["type"], "verifiableCredential": [unbound]}
    assert holder_of(_signed(wrapped))[:2] == ("passed", "holder.passed")


def _signed(presentation):
    options = ProofOptions(
        cryptosuite="eddsa-rdfc-2022",
        verification_method=HOLDER.verification_method,
        created=CREATED,
        proof_purpose="authentication",
        challenge=ASKED.challenge,
        domain=ASKED.domain,
    )
    return add_proof(presentation, options, local_signer(HOLDER_KEY), jsonld=JSONLD)


def test_the_header_has_no_borders_to_move():
    headers = {
        presentation_header(*parts) for parts in (("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc"), ("ą", "c"))
    }
    assert len(headers) == 5
    assert {len(header) for header in headers} == {32}
    parts = b"glejt/presentation/v1" + b"\0\0\0\2ab" + b"\0\0\0\1c"
    assert presentation_header("ab", "c") == hashlib.sha256(parts).digest()


@every_form
def test_nothing_is_shown_beyond_what_was_chosen(form):
    base = issued(form)
    kept = copy.deepcopy(base)
    made = shown(base)
    assert base == kept
    (document,) = made.presentation["verifiableCredential"]
    assert document["name"] == base["name"]
    assert "identifier" not in document["credentialSubject"]
    assert "result" not in document["credentialSubject"]


def test_a_credential_that_is_shown_whole_or_not_at_all_is_bound_too():
    whole = signed(badge("ecdsa-sd"), key=KEYS["ecdsa-sd"])
    made = shown(whole, ())
    assert holder_of(made.presentation)[0] == "passed"
    assert {one.path for one in made.disclosed} >= {"/name", "/credentialSubject/id"}
    with pytest.raises(WalletError) as refused:
        shown(whole, ("/name",))
    assert refused.value.code == "wallet.form"
    old = {
        "@context": ["https://www.w3.org/2018/credentials/v1", "https://w3id.org/security/data-integrity/v2"],
        "type": ["VerifiableCredential"],
        "issuer": str(did_key.create(KEYS["ecdsa-sd"].public)),
        "issuanceDate": "2026-03-01T09:00:00Z",
        "credentialSubject": {"id": HOLDER.did},
    }
    assert holder_of(shown(signed(old, key=KEYS["ecdsa-sd"]), ()).presentation)[0] == "passed"


def test_what_was_derived_is_shown_on_only_where_it_was_bound_to_nobody():
    ecdsa = derive(issued("ecdsa-sd"), ("/name",), jsonld=JSONLD).credential
    assert holder_of(shown(ecdsa, ()).presentation)[0] == "passed"
    for derived, reveal in (
        (ecdsa, ("/name",)),
        (derive(issued("bbs"), (), jsonld=JSONLD).credential, ()),
    ):
        with pytest.raises(WalletError) as refused:
            shown(derived, reveal)
        assert refused.value.code == "wallet.derived"


@every_form
@pytest.mark.parametrize("pointer", ["/absent", "/credentialSubject/result/9", "name", "/credentialSubject/result/-1"])
def test_pointers_to_nothing_are_refused(form, pointer):
    with pytest.raises(ProofOptionsError):
        shown(issued(form), (pointer,))


@every_form
@pytest.mark.threat(2)
def test_an_undefined_claim_that_was_changed_is_never_derived_from(form):
    base = issued(form)
    for place in (base, base["credentialSubject"]):
        altered = copy.deepcopy(base)
        target = altered if place is base else altered["credentialSubject"]
        target["grade"] = "A"
        with pytest.raises(JsonLdError, match="no context defines"):
            shown(altered)


@every_form
@pytest.mark.threat(27)
def test_two_credentials_are_not_spliced(form):
    one, other = issued(form), issued(form, badge(form, name="Another badge"))
    spliced = {**one, "name": other["name"]}
    try:
        made = derive(spliced, ("/name",), jsonld=JSONLD).credential
    except ProofFailure:
        made = None  # BBS finds out before anything is shown
    assert (made is None) is (form == "bbs")
    assert made is None or judged(made).check("proof").failed
    derived = derive(one, ("/name",), jsonld=JSONLD).credential
    theirs = derive(other, ("/name",), jsonld=JSONLD).credential
    for name in ("name", "proof"):
        assert judged({**derived, name: theirs[name]}).check("proof").failed
