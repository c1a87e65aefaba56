"""The JSON Schema of Open Badges 3.0: the form that the specification gives a badge and an endorsement.

1EdTech publishes it in two families. By the plain one, what may occur several times is an array. By the one for
compacted JSON-LD, a single value may stand alone. No package carries the published files, so the classes of the
specification's data model are written down in `open-badges-3.0.json`, and the schemas made of them; a test compares
them with the published ones. Values of the table: `text`, `number`, `boolean`, `moment`, `day`; a class, a list or a
pattern by its name; `X[]` for several; `X|Y`; `is T` for exactly this type, `types T U|V` for these among others.
`*` marks what is required, and `ext:` in a list that others may be added under that prefix.

Only the form is judged, never whether anything is true or signed.

Spec: https://www.imsglobal.org/spec/ob/v3p0/#data-models, https://www.imsglobal.org/spec/ob/v3p0/#schema
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import orjson

from node.credentials.schemas.errors_found import SchemaError, errors_of, size_of
from node.credentials.structure import Version, types_of, version_of
from node.documents import JsonObject, JsonValue

if TYPE_CHECKING:
    from jsonschema_rs import Draft201909Validator

MAX_ERRORS_OF_ONE: Final = 10
"""What the schemas could have against one value: it has the wrong type, or lacks each of a few members."""
DRAFT: Final = "https://json-schema.org/draft/2019-09/schema"
_PUBLISHED: Final = "https://purl.imsglobal.org/spec/ob/v3p0/schema/"
_CONTEXT: Final = r"^https:\/\/purl\.imsglobal\.org\/spec\/ob\/v3p0\/context(-3\.\d\.\d)*\.json$"
_EXTENSION: Final = "(ext:)[a-z|A-Z|0-9|.|-|_]+"
_SIMPLE: Final[dict[str, JsonObject]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "moment": {"type": "string", "format": "date-time"},
    "day": {"type": "string", "format": "date"},
}


class Form(StrEnum):
    """The family of schemas that a document keeps to; the first is the stricter one."""

    JSON = "json"
    JSON_LD = "json-ld"


@dataclass(frozen=True, slots=True)
class SchemaVerdict:
    """Whether a document keeps to the schema of its type."""

    schema: str
    """The address at which the schema of this name is published."""
    form: Form | None
    """By which family it does; None where by neither."""
    errors: tuple[SchemaError, ...] = ()
    """What speaks against it, by the family for JSON-LD; the first of it."""


def judge_form(document: JsonObject) -> SchemaVerdict | None:
    """The verdict on a badge or an endorsement of the data model 2.0; None for every other document.

    1. One proof that stands alone is taken for an array of one: nearly all badges are published so.
    2. By the plain family; else 3. by that for JSON-LD.
    """
    kind = schema_class(document)
    if kind is None:
        return None
    proof = document.get("proof")
    if isinstance(proof, dict):  # 1.
        document = {**document, "proof": [proof]}
    address = f"{_PUBLISHED}json/ob_v3p0_{kind.lower()}_schema.json"
    if _validator(kind, Form.JSON).is_valid(document):  # 2.
        return SchemaVerdict(address, Form.JSON)
    relaxed = _validator(kind, Form.JSON_LD)  # 3.
    if relaxed.is_valid(document):
        return SchemaVerdict(address, Form.JSON_LD)
    return SchemaVerdict(address, None, _errors(relaxed, document))


def plain_errors(document: JsonObject) -> tuple[SchemaError, ...]:
    """What the plain schema has against a badge or an endorsement that is to be signed; empty where nothing."""
    kind = schema_class(document)
    return () if kind is None else _errors(_validator(kind, Form.JSON), document)


def _errors(validator: "Draft201909Validator", document: JsonObject) -> tuple[SchemaError, ...]:
    return errors_of(validator, document, most=MAX_ERRORS_OF_ONE * size_of(document))


def schema_class(document: JsonObject) -> str | None:
    """The class by whose schema a document is judged, by its types."""
    types = types_of(document)
    if "OpenBadgeCredential" in types or "AchievementCredential" in types:
        kind = "AchievementCredential"
    elif "EndorsementCredential" in types:
        kind = "EndorsementCredential"
    else:
        return None
    return kind if version_of(document) is Version.V2_0 else None


def is_published(address: str) -> bool:
    """Whether an address is that of a schema of Open Badges 3.0, which is known here and never fetched."""
    return address.startswith(_PUBLISHED)


@cache
def schema_of(kind: str, form: Form) -> JsonObject:
    """The schema of a class, with those of all the others that it refers to."""
    model = orjson.loads(files(__package__).joinpath("open-badges-3.0.json").read_bytes())
    definitions: JsonObject = {name: _class(name, members, model, form) for name, members in model["classes"].items()}
    definitions |= {name: _list(values) for name, values in model["lists"].items()}
    definitions |= {name: {"type": "string", "pattern": text} for name, text in model["patterns"].items()}
    return {"$schema": DRAFT, "$ref": f"#/$defs/{kind}", "$defs": definitions}


@cache
def _validator(kind: str, form: Form) -> "Draft201909Validator":
    import jsonschema_rs  # noqa: PLC0415 -- slow, and only badges need it

    return jsonschema_rs.Draft201909Validator(
        schema_of(kind, form), validate_formats=True, offline=True, mask="the value"
    )


def _class(name: str, members: dict[str, str], model: dict[str, Any], form: Form) -> JsonObject:
    return {
        "type": "object",
        "required": [member[:-1] for member in members if member.endswith("*")],
        "properties": {member.rstrip("*"): _value(kind, form) for member, kind in members.items()},
        "additionalProperties": name not in model["closed"],
    }


def _value(kind: str, form: Form) -> JsonObject:
    word, _, rest = kind.partition(" ")
    if word == "contexts":
        first: JsonObject = {"const": "https://www.w3.org/ns/credentials/v2"}
        second: JsonObject = {"type": "string", "pattern": _CONTEXT}
        return {
            "type": "array",
            "minItems": 2,
            "items": [first, second],
            "additionalItems": {"type": ["string", "object"]},
        }
    if word == "is":
        return {"const": rest}
    if word == "types":
        return _types([names.split("|") for names in rest.split()], form)
    if kind.endswith("[]"):
        one = _value(kind[:-2], form)
        return _one_or({"type": "array", "items": one}, one, form)
    if "|" in kind:
        text, other = kind.split("|")
        return {"if": _SIMPLE[text], "else": _value(other, form)}
    return _SIMPLE.get(kind, {"$ref": f"#/$defs/{kind}"})


def _types(names: list[list[str]], form: Form) -> JsonObject:
    """An array of types, among them one of each of these."""
    among: list[JsonValue] = [{"contains": {"enum": [*alternatives]}} for alternatives in names]
    array: JsonObject = {"type": "array", "items": _SIMPLE["text"], "allOf": among}
    return array if len(names) > 1 else _one_or(array, {"enum": [*names[0]]}, form)


def _one_or(array: JsonObject, one: JsonObject, form: Form) -> JsonObject:
    """An array; in compacted JSON-LD also its only value."""
    return array if form is Form.JSON else {"if": {"type": "array"}, "then": array, "else": one}


def _list(values: list[str]) -> JsonObject:
    listed: JsonObject = {"enum": [value for value in values if value != "ext:"]}
    return {"anyOf": [listed, {"type": "string", "pattern": _EXTENSION}]} if "ext:" in values else listed
