"""Message types: which protocol, in which version, and which of its messages.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#message-type-uri
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from node.didcomm.errors import MessageError, shown

MAX_TYPE_CHARS: Final = 512
"""Ten times the longest type that is registered."""
_REMEMBERED: Final = 256
"""A node knows some fifty types; strangers write the rest."""

_IDENTIFIER: Final = r"[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?"
# ABNF of the specification; a version is a major and a minor number, and a patch number that says nothing is tolerated.
_TYPE: Final = re.compile(
    rf"(?P<documents>[\x21-\x7e]+?[?/&:;=])(?P<protocol>{_IDENTIFIER})"
    rf"/(?P<major>0|[1-9][0-9]{{0,4}})\.(?P<minor>0|[1-9][0-9]{{0,4}})(?:\.[0-9]{{1,5}})?/(?P<name>{_IDENTIFIER})"
)
_PUNCTUATION: Final = str.maketrans("", "", "_-.")


@dataclass(frozen=True, slots=True)
class MessageType:
    """A message type, taken apart; `documents` is what stands before the protocol's name, with its delimiter."""

    documents: str
    protocol: str
    major: int
    minor: int
    name: str

    def __str__(self) -> str:
        return f"{self.protocol_uri}/{self.name}"

    @property
    def protocol_uri(self) -> str:
        """The identifier of the protocol."""
        return f"{self.documents}{self.protocol}/{self.major}.{self.minor}"

    def is_of(self, other: "MessageType") -> bool:
        """Whether both are messages of one protocol in one major version: who speaks one understands the other.

        Names are the same whatever their case and punctuation.

        Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#semver-rules
        """
        return (
            self.documents == other.documents
            and self.major == other.major
            and folded_name(self.protocol) == folded_name(other.protocol)
        )

    def is_a(self, other: "MessageType") -> bool:
        """Whether both are the same message of one protocol, in whatever minor versions."""
        return self.is_of(other) and folded_name(self.name) == folded_name(other.name)

    def common(self, other: "MessageType") -> "MessageType":
        """This message in the older of both minor versions, in which two parties talk; both are of one protocol."""
        return MessageType(self.documents, self.protocol, self.major, min(self.minor, other.minor), self.name)


@lru_cache(_REMEMBERED)
def parse_message_type(text: str) -> MessageType:
    """The message type that a text is; raises MessageError."""
    match = _TYPE.fullmatch(text) if len(text) <= MAX_TYPE_CHARS else None
    if match is None:
        raise MessageError(
            f"{shown(text)} is no message type: an address, a protocol, a version and a name",
            code="didcomm.message.type",
            path="/type",
        )
    return MessageType(match["documents"], match["protocol"], int(match["major"]), int(match["minor"]), match["name"])


def folded_name(name: str) -> str:
    """The name of a protocol or message as it is compared: without regard to case and punctuation."""
    return name.translate(_PUNCTUATION).lower()
