"""An achievement: what can be earned, as the issuer's file describes it, ready to be awarded.

The file is an Open Badges 3.0 `Achievement` of our extension type. It is a view: an award carries it as it stands, so
that the achievement published at its `id` and the one in each award are the same. One thing is added, because it
follows from what is stated: the workload in ECTS as `creditsAvailable`, which other programs read.

Spec: https://www.imsglobal.org/spec/ob/v3p0/#achievement
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from node.credentials.alignments import check_alignment
from node.credentials.context_profile import GLEJT_CONTEXT
from node.credentials.errors import AchievementError, shown
from node.credentials.findings import Finding, wrong
from node.credentials.language_maps import check_language_map
from node.credentials.micro_credential.classification import classify_achievement
from node.credentials.micro_credential.elements import is_text
from node.credentials.micro_credential.findings import Severity, State
from node.credentials.micro_credential.help import help_texts
from node.credentials.micro_credential.rule_set import rule_set
from node.credentials.micro_credential.tables import Kind, Tables
from node.credentials.structure import BASE_CONTEXTS, Version, is_url, objects_of, one_or_many, types_of
from node.documents import JsonObject, JsonValue, pointer

VERSION_CONTEXT: Final = next(url for url, version in BASE_CONTEXTS.items() if version is Version.V2_0)
OPEN_BADGES_CONTEXT: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
"""The newest version of the Open Badges context, which is the one we write."""
CONTEXTS: Final = (VERSION_CONTEXT, OPEN_BADGES_CONTEXT, GLEJT_CONTEXT)
"""The contexts of every credential composed here; an achievement's file may name them, or none."""
TYPES: Final = ("Achievement", "MicroCredentialAchievement")
OUTCOME_TYPES: Final = ("ResultDescription",)
LISTED: Final[Mapping[str, Kind]] = {
    "assessmentType": "assessment",
    "participationType": "participation",
    "supervisionType": "supervision",
    "stackability": "stackability",
}
"""Members whose values are on a list of the rules; JSON-LD knows no others there."""
MAX_DESCRIPTIONS: Final = 200
"""Outcomes and other results that one achievement describes; long catalogues of a programme have some dozens."""
MAX_ALIGNMENTS: Final = 200
"""Alignments in one place, likewise."""

_SAID: Final = frozenset({"mc.assessment.not_stated", "mc.criteria.missing", "mc.text.placeholder"})
_HOMES: Final = frozenset({"", "/alignment", "/resultDescription", "/name", *map(pointer, LISTED)})
"""Places of findings about what is missing, or is judged apart from the elements."""

_COMPLETE: Final = "Add it to the achievement."
_CORRECT: Final = "Correct it in the achievement."


@dataclass(frozen=True, slots=True)
class Achievement:
    """An achievement that can be awarded; made by `read_achievement` alone."""

    document: JsonObject
    """The object as an award carries it: without `@context`, with `creditsAvailable` where ECTS are stated."""

    @property
    def id(self) -> str:
        """The identifier, the same for everybody who earns it."""
        return str(self.document["id"])

    @property
    def name(self) -> str:
        """The title."""
        return str(self.document["name"])

    def descriptions(self) -> Mapping[str, JsonObject]:
        """What its results can be about, by identifier, in the order of the file."""
        return {str(one["id"]): one for one in objects_of(self.document, "resultDescription")}


def read_achievement(document: JsonObject) -> Achievement:
    """The achievement in a file; AchievementError names everything that keeps it from being awarded.

    1. Contexts, if it names any, are those that awards have.
    2. It has the types that give our terms their meaning, an identifier, a name, a description and criteria.
    3. It says how the learning was assessed, be it not at all; what has a list is on it.
    4. What it states of the elements of a micro-credential is valid. What it leaves out is no error: the class says.
    5. Results are described so that an award can refer to them; alignments point at what they name.
    6. Other languages stand beside the plain texts, each under its tag.
    7. Credits are the workload in ECTS.
    """
    problems = list(_problems(document))
    if problems:
        raise AchievementError(problems)
    whole = {name: value for name, value in document.items() if name != "@context"}  # 1.
    credits_available = ects_of(document)  # 7.
    if credits_available is not None:
        whole["creditsAvailable"] = credits_available
    return Achievement(whole)


