"""Dates of Open Badges 2: moments as everywhere, and the other spellings that ISO 8601 and version 1 allow them.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html#dateTime
"""

import re
from datetime import UTC, datetime
from typing import Final

from node.credentials.errors import TimestampError, shown
from node.credentials.timestamps import parse_timestamp
from node.documents import JsonValue

LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, in the seconds since 1970 by which version 1 could write a date."""
_WITHOUT_SECONDS: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(Z|[+-].*)", re.ASCII)
_OFFSET_WITHOUT_COLON: Final = re.compile(r"(.*[+-]\d\d)(\d\d)", re.ASCII)


def parse_date(value: JsonValue) -> datetime:
    """The moment that a date of a badge names, in UTC; raises TimestampError for what names none.

    Beyond RFC 3339: the seconds, and the colon of an offset, may be left out; a whole number counts seconds since 1970.
    A date without a zone names no moment.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value <= LAST_SECOND:
            raise TimestampError(f"{shown(value)} is no date: seconds since 1970 are too few or too many")
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str):
        if spelt := _OFFSET_WITHOUT_COLON.fullmatch(value):
            value = f"{spelt[1]}:{spelt[2]}"
        if short := _WITHOUT_SECONDS.fullmatch(value):
            value = f"{short[1]}:00{short[2]}"
    return parse_timestamp(value)
