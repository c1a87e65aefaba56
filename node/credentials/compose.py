"""From an achievement and an award to the credential that says so, ready to be signed.

Pure: identifiers, times and salts are part of the award. What is composed states whether learning was assessed, so it
is never unclassified.

Spec: https://www.imsglobal.org/spec/ob/v3p0/#achievementcredential
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from node.credentials.achievement import CONTEXTS, Achievement
from node.credentials.award import Award
from node.credentials.award_rules import check_award
from node.credentials.credential import check_credential
from node.credentials.errors import AchievementError, AwardError, CompositionError
from node.credentials.findings import Finding, wrong
from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.disclosure import check_learner_stated
from node.credentials.micro_credential.findings import CredentialClass, Severity
from node.credentials.micro_credential.help import help_texts
from node.credentials.schemas.open_badges import plain_errors
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue, UnsecuredDocument

TYPES: Final = ("VerifiableCredential", "OpenBadgeCredential")
ACHIEVEMENT_PLACE: Final = "/credentialSubject/achievement"
FILE_PLACES: Final = (
    ("/credentialSubject/result", "/result"),
    ("/credentialSubject/identifier", "/learner"),
    ("/credentialSubject/id", "/learner/id"),
    ("/credentialSubject", ""),
)
"""Where in the award's file stands what the credential has at a place; what is not listed stands at the same."""


def compose(achievement: Achievement, award: Award) -> UnsecuredDocument:
    """The credential by which the award is given; AwardError names everything that keeps it from being given.

    1. The award is complete, and goes together with the achievement.
    2. Its parts are put where Open Badges has them; a type that follows from the place is written out.
    3. The whole keeps the rules of the data model, states of its learner what it bears out, has a class, and keeps to
       the JSON Schema of Open Badges.
    """
    document = _given(achievement, award)  # 1. and 2.
    check_whole(document)  # 3.
    return document


def assemble(achievement: Achievement, award: Award) -> UnsecuredDocument:
    """Steps 1 and 2 of `compose`, and the schema: for the many of a list, whose wholes are not each judged anew."""
    document = _given(achievement, award)
    if found := list(off_schema(document)):
        raise _refusal(found)
    return document


def _given(achievement: Achievement, award: Award) -> UnsecuredDocument:
    problems = list(check_award(achievement, award))
    if problems:
        raise AwardError(problems)
    return _assemble(achievement, award)


def check_whole(document: JsonObject) -> None:
    """Step 3 of `compose`: raise CompositionError for what is wrong with the whole.

    Whether it has a class is decided by the achievement, and by which members there are, not by what a learner is
    called or has reached.
    """
    found = [*check_credential(document), *check_learner_stated(document), *_unclassified(document)]
    if found := found or list(off_schema(document)):
        raise _refusal(found)


def _assemble(achievement: Achievement, award: Award) -> UnsecuredDocument:
    document: JsonObject = {
        "@context": list(CONTEXTS),
        "id": award.id,
        "type": list(TYPES),
        "name": achievement.name,
        "issuer": profile_of(award.issuer),
        "validFrom": format_timestamp(award.valid_from),
    }
    if award.valid_until is not None:
        document["validUntil"] = format_timestamp(award.valid_until)
    if award.awarded is not None:
        document["awardedDate"] = format_timestamp(award.awarded)
    if award.learner_stated is not None:
        document["learnerStated"] = award.learner_stated
    document["credentialSubject"] = _subject(achievement, award)
    if award.evidence:
        document["evidence"] = [_typed(one, ["Evidence"]) for one in award.evidence]
    if award.endorsements:
        document["endorsement"] = [*award.endorsements]
    if award.status:  # one entry stands alone, as the JSON Schema of Open Badges has it
        document["credentialStatus"] = award.status[0] if len(award.status) == 1 else [*award.status]
    return UnsecuredDocument(document)


def _subject(achievement: Achievement, award: Award) -> JsonObject:
    subject: JsonObject = {} if award.learner.id is None else {"id": award.learner.id}
    subject["type"] = ["AchievementSubject"]
    if award.learner.identities:
        subject["identifier"] = [identity.to_json() for identity in award.learner.identities]
    subject["achievement"] = achievement.document
    if award.results:
        subject["result"] = [_typed(result, ["Result"]) for result in award.results]
    if award.credits_earned is not None:
        subject["creditsEarned"] = award.credits_earned
    if award.narrative is not None:
        subject["narrative"] = award.narrative
    for name, value in award.subject.items():
        subject[name] = profile_of(value) if name == "source" else _image(value) if name == "image" else value
    return subject


def profile_of(value: JsonValue) -> JsonValue:
    """A Profile, and the parts of it whose types follow from their places."""
    if not isinstance(value, dict):
        return value
    parts = {"address": _address, "image": _image, "parentOrg": profile_of}
    return _typed({name: parts[name](part) if name in parts else part for name, part in value.items()}, ["Profile"])


def _address(value: JsonValue) -> JsonValue:
    return _typed(value, ["Address"]) if isinstance(value, dict) else value


def _image(value: JsonValue) -> JsonValue:
    return _typed(value, "Image") if isinstance(value, dict) else value


def _typed(value: JsonObject, types: JsonValue) -> JsonObject:
    """The object with the type of its place, unless it names its own."""
    if "type" in value:
        return value
    known: JsonObject = {"id": value["id"]} if "id" in value else {}
    return {**known, "type": types, **value}


def _unclassified(document: JsonObject) -> Iterator[Finding]:
    found, said = classify(document), help_texts("en")
    if found.credential_class is CredentialClass.UNCLASSIFIED:
        for one in found.findings:
            if one.severity is Severity.ERROR:
                yield wrong(one.code, one.path, "without it the document has no class", said[one.code])


def off_schema(document: JsonObject) -> Iterator[Finding]:
    """Where a badge or endorsement is not as the schema of Open Badges has it."""
    for error in plain_errors(document):
        yield wrong("schema", error.path, error.message, "Write it as Open Badges 3.0 has it.")


def _refusal(found: list[Finding]) -> CompositionError:
    """What is wrong with the whole, at the places of the file that it comes from."""
    of_achievement = [one for one in found if _is_in(one.path, ACHIEVEMENT_PLACE)]
    if of_achievement:
        return AchievementError(
            [_of("achievement", one, one.path.removeprefix(ACHIEVEMENT_PLACE)) for one in of_achievement]
        )
    return AwardError([_of("award", one, award_place(one.path)) for one in found])


def award_place(path: str) -> str:
    """Where in the award's file stands what the credential has at this place."""
    for composed, stated in FILE_PLACES:
        if _is_in(path, composed):
            return stated + path.removeprefix(composed)
    return path


def _is_in(path: str, whole: str) -> bool:
    return path == whole or path.startswith(f"{whole}/")


def _of(file: str, found: Finding, path: str) -> Finding:
    return replace(found, code=f"{file}.{found.code}", path=path)
