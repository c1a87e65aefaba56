"""The rows that were rejected, as a table that can be mended and handed in again; no cell of it is a formula."""

import csv
import io
from collections.abc import AsyncIterator, Sequence

from node.issuance.desk.cells import MARKS, neutralised
from node.ports.tables import RefusedRow

AT_ONCE = 200
"""Rows that are written together."""


async def rejected_rows(
    headings: Sequence[str], rows: AsyncIterator[RefusedRow], *, first: bool = True
) -> AsyncIterator[bytes]:
    """The table in UTF-8, with a byte order mark, by which spreadsheets know that it is; or a further part of it."""
    if first:
        yield "\ufeff".encode() + _written([[*MARKS, *headings]])
    waiting: list[list[str]] = []
    async for row in rows:
        waiting.append(_cells(row, len(headings)))
        if len(waiting) >= AT_ONCE:
            yield _written(waiting)
            waiting.clear()
    if waiting:
        yield _written(waiting)


def _cells(row: RefusedRow, width: int) -> list[str]:
    columns, _, messages, remedies = zip(*row.problems, strict=True) if row.problems else ((), (), (), ())
    said = ["; ".join(filter(None, dict.fromkeys(each))) for each in (columns, messages, remedies)]
    return [str(row.row), *said, *row.cells[:width], *[""] * (width - len(row.cells))]


def _written(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([[neutralised(cell) for cell in row] for row in rows])
    return text.getvalue().encode()
