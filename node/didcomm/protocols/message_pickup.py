"""Message pickup: what waits at a mediator for who has no address, in versions 3.0 and 4.0, which differ in little.

What was delivered, also live, is deleted only when its recipient says that it was received.

Spec: https://didcomm.org/messagepickup/3.0, https://didcomm.org/message-pickup/4.0
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from node.didcomm.attachment import MAX_ATTACHMENTS, attach_bytes
from node.didcomm.errors import ProtocolError
from node.didcomm.message import Message
from node.didcomm.message_type import MessageType
from node.didcomm.protocols.coordinate_mediation import MEDIATOR, RECIPIENT, RETURN_ROUTE
from node.didcomm.protocols.exchange import DONE, START
from node.didcomm.protocols.machine import (
    Draft,
    Effect,
    Event,
    Move,
    Problem,
    ProtocolDeclaration,
    Transition,
    Turn,
    named,
    protocol_type,
    transitions,
)
from node.didcomm.protocols.problems import text_of
from node.didcomm.protocols.routing import MAX_FORWARDED_BYTES
from node.documents import JsonObject, JsonValue

V3: Final = protocol_type("https://didcomm.org/messagepickup/3.0")
V4: Final = protocol_type("https://didcomm.org/message-pickup/4.0")
STATUS_WANTED, DELIVERY_WANTED, LIVE_WANTED = "status-wanted", "delivery-wanted", "live-wanted"
WAITING, RECEIVED_SENT = "waiting", "received-sent"

STATUS: Final = "pickup-status-wanted"
DELIVERY: Final = "pickup-delivery-wanted"
RECEIVED: Final = "pickup-received"
LIVE: Final = "pickup-live-wanted"
TOLD: Final = "pickup-status"
DELIVERED: Final = "pickup-delivered"

MAX_IDS: Final = 256
MAX_DID_CHARS: Final = 4096
_NUMBERS: Final = ("longest_waited_seconds", "newest_received_time", "oldest_received_time", "total_bytes")


class _Pickup(Event):
    """An event of either version."""

    protocol: ClassVar[MessageType] = V4
    also: ClassVar[tuple[MessageType, ...]] = (V3,)


@dataclass(frozen=True, slots=True)
class AskStatus(_Pickup):
    """A recipient wants to know what waits, for one of its identifiers or all."""

    role: ClassVar[str] = RECIPIENT
    states: ClassVar[frozenset[str]] = frozenset({START})

    recipient_did: str | None = None

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The question."""
        return _asked("status-request", _for(self.recipient_did))


@dataclass(frozen=True, slots=True)
class AskDelivery(_Pickup):
    """A recipient wants what waits, so many at once."""

    role: ClassVar[str] = RECIPIENT
    states: ClassVar[frozenset[str]] = frozenset({START})

    limit: int = 16
    recipient_did: str | None = None

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The question."""
        return _asked("delivery-request", _for(self.recipient_did) | {"limit": self.limit})


@dataclass(frozen=True, slots=True)
class Confirm(_Pickup):
    """A recipient has what was delivered, and keeps it: the mediator may delete it."""

    role: ClassVar[str] = RECIPIENT
    states: ClassVar[frozenset[str]] = frozenset({START})

    ids: tuple[str, ...]

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The confirmation; whether the mediator tells what is left is up to it."""
        if not 0 < len(self.ids) <= MAX_IDS:
            raise ProtocolError(f"{len(self.ids)} messages are confirmed; 1 to {MAX_IDS} are at once")
        ids: list[JsonValue] = [*self.ids]
        draft = Draft(name="messages-received", body={"message_id_list": ids}, headers=RETURN_ROUTE)
        return Move(state=RECEIVED_SENT, drafts=(draft,))


@dataclass(frozen=True, slots=True)
class GoLive(_Pickup):
    """A recipient wants what comes from now on at once, on this way, or no more."""

    role: ClassVar[str] = RECIPIENT
    states: ClassVar[frozenset[str]] = frozenset({START})

    live: bool = True

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The wish."""
        return _asked("live-delivery-change", {"live_delivery": self.live})


@dataclass(frozen=True, slots=True, kw_only=True)
class TellStatus(_Pickup):
    """A mediator tells what waits; this is said on an open way only, and never waits itself."""

    role: ClassVar[str] = MEDIATOR
    states: ClassVar[frozenset[str]] = frozenset({STATUS_WANTED, DELIVERY_WANTED, LIVE_WANTED})

    count: int
    live: bool
    figures: Mapping[str, int] = MappingProxyType({})

    def move(self, turn: Turn) -> Move:
        """The figures, for the identifier that was asked about."""
        told: JsonObject = {name: value for name, value in self.figures.items() if name in _NUMBERS}
        body = _same(turn) | told | {"message_count": self.count, "live_delivery": self.live}
        return Move(state=DONE, drafts=(Draft(name="status", body=body),))


@dataclass(frozen=True, slots=True)
class Deliver(_Pickup):
    """A mediator hands over what waits, each under an id of the mediator; it stays until it is confirmed."""

    role: ClassVar[str] = MEDIATOR
    states: ClassVar[frozenset[str]] = frozenset({DELIVERY_WANTED})

    messages: tuple[tuple[str, bytes], ...]

    def move(self, turn: Turn) -> Move:
        """The messages, not more than were asked for; where none waits, version 4.0 says it by an empty delivery."""
        limit = turn.exchange.record.get("limit")
        if not isinstance(limit, int) or len(self.messages) > limit:
            raise ProtocolError(f"{len(self.messages)} messages are more than were asked for")
        if not self.messages and turn.exchange.protocol == V3.protocol_uri:
            raise ProtocolError("version 3.0 tells the status where nothing waits")
        return Move(state=DONE, drafts=(_delivery(self.messages, _same(turn)),))


@dataclass(frozen=True, slots=True)
class DeliverLive(_Pickup):
    """A mediator hands over what just came, on an open way; until it is confirmed it waits like everything."""

    role: ClassVar[str] = MEDIATOR
    states: ClassVar[frozenset[str]] = frozenset({START})

    messages: tuple[tuple[str, bytes], ...]

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The messages."""
        return Move(state=DONE, drafts=(_delivery(self.messages, {}),))


