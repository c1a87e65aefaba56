"""The one step of every exchange: what was, and what happened, to what is, what is sent and what is to be done."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from did_methods.document import DidDocument
from node.didcomm.errors import AttachmentError, MessageError, ProtocolError, UnresolvedError, shown
from node.didcomm.message import Message, compose, folded_id, read_message
from node.didcomm.message_type import MessageType, parse_message_type
from node.didcomm.parties import Documents
from node.didcomm.protocols.connection import Connection, Incoming
from node.didcomm.protocols.exchange import (
    ABANDONED,
    FINAL,
    MAX_PROBLEMS,
    MAX_RECEIVED,
    START,
    Exchange,
    digest_of,
)
from node.didcomm.protocols.machine import (
    Draft,
    Effect,
    Event,
    Move,
    Problem,
    ProtocolDeclaration,
    Protocols,
    Turn,
    family,
    message_name,
    protocol_type,
    seconds,
)
from node.didcomm.protocols.problems import COMMENTS, REPORT, derived_id, read_report, report

EMPTY: Final = parse_message_type("https://didcomm.org/empty/1.0/empty")
DROPPED: Final = "dropped"
"""The effect of a message that is passed over in silence; `reason` says why, for whoever keeps watch."""
PROBLEM: Final = "problem-reported"
OVER: Final = "exchange-abandoned"
UNACKNOWLEDGED: Final = "unacknowledged"
"""The effect of an exchange that ended well, as far as can be told: its last message was never answered."""
_NOBODY: Final = Connection("", "")


@dataclass(frozen=True, slots=True)
class Abandon:
    """One of our own gives up an exchange."""

    code: str = "e.p.req.cancelled"


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Time has gone by: an exchange in which nothing happened is given up."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Nothing came back: what was sent last is sent again."""


@dataclass(frozen=True, slots=True)
class Step:
    """What came of a step: the exchange, None where there is none; what is to be sent to its connection; effects."""

    exchange: Exchange | None
    messages: tuple[Message, ...] = ()
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class _Around:
    """What every step is taken with."""

    protocols: Protocols
    at: datetime
    documents: Documents
    unresolvable: AbstractSet[str]


def nothing_resolved(did: str) -> DidDocument | None:  # noqa: ARG001 -- as the port has it
    """Documents of a caller who has none at hand."""
    return None


def begin(  # noqa: PLR0913 -- all that an exchange begins with
    event: Event,
    *,
    connection: Connection,
    thread: str,
    pthid: str | None = None,
    protocol: MessageType | None = None,
    protocols: Protocols,
    at: datetime,
    documents: Documents = nothing_resolved,
) -> Step:
    """The exchange that one of our own opens, in a thread of a new, random id, by the event's protocol or another."""
    exchange = _opened(protocol or event.protocol, event.role, thread, connection, pthid=pthid, at=at)
    return step(exchange, event, protocols=protocols, at=at, documents=documents)


def step(  # noqa: PLR0913 -- all that a step is taken with
    exchange: Exchange | None,
    given: Incoming | Event | Abandon | Elapsed | Retry,
    *,
    protocols: Protocols,
    at: datetime,
    documents: Documents = nothing_resolved,
    unresolvable: AbstractSet[str] = frozenset(),
) -> Step:
    """What comes of a message, or of something that one of our own decided, at an aware moment.

    `exchange` is what is kept under the key of the message's connection and thread; None where nothing is. Messages are
    sent, and effects done, once the new exchange is kept, in one transaction: what is done of it again afterwards is
    the same. An exchange that is over is kept for as long as its messages may come again.

    Raises UnresolvedError where a document is needed that is not at hand: whoever resolves it calls again, with the
    document, or with its DID among those that are `unresolvable`, which is then told to the sender. Raises
    ProtocolError for a decision that does not fit the exchange. Then nothing has happened.
    """
    around = _Around(protocols, at, documents, unresolvable)
    if isinstance(given, Incoming):
        return _receive(exchange, given, around)
    if exchange is None:
        raise ProtocolError("there is no exchange in which this could be decided", code="didcomm.protocol.unknown")
    if isinstance(given, Event):
        return _decide(exchange, given, around)
    if isinstance(given, Retry):
        return Step(exchange, () if exchange.final else tuple([read_message(each) for each in exchange.last_sent]))
    if isinstance(given, Abandon):
        if exchange.final:
            raise ProtocolError(f"the exchange is {exchange.state}", code="didcomm.protocol.state")
        if given.code not in COMMENTS:
            raise ProtocolError(f"{shown(given.code)} is no problem that is reported here")
        return _abandoned(exchange, Problem(given.code), at)
    if exchange.final or seconds(at) < exchange.expires_time:
        return Step(exchange)
    return _expired(exchange, around)


