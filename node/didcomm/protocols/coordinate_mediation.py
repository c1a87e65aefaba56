"""Coordinate mediation 3.0: who asks to be served, who serves, and for which identifiers.

Spec: https://didcomm.org/coordinate-mediation/3.0
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from did_methods.did import parse_did
from did_methods.errors import DidMethodsError
from node.didcomm.errors import ProtocolError, shown
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
from node.documents import JsonObject, JsonValue

TYPE: Final = protocol_type("https://didcomm.org/coordinate-mediation/3.0")
MEDIATOR, RECIPIENT = "mediator", "recipient"
MEDIATION_WANTED, UPDATE_WANTED, QUERY_WANTED = "request-received", "update-received", "query-received"
MEDIATION_ASKED, UPDATE_SENT, QUERY_SENT = "request-sent", "update-sent", "query-sent"

REQUESTED: Final = "mediation-requested"
GRANTED: Final = "mediation-granted"
DENIED: Final = "mediation-denied"
UPDATE: Final = "recipients-update-wanted"
UPDATED: Final = "recipients-updated"
QUERY: Final = "recipients-wanted"
LISTED: Final = "recipients-listed"

ACTIONS: Final = frozenset({"add", "remove"})
RESULTS: Final = frozenset({"success", "no_change", "client_error", "server_error"})
MAX_UPDATES: Final = 256
"""Identifiers in one message: a phone has one for each relationship."""
MAX_ROUTING_DIDS: Final = 8
MAX_PAGE: Final = 1000
RETURN_ROUTE: Final = MappingProxyType[str, JsonValue]({"return_route": "all"})
"""The answer comes back on the way that the question took: a phone has no address.

Spec: https://github.com/decentralized-identity/didcomm-messaging/blob/main/extensions/return_route/main.md
"""


@dataclass(frozen=True, slots=True)
class RequestMediation(Event):
    """A recipient asks to be served."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = RECIPIENT
    states: ClassVar[frozenset[str]] = frozenset({START})

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The request."""
        return Move(state=MEDIATION_ASKED, drafts=(Draft(name="mediate-request", headers=RETURN_ROUTE),))


@dataclass(frozen=True, slots=True)
class Grant(Event):
    """A mediator will serve, under these identifiers of its own."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = MEDIATOR
    states: ClassVar[frozenset[str]] = frozenset({MEDIATION_WANTED})

    routing_dids: tuple[str, ...]

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The permission."""
        dids: list[JsonValue] = [*self.routing_dids]
        return Move(state=DONE, drafts=(Draft(name="mediate-grant", body={"routing_did": dids}),))


@dataclass(frozen=True, slots=True)
class Deny(Event):
    """A mediator will not serve."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = MEDIATOR
    states: ClassVar[frozenset[str]] = frozenset({MEDIATION_WANTED})

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The refusal."""
        return Move(state=DONE, drafts=(Draft(name="mediate-deny"),))


@dataclass(frozen=True, slots=True)
class Change:
    """An identifier that is to be served from now on, or no more, and what came of it."""

    did: str
    action: str
    result: str | None = None

    def as_data(self) -> JsonObject:
        """The change as messages have it."""
        told: JsonObject = {"recipient_did": self.did, "action": self.action}
        return told if self.result is None else told | {"result": self.result}


@dataclass(frozen=True, slots=True)
class UpdateRecipients(Event):
    """A recipient names identifiers that it uses, or uses no more."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = RECIPIENT
    states: ClassVar[frozenset[str]] = frozenset({START})

    changes: tuple[Change, ...]

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The update."""
        body: JsonObject = {"updates": [each.as_data() for each in self.changes]}
        return Move(state=UPDATE_SENT, drafts=(Draft(name="recipient-update", body=body, headers=RETURN_ROUTE),))


@dataclass(frozen=True, slots=True)
class AnswerUpdate(Event):
    """A mediator has done what it was asked for, or not: each change has its result."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = MEDIATOR
    states: ClassVar[frozenset[str]] = frozenset({UPDATE_WANTED})

    changes: tuple[Change, ...]

    def move(self, turn: Turn) -> Move:
        """The results, one for each change that was asked for, in its order."""
        asked = turn.exchange.record.get("updates")
        answered: list[JsonValue] = [{"recipient_did": each.did, "action": each.action} for each in self.changes]
        if answered != asked or not RESULTS.issuperset([each.result for each in self.changes]):
            raise ProtocolError("those are not the changes that were asked for, each with its result")
        body: JsonObject = {"updated": [each.as_data() for each in self.changes]}
        return Move(state=DONE, drafts=(Draft(name="recipient-update-response", body=body),))


@dataclass(frozen=True, slots=True)
class QueryRecipients(Event):
    """A recipient wants to know which of its identifiers are served."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = RECIPIENT
    states: ClassVar[frozenset[str]] = frozenset({START})

    limit: int = 100
    offset: int = 0

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The question for one page."""
        body: JsonObject = {"paginate": {"limit": self.limit, "offset": self.offset}}
        return Move(state=QUERY_SENT, drafts=(Draft(name="recipient-query", body=body, headers=RETURN_ROUTE),))


