"""Check 5: in force at the time of judging, to the second, and never by what a proof says of its making."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verification_support import AT, HOLDER, ISSUER, VC_1, credential, found, one

from node.credentials.timestamps import format_timestamp
from node.verification.case import CLOCK_SKEW
from node.verification.check import CheckName

SECOND = timedelta(seconds=1)
EPOCH = datetime(1, 1, 1, tzinfo=UTC)
SIGNED = {}


def _signed(**members):
    key = tuple(members.items())
    if key not in SIGNED:
        SIGNED[key] = ISSUER.sign(credential(**members))
    return SIGNED[key]


def _old(**members):
    """A credential of the data model 1.1."""
    contexts = [VC_1, "https://w3id.org/security/data-integrity/v2"]
    return ISSUER.sign(credential(**{"@context": contexts, "name": None, "validFrom": None}, **members))


@pytest.mark.threat(28)
@pytest.mark.parametrize(
    ("after", "outcome", "code"),
    [
        (-CLOCK_SKEW - SECOND, "failed", "validity.not_yet"),
        (-CLOCK_SKEW, "passed", "validity.passed"),
        (timedelta(0), "passed", "validity.passed"),
    ],
)
def test_around_the_start(after, outcome, code):
    for signed in (
        _signed(validFrom=format_timestamp(AT)),
        _old(issuanceDate=format_timestamp(AT)),
    ):
        entry = one(signed, at=AT + after)
        assert found(entry, "validity") == (outcome, code)
        assert entry.sentence == ("not_yet" if outcome == "failed" else "genuine_but")


@pytest.mark.threat(28)
@pytest.mark.parametrize(
    ("after", "outcome", "code"),
    [
        (timedelta(0), "passed", "validity.passed"),
        (CLOCK_SKEW, "passed", "validity.passed"),
        (CLOCK_SKEW + SECOND, "failed", "validity.ended"),
    ],
)
def test_around_the_end(after, outcome, code):
    for signed in (
        _signed(validUntil=format_timestamp(AT)),
        _old(issuanceDate="2020-01-01T00:00:00Z", expirationDate=format_timestamp(AT)),
    ):
        entry = one(signed, at=AT + after)
        assert found(entry, "validity") == (outcome, code)
        assert entry.sentence == ("ended" if outcome == "failed" else "genuine_but")
        assert entry.check(CheckName.VALIDITY).evidence["until"] == "2026-06-12T14:03:00Z"


MOMENT = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 -- made aware beside it


@pytest.mark.threat(28)
@settings(max_examples=200, deadline=None)
@given(start=MOMENT, length=st.timedeltas(timedelta(0), timedelta(days=400)), at=MOMENT, near=st.booleans())
def test_in_force_between_start_and_end_and_nowhere_else(start, length, at, near):
    end = start + min(length, datetime(9999, 12, 31, tzinfo=UTC) - start)
    if near:
        at = min(max(start, EPOCH + timedelta(days=1)) + timedelta(seconds=at.microsecond % 300 - 150), end)
    signed = ISSUER.sign(credential(validFrom=format_timestamp(start), validUntil=format_timestamp(end)))
    entry = one(signed, at=at)
    if at - end > CLOCK_SKEW:
        assert entry.sentence == "ended"
    elif start - at > CLOCK_SKEW:
        assert entry.sentence == "not_yet"
    else:
        assert entry.sentence == "genuine_but"


def test_no_date_at_all_is_in_force():
    entry = one(_signed(validFrom=None))
    assert found(entry, "validity") == ("passed", "validity.passed")
    assert entry.check(CheckName.VALIDITY).evidence == {}


@pytest.mark.threat(28)
@pytest.mark.parametrize("member", ["validFrom", "validUntil"])
@pytest.mark.parametrize(
    "text",
    [
        "2026-W01-1", "2026-W01-1T00:00:00Z", "2026-03-01", "2026-03-01T00:00:00", "20260301T000000Z",
        "2026-03-01t00:00:00z", "2026-03-01 00:00:00Z", "2026-12-31T23:59:60Z", "2026-02-30T00:00:00Z",
        "2026-03-01T24:00:01Z", "2026-03-01T00:00:00+15:00", "tomorrow", "", " 2026-03-01T00:00:00Z",
        "\u0661\u0669\u0669\u0669-03-01T00:00:00Z",
    ],
)  # fmt: skip
def test_a_date_that_cannot_be_read(member, text):
    entry = one(_signed(**{member: text}))
    assert found(entry, "validity") == ("indeterminate", "validity.unreadable")
    assert entry.check(CheckName.VALIDITY).evidence["path"] == f"/{member}"
    assert (entry.verdict, entry.sentence) == ("cannot_tell", "cannot_tell")


@pytest.mark.parametrize("value", [7, None, ["2026-03-01T00:00:00Z"], {"@value": "2026-03-01T00:00:00Z"}])
def test_a_date_that_is_no_text(value):
    signed = {**_signed(), "validUntil": value}
    entry = one(signed)
    assert not entry.check(CheckName.VALIDITY).passed
    assert entry.verdict != "accepted"


def test_an_end_that_can_be_read_decides_beside_a_start_that_cannot():
    entry = one(_signed(validFrom="tomorrow", validUntil="2026-01-01T00:00:00Z"))
    assert found(entry, "validity") == ("failed", "validity.ended")


def test_the_later_start_and_the_earlier_end_count():
    both = {"issuanceDate": "2020-01-01T00:00:00Z", "expirationDate": "2030-01-01T00:00:00Z"}
    signed = {**_old(**both), "validFrom": "2021-01-01T00:00:00Z", "validUntil": "2025-01-01T00:00:00Z"}
    evidence = one(signed).check(CheckName.VALIDITY).evidence
    assert (evidence["from"], evidence["until"]) == ("2021-01-01T00:00:00Z", "2025-01-01T00:00:00Z")


@pytest.mark.threat(28)
@pytest.mark.parametrize("after", [timedelta(0), CLOCK_SKEW, CLOCK_SKEW + SECOND])
def test_a_proof_that_has_expired(after):
    signed = ISSUER.sign(credential(), expires=AT)
    entry = one(signed, at=AT + after)
    ended = after > CLOCK_SKEW
    assert found(entry, "validity")[1] == ("validity.proof_expired" if ended else "validity.passed")
    assert entry.sentence == ("ended" if ended else "genuine_but")


def test_one_proof_that_lasts_is_enough_if_it_is_the_issuers():
    signed = ISSUER.sign(ISSUER.sign(credential(), expires=AT - timedelta(days=1)))
    assert found(one(signed), "validity")[0] == "passed"
    signed = HOLDER.sign(ISSUER.sign(credential(), expires=AT - timedelta(days=1)))
    assert found(one(signed), "validity") == ("failed", "validity.proof_expired")


@pytest.mark.threat(28)
@pytest.mark.parametrize("date", ["created", "expires"])
def test_a_date_of_a_proof_that_cannot_be_read(date):
    signed = ISSUER.sign(credential(), "eddsa-jcs-2022", expires=AT)
    signed["proof"][date] = "some day"
    entry = one(signed)
    assert found(entry, "validity") == ("indeterminate", "validity.unreadable")
    assert entry.check(CheckName.VALIDITY).evidence["path"] == f"/proof/{date}"


@pytest.mark.threat(22)
@pytest.mark.parametrize("created", [datetime(1999, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)])
def test_what_a_proof_says_of_its_making_changes_nothing(created):
    assert one(ISSUER.sign(credential(), created=created)).verdict == "accepted"


@pytest.mark.parametrize("at", [EPOCH, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)])
def test_the_ends_of_the_calendar(at):
    signed = _signed(validFrom="0001-01-01T00:00:00Z", validUntil="9999-12-31T23:59:59Z")
    assert found(one(signed, at=at), "validity")[0] == "passed"
