"""PDF files made for tests, by a writer of a few lines, and pages of the sample by the printer."""

import copy
import json
import tempfile
import zlib
from functools import cache

import typst
from micro_credential_support import sample
from picture_support import CREDENTIAL, text

from node.adapters import printer
from node.issuance.printed_page import page_of

HEADER = b"%PDF-1.7\n%\x80\x80\x80\x80\n\n"
ATTACHED = text(CREDENTIAL) + b"\n"
PAGES = [b"<</Type/Pages/Count 1/Kids[2 0 R]>>", b"<</Type/Page/Parent 1 0 R>>"]
FILESPEC = b"<</Type/Filespec/F(credential.json)/UF(credential.json)/EF<</F 4 0 R/UF 4 0 R>>/AFRelationship/Source>>"
CATALOGUE = (
    b"<</Type/Catalog/Pages 1 0 R/Lang(en)/Names<</EmbeddedFiles<</Names[(credential.json)3 0 R]>>>>/AF[3 0 R]>>"
)
INFORMATION = b"<</Title(x)/Keywords(ni:///x)>>"


def stream(data, entries=b"", *, length=None):
    """A stream object; `length` overrides the right one."""
    told = len(data) if length is None else length
    return b"<</Length %d%b>>\nstream\n%b\nendstream" % (told, entries, data)


def embedded(data=ATTACHED, *, compressed=False, size=None, entries=b""):
    """An attached file; `size` overrides the right one."""
    stored = zlib.compress(data) if compressed else data
    told = b"/Type/EmbeddedFile/Params<</Size %d>>" % (len(data) if size is None else size)
    return stream(stored, told + (b"/Filter/FlateDecode" if compressed else b"") + entries)


def pdf(*extra, file=None, filespec=FILESPEC, catalogue=CATALOGUE, trailer=b"", **form):
    """A PDF with one attachment; `extra` objects follow number 6."""
    objects = [*PAGES, filespec, embedded() if file is None else file, catalogue, INFORMATION, *extra]
    return written(objects, b"/Root 5 0 R/Info 6 0 R" + trailer, **form)


def written(  # noqa: PLR0913 -- one parameter per part that can be spoilt
    objects, trailer, *, header=HEADER, between=b"", shift=0, size=None, end=b"%%EOF"
):
    """A file of these objects; the options spoil one part of its form each."""
    parts, places, place = [header], [], len(header)
    for number, value in enumerate(objects, start=1):
        whole = b"%d 0 obj\n%b\nendobj\n%b" % (number, value, between)
        places.append(place)
        parts.append(whole)
        place += len(whole)
    count = len(objects) + 1
    entries = b"".join(b"%010d 00000 n\r\n" % (at + shift) for at in places)
    parts.append(b"xref\n0 %d\n0000000000 65535 f\r\n%btrailer\n" % (count, entries))
    parts.append(b"<</Size %d%b>>\nstartxref\n%d\n%b" % (size or count, trailer, place, end))
    return b"".join(parts)


def signed_sample(**changes):
    """The sample with something in the place of a proof, which printing does not check."""
    return {**copy.deepcopy(sample()), "proof": [{"type": "DataIntegrityProof"}], **changes}


def bytes_of(document):
    """A document as it would travel."""
    return json.dumps(document, ensure_ascii=False).encode()


@cache
def printed(language="en", address=None):
    """The page of the sample."""
    return printer.print_page(page_of(bytes_of(signed_sample()), language, address=address))


def drawn(page, *, resolution):
    """The first sheet of a page as a PNG, by the typesetter itself."""
    inputs = printer.inputs_of(page, frozenset())
    with tempfile.TemporaryDirectory() as nothing:
        made = typst.compile(
            printer.template(),
            root=nothing,
            font_paths=printer.fonts(),
            ignore_system_fonts=True,
            sys_inputs=inputs,
            format="png",
            ppi=resolution,
        )
    return made[0] if isinstance(made, list) else made
