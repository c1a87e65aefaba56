"""Alignments: what an achievement or an outcome corresponds to in a framework that others know.

Of the frameworks named here the identifiers are known, so one that points elsewhere is a slip. Whether the concept
exists there is not looked up.

Spec: https://www.imsglobal.org/spec/ob/v3p0/#alignment
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from node.credentials.errors import shown
from node.credentials.findings import Finding, wrong
from node.credentials.structure import is_url, types_of
from node.documents import JsonValue

_CONCEPTS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = MappingProxyType(
    {
        "ext:ESCO": (
            re.compile(r"http://data\.europa\.eu/esco/(?:skill|occupation|isced-f)/\S+", re.ASCII),
            "http://data.europa.eu/esco/skill/…",
        ),
        "ext:EQF": (re.compile(r"http://data\.europa\.eu/snb/eqf/[1-8]", re.ASCII), "http://data.europa.eu/snb/eqf/3"),
        "ext:ISCED-F": (
            re.compile(r"http://data\.europa\.eu/snb/isced-f/[0-9]{2,4}", re.ASCII),
            "http://data.europa.eu/snb/isced-f/0715",
        ),
    }
)
"""By targetType: the identifiers of its concepts, and one as an example."""
_CODE_IN_URL: Final = frozenset({"ext:EQF", "ext:ISCED-F"})
"""Frameworks whose identifiers end with the code."""


def check_alignment(value: JsonValue, path: str) -> Iterator[Finding]:
    """That an alignment has its type, a name and an address, and points into the framework that it names."""
    code = "achievement.alignment"
    if not isinstance(value, dict):
        yield wrong(code, path, f"{shown(value)} is no object", "Write an object with targetName and targetUrl.")
        return
    if "Alignment" not in types_of(value):
        place = path + "/type" if "type" in value else path
        yield wrong(code, place, "the type Alignment is missing", 'Write "type": ["Alignment"].')
    name, url, kind = (value.get(member) for member in ("targetName", "targetUrl", "targetType"))
    if not isinstance(name, str) or not name.strip():
        yield wrong(code, path, "the alignment has no targetName", "Name what it corresponds to.")
    if not is_url(url):
        remedy = "Give the address of the concept, or of the page that defines it."
        yield wrong(code, path, f"{shown(url)} is not a URL in targetUrl", remedy)
        return
    if not isinstance(kind, str) or kind not in _CONCEPTS:
        return
    pattern, example = _CONCEPTS[kind]
    if not pattern.fullmatch(str(url)):
        message = f"{shown(url)} is no identifier of {kind.removeprefix('ext:')}"
        yield wrong(code, path + "/targetUrl", message, f"Use the framework's identifier, such as {example}.")
    elif kind in _CODE_IN_URL and "targetCode" in value and value["targetCode"] != str(url).rpartition("/")[2]:
        message = f"the code is {shown(value['targetCode'])}, and the address is that of another"
        yield wrong(code, path + "/targetCode", message, "Let both name the same.")
