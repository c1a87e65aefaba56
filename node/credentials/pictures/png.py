"""PNG pictures: chunks are walked and checksums compared; no pixel is decoded, no byte of the image changed.

Spec: https://www.w3.org/TR/png-3/#5Chunk-layout, https://www.imsglobal.org/spec/ob/v3p0#png
"""

import zlib
from collections.abc import Mapping
from struct import Struct
from types import MappingProxyType
from typing import Final, NamedTuple

from node.credentials.errors import PictureError, PngError, shown
from node.credentials.pictures.badge import SPACE, Badge, BadgeKind
from node.credentials.pictures.limits import decompressed, require_badge_size

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_SIDE: Final = 4096
"""Pixels to a side: a viewer spends memory by the header's word alone, and 12,000 by 12,000 pixels take 576 MB."""
MAX_CHUNKS: Final = 16_384
"""The largest picture in the smallest pieces that encoders write, of 512 bytes; without a bound it could be 700,000."""
KEYWORDS: Final[Mapping[bytes, BadgeKind]] = MappingProxyType(
    {b"openbadgecredential": BadgeKind.CREDENTIAL, b"openbadges": BadgeKind.ASSERTION}
)
TEXT_CHUNKS: Final = frozenset({b"iTXt", b"tEXt", b"zTXt"})
DEPTHS: Final[Mapping[int, frozenset[int]]] = MappingProxyType(
    {
        0: frozenset({1, 2, 4, 8, 16}),
        2: frozenset({8, 16}),
        3: frozenset({1, 2, 4, 8}),
        4: frozenset({8, 16}),
        6: frozenset({8, 16}),
    }
)
"""The bit depths of each colour type. https://www.w3.org/TR/png-3/#table111"""
_LENGTH_AND_TYPE: Final = Struct(">I4s").unpack_from
_CHECKSUM: Final = Struct(">I").unpack_from
_FRAME: Final = 12
"""Bytes of a chunk beside its data: length, type, checksum."""
_IHDR_BYTES: Final = 13
_MAX_KEYWORD: Final = 79
_RESAVE: Final = "Save the picture again as PNG, at most 4096 pixels to a side."
_ONE_BADGE: Final = "Ask the issuer for a picture that carries one badge."


class Chunk(NamedTuple):
    """One chunk: its type, and where it and its data begin and end in the file."""

    type: bytes
    start: int
    end: int

    def data(self, image: bytes) -> bytes:
        """What the chunk holds."""
        return image[self.start + 8 : self.end - 4]


def chunks(image: bytes) -> list[Chunk]:
    """The chunks of a PNG file, from IHDR to IEND; raises PngError for a file that is not whole and sound.

    1. The signature; then chunk after chunk, at most MAX_CHUNKS, each of letters, within the file, its checksum right.
    2. IHDR first and once, of possible values and at most MAX_SIDE pixels to a side.
    3. IEND last and once, empty; nothing after it: what stands there, readers of other formats might find.
    4. At least one IDAT.
    """
    if not image.startswith(SIGNATURE):
        raise PngError("the file does not begin as a PNG does", code="picture.png.header")
    found: list[Chunk] = []
    view, place, kind = memoryview(image), len(SIGNATURE), b""
    while kind != b"IEND":  # 1
        if len(found) == MAX_CHUNKS:
            raise PngError(f"the PNG has more than {MAX_CHUNKS} chunks", code="picture.png.chunks", remedy=_RESAVE)
        chunk = _chunk(image, view, place)
        kind = chunk.type
        if (kind == b"IHDR") == bool(found):  # 2
            message = f"the chunk at byte {place} is {shown(kind.decode('ascii'))}; one IHDR comes first"
            raise PngError(message, code="picture.png.header")
        found.append(chunk)
        place = chunk.end
    _require_header(found[0].data(image))
    if found[-1].end - found[-1].start != _FRAME or place != len(image):  # 3
        raise PngError("there is more in the file after the end of the picture", code="picture.png.rest")
    if not any(chunk.type == b"IDAT" for chunk in found):  # 4
        raise PngError("the PNG holds no image", code="picture.png.image")
    return found


def badge_chunks(image: bytes, found: list[Chunk]) -> list[Chunk]:
    """The chunks, of any of the three types for text, that a reader might take for the badge."""
    return [chunk for chunk in found if chunk.type in TEXT_CHUNKS and _keyword(image, chunk) in KEYWORDS]


def read(image: bytes) -> tuple[BadgeKind, bytes]:
    """The one badge in a PNG file, the kind its keyword says; raises PictureError where there is none, or several."""
    found = badge_chunks(image, chunks(image))
    if not found:
        remedy = "Check that it is the picture the issuer gave; editors and messengers lose what a picture carries."
        raise PictureError("the PNG carries no badge", code="picture.none", remedy=remedy)
    if len(found) > 1:
        message = f"the PNG carries {len(found)} badges, and readers differ on which counts"
        raise PictureError(message, code="picture.several", remedy=_ONE_BADGE)
    text = _text(found[0].type, found[0].data(image)).strip(SPACE)
    require_badge_size(len(text))
    return KEYWORDS[_keyword(image, found[0])], text


