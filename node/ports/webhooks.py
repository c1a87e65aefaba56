"""Subscriptions of other programs to what happens in an organisation.

Spec: https://www.standardwebhooks.com/
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

MAX_WEBHOOKS: Final = 20
"""Subscriptions of one organisation: each event is as many deliveries."""


class EventType(StrEnum):
    """What happens. A notice of it has ids, and nothing of a person."""

    AWARD_ISSUED = "award.issued"
    AWARD_CLAIMED = "award.claimed"
    AWARD_REVOKED = "award.revoked"
    AWARD_SUSPENDED = "award.suspended"
    AWARD_LIFTED = "award.lifted"
    AWARD_REPLACED = "award.replaced"
    AWARD_ERASED = "award.erased"
    """Whoever keeps something of it is to delete it."""
    CLAIM_EXPIRED = "claim.expired"
    ANCHOR_FINAL = "anchor.final"
    RUN_DONE = "run.done"
    PING = "ping"
    """A test, which every subscription gets that is asked for one."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription. Its secret lies in the vault, under the name `key`."""

    id: str
    url: str
    events: frozenset[str]
    key: str
    made_at: datetime
    former_key: str | None = None
    former_until: datetime | None = None
    """For so long what is sent has a signature by the secret before, too."""
    disabled_at: datetime | None = None
    delivered_at: datetime | None = None
    failures: int = 0
    """In a row."""
    failing_since: datetime | None = None
    problem: str | None = None
    claims_until: datetime | None = None
    """Up to when it was told of claims that nobody has made."""


class WebhookReader(Protocol):
    """The subscriptions of one organisation."""

    async def find(self, webhook: str) -> Webhook:
        """The subscription; raises AbsentError."""

    async def listed(self) -> tuple[Webhook, ...]:
        """All of them."""

    async def wanting(self, event: str) -> Collection[str]:
        """The ids of those that are to be told of this, and are not disabled."""


class Webhooks(WebhookReader, Protocol):
    """… and changing them."""

    async def add(self, webhook: Webhook) -> None:
        """Take a new one, whose key is there; raises RuleError where there are too many."""

    async def save(self, webhook: Webhook) -> None:
        """Keep what is changed of one; raises AbsentError."""

    async def remove(self, webhook: str) -> None:
        """Drop one; raises AbsentError."""

    async def delivered(self, webhook: str, at: datetime) -> None:
        """Something arrived."""

    async def failed(self, webhook: str, problem: str, at: datetime) -> Webhook:
        """Something did not arrive; the subscription as it stands now. Raises AbsentError."""
