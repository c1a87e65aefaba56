"""The material of a verdict: what was gathered about a subject, frozen, and plain enough to travel as JSON.

Each item carries the evidence for it. Material that came with a file is not what this verifier gathered: read with
`from_json`, its items count only where they authenticate themselves.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NoReturn, Self

from node.credentials.errors import TimestampError
from node.credentials.timestamps import format_timestamp, parse_timestamp
from node.documents import JsonObject, JsonValue
from node.verification.errors import MaterialError
from node.verification.policy import KeyEvidence

VERSION: Final = 1


class Origin(StrEnum):
    """Where an item comes from."""

    COMPUTED = "computed"
    """From the identifier alone; anybody computes the same."""
    PINNED = "pinned"
    """From the verifier's own trust file."""
    LIVE = "live"
    """Resolved by this verifier."""
    SAVED = "saved"
    """Resolved by this verifier some time ago, and kept."""
    FILE = "file"
    """Handed over with the subject, by whoever made the file."""


@dataclass(frozen=True, slots=True)
class ResolvedDocument:
    """The document of a DID, and how it is known.

    `files` are what the document was read from, by name, where whoever holds them can check it again: the log of a
    did:webvh, the long form of a did:peer. What they say counts, and nothing beside them.
    """

    document: JsonObject
    evidence: KeyEvidence
    origin: Origin
    resolved_at: datetime
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResolutionFailure:
    """Why something is not there.

    `code` ends the type of a DID resolution error, or is that of a fetch, or `TIMEOUT`, `TOO_MANY` or `NOT_TEXT`.
    """

    code: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PublishedCopy:
    """One copy of what somebody publishes at an address, as text and unread, and where it came from."""

    url: str
    content: str
    origin: Origin
    obtained_at: datetime


@dataclass(frozen=True, slots=True)
class StatusListCopy(PublishedCopy):
    """A copy of a status list credential; `url` is the address it was fetched from, or the one it calls its own.

    It proves itself by its signature, so a copy that came with a file counts as much as any other of its date.
    """


@dataclass(frozen=True, slots=True)
class ConfigurationCopy(PublishedCopy):
    """A copy of the page on which a domain names its identifiers.

    That the domain says so, only the address shows that it was fetched from: one that came with a file counts nothing.
    """


@dataclass(frozen=True, slots=True)
class MetadataCopy(PublishedCopy):
    """A copy of what an issuer publishes of its keys under its own address.

    That the issuer says so, only the address shows that it was fetched from: one that came with a file counts nothing.
    """


@dataclass(frozen=True, slots=True)
class BadgeObjectCopy(PublishedCopy):
    """A copy of an object of Open Badges 2: an assertion, a badge class, a profile, a key, a revocation list.

    That its host says so, only the address shows that it was fetched from: one that came with a file counts nothing.
    `served_from` is the address that answered in the end; `gone` says that the host took the object away for good.
    """

    served_from: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class ResourceCopy:
    """The bytes that lie at an address, which a document pins by their digest.

    The digest is signed, so a copy that came with a file counts as much as any other.
    """

    url: str
    content: bytes
    origin: Origin
    obtained_at: datetime


@dataclass(frozen=True, slots=True)
class VerificationMaterial:
    """Everything that was gathered: documents by identifier, copies by address, failures by either."""

    documents: Mapping[str, ResolvedDocument] = field(default_factory=dict)
    failures: Mapping[str, ResolutionFailure] = field(default_factory=dict)
    status_lists: tuple[StatusListCopy, ...] = ()
    status_failures: Mapping[str, ResolutionFailure] = field(default_factory=dict)
    configurations: tuple[ConfigurationCopy, ...] = ()
    badge_objects: tuple[BadgeObjectCopy, ...] = ()
    resources: tuple[ResourceCopy, ...] = ()
    metadata: tuple[MetadataCopy, ...] = ()

    def to_json(self) -> JsonObject:
        """The material as plain JSON; `from_json` reads it back."""
        return {
            "version": VERSION,
            "documents": {
                did: {
                    "document": item.document,
                    "evidence": item.evidence.value,
                    "origin": item.origin.value,
                    "resolvedAt": format_timestamp(item.resolved_at),
                    **_files_json(item.files),
                }
                for did, item in self.documents.items()
            },
            "failures": _failures_json(self.failures),
            "statusLists": list[JsonValue](_copies_json(self.status_lists)),
            "statusFailures": _failures_json(self.status_failures),
            "configurations": list[JsonValue](_copies_json(self.configurations)),
            "metadata": list[JsonValue](_copies_json(self.metadata)),
            "badgeObjects": [
                {**item, "servedFrom": copy.served_from, "gone": copy.gone}
                for item, copy in zip(_copies_json(self.badge_objects), self.badge_objects, strict=True)
            ],
            "resources": [
                {
                    "url": copy.url,
                    "content": b64encode(copy.content).decode(),
                    "origin": copy.origin.value,
                    "obtainedAt": format_timestamp(copy.obtained_at),
                }
                for copy in self.resources
            ],
        }

    @classmethod
    def from_json(cls, value: JsonValue, *, own: bool = False) -> Self:
        """Material that `to_json` wrote.

        `own` says that this verifier wrote it and nobody else could touch it since. Without it every item is marked as
        one that came with the file, whatever it says of itself. Raises MaterialError for anything else than material.
        """
        table = _object(value, "")
        if table.get("version") != VERSION:
            raise MaterialError(
                f"this is no material of version {VERSION}",
                code="material.version",
                remedy="Gather it again with this program.",
                path="/version",
            )
        return cls(
            {
                did: _document(_object(item, f"/documents/{did}"), f"/documents/{did}", own=own)
                for did, item in _object(table.get("documents"), "/documents").items()
            },
            _failures(table, "failures"),
            _copies(StatusListCopy, table, "statusLists", own=own),
            _failures(table, "statusFailures"),
            _copies(ConfigurationCopy, table, "configurations", own=own),
            tuple(
                _badge_object(_object(item, f"/badgeObjects/{index}"), f"/badgeObjects/{index}", own=own)
                for index, item in enumerate(_list(table.get("badgeObjects"), "/badgeObjects"))
            ),
            tuple(
                _resource(_object(item, f"/resources/{index}"), f"/resources/{index}", own=own)
                for index, item in enumerate(_list(table.get("resources"), "/resources"))
            ),
            _copies(MetadataCopy, table, "metadata", own=own),
        )


