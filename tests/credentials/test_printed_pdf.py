"""Printed pages are read by few rules: the one attachment comes out, and what could be read in two ways is refused."""

import io
import time
import zlib

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdf_support import ATTACHED, CATALOGUE, FILESPEC, bytes_of, embedded, pdf, printed, signed_sample, stream
from picture_support import token

from node.credentials.errors import PdfError, PictureError
from node.credentials.pictures.badge import BadgeKind, Form
from node.credentials.pictures.limits import MAX_BADGE_BYTES, MAX_PICTURE_BYTES
from node.credentials.pictures.pdf import read
from node.credentials.pictures.picture import PictureFormat, bake, unbake
from node.documents import parse_object

OTHER = b'{"other": true}'
SECONDS = 3
"""Of the processor, whatever else the machine does: no refusal takes more."""


def refusal(file):
    started = time.process_time()
    with pytest.raises(PictureError) as caught:
        unbake(file)
    assert time.process_time() - started < SECONDS
    assert caught.value.remedy
    assert len(str(caught.value)) < 250
    return caught.value.code


def test_what_is_attached_to_a_page_comes_out_of_it():
    for file in (printed("en"), printed("pl", "https://school.example/1")):
        found = unbake(file)
        assert (found.format, found.form, found.kind) == (PictureFormat.PDF, Form.JSON, BadgeKind.CREDENTIAL)
        assert parse_object(found.text) == signed_sample()
        assert found.text == bytes_of(signed_sample())


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("attached", "form", "kind"),
    [
        (ATTACHED, Form.JSON, BadgeKind.CREDENTIAL),
        (token({"vc": {"type": ["VerifiableCredential"]}}), Form.JWS, BadgeKind.OTHER),
        (b'{"type": ["VerifiableCredential"]}', Form.JSON, BadgeKind.OTHER),
        (b"{", Form.JSON, BadgeKind.OTHER),
    ],
)
def test_any_kind_of_credential_may_be_attached(attached, form, kind, compressed):
    found = unbake(pdf(file=embedded(attached, compressed=compressed)))
    assert (found.text, found.form, found.kind) == (attached.strip(), form, kind)


def test_the_page_says_its_language_and_its_code_and_nothing_depends_on_them():
    assert (read(pdf()).language, read(pdf()).code) == ("en", "ni:///x")
    bare = pdf(catalogue=CATALOGUE.replace(b"/Lang(en)", b"/Lang 6 0 R"), trailer=b"", end=b"%%EOF\n")
    assert read(bare).language is None
    assert read(printed("pl")).language == "pl"


def test_texts_are_read_as_the_format_says():
    written = CATALOGUE.replace(b"/Lang(en)", rb"/Lang(a\(\)\\(b)\101\n)")
    assert read(pdf(catalogue=written)).language == "a()\\(b)A\n"
    assert read(pdf(catalogue=CATALOGUE.replace(b"(en)", b"<FEFF0105>"))).language == "ą"
    assert read(pdf(catalogue=CATALOGUE.replace(b"(en)", b"<656E7>"))).language == "enp"


@pytest.mark.threat(60)
@pytest.mark.parametrize(
    "file",
    [
        pdf(FILESPEC, embedded(OTHER)),
        pdf(b"<</Type/Filespec/F(x)/#45#46<</F 8 0 R>>>>", embedded(OTHER)),
        pdf(b"[[<</A<</EF<</F 4 0 R>>>>>>]]"),
        pdf(embedded(OTHER)),
        pdf(stream(OTHER, b"/Type/Embedded#46ile")),
        pdf(catalogue=CATALOGUE.replace(b"/Type/Catalog", b"/Type/Catalog/X<</EF null>>")),
    ],
    ids=["two", "escaped name", "deep", "undescribed", "escaped type", "in the catalogue"],
)
def test_two_attachments_are_refused(file):
    assert refusal(file) == "picture.several"


