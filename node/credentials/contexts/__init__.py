"""The JSON-LD contexts that glejt knows: bundled, pinned by digest, never fetched.

The files beside this module are listed in `index.json` with origin, licence and digests. A pin is the SHA-256 of the
RFC 8785 form, so that white space does not matter; the digests of the published bytes stand beside it for
`relatedResource`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Self, override

import orjson
import rfc8785

from node.credentials.errors import ContextBundleError, ContextPinError, shown
from node.documents import JsonObject

__all__ = ["BUNDLED", "BundledContext", "Contexts", "PinnedContext", "bundle_index", "digest", "jcs_digest"]

_SHA256_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CONTEXT_URL = re.compile(r"(?:https?://[^\s/?#]+|urn:[a-z0-9][a-z0-9-]{1,31}:)[^\s#]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BundledContext:
    """One entry of the index: where a bundled context comes from and what it must be."""

    url: str
    file: str
    jcs_sha256: str
    published_sha256: tuple[str, ...]
    """Digests of the published bytes; two where the same JSON circulates with and without a last line feed."""
    origin: str
    licence: str
    copyright: str


@dataclass(frozen=True, slots=True)
class PinnedContext:
    """A context that a verifier adds to the bundled ones, with the digest its document must have."""

    url: str
    document: JsonObject
    sha256: str
    """SHA-256 of the document's RFC 8785 form: 64 lower-case hexadecimal digits."""


class Contexts(Mapping[str, JsonObject]):
    """A frozen registry of contexts: the bundled ones and those a verifier pinned.

    A bundled document is read, and compared with its pin, when it is first asked for. Documents are shared by all who
    ask: treat them as read-only.
    """

    __slots__ = ("_pinned",)

    def __init__(self) -> None:
        self._pinned: Mapping[str, PinnedContext] = {}

    @override
    def __getitem__(self, url: str) -> JsonObject:
        pinned = self._pinned.get(url)
        return _load(url) if pinned is None else pinned.document

    @override
    def __iter__(self) -> Iterator[str]:
        yield from bundle_index()
        yield from self._pinned

    @override
    def __len__(self) -> int:
        return len(bundle_index()) + len(self._pinned)

    @override
    def __contains__(self, url: object) -> bool:
        return url in self._pinned or url in bundle_index()

    def digest(self, url: str) -> str:
        """SHA-256 of the RFC 8785 form of a known context, as 64 lower-case hexadecimal digits; KeyError if unknown."""
        pinned = self._pinned.get(url)
        return bundle_index()[url].jcs_sha256 if pinned is None else pinned.sha256

    def pin(self, contexts: Iterable[PinnedContext]) -> Self:
        """A new registry that knows these contexts too; raises ContextPinError, and adds none, if one is not as pinned.

        A URL that is known already may be given again with the same content, never with other content.
        """
        pinned = dict(self._pinned)
        merged = type(self)()
        merged._pinned = pinned  # noqa: SLF001 - the same class, before anybody else sees the object
        for context in contexts:
            _check_pin(context)
            if context.url not in merged:
                pinned[context.url] = context
            elif (known := merged.digest(context.url)) != context.sha256:
                raise ContextPinError(
                    f"the context {shown(context.url)} is known with other content, SHA-256 {known}, and stays",
                    code="context.pin.conflict",
                    remedy="Remove the entry, or give the changed context a URL of its own.",
                )
        return merged


def _check_pin(context: PinnedContext) -> None:
    if _CONTEXT_URL.fullmatch(context.url) is None:
        raise ContextPinError(
            f"a context is named by an absolute http, https or urn URL without a fragment, not by {shown(context.url)}",
            code="context.pin.url",
            remedy="Give the URL exactly as the documents write it.",
        )
    if _SHA256_HEX.fullmatch(context.sha256) is None:
        raise ContextPinError(
            f"the pin of {shown(context.url)} is no SHA-256 digest in lower-case hexadecimal: {shown(context.sha256)}",
            code="context.pin.digest",
        )
    if "@context" not in context.document:
        raise ContextPinError(
            f"the document for {shown(context.url)} is no JSON-LD context: it has no member @context",
            code="context.pin.document",
        )
    actual = jcs_digest(context.document)
    if actual != context.sha256:
        raise ContextPinError(
            f"the context {shown(context.url)} has the SHA-256 {actual}, not the pinned {context.sha256}",
            code="context.pin.mismatch",
        )


def jcs_digest(document: JsonObject) -> str:
    """SHA-256 of the RFC 8785 form of a context, as 64 lower-case hexadecimal digits.

    Spec: https://www.rfc-editor.org/rfc/rfc8785#section-3.2
    """
    try:
        return sha256(rfc8785.dumps(document)).hexdigest()
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise ContextPinError(f"the context has no RFC 8785 form: {error}", code="context.pin.document") from error


@cache
def bundle_index() -> Mapping[str, BundledContext]:
    """The entries of `index.json` by URL, in the order of the file."""
    entries = orjson.loads(_read("index.json"))
    return MappingProxyType(
        {
            entry["url"]: BundledContext(**{**entry, "published_sha256": tuple(entry["published_sha256"])})
            for entry in entries
        }
    )


@cache
def _load(url: str) -> JsonObject:
    """The bundled document for a URL; the comparison costs less than 1 ms and happens once in a process."""
    entry = bundle_index()[url]
    document: JsonObject = orjson.loads(_read(entry.file))
    actual = jcs_digest(document)
    if actual != entry.jcs_sha256:
        raise ContextBundleError(
            f"the bundled file {entry.file} has the SHA-256 {actual}, not the pinned {entry.jcs_sha256}"
        )
    return document


def _read(name: str) -> bytes:
    try:
        return files(__name__).joinpath(name).read_bytes()
    except FileNotFoundError as error:
        raise ContextBundleError(f"the installation has no file {name} in {__name__}") from error


BUNDLED: Final = Contexts()
"""The contexts that travel with glejt, by URL."""


def digest(url: str) -> str:
    """SHA-256 of the RFC 8785 form of a bundled context, as 64 lower-case hexadecimal digits; KeyError if unknown."""
    return bundle_index()[url].jcs_sha256
