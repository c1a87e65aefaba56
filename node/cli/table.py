"""Tables in and out: CSV as spreadsheets write it, read row by row; and written so that no cell is taken for a formula.

Spec: https://www.rfc-editor.org/rfc/rfc4180
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, NamedTuple

from node.cli.errors import CliError
from node.issuance.desk.cells import (
    ENCODINGS,
    MARKS,
    MAX_CELL_CHARS,
    MAX_LINE_CHARS,
    delimiter_of,
    encoding_named,
    neutralised,
    restored,
)

__all__ = ["ENCODINGS", "Rejects", "Row", "Table", "encoding_named", "neutralised", "opened_table", "restored"]


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
            self.delimiter = delimiter_of(first)
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


def _after(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines
