"""What an SVG picture would do when opened: run scripts, show foreign documents, fetch from elsewhere.

A picture that is only looked at does none of this. What fetches is found by what is allowed: places within the picture,
pictures and fonts that are written into it, and links that somebody has to follow.

Spec: https://www.w3.org/TR/SVG2/conform.html#secure-static-mode
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SVG: Final = "http://www.w3.org/2000/svg"
XHTML: Final = "http://www.w3.org/1999/xhtml"
XML: Final = "http://www.w3.org/XML/1998/namespace"
MAX_ACTIVITIES: Final = 16
"""How many are listed: one is enough to refuse, and a list of thousands helps nobody."""

_SCRIPTS: Final = frozenset({"script", "handler", "listener"})
_ANIMATIONS: Final = frozenset({"animate", "set", "animateTransform", "animateMotion", "animateColor"})
_REFERENCES: Final = frozenset({"href", "src", "srcset", "data", "action", "formaction", "ping", "poster", "codebase"})
_WITHIN: Final = re.compile(
    r"#|data:(image/(png|jpe?g|gif|webp|avif)|font/\w+|application/(x-)?font-\w+)(;[\w=-]+)*,|$", re.IGNORECASE
)
_LINK: Final = re.compile(r"https?:|mailto:", re.IGNORECASE)
_LEFT_OUT: Final = dict.fromkeys(range(ord(" ") + 1))
STYLE: Final = "style"
"""The element and the attribute that hold style sheets; others hold single values."""
_CSS_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_CSS_CALL: Final = re.compile(r"url\(\s*[\"']?\s*([^\"')]*)", re.IGNORECASE)
_CSS_LIST: Final = re.compile(r"\b(?:src|image|image-set|cross-fade)\(", re.IGNORECASE)
"""Calls that name several places; no badge needs them."""
_CSS_ACTIVE: Final = re.compile(r"@import|expression\(|-moz-binding|behavior\s*:", re.IGNORECASE)


class ActivityKind(StrEnum):
    """Ways in which a picture is more than a picture."""

    SCRIPT = "script"
    FOREIGN = "foreign"
    """A part in another language, such as HTML."""
    REFERENCE = "reference"
    """Something that is fetched from elsewhere, which tells others that the picture was opened."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One such thing, and the line it stands in."""

    kind: ActivityKind
    what: str
    line: int


def of_element(
    namespace: str, name: str, attributes: Mapping[tuple[str, str], str]
) -> Iterator[tuple[ActivityKind, str]]:
    """What an element does by its name and its attributes; these are named by namespace (or none) and local name."""
    if name in _SCRIPTS:
        yield ActivityKind.SCRIPT, name
    if namespace == XHTML or name == "foreignObject":
        yield ActivityKind.FOREIGN, name
    for (space, attribute), value in attributes.items():
        plain = attribute.lower()
        if plain.startswith("on"):
            yield ActivityKind.SCRIPT, attribute
        elif plain in _REFERENCES or (space, plain) == (XML, "base"):
            yield from _reference(name, attribute, value)
        elif plain == "attributename" and name in _ANIMATIONS:
            animated = value.strip().rpartition(":")[2].lower()
            if animated in _REFERENCES or animated.startswith("on"):
                yield ActivityKind.SCRIPT, f"{name} {animated}"
        else:
            yield from of_style(value, attribute)


def of_style(text: str, where: str) -> Iterator[tuple[ActivityKind, str]]:
    """What a style sheet, or an attribute that may hold a style, fetches."""
    if where != STYLE and "(" not in text and "\\" not in text:
        return
    # Both readings count: an escape may hide a call, or a quotation mark. Comments count as well, since what looks
    # like one may stand in a string.
    if any(_fetches(read, where) for read in {text, _CSS_ESCAPE.sub(_unescaped, text)}):
        yield ActivityKind.REFERENCE, where


def _fetches(text: str, where: str) -> bool:
    if _CSS_LIST.search(text) or (where == STYLE and _CSS_ACTIVE.search(text)):
        return True
    return not all(_WITHIN.match(target.strip()) for target in _CSS_CALL.findall(text))


def _reference(name: str, attribute: str, value: str) -> Iterator[tuple[ActivityKind, str]]:
    # Browsers leave out tabs, line ends and control characters when they read an address.
    target = value.translate(_LEFT_OUT)
    if _WITHIN.match(target) or ((name, attribute) == ("a", "href") and _LINK.match(target)):
        return
    kind = ActivityKind.SCRIPT if target.lower().startswith(("javascript:", "vbscript:")) else ActivityKind.REFERENCE
    yield kind, f"{name} {attribute}"


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1] is None:
        return escape[2]
    point = int(escape[1], 16)
    return chr(point) if 0 < point < 0x110000 else "\ufffd"  # noqa: PLR2004 -- the end of Unicode
