"""A micro-credential that states all eleven elements, and one removal of each."""

import copy
from typing import Any

from node.credentials.context_profile import GLEJT_CONTEXT

V2 = "https://www.w3.org/ns/credentials/v2"
OB = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
LEARNER = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
ACHIEVEMENT = "https://school.example/achievements/welding/1"
EQF, QUALITY = 0, 1
"""Where the two alignments of the sample stand."""


def sample() -> dict[str, Any]:
    """The sample of the rule set, completed: an unsigned Open Badge of class micro-credential, 11 of 11."""
    return {
        "@context": [V2, OB, GLEJT_CONTEXT],
        "id": "urn:uuid:9a3f6b2e-1c44-4b8a-9e21-6f0a2d7c5b31",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "MIG welding, basic level",
        "issuer": {
            "id": "did:key:z6MknNQD1WHLGGraFi6zcbGevuAgkVfdyCdtZnQTGWVVvR5Q",
            "type": ["Profile"],
            "name": "School of Welding",
            "address": {"type": ["Address"], "addressCountryCode": "PL"},
        },
        "validFrom": "2026-06-12T14:03:00Z",
        "awardedDate": "2026-06-10T00:00:00Z",
        "learnerStated": "name",
        "credentialSubject": {
            "id": LEARNER,
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "identityType": "name",
                    "hashed": False,
                    "identityHash": "Given Family",
                    "salt": "not-used",
                }
            ],
            "achievement": {
                "id": ACHIEVEMENT,
                "type": ["Achievement", "MicroCredentialAchievement"],
                "achievementType": "MicroCredential",
                "name": "MIG welding, basic level",
                "nameMap": {"pl": "Spawanie metodą MIG, poziom podstawowy"},
                "description": "Joins steel sheets by MIG welding in two positions.",
                "inLanguage": "en",
                "criteria": {"narrative": "Weld three test pieces; each passes the visual examination."},
                "workload": [{"type": ["Workload"], "value": "2", "unit": "ECTS"}],
                "creditsAvailable": 2,
                "assessmentType": "practical",
                "participationType": "on-site",
                "supervisionType": "supervised-onsite-identified",
                "stackability": "stackable",
                "stacksInto": ["https://school.example/rules/welder/1"],
                "prerequisite": "Safety training of the workshop.",
                "alignment": [
                    {
                        "type": ["Alignment"],
                        "targetType": "ext:EQF",
                        "targetFramework": "EQF",
                        "targetCode": "3",
                        "targetName": "EQF level 3",
                        "targetUrl": "http://data.europa.eu/snb/eqf/3",
                    },
                    {
                        "type": ["Alignment"],
                        "targetType": "ext:QualityAssurance",
                        "targetFramework": "programme-accreditation",
                        "targetName": "Welding Quality Board",
                        "targetCode": "WQB-17/2026",
                        "targetUrl": "https://quality.example/decisions/17",
                    },
                ],
                "resultDescription": [
                    {
                        "id": f"{ACHIEVEMENT}#o1",
                        "type": ["ResultDescription", "LearningOutcome"],
                        "name": "Sets current and wire feed for a given sheet",
                        "nameMap": {"pl": "Dobiera prąd i posuw drutu do blachy"},
                        "resultType": "Status",
                        "alignment": [
                            {
                                "type": ["Alignment"],
                                "targetType": "ext:ESCO",
                                "targetName": "operate welding equipment",
                                "targetUrl": "http://data.europa.eu/esco/skill/5f2cbb8c-8e1f-4b8e-9f3f-1a2b3c4d5e6f",
                            }
                        ],
                    }
                ],
            },
            "result": [{"type": ["Result"], "resultDescription": f"{ACHIEVEMENT}#o1", "status": "Completed"}],
        },
    }


def without(*paths: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """The sample, or another document, without what stands at these JSON pointers."""
    left = copy.deepcopy(document or sample())
    for path in paths:
        *steps, last = path.split("/")[1:]
        parent = left
        for step in steps:
            parent = parent[int(step)] if isinstance(parent, list) else parent[step]
        del parent[int(last) if isinstance(parent, list) else last]
    return left


def changed(path: str, value: Any, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """The sample, or another document, with another value at a JSON pointer."""
    left = copy.deepcopy(document or sample())
    *steps, last = path.split("/")[1:]
    parent = left
    for step in steps:
        parent = parent[int(step)] if isinstance(parent, list) else parent[step]
    parent[int(last) if isinstance(parent, list) else last] = value
    return left


SUBJECT = "/credentialSubject"
AWARDED = f"{SUBJECT}/achievement"
REMOVALS = {
    "E1": (f"{SUBJECT}/id", f"{SUBJECT}/identifier"),
    "E2": (f"{AWARDED}/name",),
    "E3": ("/issuer/address",),
    "E4": ("/issuer/name",),
    "E5": ("/awardedDate", "/validFrom"),
    "E6": (f"{AWARDED}/resultDescription", f"{SUBJECT}/result"),
    "E7": (f"{AWARDED}/workload", f"{AWARDED}/creditsAvailable"),
    "E8": (f"{AWARDED}/alignment/{EQF}",),
    "E9": (f"{AWARDED}/assessmentType",),
    "E10": (f"{AWARDED}/participationType",),
    "E11": (f"{AWARDED}/alignment/{QUALITY}",),
}
"""What has to go so that one element is not stated."""
