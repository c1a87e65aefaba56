"""The rules of the objects' structure: what verification cannot do without, and what the specification wants besides.

A badge that lacks the second kind is shown with what it lacks: many genuine ones do, and nobody can mend them.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html#data-validation
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from node.credentials.errors import shown
from node.credentials.findings import Finding, wrong
from node.credentials.open_badges_2.identity import IdentityHash, read_identity
from node.credentials.open_badges_2.objects import Assertion, Kind, is_assertion
from node.credentials.structure import is_url, size_finding
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject, JsonValue

WANTED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "badge": ("id", "type", "name", "description", "image", "criteria", "issuer"),
        "issuer": ("id", "type", "name", "url", "email"),
    }
)
"""What the specification wants of a badge class and of its issuer's profile."""
MD5: Final = "badge.recipient.md5"
UNSALTED: Final = "badge.recipient.unsalted"
DATE: Final = "badge.issued_on"


def check_assertion(document: JsonObject) -> list[Finding]:
    """What keeps an assertion from being verified, in the order of the rules; empty if nothing does.

    One that was revoked may be stripped down to saying so.
    """
    return list(_findings(document))


def _findings(document: JsonObject) -> Iterator[Finding]:
    # 0. Its size: no rule of the specification, and what lies beyond the limit is not judged.
    if too_large := size_finding(document, "", "badge", MAX_CREDENTIAL_BYTES):
        yield too_large
        return
    assertion = Assertion(document)
    # 1. It is an assertion, and has an id, or had a uid in version 1.
    if not is_assertion(document):
        yield wrong("badge.type", "/type", f"{shown(document.get('type'))} does not say that it is an assertion")
    if assertion.uid is None and not is_url(document.get("id")):
        yield wrong("badge.id", "/id" if "id" in document else "", f"{shown(document.get('id'))} is not a URL")
    if assertion.revoked:
        return
    # 2. It says how it is to be verified.
    if assertion.kind is None:
        yield wrong("badge.verification", "", "it does not say how it is to be verified")
    elif assertion.kind is Kind.HOSTED and assertion.address is None:
        yield wrong("badge.verification", "", "it says that it is hosted, and not at which address on the web")
    # 3. Its badge class.
    if assertion.badge == (None, None):
        yield wrong("badge.badge", "/badge" if "badge" in document else "", "it does not say which badge it awards")
    # 4. Its recipient, of whom no message repeats anything.
    if read_identity(document.get("recipient")) is None:
        path = "/recipient" if "recipient" in document else ""
        yield wrong("badge.recipient", path, "it does not say properly who the recipient is")
    # 5. When it was awarded. A date that cannot be read is left to the check of its validity.
    if "issuedOn" not in document:
        yield wrong(DATE, "", "it does not say when it was awarded")


def remarks(document: JsonObject, badge: JsonObject | None, profile: JsonObject | None) -> Iterator[tuple[str, str]]:
    """What the specification wants otherwise, as code and place in the badge put together from its parts.

    None of it keeps a badge from being genuine.
    """
    identity = read_identity(document.get("recipient"))
    if identity is not None and identity.hash is not None:
        if identity.hash is IdentityHash.MD5:
            yield MD5, "/recipient/identity"
        if not identity.salt:
            yield UNSALTED, "/recipient"
    for path, name, value in (("/badge", "badge", badge), ("/badge/issuer", "issuer", profile)):
        if value is not None:
            for member in WANTED[name]:
                if not _said(value.get(member)):
                    yield f"badge.wanted.{name}", f"{path}/{member}"


def _said(value: JsonValue) -> bool:
    return value not in (None, "", [], {})
