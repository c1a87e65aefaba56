"""What an issuer tells a holder after issuing: that a status changed, and what anchors the credential by now.

Two protocols of our own, of one message and its acknowledgement each. Both are within the connection by which the
credential was issued, below its thread; what they tell is a hint, which the holder checks: the status by
the issuer's list, the receipt by its chain.

Spec: docs/concepts/didcomm-protocols.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import ClassVar, Final

from node.didcomm.errors import ProtocolError, shown
from node.didcomm.message import Message
from node.didcomm.message_type import MessageType
from node.didcomm.protocols.exchange import DONE, START
from node.didcomm.protocols.formats import MAX_COMMENT_CHARS, RECEIPT, attach, commented, contents
from node.didcomm.protocols.issue_credential import HOLDER, ISSUER, MAX_RECEIPTS
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
from node.documents import JsonObject

REVOCATION: Final = protocol_type("https://w3id.org/glejt/protocols/revocation-notification/1.0")
UPGRADE: Final = protocol_type("https://w3id.org/glejt/protocols/receipt-upgrade/1.0")
SENT, WANTED, ASKED = "sent", "request-received", "request-sent"

STATUS_CHANGED: Final = "status-changed"
UPGRADED: Final = "receipt-upgraded"
RECEIPT_WANTED: Final = "receipt-wanted"

STATUSES: Final = frozenset({"withdrawn", "suspended", "reinstated"})
LIFETIME: Final = timedelta(days=30)
"""A phone that is off for a month learns it from the list; nothing hangs on the message."""
_MAX_ID_CHARS: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyStatus(Event):
    """An issuer tells that the status of a credential, named by its id, changed."""

    protocol: ClassVar[MessageType] = REVOCATION
    role: ClassVar[str] = ISSUER
    states: ClassVar[frozenset[str]] = frozenset({START})

    credential: str
    status: str
    comment: str | None = None

    def move(self, turn: Turn) -> Move:
        """The notification; it names the thread of the issuing as its parent."""
        if self.status not in STATUSES:
            raise ProtocolError(f"{shown(self.status)} is no change of a status")
        _check_parent(turn)
        body = commented(self.comment) | {"credential": self.credential, "status": self.status}
        return Move(state=SENT, drafts=(Draft(name="status-changed", body=body),))


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReceipts(Event):
    """An issuer sends what anchors a credential by now, unasked or asked."""

    protocol: ClassVar[MessageType] = UPGRADE
    role: ClassVar[str] = ISSUER
    states: ClassVar[frozenset[str]] = frozenset({START, WANTED})

    credential: str
    receipts: tuple[JsonObject, ...]

    def move(self, turn: Turn) -> Move:
        """The receipts, beside nothing: the credential stays what it is."""
        if not 0 < len(self.receipts) <= MAX_RECEIPTS:
            raise ProtocolError(f"{len(self.receipts)} receipts are none that can be sent; 1 to {MAX_RECEIPTS} are")
        if turn.exchange.state == START:
            _check_parent(turn)
        elif turn.exchange.record.get("credential") != self.credential:
            raise ProtocolError(f"the holder asked for another credential than {shown(self.credential)}")
        attached = [attach(RECEIPT, each, id=f"receipt-{place}") for place, each in enumerate(self.receipts)]
        draft = Draft(name="receipt", body={"credential": self.credential}, attachments=tuple(attached))
        return Move(state=SENT, drafts=(draft,))


@dataclass(frozen=True, slots=True)
class AskReceipts(Event):
    """A holder asks for what anchors a credential by now."""

    protocol: ClassVar[MessageType] = UPGRADE
    role: ClassVar[str] = HOLDER
    states: ClassVar[frozenset[str]] = frozenset({START})

    credential: str

    def move(self, turn: Turn) -> Move:
        """The question."""
        _check_parent(turn)
        draft = Draft(name="receipt-request", body={"credential": self.credential})
        return Move(state=ASKED, record={"credential": self.credential}, drafts=(draft,))


def _check_parent(turn: Turn) -> None:
    if turn.exchange.pthid is None:
        raise ProtocolError("the thread in which the credential was issued is to be named as the parent")


def _named(turn: Turn, message: Message) -> JsonObject:
    """Which credential it is about: its id, and the thread in which it was issued."""
    parent = message.pthid or turn.exchange.pthid
    if parent is None:
        raise Problem("e.m.msg.malformed", "pthid does not name the thread in which the credential was issued")
    return {"pthid": parent, "credential": text_of(message.body, "credential", limit=_MAX_ID_CHARS, required=True)}


def _status_changed(turn: Turn, message: Message) -> Move:
    status = message.body.get("status")
    if not isinstance(status, str) or status not in STATUSES:
        raise Problem("e.m.msg.malformed", f"status is {shown(status)}")
    told = _named(turn, message) | {
        "status": status,
        "comment": text_of(message.body, "comment", limit=MAX_COMMENT_CHARS),
    }
    return _acknowledged(message, Effect(STATUS_CHANGED, told))


def _upgraded(turn: Turn, message: Message) -> Move:
    receipts = contents(message, {RECEIPT})
    if len(receipts) > MAX_RECEIPTS:
        raise Problem("e.m.msg.attachment", f"there are more than {MAX_RECEIPTS} receipts")
    about = _named(turn, message)
    if turn.exchange.state == ASKED and about["credential"] != turn.exchange.record.get("credential"):
        raise Problem("e.m.msg.malformed", "these are the receipts of another credential")
    return _acknowledged(message, Effect(UPGRADED, about | {"receipts": [each.value for each in receipts]}))


def _wanted(turn: Turn, message: Message) -> Move:
    about = _named(turn, message)
    return Move(state=WANTED, record=about, effects=(Effect(RECEIPT_WANTED, about),))


def _acknowledged(message: Message, effect: Effect) -> Move:
    return Move(state=DONE, drafts=(Draft(name="ack", body={"status": "OK"}, acks=(message.id,)),), effects=(effect,))


def _over(_: Turn, __: Message) -> Move:
    return Move(state=DONE)


def _declared(
    message_type: MessageType, opens: Mapping[str, str], moves: Mapping[tuple[str, str, str], Transition]
) -> ProtocolDeclaration:
    return ProtocolDeclaration(
        type=message_type,
        roles=(ISSUER, HOLDER),
        opens=named(opens),
        transitions=transitions({**moves, (ISSUER, SENT, "ack"): _over}),
        settled=MappingProxyType({(ISSUER, SENT): DONE}),
        lifetime=LIFETIME,
    )


REVOCATION_NOTIFICATION: Final = _declared(
    REVOCATION, {"status-changed": HOLDER}, {(HOLDER, START, "status-changed"): _status_changed}
)
RECEIPT_UPGRADE: Final = _declared(
    UPGRADE,
    {"receipt": HOLDER, "receipt-request": ISSUER},
    {
        (HOLDER, START, "receipt"): _upgraded,
        (HOLDER, ASKED, "receipt"): _upgraded,
        (ISSUER, START, "receipt-request"): _wanted,
    },
)
