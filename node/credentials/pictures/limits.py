"""How large a picture, and the badge in it, may be."""

import zlib
from collections.abc import Callable
from typing import Final

from node.credentials.errors import PictureError
from node.documents import MAX_CREDENTIAL_BYTES

MAX_PICTURE_BYTES: Final = 8 * 1024 * 1024
"""A badge is drawn a few hundred pixels wide and mailed with every award; photographs at full size are not badges."""
MAX_BADGE_BYTES: Final = 2 * MAX_CREDENTIAL_BYTES
"""Text in a picture: a credential of the largest size is a third longer as a JWS."""


def require_size(image: bytes) -> None:
    """Raise PictureError for a picture that is larger than any badge."""
    if len(image) > MAX_PICTURE_BYTES:
        message = f"the picture has more than {MAX_PICTURE_BYTES} bytes"
        raise PictureError(message, code="picture.too_large", remedy="Use a smaller picture.")


def require_badge_size(length: int) -> None:
    """Raise PictureError for a text that is longer than any badge."""
    if length > MAX_BADGE_BYTES:
        message = f"the badge in the picture has more than {MAX_BADGE_BYTES} bytes"
        raise PictureError(message, code="picture.too_large", remedy="Ask the issuer for the badge as a file.")


def decompressed(data: bytes, unreadable: Callable[[str], PictureError]) -> bytes:
    """The data decompressed, as far as a badge can be long; a bomb costs no more."""
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(data, MAX_BADGE_BYTES + 1)
    except zlib.error as error:
        raise unreadable("it cannot be decompressed") from error
    require_badge_size(len(text))
    if not stream.eof or stream.unused_data:
        raise unreadable("its compressed form is cut short, or has something after it")
    return text
