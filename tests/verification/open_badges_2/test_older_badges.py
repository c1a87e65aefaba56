"""Badges before version 2, and those that are verified in ways of their own."""

from open_badges_2_support import GENUINE, SCHOOL, assertion, badge_class, badge_report, material, recipient, world
from verification_support import found, outcomes

from node.verification.check import Outcome
from node.verification.report import Verdict


def test_badges_of_another_kind_are_named_and_never_guessed_at():
    blockcerts = assertion(verification={"type": ["MerkleProofVerification2017", "Extension"]})
    entry = badge_report(blockcerts, material(world()))
    assert found(entry, "proof") == (Outcome.INDETERMINATE, "proof.unsupported")
    assert found(entry, "anchor") == (Outcome.INDETERMINATE, "anchor.not_checked")
    assert entry.verdict is Verdict.CANNOT_TELL


def test_badges_of_version_1_are_read():
    """No types, no ids, and the address under `verify`."""
    old = {
        "uid": "f2c20",
        "recipient": {"type": "email", "hashed": True, "identity": recipient()["identity"], "salt": "pepper"},
        "badge": f"{SCHOOL}/badges/welding",
        "verify": {"type": "hosted", "url": f"{SCHOOL}/assertions/1"},
        "issuedOn": 1772355600,
    }
    published = {
        f"{SCHOOL}/assertions/1": old,
        f"{SCHOOL}/badges/welding": badge_class(**{"@context": None, "id": None, "type": None}),
        f"{SCHOOL}/issuer": {"name": "School of Welding", "url": SCHOOL},
    }
    assert outcomes(badge_report(old, material(published))) == GENUINE
