"""An achievement and an award of it, both complete, for tests of composing."""

import copy
from datetime import UTC, datetime
from typing import Any

import orjson
from micro_credential_support import LEARNER, sample

from node.credentials.achievement import Achievement, read_achievement
from node.credentials.award import Award
from node.credentials.award_file import read_award
from node.credentials.draft import Fresh
from node.documents import parse_object

ISSUER = "did:key:z6MknNQD1WHLGGraFi6zcbGevuAgkVfdyCdtZnQTGWVVvR5Q"
NOW = datetime(2026, 6, 12, 14, 3, tzinfo=UTC)
SALT = "c2FsdCBvZiBhIHRlc3Q_ab"


def fresh(issuer: str = ISSUER) -> Fresh:
    """What is new each time, but always the same here."""
    return Fresh(issuer, NOW, lambda: "urn:uuid:9a3f6b2e-1c44-4b8a-9e21-6f0a2d7c5b31", lambda: SALT)


def achievement_file(**changes: Any) -> dict[str, Any]:
    """The file of an achievement; a change to None takes a member away."""
    document = copy.deepcopy(sample()["credentialSubject"]["achievement"])
    document["image"] = {"id": "https://school.example/welding.png", "type": "Image"}
    document["resultDescription"].append(
        {
            "id": f"{document['id']}#grade",
            "type": ["ResultDescription"],
            "name": "Grade",
            "resultType": "LetterGrade",
            "allowedValue": ["2.0", "3.0", "4.0", "5.0"],
            "requiredValue": "3.0",
        }
    )
    document["alignment"].append(
        {
            "type": ["Alignment"],
            "targetType": "ext:ISCED-F",
            "targetCode": "0715",
            "targetName": "Mechanics and metal trades",
            "targetUrl": "http://data.europa.eu/snb/isced-f/0715",
        }
    )
    return {name: value for name, value in (document | changes).items() if value is not None}


def award_file(**changes: Any) -> dict[str, Any]:
    """The file of an award; a change to None takes a member away."""
    own = achievement_file()["id"]
    document = {
        "issuer": {
            "name": "School of Welding",
            "url": "https://school.example",
            "address": {"addressCountryCode": "PL"},
            "image": {"id": "https://school.example/logo.png"},
        },
        "learner": {"id": LEARNER, "name": "Sample Learner", "emailAddress": " Learner@School.example "},
        "awardedDate": "2026-06-10T00:00:00Z",
        "validUntil": "2031-06-12T14:03:00Z",
        "result": [
            {"resultDescription": f"{own}#o1", "status": "Completed"},
            {"resultDescription": f"{own}#grade", "value": "4.0"},
        ],
        "evidence": [
            {"id": "https://school.example/works/17", "name": "Three test pieces", "narrative": "Photographs."}
        ],
        "narrative": "Awarded after the practical task.",
        "creditsEarned": 2,
        "activityStartDate": "2026-05-04T08:00:00Z",
        "activityEndDate": "2026-06-10T15:00:00Z",
        "role": "Participant",
        "licenseNumber": "WLD-17",
        "source": {"id": "https://centre.example", "name": "Examination Centre"},
        "learnerStated": "name",
        "credentialStatus": {
            "id": "https://school.example/status/1#4711",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": "4711",
            "statusListCredential": "https://school.example/status/1",
        },
    }
    return {name: value for name, value in (document | changes).items() if value is not None}


def achievement(**changes: Any) -> Achievement:
    return read_achievement(parse_object(_text(achievement_file(**changes))))


def award(**changes: Any) -> Award:
    return read_award(parse_object(_text(award_file(**changes))), fresh())


def _text(document: dict[str, Any]) -> bytes:

    return orjson.dumps(document)
