"""An SVG picture written anew from a list of what may be in one: shapes, text, gradients, and how they look.

Nothing is copied. What the parser reads is compared with the list, and what is on it is written out again, so nothing
that only some reader would see can be left in it: no script, no animation, no foreign part, no link, no picture within
the picture, and no address but of places in the picture itself. What is left out is told.

Spec: https://www.w3.org/TR/SVG2/conform.html#secure-static-mode, https://www.w3.org/TR/SVG2/propidx.html
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pyexpat import ErrorString, ExpatError, ParserCreate
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from node.credentials.errors import SvgError
from node.credentials.pictures.svg_activity import STYLE, SVG, XML
from node.credentials.pictures.svg_reading import scan

XLINK: Final = "http://www.w3.org/1999/xlink"
MAX_USES: Final = 200
"""Elements that are drawn again by reference."""
MAX_LEFT_OUT: Final = 32
"""How many kinds of what was left out are told."""

_CONTAINERS: Final = frozenset({"svg", "g", "defs", "symbol", "clipPath", "mask", "linearGradient", "radialGradient"})
_SHAPES: Final = frozenset({"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "stop", "use"})
_TEXTS: Final = frozenset({"text", "tspan", "title", "desc"})
ELEMENTS: Final = _CONTAINERS | _SHAPES | _TEXTS | {STYLE}
PROPERTIES: Final = frozenset(
    {
        "clip-path",
        "clip-rule",
        "color",
        "display",
        "dominant-baseline",
        "fill",
        "fill-opacity",
        "fill-rule",
        "font-family",
        "font-size",
        "font-stretch",
        "font-style",
        "font-variant",
        "font-weight",
        "isolation",
        "letter-spacing",
        "mask",
        "mix-blend-mode",
        "opacity",
        "overflow",
        "paint-order",
        "shape-rendering",
        "stop-color",
        "stop-opacity",
        "stroke",
        "stroke-dasharray",
        "stroke-dashoffset",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "stroke-opacity",
        "stroke-width",
        "text-anchor",
        "text-rendering",
        "transform",
        "vector-effect",
        "visibility",
        "word-spacing",
    }
)
"""How things look; as attributes, and in style sheets."""
ATTRIBUTES: Final = PROPERTIES | {
    "class",
    "clipPathUnits",
    "cx",
    "cy",
    "d",
    "dx",
    "dy",
    "fx",
    "fy",
    "gradientTransform",
    "gradientUnits",
    "height",
    "id",
    "lengthAdjust",
    "maskContentUnits",
    "maskUnits",
    "offset",
    "pathLength",
    "points",
    "preserveAspectRatio",
    "r",
    "rotate",
    "rx",
    "ry",
    "spreadMethod",
    "textLength",
    "version",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
}
_REFERRING: Final = frozenset({"use", "linearGradient", "radialGradient"})
"""Elements that may refer to another place in the picture by `href`."""
_WITHIN: Final = re.compile(r"#[\w.:-]+", re.ASCII)
_PART: Final = r"[^\\<>{}@;()]"
_VALUE: Final = re.compile(rf"(?:{_PART}++|\((?:{_PART}++|\({_PART}*+\))*+\))*+")
"""A value of a property or attribute: no escape, no rule, brackets in pairs."""
_CALL: Final = re.compile(r"(?<![a-z0-9-])([a-z0-9-]*+)\(", re.IGNORECASE)
_CALLS: Final = frozenset(
    {"", "rgb", "rgba", "hsl", "hsla", "matrix", "translate", "translatex", "translatey"}
    | {"scale", "scalex", "scaley", "rotate", "skewx", "skewy", "url"}
)
"""Functions in values."""
_PLACE: Final = re.compile(r"url\(\s*([\"']?)#[\w.:-]+\1\s*\)", re.ASCII | re.IGNORECASE)
_URL: Final = re.compile(r"url\(", re.IGNORECASE)
_NAMED: Final = re.compile(r"#([\w.:-]+)", re.ASCII)
"""Whatever may be a reference; a colour is harmless here."""
_DRAWING: Final = frozenset({"clip-path", "mask"})
"""Properties by which another part of the picture is drawn, too."""
_SELECTOR: Final = re.compile(r"[.#]?[A-Za-z_][\w-]*(?:\s*,\s*[.#]?[A-Za-z_][\w-]*)*", re.ASCII)
_SEPARATOR: Final = "\x01"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A picture that was written anew, and the kinds of what was left out of it."""

    image: bytes
    width: int
    height: int
    left_out: tuple[str, ...]


