"""What the routes of a node are given: its store and keys, its judges, its worker, its limits, and who is told.

1. The embedded chain is opened and trusted as this node's own; whoever has not installed it does without.
2. What strangers send is read by processes beside this one, which start while the node serves already; who needs one
   waits for it. What the node publishes itself, and its own chain, they are brought from here, without a network.
3. The outbox is worked off.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

import orjson
from fastapi import FastAPI

from anchoring.errors import EmbeddedChainError
from did_methods.host import LOCALHOST
from node.adapters.chain_access import ChainAccess
from node.adapters.judging.ending import all_done
from node.adapters.judging.service import Judging
from node.adapters.judging.tables import TableJudging
from node.adapters.telemetry import traced_to
from node.app import sources
from node.app.mailing import award_kinds, mail_kinds, mail_of
from node.app.node_chain import EMBEDDED, trusting
from node.app.opening import OpenNode
from node.app.proving import ChainProving
from node.app.remembering import Memory
from node.app.rules import policies_of
from node.app.table_runs import run_kinds
from node.app.talking import Talking, transport
from node.app.working import working
from node.http.application import application
from node.http.limits import Limits
from node.http.services import Services
from node.http.telemetry import Telemetry, as_text, listen_to_libraries
from node.issuance.hosting import Hosting
from node.issuance.pages import STATUS
from node.ports.work import Nudge
from node.verification.sources import Fetched

if TYPE_CHECKING:
    from node.adapters.judging.errands import OwnChain
    from node.config.node_settings import NodeSettings

EXTRA_ABSENT: Final = "devchain.extra"
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """A node's application, and what it is given."""

    app: FastAPI
    services: Services
    warming: asyncio.Task[Judging]
    """Ends once foreign input can be read."""
    contract: str | None
    """The contract on the embedded chain, as eip155:CHAIN:0x…"""
    listening: asyncio.Event
    """To be set once the server listens: then the processes are started, which need all that the machine has."""


@asynccontextmanager
async def serving(node: OpenNode, public_url: str) -> AsyncIterator[Serving]:
    """The application over an opened node, with what works beside it started."""
    settings = node.settings
    usual, policies = policies_of(settings)
    async with AsyncExitStack() as stack:
        telemetry = _telemetry(settings, stack)
        node, own = await _with_own_chain(node)  # 1.
        published = _Published(public_url, Hosting.at(public_url, node.store, node.vault), node.now)
        memory, every = Memory(node.folder.path), timedelta(minutes=settings.anchor_minutes)
        judges = Judging(
            trust=node.trust,
            loopback=settings.allow_loopback,
            at_localhost=urlsplit(public_url).hostname == LOCALHOST,
            own=published.find,
            chain=None if own is None else cast("OwnChain", own.reader),
            seen=memory.read(),
            keep=memory.keep,
            size=settings.judges,
            now=node.now,
        )
        telemetry.watch_judges(judges.loads)
        listening = asyncio.Event()
        warming = await stack.enter_async_context(_warming(judges, listening))  # 2.
        mail = mail_of(settings, public_url)
        talking = Talking()
        work = await stack.enter_async_context(
            working(  # 3.
                node,
                public_url=public_url,
                anchor_every=every,
                kinds={
                    **award_kinds(node, judges, public_url, mail),
                    **run_kinds(node, judges, public_url, mails=mail is not None),
                    **talking.kinds(),
                },
                outside={**mail_kinds(node, judges, public_url, mail), **talking.outside()},
                periodic=talking.periodic(),
            )
        )
        services = Services(
            store=node.store,
            vault=node.vault,
            judges=judges,
            tables=TableJudging(judges.signers, node.now),
            now=node.now,
            public_url=public_url,
            work=_SeenAtOnce(work, judges, public_url),
            chains=work.means.chains,
            proving=ChainProving(
                node.trust,
                sources(online=True, trust=node.trust, own=None if own is None else own.reader).ledger,
            ),
            policies=policies,
            policy=usual,
            verifies_for_anybody=settings.verifies_for_anybody,
            limits=_limits(settings),
            telemetry=telemetry,
            mail=mail,
            sends=transport(loopback=settings.allow_loopback),
        )
        talking.begin(services.conversing.keeping)
        published.hosting = services.hosting
        contract = None if own is None else f"eip155:{own.chain.chain.id}:0x{own.chain.contract.address.hex()}"
        yield Serving(application(services), services, warming, contract, listening)


@asynccontextmanager
async def _warming(judges: Judging, listening: asyncio.Event) -> AsyncIterator[asyncio.Task[Judging]]:
    """Start the processes of the judges beside; the task ends once they are there, or with what kept them away."""

    async def warm() -> Judging:
        await listening.wait()
        return await judges.__aenter__()

    task = asyncio.create_task(warm(), name="judges")
    try:
        yield task
    finally:
        task.cancel()
        cancelled = await all_done([task])
        if not task.cancelled() and task.exception() is None:
            await judges.__aexit__(None, None, None)
        if cancelled is not None:
            raise cancelled


class _Published:
    """What the node publishes, for its own judges."""

    def __init__(self, public_url: str, hosting: Hosting, now: Callable[[], datetime]) -> None:
        self._origin = f"{public_url}/"
        self.hosting = hosting
        self._now = now

    async def find(self, url: str) -> Fetched | None:
        """What lies at an address of ours; None for somebody else's, and where nothing is."""
        if not url.startswith(self._origin):
            return None
        now = self._now()
        page = await self.hosting.pages.find(url[len(self._origin) - 1 :], now)
        return None if page is None or page.gone else Fetched(page.body, page.media_type, url, now)


class _SeenAtOnce:
    """The worker, whose word that a list is published has our judges look at that version from then on."""

    def __init__(self, work: Nudge, judges: Judging, public_url: str) -> None:
        self._work, self._judges = work, judges
        self._lists = f"{public_url}{STATUS}"

    def wake(self) -> None:
        """Look at the outbox now."""
        self._work.wake()

    async def published(self, list_id: str, after: datetime) -> bool:
        """Wait until a version is published that was made later."""
        done = await self._work.published(list_id, after)
        self._judges.forget_address(f"{self._lists}{list_id}")
        return done

    async def oldest_waiting(self) -> datetime | None:
        """Since when the task that waits longest has been due."""
        return await self._work.oldest_waiting()


async def _with_own_chain(node: OpenNode) -> tuple[OpenNode, ChainAccess | None]:
    if node.settings.chain != EMBEDDED:
        return node, None
    try:
        access = await node.chain.access()
    except EmbeddedChainError as error:
        if error.code != EXTRA_ABSENT:
            raise
        await node.chain.give_up()
        _LOG.warning("The embedded chain is not installed; nothing is anchored.")
        return node, None
    return replace(node, trust=trusting(node.trust, access.chain)), access


def _limits(settings: "NodeSettings") -> Limits:
    return Limits(
        in_flight=settings.requests,
        without_key=settings.requests_without_key,
        seconds=float(settings.request_seconds),
        proxies=tuple(map(ip_network, settings.proxies)),
    )


def _telemetry(settings: "NodeSettings", stack: AsyncExitStack) -> Telemetry:
    text = settings.log_format == "text" or (settings.log_format is None and not settings.production)
    tracer = None if settings.traces is None else stack.enter_context(traced_to(settings.traces))
    telemetry = Telemetry(
        stream=sys.stderr.buffer, level=settings.log_level, render=as_text if text else orjson.dumps, tracer=tracer
    )
    listen_to_libraries(telemetry)
    return telemetry
