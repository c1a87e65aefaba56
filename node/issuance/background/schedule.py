"""What is to be done from time to time, whether or not anything happened.

Every process of the node does it, so it has to be harmless twice: it looks, and orders what is missing, or it removes
what is over. The first time is soon after the start, so that what was missed while nobody worked is made up for.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from node.issuance.background.tasks import told
from node.ports.awarding import AwardState
from node.ports.errors import AbsentError, RuleError
from node.ports.organisations import OrganisationId, State
from node.ports.store import NodeWork, Store, UnitOfWork

SPREAD: Final = 0.1
"""Of the time between two rounds, at random: nodes that were started together do not stay together."""
KEPT_REQUESTS: Final = timedelta(days=7)
"""A client that repeats a request after so long has forgotten the first."""
KEPT_DEAD: Final = timedelta(days=90)
"""Tasks that were given up, and that no person has looked at."""
KEPT_LINKS: Final = timedelta(days=30)
"""What is over leads nowhere anyhow; so long an issuer sees that there was one."""
PAGE: Final = 100
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something to be done every so often, for the length of the process."""

    name: str
    every: timedelta
    do: Callable[[], Awaitable[None]]

    async def run(self) -> None:
        """Do it, again and again; what goes wrong is logged, and the next time comes."""
        while True:
            try:
                await self.do()
            except Exception as error:  # noqa: BLE001 -- one round that fails is no reason not to try the next
                _LOG.warning("%s failed: %s", self.name, told(error), exc_info=not hasattr(error, "code"))
            seconds = self.every.total_seconds()
            await asyncio.sleep(seconds + seconds * SPREAD * secrets.randbelow(1000) / 1000)


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Removes what is over: challenges, requests that count once, second persons' decisions, tasks given up.

    And awards of which nothing was signed, once the request that would go on with them is forgotten: their names would
    stay, and their identifiers be taken, for credentials that nobody has.
    """

    store: Store
    now: Callable[[], datetime]

    async def tidy(self) -> None:
        """Go through all organisations."""
        now = self.now()

        async def of_node(node: NodeWork) -> int:
            return await node.worker.forget(now - KEPT_DEAD)

        async def of_one(unit: UnitOfWork) -> None:
            await unit.challenges.forget(now)
            await unit.links.forget(now - KEPT_LINKS)
            await unit.requests.forget(now - KEPT_REQUESTS)
            await unit.approvals.forget(now)
            begun = await unit.awards.in_state(AwardState.INTENDED)
            await unit.awards.erase([award.id for award in begun if award.awarded_at < now - KEPT_REQUESTS])

        await self.store.node_change(of_node)
        for organisation in [one async for one in active(self.store)]:
            try:
                await self.store.change(organisation, of_one)
            except (AbsentError, RuleError):
                continue  # it was closed meanwhile


async def active(store: Store) -> AsyncIterator[OrganisationId]:
    """The organisations that are not closed: what is being closed must not run out meanwhile."""
    after = ""
    while True:
        async with store.node_view() as view:
            page = await view.organisations.listed(after=after, limit=PAGE)
        for organisation in page:
            if organisation.state is not State.CLOSED:
                yield organisation.id
        if len(page) < PAGE:
            return
        after = page[-1].id


def runs(periodic: Iterable[Periodic]) -> list[asyncio.Task[None]]:
    """All of them, begun."""
    return [asyncio.create_task(each.run(), name=each.name) for each in periodic]
