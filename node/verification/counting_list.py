"""Which copy of a status list counts by the heads that are promised: what is asked, and what the answer may be."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from node.documents import JsonObject
from node.verification.check import Outcome


@dataclass(frozen=True, slots=True)
class Offered:
    """A copy that its issuer signed: the digest of its bytes, when it was signed, what it says of the entry.

    `ended` says that its own period is over. The value 0 means that nothing is wrong, in every kind of list.
    """

    digest: bytes
    signed: datetime
    value: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A copy that says nothing, and why."""

    digest: bytes
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Counting:
    """The place of the copy that counts among those asked about, and what shows it."""

    place: int
    evidence: JsonObject


@dataclass(frozen=True, slots=True)
class HeadProblem:
    """Why no copy counts."""

    outcome: Outcome
    code: str
    message: str
    evidence: JsonObject = field(default_factory=dict)


class Heads(Protocol):
    """The heads of the lists of one credential."""

    def choose(self, url: str, copies: tuple[Offered | Refused, ...]) -> Counting | HeadProblem | None:
        """Which copy of the list at this address counts; None where no head decides, and the latest one does."""
