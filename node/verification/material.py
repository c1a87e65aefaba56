"""The material of a verdict: what was gathered about a subject, frozen, and plain enough to travel as JSON.

Each item carries the evidence for it. Material that came with a file is not what this verifier gathered: read with
`from_json`, its items count only where they authenticate themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Self

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.verification.errors import MaterialError
from node.verification.material_members import (
    as_bytes,
    as_object,
    base64_text,
    invalid,
    members_of,
    objects_in,
    one_of,
    text_in,
    time_in,
)
from node.verification.policy import KeyEvidence

if TYPE_CHECKING:
    from node.verification.ledger_material import LedgerMaterial

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
    `content` is the text as it was published, to the byte: heads name lists by the digest of these bytes.
    """

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the published bytes."""
        return sha256(self.content.encode("utf-8", "surrogatepass")).digest()


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
    ledgers: "LedgerMaterial | None" = None
    """What is known of chains; None where nothing is."""
    accreditations: tuple[ResourceCopy, ...] = ()
    """Signed accreditations, of anybody for anybody: each shows itself, by its signature and its record."""
    former: Mapping[str, ResolvedDocument] = field(default_factory=dict)
    """Documents of then, as somebody says, of identifiers that have others now: each counts where a record shows it."""

    def to_json(self) -> JsonObject:
        """The material as plain JSON; `from_json` reads it back."""
        return {
            "version": VERSION,
            "documents": _documents_json(self.documents),
            "failures": failures_json(self.failures),
            "statusLists": list[JsonValue](_copies_json(self.status_lists)),
            "statusFailures": failures_json(self.status_failures),
            "configurations": list[JsonValue](_copies_json(self.configurations)),
            "metadata": list[JsonValue](_copies_json(self.metadata)),
            "badgeObjects": [
                {**item, "servedFrom": copy.served_from, "gone": copy.gone}
                for item, copy in zip(_copies_json(self.badge_objects), self.badge_objects, strict=True)
            ],
            "resources": _resources_json(self.resources),
            **({"ledgers": self.ledgers.to_json()} if self.ledgers else {}),
            **({"accreditations": _resources_json(self.accreditations)} if self.accreditations else {}),
            **({"former": _documents_json(self.former)} if self.former else {}),
        }

    @classmethod
    def from_json(cls, value: JsonValue, *, own: bool = False) -> Self:
        """Material that `to_json` wrote.

        `own` says that this verifier wrote it and nobody else could touch it since. Without it every item is marked as
        one that came with the file, whatever it says of itself. Raises MaterialError for anything else than material.
        """
        table = as_object(value, "")
        if table.get("version") != VERSION:
            raise MaterialError(
                f"this is no material of version {VERSION}",
                code="material.version",
                remedy="Gather it again with this program.",
                path="/version",
            )
        return cls(
            {did: _document(item, path, own=own) for did, path, item in members_of(table, "documents")},
            failures_in(table, "failures"),
            _copies(StatusListCopy, table, "statusLists", own=own),
            failures_in(table, "statusFailures"),
            _copies(ConfigurationCopy, table, "configurations", own=own),
            tuple(_badge_object(item, path, own=own) for path, item in objects_in(table, "badgeObjects")),
            tuple(_resource(item, path, own=own) for path, item in objects_in(table, "resources")),
            _copies(MetadataCopy, table, "metadata", own=own),
            _ledgers(table, own=own),
            tuple(_resource(item, path, own=own) for path, item in objects_in(table, "accreditations"))
            if "accreditations" in table
            else (),
            {did: _document(item, path, own=own) for did, path, item in members_of(table, "former")}
            if "former" in table
            else {},
        )


EMPTY: Final = VerificationMaterial()


def _ledgers(table: JsonObject, *, own: bool) -> "LedgerMaterial | None":
    if "ledgers" not in table:
        return None
    from node.verification.ledger_material import LedgerMaterial  # noqa: PLC0415 -- few subjects need it

    return LedgerMaterial.from_json(as_object(table["ledgers"], "/ledgers"), own=own)


def _document(item: JsonObject, path: str, *, own: bool) -> ResolvedDocument:
    evidence = one_of(KeyEvidence, item, "evidence", path)
    return ResolvedDocument(
        evidence=evidence,
        origin=origin_in(item, path, own=own),
        document=as_object(item.get("document"), f"{path}/document"),
        resolved_at=time_in(item, "resolvedAt", path),
        files={
            name: as_bytes(content, f"{path}/files/{name}")
            for name, content in as_object(item.get("files", {}), f"{path}/files").items()
        },
    )


def _documents_json(documents: Mapping[str, ResolvedDocument]) -> JsonObject:
    return {
        did: {
            "document": item.document,
            "evidence": item.evidence.value,
            "origin": item.origin.value,
            "resolvedAt": format_timestamp(item.resolved_at),
            **_files_json(item.files),
        }
        for did, item in documents.items()
    }


def _files_json(files: Mapping[str, bytes]) -> JsonObject:
    return {"files": {name: base64_text(content) for name, content in files.items()}} if files else {}


def _copies[C: PublishedCopy](kind: type[C], table: JsonObject, member: str, *, own: bool) -> tuple[C, ...]:
    return tuple(_copy(kind, item, path, own=own) for path, item in objects_in(table, member))


def _copy[C: PublishedCopy](kind: type[C], item: JsonObject, path: str, *, own: bool) -> C:
    return kind(
        url=text_in(item, "url", path),
        content=text_in(item, "content", path),
        origin=origin_in(item, path, own=own),
        obtained_at=time_in(item, "obtainedAt", path),
    )


def _badge_object(item: JsonObject, path: str, *, own: bool) -> BadgeObjectCopy:
    copy = _copy(PublishedCopy, item, path, own=own)
    gone = item.get("gone")
    if not isinstance(gone, bool):
        raise invalid(f"{path}/gone", "it is neither true nor false")
    served_from = text_in(item, "servedFrom", path)
    return BadgeObjectCopy(copy.url, copy.content, copy.origin, copy.obtained_at, served_from, gone)


def _resource(item: JsonObject, path: str, *, own: bool) -> ResourceCopy:
    copy = _copy(PublishedCopy, item, path, own=own)
    return ResourceCopy(copy.url, as_bytes(copy.content, f"{path}/content"), copy.origin, copy.obtained_at)


def origin_in(item: JsonObject, path: str, *, own: bool) -> Origin:
    """Where an item comes from, by its own word only where this verifier wrote it."""
    told = one_of(Origin, item, "origin", path)
    return told if own else Origin.FILE


def _resources_json(copies: Iterable[ResourceCopy]) -> list[JsonValue]:
    return [
        {
            "url": copy.url,
            "content": base64_text(copy.content),
            "origin": copy.origin.value,
            "obtainedAt": format_timestamp(copy.obtained_at),
        }
        for copy in copies
    ]


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


def failures_json(failures: Mapping[str, ResolutionFailure]) -> JsonObject:
    """What `failures_in` reads."""
    return {
        name: {"code": failure.code, "message": failure.message, "at": format_timestamp(failure.at)}
        for name, failure in failures.items()
    }


def failures_in(table: JsonObject, member: str) -> dict[str, ResolutionFailure]:
    """Why things are not there, by name."""
    return {
        name: ResolutionFailure(text_in(item, "code", path), text_in(item, "message", path), time_in(item, "at", path))
        for name, path, item in members_of(table, member)
    }
