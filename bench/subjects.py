"""What is timed: many badges of one shape, so that no side can answer from a memory of the very same document."""

import copy
import json
from pathlib import Path
from typing import Any

BADGE = Path(__file__).with_name("badge.json")
QUADS = 68
ED25519_2020 = "https://w3id.org/security/suites/ed25519-2020/v1"


def badges(issuer: str, count: int, *more_contexts: str) -> list[dict[str, Any]]:
    """The bench's badge by this issuer, for as many learners."""
    template = json.loads(BADGE.read_text(encoding="utf-8"))
    template["issuer"]["id"] = issuer
    template["@context"] += more_contexts
    made = []
    for number in range(count):
        badge = copy.deepcopy(template)
        badge["id"] = f"urn:uuid:6c1c0c0e-54a1-4f63-9d0d-{number:012x}"
        badge["credentialSubject"]["id"] = f"did:example:learner-{number}"
        badge["credentialSubject"]["result"][0]["value"] = "ABC"[number % 3]
        badge["evidence"][0]["id"] = f"https://rzemiosla.example/evidence/{number}"
        made.append(badge)
    return made