EMPTY: Final = VerificationMaterial()


def _document(item: JsonObject, path: str, *, own: bool) -> ResolvedDocument:
    evidence = _one_of(KeyEvidence, item, "evidence", path)
    return ResolvedDocument(
        evidence=evidence,
        origin=_origin(item, path, own=own),
        document=_object(item.get("document"), f"{path}/document"),
        resolved_at=_time(item, "resolvedAt", path),
        files={
            name: _bytes(content, f"{path}/files/{name}")
            for name, content in _object(item.get("files", {}), f"{path}/files").items()
        },
    )


def _files_json(files: Mapping[str, bytes]) -> JsonObject:
    return {"files": {name: b64encode(content).decode() for name, content in files.items()}} if files else {}


def _bytes(value: JsonValue, path: str) -> bytes:
    try:
        return b64decode(value, validate=True) if isinstance(value, str) else _no_text(path)
    except ValueError as error:  # no base64, or no ASCII
        raise _invalid(path, "it is no base64 text") from error


def _copies[C: PublishedCopy](kind: type[C], table: JsonObject, member: str, *, own: bool) -> tuple[C, ...]:
    listed = _list(table.get(member), f"/{member}")
    return tuple(
        _copy(kind, _object(item, f"/{member}/{index}"), f"/{member}/{index}", own=own)
        for index, item in enumerate(listed)
    )


def _copy[C: PublishedCopy](kind: type[C], item: JsonObject, path: str, *, own: bool) -> C:
    return kind(
        url=_text(item, "url", path),
        content=_text(item, "content", path),
        origin=_origin(item, path, own=own),
        obtained_at=_time(item, "obtainedAt", path),
    )


def _badge_object(item: JsonObject, path: str, *, own: bool) -> BadgeObjectCopy:
    copy = _copy(PublishedCopy, item, path, own=own)
    gone = item.get("gone")
    if not isinstance(gone, bool):
        raise _invalid(f"{path}/gone", "it is neither true nor false")
    served_from = _text(item, "servedFrom", path)
    return BadgeObjectCopy(copy.url, copy.content, copy.origin, copy.obtained_at, served_from, gone)


def _resource(item: JsonObject, path: str, *, own: bool) -> ResourceCopy:
    copy = _copy(PublishedCopy, item, path, own=own)
    try:
        content = b64decode(copy.content, validate=True)
    except Base64Error as error:
        raise _invalid(f"{path}/content", "it is no base64 text") from error
    return ResourceCopy(copy.url, content, copy.origin, copy.obtained_at)


def _origin(item: JsonObject, path: str, *, own: bool) -> Origin:
    told = _one_of(Origin, item, "origin", path)
    return told if own else Origin.FILE


def _one_of[E: StrEnum](kind: type[E], item: JsonObject, member: str, path: str) -> E:
    told = _text(item, member, path)
    try:
        return kind(told)
    except ValueError as error:
        raise _invalid(path, str(error)) from error


def _copies_json(copies: Iterable[PublishedCopy]) -> list[JsonObject]:
    return [
        {
            "url": copy.url,
            "content": copy.content,
            "origin": copy.origin.value,
            "obtainedAt": format_timestamp(copy.obtained_at),
        }
        for copy in copies
    ]


def _failures_json(failures: Mapping[str, ResolutionFailure]) -> JsonObject:
    return {
        name: {"code": failure.code, "message": failure.message, "at": format_timestamp(failure.at)}
        for name, failure in failures.items()
    }


def _failures(table: JsonObject, member: str) -> dict[str, ResolutionFailure]:
    return {
        name: _failure(_object(item, f"/{member}/{name}"), f"/{member}/{name}")
        for name, item in _object(table.get(member), f"/{member}").items()
    }


def _failure(item: JsonObject, path: str) -> ResolutionFailure:
    return ResolutionFailure(_text(item, "code", path), _text(item, "message", path), _time(item, "at", path))


def _object(value: JsonValue, path: str) -> JsonObject:
    if not isinstance(value, dict):
        raise _invalid(path, "it is no object")
    return value


def _list(value: JsonValue, path: str) -> list[JsonValue]:
    if not isinstance(value, list):
        raise _invalid(path, "it is no list")
    return value


def _no_text(path: str) -> NoReturn:
    raise _invalid(path, "it is no text")


def _text(item: JsonObject, member: str, path: str) -> str:
    value = item.get(member)
    if not isinstance(value, str):
        raise _invalid(f"{path}/{member}", "it is no text")
    return value


def _time(item: JsonObject, member: str, path: str) -> datetime:
    try:
        return parse_timestamp(item.get(member))
    except TimestampError as error:
        raise _invalid(f"{path}/{member}", str(error)) from error


def _invalid(path: str, reason: str) -> MaterialError:
    return MaterialError(
        f"the material cannot be used at {path[:96] or 'its top'}: {reason[:160]}",
        code="material.invalid",
        remedy="Gather it again, or ask whoever handed over the file for a sound one.",
        path=path,
    )
