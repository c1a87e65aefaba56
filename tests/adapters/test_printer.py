"""Printed pages as another library reads them: accessible, carrying the credential, the same each time, safe to set."""

import io
import re
import subprocess
import sys
from itertools import pairwise

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdf_support import bytes_of, signed_sample
from pypdf.generic import ContentStream
from support import ROOT

from node.adapters import printer
from node.adapters.errors import ExtraAbsentError, PrinterError
from node.adapters.printer import print_page
from node.credentials.pictures import pdf
from node.issuance.printed_page import page_of

MARKED, ENDED = {b"BDC", b"BMC"}, b"EMC"
SHOWN = {b"Tj", b"TJ", b"'", b'"', b"Do", b"sh", b"f", b"f*", b"S", b"s", b"B", b"b"}
"""Operators that put something on paper."""
POLISH = "Zażółć gęślą jaźń ĄĆĘŁŃÓŚŹŻ"


def printed(document=None, language="en", **options):
    return print_page(page_of(bytes_of(document or signed_sample()), language, **options))


def told(text, language="en"):
    """The page of a credential in which everybody and everything is called this."""
    document = signed_sample(name=text)
    subject = document["credentialSubject"]
    subject["identifier"][0]["identityHash"] = document["issuer"]["name"] = text
    achievement = subject["achievement"]
    achievement["name"] = achievement["assessmentType"] = achievement["workload"][0]["value"] = text
    achievement["resultDescription"][0]["name"] = text
    achievement["nameMap"] = {}
    return printed(document, language)


def opened(file):
    return pypdf.PdfReader(io.BytesIO(file), strict=True)


def words(file):
    return " ".join(" ".join(page.extract_text() for page in opened(file).pages).split())


def structure(node):
    """The elements of the structure tree, in the order in which they are read aloud."""
    node = node.get_object()
    if isinstance(node, list):
        for one in node:
            yield from structure(one)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from structure(node["/K"])


@pytest.fixture(scope="module", params=["en", "pl"])
def page(request):
    return request.param, printed(language=request.param, address="https://school.example/credentials/1")


def test_another_reader_finds_the_same_attachment(page):
    reader = opened(page[1])
    assert {name: list(held) for name, held in reader.attachments.items()} == {
        "credential.json": [bytes_of(signed_sample()) + b"\n"]
    }
    (described,) = reader.root_object["/AF"]
    assert described["/AFRelationship"] == "/Source"
    assert described["/Desc"]
    assert described["/EF"]["/F"]["/Subtype"] == "/application/vc"


# What ISO 14289-1 (PDF/UA-1) asks of a file, as far as a program can tell; the numbers are its clauses.
def test_a_page_says_that_it_is_accessible_and_archivable(page):
    metadata = opened(page[1]).root_object["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata  # 5
    assert "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in metadata


def test_a_page_has_a_title_a_language_and_marks(page):
    language, file = page
    root = opened(file).root_object
    title = "Spawanie metodą MIG, poziom podstawowy" if language == "pl" else "MIG welding, basic level"
    assert opened(file).metadata.title == title  # 7.1
    assert f">{title}</rdf:li>" in root["/Metadata"].get_data().decode()
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/MarkInfo"]["/Suspects"].value is False
    assert root["/Lang"] == language  # 7.2
    assert "/Encrypt" not in opened(file).trailer  # 7.16


def test_all_that_is_on_the_page_is_marked_and_has_its_place_in_the_structure(page):  # 7.1
    reader = opened(page[1])
    known = set()
    for element in structure(reader.root_object["/StructTreeRoot"]):
        kids = element.get("/K", [])
        known |= {kid for kid in (kids if isinstance(kids, list) else [kids]) if isinstance(kid, int)}
    for sheet in reader.pages:
        assert sheet["/Tabs"] == "/S"  # 7.18.3
        open_marks = []
        for operands, operator in ContentStream(sheet.get_contents(), reader).operations:
            if operator in MARKED:
                artifact = operands[0] == "/Artifact"
                assert artifact or operands[1]["/MCID"] in known
                open_marks.append(operands[0])
            elif operator == ENDED:
                open_marks.pop()
            assert operator not in SHOWN or open_marks, operator


def test_headings_begin_with_the_first_level_and_leave_none_out(page):  # 7.4
    reader = opened(page[1])
    levels = [
        int(str(one["/S"])[2:])
        for one in structure(reader.root_object["/StructTreeRoot"])
        if re.fullmatch(r"/H\d", one["/S"])
    ]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_the_code_has_a_text_in_its_place(page):  # 7.3
    figures = [one for one in structure(opened(page[1]).root_object["/StructTreeRoot"]) if one["/S"] == "/Figure"]
    assert len(figures) == 1
    assert "https://school.example/credentials/1#sha256=" in figures[0]["/Alt"]


def test_every_font_is_in_the_file_and_its_letters_can_be_copied(page):  # 7.21
    for sheet in opened(page[1]).pages:
        for font in sheet["/Resources"]["/Font"].values():
            assert "/ToUnicode" in font
            (descendant,) = font["/DescendantFonts"]
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descendant["/FontDescriptor"])


