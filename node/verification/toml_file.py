"""Files that a verifier writes by hand: TOML, checked against one of our JSON Schemas before anything is believed.

Spec: https://toml.io/en/v1.0.0, https://json-schema.org/draft/2020-12
"""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from node.documents import JsonObject, JsonValue
from node.verification.errors import VerificationError

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

MAX_FILE_CHARS: Final = 4 * 1024 * 1024
"""A list of 10,000 issuers takes about 2 MB; a longer file is not one that a person looks after."""
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
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as cause:
        raise error(
            f"{file} is not TOML: {str(cause)[:MAX_SHOWN_CHARS]}",
            code=f"{kind}.syntax",
            remedy="Correct the line that the message names.",
            file=file,
        ) from cause
    plain = {key: _plain(value) for key, value in table.items()}
    for wrong in _validator(kind).iter_errors(plain):
        path = _path(wrong.instance_path)
        raise error(
            f"{file}, key {path or '(top)'}: {_cut(wrong.message)}",
            code=f"{kind}.invalid",
            remedy=f"Correct the key {path or 'named above'}; the schema {kind}.schema.json says what may stand there.",
            file=file,
            path=path,
        )
    return plain


def _plain(value: object) -> JsonValue:
    """A value that TOML can hold, as JSON."""
    match value:
        case dict():
            return {str(key): _plain(member) for key, member in value.items()}
        case list():
            return [_plain(member) for member in value]
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

    schema = files("node.verification").joinpath("schemas", f"{kind}.schema.json").read_text("utf-8")
    return Draft202012Validator(schema)


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
