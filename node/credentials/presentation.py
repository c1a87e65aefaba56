"""Verifiable presentations 1.1 and 2.0: a view of what was received, and the rules of its structure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from node.credentials.credential import CREDENTIAL_TYPE, PRESENTATION_TYPE, Credential, check_credential
from node.credentials.errors import shown
from node.credentials.findings import Finding, wrong
from node.credentials.members import check_members
from node.credentials.objects import Objects
from node.credentials.structure import (
    MAX_PROOFS,
    TypedMember,
    Version,
    check_contexts,
    check_count,
    check_party,
    check_typed_member,
    check_types,
    check_url,
    is_url,
    objects_of,
    one_or_many,
    size_finding,
    types_of,
    url_of,
    version_of,
)
from node.documents import MAX_PRESENTATION_BYTES, JsonObject, JsonValue

ENVELOPED_CREDENTIAL_TYPE: Final = "EnvelopedVerifiableCredential"
ENVELOPED_PRESENTATION_TYPE: Final = "EnvelopedVerifiablePresentation"

MAX_PRESENTED: Final = 64
"""Credentials in one presentation: wallets that bundle all they hold reach some 40, and each is verified whole."""

_MEMBERS = (
    TypedMember("termsOfUse", "terms_of_use"),
    TypedMember("refreshService", "refresh_service"),
    TypedMember("proof", "proof", most=MAX_PROOFS),
)
_DATA_URL_PREFIX = "data:"


class DocumentKind(StrEnum):
    """What a document says it is."""

    CREDENTIAL = "credential"
    PRESENTATION = "presentation"
    ENVELOPED_CREDENTIAL = "enveloped_credential"
    ENVELOPED_PRESENTATION = "enveloped_presentation"


_KINDS = {
    CREDENTIAL_TYPE: DocumentKind.CREDENTIAL,
    PRESENTATION_TYPE: DocumentKind.PRESENTATION,
    ENVELOPED_CREDENTIAL_TYPE: DocumentKind.ENVELOPED_CREDENTIAL,
    ENVELOPED_PRESENTATION_TYPE: DocumentKind.ENVELOPED_PRESENTATION,
}


def kind_of(document: JsonObject) -> DocumentKind | None:
    """What a document is by its types; None if they name nothing of the kind, or more than one."""
    named = _KINDS.keys() & types_of(document)
    return _KINDS[named.pop()] if len(named) == 1 else None


@dataclass(frozen=True, slots=True)
class EnvelopedCredential:
    """A credential that is secured as a whole, as a JWT or otherwise, and carried inside a data URL."""

    document: JsonObject
    path: str


@dataclass(frozen=True, slots=True)
class Presentation:
    """A presentation as it was received: nothing is copied, added or repaired.

    Each property tells what is well formed and leaves out the rest, as with `Credential`.
    """

    document: JsonObject

    @property
    def version(self) -> Version | None:
        """The version of the data model, by the first context."""
        return version_of(self.document)

    @property
    def id(self) -> str | None:
        """The presentation's own identifier."""
        return url_of(self.document.get("id"))

    @property
    def types(self) -> tuple[str, ...]:
        """The types as written: terms or URLs."""
        return types_of(self.document)

    @property
    def holder(self) -> str | None:
        """The identifier of the holder, as the presentation claims it."""
        holder = self.document.get("holder")
        return url_of(holder.get("id") if isinstance(holder, dict) else holder)

    @property
    def credentials(self) -> tuple[Credential | EnvelopedCredential, ...]:
        """What is presented, each with its place in the document."""
        presented: list[Credential | EnvelopedCredential] = []
        for value, path in one_or_many(self.document.get("verifiableCredential"), "/verifiableCredential"):
            if isinstance(value, dict):
                enveloped = ENVELOPED_CREDENTIAL_TYPE in types_of(value)
                presented.append(EnvelopedCredential(value, path) if enveloped else Credential(value, path))
        return tuple(presented)

    @property
    def proofs(self) -> tuple[JsonObject, ...]:
        """The embedded proofs, unexamined."""
        return objects_of(self.document, "proof")


def check_presentation(document: JsonObject, *, credentials: bool = True) -> list[Finding]:
    """What breaks the structure of a presentation, in the order of the rules; empty if nothing does.

    With credentials false, those inside are left to `check_credential`, one by one, at the paths that
    `Presentation.credentials` gives. A proof is not demanded.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#verifiable-presentations
    """
    # 0. Its size: no rule of the data model, and what lies beyond the limit is not judged.
    if too_large := size_finding(document, "", "presentation", MAX_PRESENTATION_BYTES):
        return [too_large]
    # 1. Contexts (4.3).
    found = [*check_contexts(document, "", "presentation")]
    # 2. Identifier (4.13).
    if "id" in document:
        found += check_url(document["id"], "/id", "presentation.id")
    # 3. Types (4.5, 4.13). What also calls itself a credential could be judged as either.
    found += check_types(document, "", "presentation.type")
    types = types_of(document)
    if types and PRESENTATION_TYPE not in types:
        message = f"{PRESENTATION_TYPE} is not among the types {shown(list(types))}"
        found.append(wrong("presentation.type", "/type", message))
    if CREDENTIAL_TYPE in types:
        message = "the document is a presentation and a credential at once"
        found.append(wrong("presentation.type", "/type", message))
    # 4. Holder (4.13).
    if "holder" in document:
        found += check_party(document["holder"], "/holder", "presentation.holder")
    # 5. Credentials (4.13, 4.13.1).
    if "verifiableCredential" in document:
        found += _check_presented(document["verifiableCredential"], credentials=credentials)
    # 6. Members that need a type (4.5).
    for member in _MEMBERS:
        found += check_typed_member(document, member, "", "presentation")
    # 7. The compacted form (6.1), in which nothing can be overlooked.
    around = {name: value for name, value in document.items() if name != "verifiableCredential"}
    found += check_members(Objects(around), "", PRESENTATION_TYPE)
    return found


def _check_presented(value: JsonValue, *, credentials: bool) -> Iterator[Finding]:
    path = "/verifiableCredential"
    yield from check_count(value, path, "presentation.limit.credentials", MAX_PRESENTED)
    for presented, place in one_or_many(value, path):
        if not isinstance(presented, dict):
            remedy = "Put a secured text such as a JWT into an EnvelopedVerifiableCredential, as a data URL."
            message = f"{shown(presented)} is not a credential object"
            yield wrong("presentation.credential", place, message, remedy)
        elif ENVELOPED_CREDENTIAL_TYPE in types_of(presented):
            yield from check_enveloped(presented, place)
        elif credentials:
            yield from check_credential(presented, place)


def check_enveloped(document: JsonObject, path: str = "") -> Iterator[Finding]:
    """What breaks the structure of an enveloped credential or presentation; what is inside is not looked at.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#enveloped-verifiable-credentials
    """
    if "@context" not in document:
        yield wrong("credential.context.missing", path, "there is no @context")
    name = document.get("id")
    if not (isinstance(name, str) and is_url(name) and name.lower().startswith(_DATA_URL_PREFIX)):
        place = path + "/id" if "id" in document else path
        yield wrong("credential.enveloped.id", place, f"{shown(name)} is not a data URL")
