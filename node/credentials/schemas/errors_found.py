"""What a schema has against a document, as a report may say it: few, short, and without the document's own words."""

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from node.documents import JsonObject, JsonValue, pointer

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

MAX_ERRORS: Final = 20
"""Errors that are listed: the first decide, and a hostile document could have thousands."""
MAX_COLLECTED: Final = 20_000
"""Errors there could be, where all are collected: the library makes every one, with what it is about, before it tells
the first. Of more, only the first is found."""
MAX_MESSAGE_CHARS: Final = 200
"""A message may list what a schema of somebody else would allow."""


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One thing that a schema has against a document, with the JSON pointer to it."""

    path: str
    message: str

    def to_json(self) -> JsonObject:
        """The error as a report lists it."""
        return {"path": self.path, "message": self.message}


def errors_of(validator: "Validator", document: JsonObject, *, most: int) -> tuple[SchemaError, ...]:
    """The first errors of a document, of which there can be `most`; the validator was made to mask values."""
    if most <= MAX_COLLECTED:
        return tuple([_told(error) for error in islice(validator.iter_errors(document), MAX_ERRORS)])
    import jsonschema_rs  # noqa: PLC0415 -- slow; whoever made the validator has loaded it

    try:
        validator.validate(document)
    except jsonschema_rs.ValidationError as error:
        return (_told(error),)
    return ()


def size_of(value: JsonValue) -> int:
    """The values in a value: itself, and all within it."""
    if isinstance(value, dict):
        inside = list(value.values())
    elif isinstance(value, list):
        inside = value
    else:
        return 1
    size = 1 + len(inside)
    for one in inside:  # no call for what has nothing inside: that is most of it
        if isinstance(one, dict | list):
            size += size_of(one) - 1
    return size


def _told(error: "ValidationError") -> SchemaError:
    return SchemaError(pointer(*error.instance_path), error.message[:MAX_MESSAGE_CHARS])
