"""Verifiable credentials 1.1 and 2.0: a view of what was received, and the rules of its structure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.credentials.errors import TimestampError, shown
from node.credentials.findings import Finding, wrong
from node.credentials.members import check_members
from node.credentials.objects import Objects
from node.credentials.records import is_record
from node.credentials.structure import (
    MAX_PROOFS,
    NOTHING,
    TypedMember,
    Version,
    check_contexts,
    check_count,
    check_party,
    check_texts,
    check_typed_member,
    check_types,
    check_url,
    objects_of,
    one_or_many,
    read_moment,
    size_finding,
    types_of,
    url_of,
    version_of,
)
from node.credentials.timestamps import parse_timestamp
from node.documents import MAX_CREDENTIAL_BYTES, MAX_PRESENTATION_BYTES, JsonObject, pointer

CREDENTIAL_TYPE: Final = "VerifiableCredential"
PRESENTATION_TYPE: Final = "VerifiablePresentation"

MAX_SUBJECTS: Final = 64
"""Subjects of one credential: nearly always one; a class of pupils fits, a register does not."""
MAX_STATUS_ENTRIES: Final = 8
"""Status entries of one credential: there are four purposes in use, and each entry may cost a fetch."""
MAX_SCHEMAS: Final = 8
"""Schemas of one credential: each may cost a fetch and a validation."""

_PROOF = TypedMember("proof", "proof", most=MAX_PROOFS)
_MEMBERS: Final = {
    Version.V2_0: (
        TypedMember("credentialStatus", "status", most=MAX_STATUS_ENTRIES),
        TypedMember("credentialSchema", "schema", id_required=True, most=MAX_SCHEMAS),
        TypedMember("refreshService", "refresh_service"),
        TypedMember("termsOfUse", "terms_of_use"),
        TypedMember("evidence", "evidence"),
        _PROOF,
    ),
    Version.V1_1: (
        TypedMember("credentialStatus", "status", id_required=True, most=MAX_STATUS_ENTRIES),
        TypedMember("credentialSchema", "schema", id_required=True, most=MAX_SCHEMAS),
        TypedMember("refreshService", "refresh_service", id_required=True),
        TypedMember("termsOfUse", "terms_of_use"),
        TypedMember("evidence", "evidence"),
        _PROOF,
    ),
}
_STARTS: Final = ("validFrom", "issuanceDate")
_ENDS: Final = ("validUntil", "expirationDate")


@dataclass(frozen=True, slots=True)
class Validity:
    """The period a credential states for itself; an open end is None."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential as it was received: nothing is copied, added or repaired.

    Each property tells what is well formed and leaves out the rest: only after `check_credential` found nothing does a
    missing value mean that nothing is stated. Values of a member come in the order of the document, which no RDF proof
    covers, so nothing may depend on it.
    """

    document: JsonObject
    path: str = ""
    """Where the credential stands in the document that was handed over."""

    @property
    def version(self) -> Version | None:
        """The version of the data model, by the first context."""
        return version_of(self.document)

    @property
    def id(self) -> str | None:
        """The credential's own identifier."""
        return url_of(self.document.get("id"))

    @property
    def types(self) -> tuple[str, ...]:
        """The types as written: terms or URLs."""
        return types_of(self.document)

    @property
    def issuer(self) -> str | None:
        """The identifier of the issuer."""
        issuer = self.document.get("issuer")
        return url_of(issuer.get("id") if isinstance(issuer, dict) else issuer)

    @property
    def issuer_profile(self) -> JsonObject:
        """What the issuer says of itself; empty where only an identifier is given."""
        issuer = self.document.get("issuer")
        return issuer if isinstance(issuer, dict) else {}

    @property
    def subjects(self) -> tuple[JsonObject, ...]:
        """Those the claims are about."""
        return objects_of(self.document, "credentialSubject")

    @property
    def subject_ids(self) -> tuple[str | None, ...]:
        """The identifier of each subject, None for one that has none (a bearer's)."""
        return tuple(url_of(subject.get("id")) for subject in self.subjects)

    @property
    def validity(self) -> Validity:
        """The period of validity; raises TimestampError for a date that cannot be read.

        A credential 1.1 states it as issuanceDate and expirationDate. Where validFrom or validUntil stand beside them,
        the later start and the earlier end count.
        """
        starts, ends = self._moments(_STARTS), self._moments(_ENDS)
        return Validity(max(starts, default=None), min(ends, default=None))

    @property
    def status(self) -> tuple[JsonObject, ...]:
        """The entries that say where the status can be looked up."""
        return objects_of(self.document, "credentialStatus")

    @property
    def schemas(self) -> tuple[JsonObject, ...]:
        """The schemas the issuer says the credential follows."""
        return objects_of(self.document, "credentialSchema")

    @property
    def evidence(self) -> tuple[JsonObject, ...]:
        """What the issuer relied on."""
        return objects_of(self.document, "evidence")

    @property
    def terms_of_use(self) -> tuple[JsonObject, ...]:
        """The terms under which the credential was issued."""
        return objects_of(self.document, "termsOfUse")

    @property
    def related_resources(self) -> tuple[JsonObject, ...]:
        """Resources whose digests the issuer states."""
        return objects_of(self.document, "relatedResource")

    @property
    def proofs(self) -> tuple[JsonObject, ...]:
        """The embedded proofs, unexamined."""
        return objects_of(self.document, "proof")

    def _moments(self, members: tuple[str, ...]) -> list[datetime]:
        moments = []
        for member in members:
            if member in self.document:
                try:
                    moments.append(parse_timestamp(self.document[member]))
                except TimestampError as error:
                    error.path = self.path + pointer(member)
                    raise
        return moments


def check_credential(document: JsonObject, path: str = "", objects: Objects | None = None) -> list[Finding]:
    """What breaks the structure of a credential, in the order of the rules; empty if nothing does.

    A proof is not demanded: what is about to be signed is judged by the same rules. Path says where the credential
    stands in the document that was handed over; objects are those of the credential, where they are at hand.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#verifiable-credentials, https://www.w3.org/TR/vc-data-model/
    """
    # 0. Its size: no rule of the data model, and what lies beyond the limit is not judged. A record is as large as what
    # it holds.
    most = MAX_PRESENTATION_BYTES if is_record(document) else MAX_CREDENTIAL_BYTES
    if too_large := size_finding(document, path, "credential", most):
        return [too_large]
    # 1. Contexts (2.0: 4.3; 1.1: 4.1). They name the version; without one the newer rules apply.
    found = [*check_contexts(document, path, "credential")]
    version = version_of(document) or Version.V2_0
    # 2. Identifier (2.0: 4.4; 1.1: 4.2).
    if "id" in document:
        found += check_url(document["id"], path + "/id", "credential.id")
    # 3. Types (2.0: 4.5; 1.1: 4.3). What also calls itself a presentation could be judged as either.
    found += check_types(document, path, "credential.type")
    types = types_of(document)
    if types and CREDENTIAL_TYPE not in types:
        message = f"{CREDENTIAL_TYPE} is not among the types {shown(list(types))}"
        found.append(wrong("credential.type", path + "/type", message))
    if PRESENTATION_TYPE in types:
        message = "the document is a credential and a presentation at once"
        found.append(wrong("credential.type", path + "/type", message))
    # 4. Issuer (2.0: 4.7; 1.1: 4.5).
    if "issuer" in document:
        found += check_party(document["issuer"], path + "/issuer", "credential.issuer")
    else:
        found.append(wrong("credential.issuer", path, "there is no issuer"))
    # 5. Subjects (2.0: 4.8; 1.1: 4.4).
    found += _check_subjects(document, path)
    # 6. Period of validity (2.0: 4.9; 1.1: 4.6, 4.8).
    found += _check_validity(document, path, version)
    # 7. Members that need a type (2.0: 4.10 to 4.12, 5.4 to 5.6; 1.1: 4.7, 4.9, 5.4 to 5.7).
    for member in _MEMBERS[version]:
        found += check_typed_member(document, member, path, "credential")
    found += _check_status_ids(document, path)
    if version is Version.V2_0:
        # 8. Names and descriptions (2.0: 4.6).
        found += check_texts(document, path, "credential")
        if isinstance(issuer := document.get("issuer"), dict):
            found += check_texts(issuer, path + "/issuer", "credential.issuer")
        # 9. Integrity of related resources (2.0: 5.3).
        found += _check_related_resources(document, path)
    # 10. The compacted form (2.0: 6.1), in which nothing can be overlooked.
    found += check_members(objects or Objects(document), path, CREDENTIAL_TYPE)
    return found


