"""Jobs about tables: parts of them that are to be read, and pages whose rows are to be signed."""

from collections.abc import Mapping
from dataclasses import dataclass

from node.documents import JsonValue
from node.ports.tables import RowsOrder


@dataclass(frozen=True, slots=True)
class TableJob:
    """Any of them."""


@dataclass(frozen=True, slots=True)
class ReadPart(TableJob):
    """A part of a CSV table; `place` is where it begins, and None for the first."""

    data: bytes
    place: Mapping[str, JsonValue] | None
    encoding: str
    last: bool


@dataclass(frozen=True, slots=True)
class OpenWorkbook(TableJob):
    """A workbook to be read; the process keeps it for the jobs that follow."""

    data: bytes


@dataclass(frozen=True, slots=True)
class NextPages(TableJob):
    """The next pages of the open workbook."""


@dataclass(frozen=True, slots=True)
class AwardRows(TableJob):
    """The rows of a page, but for some, to be awarded as ordered by this public key."""

    order: RowsOrder
    content: bytes
    skip: frozenset[int]
    key: str
