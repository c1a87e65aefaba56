"""Reads the QR codes in a PNG picture: a scan, a photograph or a picture of a screen.

Our own rules decide what is a picture before a library draws it, and the library gets nothing but its pixels: no text,
no colour profile, no animation. What a code says is a text of anybody's, and is not followed.
"""

import io
import warnings
from typing import Final

from node.adapters.extras import extra
from node.credentials.errors import PngError
from node.credentials.pictures import png

DRAWN: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
"""The chunks that pixels are made of. https://www.w3.org/TR/png-3/#4Concepts.FormatTypes"""
_COLOUR_TYPE: Final = 9
"""Where it stands in IHDR. https://www.w3.org/TR/png-3/#11IHDR"""
_INDEXED: Final = 3
MAX_CODES: Final = 16
"""Codes read from one picture; a page of ours has one."""


def codes_in(image: bytes) -> list[str]:
    """The texts of the QR codes in a PNG, each once.

    Raises PictureError for what is no sound PNG, and ExtraAbsentError without the libraries.
    """
    chunks = png.chunks(image)
    if chunks[0].data(image)[_COLOUR_TYPE] == _INDEXED and all(chunk.type != b"PLTE" for chunk in chunks):
        raise PngError("the PNG names colours of a palette that it does not have", code="picture.png.image")
    library = extra("zxingcpp")
    pixels = png.SIGNATURE + b"".join(image[chunk.start : chunk.end] for chunk in chunks if chunk.type in DRAWN)
    width, height, grey = _grey(pixels)
    seen = memoryview(grey).cast("B", shape=[height, width])
    found = library.read_barcodes(seen, formats=library.BarcodeFormat.QRCode)
    return list(dict.fromkeys(code.text for code in found if code.valid))[:MAX_CODES]


def _grey(image: bytes) -> tuple[int, int, bytes]:
    """Width, height and the brightness of each pixel, on white paper."""
    library = extra("PIL.Image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            drawn = library.open(io.BytesIO(image), formats=["PNG"])
            if drawn.has_transparency_data:
                layers = drawn.convert("RGBA")
                drawn = library.alpha_composite(library.new("RGBA", layers.size, "white"), layers)
            grey = drawn.convert("L")
    except (OSError, SyntaxError, ValueError, Warning, library.DecompressionBombError) as error:  # as Pillow documents
        raise PngError(f"the pixels of the PNG cannot be read: {error}", code="picture.png.image") from error
    return grey.width, grey.height, grey.tobytes()
