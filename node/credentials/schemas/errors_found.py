"""What a schema has against a document, as a report may say it: few, short, and without the document's own words."""

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from node.documents import JsonObject, pointer

if TYPE_CHECKING:
    from jsonschema_rs import Validator

MAX_ERRORS: Final = 20
"""Errors that are listed: the first decide, and a hostile document could have thousands."""
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


def errors_of(validator: "Validator", document: JsonObject) -> tuple[SchemaError, ...]:
    """The first errors; the validator was made to mask values."""
    return tuple(
        [
            SchemaError(pointer(*error.instance_path), error.message[:MAX_MESSAGE_CHARS])
            for error in islice(validator.iter_errors(document), MAX_ERRORS)
        ]
    )
