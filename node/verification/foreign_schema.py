"""A schema that an issuer made, which its document says it follows: judged only where that costs little.

Schemas are programs. One of a kilobyte can be built to run for hours, by naming parts of itself that name others twice
each, so every reference is counted with all that it leads to, and one that leads back to itself is not followed. What
lies elsewhere is never fetched, and patterns run in linear time.

Spec: https://www.w3.org/TR/vc-json-schema/, https://json-schema.org/draft/2020-12/json-schema-core
"""

from typing import Final

from node.credentials.schemas.errors_found import SchemaError, errors_of
from node.documents import DocumentError, JsonObject, JsonValue, parse_object

MAX_SCHEMA_BYTES: Final = 64 * 1024
"""The schema of Open Badges itself has 65 kB with its explanations; those of issuers have a few."""
MAX_SCHEMA_PARTS: Final = 5_000
"""Objects of a schema with every reference written out: each may be compared with each part of the document."""
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
    _Parts(schema).count()
    import jsonschema_rs  # noqa: PLC0415 -- slow, and rare

    try:
        validator = jsonschema_rs.validator_for(
            schema, offline=True, mask="the value", pattern_options=jsonschema_rs.RegexOptions()
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise UnjudgedSchemaError(f"the schema cannot be used: {reason}") from error
    return errors_of(validator, document)


class _Parts:
    """The objects of a schema, counted as often as references lead to them."""

    __slots__ = ("_known", "_open", "_schema")

    def __init__(self, schema: JsonObject) -> None:
        self._schema = schema
        self._known: dict[str, int] = {}
        self._open: set[str] = set()

    def count(self) -> None:
        """Raise UnjudgedSchemaError for a schema with too many, or with a reference that leads back to itself."""
        if self._of(self._schema) > MAX_SCHEMA_PARTS:
            raise UnjudgedSchemaError(f"the schema has more than {MAX_SCHEMA_PARTS} parts, references written out")

    def _of(self, value: JsonValue) -> int:
        if isinstance(value, list):
            return sum(map(self._of, value))
        if not isinstance(value, dict):
            return 0
        if not _OTHER_REFERENCES.isdisjoint(value):
            raise UnjudgedSchemaError("the schema has references that are known only when it runs")
        if value is not self._schema and any(isinstance(value.get(name), str) for name in _NAMES):
            raise UnjudgedSchemaError("a part of the schema has a name of its own, so references in it lead elsewhere")
        reference = value.get("$ref")
        led_to = self._behind(reference) if isinstance(reference, str) else 0
        return 1 + led_to + sum(map(self._of, value.values()))

    def _behind(self, reference: str) -> int:
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
