"""Opening a message: layer by layer, until there is one, and nothing contradicts what is around it.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#message-layer-addressing-consistency
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from did_methods.did import DidUrl
from node.didcomm.encrypted import MAX_ENVELOPE_BYTES, Decrypted, decrypt, read_encrypted
from node.didcomm.errors import (
    InconsistentEnvelopeError,
    MalformedEnvelopeError,
    RotationError,
    UnprotectedError,
    shown,
)
from node.didcomm.message import Message, read_message
from node.didcomm.parties import Documents, Secrets, key_id
from node.didcomm.rotation import Rotation, read_prior
from node.didcomm.signed import Verified, verify_signed
from node.didcomm.wrapping import CONFIDENTIAL, LAYERS, Layer, Wrapping
from node.documents import DocumentError, JsonObject, parse_object


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A message, and what was proven of it.

    `sender` is the DID that the envelope proves, by agreement or signature; None where only the message says who sent
    it, which anybody can write. `recipient_kids` are our keys that opened it, from the outermost layer;
    `encrypted_to` all those that the innermost was encrypted for. `evidence` is what was signed with its signature, as
    received, to be shown to others.
    """

    message: Message
    wrapping: Wrapping
    sender: str | None
    sender_kid: str | None
    signer_kid: str | None
    recipient_kids: tuple[str, ...]
    encrypted_to: tuple[str, ...]
    encryptions: tuple[str, ...]
    rotation: Rotation | None
    evidence: bytes | None

    @property
    def anonymous(self) -> bool:
        """Whether nothing proves who sent it."""
        return self.sender is None

    @property
    def authcrypted(self) -> bool:
        """Whether the sender's agreement key was used: the sender meant it for us."""
        return self.sender_kid is not None

    @property
    def non_repudiable(self) -> bool:
        """Whether others can be shown who sent it."""
        return self.signer_kid is not None

    @property
    def confidential(self) -> bool:
        """Whether only recipients could read it."""
        return bool(self.recipient_kids)


@dataclass(slots=True)
class _Opened:
    """What is found on the way in, from the outermost layer."""

    layers: tuple[Layer, ...] = ()
    decrypted: tuple[Decrypted, ...] = ()
    verified: Verified | None = None
    evidence: bytes | None = None

    @property
    def sender_kid(self) -> str | None:
        return self.decrypted[-1].sender_kid if self.decrypted else None


def unpack(
    data: bytes,
    *,
    secrets: Secrets,
    documents: Documents,
    at: datetime,
    allow: AbstractSet[Wrapping] = CONFIDENTIAL,
) -> Unpacked:
    """The message in these bytes, and what protects it.

    1. Each layer is one that may stand where it stands: anoncrypt, then authcrypt, then a signature, then the message;
       any of them may be left out, and none comes twice.
    2. Each layer is opened with keys that its parties' documents list, as they are at this aware moment.
    3. What is around the message is what is allowed: by default, anything that is encrypted.
    4. The message is from whom the layers prove, and for those whose keys opened them.
    5. A token in it that rotates the sender's identifier proves it.

    Whether the message is expired, was seen before, or belongs to a thread, the caller sees to. An UnresolvedError
    names the DID whose document is needed: whoever resolves it calls again. Other errors are DidCommErrors.
    """
    opened = _Opened()
    document = _parse(data)
    while (inner := _open(document, data, opened, secrets, documents, at)) is not None:  # 1. and 2.
        data = inner
        document = _parse(inner)
    wrapping = LAYERS[opened.layers]
    if wrapping not in allow:  # 3.
        raise UnprotectedError(f"the message came as {wrapping}, which is not enough here")
    message = read_message(document)
    sender = _sender(message, opened)  # 4.
    _check_recipients(message, opened)
    rotation = _rotation(message, opened, sender, documents, at)  # 5.
    last = opened.decrypted[-1] if opened.decrypted else None
    return Unpacked(
        message=message,
        wrapping=wrapping,
        sender=sender,
        sender_kid=opened.sender_kid,
        signer_kid=opened.verified.signer_kid if opened.verified else None,
        recipient_kids=tuple([each.recipient_kid for each in opened.decrypted]),
        encrypted_to=last.recipient_kids if last else (),
        encryptions=tuple([each.encryption for each in opened.decrypted]),
        rotation=rotation,
        evidence=opened.evidence,
    )


