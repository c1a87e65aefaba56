"""From a draft of an achievement to the version that is published, and back to a draft.

A draft has no address: where its own outcomes and levels are named, it names them by a fragment, `#o1`. The version has
the address at which it is published for its id, and so do these. Nothing else is changed; what follows from a place is
written out, as in every credential: types, contexts, a name of the version.

The version is an Open Badges `Achievement` with its contexts, so that it can be read by itself. Without them, it is
what each award of it carries.

Spec: https://www.imsglobal.org/spec/ob/v3p0/#achievement, https://www.rfc-editor.org/rfc/rfc3986#section-3.5
"""

import re
from collections.abc import Iterator
from typing import Final

from node.credentials.achievement import CONTEXTS, MAX_DESCRIPTIONS, OUTCOME_TYPES, TYPES, ects_of
from node.credentials.errors import shown
from node.credentials.findings import Finding, wrong
from node.documents import JsonObject, JsonValue, pointer

MAX_DRAFT_BYTES: Final = 96 * 1024
"""A draft: each award carries it beside the learner's results, and all of that is a credential of at most 256 kB."""

_GIVEN: Final = frozenset({"@context", "id"})
"""Members that publication gives."""
_NAMING: Final = frozenset({"id", "requiredLevel"})
"""Members of a description, at any depth, that name it or a level of it."""
_FRAGMENT: Final = re.compile(r"#[A-Za-z0-9._~!$&'()*+,;=:@/?%-]+", re.ASCII)


def version_of(draft: JsonObject, url: str, number: int) -> JsonObject:
    """The document that is published at this address as this version; the draft may lack anything, and is not changed.

    1. Contexts and id; the types, where the draft names none; a name of the version, where it has none of its own.
    2. Types that follow from their places: of descriptions, levels, alignments, workload and picture.
    3. Outcomes and levels that are named by fragments get addresses; an outcome without a name is called by its place.
    """
    document: JsonObject = {"@context": list(CONTEXTS), "id": url, "type": list(TYPES), "version": str(number)}  # 1.
    document |= {name: value for name, value in draft.items() if name not in _GIVEN}
    _type_each(document, "alignment", ["Alignment"])  # 2.
    _type_each(document, "workload", ["Workload"])
    image = document.get("image")
    if isinstance(image, dict):
        document["image"] = {"type": "Image", **image}
    described = document.get("resultDescription")
    if isinstance(described, list) and len(described) <= MAX_DESCRIPTIONS:
        document["resultDescription"] = [
            _description(one, url, place)
            for place, one in enumerate(described, start=1)  # 3.
        ]
    return document


def draft_of(document: JsonObject, url: str, number: int) -> JsonObject:
    """The draft that a version was made of, for another version, or another achievement like it.

    What publication gave is taken off again; what the draft said itself stays.
    """
    draft = {name: value for name, value in document.items() if name not in _GIVEN}
    if draft.get("version") == str(number):
        del draft["version"]
    if "creditsAvailable" in draft and draft["creditsAvailable"] == ects_of(document):  # it follows from the workload
        del draft["creditsAvailable"]
    described = draft.get("resultDescription")
    if isinstance(described, list):
        draft["resultDescription"] = [_renamed(one, f"{url}#", "#") for one in described]
    return draft


def misplaced(draft: JsonObject) -> Iterator[Finding]:
    """What a draft says that only publication can say, or that names something by no name."""
    if "id" in draft:
        message = f"the draft calls itself {shown(draft['id'])}, and gets its address when it is published"
        yield wrong("achievement.id", "/id", message, "Leave it out; name the other place in otherIdentifier.")
    described = draft.get("resultDescription")
    for index, one in enumerate(described if isinstance(described, list) else ()):
        name = one.get("id") if isinstance(one, dict) else None
        if isinstance(name, str) and name.startswith("#") and not _FRAGMENT.fullmatch(name):
            path = pointer("resultDescription", index, "id")
            yield wrong("achievement.result_description", path, f"{shown(name)} is no fragment", "Write it as #o1.")


def _type_each(document: JsonObject, member: str, types: list[JsonValue]) -> None:
    value = document.get(member)
    if isinstance(value, list):
        document[member] = [{"type": types, **one} if isinstance(one, dict) else one for one in value]


def _description(value: JsonValue, url: str, place: int) -> JsonValue:
    if not isinstance(value, dict):
        return value
    described: JsonObject = {"id": f"#o{place}", "type": list(OUTCOME_TYPES), **value}
    _type_each(described, "alignment", ["Alignment"])
    levels = described.get("rubricCriterionLevel")
    if isinstance(levels, list):
        described["rubricCriterionLevel"] = [
            {"id": f"{described['id']}-{at}", "type": ["RubricCriterionLevel"], **one} if isinstance(one, dict) else one
            for at, one in enumerate(levels, start=1)
        ]
    return _renamed(described, "#", f"{url}#")


def _renamed(value: JsonValue, before: str, after: str) -> JsonValue:
    """The description with what begins one way beginning another way, in the members that name."""
    if isinstance(value, list):
        return [_renamed(one, before, after) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: after + one.removeprefix(before)
        if name in _NAMING and isinstance(one, str) and one.startswith(before)
        else _renamed(one, before, after)
        for name, one in value.items()
    }
