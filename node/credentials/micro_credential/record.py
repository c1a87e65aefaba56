"""The record: what a document states, in one form for all dialects. The rules see nothing else.

Texts are as they stand: whether they count is for the rules. Values that belong on a list are mapped by the reader,
because only it knows the foreign list. Each part knows its place in the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from node.credentials.micro_credential.findings import Judgement
from node.credentials.micro_credential.places import Home, Place, Stated


class Listed(NamedTuple):
    """A value that belongs on a list: `term` is ours, None where ours has none for it; `label` is what stands there."""

    term: str | None
    label: str
    place: Place


class Workload(NamedTuple):
    """A workload; `value` is None where it is no number and no text, `unit` where none is stated."""

    value: str | None
    unit: Listed | None
    place: Place


class Level(NamedTuple):
    """A level or cycle of a framework, as stated."""

    framework: str | None
    code: str | None
    url: str | None
    place: Place


class Quality(NamedTuple):
    """A statement on who assures quality."""

    bodies: tuple[str, ...]
    urls: tuple[str, ...]
    kinds: tuple[Listed, ...]
    place: Place


class Outcome(NamedTuple):
    """A learning outcome; `id` is that of its description, for the results that name it."""

    id: str | None
    statement: Stated
    linked: bool
    """Whether it is linked to a skill or competence of somebody else's list."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a description of results demands of a result; a member may have several values, and each counts."""

    learning_outcome: bool
    """Whether the description calls itself a learning outcome."""
    kinds: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    """Allowed values, low to high."""
    points: Mapping[str, str | None] = field(default_factory=dict)
    """The points of each level, by its identifier."""

    def and_also(self, other: Self) -> Self:
        """Both, where two objects with one identifier share the description between them."""
        return type(self)(
            self.learning_outcome or other.learning_outcome,
            self.kinds + other.kinds,
            self.values + other.values,
            self.levels + other.levels,
            self.allowed + other.allowed,
            {**self.points, **other.points},
        )


class Result(NamedTuple):
    """What the learner reached; a member may have several values, and each counts."""

    descriptions: tuple[str, ...]
    values: tuple[str, ...]
    levels: tuple[str, ...]
    statuses: tuple[str, ...]
    place: Place


class Learner(NamedTuple):
    """By what the document names the learner, strongest first."""

    names: tuple[Stated, ...] = ()
    identifiers: tuple[Stated, ...] = ()
    ids: tuple[Stated, ...] = ()
    """Identifiers of the subject itself; the rules ask whether one is a key's."""


NOBODY: Final = Learner()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one document states about one achievement."""

    home: Home
    """Where the statement of each element, the criteria and the subject would stand."""
    derived: bool = False
    """Whether the holder chose what to show of a document that states more."""
    subjects: int = 1

    learner: Learner = NOBODY
    learner_stated: tuple[Stated, ...] = ()
    titles: tuple[Stated, ...] = ()
    countries: tuple[Stated, ...] = ()
    """Codes with two letters, where a reader could make them so."""
    bodies: tuple[Stated, ...] = ()
    dates: tuple[Stated, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    workloads: tuple[Workload, ...] = ()
    levels: tuple[Level, ...] = ()
    level_not_applicable: bool = False
    assessments: tuple[Listed, ...] = ()
    participation: tuple[Listed, ...] = ()
    quality: tuple[Quality, ...] = ()

    prerequisites: tuple[Stated, ...] = ()
    supervision: tuple[Listed, ...] = ()
    stackability: tuple[Listed, ...] = ()
    stacks_into: tuple[Stated, ...] = ()
    further: tuple[Stated, ...] = ()

    criteria: tuple[Stated, ...] = ()
    assessed: bool = False
    """Whether the document speaks of an assessment, whatever its kind (ELM)."""
    assessment_specified: bool = False
    """Whether it says how that assessment works (ELM)."""
    activity_only: bool = False
    """Whether the claim is that somebody took part, with no assessment (ELM)."""
    types: tuple[Stated, ...] = ()
    """The types that the achievement gives itself."""
    requirements: Mapping[str, Requirement] = field(default_factory=dict)
    """By the identifier of the description."""
    results: tuple[Result, ...] = ()

    judged: dict[str, Judgement] = field(default_factory=dict, compare=False)
    """Elements of the achievement that were judged already, in this award of it or in another."""
