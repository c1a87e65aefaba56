"""SVG pictures as they are read: one pass over the XML, in which nothing is expanded, fetched or run.

The parser is expat itself, as in Python. Every DOCTYPE is refused but those of the W3C for SVG, by which drawing
programs, and a published sample, name the version: with nothing declared in them they say nothing, and what they name
is never fetched. So there are no entities but the five of XML.

Spec: https://www.w3.org/TR/xml/, https://www.w3.org/TR/SVG11/
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pyexpat import ErrorString, ExpatError, ParserCreate
from types import MappingProxyType
from typing import Final

from node.credentials.errors import SvgError, shown
from node.credentials.pictures.badge import BadgeKind
from node.credentials.pictures.svg_activity import (
    MAX_ACTIVITIES,
    STYLE,
    SVG,
    Activity,
    ActivityKind,
    of_element,
    of_style,
)

NAMESPACES: Final[Mapping[BadgeKind, str]] = MappingProxyType(
    {BadgeKind.CREDENTIAL: "https://purl.imsglobal.org/ob/v3p0", BadgeKind.ASSERTION: "http://openbadges.org"}
)
ELEMENTS: Final[Mapping[str, BadgeKind]] = MappingProxyType(
    {"credential": BadgeKind.CREDENTIAL, "assertion": BadgeKind.ASSERTION}
)
PREFIX: Final = "openbadges"

MAX_MARKUP: Final = 250_000
"""Characters `<` and `=`, and so tags and attributes: a badge has some hundred, a map some ten thousand."""
MAX_DEPTH: Final = 256
"""Elements inside one another; drawing programs nest groups a dozen deep."""
_W3C_DOCTYPES: Final = re.compile(
    r"http://www\.w3\.org/(TR/2001/REC-SVG-20010904/DTD/svg10|Graphics/SVG/1\.1/DTD/svg11(-basic|-tiny)?)\.dtd"
)
_SEPARATOR: Final = "\x01"
"""Between namespace and name: no XML text can contain it."""
_TAG: Final = re.compile(rb"<[^\s/>]+")
_WHOLE_TAG: Final = re.compile(rb"""<[^"'>]*(?:"[^"]*"[^"'>]*|'[^']*'[^"'>]*)*>""")
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii"})


@dataclass(frozen=True, slots=True)
class BadgeElement:
    """One element that carries a badge, and where it begins and ends in the file."""

    kind: BadgeKind
    start: int
    end: int
    verify: str
    body: str


@dataclass(frozen=True, slots=True)
class Root:
    """The start tag of the picture."""

    name: bytes
    after_name: int
    inside: int
    """Where the first thing inside the picture is, or would be: after `>`, or before the slash of `/>`."""
    empty: bool
    bound: str | None
    """The namespace that the prefix `openbadges` stands for, where the tag says so."""


@dataclass(frozen=True, slots=True)
class Svg:
    """What was found in a picture."""

    root: Root
    badges: tuple[BadgeElement, ...]
    activities: tuple[Activity, ...]


def scan(image: bytes) -> Svg:
    """The places of interest in an SVG file; raises SvgError for a file that is not sound, plain and bounded."""
    if b"\0" in image:  # the parser would notice UTF-16 and read it; the places in the file would be others
        raise SvgError("the SVG is not written in UTF-8", code="picture.svg.encoding")
    if image.count(b"<") + image.count(b"=") > MAX_MARKUP:
        raise SvgError(f"the SVG has more than {MAX_MARKUP} tags and attributes", code="picture.svg.markup")
    return _Scan(image).svg()


@dataclass(slots=True)
class _Open:
    """An element that carries a badge and is not closed yet."""

    kind: BadgeKind
    start: int
    verify: str
    body: list[str] = field(default_factory=list)


class _Scan:
    """One pass; the handlers are called by the parser."""

    __slots__ = (
        "_activities",
        "_badges",
        "_bound",
        "_depth",
        "_image",
        "_open",
        "_parser",
        "_root",
        "_style",
        "_style_depth",
    )

    def __init__(self, image: bytes) -> None:
        self._image = image
        self._root: Root | None = None
        self._badges: list[BadgeElement] = []
        self._activities: list[Activity] = []
        self._open: _Open | None = None
        self._style: list[str] | None = None
        self._style_depth = 0
        self._bound: str | None = None
        self._depth = 0
        parser = self._parser = ParserCreate("UTF-8", _SEPARATOR)
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._doctype
        parser.SkippedEntityHandler = self._entity
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def svg(self) -> Svg:
        try:
            self._parser.Parse(self._image, True)
        except ExpatError as error:
            message = f"the SVG is not well-formed: {ErrorString(error.code)}, line {error.lineno}"
            raise SvgError(message, code="picture.svg.syntax") from error
        if self._root is None:
            raise SvgError("the file holds no SVG", code="picture.svg.root")
        return Svg(self._root, tuple(self._badges), tuple(self._activities))

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        del version, standalone
        if encoding is not None and encoding.lower() not in _UTF8:
            raise SvgError(f"the SVG is written in {shown(encoding)}, not in UTF-8", code="picture.svg.encoding")

    def _doctype(self, name: str, system: str | None, public: str | None, internal: int) -> None:
        if internal or name != "svg" or system is None or not _W3C_DOCTYPES.fullmatch(system):
            message = f"the SVG has a DOCTYPE of its own: {shown(system or public or name)}"
            raise SvgError(message, code="picture.svg.doctype")

    def _entity(self, name: str, parameter: bool) -> None:  # noqa: FBT001 -- the parser calls it
        del parameter
        raise SvgError(f"the SVG uses the entity {shown(name)}, which it does not define", code="picture.svg.entity")

    def _instruction(self, target: str, data: str) -> None:
        del data
        if target == "xml-stylesheet":
            self._note([(ActivityKind.REFERENCE, target)])

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        if self._root is None and prefix == PREFIX:
            self._bound = uri

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, local, prefix = _names(name)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SvgError(f"the SVG has more than {MAX_DEPTH} levels", code="picture.svg.depth")
        if self._open is not None:
            raise SvgError("the badge in the SVG holds elements, not text", code="picture.svg.badge")
        if self._root is None:
            self._root = self._root_tag(space, local)
        named = {_names(key)[:2]: value for key, value in attributes.items()}
        if local in ELEMENTS and (space in NAMESPACES.values() or prefix == PREFIX):
            verify = named.get(("", "verify"), "").strip()
            self._open = _Open(ELEMENTS[local], self._parser.CurrentByteIndex, verify)
            self._parser.CharacterDataHandler = self._open.body.append
            return
        self._note(of_element(space, local, named))
        if local == STYLE and self._style is None:
            self._style, self._style_depth = [], self._depth
            self._parser.CharacterDataHandler = self._style.append

    def _end(self, name: str) -> None:
        del name
        if self._open is not None:
            opened, self._open = self._open, None
            body = "".join(opened.body).strip(" \t\r\n")
            self._badges.append(BadgeElement(opened.kind, opened.start, self._element_end(opened), opened.verify, body))
        elif self._style is not None and self._depth == self._style_depth:  # what follows an element in it counts too
            style, self._style = self._style, None
            self._note(of_style("".join(style), STYLE))
        self._depth -= 1
        self._parser.CharacterDataHandler = None if self._style is None else self._style.append

    def _root_tag(self, space: str, local: str) -> Root:
        if (space, local) != (SVG, "svg"):
            raise SvgError(
                f"the file is XML, but its root {shown(local)} is not that of an SVG", code="picture.svg.root"
            )
        start = self._parser.CurrentByteIndex
        end, after_name = self._tag_end(start), _TAG.match(self._image, start)
        if after_name is None:
            raise SvgError("the root of the SVG cannot be found", code="picture.svg.root")
        empty = self._image[end - 2 : end] == b"/>"
        return Root(after_name[0][1:], after_name.end(), end - 2 if empty else end, empty, self._bound)

    def _tag_end(self, start: int) -> int:
        tag = _WHOLE_TAG.match(self._image, start)
        if tag is None:
            raise SvgError(f"the tag at byte {start} has no end", code="picture.svg.syntax")
        return tag.end()

    def _element_end(self, opened: _Open) -> int:
        """Where an element ends, at its end tag or, where it is empty, with its only one."""
        here = self._parser.CurrentByteIndex
        if self._image.startswith(b"</", here):
            return self._tag_end(here)
        return self._tag_end(opened.start)

    def _note(self, found: Iterable[tuple[ActivityKind, str]]) -> None:
        for kind, what in found:
            if len(self._activities) < MAX_ACTIVITIES:
                self._activities.append(Activity(kind, what, self._parser.CurrentLineNumber))


def _names(name: str) -> tuple[str, str, str]:
    """Namespace, local name and prefix; empty where there is none."""
    parts = name.split(_SEPARATOR)
    match parts:
        case [local]:
            return "", local, ""
        case [space, local]:
            return space, local, ""
        case _:
            return parts[0], parts[1], parts[2]
