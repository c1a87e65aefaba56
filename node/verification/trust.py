"""Whom and what a verifier trusts: lists of issuers, contexts of its own, pinned documents of issuers.

Everything here was chosen by the verifier. Nothing that comes with a credential ever adds to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from did_methods.did import parse_did
from did_methods.document import DidDocument
from did_methods.errors import DidMethodsError
from node.credentials.contexts import BUNDLED, PinnedContext
from node.credentials.errors import ContextPinError, RecordNameError
from node.credentials.record_name import RecordName
from node.documents import DocumentError, JsonObject, JsonValue, parse_object
from node.verification.errors import TrustError
from node.verification.toml_file import read_toml, text_of
from node.verification.vocabulary import definitions_of, exchanged_terms

if TYPE_CHECKING:
    from node.verification.bodies import Body
    from node.verification.chains import TrustedChain

MAX_PINNED_FILE_BYTES: Final = 1024 * 1024
"""One context or DID document; the largest published contexts have some 100 kB."""


@dataclass(frozen=True, slots=True)
class ListedIssuer:
    """An issuer as the keeper of a list knows it."""

    did: str
    name: str
    domain: str
    distrust_from: datetime | None = None
    namespaces: frozenset[RecordName] = frozenset()
    """Where the issuer writes on chains, as the keeper of the list knows it."""


@dataclass(frozen=True, slots=True)
class TrustList:
    """A named list of issuers, by their identifier.

    `check_domains` has each issuer's domain asked, at each verification, whether it names the issuer too; the domain
    then learns that somebody checks a document of that issuer.
    """

    name: str
    issuers: Mapping[str, ListedIssuer]
    check_domains: bool = False


@dataclass(frozen=True, slots=True)
class TrustedRoot:
    """A certificate of an authority whose certificates count; `der` is its binary form."""

    name: str
    der: bytes


@dataclass(frozen=True, slots=True)
class Trust:
    """A verifier's own choices. `documents` are pinned: they count as the present ones of their subjects."""

    lists: tuple[TrustList, ...] = ()
    contexts: tuple[PinnedContext, ...] = ()
    documents: Mapping[str, JsonObject] = field(default_factory=dict)
    roots: tuple[TrustedRoot, ...] = ()
    chains: tuple["TrustedChain", ...] = ()
    bodies: Mapping[str, "Body"] = field(default_factory=dict)
    """Whose accreditations count, by their identifiers."""

    def chain(self, chain_id: int) -> "TrustedChain | None":
        """The chain that this verifier knows by this number."""
        return next((chain for chain in self.chains if chain.chain.id == chain_id), None)

    def namespaces(self, did: str) -> frozenset[RecordName]:
        """Where an issuer writes on chains, as the keepers of the lists know it."""
        return frozenset(
            name for listed in self.lists if did in listed.issuers for name in listed.issuers[did].namespaces
        )


NO_TRUST: Final = Trust()
"""A verifier that knows the bundled contexts and nobody."""


