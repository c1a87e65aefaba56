"""The award of the demo: a short course that states what a micro-credential has to state, and who passed it.

The school, the course and the learner are marked as samples wherever they are named.
"""

from collections.abc import Callable
from typing import Final

from node.cli.words import Words
from node.credentials.structure import objects_of
from node.documents import JsonObject

LETTER_BEFORE: Final = "MIG"
"""The kind of welding in the title; one other letter makes it another skill."""
LETTER_AFTER: Final = "MAG"


def achievement(words: Words, *, new_id: Callable[[], str]) -> JsonObject:
    """What the school's course leads to, in the language of the words."""

    def said(key: str) -> str:
        return words(f"demo.award_text.{key}")

    return {
        "id": new_id(),
        "type": ["Achievement", "MicroCredentialAchievement"],
        "achievementType": "MicroCredential",
        "name": said("title"),
        "description": said("description"),
        "inLanguage": words.language,
        "criteria": {"narrative": said("criteria")},
        "workload": [{"type": ["Workload"], "value": "2", "unit": "ECTS"}],
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
                "id": new_id(),
                "type": ["ResultDescription", "LearningOutcome"],
                "name": said(outcome),
                "resultType": "Status",
            }
            for outcome in ("outcome_1", "outcome_2")
        ],
    }


def award(earned: JsonObject, words: Words) -> JsonObject:
    """That the learner has reached all of it, by the word of the school."""
    return {
        "issuer": {"name": words("demo.school_name"), "address": {"addressCountryCode": "PL"}},
        "learner": {"name": words("demo.award_text.learner")},
        "result": [
            {"resultDescription": outcome["id"], "status": "Completed"}
            for outcome in objects_of(earned, "resultDescription")
        ],
    }
