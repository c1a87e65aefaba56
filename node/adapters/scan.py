"""One scan, in a process of its own: `python -m node.adapters.scan SECONDS`.

A picture comes on standard input, the texts of its QR codes go to standard output as a JSON list. Looking for codes has
no bound that the picture would keep: a page full of the corners of codes takes minutes. So the process has one, gives
up memory beyond a limit and writing files, and says nothing but the answer. Its end without one means that the pixels
could not be read.
"""

import io
import json
import resource
import sys
import warnings
from typing import Final

from PIL import Image
from zxingcpp import BarcodeFormat, BarcodeFormats, read_barcodes

MAX_CODES: Final = 16
"""Codes read from one picture; a page of ours has one."""
MAX_MEMORY: Final = 1024 * 1024 * 1024
"""Bytes of address space: the largest picture takes 80 MB in colour, a few times over, beside the libraries."""


def scan(image: bytes) -> list[str]:
    """The texts of the QR codes in a PNG, each once."""
    warnings.simplefilter("error")
    with Image.open(io.BytesIO(image), formats=["PNG"]) as opened:
        drawn: Image.Image = opened
        if opened.has_transparency_data:
            layers = opened.convert("RGBA")
            drawn = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
        grey = drawn.convert("L")
    seen = memoryview(grey.tobytes()).cast("B", shape=[grey.height, grey.width])
    found = read_barcodes(seen, formats=BarcodeFormats(BarcodeFormat.QRCode))
    return list(dict.fromkeys(code.text for code in found if code.valid))[:MAX_CODES]


if __name__ == "__main__":
    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.stdout.write(json.dumps(scan(sys.stdin.buffer.read())))
