"""A micro-credential in the claims of a wallet form: what the form has a place for, and what is lost.

Nothing is guessed to fill a form. What it has no place for is named by the rules themselves: the claims are read again
as any verifier reads them, and what the document stated and they do not is lost. Where the claims would look better
than the document, there are none.

Spec: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from node.credentials.errors import CompositionError
from node.credentials.findings import wrong
from node.credentials.micro_credential.classification import Classification, classify
from node.credentials.micro_credential.findings import SATISFIED, State
from node.credentials.micro_credential.places import Place, Stated
from node.credentials.micro_credential.readers.dialects import read
from node.credentials.micro_credential.readers.sd_jwt import EUDI, WE_BUILD
from node.credentials.micro_credential.record import Level, Listed, Record, Workload
from node.credentials.micro_credential.results import openness
from node.credentials.micro_credential.rule_set import RuleSet, rule_set
from node.credentials.micro_credential.tables import Kind, Tables
from node.documents import JsonObject, JsonValue, pointer

OPEN_BADGE: Final = "openBadge"
"""The identifier of the same award as an Open Badge."""
LEARNER_STATED: Final = "learnerStated"
OF_PERSON: Final = (
    "given_name",
    "family_name",
    "givenName",
    "familyName",
    "learner_identification",
    "nationalID",
    "sub",
)
"""Claims that say who the learner is."""
OF_CHOICE: Final = (*OF_PERSON, OPEN_BADGE, "assessment_grade", "grade", "prerequisites_to_enroll", "entryRequirements")
"""Claims that are the holder's choice; all others are always shown."""
DATE: Final = ("date_of_issuance", "issuanceDate")
"""The date of award, which an issuer may leave to the holder's choice."""
_OWN_OF_EUDI: Final = frozenset({"assessmentType", "participationType", OPEN_BADGE, LEARNER_STATED})
_WORDS: Final = 2
_UNITS: Final = {"ECTS": "ECTS", "hour": "hours"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletForm:
    """The claims of a form, and what became of the document in it.

    `lost` names the elements and options that the form has no place for; of those, `kept` are carried by claims of
    ours, which other readers do not know.
    """

    vct: str
    claims: JsonObject
    lost: tuple[str, ...]
    kept: tuple[str, ...]

    def choosable(self, *, awarded_date: bool = True) -> tuple[str, ...]:
        """Pointers to the claims that a holder may hide; `awarded_date` keeps the date of award among the others."""
        names = OF_CHOICE if awarded_date else (*OF_CHOICE, *DATE)
        return tuple(pointer(name) for name in names if name in self.claims)


def wallet_form(document: JsonObject, vct: str, rules: RuleSet | None = None) -> WalletForm:
    """The claims of a micro-credential in this form.

    1. It is about one achievement of one person, and no result of it is open: no form has a place for that.
    2. Each element goes where the form has a place for it; what it has none for, into claims of ours.
    3. What is lost, the rules say; and the claims look no better than the document.

    Raises CompositionError.
    """
    chosen = rules or rule_set()
    tables = chosen.tables
    records = read(Place(document), tables)  # 1.
    if len(records) != 1 or records[0].subjects != 1:
        raise _refused("", "it is about several achievements or persons", "Issue one for each.")
    (record,) = records
    if left := openness(record, tables).open:
        message = "a result is not reached, and this form has no place to say so"
        raise _refused(left[0].place.path, message, "Issue it in another form.")
    claims = _present(FORMS[vct](record, tables))  # 2.
    own = _OWN_OF_EUDI if vct == EUDI else frozenset({OPEN_BADGE, LEARNER_STATED})
    plain: JsonObject = {"vct": vct, **{name: value for name, value in claims.items() if name not in own}}
    identifier = document.get("id")
    extra: JsonObject = {OPEN_BADGE: identifier if isinstance(identifier, str) else None}
    if LEARNER_STATED in document:
        extra[LEARNER_STATED] = document[LEARNER_STATED]
    whole = {"vct": vct, **claims, **_present(extra)}
    before, after = classify(document, chosen), classify(whole, chosen)  # 3.
    if after.credential_class.rank > before.credential_class.rank:
        message = f"in this form it would look like {after.credential_class}, and it is {before.credential_class}"
        raise _refused("", message, "Issue it in another form.")
    lost, gone = _lost(before, classify(plain, chosen)), _lost(before, after)
    return WalletForm(vct=vct, claims=whole, lost=lost, kept=tuple([name for name in lost if name not in gone]))


def _eudi(record: Record, _tables: Tables) -> JsonObject:
    given, family = _names(record)
    level = next((one.code for one in record.levels if one.framework == "EQF" and one.code), None)
    return {
        "given_name": given,
        "family_name": family,
        "learner_identification": _identifier(record),
        "achievement_title": _first(record.titles),
        "issuing_country": _first(record.countries),
        "issuing_authority": _first(record.bodies),
        "date_of_issuance": _first(record.dates),
        "learning_outcomes": [outcome.statement.text for outcome in record.outcomes],
        "expected_study_time": _in_words(record.workloads),
        "level_of_learning_experience": int(level) if level and level.isdigit() else None,
        "types_of_quality_assurance": _quality_in_words(record),
        "prerequisites_to_enroll": _first(record.prerequisites),
        "assessment_grade": _grade(record),
        "integration_stackability_options": _stackable(record),
        "assessmentType": _term(record.assessments),
        "participationType": _term(record.participation),
    }


def _we_build(record: Record, tables: Tables) -> JsonObject:
    given, family = _names(record)
    return {
        "givenName": given,
        "familyName": family,
        "title": _first(record.titles),
        "issuerCountry": _first(record.countries),
        "awardingBody": _first(record.bodies),
        "issuanceDate": _first(record.dates),
        "learningOutcomes": [outcome.statement.text for outcome in record.outcomes],
        "notionalWorkload": _workload(record.workloads, tables),
        "level": _level(record.levels),
        "typeOfAssessment": _foreign(record.assessments, "assessment", tables),
        "formOfParticipation": _foreign(record.participation, "participation", tables),
        "qualityAssurance": _foreign([kind for one in record.quality for kind in one.kinds], "quality", tables),
        "accreditation": _accreditation(record, tables),
        "entryRequirements": _first(record.prerequisites),
        "grade": _grade(record),
        "stackable": _stackable(record),
        "idVerificationMethod": _foreign(record.supervision, "supervision", tables),
        "partOfQualification": _first(record.stacks_into),
        "additionalNote": _first(record.further),
    }


FORMS: Final[Mapping[str, Callable[[Record, Tables], JsonObject]]] = {EUDI: _eudi, WE_BUILD: _we_build}
"""By `vct`."""


def _lost(before: Classification, after: Classification) -> tuple[str, ...]:
    held = {State.MET, State.WITHHELD, *SATISFIED}
    states = {**before.elements, **before.options}
    now = {**after.elements, **after.options}
    return tuple(name for name, state in states.items() if state in held and now[name] not in held)


def _present(claims: JsonObject) -> JsonObject:
    return {name: value for name, value in claims.items() if value is not None and value not in ("", [], {})}


def _names(record: Record) -> tuple[str | None, str | None]:
    """Given name and family name, where the name has two words; how others are to be parted, only the person knows."""
    parts = (_first(record.learner.names) or "").split()
    return (parts[0], parts[1]) if len(parts) == _WORDS else (None, None)


def _identifier(record: Record) -> str | None:
    """An identifier of the learner, where the name cannot be carried."""
    return None if all(_names(record)) else _first(record.learner.identifiers) or _first(record.learner.ids)


def _first(stated: Iterable[Stated]) -> str | None:
    return next((one.text for one in stated if one.text.strip()), None)


def _term(values: Iterable[Listed]) -> str | None:
    return next((one.term or one.label for one in values), None)


def _foreign(values: Iterable[Listed], kind: Kind, tables: Tables) -> str | None:
    """The value of the foreign list that ours is mapped from; ours where that list has none."""
    names = {ours: theirs for theirs, ours in reversed([*tables.mapping("we-build", kind).items()])}
    return next((names.get(one.term or "", one.term or one.label) for one in values), None)


def _in_words(workloads: Iterable[Workload]) -> str | None:
    for one in workloads:
        if one.value is not None and one.unit is not None and one.unit.term in _UNITS:
            return f"{one.value} {_UNITS[one.unit.term]}"
    return None


def _workload(workloads: Iterable[Workload], tables: Tables) -> JsonValue:
    names = {ours: theirs for theirs, ours in tables.mapping("we-build", "unit").items()}
    for one in workloads:
        if one.value is not None and one.unit is not None and one.unit.term in names:
            return {"value": one.value, "unit": names[one.unit.term]}
    return None


def _level(levels: Iterable[Level]) -> str | None:
    return next((f"EQF-{one.code}" for one in levels if one.framework == "EQF" and one.code), None)


def _quality_in_words(record: Record) -> str | None:
    parts = [part for one in record.quality[:1] for part in (*one.bodies[:1], *one.urls[:1])]
    return " ".join(parts) or None


def _accreditation(record: Record, tables: Tables) -> JsonValue:
    for one in record.quality:
        kind = _foreign(one.kinds, "quality", tables)
        found: JsonObject = {
            "accreditingAgent": next(iter(one.bodies), None),
            "type": kind,
            "reference": next(iter(one.urls), None),
        }
        return _present(found)
    return None


def _grade(record: Record) -> str | None:
    return next((value for result in record.results for value in result.values), None)


def _stackable(record: Record) -> bool | None:
    return next((one.term == "stackable" for one in record.stackability if one.term), None)


def _refused(path: str, message: str, remedy: str) -> CompositionError:
    return CompositionError([wrong("wallet_form", path, message, remedy)])
