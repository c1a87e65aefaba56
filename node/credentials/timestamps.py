"""The one reader of dates and times in credentials: what both XSD dateTimeStamp and RFC 3339 call a moment.

The two disagree at the edges, and Python's own reader accepts more than either (`2026-W01-1T00:00Z`). Accepted is what
both allow, so no two readers can take one text for two moments:

- `YYYY-MM-DDThh:mm:ss`, ASCII digits, upper-case `T`, an optional fraction, then `Z` or an offset of at most 14 hours;
- days that exist; seconds 00 to 59: XSD has no leap second, RFC 3339 has.

Anything else is an error of one of three kinds. `timestamp.format` is no moment in XSD: wrong. `timestamp.zone` lacks
the zone: wrong in a dateTimeStamp, and nowhere a moment that could be compared. `timestamp.unsupported` is a moment in
XSD that RFC 3339 or this reader cannot hold (24:00:00; a year before 1 or after 9999, here or in UTC): it could not be
read, which does not make it wrong.

A fraction finer than a microsecond is cut, never rounded: what is earlier never becomes later, and what lies within the
same microsecond counts as the same moment. How far clocks may differ is the policy's matter.

Spec: https://www.w3.org/TR/xmlschema11-2/#dateTimeStamp, https://www.rfc-editor.org/rfc/rfc3339#section-5.6
"""

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from node.credentials.errors import TimestampError, shown
from node.documents import JsonValue

MAX_TIMESTAMP_CHARS: Final = 64
"""Twice what a clock writes (35 with nanoseconds and an offset); the standards set no bound to years and fractions."""

MAX_READ: Final = 256
"""Texts of which the moment is remembered: each rule that asks for a date of a document reads it."""
_MAX_OFFSET = timedelta(hours=14)
_CALENDAR_CYCLE = 400
_MICROSECOND_DIGITS = 6

_USUAL = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-[0-3][0-9]T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z",
    re.ASCII,
)
_DATE_TIME = re.compile(
    r"(?P<year>-?(?:[1-9][0-9]{3,}|0[0-9]{3}))-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?"
    r"(?P<zone>Z|(?P<sign>[+-])(?P<zone_hours>[0-9]{2}):(?P<zone_minutes>[0-5][0-9]))?",
    re.ASCII,
)


def parse_timestamp(value: JsonValue) -> datetime:
    """The moment a text names, in UTC; raises TimestampError for every other value, text or not."""
    return _read(value) if isinstance(value, str) and len(value) <= MAX_TIMESTAMP_CHARS else _parse(value)


@lru_cache(maxsize=MAX_READ)
def _read(value: str) -> datetime:
    if _USUAL.fullmatch(value):
        try:
            return datetime.fromisoformat(value)  # of this form, on which all agree, Python's reader is the quicker one
        except ValueError:
            return _parse(value)  # which tells why there is no such day
    return _parse(value)


def _parse(value: JsonValue) -> datetime:
    match = _DATE_TIME.fullmatch(value) if isinstance(value, str) and len(value) <= MAX_TIMESTAMP_CHARS else None
    if match is None:
        raise _not_a_moment(value, "YYYY-MM-DDThh:mm:ssZ is the form")
    year = int(match["year"])
    readable_year = MINYEAR <= year <= MAXYEAR
    end_of_day = match["hour"] == "24"
    if end_of_day and (match["minute"], match["second"], (match["fraction"] or "").strip("0")) != ("00", "00", ""):
        raise _not_a_moment(value, "24 hours end at 24:00:00")
    try:
        local = datetime(
            # Leap years return after 400 years, so the day is judged right also where Python has no such year.
            year if readable_year else _CALENDAR_CYCLE + year % _CALENDAR_CYCLE,
            int(match["month"]),
            int(match["day"]),
            0 if end_of_day else int(match["hour"]),
            int(match["minute"]),
            int(match["second"]),
            int((match["fraction"] or "")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0")),
            _zone(match),
        )
    except ValueError as error:
        raise _not_a_moment(value, str(error)) from error
    if match["zone"] is None:
        raise TimestampError(
            f"{shown(value, plainly=True)} has no zone, so it names another moment in every place",
            code="timestamp.zone",
            remedy="Write the zone: Z for UTC, or an offset such as +02:00.",
        )
    if end_of_day:
        raise _unsupported(value, "24:00:00 is no time in RFC 3339")
    if not readable_year:
        raise _unsupported(value, "its year is outside 0001 to 9999")
    try:
        return local.astimezone(UTC)
    except OverflowError as error:
        raise _unsupported(value, "in UTC its year is outside 0001 to 9999") from error


def format_timestamp(moment: datetime) -> str:
    """A moment as RFC 3339 text in UTC, without trailing zeros; ValueError for a datetime without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a zone")
    at_home = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    text = at_home.replace(tzinfo=None).isoformat()
    return f"{text.rstrip('0') if '.' in text else text}Z"


def _zone(match: re.Match[str]) -> timezone:
    if match["sign"] is None:
        return UTC
    offset = timedelta(hours=int(match["zone_hours"]), minutes=int(match["zone_minutes"]))
    if offset > _MAX_OFFSET:
        raise ValueError("an offset is at most 14:00")
    return timezone(-offset if match["sign"] == "-" else offset)


def _not_a_moment(value: JsonValue, why: str) -> TimestampError:
    return TimestampError(f"{shown(value, plainly=True)} is not a date and time with a zone: {why}")


def _unsupported(value: JsonValue, why: str) -> TimestampError:
    return TimestampError(f"{shown(value, plainly=True)} cannot be read: {why}", code="timestamp.unsupported")