@dataclass(frozen=True, slots=True)
class RefuseLive(_Pickup):
    """A mediator cannot deliver live on the way that the wish came."""

    role: ClassVar[str] = MEDIATOR
    states: ClassVar[frozenset[str]] = frozenset({LIVE_WANTED})

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The problem that the specification names."""
        return Move(state=DONE, drafts=(Draft(problem="e.m.live-mode-not-supported"),))


def _asked(name: str, body: JsonObject) -> Move:
    return Move(state=WAITING, drafts=(Draft(name=name, body=body, headers=RETURN_ROUTE),))


def _for(did: str | None) -> JsonObject:
    return {} if did is None else {"recipient_did": did}


def _same(turn: Turn) -> JsonObject:
    """The identifier that was asked about, if one was."""
    did = turn.exchange.record.get("recipient_did")
    return _for(did if isinstance(did, str) else None)


def _delivery(messages: tuple[tuple[str, bytes], ...], body: JsonObject) -> Draft:
    if len(messages) > MAX_ATTACHMENTS or sum(len(data) for _, data in messages) > MAX_FORWARDED_BYTES:
        raise ProtocolError(f"that is more than {MAX_ATTACHMENTS} messages or {MAX_FORWARDED_BYTES} bytes at once")
    attached = tuple([attach_bytes(data, id=identifier) for identifier, data in messages])
    return Draft(name="delivery", body=body, attachments=attached, lists_none=not attached)


def _status_wanted(_: Turn, message: Message) -> Move:
    asked = _for(text_of(message.body, "recipient_did", limit=MAX_DID_CHARS))
    return Move(state=STATUS_WANTED, record=asked, effects=(Effect(STATUS, asked),))


def _delivery_wanted(_: Turn, message: Message) -> Move:
    limit = message.body.get("limit")
    if type(limit) is not int or limit < 1:
        raise Problem("e.m.msg.malformed", "limit is no number above zero")
    did = _for(text_of(message.body, "recipient_did", limit=MAX_DID_CHARS))
    asked: JsonObject = did | {"limit": min(limit, MAX_ATTACHMENTS)}
    return Move(state=DELIVERY_WANTED, record=asked, effects=(Effect(DELIVERY, asked),))


def _received(_: Turn, message: Message) -> Move:
    """What may be deleted: of what waits for this connection, nothing else; ids that are not there are no error."""
    ids = message.body.get("message_id_list")
    listed: list[JsonValue] = [each for each in ids if isinstance(each, str)] if isinstance(ids, list) else []
    if not isinstance(ids, list) or len(listed) != len(ids) or len(ids) > MAX_IDS:
        raise Problem("e.m.msg.malformed", f"message_id_list is no list of at most {MAX_IDS} ids")
    return Move(state=STATUS_WANTED, effects=(Effect(RECEIVED, {"ids": listed}),))


def _live_wanted(_: Turn, message: Message) -> Move:
    live = message.body.get("live_delivery")
    if not isinstance(live, bool):
        raise Problem("e.m.msg.malformed", "live_delivery is neither true nor false")
    return Move(state=LIVE_WANTED, effects=(Effect(LIVE, {"live": live}),))


def _told(_: Turn, message: Message) -> Move:
    count, live = message.body.get("message_count"), message.body.get("live_delivery")
    if type(count) is not int or count < 0:
        raise Problem("e.m.msg.malformed", "message_count is no number")
    figures: JsonObject = {name: message.body[name] for name in _NUMBERS if type(message.body.get(name)) is int}
    return Move(state=DONE, effects=(Effect(TOLD, figures | {"count": count, "live": live is True}),))


def _delivered(_: Turn, message: Message) -> Move:
    """What was delivered, to be opened, taken, kept, and then confirmed; each message is as if it had come directly."""
    found: list[JsonValue] = []
    for attachment in message.attachments:
        if attachment.id is None or not attachment.is_inline:
            raise Problem("e.m.msg.attachment", "a delivered message has no id, or is not in it")
        found.append({"id": attachment.id, "message": attachment.content().decode("utf-8", "replace")})
    return Move(state=DONE, effects=(Effect(DELIVERED, {"messages": found}),))


def _declared(message_type: MessageType) -> ProtocolDeclaration:
    mediator: dict[str, Transition] = {
        "status-request": _status_wanted,
        "delivery-request": _delivery_wanted,
        "messages-received": _received,
        "live-delivery-change": _live_wanted,
    }
    recipient: dict[tuple[str, str, str], Transition] = {
        (RECIPIENT, WAITING, "status"): _told,
        (RECIPIENT, WAITING, "delivery"): _delivered,
        (RECIPIENT, RECEIVED_SENT, "status"): _told,
    }
    return ProtocolDeclaration(
        type=message_type,
        roles=(MEDIATOR, RECIPIENT),
        opens=named(dict.fromkeys(mediator, MEDIATOR)),
        transitions=transitions({(MEDIATOR, START, name): move for name, move in mediator.items()} | recipient),
        answers=named({"delivery": _delivered}),
        settled={(RECIPIENT, RECEIVED_SENT): DONE, (MEDIATOR, STATUS_WANTED): DONE},
        repeatable=True,
    )


MESSAGE_PICKUP_3: Final = _declared(V3)
MESSAGE_PICKUP_4: Final = _declared(V4)
