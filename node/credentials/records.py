"""Comprehensive Learner Records: one credential that holds others, and says how they belong together.

Whoever signs the record vouches for the set, not for what is in it: each credential in it has its own issuer, proof and
status, and is judged as if it had been handed over alone.

Spec: https://www.imsglobal.org/spec/clr/v2p0/#clrcredential, https://www.imsglobal.org/spec/clr/v2p0/#association
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from node.credentials.structure import objects_of, one_or_many, types_of
from node.documents import JsonObject, JsonValue, pointer

SET_TYPE: Final = "ClrCredential"
HELD: Final = "verifiableCredential"
SUBJECT: Final = "credentialSubject"


@dataclass(frozen=True, slots=True)
class Association:
    """How two things in a record belong together, such as a course and the programme that it is part of."""

    type: str
    source: str
    target: str
    complete: bool
    """Whether the record holds both: a credential or an achievement with that identifier."""

    def to_json(self, shortened: Callable[[str], str]) -> JsonObject:
        """The association as a summary lists it, its texts as short as that has them."""
        return {
            "type": shortened(self.type),
            "source": shortened(self.source),
            "target": shortened(self.target),
            "complete": self.complete,
        }


def is_record(document: JsonObject) -> bool:
    """Whether a document is a record of credentials."""
    return SET_TYPE in types_of(document)


def held_in(record: JsonObject, path: str = "") -> Iterator[tuple[JsonValue, str]]:
    """What a record holds as credentials, each with its pointer; it may be anything."""
    for subject, place in one_or_many(record.get(SUBJECT), path + pointer(SUBJECT)):
        if isinstance(subject, dict) and HELD in subject:
            yield from one_or_many(subject[HELD], place + pointer(HELD))


def associations_of(record: JsonObject) -> Iterator[Association]:
    """The associations of a record that are stated as they must be."""
    known = set(_names(record))
    for subject in objects_of(record, SUBJECT):
        for stated in objects_of(subject, "association"):
            kind, source, target = (stated.get(name) for name in ("associationType", "sourceId", "targetId"))
            if isinstance(kind, str) and isinstance(source, str) and isinstance(target, str):
                yield Association(kind, source, target, complete={source, target} <= known)


def _names(record: JsonObject) -> Iterator[str]:
    """The identifiers of the credentials that a record holds, and of the achievements in it."""
    held = [value for value, _ in held_in(record) if isinstance(value, dict)]
    subjects = [subject for owner in (record, *held) for subject in objects_of(owner, SUBJECT)]
    achievements = [achievement for subject in subjects for achievement in objects_of(subject, "achievement")]
    for named in (*held, *achievements):
        if isinstance(name := named.get("id"), str):
            yield name
