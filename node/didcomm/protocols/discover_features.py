"""Discover features 2.0: what is asked for, and what of it is told.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#discover-features-protocol-20
"""

from collections.abc import Iterable, Sequence
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
    Protocols,
    Transition,
    Turn,
    named,
    protocol_type,
    transitions,
)
from node.documents import JsonObject, JsonValue

TYPE: Final = protocol_type("https://didcomm.org/discover-features/2.0")
REQUESTER, ASKED = "requester", "queries-sent"
DISCLOSED: Final = "features-disclosed"
PROTOCOL: Final = "protocol"
MAX_QUERIES: Final = 32
MAX_MATCH_CHARS: Final = 512
MAX_DISCLOSURES: Final = 256
"""More than anybody has; what they write is kept for as long as the exchange."""


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that may be told to those who ask: its kind, its identifier, and the roles that are played."""

    kind: str
    id: str
    roles: tuple[str, ...] = ()

    def as_data(self) -> JsonObject:
        """The feature as it is disclosed."""
        told: JsonObject = {"feature-type": self.kind, "id": self.id}
        return told | ({"roles": [*self.roles]} if self.roles else {})


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: a kind, and an identifier in which `*` stands for anything."""

    kind: str
    match: str

    def finds(self, feature: Feature) -> bool:
        """Whether it asks for this feature; the time that it takes grows with the lengths only."""
        if feature.kind != self.kind:
            return False
        first, *rest = self.match.split("*")
        if not rest:
            return feature.id == first
        last = rest.pop()
        if (
            not feature.id.startswith(first)
            or len(feature.id) < len(first) + len(last)
            or not feature.id.endswith(last)
        ):
            return False
        place, end = len(first), len(feature.id) - len(last)
        for part in rest:
            place = feature.id.find(part, place, end)
            if place < 0:
                return False
            place += len(part)
        return True


@dataclass(frozen=True, slots=True)
class Ask(Event):
    """We want to know what they can do."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = REQUESTER
    states: ClassVar[frozenset[str]] = frozenset({START})

    queries: tuple[Query, ...]

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The queries."""
        queries: list[JsonValue] = [{"feature-type": each.kind, "match": each.match} for each in self.queries]
        return Move(state=ASKED, drafts=(Draft(name="queries", body={"queries": queries}),))


def features_of(spoken: Protocols) -> tuple[Feature, ...]:
    """The protocols of a table as features."""
    return tuple([Feature(PROTOCOL, each.type.protocol_uri, each.roles) for each in spoken.values()])


def discover_features(features: Sequence[Feature]) -> ProtocolDeclaration:
    """The protocol of a party that discloses these features, each to everybody it knows, and no others."""
    return ProtocolDeclaration(
        type=TYPE,
        roles=(REQUESTER, "responder"),
        answers=named({"queries": _disclosing(tuple(features))}),
        transitions=transitions({(REQUESTER, ASKED, "disclose"): _disclosed}),
    )


def _disclosing(features: tuple[Feature, ...]) -> Transition:
    def answer(_: Turn, message: Message) -> Move:
        queries = list(_queries(message))
        found: list[JsonValue] = [each.as_data() for each in features if any(query.finds(each) for query in queries)]
        return Move(state=START, drafts=(Draft(name="disclose", body={"disclosures": found}),))

    return answer


def _queries(message: Message) -> Iterable[Query]:
    """What is asked for; kinds that are not known find nothing.

    1. There is a list, and it is no way to keep us busy.
    2. Each query has a kind and a pattern.
    """
    queries = message.body.get("queries")
    if not isinstance(queries, list) or len(queries) > MAX_QUERIES:  # 1.
        raise Problem("e.m.msg.malformed", f"queries is no list of at most {MAX_QUERIES}")
    for each in queries:
        kind = each.get("feature-type") if isinstance(each, dict) else None
        match = each.get("match") if isinstance(each, dict) else None
        if not isinstance(kind, str) or not isinstance(match, str) or len(match) > MAX_MATCH_CHARS:  # 2.
            raise Problem("e.m.msg.malformed", "a query has no feature-type, or no match")
        yield Query(kind, match)


def _disclosed(_: Turn, message: Message) -> Move:
    told = message.body.get("disclosures")
    if not isinstance(told, list) or len(told) > MAX_DISCLOSURES:
        raise Problem("e.m.msg.malformed", f"disclosures is no list of at most {MAX_DISCLOSURES}")
    known = [
        {"feature-type": each["feature-type"], "id": each["id"], "roles": each.get("roles", [])}
        for each in told
        if isinstance(each, dict) and isinstance(each.get("feature-type"), str) and isinstance(each.get("id"), str)
    ]
    return Move(state=DONE, effects=(Effect(DISCLOSED, {"features": [*known]}),))
