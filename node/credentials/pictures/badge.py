"""What a picture may carry: an Open Badge of version 3.0 or 2.0, as JSON or as a compact JWS.

Spec: https://www.imsglobal.org/spec/ob/v3p0#baked-badge, https://www.imsglobal.org/spec/ob/v2p0/baking
"""

import base64
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from node.credentials.errors import BadgeError, PictureError, shown
from node.credentials.presentation import DocumentKind, kind_of
from node.credentials.structure import types_of
from node.documents import MAX_CREDENTIAL_BYTES, DocumentError, JsonObject, parse_object

BADGE_TYPES: Final = frozenset({"OpenBadgeCredential", "AchievementCredential"})
"""The two names of the one type that a picture may carry."""
SPACE: Final = b" \t\r\n"
_COMPACT: Final = re.compile(rb"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_ADDRESS: Final = re.compile(rb"https?://[!-~]+", re.IGNORECASE)


class BadgeKind(StrEnum):
    """Which specification the badge follows."""

    CREDENTIAL = "openbadges-3.0"
    ASSERTION = "openbadges-2.0"
    OTHER = "credential"
    """A credential that is no Open Badge; a printed page may carry any."""


class Form(StrEnum):
    """How the badge is written."""

    JSON = "json"
    JWS = "jws"
    ADDRESS = "address"
    """Only where the badge is to be had; before Open Badges 1.1."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge that is fit to be put into a picture."""

    kind: BadgeKind
    form: Form
    text: bytes
    address: str | None = None
    """Where an assertion of Open Badges 2.0 is hosted, which is the only way to check one that is not signed."""


def form_of(text: bytes) -> Form:
    """How a text from a picture is written; raises PictureError for a text that is no badge in any form."""
    if text.startswith(b"{"):
        return Form.JSON
    if _COMPACT.fullmatch(text):
        return Form.JWS
    if _ADDRESS.fullmatch(text):
        return Form.ADDRESS
    message = f"the text in the picture is neither JSON nor a JWS nor an address: {shown(text[:96])}"
    raise PictureError(message, code="picture.text")


def kind_in(text: bytes, form: Form, said: BadgeKind) -> BadgeKind:
    """Which kind a text from a picture is, where its place says `said`; some put one where the other belongs."""
    if said is BadgeKind.ASSERTION and form is not Form.ADDRESS:
        try:
            found = _kind(payload_of(text) if form is Form.JWS else parse_object(text))
        except (DocumentError, BadgeError):
            return said
        return found or said
    return said


def kind_printed(text: bytes, form: Form) -> BadgeKind:
    """Which kind a text from a printed page is."""
    try:
        return _kind(payload_of(text) if form is Form.JWS else parse_object(text)) or BadgeKind.OTHER
    except (DocumentError, BadgeError):
        return BadgeKind.OTHER


def read_badge(credential: bytes) -> Badge:
    """The badge that a picture is to carry, its text unchanged but for white space around it.

    That it is signed, or hosted, is looked at; whether it is genuine is not checked. Raises DocumentError for a text
    that is not the JSON it seems to be, and BadgeError for all that is no badge.
    """
    text = credential.strip(SPACE)
    if _COMPACT.fullmatch(text):
        if kind := _kind(payload_of(text)):
            return Badge(kind, Form.JWS, text)
        raise _no_badge("the token")
    document = parse_object(text, max_bytes=MAX_CREDENTIAL_BYTES)
    match _kind(document):
        case BadgeKind.CREDENTIAL:
            if not document.get("proof"):
                message = "the credential carries no proof, so nobody could check the picture"
                raise BadgeError(message, code="picture.badge.unsigned", remedy="Sign it first: glejt issue")
            return Badge(BadgeKind.CREDENTIAL, Form.JSON, text)
        case BadgeKind.ASSERTION:
            address = document.get("id")
            if not isinstance(address, str) or not _ADDRESS.fullmatch(address.encode("utf-8", "replace")):
                message = "the assertion is not signed and names no web address where it is hosted"
                raise BadgeError(message, code="picture.badge.unsigned")
            return Badge(BadgeKind.ASSERTION, Form.JSON, text, address)
        case None | BadgeKind.OTHER:
            raise _no_badge("the document")


def _kind(document: JsonObject) -> BadgeKind | None:
    """Which kind of badge a document says it is; None for anything else."""
    inner = document.get("vc")
    claimed = inner if isinstance(inner, dict) else document  # version 1.1 of the data model wraps the claims
    types = set(types_of(claimed))
    if kind_of(claimed) is DocumentKind.CREDENTIAL and types & BADGE_TYPES:
        return BadgeKind.CREDENTIAL
    return BadgeKind.ASSERTION if "Assertion" in types else None


def payload_of(token: bytes) -> JsonObject:
    """What a compact JWS says, unchecked; raises BadgeError where it is no JSON object or not signed."""
    head, body, _ = token.split(b".")
    try:
        header, payload = (parse_object(_base64url(part), max_bytes=MAX_CREDENTIAL_BYTES) for part in (head, body))
    except (DocumentError, ValueError) as error:
        raise BadgeError(f"the token cannot be read: {error}", code="picture.badge.kind") from error
    if header.get("alg") in {None, "none"}:
        raise BadgeError("the token is not signed", code="picture.badge.unsigned")
    return payload


def _base64url(part: bytes) -> bytes:
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def _no_badge(what: str) -> BadgeError:
    message = f"{what} is no Open Badge, neither OpenBadgeCredential nor Assertion"
    return BadgeError(message, code="picture.badge.kind")
