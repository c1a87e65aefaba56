"""CSV read part by part, so that no process holds a large table whole, or works on one for long.

1. A part begins where the one before has ended, at the beginning of a record. Its bytes are decoded strictly.
2. The first part has the headings, and says by them what separates cells.
3. A record that is not certainly whole before the end of the part is left for the next one.
4. Records make pages of so many rows; a page that is not full is left, too, unless nothing else would be read.

Spec: https://www.rfc-editor.org/rfc/rfc4180
"""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from node.issuance.desk.cells import (
    ENCODINGS,
    MARKS,
    MAX_CELL_CHARS,
    MAX_LINE_CHARS,
    delimiter_of,
    encoding_named,
    restored,
)
from node.issuance.desk.errors import TableError
from node.ports.runs import PAGE_ROWS

PART_BYTES: Final = 1024 * 1024
"""Of one part: some ten thousand usual rows."""
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")

type Record = tuple[int, list[str]]
"""A row: its number, with the headings as row 1, and its cells."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a table is read, and what is known of it from its beginning."""

    codec: str
    """The name of the encoding, until the first part says which of several of that name it is."""
    delimiter: str = ""
    width: int = 0
    kept: tuple[int, ...] = ()
    """The columns that are the table's own; those of our table of rejected rows are left out."""
    number: int = 0
    """The record that was read last."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one part holds."""

    place: Place
    consumed: int
    """Bytes of it that were read; the next part begins after them."""
    pages: tuple[tuple[Record, ...], ...]
    headings: tuple[str, ...] = ()
    """Of the first part."""


def beginning(encoding: str) -> Place:
    """The place before the first part; raises TableError for an encoding that is not read."""
    known = encoding_named(encoding)
    if known is None:
        raise TableError(
            "tables in this encoding are not read",
            code="table.encoding",
            remedy=f"Save it as UTF-8, or name one of {', '.join(ENCODINGS)}.",
        )
    return Place(known)


def read_part(data: bytes, place: Place, *, last: bool) -> Part:
    """What these bytes of a table hold; `last` says that none follow. Raises TableError."""
    skipped = 0
    if not place.number:
        place, skipped = _opened(data, place)
    text = _decoded(data[skipped:], place, last=last)  # 1.
    lines = _Lines(text, place.number)
    headings: tuple[str, ...] = ()
    if not place.number:
        place, headings = _headings(lines, place, last=last)  # 2.
    consumed, records, ends = lines.taken, list[Record](), list[int]()
    for number, cells in _records(lines, place, last=last):  # 3.
        consumed = lines.taken
        place = replace(place, number=number)
        if any(cells):
            records.append((number, _own(cells, place)))
            ends.append(consumed)
    if not last and len(records) > PAGE_ROWS:  # 4.
        full = len(records) // PAGE_ROWS * PAGE_ROWS
        if full < len(records):
            consumed = ends[full - 1]
            place = replace(place, number=records[full - 1][0])
            del records[full:]
    if not consumed and not last:
        raise TableError(
            f"row {place.number + 1} is longer than {PART_BYTES // 1024} KB",
            code="table.line",
            remedy="A quotation mark may be missing before it; else shorten the row.",
        )
    size = skipped + len(text[:consumed].encode(place.codec))
    pages = [tuple(records[start : start + PAGE_ROWS]) for start in range(0, len(records), PAGE_ROWS)]
    return Part(place, size, tuple(pages), headings)


class _Lines:
    """The lines of a text, and how many characters of it were taken."""

    def __init__(self, text: str, number: int) -> None:
        self._text, self._number = text, number
        self.taken = 0
        self.open = False
        """Whether the line taken last has no certain end: more of it may follow."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.taken >= len(self._text):
            raise StopIteration
        found = _LINE.match(self._text, self.taken)
        line = "" if found is None else found[0]
        if len(line) > MAX_LINE_CHARS:
            raise TableError(
                f"a line after row {self._number} has more than {MAX_LINE_CHARS // 1024} KB",
                code="table.line",
                remedy="A quotation mark may be missing before it; else shorten the row.",
            )
        self.taken += len(line)
        self.open = self.taken == len(self._text) and not line.endswith("\n")
        return line


def _opened(data: bytes, place: Place) -> tuple[Place, int]:
    """The encoding by the first bytes, and how many of them are no text."""
    for mark, codec in _BOMS:
        if data.startswith(mark) and (place.codec == "utf-8" or codec.startswith(place.codec)):
            if codec != "utf-8" and place.codec == "utf-8":
                raise _undecodable(1)
            return replace(place, codec=codec), len(mark)
    return replace(place, codec="utf-16-le" if place.codec == "utf-16" else place.codec), 0


def _decoded(data: bytes, place: Place, *, last: bool) -> str:
    try:
        return codecs.getincrementaldecoder(place.codec)("strict").decode(data, final=last)
    except UnicodeError as error:
        raise _undecodable(place.number + 1) from error


def _undecodable(row: int) -> TableError:
    return TableError(
        f"the table is not in the encoding that was named, from row {row} on at the latest",
        code="table.encoding",
        remedy=f"Save it as UTF-8, or name the encoding; read are {', '.join(ENCODINGS)}.",
    )


def _headings(lines: _Lines, place: Place, *, last: bool) -> tuple[Place, tuple[str, ...]]:
    first = next(lines, "")
    lines.taken = 0
    place = replace(place, delimiter=delimiter_of(first))
    found = next(_records(lines, place, last=last), (0, list[str]()))[1]
    headings = [heading.strip() for heading in found]
    if not any(headings):
        raise TableError("the table has no headings", code="table.empty", remedy="Put the names of the columns first.")
    kept = tuple([index for index, heading in enumerate(headings) if heading not in MARKS])
    own = require_headings([headings[index] for index in kept])
    return replace(place, width=len(headings), kept=kept, number=1), own


def require_headings(headings: Sequence[str]) -> tuple[str, ...]:
    """Headings that are some, each once and with a name; raises TableError."""
    for number, heading in enumerate(headings, start=1):
        if not heading or headings.count(heading) > 1 or len(heading) > MAX_CELL_CHARS:
            raise TableError(
                f"column {number} has no heading, or the same as another",
                code="table.heading",
                remedy="Give each column a name of its own in the first row.",
            )
    return tuple(headings)


def _records(lines: _Lines, place: Place, *, last: bool) -> Iterator[Record]:
    """The records that are certainly whole."""
    csv.field_size_limit(MAX_CELL_CHARS)
    reader = csv.reader(lines, delimiter=place.delimiter, strict=True)
    number = place.number
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if lines.open and not last:
                return
            if "unexpected end" in str(error) and not last:
                return
            raise TableError(
                f"row {number} is no row of a table: {error}",
                code="table.syntax",
                remedy="Look for a quotation mark that is not closed, or for a cell of many pages.",
            ) from error
        if cells is None or (lines.open and not last):
            return
        yield number, cells


def _own(cells: list[str], place: Place) -> list[str]:
    """The cells of a row that are the table's own; of our own table of rejected rows, as they were before."""
    if len(place.kept) == place.width or len(cells) != place.width:
        return cells
    return [restored(cells[index]) for index in place.kept]
