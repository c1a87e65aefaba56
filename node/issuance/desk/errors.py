"""What keeps a table from being read, or a run from being made of it.

TableError   table.{empty, heading, encoding, syntax, line, cell, size, rows, workbook, formula, time}
OrderError   run.{order, columns, kind, form, twice}

No text of a cell stands in a message: it lands in logs and on screens of others.
"""

from node.issuance.errors import IssuanceError


class TableError(IssuanceError):
    """A table cannot be read; the message says where."""


class OrderError(IssuanceError):
    """What is to be awarded by a table is not said in a way that it could be done."""
