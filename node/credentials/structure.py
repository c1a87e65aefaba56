"""The rules that credentials and presentations share, each returning what breaks it.

A rule takes a value, the JSON pointer where it stands and the code its findings carry. It judges form alone: whether
terms are defined is for JSON-LD, whether a proof holds for proofs, whether a moment has come for policy.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import orjson

from node.credentials.contexts import BUNDLED
from node.credentials.errors import TimestampError, shown
from node.credentials.findings import Finding, indeterminate, wrong
from node.credentials.timestamps import parse_timestamp
from node.documents import JsonObject, JsonValue, pointer

MAX_CONTEXTS: Final = 10
"""Contexts in one list: published credentials use up to five, and each one costs compiling."""
MAX_PROOFS: Final = 8
"""Proofs of one document: sets and chains in use have two or three, and each costs a hash and a signature check."""

_URL = re.compile(
    r"(?:(?i:https?)://(?![/?#])|(?!(?i:https?):)[A-Za-z][A-Za-z0-9+.-]*:)[^\x00-\x20\x7f<>\"{}|\\^`]+", re.ASCII
)
_NOT_IN_AN_IRI = re.compile(r"[\x00-\x20\x7f<>\"{}|\\^`]")

NOTHING: Final[Sequence[Finding]] = ()
"""What breaks a rule that is kept."""


_TEXTS: Final = ("name", "description")
_LANGUAGE_VALUE: Final = frozenset({"@value", "@language", "@direction"})


class Version(StrEnum):
    """A version of the Verifiable Credentials Data Model."""

    V1_1 = "1.1"
    V2_0 = "2.0"


BASE_CONTEXTS: Final[Mapping[str, Version]] = {
    "https://www.w3.org/2018/credentials/v1": Version.V1_1,
    "https://www.w3.org/ns/credentials/v2": Version.V2_0,
}
"""The context that comes first and so names the version."""


def is_url(value: JsonValue) -> bool:
    """Whether a value is an absolute URL: a scheme and something behind it, for http and https also a host.

    Letters of every script may stand in it, as in an IRI. It is not looked up.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#identifiers
    """
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def url_of(value: JsonValue) -> str | None:
    """The value if it is an absolute URL."""
    return value if isinstance(value, str) and is_url(value) else None


def one_or_many(value: JsonValue, path: str) -> Sequence[tuple[JsonValue, str]]:
    """Each value of a member that may hold one value or an array of them, with its pointer."""
    if isinstance(value, list):
        return [(item, f"{path}/{index}") for index, item in enumerate(value)]
    return ((value, path),)


def version_of(document: JsonObject) -> Version | None:
    """The version that the first context of a document names."""
    contexts = document.get("@context")
    first = contexts[0] if isinstance(contexts, list) and contexts else None
    return BASE_CONTEXTS.get(first) if isinstance(first, str) else None


def size_finding(document: JsonObject, path: str, code: str, max_bytes: int) -> Finding | None:
    """What speaks against a document as a whole: it is no JSON, or longer than so many bytes without white space."""
    try:
        size = len(orjson.dumps(document))
    except orjson.JSONEncodeError as error:
        return wrong(f"{code}.json", path, f"the document cannot be written as JSON: {shown(str(error))}")
    if size <= max_bytes:
        return None
    return indeterminate(
        f"{code}.limit.bytes",
        path,
        f"the document has {size} bytes; at most {max_bytes} are checked",
        "Ask for a smaller document, with pictures and attachments kept outside it.",
    )


def check_count(value: JsonValue, path: str, code: str, most: int) -> Sequence[Finding]:
    """That a member holds at most so many values."""
    if not isinstance(value, list) or len(value) <= most:
        return NOTHING
    message = f"there are {len(value)} values; at most {most} are checked"
    return (indeterminate(code, path, message, "Ask for a document with fewer of them."),)


def check_url(value: JsonValue, path: str, code: str) -> Sequence[Finding]:
    """That a value is one absolute URL."""
    return NOTHING if is_url(value) else (wrong(code, path, f"{shown(value)} is not a URL"),)


def check_contexts(document: JsonObject, path: str, code: str) -> Sequence[Finding]:
    """That contexts are an ordered set that begins with the base context, followed by URLs and objects.

    An object among them may define further terms, but neither redefine a term of the base context, which is protected,
    nor give a term a meaning that is no IRI.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#contexts, https://www.w3.org/TR/vc-data-model/#contexts
    """
    if "@context" not in document:
        return (wrong(f"{code}.context.missing", path, "there is no @context"),)
    contexts, path = document["@context"], path + "/@context"
    if not isinstance(contexts, list) or not contexts:
        message = f"@context is not a list of contexts but {shown(contexts)}"
        return (wrong(f"{code}.context.list", path, message),)
    found = [*check_count(contexts, path, f"{code}.limit.contexts", MAX_CONTEXTS)]
    base = contexts[0]
    if not isinstance(base, str) or base not in BASE_CONTEXTS:
        known = " or ".join(BASE_CONTEXTS)
        found.append(wrong(f"{code}.context.base", path + "/0", f"the first context is {shown(base)}, not {known}"))
        return found
    for index, context in enumerate(contexts[1:], 1):
        if isinstance(context, dict):
            found += _check_inline_context(context, base, path + pointer(index), f"{code}.context")
        elif not is_url(context):
            message = f"{shown(context)} is neither a URL nor a context object"
            found.append(wrong(f"{code}.context.item", path + pointer(index), message))
    return found


def _check_inline_context(context: JsonObject, base: str, path: str, code: str) -> list[Finding]:
    found = []
    protected = BUNDLED[base]["@context"]
    for term, definition in context.items():
        meaning = _meaning(definition)
        if isinstance(meaning, str) and _NOT_IN_AN_IRI.search(meaning):
            message = f"{shown(meaning)} is no IRI that a term could stand for"
            found.append(wrong(f"{code}.iri", path + pointer(term), message))
        if isinstance(protected, dict) and term in protected and not term.startswith("@"):
            redefined = definition is None or (is_url(meaning) and meaning != _meaning(protected[term]))
            if redefined:
                message = f"the term {shown(term)} belongs to {base} and cannot get another meaning"
                found.append(wrong(f"{code}.redefined", path + pointer(term), message))
    return found


def _meaning(definition: JsonValue) -> JsonValue:
    return definition.get("@id") if isinstance(definition, dict) else definition


def check_types(document: JsonObject, path: str, code: str) -> Sequence[Finding]:
    """That there is at least one type, each a term or an absolute URL.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#types
    """
    types = document.get("type", [])
    if types == []:
        return (wrong(code, path, "there is no type"),)
    return [
        wrong(code, place, f"{shown(name)} is neither a term nor a URL")
        for name, place in one_or_many(types, path + "/type")
        if not isinstance(name, str) or not name or _NOT_IN_AN_IRI.search(name)
    ]


def types_of(document: JsonObject) -> tuple[str, ...]:
    """The types of an object, those that are text."""
    types = document.get("type")
    if isinstance(types, list):
        return tuple([name for name in types if isinstance(name, str)])
    return (types,) if isinstance(types, str) else ()


def objects_of(document: JsonObject, member: str) -> tuple[JsonObject, ...]:
    """The objects that a member holds, one or many."""
    values = document.get(member)
    if isinstance(values, list):
        return tuple([value for value in values if isinstance(value, dict)])
    return (values,) if isinstance(values, dict) else ()


@dataclass(frozen=True, slots=True)
class TypedMember:
    """A member that holds one or more objects, each with a type and, required or not, an id."""

    name: str
    code: str
    id_required: bool = False
    most: int | None = None


def check_typed_member(document: JsonObject, member: TypedMember, path: str, code: str) -> Sequence[Finding]:
    """That each value of a member, if it is there, is an object with a type and a well-formed id.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#types
    """
    if member.name not in document:
        return NOTHING
    found: list[Finding] = []
    value, path = document[member.name], f"{path}/{member.name}"
    if member.most is not None:
        found += check_count(value, path, f"{code}.limit.{member.code}", member.most)
    code = f"{code}.{member.code}"
    for item, place in one_or_many(value, path):
        if not isinstance(item, dict):
            found.append(wrong(code, place, f"{shown(item)} is not an object"))
            continue
        found += check_types(item, place, f"{code}.type")
        if "id" in item:
            found += check_url(item["id"], place + "/id", f"{code}.id")
        elif member.id_required:
            found.append(wrong(f"{code}.id", place, f"{member.name} has no id here"))
    return found


def check_party(value: JsonValue, path: str, code: str) -> Sequence[Finding]:
    """That an issuer or holder is a URL, or an object whose id is one.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#issuer
    """
    if not isinstance(value, dict):
        return check_url(value, path, code)
    if "id" not in value:
        return (wrong(f"{code}.id", path, "the object has no id"),)
    return check_url(value["id"], path + "/id", f"{code}.id")


def check_texts(document: JsonObject, path: str, code: str) -> Sequence[Finding]:
    """That name and description, if they are there, are texts or language value objects.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#language-and-base-direction
    """
    return [
        wrong(f"{code}.{member}", place, f"{shown(value)} is neither text nor a value with @language and @direction")
        for member in _TEXTS
        for value, place in one_or_many(document.get(member, ""), f"{path}/{member}")
        if not _is_text(value)
    ]


def _is_text(value: JsonValue) -> bool:
    if not isinstance(value, dict):
        return isinstance(value, str)
    plain = all(isinstance(part, str) for part in value.values())
    return plain and "@value" in value and value.keys() <= _LANGUAGE_VALUE


def read_moment(value: JsonValue, path: str, code: str, *, zone_required: bool) -> datetime | Finding:
    """The moment a value names, or the finding that says why there is none.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#validity-period
    """
    try:
        return parse_timestamp(value)
    except TimestampError as error:
        kind = error.code.removeprefix("timestamp.")
        unread = kind == "unsupported" or (kind == "zone" and not zone_required)
        return (indeterminate if unread else wrong)(f"{code}.{kind}", path, str(error), error.remedy)
