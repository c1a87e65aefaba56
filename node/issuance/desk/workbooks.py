"""Workbooks (XLSX) read page by page: the first sheet of one, the values and not the formulas.

1. It is a ZIP of few parts, which together unfold to no more than so much.
2. The first row that has anything in it has the headings; the rest are rows, each cell as the text that it shows.
3. Numbers are written without zeros that say nothing, days as `2026-05-01T00:00:00Z`, truth as `true` and `false`.

It is to be called where memory and time are bounded. Spec: https://ecma-international.org/publications-and-standards/standards/ecma-376/
"""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO
from itertools import islice
from typing import Any, Final

from node.issuance.desk.cells import MARKS, MAX_CELL_CHARS, restored
from node.issuance.desk.csv_parts import Record, require_headings
from node.issuance.desk.errors import TableError
from node.ports.runs import PAGE_ROWS

MAX_WORKBOOK_BYTES: Final = 32 * 1024 * 1024
MAX_UNFOLDED_BYTES: Final = 512 * 1024 * 1024
"""Of all parts: a sheet of a million rows has some 200 MB."""
MAX_PARTS: Final = 1000
MAX_WIDTH: Final = 256
"""Columns that are looked at; further ones have to be empty."""
SIGNATURE: Final = b"PK\x03\x04"


@dataclass(slots=True)
class Workbook:
    """An open workbook: its headings, and an iterator over its pages."""

    headings: tuple[str, ...]
    rows: Iterator[Record] = field(repr=False)

    def page(self) -> tuple[Record, ...]:
        """The next rows; none at the end."""
        with _told():
            return tuple(islice(self.rows, PAGE_ROWS))


def opened_workbook(data: bytes) -> Workbook:
    """The workbook in these bytes; raises TableError."""
    if len(data) > MAX_WORKBOOK_BYTES:
        raise _refused(f"a workbook has at most {MAX_WORKBOOK_BYTES // 1024 // 1024} MB", "Save the sheet as CSV.")
    with _told():
        _check_parts(data)  # 1.
        import openpyxl  # noqa: PLC0415 -- few tables are workbooks

        book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        if not book.worksheets:
            raise _refused("the workbook has no sheet", "Save the sheet as CSV.")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what it says of its own size is not believed
        lines = _lines(sheet)
        first = next((cells for _, cells in lines if any(cells)), list[str]())
    headings = [heading.strip() for heading in first]
    while headings and not headings[-1]:
        headings.pop()
    if not headings:
        raise TableError("the table has no headings", code="table.empty", remedy="Put the names of the columns first.")
    kept = [index for index, heading in enumerate(headings) if heading not in MARKS]
    own = require_headings([headings[index] for index in kept])
    return Workbook(own, _rows(lines, len(headings), kept))


def _check_parts(data: bytes) -> None:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNFOLDED_BYTES:
        raise _refused("the workbook unfolds to more than a table has", "Save the sheet as CSV.")


def _lines(sheet: Any) -> Iterator[Record]:  # noqa: ANN401 -- a sheet, of a library without types
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells: list[str] = []
        for column, cell in enumerate(row):
            if column >= MAX_WIDTH:
                if cell.value is not None:
                    raise _refused(f"row {number} has more than {MAX_WIDTH} columns", "Leave out what no award needs.")
                continue
            if cell.data_type == "e":
                raise TableError(
                    f"row {number}, column {column + 1}: a formula that came to an error",
                    code="table.formula",
                    remedy="Mend the formula, or write its value.",
                )
            cells.append(_text(cell.value, number))
        yield number, cells


def _rows(lines: Iterator[Record], width: int, kept: Sequence[int]) -> Iterator[Record]:
    for number, cells in lines:
        if not any(cells):
            continue
        own = [*cells[:width], *[""] * (width - len(cells)), *filter(None, cells[width:])]
        if len(own) == width and len(kept) < width:  # our own table of rejected rows
            own = [restored(own[index]) for index in kept]
        yield number, own


def _text(value: object, row: int) -> str:  # noqa: PLR0911 -- one for each kind of value
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case datetime():
            return f"{value.replace(microsecond=0).isoformat()}Z" if value.tzinfo is None else value.isoformat()
        case date():
            return f"{value.isoformat()}T00:00:00Z"
        case time():
            return value.isoformat()
        case str() if len(value) <= MAX_CELL_CHARS:
            return value
        case _:
            raise TableError(
                f"row {row} has a cell of more than {MAX_CELL_CHARS // 1024} KB, or of a kind that is no text",
                code="table.cell",
                remedy="Shorten it, or write it as text.",
            )


class _told:  # noqa: N801 -- used as `contextmanager` would be, without a generator around an iterator
    """Tells what a broken workbook is: the libraries that read it have dozens of errors for that."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, TableError | MemoryError):
            message, remedy = "the file is no workbook that can be read", "Save it anew, or save the sheet as CSV."
            raise _refused(message, remedy) from error


def _refused(message: str, remedy: str) -> TableError:
    return TableError(message, code="table.workbook", remedy=remedy)
