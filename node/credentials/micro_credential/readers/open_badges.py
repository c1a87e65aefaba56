"""Open Badges 3.0: what the standard itself has a place for; the dialects built on it add theirs.

Spec: https://www.imsglobal.org/spec/ob/v3p0
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

import orjson

from node.credentials.micro_credential.places import Home, Place, Stated, only, stated, walk
from node.credentials.micro_credential.readers.halves import Halves
from node.credentials.micro_credential.readers.values import assessments, full_name, level, quality, texts
from node.credentials.micro_credential.record import (
    Learner,
    Level,
    Listed,
    Outcome,
    Quality,
    Record,
    Requirement,
    Result,
    Workload,
)
from node.credentials.micro_credential.tables import Tables
from node.credentials.structure import types_of
from node.documents import JsonValue

MAX_REMEMBERED: Final = 128
"""Achievements whose statements are remembered: one is awarded to many, and a verifier meets a few issuers' again."""
MAX_REMEMBERED_BYTES: Final = 16 * 1024
"""A longer one is read each time: the largest published sample has 6 kB."""

LEARNING_OUTCOME: Final = frozenset({"LearningOutcome", "https://w3id.org/glejt#LearningOutcome"})
"""The type, and the IRI it stands for: to JSON-LD both are the same."""
ACHIEVEMENT: Final = frozenset(
    {"Achievement", "MicroCredentialAchievement", "EdubadgesAchievement", "EducredentialAchievement"}
)
"""Types without which an object cannot have the members of an achievement; likewise below."""
SUBJECT: Final = frozenset({"AchievementSubject"})
DESCRIPTION: Final = frozenset({"ResultDescription"})
RESULT: Final = frozenset({"Result"})
ASSESSMENT: Final = frozenset(
    {"AssessmentResultDescription", "https://purl.imsglobal.org/spec/vc/ob/vocab.html#AssessmentResultDescription"}
)
COUNTRY: Final = ("address", "addressCountryCode")
DATES: Final = ("awardedDate", "validFrom", "issuanceDate")
FURTHER: Final = (("humanCode",), ("fieldOfStudy",), ("otherIdentifier", "identifier"))
OF_DOCUMENT: Final[Mapping[str, tuple[str, ...]]] = {
    "subject": ("credentialSubject",),
    "E1": ("credentialSubject", "identifier"),
    "E3": ("issuer", *COUNTRY),
    "E4": ("issuer", "name"),
    "E5": (),
}
OF_ACHIEVEMENT: Final[Mapping[str, tuple[str, ...]]] = {
    "E2": ("name",),
    "E6": ("resultDescription",),
    "E7": ("workload",),
    "E8": ("alignment",),
    "E9": ("assessmentType",),
    "E10": ("participationType",),
    "E11": ("alignment",),
    "criteria": ("criteria",),
}


class Dialect(NamedTuple):
    """What a dialect states beyond the standard."""

    extend: Callable[[Record, Place, Tables], Record]
    """Adds to the record of an achievement what the achievement itself states."""
    bodies: Callable[[Place, Place], tuple[Stated, ...]]
    """Who awards, by the document and the achievement, before those whom the standard has a place for."""


STANDARD: Final = Dialect(lambda record, _achievement, _tables: record, lambda _document, _achievement: ())


def read_open_badge(document: Place, halves: Halves, tables: Tables, dialect: Dialect = STANDARD) -> tuple[Record, ...]:
    """One record for each achievement of the document, and for each other half of one; one where it has none."""
    achievements = halves.with_others(document.walk("credentialSubject", "achievement"), ACHIEVEMENT)
    found = achievements or [Place(None, document.nearest("credentialSubject", "achievement"))]
    return tuple([_read(document, one, halves, tables, dialect) for one in found])


def _read(document: Place, found: Place, halves: Halves, tables: Tables, dialect: Dialect) -> Record:
    achievement = Place(found.value, found.path)  # most that is pointed at is in it, so its pointer is made once
    issuers, subjects = document.step("issuer"), document.step("credentialSubject")
    results = halves.with_others(walk(halves.with_others(subjects, SUBJECT), "result"), RESULT)
    return replace(
        _achieved(achievement, halves, tables, dialect),
        home=Home(document, achievement, OF_DOCUMENT, OF_ACHIEVEMENT),
        subjects=len(subjects),
        learner=_learner(subjects),
        learner_stated=document.stated("learnerStated"),
        countries=stated(issuers, *COUNTRY) + stated(issuers, "parentOrg", *COUNTRY),
        bodies=(
            *dialect.bodies(document, achievement),
            *stated(issuers, "name"),
            *stated(subjects, "source", "name"),
            *achievement.stated("creator", "name"),
        ),
        dates=tuple([date for name in DATES for date in document.stated(name)]),
        results=tuple([_result(place) for place in results]),
    )


def _achieved(achievement: Place, halves: Halves, tables: Tables, dialect: Dialect) -> Record:
    """What the achievement itself states, in this document or, as nearly always, in each of its awards."""
    if not halves.any:
        try:
            text = orjson.dumps(achievement.value)
        except orjson.JSONEncodeError:
            text = None  # made in memory, and no JSON
        if text is not None and len(text) <= MAX_REMEMBERED_BYTES:
            return remembered(text, achievement.start, tables, dialect)
    return _read_achievement(achievement, halves, tables, dialect)


