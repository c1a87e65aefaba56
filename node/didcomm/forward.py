"""Forwarding: an encrypted message inside one for whoever passes it on (routing 2.0).

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#routing-protocol-20
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from did_methods.did import parse_did_url
from did_methods.errors import DidMethodsError
from node.didcomm.attachment import attach_json
from node.didcomm.content_encryption import A256CBC_HS512, ContentEncryption
from node.didcomm.encrypted import MAX_ENVELOPE_BYTES
from node.didcomm.encrypted import MEMBERS as ENCRYPTED_MEMBERS
from node.didcomm.errors import AttachmentError, RouteError, shown
from node.didcomm.message import ENCRYPTED, Message, compose
from node.didcomm.message_type import parse_message_type
from node.didcomm.pack import pack_for_keys
from node.didcomm.parties import Documents
from node.didcomm.service import MAX_ROUTING_KEYS
from node.documents import DocumentError, JsonObject, parse_object

FORWARD: Final = parse_message_type("https://didcomm.org/routing/2.0/forward")
MAX_PAYLOADS: Final = 16
"""Messages in one forward; senders put one in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """What a mediator is asked to pass on to `next`, a DID or the id of a key: encrypted messages."""

    next: str
    payloads: tuple[bytes, ...]
    expires_time: int | None


def wrap(  # noqa: PLR0913 -- each is known to whoever sends, and not in the message
    packed: bytes,
    *,
    next_hop: str,
    routing_keys: Sequence[str],
    documents: Documents,
    at: datetime,
    expires_time: int | None = None,
    encryption: ContentEncryption = A256CBC_HS512,
) -> bytes:
    """An encrypted message on its way to `next_hop`, wrapped for each of the routing keys, the first outermost.

    1. From the last key to the first: a forward message around what there is, for the party that comes after.
    2. It is encrypted for that key, anonymously.

    Raises PackError, RouteError and UnresolvedError.

    Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#sender-process-to-enable-forwarding
    """
    if len(routing_keys) > MAX_ROUTING_KEYS:
        raise RouteError(
            f"the way has {len(routing_keys)} hops; at most {MAX_ROUTING_KEYS} are taken",
            code="didcomm.route.routing_key",
        )
    for key in reversed(routing_keys):
        message = compose(  # 1.
            FORWARD,
            {"next": next_hop},
            to=[key.partition("#")[0]],
            expires_time=expires_time,
            attachments=[attach_json(_envelope(packed), media_type=ENCRYPTED)],
        )
        packed = pack_for_keys(message, [key], encryption=encryption, documents=documents, at=at)  # 2.
        next_hop = key
    return packed


def read_forward(message: Message) -> Forward:
    """What a forward message asks for.

    1. It is a forward message of routing 2.x.
    2. `next` is a DID or the id of a key.
    3. What is to be passed on is contained, and encrypted: nothing is fetched for a stranger, and nothing readable is
       passed on.

    Raises RouteError.
    """
    if not message.type.is_a(FORWARD):  # 1.
        raise RouteError(f"{shown(str(message.type))} is no forward message", code="didcomm.route.forward")
    following = message.body.get("next")
    try:  # 2.
        if not isinstance(following, str) or parse_did_url(following).path:
            raise RouteError(f"next is {shown(following)}, which is nobody", code="didcomm.route.forward", path="/body")
    except DidMethodsError as error:
        raise RouteError(f"next is nobody: {error}", code="didcomm.route.forward", path="/body") from error
    if not 0 < len(message.attachments) <= MAX_PAYLOADS:  # 3.
        raise RouteError(
            f"the message has {len(message.attachments)} messages to pass on; 1 to {MAX_PAYLOADS} are",
            code="didcomm.route.forward",
            path="/attachments",
        )
    payloads = []
    for attachment in message.attachments:
        try:
            payload = attachment.content()
        except AttachmentError as error:
            raise RouteError(
                f"what is to be passed on is not in the message: {error}",
                code="didcomm.route.forward",
                path=attachment.path,
            ) from error
        _envelope(payload)
        payloads.append(payload)
    return Forward(next=following, payloads=tuple(payloads), expires_time=message.expires_time)


def _envelope(data: bytes) -> JsonObject:
    try:
        document = parse_object(data, max_bytes=MAX_ENVELOPE_BYTES)
    except DocumentError as error:
        raise RouteError(f"what is to be passed on is no message: {error}", code="didcomm.route.forward") from error
    if not document.keys() >= ENCRYPTED_MEMBERS - {"recipients"}:
        raise RouteError(
            "what is to be passed on is not encrypted", code="didcomm.route.forward", remedy="Encrypt it first."
        )
    return document
