"""Basic message 2.0: a text from one person to another.

Spec: https://didcomm.org/basicmessage/2.0
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
    ProtocolDeclaration,
    Turn,
    named,
    protocol_type,
    transitions,
)
from node.didcomm.protocols.problems import text_of

TYPE: Final = protocol_type("https://didcomm.org/basicmessage/2.0")
SENDER, RECEIVER = "sender", "receiver"
TEXT: Final = "text-received"
MAX_CHARS: Final = 8192
"""Three pages; what is longer is a document."""
_MAX_LANG_CHARS: Final = 64


@dataclass(frozen=True, slots=True)
class Write(Event):
    """Somebody writes a text, in a language named by its tag."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = SENDER
    states: ClassVar[frozenset[str]] = frozenset({START})

    content: str
    lang: str

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The text, on its way."""
        return Move(
            state=DONE, drafts=(Draft(name="message", body={"content": self.content}, headers={"lang": self.lang}),)
        )


def _written(_: Turn, message: Message) -> Move:
    """A text that is there for people; it is kept as an exchange, so that it is shown once."""
    content = text_of(message.body, "content", limit=MAX_CHARS, required=True)
    lang = text_of(dict(message.headers), "lang", limit=_MAX_LANG_CHARS)
    data = Effect(TEXT, {"content": content, "lang": lang, "created_time": message.created_time})
    return Move(state=DONE, effects=(data,))


BASIC_MESSAGE: Final = ProtocolDeclaration(
    type=TYPE,
    roles=(SENDER, RECEIVER),
    opens=named({"message": RECEIVER}),
    transitions=transitions({(RECEIVER, START, "message"): _written}),
)
