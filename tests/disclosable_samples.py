"""Documents from which holders could derive, and what of each they may leave out."""

import itertools
import json

from micro_credential_support import ACHIEVEMENT, AWARDED, REMOVALS, SUBJECT, changed, sample, without
from support import vectors_root

from node.credentials.micro_credential.disclosure import always_disclosed, check_learner_stated


def public_samples():
    """Signed and unsigned Open Badges of the published sets, which a holder could derive from."""
    root = vectors_root()
    if root is None:
        return []
    folders = ("edu-samples-surf", "openbadges/1edtech-validator", "dcc-vc-test-fixtures/v2")
    found = [json.loads(path.read_bytes()) for name in folders for path in sorted((root / name).rglob("*.json"))]
    return [document for document in found if isinstance(document.get("credentialSubject"), dict)]


def own_samples():
    """Ours: complete, with each element taken away, with two outcomes in each state, and with grades."""
    documents = [sample(), without(f"{SUBJECT}/id"), changed(f"{AWARDED}/assessmentType", "none")]
    documents += [without(*paths) for paths in REMOVALS.values()]
    documents.append(changed(f"{AWARDED}/achievementType", "ext:Participation"))
    for states in itertools.product((None, "Completed", "Failed"), repeat=3):
        document = sample()
        achievement, subject = document["credentialSubject"]["achievement"], document["credentialSubject"]
        achievement["resultDescription"] += [
            {"id": f"{ACHIEVEMENT}#o2", "type": ["ResultDescription", "LearningOutcome"], "name": "Welds a seam"},
            {"id": f"{ACHIEVEMENT}#g", "type": ["ResultDescription"], "name": "Final grade", "requiredValue": "3"},
        ]
        named = zip((f"{ACHIEVEMENT}#o1", f"{ACHIEVEMENT}#o2"), states[:2], strict=True)
        subject["result"] = [{"resultDescription": name, "status": status} for name, status in named if status]
        if states[2]:
            value = "5" if states[2] == "Completed" else "2"
            subject["result"].append({"resultDescription": f"{ACHIEVEMENT}#g", "value": value})
        documents.append(document)
    for document in documents:
        if check_learner_stated(document):  # no issuer of ours would sign it so
            del document["learnerStated"]
    return documents


SAMPLES = own_samples() + public_samples()


def selections(document):
    """What a holder may leave out, one pointer each: nothing that is always disclosed, nor what leads to it."""
    kept = always_disclosed(document, awarded_date=False)
    found = []

    def look(value, path):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            here = f"{path}/{name}"
            inside = any(other.startswith(f"{here}/") for other in kept)
            if here in kept:
                continue
            if not inside and name not in {"@context", "id"}:
                found.append(here)
            if isinstance(inner, dict | list):
                look(inner, here)

    look(document, "")
    return found