@pytest.mark.threat(60)
@pytest.mark.parametrize(
    "changes",
    [
        {"catalogue": CATALOGUE.replace(b"/AF[3 0 R]", b"")},
        {"catalogue": CATALOGUE.replace(b"/AF[3 0 R]", b"/AF[3 0 R 3 0 R]")},
        {"catalogue": CATALOGUE.replace(b"/AF[3 0 R]", b"/AF[2 0 R]")},
        {"catalogue": CATALOGUE.replace(b"/AF[3 0 R]", b"/AF[7 0 R]")},
        {"catalogue": CATALOGUE.replace(b"3 0 R]>>>>", b"3 0 R(b)3 0 R]>>>>")},
        {"catalogue": CATALOGUE.replace(b"/Names[", b"/Kids[2 0 R]/Named[")},
        {"filespec": FILESPEC.replace(b"/UF 4 0 R", b"/UF 2 0 R")},
        {"filespec": FILESPEC.replace(b"/F 4 0 R/UF 4 0 R", b"")},
        {"filespec": FILESPEC.replace(b"4 0 R", b"6 0 R")},
        {"filespec": FILESPEC.replace(b"4 0 R", b"99 0 R")},
        {"file": embedded(entries=b"/F(elsewhere.json)")},
        {"file": embedded(entries=b"/Filter/LZWDecode")},
        {"file": embedded(entries=b"/Filter[/FlateDecode]")},
        {"file": embedded(compressed=True, entries=b"/DecodeParms<</Predictor 2>>")},
        {"file": embedded(size=3)},
        {"file": embedded(OTHER).replace(b"/EmbeddedFile", b"/Metadata")},
        {"file": stream(zlib.compress(OTHER) + b"x", b"/Type/EmbeddedFile/Params<</Size 15>>/Filter/FlateDecode")},
        {"file": stream(zlib.compress(OTHER)[:-4], b"/Type/EmbeddedFile/Params<</Size 15>>/Filter/FlateDecode")},
        {"file": stream(b"no zlib at all", b"/Type/EmbeddedFile/Params<</Size 15>>/Filter/FlateDecode")},
        {"file": b"<</Type/EmbeddedFile>>"},
    ],
    ids=lambda changes: f"{next(iter(changes))}-{len(str(changes))}",
)
def test_lists_and_streams_that_could_be_read_in_two_ways_are_refused(changes):
    assert refusal(pdf(**changes)) in {"picture.pdf.attachment", "picture.pdf.form"}


def _updated(file, **options):
    """The file as another library appends to it: the old table stays, and a new one points back to it."""
    writer = pypdf.PdfWriter(io.BytesIO(file), incremental=True, **options)
    writer.add_metadata({"/Title": "another"})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.threat(60)
@pytest.mark.parametrize(
    "file",
    [
        _updated(pdf()),
        pdf() + b"\n7 0 obj\nnull\nendobj\n",
        pdf() + pdf(),
        pdf()[:-3],
        pdf(end=b"%%EOF\n\n"),
        pdf(trailer=b"/Prev 9"),
        pdf(trailer=b"/XRefStm 9"),
        pdf(trailer=b"/Encrypt 6 0 R"),
        pdf(trailer=b"/Root 5 0 R"),
        pdf(between=b"\n"),
        pdf(between=b"% 9 0 obj\n"),
        pdf(shift=1),
        pdf(size=9),
        pdf(header=b"%PDF-2.0\n%\x80\x80\x80\x80\n\n"),
        pdf(header=b"%PDF-1.7\n"),
        pdf(file=stream(ATTACHED, b"/Type/EmbeddedFile", length=3)),
        pdf(file=stream(ATTACHED, b"/Type/EmbeddedFile", length=10**9)),
        pdf(file=stream(ATTACHED, b"/Type/EmbeddedFile").replace(b"/Length", b"/Lengths")),
        pdf(b"<</Length 3>>\nstream\nabc"),
        pdf(b"<</A 1/A 2>>"),
        pdf(b"<</A 1/#41 2>>"),
        pdf(b"<</A>>"),
        pdf(b"(never ends"),
        pdf(rb"(\q)"),
        pdf(b"[1 2"),
        pdf(b"]"),
        pdf(b"1 % comment"),
        pdf(b"1 2"),
        pdf(b"9 1 R"),
        pdf(b"truefalse"),
        pdf(b"[" * 100 + b"]" * 100),
        pdf(b"8 0 R", b"7 0 R", catalogue=CATALOGUE.replace(b"/AF[3 0 R]", b"/AF 7 0 R")),
        pdf().replace(b"2 0 obj", b"9 0 obj"),
    ],
)
def test_a_file_in_any_other_form_is_refused(file):
    assert refusal(file) == "picture.pdf.form"


def test_a_file_that_another_program_wrote_anew_is_refused_and_what_to_do_is_said():
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(printed()))
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(PdfError) as caught:
        read(out.getvalue())
    assert "attached" in caught.value.remedy


