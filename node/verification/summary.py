"""What a credential says of itself, for the reader to recognise it. None of it is more than the checks make of it."""

from itertools import islice
from typing import Final

from node.credentials.credential import Credential
from node.credentials.records import associations_of, is_record
from node.credentials.structure import types_of
from node.documents import JsonObject, JsonValue

MAX_TEXT_CHARS: Final = 1_000
"""How much of one text is repeated; what is longer ends with an ellipsis."""
MAX_TYPES: Final = 16
"""Types repeated; a credential has two or three."""
MAX_ASSOCIATIONS: Final = 200
"""Associations repeated; a programme of 60 parts states about as many."""
DATES_OF_BADGES: Final = ("issuedOn", "expires")
DATES: Final = ("validFrom", "validUntil", "issuanceDate", "expirationDate")


def summarize(credential: Credential) -> JsonObject:
    """Identifier, types, title, issuer, subject and dates, where they are texts; what is absent is left out.

    With several subjects only their number is given.
    """
    subjects = credential.subjects
    subject = subjects[0] if len(subjects) == 1 else {}
    achievement = _object(subject.get("achievement"))
    whole: JsonObject = {
        "id": _text(credential.document.get("id")),
        "type": [_cut(name) for name in credential.types[:MAX_TYPES]],
        "name": _text(credential.document.get("name")) or _text(achievement.get("name")),
        "issuer": _known({"id": _text(credential.issuer), "name": _text(credential.issuer_profile.get("name"))}),
        "subject": _known({"id": _text(subject.get("id")), "name": _person(subject)}),
        "subjects": len(subjects) if len(subjects) > 1 else None,
        "supervision": _text(achievement.get("supervisionType")),
    }
    whole |= {name: _text(credential.document.get(name)) for name in DATES}
    if is_record(credential.document):
        listed = islice(associations_of(credential.document), MAX_ASSOCIATIONS)
        whole["associations"] = [one.to_json(_cut) for one in listed]
    return _known(whole)


def summarize_badge(assertion: JsonObject, issuer: str | None) -> JsonObject:
    """The same of a badge of Open Badges 2, put together from its parts.

    A recipient is shown who is named in the clear by a name; an e-mail address never is.
    """
    badge, recipient = _object(assertion.get("badge")), _object(assertion.get("recipient"))
    named = recipient.get("type") == "name" and recipient.get("hashed") in (None, False)
    whole: JsonObject = {
        "id": _text(assertion.get("id")),
        "type": [_cut(name) for name in types_of(assertion)[:MAX_TYPES]],
        "name": _text(badge.get("name")),
        "issuer": _known({"id": _text(issuer), "name": _text(_object(badge.get("issuer")).get("name"))}),
        "subject": _known({"name": _text(recipient.get("identity")) if named else None}),
    }
    whole |= {name: _text(assertion.get(name)) for name in DATES_OF_BADGES}
    return _known(whole)


TITLES: Final = ("achievement_title", "title", "name")
GIVEN_NAMES: Final = ("given_name", "givenName")
FAMILY_NAMES: Final = ("family_name", "familyName")
"""Claims of an SD-JWT VC that have the title of what it is about, and who it is about."""


def summarize_claims(claims: JsonObject, issuer: str | None) -> JsonObject:
    """The same of an SD-JWT VC."""
    person = [_first(claims, GIVEN_NAMES), _first(claims, FAMILY_NAMES)]
    whole: JsonObject = {
        "id": _text(claims.get("jti")),
        "type": [_cut(kind)] if isinstance(kind := claims.get("vct"), str) else [],
        "name": _first(claims, TITLES),
        "issuer": _known({"id": _text(issuer), "name": _first(claims, ("issuing_authority", "awardingBody"))}),
        "subject": _known({"id": _text(claims.get("sub")), "name": " ".join(part for part in person if part)}),
    }
    return _known(whole)


def _first(claims: JsonObject, names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := _text(claims.get(name)))), None)


def _person(subject: JsonObject) -> str | None:
    """The name of the subject: an Open Badges identifier of that kind in the clear, else a name as such."""
    identifiers = subject.get("identifier")
    for identifier in identifiers if isinstance(identifiers, list) else [identifiers]:
        stated = _object(identifier)
        if stated.get("identityType") == "name" and stated.get("hashed") is False:
            return _text(stated.get("identityHash"))
    parts = (_text(subject.get("givenName")), _text(subject.get("familyName")))
    return _text(subject.get("name")) or " ".join(part for part in parts if part) or None


def _text(value: JsonValue) -> str | None:
    """A text, or the first one of a value with languages."""
    if isinstance(value, list):
        return next((text for text in map(_text, value) if text), None)
    if isinstance(value, dict):
        value = value.get("@value")
    return _cut(value) if isinstance(value, str) and value.strip() else None


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT_CHARS else f"{text[: MAX_TEXT_CHARS - 1]}…"


def _object(value: JsonValue) -> JsonObject:
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return value if isinstance(value, dict) else {}


def _known(table: JsonObject) -> JsonObject:
    return {name: value for name, value in table.items() if value}
