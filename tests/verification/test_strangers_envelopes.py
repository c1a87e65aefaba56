"""What a stranger wraps around a document that an issuer signed: it names nobody as its holder."""

import pytest
from jose_support import NOW, token
from sd_jwt_support import HOLDER_JWK, sd_jwt, shown
from verification_support import HOLDER, ISSUER, MALLORY, REQUEST, VC, one

from node.verification.check import CheckName
from node.verification.report import Verdict

THEIR_KEY = {"jwk": MALLORY.private.public.to_jwk()}
DOCUMENT = {
    "@context": [VC],
    "type": ["VerifiableCredential"],
    "issuer": ISSUER.did,
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {"id": HOLDER.did},
}
every_suite = pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])


def around(document, by=MALLORY, key=THEIR_KEY):
    """The document in an SD-JWT by anybody, said to be the holder's of this key, and shown with it."""
    wrapped = token({**document, "cnf": key}, by, typ="vc+sd-jwt") + "~"
    return one(shown(wrapped, MALLORY if key is THEIR_KEY else HOLDER), request=REQUEST)


@every_suite
@pytest.mark.threat(34)
@pytest.mark.threat(35)
def test_a_stranger_names_no_holder(suite):
    entry = around(ISSUER.sign(DOCUMENT, suite))
    assert not entry.check(CheckName.HOLDER).passed
    assert not entry.check(CheckName.PROOF).passed


@every_suite
@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.threat(34)
@pytest.mark.threat(35)
def test_nor_beside_a_proof_of_their_own(suite, holds):
    signed = ISSUER.sign(DOCUMENT, suite)
    own, theirs = MALLORY.sign(signed, suite)["proof"]
    if not holds:
        theirs["proofValue"] = own["proofValue"]
    entry = around({**signed, "proof": [own, theirs]})
    assert not entry.check(CheckName.HOLDER).passed
    assert not entry.check(CheckName.PROOF).passed  # their claims are no part of what the issuer signed
    assert entry.verdict is not Verdict.ACCEPTED


@every_suite
def test_an_issuer_wraps_what_it_signed_with_others(suite):
    both = MALLORY.sign(ISSUER.sign(DOCUMENT, suite), suite)
    entry = around(both, ISSUER, {"jwk": HOLDER_JWK})
    assert entry.check(CheckName.PROOF).passed
    assert entry.check(CheckName.HOLDER).passed


@pytest.mark.threat(34)
def test_nobody_else_signs_around_what_its_holder_showed():
    bound = shown(token({**DOCUMENT, "cnf": {"jwk": HOLDER_JWK}}, ISSUER, typ="vc+sd-jwt") + "~")
    enveloped = {
        "@context": [VC],
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/vc+sd-jwt,{bound}",
    }
    for signer, code in ((HOLDER, "holder.passed"), (MALLORY, "holder.other_key")):
        presentation = {
            "@context": [VC],
            "type": ["VerifiablePresentation"],
            "holder": signer.did,
            "verifiableCredential": [enveloped],
        }
        asked = {"challenge": REQUEST.challenge, "domain": REQUEST.domain}
        live = signer.sign(presentation, proof_purpose="authentication", **asked)
        assert one(live, request=REQUEST).check(CheckName.HOLDER).code == code


@pytest.mark.threat(35)
@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"exp": NOW + 60, "nbf": NOW - 60}, "holder.passed"),
        ({"exp": NOW - 3000}, "holder.replay"),
        ({"nbf": NOW + 3000}, "holder.replay"),
        ({"exp": "never"}, "holder.proof_invalid"),
        ({"nbf": None}, "holder.passed"),
    ],
)
def test_an_answer_counts_no_longer_than_it_says(members, code):
    assert one(shown(sd_jwt(), **members), request=REQUEST).check(CheckName.HOLDER).code == code
