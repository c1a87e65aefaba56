"""An accreditation: a body's signed permission to somebody, for scopes and a period.

One document is read by two kinds of readers. It has the shape of EBSI's accreditations (types, `accreditedFor`,
`termsOfUse` with the parent) and that of a W3C Recognized Entity Credential (`RecognizedEntity`, `recognizedTo`). Where
the two would say different things it is not read at all; nor is one with a limit that is not known here.

Spec: https://www.w3.org/TR/vc-recognized-entities-1.0/#recognized-entities,
https://hub.ebsi.eu/vc-framework/trust-model/issuer-trust-model-v4,
docs/adr/0027-an-accreditation-counts-from-its-record-on.md
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.credentials.achievement import OPEN_BADGES_CONTEXT, VERSION_CONTEXT
from node.credentials.compose import profile_of
from node.credentials.context_profile import GLEJT_CONTEXT
from node.credentials.credential import Credential
from node.credentials.errors import AccreditationFormError, RecordNameError, ScopeError, TimestampError, shown
from node.credentials.record_name import RecordName
from node.credentials.scope import Scope
from node.credentials.structure import objects_of, types_of, url_of
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue, UnsecuredDocument, pointer

TO_ATTEST: Final = "VerifiableAccreditationToAttest"
TO_ACCREDIT: Final = "VerifiableAccreditationToAccredit"
KINDS: Final = (
    "VerifiableCredential",
    "VerifiableAttestation",
    "VerifiableAccreditation",
    "RecognizedEntityCredential",
)
"""What every accreditation is; TO_ATTEST and TO_ACCREDIT say what it permits."""
TYPE: Final = "VerifiableAccreditation"
ENTITY: Final = "RecognizedEntity"
ACTION: Final = "RecognizedAction"
POLICY: Final = "AccreditationPolicy"
ISSUE, ACCREDIT = "issue", "accredit"
MAX_DEPTH: Final = 2
"""Accreditations below one: with it, three lead from a body to an issuer. Longer chains nobody could oversee."""
MAX_SCOPES: Final = 8
"""Of one accreditation; each is recorded on its own, and can be withdrawn on its own."""
MAX_NAMESPACES: Final = 8
"""Of one subject: one on each chain that it writes to."""
_SHA_256: Final = b"\x12\x20"
"""The multihash prefix of a SHA-256."""
_ONE: Final = "u"
_SUBJECT: Final = frozenset(
    {"id", "type", "name", "accreditedFor", "accreditationDepth", "anchorNamespace", "recognizedTo"}
)


@dataclass(frozen=True, slots=True)
class Parent:
    """The accreditation by which the body itself may accredit: its id, and the SHA-256 of its signed bytes."""

    id: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Accreditation:
    """What one accreditation says."""

    id: str
    body: str
    """The identifier of who accredits, and signs."""
    subject: str
    subject_name: str | None = None
    scopes: tuple[Scope, ...]
    valid_from: datetime
    valid_until: datetime | None = None
    may_issue: bool = True
    depth: int = 0
    """How many accreditations may follow below it: 0 permits none."""
    namespaces: tuple[RecordName, ...] = ()
    """Where the subject writes on chains."""
    parent: Parent | None = None

    @property
    def types(self) -> tuple[str, ...]:
        """The types of the credential."""
        permitting = [*([TO_ATTEST] if self.may_issue else []), *([TO_ACCREDIT] if self.depth else [])]
        return (*KINDS[:-1], *permitting, KINDS[-1])

    def in_period(self, time: datetime) -> bool:
        """Whether its own period has this time; its end belongs to it."""
        return self.valid_from <= time and (self.valid_until is None or time <= self.valid_until)


def assemble_accreditation(accreditation: Accreditation, issuer: JsonObject, name: str | None) -> UnsecuredDocument:
    """The credential that says so, without a proof; `issuer` is how the body presents itself."""
    subject: JsonObject = {"id": accreditation.subject, "type": ENTITY}
    if accreditation.subject_name is not None:
        subject["name"] = accreditation.subject_name
    subject["accreditedFor"] = [scope.to_json() for scope in accreditation.scopes]
    if accreditation.depth:
        subject["accreditationDepth"] = accreditation.depth
    if accreditation.namespaces:
        subject["anchorNamespace"] = [str(namespace) for namespace in accreditation.namespaces]
    subject["recognizedTo"] = [
        {"type": ACTION, "action": action, "recognizedBy": accreditation.body} for action in _actions(accreditation)
    ]
    document: JsonObject = {
        "@context": [VERSION_CONTEXT, OPEN_BADGES_CONTEXT, GLEJT_CONTEXT],
        "id": accreditation.id,
        "type": list(accreditation.types),
        **({} if name is None else {"name": name}),
        "issuer": profile_of(issuer),
        "validFrom": format_timestamp(accreditation.valid_from),
    }
    if accreditation.valid_until is not None:
        document["validUntil"] = format_timestamp(accreditation.valid_until)
    document["credentialSubject"] = subject
    if accreditation.parent is not None:
        document["termsOfUse"] = [
            {
                "type": POLICY,
                "parentAccreditation": accreditation.parent.id,
                "digestMultibase": multibase(accreditation.parent.digest),
            }
        ]
    return UnsecuredDocument(document)


def is_accreditation(document: JsonObject) -> bool:
    """Whether a document says that it is one."""
    return TYPE in types_of(document)


def parse_accreditation(document: JsonObject) -> Accreditation:
    """What a document says that calls itself an accreditation; whose word it is, nobody has looked at.

    Raises AccreditationFormError for one that is none, or of which something would be left unread:

    1. its types, and what they permit; 2. one subject, with these members alone; 3. what it is for; 4. how deep; 5. the
    namespaces; 6. the same permissions in the other shape; 7. one parent, if any; 8. its period.
    """
    credential = Credential(document)
    types = credential.types
    may_issue, may_accredit = TO_ATTEST in types, TO_ACCREDIT in types
    if not set(KINDS) <= set(types) or not (may_issue or may_accredit):  # 1.
        raise _wrong("/type", "its types do not say what it permits")
    subjects = objects_of(document, "credentialSubject")
    if len(subjects) != 1 or ENTITY not in types_of(subjects[0]) or not subjects[0].keys() <= _SUBJECT:  # 2.
        raise _wrong("/credentialSubject", "it is not about one recognized entity, in members known here")
    subject = subjects[0]
    body, whom, identifier = credential.issuer, url_of(subject.get("id")), credential.id
    if body is None or whom is None or identifier is None:
        raise _wrong("", "it, its issuer or its subject has no identifier")
    name, (start, end) = subject.get("name"), _period(credential)  # 8.
    found = Accreditation(
        id=identifier,
        body=body,
        subject=whom,
        subject_name=name if isinstance(name, str) else None,
        scopes=tuple(_scopes(subject)),  # 3.
        may_issue=may_issue,
        depth=_depth(subject.get("accreditationDepth"), may_accredit=may_accredit),  # 4.
        namespaces=tuple(_namespaces(subject.get("anchorNamespace", []))),  # 5.
        parent=_parent(document),  # 7.
        valid_from=start,
        valid_until=end,
    )
    said = subject.get("recognizedTo")
    actions = said if isinstance(said, list) else [said]
    if not all(isinstance(action, dict) for action in actions) or _told(actions) != _told(  # 6.
        [{"type": ACTION, "action": action, "recognizedBy": body} for action in _actions(found)]
    ):
        raise _wrong("/credentialSubject/recognizedTo", "it does not permit the same as its types")
    return found


def multibase(digest: bytes) -> str:
    """A SHA-256 as a multihash in base64url, as `digestMultibase` has it."""
    return _ONE + urlsafe_b64encode(_SHA_256 + digest).decode("ascii").rstrip("=")


def digest_in(text: JsonValue) -> bytes | None:
    """The SHA-256 that `multibase` wrote; None for anything else."""
    if not isinstance(text, str) or not text.startswith(_ONE):
        return None
    try:
        digest = urlsafe_b64decode(text[1:] + "==")[len(_SHA_256) :]
    except (Base64Error, ValueError):
        return None
    return digest if multibase(digest) == text and len(digest) == _SHA_256[1] else None


def _actions(accreditation: Accreditation) -> list[str]:
    return [*([ISSUE] if accreditation.may_issue else []), *([ACCREDIT] if accreditation.depth else [])]


def _told(actions: Iterable[JsonValue]) -> list[tuple[tuple[str, str], ...]]:
    """What a list of actions says, in whatever order it says it."""
    told = []
    for action in actions:
        members = action if isinstance(action, dict) else {}
        types = types_of(members)
        plain = {**members, "type": types[0] if len(types) == 1 else None}
        told.append(tuple(sorted((name, str(value)) for name, value in plain.items())))
    return sorted(told)


def _scopes(subject: JsonObject) -> Iterator[Scope]:
    listed = subject.get("accreditedFor")
    entries = listed if isinstance(listed, list) else [listed]
    place = "/credentialSubject/accreditedFor"
    if not 0 < len(entries) <= MAX_SCOPES:
        raise _wrong(place, f"it is for {len(entries)} scopes; from one to {MAX_SCOPES} are read")
    for index, entry in enumerate(entries):
        try:
            yield Scope.read(entry, place + pointer(index))
        except ScopeError as error:
            raise _wrong(error.path, str(error)) from error


def _depth(value: JsonValue, *, may_accredit: bool) -> int:
    if not may_accredit and value is None:
        return 0
    if not may_accredit or isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_DEPTH:
        message = f"{shown(value)} is no depth from 1 to {MAX_DEPTH} of one that permits to accredit"
        raise _wrong("/credentialSubject/accreditationDepth", message)
    return value


def _namespaces(value: JsonValue) -> Iterator[RecordName]:
    place = "/credentialSubject/anchorNamespace"
    listed = value if isinstance(value, list) else [value]
    if len(listed) > MAX_NAMESPACES:
        raise _wrong(place, f"{len(listed)} namespaces; at most {MAX_NAMESPACES} are read")
    for text in listed:
        try:
            name = RecordName.parse(text if isinstance(text, str) else "")
        except RecordNameError as error:
            raise _wrong(place, str(error)) from error
        if name != name.record:
            raise _wrong(place, f"{shown(text)} is more than a namespace")
        yield name


def _parent(document: JsonObject) -> Parent | None:
    if "termsOfUse" not in document:
        return None
    terms = objects_of(document, "termsOfUse")
    listed = document["termsOfUse"]
    only = terms[0] if len(terms) == 1 and (not isinstance(listed, list) or len(listed) == 1) else {}
    parent, digest = url_of(only.get("parentAccreditation")), digest_in(only.get("digestMultibase"))
    known = only.keys() <= {"id", "type", "parentAccreditation", "digestMultibase"}
    if types_of(only) != (POLICY,) or parent is None or digest is None or not known:
        raise _wrong("/termsOfUse", "its terms are more, or less, than one parent with its digest")
    return Parent(parent, digest)


def _period(credential: Credential) -> tuple[datetime, datetime | None]:
    try:
        period = credential.validity
    except TimestampError as error:
        raise _wrong("/validFrom", str(error)) from error
    if period.start is None or (period.end is not None and period.end <= period.start):
        raise _wrong("/validFrom", "it does not say from when it holds, or ends before that")
    return period.start, period.end


def _wrong(path: str, message: str) -> AccreditationFormError:
    return AccreditationFormError(message, path=path)
