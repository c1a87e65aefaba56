"""The award of the demo: an Open Badge for a short course, stating what a micro-credential has to state.

The school, the course and the learner are marked as samples wherever they are named.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from node.cli.words import Words
from node.credentials.context_profile import GLEJT_CONTEXT
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject

LETTER_BEFORE: Final = "MIG"
"""The kind of welding in the title; one other letter makes it another skill."""
LETTER_AFTER: Final = "MAG"


def award(issuer: str, words: Words, *, at: datetime, new_id: Callable[[], str]) -> JsonObject:
    """The credential, unsigned, in the language of the words."""

    def said(key: str) -> str:
        return words(f"demo.award_text.{key}")

    outcomes = [(new_id(), said("outcome_1")), (new_id(), said("outcome_2"))]
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            GLEJT_CONTEXT,
        ],
        "id": new_id(),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": said("title"),
        "issuer": {
            "id": issuer,
            "type": ["Profile"],
            "name": words("demo.school_name"),
            "address": {"type": ["Address"], "addressCountryCode": "PL"},
        },
        "validFrom": format_timestamp(at.replace(microsecond=0)),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {"type": "IdentityObject", "identityType": "name", "hashed": False, "identityHash": said("learner")}
            ],
            "achievement": {
                "id": new_id(),
                "type": ["Achievement", "MicroCredentialAchievement"],
                "achievementType": "MicroCredential",
                "name": said("title"),
                "description": said("description"),
                "inLanguage": words.language,
                "criteria": {"narrative": said("criteria")},
                "workload": [{"type": ["Workload"], "value": "2", "unit": "ECTS"}],
                "creditsAvailable": 2,
                "assessmentType": "practical",
                "participationType": "on-site",
                "supervisionType": "supervised-onsite-identified",
                "stackability": "stand-alone",
                "alignment": [
                    {
                        "type": ["Alignment"],
                        "targetType": "ext:EQF",
                        "targetFramework": "EQF",
                        "targetCode": "3",
                        "targetName": said("level"),
                        "targetUrl": "http://data.europa.eu/snb/eqf/3",
                    },
                    {
                        "type": ["Alignment"],
                        "targetType": "ext:QualityAssurance",
                        "targetFramework": "internal-only",
                        "targetName": said("quality"),
                        "targetUrl": "https://school.example/quality",
                    },
                ],
                "resultDescription": [
                    {
                        "id": outcome,
                        "type": ["ResultDescription", "LearningOutcome"],
                        "name": text,
                        "resultType": "Status",
                    }
                    for outcome, text in outcomes
                ],
            },
            "result": [
                {"type": ["Result"], "resultDescription": outcome, "status": "Completed"} for outcome, _ in outcomes
            ],
        },
    }
