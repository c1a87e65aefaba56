"""What became of the rows of a page, as it is kept: the awards, whose learners have theirs already, what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from node.ports.runs import Outcome
from node.ports.tables import RefusedRow

type RowAward = tuple[int, str]
"""A row, and the id of its award."""


@dataclass(slots=True)
class PageOutcome:
    """The outcome of one page, while it comes about."""

    awarded: list[RowAward] = field(default_factory=list)
    already: list[RowAward] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    remarks: dict[tuple[str, str], None] = field(default_factory=dict)

    def joined(self, other: "PageOutcome") -> "PageOutcome":
        """Both together."""
        return PageOutcome(
            [*self.awarded, *other.awarded],
            [*self.already, *other.already],
            [*self.refused, *other.refused],
            self.remarks | other.remarks,
        )

    def kept(self) -> Outcome:
        """The outcome as it is kept."""
        said = {
            "awarded": [list(one) for one in sorted(self.awarded)],
            "already": [list(one) for one in sorted(self.already)],
            "refused": [
                [one.row, list(one.cells), [list(problem) for problem in one.problems]]
                for one in sorted(self.refused, key=lambda each: each.row)
            ],
            "remarks": [list(one) for one in self.remarks],
        }
        return Outcome(orjson.dumps(said), len(self.awarded), len(self.already), len(self.refused))


def read_outcome(said: bytes) -> PageOutcome:
    """The outcome that was kept."""
    value = orjson.loads(said)
    return PageOutcome(
        [(row, award) for row, award in value["awarded"]],
        [(row, award) for row, award in value["already"]],
        [_refused(one) for one in value["refused"]],
        dict.fromkeys((code, path) for code, path in value["remarks"]),
    )


def _refused(told: Sequence[object]) -> RefusedRow:
    row, cells, problems = told
    if not isinstance(row, int) or not isinstance(cells, list) or not isinstance(problems, list):
        raise TypeError("an outcome is as it was written")
    return RefusedRow(row, tuple(cells), tuple([(one[0], one[1], one[2], one[3]) for one in problems]))