def _receive(exchange: Exchange | None, given: Incoming, around: _Around) -> Step:
    """A message.

    1. It came encrypted. Its sender is one who is known, by their agreement key, or the protocol does without.
    2. The exchange is of the connection that it came by, in the message's thread.
    3. A report of a problem is never answered.
    4. The protocol is known, in this major version.
    5. What was taken before has the answers that it had; another message under its id has none.
    6. What is over stays so, and what has expired is not taken. Who did not hear that we gave up is told again.
    7. It leads on from the present state, or it is refused, and too many refusals end the exchange.
    """
    declared = around.protocols.get(family(given.message.type))
    if declared is not None and declared.anonymous and given.confidential:  # 1.
        return replace(_stateless(declared, given.message, _NOBODY, around), exchange=exchange)
    if given.connection is None:
        return _dropped(exchange, "the sender is not authenticated")
    if exchange is not None:  # 2.
        exchange = _followed(exchange, given)
        if exchange.connection != given.connection or folded_id(exchange.thread) not in given.threads:
            return _dropped(exchange, "the thread is another connection's")
    elif not given.known and (declared is None or not declared.strangers):
        return _dropped(None, "the connection is not known")
    return _authenticated(exchange, given, given.connection, around)


def _authenticated(  # noqa: PLR0911 -- one for each rule
    exchange: Exchange | None, given: Incoming, connection: Connection, around: _Around
) -> Step:
    message = given.message
    if given.reports_problem:  # 3.
        return _problem_received(exchange, message, around.at)
    declared = around.protocols.get(family(message.type))
    if declared is None:  # 4.
        told = _report(connection, message, Problem("e.p.msg.unsupported", str(message.type)), around.at)
        return Step(exchange, (told,))
    of_another = exchange is None or family(protocol_type(exchange.protocol)) != family(message.type)
    if of_another and message_name(message.type) in declared.answers:
        return replace(_stateless(declared, message, connection, around), exchange=exchange)
    if exchange is None:
        return _opening(declared, connection, message, around)
    repeated = exchange.repeated(message)  # 5.
    if repeated is not None:
        if repeated.digest != digest_of(message):
            return _dropped(exchange, "the id is another message's")
        return Step(exchange, tuple([read_message(each) for each in repeated.answers]))
    if exchange.final:  # 6.
        return _over(exchange)
    if seconds(around.at) >= exchange.expires_time:
        return _expired(exchange, around)
    return _transition(exchange, declared, message, around)  # 7.


def _over(exchange: Exchange) -> Step:
    """A further message where nothing is expected: our report of why may be lost, and is told some times again."""
    told = [each for each in exchange.last_sent if each["type"] == str(REPORT)]
    if not told or exchange.problems >= MAX_PROBLEMS or len(exchange.taken) >= MAX_RECEIVED:
        return _dropped(exchange, f"the exchange is {exchange.state}")
    return Step(replace(exchange, problems=exchange.problems + 1), (read_message(told[-1]),))


def _followed(exchange: Exchange, given: Incoming) -> Exchange:
    """The exchange of a sender who proved to go by another identifier from now on."""
    connection = given.connection
    rotated = connection is not None and given.prior == exchange.connection.theirs
    if connection is None or not rotated or connection.ours != exchange.connection.ours:
        return exchange
    return replace(exchange, connection=connection)


def _opening(declared: ProtocolDeclaration, connection: Connection, message: Message, around: _Around) -> Step:
    """The first message of an exchange; its thread is its own, or somebody continues what is not known here."""
    role = declared.opens.get(message_name(message.type))
    if role is None or folded_id(message.id) != message.thread:
        problem = Problem("e.p.req.unknown-thread")
        if not _understood(declared, message):
            problem = Problem("e.p.msg.unsupported", str(message.type))
        return Step(None, (_report(connection, message, problem, around.at),))
    common = declared.type.common(message.type)
    exchange = _opened(common, role, message.thread, connection, pthid=message.pthid, at=around.at)
    taken = _transition(exchange, declared, message, around)
    # What was refused leaves nothing behind: it is not worth a row.
    return taken if taken.exchange is not None and taken.exchange.taken else replace(taken, exchange=None)


def _transition(exchange: Exchange, declared: ProtocolDeclaration, message: Message, around: _Around) -> Step:
    if len(exchange.taken) >= MAX_RECEIVED:
        return _abandoned(exchange, Problem("e.p.req.max-messages-exceeded"), around.at, about=message)
    turn = Turn(exchange=exchange, at=around.at, documents=around.documents)
    made = _attempt(lambda: _lead(declared, turn, message), around)
    if isinstance(made, Problem):
        return _refused(exchange, made, message, around.at)
    exchange = exchange.with_taken(message, digest=digest_of(message))
    return _moved(exchange, declared, made, around.at, acks=_asked(message))


