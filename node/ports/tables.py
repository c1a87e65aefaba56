"""Where tables of strangers are read and their rows become signed credentials: beside the server, never in it.

Everything raises JudgesError, and InputRefusedError for what cannot be read, or not be awarded as it is ordered.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from node.documents import JsonObject, JsonValue
from node.ports.judging import JudgesClosedError, SigningOrder
from node.ports.key_store import KeyStore


class Doing(StrEnum):
    """What is done with the rows."""

    SIGN = "sign"
    TRY = "try"
    """Everything, by a key that is thrown away: what comes of it is for nobody."""
    OFFER = "offer"
    """They are judged, and made awards that wait for their learners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsOrder:
    """What all rows of a run share. It is the same for all pages, so that what was learned of one serves the next."""

    run: str
    doing: Doing
    achievement: bytes = field(repr=False)
    """The published version, to the byte."""
    issuer: str
    headings: tuple[str, ...]
    columns: tuple[tuple[str, str], ...] = ()
    """What headings mean that are no names of members."""
    shared: bytes = field(default=b"{}", repr=False)
    """The award's file: what is the same for all."""
    naming: bytes = b""
    """What the name of an award depends on beside its learner."""
    signing: SigningOrder
    purposes: tuple[str, ...] = ()
    """What there is a place for in a list."""
    at: datetime
    """Since when the awards are in force that do not say otherwise."""
    created: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """A row that can be awarded: by what name the award goes, and whose it is."""

    row: int
    key: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    ends: str | None = None
    """When the award ends by itself, as its document says."""
    award: JsonObject | None = field(default=None, repr=False)
    """Of an award that is offered: all that its file would say."""


@dataclass(frozen=True, slots=True)
class Intended:
    """The award of a row, before anything of it is signed; `credential` is the name that the credential gets."""

    award: str
    credential: str
    status: tuple[JsonObject, ...] = ()
    token_status: tuple[str, int] | None = None


type Intend = Callable[[Sequence[Wish]], Awaitable[Sequence[Intended | None]]]
"""Records what is intended, in the order of the wishes; None for what is not to be signed (again)."""


@dataclass(frozen=True, slots=True)
class SignedRow:
    """What was signed for a row."""

    row: int
    body: bytes = field(repr=False)
    commitment: bytes | None = None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be awarded as it stands; each problem has a heading, a code, a message and a remedy."""

    row: int
    cells: tuple[str, ...] = field(repr=False)
    problems: tuple[tuple[str, str, str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rows:
    """What came of some rows; `left` says that there are more of the page, which takes another call."""

    signed: tuple[SignedRow, ...] = ()
    wishes: tuple[Wish, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    """What would betray holders: a code, and a place."""
    left: bool = False


@dataclass(frozen=True, slots=True)
class TablePart:
    """A part of a table: pages, as they are kept, with how many rows each has."""

    pages: tuple[tuple[int, bytes], ...]
    consumed: int
    place: Mapping[str, JsonValue]
    """Where the next part begins, for whoever reads it."""
    headings: tuple[str, ...] = ()


class NoTables:
    """Tables where no process is there that could read any."""

    async def part(
        self,
        data: bytes,  # noqa: ARG002 -- as the port has them
        place: Mapping[str, JsonValue] | None,  # noqa: ARG002
        *,
        encoding: str,  # noqa: ARG002
        last: bool,  # noqa: ARG002
    ) -> TablePart:
        """Nothing is read."""
        raise JudgesClosedError("no process reads tables here")

    def workbook(self, data: bytes) -> AbstractAsyncContextManager[AsyncIterator[TablePart]]:  # noqa: ARG002 -- as above
        """Nothing is read."""
        raise JudgesClosedError("no process reads tables here")

    async def award(
        self,
        order: RowsOrder,  # noqa: ARG002 -- as above
        content: bytes,  # noqa: ARG002
        skip: frozenset[int],  # noqa: ARG002
        keys: KeyStore,  # noqa: ARG002
        intend: Intend,  # noqa: ARG002
    ) -> Rows:
        """Nothing is signed."""
        raise JudgesClosedError("no process reads tables here")


class Tables(Protocol):
    """Reads tables, and signs what they say."""

    async def part(self, data: bytes, place: Mapping[str, JsonValue] | None, *, encoding: str, last: bool) -> TablePart:
        """What a part of a CSV table holds; `place` is None for the first."""

    def workbook(self, data: bytes) -> AbstractAsyncContextManager[AsyncIterator[TablePart]]:
        """The parts of a workbook, one after the other."""

    async def award(
        self, order: RowsOrder, content: bytes, skip: frozenset[int], keys: KeyStore, intend: Intend
    ) -> Rows:
        """What comes of the rows of a page, but for those that are to be skipped."""
