"""Plaintext messages: a view of their JSON, and how one is composed.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#plaintext-message-structure
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

import orjson

from did_methods.did import Did, DidUrl, parse_did_url
from did_methods.errors import DidMethodsError
from node.didcomm.attachment import Attachment, read_attachments
from node.didcomm.errors import MessageError, shown
from node.didcomm.message_type import MessageType, parse_message_type
from node.documents import DocumentError, JsonObject, JsonValue, parse_object, pointer

PLAIN: Final = "application/didcomm-plain+json"
SIGNED: Final = "application/didcomm-signed+json"
ENCRYPTED: Final = "application/didcomm-encrypted+json"

MAX_MESSAGE_BYTES: Final = 2560 * 1024
"""A presentation with pictures in it; what a server takes at once, whatever is around the message."""
MAX_TO: Final = 64
"""The members of a group; each is encrypted for."""
MAX_ACKS: Final = 256
"""Messages that one message acknowledges."""
MAX_FROM_PRIOR_CHARS: Final = 16 * 1024
"""A token that names two identifiers, each of at most 4096 characters, one of them twice."""

# Unreserved characters, which need no escape in an address, and the colon of urn:uuid.
_ID: Final = re.compile(r"[A-Za-z0-9._~:-]{1,128}")
_HEADERS: Final = frozenset(
    {"id", "type", "typ", "from", "to", "thid", "pthid", "created_time", "expires_time", "from_prior", "please_ack",
     "ack", "body", "attachments"}
)  # fmt: skip
_MEDIA_TYPES: Final = frozenset({PLAIN, PLAIN.removeprefix("application/")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A view of a message; `document` is its JSON as received or composed, never changed.

    Who sent it is not what `sender` says but what its envelope proves.
    """

    document: JsonObject
    id: str
    type: MessageType
    body: JsonObject
    sender: DidUrl | None
    to: tuple[DidUrl, ...]
    thid: str | None
    pthid: str | None
    created_time: int | None
    expires_time: int | None
    from_prior: str | None
    please_ack: tuple[str, ...]
    ack: tuple[str, ...]
    attachments: tuple[Attachment, ...]

    @property
    def thread(self) -> str:
        """The thread it belongs to, in the case in which threads are compared.

        Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#threads
        """
        return folded_id(self.thid or self.id)

    @property
    def headers(self) -> Mapping[str, JsonValue]:
        """The headers that are not known here."""
        return MappingProxyType({name: value for name, value in self.document.items() if name not in _HEADERS})

    @property
    def asks_for_ack(self) -> tuple[str, ...]:
        """The ids of the messages that an acknowledgement is asked for; an empty text stands for this message."""
        return tuple([name or self.id for name in self.please_ack])

    def expired(self, at: datetime) -> bool:
        """Whether its sender no longer counts on it at an aware moment."""
        return self.expires_time is not None and at.timestamp() >= self.expires_time

    def attachment(self, identifier: str) -> Attachment | None:
        """The attachment of this id."""
        return next((each for each in self.attachments if each.id == identifier), None)


def folded_id(identifier: str) -> str:
    """The id of a message or thread as it is compared: without regard to case."""
    return identifier.lower()


def compose(  # noqa: PLR0913 -- each is a header of its own
    type: str | MessageType,  # noqa: A002 -- the name of the specification
    body: JsonObject,
    *,
    sender: str | Did | None = None,
    to: Sequence[str | Did] = (),
    id: str | None = None,  # noqa: A002 -- the name of the specification
    thid: str | None = None,
    pthid: str | None = None,
    created_time: int | None = None,
    expires_time: int | None = None,
    from_prior: str | None = None,
    please_ack: Sequence[str] = (),
    ack: Sequence[str] = (),
    attachments: Sequence[JsonObject] = (),
    headers: Mapping[str, JsonValue] = MappingProxyType({}),
) -> Message:
    """A new message, with a random id where none is given; raises MessageError as reading it would."""
    given: dict[str, JsonValue] = {
        "id": id or str(uuid.uuid4()),
        "typ": PLAIN,
        "type": str(type),
        "from": str(sender) if sender is not None else None,
        "to": [str(each) for each in to] or None,
        "thid": thid,
        "pthid": pthid,
        "created_time": created_time,
        "expires_time": expires_time,
        "from_prior": from_prior,
        "please_ack": [*please_ack] or None,
        "ack": [*ack] or None,
        "body": body,
        "attachments": [*attachments] or None,
    }
    known = [name for name in headers if name in _HEADERS]
    if known:
        raise MessageError(f"the header {known[0]} has a parameter of its own", path=pointer(known[0]))
    document: JsonObject = {name: value for name, value in given.items() if value is not None}
    return read_message(document | dict(headers))


