"""The eleven elements of Annex I: for each, how it stands and what to say about it.

Several values of one statement are as good as the best of them, since their order means nothing. An element that
is not met has exactly one error; its path is the value that is not valid, or where the statement would stand.

Spec: https://eur-lex.europa.eu/eli/C/2022/243/2, Annex I
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from node.credentials.errors import TimestampError
from node.credentials.micro_credential.findings import Judgement, Note, State
from node.credentials.micro_credential.places import Stated
from node.credentials.micro_credential.record import Level, Listed, Record, Workload
from node.credentials.micro_credential.tables import Tables
from node.credentials.timestamps import parse_timestamp

PLACEHOLDER: Final = "mc.text.placeholder"
UNLISTED: Final = "mc.value.unlisted"

_DECIMAL: Final = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,9})?", re.ASCII)
_DID: Final = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%/?#=&+-]+", re.ASCII)
_LINK: Final = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


MET: Final = Judgement(State.MET)

type Element = Callable[[Record, Tables], Judgement]


def is_text(text: str, tables: Tables) -> bool:
    """Whether a text counts: it has a letter, and is no placeholder."""
    trimmed = text.strip()
    return any(map(str.isalpha, trimmed)) and trimmed.casefold() not in tables.placeholders


def is_link(text: str) -> bool:
    """Whether a text is an http or https URL."""
    return _LINK.fullmatch(text) is not None


def unlisted(values: Iterable[Listed]) -> tuple[Note, ...]:
    """A note on the first value that is on no list."""
    return tuple([Note(UNLISTED, value.place.path) for value in values if value.term is None][:1])


def learner(record: Record, tables: Tables) -> Judgement:
    """E1: a name; else an identifier, plain or hashed; else a DID, whose key only the learner has.

    Not shown in a derived document, it is withheld where the issuer stated that the base names the learner.
    """
    who = record.learner
    by_name, by_identifier, by_key = tables.learner_strengths
    if any(is_text(one.text, tables) for one in who.names):
        return Judgement(State.MET, strength=by_name)
    if any(_is_identifier(one.text, tables) for one in who.identifiers):
        return Judgement(State.MET, strength=by_identifier)
    if any(_DID.fullmatch(one.text) for one in who.ids):
        return Judgement(State.MET, strength=by_key)
    if given := _given(who.names + who.identifiers):
        return Judgement(State.UNUSABLE, (Note(PLACEHOLDER, given[0].place.path),))
    if record.derived and any(one.text in tables.learner_strengths for one in record.learner_stated):
        return Judgement(State.WITHHELD)
    return Judgement(State.MISSING, (Note("mc.learner.missing", record.home("E1")),))


def _is_identifier(text: str, tables: Tables) -> bool:
    trimmed = text.strip()
    return bool(trimmed) and trimmed.casefold() not in tables.placeholders


def title(record: Record, tables: Tables) -> Judgement:
    """E2: a title."""
    return _text(record.titles, "mc.title.missing", record, "E2", tables)


def country(record: Record, tables: Tables) -> Judgement:
    """E3: the issuer's country by ISO 3166-1 alpha-2, or XK."""
    if any(one.text in tables.country_codes for one in record.countries):
        return MET
    if given := _given(record.countries):
        return Judgement(State.UNUSABLE, (Note("mc.country.unusable", given[0].place.path),))
    return Judgement(State.MISSING, (Note("mc.country.missing", record.home("E3")),))


def awarding_body(record: Record, tables: Tables) -> Judgement:
    """E4: the name of the body that awards it."""
    return _text(record.bodies, "mc.awarding_body.missing", record, "E4", tables)


def date_of_award(record: Record, _tables: Tables) -> Judgement:
    """E5: a date; with a time or without, since a time without a zone still names a day."""
    if any(_is_date(one.text) for one in record.dates):
        return MET
    if given := _given(record.dates):
        return Judgement(State.UNUSABLE, (Note("mc.date.missing", given[0].place.path),))
    return Judgement(State.MISSING, (Note("mc.date.missing", record.home("E5")),))


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text):
        try:
            date.fromisoformat(text)
        except ValueError:
            return False
        return True
    try:
        parse_timestamp(text)
    except TimestampError as error:
        return error.code == "timestamp.zone"
    return True


def outcomes(record: Record, tables: Tables) -> Judgement:
    """E6: at least one statement of what the person can do."""
    statements = tuple([outcome.statement for outcome in record.outcomes])
    judgement = _text(statements, "mc.outcomes.missing", record, "E6", tables)
    if judgement.state is State.MET and not any(outcome.linked for outcome in record.outcomes):
        return Judgement(State.MET, (Note("mc.outcomes.unlinked", statements[0].place.path),))
    return judgement


