"""One message, taken: what it leads to is recorded in one transaction, and sent, and done, after it.

1. Who sent it is the relation's other side, or takes up its invitation, or goes by another identifier from now on.
2. The exchange is that of the message's thread in this relation.
3. A step is taken; what its effects lead to at once are steps of the same exchange.
4. The exchange is kept. What is to be sent goes on the way that is open, or waits as letters; what is left to do stands
   in the outbox until it is done.

Spec: docs/concepts/didcomm-protocols.md
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from node.didcomm.errors import ProtocolError
from node.didcomm.message import Message, write_message
from node.didcomm.protocols.connection import Connection, Incoming, incoming
from node.didcomm.protocols.exchange import FINAL, Exchange, exchange_key, read_exchange, write_exchange
from node.didcomm.protocols.machine import Effect, Event, Protocols, family, protocol_type
from node.didcomm.protocols.message_pickup import V3, V4
from node.didcomm.protocols.out_of_band import claim
from node.didcomm.protocols.step import DROPPED, Abandon, Elapsed, Retry, Step, step
from node.exchange.didcomm.documents import Known
from node.exchange.didcomm.inviting import invited_of
from node.exchange.didcomm.opening import Opened
from node.exchange.didcomm.reactions import Decided, Reaction, Reactions, Scene
from node.ports.errors import RuleError
from node.ports.organisations import OrganisationId
from node.ports.store import Store, UnitOfWork
from node.ports.threads import KEPT_LETTERS, KeptThread, Letter, Relation
from node.ports.work import go_on_with, send_letters

GONE_ON_AFTER: Final = timedelta(seconds=30)
"""So long whoever took a message has for what it left to do."""
INLINE_BYTES: Final = 64 * 1024
"""A message of more is looked at in a thread: to look takes milliseconds then."""
_ON_AN_OPEN_WAY: Final = frozenset({V3.protocol_uri, V4.protocol_uri})
_MAX_STEPS: Final = 8
"""Steps that follow from one message."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a message: what goes at once on the open way, and whether more is to be done or was posted.

    `later` is the thread in which more is to be done, as it was recorded; `live` says how messages of the relation are
    delivered from now on, where that changed; `waiting`, whether letters do, for who may have them on the way.
    """

    relation: Relation
    direct: tuple[Message, ...] = ()
    later: KeptThread | None = None
    posted: bool = False
    waiting: bool = False
    live: bool | None = None
    arrived: bool = False
    heard: bool = False
    dropped: str | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """The way on which answers may go: how many, whether it stays open, and whether what comes is delivered on it."""

    room: int = 0
    stays: bool = False
    live: bool = False


@dataclass(slots=True)
class _Going:
    """What is gathered on the way through a message."""

    relation: Relation
    exchange: Exchange | None = None
    messages: list[Message] = field(default_factory=list)
    later: bool = False
    about: str | None = None
    live: bool | None = None
    arrived: bool = False
    dropped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """The use case, with what it stands on."""

    store: Store
    protocols: Protocols
    reactions: Reactions
    now: Callable[[], datetime]

    async def take(
        self, opened: Opened, way: Open, documents: Known, unresolvable: frozenset[str] = frozenset()
    ) -> Taken:
        """What a message comes to; raises UnresolvedError, and then nothing has happened."""
        at, unpacked = self.now(), opened.unpacked

        async def work(unit: UnitOfWork) -> Taken:
            relation = await unit.threads.lock(opened.ours)
            given = incoming(unpacked, known=False)
            going = _Going(relation)
            recognised = await self._recognised(unit, going, given, at)  # 1.
            if recognised is None:
                return await self._kept(unit, going, way, at)
            kept = await self._found(unit, going, recognised) if recognised.connection is not None else None  # 2.
            large = len(orjson.dumps(unpacked.message.document)) > INLINE_BYTES
            done = await _stepped(  # 3.
                lambda: step(
                    going.exchange,
                    recognised,
                    protocols=self.protocols,
                    at=at,
                    documents=documents,
                    unresolvable=unresolvable,
                ),
                in_a_thread=large,
            )
            await self._follow(unit, going, done, way, at)
            return await self._kept(unit, going, way, at, before=kept, heard=recognised.known)  # 4.

        return await self.store.change(opened.organisation, work)

    async def go_on(
        self, organisation: OrganisationId, kept: KeptThread, given: Decided | Elapsed | Retry, way: Open
    ) -> Taken | None:
        """What was decided in a thread here, or that its time has gone by; None where it does not fit any more."""
        at = self.now()

        async def work(unit: UnitOfWork) -> Taken | None:
            relation = await unit.threads.lock(kept.ours)
            present = await unit.threads.thread(kept.key)  # as it is now that nobody else changes it
            if present is None:
                return None
            exchange = read_exchange(orjson.loads(present.document))
            going = _Going(relation, exchange)
            event: Event | Abandon | Elapsed | Retry
            if isinstance(given, Decided):
                if given.event is None:
                    return None
                event, going.about = given.event, given.about
                record = {name: value for name, value in exchange.record.items() if name not in given.forget}
                going.exchange = replace(exchange, record=record)
            else:
                event = given
            try:
                done = step(going.exchange, event, protocols=self.protocols, at=at)
            except ProtocolError:
                return None  # somebody was faster
            if isinstance(given, Decided):
                await given.also(unit)
                await unit.outbox.take_back(go_on_with(kept.key, at))
            await self._follow(unit, going, done, way, at)
            return await self._kept(unit, going, way, at, before=present, heard=True)

        return await self.store.change(organisation, work)

    async def post(self, organisation: OrganisationId, relation: Relation, messages: Sequence[Message]) -> None:
        """Have messages wait as letters: the way that they were to go was closed."""
        at = self.now()

        async def work(unit: UnitOfWork) -> None:
            await self._posted(unit, relation, messages, at)

        await self.store.change(organisation, work)

    async def begin(
        self, organisation: OrganisationId, ours: str, made: Callable[[Relation], Step], way: Open
    ) -> Taken | None:
        """A new exchange of ours in a relation; None where nobody is there."""
        at = self.now()

        async def work(unit: UnitOfWork) -> Taken | None:
            relation = await unit.threads.lock(ours)
            if relation.theirs is None:
                return None
            going = _Going(relation)
            await self._follow(unit, going, made(relation), way, at)
            return await self._kept(unit, going, way, at, heard=True)

        return await self.store.change(organisation, work)

    async def _recognised(self, unit: UnitOfWork, going: _Going, given: Incoming, at: datetime) -> Incoming | None:
        """The message as one of who it is from; None where all has been said, or nothing is to be said."""
        relation, connection = going.relation, given.connection
        if connection is None:
            return given  # of nobody that is known: few protocols take that
        if relation.theirs == connection.theirs:
            return replace(given, known=True)
        if relation.theirs is not None and given.prior == relation.theirs:
            going.relation = replace(relation, theirs=connection.theirs)
            await unit.threads.take_up(relation.ours, connection.theirs, at)
            return replace(given, known=True)
        by = None if relation.theirs is None else Connection(relation.ours, relation.theirs)
        claimed = claim(replace(invited_of(relation), by=by), given, at)
        going.messages += claimed.messages
        if claimed.given is None:
            going.dropped = "the connection is not known"
            return None
        going.relation = replace(relation, theirs=connection.theirs, heard_at=at)
        await unit.threads.take_up(relation.ours, connection.theirs, at)
        return claimed.given

    async def _found(self, unit: UnitOfWork, going: _Going, given: Incoming) -> KeptThread | None:
        for thread in given.threads:
            kept = await unit.threads.thread(key_of(going.relation.ours, thread))
            if kept is not None:
                going.exchange = read_exchange(orjson.loads(kept.document))
                going.about = kept.about
                return kept
        return None

    async def _follow(self, unit: UnitOfWork, going: _Going, done: Step, way: Open, at: datetime) -> None:
        """What the effects of a step lead to, step by step."""
        going.exchange = done.exchange
        going.messages += done.messages
        effects: list[Effect] = [*done.effects]
        for _ in range(_MAX_STEPS):
            if not effects:
                return
            effect = effects.pop(0)
            if effect.kind == DROPPED:
                going.dropped = str(effect.data.get("reason"))
            react = self.reactions.get(effect.kind)
            if react is None:
                continue
            scene = Scene(
                unit=unit,
                relation=going.relation,
                exchange=going.exchange,
                at=at,
                stays=way.stays,
                live=way.live,
            )
            reaction = await react(scene, effect)
            self._noted(going, reaction)
            if reaction.event is not None and going.exchange is not None:
                following = step(going.exchange, reaction.event, protocols=self.protocols, at=at)
                going.exchange = following.exchange
                going.messages += following.messages
                effects += following.effects

    @staticmethod
    def _noted(going: _Going, reaction: Reaction) -> None:
        going.later |= reaction.later
        going.about = reaction.about or going.about
        going.live = going.live if reaction.live is None else reaction.live
        going.arrived |= reaction.arrived
        if reaction.remember and going.exchange is not None:
            going.exchange = replace(going.exchange, record=going.exchange.record | reaction.remember)

    async def _kept(  # noqa: PLR0913 -- what is kept of it
        self,
        unit: UnitOfWork,
        going: _Going,
        way: Open,
        at: datetime,
        *,
        before: KeptThread | None = None,
        heard: bool = False,
    ) -> Taken:
        """The exchange, letters and what is left to do, written down."""
        relation, exchange = going.relation, going.exchange
        later: KeptThread | None = None
        if exchange is not None and not self._passes(exchange, before):
            thread = _kept_thread(relation, exchange, going.about or (before.about if before else None), at)
            if before is None or before.document != thread.document:
                try:
                    await unit.threads.keep(thread, new=before is None)
                except RuleError:
                    return Taken(relation, dropped="the relation has too many threads", heard=heard)
            if going.later:
                later = thread
                await unit.outbox.add([go_on_with(thread.key, at + GONE_ON_AFTER)])
        direct, waiting = going.messages[: way.room], going.messages[way.room :]
        if exchange is not None and exchange.protocol in _ON_AN_OPEN_WAY:
            waiting = []  # what waits at a mediator, and how much, is said on an open way and never waits itself
        if waiting and heard:  # what is said to a stranger goes at once, or not at all
            await self._posted(unit, relation, waiting, at)
        may_have = heard and way.room > 0
        return Taken(
            relation,
            tuple(direct),
            later,
            posted=bool(waiting) and heard,
            waiting=may_have and bool(await unit.threads.letters(relation.ours, limit=1)),
            live=going.live,
            arrived=going.arrived,
            heard=heard,
            dropped=going.dropped,
        )

    @staticmethod
    async def _posted(unit: UnitOfWork, relation: Relation, messages: Sequence[Message], at: datetime) -> None:
        await unit.threads.post([_letter(message, relation, at, at + KEPT_LETTERS) for message in messages])
        await unit.outbox.add([send_letters(relation.ours, at)])

    def _passes(self, exchange: Exchange, before: KeptThread | None) -> bool:
        """Whether an exchange is over as soon as it began, and the same message again comes to the same."""
        declared = self.protocols.get(family(protocol_type(exchange.protocol)))
        return before is None and exchange.state in FINAL and declared is not None and declared.repeatable


def key_of(ours: str, thread: str) -> str:
    """What a thread is kept under: a relation has one other side, whatever identifier that goes by."""
    return exchange_key(Connection(ours, ""), thread)


def _kept_thread(relation: Relation, exchange: Exchange, about: str | None, at: datetime) -> KeptThread:
    return KeptThread(
        key=key_of(relation.ours, exchange.thread),
        ours=relation.ours,
        protocol=exchange.protocol,
        role=exchange.role,
        state=exchange.state,
        thread=exchange.thread,
        final=exchange.final,
        about=about,
        document=orjson.dumps(write_exchange(exchange)),
        expires_at=datetime.fromtimestamp(exchange.expires_time, UTC),
        changed_at=at,
    )


def _letter(message: Message, relation: Relation, at: datetime, until: datetime) -> Letter:
    if message.expires_time is not None:
        until = min(until, datetime.fromtimestamp(message.expires_time, UTC))
    return Letter(message.id, relation.ours, write_message(message), at, until)


async def _stepped(take: Callable[[], Step], *, in_a_thread: bool) -> Step:
    return await asyncio.to_thread(take) if in_a_thread else take()
