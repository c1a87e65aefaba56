"""Pictures that somebody uploads, made into pictures that may be shown to anybody.

A PNG keeps the chunks that its image needs, and an SVG is written anew. Texts, positions and badges that were in the
file are gone: what is published of it is a picture.

Spec: https://www.w3.org/TR/png-3/#11Chunks
"""

from dataclasses import dataclass
from typing import Final

from node.credentials.errors import PictureError
from node.credentials.pictures import png

MAX_UPLOAD_BYTES: Final = 1024 * 1024
"""A picture of an achievement: it is drawn some hundred pixels wide, and goes along with every badge."""
PNG_TYPE: Final = "image/png"
SVG_TYPE: Final = "image/svg+xml"

_KEPT: Final = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"IDAT", b"IEND"}
)
"""Chunks that say what is drawn and in which colours; a colour profile could be a bomb, and needs no badge."""


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A picture that holds nothing but a picture."""

    image: bytes
    media_type: str
    width: int
    height: int
    left_out: tuple[str, ...]
    """What stood in the file and does not stand in it now, by kinds."""


def clean(image: bytes) -> CleanPicture:
    """The picture alone; raises PictureError for a file that is neither a sound PNG nor a sound SVG, or too large."""
    if len(image) > MAX_UPLOAD_BYTES:
        message = f"the picture has more than {MAX_UPLOAD_BYTES} bytes"
        raise PictureError(message, code="picture.too_large", remedy="Use a smaller picture.")
    if image.startswith(png.SIGNATURE):
        return _clean_png(image)
    if image[:256].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        from node.credentials.pictures.svg_rebuild import rebuild  # noqa: PLC0415 -- most badges are PNGs

        found = rebuild(image)
        return CleanPicture(found.image, SVG_TYPE, found.width, found.height, found.left_out)
    raise PictureError("the file is neither a PNG nor an SVG", code="picture.format", remedy="Use a PNG or an SVG.")


def _clean_png(image: bytes) -> CleanPicture:
    found = png.chunks(image)
    kept = [chunk for chunk in found if chunk.type in _KEPT]
    left_out = sorted({chunk.type.decode("ascii") for chunk in found} - {chunk.type.decode("ascii") for chunk in kept})
    header = found[0].data(image)
    return CleanPicture(
        png.SIGNATURE + b"".join(image[chunk.start : chunk.end] for chunk in kept),
        PNG_TYPE,
        int.from_bytes(header[:4]),
        int.from_bytes(header[4:8]),
        tuple(left_out),
    )
