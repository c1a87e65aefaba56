"""Achievements, what was awarded to whom, and the credentials made of it."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from node.documents import JsonValue

MAX_FOUND: Final = 200
"""Awards on one page."""
MAX_AT_ONCE: Final = 10_000
"""Rows of one piece of work: others wait until it is done."""


@dataclass(frozen=True, slots=True)
class Achievement:
    """What can be awarded, as it is being worked on; `draft` is None where nothing was changed since publication."""

    id: str
    draft: Mapping[str, JsonValue] | None
    revision: int
    """Counts changes: who changes what another has changed meanwhile is told."""
    created_at: datetime
    changed_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A version of an achievement, as it was published and stays."""

    achievement: str
    version: int
    digest: bytes
    published_by: str
    published_at: datetime
    document: bytes


class AwardState(StrEnum):
    """How far an award has come."""

    INTENDED = "intended"
    """Recorded, and nothing is signed: whatever happens now, it is gone on with and not begun again."""
    WAITING = "waiting"
    """For its learner to claim it."""
    ISSUED = "issued"
    CANCELLED = "cancelled"
    """Never issued, and never will be."""


NEXT: Final[Mapping[AwardState, frozenset[AwardState]]] = {
    AwardState.INTENDED: frozenset({AwardState.WAITING, AwardState.ISSUED, AwardState.CANCELLED}),
    AwardState.WAITING: frozenset({AwardState.ISSUED, AwardState.CANCELLED}),
    AwardState.ISSUED: frozenset(),
    AwardState.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Award:
    """An achievement, awarded to somebody; or a credential that was given whole, of whatever achievement."""

    id: str
    client_key: str
    """The issuer's own name for it: the same twice is one."""
    achievement: str | None
    version: int | None
    profile: str
    awarded_at: datetime
    name: str = field(repr=False)
    email: str | None = field(default=None, repr=False)
    content: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)
    """What else the credential says."""
    state: AwardState = AwardState.INTENDED
    replaces: str | None = None
    valid_until: datetime | None = None
    """When it ends by itself, as its credential says."""
    run: str | None = None
    """The run that has awarded it."""


@dataclass(frozen=True, slots=True)
class Secured:
    """A credential as it was signed, to the byte."""

    award: str
    form: str
    credential: str
    signed_at: datetime
    secured: bytes = field(repr=False)


class Standing(StrEnum):
    """What is to be said of an award that was issued, at some time."""

    GOOD = "good"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    """It ended by itself; whatever else may be the matter with it."""


@dataclass(frozen=True, slots=True)
class AwardQuery:
    """Which awards; all that is given has to fit. The newest come first."""

    words: str | None = None
    """The beginning of a name, of a family name, or of an e-mail address."""
    achievement: str | None = None
    state: AwardState | None = None
    before: str | None = None
    """The last award of the page before."""
    limit: int = 50
    version: int | None = None
    profile: str | None = None
    standing: Standing | None = None
    at: datetime | None = None
    """When `standing` is asked for."""
    ends_before: datetime | None = None
    """Those that end by themselves until then."""
    awarded_from: datetime | None = None
    awarded_before: datetime | None = None
    run: str | None = None


