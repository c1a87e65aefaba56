"""What the tests of JSON-LD share: registries, a badge with every shape of member, and ways to look at quads."""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from support import vectors

from node.credentials.contexts import BUNDLED
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.errors import ProofsError
from node.proofs.jsonld import JsonLd
from node.proofs.jsonld.reader import Reader
from node.proofs.jsonld.refusal import Refusal
from node.proofs.jsonld.second_reading import agree
from node.proofs.quads import Quad

type Step = str | int
type Path = tuple[Step, ...]

VC2 = "https://www.w3.org/ns/credentials/v2"
OB3 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v2"

BADGE: Mapping[str, Any] = {
    "@context": [VC2, OB3],
    "id": "urn:uuid:63f1a8b2-52ab-4c53-9b0c-6f0b9a1d2c3e",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": 'Toczenie w drewnie: "misa"\nczęść I',
    "issuer": {
        "id": "did:example:akademia",
        "type": ["Profile"],
        "name": "Akademia Rzemiosł",
        "address": {"type": ["Address"], "addressLocality": "Kraków", "geo": {
            "type": "GeoCoordinates", "latitude": 50.0614, "longitude": 19}},
    },
    "validFrom": "2026-03-01T09:00:00Z",
    "credentialSubject": {
        "id": "did:example:learner",
        "type": ["AchievementSubject"],
        "result": [
            {"type": ["Result"], "resultDescription": "urn:uuid:1", "value": "4.5"},
            {"type": ["Result"], "resultDescription": "urn:uuid:2", "status": "Completed"},
        ],
        "achievement": {
            "id": "https://rzemiosla.example/achievements/pole-lathe",
            "type": ["Achievement"],
            "name": "Toczenie w drewnie",
            "creditsAvailable": 2.5,
            "tag": ["drewno", "tokarka"],
            "criteria": {"narrative": "Misa i wrzeciono, ±2 mm."},
            "alignment": [
                {"type": ["Alignment"], "targetName": "Turning", "targetUrl": "https://skills.example/turning"},
                {"type": ["Alignment"], "targetName": "Sharpening", "targetUrl": "https://skills.example/sharpening"},
            ],
            "resultDescription": [
                {"id": "urn:uuid:1", "type": ["ResultDescription"], "name": "Ocena", "resultType": "GradePointAverage"},
                {"id": "urn:uuid:2", "type": ["ResultDescription"], "name": "Stan", "resultType": "Status"},
            ],
        },
    },
    "credentialStatus": {
        "id": "https://rzemiosla.example/status/3#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": "https://rzemiosla.example/status/3",
    },
    "evidence": [{"id": "https://rzemiosla.example/evidence/1", "type": ["Evidence"], "narrative": "Nagranie"}],
    "proof": {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-03-01T09:00:00Z",
        "verificationMethod": "did:example:akademia#key-1",
        "proofPurpose": "assertionMethod",
        "proofValue": "z1",
    },
}  # fmt: skip
"""An Open Badge of our own: nodes with and without names, in arrays and not, a graph, numbers, escapes."""


@cache
def bundled() -> JsonLd:
    return JsonLd(BUNDLED)


@cache
def published_contexts() -> Mapping[str, Any]:
    """All contexts of the published test data."""
    index = json.loads(vectors("contexts", "index.json").read_text("utf-8"))
    return {
        entry["url"]: json.loads(vectors("contexts", entry["file"]).read_text("utf-8"))
        for entry in index
        if not entry.get("alternate")
    }


def badge() -> dict[str, Any]:
    """A badge to change."""
    return copy.deepcopy(dict(BADGE))


def objects(value: Any, path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each JSON object of a document but those in its contexts, with its path."""
    if isinstance(value, dict):
        yield path, value
        for name, member in value.items():
            if name != "@context":
                yield from objects(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from objects(item, (*path, index))


def canonical(quads: Iterable[Quad]) -> tuple[str, ...]:
    """The dataset, whatever its blank nodes are called."""
    return canonicalize(quads).nquads


def read_by_both(processor: JsonLd, document: dict[str, Any]) -> list[Quad]:
    """Reads the document as if it had a rare feature: the second reader must agree."""
    reader = Reader(processor._shared)
    try:
        quads = reader.read(document)
        agree(document, quads, processor._registry, keeps_direction=processor._shared.keeps_direction)
    except Refusal as refusal:
        raise refusal.to_error() from None
    return quads


def outcome(processor: JsonLd, document: Any) -> str:
    """The code of the refusal, or "" for a document that is read."""
    try:
        processor.to_rdf(document)
    except ProofsError as error:
        return error.code
    return ""
