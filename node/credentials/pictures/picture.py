"""Putting a badge into a picture, and taking it out: PNG and SVG. Out of a printed page, too."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from node.credentials.errors import PictureError
from node.credentials.pictures import png
from node.credentials.pictures.badge import SPACE, BadgeKind, Form, form_of, kind_in, kind_printed, read_badge
from node.credentials.pictures.limits import require_size

if TYPE_CHECKING:
    from node.credentials.pictures.svg_activity import Activity


PDF: Final = b"%PDF-"


class PictureFormat(StrEnum):
    """The kinds of file that can carry a badge."""

    PNG = "png"
    SVG = "svg"
    PDF = "pdf"
    """A page that was printed with its credential; no badge is put into another one."""


@dataclass(frozen=True, slots=True)
class Unbaked:
    """What was taken out of a picture. Nothing of it was checked."""

    kind: BadgeKind
    form: Form
    text: bytes
    """UTF-8, as it stands in the picture but for white space around it."""
    format: PictureFormat
    activity: "tuple[Activity, ...]" = ()
    """What the picture would do when opened; a picture that carries a badge has no need of it."""


def bake(image: bytes, credential: bytes, *, replace: bool = False) -> bytes:
    """The picture with the badge in it; the image stays as it was, byte for byte.

    Raises PictureError for a picture that is not sound, carries a badge already (unless it is to be replaced) or does
    something when opened; BadgeError or DocumentError for what is no signed or hosted Open Badge. Whether the badge is
    genuine is not checked.
    """
    require_size(image)
    badge = read_badge(credential)
    picture = _format(image)
    if picture is PictureFormat.PDF:
        raise PictureError("a PDF is not baked", code="picture.format", remedy="Print a page anew: glejt print")
    if picture is PictureFormat.PNG:
        baked = png.write(image, badge, replace=replace)
    else:
        from node.credentials.pictures import svg  # noqa: PLC0415 -- most badges are PNGs, and a verdict is awaited

        baked = svg.write(image, badge, replace=replace)
    require_size(baked)
    return baked


def unbake(image: bytes) -> Unbaked:
    """The one badge in a picture; raises PictureError where there is none, more than one, or no sound picture."""
    require_size(image)
    picture = _format(image)
    if picture is PictureFormat.PDF:
        from node.credentials.pictures import pdf  # noqa: PLC0415 -- as above

        text = pdf.read(image).text.strip(SPACE)
        form = form_of(text)
        return Unbaked(kind_printed(text, form), form, text, picture)
    activity: tuple[Activity, ...] = ()
    if picture is PictureFormat.PNG:
        said, text = png.read(image)
    else:
        from node.credentials.pictures import svg  # noqa: PLC0415 -- as above

        said, text, activity = svg.read(image)
    form = form_of(text)
    return Unbaked(kind_in(text, form, said), form, text, picture, activity)


def _format(image: bytes) -> PictureFormat:
    if image.startswith(png.SIGNATURE):
        return PictureFormat.PNG
    if image.startswith(PDF):
        return PictureFormat.PDF
    if image[:256].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return PictureFormat.SVG
    message = "the file is neither a PNG nor an SVG, nor a PDF"
    raise PictureError(message, code="picture.format", remedy="Use a PNG or an SVG.")
