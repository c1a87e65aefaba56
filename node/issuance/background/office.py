"""The node's background work, put together: which use case carries out which kind of task, and what comes up by itself.

    async with background(means) as work:
        services = Services(..., work=work)

Three lanes: what waits for a chain, or for the servers of others, takes no room from what somebody waits for.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from node.issuance.background.audit_leaves import AuditHeads
from node.issuance.background.batches import BATCH_LEAVES, Anchoring
from node.issuance.background.calls import Calling
from node.issuance.background.lists import Lately, Lists
from node.issuance.background.schedule import Housekeeping, Periodic, runs
from node.issuance.background.tasks import Carry, Checkpoint, unwatched
from node.issuance.background.worker import Lane, Pace, Worker
from node.issuance.organisation.events import HEAD, HEAD_AFTER
from node.issuance.organisation.log import LogDesk
from node.issuance.publication import Publisher
from node.ports.chains import Authorities, Chains
from node.ports.outbox import Standing
from node.ports.store import NodeWork, Store
from node.ports.vault import Vault
from node.ports.work import Kind
from node.verification.trust import Trust

PUBLISHED_SECONDS: Final = 5.0
"""For so long a request waits for a list to be published."""
LOOK_SECONDS: Final = 0.25
"""Between looks whether another process has published it."""
RENEW_EVERY: Final = timedelta(minutes=10)
TIDY_EVERY: Final = timedelta(hours=1)
AT_ONCE: Final = 8
"""Tasks of one lane under way at a time in this process."""
_NONE: Final[Mapping[str, Carry]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the background work is done with. Without `chains`, tasks for them wait for a process that has some."""

    store: Store
    vault: Vault
    trust: Trust
    now: Callable[[], datetime]
    chains: Chains | None = None
    authorities: Authorities | None = None
    anchor_every: timedelta = timedelta()
    """How often a namespace gets a batch; none: at once."""
    alone: bool = False
    """Whether no other process works on this database: what a dead one had claimed is free then."""
    kinds: Mapping[str, Carry] = field(default_factory=lambda: _NONE)
    """Further kinds of tasks, and what carries them out."""
    outside: Mapping[str, Carry] = field(default_factory=lambda: _NONE)
    """Kinds that wait for the servers of others, which have a lane of their own."""
    periodic: Sequence[Periodic] = ()
    """What else is to be done from time to time."""
    batch_leaves: int = BATCH_LEAVES
    pace: Pace = field(default_factory=Pace)
    checkpoint: Checkpoint = unwatched


@dataclass(frozen=True, slots=True)
class Background:
    """A Nudge: the work that goes on in this process."""

    means: Means
    workers: tuple[Worker, ...]
    lately: Lately

    def wake(self) -> None:
        """Look at the outbox now."""
        for worker in self.workers:
            worker.wake()

    async def published(self, list_id: str, after: datetime) -> bool:
        """Wait until a version of the list is published that was made later."""
        end = asyncio.get_running_loop().time() + PUBLISHED_SECONDS
        while (left := end - asyncio.get_running_loop().time()) > 0:
            if self.lately.since(list_id, after):
                return True
            if await self.lately.wait(list_id, after, min(left, LOOK_SECONDS)):
                return True
            async with self.means.store.node_view() as view:
                as_of = await view.work.published_at(list_id)
            if as_of is not None and as_of >= after:
                return True
        return False

    async def oldest_waiting(self) -> datetime | None:
        """Since when the task that waits longest has been due."""
        return (await self.standing()).oldest

    async def standing(self) -> Standing:
        """How much there is to do."""
        async with self.means.store.node_view() as view:
            return await view.work.standing(self.means.now())


@asynccontextmanager
async def background(means: Means) -> AsyncIterator[Background]:
    """Work while this is open. At its end no task is begun, and those under way end, or are given back."""
    lately = Lately()
    publisher = Publisher(means.store, means.vault, means.trust, means.now, checkpoint=means.checkpoint)
    lists = Lists(means.store, publisher, lately, means.now)
    lanes = [Lane(MappingProxyType(_own_kinds(means, lists)), AT_ONCE)]
    if means.chains is not None and means.authorities is not None:
        lanes.append(Lane(MappingProxyType(_chain_kinds(means, means.chains, means.authorities)), AT_ONCE))
    if means.outside:
        lanes.append(Lane(MappingProxyType(dict(means.outside)), AT_ONCE))
    workers = tuple(Worker(means.store, lane, means.now, means.pace, means.checkpoint) for lane in lanes)
    house = Housekeeping(means.store, means.now)
    periodic = [
        Periodic("Renewing status lists", RENEW_EVERY, lists.renew),
        Periodic("Tidying up", TIDY_EVERY, house.tidy),
        Periodic("Signing the ends of logs", HEAD_AFTER, _heads(means).sign_grown),
        *means.periodic,
    ]
    if means.alone:

        async def free(node: NodeWork) -> int:
            return await node.worker.free(means.now())

        await means.store.node_change(free)
    at_work = [asyncio.create_task(worker.run(), name="outbox") for worker in workers]
    at_times = runs(periodic)
    try:
        yield Background(means, workers, lately)
    finally:
        for task in at_times:
            task.cancel()
        for worker in workers:
            worker.stop()
        await asyncio.gather(*at_work, *at_times, return_exceptions=True)


def _heads(means: Means) -> AuditHeads:
    return AuditHeads(means.store, LogDesk(means.store, means.vault), means.now)


def _own_kinds(means: Means, lists: Lists) -> dict[str, Carry]:
    """What needs nobody outside of the node."""
    own: dict[str, Carry] = {
        Kind.PUBLISH_LIST: lists.publish,
        Kind.SEAL_LIST: lists.seal,
        HEAD: _heads(means).sign,
    }
    return own | dict(means.kinds)


def _chain_kinds(means: Means, chains: Chains, authorities: Authorities) -> dict[str, Carry]:
    anchoring = Anchoring(
        means.store,
        chains,
        authorities,
        means.now,
        means.anchor_every,
        means.batch_leaves,
        means.checkpoint,
    )
    calling = Calling(anchoring, means.now)
    return {
        Kind.ANCHOR_BATCH: anchoring.anchor,
        Kind.FOLLOW_BATCH: anchoring.follow,
        Kind.OPEN_NAMESPACE: calling.open_namespace,
        Kind.BRING_CALL: calling.bring,
        Kind.SET_HEAD: calling.set_head,
    }
