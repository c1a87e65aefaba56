"""What is anchored of a signed credential: what a verifier finds again, in every form, and nothing that counts not."""

from dataclasses import replace

import pytest
from disclosure_support import JSONLD, issued, thin
from disclosure_support import badge as disclosable
from ledger_support import NAME, STRANGE, ledgers, naming, trusting
from micro_credential_support import sample
from samples import finished
from verification_support import AT, HOLDER, ISSUER, MALLORY, UNIVERSITY, Party, badge, gathered, party, presentation

from anchoring.batch import batch
from anchoring.receipt import Receipt, Site
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.credentials.micro_credential.readers.sd_jwt import EUDI, WE_BUILD
from node.documents import UnsecuredDocument
from node.issuance.anchorable import anchorables
from node.issuance.disclosable import Disclosure
from node.issuance.document_anchors import anchorable_document
from node.issuance.errors import NotAnchorableError, UncheckedError
from node.issuance.secure import Signing, SigningProfile
from node.issuance.selective_token import secure_as_sd_jwt
from node.issuance.token import secure_as_token
from node.verification.check import CheckName
from node.verification.keys import KeyRing
from node.verification.material import EMPTY
from node.verification.policy import built_in
from node.verification.trust import NO_TRUST
from node.verification.verify import verify
from node.verification.vocabulary import vocabulary
from node.wallet.derive import derive

KNOWN = vocabulary(NO_TRUST.contexts)
OTHER = replace(NAME, namespace=STRANGE)
SIGNING = Signing(
    SigningProfile(ISSUER.did, ISSUER.method, "eddsa-rdfc-2022", disclosure=Disclosure()),
    HeldKeys({ISSUER.method: ISSUER.private}),
    NO_TRUST,
)


def _draft(**members):
    made = sample()
    made["issuer"]["id"] = ISSUER.did
    made["credentialSubject"]["id"] = HOLDER.did
    return UnsecuredDocument({**made, "evidence": naming(), **members})


def _token(vct=None):
    return finished(secure_as_sd_jwt(_draft(), SIGNING, created=AT, vct=vct)).text


FORMS = {
    "eddsa-rdfc-2022": lambda: ISSUER.sign(badge(evidence=naming())),
    "eddsa-jcs-2022": lambda: ISSUER.sign(badge(evidence=naming()), "eddsa-jcs-2022"),
    "jwt": lambda: finished(secure_as_token(_draft(), SIGNING, created=AT)),
    "sd-jwt": _token,
    "sd-jwt, eudi": lambda: _token(EUDI),
    "sd-jwt, we-build": lambda: _token(WE_BUILD),
}


def _of(document, name=NAME, material=EMPTY):
    return anchorables(document, name, KeyRing(material, NO_TRUST, built_in(), AT), KNOWN)


def _anchor(document, anchored, issuer=ISSUER):
    """The check `anchor` of a verifier who has the receipt of this, which is still pending."""
    tree = batch([anchored.commitment, b"o" * 32], [b"a" * 32, b"b" * 32], b"s" * 32)
    place = tree.place(b"a" * 32, anchored.commitment)
    receipt = Receipt(place, Site(NAME.chain_id, NAME.contract, NAME.namespace), anchored.subject)
    report = verify(document, ledgers(receipts=(receipt.encode(),)), built_in(), AT, trust=trusting(issuer))
    return report.credentials[0].check(CheckName.ANCHOR).code


@pytest.mark.parametrize("form", FORMS)
def test_a_verifier_finds_what_was_anchored(form):
    document = FORMS[form]()
    (anchored,) = _of(document)
    assert _anchor(document, anchored) == "anchor.waiting"
    assert _anchor(document, replace(anchored, commitment=b"x" * 32)) in {"anchor.mismatch", "anchor.no_receipt"}


def test_what_a_holder_shows_is_found_by_what_the_issuer_anchored():
    base = issued("ecdsa-sd", disclosable("ecdsa-sd", evidence=naming()))
    (anchored,) = _of(base)
    issuer = Party(PrivateKey(KeyType.P256, bytes(range(1, 33))))
    for chosen in ((), ("/credentialSubject/identifier/0",)):
        shown = derive(base, chosen, jsonld=JSONLD).credential
        assert _of(shown) == (anchored,)
        assert _anchor(shown, anchored, issuer) == "anchor.waiting"


def test_each_proof_of_the_issuers_is_anchored_by_itself():
    once = ISSUER.sign(badge(evidence=naming()), "eddsa-jcs-2022")
    twice = ISSUER.sign(once)
    anchored = _of(twice)
    assert len({each.commitment for each in anchored}) == 2
    assert {_anchor(twice, each) for each in anchored} == {"anchor.waiting", "anchor.no_receipt"}  # by the first proof


def test_somebody_elses_proof_beside_it_is_not_anchored():
    once = ISSUER.sign(badge(evidence=naming()))
    assert _of(MALLORY.sign(once)) == _of(once)


def _altered():
    document = ISSUER.sign(badge(evidence=naming()))
    return {**document, "name": "Another"}


REFUSED = {
    "no record": (lambda: ISSUER.sign(badge()), "anchoring.record"),
    "another record": (lambda: ISSUER.sign(badge(evidence=naming(OTHER))), "anchoring.record"),
    "heads alone": (lambda: ISSUER.sign(badge(evidence=naming(f"{NAME}/heads"))), "anchoring.record"),
    "altered": (_altered, "proof.invalid"),
    "signed by somebody else": (lambda: MALLORY.sign(badge(evidence=naming())), "anchoring.issuer"),
    "not signed": (lambda: badge(evidence=naming()), "proof.malformed.missing"),
    "a presentation": (lambda: presentation(ISSUER.sign(badge(evidence=naming()))), "anchoring.credential"),
    "a list": (lambda: [ISSUER.sign(badge(evidence=naming()))], "anchoring.credential"),
    "nothing of the kind": (lambda: {"a": 1}, "anchoring.credential"),
}


@pytest.mark.threat(91)
@pytest.mark.parametrize("case", REFUSED)
def test_what_would_not_count_is_not_anchored(case):
    make, code = REFUSED[case]
    with pytest.raises(NotAnchorableError) as caught:
        _of(make())
    assert caught.value.code == code
    assert caught.value.remedy


def test_two_showings_that_must_not_be_linked_have_nothing_to_anchor():
    document = disclosable("bbs", evidence=naming())
    base = thin("bbs", document, ("/issuer", "/evidence", "/validFrom", "/type"))
    for shown in (base, derive(base, (), jsonld=JSONLD).credential):
        with pytest.raises(NotAnchorableError) as caught:
            _of(shown)
        assert caught.value.code == "anchoring.unlinkable"


def test_an_unknown_key_leaves_it_open():
    web = party(11, "did:web:university.example")
    document = web.sign(badge(web, evidence=naming()))
    with pytest.raises(UncheckedError) as caught:
        _of(document)
    assert caught.value.code == "anchoring.key"
    (anchored,) = _of(document, material=gathered(web))
    assert anchored.subject.startswith(b"eddsa-rdfc-2022")


def test_the_document_of_a_did_is_anchored_for_the_time_when_its_host_is_gone():
    document = UNIVERSITY.document()
    (anchored,) = _of(document)
    assert (anchored.commitment, anchored.subject) == anchorable_document(document)
    for other in (ISSUER.document(), {**document, "verificationMethod": 7}):
        with pytest.raises(NotAnchorableError):
            _of(other)
