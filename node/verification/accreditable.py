"""What a document states that an accreditation can be for, and what it says of its own quality."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final

from node.credentials.credential import Credential
from node.credentials.errors import TimestampError
from node.credentials.micro_credential.places import Place
from node.credentials.micro_credential.readers.dialects import read
from node.credentials.micro_credential.record import Listed, Record
from node.credentials.micro_credential.rule_set import rule_set
from node.credentials.objects import Objects
from node.credentials.scope import Level, Scope, Stated
from node.credentials.structure import types_of
from node.credentials.timestamps import parse_timestamp
from node.documents import JsonObject, JsonValue

ACHIEVEMENTS: Final = (("credentialSubject", "achievement"), ("badge",))
"""Where documents have what was achieved, whose identifier an accreditation can name."""
MAX_CLAIMS: Final = 4
"""Statements on quality that are repeated."""
_END_OF_DAY: Final = time(23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Accreditable:
    """A document as an accreditation sees it: one statement for each thing that was achieved."""

    records: tuple[Record, ...]
    stated: tuple[Stated, ...]
    dates: tuple[datetime, ...]
    """The days on which it says it was issued or awarded; of a day without a time, its end."""

    def is_within(self, scope: Scope) -> bool:
        """Whether all of it is covered."""
        return bool(self.stated) and all(scope.admits(one) for one in self.stated)

    def told(self, scope: Scope) -> JsonObject:
        """What the document says of assessment and level; whether the level is one that the scope names, too."""
        record = self.records[0]
        levels = [f"{level.framework} {level.code}" for level in record.levels if level.framework and level.code]
        return {
            "assessment": _word(record.assessments),
            "supervision": _word(record.supervision),
            "level": levels[0] if levels else None,
            "level_signed": bool(scope.levels),
        }

    def claimed(self) -> list[JsonValue]:
        """Who assures the quality by the issuer's word alone."""
        found: list[JsonValue] = []
        for record in self.records:
            for quality in record.quality:
                kind = quality.kinds[0].term or quality.kinds[0].label if quality.kinds else None
                found.append({"body": [*quality.bodies], "url": [*quality.urls], "kind": kind, "evidence": "claimed"})
        return found[:MAX_CLAIMS]


def read_accreditable(document: JsonObject, objects: Objects | None = None) -> Accreditable:
    """What the document states, by the reader of its dialect."""
    place = Place(document)
    records = read(place, rule_set().tables, objects)
    achieved = [one for path in ACHIEVEMENTS for one in place.walk(*path)]
    kinds = {name for one in achieved for name in types_of(one.object)}
    vct = document.get("vct")
    own = {*types_of(document), *kinds, *([vct] if isinstance(vct, str) else [])}
    identifiers = frozenset(_identifier(one.object) for one in achieved)
    stated = [
        Stated(
            frozenset(own | {said.text for said in record.types}),
            identifiers,
            frozenset(_level(level.framework, level.code) for level in record.levels),
            frozenset(country.text for country in record.countries),
        )
        for record in records
    ]
    return Accreditable(records, tuple(stated), tuple(_dates(document, records)))


def _identifier(achieved: JsonObject) -> str | None:
    identifier = achieved.get("id")
    return identifier if isinstance(identifier, str) else None


def _level(framework: str | None, code: str | None) -> Level | None:
    return None if framework is None or code is None else Level(framework.strip(), code.strip())


def _word(listed: tuple[Listed, ...]) -> str | None:
    return (listed[0].term or listed[0].label) if listed else None


def _dates(document: JsonObject, records: tuple[Record, ...]) -> Iterator[datetime]:
    try:
        start = Credential(document).validity.start
    except TimestampError:
        start = None
    if start is not None:
        yield start
    for text in {date.text for record in records for date in record.dates}:
        try:
            yield parse_timestamp(text)
        except TimestampError:
            try:
                yield datetime.combine(datetime.strptime(text, "%Y-%m-%d").date(), _END_OF_DAY)  # noqa: DTZ007 -- a day
            except ValueError:
                continue  # whether it can be read at all is for other checks