def search_key(text: str) -> str:
    """The form in which names are compared: no capitals, no accents, one space between words."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L")).casefold()
    return " ".join("".join(each for each in plain if not unicodedata.combining(each)).split())


def family_key(text: str) -> str:
    """The same with the last word first, by which people look for each other."""
    *given, family = search_key(text).split() or [""]
    return " ".join([family, *given])


class AchievementReader(Protocol):
    """The achievements of one organisation."""

    async def find(self, achievement: str) -> Achievement:
        """The achievement; raises AbsentError."""

    async def listed(self, *, after: str = "", limit: int = 100) -> tuple[Achievement, ...]:
        """Those whose id comes after this one, in order."""

    async def count(self) -> int:
        """How many there are."""

    async def version(self, achievement: str, version: int | None = None) -> Published:
        """A version, or the latest; raises AbsentError."""

    async def versions(self, achievement: str) -> tuple[Published, ...]:
        """All versions, the first first."""


class Achievements(AchievementReader, Protocol):
    """… and changing them."""

    async def add(self, achievement: Achievement) -> None:
        """Take a new one."""

    async def save(self, achievement: str, draft: Mapping[str, JsonValue], at: datetime, *, revision: int) -> int:
        """Keep this draft, where `revision` is still the latest; the new revision.

        Raises AbsentError, ConflictError where somebody else has saved meanwhile, RuleError for one that is withdrawn.
        """

    async def publish(self, achievement: str, document: bytes, by: str, at: datetime, *, revision: int) -> Published:
        """Publish these bytes, made of the draft of this revision, as the next version; the draft is done with then.

        Raises as `save` does, and RuleError where there is no draft.
        """

    async def withdraw(self, achievement: str, at: datetime) -> None:
        """Award it no more; what was published stays. Raises AbsentError."""


class AwardReader(Protocol):
    """The awards of one organisation."""

    async def find(self, award: str) -> Award:
        """The award; raises AbsentError."""

    async def by_client_keys(self, keys: Sequence[str]) -> Mapping[str, Award]:
        """Those of these client keys that there are."""

    async def search(self, query: AwardQuery) -> tuple[Award, ...]:
        """A page of awards."""

    async def count(self, query: AwardQuery) -> int:
        """How many awards fit; `before` and `limit` do not matter."""

    async def chosen(
        self, query: AwardQuery, *, after: str = "", until: str | None = None, limit: int = MAX_AT_ONCE
    ) -> tuple[str, ...]:
        """The ids of awards that fit, in order, those after one and none after another."""

    async def existing(self, awards: Sequence[str]) -> tuple[str, ...]:
        """Which of these ids there are, in order, of awards that were issued."""

    async def of_person(self, name: str | None, email: str | None, *, limit: int) -> tuple[str, ...]:
        """The ids of awards of somebody of this name and this address, so far as they are given."""

    async def with_address(self, awards: Sequence[str]) -> frozenset[str]:
        """Which of these have an e-mail address."""

    async def replacing(self, award: str) -> Award | None:
        """The award that takes the place of this one, or is to."""

    async def in_state(self, state: AwardState, *, after: str = "", limit: int = MAX_AT_ONCE) -> tuple[Award, ...]:
        """The awards in a state, the oldest first: what is to be gone on with after a crash."""

    async def credential(self, award: str, form: str) -> Secured:
        """The credential of an award in this form; raises AbsentError."""

    async def credentials(self, award: str) -> tuple[Secured, ...]:
        """In every form there is."""

    async def signed(self, awards: Sequence[str]) -> tuple[Secured, ...]:
        """The credentials of these awards, in every form there is."""

    async def of_credential(self, credential: str) -> Award:
        """The award that was made known by the credential with this identifier; raises AbsentError."""


class Awards(AwardReader, Protocol):
    """… and changing them."""

    async def intend(self, awards: Sequence[Award]) -> frozenset[str]:
        """Record awards before anything is signed; the ids of those that are new.

        One with the client key of another is that one, and is left as it is. Raises ConflictError where achievement,
        version or profile are not there.
        """

    async def lock(self, award: str) -> Award:
        """The award, which nobody else changes or replaces before this unit of work ends; raises AbsentError."""

    async def secure(self, credentials: Sequence[Secured], at: datetime) -> None:
        """Keep what was signed; their awards are issued now. The same once more changes nothing.

        Raises ConflictError where other bytes are there already, or for an award that may not be issued.
        """

    async def change(self, award: str, state: AwardState, at: datetime) -> None:
        """Bring an award to a state that may follow; raises AbsentError, RuleError."""

    async def erase(self, awards: Iterable[str]) -> int:
        """Remove awards, their credentials, and the salts of their anchors; how many there were.

        Their places in status lists stay taken and keep their values. Overwriting what is left in logs is `purge`.
        """
