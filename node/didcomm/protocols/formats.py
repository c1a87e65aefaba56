"""What is attached to messages about credentials: the formats that are registered, and our own.

Spec: https://github.com/hyperledger/aries-rfcs/tree/main/features/0809-w3c-data-integrity-credential-attachment,
https://github.com/hyperledger/aries-rfcs/tree/main/features/0510-dif-pres-exch-attach
"""

from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import orjson

from node.didcomm.attachment import Attachment, attach_bytes, attach_json
from node.didcomm.message import Message
from node.didcomm.protocols.machine import Problem
from node.didcomm.protocols.problems import text_of
from node.documents import (
    MAX_CREDENTIAL_BYTES,
    MAX_PRESENTATION_BYTES,
    DocumentError,
    JsonObject,
    JsonValue,
    parse_object,
)

DI_OFFER: Final = "didcomm/w3c-di-vc-offer@v0.1"
DI_REQUEST: Final = "didcomm/w3c-di-vc-request@v0.1"
DI_CREDENTIAL: Final = "didcomm/w3c-di-vc@v0.1"
SD_JWT: Final = "vc+sd-jwt"
"""As Identus names SD-JWTs, whichever of both media types theirs is."""
PE_DEFINITION: Final = "dif/presentation-exchange/definitions@v1.0"
PE_SUBMISSION: Final = "dif/presentation-exchange/submission@v1.0"
PROPOSAL: Final = "glejt/credential-proposal@v1"
OFFER: Final = "glejt/credential-offer@v1"
REQUEST: Final = "glejt/credential-request@v1"
TOKEN: Final = "glejt/credential-token@v1"  # noqa: S105 -- the name of a format
RECEIPT: Final = "glejt/receipt@v1"
DEMAND: Final = "glejt/presentation-request@v1"
PRESENTATION: Final = "glejt/presentation@v1"
PRESENTED_TOKEN: Final = "glejt/presentation-token@v1"  # noqa: S105 -- the name of a format
REPORT: Final = "glejt/report@v1"

MAX_COMMENT_CHARS: Final = 2048
"""What is said to people about an offer or a request."""
_MAX_TERMS_BYTES: Final = 64 * 1024
"""What is agreed upon: a list of formats, a nonce, a proof of possession."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format: whether it is a text and no JSON, its media type, and how much of it is taken."""

    media_type: str
    max_bytes: int
    text: bool = False


FORMATS: Final = MappingProxyType(
    {
        DI_OFFER: Format("application/json", MAX_CREDENTIAL_BYTES),
        DI_REQUEST: Format("application/json", _MAX_TERMS_BYTES),
        DI_CREDENTIAL: Format("application/json", MAX_CREDENTIAL_BYTES),
        SD_JWT: Format("application/vc+sd-jwt", MAX_CREDENTIAL_BYTES, text=True),
        PE_DEFINITION: Format("application/json", _MAX_TERMS_BYTES),
        PE_SUBMISSION: Format("application/ld+json", MAX_PRESENTATION_BYTES),
        PROPOSAL: Format("application/json", _MAX_TERMS_BYTES),
        OFFER: Format("application/json", MAX_CREDENTIAL_BYTES),
        REQUEST: Format("application/json", _MAX_TERMS_BYTES),
        TOKEN: Format("application/vc+jwt", MAX_CREDENTIAL_BYTES, text=True),
        RECEIPT: Format("application/json", MAX_CREDENTIAL_BYTES),
        DEMAND: Format("application/json", _MAX_TERMS_BYTES),
        PRESENTATION: Format("application/ld+json", MAX_PRESENTATION_BYTES),
        PRESENTED_TOKEN: Format("text/plain", MAX_PRESENTATION_BYTES, text=True),
        REPORT: Format("application/json", MAX_CREDENTIAL_BYTES),
    }
)
"""All that is known here, with its bounds."""

