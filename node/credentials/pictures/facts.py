"""What a picture is that somebody uploads, to be shown to others: a sound PNG, or an SVG that does nothing."""

from dataclasses import dataclass

from node.credentials.errors import PictureError, SvgError
from node.credentials.pictures import png
from node.credentials.pictures.limits import require_size
from node.credentials.pictures.picture import unbake


@dataclass(frozen=True, slots=True)
class Facts:
    """The media type and the pixels of a picture, and the text of the badge in it; an SVG has no pixels."""

    media_type: str
    width: int | None
    height: int | None
    badge: bytes | None


def read_facts(image: bytes) -> Facts:
    """What the picture is; raises PictureError for one that is not sound, or does something when it is opened."""
    require_size(image)
    if image.startswith(png.SIGNATURE):
        found = png.chunks(image)
        header = found[0].data(image)
        badge = unbake(image).text if png.badge_chunks(image, found) else None
        return Facts("image/png", int.from_bytes(header[:4]), int.from_bytes(header[4:8]), badge)
    if not image[:256].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise PictureError("the file is neither a PNG nor an SVG", code="picture.format", remedy="Use a PNG or an SVG.")
    from node.credentials.pictures import svg_reading  # noqa: PLC0415 -- most pictures are PNGs

    drawn = svg_reading.scan(image)
    if drawn.activities:
        first = drawn.activities[0]
        message = f"the SVG does more than show a picture: {first.kind} ({first.what}), line {first.line}"
        remedy = "Leave out scripts, foreign parts and all that is fetched from elsewhere, or use a PNG."
        raise SvgError(message, code="picture.svg.active", remedy=remedy)
    return Facts("image/svg+xml", None, None, unbake(image).text if drawn.badges else None)
