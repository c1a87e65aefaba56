"""Present proof 3.0: what is asked for, what is shown, and what is made of it, as both sides see it.

One exchange has one presentation. The verdict goes back as our report, with the acknowledgement or with the problem
that it is not accepted.

Spec: https://github.com/decentralized-identity/waci-didcomm/tree/main/present_proof
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from node.didcomm.errors import ProtocolError, shown
from node.didcomm.message import Message
from node.didcomm.message_type import MessageType
from node.didcomm.protocols.exchange import ABANDONED, DONE, START
from node.didcomm.protocols.formats import (
    DEMAND,
    MAX_COMMENT_CHARS,
    PE_DEFINITION,
    PE_SUBMISSION,
    PRESENTATION,
    PRESENTATIONS,
    PRESENTED_TOKEN,
    REPORT,
    attach,
    commented,
    contents,
    only,
    said,
)
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
from node.didcomm.protocols.problems import text_of
from node.documents import JsonObject, JsonValue

TYPE: Final = protocol_type("https://didcomm.org/present-proof/3.0")
VERIFIER, PROVER = "verifier", "prover"
PROPOSAL_SENT, PROPOSAL_RECEIVED = "proposal-sent", "proposal-received"
REQUEST_SENT, REQUEST_RECEIVED = "request-sent", "request-received"
PRESENTATION_SENT, PRESENTATION_RECEIVED = "presentation-sent", "presentation-received"

PROPOSED: Final = "presentation-proposed"
DEMANDED: Final = "presentation-requested"
PRESENTED: Final = "presentation-received"
ACCEPTED: Final = "presentation-accepted"

LIFETIME: Final = timedelta(days=1)
"""How long a verifier waits for an answer; a request that is shown to somebody may say less."""
MAX_DESCRIPTORS: Final = 32
"""Kinds of credentials in one request."""
MAX_ID_CHARS: Final = 256


@dataclass(frozen=True, slots=True)
class Propose(Event):
    """A prover would like to show something, or something else than was asked for."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = PROVER
    states: ClassVar[frozenset[str]] = frozenset({START, REQUEST_RECEIVED})

    definition: JsonObject | None = None
    comment: str | None = None

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The proposal; without a definition, it asks to be asked."""
        asked: JsonObject | None = None
        if self.definition is not None:
            asked = {"presentation_definition": self.definition}
        attached = (attach(PE_DEFINITION, asked, id="proposal"),) if asked is not None else ()
        draft = Draft(name="propose-presentation", body=commented(self.comment), attachments=attached)
        return Move(state=PROPOSAL_SENT, drafts=(draft,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Event):
    """A verifier asks for what a definition of Presentation Exchange 2 describes, signed over challenge and domain.

    `why` is for people; `policy` is the name of that by which it will be judged.
    """

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = VERIFIER
    states: ClassVar[frozenset[str]] = frozenset({START, PROPOSAL_RECEIVED})

    definition: JsonObject
    challenge: str
    domain: str
    why: str
    policy: str
    expires_time: int | None = None

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The request, with what Presentation Exchange has no word for beside it."""
        try:
            identifier = _definition_id(self.definition)
        except Problem as problem:
            raise ProtocolError(f"that is no definition: {', '.join(problem.arguments)}") from problem
        options: JsonObject = {"challenge": self.challenge, "domain": self.domain}
        accepted: list[JsonValue] = [*sorted(PRESENTATIONS)]
        demand: JsonObject = {"why": self.why, "policy": self.policy, "formats": accepted}
        return Move(
            state=REQUEST_SENT,
            record=options | {"definition": identifier},
            drafts=(
                Draft(
                    name="request-presentation",
                    body={"comment": self.why, "will_confirm": True},
                    attachments=(
                        attach(
                            PE_DEFINITION,
                            {"options": options, "presentation_definition": self.definition},
                            id="definition",
                        ),
                        attach(DEMAND, demand, id="demand"),
                    ),
                    expires_time=self.expires_time,
                ),
            ),
            expires_time=self.expires_time,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Present(Event):
    """A prover shows what they chose: a presentation with its submission, one without, or a token."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = PROVER
    states: ClassVar[frozenset[str]] = frozenset({REQUEST_RECEIVED})

    presentation: JsonObject | str
    comment: str | None = None

    def move(self, turn: Turn) -> Move:
        """The presentation; where no confirmation was promised, that is all."""
        format_ = PRESENTED_TOKEN
        if isinstance(self.presentation, dict):
            format_ = PE_SUBMISSION if "presentation_submission" in self.presentation else PRESENTATION
        draft = Draft(
            name="presentation",
            body=commented(self.comment),
            attachments=(attach(format_, self.presentation, id="presentation"),),
        )
        confirmed = turn.exchange.record.get("will_confirm") is True
        return Move(state=PRESENTATION_SENT if confirmed else DONE, drafts=(draft,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclude(Event):
    """A verifier has judged: what was shown is accepted, or it is not, and the report says why."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = VERIFIER
    states: ClassVar[frozenset[str]] = frozenset({PRESENTATION_RECEIVED})

    accepted: bool
    report: JsonObject

    def move(self, turn: Turn) -> Move:
        """The verdict with its report."""
        attached = (attach(REPORT, self.report, id="report"),)
        if self.accepted:
            ids = (turn.exchange.taken[-1].id,) if turn.exchange.taken else ()
            draft = Draft(name="ack", body={"status": "OK"}, attachments=attached, acks=ids)
            return Move(state=DONE, drafts=(draft,))
        return Move(state=ABANDONED, drafts=(Draft(problem="e.p.req.not-accepted", attachments=attached),))


def _proposed(_: Turn, message: Message) -> Move:
    found = contents(message, {PE_DEFINITION}, required=False)
    wanted = found[0].document.get("presentation_definition") if found else None
    if wanted is not None:
        _definition_id(wanted)
    return Move(state=PROPOSAL_RECEIVED, effects=(Effect(PROPOSED, said(message) | {"definition": wanted}),))


def _demanded(_: Turn, message: Message) -> Move:
    """What a verifier asks for.

    1. It is a definition, with the challenge and the domain to sign over.
    2. Whether it will be confirmed decides whether its answer is waited for.
    """
    asked = only(message, {PE_DEFINITION}).document  # 1.
    definition, options = asked.get("presentation_definition"), asked.get("options")
    identifier = _definition_id(definition)
    given = options if isinstance(options, dict) else {}
    challenge = text_of(given, "challenge", limit=MAX_ID_CHARS, required=True)
    domain = text_of(given, "domain", limit=MAX_COMMENT_CHARS)
    confirmed = message.body.get("will_confirm", False)  # 2.
    if not isinstance(confirmed, bool):
        raise Problem("e.m.msg.malformed", "will_confirm is neither true nor false")
    beside = contents(message, {DEMAND}, required=False)
    demand = beside[0].document if beside else {}
    told = said(message) | {
        "definition": definition,
        "challenge": challenge,
        "domain": domain,
        "why": text_of(demand, "why", limit=MAX_COMMENT_CHARS),
        "policy": text_of(demand, "policy", limit=MAX_ID_CHARS),
        "expires_time": message.expires_time,
    }
    return Move(
        state=REQUEST_RECEIVED,
        record={"will_confirm": confirmed, "definition": identifier},
        effects=(Effect(DEMANDED, told),),
        expires_time=message.expires_time,
    )


def _presented(turn: Turn, message: Message) -> Move:
    """What a prover shows: once, and for the definition that was sent; the rest is judged where all is judged."""
    record = turn.exchange.record
    shown_ = only(message, PRESENTATIONS)
    if shown_.format == PE_SUBMISSION:
        submission = shown_.document.get("presentation_submission")
        if not isinstance(submission, dict) or submission.get("definition_id") != record.get("definition"):
            raise Problem("e.m.msg.attachment", "it is not for the definition that was sent")
    told = said(message) | {
        "format": shown_.format,
        "presentation": shown_.value,
        "challenge": record.get("challenge"),
        "domain": record.get("domain"),
    }
    return Move(state=PRESENTATION_RECEIVED, effects=(Effect(PRESENTED, told),))


def _accepted(_: Turn, message: Message) -> Move:
    found = contents(message, {REPORT}, required=False)
    return Move(state=DONE, effects=(Effect(ACCEPTED, {"report": found[0].value if found else None}),))


def _definition_id(value: JsonValue) -> str:
    """The id of a definition that has the outline of one; what it asks for in detail, the wallet reads.

    Spec: https://identity.foundation/presentation-exchange/spec/v2.0.0/#presentation-definition
    """
    definition = value if isinstance(value, dict) else {}
    identifier, descriptors = definition.get("id"), definition.get("input_descriptors")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= MAX_ID_CHARS:
        raise Problem("e.m.msg.attachment", f"the id of the definition is {shown(identifier)}")
    listed = descriptors if isinstance(descriptors, list) else []
    ids = [each["id"] for each in listed if isinstance(each, dict) and isinstance(each.get("id"), str)]
    if not 0 < len(ids) <= MAX_DESCRIPTORS or len(set(map(str, ids))) != len(listed):
        raise Problem("e.m.msg.attachment", f"input_descriptors are not 1 to {MAX_DESCRIPTORS}, each with its id")
    return identifier


PRESENT_PROOF: Final = ProtocolDeclaration(
    type=TYPE,
    roles=(VERIFIER, PROVER),
    opens=named({"propose-presentation": VERIFIER, "request-presentation": PROVER}),
    transitions=transitions(
        {
            (VERIFIER, START, "propose-presentation"): _proposed,
            (VERIFIER, PROPOSAL_RECEIVED, "propose-presentation"): _proposed,
            (VERIFIER, REQUEST_SENT, "propose-presentation"): _proposed,
            (VERIFIER, REQUEST_SENT, "presentation"): _presented,
            (PROVER, START, "request-presentation"): _demanded,
            (PROVER, PROPOSAL_SENT, "request-presentation"): _demanded,
            (PROVER, PRESENTATION_SENT, "ack"): _accepted,
        }
    ),
    lifetime=LIFETIME,
)
