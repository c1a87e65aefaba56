"""Checking a copy of a register, without asking anybody.

1. The head is judged as any credential is, with the identifiers that the copy itself has: a history that proves itself
   counts; a document that only says so is not more than what came with the file, unless the verifier pinned it.
2. Manifest, pages and files are there, and are what is pinned, to the byte.
3. An achievement is a version that can be awarded, and calls itself by its address; who issues names the identifier by
   which the head is signed.

What a copy lacks is told; nothing in it is believed for being there.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from did_methods.webvh import LOG_FILE
from node.credentials.achievement import read_achievement
from node.credentials.errors import CompositionError
from node.credentials.micro_credential.classification import classify_achievement
from node.documents import DocumentError, JsonObject, parse_object
from node.verification.capsule import Capsule
from node.verification.errors import VerificationError
from node.verification.material import Origin, ResolvedDocument, ResourceCopy, VerificationMaterial
from node.verification.opened_capsule import Opened
from node.verification.policy import KeyEvidence
from node.verification.register_form import (
    ISSUER,
    MAX_MANIFEST_BYTES,
    Head,
    Kind,
    Listed,
    origin_of,
    read_head,
    read_manifest,
    read_page,
)
from node.verification.report import Report

MAX_PROBLEMS: Final = 50
"""Problems that are told of one organisation."""
type Judge = Callable[[Opened], Report]
"""Verifies what is in a capsule, asking nobody."""


class CopyReader(Protocol):
    """A copy that is read. Raises OSError."""

    def read(self, digest: str) -> bytes | None:
        """The file of this digest; None where it is not there, or is another."""


@dataclass(slots=True)
class Checked:
    """What a copy has of one organisation."""

    organisation: str
    name: str = ""
    issuer: str = ""
    made: datetime | None = None
    report: Report | None = None
    files: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    """Of its achievements."""
    problems: list[tuple[str, str]] = field(default_factory=list)
    """Codes, and what they are about."""

    def note(self, code: str, about: str) -> None:
        """Add a problem."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append((code, about))


def check_one(copy: CopyReader, organisation: str, digest: str, judge: Judge) -> Checked:
    """What the copy has of the organisation whose head has this digest."""
    checked = Checked(organisation)
    content = copy.read(digest)
    if content is None:
        checked.note("register.missing", "head")
        return checked
    try:
        _check(copy, checked, content, judge)
    except (VerificationError, DocumentError) as error:
        checked.note(error.code, str(error))
    return checked


def _check(copy: CopyReader, checked: Checked, content: bytes, judge: Judge) -> None:
    head = read_head(content, origin_of(str(parse_object(content).get("id"))))
    base = origin_of(head.url)
    checked.issuer, checked.made = head.issuer, head.made
    checked.name = str(head.document.get("name") or "")
    manifest_bytes = copy.read(head.manifest_digest)
    if manifest_bytes is None or not head.pins(manifest_bytes) or len(manifest_bytes) > MAX_MANIFEST_BYTES:
        checked.note("register.missing", "manifest")
        manifest_bytes = None
    documents: dict[str, ResolvedDocument] = {}
    if manifest_bytes is not None:  # 2.
        manifest = read_manifest(manifest_bytes, base)
        if manifest.organisation != checked.organisation:
            checked.note("register.head", manifest.organisation)
        for page in manifest.pages:
            listed = copy.read(page.sha256)
            if listed is None:
                checked.note("register.missing", page.url)
                continue
            for one in read_page(listed, base):
                checked.files += 1
                checked.kinds[one.kind] += 1
                _file(copy, checked, one, head, documents)
        if checked.files != manifest.files:
            checked.note("register.missing", f"{manifest.files - checked.files} files")
    checked.report = judge(_opened(content, head, manifest_bytes, documents))  # 1.


def _file(copy: CopyReader, checked: Checked, one: Listed, head: Head, documents: dict[str, ResolvedDocument]) -> None:
    content = copy.read(one.pin.sha256)
    if content is None or not one.pin.holds(content):
        checked.note("register.missing", one.pin.url)
        return
    try:
        match one.kind:  # 3.
            case Kind.ACHIEVEMENT:
                _achievement(checked, one, parse_object(content))
            case Kind.ISSUER:
                _issuer(checked, one, parse_object(content), head)
            case Kind.DID_DOCUMENT if one.about is not None:
                known = documents.get(one.about)
                files = {} if known is None else known.files
                documents[one.about] = _document(parse_object(content), head, files)
            case Kind.DID_LOG if one.about is not None:
                known = documents.get(one.about)
                document: JsonObject = {"id": one.about} if known is None else known.document
                documents[one.about] = _document(document, head, {LOG_FILE: content})
            case _:
                pass
    except DocumentError as error:
        checked.note(error.code, one.pin.url)


def _achievement(checked: Checked, one: Listed, document: JsonObject) -> None:
    if document.get("id") != one.pin.url:
        checked.note("register.achievement", one.pin.url)
        return
    try:
        read_achievement(document)
    except CompositionError as error:
        checked.note(error.code, one.pin.url)
        return
    checked.classes[classify_achievement(document).credential_class.value] += 1


def _issuer(checked: Checked, one: Listed, document: JsonObject, head: Head) -> None:
    dids = document.get("dids")
    right = document.get("format") == ISSUER and document.get("organisation") == checked.organisation
    if not right or not isinstance(dids, list) or head.issuer not in dids:
        checked.note("register.issuer", one.pin.url)


def _document(document: JsonObject, head: Head, files: object) -> ResolvedDocument:
    held = files if isinstance(files, dict) else {}
    return ResolvedDocument(document, KeyEvidence.NOW_ONLY, Origin.FILE, head.made, held)


def _opened(content: bytes, head: Head, manifest: bytes | None, documents: dict[str, ResolvedDocument]) -> Opened:
    own = {did: item for did, item in documents.items() if did == head.issuer}
    pinned = () if manifest is None else (ResourceCopy(head.manifest_url, manifest, Origin.FILE, head.made),)
    material = VerificationMaterial(documents=own, resources=pinned)
    return Opened(Capsule.of([content], material, made=head.made))


def checked_all(copy: CopyReader, heads: dict[str, str], judge: Judge) -> Iterator[Checked]:
    """What the copy has of each organisation, one after the other."""
    for organisation, digest in sorted(heads.items()):
        yield check_one(copy, organisation, digest, judge)