def workload(record: Record, tables: Tables) -> Judgement:
    """E7: a positive decimal with a unit."""
    counted = [one for one in record.workloads if _is_workload(one.value, tables)]
    if any(one.unit is not None and one.unit.term is not None for one in counted):
        return MET
    if counted:
        units = [one.unit for one in counted if one.unit is not None]
        return Judgement(State.UNUSABLE, (Note("mc.workload.no_unit", counted[0].place.path), *unlisted(units)))
    if given := _stated(record.workloads):
        return Judgement(State.UNUSABLE, (Note("mc.workload.missing", given[0].place.path),))
    return Judgement(State.MISSING, (Note("mc.workload.missing", record.home("E7")),))


def _stated(workloads: Iterable[Workload]) -> list[Workload]:
    return [one for one in workloads if one.value is None or one.value.strip()]


def _is_workload(value: str | None, tables: Tables) -> bool:
    return value is not None and bool(_DECIMAL.fullmatch(value)) and 0 < Decimal(value) <= tables.most_workload


def level(record: Record, tables: Tables) -> Judgement:
    """E8: a level in the range of its framework; or declared not to apply. Silence is missing."""
    for one in record.levels:
        if _is_level(one, tables):
            return Judgement(State.MET, (Note("mc.level.claimed", one.place.path),))
    if record.level_not_applicable:
        return Judgement(State.NOT_APPLICABLE)
    if record.levels:
        return Judgement(State.UNUSABLE, (Note("mc.level.unusable", record.levels[0].place.path),))
    return Judgement(State.MISSING, (Note("mc.level.missing", record.home("E8")),))


def _is_level(one: Level, tables: Tables) -> bool:
    """Whether it is one: in the range where the framework is known, with an address where it is not."""
    if not one.framework or not one.code or not one.code.strip():
        return False
    known = tables.frameworks.get(one.framework.strip())
    linked = one.url is not None and is_link(one.url)
    if known is None:
        return linked
    return one.code.strip() in known.levels and (linked or not known.needs_url)


def assessment(record: Record, tables: Tables) -> Judgement:
    """E9: a listed kind of assessment other than none."""
    if states_none(record, tables):
        return Judgement(State.MISSING, (Note("mc.assessment.missing", record.home("E9")),))
    return _listed(record.assessments, "mc.assessment.missing", record, "E9")


def states_none(record: Record, tables: Tables) -> bool:
    """Whether the document says that nothing was assessed."""
    return any(value.term == tables.no_assessment for value in record.assessments)


def participation(record: Record, _tables: Tables) -> Judgement:
    """E10: a listed form of participation."""
    return _listed(record.participation, "mc.participation.missing", record, "E10")


def quality(record: Record, tables: Tables) -> Judgement:
    """E11: at least one statement with a name and a link. Of what kind it is matters only for what is said about it."""
    good = [
        one
        for one in record.quality
        if any(is_text(body, tables) for body in one.bodies) and any(map(is_link, one.urls))
    ]
    if good:
        kinds = [kind for one in good for kind in one.kinds]
        notes = unlisted(kinds)
        if all(kind.term == tables.internal_quality for kind in kinds):
            notes = (*notes, Note("mc.quality.internal_only", good[0].place.path))
        return Judgement(State.MET, notes)
    if record.quality:
        return Judgement(State.UNUSABLE, (Note("mc.quality.missing", record.quality[0].place.path),))
    return Judgement(State.MISSING, (Note("mc.quality.missing", record.home("E11")),))


ELEMENTS: Final[Mapping[str, Element]] = {
    "E1": learner,
    "E2": title,
    "E3": country,
    "E4": awarding_body,
    "E5": date_of_award,
    "E6": outcomes,
    "E7": workload,
    "E8": level,
    "E9": assessment,
    "E10": participation,
    "E11": quality,
}


def _given(stated: Iterable[Stated]) -> list[Stated]:
    return [one for one in stated if one.text.strip()]


def _text(stated: tuple[Stated, ...], code: str, record: Record, element: str, tables: Tables) -> Judgement:
    if any(is_text(one.text, tables) for one in stated):
        return MET
    if given := _given(stated):
        return Judgement(State.UNUSABLE, (Note(PLACEHOLDER, given[0].place.path),))
    return Judgement(State.MISSING, (Note(code, record.home(element)),))


def _listed(values: tuple[Listed, ...], code: str, record: Record, element: str) -> Judgement:
    given = [value for value in values if value.label.strip()]
    if any(value.term is not None for value in given):
        return Judgement(State.MET, unlisted(given))
    if given:
        return Judgement(State.UNUSABLE, (Note(code, given[0].place.path), *unlisted(given)))
    return Judgement(State.MISSING, (Note(code, record.home(element)),))
