"""Status lists in the background: published when something in them changed, again before they end, and for good."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from node.issuance.background.schedule import active
from node.issuance.background.tasks import Later, member
from node.issuance.publication import Publisher, TooSoonError, is_due
from node.ports.errors import AbsentError, RuleError
from node.ports.organisations import OrganisationId
from node.ports.outbox import Claimed
from node.ports.store import Store, UnitOfWork
from node.ports.work import publish_list

MAX_REMEMBERED: Final = 10_000
"""Lists of which it is known when this process published them last."""


@dataclass(slots=True, eq=False)
class Lately:
    """What this process has published, for those who wait for it."""

    _as_of: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def note(self, list_id: str, as_of: datetime) -> None:
        """A list was published, of rows as they were then."""
        async with self._changed:
            self._as_of[list_id] = max(as_of, self._as_of.pop(list_id, as_of))
            if len(self._as_of) > MAX_REMEMBERED:
                self._as_of.popitem(last=False)
            self._changed.notify_all()

    def since(self, list_id: str, after: datetime) -> bool:
        """Whether a list was published of rows as they were at that moment, or later."""
        as_of = self._as_of.get(list_id)
        return as_of is not None and as_of >= after

    async def wait(self, list_id: str, after: datetime, seconds: float) -> bool:
        """Wait for that so long; whether it was."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                return await self._changed.wait_for(lambda: self.since(list_id, after))
        except TimeoutError:
            return False


@dataclass(frozen=True, slots=True)
class Lists:
    """Publishes for all organisations of the node."""

    store: Store
    publisher: Publisher
    lately: Lately
    now: Callable[[], datetime]

    async def publish(self, claimed: Claimed) -> Later | None:
        """Carry out PUBLISH_LIST."""
        try:
            await self._publish(claimed, seal=False)
        except TooSoonError as error:
            return Later(publish_list(member(claimed, "list"), error.at))
        return None

    async def seal(self, claimed: Claimed) -> Later | None:
        """Carry out SEAL_LIST."""
        await self._publish(claimed, seal=True)
        return None

    async def _publish(self, claimed: Claimed, *, seal: bool) -> None:
        list_id = member(claimed, "list")
        asked = self.now()
        published = await self.publisher.publish(claimed.organisation, list_id, seal=seal)
        await self.lately.note(list_id, asked if published is None else published.as_of)

    async def renew(self) -> None:
        """Order every list to be published that has not been for half of the time for which a version counts.

        What was ordered and given up is ordered again here: no list runs out because a person did not look.
        """
        for organisation in [one async for one in active(self.store)]:
            try:
                await self._renew(organisation)
            except (AbsentError, RuleError):
                continue  # it was closed meanwhile

    async def _renew(self, organisation: OrganisationId) -> None:
        now = self.now()
        async with self.store.view(organisation) as view:
            due = [publish_list(record.id, now) for record in await view.status.lists() if is_due(record, now)]
        if due:

            async def work(unit: UnitOfWork) -> None:
                await unit.outbox.add(due)

            await self.store.change(organisation, work)
