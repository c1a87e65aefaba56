"""The tables of a version of the rules: the lists, levels and mappings that its procedure looks things up in."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, Self

from node.credentials.micro_credential.findings import Severity

type Kind = Literal["assessment", "participation", "supervision", "quality", "stackability", "unit"]
"""What a list of ours is about."""
type Foreign = Literal["1edtech", "dutch", "elm", "we-build"]
"""Whose list is mapped to ours."""

NO_MAPPING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Terms:
    """One list of ours; each value has an IRI too, by which JSON-LD may name it just as well."""

    iri: str
    terms: frozenset[str]

    def find(self, text: str) -> str | None:
        """The listed value that a text stands for, or None."""
        term = text.removeprefix(self.iri)
        return term if term in self.terms else None


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework of levels whose levels are known."""

    levels: frozenset[str]
    needs_url: bool
    """Whether a level counts only with an address, which is where a register says who assigned it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """The data of one version; each is its own, so that what was read by it can be remembered."""

    elements: tuple[str, ...]
    award_elements: frozenset[str]
    """Elements that an award states, not the achievement that is awarded."""
    options: tuple[str, ...]
    learner_strengths: tuple[str, ...]
    placeholders: frozenset[str]
    participation_types: frozenset[str]
    claiming_types: frozenset[str]
    values: Mapping[str, Terms]
    no_assessment: str
    internal_quality: str
    foreign: Mapping[str, Mapping[str, Mapping[str, str]]]
    most_workload: Decimal
    level_targets: Mapping[str, str | None]
    """By the type of an alignment: the framework, None where the alignment names it itself."""
    frameworks: Mapping[str, Framework]
    quality_targets: frozenset[str]
    outcome_targets: frozenset[str]
    outcome_target_prefixes: tuple[str, ...]
    ungraded: str
    completed: str
    severities: Mapping[str, Severity]
    countries: Mapping[str, str]
    """From codes with three letters to those with two."""
    country_codes: frozenset[str]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The tables in the data of a version."""
        return cls(
            elements=tuple(data["elements"]),
            award_elements=frozenset(data["award_elements"]),
            options=tuple(data["options"]),
            learner_strengths=tuple(data["learner_strengths"]),
            placeholders=frozenset(data["placeholders"]),
            participation_types=frozenset(data["achievement_types"]["participation"]),
            claiming_types=frozenset(data["achievement_types"]["micro_credential"]),
            values={kind: Terms(one["iri"], frozenset(one["terms"])) for kind, one in data["values"].items()},
            no_assessment=data["no_assessment"],
            internal_quality=data["internal_quality"],
            foreign=data["foreign"],
            most_workload=Decimal(data["most_workload"]),
            level_targets=data["level_targets"],
            frameworks={
                name: Framework(frozenset(one["levels"]), one["url"]) for name, one in data["frameworks"].items()
            },
            quality_targets=frozenset(data["quality_targets"]),
            outcome_targets=frozenset(data["outcome_targets"]),
            outcome_target_prefixes=tuple(data["outcome_target_prefixes"]),
            ungraded=data["ungraded"],
            completed=data["completed"],
            severities={code: Severity(name) for code, name in data["severities"].items()},
            countries=data["countries"],
            country_codes=frozenset(data["countries"].values()),
        )

    def mapping(self, foreign: Foreign, kind: Kind | Literal["evidence"]) -> Mapping[str, str]:
        """How a foreign list maps to ours; empty where it has no such list."""
        return self.foreign[foreign].get(kind, NO_MAPPING)
