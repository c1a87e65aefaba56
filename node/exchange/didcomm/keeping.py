"""What the agent does by itself: letters and what was left to do, threads whose time is over, what holders are told.

All of it is harmless when it is done twice, and by several processes.
"""

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from node.didcomm.protocols.changes import NotifyStatus, SendReceipts
from node.exchange.didcomm.agent import Agent
from node.ports.errors import AbsentError, RuleError, StoreError
from node.ports.offers import Offers
from node.ports.organisations import OrganisationId, State
from node.ports.outbox import Claimed
from node.ports.store import Store, UnitOfWork
from node.ports.threads import MAX_LISTED, Handed

SWEEP_EVERY: Final = timedelta(seconds=2)
"""How late a phone that holds a way open hears what another process has for it."""
TIDY_EVERY: Final = timedelta(minutes=5)
TELL_EVERY: Final = timedelta(seconds=30)
ANCHORED_WITHIN: Final = timedelta(days=30)
"""For so long it is looked whether something anchors a credential by now; later, its holder asks."""
PAGE: Final = 100
REINSTATED: Final = "reinstated"
BY_DIDCOMM: Final = "didcomm"
"""The way by which the holder was told, in a notice."""
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """The tasks, with what they stand on."""

    store: Store
    agent: Agent
    offers: Offers
    now: Callable[[], datetime]

    async def send(self, claimed: Claimed) -> None:
        """`Kind.SEND_LETTERS`."""
        await self.agent.send_letters(claimed.organisation, str(claimed.task.payload.get("relation")))

    async def go_on(self, claimed: Claimed) -> None:
        """`Kind.GO_ON_WITH`."""
        await self.agent.go_on(claimed.organisation, str(claimed.task.payload.get("thread")))

    async def sweep(self) -> None:
        """What other processes have for those who hold ways open here."""
        await self.agent.sweep()

    async def tidy(self) -> None:
        """Give up threads whose time is over, and drop what is over for long."""
        now = self.now()

        async def of_one(unit: UnitOfWork) -> tuple[str, ...]:
            await unit.threads.forget(now)
            await unit.mediation.expire(now)
            return tuple([each.key for each in await unit.threads.due(now)])

        async for organisation in self._active():
            try:
                for key in await self.store.change(organisation, of_one):
                    await self.agent.elapse(organisation, key)
            except (AbsentError, RuleError):
                continue  # it was closed meanwhile

    async def tell(self) -> None:
        """Tell holders what changed: receipts that are final by now, and credentials that do not count any more."""
        async for organisation in self._active():
            after = ""
            while True:
                async with self.store.view(organisation) as view:
                    page = await view.threads.to_tell(after=after)
                standings = await self.offers.statuses(organisation, [each.award for each in page])
                for handed in page:
                    try:
                        await self._told(organisation, handed, standings.get(handed.award))
                    except StoreError as error:
                        _LOG.info("A holder is told later: %s", error.code)
                if len(page) < MAX_LISTED:
                    break
                after = page[-1].award

    async def _told(self, organisation: OrganisationId, handed: Handed, status: str | None) -> None:
        """Noted first: of a crash between, the holder's own questions tell the rest, and nobody is told twice."""
        if status != handed.status_told:
            noted = replace(handed, status_told=status)
            await self.store.change(organisation, lambda unit: self._note(unit, noted))
            event = NotifyStatus(credential=handed.credential, status=status or REINSTATED)
            await self.agent.begin(organisation, handed.ours, event, pthid=handed.thread)
            handed = noted
        if handed.receipt_told or self.now() - handed.at > ANCHORED_WITHIN:
            return
        receipts = await self.offers.final_receipts(organisation, handed.award)
        if receipts:
            told = replace(handed, receipt_told=True)
            await self.store.change(organisation, lambda unit: unit.threads.tell(told))
            sent = SendReceipts(credential=handed.credential, receipts=receipts)
            await self.agent.begin(organisation, handed.ours, sent, pthid=handed.thread)

    async def _note(self, unit: UnitOfWork, noted: Handed) -> None:
        """Note that the holder is told, and so of which notices; whom letters reach gets the reason by mail."""
        await unit.threads.tell(noted)
        if await unit.awards.with_address([noted.award]):
            return
        for notice in await unit.notices.of_award(noted.award):
            await unit.notices.told(notice.id, BY_DIDCOMM, self.now())

    async def _active(self) -> AsyncIterator[OrganisationId]:
        after = ""
        while True:
            async with self.store.node_view() as view:
                page = await view.organisations.listed(after=after, limit=PAGE)
            for organisation in page:
                if organisation.state is not State.CLOSED:
                    yield organisation.id
            if len(page) < PAGE:
                return
            after = page[-1].id
