"""What is published beside achievements: their pictures, the catalogue, statements about issuers, and the register."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from node.documents import JsonValue
from node.ports.organisations import OrganisationId

MAX_ENTRIES: Final = 100
"""Entries on one page of the catalogue."""
KEPT_FILES: Final = timedelta(days=1)
"""How long files of an older register stay, for whoever is still copying it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that an achievement may have; `digest` is the SHA-256 of its bytes, in hexadecimal, and its name."""

    digest: str
    media_type: str
    width: int
    height: int
    size: int
    added_at: datetime
    published_at: datetime | None = None
    """Since when a published achievement has it; nobody else sees it before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The latest version of an achievement in the catalogue."""

    organisation: OrganisationId
    achievement: str
    version: int
    credential_class: str
    card: Mapping[str, JsonValue]
    words: str = field(repr=False)
    """What it is found by, as `search_key` writes it; a space before each word."""
    published_at: datetime
    offer: Mapping[str, JsonValue] | None = None
    """What is said of taking part now: the cost, and where. It may change without another version."""


@dataclass(frozen=True, slots=True)
class EntryQuery:
    """Which entries; all that is given has to fit. In the order of their ids."""

    words: tuple[str, ...] = ()
    """Beginnings of words, as `search_key` writes them."""
    classes: frozenset[str] = frozenset()
    """Any of these, or all where there are none."""
    organisation: OrganisationId | None = None
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Statement:
    """A signed statement that somebody made of the organisation, to the byte; `digest` is its SHA-256 and its name."""

    digest: str
    kind: str
    about: str
    """The DID of the organisation that it is about."""
    added_at: datetime
    document: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class VersionLine:
    """What the register says of a published version."""

    achievement: str
    version: int
    digest: bytes
    size: int
    published_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class RegisterHead:
    """The signed head of an organisation's register; each follows one."""

    number: int
    state: bytes
    """The digest of what it was made of, by which it is known to be that of today."""
    document: bytes = field(repr=False)
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """A file of a register that has no other address; `digest` is its SHA-256 and its name."""

    digest: str
    media_type: str
    content: bytes = field(repr=False)


class PictureReader(Protocol):
    """The pictures of one organisation."""

    async def find(self, digest: str) -> Picture:
        """The picture; raises AbsentError."""

    async def image(self, digest: str) -> bytes:
        """The bytes of it; raises AbsentError."""

    async def listed(self, *, after: str = "", limit: int = 100) -> tuple[Picture, ...]:
        """Those whose digest comes after this one, in order."""

    async def unpublished(self) -> int:
        """How many nobody sees yet."""


class Pictures(PictureReader, Protocol):
    """… and changing them."""

    async def add(self, picture: Picture, image: bytes) -> bool:
        """Take one; whether it is new. One that is there stays as it is."""

    async def publish(self, digest: str, at: datetime) -> None:
        """Let everybody see it from now on; raises AbsentError."""

    async def remove(self, digest: str) -> None:
        """Drop one; raises AbsentError, RuleError for one that is published."""


class CatalogueReader(Protocol):
    """The entries of one organisation."""

    async def entry(self, achievement: str) -> Entry:
        """The entry of an achievement; raises AbsentError."""


class Catalogue(CatalogueReader, Protocol):
    """… and changing them."""

    async def put(self, entry: Entry) -> None:
        """Show this of the achievement from now on; what was said of taking part stays."""

    async def offer(self, achievement: str, offer: Mapping[str, JsonValue] | None) -> None:
        """Say this of taking part; raises AbsentError."""


class StatementReader(Protocol):
    """Signed statements about one organisation."""

    async def find(self, digest: str) -> Statement:
        """The statement; raises AbsentError."""

    async def listed(self) -> tuple[Statement, ...]:
        """All of them."""


class Statements(StatementReader, Protocol):
    """… and changing them."""

    async def add(self, statement: Statement) -> bool:
        """Publish one; whether it is new."""

    async def remove(self, digest: str) -> None:
        """Publish it no more; raises AbsentError."""


class RegisterReader(Protocol):
    """The register of one organisation, and what it is made of."""

    async def head(self) -> RegisterHead | None:
        """The head that was signed last."""

    async def versions(self) -> tuple[VersionLine, ...]:
        """Every published version, in the order of publication."""

    async def pictures(self) -> tuple[Picture, ...]:
        """Every published picture, in the order of publication."""


class Register(RegisterReader, Protocol):
    """… and changing it."""

    async def put(self, head: RegisterHead, files: Sequence[RegisterFile]) -> None:
        """Publish this head and all of its files; files that no head of the last day needed are dropped.

        Raises ConflictError where another head came first.
        """
