"""Two wallet forms, read from the decoded claims of an SD-JWT.

The EUDI learning credential has no place for the kind of assessment and the form of participation; glejt adds the two
under the names of its own context. Its level is one of the EQF. In the rule book of WE BUILD (draft 0.1) the kind of
assessment comes from the assessment's specification, so stating it says that there is one.

Spec: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from node.credentials.micro_credential.places import Home, Place, Stated, only
from node.credentials.micro_credential.readers.values import assessments, full_name, listed, texts
from node.credentials.micro_credential.record import Learner, Level, Listed, Outcome, Quality, Record, Result, Workload
from node.credentials.micro_credential.tables import Tables

EUDI: Final = "urn:eu.europa.ec.eudi:learning:credential:1"
WE_BUILD: Final = "VerifiableMicroCredential"
ASSESSMENT: Final[Mapping[str, str]] = {EUDI: "assessmentType", WE_BUILD: "typeOfAssessment"}
"""The claim of each form that says how it was assessed, or that nothing was."""
ACCREDITATION_BODY: Final = ("accreditingAgent", "title")

OF_EUDI: Final[Mapping[str, tuple[str, ...]]] = {
    "subject": (),
    "criteria": (),
    "E1": ("family_name",),
    "E2": ("achievement_title",),
    "E3": ("issuing_country",),
    "E4": ("issuing_authority",),
    "E5": ("date_of_issuance",),
    "E6": ("learning_outcomes",),
    "E7": ("expected_study_time",),
    "E8": ("level_of_learning_experience",),
    "E9": (ASSESSMENT[EUDI],),
    "E10": ("participationType",),
    "E11": ("types_of_quality_assurance",),
}
OF_WE_BUILD: Final[Mapping[str, tuple[str, ...]]] = {
    "subject": (),
    "criteria": (),
    "E1": ("familyName",),
    "E2": ("title",),
    "E3": ("issuerCountry",),
    "E4": ("awardingBody",),
    "E5": ("issuanceDate",),
    "E6": ("learningOutcomes",),
    "E7": ("notionalWorkload",),
    "E8": ("level",),
    "E9": (ASSESSMENT[WE_BUILD],),
    "E10": ("formOfParticipation",),
    "E11": ("accreditation",),
}
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")
_STUDY_TIME: Final = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*(ECTS|h|hours?|godzin[ay]?)\s*", re.IGNORECASE)
_EQF_CODE: Final = re.compile(r"EQF-([0-9]{1,2})", re.ASCII)


def read_eudi(document: Place, tables: Tables) -> tuple[Record, ...]:
    """What an EUDI learning credential states."""
    return (
        Record(
            home=Home(document, document, OF_EUDI, {}),
            learner=Learner(
                full_name(document, "given_name", "family_name"), document.stated("learner_identification")
            ),
            learner_stated=document.stated("learnerStated"),
            titles=document.stated("achievement_title"),
            countries=document.stated("issuing_country"),
            bodies=document.stated("issuing_authority"),
            dates=document.stated("date_of_issuance"),
            outcomes=_outcomes(document, "learning_outcomes", linked=False),
            workloads=tuple([_study_time(stated) for stated in document.stated("expected_study_time")]),
            levels=tuple(
                [Level("EQF", one.text, None, one.place) for one in document.numbers("level_of_learning_experience")]
            ),
            assessments=listed(document.walk(ASSESSMENT[EUDI]), "assessment", tables),
            participation=listed(document.walk("participationType"), "participation", tables),
            quality=tuple([_quality_text(stated) for stated in document.stated("types_of_quality_assurance")]),
            prerequisites=document.stated("prerequisites_to_enroll"),
            stackability=tuple(_stackable(document, "integration_stackability_options")),
            results=_grades(document, "assessment_grade"),
        ),
    )


def read_we_build(document: Place, tables: Tables) -> tuple[Record, ...]:
    """What a micro-credential of the WE BUILD rule book states."""
    return (
        Record(
            home=Home(document, document, OF_WE_BUILD, {}),
            learner=Learner(full_name(document, "givenName", "familyName"), document.stated("nationalID")),
            learner_stated=document.stated("learnerStated"),
            titles=document.stated("title"),
            countries=document.stated("issuerCountry"),
            bodies=document.stated("awardingBody"),
            dates=document.stated("issuanceDate"),
            outcomes=_outcomes(document, "learningOutcomes", linked=bool(document.walk("escoReference"))),
            workloads=tuple([_workload(place, tables) for place in document.walk("notionalWorkload")]),
            levels=tuple(_levels(document)),
            assessments=assessments(document.walk("typeOfAssessment"), tables, "we-build"),
            participation=listed(document.walk("formOfParticipation"), "participation", tables, "we-build"),
            quality=tuple(_accreditation(document, tables)),
            prerequisites=document.stated("entryRequirements"),
            supervision=listed(document.walk("idVerificationMethod"), "supervision", tables, "we-build"),
            stackability=tuple(_stackable(document, "stackable")),
            stacks_into=document.stated("partOfQualification"),
            further=document.stated("additionalNote"),
            assessment_specified=any(stated.text.strip() for stated in document.stated("typeOfAssessment")),
            types=(Stated("MicroCredential", Place(None, document.nearest("vct"))),),
            results=_grades(document, "grade"),
        ),
    )


READERS: Final[Mapping[str, Callable[[Place, Tables], tuple[Record, ...]]]] = {
    EUDI: read_eudi,
    WE_BUILD: read_we_build,
}
"""By `vct`."""


def _outcomes(document: Place, member: str, *, linked: bool) -> tuple[Outcome, ...]:
    return tuple([Outcome(None, stated, linked) for stated in document.stated(member)])


def _study_time(stated: Stated) -> Workload:
    """A workload in words: a number and a unit, or it has none."""
    match = _STUDY_TIME.fullmatch(stated.text)
    if match is None:
        return Workload(stated.text, None, stated.place)
    unit = "ECTS" if match[2].upper() == "ECTS" else "hour"
    return Workload(match[1], Listed(unit, match[2], stated.place), stated.place)


def _quality_text(stated: Stated) -> Quality:
    """Quality assurance in words: an address among them is the link."""
    return Quality((_ADDRESS.sub("", stated.text),), tuple(_ADDRESS.findall(stated.text)), (), stated.place)


def _workload(place: Place, tables: Tables) -> Workload:
    units = listed(place.walk("unit"), "unit", tables, "we-build")
    return Workload(only(place.numbers("value")), units[0] if len(units) == 1 else None, place)


def _levels(document: Place) -> Iterator[Level]:
    for stated in document.stated("level"):
        match = _EQF_CODE.fullmatch(stated.text.strip())
        yield Level("EQF", match[1] if match else None, None, stated.place)
    for stated in document.stated("nationalQualificationsFrameworkLevel"):
        yield Level(None, stated.text, None, stated.place)


def _accreditation(document: Place, tables: Tables) -> Iterator[Quality]:
    """The accreditation with its kind; without one the kind alone, which names nobody."""
    kinds = listed(document.walk("qualityAssurance"), "quality", tables, "we-build")
    for place in document.walk("accreditation"):
        bodies = [stated for member in ACCREDITATION_BODY for stated in place.stated(member)]
        stated = [address for member in place.object for address in place.stated(member)]
        own = listed(place.walk("type"), "quality", tables, "we-build")
        yield Quality(texts(bodies), texts(stated), own or kinds, place)
    if kinds and not document.walk("accreditation"):
        yield Quality((), (), kinds, kinds[0].place)


def _stackable(document: Place, member: str) -> Iterator[Listed]:
    for place in document.walk(member):
        if isinstance(place.plain, bool):
            yield Listed("stackable" if place.plain else "stand-alone", str(place.plain).lower(), place)


def _grades(document: Place, member: str) -> tuple[Result, ...]:
    return tuple([Result((), (one.text,), (), (), one.place) for one in document.numbers(member)])
