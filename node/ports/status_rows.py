"""Status lists as rows: each withdrawal is one, and a published list is a rendering of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from node.ports.awarding import Standing

TOKEN_LIST: Final = "status_list"  # noqa: S105 -- a kind of list
"""The purpose of a Token Status List, which serves every purpose of the tokens that name it."""


@dataclass(frozen=True, slots=True)
class ListRecord:
    """A status list of one purpose, at one address for good."""

    id: str
    url: str
    profile: str
    purpose: str
    size: int = 1
    entries: int = 131_072
    open: bool = True
    """Whether new credentials get places in it."""
    reconciled: bool = True
    """Whether its rows are known to be no older than what was published: after a restore they may be."""
    version: int = 0
    published_at: datetime | None = None
    sealed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """A place in a list that was given away, and what it says."""

    list: str
    place: int
    award: str | None
    """None for one whose person was erased: the place is never given away again."""
    value: int = 0
    changed_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RevokedMany:
    """What came of withdrawing many."""

    changed: frozenset[str]
    """The awards that were good, or suspended, before."""
    placed: frozenset[str]
    """Those with a place that says it, whoever withdrew them."""
    lists: frozenset[str]
    """The lists that have to say so."""


class StatusReader(Protocol):
    """The status lists of one organisation."""

    async def find(self, list_id: str) -> ListRecord:
        """The list; raises AbsentError."""

    async def lists(self) -> tuple[ListRecord, ...]:
        """All of them."""

    async def entries_of(self, award: str) -> tuple[EntryRecord, ...]:
        """The places of an award."""

    async def standings(self, awards: Sequence[str]) -> Mapping[str, frozenset[Standing]]:
        """Which of these awards are revoked or suspended."""

    async def values(self, list_id: str) -> dict[int, int]:
        """The values that are set, by their places; raises AbsentError, RuleError for one that is not reconciled."""

    async def places(self, list_id: str) -> dict[int, list[int]]:
        """The places that are set, by their values; raises as `values` does."""

    async def published(self, list_id: str) -> bytes | None:
        """The version that was published last; raises AbsentError."""


class StatusRows(StatusReader, Protocol):
    """… and changing them."""

    async def add(self, record: ListRecord) -> None:
        """Take a new list."""

    async def allocate(self, list_id: str, awards: Sequence[str]) -> tuple[int, ...]:
        """A free place for each award, any as likely as any other; a place is given away once.

        Raises AbsentError, RuleError for a list that is closed or has too few left.
        """

    async def spread(self, list_id: str, awards: Sequence[str]) -> Mapping[str, int]:
        """Free places, as `allocate` has them, for as many of the awards as find one without a look at the whole list.

        Whoever needs many at once goes on in another list for the rest. Raises AbsentError, RuleError for one that is
        closed.
        """

    async def set_value(self, list_id: str, place: int, value: int, at: datetime, reason: str) -> bool:
        """Set the value of a place; whether it is another one now.

        Raises AbsentError for a place that nobody has, RuleError where that would take a final value back, or the list
        is sealed.
        """

    async def revoke(self, awards: Sequence[str], at: datetime, reason: str) -> RevokedMany:
        """Withdraw all of these, wherever they have a place that can say so; raises RuleError for a sealed list."""

    async def publish(self, list_id: str, document: bytes, at: datetime, *, version: int) -> None:
        """Serve this, made of the rows as they were at this version; raises ConflictError where it is not the next."""

    async def seal(self, list_id: str, at: datetime) -> None:
        """Change and publish it no more after the version that is published; raises AbsentError."""

    async def reconcile(self, list_id: str, published: dict[int, int], at: datetime) -> int:
        """Take over what the version published last says and the rows do not; how many places that were.

        Of a restored database only: what was withdrawn after the backup would be good again.
        """
