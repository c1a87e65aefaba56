"""Problems: what is reported to the other party, and what it reports (report-problem 2.0).

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#problem-reports
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Final
from uuid import UUID

import orjson

from node.didcomm.errors import MessageError, shown
from node.didcomm.message import Message, compose
from node.didcomm.message_type import parse_message_type
from node.didcomm.protocols.connection import Connection
from node.didcomm.protocols.machine import Problem, seconds
from node.documents import JsonObject, JsonValue

REPORT: Final = parse_message_type("https://didcomm.org/report-problem/2.0/problem-report")
MAX_CODE_CHARS: Final = 128
MAX_ARGS: Final = 16
MAX_COMMENT_CHARS: Final = 1024
"""What is shown to people of a report, its arguments put in."""

# A code says always the same; what differs is in its arguments. What an attacker wrote is never among them in full.
COMMENTS: Final = MappingProxyType(
    {
        "e.p.msg.unsupported": "The protocol, version or message {1} is not supported.",
        "e.m.msg.malformed": "The message does not have the form of its type: {1}",
        "e.m.msg.attachment": "What is attached cannot be used: {1}",
        "e.m.msg.attachment-format": "No attachment has a format that is understood here; expected {1}.",
        "e.m.msg.too-large": "The attachment {1} is larger than what is taken here.",
        "e.m.req.order": "The message {1} is not expected now.",
        "e.m.req.time": "The message has expired.",
        "e.p.req.time": "The exchange was given up, because nothing happened in time.",
        "e.p.req.unknown-thread": "The exchange that the message continues is not known.",
        "e.p.req.max-errors-exceeded": "The exchange was given up after too many errors.",
        "e.p.req.max-messages-exceeded": "The exchange was given up after too many messages.",
        "e.p.req.invitation-expired": "The invitation has expired.",
        "e.p.req.invitation-used": "The invitation was used already.",
        "e.p.req.declined": "The exchange was declined.",
        "e.p.req.cancelled": "The exchange was cancelled.",
        "e.p.req.not-accepted": "What was presented is not accepted.",
        "e.m.did": "The identifier {1} cannot be resolved.",
        "e.m.trust.holder": "That the holder controls the identifier {1} is not shown.",
        "e.m.live-mode-not-supported": "The connection cannot deliver live.",
        "e.p.me": "Something went wrong here.",
    }
)
"""What is reported, by code; each has one comment for ever."""

_CODE: Final = re.compile(r"[ew](?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+")
_PLACE: Final = re.compile(r"\{([1-9][0-9]?)\}")
_ID_TAG: Final = b"glejt/didcomm-message-id/v1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemReport:
    """What the other party reports; `text` is for people, and theirs."""

    code: str
    text: str
    escalate_to: str | None

    @property
    def warning(self) -> bool:
        """Whether they leave it to us what it means."""
        return self.code.startswith("w.")

    @property
    def of_one_message(self) -> bool:
        """Whether only the message it is about has no effect; else the exchange is over."""
        return self.code.split(".")[1] == "m"

    def as_data(self) -> JsonObject:
        """The report as part of an effect."""
        return {"code": self.code, "text": self.text, "escalate_to": self.escalate_to}


def derived_id(connection: Connection, *parts: str) -> str:
    """The id of a message that follows from what it answers: whoever makes it again makes the same.

    Spec: https://www.rfc-editor.org/rfc/rfc9562#section-5.8
    """
    digest = bytearray(sha256(_ID_TAG + orjson.dumps([connection.ours, connection.theirs, *parts])).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x80, digest[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(digest)))


def report(  # noqa: PLR0913 -- what a report consists of
    code: str,
    arguments: Sequence[str] = (),
    *,
    connection: Connection,
    thread: str,
    about: Message | None,
    at: datetime,
    attachments: Sequence[JsonObject] = (),
) -> Message:
    """The report of a problem in a thread, triggered by a message or by none."""
    body: JsonObject = {"code": code, "comment": COMMENTS[code]}
    if arguments:
        body["args"] = [shown(each) for each in arguments]
    return compose(
        REPORT,
        body,
        id=derived_id(connection, thread, "problem", code, about.id if about is not None else ""),
        sender=connection.ours,
        to=[connection.theirs],
        pthid=thread,
        ack=[about.id] if about is not None else (),
        created_time=seconds(at),
        attachments=attachments,
    )


def read_report(message: Message) -> ProblemReport:
    """What is reported; raises MessageError where it is no report.

    1. The code has a sorter, a scope and maybe more.
    2. Arguments stand where the comment has their numbers; what is missing is a question mark, what is left over
       follows.
    """
    code, comment = message.body.get("code"), message.body.get("comment", "")
    if not isinstance(code, str) or len(code) > MAX_CODE_CHARS or not _CODE.fullmatch(code):  # 1.
        raise MessageError(f"the code of a problem is {shown(code)}", code="didcomm.message.body", path="/body/code")
    given = message.body.get("args", [])
    arguments = [each if isinstance(each, str) else "?" for each in given[:MAX_ARGS]] if isinstance(given, list) else []
    escalate_to = message.body.get("escalate_to")
    return ProblemReport(
        code=code,
        text=interpolated(comment if isinstance(comment, str) else "", arguments)[:MAX_COMMENT_CHARS],  # 2.
        escalate_to=escalate_to[:MAX_COMMENT_CHARS] if isinstance(escalate_to, str) else None,
    )


def interpolated(comment: str, arguments: Sequence[str]) -> str:
    """A comment with its arguments in their places."""
    comment = comment[:MAX_COMMENT_CHARS]
    used = {int(match[1]) for match in _PLACE.finditer(comment)}
    text = _PLACE.sub(lambda match: (*arguments, *["?"] * 99)[int(match[1]) - 1], comment)
    return ", ".join([text, *[each for place, each in enumerate(arguments, 1) if place not in used]])


def text_of(body: JsonObject, name: str, *, limit: int, required: bool = False) -> str | None:
    """A text of a body, or None where it may be left out; raises Problem."""
    value: JsonValue = body.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, str) or len(value) > limit:
        raise Problem("e.m.msg.malformed", f"{name} is no text of at most {limit} characters")
    return value