@dataclass(frozen=True, slots=True)
class ListRecipients(Event):
    """A mediator tells which identifiers of this recipient it serves, and how many more there are."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = MEDIATOR
    states: ClassVar[frozenset[str]] = frozenset({QUERY_WANTED})

    dids: tuple[str, ...]
    remaining: int

    def move(self, turn: Turn) -> Move:
        """One page."""
        count = len(self.dids)
        page: JsonObject = {"count": count, "offset": turn.exchange.record["offset"], "remaining": self.remaining}
        listed: list[JsonValue] = [{"recipient_did": each} for each in self.dids]
        return Move(state=DONE, drafts=(Draft(name="recipient", body={"dids": listed, "pagination": page}),))


def _mediation_wanted(_: Turn, __: Message) -> Move:
    return Move(state=MEDIATION_WANTED, effects=(Effect(REQUESTED),))


def _granted(_: Turn, message: Message) -> Move:
    """Where messages are to be sent; some mediators name one identifier and no list."""
    named_ = message.body.get("routing_did")
    dids = named_ if isinstance(named_, list) else [named_]
    if not 0 < len(dids) <= MAX_ROUTING_DIDS:
        raise Problem("e.m.msg.malformed", f"routing_did is no list of 1 to {MAX_ROUTING_DIDS}")
    return Move(state=DONE, effects=(Effect(GRANTED, {"routing_dids": [_did(each) for each in dids]}),))


def _denied(_: Turn, __: Message) -> Move:
    return Move(state=DONE, effects=(Effect(DENIED),))


def _update_wanted(_: Turn, message: Message) -> Move:
    changes: list[JsonValue] = [each.as_data() for each in _changes(message, "updates")]
    return Move(state=UPDATE_WANTED, record={"updates": changes}, effects=(Effect(UPDATE, {"updates": changes}),))


def _updated(_: Turn, message: Message) -> Move:
    changes: list[JsonValue] = [each.as_data() for each in _changes(message, "updated", with_result=True)]
    return Move(state=DONE, effects=(Effect(UPDATED, {"updated": changes}),))


def _query_wanted(_: Turn, message: Message) -> Move:
    paginate = message.body.get("paginate", {"limit": MAX_PAGE, "offset": 0})
    given = paginate if isinstance(paginate, dict) else {}
    limit, offset = given.get("limit"), given.get("offset")
    if type(limit) is not int or type(offset) is not int or limit < 1 or offset < 0:
        raise Problem("e.m.msg.malformed", "paginate has no limit and offset")
    page: JsonObject = {"limit": min(limit, MAX_PAGE), "offset": offset}
    return Move(state=QUERY_WANTED, record=page, effects=(Effect(QUERY, page),))


def _listed(_: Turn, message: Message) -> Move:
    dids = message.body.get("dids")
    if not isinstance(dids, list) or len(dids) > MAX_PAGE:
        raise Problem("e.m.msg.malformed", f"dids is no list of at most {MAX_PAGE}")
    listed: list[JsonValue] = [_did(each.get("recipient_did") if isinstance(each, dict) else None) for each in dids]
    return Move(state=DONE, effects=(Effect(LISTED, {"dids": listed, "pagination": message.body.get("pagination")}),))


def _changes(message: Message, name: str, *, with_result: bool = False) -> list[Change]:
    listed = message.body.get(name)
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_UPDATES:
        raise Problem("e.m.msg.malformed", f"{name} is no list of 1 to {MAX_UPDATES}")
    changes = []
    for each in listed:
        entry = each if isinstance(each, dict) else {}
        action, result = entry.get("action"), entry.get("result") if with_result else None
        known = isinstance(action, str) and action in ACTIONS
        if not known or (with_result and (not isinstance(result, str) or result not in RESULTS)):
            raise Problem("e.m.msg.malformed", f"an entry of {name} has no action, or no result")
        did = _did(entry.get("recipient_did"))
        changes.append(Change(did, str(action), result if isinstance(result, str) else None))
    return changes


def _did(value: JsonValue) -> str:
    try:
        return str(parse_did(value if isinstance(value, str) else ""))
    except DidMethodsError as error:
        raise Problem("e.m.msg.malformed", f"{shown(value)} is no DID") from error


COORDINATE_MEDIATION: Final = ProtocolDeclaration(
    type=TYPE,
    roles=(MEDIATOR, RECIPIENT),
    opens=named({"mediate-request": MEDIATOR, "recipient-update": MEDIATOR, "recipient-query": MEDIATOR}),
    transitions=transitions(
        {
            (MEDIATOR, START, "mediate-request"): _mediation_wanted,
            (MEDIATOR, START, "recipient-update"): _update_wanted,
            (MEDIATOR, START, "recipient-query"): _query_wanted,
            (RECIPIENT, MEDIATION_ASKED, "mediate-grant"): _granted,
            (RECIPIENT, MEDIATION_ASKED, "mediate-deny"): _denied,
            (RECIPIENT, UPDATE_SENT, "recipient-update-response"): _updated,
            (RECIPIENT, QUERY_SENT, "recipient"): _listed,
        }
    ),
    repeatable=True,
)
