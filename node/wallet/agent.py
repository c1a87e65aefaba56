"""The holder's agent: it keeps what each step brings, sends what follows, and takes every message as often as it comes.

    agent = Agent(keep=…, send=…, judge=…, resolve=…, keys=HeldKeys, jsonld=…, now=…)
    key = await agent.take_up(invitation, GOAL_ISSUE, issue_credential.Propose())
    offer = await agent.until(key, issue_credential.OFFERED)

1. What a step brought and the messages that follow are kept in one write, before anything is sent.
2. A message is forgotten once its answers were kept. Whoever dies in between sends it again, under the same id.
3. What was sent and not answered is sent again: every party answers the same message with the same answer.
So the process may end anywhere, and the next one goes on.

The agent has no address. It asks for answers on the way of the question, in every message.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from did_methods.document import Relationship
from did_methods.multikey import KeyType, PrivateKey
from did_methods.peer import create_with_keys
from did_methods.peer_services import messaging_service
from node.credentials.timestamps import format_timestamp
from node.didcomm.errors import DidCommError, UnresolvedError
from node.didcomm.forward import wrap
from node.didcomm.message import Message, read_message
from node.didcomm.pack import pack
from node.didcomm.parties import HeldSecrets, document_of
from node.didcomm.protocols.changes import STATUS_CHANGED, UPGRADED
from node.didcomm.protocols.connection import Connection, Incoming, incoming
from node.didcomm.protocols.coordinate_mediation import GRANTED
from node.didcomm.protocols.exchange import ABANDONED, exchange_key
from node.didcomm.protocols.machine import Effect, Event, Protocols
from node.didcomm.protocols.out_of_band import Invitation, read_invitation
from node.didcomm.protocols.step import PROBLEM, Abandon, Retry, Step, begin, step
from node.didcomm.protocols.table import CREDENTIALS, MEDIATOR, spoken
from node.didcomm.service import routes
from node.didcomm.unpack import unpack
from node.documents import JsonObject
from node.ports import KeyStore
from node.proofs.jsonld import JsonLd
from node.verification.report import Report
from node.wallet.contents import Contents, Held, Relation, Talk, Unsent
from node.wallet.documents import Library, Resolve
from node.wallet.errors import WalletError

SPOKEN: Final[Protocols] = spoken((*CREDENTIALS, *MEDIATOR[1:]))
TRIES: Final = 10
"""How often an answer is asked for before it is left to another time."""
BETWEEN_SECONDS: Final = 1.0
GOAL_MEDIATE: Final = "mediate"
_RETURN: Final = "return_route"

type Send = Callable[[str, bytes], Awaitable[tuple[bytes, ...]]]
"""Sends an envelope to an address that somebody else named; what came back on the same way. Raises FetchError."""
type Judge = Callable[[JsonObject | str], Awaitable[Report]]
"""Verifies a credential, as anybody would."""
type Keys = Callable[[Mapping[str, PrivateKey]], KeyStore]
type Change = Callable[[Contents], Contents]


class Keep(Protocol):
    """Where the contents are between two runs."""

    def load(self) -> Contents:
        """What was saved last."""

    def save(self, contents: Contents) -> None:
        """Keep this in the place of what was there, whole or not at all."""


def _unchanged(contents: Contents) -> Contents:
    return contents


@dataclass(slots=True, kw_only=True)
class Agent:
    """One holder's agent, in one task at a time."""

    keep: Keep
    send: Send
    judge: Judge
    resolve: Resolve
    keys: Keys
    jsonld: JsonLd
    now: Callable[[], datetime]
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    tries: int = TRIES
    contents: Contents = field(init=False)
    library: Library = field(init=False)

    def __post_init__(self) -> None:
        """Begin with what was kept."""
        self.contents, self.library = self.keep.load(), Library(self.resolve)

    # Keeping.

    async def change(self, change: Change) -> None:
        """Keep other contents; the file is written beside the loop."""
        contents = change(self.contents)
        await asyncio.to_thread(self.keep.save, contents)
        self.contents = contents

    # Beginning.

    def invitation(self, message: Message) -> Invitation:
        """What an invitation says; one that was taken up before may have expired since."""
        relation = self.relation_of(message.id)
        return read_invitation(message, self.now() if relation is None else datetime.fromisoformat(relation.made_at))

    def relation_of(self, invitation: str) -> Relation | None:
        """The relation that began with an invitation."""
        return next((each for each in self.contents.relations.values() if each.invitation == invitation), None)

    async def take_up(self, message: Message, goal: str, event: Event) -> str:
        """The key of the exchange that an invitation leads to: a new one, or the one that it led to before."""
        invitation = self.invitation(message)
        if invitation.goal_code not in {None, goal}:
            raise WalletError(
                f"the invitation is for something else: {invitation.goal_code!r:.64}",
                code="wallet.goal",
                remedy="Take what is offered with glejt wallet accept; answer what is asked with glejt wallet present.",
            )
        relation = self.relation_of(invitation.id)
        if relation is not None:
            for key, talk in self.contents.talks.items():
                if talk.exchange.connection.ours == relation.ours and talk.exchange.pthid == invitation.id:
                    return key
        relation = self.related(invitation, goal)
        done = self._begun(relation, event, invitation.id)
        return await self._keep(done, lambda contents: contents.with_relation(relation))

    def related(self, invitation: Invitation, goal: str) -> Relation:
        """A relation under an identifier of its own; who serves this holder is named in it."""
        agrees, signs = PrivateKey.generate(KeyType.X25519), PrivateKey.generate(KeyType.ED25519)
        uses = [(Relationship.KEY_AGREEMENT, agrees.public), (Relationship.AUTHENTICATION, signs.public)]
        mediator = self.mediator
        services = [messaging_service(mediator[1])] if mediator is not None and goal != GOAL_MEDIATE else []
        did = str(create_with_keys(uses, services))
        return Relation(
            ours=did,
            theirs=invitation.sender,
            secrets={f"{did}#key-1": agrees, f"{did}#key-2": signs},
            goal=goal,
            invitation=invitation.id,
            made_at=format_timestamp(self.now()),
        )

    @property
    def mediator(self) -> tuple[Relation, str] | None:
        """Who serves this holder, and the identifier to name for it."""
        for talk in self.contents.talks.values():
            relation = self.contents.relations.get(talk.exchange.connection.ours)
            granted = talk.told.get(GRANTED)
            dids = granted.get("routing_dids") if granted is not None else None
            if relation is not None and relation.goal == GOAL_MEDIATE and isinstance(dids, list) and dids:
                return relation, str(dids[0])
        return None

    async def start(self, relation: Relation, event: Event, *, pthid: str | None = None) -> str:
        """Begin another exchange in a relation; its key."""
        return await self._keep(self._begun(relation, event, pthid))

    def _begun(self, relation: Relation, event: Event, pthid: str | None) -> Step:
        connection = Connection(relation.ours, relation.theirs)
        thread = str(uuid.uuid4())
        return begin(event, connection=connection, thread=thread, pthid=pthid, protocols=SPOKEN, at=self.now())

    async def decide(self, key: str, event: Event | Abandon | Retry, also: Change = _unchanged) -> None:
        """Go on in an exchange; `also` changes what is kept, in the same write."""
        talk = self.contents.talks[key]
        await self._keep(step(talk.exchange, event, protocols=SPOKEN, at=self.now(), documents=self.library), also)

    async def _keep(self, done: Step, also: Change = _unchanged) -> str:
        """Keep what a step brought, what is to be sent because of it, and what it tells."""
        exchange = done.exchange

        def changed(contents: Contents) -> Contents:
            contents = also(contents)
            if exchange is not None:
                before = contents.talks.get(exchange.key)
                told = dict(before.told) if before is not None else {}
                told |= {each.kind: each.data for each in done.effects}
                contents = contents.with_talk(Talk(exchange=exchange, told=told))
                for effect in done.effects:
                    contents = _noted(contents, effect, exchange.connection.ours)
            waiting = [(each.ours, each.message.get("id")) for each in contents.unsent]
            fresh = [Unsent(_sender(each), each.document) for each in done.messages]
            added = [each for each in fresh if (each.ours, each.message.get("id")) not in waiting]
            return replace(contents, unsent=(*contents.unsent, *added))

        await self.change(changed)
        return exchange.key if exchange is not None else ""

    # Talking.

    async def until(self, key: str, *kinds: str) -> JsonObject:
        """What an exchange tells of one of these kinds; what was sent is sent again where nothing comes.

        Raises WalletError where the exchange ends without it, or nothing comes now.
        """
        for attempt in range(self.tries):
            if (found := self._told(key, kinds)) is not None:
                return found
            if attempt:
                await self.wait(BETWEEN_SECONDS)
            await self.again(key)
        if (found := self._told(key, kinds)) is not None:
            return found
        raise WalletError(
            "no answer has come yet",
            code="wallet.waiting",
            remedy="Give the same command again later: it goes on where this one has stopped.",
        )

    def _told(self, key: str, kinds: tuple[str, ...]) -> JsonObject | None:
        talk = self.contents.talks[key]
        found = next((talk.told[kind] for kind in kinds if kind in talk.told), None)
        if found is None and talk.exchange.state == ABANDONED:
            problem = talk.told.get(PROBLEM, {})
            raise WalletError(
                f"the other side reports: {problem.get('comment') or problem.get('code') or 'it is over'!r:.256}",
                code="wallet.problem",
                remedy="Ask whoever invited for a new invitation.",
            )
        return found

    async def again(self, key: str) -> None:
        """Send what waits to be sent in an exchange's relation, or what was sent last in it."""
        ours = self.contents.talks[key].exchange.connection.ours
        if not any(each.ours == ours for each in self.contents.unsent):
            await self.decide(key, Retry())
        await self.flush(ours)

    async def flush(self, ours: str) -> None:
        """Send all that waits to be sent in a relation, and take what comes back."""
        while True:
            unsent = next((each for each in self.contents.unsent if each.ours == ours), None)
            if unsent is None:
                return
            for answer in await self._sent(unsent):
                await self.take(answer)

            def forgotten(contents: Contents, sent: Unsent = unsent) -> Contents:
                return replace(contents, unsent=tuple([each for each in contents.unsent if each is not sent]))

            await self.change(forgotten)

    async def _sent(self, unsent: Unsent) -> tuple[bytes, ...]:
        relation, message = self.contents.relations[unsent.ours], returning(read_message(unsent.message))

        async def packed() -> tuple[str, bytes]:
            return await asyncio.to_thread(self._packed, relation, message)

        address, data = await self.library.until_done(packed)
        return await self.send(address, data)

    def _packed(self, relation: Relation, message: Message) -> tuple[str, bytes]:
        """An envelope for who is on the other side, and where to send it: by HTTP rather than by WebSocket."""
        at = self.now()
        secrets = HeldSecrets(relation.secrets)
        data = pack(
            message, to=[relation.theirs], sender=relation.ours, secrets=secrets, documents=self.library, at=at
        ).data
        ways = routes(document_of(message.to[0].did, self.library), self.library)
        way = min(ways, key=lambda each: not each.uri.lower().startswith("http"))
        if way.routing_keys:
            data = wrap(data, next_hop=relation.theirs, routing_keys=way.routing_keys, documents=self.library, at=at)
        return way.uri, data

    async def take(self, data: bytes) -> bool:
        """Take an envelope; whether it counts.

        What cannot be opened, or is from nobody who is known, changes nothing: a relation is with one party, and an
        exchange of another relation is not looked at, whatever thread is named.
        """

        async def opened() -> Incoming | None:
            return await asyncio.to_thread(self._opened, data)

        try:
            given = await self.library.until_done(opened)
        except (DidCommError, UnresolvedError):
            return False
        connection = given.connection if given is not None else None
        if given is None or connection is None or not given.known:
            return False
        keys = [exchange_key(connection, thread) for thread in given.threads]
        talk = next((self.contents.talks[each] for each in keys if each in self.contents.talks), None)
        exchange = talk.exchange if talk is not None else None
        try:
            done = step(exchange, given, protocols=SPOKEN, at=self.now(), documents=self.library)
        except UnresolvedError:
            return False
        await self._keep(done)
        return True

    def _opened(self, data: bytes) -> Incoming:
        secrets: dict[str, PrivateKey] = {}
        for relation in self.contents.relations.values():
            secrets |= relation.secrets
        given = incoming(unpack(data, secrets=HeldSecrets(secrets), documents=self.library, at=self.now()), known=True)
        connection = given.connection
        relation_ = self.contents.relations.get(connection.ours) if connection is not None else None
        known = connection is not None and relation_ is not None and relation_.theirs == connection.theirs
        return replace(given, known=known)


def returning(message: Message) -> Message:
    """The message with the wish to be answered on the same way."""
    return message if _RETURN in message.headers else read_message({**message.document, _RETURN: "all"})


def _sender(message: Message) -> str:
    return str(message.sender.did) if message.sender is not None else ""


def _noted(contents: Contents, effect: Effect, ours: str) -> Contents:
    """What an issuer tells of a credential, by itself and in the relation in which it came; others tell nothing."""
    if effect.kind not in {STATUS_CHANGED, UPGRADED}:
        return contents
    for held in contents.held.values():
        if _is_about(held, effect.data, ours):
            if effect.kind == STATUS_CHANGED:
                return contents.with_held(replace(held, status=str(effect.data.get("status"))))
            given = effect.data.get("receipts")
            receipts = tuple([each for each in given if isinstance(each, dict)]) if isinstance(given, list) else ()
            return contents.with_held(replace(held, receipts=receipts))
    return contents


def _is_about(held: Held, told: JsonObject, ours: str) -> bool:
    return (held.ours, held.thread, held.identifier) == (ours, told.get("pthid"), told.get("credential"))
