"""Conversations over DIDComm: with whom, by which keys, how far each thread has come, and what waits to be sent.

A relation is one identifier of ours, made for one invitation, and whoever took it up. Its row is locked by whoever
takes a message in it, so that two messages of one relation never see the same state.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from node.documents import JsonObject
from node.ports.organisations import OrganisationId

MAX_LETTERS: Final = 256
"""Messages that wait for one relation; what is lost beyond is asked for again by its thread."""
MAX_THREADS: Final = 512
"""Threads of one relation that are kept: a holder's whole life with one issuer, some messages a week."""
KEPT_LETTERS: Final = timedelta(days=30)
"""A phone that is off for a month begins anew."""
KEPT_THREADS: Final = timedelta(days=30)
"""After its end, for as long as its messages may come again."""
KEPT_INVITATIONS: Final = timedelta(days=1)
"""An invitation that nobody took up, after it ended: whoever is late is told so."""
MAX_LISTED: Final = 200


class Purpose(StrEnum):
    """What an invitation is for."""

    ISSUE = "issue"
    PRESENT = "present"
    MEDIATE = "mediate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One identifier of ours, and who took up its invitation: nobody, as long as `theirs` is None.

    `ours` has its keys in the vault under the ids of its own document. `short` is what nobody can guess of the short
    address; `message` the invitation itself; `context` what it is for.
    """

    ours: str
    theirs: str | None
    purpose: Purpose
    invitation: str
    short: str = field(repr=False)
    message: JsonObject = field(repr=False)
    context: JsonObject = field(repr=False)
    made_at: datetime
    expires_at: datetime
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptThread:
    """An exchange as it was written down, under its key; `about` is the award or the request that it is about."""

    key: str
    ours: str
    protocol: str
    role: str
    state: str
    thread: str
    final: bool
    about: str | None
    document: bytes = field(repr=False)
    expires_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that waits to be sent, as plaintext; it is encrypted when it goes."""

    id: str
    ours: str
    document: bytes = field(repr=False)
    made_at: datetime
    expires_at: datetime


