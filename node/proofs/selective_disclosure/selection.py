"""Selecting parts of a document by JSON pointers, so that what is shown means what it meant in the whole.

On the way to what a pointer names, every object keeps its `id` and `type`, and the contexts stay: without them the
values would mean something else, or nothing.

Spec: https://www.w3.org/TR/vc-di-ecdsa/#selectjsonld, https://www.rfc-editor.org/rfc/rfc6901
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from node.documents import JsonObject, JsonValue
from node.proofs.errors import ProofOptionsError, shown

MAX_POINTERS: Final = 512
"""A credential with an entry for each of its members has fewer."""
MAX_POINTER_CHARS: Final = 512

_KEPT: Final = frozenset({"id", "type", "@id", "@type", "@context"})
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_BAD_ESCAPE: Final = re.compile(r"~(?![01])")

type _Tree = dict[str, "_Tree | None"]
"""What is selected below an object or array, by member name or index; None for all of it."""


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """A document whose objects and arrays have names, by their `id()`; it is nobody else's, and must not change."""

    document: JsonObject
    names: Mapping[int, str]


def named(document: JsonObject) -> NamedDocument:
    """A copy of the document without its proofs, each object and array of it under a name of its own."""
    names: dict[int, str] = {}

    def copied(value: JsonValue) -> JsonValue:
        if not isinstance(value, dict | list):
            return value
        copy: JsonObject | list[JsonValue]
        if isinstance(value, dict):
            copy = {name: copied(item) for name, item in value.items()}
        else:
            copy = [copied(item) for item in value]
        names[id(copy)] = f"n{len(names)}"
        return copy

    copy: JsonObject = {name: copied(item) for name, item in document.items() if name != "proof"}
    names[id(copy)] = f"n{len(names)}"
    return NamedDocument(copy, MappingProxyType(names))


def select(whole: NamedDocument, pointers: Iterable[str]) -> NamedDocument:
    """The part of the document that the pointers name, with the names of the whole; empty if there are none.

    Raises ProofOptionsError for a pointer that names nothing.
    """
    tree: _Tree | None = {}
    count = 0
    for pointer in pointers:
        count += 1
        if count > MAX_POINTERS:
            raise _refused(f"there are more than {MAX_POINTERS} pointers")
        tree = _with(tree, steps_of(pointer), whole.document, pointer)
    if not count:
        return NamedDocument({}, MappingProxyType({}))
    names: dict[int, str] = {}

    def picked(value: JsonValue, below: _Tree | None) -> JsonValue:
        if not isinstance(value, dict | list):
            return value
        part: JsonObject | list[JsonValue]
        if isinstance(value, list):
            part = [
                picked(item, None if below is None else below[str(index)])
                for index, item in enumerate(value)
                if below is None or str(index) in below
            ]
        else:
            part = {
                name: picked(item, None if below is None or _is_kept(name, item) else below[name])
                for name, item in value.items()
                if below is None or name in below or _is_kept(name, item)
            }
        names[id(part)] = whole.names[id(value)]
        return part

    part = picked(whole.document, tree)
    return NamedDocument(part if isinstance(part, dict) else {}, MappingProxyType(names))


def steps_of(pointer: str) -> tuple[str, ...]:
    """The reference tokens of a JSON pointer; raises ProofOptionsError for what is none."""
    if len(pointer) > MAX_POINTER_CHARS or (pointer and pointer[0] != "/") or _BAD_ESCAPE.search(pointer):
        raise _refused(f"{shown(pointer)} is no JSON pointer")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def _is_kept(name: str, value: JsonValue) -> bool:
    # An id that is a label of a blank node means nothing outside the document.
    return name in _KEPT and not (name in {"id", "@id"} and isinstance(value, str) and value.startswith("_:"))


def _with(tree: _Tree | None, steps: tuple[str, ...], document: JsonObject, pointer: str) -> _Tree | None:
    """The tree with one more path, which must be there in the document."""
    value: JsonValue = document
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and _INDEX.fullmatch(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            raise _refused(f"there is nothing at {shown(pointer)}")
    if not steps or tree is None:
        return None
    node = tree
    for step in steps[:-1]:
        below = node.setdefault(step, {})
        if below is None:  # all of it already
            return tree
        node = below
    node[steps[-1]] = None
    return tree


def _refused(message: str) -> ProofOptionsError:
    return ProofOptionsError(
        message,
        code="proof.options.pointer",
        remedy="Name each part by a JSON pointer (RFC 6901) into the credential, such as /credentialSubject/name.",
    )