def _problems(document: JsonObject) -> Iterator[Finding]:
    tables = rule_set().tables
    yield from _check_context(document)  # 1.
    yield from _check_types(document, "", TYPES)  # 2.
    if "id" not in document:
        yield _missing("/id", "the achievement has no id")
    elif not is_url(document["id"]):
        yield wrong("achievement.id", "/id", f"{shown(document['id'])} is not a URL", _CORRECT)
    for member in ("name", "description"):
        yield from _check_text(document, member, tables)
    yield from _check_criteria(document.get("criteria"), tables)
    if "assessmentType" not in document:  # 3.
        yield _missing(
            "/assessmentType", f"it does not say how learning was assessed: {_allowed(tables, 'assessment')}"
        )
    for member, kind in LISTED.items():
        value = document.get(member)
        if value is not None and not (isinstance(value, str) and tables.values[kind].find(value)):
            message = f"{shown(value)} is none of {_allowed(tables, kind)}"
            yield wrong("achievement.value", pointer(member), message, _CORRECT)
    yield from _check_elements(document)  # 4.
    yield from _check_descriptions(document, tables)  # 5.
    yield from _check_alignments(document, "")
    for member in ("nameMap", "descriptionMap"):  # 6.
        yield from check_language_map(document, member, "")
    yield from _check_credits(document)  # 7.


def _check_context(document: JsonObject) -> Iterator[Finding]:
    for context, path in one_or_many(document.get("@context", []), "/@context"):
        if context not in CONTEXTS:
            message = f"the context {shown(context)} is not one that an award has"
            yield wrong("achievement.context", path, message, f"Name {', '.join(CONTEXTS)}, or no context at all.")


def _check_types(owner: JsonObject, path: str, expected: tuple[str, ...]) -> Iterator[Finding]:
    lacking = [name for name in expected if name not in types_of(owner)]
    if lacking:
        message = f"the type {' and '.join(lacking)} is missing, without which its members have no meaning"
        place = path + "/type" if "type" in owner else path
        yield wrong("achievement.type", place, message, f'Write "type": ["{'", "'.join(expected)}"].')


def _check_text(document: JsonObject, member: str, tables: Tables) -> Iterator[Finding]:
    value = document.get(member)
    if value is None:
        yield _missing(pointer(member), f"the achievement has no {member}")
    elif not isinstance(value, str) or not is_text(value, tables):
        yield wrong("achievement.text", pointer(member), f"{shown(value)} says nothing", "Write a text.")


def _check_criteria(value: JsonValue, tables: Tables) -> Iterator[Finding]:
    if value is None:
        yield _missing("/criteria", "it does not say what is needed to earn it")
        return
    criteria = value if isinstance(value, dict) else {}
    narrative, page = criteria.get("narrative"), criteria.get("id")
    if page is not None and not is_url(page):
        yield wrong("achievement.criteria", "/criteria/id", f"{shown(page)} is not a URL", _CORRECT)
    elif not (isinstance(narrative, str) and is_text(narrative, tables)) and page is None:
        message = "the criteria have neither a narrative nor the address of a page in id"
        yield wrong("achievement.criteria", "/criteria", message, "Write what is needed to earn it.")


def _check_elements(document: JsonObject) -> Iterator[Finding]:
    """What is stated of the elements and does not count; what is judged above is not said again."""
    found, said = classify_achievement(document), help_texts("en")
    if State.UNUSABLE not in found.elements.values():
        return
    for finding in found.findings:
        if finding.severity is Severity.ERROR and finding.code not in _SAID and finding.path not in _HOMES:
            message = "what stands here does not count"
            yield wrong(f"achievement.{finding.code}", finding.path, message, said[finding.code])