def rebuild(image: bytes) -> Rebuilt:
    """The picture anew; raises SvgError for a file that is not sound, plain and bounded, or that has no size.

    1. The file is sound by the reader that every picture goes through: bounded, no DOCTYPE of its own, no entity.
    2. Elements and attributes on the list are written; others are left out, elements with all that is in them.
    3. Style sheets are read rule by rule, and written of simple selectors and properties on the list.
    4. What is referred to refers to nothing more, and little is drawn again: else a picture of kilobytes could take
       hours to draw.
    """
    scan(image)  # 1
    writing = _Writing(frozenset(_NAMED.findall(image.decode())))
    parser = ParserCreate("UTF-8", _SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = writing.start
    parser.EndElementHandler = writing.end
    parser.CharacterDataHandler = writing.text
    try:
        parser.Parse(image, True)
    except ExpatError as error:  # `scan` read it by the same parser
        raise SvgError(
            f"the SVG is not well-formed: {ErrorString(error.code)}, line {error.lineno}", code="picture.svg.syntax"
        ) from error
    width, height = writing.size()
    if not writing.draws:
        raise SvgError(
            "nothing is left of the SVG that could be shown",
            code="picture.svg.nothing",
            remedy="Draw it with shapes and text, without pictures in it; or use a PNG.",
        )
    told = [f"{name} ({count})" for name, count in sorted(writing.left_out.items())]
    return Rebuilt("".join(writing.parts).encode(), width, height, tuple(told[:MAX_LEFT_OUT]))


class _Writing:
    """The picture as it is written; the handlers are called by the parser."""

    __slots__ = ("_open", "_referred", "_skipped", "_style", "_uses", "draws", "left_out", "parts", "root")

    def __init__(self, referred: frozenset[str]) -> None:
        self.parts: list[str] = []
        self.left_out: Counter[str] = Counter()
        self.root: Mapping[str, str] = {}
        self.draws = False
        self._referred = referred
        self._open: list[tuple[str, bool]] = []
        """Each element that is open, and whether what stands in it may be drawn from elsewhere."""
        self._skipped = 0
        self._uses = 0
        self._style: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, local = _names(name)
        drawn = bool(self._open) and self._open[-1][1]
        nested = (local == "svg" and self._open) or (local == "use" and drawn) or self._style is not None
        if self._skipped or space != SVG or local not in ELEMENTS or nested:
            if not self._skipped:
                self.left_out[local] += 1
            self._skipped += 1
            return
        kept = dict(self._kept(local, attributes, drawn=drawn))
        if not self._open:
            kept.pop("id", None)  # nothing draws the whole in itself
            self.root = kept
        if local == "use":  # 4
            self._uses += 1
            if self._uses > MAX_USES:
                raise SvgError(f"the SVG draws more than {MAX_USES} parts again", code="picture.svg.markup")
        self._open.append((local, drawn or kept.get("id") in self._referred))
        if local == STYLE:
            self._style = []
            return
        self.draws = self.draws or local in _SHAPES - {"stop", "use"} or local == "text"
        declared = f' xmlns="{SVG}"' if len(self._open) == 1 else ""
        self.parts.append(f"<{local}{declared}{''.join(f' {key}={quoteattr(one)}' for key, one in kept.items())}>")

    def end(self, name: str) -> None:
        del name
        if self._skipped:
            self._skipped -= 1
            return
        local, _ = self._open.pop()
        if local == STYLE:
            rules, self._style = "".join(self._style or ()), None
            if kept := self._sheet(rules):
                self.parts.append(f"<style>{escape(kept)}</style>")
            return
        self.parts.append(f"</{local}>")

    def text(self, data: str) -> None:
        if self._skipped:
            return
        if self._style is not None:
            self._style.append(data)
        elif self._open and self._open[-1][0] in _TEXTS:
            self.parts.append(escape(data))

    def size(self) -> tuple[int, int]:
        """Width and height in pixels, by the root's attributes or its view box; raises SvgError where there is none."""
        stated = [_pixels(self.root.get(side, "")) for side in ("width", "height")]
        box = re.split(r"[\s,]+", self.root.get("viewBox", "").strip())
        boxed = [_pixels(part) for part in box[2:4]] if len(box) == 4 else [None, None]  # noqa: PLR2004 -- x y width height
        width, height = (one or other for one, other in zip(stated, boxed, strict=True))
        if not width or not height:
            raise SvgError(
                "the SVG does not say how large it is",
                code="picture.svg.root",
                remedy="Give its root width and height in pixels, or a viewBox.",
            )
        return width, height

    def _kept(self, element: str, attributes: Mapping[str, str], *, drawn: bool) -> Iterator[tuple[str, str]]:  # 2, 4
        for name, value in attributes.items():
            space, local = _names(name)
            if local == "href" and space in {"", XLINK} and element in _REFERRING and _WITHIN.fullmatch(value.strip()):
                yield "href", value.strip()
            elif local == STYLE and not space:
                if kept := self._declarations(value, PROPERTIES - _DRAWING if drawn else PROPERTIES):
                    yield STYLE, kept
            elif (space, local) == (XML, "space") and value in {"preserve", "default"}:
                yield "xml:space", value
            elif not space and local in ATTRIBUTES and _is_plain(value) and not (drawn and local in _DRAWING):
                yield local, value
            else:
                self.left_out[f"{element} {local}"] += 1

    def _sheet(self, text: str) -> str:  # 3
        rules = []
        for rule in filter(str.strip, _without_comments(text).split("}")):
            selectors, _, declarations = rule.partition("{")
            kept = self._declarations(declarations, PROPERTIES - _DRAWING)  # it may be for what is drawn again
            if _SELECTOR.fullmatch(selectors.strip()) and kept:
                rules.append(f"{selectors.strip()}{{{kept}}}")
            else:
                self.left_out["style rule"] += 1
        return "".join(rules)

    def _declarations(self, text: str, allowed: frozenset[str]) -> str:
        kept = []
        for part in _without_comments(text).split(";"):
            name, separator, value = part.partition(":")
            name, value = name.strip().lower(), value.strip()
            if separator and name in allowed and _is_plain(value):
                kept.append(f"{name}:{value}")
            elif part.strip():
                self.left_out[f"style {name}"[:40]] += 1
        return ";".join(kept)


def _without_comments(text: str) -> str:
    before, *commented = text.split("/*")
    return " ".join([before, *(part.partition("*/")[2] for part in commented)])


def _is_plain(value: str) -> bool:
    """Whether a value fetches nothing and runs nothing, by whatever reader."""
    if not _VALUE.fullmatch(value):
        return False
    if any(call.lower() not in _CALLS for call in _CALL.findall(value)):
        return False
    return len(_URL.findall(value)) == len(_PLACE.findall(value))


def _pixels(text: str) -> int | None:
    found = re.fullmatch(r"([0-9]{1,5})(?:\.[0-9]{1,12})?(?:px|pt|mm)?", text.strip(), re.ASCII)
    return int(found[1]) or None if found else None


def _names(name: str) -> tuple[str, str]:
    """Namespace and local name."""
    space, separator, local = name.partition(_SEPARATOR)
    return (space, local) if separator else ("", space)
