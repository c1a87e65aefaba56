"""The register of a node as files: who issues there, what it published, and who vouches for whom, to be copied whole.

    index  →  head of each organisation  →  manifest  →  pages  →  files
              (signed by its key)           (by digest)  (by digest)  (by digest)

The head of an organisation is a verifiable credential by its own DID that pins the manifest; the manifest pins the
pages, a page the files. So whoever has a copy needs nobody to check it, but for the keys of the organisation. The index
says no more than where heads are: it is signed by nobody, and an organisation that it leaves out is not missed.

What is read here was written by strangers: everything is bounded, each address has to be one of the register's own,
and no name in a register is ever a name of a file.

Spec: docs/concepts/register.md, https://www.w3.org/TR/vc-data-model-2.0/#integrity-of-related-resources
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from itertools import batched
from typing import Final
from urllib.parse import urlsplit

import orjson

from did_methods.errors import shown
from node.credentials.achievement import VERSION_CONTEXT
from node.credentials.errors import TimestampError
from node.credentials.structure import objects_of
from node.credentials.timestamps import format_timestamp, parse_timestamp
from node.documents import DocumentError, JsonObject, JsonValue, UnsecuredDocument, parse_object
from node.verification.check import Outcome
from node.verification.digests import digests_of
from node.verification.errors import RegisterError

INDEX: Final = "glejt/register/v1"
MANIFEST: Final = "glejt/register-manifest/v1"
PAGE: Final = "glejt/register-page/v1"
ISSUER: Final = "glejt/register-issuer/v1"
JSON: Final = "application/json"

MAX_INDEX_BYTES: Final = 128 * 1024
MAX_INDEX_PAGES: Final = 200
"""Pages of an index, each with up to a hundred organisations: more than a country has that issue."""
MAX_REGISTERS: Final = 10_000
MAX_HEAD_BYTES: Final = 32 * 1024
MAX_MANIFEST_BYTES: Final = 512 * 1024
MAX_PAGES: Final = 2_000
"""Pages of one organisation, and so a million files."""
MAX_PAGE_BYTES: Final = 512 * 1024
PAGE_ENTRIES: Final = 500
"""Files on one page; a new version changes the last page, and the others are not copied again."""
MAX_FILE_BYTES: Final = 1024 * 1024
"""One file: the longest is the history of a DID."""
MAX_URL_CHARS: Final = 1024

_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}", re.ASCII)
_ASK: Final = "Ask whoever runs the register; one that was changed on its way fails like this."


class Kind(StrEnum):
    """What a file of a register is."""

    ISSUER = "issuer"
    """The organisation, its identifiers, and how it signs."""
    DID_DOCUMENT = "did-document"
    DID_LOG = "did-log"
    ACCREDITATION = "accreditation"
    """What a body signed of the organisation."""
    ACHIEVEMENT = "achievement"
    """A version of one, as every award of it carries it."""
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Pin:
    """Where bytes are, and which."""

    url: str
    sha256: str
    size: int

    @classmethod
    def of(cls, url: str, content: bytes) -> "Pin":
        """The pin of these bytes at an address."""
        return cls(url, sha256(content).hexdigest(), len(content))

    def holds(self, content: bytes) -> bool:
        """Whether these are the bytes."""
        return len(content) == self.size and sha256(content).hexdigest() == self.sha256

    def to_json(self) -> JsonObject:
        """The pin in a manifest."""
        return {"url": self.url, "sha256": self.sha256, "bytes": self.size}


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of the register."""

    kind: str
    """A `Kind`; another is of a later version, and is copied as it is."""
    pin: Pin
    media_type: str
    about: str | None = None
    """What it is about, where its address does not say that: a DID."""
    withdrawn: datetime | None = None
    """Since when an achievement is awarded no more."""

    def to_json(self) -> JsonObject:
        """The entry on a page."""
        found: JsonObject = {"kind": str(self.kind), **self.pin.to_json(), "media_type": self.media_type}
        if self.about is not None:
            found["about"] = self.about
        if self.withdrawn is not None:
            found["withdrawn"] = format_timestamp(self.withdrawn)
        return found


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an organisation's register holds."""

    organisation: str
    files: int
    pages: tuple[Pin, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a register says; whether it is signed is for `verify`."""

    url: str
    issuer: str
    made: datetime
    manifest_url: str
    manifest_digest: str
    """The SHA-256 of the manifest, in hexadecimal."""
    document: JsonObject

    def pins(self, content: bytes) -> bool:
        """Whether the manifest has these bytes."""
        entry = objects_of(self.document, "relatedResource")[0]
        return digests_of(entry).match(content) is Outcome.PASSED


@dataclass(frozen=True, slots=True)
class IndexPage:
    """A page of the index: heads by the ids of their organisations."""

    heads: Mapping[str, str]
    following: str | None


def pages_of(entries: Sequence[Listed]) -> list[bytes]:
    """The pages that list these files, in order."""
    return [
        orjson.dumps({"format": PAGE, "entries": [one.to_json() for one in some]})
        for some in batched(entries, PAGE_ENTRIES, strict=False)
    ]


def manifest_of(organisation: str, files: int, pages: Sequence[Pin]) -> bytes:
    """The manifest of these pages."""
    return orjson.dumps(
        {
            "format": MANIFEST,
            "organisation": organisation,
            "files": files,
            "pages": [page.to_json() for page in pages],
        }
    )


def head_of(url: str, issuer: str, name: str, manifest_url: str, manifest: bytes, made: datetime) -> UnsecuredDocument:  # noqa: PLR0913, PLR0917 -- what a head says
    """The head of a register, ready to be signed by its organisation."""
    return UnsecuredDocument(
        {
            "@context": [VERSION_CONTEXT],
            "id": url,
            "type": ["VerifiableCredential"],
            "name": name,
            "issuer": issuer,
            "validFrom": format_timestamp(made),
            "credentialSubject": {"id": issuer},
            "relatedResource": [
                {
                    "id": manifest_url,
                    "mediaType": JSON,
                    "digestSRI": f"sha256-{b64encode(sha256(manifest).digest()).decode()}",
                }
            ],
        }
    )


def index_of(url: str, heads: Sequence[tuple[str, str, str]], following: str | None) -> JsonObject:
    """A page of the index: of each organisation its id, its name as it calls itself, and where its head is."""
    return {
        "format": INDEX,
        "url": url,
        "registers": [{"organisation": whose, "name": name, "head": head} for whose, name, head in heads],
        "next": following,
    }


def read_index(content: bytes, base: str) -> IndexPage:
    """A page of an index; raises RegisterError for one that is none, or leads elsewhere than to `base`."""
    table = _table(content, INDEX, MAX_INDEX_BYTES)
    heads: dict[str, str] = {}
    for one in _objects(table, "registers", MAX_REGISTERS):
        name = _text(one, "organisation", 128)
        if name in heads:
            raise _wrong("an organisation is listed twice")
        heads[name] = _address(one, "head", base)
    following = None if table.get("next") is None else _address(table, "next", base)
    return IndexPage(heads, following)


def is_head(document: JsonObject) -> bool:
    """Whether a credential has the form of a head: of its issuer it says nothing, and something else it pins.

    Nobody else's credential has a reason to look so; no API has one signed, so that who issues publishes no register.
    """
    subjects = document.get("credentialSubject")
    subject = subjects[0] if isinstance(subjects, list) and len(subjects) == 1 else subjects
    return subject == {"id": document.get("issuer")} and len(objects_of(document, "relatedResource")) == 1


def read_head(content: bytes, base: str) -> Head:
    """What a head says, unchecked; raises RegisterError for one that pins no manifest of this register."""
    try:
        document = parse_object(content, max_bytes=MAX_HEAD_BYTES)
        made = parse_timestamp(document.get("validFrom"))
    except (DocumentError, TimestampError) as error:
        raise _wrong(f"a head cannot be read: {error}") from error
    issuer = document.get("issuer")
    pinned = objects_of(document, "relatedResource")
    found = dict(digests_of(pinned[0]).groups).get("sha256") if len(pinned) == 1 else None
    if not isinstance(issuer, str) or found is None or len(found) != 1 or not is_head(document):
        raise _wrong("a head does not pin one manifest, and nothing else")
    url, manifest = _address(document, "id", base), _address(pinned[0], "id", base)
    return Head(url, issuer, made, manifest, min(found).hex(), document)


def read_manifest(content: bytes, base: str) -> Manifest:
    """A manifest; raises RegisterError for one that is none."""
    table = _table(content, MANIFEST, MAX_MANIFEST_BYTES)
    pages = tuple(_pin(one, base, MAX_PAGE_BYTES) for one in _objects(table, "pages", MAX_PAGES))
    files = _number(table, "files", PAGE_ENTRIES * MAX_PAGES)
    if len({page.url for page in pages}) != len(pages):
        raise _wrong("a page is listed twice")
    return Manifest(_text(table, "organisation", 128), files, pages)


def read_page(content: bytes, base: str) -> tuple[Listed, ...]:
    """A page; raises RegisterError for one that is none."""
    return tuple(_listed(_table(content, PAGE, MAX_PAGE_BYTES), base))


def _listed(table: JsonObject, base: str) -> Iterator[Listed]:
    for one in _objects(table, "entries", PAGE_ENTRIES):
        media_type = _text(one, "media_type", 100)
        if not _MEDIA_TYPE.fullmatch(media_type):
            raise _wrong(f"{shown(media_type)} is no media type")
        try:
            withdrawn = None if one.get("withdrawn") is None else parse_timestamp(one["withdrawn"])
        except TimestampError as error:
            raise _wrong(str(error)) from error
        about = None if one.get("about") is None else _text(one, "about", MAX_URL_CHARS)
        yield Listed(_text(one, "kind", 64), _pin(one, base, MAX_FILE_BYTES), media_type, about, withdrawn)


def origin_of(url: str) -> str:
    """Scheme, host and port of an address; raises RegisterError for what is none."""
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc and url.isascii():
            return f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        pass
    raise RegisterError(
        f"{shown(url)} is no address of a register",
        code="register.url",
        remedy="Give the address of a node's register, such as https://node.example/register",
    )


def _pin(table: JsonObject, base: str, most: int) -> Pin:
    digest = _text(table, "sha256", 64)
    if not _DIGEST.fullmatch(digest):
        raise _wrong(f"{shown(digest)} is no SHA-256 in hexadecimal")
    return Pin(_address(table, "url", base), digest, _number(table, "bytes", most))


def _address(table: JsonObject, member: str, base: str) -> str:
    url = _text(table, member, MAX_URL_CHARS)
    if origin_of(url) != base:
        raise _wrong(f"it leads elsewhere: {shown(url)}")
    return url


def _table(content: bytes, form: str, most: int) -> JsonObject:
    try:
        table = parse_object(content, max_bytes=most)
    except DocumentError as error:
        raise _wrong(f"a part of it cannot be read: {error}") from error
    if table.get("format") != form:
        raise _wrong(f"a part of it is of the form {shown(table.get('format'))}, not {form}")
    return table


def _objects(table: JsonObject, member: str, most: int) -> list[JsonObject]:
    value = table.get(member)
    if not isinstance(value, list) or len(value) > most:
        raise _wrong(f"{member} is no list of at most {most}")
    found = [one for one in value if isinstance(one, dict)]
    if len(found) != len(value):
        raise _wrong(f"{member} holds what is no object")
    return found


def _text(table: JsonObject, member: str, most: int) -> str:
    value: JsonValue = table.get(member)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise _wrong(f"{member} is no text of at most {most} characters")
    return value


def _number(table: JsonObject, member: str, most: int) -> int:
    value = table.get(member)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise _wrong(f"{member} is no number of at most {most}")
    return value


def _wrong(message: str) -> RegisterError:
    return RegisterError(f"the register cannot be copied: {message}", code="register.form", remedy=_ASK)
