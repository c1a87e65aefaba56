"""Results: which show a grade, and which leave an outcome open.

A result belongs to the outcomes whose descriptions it names. One that names none of them speaks for each outcome that
has no result of its own; where the document states no outcome at all, for the achievement as a whole.
"""

import re
from decimal import Decimal
from typing import Final, NamedTuple

from node.credentials.micro_credential.record import Record, Requirement, Result
from node.credentials.micro_credential.tables import Tables

_NUMBER: Final = re.compile(r"\s*([+-]?[0-9]{1,9})(?:[.,]([0-9]{1,2}))?\s*", re.ASCII)
"""A mark; a comma before at most two digits separates decimals, as in 7,5."""


class Openness(NamedTuple):
    """Which results are open, and whether they leave anything reached."""

    open: tuple[Result, ...]
    all_open: bool
    """Whether no outcome is reached."""


def graded(record: Record, tables: Tables) -> list[Result]:
    """Results with a value or a level, where that is more than a status."""
    return [
        result
        for result in record.results
        if (result.values or result.levels)
        and not any(tables.ungraded in demanded.kinds for demanded in _demanded(result, record))
    ]


def grades(record: Record) -> list[Result]:
    """Results with a value or a level that are not those of a learning outcome."""
    return [
        result
        for result in record.results
        if (result.values or result.levels)
        and not any(demanded.learning_outcome for demanded in _demanded(result, record))
    ]


def openness(record: Record, tables: Tables) -> Openness:
    """Which results are open. No result at all means achieved, as in Open Badges 3.0."""
    judged = [(result, is_open(result, record, tables)) for result in record.results]
    left = tuple([result for result, is_left in judged if is_left])
    if not left:
        return Openness((), all_open=False)
    described = {outcome.id for outcome in record.outcomes if outcome.id is not None}
    own: dict[str | None, bool] = {}
    general = False
    for result, is_left in judged:
        named = described.intersection(result.descriptions)
        for name in named:
            own[name] = own.get(name, False) or is_left
        general = general or (is_left and not named)
    outcomes = [outcome.id for outcome in record.outcomes] or [None]
    return Openness(left, all(own.get(name, general) for name in outcomes))


def is_open(result: Result, record: Record, tables: Tables) -> bool:
    """Whether a result shows that something is not reached.

    Its status is another than completed, or it is below the value or level that its description requires. Where the two
    cannot be compared, nothing is shown.
    """
    if any(status != tables.completed for status in result.statuses):
        return True
    return any(
        any(_below(value, least, demanded) for value in result.values for least in demanded.values)
        or any(_level_below(level, least, demanded) for level in result.levels for least in demanded.levels)
        for demanded in _demanded(result, record)
    )


def _demanded(result: Result, record: Record) -> list[Requirement]:
    return [record.requirements[name] for name in result.descriptions if name in record.requirements]


def _below(value: str, least: str, demanded: Requirement) -> bool:
    """By number, else by position among the allowed values, which go from low to high."""
    numbers = _number(value), _number(least)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] < numbers[1]
    allowed = demanded.allowed
    return value in allowed and least in allowed and allowed.index(value) < allowed.index(least)


def _level_below(level: str, least: str, demanded: Requirement) -> bool:
    """By the points of the two levels: levels themselves have no order."""
    points = [_number(text) for name in (level, least) if (text := demanded.points.get(name)) is not None]
    known = [number for number in points if number is not None]
    return level != least and len(known) > 1 and known[0] < known[1]


def _number(text: str) -> Decimal | None:
    match = _NUMBER.fullmatch(text)
    return Decimal(f"{match[1]}.{match[2] or 0}") if match else None
