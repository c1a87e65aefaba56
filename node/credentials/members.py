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
from node.credentials.objects import CONTEXT, Objects, trail_pointer
from node.credentials.structure import types_of
from node.documents import JsonObject, pointer

_VALUE_OBJECT: Final = frozenset({"@value", "@language", "@direction", "@type"})
_BLANK = "_:"
_NEW_FORM = "Ask the issuer for the document in compacted form, as it was issued."


def check_members(objects: Objects, path: str, owner_type: str) -> list[Finding]:
    """Where members are written so that they may be overlooked; empty if nowhere.

    Owner type is the type that gives the document's own members their meaning; another object with the document's
    identifier may not have it too. What is no part of these objects is judged on its own.
    """
    return list(_findings(objects, path, owner_type)) if _calls_for_a_look(objects) else []


def _calls_for_a_look(objects: Objects) -> bool:
    """Whether anything below may be found: a name, an identifier or two of them out of the ordinary."""
    names = "\n".join(objects.names - {CONTEXT})
    if ":" in names or "@" in names or objects.shared_ids:
        return True
    ids = [value["id"] for value in objects.all if "id" in value]
    return any(not isinstance(name, str) or name.startswith(_BLANK) for name in ids)


def _findings(objects: Objects, path: str, owner_type: str) -> Iterator[Finding]:
    whole_id = objects.document.get("id")
    for value, trail in objects.placed():
        for name in value:
            if (":" in name or name[:1] == "@") and name != CONTEXT:
                yield from _check_name(name, value, trail_pointer(trail, path))
        own = value.get("id")
        if isinstance(own, str) and own.startswith(_BLANK):
            message = f"{shown(own)} is a label for something without a name, no identifier"
            yield wrong("members.blank_id", trail_pointer(trail, path) + "/id", message, _NEW_FORM)
        if trail is not None and own is not None and own == whole_id and owner_type in types_of(value):
            message = f"a second object says that it is the {owner_type} {shown(own)}"
            yield wrong("members.repeated_id", trail_pointer(trail, path) + "/id", message, _NEW_FORM)


def _check_name(name: str, owner: JsonObject, path: str) -> Iterator[Finding]:
    path += pointer(name)
    if not name.startswith("@"):
        message = f"the member {shown(name)} is named by an IRI, so a term for the same may be overlooked"
        yield indeterminate("members.iri", path, message, _NEW_FORM)
    elif "@value" not in owner or name not in _VALUE_OBJECT:
        message = f"the keyword {shown(name)} stands where compacted JSON-LD has none"
        yield wrong("members.keyword", path, message, _NEW_FORM)
