"""What can be wrong with a message, with what protects it, or with the way it is to take.

DidCommError
├── MessageError                didcomm.message.{type, id, member, did, too_many, body, time, attachment, media_type,
│                               document}
├── AttachmentError             didcomm.attachment.{content, hash, signature, reference}
├── EnvelopeError               what came in is wrong
│   ├── MalformedEnvelopeError      didcomm.envelope.{document, member, header, base64, recipients, duplicate_kid,
│   │                               key, length, nesting, signatures, kid}
│   ├── InconsistentEnvelopeError   didcomm.inconsistent.{skid, apu, apv, from, to, signer, sender_key}
│   ├── ForgedEnvelopeError         didcomm.forged.{content, key, signature}
│   ├── RotationError               didcomm.rotation.{token, claims, subject, signer, unprotected}
│   └── UnprotectedError            didcomm.unprotected
├── NotForUsError               didcomm.not_for_us
├── EnvelopeIndeterminate       could not be opened or checked
│   ├── UnsupportedEnvelopeError    didcomm.unsupported.{media_type, algorithm, encryption, curve, critical,
│   │                               compression, form, key_in_header}
│   └── UnresolvedError             didcomm.unresolved (has .did)
├── PackError                   didcomm.pack.{sender, recipients, curve, key, to, from, signer, nesting, encryption,
│                               too_large}; nothing was packed
├── RouteError                  didcomm.route.{service, endpoint, routing_key, forward}
├── InvitationError             didcomm.invitation.{url, short_url, version, message, sender, accept, expired, too_long}
└── ProtocolError               didcomm.protocol.{exchange, state, unknown, event}; nothing was changed or sent

Every error has a stable `code`, a `remedy` and, where it is about a document, the `path` of the member. No message
shows anything secret: neither keys nor what an envelope holds.
"""

from typing import ClassVar

MAX_SHOWN_CHARS = 96
"""How much of an offending value a message repeats: enough to recognise it, too little to flood a log."""


def shown(value: object) -> str:
    """A bounded, printable form of a received value for an error message."""
    text = ascii(value[:MAX_SHOWN_CHARS]) if isinstance(value, str) else ascii(value)
    return text if len(text) <= MAX_SHOWN_CHARS else text[: MAX_SHOWN_CHARS - 1] + "…"


class DidCommError(ValueError):
    """A message cannot be read, opened, packed or sent on its way."""

    default_code: ClassVar[str] = "didcomm"
    default_remedy: ClassVar[str] = "Ask the sender to send it again, by a program that follows DIDComm Messaging 2.1."

    def __init__(self, message: str, *, code: str = "", path: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.path = path
        self.remedy = remedy or self.default_remedy


class MessageError(DidCommError):
    """A plaintext message breaks the rules of its structure."""

    default_code = "didcomm.message.member"


class AttachmentError(DidCommError):
    """What is attached to a message is not what the message says of it, or cannot be had from it."""

    default_code = "didcomm.attachment.content"


class EnvelopeError(DidCommError):
    """What came in is wrong; nothing of it is to be acted upon."""

    default_code = "didcomm.envelope"


class MalformedEnvelopeError(EnvelopeError):
    """An envelope breaks the rules of its form."""

    default_code = "didcomm.envelope.member"


class InconsistentEnvelopeError(EnvelopeError):
    """The layers of an envelope, or an envelope and its message, name different parties."""

    default_code = "didcomm.inconsistent"
    default_remedy = "Do not act on it: it was put together by somebody else than it says, or for somebody else."


class ForgedEnvelopeError(EnvelopeError):
    """An envelope was altered, or made without the key it claims."""

    default_code = "didcomm.forged.content"
    default_remedy = "Do not act on it. If the sender is known, ask whether it was sent, and how."


class RotationError(EnvelopeError):
    """A message says that its sender had another identifier before, and does not prove it."""

    default_code = "didcomm.rotation.claims"
    default_remedy = "Keep to the identifier that is known; ask its holder to rotate again."


class UnprotectedError(EnvelopeError):
    """A message came with less protection than is due."""

    default_code = "didcomm.unprotected"
    default_remedy = (
        "Drop it, and ask the sender to encrypt what is sent here, as an identified sender where one is due."
    )


class NotForUsError(DidCommError):
    """An envelope is encrypted for keys that are not held here."""

    default_code = "didcomm.not_for_us"
    default_remedy = "The sender used keys of somebody else, or old ones: hand over the document with the present keys."


class EnvelopeIndeterminate(DidCommError):  # noqa: N818 -- names the outcome; its leaves end in Error
    """An envelope could not be opened or checked, which says nothing against it."""

    default_code = "didcomm.indeterminate"


class UnsupportedEnvelopeError(EnvelopeIndeterminate):
    """An envelope is of a kind, or by an algorithm, that is not known or not wanted here."""

    default_code = "didcomm.unsupported"


class UnresolvedError(EnvelopeIndeterminate):
    """The document of a party was not handed over; resolve `did`, and try again."""

    default_code = "didcomm.unresolved"
    default_remedy = "Resolve the identifier and open the envelope again."

    def __init__(self, did: str) -> None:
        super().__init__(f"the document of {shown(did)} is needed, and is not at hand")
        self.did = did


class PackError(DidCommError):
    """A message cannot be packed as it was asked for; nothing was packed."""

    default_code = "didcomm.pack"
    default_remedy = "Correct what was asked for and pack again."


class RouteError(DidCommError):
    """There is no way, or no clear way, to somebody, or from here onward."""

    default_code = "didcomm.route"
    default_remedy = "Ask whom it is about for a document with a DIDCommMessaging service that can be used."


class InvitationError(DidCommError):
    """What should be an invitation is none, or one that cannot be taken."""

    default_code = "didcomm.invitation.message"
    default_remedy = "Ask whoever showed it for a new one."


class ProtocolError(DidCommError):
    """An exchange cannot be taken where its own party wants it; nothing was changed or sent."""

    default_code = "didcomm.protocol.event"
    default_remedy = "Look at the state of the exchange, and begin a new one where this one is over."
