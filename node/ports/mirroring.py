"""Copies of status lists by what is in them: of every version that was published here, and of lists of others.

A head on a chain names a list by the digest of its bytes, so nobody who keeps a copy can change it, and it does not
matter who keeps it. What others publish is kept as it came, and never read here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

MAX_MIRRORED: Final = 100
"""Lists of others that one organisation mirrors."""
MAX_COPIES: Final = 64
"""Copies of one list of others: the newest, at one a day those of two months."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A list of somebody else that is mirrored, and how that goes."""

    url: str
    asked_at: datetime
    tried_at: datetime | None = None
    had_at: datetime | None = None
    digest: str | None = None
    """SHA-256 of the newest copy, in hexadecimal."""
    problem: str | None = None
    """The code of what kept it from being had, the last time."""


class MirrorReader(Protocol):
    """The lists of others that one organisation mirrors."""

    async def listed(self) -> tuple[Mirrored, ...]:
        """All of them."""

    async def find(self, url: str) -> Mirrored:
        """One of them; raises AbsentError."""


class Mirrors(MirrorReader, Protocol):
    """… and changing them."""

    async def add(self, url: str, at: datetime) -> bool:
        """Mirror this list from now on; False where that is so already. Raises RuleError where there are too many."""

    async def remove(self, url: str) -> None:
        """Mirror it no more, and drop the copies; raises AbsentError."""

    async def keep(self, url: str, digest: str, document: bytes, at: datetime) -> None:
        """Keep a copy, and the newest MAX_COPIES of this list; raises AbsentError."""

    async def failed(self, url: str, problem: str, at: datetime) -> None:
        """Note that it could not be had; raises AbsentError."""
