"""One reader of dates: each boundary, each odd string (threats.md row 28)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.credentials.errors import TimestampError
from node.credentials.timestamps import MAX_TIMESTAMP_CHARS, format_timestamp, parse_timestamp

pytestmark = pytest.mark.threat(28)

ACCEPTED = {
    "2026-06-12T14:03:00Z": datetime(2026, 6, 12, 14, 3, tzinfo=UTC),
    "2026-06-12T14:03:00+02:00": datetime(2026, 6, 12, 12, 3, tzinfo=UTC),
    "2026-06-12T14:03:00-03:30": datetime(2026, 6, 12, 17, 33, tzinfo=UTC),
    "2026-06-12T14:03:00+14:00": datetime(2026, 6, 12, 0, 3, tzinfo=UTC),
    "2026-06-12T14:03:00-14:00": datetime(2026, 6, 13, 4, 3, tzinfo=UTC),
    "2026-06-12T14:03:00-00:00": datetime(2026, 6, 12, 14, 3, tzinfo=UTC),
    "2026-06-12T14:03:00.5Z": datetime(2026, 6, 12, 14, 3, 0, 500_000, tzinfo=UTC),
    "2026-06-12T14:03:00.000001Z": datetime(2026, 6, 12, 14, 3, 0, 1, tzinfo=UTC),
    "2026-06-12T23:59:59.9999999999Z": datetime(2026, 6, 12, 23, 59, 59, 999_999, tzinfo=UTC),
    "2024-02-29T00:00:00Z": datetime(2024, 2, 29, tzinfo=UTC),
    "0001-01-01T00:00:00Z": datetime(1, 1, 1, tzinfo=UTC),
    "9999-12-31T23:59:59Z": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
}

REFUSED = {
    # another format, or none
    "2026-W01-1T00:00:00Z": "timestamp.format",
    "2026-W01-1": "timestamp.format",
    "2026-163T14:03:00Z": "timestamp.format",
    "20260612T140300Z": "timestamp.format",
    "2026-06-12": "timestamp.format",
    "2026-06-12T14:03Z": "timestamp.format",
    "2026-06-12T14Z": "timestamp.format",
    "2026-06-12 14:03:00Z": "timestamp.format",
    "2026-06-12t14:03:00Z": "timestamp.format",
    "2026-06-12T14:03:00z": "timestamp.format",
    "2026-06-12T14:03:00,5Z": "timestamp.format",
    "2026-06-12T14:03:00.Z": "timestamp.format",
    "2026-6-12T14:03:00Z": "timestamp.format",
    "26-06-12T14:03:00Z": "timestamp.format",
    "+2026-06-12T14:03:00Z": "timestamp.format",
    "02026-06-12T14:03:00Z": "timestamp.format",
    "Sun, 26 Feb 2023 01:22:14 +0000": "timestamp.format",
    "1781272980": "timestamp.format",
    "now": "timestamp.format",
    "": "timestamp.format",
    # something before or after
    " 2026-06-12T14:03:00Z": "timestamp.format",
    "2026-06-12T14:03:00Z ": "timestamp.format",
    "2026-06-12T14:03:00Z\n": "timestamp.format",
    "2026-06-12T14:03:00Z\x00": "timestamp.format",
    "2026-06-12T14:03:00ZZ": "timestamp.format",
    "2026-06-12T14:03:00Z[Europe/Warsaw]": "timestamp.format",
    "2026-06-12T14:03:00+02:00Z": "timestamp.format",
    # digits and signs of other scripts
    "\uff12\uff10\uff12\uff16-06-12T14:03:00Z": "timestamp.format",
    "2026-06-12T14:03:\u0660\u0660Z": "timestamp.format",
    "2026-06-12T14:03:00\u221202:00": "timestamp.format",
    "2026\u201106\u201112T14:03:00Z": "timestamp.format",
    # what does not exist
    "2026-02-29T00:00:00Z": "timestamp.format",
    "2026-02-30T00:00:00Z": "timestamp.format",
    "2026-04-31T00:00:00Z": "timestamp.format",
    "2026-00-12T14:03:00Z": "timestamp.format",
    "2026-13-12T14:03:00Z": "timestamp.format",
    "2026-06-00T14:03:00Z": "timestamp.format",
    "2026-06-12T25:03:00Z": "timestamp.format",
    "2026-06-12T14:60:00Z": "timestamp.format",
    "2026-06-12T14:03:61Z": "timestamp.format",
    "2016-12-31T23:59:60Z": "timestamp.format",
    "2016-12-31T23:59:60.5Z": "timestamp.format",
    "2026-06-12T24:00:01Z": "timestamp.format",
    "2026-06-12T24:01:00Z": "timestamp.format",
    "2026-06-12T24:00:00.1Z": "timestamp.format",
    "2026-02-29T24:00:00Z": "timestamp.format",
    "12100-02-29T14:03:00Z": "timestamp.format",
    "-0001-13-12T14:03:00Z": "timestamp.format",
    "2026-02-29T00:00:00": "timestamp.format",
    # zones
    "2026-06-12T14:03:00": "timestamp.zone",
    "2026-06-12T14:03:00.5": "timestamp.zone",
    "2026-06-12T14:03:00+02": "timestamp.format",
    "2026-06-12T14:03:00+0200": "timestamp.format",
    "2026-06-12T14:03:00+2:00": "timestamp.format",
    "2026-06-12T14:03:00+14:01": "timestamp.format",
    "2026-06-12T14:03:00-15:00": "timestamp.format",
    "2026-06-12T14:03:00+24:00": "timestamp.format",
    "2026-06-12T14:03:00+02:60": "timestamp.format",
    "2026-06-12T14:03:00 +02:00": "timestamp.format",
    "2026-06-12T14:03:00CET": "timestamp.format",
    "2026-06-12T14:03:00+02:00:30": "timestamp.format",
    # moments that XSD knows and this reader cannot hold
    "2026-06-12T24:00:00Z": "timestamp.unsupported",
    "2026-06-12T24:00:00.000Z": "timestamp.unsupported",
    "0000-06-12T14:03:00Z": "timestamp.unsupported",
    "-0001-06-12T14:03:00Z": "timestamp.unsupported",
    "12000-02-29T14:03:00Z": "timestamp.unsupported",
    "10000-06-12T14:03:00Z": "timestamp.unsupported",
    "0001-01-01T00:00:00+00:01": "timestamp.unsupported",
    "9999-12-31T23:59:59-00:01": "timestamp.unsupported",
    # size
    f"2026-06-12T14:03:00.{'0' * MAX_TIMESTAMP_CHARS}Z": "timestamp.format",
    f"{'9' * 5000}-06-12T14:03:00Z": "timestamp.format",
}


@pytest.mark.parametrize("text", ACCEPTED)
def test_a_moment_that_both_standards_know_is_read(text):
    moment = parse_timestamp(text)
    assert moment == ACCEPTED[text]
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text)[:48])
def test_an_odd_string_is_refused(text):
    with pytest.raises(TimestampError) as refused:
        parse_timestamp(text)
    assert refused.value.code == REFUSED[text]
    assert refused.value.remedy
    assert str(refused.value).isascii()
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("value", [None, True, 1781272980, 1781272980.0, [], ["2026-06-12T14:03:00Z"], {}])
def test_what_is_no_text_is_no_moment(value):
    with pytest.raises(TimestampError) as refused:
        parse_timestamp(value)
    assert refused.value.code == "timestamp.format"


MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))  # noqa: DTZ001 - zones come below
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MOMENTS, OFFSETS)
def test_a_moment_survives_any_offset(naive, zone):
    moment = naive.replace(tzinfo=zone)
    assert parse_timestamp(moment.isoformat()) == moment
    assert parse_timestamp(format_timestamp(moment)) == moment
    assert format_timestamp(moment).endswith("Z")


@given(MOMENTS, st.integers(-2, 2), st.text("0123456789", min_size=0, max_size=20), OFFSETS)
def test_order_is_kept_around_each_boundary(naive, microseconds, finer, zone):
    limit = naive.replace(tzinfo=UTC)
    moment = limit + timedelta(microseconds=microseconds)
    text = moment.astimezone(zone).isoformat(timespec="microseconds")
    text = f"{text[:26]}{finer}{text[26:]}"
    read = parse_timestamp(text)
    assert read == moment, "what is finer than a microsecond is cut, so it never reaches the next one"
    assert (read < limit) == (microseconds < 0)


@given(st.text("0123456789-:.TtZz+ W\u0660\n", max_size=36))
def test_what_is_accepted_is_also_read_by_python_as_the_same_moment(text):
    try:
        moment = parse_timestamp(text)
    except TimestampError:
        return
    assert moment == datetime.fromisoformat(text)


@given(MOMENTS, st.integers(0, 35), st.sampled_from("0123456789-:.TZ+ tz\n\u0661"))
def test_a_changed_character_gives_another_valid_moment_or_none(naive, position, character):
    text = naive.isoformat(timespec="microseconds") + "Z"
    changed = text[:position] + character + text[position + 1 :]
    try:
        moment = parse_timestamp(changed)
    except TimestampError:
        return
    assert format_timestamp(moment) in {changed, format_timestamp(datetime.fromisoformat(changed))}
    assert moment.tzinfo is UTC


def test_text_is_written_without_trailing_zeros():
    assert format_timestamp(datetime(2026, 6, 12, 14, 3, tzinfo=UTC)) == "2026-06-12T14:03:00Z"
    assert format_timestamp(datetime(2026, 6, 12, 14, 3, 10, 500_000, tzinfo=UTC)) == "2026-06-12T14:03:10.5Z"
    assert format_timestamp(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00Z"
    with pytest.raises(ValueError, match="zone"):
        format_timestamp(datetime(2026, 6, 12, 14, 3))  # noqa: DTZ001 - the naive one is the point
