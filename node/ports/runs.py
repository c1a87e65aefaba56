"""Runs: many awards from one table, page by page, each page done once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from node.documents import JsonValue

PAGE_ROWS: Final = 500
"""Rows that are read, signed and stored together: one piece of work of the database, which nobody waits for long."""
MAX_RUNS_LISTED: Final = 100


class RunState(StrEnum):
    """How far a run has come."""

    READING = "reading"
    """Its table is being taken; one whose upload was cut off stays like this until it is removed."""
    READ = "read"
    """All rows are here."""
    CHECKING = "checking"
    """A dry run: each row is judged, and nothing is signed."""
    CHECKED = "checked"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    """What was awarded before stays; nobody else gets anything by it."""
    DONE = "done"


NEXT: Final[Mapping[RunState, frozenset[RunState]]] = {
    RunState.READING: frozenset({RunState.READ}),
    RunState.READ: frozenset({RunState.CHECKING, RunState.RUNNING, RunState.CANCELLED}),
    RunState.CHECKING: frozenset({RunState.CHECKED, RunState.CANCELLED}),
    RunState.CHECKED: frozenset({RunState.CHECKING, RunState.RUNNING, RunState.CANCELLED}),
    RunState.RUNNING: frozenset({RunState.PAUSED, RunState.CANCELLED, RunState.DONE}),
    RunState.PAUSED: frozenset({RunState.RUNNING, RunState.CANCELLED}),
    RunState.CANCELLED: frozenset(),
    RunState.DONE: frozenset(),
}
MOVING: Final = frozenset({RunState.CHECKING, RunState.RUNNING})
"""Somebody works on it."""
OVER: Final = frozenset({RunState.CANCELLED, RunState.DONE})


@dataclass(frozen=True, slots=True)
class Run:
    """Many awards from one table. Its counts are of the dry run while that is the last thing that was done."""

    id: str
    name: str
    """What the table is called, for people."""
    digest: str
    """SHA-256 of the file, in hexadecimal."""
    headings: tuple[str, ...]
    key: str
    """By whose key it was begun, for the log of events."""
    member: str | None
    created_at: datetime
    changed_at: datetime
    state: RunState = RunState.READING
    ordered: Mapping[str, JsonValue] | None = None
    """What is awarded, by which profile, and what the columns mean."""
    rows: int = 0
    pages: int = 0
    awarded: int = 0
    already: int = 0
    """Rows whose learners have the award by an earlier table."""
    rejected: int = 0
    version: int = 0
    """Counts changes: whoever follows a run asks for what came after one."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    problem: str | None = None
    """What it waits for, or stopped at."""

    @property
    def done(self) -> int:
        """Rows of which it is known what became."""
        return self.awarded + self.already + self.rejected


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a table. `content` is gone once it is done, `outcome` says then what became of each row."""

    number: int
    rows: int
    content: bytes | None = field(default=None, repr=False)
    outcome: bytes | None = field(default=None, repr=False)
    done: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the rows of a page: in words of JSON, and how many came to what."""

    said: bytes = field(repr=False)
    awarded: int = 0
    already: int = 0
    rejected: int = 0


class RunReader(Protocol):
    """The runs of one organisation."""

    async def find(self, run: str) -> Run:
        """The run; raises AbsentError."""

    async def listed(self, *, before: str | None = None, limit: int = 50) -> tuple[Run, ...]:
        """The newest first, from those before this one."""

    async def pages(self, run: str, *, after: int = -1, limit: int = 10, done: bool | None = None) -> tuple[Page, ...]:
        """Its pages in order, after the one with this number; all of them, or those that are done, or are not."""


class Runs(RunReader, Protocol):
    """… and changing them."""

    async def add(self, run: Run) -> None:
        """Take a new one."""

    async def add_pages(self, run: str, pages: Sequence[Page]) -> None:
        """Take rows of a table that is being read; raises AbsentError."""

    async def change(self, run: str, state: RunState, at: datetime) -> Run:
        """Bring it to a state that may follow; as it is then. Raises AbsentError, RuleError."""

    async def order(self, run: str, ordered: Mapping[str, JsonValue], at: datetime) -> Run:
        """Say what is awarded, before anything was; raises AbsentError, RuleError."""

    async def begin(self, run: str, at: datetime) -> None:
        """Forget what a dry run found: no page is done; raises AbsentError, RuleError for one that is not moving."""

    async def page_done(self, run: str, page: int, outcome: Outcome, at: datetime, *, keep: bool = False) -> bool:
        """Keep what became of a page, once; False where that is kept already. `keep` its rows for another time."""

    async def rewrite(self, run: str, page: int, outcome: bytes) -> None:
        """Keep less of what became of a page that is done: whose rows they were is erased."""

    async def note(self, run: str, problem: str | None, at: datetime) -> None:
        """Say what it waits for, or that it waits no more; raises AbsentError."""

    async def remove(self, run: str) -> None:
        """Forget it, with all its rows; what was awarded stays. Raises AbsentError, RuleError for one that goes on."""
