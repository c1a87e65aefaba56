"""What is awarded by a table: which version of which achievement, by which profile, and what the columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from node.documents import JsonObject, JsonValue
from node.issuance.desk.errors import OrderError

MAX_SERIES_CHARS: Final = 64


class RunKind(StrEnum):
    """How learners come to what they are awarded."""

    AT_ONCE = "at_once"
    """It is signed now; whose it is, hashes of identifiers say."""
    CLAIM = "claim"
    """Each gets a link, and it is signed for whoever follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """An order, as it is kept and as a second person reads it."""

    achievement: str
    version: int
    profile: str
    kind: RunKind = RunKind.AT_ONCE
    columns: Mapping[str, str] = field(default_factory=dict)
    award: JsonObject = field(default_factory=dict)
    """The award's file: what is the same for all."""
    series: str = ""
    """Another one has the same learners awarded the same once more, as each year."""
    mandatory: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = sorted({"id", "learner", "credentialStatus"} & self.award.keys())
        if given:
            raise OrderError(
                f"the award's file has {' and '.join(given)}, which are another for each row",
                code="run.order",
                path=f"/award/{given[0]}",
                remedy="Leave it out; the table has the learners, and may have a column id.",
            )
        if len(self.series) > MAX_SERIES_CHARS:
            raise OrderError(
                f"the name of a series has at most {MAX_SERIES_CHARS} characters",
                code="run.order",
                path="/series",
                remedy="Use a short one, as 2026.",
            )

    def to_json(self) -> JsonObject:
        """The order as JSON."""
        return {
            "achievement": self.achievement,
            "version": self.version,
            "profile": self.profile,
            "kind": self.kind.value,
            "columns": dict(self.columns),
            "award": self.award,
            "series": self.series,
            "mandatoryPointers": list(self.mandatory),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, JsonValue]) -> "RunOrder":
        """The order that `to_json` wrote."""
        match value:
            case {
                "achievement": str(achievement),
                "version": int(version),
                "profile": str(profile),
                "kind": str(kind),
                "columns": dict(columns),
                "award": dict(award),
                "series": str(series),
                "mandatoryPointers": list(mandatory),
            }:
                return cls(
                    achievement=achievement,
                    version=version,
                    profile=profile,
                    kind=RunKind(kind),
                    columns={name: str(meaning) for name, meaning in columns.items()},
                    award=award,
                    series=series,
                    mandatory=tuple(map(str, mandatory)),
                )
            case _:
                raise TypeError("an order is as it was written")
