"""How a protocol is declared: who opens it, which message or event leads from which state to which, what follows.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#protocols
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import ClassVar, Final

from node.didcomm.message import Message
from node.didcomm.message_type import MessageType, folded_name, parse_message_type
from node.didcomm.parties import Documents
from node.didcomm.protocols.exchange import Exchange
from node.documents import JsonObject, JsonValue

DAY: Final = timedelta(days=1)
NOTHING: Final[JsonObject] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a transition may look at: the exchange before it, the time, and documents that were resolved beforehand."""

    exchange: Exchange
    at: datetime
    documents: Documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message to be sent in the exchange: its name in the protocol, or the whole type of another protocol's.

    With `problem` it is a report of this code, which ends the exchange or refuses what came, as the code says.
    `lists_none` writes an empty list of attachments, where one has to be there.
    """

    name: str = ""
    problem: str | None = None
    body: JsonObject = field(default_factory=dict)
    attachments: tuple[JsonObject, ...] = ()
    headers: Mapping[str, JsonValue] = MappingProxyType({})
    expires_time: int | None = None
    asks_for_ack: bool = False
    acks: tuple[str, ...] = ()
    lists_none: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that whoever runs the exchange is to do or to know, once: `kind` says what, `data` is JSON.

    It is recorded in the transaction in which the exchange is kept, or it would be done twice or never.
    """

    kind: str
    data: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a transition makes of an exchange; `record` adds to what is remembered.

    `expires_time` is when the exchange is given up unless something happens; None is the protocol's own time from now.
    """

    state: str
    record: JsonObject = field(default_factory=dict)
    drafts: tuple[Draft, ...] = ()
    effects: tuple[Effect, ...] = ()
    expires_time: int | None = None


class Problem(Exception):  # noqa: N818 -- the name of the specification; it never leaves this package
    """A message cannot be taken; the code is one of `problems.COMMENTS`."""

    def __init__(self, code: str, *args: str) -> None:
        super().__init__(code, *args)
        self.code = code
        self.arguments = args


type Transition = Callable[[Turn, Message], Move]


class Event(ABC):
    """Something that one of our own decided, in a role of a protocol, at a state of the exchange.

    `also` are other protocols in which it means the same.
    """

    protocol: ClassVar[MessageType]
    also: ClassVar[tuple[MessageType, ...]] = ()
    role: ClassVar[str]
    states: ClassVar[frozenset[str]]

    @abstractmethod
    def move(self, turn: Turn) -> Move:
        """What it makes of the exchange; raises ProtocolError where it does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolDeclaration:
    """A protocol: `type` is any message type of it, of which only protocol and version count.

    `opens` says for the name of a message which role of ours it begins; `transitions` lead on by role, state and name.
    `answers` are messages that leave no exchange behind: the same message has the same answer for ever. `settled` are
    states, by role and state, that end well when nothing more is heard. `anonymous` messages need no sender and are
    never answered. `strangers` may begin without a connection that is known. Of what is `repeatable` an exchange that
    is over need not be kept: the same message again comes to the same.
    """

    type: MessageType
    roles: tuple[str, ...]
    opens: Mapping[str, str] = MappingProxyType({})
    transitions: Mapping[tuple[str, str, str], Transition] = MappingProxyType({})
    answers: Mapping[str, Transition] = MappingProxyType({})
    settled: Mapping[tuple[str, str], str] = MappingProxyType({})
    lifetime: timedelta = DAY
    anonymous: bool = False
    strangers: bool = False
    repeatable: bool = False


type Protocols = Mapping[str, ProtocolDeclaration]


def message_name(message_type: MessageType) -> str:
    """The name of a message as it is compared: ping_response is ping-response."""
    return folded_name(message_type.name)


def family(message_type: MessageType) -> str:
    """What all minor versions of a protocol are found under.

    Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#semver-rules
    """
    return f"{message_type.documents}{folded_name(message_type.protocol)}/{message_type.major}"


def protocols(*declarations: ProtocolDeclaration) -> Protocols:
    """A frozen table of protocols, by which messages find theirs."""
    return MappingProxyType({family(each.type): each for each in declarations})


def transitions(
    given: Mapping[tuple[str, str, str], Transition],
) -> Mapping[tuple[str, str, str], Transition]:
    """A frozen table of transitions, in which names are as they are compared."""
    return MappingProxyType({(role, state, folded_name(name)): move for (role, state, name), move in given.items()})


def named[T](given: Mapping[str, T]) -> Mapping[str, T]:
    """A frozen mapping by the names of messages, as they are compared."""
    return MappingProxyType({folded_name(name): value for name, value in given.items()})


def protocol_type(uri: str) -> MessageType:
    """The type that stands for a protocol of this identifier."""
    return parse_message_type(f"{uri}/x")


def seconds(at: datetime) -> int:
    """A time as messages write it."""
    return int(at.timestamp())
