"""Private links of learners: one by which an award is claimed, once, and one by which a document is fetched.

Of a link the store has a digest, from which nobody gets back to it. Everything that ends a link ends it in one place:
what is used, replaced, over or cancelled is found no more, and looks like what never was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

LIFETIME: Final = timedelta(days=30)
"""Of every link; the issuer makes another one afterwards."""
GRACE: Final = timedelta(minutes=15)
"""For so long whoever has claimed gets the same answer again, by the key that came with the claim."""


class LinkKind(StrEnum):
    """What a link is for."""

    CLAIM = "claim"
    """To take an award: works once."""
    DOCUMENT = "document"
    """To fetch what was issued: works until it is over."""


@dataclass(frozen=True, slots=True)
class Link:
    """What is kept of a link."""

    id: str
    award: str
    kind: LinkKind
    digest: bytes = field(repr=False)
    made_at: datetime
    expires_at: datetime
    address: str | None = field(default=None, repr=False)
    """Where it was sent to, where that is another address than the award's."""
    ended_at: datetime | None = None
    """When another one took its place, or the issuer took it back."""
    accepted_at: datetime | None = None
    again: bytes | None = field(default=None, repr=False)
    """The digest of the key by which whoever has claimed may come again."""
    holder: str | None = None
    """The DID that was shown to be the claimer's; None where nobody showed one."""

    def lives(self, at: datetime) -> bool:
        """Whether it still leads somewhere."""
        return self.ended_at is None and self.accepted_at is None and at < self.expires_at


class LinkReader(Protocol):
    """The links of one organisation."""

    async def find(self, link: str) -> Link:
        """The link; raises AbsentError."""

    async def of_award(self, award: str) -> tuple[Link, ...]:
        """The links of an award, the oldest first."""

    async def unclaimed(self, since: datetime, until: datetime, *, limit: int) -> tuple[str, ...]:
        """The awards whose claim links ran out after one time and until another, unused, in the order of that."""


class Links(LinkReader, Protocol):
    """… and changing them."""

    async def put(self, link: Link) -> None:
        """Take a new one, in the place of those of its kind that the award has; raises AbsentError."""

    async def accept(self, digest: bytes, at: datetime, *, again: bytes | None, holder: str | None) -> Link | None:
        """Use up the claim link with this digest; None where it leads nowhere, also because somebody was faster."""

    async def end(self, award: str, kinds: Sequence[LinkKind], at: datetime) -> int:
        """End those of an award that still lead somewhere; how many there were."""

    async def forget(self, before: datetime) -> int:
        """Drop those that were over by then; how many there were."""
