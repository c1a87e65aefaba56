"""Of when a list is: until when it counts, which of several counts, and what none of them can take back."""

from datetime import timedelta

import pytest
from status_support import (
    ARCHIVE,
    DAY,
    DOCUMENT,
    GOOD,
    HOUR,
    SUSPENDABLE,
    at,
    copy_of,
    having,
    status,
    status_list,
    told,
)
from verification_support import (
    AT,
    EVERYDAY,
    ISSUER,
    STRICT,
    judged,
    listing,
)

from node.credentials.contexts import BUNDLED
from node.proofs.data_integrity import add_proof
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.signatures import local_signer
from node.status.status_list import SEALED_UNTIL
from node.verification.check import CheckName, Outcome
from node.verification.material import Origin
from node.verification.wording import wording


@pytest.mark.threat(49)
@pytest.mark.parametrize(
    ("signed", "until", "everyday", "strict"),
    [
        (AT - HOUR, AT + DAY, "status.passed", "status.passed"),
        (AT - HOUR, None, "status.passed", "status.passed"),
        (AT - DAY, None, "status.passed", "status.passed"),
        (AT - DAY - timedelta(seconds=1), None, "status.passed", "status.list.stale"),
        (AT - 7 * DAY, None, "status.passed", "status.list.stale"),
        (AT - 7 * DAY - timedelta(seconds=1), None, "status.list.stale", "status.list.stale"),
        (AT - 8 * DAY, AT + 300 * DAY, "status.list.stale", "status.list.stale"),
        (AT - 2 * HOUR, AT - HOUR, "status.list.ended", "status.list.ended"),
        (AT - 2 * HOUR, AT - timedelta(seconds=119), "status.passed", "status.passed"),
        (AT + timedelta(seconds=119), None, "status.passed", "status.passed"),
        (AT + timedelta(seconds=121), None, "status.list.not_yet", "status.list.not_yet"),
    ],
)
def test_a_list_counts_within_its_own_end_and_the_longest_age_of_the_policy(signed, until, everyday, strict):
    lists = status_list(signed=signed, until=until)
    for policy, code in ((EVERYDAY, everyday), (STRICT, strict)):
        assert told(DOCUMENT, lists, policy=policy)[1] == code
    if until != AT + DAY and everyday == "status.list.ended":
        assert told(DOCUMENT, lists, policy=ARCHIVE) == ("passed", "status.passed")


@pytest.mark.threat(49)
def test_an_old_list_is_unknown_and_says_what_was_known():
    lists = status_list(signed=AT - 30 * DAY, until=AT - 29 * DAY)
    report = judged(DOCUMENT, material=having(lists), trust=listing(ISSUER))
    assert (report.verdict, report.sentence) == ("cannot_tell", "cannot_tell")
    said = wording(report, "en").credentials[0]
    assert said.sentence == "We cannot tell: we could not check whether it was withdrawn."
    assert said.rows[2].text == "Not checked. Last known: not withdrawn on 13 May 2026, 14:03 UTC."


def test_an_old_list_that_says_suspended_is_not_said_to_have_been_good():
    lists = status_list([7], purpose="suspension", signed=AT - 30 * DAY, until=None)
    check = status(SUSPENDABLE, lists)
    assert (check.outcome, check.code) == (Outcome.INDETERMINATE, "status.list.stale")
    assert "last_known" not in check.evidence


@pytest.mark.threat(49)
def test_the_archive_answers_as_of_the_last_list_however_old():
    old = status_list(signed=AT - 3650 * DAY, until=AT - 3649 * DAY)
    report = judged(DOCUMENT, material=having(old), policy=ARCHIVE, trust=listing(ISSUER))
    assert (report.verdict, report.sentence) == ("accepted", "genuine")
    assert wording(report, "en").credentials[0].rows[2].text == ("Not withdrawn as of 14 June 2016, 14:03 UTC (live).")
    assert told(DOCUMENT, policy=ARCHIVE) == ("indeterminate", "status.not_checked")
    suspended = status_list([7], purpose="suspension", signed=AT - 3650 * DAY, until=None)
    assert told(SUSPENDABLE, suspended, policy=ARCHIVE) == ("failed", "status.suspended")


def test_a_sealed_list_ends_the_question_under_the_archive_policy():
    sealed = status_list(signed=AT - 3000 * DAY, until=SEALED_UNTIL)
    assert sealed["validUntil"] == "9999-12-31T23:59:59Z"
    report = judged(DOCUMENT, material=having(copy_of(sealed, Origin.FILE)), policy=ARCHIVE, trust=listing(ISSUER))
    assert (report.verdict, report.sentence) == ("accepted", "genuine")
    assert wording(report, "en").credentials[0].rows[2].text.endswith("(final list, closed by the issuer).")
    assert told(DOCUMENT, sealed, policy=EVERYDAY) == ("indeterminate", "status.list.stale")
    withdrawn = status_list([7], signed=AT - 3000 * DAY, until=SEALED_UNTIL)
    assert told(DOCUMENT, withdrawn, policy=ARCHIVE) == ("failed", "status.revoked")


