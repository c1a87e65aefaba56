"""What the rules find, how an element stands, and the classes: the words of a result."""

from enum import StrEnum
from typing import NamedTuple, Self

from node.documents import JsonObject


class CredentialClass(StrEnum):
    """The class of a document, lowest first. `unclassified` is no class: the document does not say."""

    UNCLASSIFIED = "unclassified"
    PARTICIPATION = "participation"
    ACHIEVEMENT = "achievement"
    MICRO_CREDENTIAL = "micro-credential"

    @property
    def rank(self) -> int:
        """The place in the order of classes; what is unclassified is below all of them."""
        return _RANKS[self]

    def reaches(self, least: Self) -> bool:
        """Whether this class is at least as high as another."""
        return self.rank >= least.rank


_RANKS = {name: rank for rank, name in enumerate(CredentialClass)}


class State(StrEnum):
    """How an element stands."""

    MET = "met"
    MISSING = "missing"
    UNUSABLE = "unusable"
    """It is there, but not valid."""
    WITHHELD = "withheld"
    """The holder chose not to show it (the learner and the grade only)."""
    NOT_APPLICABLE = "not_applicable"
    """Declared so (the level only)."""


SATISFIED = frozenset({State.MET, State.NOT_APPLICABLE})
"""States that count towards the score."""


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Note(NamedTuple):
    """A code and the place it is about."""

    code: str
    path: str


class Judgement(NamedTuple):
    """How one element stands, and what is found about it."""

    state: State
    notes: tuple[Note, ...] = ()
    strength: str | None = None
    """By what the learner is named, for E1."""


class RuleFinding(NamedTuple):
    """One thing that the rules found: a stable code, and the pointer to what it is about or to its nearest parent."""

    code: str
    severity: Severity
    path: str

    def to_json(self) -> JsonObject:
        """The finding as a result lists it."""
        return {"code": self.code, "severity": self.severity.value, "path": self.path}