class RequestState(StrEnum):
    """How far a request for a presentation has come."""

    INVITED = "invited"
    """Shown, and nobody took it up."""
    REQUESTED = "requested"
    """Somebody was asked."""
    PRESENTED = "presented"
    """Something was shown, and is being judged."""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationRequest:
    """What a verifier asks for, and what came of it. `asked` is the request, `report` the verdict on what was shown."""

    id: str
    ours: str
    asked: JsonObject
    state: RequestState
    report: JsonObject | None = field(repr=False)
    made_by: str
    made_at: datetime
    changed_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A credential that was handed to a holder by a relation: what is to be told of it later, and was told."""

    award: str
    ours: str
    thread: str
    credential: str
    at: datetime
    receipt_told: bool = False
    status_told: str | None = None


class ThreadReader(Protocol):
    """The conversations of one organisation."""

    async def relation(self, ours: str) -> Relation:
        """The relation of this identifier of ours; raises AbsentError."""

    async def thread(self, key: str) -> KeptThread | None:
        """The thread that is kept under this key."""

    async def threads_of(self, ours: str) -> tuple[KeptThread, ...]:
        """The threads of a relation, the last changed first."""

    async def letters(self, ours: str, *, limit: int = MAX_LETTERS) -> tuple[Letter, ...]:
        """What waits for a relation, the oldest first."""

    async def request(self, request: str) -> PresentationRequest:
        """A request for a presentation; raises AbsentError."""

    async def requests(self, *, before: str | None = None, limit: int = 50) -> tuple[PresentationRequest, ...]:
        """A page of requests, the newest first."""

    async def handed(self, award: str) -> tuple[Handed, ...]:
        """To whom the credential of an award was handed."""

    async def handed_in(self, ours: str) -> tuple[Handed, ...]:
        """What was handed over in a relation."""

    async def to_tell(self, *, after: str = "", limit: int = MAX_LISTED) -> tuple[Handed, ...]:
        """What was handed over, by award, from the one that comes after this."""

    async def offered(self, award: str) -> tuple[Relation, ...]:
        """The invitations for an award that can be taken up or were, the newest first."""


class Threads(ThreadReader, Protocol):
    """… and changing them."""

    async def invite(self, relation: Relation, *, about: str | None = None) -> None:
        """Keep a new relation with its invitation; `about` is the award that it offers."""

    async def lock(self, ours: str) -> Relation:
        """The relation, which nobody else changes before this change has ended; raises AbsentError."""

    async def take_up(self, ours: str, theirs: str, at: datetime) -> None:
        """Somebody took up the invitation, or goes by another identifier from now on."""

    async def keep(self, thread: KeptThread, *, new: bool = False) -> None:
        """Keep a thread as it is now, also a `new` one; raises RuleError where the relation has too many."""

    async def post(self, letters: Sequence[Letter]) -> int:
        """Have messages sent; how many of them, in their order, there was room for."""

    async def sent(self, letters: Collection[str]) -> None:
        """These were sent."""

    async def ask(self, request: PresentationRequest) -> None:
        """Keep a request for a presentation."""

    async def progress(
        self, request: str, state: RequestState, at: datetime, *, report: JsonObject | None = None
    ) -> None:
        """Bring a request on; one that has its verdict keeps it. Raises AbsentError."""

    async def hand(self, handed: Handed) -> None:
        """Note that a credential was handed over; the same once more changes nothing."""

    async def tell(self, handed: Handed) -> None:
        """Note what was told of it by now."""

    async def due(self, at: datetime, *, limit: int = MAX_LISTED) -> tuple[KeptThread, ...]:
        """The threads that are not over and whose time is."""

    async def forget(self, at: datetime) -> int:
        """Drop letters, threads and invitations that are over for so long that nothing of them comes again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """An encrypted message that waits at a mediator for its recipient."""

    id: str
    ours: str
    recipient: str
    data: bytes = field(repr=False)
    received_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a recipient: how many, how many bytes, since when."""

    count: int
    total_bytes: int
    oldest: datetime | None
    newest: datetime | None


MAX_RECIPIENTS: Final = 1000
"""Identifiers that a mediator serves one phone under: one for each of its relationships."""
MAX_DEPOSITS: Final = 2000
"""Messages that wait for one identifier; the next are refused, and others of the same phone have their own room."""
MAX_DEPOSITED_BYTES: Final = 64 * 1024 * 1024
"""… and bytes."""
KEPT_DEPOSITS: Final = timedelta(days=7)


class MediationReader(Protocol):
    """Whom one organisation mediates for."""

    async def recipients(self, ours: str, *, offset: int = 0, limit: int = MAX_LISTED) -> tuple[tuple[str, ...], int]:
        """A page of the identifiers that are served in a relation, and how many come after it."""

    async def waiting(self, ours: str, recipient: str | None = None) -> Waiting:
        """What waits for a relation, or for one of its identifiers."""

    async def deposits(
        self, ours: str, recipient: str | None = None, *, limit: int, max_bytes: int
    ) -> tuple[Deposit, ...]:
        """What waits, the oldest first, as far as it fits; one alone always does."""


class Mediation(MediationReader, Protocol):
    """… and changing it."""

    async def serve(self, ours: str, recipient: str) -> bool:
        """Serve this identifier from now on; False where it was served already. Raises RuleError where it cannot be."""

    async def leave(self, ours: str, recipient: str) -> bool:
        """Serve it no more, and drop what waits for it; False where it was not served."""

    async def deposit(self, deposit: Deposit) -> bool:
        """Keep a message for a recipient; False where there is no more room for that one."""

    async def received(self, ours: str, ids: Collection[str]) -> int:
        """Drop what its recipient has received; how much of it there was."""

    async def expire(self, at: datetime) -> int:
        """Drop what nobody fetched in time."""


class MailReader(Protocol):
    """Whose an identifier, an invitation or a recipient is, for the node, which takes messages for all."""

    async def owner(self, dids: Sequence[str]) -> tuple[OrganisationId, str] | None:
        """Whose the first of these identifiers is that is one of ours."""

    async def invitation(self, short: str) -> tuple[OrganisationId, Relation] | None:
        """The invitation behind a short address."""

    async def with_mail(self, ours: Sequence[str], *, live: Sequence[str] = ()) -> frozenset[str]:
        """Those of these identifiers of ours for which letters wait, or deposits for those that are `live`."""
