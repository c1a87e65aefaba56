"""Cells of tables, on their way in and out: how much one may hold, and that none is taken for a formula.

Spec: https://owasp.org/www-community/attacks/CSV_Injection
"""

import codecs
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DELIMITERS: Final = ",;\t"
ENCODINGS: Final = ("utf-8", "utf-16", "cp1250", "cp1252", "iso-8859-1", "iso-8859-2")
"""UTF-8, with or without a byte order mark, and what spreadsheets of Central and Western Europe write otherwise."""
MAX_CELL_CHARS: Final = 16 * 1024
"""One cell: a narrative of several pages."""
MAX_LINE_CHARS: Final = 256 * 1024
"""One line: more than a credential may have."""
MARKS: Final = ("glejt: row", "glejt: column", "glejt: problem", "glejt: what to do")
"""Headings of what is said about a rejected row. Whoever has mended the rows can hand the same table in again."""

_BY_CODEC: Final[Mapping[str, str]] = MappingProxyType({codecs.lookup(name).name: name for name in ENCODINGS})
_FORMULA: Final = re.compile(r"\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|[\t\r\n']")
"""How a cell begins that some spreadsheet calculates, or that looks as if we had kept it from that."""


def encoding_named(text: str) -> str | None:
    """The encoding that goes by this name, such as windows-1250 or latin2; None for one that is not read."""
    try:
        return _BY_CODEC.get(codecs.lookup(text).name)
    except (LookupError, ValueError):
        return None


def neutralised(cell: str) -> str:
    """The cell as no spreadsheet calculates it: one that could begin a formula begins with an apostrophe."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """The cell that `neutralised` made this of."""
    return cell.removeprefix("'")


def delimiter_of(line: str) -> str:
    """What separates the headings: of the usual three the one there is most of, outside quotation marks."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(DELIMITERS, key=bare.count)
