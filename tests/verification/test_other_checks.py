"""Checks 7 and 9: what is not built yet says so, and lists of issuers say no more than they know."""

from datetime import timedelta

import pytest
from verification_support import AT, ISSUER, MALLORY, STRICT, badge, credential, found, judged, listing, one

from node.verification.check import CheckName
from node.verification.trust import Trust
from node.verification.wording import wording


def test_an_anchor_that_is_not_promised_does_not_apply():
    assert found(one(ISSUER.sign(badge())), "anchor") == ("not_applicable", "anchor.none")
    document = badge(evidence=[{"id": "https://school.example/video", "type": ["Evidence"]}])
    assert found(one(ISSUER.sign(document)), "anchor") == ("not_applicable", "anchor.none")


def test_an_account_on_a_chain_is_no_promise():
    account = {"id": "eip155:11155111:0xab16a96D359eC26a11e2C2b3d8f8B8942d5Bfcdb", "type": ["Evidence"]}
    assert found(one(ISSUER.sign(badge(evidence=[account]))), "anchor") == ("not_applicable", "anchor.none")


def test_a_foreign_anchor_was_not_checked():
    signed = ISSUER.sign(credential())
    other = {**signed["proof"], "type": "MerkleProof2019"}
    del other["cryptosuite"]
    entry = one({**signed, "proof": [signed["proof"], other]})
    assert found(entry, "anchor") == ("indeterminate", "anchor.not_checked")
    assert entry.check(CheckName.ANCHOR).evidence == {"network": "MerkleProof2019"}


@pytest.mark.threat(29)
def test_a_valid_credential_of_an_issuer_nobody_knows():
    signed = MALLORY.sign(badge(MALLORY, issuer={"id": MALLORY.did, "type": ["Profile"], "name": "Example University"}))
    entry = one(signed, trust=listing(ISSUER))
    assert found(entry, "proof")[0] == "passed"
    assert found(entry, "authority") == ("indeterminate", "authority.unknown")
    assert entry.sentence == "genuine_but"
    said = wording(judged(signed, trust=listing(ISSUER)), "en").credentials[0]
    assert said.sentence == "Genuine, but we do not know the issuer."
    assert said.rows[1].state == "unknown"
    assert said.look.colour == "amber"


@pytest.mark.threat(29)
def test_three_questions_three_answers():
    """No single tick: signature, withdrawal and authority are told apart, and all three make the green one."""
    known, status = listing(ISSUER), {"credentialStatus": {"type": "BitstringStatusListEntry"}}
    for document, trust, sentence in (
        (badge(), known, "genuine"),
        (badge(), Trust(), "genuine_but"),
        (badge(**status), known, "cannot_tell"),
    ):
        signed = ISSUER.sign(document)
        assert one(signed, trust=trust).sentence == sentence
        signed["credentialSubject"]["achievement"]["name"] = "Everything"
        assert one(signed, trust=trust).sentence == "altered"


def test_an_issuer_on_a_list_is_recognised_and_nothing_more():
    entry = one(ISSUER.sign(badge()), trust=listing(ISSUER))
    assert found(entry, "authority") == ("indeterminate", "authority.listed")
    assert entry.check(CheckName.AUTHORITY).evidence == {
        "lists": [{"list": "demo", "issuer": "Example University", "domain": "university.example"}],
        "known": ["demo"],
    }
    assert entry.sentence == "genuine"
    assert one(ISSUER.sign(badge()), trust=listing(ISSUER), policy=STRICT).verdict == "cannot_tell"


@pytest.mark.threat(30)
@pytest.mark.parametrize(
    ("since", "distrusted"), [(timedelta(0), True), (timedelta(days=-400), True), (timedelta(seconds=1), False)]
)
def test_an_issuer_that_a_list_no_longer_trusts(since, distrusted):
    """Nothing anchored shows that the document is older, so its own dates do not help it."""
    trust = listing(ISSUER, distrust_from=AT + since)
    signed = ISSUER.sign(badge(validFrom="2020-01-01T00:00:00Z"))
    entry = one(signed, trust=trust)
    assert entry.check(CheckName.AUTHORITY).failed is distrusted
    assert entry.sentence == ("genuine_but" if distrusted else "genuine")
    strict = one(signed, trust=trust, policy=STRICT)
    assert strict.sentence == ("refused" if distrusted else "cannot_tell")


@pytest.mark.threat(30)
def test_one_list_that_distrusts_outweighs_one_that_trusts():
    both = Trust(
        lists=(
            *listing(ISSUER, name="lenient").lists,
            *listing(ISSUER, name="careful", distrust_from=AT).lists,
        )
    )
    entry = one(ISSUER.sign(badge()), trust=both)
    assert found(entry, "authority") == ("failed", "authority.distrusted")
    assert entry.check(CheckName.AUTHORITY).evidence["list"] == "careful"
    said = wording(judged(ISSUER.sign(badge()), trust=both), "en").credentials[0]
    assert said.sentence == "Genuine, but your list no longer trusts its issuer."
    assert [said.rows[index].state for index in (1, 6)] == ["fail", "fail"]
