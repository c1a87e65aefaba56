"""From ten checks to the seven rows that people read.

A failed check fails its row; all passed pass it; all not applicable: does not apply; else unknown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from node.verification.check import Check, CheckName, Outcome


class RowState(StrEnum):
    """The state of a row."""

    PASS = "pass"  # noqa: S105 -- a state, no password
    UNKNOWN = "unknown"
    FAIL = "fail"
    DOES_NOT_APPLY = "does_not_apply"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number from 1 to 7, its state, and the checks behind it."""

    number: int
    state: RowState
    checks: tuple[Check, ...]


ISSUER_ROW: Final = 2
QUALITY_ROW: Final = 7

CHECKS_OF_ROW: Final[tuple[tuple[CheckName, ...], ...]] = (
    (CheckName.STRUCTURE, CheckName.CONTEXT, CheckName.PROOF),
    (CheckName.ISSUER_KEY, CheckName.AUTHORITY),
    (CheckName.STATUS,),
    (CheckName.VALIDITY,),
    (CheckName.ANCHOR,),
    (CheckName.HOLDER,),
    (CheckName.AUTHORITY, CheckName.CLASS),
)

DISTRUSTED: Final = "authority.distrusted"
"""The code of a failed authority that is about the issuer itself, not about the quality of this document."""


def rows_of(checks: Mapping[CheckName, Check]) -> tuple[Row, ...]:
    """The seven rows."""
    return tuple(each_row(checks))


def each_row(checks: Mapping[CheckName, Check]) -> Iterator[Row]:
    """The seven rows, one after another, for those who need not see them all."""
    for number, names in enumerate(CHECKS_OF_ROW, start=1):
        concerned = tuple([checks[name] for name in names])
        if number == ISSUER_ROW:
            state = _issuer(*concerned)
        elif number == QUALITY_ROW:
            state = _quality(*concerned)
        else:
            state = _state(concerned)
        yield Row(number, state, concerned)


def recognised(authority: Check) -> bool:
    """Whether a list of the verifier names the issuer, or a body vouches for it."""
    return bool(authority.evidence.get("lists") or accredited(authority))


def accredited(authority: Check) -> bool:
    """Whether a body vouches for the issuer; one that did so for another time does not."""
    return authority.passed and bool(authority.evidence.get("body"))


def _issuer(issuer_key: Check, authority: Check) -> RowState:
    """Row 2: the key is the issuer's, and somebody the verifier relies on names the issuer."""
    if issuer_key.failed or (authority.failed and authority.code == DISTRUSTED):
        return RowState.FAIL
    if issuer_key.passed and recognised(authority):
        return RowState.PASS
    return RowState.UNKNOWN


def _quality(authority: Check, classified: Check) -> RowState:
    """Row 7: where no learning was assessed, nobody has to guarantee it."""
    if not (authority.failed or classified.failed) and (
        classified.passed and classified.evidence.get("class") == "participation"
    ):
        return RowState.DOES_NOT_APPLY
    return _state((authority, classified))


def _state(checks: tuple[Check, ...]) -> RowState:
    outcomes = [check.outcome for check in checks]
    if Outcome.FAILED in outcomes:
        return RowState.FAIL
    if outcomes.count(Outcome.PASSED) == len(outcomes):
        return RowState.PASS
    if outcomes.count(Outcome.NOT_APPLICABLE) == len(outcomes):
        return RowState.DOES_NOT_APPLY
    return RowState.UNKNOWN
