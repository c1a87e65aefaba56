"""SVG pictures: the badge is an element right after the start tag; every other byte of the file stays as it is.

Spec: https://www.imsglobal.org/spec/ob/v3p0#svg, https://www.imsglobal.org/spec/ob/v2p0/baking
"""

import re
from typing import Final

from node.credentials.errors import BadgeError, PictureError, SvgError
from node.credentials.pictures.badge import Badge, BadgeKind, Form, form_of
from node.credentials.pictures.limits import require_badge_size
from node.credentials.pictures.svg_activity import Activity
from node.credentials.pictures.svg_reading import ELEMENTS, NAMESPACES, PREFIX, BadgeElement, scan

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML can hold, however written. https://www.w3.org/TR/xml/#charsets"""
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", '"': "&quot;"})
_ONE_BADGE: Final = "Ask the issuer for a picture that carries one badge."


def read(image: bytes) -> tuple[BadgeKind, bytes, tuple[Activity, ...]]:
    """The one badge in an SVG file, and what the picture does; raises PictureError where there is none, or several."""
    found = scan(image)
    if not found.badges:
        raise PictureError("the SVG carries no badge", code="picture.none")
    if len(found.badges) > 1:
        message = f"the SVG carries {len(found.badges)} badges, and readers differ on which counts"
        raise PictureError(message, code="picture.several", remedy=_ONE_BADGE)
    text = _text(found.badges[0]).encode()
    require_badge_size(len(text))
    return found.badges[0].kind, text, found.activities


def write(image: bytes, badge: Badge, *, replace: bool) -> bytes:
    """The SVG file with the badge in an element directly after the start tag.

    With `replace` the badges that are there are taken out. A picture that would do something when opened is refused:
    whoever opens a badge is not to run, or to tell, anything.
    """
    found = scan(image)
    if found.activities:
        first = found.activities[0]
        message = f"the SVG does more than show a picture: {first.kind} ({first.what}), line {first.line}"
        remedy = "Leave out scripts, foreign parts and all that is fetched from elsewhere, or use a PNG."
        raise SvgError(message, code="picture.svg.active", remedy=remedy)
    if found.badges and not replace:
        raise PictureError("the SVG carries a badge already", code="picture.taken", remedy=_ONE_BADGE)
    root = found.root
    namespace = NAMESPACES[badge.kind]
    declared = f' xmlns:{PREFIX}="{namespace}"'
    # A root that has bound the prefix to something else keeps it: attributes of others may depend on it.
    element = _element(badge, "" if root.bound in {None, namespace} else declared).encode()
    if root.empty:
        element = b">" + element + b"</" + root.name + b">"
    parts = [image[: root.after_name], declared.encode() if root.bound is None else b""]
    parts += [image[root.after_name : root.inside], element]
    place = root.inside
    for old in found.badges:
        parts.append(image[place : old.start])
        place = old.end
    # What is left of an empty root is its end, which the element has brought already.
    parts.append(image[place + len(b"/>") :] if root.empty else image[place:])
    return b"".join(parts)


def _text(element: BadgeElement) -> str:
    """The badge of one element: its body, else its attribute; an address beside a body is only where it is hosted."""
    if not element.body and not element.verify:
        raise SvgError("the element for the badge in the SVG is empty", code="picture.svg.badge")
    if not element.body:
        return element.verify
    if element.verify and form_of(element.verify.encode()) is not Form.ADDRESS:
        message = "the SVG carries a badge in the body and another in the attribute of one element"
        raise PictureError(message, code="picture.several", remedy=_ONE_BADGE)
    return element.body


def _element(badge: Badge, declared: str) -> str:
    name = f"{PREFIX}:{next(local for local, kind in ELEMENTS.items() if kind is badge.kind)}"
    text = badge.text.decode()
    if badge.form is Form.JWS:
        return f'<{name}{declared} verify="{text}"></{name}>'
    if unfit := _NO_XML.search(text):
        message = f"the badge has the character U+{ord(unfit[0]):04X}, which no SVG can hold"
        remedy = "Use a PNG, or write the character as an escape before signing."
        raise BadgeError(message, code="picture.badge.characters", remedy=remedy)
    # The end of a section cannot stand in it, and a carriage return would be read as a line end.
    held = text.replace("]]>", "]]]]><![CDATA[>").replace("\r", "]]>&#13;<![CDATA[")
    address = f' verify="{badge.address.translate(_ESCAPED)}"' if badge.address is not None else ""
    return f"<{name}{declared}{address}><![CDATA[{held}]]></{name}>"
