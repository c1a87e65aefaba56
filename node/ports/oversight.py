"""What keeps an organisation honest: the audit log, second persons, requests that count once, challenges."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from node.documents import JsonValue

CHALLENGE_LIFETIME: Final = timedelta(minutes=5)
"""Long enough for a person with a telephone to answer."""
FIRST: Final = bytes(32)
"""What the first entry of a log follows."""
_TAG: Final = b"glejt/audit-entry/v1"


@dataclass(frozen=True, slots=True)
class Event:
    """What somebody did. `details` name no learner: the log stays when a person is erased."""

    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event in its place in the log, each bound to all before it."""

    number: int
    event: Event
    previous: bytes
    digest: bytes

    @classmethod
    def after(cls, number: int, previous: bytes, organisation: str, event: Event) -> "AuditEntry":
        """The entry that follows one with this number and digest."""
        return cls(number + 1, event, previous, digest_of(organisation, number + 1, previous, event))


def digest_of(organisation: str, number: int, previous: bytes, event: Event) -> bytes:
    """The digest of an entry: over all it says, its place, its log, and the digest before it."""
    said = [
        organisation,
        str(number),
        event.at.isoformat(),
        event.actor,
        event.action,
        event.subject,
        json.dumps(event.details, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
    ]
    digest = hashlib.sha256(_TAG + previous)
    for part in (text.encode() for text in said):
        digest.update(len(part).to_bytes(4) + part)
    return digest.digest()


def first_fault(
    organisation: str, entries: Iterable[AuditEntry], *, number: int = 0, previous: bytes = FIRST, head: bytes | None
) -> int | None:
    """The number of the first entry that is not what was recorded, or None.

    `entries` follow the one with `number` and the digest `previous`. `head` is the digest of the last, known from
    elsewhere, best from an anchor: without it the newest entries could have been cut off, or all written anew. A log
    that ends before its head has its fault at the entry after the last.
    """
    for entry in entries:
        number += 1
        follows = entry.number == number and entry.previous == previous
        if not follows or entry.digest != digest_of(organisation, number, previous, entry.event):
            return number
        previous = entry.digest
    return None if head in {None, previous} else number + 1


class Decision(StrEnum):
    """How far a request for a second person has come."""

    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Approval:
    """Something that one person wants done and another has to agree to."""

    id: str
    action: str
    payload: Mapping[str, JsonValue]
    """All that will be done, so that what is agreed to is what happens."""
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    state: Decision = Decision.WAITING
    decided_by: str | None = None
    decided_at: datetime | None = None
    digest: bytes | None = None
    """Of action and payload. The payload is gone once the request is over: it may name learners."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The end of the log at a time, in the organisation's signature; with a receipt once it is anchored."""

    number: int
    at: datetime
    signed: bytes
    receipt: bytes | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request that counts once, by the key its client gave it."""

    key: str
    digest: bytes
    """Of what was asked for: the same key for something else is a mistake."""
    intent: Mapping[str, JsonValue]
    """What was begun for it, so that who comes again goes on with the same."""
    created_at: datetime
    answer: JsonValue = None


class AuditReader(Protocol):
    """The log of one organisation."""

    async def entries(self, *, after: int = 0, limit: int = 1000) -> tuple[AuditEntry, ...]:
        """The entries after this number."""

    async def head(self) -> tuple[int, bytes]:
        """Number and digest of the last entry."""

    async def signed_heads(self, *, limit: int = 100) -> tuple[SignedHead, ...]:
        """The ends that were signed, the latest first."""


class Audit(AuditReader, Protocol):
    """… and adding to it."""

    def record(self, event: Event) -> None:
        """Add this at the end of the unit of work, with all of it or not at all."""

    async def keep_head(self, head: SignedHead) -> None:
        """Keep a signed end, or the receipt of one that is there; what was signed before it stays as it was."""


class ApprovalReader(Protocol):
    """What waits for a second person."""

    async def find(self, approval: str) -> Approval:
        """The request; raises AbsentError."""

    async def waiting(self) -> tuple[Approval, ...]:
        """Those that nobody has decided on."""

    async def listed(self, state: Decision, *, after: str = "", limit: int = 100) -> tuple[Approval, ...]:
        """Those in this state whose id comes after this one."""

    async def same(self, digest: bytes, asked_by: str, at: datetime) -> Approval | None:
        """What this person has asked for that is the same, waits or was granted, and is not over."""


class Approvals(ApprovalReader, Protocol):
    """… and deciding on it."""

    async def ask(self, approval: Approval) -> None:
        """Take a new request."""

    async def decide(self, approval: str, by: str, at: datetime, *, grant: bool) -> Approval:
        """Grant or refuse it; raises RuleError for whoever asked, for one that is over or was decided on."""

    async def carry_out(self, approval: str, at: datetime, *, action: str) -> Approval:
        """Take a granted request to do it now, once; raises RuleError for any other, or another action."""

    async def take_back(self, by: str) -> int:
        """Refuse what this member has granted and nobody has carried out; how many there were."""

    async def forget(self, before: datetime) -> int:
        """Drop those that were over by then, whatever became of them; how many there were."""


class Requests(Protocol):
    """Requests that count once."""

    async def begin(self, request: Request) -> Request:
        """The request as it stands: this one, or the one that came first under its key.

        Raises ConflictError where that asked for something else.
        """

    async def answer(self, key: str, answer: JsonValue) -> None:
        """Keep what was answered, for whoever asks again; raises AbsentError."""

    async def forget(self, before: datetime) -> int:
        """Drop those that came before; how many there were."""


class Challenges(Protocol):
    """Challenges that holders answer, each once."""

    async def issue(self, challenge: str, domain: str, at: datetime) -> datetime:
        """Take a challenge that was drawn; until when it counts."""

    async def consume(self, challenge: str, domain: str, at: datetime) -> bool:
        """Whether it was issued, for this domain, and is not over; it is gone then, for everybody."""

    async def forget(self, before: datetime) -> int:
        """Drop those that were over by then; how many there were."""