@pytest.mark.threat(48)
@pytest.mark.threat(55)
def test_what_was_once_withdrawn_stays_so_in_any_company():
    """An older list that says so is enough: neither a later list nor the end of its own makes it good again."""
    said = status_list([7], signed=AT - 20 * DAY, until=AT - 19 * DAY)
    for others in ([], [copy_of(GOOD, Origin.FILE)], [copy_of(GOOD)]):
        for copies in ([copy_of(said, Origin.SAVED), *others], [*others, copy_of(said, Origin.SAVED)]):
            check = status(DOCUMENT, *copies)
            assert (check.outcome, check.code) == (Outcome.FAILED, "status.revoked")
            assert check.evidence["time"] == at(AT - 20 * DAY)


def test_a_suspension_is_lifted_by_a_later_list():
    then = status_list([7], purpose="suspension", signed=AT - 3 * HOUR)
    now = status_list(purpose="suspension")
    assert told(SUSPENDABLE, copy_of(then, Origin.SAVED), now) == ("passed", "status.passed")
    later = status_list([7], purpose="suspension", signed=AT - HOUR / 2)
    assert told(SUSPENDABLE, copy_of(now, Origin.SAVED), later) == ("failed", "status.suspended")
    same = status_list([7], purpose="suspension")
    assert told(SUSPENDABLE, copy_of(now, Origin.SAVED), same) == ("failed", "status.suspended")


@pytest.mark.threat(48)
def test_an_older_list_is_never_taken_in_the_place_of_a_later_one_that_ended():
    older = status_list(signed=AT - 5 * HOUR, until=AT + 300 * DAY)
    later = status_list(signed=AT - 4 * HOUR, until=AT - HOUR)
    for copies in ([copy_of(older), copy_of(later, Origin.SAVED)], [copy_of(later, Origin.SAVED), copy_of(older)]):
        report = judged(DOCUMENT, material=having(*copies), trust=listing(ISSUER))
        assert report.verdict == "cannot_tell"
        check = report.credentials[0].check(CheckName.STATUS)
        assert check.code == "status.rolled_back"
        assert wording(report, "en").credentials[0].rows[2].text == (
            "The list offered is older than one already seen (12 June 2026, 10:03 UTC)."
        )
    assert told(DOCUMENT, copy_of(older, Origin.FILE), copy_of(later)) == ("indeterminate", "status.list.ended")


def test_a_list_of_a_later_day_says_nothing_of_the_day_asked_about():
    assert told(DOCUMENT, status_list([7]), at=AT - DAY) == ("indeterminate", "status.list.not_yet")
    then = status_list(signed=AT - DAY - HOUR, until=AT - HOUR)
    assert told(DOCUMENT, copy_of(then, Origin.SAVED), status_list([7]), at=AT - DAY) == ("passed", "status.passed")


def test_a_list_that_does_not_say_when_it_was_signed():
    unsigned = {k: v for k, v in GOOD.items() if k not in {"proof", "validFrom"}}
    undated = ISSUER.sign(unsigned)
    del undated["proof"]["created"]
    assert told(DOCUMENT, undated)[1] == "status.list.proof"  # the date is part of what is signed
    for lists in (_resigned(unsigned, {}), _resigned(unsigned, {"created": "yesterday"})):
        assert told(DOCUMENT, lists, policy=ARCHIVE) == ("indeterminate", "status.list.undated")
    dated = _resigned(unsigned | {"validFrom": at(AT - 2 * HOUR)}, {})
    assert status(DOCUMENT, dated).evidence["time"] == at(AT - 2 * HOUR)
    assert told(DOCUMENT, status_list(validUntil="some day"))[0] == "indeterminate"


def _resigned(document, options):
    """Signed with a proof whose date is missing or no date, which our own options would refuse to make."""

    class Undated(ProofOptions):
        def to_json(self, type_, cryptosuite):
            members = ProofOptions.to_json(self, type_, cryptosuite)
            del members["created"]
            return members | options

    chosen = Undated(cryptosuite="eddsa-jcs-2022", verification_method=ISSUER.method, created=AT)
    return add_proof(document, chosen, local_signer(ISSUER.private), jsonld=JsonLd(BUNDLED))