def _attempt(lead: Callable[[], Move], around: _Around) -> Move | Problem:
    """What a message leads to, or why to nothing."""
    try:
        return lead()
    except UnresolvedError as error:
        if error.did not in around.unresolvable:
            raise
        return Problem("e.m.did", error.did)
    except (AttachmentError, MessageError) as error:
        return Problem("e.m.msg.attachment", str(error))
    except Problem as problem:
        return problem


def _lead(declared: ProtocolDeclaration, turn: Turn, message: Message) -> Move:
    """Where a message leads from the present state; raises Problem."""
    _check_time(message, turn.at)
    if family(protocol_type(turn.exchange.protocol)) != family(message.type):
        raise Problem("e.m.req.order", message.type.name)
    transition = declared.transitions.get((turn.exchange.role, turn.exchange.state, message_name(message.type)))
    if transition is not None:
        return transition(turn, message)
    if not _understood(declared, message):
        raise Problem("e.p.msg.unsupported", str(message.type))
    raise Problem("e.m.req.order", message.type.name)


def _check_time(message: Message, at: datetime) -> None:
    if message.expired(at):
        raise Problem("e.m.req.time")


def _asked(message: Message) -> tuple[str, ...]:
    """The message itself, where it asks to be acknowledged; older ones are answered again when they come again."""
    return (message.id,) if message.id in message.asks_for_ack else ()


def _decide(exchange: Exchange, event: Event, around: _Around) -> Step:
    spoken = family(protocol_type(exchange.protocol))
    declared = around.protocols.get(spoken)
    if declared is None or spoken not in {family(each) for each in (event.protocol, *event.also)}:
        raise ProtocolError(f"the exchange is one of {exchange.protocol}", code="didcomm.protocol.unknown")
    if exchange.role != event.role or exchange.state not in event.states:
        raise ProtocolError(
            f"{type(event).__name__} is not for a {exchange.role} in the state {exchange.state}",
            code="didcomm.protocol.state",
        )
    if seconds(around.at) >= exchange.expires_time:
        raise ProtocolError("the exchange has expired", code="didcomm.protocol.state")
    move = event.move(Turn(exchange=exchange, at=around.at, documents=around.documents))
    return _moved(exchange, declared, move, around.at)


def _moved(
    exchange: Exchange, declared: ProtocolDeclaration, move: Move, at: datetime, *, acks: Sequence[str] = ()
) -> Step:
    expires = move.expires_time if move.expires_time is not None else seconds(at + declared.lifetime)
    moved = replace(exchange, state=move.state, record=exchange.record | move.record, expires_time=expires)
    messages: list[Message] = []
    # What goes on acknowledges by going on.
    for place, draft in enumerate(_drafts(move, acks if move.state in FINAL else ())):
        first = exchange.sent == 0 and not exchange.taken and not place
        messages.append(
            _composed(
                draft,
                exchange.protocol,
                exchange.connection,
                thread=exchange.thread,
                pthid=exchange.pthid if first else None,
                identifier=exchange.thread
                if first
                else derived_id(exchange.connection, exchange.thread, exchange.role, str(exchange.sent + place)),
                acks=acks if not place else (),
                at=at,
            )
        )
    return Step(moved.with_sent(tuple(messages)), tuple(messages), move.effects)


def _stateless(declared: ProtocolDeclaration, message: Message, connection: Connection, around: _Around) -> Step:
    """The answer to a message that leaves nothing behind; given again, it has the same id."""
    answer = declared.answers.get(message_name(message.type))
    if answer is None:
        return _dropped(None, "nobody is known to have sent it")
    common = declared.type.common(message.type)
    turn = Turn(
        exchange=_opened(common, "", message.thread, connection, pthid=None, at=around.at),
        at=around.at,
        documents=around.documents,
    )

    def lead() -> Move:
        _check_time(message, around.at)
        return answer(turn, message)

    made = _attempt(lead, around)
    if isinstance(made, Problem):
        told = () if connection is _NOBODY else (_report(connection, message, made, around.at),)
        return Step(None, told, (Effect(DROPPED, {"reason": made.code}),) if not told else ())
    acks = _asked(message) if connection is not _NOBODY and not message.type.is_a(EMPTY) else ()
    messages = [
        _composed(
            draft,
            common.protocol_uri,
            connection,
            thread=message.thread,
            pthid=None,
            identifier=derived_id(connection, message.thread, "answer", folded_id(message.id), str(place)),
            acks=acks if not place else (),
            at=around.at,
        )
        for place, draft in enumerate(_drafts(made, acks))
    ]
    return Step(None, tuple(messages), made.effects)


def _drafts(move: Move, acks: Sequence[str]) -> tuple[Draft, ...]:
    """What is to be sent: where only an acknowledgement is due, the empty message."""
    return move.drafts or ((Draft(name=str(EMPTY)),) if acks else ())