@lru_cache(MAX_REMEMBERED)
def remembered(text: bytes, path: str, tables: Tables, dialect: Dialect) -> Record:
    """What an achievement states that has no other half. It follows from the text, in whosever award that stands."""
    achievement = Place(orjson.loads(text), path)
    return _read_achievement(achievement, Halves(Place(None)), tables, dialect)


def _read_achievement(achievement: Place, halves: Halves, tables: Tables, dialect: Dialect) -> Record:
    alignments = _alignments(achievement.step("alignment"))
    descriptions = halves.with_others(achievement.step("resultDescription"), DESCRIPTION)
    criteria = achievement.step("criteria")
    addresses = stated(criteria, "id")
    record = Record(
        home=Home(achievement, achievement, {}, OF_ACHIEVEMENT),
        titles=achievement.stated("name"),
        outcomes=tuple(_outcomes(descriptions, alignments, tables)),
        workloads=tuple([Workload(one.text, None, one.place) for one in achievement.numbers("creditsAvailable")]),
        levels=tuple(_levels(alignments, tables)),
        assessments=_assessments(descriptions, tables),
        quality=tuple(_quality(alignments, tables)),
        further=(*addresses, *[one for names in FURTHER for one in achievement.stated(*names)]),
        criteria=(*stated(criteria), *stated(criteria, "narrative"), *addresses),
        types=achievement.stated("achievementType"),
        requirements=_requirements(descriptions),
    )
    return dialect.extend(record, achievement, tables)


def _learner(subjects: Iterable[Place]) -> Learner:
    names: list[Stated] = []
    identifiers: list[Stated] = []
    ids: list[Stated] = []
    for subject in subjects:
        for identifier in subject.step("identifier"):
            own = identifier.object
            plain_name = own.get("identityType") == "name" and _says_no(own.get("hashed"))
            found = identifier.stated("identityHash") if own else stated([identifier])
            (names if plain_name else identifiers).extend(found)
        names += subject.stated("name")
        names += full_name(subject, "givenName", "familyName")
        ids += subject.stated("id")
    return Learner(tuple(names), tuple(identifiers), tuple(ids))


def _says_no(hashed: JsonValue) -> bool:
    """`hashed` is typed as a boolean, so to JSON-LD the text says the same."""
    return hashed is False or hashed == "false"


class _Alignment(NamedTuple):
    """An alignment, and what it says it is aligned to."""

    place: Place
    targets: tuple[str, ...]


def _alignments(places: list[Place]) -> list[_Alignment]:
    return [_Alignment(place, texts(place.stated("targetType"))) for place in places]


def _outcomes(descriptions: list[Place], alignments: list[_Alignment], tables: Tables) -> Iterator[Outcome]:
    for description in descriptions:
        aligned = description.step("alignment")
        named = is_learning_outcome(description)
        if named or aligned:
            names = description.stated("name") or stated(aligned, "targetName")
            for statement in names or (Stated("", description),):
                yield Outcome(only(description.stated("id")), statement, bool(aligned))
    for alignment in alignments:
        if any(_is_outcome(target, tables) for target in alignment.targets):
            for statement in alignment.place.stated("targetName"):
                yield Outcome(None, statement, linked=True)


def is_learning_outcome(description: Place) -> bool:
    """Whether a description of results calls itself a learning outcome."""
    return not LEARNING_OUTCOME.isdisjoint(types_of(description.object))


def _is_outcome(target: str, tables: Tables) -> bool:
    return target in tables.outcome_targets or target.startswith(tables.outcome_target_prefixes)


def _levels(alignments: list[_Alignment], tables: Tables) -> Iterator[Level]:
    for alignment in alignments:
        for target in alignment.targets:
            if target in tables.level_targets:
                yield level(alignment.place, tables.level_targets[target])


def _quality(alignments: list[_Alignment], tables: Tables) -> Iterator[Quality]:
    for alignment in alignments:
        if not tables.quality_targets.isdisjoint(alignment.targets):
            yield quality(alignment.place, tables)


def _assessments(descriptions: list[Place], tables: Tables) -> tuple[Listed, ...]:
    """Kinds of assessment by the 1EdTech assessment extension.

    Spec: https://www.imsglobal.org/spec/ob-assessment/v2p0
    """
    places = [
        place
        for description in descriptions
        if not ASSESSMENT.isdisjoint(types_of(description.object))
        for place in description.walk("assessmentType")
    ]
    return assessments(places, tables, "1edtech")


def _requirements(descriptions: list[Place]) -> Mapping[str, Requirement]:
    found: dict[str, Requirement] = {}
    for description in descriptions:
        made = Requirement(
            is_learning_outcome(description),
            kinds=texts(description.stated("resultType")),
            values=texts(description.numbers("requiredValue")),
            levels=texts(description.stated("requiredLevel")),
            allowed=texts(description.numbers("allowedValue")),
            points={
                level_id.text: only(rubric.numbers("points"))
                for rubric in description.step("rubricCriterionLevel")
                for level_id in rubric.stated("id")
            },
        )
        for name in texts(description.stated("id")):
            found[name] = found[name].and_also(made) if name in found else made
    return found


def _result(place: Place) -> Result:
    return Result(
        texts(place.stated("resultDescription")),
        texts(place.numbers("value")),
        texts(place.stated("achievedLevel")),
        tuple([status.text or "" for status in place.step("status")]),
        place,
    )
