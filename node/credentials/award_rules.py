"""What keeps an award from being given: it is incomplete, or does not go together with its achievement."""

import math
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from node.credentials.achievement import Achievement
from node.credentials.award import Award
from node.credentials.errors import shown
from node.credentials.findings import Finding, wrong
from node.credentials.identity import ALWAYS_HASHED, EMAIL, MIN_SALT_CHARS, is_identity_type
from node.credentials.structure import is_url, objects_of, types_of
from node.documents import JsonObject, JsonValue, pointer

STATUSES: Final = frozenset({"Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew"})
SUBJECT_MEMBERS: Final = frozenset(
    {"activityEndDate", "activityStartDate", "image", "licenseNumber", "role", "source", "term"}
)
"""Members of an AchievementSubject that an award may add; the others have a place of their own."""
MAX_RESULTS: Final = 400
"""Results of one award: two for each description, an outcome and a grade."""

_CORRECT: Final = "Correct it in the award's file."
_ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+")
"""What is certainly no e-mail address has no such form. Its hash would be nobody's, and nobody could tell why."""


def check_award(achievement: Achievement, award: Award) -> Iterator[Finding]:
    """What has to be mended before the award can be given, in the order of the file."""
    if not is_url(award.id):
        yield wrong("award.id", "/id", f"{shown(award.id)} is no URL", "Give it an id such as urn:uuid:….")
    if not is_url(award.issuer.get("id")):
        message = f"the issuer's id is {shown(award.issuer.get('id'))}, no DID"
        yield wrong("award.issuer", "/issuer/id", message, "Name the DID whose key signs.")
    yield from _check_learner(award)
    if award.valid_until is not None and award.valid_until <= award.valid_from:
        yield wrong("award.period", "/validUntil", "it ends before it begins", _CORRECT)
    yield from _check_results(achievement, award)
    yield from _check_endorsements(achievement, award)
    for index, entry in enumerate(award.status):
        if not is_url(entry.get("id")) or not types_of(entry):
            remedy = "Take the entry that glejt status show --json prints."
            yield wrong("award.status", pointer("credentialStatus", index), "the entry has no id and type", remedy)
    credits_earned = award.credits_earned
    if credits_earned is not None and not (math.isfinite(credits_earned) and credits_earned >= 0):
        yield wrong("award.credits", "/creditsEarned", f"{shown(credits_earned)} is no number of credits", _CORRECT)
    for member in award.subject.keys() - SUBJECT_MEMBERS:
        yield unknown_member(member, SUBJECT_MEMBERS)


def unknown_member(member: str, known: frozenset[str]) -> Finding:
    """A member that an award does not have."""
    remedy = f"Correct its spelling, or leave it out; known are {', '.join(sorted(known))}."
    return wrong("award.member", pointer(member), f"{shown(member)} is no member of an award", remedy)


def _check_learner(award: Award) -> Iterator[Finding]:
    learner = award.learner
    if learner.id is None and not learner.identities:
        yield wrong(
            "award.learner", "/learner", "it does not say whose award it is", "Give a name, or the learner's DID."
        )
    if learner.id is not None and not is_url(learner.id):
        yield wrong("award.learner", "/learner/id", f"{shown(learner.id)} is no DID", "Give the learner's DID.")
    for identity in learner.identities:
        path = pointer("learner", identity.type)
        if not is_identity_type(identity.type):
            remedy = (
                "Use a kind that Open Badges lists, such as emailAddress or identifier, or one that begins with ext:."
            )
            yield wrong("award.identity", path, f"{shown(identity.type)} is no kind of identifier", remedy)
        if not identity.value.strip():
            yield wrong("award.identity", path, "the identifier is empty", "Give it, or leave it out.")
        elif identity.type == EMAIL and not _ADDRESS.fullmatch(identity.value.strip()):
            remedy = "Write it as in learner@school.example, or leave it out."
            yield wrong("award.identity.email", path, f"{shown(identity.value)} is no e-mail address", remedy)
        if identity.salt is None and identity.type in ALWAYS_HASHED:
            message = f"{identity.type} would be written for everybody to read"
            yield wrong("award.identity.clear", path, message, "Let it be hashed, which is usual.")
        if identity.salt is not None and len(identity.salt) < MIN_SALT_CHARS:
            message = f"the salt has fewer than {MIN_SALT_CHARS} characters"
            yield wrong("award.identity.salt", path, message, "Use a fresh random salt of 16 bytes.")