def parse_trust(text: str, read: Callable[[str], bytes], *, file: str = "trust file") -> Trust:
    """The trust that a TOML text describes.

    `read` gives the bytes of a file that the text names, relative to where the text came from, and raises OSError
    where it cannot. TrustError names file, key and remedy; nothing is taken over where anything is wrong.
    """
    table = read_toml(text, kind="trust", file=file, error=TrustError)
    reader = _Reader(table, read, file)
    return Trust(
        reader.lists(), reader.contexts(), reader.documents(), reader.roots(), reader.chains(), reader.bodies()
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """One trust file that keeps to the schema, and access to the files it names."""

    table: JsonObject
    read: Callable[[str], bytes]
    file: str

    def lists(self) -> tuple[TrustList, ...]:
        found: dict[str, TrustList] = {}
        for index, entry in enumerate(_tables(self.table, "lists")):
            name = text_of(entry, "name")
            if name in found:
                raise self._duplicate(f"two lists are named “{name}”", f"lists[{index}].name")
            issuers = self._issuers(entry, f"lists[{index}]")
            found[name] = TrustList(name, issuers, check_domains=entry.get("check_domains") is True)
        return tuple(found.values())

    def _issuers(self, entry: JsonObject, path: str) -> dict[str, ListedIssuer]:
        issuers: dict[str, ListedIssuer] = {}
        for index, listed in enumerate(_tables(entry, "issuers")):
            key = f"{path}.issuers[{index}]"
            did = self._identifier(text_of(listed, "did"), f"{key}.did")
            if did in issuers:
                raise self._duplicate(f"{did} is listed twice", f"{key}.did")
            distrusted = listed.get("distrust_from")
            issuers[did] = ListedIssuer(
                did,
                text_of(listed, "name"),
                text_of(listed, "domain"),
                self._time(distrusted, f"{key}.distrust_from") if isinstance(distrusted, str) else None,
                self._namespaces(listed, key),
            )
        return issuers

    def _namespaces(self, listed: JsonObject, key: str) -> frozenset[RecordName]:
        names = listed.get("namespaces")
        try:
            return frozenset(RecordName.parse(str(name)).record for name in (names if isinstance(names, list) else []))
        except RecordNameError as error:
            raise self._wrong(str(error), "trust.namespace", error.remedy, f"{key}.namespaces") from error

    def chains(self) -> "tuple[TrustedChain, ...]":
        tables = _tables(self.table, "chains")
        if not tables:
            return ()
        from node.verification.chain_tables import read_chains  # noqa: PLC0415 -- few trust files name any

        return read_chains(tables, self._wrong)

    def bodies(self) -> "dict[str, Body]":
        found: dict[str, Body] = {}
        for index, table in enumerate(_tables(self.table, "bodies")):
            from node.verification.bodies import body_of, read_scopes, require_new  # noqa: PLC0415 -- as above

            path, distrusted = f"bodies[{index}]", table.get("distrust_from")
            did = self._identifier(text_of(table, "did"), f"{path}.did")
            require_new(did, found, path, self._wrong)
            end = self._time(distrusted, f"{path}.distrust_from") if isinstance(distrusted, str) else None
            scopes = read_scopes(table, path, self._wrong)
            found[did] = body_of(table, did, self._namespaces(table, path), scopes, end)
        return found

    def contexts(self) -> tuple[PinnedContext, ...]:
        known = BUNDLED
        pinned: list[PinnedContext] = []
        for index, entry in enumerate(_tables(self.table, "contexts")):
            path = f"contexts[{index}]"
            context = PinnedContext(text_of(entry, "url"), self._document(entry, path), text_of(entry, "sha256"))
            try:
                known = known.pin([context])
            except ContextPinError as error:
                raise self._wrong(str(error), "trust.context", error.remedy, path) from error
            self._compare(context, pinned, path)
            pinned.append(context)
        return tuple(pinned)

    def _compare(self, context: PinnedContext, others: list[PinnedContext], path: str) -> None:
        """Refuse two contexts under which one signed document could be made to say two things."""
        own = definitions_of(context.document.get("@context"))
        for other in others:
            terms = exchanged_terms(own, definitions_of(other.document.get("@context")))
            if terms is not None:
                raise self._wrong(
                    f"what this context calls “{terms[0][:96]}”, {other.url} calls “{terms[1][:96]}”: a signed "
                    "document could be carried from one to the other, with values exchanged",
                    "trust.exchange",
                    "Keep the one of the two that your issuers use.",
                    path,
                )

    def documents(self) -> dict[str, JsonObject]:
        documents: dict[str, JsonObject] = {}
        for index, entry in enumerate(_tables(self.table, "documents")):
            path = f"documents[{index}]"
            subject = self._identifier(text_of(entry, "id"), f"{path}.id")
            if subject in documents:
                raise self._duplicate(f"{subject} is pinned twice", f"{path}.id")
            source = self._document(entry, path)
            try:
                document = DidDocument.parse(source)
            except DidMethodsError as error:
                raise self._wrong(f"{text_of(entry, 'file')}: {error}", "trust.document", error.remedy, path) from error
            if document.id != subject:
                raise self._wrong(
                    f"{text_of(entry, 'file')} is the document of {document.id}, not of {subject}",
                    "trust.document",
                    "Give the file that the subject publishes, or correct the id.",
                    f"{path}.id",
                )
            documents[subject] = source
        return documents

    def roots(self) -> tuple[TrustedRoot, ...]:
        found: list[TrustedRoot] = []
        for index, entry in enumerate(_tables(self.table, "certificates")):
            path = f"certificates[{index}]"
            der = self._certificate(entry, path)
            if any(root.der == der for root in found):
                raise self._duplicate(f"{text_of(entry, 'file')} is there twice", f"{path}.file")
            found.append(TrustedRoot(text_of(entry, "name"), der))
        return tuple(found)

    def _certificate(self, entry: JsonObject, path: str) -> bytes:
        """The one certificate of an authority in a file, as PEM or DER."""
        from cryptography import x509  # noqa: PLC0415 -- slow, and few trust files name any
        from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

        name, data = text_of(entry, "file"), self._bytes(entry, path)
        try:
            if data.lstrip().startswith(b"-----BEGIN"):
                (certificate,) = x509.load_pem_x509_certificates(data)
            else:
                certificate = x509.load_der_x509_certificate(data)
            authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except (ValueError, x509.ExtensionNotFound, x509.InvalidVersion) as error:
            raise self._wrong(
                f"{name} is not one certificate of an authority",
                "trust.certificate",
                "Give one file with one certificate, as the authority publishes it.",
                f"{path}.file",
            ) from error
        if not authority:
            raise self._wrong(
                f"{name} is the certificate of no authority",
                "trust.certificate",
                "Give the certificate of the authority that certifies the issuers.",
                f"{path}.file",
            )
        return certificate.public_bytes(Encoding.DER)

    def _document(self, entry: JsonObject, path: str) -> JsonObject:
        name = text_of(entry, "file")
        try:
            return parse_object(self._bytes(entry, path), max_bytes=MAX_PINNED_FILE_BYTES)
        except DocumentError as error:
            raise self._wrong(f"{name}: {error}", "trust.file", error.remedy, f"{path}.file") from error

    def _bytes(self, entry: JsonObject, path: str) -> bytes:
        name = text_of(entry, "file")
        try:
            return self.read(name)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise self._wrong(
                f"{name} cannot be read: {reason}",
                "trust.file",
                "Put the file there, or correct its path: it is relative to the trust file.",
                f"{path}.file",
            ) from error

    def _identifier(self, text: str, path: str) -> str:
        """A DID that the strict parser takes, or an https URL: what an issuer can be called by."""
        if text.startswith("https://"):
            return text
        try:
            return str(parse_did(text))
        except DidMethodsError as error:
            raise self._wrong(str(error), "trust.did", error.remedy, path) from error

    def _time(self, text: str, path: str) -> datetime:
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError as error:
            raise self._wrong(
                f"{text} is no time: {error}", "trust.invalid", "Write it like 2026-09-01T12:00:00Z.", path
            ) from error

    def _duplicate(self, message: str, path: str) -> TrustError:
        return self._wrong(message, "trust.duplicate", "Keep one of them; which would count could not be told.", path)

    def _wrong(self, message: str, code: str, remedy: str, path: str) -> TrustError:
        return TrustError(f"{self.file}, key {path}: {message}", code=code, remedy=remedy, file=self.file, path=path)


def _tables(table: JsonObject, key: str) -> list[JsonObject]:
    """An array of tables; an absent one is empty."""
    values: JsonValue = table.get(key) or []
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
