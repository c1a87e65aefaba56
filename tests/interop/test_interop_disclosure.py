"""Selective disclosure in both directions: what one issues, the other derives from, and either verifies."""

import base64
import itertools
from dataclasses import asdict
from typing import Any

import pytest
from disclosure_support import ASKED, FORMS, HOLDER, JSONLD, KEYS, badge, issued, judged
from peers.client import Peer, PeerError, PeerKey

from did_methods import key as did_key
from node.issuance.disclosable import SUITE_OF_FORM, Disclosure, mandatory_pointers
from node.proofs.presentation_header import presentation_header
from node.verification.case import Request
from node.wallet.derive import derive

pytestmark = pytest.mark.peer

CHOSEN = ("/credentialSubject/result/1", "/credentialSubject/identifier/0/identityHash", "/name")
NOW = "2026-07-01T12:00:00Z"
SIDES = ("ours", "theirs")


def document(form: str) -> dict[str, Any]:
    """A badge with an open result among others, so that an array is shown in part, and one array of one element."""
    made = badge(form)
    own = made["credentialSubject"]["achievement"]["id"]
    made["credentialSubject"]["result"] += [
        {"type": ["Result"], "resultDescription": f"{own}#o1", "value": value} for value in ("A", "B")
    ]
    made["credentialSubject"]["result"].append(
        {"type": ["Result"], "resultDescription": f"{own}#o1", "status": "Failed"}
    )
    made["evidence"] = [{"id": "eip155:1:0x00000000000000000000000000000000000000aa", "type": ["Evidence"]}]
    return made


class Both:
    """One operation each, by either side."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def issue(self, side: str, form: str) -> dict[str, Any]:
        unsigned = document(form)
        if side == "ours":
            return issued(form, unsigned)
        public = KEYS[form].public.to_multibase()
        did = f"did:key:{public}"
        key = PeerKey(str(KEYS[form].type), did, f"{did}#{public}", public, KEYS[form].to_multibase())
        return self.peer.ask(
            "sign",
            document=unsigned,
            suite=SUITE_OF_FORM[form],
            key=asdict(key),
            date="2026-06-12T00:00:00Z",
            mandatoryPointers=list(mandatory_pointers(unsigned, Disclosure())),
        )

    def derive(self, side: str, form: str, base: dict[str, Any]) -> dict[str, Any]:
        if side == "ours":
            made = derive(base, CHOSEN, jsonld=JSONLD, request=ASKED).credential
            assert isinstance(made, dict)
            return made
        header = presentation_header(ASKED.challenge, ASKED.domain)
        bound = {"presentationHeader": base64.b64encode(header).decode()} if form == "bbs" else {}
        return self.peer.ask(
            "derive", document=base, suite=SUITE_OF_FORM[form], selectivePointers=list(CHOSEN), **bound
        )

    def verifies(self, side: str, derived: dict[str, Any]) -> bool:
        if side == "ours":
            return judged(derived).check("proof").passed
        return self.peer.ask("verify", document=derived, now=NOW)["verified"]


@pytest.fixture(scope="module")
def both(peer: Peer) -> Both:
    return Both(peer)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("issuer", "holder"), [*itertools.product(SIDES, SIDES)])
def test_whoever_issues_and_whoever_derives_both_verify(issuer, holder, form, both):
    derived = both.derive(holder, form, both.issue(issuer, form))
    subject = derived["credentialSubject"]
    shown = {result.get("value") or result["status"] for result in subject["result"]}

    assert shown == {"A", "Failed"}
    assert derived["name"] == document(form)["name"]
    assert "eip155" in str(derived["evidence"])
    assert both.verifies("ours", derived)
    assert both.verifies("theirs", derived)
    assert judged(derived, ASKED).check("holder").evidence.get("bound") is (form == "bbs" or None)
    if form == "bbs":
        assert judged(derived, Request("another", ASKED.domain)).check("holder").code == "holder.replay"
    subject["result"][0]["value"] = "C"
    assert not both.verifies("ours", derived)
    assert not both.verifies("theirs", derived)


@pytest.mark.parametrize("form", FORMS)
def test_base_proofs_are_refused_by_both(form, both):
    for side in SIDES:
        base = both.issue(side, form)
        assert judged(base).check("structure").code == "proof.malformed.base_proof"
        assert not both.verifies("theirs", base)


def test_an_array_of_one_is_named_whole(both):
    """The peer's holder writes an array of one element as the element, and finds nothing at its index."""
    unsigned = document("ecdsa-sd")
    assert "/evidence" in mandatory_pointers(unsigned, Disclosure())
    assert "/evidence/0" not in mandatory_pointers(unsigned, Disclosure())
    base = issued("ecdsa-sd", unsigned)
    assert both.derive("theirs", "ecdsa-sd", base)["credentialSubject"]["id"] == HOLDER.did


def test_keys_of_the_peer_are_read_here(peer):
    made = peer.generate("BLS12-381-G2")
    assert str(did_key.create(KEYS["bbs"].public)).startswith("did:key:zUC7")
    assert made.did.startswith("did:key:zUC7")
    with pytest.raises(PeerError):
        peer.ask("derive", document=badge("bbs"), suite="bbs-2023", selectivePointers=["/name"])


@pytest.mark.parametrize("form", FORMS)
def test_ordered_lists_are_beyond_the_peers_issuers_and_holders_alone(form, both):
    """The peer names every node, a list too, which JSON-LD forbids; where it only verifies, it reads the list."""
    unsigned = document(form)
    unsigned["credentialSubject"]["achievement"]["resultDescription"][0]["allowedValue"] = ["A", "B", "C"]
    base = issued(form, unsigned)
    with pytest.raises(PeerError, match="@list"):
        both.derive("theirs", form, base)
    derived = both.derive("ours", form, base)
    assert derived["credentialSubject"]["achievement"] == unsigned["credentialSubject"]["achievement"]
    assert both.verifies("ours", derived)
    assert both.verifies("theirs", derived)