def _check_results(achievement: Achievement, award: Award) -> Iterator[Finding]:
    descriptions = achievement.descriptions()
    if len(award.results) > MAX_RESULTS:
        yield wrong("award.result", "/result", f"there are more than {MAX_RESULTS} results", _CORRECT)
        return
    for index, result in enumerate(award.results):
        path, name = pointer("result", index), result.get("resultDescription")
        described = descriptions.get(name) if isinstance(name, str) else None
        if described is None:
            message = f"{shown(name)} is not among the results that the achievement describes"
            remedy = f"Name one of {', '.join(descriptions) or 'them, once the achievement describes some'}."
            yield wrong("award.result.description", path, message, remedy)
        else:
            yield from _check_result(result, described, path)


def _check_result(result: JsonObject, described: JsonObject, path: str) -> Iterator[Finding]:
    status, level, value = (result.get(member) for member in ("status", "achievedLevel", "value"))
    if status is None and level is None and value is None:
        message = "it does not say what was reached"
        yield wrong("award.result.empty", path, message, "Give a status, an achievedLevel or a value.")
    if status is not None and status not in STATUSES:
        message = f"{shown(status)} is no status"
        yield wrong("award.result.status", f"{path}/status", message, f"Use one of {', '.join(sorted(STATUSES))}.")
    levels = [rubric.get("id") for rubric in objects_of(described, "rubricCriterionLevel")]
    if level is not None and level not in levels:
        message = f"{shown(level)} is not among the levels that the achievement describes"
        yield wrong("award.result.level", f"{path}/achievedLevel", message, "Name the id of a rubricCriterionLevel.")
    if value is not None:
        yield from _check_value(value, described, f"{path}/value")


def _check_value(value: JsonValue, described: JsonObject, path: str) -> Iterator[Finding]:
    if not isinstance(value, str) or not value.strip():
        yield wrong("award.result.value", path, f"{shown(value)} is no text", 'Write it as a text, as in "4.5".')
        return
    allowed = described.get("allowedValue")
    if isinstance(allowed, list) and value not in allowed:
        message = f"{shown(value)} is not among the values that the achievement allows"
        yield wrong("award.result.value", path, message, f"Use one of {', '.join(map(str, allowed[:20]))}.")
    number = _number(value)
    for member, too_far in (("valueMin", -1), ("valueMax", 1)):
        bound = _number(described.get(member))
        if bound is not None and (number is None or (number > bound) - (number < bound) == too_far):
            message = f"{shown(value)} is outside what the achievement allows ({member} {bound})"
            yield wrong("award.result.value", path, message, _CORRECT)


def _number(value: JsonValue) -> Decimal | None:
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _check_endorsements(achievement: Achievement, award: Award) -> Iterator[Finding]:
    ours = {award.id, achievement.id, award.issuer.get("id"), award.learner.id} - {None}
    for index, endorsement in enumerate(award.endorsements):
        path = pointer("endorsement", index)
        if "EndorsementCredential" not in types_of(endorsement) or "proof" not in endorsement:
            message = "this is no endorsement credential with a proof"
            yield wrong("award.endorsement", path, message, "Give the file as its endorser signed it.")
            continue
        about = [subject.get("id") for subject in objects_of(endorsement, "credentialSubject")]
        if not about or any(name not in ours for name in about):
            message = f"it endorses {shown(about[0] if about else None)}, which is no part of this award"
            yield wrong("award.endorsement", path, message, "Leave it out, or endorse what is awarded here.")
