"""Files that a verifier writes by hand: TOML, checked against one of our JSON Schemas before anything is believed.

Spec: https://toml.io/en/v1.0.0, https://json-schema.org/draft/2020-12
"""

import json
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache, reduce
from importlib.resources import files
from itertools import islice
from operator import getitem
from typing import TYPE_CHECKING, Any, Final

from node.documents import JsonObject, JsonValue
from node.verification.errors import VerificationError

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

MAX_FILE_CHARS: Final = 4 * 1024 * 1024
"""A list of 10,000 issuers takes about 2 MB; a longer file is not one that a person looks after."""
MAX_LEVELS: Final = 16
"""Tables and arrays inside one another; ours need four, and the validator takes no more than 255."""
MAX_ERRORS: Final = 100
"""How many errors are looked through for the one to tell; a file may break every rule ten thousand times."""
MAX_SHOWN_CHARS: Final = 160
"""How much of a validator's message is repeated: it may quote the whole offending value."""


def read_toml[E: VerificationError](text: str, *, kind: str, file: str, error: type[E]) -> JsonObject:
    """The table as plain JSON: dates and times become RFC 3339 texts.

    `kind` names the schema and begins the codes of the errors: `policy` or `trust`.
    """
    if len(text) > MAX_FILE_CHARS:
        raise error(
            f"{file} has more than {MAX_FILE_CHARS} characters",
            code=f"{kind}.syntax",
            remedy="Split it, or give the right file.",
            file=file,
        )
    try:
        plain = {key: _plain(value) for key, value in tomllib.loads(text).items()}
    except (ValueError, RecursionError) as cause:  # no TOML, too deep, or a number of thousands of digits
        raise error(
            f"{file} cannot be read as TOML: {str(cause)[:MAX_SHOWN_CHARS]}",
            code=f"{kind}.syntax",
            remedy="Correct the line that the message names.",
            file=file,
        ) from cause
    for wrong in sorted(islice(_validator(kind).iter_errors(plain), MAX_ERRORS), key=_comes_later):
        path = _path(wrong.instance_path)
        place = f"{file}, key {path}" if path else file
        raise error(
            f"{place}: {_cut(_said(wrong, kind))}",
            code=f"{kind}.invalid",
            remedy=f"Correct the key {path or 'named'}; the schema {kind}.schema.json says what may stand there.",
            file=file,
            path=path,
        )
    return plain


def _plain(value: object, levels: int = MAX_LEVELS) -> JsonValue:
    """A value that TOML can hold, as JSON; raises ValueError for one of more levels."""
    match value:
        case dict() | list() if levels == 0:
            raise ValueError(f"it has more than {MAX_LEVELS} levels")
        case dict():
            return {str(key): _plain(member, levels - 1) for key, member in value.items()}
        case list():
            return [_plain(member, levels - 1) for member in value]
        case datetime() | date() | time():
            return value.isoformat()
        case bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"TOML holds no {type(value).__name__}")


@cache
def _validator(kind: str) -> "Draft202012Validator":
    """The compiled schema; the library is loaded here because a built-in policy needs none of it."""
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 -- 20 ms that only a run with own files should pay

    return Draft202012Validator(_schema(kind))


@cache
def _schema(kind: str) -> Any:  # noqa: ANN401 -- a schema is walked by the paths that its validator gives
    return json.loads(files("node.verification").joinpath("schemas", f"{kind}.schema.json").read_text("utf-8"))


def _comes_later(wrong: "ValidationError") -> bool:
    """An unknown key is told first: where it is misspelt, the missing one is only its consequence."""
    return wrong.kind.name != "additionalProperties"


def _said(wrong: "ValidationError", kind: str) -> str:
    """What is wrong, in words; the validator's own, where they can be understood."""
    match wrong.kind.name:
        case "additionalProperties":
            return f"there is no setting {', '.join(repr(name) for name in wrong.kind.as_dict()['unexpected'])} here"
        case "required":
            return f"{wrong.kind.as_dict()['property']!r} is missing"
        case "contains":  # the schema's own words for it name everything but what is missing
            return f"{reduce(getitem, wrong.schema_path, _schema(kind))['const']!r} is missing from it"
        case _:
            return wrong.message


def _path(steps: list[str | int]) -> str:
    """Where in the file, in the notation of TOML's own tables: `lists[0].issuers[2].did`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _cut(message: str) -> str:
    return message if len(message) <= MAX_SHOWN_CHARS else f"{message[: MAX_SHOWN_CHARS - 1]}…"


def text_of(table: Mapping[str, JsonValue], key: str) -> str:
    """A member that the schema has found to be a text."""
    value = table[key]
    if not isinstance(value, str):
        raise TypeError(f"the schema let {key} through as {type(value).__name__}")
    return value
