"""What a look at a document found: one sentence each, with a place, a stable code and what to do next."""

from dataclasses import dataclass
from enum import StrEnum

_ASK_FOR_ANOTHER = "Ask whoever made the document for a corrected one."


class FindingOutcome(StrEnum):
    """What a finding means for the check it belongs to."""

    FAILED = "failed"
    """The document breaks a rule of its data model."""
    INDETERMINATE = "indeterminate"
    """The rule could not be applied here; the document may be right."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a document, or that could not be judged."""

    code: str
    path: str
    """RFC 6901 JSON pointer into the document that was handed over."""
    message: str
    remedy: str
    outcome: FindingOutcome


def wrong(code: str, path: str, message: str, remedy: str = _ASK_FOR_ANOTHER) -> Finding:
    """A finding that fails the document."""
    return Finding(code, path, message, remedy, FindingOutcome.FAILED)


def indeterminate(code: str, path: str, message: str, remedy: str) -> Finding:
    """A finding that leaves open whether the document is right."""
    return Finding(code, path, message, remedy, FindingOutcome.INDETERMINATE)
