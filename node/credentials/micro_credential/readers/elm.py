"""European Digital Credentials for Learning: claims of the European Learning Model, version 3.

A claim is about an achievement, an activity, an assessment or an entitlement. Where there are achievements, they are
what the document certifies, and each has its record; else each claim has.

The concept for “supervised with identity” does not say where, so it is read as the weaker of our two: checked online.

Spec: https://github.com/european-commission-empl/European-Learning-Model
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from node.credentials.micro_credential.places import Home, Place, Stated, only
from node.credentials.micro_credential.readers.values import assessments, full_name, label_of, listed, texts
from node.credentials.micro_credential.record import Learner, Level, Listed, Outcome, Quality, Record, Result, Workload
from node.credentials.micro_credential.tables import Tables
from node.credentials.structure import types_of

ACHIEVEMENT: Final = "LearningAchievement"
ACTIVITY: Final = "LearningActivity"
ASSESSMENT: Final = "LearningAssessment"
COUNTRY: Final = ("location", "address", "countryCode")
BODY: Final = ("awardedBy", "awardingBody")
OUTCOME: Final = ("specifiedBy", "learningOutcome")
ADDRESSES: Final = ("landingPage", "homepage", "report", "supplementaryDocument")
"""Web resources of an accreditation."""
EQF: Final = "EQF"
OF_DOCUMENT: Final[Mapping[str, tuple[str, ...]]] = {
    "subject": ("credentialSubject",),
    "E1": ("credentialSubject", "fullName"),
    "E3": ("issuer", *COUNTRY),
    "E5": ("issued",),
}
OF_CLAIM: Final[Mapping[str, tuple[str, ...]]] = {
    "E2": ("title",),
    "E4": (*BODY, "legalName"),
    "E6": OUTCOME,
    "E7": ("specifiedBy", "creditPoint"),
    "E8": ("specifiedBy", "eqfLevel"),
    "E9": ("provenBy", "specifiedBy", "dcType"),
    "E10": ("influencedBy", "specifiedBy", "mode"),
    "E11": ("specifiedBy", "accreditation"),
    "criteria": ("provenBy", "specifiedBy"),
}

_EQF_LEVEL: Final = re.compile(r"http://data\.europa\.eu/snb/eqf/([0-9]{1,2})", re.ASCII)
_COUNTRY: Final = re.compile(r"http://publications\.europa\.eu/resource/authority/country/([A-Z0-9]{3})", re.ASCII)
_DURATION: Final = re.compile(r"PT([0-9]{1,7})H", re.ASCII)
"""Learning is counted in hours; how many hours a day or a month of learning has, nobody says."""


def read_elm(document: Place, tables: Tables) -> tuple[Record, ...]:
    """What a European Digital Credential states."""
    claims = document.walk("credentialSubject", "hasClaim")
    achievements = [claim for claim in claims if ACHIEVEMENT in types_of(claim.object)]
    nowhere = Place(None, document.nearest("credentialSubject", "hasClaim"))
    return tuple([_read(document, claim, tables) for claim in achievements or claims or [nowhere]])


def _read(document: Place, claim: Place, tables: Tables) -> Record:
    kinds = types_of(claim.object)
    tests = claim.walk("provenBy") + ([claim] if ASSESSMENT in kinds else [])
    activities = claim.walk("influencedBy") + ([claim] if ACTIVITY in kinds else [])
    subjects = document.walk("credentialSubject")
    stated_kinds = _kinds(tests, tables)
    return Record(
        home=Home(document, claim, OF_DOCUMENT, OF_CLAIM),
        subjects=len(subjects),
        learner=_learner(subjects),
        learner_stated=document.stated("learnerStated"),
        titles=claim.in_languages("title") + document.in_languages("displayParameter", "title"),
        countries=tuple(_countries(document, tables)),
        bodies=claim.in_languages(*BODY, "legalName"),
        dates=document.stated("issued")
        + document.stated("issuanceDate")
        + claim.stated("awardedBy", "awardingDate")
        + claim.stated("awardingDate"),
        outcomes=tuple(_outcomes(claim)),
        workloads=tuple(_workloads(claim, tables)),
        levels=tuple(_levels(claim)),
        assessments=stated_kinds,
        participation=listed(
            [mode for activity in activities for mode in activity.walk("specifiedBy", "mode")],
            "participation",
            tables,
            "elm",
        ),
        quality=tuple([_quality(place, tables) for place in _accreditations(document, claim, tables)]),
        prerequisites=claim.in_languages("specifiedBy", "entryRequirement", "noteLiteral"),
        supervision=listed(
            [place for test in tests for place in test.walk("idVerification")], "supervision", tables, "elm"
        ),
        stackability=tuple(_stackability(claim)),
        stacks_into=claim.stated("isPartOf", "id") + claim.stated("specifiedBy", "isPartOf", "id"),
        further=claim.in_languages("additionalNote", "noteLiteral")
        + claim.in_languages("specifiedBy", "additionalNote", "noteLiteral"),
        assessed=bool(tests),
        assessment_specified=any(test.walk("specifiedBy") for test in tests),
        activity_only=ACTIVITY in kinds and not tests,
        results=tuple([result for test in tests for result in _grades(test)]),
    )


def _learner(subjects: list[Place]) -> Learner:
    names: list[Stated] = []
    identifiers: list[Stated] = []
    ids: list[Stated] = []
    for subject in subjects:
        names += subject.in_languages("fullName")
        names += full_name(subject, "givenName", "familyName")
        identifiers += subject.stated("nationalID", "notation")
        identifiers += subject.stated("identifier", "notation")
        ids += subject.stated("id")
    return Learner(tuple(names), tuple(identifiers), tuple(ids))


def _countries(document: Place, tables: Tables) -> Iterator[Stated]:
    """The countries of the issuer; the authority list that the model uses has codes with three letters."""
    for place in document.walk("issuer", *COUNTRY):
        label = label_of(place) or ""
        match = _COUNTRY.fullmatch(label)
        yield Stated(tables.countries.get(match[1], label) if match else label, place)


def _outcomes(claim: Place) -> Iterator[Outcome]:
    for outcome in claim.walk(*OUTCOME):
        linked = bool(outcome.walk("relatedESCOSkill") or outcome.walk("relatedSkill"))
        for statement in outcome.in_languages("title"):
            yield Outcome(None, statement, linked)


def _workloads(claim: Place, tables: Tables) -> Iterator[Workload]:
    for point in claim.walk("specifiedBy", "creditPoint"):
        frameworks = listed(point.walk("framework"), "unit", tables, "elm")
        yield Workload(only(point.numbers("point")), frameworks[0] if len(frameworks) == 1 else None, point)
    for stated in claim.stated("specifiedBy", "volumeOfLearning"):
        match = _DURATION.fullmatch(stated.text)
        hours = match[1] if match else stated.text
        yield Workload(hours, Listed("hour", "volumeOfLearning", stated.place), stated.place)


def _levels(claim: Place) -> Iterator[Level]:
    for place in claim.walk("specifiedBy", "eqfLevel"):
        match = _EQF_LEVEL.fullmatch(label_of(place) or "")
        yield Level(EQF, match[1] if match else None, None, place)
    for place in claim.walk("specifiedBy", "nqfLevel"):
        concept = label_of(place)
        yield Level(only(place.stated("inScheme", "id")) or concept, concept, concept, place)


def _kinds(tests: list[Place], tables: Tables) -> tuple[Listed, ...]:
    """Kinds of assessment; taking part counts as one only beside no other."""
    found = assessments([kind for test in tests for kind in test.walk("specifiedBy", "dcType")], tables, "elm")
    return tuple([kind for kind in found if kind.term != tables.no_assessment]) or found


def _accreditations(document: Place, claim: Place, tables: Tables) -> Iterator[Place]:
    yield from claim.walk("specifiedBy", "accreditation")
    yield from claim.walk(*BODY, "accreditation")
    yield from document.walk("issuer", "accreditation")
    for evidence in document.walk("evidence"):
        kinds = {label_of(kind) for kind in evidence.walk("dcType")}
        if not kinds.isdisjoint(tables.foreign["elm"]["evidence"]):
            yield from evidence.walk("accreditation") or [evidence]


def _quality(place: Place, tables: Tables) -> Quality:
    addresses = [stated for member in ADDRESSES for stated in place.stated(member, "contentURL")]
    return Quality(
        texts(place.in_languages("accreditingAgent", "legalName") + place.in_languages("title")),
        texts([*place.stated("id"), *addresses]),
        listed(place.walk("dcType"), "quality", tables, "elm"),
        place,
    )


def _stackability(claim: Place) -> Iterator[Listed]:
    for place in claim.walk("specifiedBy", "isPartialQualification"):
        if isinstance(place.plain, bool):
            term = "stackable" if place.plain else "stand-alone"
            yield Listed(term, str(place.plain).lower(), place)


def _grades(test: Place) -> Iterator[Result]:
    for stated in test.in_languages("grade", "noteLiteral"):
        yield Result((), (stated.text,), (), (), stated.place)
