"""An exchange: all that one party knows of one thread, as a value that can be kept as JSON between two messages."""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

import orjson

from node.didcomm.errors import ProtocolError, shown
from node.didcomm.message import Message, folded_id
from node.didcomm.protocols.connection import Connection
from node.documents import JsonObject, JsonValue

START: Final = "start"
DONE: Final = "done"
ABANDONED: Final = "abandoned"
FINAL: Final = frozenset({DONE, ABANDONED})

MAX_RECEIVED: Final = 32
"""Messages of one thread that count; the longest negotiation of people has some ten."""
MAX_PROBLEMS: Final = 8
"""Messages of one thread that are refused before it is given up."""
MAX_KEPT_BYTES: Final = 3 * 1024 * 1024
"""Answers that are kept to be given again: the largest message, and what came before it."""

_VERSION: Final = 1
_MESSAGE_TAG: Final = b"glejt/didcomm-message/v1\0"
_EXCHANGE_TAG: Final = b"glejt/didcomm-exchange/v1\0"


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that was taken: its id as compared, the digest of its content, and what was answered."""

    id: str
    digest: str
    answers: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One party's view of one thread.

    `protocol` is the identifier of the protocol in the version that both parties speak. `record` is what the protocol
    remembers. `taken` are the messages that had an effect; `first` is what we began with; `sent` counts our messages.
    `reported` are the reports of problems that came in; `problems` counts them and the messages that were refused.
    """

    protocol: str
    role: str
    state: str
    thread: str
    connection: Connection
    pthid: str | None = None
    expires_time: int
    record: JsonObject
    taken: tuple[Taken, ...] = ()
    first: tuple[JsonObject, ...] = ()
    sent: int = 0
    reported: tuple[str, ...] = ()
    problems: int = 0

    @property
    def final(self) -> bool:
        """Whether nothing more is expected in it."""
        return self.state in FINAL

    @property
    def key(self) -> str:
        """What it is kept under: another connection's thread of the same id is another exchange."""
        return exchange_key(self.connection, self.thread)

    def repeated(self, message: Message) -> Taken | None:
        """The message that was taken under the id of this one."""
        identifier = folded_id(message.id)
        return next((each for each in self.taken if each.id == identifier), None)

    @property
    def last_sent(self) -> tuple[JsonObject, ...]:
        """What we sent last, to be sent again where nothing comes back."""
        return self.taken[-1].answers if self.taken else self.first

    def with_taken(self, message: Message, *, digest: str) -> "Exchange":
        """The exchange with a message that was taken."""
        return replace(self, taken=(*self.taken, Taken(folded_id(message.id), digest)))

    def with_sent(self, messages: tuple[Message, ...]) -> "Exchange":
        """The exchange with what is answered to the last message that was taken, or what it begins with."""
        documents = tuple([message.document for message in messages])
        if not documents:
            return self
        sent = self.sent + len(documents)
        if not self.taken:
            return replace(self, first=(*self.first, *documents), sent=sent)
        last = self.taken[-1]
        taken = (*self.taken[:-1], replace(last, answers=(*last.answers, *documents)))
        return replace(self, taken=_bounded(taken), sent=sent)


def exchange_key(connection: Connection, thread: str) -> str:
    """What the exchange of a connection in a thread is kept under."""
    parts = orjson.dumps([connection.ours, connection.theirs, folded_id(thread)])
    return sha256(_EXCHANGE_TAG + parts).hexdigest()


def digest_of(message: Message) -> str:
    """The digest of a message's content, whatever the order of its members."""
    return sha256(_MESSAGE_TAG + orjson.dumps(message.document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def write_exchange(exchange: Exchange) -> JsonObject:
    """An exchange as JSON."""
    return {
        "version": _VERSION,
        "protocol": exchange.protocol,
        "role": exchange.role,
        "state": exchange.state,
        "thread": exchange.thread,
        "pthid": exchange.pthid,
        "ours": exchange.connection.ours,
        "theirs": exchange.connection.theirs,
        "expires_time": exchange.expires_time,
        "record": exchange.record,
        "taken": [{"id": each.id, "digest": each.digest, "answers": [*each.answers]} for each in exchange.taken],
        "first": [*exchange.first],
        "sent": exchange.sent,
        "reported": [*exchange.reported],
        "problems": exchange.problems,
    }


def read_exchange(document: JsonObject) -> Exchange:
    """The exchange that `write_exchange` wrote; raises ProtocolError for anything else."""
    if document.get("version") != _VERSION:
        raise ProtocolError(
            f"an exchange was kept in the form {shown(document.get('version'))}, which is not known here",
            code="didcomm.protocol.exchange",
            remedy="Read it with the version of the program that kept it.",
        )
    pthid = document.get("pthid")
    return Exchange(
        protocol=_text(document, "protocol"),
        role=_text(document, "role"),
        state=_text(document, "state"),
        thread=_text(document, "thread"),
        pthid=pthid if isinstance(pthid, str) else None,
        connection=Connection(_text(document, "ours"), _text(document, "theirs")),
        expires_time=_number(document, "expires_time"),
        record=_objects([document.get("record")], "record")[0],
        taken=tuple(
            [
                Taken(_text(each, "id"), _text(each, "digest"), _objects(each.get("answers"), "answers"))
                for each in _objects(document.get("taken"), "taken")
            ]
        ),
        first=_objects(document.get("first"), "first"),
        sent=_number(document, "sent"),
        reported=_texts(document.get("reported"), "reported"),
        problems=_number(document, "problems"),
    )


def _bounded(taken: tuple[Taken, ...]) -> tuple[Taken, ...]:
    """Forget the answers that are oldest where all together are too large; who went on has had them."""
    left = MAX_KEPT_BYTES
    kept: list[Taken] = []
    for each in reversed(taken):
        left -= sum(len(orjson.dumps(answer)) for answer in each.answers)
        kept.append(each if left >= 0 or not kept else replace(each, answers=()))
    return tuple(reversed(kept))


def _text(document: JsonObject, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise _damaged(name)
    return value


def _texts(value: JsonValue, name: str) -> tuple[str, ...]:
    texts = [each for each in value if isinstance(each, str)] if isinstance(value, list) else None
    if texts is None or not isinstance(value, list) or len(texts) != len(value):
        raise _damaged(name)
    return tuple(texts)


def _number(document: JsonObject, name: str) -> int:
    value = document.get(name)
    if type(value) is not int:
        raise _damaged(name)
    return value


def _objects(value: JsonValue, name: str) -> tuple[JsonObject, ...]:
    objects = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else None
    if objects is None or not isinstance(value, list) or len(objects) != len(value):
        raise _damaged(name)
    return tuple(objects)


def _damaged(name: str) -> ProtocolError:
    return ProtocolError(
        f"{name} of a kept exchange is damaged",
        code="didcomm.protocol.exchange",
        remedy="Restore the store from a backup; the exchange itself can be begun anew.",
    )
