"""Heads of Token Status Lists: of SD-JWT VCs, and of credentials in tokens that name a list of this kind."""

import pytest
from heads_support import HEADS, TRUST, Heads, head, shown
from jose_support import NOW, token
from ledger_support import naming
from sd_jwt_support import LIST, sd_jwt, status, status_list, with_claims
from status_support import HOUR, copy_of
from verification_support import AT, EVERYDAY, ISSUER, MALLORY, OB, STRICT, VC, badge, found, one

from anchoring.heads import digest_of
from node.verification.material import Origin
from node.verification.report import combine
from node.verification.seen import Seen, heads_in

OLD = status_list(iat=NOW - 3 * 3600)
NEW = status_list(iat=NOW - 3600)
HEAD = head(NEW, 2)
RECORD = Heads({LIST: HEAD})
SUBJECT = sd_jwt(with_claims(status=status(3), evidence=naming(HEADS)))
PLAIN = sd_jwt(with_claims(status=status(3)))
WRAPPED = token(badge(ISSUER, evidence=naming(HEADS), status=status(3)) | {"@context": [VC, OB]}, ISSUER, typ="vc+jwt")


def _told(*records, lists=(NEW,), subject=SUBJECT, policy=EVERYDAY, **members):
    copies = [copy_of(each, Origin.FILE, url=LIST) for each in lists]
    material = shown(*records, lists=copies, urls=(LIST,), **members)
    return found(one(subject, material=material, trust=TRUST, policy=policy), "status")


@pytest.mark.threat(48)
@pytest.mark.parametrize("subject", [SUBJECT, WRAPPED], ids=["SD-JWT VC", "JWT of the W3C"])
def test_the_list_that_the_head_names_counts(subject):
    assert _told(RECORD, subject=subject) == ("passed", "status.passed")
    assert _told(RECORD, subject=subject, lists=[OLD]) == ("indeterminate", "status.rolled_back")
    assert _told(RECORD, subject=subject, lists=[OLD, NEW]) == ("passed", "status.passed")
    assert _told(RECORD, subject=subject, lists=[status_list(iat=NOW - 60)]) == ("indeterminate", "status.head.other")
    assert _told(Heads(), subject=subject) == ("failed", "status.no_anchored_list")
    assert _told(Heads(), subject=subject, lists=[]) == ("failed", "status.no_anchored_list")
    assert _told(subject=subject) == ("indeterminate", "status.head.unproven")
    assert _told(RECORD, subject=subject, lists=[]) == ("indeterminate", "status.not_checked")
    assert _told(RECORD, subject=subject, lists=[NEW + "\n"]) == ("indeterminate", "status.rolled_back")


def test_values():
    for value, answer in (
        (1, ("failed", "status.revoked")),
        (2, ("failed", "status.suspended")),
        (3, ("indeterminate", "status.purpose")),
    ):
        listed = status_list({3: value}, iat=NOW - 3600)
        assert _told(Heads({LIST: head(listed, 2)}), lists=[listed]) == answer
    assert _told(RECORD, lists=[NEW, status_list({3: 1}, iat=NOW - 60)]) == ("failed", "status.revoked")
    twice = status_list({3: 2}, iat=NOW - 3600)
    assert _told(RECORD, lists=[NEW, twice]) == ("indeterminate", "status.equivocated")


def test_freshness():
    assert _told(Heads({LIST: HEAD}, time=AT - 48 * HOUR), policy=STRICT)[1] == "status.head.stale"
    assert _told(Heads({LIST: head(NEW, 2, until=AT - HOUR / 4)}))[1] == "status.head.ended"
    ended = status_list(iat=NOW - 7200, exp=NOW - 3600)
    assert _told(Heads({LIST: head(ended, 2)}), lists=[ended])[1] == "status.list.ended"


def test_a_list_that_is_named_and_not_its_issuers():
    forged = status_list(by=MALLORY)
    assert _told(Heads({LIST: head(forged, 2)}), lists=[forged, OLD]) == ("indeterminate", "status.list.issuer_key")


def test_without_a_promise_only_what_was_seen_speaks():
    assert _told(Heads(), subject=PLAIN) == ("passed", "status.passed")
    report_of = one(SUBJECT, material=shown(RECORD, lists=[copy_of(NEW, url=LIST)], urls=(LIST,)), trust=TRUST)
    seen = Seen(tuple(heads_in(combine([report_of], EVERYDAY, AT), TRUST)))
    assert [one_.digest for one_ in seen.heads] == [digest_of(NEW.encode())]
    assert _told(subject=PLAIN, lists=[OLD], seen=seen) == ("indeterminate", "status.rolled_back")
    assert _told(subject=PLAIN, seen=seen) == ("passed", "status.passed")