@pytest.mark.threat(61)
@pytest.mark.parametrize(
    "part",
    [
        b"<</S/JavaScript/JS(app.alert\\(1\\))>>",
        b"<</S/URI/URI(https://example.org/)>>",
        b"<</S/Launch/F(cmd.exe)>>",
        b"<</S/#4Caunch>>",
        b"<</Type/Page/AA<<>>>>",
        b"<</Annots[]>>",
        b"<</AcroForm<</XFA 1 0 R>>>>",
    ],
)
def test_a_page_that_does_something_when_opened_is_refused(part):
    assert refusal(pdf(part)) == "picture.pdf.active"
    assert refusal(pdf(catalogue=CATALOGUE.replace(b"/Lang(en)", b"/OpenAction" + part))) == "picture.pdf.active"


def test_a_page_with_nothing_attached_says_so():
    assert refusal(pdf(filespec=b"null", file=b"null")) == "picture.none"


def test_nothing_is_baked_into_a_pdf():
    with pytest.raises(PictureError) as caught:
        bake(printed(), bytes_of(signed_sample()))
    assert caught.value.code == "picture.format"


@pytest.mark.threat(59)
def test_a_bomb_costs_no_more_than_a_badge():
    bomb = zlib.compress(bytes(64 * 1024 * 1024), 9)
    lie = stream(bomb, b"/Type/EmbeddedFile/Filter/FlateDecode/Params<</Size %d>>" % (64 * 1024 * 1024))
    assert refusal(pdf(file=lie)) == "picture.too_large"
    assert refusal(pdf(file=embedded(b"{" + b" " * MAX_BADGE_BYTES))) == "picture.too_large"
    assert refusal(pdf(stream(bytes(MAX_PICTURE_BYTES)))) == "picture.too_large"


@pytest.mark.threat(63)
@pytest.mark.parametrize("piece", [b"[", b"(", b"<", b"<<", b"/A", b" ", b"<</A", b"1 ", b"(a)", b"\\(", b"1 0 R "])
@pytest.mark.parametrize("length", [1_000, 2_000_000])
def test_the_time_for_a_refusal_grows_no_faster_than_the_file(piece, length):
    for part in (piece * (length // len(piece)), b"[" + piece * (length // len(piece)) + b"]"):
        try:
            assert refusal(pdf(part)).startswith("picture.pdf")
        except pytest.fail.Exception:  # short and sound
            assert length == 1_000


@pytest.mark.threat(59)
def test_the_number_of_objects_is_bounded():
    assert refusal(pdf(*[b"0"] * 5_000)) == "picture.pdf.form"
    assert refusal(pdf(*[b"0"] * 100_000)) == "picture.pdf.form"


def _opened(file):
    try:
        return unbake(file).text
    except PictureError:
        return None


PAGE = printed()


@pytest.mark.threat(60)
@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(PAGE) - 1), st.integers(1, 255))
def test_one_byte_changed_gives_the_same_attachment_or_none(place, change):
    altered = bytearray(PAGE)
    altered[place] ^= change
    assert _opened(bytes(altered)) in {None, bytes_of(signed_sample())}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(PAGE)), st.integers(0, 60), st.binary(max_size=60))
def test_bytes_cut_out_and_put_in_never_bring_another_attachment(place, cut, put):
    file = PAGE[:place] + put + PAGE[place + cut :]
    assert _opened(file) in {None, bytes_of(signed_sample())}


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_and_nothing_else_happens(noise):
    assert _opened(b"%PDF-1.7\n%\x80\x80\x80\x80\n\n1 0 obj\n" + noise) is None
    assert _opened(pdf(noise)) in {None, ATTACHED.strip()}


@pytest.mark.threat(60)
@settings(max_examples=80, deadline=None)
@given(
    st.recursive(
        st.sampled_from([b"1", b"(a)", b"/B", b"null", b"3 0 R", b"<61>"]),
        lambda inner: (
            st.lists(inner, max_size=3).map(lambda parts: b"[" + b" ".join(parts) + b"]")
            | st.dictionaries(st.sampled_from([b"/EF", b"/A", b"/E#46", b"/Type"]), inner, max_size=3).map(
                lambda pairs: b"<<" + b"".join(name + b" " + value for name, value in pairs.items()) + b">>"
            )
        ),
    )
)
def test_where_we_find_one_attachment_another_reader_finds_the_same(part):
    file = pdf(part)
    found = _opened(file)
    if found is not None:
        theirs = pypdf.PdfReader(io.BytesIO(file), strict=True).attachments
        assert {name: list(held) for name, held in theirs.items()} == {"credential.json": [ATTACHED]}
        assert found == ATTACHED.strip()
