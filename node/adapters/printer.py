"""The printer: a page as PDF/UA-1 and PDF/A-3a, with the credential attached, the same bytes for the same page.

The typesetter gets a template of ours and the page as data. It has no folder to read from, no packages, no fonts but
those it brings, no clock; pictures of others are not drawn at all. What it brings no letter for is written by its
number.

Spec: https://pdfa.org/resource/iso-14289-pdfua/, https://pdfa.org/resource/iso-19005-pdfa/
"""

import io
import json
import re
import tempfile
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from types import ModuleType
from typing import Any, Final

from node.adapters.errors import PrinterError
from node.adapters.extras import extra
from node.credentials.errors import PictureError
from node.credentials.pictures import pdf
from node.credentials.pictures.limits import require_size
from node.documents import JsonObject, JsonValue
from node.issuance.printed_page import Page

STANDARDS: Final = ["ua-1", "a-3a"]
MAX_ATTEMPTS: Final = 4
"""One to learn which letters there are none for; others for what their replacement makes of the letters beside them."""
MAX_NUMBERS: Final = 24
"""Numbers in one text: a name in a script that there are no letters of; a sentence of numbers tells nobody anything."""
ERROR_CORRECTION: Final = "m"
"""15 % of the code may be lost to folds and stains."""
_QUIET_ZONE: Final = 4
"""Modules of white around a QR code. ISO/IEC 18004, 6.3.8."""
_NO_LETTER: Final = re.compile(r'(?:the text|the codepoint) `"((?:[^"\\`]|\\.)*)"`')
_ESCAPE: Final = re.compile(r"\\u\{([0-9a-f]{1,6})\}|\\(.)")
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before it the typesetter has no time."""


def print_page(page: Page) -> bytes:
    """The page as a PDF; raises PrinterError where it cannot be made, ExtraAbsentError without the typesetter."""
    typesetter = extra("typst")
    absent: frozenset[str] = frozenset()
    for _ in range(MAX_ATTEMPTS):
        try:
            made = _compiled(typesetter, inputs_of(page, absent), _date(page))
        except typesetter.TypstError as error:
            found = _letters(error.diagnostic) - absent
            if not found:
                raise PrinterError(f"the page could not be set: {error.message}") from error
            absent |= found
        else:
            _require_readable(made, page)
            return made
    raise PrinterError("the page has letters that cannot be told apart from those it can show")


def inputs_of(page: Page, absent: frozenset[str]) -> dict[str, str]:
    """What the template is given, where there are no letters for the `absent` ones."""
    date = _date(page)
    content: JsonObject = {
        **page.content,
        "code-text": page.code.text,
        "day": None if date is None else [date.year, date.month, date.day],
        "file-name": page.file_name,
        "media-type": page.media_type,
    }
    shown: JsonObject = {name: _replaced(value, absent) for name, value in content.items()}
    shown |= {"picture": _drawn(page.code.text), "replaced": bool(absent)}
    return {"content": json.dumps(shown), "file": page.file.decode()}


def _date(page: Page) -> datetime | None:
    return page.date if page.date is not None and page.date >= _FIRST else None


def _compiled(typesetter: ModuleType, inputs: dict[str, str], date: datetime | None) -> bytes:
    with tempfile.TemporaryDirectory(prefix="glejt-") as nothing:
        made: bytes = typesetter.compile(
            template(),
            root=nothing,
            package_path=nothing,
            package_cache_path=nothing,
            font_paths=fonts(),
            ignore_system_fonts=True,
            sys_inputs=inputs,
            pdf_standards=STANDARDS,
            timestamp=0 if date is None else int(date.timestamp()),
            format="pdf",
        )
    return made


def _require_readable(made: bytes, page: Page) -> None:
    """What was printed is read back, so that no page goes out that nobody could check."""
    try:
        require_size(made)
        attached = pdf.read(made).text
    except PictureError as error:
        raise PrinterError(f"the page could not be read back: {error}") from error
    if attached != page.file:
        raise PrinterError("the page does not carry what was to be attached to it")


def _replaced(value: JsonValue, absent: frozenset[str]) -> JsonValue:
    """The value, its texts with the number of each letter that there is none for."""
    match value:
        case str():
            return _numbered(value, absent)
        case list():
            return [_replaced(one, absent) for one in value]
        case dict():
            return {name: _replaced(one, absent) for name, one in value.items()}
        case _:
            return value


def _numbered(text: str, absent: frozenset[str]) -> str:
    """The text with the number of each letter that there is none for; cut where there are too many of them."""
    if absent.isdisjoint(text):
        return text
    left, parts = MAX_NUMBERS, []
    for letter in text:
        if letter in absent:
            if not left:
                parts.append("…")
                break
            left -= 1
        parts.append(f"[U+{ord(letter):04X}]" if letter in absent else letter)
    return "".join(parts)


def _letters(diagnostic: str) -> set[str]:
    """The letters that the typesetter has none for, as it names them."""
    return {letter for text in _NO_LETTER.findall(diagnostic) for letter in _ESCAPE.sub(_unescaped, text)}


def _unescaped(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else escape[2]


def _drawn(text: str) -> str:
    """The QR code as an SVG."""
    picture = io.BytesIO()
    code = extra("segno").make(text, error=ERROR_CORRECTION, micro=False, boost_error=False)
    code.save(picture, kind="svg", border=_QUIET_ZONE, xmldecl=False, light="white", omitsize=True)
    return picture.getvalue().decode()


@cache
def template() -> bytes:
    """How a page looks."""
    return files("node.adapters").joinpath("printed_page.typ").read_bytes()


@cache
def fonts() -> Any:  # noqa: ANN401 -- the typesetter's own, which may be absent
    """The fonts that the typesetter brings, and no others."""
    return extra("typst").Fonts(include_system_fonts=False)
