"""Documents that the reference shows: in their form, and signed by nobody."""

from typing import Final

from node.documents import JsonObject
from node.http.door import Answer

_ISSUER: Final = "did:web:node.example"
_ID: Final = "urn:uuid:0fc754bc-fc32-46a0-aec1-a5ef385e7ea0"
CREDENTIAL: Final[JsonObject] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": _ID,
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": _ISSUER, "type": ["Profile"], "name": "Sample School"},
    "validFrom": "2026-09-01T12:00:00Z",
    "name": "Sample Course",
    "credentialSubject": {
        "id": "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH",
        "type": ["AchievementSubject"],
        "achievement": {
            "id": "https://node.example/achievements/sample-course",
            "type": ["Achievement"],
            "name": "Sample Course",
            "description": "What a sample is, and what it is not.",
            "criteria": {"narrative": "An exam of an hour."},
        },
    },
}
_LIST: Final = "https://node.example/status/0192f0aa-0000-7000-8000-000000000001"
SECURED: Final[JsonObject] = {
    **CREDENTIAL,
    "credentialStatus": {
        "id": f"{_LIST}#48211",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "48211",
        "statusListCredential": _LIST,
    },
    "proof": {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-09-01T12:00:00Z",
        "verificationMethod": f"{_ISSUER}#key-1",
        "proofPurpose": "assertionMethod",
        "proofValue": "z…",
    },
}
ISSUED: Final[JsonObject] = {"verifiableCredential": SECURED}
PRESENTATION: Final[JsonObject] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiablePresentation"],
    "holder": "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH",
    "verifiableCredential": [SECURED],
}
REPORTED: Final[JsonObject] = {
    "verified": True,
    "problemDetails": [],
    "errors": [],
    "warnings": [],
    "report": {
        "verdict": "accepted",
        "sentence": "genuine",
        "policy": "everyday",
        "at": "2026-09-01T12:00:00Z",
        "credentials": [
            {
                "verdict": "accepted",
                "sentence": "genuine",
                "credential": {"id": _ID},
                "checks": [
                    {
                        "check": "proof",
                        "outcome": "passed",
                        "code": "proof.passed",
                        "message": "Nothing has changed since it was signed.",
                        "evidence": {},
                    }
                ],
            }
        ],
    },
}
_WHY: Final[JsonObject] = {
    "type": "https://w3id.org/glejt/problems/status.revoked",
    "title": "status",
    "detail": "The issuer has withdrawn it. Ask the person, or the issuer, for a document that stands.",
    "code": "status.revoked",
}
REFUSED: Final = Answer(
    400,
    "Rejected, or it could not be told: the report says which, and why.",
    {
        "verified": False,
        "problemDetails": [_WHY],
        "errors": [_WHY],
        "warnings": [],
        "report": {
            "verdict": "rejected",
            "sentence": "withdrawn",
            "policy": "everyday",
            "at": "2026-09-01T12:00:00Z",
            "credentials": [
                {
                    "verdict": "rejected",
                    "sentence": "withdrawn",
                    "credential": {"id": _ID},
                    "checks": [
                        {
                            "check": "status",
                            "outcome": "failed",
                            "code": "status.revoked",
                            "message": _WHY["detail"],
                            "evidence": {},
                        }
                    ],
                }
            ],
        },
    },
)
