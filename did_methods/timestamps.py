"""The date-time stamps of DID documents.

Spec: https://www.w3.org/TR/xmlschema11-2/#dateTimeStamp
"""

import re
from datetime import datetime
from typing import Final

from did_methods.errors import DidDocumentError, shown

# The fraction is bounded: a clock finer than a nanosecond is not meant.
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


def parse_stamp(value: object, *, path: str) -> datetime:
    """The instant of a dateTimeStamp: date, time and time zone are required; precision ends at microseconds."""
    if isinstance(value, str) and _STAMP.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # no such day or hour: told below
    raise DidDocumentError(
        f"{shown(value)} is not a date and time with a time zone",
        code="did_document.time",
        remedy="Write it like 2026-09-01T12:00:00Z.",
        path=path,
    )
