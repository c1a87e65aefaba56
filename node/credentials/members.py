"""That a document says what its members seem to say: compacted JSON-LD, and nothing said in a place nobody looks.

An RDF proof covers statements, and the same statements can be written in many ways. `credentialStatus` may be renamed
to the IRI it stands for, wrapped in `@set`, or moved to another object with the credential's identifier: the proof
still holds, and a reader of the JSON sees no status. The data model demands the compacted form, in which each statement
has one way.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#json-ld, https://www.w3.org/TR/json-ld11/#compacted-document-form
"""

from collections.abc import Iterator
from typing import Final

from node.credentials.errors import shown
from node.credentials.findings import Finding, indeterminate, wrong
from node.credentials.structure import types_of
from node.documents import JsonObject, JsonValue, pointer

_VALUE_OBJECT: Final = frozenset({"@value", "@language", "@direction", "@type"})
_BLANK = "_:"
_NEW_FORM = "Ask the issuer for the document in compacted form, as it was issued."


def check_members(document: JsonObject, path: str, owner_type: str, *, left_out: str = "") -> list[Finding]:
    """Where members are written so that they may be overlooked; empty if nowhere.

    Owner type is the type that gives the document's own members their meaning; another object with the document's
    identifier may not have it too. What stands under the member left out is judged on its own.
    """
    return list(_findings(document, path, owner_type, left_out))


def _findings(document: JsonObject, path: str, owner_type: str, left_out: str) -> Iterator[Finding]:
    own_id = document.get("id")
    members = {name: value for name, value in document.items() if name != left_out}
    pending: list[tuple[JsonValue, str]] = [(members, path)]
    while pending:
        value, place = pending.pop()
        if isinstance(value, list):
            pending.extend((item, place + pointer(index)) for index, item in enumerate(value))
        elif isinstance(value, dict):
            yield from _check_names(value, place)
            name = value.get("id")
            if isinstance(name, str) and name.startswith(_BLANK):
                message = f"{shown(name)} is a label for something without a name, no identifier"
                yield wrong("members.blank_id", place + "/id", message, _NEW_FORM)
            if value is not members and name is not None and name == own_id and owner_type in types_of(value):
                message = f"a second object says that it is the {owner_type} {shown(name)}"
                yield wrong("members.repeated_id", place + "/id", message, _NEW_FORM)
            # What is inside a context is part of it, not of the document.
            pending.extend((item, place + pointer(member)) for member, item in value.items() if member != "@context")


def _check_names(value: JsonObject, place: str) -> Iterator[Finding]:
    for name in value:
        if name.startswith("@"):
            if name != "@context" and ("@value" not in value or name not in _VALUE_OBJECT):
                message = f"the keyword {shown(name)} stands where compacted JSON-LD has none"
                yield wrong("members.keyword", place + pointer(name), message, _NEW_FORM)
        elif ":" in name:
            message = f"the member {shown(name)} is named by an IRI, so a term for the same may be overlooked"
            yield indeterminate("members.iri", place + pointer(name), message, _NEW_FORM)
