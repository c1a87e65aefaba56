"""What a stranger wraps around a document that an issuer signed: it names nobody as its holder."""

import pytest
from jose_support import token
from sd_jwt_support import HOLDER_JWK, shown
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
