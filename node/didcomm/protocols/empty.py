"""The empty message, which only carries headers: it acknowledges.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#the-empty-message
"""

from typing import Final

from node.didcomm.message import Message
from node.didcomm.protocols.exchange import START
from node.didcomm.protocols.machine import Effect, Move, ProtocolDeclaration, Turn, named
from node.didcomm.protocols.step import EMPTY

ACKNOWLEDGED: Final = "acknowledged"


def _empty(_: Turn, message: Message) -> Move:
    effects = (Effect(ACKNOWLEDGED, {"ids": [*message.ack]}),) if message.ack else ()
    return Move(state=START, effects=effects)


EMPTY_MESSAGE: Final = ProtocolDeclaration(type=EMPTY, roles=(), answers=named({"empty": _empty}))
