"""Presentation Exchange 2, as far as it is spoken here: what a definition asks for, and whether claims have it.

A definition is what somebody else wrote, so its evaluation is our own: paths of members, indexes and wildcards, and
filters that compare. Nothing in it is executed: there is no filter of JSONPath, and no regular expression. What is not
known is refused, never passed over; a verifier that asked for it would be told it was there.

Spec: https://identity.foundation/presentation-exchange/spec/v2.0.0/
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from node.didcomm.errors import DidCommError
from node.documents import JsonObject, JsonValue

MAX_DESCRIPTORS: Final = 32
MAX_FIELDS: Final = 64
"""Fields of one descriptor."""
MAX_PATHS: Final = 8
"""Places where one field may be."""
MAX_PATH_CHARS: Final = 512
MAX_STEPS: Final = 32
MAX_FOUND: Final = 512
"""Values that one path leads to."""
MAX_LISTED: Final = 64
"""Values in one `enum`, or filters in one `anyOf`."""
MAX_FILTER_DEPTH: Final = 4

_STEP: Final = re.compile(
    r"\.(?P<name>[A-Za-z_@$][A-Za-z0-9_@$-]*)|\['(?P<quoted>[^'\\]{1,256})'\]|\[\"(?P<double>[^\"\\]{1,256})\"\]"
    r"|\[(?P<index>0|[1-9][0-9]{0,5})\]|\[(?P<each>\*)\]|(?P<all>\.\*)"
)
_TYPES: Final = {
    "string": str,
    "array": list,
    "object": dict,
    "boolean": bool,
    "null": type(None),
}
_SAID: Final = frozenset({"$schema", "title", "description", "$comment", "examples", "default"})
"""Members of a filter that ask for nothing."""
_COMPARED: Final = frozenset(
    {"const", "enum", "type", "contains", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength",
     "maxLength", "minItems", "maxItems", "required", "properties", "anyOf", "allOf", "not", "format"}
)  # fmt: skip
_FORMATS: Final = frozenset({"date", "date-time", "uri", "email"})
"""Formats that are understood as a remark: what is signed has them, and nothing is parsed for it."""


class DefinitionError(DidCommError):
    """A definition asks for something that is not evaluated here."""

    default_code = "didcomm.definition"
    default_remedy = "Ask with paths of names and indexes, and filters that compare: const, enum, type, contains."


@dataclass(frozen=True, slots=True)
class Field:
    """Something asked for: where it may be, in order, and what it is like; `name` and `purpose` are for people."""

    paths: tuple[tuple[str | int | None, ...], ...]
    filter: JsonObject | None
    optional: bool
    name: str | None = None
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One credential that is asked for. `limited` says that nothing else of it may be shown."""

    id: str
    name: str | None
    purpose: str | None
    fields: tuple[Field, ...]
    limited: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """What is asked for: a credential for each descriptor."""

    id: str
    name: str | None
    purpose: str | None
    descriptors: tuple[Descriptor, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """What a credential does not have that was asked for; of a descriptor without a credential, no path is named."""

    descriptor: str
    path: str = ""


def read_definition(document: JsonObject) -> Definition:
    """What a definition asks for; raises DefinitionError for what is not evaluated here.

    1. Descriptors have ids of their own, and are not too many.
    2. Each has fields whose paths and filters are understood.
    3. `submission_requirements` and groups are not known: all that is asked for has to be shown.
    """
    if "submission_requirements" in document:  # 3.
        raise DefinitionError("the definition lets the holder choose among descriptors, which is not evaluated here")
    descriptors = document.get("input_descriptors")
    listed = descriptors if isinstance(descriptors, list) else []
    if not 0 < len(listed) <= MAX_DESCRIPTORS:  # 1.
        raise DefinitionError(f"the definition has {len(listed)} descriptors; 1 to {MAX_DESCRIPTORS} are read")
    read = tuple([_descriptor(each, f"/input_descriptors/{at}") for at, each in enumerate(listed)])  # 2.
    if len({each.id for each in read}) != len(read):
        raise DefinitionError("two descriptors have one id")
    identifier = document.get("id")
    if not isinstance(identifier, str) or not identifier:
        raise DefinitionError("the definition has no id")
    return Definition(identifier, _text(document, "name"), _text(document, "purpose"), read)


def places(field: Field, claims: JsonObject) -> tuple[tuple[str | int, ...], ...]:
    """Where the claims have what a field asks for: all that the first path leads to that leads anywhere fitting."""
    for path in field.paths:
        found = tuple(
            [place for place, value in _walk(claims, path) if field.filter is None or _fits(value, field.filter, 0)]
        )
        if found:
            return found
    return ()


def missing(descriptor: Descriptor, claims: JsonObject) -> tuple[Missing, ...]:
    """What of a descriptor the claims do not have; nothing, where they satisfy it."""
    return tuple(
        [
            Missing(descriptor.id, _written(field.paths[0]))
            for field in descriptor.fields
            if not field.optional and not places(field, claims)
        ]
    )


def unsatisfied(
    definition: Definition, credentials: Sequence[JsonObject], submission: JsonObject | None = None
) -> tuple[Missing, ...]:
    """What of a definition these credentials do not have, each descriptor satisfied by one of them.

    A submission says which credential is for which descriptor, by its place; without one any may be.
    """
    mapped = _mapped(submission) if submission is not None else None
    found: list[Missing] = []
    for descriptor in definition.descriptors:
        candidates = list(credentials)
        if mapped is not None:
            place = mapped.get(descriptor.id)
            candidates = [credentials[place]] if place is not None and place < len(credentials) else []
        lacks: list[tuple[Missing, ...]] = [missing(descriptor, each) for each in candidates]
        if not lacks:
            found.append(Missing(descriptor.id))
        elif all(lacks):
            found += min(lacks, key=lambda each: len([*each]))
    return tuple(found)


def submission_of(definition: Definition, chosen: Sequence[int], *, id: str, format: str) -> JsonObject:  # noqa: A002 -- the names of the specification
    """The submission that says which credential of a presentation is for which descriptor, in their order."""
    entries: list[JsonValue] = [
        {"id": descriptor.id, "format": format, "path": f"$.verifiableCredential[{place}]"}
        for descriptor, place in zip(definition.descriptors, chosen, strict=True)
    ]
    return {"id": id, "definition_id": definition.id, "descriptor_map": entries}


def _mapped(submission: JsonObject) -> dict[str, int]:
    """The place of the credential for each descriptor; what cannot be read is for none."""
    entries = submission.get("descriptor_map")
    mapped: dict[str, int] = {}
    for each in entries[:MAX_DESCRIPTORS] if isinstance(entries, list) else []:
        entry: JsonObject = each if isinstance(each, dict) else {}
        path, name = entry.get("path"), str(entry.get("id"))
        steps = _steps(path) if isinstance(path, str) and len(path) <= MAX_PATH_CHARS else None
        match steps:
            case () | ("verifiableCredential",):
                mapped[name] = 0
            case ("verifiableCredential", int(place)):
                mapped[name] = place
            case _:
                pass
    return mapped


def _descriptor(value: JsonValue, place: str) -> Descriptor:
    """A descriptor; refusals name the place of what is wrong, and repeat nothing of it."""
    entry = value if isinstance(value, dict) else {}
    identifier, constraints = entry.get("id"), entry.get("constraints", {})
    if not isinstance(identifier, str) or not identifier or not isinstance(constraints, dict):
        raise DefinitionError(f"{place} has no id, or no constraints")
    if "group" in entry:
        raise DefinitionError(f"{place} is one of a group, which is not evaluated here")
    fields = constraints.get("fields", [])
    if not isinstance(fields, list) or len(fields) > MAX_FIELDS:
        raise DefinitionError(f"{place}/constraints/fields is no list of at most {MAX_FIELDS}")
    if set(constraints) - {"fields", "limit_disclosure"}:
        raise DefinitionError(f"{place}/constraints has a member that is not evaluated here")
    return Descriptor(
        id=identifier,
        name=_text(entry, "name"),
        purpose=_text(entry, "purpose"),
        fields=tuple([_field(each, f"{place}/constraints/fields/{at}") for at, each in enumerate(fields)]),
        limited=str(constraints.get("limit_disclosure")) in {"required", "preferred"},
    )


def _field(value: JsonValue, place: str) -> Field:
    entry = value if isinstance(value, dict) else {}
    paths, filter_ = entry.get("path"), entry.get("filter")
    if not isinstance(paths, list) or not 0 < len(paths) <= MAX_PATHS:
        raise DefinitionError(f"{place} has no path, or more than {MAX_PATHS}")
    if "predicate" in entry:
        raise DefinitionError(f"{place} asks for a predicate, which is not evaluated here")
    read = [_steps(each) if isinstance(each, str) and len(each) <= MAX_PATH_CHARS else None for each in paths]
    for at, steps in enumerate(read):
        if steps is None or len(steps) > MAX_STEPS:
            raise DefinitionError(f"{place}/path/{at} is not made of names, indexes and wildcards")
    if filter_ is not None and not isinstance(filter_, dict):
        raise DefinitionError(f"{place}/filter is no object")
    if filter_ is not None:
        _check_filter(filter_, f"{place}/filter", 0)
    return Field(
        paths=tuple([steps for steps in read if steps is not None]),
        filter=filter_,
        optional=entry.get("optional") is True,
        name=_text(entry, "name") or _text(entry, "id"),
        purpose=_text(entry, "purpose"),
    )


def _steps(path: str) -> tuple[str | int | None, ...] | None:
    """The steps of a path, None in the place of each wildcard; None for what is not such a path."""
    if not path.startswith("$"):
        return None
    steps: list[str | int | None] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            return None
        name = match["name"] or match["quoted"] or match["double"]
        index = match["index"]
        steps.append(name if name is not None else int(index) if index is not None else None)
        at = match.end()
    return tuple(steps)


def _walk(claims: JsonValue, path: tuple[str | int | None, ...]) -> Iterator[tuple[tuple[str | int, ...], JsonValue]]:
    """The values that a path leads to, with their places; a name goes through a list of objects as into each.

    Credentials write one value or a list of them, and mean the same.
    """
    level: list[tuple[tuple[str | int, ...], JsonValue]] = [((), claims)]
    for step in path:
        below: list[tuple[tuple[str | int, ...], JsonValue]] = []
        for place, value in level:
            below += _entered(place, value, step)
            if len(below) > MAX_FOUND:
                return
        level = below
    yield from level


def _entered(
    place: tuple[str | int, ...], value: JsonValue, step: str | int | None
) -> Iterator[tuple[tuple[str | int, ...], JsonValue]]:
    if isinstance(value, list):
        if step is None or isinstance(step, int):
            yield from [((*place, at), each) for at, each in enumerate(value) if step is None or step == at]
        else:
            for at, each in enumerate(value):
                if isinstance(each, dict) and step in each:
                    yield ((*place, at, step), each[step])
    elif isinstance(value, dict):
        names = list(value) if step is None else [step]
        yield from [((*place, name), value[name]) for name in names if isinstance(name, str) and name in value]
        if step == 0:
            yield (place, value)
    elif step == 0:
        yield (place, value)


def _check_filter(filter_: JsonObject, place: str, depth: int) -> None:
    """That a filter asks for what is compared here."""
    if depth > MAX_FILTER_DEPTH:
        raise DefinitionError(f"{place} is nested more than {MAX_FILTER_DEPTH} deep")
    if set(filter_) - _COMPARED - _SAID:
        raise DefinitionError(
            f"{place} has a member that is not evaluated here",
            code="didcomm.definition.filter",
            remedy="Compare with const, enum or contains: regular expressions of others are not run.",
        )
    if "format" in filter_ and str(filter_["format"]) not in _FORMATS:
        raise DefinitionError(f"{place} has a format that is not known here")
    types = filter_.get("type")
    named = types if isinstance(types, list) else [types] if types is not None else []
    if any(str(each) not in {*_TYPES, "number", "integer"} for each in named):
        raise DefinitionError(f"{place} has a type that is none of JSON")
    for name in ("enum", "anyOf", "allOf", "required"):
        listed = filter_.get(name, [])
        if not isinstance(listed, list) or len(listed) > MAX_LISTED:
            raise DefinitionError(f"{name} of {place} is no list of at most {MAX_LISTED}")
    required = filter_.get("required", [])
    if not isinstance(required, list) or not all(isinstance(each, str) for each in required):
        raise DefinitionError(f"required of {place} is no list of names")
    for inner in _inner(filter_):
        if not isinstance(inner, dict):
            raise DefinitionError(f"a filter inside {place} is no object")
        _check_filter(inner, place, depth + 1)


def _inner(filter_: JsonObject) -> Iterator[JsonValue]:
    for name in ("anyOf", "allOf"):
        listed = filter_.get(name, [])
        yield from listed if isinstance(listed, list) else []
    yield from [filter_[name] for name in ("contains", "not") if name in filter_]
    properties = filter_.get("properties", {})
    yield from properties.values() if isinstance(properties, dict) else [None]


def _fits(value: JsonValue, filter_: JsonValue, depth: int) -> bool:
    """Whether a value is as a filter says; every member of it has to hold."""
    if not isinstance(filter_, dict) or depth > MAX_FILTER_DEPTH + 1:
        return False
    return all(_holds(value, name, wanted, depth) for name, wanted in filter_.items() if name in _COMPARED)


def _holds(value: JsonValue, name: str, wanted: JsonValue, depth: int) -> bool:  # noqa: C901, PLR0911 -- one for each word
    match name:
        case "const":
            return _same(value, wanted)
        case "enum":
            return isinstance(wanted, list) and any(_same(value, each) for each in wanted)
        case "type":
            return any(_is(value, each) for each in (wanted if isinstance(wanted, list) else [wanted]))
        case "contains":
            listed = value if isinstance(value, list) else [value]  # one value, or a list of it: the same is meant
            return any(_fits(each, wanted, depth + 1) for each in listed)
        case "anyOf":
            return isinstance(wanted, list) and any(_fits(value, each, depth + 1) for each in wanted)
        case "allOf":
            return isinstance(wanted, list) and all(_fits(value, each, depth + 1) for each in wanted)
        case "not":
            return not _fits(value, wanted, depth + 1)
        case "required":
            return not isinstance(value, dict) or (isinstance(wanted, list) and all(each in value for each in wanted))
        case "properties":
            return not (isinstance(value, dict) and isinstance(wanted, dict)) or all(
                _fits(value[each], inner, depth + 1) for each, inner in wanted.items() if each in value
            )
        case "format":
            return True
        case _:
            return _measured(value, name, wanted)


def _measured(value: JsonValue, name: str, wanted: JsonValue) -> bool:
    """Whether a number, or a length, is within its bound; a bound says nothing of other kinds of values."""
    if type(wanted) not in {int, float} or not isinstance(wanted, int | float):
        return False
    size: int | float
    if name in {"minLength", "maxLength", "minItems", "maxItems"}:
        if (name.endswith("Length") and isinstance(value, str)) or (name.endswith("Items") and isinstance(value, list)):
            size = len(value)
        else:
            return True
    elif isinstance(value, int | float) and not isinstance(value, bool):
        size = value
    else:
        return True
    if name in {"minimum", "minLength", "minItems"}:
        return size >= wanted
    if name in {"maximum", "maxLength", "maxItems"}:
        return size <= wanted
    return size > wanted if name == "exclusiveMinimum" else size < wanted


def _same(value: JsonValue, wanted: JsonValue) -> bool:
    """JSON's equality: 1 and 1.0 are one number, 1 and true are not one value."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, dict) and isinstance(wanted, dict):
        return value.keys() == wanted.keys() and all(_same(value[name], wanted[name]) for name in value)
    if isinstance(value, list) and isinstance(wanted, list):
        return len(value) == len(wanted) and all(_same(*pair) for pair in zip(value, wanted, strict=True))
    return value == wanted


def _is(value: JsonValue, name: JsonValue) -> bool:
    if name in {"number", "integer"}:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return not isinstance(value, bool) and (whole or (name == "number" and isinstance(value, float)))
    return isinstance(name, str) and name in _TYPES and isinstance(value, _TYPES[name])


def _written(path: tuple[str | int | None, ...]) -> str:
    return "$" + "".join(["[*]" if step is None else f"[{step!r}]" for step in path])


def _text(entry: JsonObject, name: str) -> str | None:
    value = entry.get(name)
    return value[:MAX_PATH_CHARS] if isinstance(value, str) else None
