"""Reads the QR codes in a PNG picture: a scan, a photograph or a picture of a screen.

Our own rules decide what is a picture before a library draws it. The libraries run in a process of their own, for a few
seconds, and get nothing but the pixels: no text, no colour profile, no animation. What a code says is a text of
anybody's, and is not followed.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Final

from node.adapters.errors import ExtraAbsentError, ScannerError
from node.credentials.errors import PngError
from node.credentials.pictures import png

DRAWN: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
"""The chunks that pixels are made of. https://www.w3.org/TR/png-3/#4Concepts.FormatTypes"""
MAX_SECONDS: Final = 10
"""A page of A4 at 300 dots per inch takes about one."""
LIBRARIES: Final = ("zxingcpp", "PIL")


def codes_in(image: bytes) -> list[str]:
    """The texts of the QR codes in a PNG, each once.

    Raises PictureError for what is no sound PNG, ScannerError for one that takes too long, and ExtraAbsentError without
    the libraries.
    """
    chunks = png.chunks(image)
    for library in LIBRARIES:
        if find_spec(library) is None:
            raise ExtraAbsentError(library, "node")
    pixels = png.SIGNATURE + b"".join(image[chunk.start : chunk.end] for chunk in chunks if chunk.type in DRAWN)
    return _scanned(pixels)


def _scanned(pixels: bytes) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(  # noqa: S603 -- our own module; nothing of the picture is in the command
            [sys.executable, "-P", "-m", "node.adapters.scan", str(MAX_SECONDS)],
            env=environment,
            input=pixels,
            capture_output=True,
            timeout=MAX_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ScannerError from error
    if done.returncode < 0:  # the limit of the process itself
        raise ScannerError
    if done.returncode:
        raise PngError("the pixels of the PNG cannot be read", code="picture.png.image")
    texts = json.loads(done.stdout)
    return [text for text in texts if isinstance(text, str)]