def _check_descriptions(document: JsonObject, tables: Tables) -> Iterator[Finding]:
    value = document.get("resultDescription", [])
    if not isinstance(value, list) or len(value) > MAX_DESCRIPTIONS:
        message = f"what can be reached is no list of at most {MAX_DESCRIPTIONS} descriptions"
        yield wrong("achievement.result_description", "/resultDescription", message, _CORRECT)
        return
    seen: set[str] = set()
    for index, one in enumerate(value):
        path = pointer("resultDescription", index)
        if not isinstance(one, dict):
            yield wrong("achievement.result_description", path, f"{shown(one)} is no object", _CORRECT)
            continue
        yield from _check_types(one, path, OUTCOME_TYPES)
        name, own = one.get("name"), one.get("id")
        if not isinstance(name, str) or not is_text(name, tables):
            yield wrong("achievement.result_description", path, "the description has no name", _COMPLETE)
        if not isinstance(one.get("resultType"), str):
            remedy = 'Write "resultType": "Status" for an outcome that is reached or not.'
            yield wrong("achievement.result_description", path, "the description has no resultType", remedy)
        if not isinstance(own, str) or not is_url(own):
            remedy = "Give it an id of its own, such as the achievement's with #o1 behind it."
            yield wrong("achievement.result_description", path, "the description has no id that is a URL", remedy)
        elif own in seen:
            yield wrong("achievement.repeated_id", path + "/id", f"{shown(own)} is described twice", _CORRECT)
        else:
            seen.add(own)
        for member in ("nameMap", "descriptionMap"):
            yield from check_language_map(one, member, path)
        yield from _check_alignments(one, path)


def _check_alignments(owner: JsonObject, path: str) -> Iterator[Finding]:
    value, path = owner.get("alignment", []), path + "/alignment"
    if not isinstance(value, list) or len(value) > MAX_ALIGNMENTS:
        yield wrong("achievement.alignment", path, f"it is no list of at most {MAX_ALIGNMENTS} alignments", _CORRECT)
        return
    for index, one in enumerate(value):
        yield from check_alignment(one, path + pointer(index))


def _check_credits(document: JsonObject) -> Iterator[Finding]:
    stated, follows = document.get("creditsAvailable"), ects_of(document)
    if stated is None:
        return
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        message = f"{shown(stated)} is no number of credits"
        yield wrong("achievement.credits", "/creditsAvailable", message, "Leave it out; it follows from the workload.")
    elif follows is not None and stated != follows:
        message = f"the credits are {stated} here and {follows} in the workload"
        yield wrong("achievement.credits", "/creditsAvailable", message, "Leave it out; it follows from the workload.")


def ects_of(document: JsonObject) -> int | float | None:
    """The workload in ECTS, as a number, where it is stated once and well."""
    tables = rule_set().tables
    values = []
    for one in objects_of(document, "workload"):
        unit, value = one.get("unit"), one.get("value")
        if isinstance(unit, str) and tables.values["unit"].find(unit) == "ECTS" and isinstance(value, str):
            values.append(value)
    if len(values) != 1 or any(finding.path.startswith("/workload") for finding in _check_elements(document)):
        return None
    number = Decimal(values[0])
    return int(number) if number == int(number) else float(number)


def allowed_at(path: str) -> tuple[str, ...]:
    """The values that a place of an achievement may have; empty where there is no list of them."""
    kind = LISTED.get(path.removeprefix("/"))
    return () if kind is None else tuple(sorted(rule_set().tables.values[kind].terms))


def _allowed(tables: Tables, kind: Kind) -> str:
    return ", ".join(sorted(tables.values[kind].terms))


def _missing(path: str, message: str) -> Finding:
    return wrong("achievement.missing", path, message, _COMPLETE)