def write(image: bytes, badge: Badge, *, replace: bool) -> bytes:
    """The PNG file with the badge in one more chunk, uncompressed, before IEND; all other chunks are as they were.

    With `replace` the badges that are there are taken out. The new one stands where the first of them stood.
    """
    found = chunks(image)
    old = badge_chunks(image, found)
    if old and not replace:
        raise PictureError("the PNG carries a badge already", code="picture.taken", remedy=_ONE_BADGE)
    keyword = next(word for word, kind in KEYWORDS.items() if kind is badge.kind)
    place = old[0] if old else found[-1]
    parts = [SIGNATURE]
    for chunk in found:
        if chunk is place:
            # Keyword, no compression, no language, no translated keyword: https://www.w3.org/TR/png-3/#11iTXt
            parts.append(_framed(b"iTXt", keyword + b"\0\0\0\0\0" + badge.text))
        if chunk not in old:
            parts.append(image[chunk.start : chunk.end])
    return b"".join(parts)


def _chunk(image: bytes, view: memoryview, place: int) -> Chunk:
    """The chunk that begins at this place."""
    end = place + _FRAME
    if end <= len(image):
        length, kind = _LENGTH_AND_TYPE(image, place)
        end += length
    if end > len(image):  # also where not even its length is there
        raise PngError(f"the PNG ends within the chunk at byte {place}", code="picture.png.cut")
    if not kind.isalpha():  # letters of ASCII, as these are bytes
        raise PngError(f"the chunk at byte {place} has no type of four letters", code="picture.png.chunk")
    if zlib.crc32(view[place + 4 : end - 4]) != _CHECKSUM(image, end - 4)[0]:
        message = f"the checksum of the chunk {kind.decode('ascii')} at byte {place} is wrong"
        raise PngError(message, code="picture.png.crc")
    return Chunk(kind, place, end)


def _require_header(data: bytes) -> None:
    """Refuse a header that no picture has, or that promises more pixels than a badge has."""
    if len(data) != _IHDR_BYTES:
        raise PngError(f"IHDR has {len(data)} bytes, not {_IHDR_BYTES}", code="picture.png.header")
    width, height = int.from_bytes(data[:4]), int.from_bytes(data[4:8])
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        message = f"the picture says that it has {width} by {height} pixels; 1 to {MAX_SIDE} a side are read"
        raise PngError(message, code="picture.png.header", remedy=_RESAVE)
    depth, colour, compression, filtering, interlacing = data[8:]
    if depth not in DEPTHS.get(colour, ()) or compression or filtering or interlacing > 1:
        raise PngError("IHDR has values that no PNG has", code="picture.png.header")


def _keyword(image: bytes, chunk: Chunk) -> bytes:
    start = chunk.start + 8
    return image[start : min(start + _MAX_KEYWORD + 1, chunk.end - 4)].partition(b"\0")[0]


def _text(kind: bytes, data: bytes) -> bytes:
    """The text of a chunk in UTF-8, whichever of the three types it has.

    iTXt is UTF-8. The other two are Latin-1 by the specification, but who puts JSON into them writes UTF-8: what is
    valid as such is taken for it. A signature can hold for one reading only.
    """
    match kind:
        case b"iTXt":
            raw = _international(data)
        case b"zTXt":
            _, _, rest = data.partition(b"\0")
            if rest[:1] != b"\0":
                raise _unreadable("its compression is not known")
            raw = decompressed(rest[1:], _unreadable)
        case _:
            _, separator, raw = data.partition(b"\0")
            if not separator:
                raise _unreadable("it is nothing but a keyword")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        if kind == b"iTXt":
            raise _unreadable("it is not UTF-8") from error
        return raw.decode("latin-1").encode()
    return raw


def _international(data: bytes) -> bytes:
    """The text of an iTXt chunk. https://www.w3.org/TR/png-3/#11iTXt."""
    _, separator, rest = data.partition(b"\0")
    compressed, method = rest[:1], rest[1:2]
    _, after_language, rest = rest[2:].partition(b"\0")
    _, after_translation, text = rest.partition(b"\0")
    if not (separator and after_language and after_translation) or compressed not in {b"\0", b"\1"}:
        raise _unreadable("its parts are not separated as they must be")
    if compressed == b"\0":
        return text
    if method != b"\0":
        raise _unreadable("its compression is not known")
    return decompressed(text, _unreadable)


def _framed(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def _unreadable(why: str) -> PngError:
    return PngError(f"the text of the badge in the PNG cannot be read: {why}", code="picture.png.text")
