"""Trust ping 2.0: whether the other party is there, and both can read each other.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#trust-ping-protocol-20
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from node.didcomm.message import Message
from node.didcomm.message_type import MessageType
from node.didcomm.protocols.exchange import DONE, START
from node.didcomm.protocols.machine import (
    Draft,
    Effect,
    Event,
    Move,
    Problem,
    ProtocolDeclaration,
    Turn,
    named,
    protocol_type,
    transitions,
)

TYPE: Final = protocol_type("https://didcomm.org/trust-ping/2.0")
SENDER, SENT = "sender", "ping-sent"
RESPONDED: Final = "ping-responded"


@dataclass(frozen=True, slots=True)
class Ping(Event):
    """We want to know whether they answer."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = SENDER
    states: ClassVar[frozenset[str]] = frozenset({START})

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """A ping that is to be answered."""
        return Move(state=SENT, drafts=(Draft(name="ping", body={"response_requested": True}),))


def _pinged(_: Turn, message: Message) -> Move:
    requested = message.body.get("response_requested", True)
    if not isinstance(requested, bool):
        raise Problem("e.m.msg.malformed", "response_requested is neither true nor false")
    return Move(state=START, drafts=(Draft(name="ping-response"),) if requested else ())


def _responded(_: Turn, __: Message) -> Move:
    return Move(state=DONE, effects=(Effect(RESPONDED),))


TRUST_PING: Final = ProtocolDeclaration(
    type=TYPE,
    roles=(SENDER, "receiver"),
    answers=named({"ping": _pinged}),
    transitions=transitions({(SENDER, SENT, "ping-response"): _responded}),
)
