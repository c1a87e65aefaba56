"""Who talks to whom: the pair of identifiers that authenticated, and a message that came from one of them."""

from dataclasses import dataclass

from node.didcomm.message import Message, folded_id
from node.didcomm.message_type import folded_name
from node.didcomm.parties import key_id
from node.didcomm.unpack import Unpacked

_PROBLEM_REPORT = folded_name("problem-report")


@dataclass(frozen=True, slots=True)
class Connection:
    """A pair of DIDs: ours, which messages are encrypted for, and theirs, whose agreement key is used for it."""

    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message that was opened, and what its envelope proves.

    `connection` is None where nothing proves that the sender meant it for us. `known` says that the connection was
    there before: whoever keeps connections knows. `prior` is the identifier that the sender had until now.
    """

    message: Message
    connection: Connection | None
    confidential: bool
    known: bool = False
    prior: str | None = None

    @property
    def reports_problem(self) -> bool:
        """Whether it is a report on a problem: of the protocol for it, or of one that has its own."""
        return folded_name(self.message.type.name) == _PROBLEM_REPORT

    @property
    def threads(self) -> tuple[str, ...]:
        """The threads it may belong to, in the order in which they are looked up.

        A report on a problem begins a thread of its own below the one that it is about; some programs answer in it.

        Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#problem-reports
        """
        if not self.reports_problem or self.message.pthid is None:
            return (self.message.thread,)
        return (folded_id(self.message.pthid), self.message.thread)


def incoming(unpacked: Unpacked, *, known: bool) -> Incoming:
    """What an opened envelope brings; only the sender's agreement key makes a connection, no signature does.

    Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#didcomm-signed-messages
    """
    connection: Connection | None = None
    if unpacked.authcrypted and unpacked.sender is not None:
        connection = Connection(str(key_id(unpacked.recipient_kids[-1]).did), unpacked.sender)
    return Incoming(
        message=unpacked.message,
        connection=connection,
        confidential=unpacked.confidential,
        known=known and connection is not None,
        prior=unpacked.rotation.prior if unpacked.rotation is not None else None,
    )
