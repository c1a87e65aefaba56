"""Many awards in a table: what all share stands in the award's file, what differs in columns, a row for each learner.

A column has the name of a member of the award's file, or of a kind of identifier of the learner:

- `name`, `emailAddress`, and any other kind that Open Badges lists; `did` is the learner's DID;
- `id`, `validFrom`, `validUntil`, `awardedDate`, `creditsEarned`, `narrative`, `learnerStated`, and `role`, `term`,
  `licenseNumber`, `activityStartDate`, `activityEndDate`;
- `status`, `value` or `achievedLevel` of a result, with the identifier of its description behind a colon, as in
  `value:urn:uuid:…#grade`, or with what stands behind the last `#` of it, as in `value:grade`.

A column that is renamed to nothing is left out. An empty cell leaves the member as it is in the award's file. What a
cell says is judged as in a file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from node.credentials.achievement import Achievement
from node.credentials.errors import AwardError, shown
from node.credentials.findings import Finding, wrong
from node.credentials.identity import is_identity_type
from node.credentials.structure import objects_of
from node.documents import JsonObject, JsonValue, pointer

MAX_COLUMNS: Final = 256
"""Columns of one table: a row of results for each of some dozens of outcomes fits."""
DID: Final = "did"
TEXTS: Final = frozenset(
    {
        "activityEndDate",
        "activityStartDate",
        "awardedDate",
        "id",
        "learnerStated",
        "licenseNumber",
        "narrative",
        "role",
        "term",
        "validFrom",
        "validUntil",
    }
)
NUMBERS: Final = frozenset({"creditsEarned"})
OF_RESULT: Final = frozenset({"status", "value", "achievedLevel"})

_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,6})?", re.ASCII)
"""Credits; a comma separates decimals as well, which is how spreadsheets write them in many countries."""
_KNOWN: Final = (
    f"name, emailAddress, identifier, {DID}, creditsEarned, {', '.join(sorted(TEXTS))}, status:… and value:…"
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where its cells stand in an award, by `member`, and for a result the description that it is about."""

    heading: str
    member: str
    description: str | None = None
    in_learner: bool = False


class AwardTable:
    """The columns of a table, and the awards that its rows are."""

    __slots__ = ("_columns", "_results", "_shared", "headings")

    def __init__(
        self, headings: Sequence[str], renamed: Mapping[str, str], shared: JsonObject, achievement: Achievement
    ) -> None:
        """Raises AwardError for headings that are no members of an award, after `renamed` gave them other names."""
        problems: list[Finding] = []
        columns: list[Column] = []
        if len(headings) > MAX_COLUMNS:
            message = f"the table has {len(headings)} columns; at most {MAX_COLUMNS} are read"
            raise AwardError([wrong("award.table.columns", "", message, "Leave out what no award needs.")])
        described = _by_short_name(achievement)
        for heading in headings:
            column = _column(heading, renamed.get(heading, heading), described)
            if isinstance(column, Finding):
                problems.append(column)
            else:
                columns.append(column)
        problems += _repeated(columns)
        for name in sorted(renamed.keys() - set(headings)):
            remedy = f"Correct it; there are {', '.join(shown(heading) for heading in headings)}."
            problems.append(wrong("award.table.unused", "", f"there is no column {shown(name)}", remedy))
        if "learner" in shared:
            remedy = "Leave it out of the award's file, or issue that award alone."
            problems.append(wrong("award.table.learner", "/learner", "the learners are those of the table", remedy))
        if problems:
            raise AwardError(problems)
        self.headings = tuple(headings)
        self._columns = tuple(columns)
        self._shared = shared
        self._results = objects_of(shared, "result")

    def award(self, cells: Sequence[str]) -> JsonObject:
        """The award of one row, as its file would say it. Cells are as many as headings."""
        award: JsonObject = dict(self._shared)
        learner: JsonObject = {}
        results: dict[str, JsonObject] = {}
        for column, cell in zip(self._columns, cells, strict=True):
            text = cell.strip()
            if not text or not column.member:
                continue
            if column.in_learner:
                learner[column.member] = text
            elif column.description is not None:
                results.setdefault(column.description, {})[column.member] = text
            else:
                award[column.member] = _number(text) if column.member in NUMBERS else text
        award["learner"] = learner
        if results:
            award["result"] = self._with(results)
        return award

    def heading_of(self, path: str, award: JsonObject) -> str:
        """The heading of the column that a place of the award comes from; empty where it comes from the file."""
        for column in self._columns:
            if path == self._place(column, award):
                return column.heading
        return ""

    def _with(self, changes: Mapping[str, JsonObject]) -> list[JsonValue]:
        """The results of the file, with those of the row; one that the file has not comes after them."""
        left = dict(changes)
        results: list[JsonValue] = []
        for result in self._results:
            about = result.get("resultDescription")
            results.append({**result, **left.pop(about)} if isinstance(about, str) and about in left else result)
        return [*results, *[{"resultDescription": about, **members} for about, members in left.items()]]

    def _place(self, column: Column, award: JsonObject) -> str:
        if column.in_learner:
            return pointer("learner", column.member)
        if column.description is None:
            return pointer(column.member)
        for index, result in enumerate(objects_of(award, "result")):
            if result.get("resultDescription") == column.description:
                return pointer("result", index, column.member)
        return ""


def _column(heading: str, name: str, described: Mapping[str, str]) -> Column | Finding:
    kind, colon, about = name.partition(":")
    if colon and kind in OF_RESULT:
        description = described.get(about)
        if description is None:
            message = f"the column {shown(heading)} is about a result that the achievement does not describe"
            remedy = f"Name one of {', '.join(described) or 'them, once the achievement describes some'}."
            return wrong("award.table.result", "", message, remedy)
        return Column(heading, kind, description)
    if not name:
        return Column(heading, "")
    if name == DID or is_identity_type(name):
        return Column(heading, "id" if name == DID else name, in_learner=True)
    if name in TEXTS or name in NUMBERS:
        return Column(heading, name)
    remedy = f'Say what it is, as in --column "{heading}=name", or leave it out; known are {_KNOWN}.'
    return wrong("award.table.column", "", f"the column {shown(heading)} is no part of an award", remedy)


def _by_short_name(achievement: Achievement) -> Mapping[str, str]:
    """Identifiers of result descriptions, by themselves, and by what stands behind # where that is one's alone."""
    whole = list(achievement.descriptions())
    short = [name.rpartition("#")[2] for name in whole if "#" in name]
    return {
        **{name.rpartition("#")[2]: name for name in whole if short.count(name.rpartition("#")[2]) == 1},
        **{name: name for name in whole},
    }


def _repeated(columns: Sequence[Column]) -> Iterator[Finding]:
    seen: dict[tuple[str, str | None, bool], str] = {}
    for column in columns:
        key = (column.member, column.description, column.in_learner)
        if column.member and key in seen:
            message = f"the columns {shown(seen[key])} and {shown(column.heading)} mean the same"
            yield wrong("award.table.repeated", "", message, "Leave one of them out.")
        seen[key] = column.heading


def _number(text: str) -> JsonValue:
    """The number that a cell says; its text where it is none, for the reader of awards to refuse."""
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.isdigit() else float(text.replace(",", "."))