def write_message(message: Message) -> bytes:
    """The bytes of a message."""
    return orjson.dumps(message.document)


def parse_message(data: bytes | str) -> Message:
    """The plaintext message of these bytes, which nothing protects; raises MessageError."""
    try:
        return read_message(parse_object(data, max_bytes=MAX_MESSAGE_BYTES))
    except DocumentError as error:
        raise MessageError(
            f"the message cannot be read: {error}", code="didcomm.message.document", path=error.path
        ) from error


def read_message(document: JsonObject) -> Message:
    """The view of a message.

    1. Its id, type and body are there; its media type, if it names one, is that of a plaintext message.
    2. `from` and `to` are DIDs, or DID URLs without a fragment.
    3. Threads and acknowledged messages are named by ids; times are whole numbers of seconds.
    4. Attachments are described as the specification has it.
    Headers that are not known here are kept.

    Raises MessageError.
    """
    media_type = document.get("typ", PLAIN)  # 1.
    if not isinstance(media_type, str) or media_type.lower() not in _MEDIA_TYPES:
        raise MessageError(
            f"typ is {shown(media_type)}; that of a message is {PLAIN}", code="didcomm.message.media_type", path="/typ"
        )
    identifier, message_type, body = _id(document, "id"), document.get("type"), document.get("body")
    if identifier is None:
        raise MessageError("the message has no id", code="didcomm.message.id", path="/id")
    if not isinstance(message_type, str):
        raise MessageError(f"the type is {shown(message_type)}, not a text", code="didcomm.message.type", path="/type")
    if not isinstance(body, dict):
        raise MessageError("the message has no body", code="didcomm.message.body", path="/body")
    recipients = _list(document, "to", MAX_TO)  # 2.
    from_prior = document.get("from_prior")
    if from_prior is not None and (not isinstance(from_prior, str) or len(from_prior) > MAX_FROM_PRIOR_CHARS):
        raise MessageError("from_prior is not a token", path="/from_prior")
    return Message(
        document=document,
        id=identifier,
        type=parse_message_type(message_type),
        body=body,
        sender=_party(document["from"], "/from") if "from" in document else None,
        to=tuple([_party(each, pointer("to", place)) for place, each in enumerate(recipients)]),
        thid=_id(document, "thid"),  # 3.
        pthid=_id(document, "pthid"),
        created_time=_time(document, "created_time"),
        expires_time=_time(document, "expires_time"),
        from_prior=from_prior,
        please_ack=_ids(document, "please_ack", or_empty=True),
        ack=_ids(document, "ack"),
        attachments=read_attachments(document["attachments"]) if "attachments" in document else (),  # 4.
    )


def _id(document: JsonObject, name: str) -> str | None:
    value = document.get(name)
    if value is None and name not in document:
        return None
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise MessageError(
            f"{name} is {shown(value)}; it must be a short text of unreserved characters",
            code="didcomm.message.id",
            path=pointer(name),
        )
    return value


def _ids(document: JsonObject, name: str, *, or_empty: bool = False) -> tuple[str, ...]:
    flag = document.get(name)
    if or_empty and isinstance(flag, bool):  # as some programs ask for this message to be acknowledged
        return ("",) if flag else ()
    values = _list(document, name, MAX_ACKS)
    ids = [each for each in values if isinstance(each, str) and (_ID.fullmatch(each) or (or_empty and not each))]
    if len(ids) != len(values):
        raise MessageError(f"{name} is not a list of ids", code="didcomm.message.id", path=pointer(name))
    return tuple(ids)


def _time(document: JsonObject, name: str) -> int | None:
    value = document.get(name)
    if value is None and name not in document:
        return None
    if type(value) is not int or value < 0:
        raise MessageError(
            f"{name} is {shown(value)}; it must be a whole number of seconds since 1970",
            code="didcomm.message.time",
            path=pointer(name),
        )
    return value


def _list(document: JsonObject, name: str, limit: int) -> list[JsonValue]:
    value = document.get(name, [])
    if not isinstance(value, list):
        raise MessageError(f"{name} is {shown(value)}; it must be a list", path=pointer(name))
    if len(value) > limit:
        raise MessageError(
            f"{name} has {len(value)} entries; at most {limit} are read",
            code="didcomm.message.too_many",
            path=pointer(name),
        )
    return value


def _party(value: JsonValue, path: str) -> DidUrl:
    try:
        url = parse_did_url(value) if isinstance(value, str) else None
    except DidMethodsError as error:
        raise MessageError(str(error), code="didcomm.message.did", path=path) from error
    if url is None or url.fragment is not None:
        raise MessageError(
            f"{shown(value)} is no DID, nor a DID URL without a fragment", code="didcomm.message.did", path=path
        )
    return url
