"""Our own dialect: Open Badges 3.0 with the terms that the type MicroCredentialAchievement brings along."""

from dataclasses import replace
from typing import Final

from node.credentials.micro_credential.places import Place, Stated, only
from node.credentials.micro_credential.readers.halves import Halves
from node.credentials.micro_credential.readers.open_badges import Dialect, read_open_badge
from node.credentials.micro_credential.readers.values import listed
from node.credentials.micro_credential.record import Record, Workload
from node.credentials.micro_credential.tables import Tables


def read_glejt(document: Place, halves: Halves, tables: Tables) -> tuple[Record, ...]:
    """What a document of ours states."""
    return read_open_badge(document, halves, tables, GLEJT)


def _extend(record: Record, achievement: Place, tables: Tables) -> Record:
    return replace(
        record,
        # Credits of Open Badges mirror the workload; only where they stand alone do they lack their unit.
        workloads=tuple([_workload(place, tables) for place in achievement.walk("workload")]) or record.workloads,
        level_not_applicable=any(place.plain is True for place in achievement.walk("levelNotApplicable")),
        assessments=(*listed(achievement.walk("assessmentType"), "assessment", tables), *record.assessments),
        participation=listed(achievement.walk("participationType"), "participation", tables),
        prerequisites=achievement.stated("prerequisite"),
        supervision=listed(achievement.walk("supervisionType"), "supervision", tables),
        stackability=listed(achievement.walk("stackability"), "stackability", tables),
        stacks_into=achievement.stated("stacksInto"),
    )


def _workload(place: Place, tables: Tables) -> Workload:
    """A workload; its value is a text, so that no processor writes the number differently."""
    units = listed(place.walk("unit"), "unit", tables)
    return Workload(only(place.stated("value")), units[0] if len(units) == 1 else None, place)


def _bodies(_document: Place, achievement: Place) -> tuple[Stated, ...]:
    return achievement.stated("awardingBody", "name")


GLEJT: Final = Dialect(_extend, _bodies)
