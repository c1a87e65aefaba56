"""Life after issue: what can become of an award, why, who is told, and the withdrawal of many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from node.documents import JsonValue

MAX_WORDS_CHARS: Final = 1000
"""Of what is said beside a reason."""


class Change(StrEnum):
    """What becomes of an award after it was issued."""

    REVOKED = "revoked"
    """For good."""
    SUSPENDED = "suspended"
    LIFTED = "lifted"
    """It was suspended, and is good again."""
    CORRECTED = "corrected"
    """Another one says it right, and this one is withdrawn."""
    REISSUED = "reissued"
    """Another one says the same: by another key, in another form, or as this one was lost."""
    RENEWED = "renewed"
    """Another one holds for longer, and this one is withdrawn."""


_ANY: Final = ("requested", "other")
REASONS: Final[Mapping[Change, tuple[str, ...]]] = MappingProxyType(
    {
        Change.REVOKED: ("error", "misconduct", "conditions", "superseded", *_ANY),
        Change.SUSPENDED: ("review", "conditions", *_ANY),
        Change.LIFTED: ("cleared", "error", *_ANY),
        Change.CORRECTED: ("name", "content", *_ANY),
        Change.REISSUED: ("lost", "key", "form", *_ANY),
        Change.RENEWED: ("validity", *_ANY),
    }
)
"""The reasons that can be given for each."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: one of the list, and words. It stays inside, but for what the holder is told."""

    code: str
    words: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.code}: {self.words}" if self.words else self.code


@dataclass(frozen=True, slots=True)
class Replacement:
    """An award whose place another one is to take, and why."""

    award: str
    change: Change
    reason: Reason
    asked: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)
    """All that was asked for beside, by which the same request is known again."""

    @property
    def request(self) -> dict[str, JsonValue]:
        """What was asked for."""
        said: dict[str, JsonValue] = {"reason": self.reason.code, "words": self.reason.words}
        return {"change": self.change.value, "award": self.award, **said, **self.asked}


@dataclass(frozen=True, slots=True)
class Notice:
    """What the holder of an award is to be told, by whichever way there is: mail, or a message to a wallet."""

    id: str
    award: str
    change: Change
    reason: str
    words: str = field(repr=False)
    made_at: datetime
    successor: str | None = None
    """The award that takes its place."""
    told_at: datetime | None = None
    told_by: str | None = None
    """The way by which the holder was told."""


class NoticeReader(Protocol):
    """The notices of one organisation."""

    async def find(self, notice: str) -> Notice:
        """The notice; raises AbsentError, also where its person was erased."""

    async def of_award(self, award: str) -> tuple[Notice, ...]:
        """All that became of an award, the oldest first."""

    async def waiting(self, *, after: str = "", limit: int = 100) -> tuple[Notice, ...]:
        """Those that nobody was told of yet, the oldest first."""


class Notices(NoticeReader, Protocol):
    """… and changing them."""

    async def add(self, notices: Sequence[Notice]) -> None:
        """Keep these."""

    async def told(self, notice: str, by: str, at: datetime) -> bool:
        """The holder was told in this way; False where that was so already. Raises AbsentError."""


class WithdrawalState(StrEnum):
    """How far a withdrawal of many has come."""

    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Many awards that are withdrawn for one reason: which, and how far that has come."""

    id: str
    chosen: Mapping[str, JsonValue]
    """How they were chosen: a filter, or ids."""
    reason: str
    words: str = field(repr=False)
    actor: str
    key: str
    """Whose order it is, and by which key, as the log names them."""
    last: str
    """The last of them: awards are gone through in the order of their ids, and later ones are not meant."""
    total: int
    made_at: datetime
    cursor: str = ""
    """The last that was gone through."""
    changed: int = 0
    unchanged: int = 0
    """Withdrawn before."""
    without: int = 0
    """Without a place in a list that could say it."""
    lists: tuple[str, ...] = ()
    """The lists that have to say it."""
    state: WithdrawalState = WithdrawalState.RUNNING
    finished_at: datetime | None = None


class WithdrawalReader(Protocol):
    """The withdrawals of many of one organisation."""

    async def find(self, withdrawal: str, *, lock: bool = False) -> Withdrawal:
        """The withdrawal; raises AbsentError. Locked, nobody else goes on with it meanwhile."""

    async def listed(self, *, limit: int = 100) -> tuple[Withdrawal, ...]:
        """The latest first."""


class Withdrawals(WithdrawalReader, Protocol):
    """… and changing them."""

    async def add(self, withdrawal: Withdrawal) -> None:
        """Keep a new one."""

    async def save(self, withdrawal: Withdrawal) -> None:
        """Keep how far it has come; raises AbsentError."""
