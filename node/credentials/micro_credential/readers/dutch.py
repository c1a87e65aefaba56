"""The two Dutch dialects of Open Badges 3.0: educredentials (2024), and edubadges as revised in October 2026.

Educredentials write credits as `ECTS` and study load as `SBU`; edubadges put the institution into the issuer's
`parentOrg`, and credits into the standard's `creditsAvailable`, which there are always ECTS.

Spec: https://edubadges.nl/static/obv3-glossary.html,
https://github.com/edubadges/edubadges-server/wiki/Edubadges-Metadata-Model-OB3
"""

from dataclasses import replace
from typing import Final

from node.credentials.micro_credential.places import Place, Stated
from node.credentials.micro_credential.readers.halves import Halves
from node.credentials.micro_credential.readers.open_badges import STANDARD, Dialect, read_open_badge
from node.credentials.micro_credential.readers.values import assessments, listed
from node.credentials.micro_credential.record import Listed, Outcome, Record, Workload
from node.credentials.micro_credential.tables import Tables

ECTS: Final = "ECTS"
HOUR: Final = "hour"
UNITS: Final = (("ECTS", ECTS), ("SBU", HOUR), ("studyLoad", HOUR), ("timeInvestment", HOUR))
"""Members that state a workload, and the unit each is in."""


def read_educredential(document: Place, halves: Halves, tables: Tables) -> tuple[Record, ...]:
    """What an educredential states."""
    return read_open_badge(document, halves, tables, EDUCREDENTIAL)


def read_edubadge(document: Place, halves: Halves, tables: Tables) -> tuple[Record, ...]:
    """What an edubadge states."""
    return read_open_badge(document, halves, tables, EDUBADGE)


def _educredential(record: Record, achievement: Place, tables: Tables) -> Record:
    workloads = [
        Workload(one.text, Listed(unit, member, one.place), one.place)
        for member, unit in UNITS
        for one in achievement.numbers(member)
    ]
    stated = achievement.in_languages("learningOutcome") + achievement.stated("learningOutcome", "name")
    return replace(
        record,
        outcomes=(*record.outcomes, *[Outcome(None, statement, linked=False) for statement in stated]),
        workloads=tuple(workloads) or record.workloads,
        assessments=(*assessments(achievement.walk("assessmentType"), tables, "dutch"), *record.assessments),
        participation=listed(achievement.walk("participationType"), "participation", tables, "dutch"),
        supervision=listed(achievement.walk("supervisionType"), "supervision", tables, "dutch"),
    )


def _edubadge(record: Record, achievement: Place, tables: Tables) -> Record:
    read = _educredential(record, achievement, tables)
    credits_ = [
        Workload(one.text, Listed(ECTS, "creditsAvailable", one.place), one.place)
        for one in achievement.numbers("creditsAvailable")
    ]
    own = tuple([workload for workload in read.workloads if workload.unit is not None])
    return replace(
        read,
        workloads=(*credits_, *own),
    )


def _institution(document: Place, _achievement: Place) -> tuple[Stated, ...]:
    return document.stated("issuer", "parentOrg", "name")


EDUCREDENTIAL: Final = Dialect(_educredential, STANDARD.bodies)
EDUBADGE: Final = Dialect(_edubadge, _institution)