def _check_status_ids(document: JsonObject, path: str) -> Sequence[Finding]:
    """That no two entries share an id: as RDF they are one, and their purposes and indexes could be exchanged."""
    entries = [entry["id"] for entry in objects_of(document, "credentialStatus") if "id" in entry]
    if len(entries) == len({str(name) for name in entries}):
        return NOTHING
    message = "two status entries have the same id, so which index has which purpose is open"
    return (wrong("credential.status.repeated", path + "/credentialStatus", message),)


def _check_subjects(document: JsonObject, path: str) -> list[Finding]:
    code = "credential.subject"
    value = document.get("credentialSubject", [])
    if value == []:
        return [wrong(code, path, "there is no credentialSubject")]
    path += "/credentialSubject"
    found = [*check_count(value, path, "credential.limit.subjects", MAX_SUBJECTS)]
    seen: set[str] = set()
    for subject, place in one_or_many(value, path):
        if not isinstance(subject, dict):
            found.append(wrong(code, place, f"{shown(subject)} is not an object"))
        elif not subject:
            found.append(wrong(f"{code}.empty", place, "the subject has no claim"))
        elif "id" in subject:
            name = subject["id"]
            found += check_url(name, place + "/id", f"{code}.id")
            if isinstance(name, str) and name in seen:
                # As RDF the two are one; whoever splits one seems to speak of several.
                found.append(wrong(f"{code}.repeated", place + "/id", f"{shown(name)} is a subject twice"))
            elif isinstance(name, str):
                seen.add(name)
    return found


def _check_validity(document: JsonObject, path: str, version: Version) -> list[Finding]:
    found: list[Finding] = []
    if version is Version.V1_1 and "issuanceDate" not in document:
        found.append(wrong("credential.date", path, "there is no issuanceDate"))
    moments: dict[str, datetime] = {}
    for member in (*_STARTS, *_ENDS):
        if member in document:
            # XSD dateTimeStamp demands a zone, the dateTime of 1.1 only allows it.
            zone_required = version is Version.V2_0
            read = read_moment(document[member], f"{path}/{member}", "credential.date", zone_required=zone_required)
            if isinstance(read, datetime):
                moments[member] = read
            else:
                found.append(read)
    for start in _STARTS:
        for end in _ENDS:
            if start in moments and end in moments and moments[start] > moments[end]:
                message = f"it ends ({end} {shown(document[end])}) before it begins ({start} {shown(document[start])})"
                found.append(wrong("credential.validity.order", path + pointer(end), message))
    return found


def _check_related_resources(document: JsonObject, path: str) -> Sequence[Finding]:
    if "relatedResource" not in document:
        return NOTHING
    code, path = "credential.related_resource", path + "/relatedResource"
    found: list[Finding] = []
    seen: set[str] = set()
    for resource, place in one_or_many(document["relatedResource"], path):
        if not isinstance(resource, dict):
            found.append(wrong(code, place, f"{shown(resource)} is not an object"))
            continue
        name = resource.get("id")
        found += check_url(name, place + "/id" if "id" in resource else place, f"{code}.id")
        if isinstance(name, str) and name in seen:
            found.append(wrong(f"{code}.repeated", place + "/id", f"{shown(name)} is listed twice"))
        elif isinstance(name, str):
            seen.add(name)
        digests = [
            value
            for member in ("digestSRI", "digestMultibase")
            for value, _ in one_or_many(resource.get(member), "")
            if value is not None
        ]
        if not digests or not all(isinstance(value, str) and value for value in digests):
            found.append(wrong(f"{code}.digest", place, "the resource has no digestSRI and no digestMultibase"))
    return found
