"""The five optional elements: which of them are stated.

Spec: https://eur-lex.europa.eu/eli/C/2022/243/2, Annex I
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from node.credentials.micro_credential.elements import is_text, unlisted
from node.credentials.micro_credential.findings import Judgement, State
from node.credentials.micro_credential.record import Listed, Record
from node.credentials.micro_credential.results import grades
from node.credentials.micro_credential.tables import Tables

type Option = Callable[[Record, Tables], Judgement]


def prerequisites(record: Record, tables: Tables) -> Judgement:
    """O1: what is needed beforehand."""
    return _stated(is_text(one.text, tables) for one in record.prerequisites)


def supervision(record: Record, _tables: Tables) -> Judgement:
    """O2: supervision, and whether the identity was checked."""
    return _listed(record.supervision)


def grade(record: Record, _tables: Tables) -> Judgement:
    """O3: a grade; not shown in a derived document, it is the holder's choice."""
    if grades(record):
        return Judgement(State.MET)
    return Judgement(State.WITHHELD if record.derived else State.MISSING)


def stacking(record: Record, _tables: Tables) -> Judgement:
    """O4: whether it stands alone, or what it stacks into."""
    judgement = _listed(record.stackability)
    return Judgement(State.MET, judgement.notes) if record.stacks_into else judgement


def further(record: Record, _tables: Tables) -> Judgement:
    """O5: further information."""
    return _stated(bool(one.text.strip()) for one in record.further)


OPTIONS: Final[Mapping[str, Option]] = {
    "O1": prerequisites,
    "O2": supervision,
    "O3": grade,
    "O4": stacking,
    "O5": further,
}
OF_AWARDS: Final = frozenset({"O3"})
"""Options that an award states, not the achievement that is awarded."""


def _stated(statements: Iterable[bool]) -> Judgement:
    return Judgement(State.MET if any(statements) else State.MISSING)


def _listed(values: tuple[Listed, ...]) -> Judgement:
    known = any(value.term is not None for value in values)
    return Judgement(State.MET if known else State.UNUSABLE if values else State.MISSING, unlisted(values))
