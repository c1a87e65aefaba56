"""What kind of file somebody handed over, told from its first bytes, so that what is not read can be named."""

import re
from typing import Final, Literal

type Kind = Literal["png", "jpeg", "svg", "pdf", "zip", "jwt", "sd_jwt", "xml", "capsule", "binary"]

HEAD: Final = 4096
"""Bytes that are looked at: an SVG may begin with comments, and nothing else needs more than a few."""
MAGIC: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
)
CAPSULE: Final = b"glejt/capsule/v1"
"""What stands in every capsule, and in few other files; in the CBOR form at the beginning, behind two lengths."""
_COMPACT: Final = re.compile(rb"\s*[\w-]+\.[\w-]*\.[\w-]*(~[\w~.-]*)?\s*", re.ASCII)


def foreign_kind(data: bytes) -> Kind | None:
    """The kind of data that is certainly not JSON and is known by name; None for all else."""
    for magic, kind in MAGIC:
        if data.startswith(magic):
            return kind
    head = data[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        return "svg" if b"<svg" in head.lower() else "xml"
    if compact := _COMPACT.fullmatch(data):
        return "sd_jwt" if compact.group(1) else "jwt"
    if CAPSULE in data[:24]:
        return "capsule"
    return "binary" if b"\x00" in head else None
