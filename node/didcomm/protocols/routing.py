"""Routing 2.0 as a mediator: what is to be passed on, to whom. Nobody is ever answered.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#routing-protocol-20
"""

from typing import Final

from node.didcomm.errors import RouteError
from node.didcomm.forward import FORWARD, read_forward
from node.didcomm.message import Message
from node.didcomm.protocols.exchange import START
from node.didcomm.protocols.machine import Effect, Move, Problem, ProtocolDeclaration, Turn, named

FORWARDED: Final = "forward-wanted"
MAX_FORWARDED_BYTES: Final = 1280 * 1024
"""What is passed on at once; in the delivery that brings it to its recipient it is half as large again."""


def _forwarded(_: Turn, message: Message) -> Move:
    """What is passed on, if `next` is one whom the mediator serves; it looks, and it counts."""
    try:
        forward = read_forward(message)
    except RouteError as error:
        raise Problem("e.m.msg.malformed", str(error)) from error
    if sum(map(len, forward.payloads)) > MAX_FORWARDED_BYTES:
        raise Problem("e.m.msg.too-large", "forward")
    told = Effect(
        FORWARDED,
        {
            "next": forward.next,
            "payloads": [each.decode() for each in forward.payloads],
            "expires_time": forward.expires_time,
        },
    )
    return Move(state=START, effects=(told,))


ROUTING: Final = ProtocolDeclaration(
    type=FORWARD, roles=("mediator",), answers=named({"forward": _forwarded}), anonymous=True, strangers=True
)