def _parse(data: bytes) -> JsonObject:
    try:
        return parse_object(data, max_bytes=MAX_ENVELOPE_BYTES)
    except DocumentError as error:
        raise MalformedEnvelopeError(
            f"the envelope cannot be read: {error}", code="didcomm.envelope.document", path=error.path
        ) from error


def _open(  # noqa: PLR0913, PLR0917 -- all that opening needs
    document: JsonObject, data: bytes, opened: _Opened, secrets: Secrets, documents: Documents, at: datetime
) -> bytes | None:
    """What the layer holds; None where the document is the message. What was found is added to `opened`."""
    encrypted, signed = "ciphertext" in document, "payload" in document
    if encrypted and signed:
        raise MalformedEnvelopeError("the envelope is encrypted and signed in one", code="didcomm.envelope.nesting")
    if encrypted:
        jwe = read_encrypted(document)
        _enter(opened, Layer.AUTHCRYPT if jwe.authenticated else Layer.ANONCRYPT)
        decrypted = decrypt(jwe, secrets=secrets, documents=documents, at=at)
        opened.decrypted += (decrypted,)
        return decrypted.content
    if signed:
        _enter(opened, Layer.SIGNED)
        opened.verified = verify_signed(document, documents=documents, at=at)
        opened.evidence = data
        return opened.verified.content
    return None


def _enter(opened: _Opened, layer: Layer) -> None:
    layers = (*opened.layers, layer)
    if layers not in LAYERS:
        raise MalformedEnvelopeError(
            f"the envelope is {' around '.join(layers)}, which no sender makes", code="didcomm.envelope.nesting"
        )
    opened.layers = layers


def _sender(message: Message, opened: _Opened) -> str | None:
    """Who the layers prove to have sent the message; they agree with each other, and with the message."""
    proven: str | None = None
    signer_kid = opened.verified.signer_kid if opened.verified else None
    for kid, code in ((opened.sender_kid, "from"), (signer_kid, "signer")):
        if kid is None:
            continue
        proven = str(key_id(kid).did)
        if not _is(message.sender, proven):
            raise InconsistentEnvelopeError(
                f"the message is from {shown(str(message.sender))}, its envelope by {shown(proven)}",
                code=f"didcomm.inconsistent.{code}",
                path="/from",
            )
    return proven


def _check_recipients(message: Message, opened: _Opened) -> None:
    """The message is for us; one that is signed says for whom it is, or it could have been passed on.

    Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#didcomm-signed-messages
    """
    if opened.verified and opened.decrypted and not message.to:
        raise InconsistentEnvelopeError(
            "the message is signed and encrypted, and does not say for whom it is",
            code="didcomm.inconsistent.to",
            path="/to",
        )
    for each in opened.decrypted if message.to else ():
        recipient = str(key_id(each.recipient_kid).did)
        if not any(_is(party, recipient) for party in message.to):
            raise InconsistentEnvelopeError(
                f"the message is not for {shown(recipient)}, whose key it was encrypted for",
                code="didcomm.inconsistent.to",
                path="/to",
            )


def _rotation(
    message: Message, opened: _Opened, sender: str | None, documents: Documents, at: datetime
) -> Rotation | None:
    """The rotation that the message tells of: its new identifier is the sender's, which the envelope proves.

    One that ends a relationship has no new identifier, and so its message is from nobody.

    Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#did-rotation
    """
    if message.from_prior is None:
        return None
    if not opened.decrypted:
        raise RotationError("a rotation came unencrypted", code="didcomm.rotation.unprotected", path="/from_prior")
    rotation = read_prior(message.from_prior, documents=documents, at=at)
    if rotation.subject != sender or (rotation.subject is None and message.sender is not None):
        raise RotationError(
            f"the token is for {shown(rotation.subject)}, the message proven to be from {shown(sender)}",
            code="didcomm.rotation.subject",
            path="/from_prior",
        )
    return rotation


def _is(party: DidUrl | None, did: str) -> bool:
    return party is not None and str(party.did) == did
