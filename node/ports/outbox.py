"""What is to be done after a transaction, written down in it: anchoring, publication, deliveries, mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from node.documents import JsonValue
from node.ports.organisations import OrganisationId

MAX_ATTEMPTS: Final = 12
"""With doubled waits, the last one a day after the first; then a person has to look."""
FIRST_WAIT: Final = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done at least once; who does it does it so that twice is as good as once."""

    id: str
    kind: str
    payload: Mapping[str, JsonValue]
    due_at: datetime
    once: str | None = None
    """Of several that wait under this name, one is kept."""
    attempts: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task, for as long as it was claimed for."""

    organisation: OrganisationId
    task: Task


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many that failed."""
    return FIRST_WAIT * (1 << min(attempts, MAX_ATTEMPTS) - 1)


class OutboxReader(Protocol):
    """What waits, of one organisation."""

    async def waiting(self, *, limit: int = 100) -> tuple[Task, ...]:
        """What is still to be done, the next first."""

    async def dead(self, *, limit: int = 100) -> tuple[Task, ...]:
        """What was given up, and waits for a person."""


class Outbox(OutboxReader, Protocol):
    """… and adding to it."""

    async def add(self, tasks: Sequence[Task]) -> None:
        """Take these."""

    async def take_back(self, task: Task) -> None:
        """Drop the one that waits under the name of this one, and that nobody has claimed: it was done otherwise."""

    async def retry(self, task: str, at: datetime) -> None:
        """Try one that was given up again; raises AbsentError."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How much there is to do, of all organisations."""

    waiting: int
    """Tasks that are due or under way, or wait for their time."""
    dead: int
    """Tasks that were given up, and wait for a person."""
    oldest: datetime | None
    """Since when the one that waits longest has been due; None where none is."""


class WorkReader(Protocol):
    """What there is to do, for whoever runs the node."""

    async def standing(self, at: datetime) -> Standing:
        """How much that is."""

    async def published_at(self, list_id: str) -> datetime | None:
        """As of when the status list with this id was published last; None where it was not."""


class Worker(WorkReader, Protocol):
    """The side of whoever does the work, for all organisations."""

    async def claim(self, kinds: Sequence[str], at: datetime, *, lasting: timedelta, limit: int) -> tuple[Claimed, ...]:
        """Take what is due. Nobody else gets it until it was done, failed, or was claimed for too long."""

    async def prolong(self, claimed: Claimed, until: datetime) -> bool:
        """Keep what takes longer; False where somebody else has claimed it meanwhile, as in all that follows."""

    async def done(self, claimed: Claimed) -> bool:
        """Strike it off."""

    async def again(self, claimed: Claimed, task: Task) -> bool:
        """Strike it off, and take this instead: so far it has gone well, and there is more to do later."""

    async def failed(self, claimed: Claimed, problem: str, at: datetime, *, for_good: bool = False) -> bool:
        """Have it tried again later, or give it up: after MAX_ATTEMPTS, or where it can never go well."""

    async def give_back(self, claimed: Claimed, at: datetime) -> bool:
        """Leave it to others, who need not wait until the claim is over."""

    async def free(self, at: datetime) -> int:
        """Make all that is claimed due at once: for the only process there is, when it begins."""

    async def forget(self, before: datetime) -> int:
        """Drop what was given up before then; how much that was."""