def test_a_passage_in_another_language_says_so():  # 7.2
    document = signed_sample()
    document["credentialSubject"]["achievement"]["nameMap"] = {}
    elements = structure(opened(printed(document, "pl")).root_object["/StructTreeRoot"])
    assert "en" in {str(one["/Lang"]) for one in elements if "/Lang" in one}


@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_page_shows_what_is_to_be_shown(language):
    shown = words(printed(language=language))
    for text in page_of(bytes_of(signed_sample()), language).content["said"]["paragraphs"]:
        assert text in shown
    assert "Given Family" in shown
    assert "glejt-mc/1" in shown


def test_polish_letters_are_shown():
    assert POLISH in words(told(POLISH))


def test_the_same_credential_gives_the_same_bytes_also_in_another_process():
    script = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from pdf_support import printed\n"
        "sys.stdout.buffer.write(printed('pl'))\n"
    )
    command = [sys.executable, "-c", script]
    again = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, env={"TZ": "Asia/Tokyo"}).stdout  # noqa: S603 -- our own script
    assert again == printed(language="pl")
    assert b"D:20260610000000Z" in again


def test_a_credential_without_a_date_has_a_page_all_the_same():
    odd = signed_sample(awardedDate="x", validFrom="x")
    assert b"D:19700101000000Z" in printed(odd)
    assert printed(signed_sample(awardedDate="1960-01-01T00:00:00Z"))


HOSTILE = [
    '#read("/etc/passwd")',
    '#import "@preview/example:0.1.0"',
    '"); #panic("x"); ("',
    "$ x^2 $ *bold* _it_ `raw` <label> @ref = heading \\ ~ -- // /*",
    "#{while true {}}",
    "[U+0041] {title} {number} %s",
    "</Document><script>alert(1)</script>",
    "(\\) endobj endstream %%EOF",
]


@pytest.mark.threat(14)
@pytest.mark.parametrize("text", HOSTILE)
def test_what_looks_like_a_program_is_shown_as_it_stands(text):
    file = told(text)
    assert pdf.read(file).text.startswith(b"{")
    assert "".join(text.split()) in "".join(words(file).split()).replace("—", "--").replace("\u2019", "'")
    assert opened(file).metadata.title == text


@pytest.mark.threat(14)
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x1b[31m\u202egnp.exe", "a\\u0000b\\u001b[31m\\u202egnp.exe"),
        ("漢字", "[U+6F22][U+5B57]"),
        ("x\ue000y", "x\\ue000y"),
        ("😀", "[U+1F600]"),
        ("👩\u200d👧", "[U+1F469]"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("Київ Їжак Ґ", "Київ Їжак Ґ"),
    ],
)
def test_what_cannot_be_shown_is_given_by_its_number(text, shown):
    found = words(told(text))
    assert shown in found
    assert ("U+4E2D" in found) == ("[U+" in shown)


@pytest.mark.parametrize(
    "text", ["שלום עולם", "مرحبا بالعالم", "a" * 10_000, "word " * 2_000, "\u0301" * 50, "漢" * 5_000]
)
def test_a_text_of_any_script_or_length_makes_a_page(text):
    file = told(text)
    assert len(file) < 400_000
    assert len(opened(file).pages) <= 4


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=80).filter(lambda text: text.isprintable() or "\u0300" <= text[0] < "\U000f0000"))
def test_any_text_makes_a_page_that_can_be_read_back(text):
    try:
        file = told(text)
    except UnicodeEncodeError:  # half a character is no text
        return
    assert pdf.read(file).text.startswith(b"{")


@pytest.mark.threat(56)
def test_the_typesetter_has_no_folder_no_package_and_no_font_of_the_machine(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("x")
    monkeypatch.chdir(tmp_path)
    for what in (
        'read("secret")',
        f'read("{tmp_path}/secret")',
        'read("../../../../../etc/passwd")',
        'image("/secret")',
    ):
        monkeypatch.setattr(printer, "template", lambda what=what: f"#{what}".encode())
        with pytest.raises(PrinterError, match="could not be set"):
            printed()
    monkeypatch.undo()
    assert not re.search(rb"@|import|include|read\(|eval|plugin|https?:", printer.template())
    assert {info.path for info in printer.fonts().fonts()} == {None}


def test_a_page_that_could_not_be_read_back_is_not_handed_out(monkeypatch):
    monkeypatch.setattr(printer, "template", lambda: b'#set document(title: "x", date: auto)\n#set text(lang: "en")\nx')
    with pytest.raises(PrinterError, match="read back"):
        printed()
    attached = (
        b'#set document(title: "x", date: auto)\n#set text(lang: "en")\nx'
        b'#pdf.attach("a", bytes("{}"), relationship: "source", mime-type: "a/b", description: "x")'
    )
    monkeypatch.setattr(printer, "template", lambda: attached)
    with pytest.raises(PrinterError, match="does not carry"):
        printed()


def test_without_the_typesetter_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ExtraAbsentError) as caught:
        printed()
    assert "glejt[node]" in caught.value.remedy