CREDENTIALS: Final = frozenset({DI_CREDENTIAL, SD_JWT, TOKEN})
"""What a credential may come in."""
PRESENTATIONS: Final = frozenset({PE_SUBMISSION, PRESENTATION, PRESENTED_TOKEN})
"""What a presentation may come in."""


@dataclass(frozen=True, slots=True)
class Content:
    """What was attached, in a format that is known: JSON as it was parsed, or a text."""

    format: str
    value: JsonObject | str

    @property
    def document(self) -> JsonObject:
        """The content as JSON; of a text there is nothing."""
        return self.value if isinstance(self.value, dict) else {}


def attach(name: str, value: JsonObject | str, *, id: str) -> JsonObject:  # noqa: A002 -- the name of the specification
    """An attachment of this format."""
    media_type = FORMATS[name].media_type
    if isinstance(value, str):
        return attach_bytes(value.encode(), id=id, media_type=media_type, format=name)
    return attach_json(value, id=id, media_type=media_type, format=name)


def contents(message: Message, names: Collection[str], *, required: bool = True) -> tuple[Content, ...]:
    """What is attached in one of these formats, in the sender's order; others are passed over.

    Nothing is fetched. Raises Problem where something is too large or not what its format says, or where there is none
    though one is required.
    """
    found = [
        Content(name, _value(attachment, FORMATS[name]))
        for attachment in message.attachments
        if (name := _format(attachment, message)) in names and name in FORMATS
    ]
    if required and not found:
        raise Problem("e.m.msg.attachment-format", ", ".join(sorted(names)))
    return tuple(found)


def only(message: Message, names: Collection[str]) -> Content:
    """What is attached once in one of these formats; raises Problem."""
    found = contents(message, names)
    if len(found) != 1:
        raise Problem("e.m.msg.attachment", f"{len(found)} attachments of which one is taken")
    return found[0]


def commented(comment: str | None) -> JsonObject:
    """The body of a message with a word to people, or without."""
    return {} if comment is None else {"comment": comment}


def said(message: Message) -> JsonObject:
    """What the sender says to people about it, and the invitation that it answers: shown as theirs."""
    return {
        "comment": text_of(message.body, "comment", limit=MAX_COMMENT_CHARS),
        "goal_code": text_of(message.body, "goal_code", limit=MAX_COMMENT_CHARS),
        "pthid": message.pthid,
    }


def _format(attachment: Attachment, message: Message) -> str:
    """The format of an attachment; some programs name it beside the attachments, as DIDComm v1 had it."""
    if attachment.format is not None or attachment.id is None:
        return attachment.format or ""
    listed = message.headers.get("formats", message.body.get("formats"))
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and each.get("attach_id") == attachment.id:
            named = each.get("format")
            return named if isinstance(named, str) else ""
    return ""


def _value(attachment: Attachment, expected: Format) -> JsonObject | str:
    """The content, as its format has it.

    1. It is in the message, and not larger than what is taken of the format.
    2. JSON is an object; what is written in base64 is parsed as strictly as any document.
    3. A text is ASCII, as tokens are.
    """
    if not attachment.is_inline:  # 1.
        raise Problem("e.m.msg.attachment", "it is not in the message")
    value: JsonValue = attachment.data.get("json")
    data = attachment.content() if value is None else orjson.dumps(value)
    if len(data) > expected.max_bytes:
        raise Problem("e.m.msg.too-large", attachment.id or "?")
    if expected.text:  # 3.
        text = value if isinstance(value, str) else data.decode("latin-1")
        if not text.isascii() or not text.isprintable() or not text:
            raise Problem("e.m.msg.attachment", "it is no token")
        return text
    if value is None:  # 2.
        try:
            return parse_object(data, max_bytes=expected.max_bytes)
        except DocumentError as error:
            raise Problem("e.m.msg.attachment", str(error)) from error
    if not isinstance(value, dict):
        raise Problem("e.m.msg.attachment", "it is no JSON object")
    return value