def _composed(  # noqa: PLR0913 -- what a message consists of
    draft: Draft,
    protocol: str,
    connection: Connection,
    *,
    thread: str,
    pthid: str | None,
    identifier: str,
    acks: Sequence[str],
    at: datetime,
) -> Message:
    if draft.problem is not None:
        return report(
            draft.problem, connection=connection, thread=thread, about=None, at=at, attachments=draft.attachments
        )
    message = compose(
        draft.name if "/" in draft.name else f"{protocol}/{draft.name}",
        draft.body,
        id=identifier,
        sender=connection.ours,
        to=[connection.theirs],
        thid=thread,
        pthid=pthid,
        created_time=seconds(at),
        expires_time=draft.expires_time,
        please_ack=[""] if draft.asks_for_ack else (),
        ack=(*draft.acks, *acks),
        attachments=draft.attachments,
        headers=draft.headers,
    )
    return read_message(message.document | {"attachments": []}) if draft.lists_none else message


def _opened(  # noqa: PLR0913 -- all that an exchange begins with
    message_type: MessageType, role: str, thread: str, connection: Connection, *, pthid: str | None, at: datetime
) -> Exchange:
    return Exchange(
        protocol=message_type.protocol_uri,
        role=role,
        state=START,
        thread=thread,
        connection=connection,
        pthid=pthid,
        expires_time=seconds(at) + 1,
        record={},
    )


def _understood(declared: ProtocolDeclaration, message: Message) -> bool:
    name = message_name(message.type)
    return name in declared.opens or any(name == each for _, _, each in declared.transitions)


def _problem_received(exchange: Exchange | None, message: Message, at: datetime) -> Step:
    """What the other party reports: an error ends the exchange, unless it is about one message, or a warning.

    Then the exchange stays where it is, and waits for one of our own, or until it expires.
    """
    try:
        told = read_report(message)
    except MessageError:
        return _dropped(exchange, "the report cannot be read")
    attached = [each.source for each in message.attachments if each.is_inline]
    effect = Effect(PROBLEM, told.as_data() | {"attachments": [*attached]})
    if exchange is None:
        return Step(None, (), (effect,))
    if exchange.final or folded_id(message.id) in exchange.reported:
        return _dropped(exchange, "the exchange is over, or the report known")
    reported = (*exchange.reported, folded_id(message.id))
    exchange = replace(exchange, reported=reported, problems=exchange.problems + 1)
    if told.warning or told.of_one_message:
        if exchange.problems < MAX_PROBLEMS:
            return Step(exchange, (), (effect,))
        step_ = _abandoned(exchange, Problem("e.p.req.max-errors-exceeded"), at, about=message)
        return replace(step_, effects=(effect, *step_.effects))
    over = Effect(OVER, {"code": told.code, "state": exchange.state, "by": "theirs"})
    return Step(replace(exchange, state=ABANDONED), (), (effect, over))


def _refused(exchange: Exchange, problem: Problem, message: Message, at: datetime) -> Step:
    """A message without effect; the exchange goes on, until there were too many of them or the problem ends it."""
    counted = replace(exchange, problems=exchange.problems + 1)
    if counted.problems >= MAX_PROBLEMS:
        return _abandoned(counted, Problem("e.p.req.max-errors-exceeded"), at, about=message)
    if problem.code.startswith("e.p."):
        return _abandoned(counted, problem, at, about=message)
    return Step(counted, (_report(exchange.connection, message, problem, at, thread=exchange.thread),))


def _abandoned(exchange: Exchange, problem: Problem, at: datetime, *, about: Message | None = None) -> Step:
    told = report(
        problem.code,
        problem.arguments,
        connection=exchange.connection,
        thread=exchange.thread,
        about=about,
        at=at,
    )
    over = Effect(OVER, {"code": problem.code, "state": exchange.state, "by": "ours"})
    return Step(replace(exchange, state=ABANDONED).with_sent((told,)), (told,), (over,))


def _expired(exchange: Exchange, around: _Around) -> Step:
    declared = around.protocols.get(family(protocol_type(exchange.protocol)))
    settled = declared.settled.get((exchange.role, exchange.state)) if declared is not None else None
    if settled is not None:
        return Step(replace(exchange, state=settled), (), (Effect(UNACKNOWLEDGED, {"state": exchange.state}),))
    return _abandoned(exchange, Problem("e.p.req.time"), around.at)


def _report(
    connection: Connection, message: Message, problem: Problem, at: datetime, *, thread: str | None = None
) -> Message:
    return report(
        problem.code,
        problem.arguments,
        connection=connection,
        thread=thread or message.thread,
        about=message,
        at=at,
    )


def _dropped(exchange: Exchange | None, reason: str) -> Step:
    return Step(exchange, (), (Effect(DROPPED, {"reason": reason}),))
