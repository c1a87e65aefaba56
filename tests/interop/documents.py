"""What the interoperability tests sign: both versions of the data model, a badge, a presentation."""

from typing import Any

VC1 = "https://www.w3.org/2018/credentials/v1"
VC2 = "https://www.w3.org/ns/credentials/v2"
DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v2"
ED25519_2020 = "https://w3id.org/security/suites/ed25519-2020/v1"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
LEARNER = "did:example:learner"


def badge(issuer: str) -> dict[str, Any]:
    """An Open Badge whose blank nodes need telling apart, two of them by their neighbours."""
    level = {"type": ["RubricCriterionLevel"], "name": "Mistrz", "level": "3", "points": 2.5}
    return {
        "@context": [VC2, OPEN_BADGES],
        "id": "urn:uuid:0b2f5d0e-3a0a-4c57-9a4f-2f6f0e6f7a11",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": issuer, "type": ["Profile"], "name": "Akademia Rzemiosł"},
        "validFrom": "2026-03-01T09:00:00Z",
        "name": "Toczenie w drewnie",
        "credentialSubject": {
            "id": LEARNER,
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://rzemiosla.example/achievements/pole-lathe",
                "type": ["Achievement"],
                "name": "Toczenie w drewnie",
                "criteria": {"narrative": "Misa i wrzeciono, \u00b12 mm."},
                "alignment": [
                    {"type": ["Alignment"], "targetName": name, "targetUrl": f"https://skills.example/{name}"}
                    for name in ("turning", "sharpening")
                ],
                "resultDescription": [
                    {"id": "urn:uuid:1", "type": ["ResultDescription"], "name": "a", "rubricCriterionLevel": [level]},
                    {"id": "urn:uuid:2", "type": ["ResultDescription"], "name": "b", "rubricCriterionLevel": [level]},
                ],
            },
        },
    }


def credential_1(issuer: str, *suite_contexts: str) -> dict[str, Any]:
    """A credential of the data model's version 1.1."""
    return {
        "@context": [VC1, *suite_contexts],
        "id": "urn:uuid:5a0c6b0a-4d0e-4a6e-9d7e-1f8f7c2f1c22",
        "type": ["VerifiableCredential"],
        "issuer": issuer,
        "issuanceDate": "2026-03-01T09:00:00Z",
        "credentialSubject": {"id": LEARNER},
        "evidence": [{"id": "https://rzemiosla.example/evidence/1", "type": ["https://rzemiosla.example/Photograph"]}],
    }


def presentation(holder: str, *credentials: dict[str, Any]) -> dict[str, Any]:
    """A presentation of version 2.0."""
    return {
        "@context": [VC2, OPEN_BADGES],
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": list(credentials),
    }


def presentation_1(holder: str, *credentials: dict[str, Any]) -> dict[str, Any]:
    """A presentation of version 1.1."""
    return {
        "@context": [VC1, DATA_INTEGRITY],
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": list(credentials),
    }
