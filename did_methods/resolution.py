"""DID resolution: one function over a frozen mapping of methods, with the standard's result.

Spec: https://www.w3.org/TR/did-resolution/#resolving
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, Self

from did_methods.did import Did, parse_did
from did_methods.errors import DidMethodsError, InvalidDidError, InvalidKeyError, UnsupportedError, shown
from did_methods.json_web_key import JsonObject

DOCUMENT_MEDIA_TYPE: Final = "application/did"


class Problem(StrEnum):
    """The error types of DID resolution, and those of keys that its drafts of 2025 registered.

    Spec: https://www.w3.org/TR/did-resolution/#errors
    """

    INVALID_DID = "https://www.w3.org/ns/did#INVALID_DID"
    INVALID_DID_DOCUMENT = "https://www.w3.org/ns/did#INVALID_DID_DOCUMENT"
    INVALID_DID_URL = "https://www.w3.org/ns/did#INVALID_DID_URL"
    INVALID_OPTIONS = "https://www.w3.org/ns/did#INVALID_OPTIONS"
    INTERNAL_ERROR = "https://www.w3.org/ns/did#INTERNAL_ERROR"
    FEATURE_NOT_SUPPORTED = "https://www.w3.org/ns/did#FEATURE_NOT_SUPPORTED"
    METHOD_NOT_SUPPORTED = "https://www.w3.org/ns/did#METHOD_NOT_SUPPORTED"
    NOT_FOUND = "https://www.w3.org/ns/did#NOT_FOUND"
    REPRESENTATION_NOT_SUPPORTED = "https://www.w3.org/ns/did#REPRESENTATION_NOT_SUPPORTED"
    INVALID_PUBLIC_KEY = "https://w3id.org/security#INVALID_PUBLIC_KEY"
    INVALID_PUBLIC_KEY_LENGTH = "https://w3id.org/security#INVALID_PUBLIC_KEY_LENGTH"
    UNSUPPORTED_PUBLIC_KEY_TYPE = "https://w3id.org/security#UNSUPPORTED_PUBLIC_KEY_TYPE"

    @property
    def means_wrong(self) -> bool:
        """Whether the identifier or its document is wrong; else it could not be told, and may be told later."""
        return self in _WRONG


_WRONG: Final = frozenset(
    {
        Problem.INVALID_DID,
        Problem.INVALID_DID_DOCUMENT,
        Problem.INVALID_DID_URL,
        Problem.INVALID_PUBLIC_KEY,
        Problem.INVALID_PUBLIC_KEY_LENGTH,
    }
)
_TITLES: Final[Mapping[Problem, str]] = {
    Problem.INVALID_DID: "Invalid DID",
    Problem.INVALID_DID_DOCUMENT: "Invalid DID document",
    Problem.INVALID_DID_URL: "Invalid DID URL",
    Problem.INVALID_OPTIONS: "Invalid options",
    Problem.INTERNAL_ERROR: "Resolution failed",
    Problem.FEATURE_NOT_SUPPORTED: "Feature not supported",
    Problem.METHOD_NOT_SUPPORTED: "DID method not supported",
    Problem.NOT_FOUND: "DID not found",
    Problem.REPRESENTATION_NOT_SUPPORTED: "Representation not supported",
    Problem.INVALID_PUBLIC_KEY: "Invalid public key",
    Problem.INVALID_PUBLIC_KEY_LENGTH: "Invalid public key length",
    Problem.UNSUPPORTED_PUBLIC_KEY_TYPE: "Public key type not supported",
}


@dataclass(frozen=True, slots=True)
class Resolution:
    """The result of a resolution: a document with its metadata, or no document and a problem in the metadata."""

    document: JsonObject | None
    document_metadata: JsonObject = field(default_factory=dict)
    resolution_metadata: JsonObject = field(default_factory=lambda: {"contentType": DOCUMENT_MEDIA_TYPE})
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What the document was read from, where it can be checked again by whoever holds it; by name."""

    @classmethod
    def failed(cls, problem: Problem, detail: str) -> Self:
        """A result without a document; `detail` says what happened, for people."""
        return cls(None, {}, {"error": {"type": problem, "title": _TITLES[problem], "detail": detail}})

    @classmethod
    def refused(cls, error: DidMethodsError) -> Self:
        """The result that says why an identifier has no document."""
        if isinstance(error, UnsupportedError):
            problem = Problem.UNSUPPORTED_PUBLIC_KEY_TYPE
        elif isinstance(error, InvalidKeyError):
            problem = Problem.INVALID_PUBLIC_KEY_LENGTH if error.code == "key.length" else Problem.INVALID_PUBLIC_KEY
        else:
            problem = Problem.INVALID_DID
        return cls.failed(problem, f"{error}. {error.remedy}")

    @property
    def problem(self) -> Problem | None:
        """The type of the error, or None. A type that is not registered here counts as an internal error."""
        error = self.resolution_metadata.get("error")
        if error is None:
            return None
        problem_type = error.get("type") if isinstance(error, dict) else None
        if isinstance(problem_type, str) and problem_type in Problem:
            return Problem(problem_type)
        return Problem.INTERNAL_ERROR

    @property
    def detail(self) -> str:
        """What happened, for people; empty after a success."""
        error = self.resolution_metadata.get("error")
        detail = error.get("detail") if isinstance(error, dict) else None
        return detail if isinstance(detail, str) else ""

    @property
    def deactivated(self) -> bool:
        """Whether the controller has given the DID up."""
        return self.document_metadata.get("deactivated") is True

    def to_json(self) -> JsonObject:
        """The DID resolution result, `application/did-resolution`."""
        return {
            "didDocument": self.document,
            "didResolutionMetadata": self.resolution_metadata,
            "didDocumentMetadata": self.document_metadata,
        }


class Method(Protocol):
    """One DID method: from an identifier of its own to a document. It answers with a problem, it does not raise."""

    async def resolve(self, did: Did) -> Resolution:
        """Resolve a DID whose `method` is this one's name."""


async def resolve(did: Did | str, methods: Mapping[str, Method]) -> Resolution:
    """Resolve a DID with the methods handed over, by name.

    1. The input is a DID.
    2. Its method is supported.
    3. The method answers.
    4. A document it answers with is the one of this DID.

    Spec: https://www.w3.org/TR/did-resolution/#did-resolution-algorithm
    """
    # 1.
    if isinstance(did, str):
        try:
            did = parse_did(did)
        except InvalidDidError as error:
            return Resolution.refused(error)
    # 2.
    method = methods.get(did.method)
    if method is None:
        known = ", ".join(sorted(methods)) or "none"
        return Resolution.failed(
            Problem.METHOD_NOT_SUPPORTED, f"the DID method {shown(did.method)} is not known here; known are: {known}."
        )
    # 3.
    result = await method.resolve(did)
    # 4.
    if result.document is not None and result.document.get("id") != str(did):
        return Resolution.failed(
            Problem.INVALID_DID_DOCUMENT,
            f"the document found for {shown(str(did))} says it is the one of {shown(result.document.get('id'))}.",
        )
    return result
