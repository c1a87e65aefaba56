"""A schema that an issuer made, which its document says it follows: judged only where that costs little.

Schemas are programs. One of a kilobyte can be built to run for hours, by naming parts of itself that name others twice
each, so every reference is counted with all that it leads to, and one that leads back to itself is not followed. What
is counted so, and how much there is of the document, bounds the work. What lies elsewhere is never fetched, and
patterns run in linear time: of the text, and of their own compiled size.

Spec: https://www.w3.org/TR/vc-json-schema/, https://json-schema.org/draft/2020-12/json-schema-core
"""

from dataclasses import dataclass
from typing import Final

import orjson

from node.credentials.schemas.errors_found import SchemaError, errors_of, size_of
from node.documents import DocumentError, JsonObject, JsonValue, parse_object

MAX_SCHEMA_BYTES: Final = 64 * 1024
"""The schema of Open Badges itself has 65 kB with its explanations; those of issuers have a few."""
MAX_SCHEMA_PARTS: Final = 10_000
"""Values of a schema with every reference written out."""
MAX_SCHEMA_LEVELS: Final = 128
"""Parts within each other, references written out; each is a call within a call."""
MAX_COMPARISONS: Final = 10_000_000
"""Values of a schema, each compared with each value of the document: some 0.1 s. Honest ones need some 100,000."""
MAX_PATTERNS: Final = 500
"""Patterns of a schema, references written out: each takes memory once it is compiled."""
MAX_PATTERN_BYTES: Final = 500_000
"""Patterns of a schema, each run over all of the document: a hundred over 5 kB."""
MAX_PATTERN_SIZE: Final = 128 * 1024
"""One compiled pattern: each character of a text may be compared with all of it. A name in any script fits."""
_PATTERNS: Final = frozenset({"pattern", "patternProperties", "format"})
"""The keywords under which texts are matched."""
_NAMES: Final = ("$id", "id")
"""How a part of a schema names itself; `id` in drafts of long ago."""
_OTHER_REFERENCES: Final = frozenset({"$dynamicRef", "$recursiveRef"})


class UnjudgedSchemaError(Exception):
    """A schema is not one that is judged by; the message says why."""


def judge_by(content: bytes, document: JsonObject) -> tuple[SchemaError, ...]:
    """What a schema has against a document; empty where nothing. Raises UnjudgedSchemaError."""
    try:
        schema = parse_object(content, max_bytes=MAX_SCHEMA_BYTES)
    except DocumentError as error:
        raise UnjudgedSchemaError(f"this is no schema: {error}") from error
    cost = _Parts(schema).count()
    most = cost.parts * size_of(document)
    if most > MAX_COMPARISONS or cost.patterns * len(orjson.dumps(document)) > MAX_PATTERN_BYTES:
        raise UnjudgedSchemaError("judging so large a document by so large a schema would take too long")
    import jsonschema_rs  # noqa: PLC0415 -- slow, and rare

    try:
        validator = jsonschema_rs.validator_for(
            schema,
            offline=True,
            mask="the value",
            pattern_options=jsonschema_rs.RegexOptions(size_limit=MAX_PATTERN_SIZE),
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise UnjudgedSchemaError(f"the schema cannot be used: {reason}") from error
    return errors_of(validator, document, most=most)


@dataclass(frozen=True, slots=True)
class _Cost:
    """Values of a schema, or of a part of it, and how many of them are patterns; references are written out."""

    parts: int = 0
    patterns: int = 0

    def __add__(self, other: "_Cost") -> "_Cost":
        return _Cost(self.parts + other.parts, self.patterns + other.patterns)


class _Parts:
    """The values of a schema, counted as often as references lead to them."""

    __slots__ = ("_known", "_levels", "_open", "_schema")

    def __init__(self, schema: JsonObject) -> None:
        self._schema = schema
        self._known: dict[str, _Cost] = {}
        self._open: set[str] = set()
        self._levels = 0

    def count(self) -> _Cost:
        """What the schema costs; raises UnjudgedSchemaError for too much, or a reference that leads back to itself."""
        cost = self._of(self._schema)
        if cost.patterns > MAX_PATTERNS:
            raise UnjudgedSchemaError(f"the schema has more than {MAX_PATTERNS} patterns, references written out")
        if cost.parts > MAX_SCHEMA_PARTS:
            raise UnjudgedSchemaError(f"the schema has more than {MAX_SCHEMA_PARTS} parts, references written out")
        return cost

    def _of(self, value: JsonValue) -> _Cost:
        if not isinstance(value, (dict, list)):
            return _Cost(parts=1)
        if self._levels == MAX_SCHEMA_LEVELS:
            raise UnjudgedSchemaError(f"the schema has more than {MAX_SCHEMA_LEVELS} levels, references written out")
        self._levels += 1
        cost = self._of_object(value) if isinstance(value, dict) else sum(map(self._of, value), _Cost(parts=1))
        self._levels -= 1
        return cost

    def _of_object(self, value: JsonObject) -> _Cost:
        if not _OTHER_REFERENCES.isdisjoint(value):
            raise UnjudgedSchemaError("the schema has references that are known only when it runs")
        if value is not self._schema and any(isinstance(value.get(name), str) for name in _NAMES):
            raise UnjudgedSchemaError("a part of the schema has a name of its own, so references in it lead elsewhere")
        reference = value.get("$ref")
        led_to = self._behind(reference) if isinstance(reference, str) else _Cost()
        patterns = sum(len(each) if isinstance(each, dict) else 1 for name, each in value.items() if name in _PATTERNS)
        return sum(map(self._of, value.values()), _Cost(1, patterns) + led_to)

    def _behind(self, reference: str) -> _Cost:
        if reference in self._open:
            raise UnjudgedSchemaError("the schema refers to itself")
        if reference not in self._known:
            self._open.add(reference)
            self._known[reference] = self._of(self._target(reference))
            self._open.remove(reference)
        return self._known[reference]

    def _target(self, reference: str) -> JsonValue:
        if not reference.startswith("#/"):
            raise UnjudgedSchemaError(f"the schema refers to {reference[:96]!r}, which is not a place inside it")
        value: JsonValue = self._schema
        for step in reference[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(value, dict) or name not in value:
                raise UnjudgedSchemaError(f"the schema refers to {reference[:96]!r}, which is not there")
            value = value[name]
        return value
