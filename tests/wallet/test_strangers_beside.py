"""What somebody else puts beside a proof that a holder derived: it says nothing of who shows the document."""

import pytest
from disclosure_support import ASKED, CREATED, FORMS, JSONLD, KEYS, badge, issued, judged
from samples import signed

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.proofs.bbs import signature as bbs_signature
from node.proofs.disclosure import BBS, derive_proof, prepare_base
from node.proofs.options import ProofOptions
from node.proofs.presentation_header import presentation_header
from node.wallet.derive import derive

STRANGER = PrivateKey(KeyType.BLS12_381_G2, bytes(range(2, 34)))
FOR_THIS = presentation_header(ASKED.challenge, ASKED.domain)
FOR_ANOTHER = presentation_header("another challenge", ASKED.domain)


def beside(document, header):
    """The document with a stranger's own BBS proof of all of it, bound to a presentation, next to those it has."""
    bare = {name: value for name, value in document.items() if name != "proof"}
    options = ProofOptions(
        cryptosuite=BBS, verification_method=did_key.method_id(STRANGER.public), created=CREATED
    )  # fmt: skip
    unsigned = prepare_base(bare, options, STRANGER.public, ["/issuer"], jsonld=JSONLD)
    base = unsigned.complete(bbs_signature.sign(STRANGER, unsigned.data, unsigned.messages))
    chosen = [f"/{name}" for name in bare if name != "@context"]
    theirs = derive_proof(base, chosen, jsonld=JSONLD, presentation_header=header)["proof"]
    own = document["proof"]
    return {**document, "proof": [*(own if isinstance(own, list) else [own]), theirs]}


@pytest.mark.threat(33)
@pytest.mark.threat(38)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("header", [FOR_THIS, FOR_ANOTHER])
def test_a_proof_of_a_strangers_binds_nothing(form, header):
    derived = derive(issued(form), (), jsonld=JSONLD).credential
    entry = judged(beside(derived, header), ASKED)
    check = entry.check("holder")
    assert entry.check("proof").passed
    assert (check.outcome.value, check.code, dict(check.evidence)) == (
        "indeterminate", "holder.bearer", {"bearer": True},
    )  # fmt: skip


@pytest.mark.threat(38)
def test_a_proof_of_a_strangers_makes_nothing_derived():
    whole = signed(badge("ecdsa-sd"), key=KEYS["ecdsa-sd"])
    assert judged(beside(whole, FOR_THIS), ASKED).check("holder").code == "holder.file"
