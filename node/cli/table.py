"""Tables in and out: CSV as spreadsheets write it, read row by row; and written so that no cell is taken for a formula.

Spec: https://www.rfc-editor.org/rfc/rfc4180
"""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from node.cli.errors import CliError

DELIMITERS: Final = ",;\t"
ENCODINGS: Final = ("utf-8", "utf-16", "cp1250", "cp1252", "iso-8859-1", "iso-8859-2")
"""UTF-8, with or without a byte order mark, and what spreadsheets of Central and Western Europe write otherwise."""
_BY_CODEC: Final = {codecs.lookup(name).name: name for name in ENCODINGS}
MAX_CELL_CHARS: Final = 16 * 1024
"""One cell: a narrative of several pages."""
MAX_LINE_CHARS: Final = 256 * 1024
"""One line: more than a credential may have."""
MARKS: Final = ("glejt: row", "glejt: column", "glejt: problem", "glejt: what to do")
"""Headings of what is said about a rejected row. Whoever has mended the rows can hand the same table in again."""

_FORMULA: Final = re.compile(r"\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|[\t\r\n']")
"""How a cell begins that some spreadsheet calculates, or that looks as if we had kept it from that."""


class Row(NamedTuple):
    """One row: its number, with the headings as row 1, and its cells; `whole` where there is one for each heading."""

    number: int
    cells: list[str]
    whole: bool


class Table:
    """A table that is being read: its headings, and the rows after them."""

    __slots__ = ("_kept", "_name", "_number", "_reader", "_size", "_source", "_text", "_width", "delimiter", "headings")

    def __init__(self, source: BinaryIO, name: str, encoding: str, size: int) -> None:
        self._source, self._name, self._size, self._number = source, name, size, 1
        # With utf-8-sig, a byte order mark is no part of the first heading.
        self._text = TextIOWrapper(source, "utf-8-sig" if encoding == "utf-8" else encoding, newline="")
        lines = self._lines(self._text)  # kept, as it would close the file once the last line is read
        csv.field_size_limit(MAX_CELL_CHARS)
        with self._told():
            first = next(lines, "")
            self.delimiter = _delimiter(first)
            self._reader = csv.reader(_after(first, lines), delimiter=self.delimiter, strict=True)
            headings = [heading.strip() for heading in next(self._reader, [])]
        if not any(headings):
            raise CliError("csv.empty", name=name)
        self._width = len(headings)
        self._kept = [index for index, heading in enumerate(headings) if heading not in MARKS]
        self.headings = [headings[index] for index in self._kept]
        for heading in self.headings:
            if not heading or self.headings.count(heading) > 1:
                raise CliError("csv.heading", name=name, heading=heading)

    def __iter__(self) -> Iterator[Row]:
        """The rows that have anything in them."""
        ours = len(self._kept) < self._width
        while True:
            with self._told():
                cells = next(self._reader, None)
            if cells is None:
                return
            self._number += 1
            if any(cells):
                whole = len(cells) == self._width
                if ours and whole:  # our own table of rejected rows
                    cells = [restored(cells[index]) for index in self._kept]
                yield Row(self._number, cells, whole)

    @property
    def read(self) -> float:
        """How much of the file has been read, as a part of 1."""
        return min(1.0, self._source.tell() / self._size) if self._size else 1.0

    def _lines(self, text: TextIOWrapper) -> Iterator[str]:
        while line := text.readline(MAX_LINE_CHARS + 1):
            if len(line) > MAX_LINE_CHARS:
                raise CliError("csv.line", name=self._name, row=self._number + 1, limit=MAX_LINE_CHARS // 1024)
            yield line

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell where the table cannot be read."""
        try:
            yield
        except UnicodeError as error:
            known = ", ".join(ENCODINGS)
            raise CliError("csv.encoding", name=self._name, row=self._number, known=known) from error
        except csv.Error as error:
            raise CliError("csv.syntax", name=self._name, row=self._number + 1, details=str(error)) from error
        except OSError as error:
            raise CliError("input.unreadable", name=self._name, reason=error.strerror or "") from error


def encoding_named(text: str) -> str | None:
    """The encoding that goes by this name, such as windows-1250 or latin2; None for one that is not read."""
    try:
        return _BY_CODEC.get(codecs.lookup(text).name)
    except (LookupError, ValueError):
        return None


@contextmanager
def opened_table(name: str, encoding: str) -> Iterator[Table]:
    """The table in a file."""
    try:
        source = Path(name).expanduser().open("rb")
    except IsADirectoryError as error:
        raise CliError("input.is_folder", name=name) from error
    except PermissionError as error:
        raise CliError("input.forbidden", name=name) from error
    except (OSError, ValueError) as error:
        raise CliError("input.missing", name=name) from error
    with source:
        size = source.seek(0, 2)
        source.seek(0)
        yield Table(source, name, encoding, size)


class Rejects:
    """A table of rejected rows, each as it was, with what is wrong with it."""

    __slots__ = ("_text", "_writer")

    def __init__(self, file: BinaryIO, headings: Sequence[str], delimiter: str) -> None:
        # With a byte order mark spreadsheets read it as UTF-8.
        self._text = TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
        self._writer = csv.writer(self._text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._write([*MARKS, *headings])

    def add(self, row: Row, problems: Iterable[tuple[str, str, str]], width: int) -> None:
        """A row, and for each problem the heading of a column, what is wrong and what to do."""
        columns, messages, remedies = zip(*problems, strict=True)
        said = [
            str(row.number),
            *["; ".join(filter(None, dict.fromkeys(each))) for each in (columns, messages, remedies)],
        ]
        cells = row.cells[:width] + [""] * (width - len(row.cells))
        self._write([*said, *cells])

    def close(self) -> None:
        """Leave the file to whoever opened it."""
        self._text.detach()

    def _write(self, cells: Iterable[str]) -> None:
        self._writer.writerow([neutralised(cell) for cell in cells])


def neutralised(cell: str) -> str:
    """The cell as no spreadsheet calculates it: one that could begin a formula begins with an apostrophe."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """The cell that `neutralised` made this of."""
    return cell.removeprefix("'")


def _delimiter(line: str) -> str:
    """What separates the headings: of the usual three the one there is most of, outside quotation marks."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(DELIMITERS, key=bare.count)


def _after(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines
