"""The node's agent: takes envelopes, does what they lead to, and sends what is to be sent, on the ways there are.

1. An envelope is opened, and its message taken, in one transaction: `opening`, `taking`.
2. What goes at once goes on the way on which the message came, if its sender asked for that (return route), or on one
   that its sender holds open. Only who was recognised as the other side of a relation can hold one open for it.
3. What is left to do is done now, and recorded in a second transaction. Whoever dies before leaves it to the outbox.
4. What waits as letters goes to the address of who it is for: by a task. Where there is none it waits for a way.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/,
https://github.com/decentralized-identity/didcomm-messaging/blob/main/extensions/return_route/main.md
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol
from uuid import uuid4

import orjson

from did_methods.did import parse_did
from node.didcomm.errors import DidCommError, NotForUsError, RouteError, UnresolvedError, shown
from node.didcomm.forward import wrap
from node.didcomm.message import Message, parse_message
from node.didcomm.parties import document_of
from node.didcomm.protocols.connection import Connection
from node.didcomm.protocols.exchange import Exchange, read_exchange
from node.didcomm.protocols.machine import Event
from node.didcomm.protocols.message_pickup import DeliverLive
from node.didcomm.protocols.routing import MAX_FORWARDED_BYTES
from node.didcomm.protocols.step import Elapsed, Step, begin
from node.didcomm.service import Route, routes
from node.exchange.didcomm.documents import Resolving
from node.exchange.didcomm.opening import Envelopes
from node.exchange.didcomm.reactions import Decided
from node.exchange.didcomm.taking import Open, Taken, Taking
from node.ports.errors import AbsentError, StoreError
from node.ports.judging import JudgesError
from node.ports.organisations import OrganisationId
from node.ports.store import Store
from node.ports.threads import KeptThread, Letter, Relation
from node.ports.work import Nudge
from node.verification.errors import FetchError, UnreachableError

MAX_OPEN: Final = 4096
"""Relations for which ways are open in this process."""
LIVE_AT_ONCE: Final = 64
"""Messages that are delivered live and not confirmed; as they are, more follow."""
SWEEP_LETTERS: Final = 16
"""Letters that go on one way before others have their turn."""
_LOG: Final = logging.getLogger(__name__)


class Way(Protocol):
    """A way back to who sent something: the answer to a request, or a WebSocket."""

    stays: bool
    """Whether it stays open after one message."""

    async def send(self, data: bytes) -> bool:
        """Send an envelope; False where it cannot be sent any more, or not another one."""


class Sends(Protocol):
    """The guarded dialer."""

    async def deliver(self, address: str, data: bytes) -> None:
        """Send an envelope to an address that a stranger named; raises FetchRefusedError and UnreachableError."""


class Decides(Protocol):
    """Who does what is left to do in a thread of a protocol."""

    async def decide(self, organisation: OrganisationId, relation: Relation, exchange: Exchange) -> Decided:
        """What comes of it."""


class NoWayOut:
    """A Sends of a node that reaches nobody: what waits goes to who comes for it."""

    async def deliver(self, address: str, data: bytes) -> None:  # noqa: ARG002 -- as the port has it
        """Nobody is reached."""
        raise UnreachableError(
            f"nobody is reached at {shown(address)} from here",
            code="fetch.unreachable",
            remedy="Run the node with a way out.",
        )


@dataclass(slots=True)
class _Held:
    """A way that is held open for a relation."""

    way: Way
    organisation: OrganisationId
    live: bool = False
    delivered: set[str] = field(default_factory=set)
    """What went on it live, and is not confirmed, as far as is known."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an envelope, for whoever counts: nothing of what was in it."""

    dropped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """The node's agent, with what it stands on; `deciding` are those who go on, by the role that the node has."""

    store: Store
    envelopes: Envelopes
    taking: Taking
    resolving: Resolving
    sends: Sends
    work: Nudge
    now: Callable[[], datetime]
    deciding: Mapping[str, Decides]
    heard: Callable[[OrganisationId, Relation], None] = lambda *_: None
    _ways: dict[str, _Held] = field(default_factory=dict, init=False, repr=False)
    _beside: set[asyncio.Task[None]] = field(default_factory=set, init=False, repr=False)

    async def receive(self, data: bytes, way: Way | None = None) -> Outcome:
        """Take an envelope; raises DidCommError for what is none, and passes over in silence what is not for us."""
        try:
            opened = await self.envelopes.open(data)  # 1.
        except (NotForUsError, UnresolvedError) as error:
            return Outcome(error.code)
        except AbsentError:
            return Outcome("the relation is gone")
        returns = way is not None and opened.unpacked.message.headers.get("return_route") in {"all", "thread"}
        back = way if returns else None
        held = self._ways.get(opened.ours)
        used = back or (held.way if held is not None else None)
        open_ = Open(
            room=0 if used is None else (_ALL if used.stays else 1),
            stays=used is not None and used.stays,
            live=held is not None and held.live,
        )
        try:
            taken = await self.resolving.until_done(
                lambda known, unresolvable: self.taking.take(opened, open_, known, unresolvable)
            )
        except UnresolvedError as error:
            return Outcome(error.code)
        except AbsentError:
            if await self.envelopes.is_ours(opened.ours):
                raise
            return Outcome("the relation is gone")
        if not taken.heard and back is None:
            used = None  # what is said to a stranger is nothing for who holds a way open
        if taken.heard and back is not None and back.stays:  # 2.
            self._hold(opened.organisation, opened.ours, back, live=taken.live)
        await self._after(opened.organisation, taken, used)
        if taken.waiting and back is not None:
            await self._drain(opened.organisation, opened.ours, back, spare=not taken.direct and taken.later is None)
        return Outcome(taken.dropped)

    def gone(self, way: Way) -> None:
        """A way was closed."""
        for ours in [ours for ours, held in self._ways.items() if held.way is way]:
            del self._ways[ours]

    @property
    def open_ways(self) -> int:
        """How many relations can be reached at once."""
        return len(self._ways)

    async def begin(self, organisation: OrganisationId, ours: str, event: Event, *, pthid: str | None = None) -> bool:
        """Begin an exchange of ours in a relation; False where nobody is there."""

        def made(relation: Relation) -> Step:
            return begin(
                event,
                connection=Connection(ours, str(relation.theirs)),
                thread=str(uuid4()),
                pthid=pthid,
                protocols=self.taking.protocols,
                at=self.now(),
            )

        held = self._ways.get(ours)
        taken = await self.taking.begin(organisation, ours, made, _open(held))
        if taken is None:
            return False
        await self._after(organisation, taken, None if held is None else held.way)
        return True

    async def go_on(self, organisation: OrganisationId, key: str, way: Way | None = None) -> None:
        """Do what is left to do in a thread, if anything is.  3."""
        async with self.store.view(organisation) as view:
            kept = await view.threads.thread(key)
            if kept is None or kept.final:
                return
            relation = await view.threads.relation(kept.ours)
        await self._gone_on(organisation, relation, kept, way)

    async def _gone_on(
        self, organisation: OrganisationId, relation: Relation, kept: KeptThread, way: Way | None
    ) -> None:
        """The same for a thread as it was a moment ago; as it is by then is looked at when it is recorded."""
        exchange = read_exchange(orjson.loads(kept.document))
        decides = self.deciding.get(kept.role)
        if decides is None:
            return
        decided = await decides.decide(organisation, relation, exchange)
        held = self._ways.get(kept.ours)
        used = way if way is not None else (held.way if held is not None else None)
        room = 0 if used is None else (_ALL if used.stays else 1)
        taken = await self.taking.go_on(
            organisation, kept, decided, Open(room=room, stays=used is not None and used.stays)
        )
        if taken is not None:
            await self._after(organisation, taken, used)

    async def elapse(self, organisation: OrganisationId, key: str) -> None:
        """Give up a thread whose time has gone by, or take it as well ended."""
        async with self.store.view(organisation) as view:
            kept = await view.threads.thread(key)
        taken = None if kept is None else await self.taking.go_on(organisation, kept, Elapsed(), Open())
        if taken is not None:
            await self._after(organisation, taken, None)

    async def send_letters(self, organisation: OrganisationId, ours: str) -> None:
        """Send what waits in a relation: on a way that is open, or to the address of who is in it.  4.

        Raises UnreachableError where that may go well another time; what has no address to go to stays.
        """
        held = self._ways.get(ours)
        if held is not None:
            await self._drain(organisation, ours, held.way, spare=True)
        async with self.store.view(organisation) as view:
            try:
                relation = await view.threads.relation(ours)
            except AbsentError:
                return
            letters = await view.threads.letters(ours)
        if relation.theirs is None or not letters:
            return
        found = await self._routes(relation.theirs)
        for letter in letters if found else ():
            data = await self._made(organisation, relation, parse_message(letter.document))
            if data is not None:
                await self._deliver(relation.theirs, found, data)
            await self._sent(organisation, [letter])

    async def sweep(self) -> None:
        """Send what other processes have for those who hold a way open here."""
        by_live = [ours for ours, held in self._ways.items() if held.live]
        if not self._ways:
            return
        async with self.store.node_view() as view:
            waiting = await view.mail.with_mail(list(self._ways), live=by_live)
        await asyncio.gather(*[self._swept(ours) for ours in waiting])  # who takes it slowly holds up nobody else

    async def _swept(self, ours: str) -> None:
        held = self._ways.get(ours)
        if held is not None:
            await self._drain(held.organisation, ours, held.way, spare=True)
            await self._deliver_live(held.organisation, ours)

    def _hold(self, organisation: OrganisationId, ours: str, way: Way, *, live: bool | None) -> None:
        before = self._ways.get(ours)
        same = before is not None and before.way is way
        if not same and len(self._ways) >= MAX_OPEN:
            return
        if before is None or not same:
            before = self._ways[ours] = _Held(way, organisation)
        before.live = before.live if live is None else live

    async def _after(self, organisation: OrganisationId, taken: Taken, way: Way | None) -> None:
        """Send what goes at once, and go on."""
        for place, message in enumerate(taken.direct):
            data = await self._made(organisation, taken.relation, message)
            if data is not None and (way is None or not await way.send(data)):
                if taken.heard:
                    await self.taking.post(organisation, taken.relation, taken.direct[place:])
                break
        if taken.posted:
            self.work.wake()
        if taken.arrived or taken.live:
            self._deliver_beside(organisation, taken.relation.ours)
        self.heard(organisation, taken.relation)
        if taken.later is not None and not taken.later.final:
            try:
                used = None if way is None or taken.direct else way
                await self._gone_on(organisation, taken.relation, taken.later, used)
            except (JudgesError, StoreError) as error:
                _LOG.info("What was left to do waits: %s", error.code)

    async def _made(self, organisation: OrganisationId, relation: Relation, message: Message) -> bytes | None:
        """The envelope of a message; None for one that cannot be made: its thread is given up in its time."""
        try:
            return await self.envelopes.make(organisation, message, ours=relation.ours)
        except DidCommError as error:
            _LOG.info("A message could not be packed: %s", error.code)
            return None

    async def _drain(self, organisation: OrganisationId, ours: str, way: Way, *, spare: bool) -> None:
        """Send letters on a way that is open: as many as fit."""
        if not spare and not way.stays:
            return
        async with self.store.view(organisation) as view:
            letters = await view.threads.letters(ours, limit=SWEEP_LETTERS if way.stays else 1)
            if not letters:
                return
            relation = await view.threads.relation(ours)
        sent: list[Letter] = []
        for letter in letters:
            data = await self._made(organisation, relation, parse_message(letter.document))
            if data is not None and not await way.send(data):
                break
            sent.append(letter)
        await self._sent(organisation, sent)

    async def _deliver_live(self, organisation: OrganisationId, ours: str) -> None:
        """What waits at the mediator goes to who wants it at once; it waits on until it was received."""
        held = self._ways.get(ours)
        if held is None or not held.live:
            return
        async with self.store.view(organisation) as view:
            found = await view.mediation.deposits(ours, limit=LIVE_AT_ONCE, max_bytes=MAX_FORWARDED_BYTES)
            relation = await view.threads.relation(ours)
        waiting = {each.id for each in found}
        fresh = [(each.id, each.data) for each in found if each.id not in held.delivered]
        held.delivered = waiting  # before anything is awaited: each goes once on this way
        if not fresh or relation.theirs is None:
            return
        done = begin(
            DeliverLive(tuple(fresh)),
            connection=Connection(ours, relation.theirs),
            thread=str(uuid4()),
            protocols=self.taking.protocols,
            at=self.now(),
        )
        for message in done.messages:  # of which nothing is kept: it comes again with the next delivery
            data = await self._made(organisation, relation, message)
            if data is None or not await held.way.send(data):
                held.delivered -= {name for name, _ in fresh}

    def _deliver_beside(self, organisation: OrganisationId, ours: str) -> None:
        """The same, for which whoever sent it does not wait: they are strangers to who takes it slowly."""
        if ours in self._ways:
            task = asyncio.create_task(self._delivered(organisation, ours), name="live delivery")
            self._beside.add(task)
            task.add_done_callback(self._beside.discard)

    async def _delivered(self, organisation: OrganisationId, ours: str) -> None:
        try:
            await self._deliver_live(organisation, ours)
        except StoreError as error:
            _LOG.info("A live delivery waits: %s", error.code)

    async def _sent(self, organisation: OrganisationId, letters: list[Letter]) -> None:
        if letters:
            await self.store.change(organisation, lambda unit: unit.threads.sent([each.id for each in letters]))

    async def _routes(self, theirs: str) -> tuple[Route, ...]:
        """The ways to somebody; none, where their document names none."""
        try:
            return await self.resolving.done(
                lambda documents, _: routes(document_of(parse_did(theirs), documents), documents)
            )
        except (RouteError, UnresolvedError):
            return ()

    async def _deliver(self, theirs: str, found: tuple[Route, ...], data: bytes) -> None:
        """By the first way that works; raises what the last one failed by."""
        failure: Exception | None = None
        for route in found:
            try:
                await self.sends.deliver(route.uri, await self._wrapped(theirs, route, data))
            except (DidCommError, FetchError) as error:
                failure = error
            else:
                return
        if failure is not None:
            raise failure

    async def _wrapped(self, theirs: str, route: Route, data: bytes) -> bytes:
        """The envelope inside those for the mediators on the way."""
        if not route.routing_keys:
            return data
        keys, at = route.routing_keys, self.now()
        return await self.resolving.done(
            lambda documents, _: wrap(data, next_hop=theirs, routing_keys=keys, documents=documents, at=at)
        )


_ALL: Final = 1 << 16
"""As many messages as there are."""


def _open(held: _Held | None) -> Open:
    return Open() if held is None else Open(room=_ALL, stays=held.way.stays, live=held.live)
