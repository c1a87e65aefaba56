"""A strict view of a DID document or controlled identifier document.

The received JSON is kept as it is. Whether a method may be relied upon is asked with `verification_method`; the time
limits of a method are shown, not judged.

Spec: https://www.w3.org/TR/did-1.0/#core-properties, https://www.w3.org/TR/cid-1.0/#data-model
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

from did_methods.did import MAX_DID_URL_CHARS, DidUrl, parse_did
from did_methods.errors import DidDocumentError, DidMethodsError, UnsupportedError, VerificationMethodError, shown
from did_methods.json_web_key import ENCRYPTION, SIGNATURE, JsonObject, JsonValue
from did_methods.multikey import PublicKey
from did_methods.rsa import RsaPublicKey
from did_methods.timestamps import parse_stamp
from did_methods.verification_material import read_material

# Issuers publish a handful of keys; even with every retired key listed, a hundred is many. Checking one costs 0.3 ms.
MAX_METHODS: Final = 128
_HTTPS: Final = "https://"


class Relationship(StrEnum):
    """What a subject lets a verification method do on its behalf."""

    AUTHENTICATION = "authentication"
    ASSERTION_METHOD = "assertionMethod"
    KEY_AGREEMENT = "keyAgreement"
    CAPABILITY_INVOCATION = "capabilityInvocation"
    CAPABILITY_DELEGATION = "capabilityDelegation"


@dataclass(frozen=True, slots=True)
class VerificationMethod:
    """One verification method; `source` is its JSON as received, `path` where it stands in the document.

    Either `key` is there, or `problem` says why not: the key is wrong (`InvalidError`), or of a kind that is not known
    here (`UnsupportedError`). Times are as published; what they mean for a proof is for the verifier to say.
    """

    id: str
    type: str
    controller: str
    source: JsonObject
    path: str
    key: PublicKey | RsaPublicKey | None
    purposes: frozenset[str]
    problem: DidMethodsError | None
    expires: datetime | None
    revoked: datetime | None


@dataclass(frozen=True, slots=True)
class DidDocument:
    """A view of a DID document; `source` is its JSON as received, never changed."""

    id: str
    source: JsonObject
    methods: Mapping[str, VerificationMethod]
    relationships: Mapping[Relationship, frozenset[str]]

    @classmethod
    def parse(cls, source: JsonObject) -> Self:
        """Read a document whose size and depth the parser of its bytes has bounded.

        The caller compares `id` with the identifier it asked for.
        """
        document_id = _document_id(source)
        methods: dict[str, VerificationMethod] = {}
        relationships: dict[Relationship, frozenset[str]] = {}
        for path, entry in _entries(source, "verificationMethod"):
            _add(methods, _method(entry, document_id, path))
        for relationship in Relationship:
            listed = set()
            for path, entry in _entries(source, relationship):
                if isinstance(entry, str):
                    listed.add(_absolute(entry, document_id, path))
                    continue
                method = _method(entry, document_id, path)
                _add(methods, method)
                listed.add(method.id)
            relationships[relationship] = frozenset(listed)
        return cls(document_id, source, MappingProxyType(methods), MappingProxyType(relationships))

    def only_method(self, relationship: Relationship) -> str:
        """The id of the one method that the relationship lists; raises UnsupportedError where it lists none or several.

        For what names its maker and no key: which key is meant is then plain, or cannot be told.
        """
        listed = self.relationships[relationship]
        if len(listed) != 1:
            raise UnsupportedError(
                f"the document of {shown(self.id)} lists {len(listed)} methods under {relationship}",
                code="verification_method.open",
                remedy="Ask for a document that names the key it was signed with.",
            )
        return next(iter(listed))

    def verification_method(self, url: str | DidUrl, relationship: str) -> VerificationMethod:
        """The method with this id, if this document authorises it for this relationship; its `key` is present.

        1. The relationship is one that is known here.
        2. The id is one of this document: its identifier, `#` and a fragment.
        3. The document has the method.
        4. The relationship lists it.
        5. The subject of the document controls it.
        6. Its key is sound and of a known kind.
        7. The key can do what the relationship is about.

        Raises InvalidError when the answer is no, UnsupportedError when it cannot be told.
        Not checked: `expires` and `revoked`.

        Spec: https://www.w3.org/TR/cid-1.0/#retrieve-verification-method
        """
        method_id = str(url)
        # 1.
        if relationship not in Relationship:
            raise UnsupportedError(
                f"the purpose {shown(relationship)} is not a verification relationship known here",
                code="verification_method.purpose",
                remedy=f"Known purposes are {', '.join(Relationship)}.",
            )
        # 2.
        if not _belongs(method_id, self.id):
            raise VerificationMethodError(
                f"the method {shown(method_id)} is not one of the document of {shown(self.id)}",
                code="verification_method.foreign",
                remedy="Do not rely on it: an issuer signs with a method of its own document.",
            )
        # 3.
        method = self.methods.get(method_id)
        if method is None:
            raise VerificationMethodError(
                f"the document of {shown(self.id)} has no method {shown(method_id)}; it was removed or never there",
                code="verification_method.absent",
                remedy="Ask the issuer whether the key was retired, or fetch the document again.",
            )
        # 4.
        if method_id not in self.relationships[Relationship(relationship)]:
            raise VerificationMethodError(
                f"the document of {shown(self.id)} does not list {shown(method_id)} under {relationship}",
                code="verification_method.relationship",
                remedy=f"Do not rely on it: the subject has not authorised this key for {relationship}.",
                path=method.path,
            )
        # 5.
        if method.controller != self.id:
            raise VerificationMethodError(
                f"the method {shown(method_id)} is controlled by {shown(method.controller)}, not by {shown(self.id)}",
                code="verification_method.controller",
                remedy="Do not rely on it: someone else can sign with this key.",
                path=f"{method.path}/controller",
            )
        # 6.
        if method.problem is not None:
            raise method.problem
        # 7.
        needed = ENCRYPTION if relationship == Relationship.KEY_AGREEMENT else SIGNATURE
        if needed not in method.purposes:
            raise VerificationMethodError(
                f"the key of {shown(method_id)} cannot serve {relationship}",
                code="verification_method.use",
                remedy="Use a key whose type, and whose use member if it has one, fits the relationship.",
                path=method.path,
            )
        return method


def _document_id(source: JsonObject) -> str:
    document_id = source.get("id")
    if isinstance(document_id, str) and document_id.startswith("did:"):
        return str(parse_did(document_id))
    if (
        isinstance(document_id, str)
        and document_id.startswith(_HTTPS)
        and len(document_id) <= MAX_DID_URL_CHARS
        and document_id.isascii()
        and document_id.isprintable()
        and "#" not in document_id
    ):
        return document_id
    raise DidDocumentError(
        f"the document's id {shown(document_id)} is neither a DID nor an https URL without a fragment",
        code="did_document.id",
        remedy="A DID document names its subject in id.",
        path="/id",
    )


def _entries(source: JsonObject, member: str) -> Iterator[tuple[str, JsonValue]]:
    entries = source.get(member, [])
    if not isinstance(entries, list):
        raise _malformed(member, f"/{member}", "is not a list")
    if len(entries) > MAX_METHODS:
        raise DidDocumentError(
            f"{member} has {len(entries)} entries; at most {MAX_METHODS} are read here",
            code="did_document.too_many",
            remedy="Publish fewer methods: remove those that no proof uses any more.",
            path=f"/{member}",
        )
    yield from ((f"/{member}/{index}", entry) for index, entry in enumerate(entries))


def _method(entry: JsonValue, document_id: str, path: str) -> VerificationMethod:
    if not isinstance(entry, dict):
        raise _malformed("a verification method", path, "is not an object")
    method_id = _absolute(_text(entry, "id", path), document_id, f"{path}/id")
    method_type = _text(entry, "type", path)
    controller = _text(entry, "controller", path)
    key, purposes, problem = read_material(entry, method_type, path)
    expires = revoked = None
    try:
        expires = parse_stamp(entry["expires"], path=f"{path}/expires") if "expires" in entry else None
        revoked = parse_stamp(entry["revoked"], path=f"{path}/revoked") if "revoked" in entry else None
    except DidDocumentError as error:
        key, problem = None, error
    return VerificationMethod(method_id, method_type, controller, entry, path, key, purposes, problem, expires, revoked)


def _add(methods: dict[str, VerificationMethod], method: VerificationMethod) -> None:
    known = methods.setdefault(method.id, method)
    # Issuers do repeat a method word for word, listed and embedded. Then no reader can take one for the other.
    if known is not method and known.source != method.source:
        raise DidDocumentError(
            f"two different verification methods have the id {shown(method.id)}; readers disagree which of them counts",
            code="did_document.duplicate_id",
            remedy="Give each method an id of its own, and refer to it by id from the relationships.",
            path=f"{method.path}/id",
        )


def _absolute(reference: str, document_id: str, path: str) -> str:
    """An id as written, or, for a bare fragment, under the document's own identifier."""
    if len(reference) > MAX_DID_URL_CHARS or not reference.isascii() or not reference.isprintable():
        raise _malformed(shown(reference), path, "is not the id of a verification method")
    return document_id + reference if reference.startswith("#") else reference


def _belongs(method_id: str, document_id: str) -> bool:
    base, separator, fragment = method_id.partition("#")
    return base == document_id and bool(separator) and bool(fragment) and "#" not in fragment


def _text(entry: JsonObject, member: str, path: str) -> str:
    value = entry.get(member)
    if not isinstance(value, str) or not value:
        raise _malformed(f"the {member} of a verification method", f"{path}/{member}", "is absent or not a string")
    return value


def _malformed(what: str, path: str, problem: str) -> DidDocumentError:
    return DidDocumentError(
        f"{what} {problem}",
        code="did_document.member",
        remedy="The document breaks the data model of DIDs; ask its owner to publish it again.",
        path=path,
    )
