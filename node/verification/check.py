"""One check of one credential: what was asked, how it ended, and on what evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from node.documents import JsonObject, JsonValue


class CheckName(StrEnum):
    """The checks, in the order in which a report lists them."""

    __hash__ = str.__hash__  # Enum's own is written in Python, and every report looks its checks up by name

    STRUCTURE = "structure"
    CONTEXT = "context"
    ISSUER_KEY = "issuer_key"
    PROOF = "proof"
    VALIDITY = "validity"
    STATUS = "status"
    ANCHOR = "anchor"
    HOLDER = "holder"
    AUTHORITY = "authority"
    CLASS = "class"


class Outcome(StrEnum):
    """How a check ended. Only PASSED is a pass: what did not run, or could not be checked, is INDETERMINATE."""

    PASSED = "passed"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to one question about one credential.

    `code` is stable and dotted; `message` says in English what was found, with the next step where there is one;
    `evidence` is plain JSON and may repeat values of the document, which are not to be trusted as text.
    """

    name: CheckName
    outcome: Outcome
    code: str
    message: str
    evidence: Mapping[str, JsonValue] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """The check as a report writes it."""
        return {
            "check": self.name.value,
            "outcome": self.outcome.value,
            "code": self.code,
            "message": self.message,
            "evidence": dict(self.evidence),
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> Self:
        """The check that `to_json` wrote."""
        evidence = value["evidence"]
        return cls(
            CheckName(str(value["check"])),
            Outcome(str(value["outcome"])),
            str(value["code"]),
            str(value["message"]),
            evidence if isinstance(evidence, dict) else {},
        )

    @property
    def passed(self) -> bool:
        """Whether the check ran and found nothing wrong."""
        return self.outcome is Outcome.PASSED

    @property
    def failed(self) -> bool:
        """Whether the check ran and found something wrong."""
        return self.outcome is Outcome.FAILED

    @property
    def unknown(self) -> bool:
        """Whether the check did not run or could not be decided."""
        return self.outcome is Outcome.INDETERMINATE


def not_run(name: CheckName, because: CheckName) -> Check:
    """The answer of a check that needs another one, which did not pass, before it can be asked at all."""
    return Check(
        name,
        Outcome.INDETERMINATE,
        f"{name}.not_run",
        f"Not checked, because the check “{because}” did not pass.",
        {"because": because.value},
    )
