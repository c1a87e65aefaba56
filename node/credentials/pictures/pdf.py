"""Printed pages: the one credential that is attached to a PDF of ours, and what the page was printed from beside it.

What the page shows is not looked at, and proves nothing. A page is written by the printer in `node.adapters`, and only
read here.

Spec: https://pdfa.org/resource/iso-32000-2/, 7.11.4 Embedded file streams, and 14.13 Associated files
"""

from dataclasses import dataclass
from typing import Final

from node.credentials.errors import PdfError, PictureError
from node.credentials.pictures.limits import decompressed, require_badge_size
from node.credentials.pictures.pdf_objects import Name, PdfFile, Reference, Value, read_objects

EMBEDDED: Final = Name("EmbeddedFile")
ACTIVE: Final = frozenset(("AA", "AcroForm", "Annots", "JavaScript", "JS", "OpenAction", "RichMedia", "URI", "XFA"))
"""Keys by which a PDF does something, or holds more than pages; ours have none of them."""
ACTIONS: Final = frozenset(
    map(
        Name,
        ("GoToE", "GoToR", "ImportData", "JavaScript", "Launch", "Movie", "Named", "Rendition", "SubmitForm", "URI"),
    )
)
"""What an entry of an outline may do beside leading to a page; the same key names the kind of a part of the text."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What was taken out of a printed page. Nothing of it was checked."""

    text: bytes
    """The attached file, byte for byte."""
    language: str | None
    """The language that the page says it is in."""
    code: str | None
    """The text of the QR code, as the page repeats it among its keywords."""


def read(file: bytes) -> Printed:
    """The one file attached to a PDF; raises PictureError where there is none, more than one, or no plain PDF.

    1. The file has the plainest form there is. 2. It is not encrypted, compressed as a whole or active.
    3. One object in all of it is an attached file, and one describes such a file. 4. The list of attachments and the
    list of associated files name that one. 5. Its size is what it says, and at most that of a badge.
    """
    found = read_objects(file)  # 1
    described = embedded = 0
    for part in found.dictionaries():
        if active := ACTIVE & part.keys():  # 2
            raise _active(f"it has the key {min(active)}")
        if isinstance(action := part.get("S"), Name) and action in ACTIONS:
            raise _active(f"it has an action of the kind {action.text}")
        described += "EF" in part  # 3
        embedded += part.get("Type") == EMBEDDED
    if not described and not embedded:
        raise PictureError("nothing is attached to the PDF", code="picture.none")
    if described > 1 or embedded > 1:
        message = "more than one file is attached to the PDF, and readers differ on which counts"
        raise PictureError(message, code="picture.several")
    root = found.dictionary(found.trailer.get("Root"), "catalogue")
    stream = _attached(found, root)  # 4
    information = found.dictionary(found.trailer.get("Info", {}), "information")
    return Printed(
        text=_content(found, stream),  # 5
        language=_text(root.get("Lang")),
        code=_text(information.get("Keywords")),
    )


def _attached(file: PdfFile, root: dict[str, Value]) -> int:
    """The number of the attached stream, which every list of attachments has to lead to."""
    names = file.dictionary(root.get("Names"), "list of names")
    listed = file.resolve(file.dictionary(names.get("EmbeddedFiles"), "list of attachments").get("Names"))
    match listed, file.resolve(root.get("AF")):
        case [bytes(), Reference() as one], [Reference() as other] if one == other:
            described = file.dictionary(file.dictionary(one, "description").get("EF"), "attached file")
        case _:
            raise _unclear("its lists of attachments do not name the same one")
    match list(described.values()):
        case [Reference() as one, *others] if all(other == one for other in others):
            return one.number
        case _:
            raise _unclear("the names of the attached file lead to different ones")


def _content(file: PdfFile, number: int) -> bytes:
    """The bytes of the attached file."""
    found = file.objects.get(number)
    if found is None or found.stream is None or not isinstance(found.value, dict):
        raise _unclear("it is not there")
    if found.value.get("Type") != EMBEDDED or found.value.keys() & {"F", "FFilter", "DecodeParms", "DP", "Crypt"}:
        raise _unclear("it is not stored as our pages store it")
    match found.value.get("Filter"):
        case None:
            text = found.stream
        case Name("FlateDecode"):
            text = decompressed(found.stream, _unclear)
        case _:
            raise _unclear("its compression is not known")
    require_badge_size(len(text))
    if file.dictionary(found.value.get("Params", {}), "size").get("Size") != len(text):
        raise _unclear("it has not the size that it says")
    return text


def _text(value: Value) -> str | None:
    """A text of the format: UTF-16 where it says so, else characters that all its encodings share."""
    if not isinstance(value, bytes):
        return None
    try:
        return value[2:].decode("utf-16-be") if value.startswith(b"\xfe\xff") else value.decode("ascii")
    except UnicodeDecodeError:
        return None


def _active(why: str) -> PdfError:
    return PdfError(f"the PDF does more than show pages: {why}", code="picture.pdf.active")


def _unclear(why: str) -> PdfError:
    return PdfError(f"what is attached to the PDF is not clear: {why}", code="picture.pdf.attachment")
