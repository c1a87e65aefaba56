"""The forms in which the result of a resolution is answered with.

The same result has two: the one of DID Resolution, with errors as problem details, and the one of before, with errors
as words. Which one a reader gets is for the reader to say, by its media type.

Spec: https://www.w3.org/TR/did-resolution/#did-resolution-result, https://www.rfc-editor.org/rfc/rfc9457#section-3,
https://www.w3.org/TR/did-1.0/#did-resolution-metadata
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from did_methods.json_web_key import JsonObject
from did_methods.resolution import DOCUMENT_MEDIA_TYPE, Problem, Resolution

RESULT: Final = "application/did-resolution"
OLDER_RESULT: Final = 'application/ld+json;profile="https://w3id.org/did-resolution"'
OLDER_DOCUMENT: Final = "application/did+ld+json"
"""How a document was called when errors were words."""

WORDS: Final[Mapping[Problem, str]] = MappingProxyType(
    {
        Problem.INVALID_DID: "invalidDid",
        Problem.INVALID_DID_DOCUMENT: "invalidDidDocument",
        Problem.INVALID_DID_URL: "invalidDidUrl",
        Problem.INVALID_OPTIONS: "invalidOptions",
        Problem.INTERNAL_ERROR: "internalError",
        Problem.FEATURE_NOT_SUPPORTED: "featureNotSupported",
        Problem.METHOD_NOT_SUPPORTED: "methodNotSupported",
        Problem.NOT_FOUND: "notFound",
        Problem.REPRESENTATION_NOT_SUPPORTED: "representationNotSupported",
        Problem.INVALID_PUBLIC_KEY: "invalidPublicKey",
        Problem.INVALID_PUBLIC_KEY_LENGTH: "invalidPublicKeyLength",
        Problem.UNSUPPORTED_PUBLIC_KEY_TYPE: "unsupportedPublicKeyType",
    }
)
"""The errors as words."""

MAX_ACCEPT_CHARS: Final = 1024
MAX_RANGES: Final = 16
"""Ranges of media types that are read of one question: nobody means more of them."""

_RANGE: Final = re.compile(r'((?:[^,"]|"[^"]*")+)(?:,|$)')
_PARAMETER: Final = re.compile(r';\s*([a-z0-9-]+)\s*=\s*("[^"]*"|[^;"\s]+)\s*', re.IGNORECASE)
_PROFILE: Final = "https://w3id.org/did-resolution"
_LD_JSON: Final = "application/ld+json"
_ANY: Final = frozenset({"*/*", "application/*"})
DOCUMENTS: Final = frozenset({DOCUMENT_MEDIA_TYPE, "application/did+json", OLDER_DOCUMENT})
"""What a document alone is asked for as."""


@dataclass(frozen=True, slots=True)
class Representation:
    """An answer: its media type, and its JSON, which is None for a document that is not there."""

    media_type: str
    body: JsonObject | None


def result_json(result: Resolution) -> JsonObject:
    """The result of DID Resolution: an error is a problem with type, title and detail."""
    return result.to_json()


def older_result_json(result: Resolution) -> JsonObject:
    """The result of before: an error is a word, and what happened stands beside it."""
    metadata = {name: value for name, value in result.resolution_metadata.items() if name != "error"}
    problem = result.problem
    if problem is not None:
        metadata |= {"error": WORDS[problem], "message": result.detail}
    elif metadata.get("contentType") == DOCUMENT_MEDIA_TYPE:
        metadata["contentType"] = OLDER_DOCUMENT
    return {
        "didDocument": result.document,
        "didResolutionMetadata": metadata,
        "didDocumentMetadata": result.document_metadata,
    }


def represent(result: Resolution, accept: str = RESULT) -> Representation:
    """The form of a result that a reader accepts, by the media types it names, the dearest first.

    1. A result, in the newer or the older form.
    2. The document alone; where there is none, the newer form says why.
    3. Anything at all: the newer form. Nothing that is known: it too, and it says that the form was not to be had.

    Spec: https://www.w3.org/TR/did-resolution/#bindings-https
    """
    for media_type in _accepted(accept):
        if media_type == OLDER_RESULT:  # 1.
            return Representation(OLDER_RESULT, older_result_json(result))
        if media_type == RESULT or media_type in _ANY:
            return Representation(RESULT, result_json(result))
        if media_type in DOCUMENTS:  # 2.
            if result.document is None:
                return Representation(RESULT, result_json(result))
            return Representation(media_type, result.document)
    if result.problem is not None:  # 3.
        return Representation(RESULT, result_json(result))
    refusal = Resolution.failed(
        Problem.REPRESENTATION_NOT_SUPPORTED, f"the result is to be had as {RESULT}, {OLDER_RESULT} or as the document."
    )
    return Representation(RESULT, result_json(refusal))


def _accepted(accept: str) -> list[str]:
    """The media types that a reader accepts, the dearest first; the profile of a result is part of its name."""
    ranges: list[tuple[float, str]] = []
    for text in _RANGE.findall(accept[:MAX_ACCEPT_CHARS])[:MAX_RANGES]:
        name, _, _ = text.partition(";")
        parameters = {key.lower(): value.strip('"') for key, value in _PARAMETER.findall(text)}
        media_type = name.strip().lower()
        if media_type == _LD_JSON and _PROFILE in parameters.get("profile", "").split():
            media_type = OLDER_RESULT
        weight = _weight(parameters.get("q", "1"))
        if weight > 0:
            ranges.append((weight, media_type))
    return [media_type for _, media_type in sorted(ranges, key=lambda each: -each[0])]


def _weight(text: str) -> float:
    """The weight of a range; one that is not spelt as such counts nothing.

    Spec: https://www.rfc-editor.org/rfc/rfc9110#section-12.4.2
    """
    return float(text) if re.fullmatch(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", text) else 0.0
