"""Tables as they are handed in: read in parts as they are whole, and refused where they cannot be read."""

import csv
import io
import zipfile
from datetime import datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.issuance.desk import csv_parts, workbooks
from node.issuance.desk.cells import MARKS, MAX_CELL_CHARS, neutralised, restored
from node.issuance.desk.columns import suggested
from node.issuance.desk.csv_parts import beginning, read_part
from node.issuance.desk.errors import TableError
from node.issuance.desk.workbooks import opened_workbook
from node.ports.runs import PAGE_ROWS

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


def written(rows, delimiter=",", terminator="\r\n"):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=terminator).writerows(rows)
    return text.getvalue()


def read(data, encoding="utf-8", size=None):
    """All rows of a table that comes in parts of a size; its headings first."""
    place, rest, rows, headings = beginning(encoding), data, [], ()
    size = size or len(data) or 1
    while True:
        last = len(rest) <= size
        part = read_part(rest[:size], place, last=last)
        headings = part.headings or headings
        rows += [row for page in part.pages for row in page]
        place, rest = part.place, rest[part.consumed :]
        if last:
            return headings, rows


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=8), size=st.integers(90, 400))
def test_a_table_in_parts_is_the_table(rows, size):
    data = written([["name", "other"], *rows]).encode()
    whole = read(data)
    assert whole[0] == ("name", "other")
    assert [cells for _, cells in whole[1]] == [row for row in rows if any(row)]
    assert read(data, size=size) == whole


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1250", "iso-8859-2"])
def test_the_usual_encodings_are_read(encoding):
    rows = [["imię", "b"], *[["Zażółć gęślą jaźń", str(number)] for number in range(40)]]
    data = written(rows, ";").encode(encoding)
    named = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(encoding, encoding)
    for size in (None, 300, 301):
        headings, found = read(data, named, size)
        assert headings == ("imię", "b")
        assert [cells for _, cells in found] == rows[1:]
        assert [number for number, _ in found] == list(range(2, 42))


@pytest.mark.threat(64)
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "table.empty"),
        (b",,\r\n", "table.empty"),
        (b"name,name\r\na,b\r\n", "table.heading"),
        (b"name,\r\na,b\r\n", "table.heading"),
        ("name\r\nJos\u00e9\r\n".encode("latin-1"), "table.encoding"),
        ("name\r\na\r\n".encode("utf-16"), "table.encoding"),
        (b'name\r\n"open\r\n', "table.syntax"),
        (b'name\r\n"a"b\r\n', "table.syntax"),
        (b"name\r\n" + b"x" * (MAX_CELL_CHARS + 1) + b"\r\n", "table.syntax"),
        (b"name\r\n" + b"x," * 200_000 + b"\r\n", "table.line"),
    ],
    ids=["nothing", "no-names", "same", "unnamed", "latin", "utf-16", "open", "after-quote", "cell", "line"],
)
def test_what_is_no_table_is_refused_with_its_place_and_no_cell(data, code):
    with pytest.raises(TableError) as refused:
        read(data)
    assert refused.value.code == code
    assert refused.value.remedy
    assert "Jos" not in str(refused.value)


def test_an_encoding_that_nobody_knows_is_named():
    with pytest.raises(TableError):
        beginning("punycode")


@pytest.mark.threat(64)
@given(cell=CELLS)
def test_a_cell_that_went_out_comes_back_and_is_no_formula(cell):
    out = neutralised(cell)
    assert not out.lstrip().startswith(("=", "+", "-", "@", "|", "%", "\t", "\r"))
    data = written([[*MARKS, "name", "other"], ["1", "", "", "", out, "'x"]]).encode()
    headings, ((_, cells),) = read(data)
    assert headings == ("name", "other")
    assert cells == [restored(out), "x"]
    assert restored(out) == cell


def test_pages_are_full_but_for_the_last():
    rows = [["name"], *[[f"learner {number}"] for number in range(PAGE_ROWS * 2 + 3)]]
    data = written(rows).encode()
    part = read_part(data, beginning("utf-8"), last=True)
    assert [len(page) for page in part.pages] == [PAGE_ROWS, PAGE_ROWS, 3]
    part = read_part(data[:-2], beginning("utf-8"), last=False)
    assert [len(page) for page in part.pages] == [PAGE_ROWS, PAGE_ROWS]


def test_a_record_longer_than_a_part_is_refused():
    data = b'name\r\n"' + b"x\r\n" * (csv_parts.PART_BYTES // 3)
    with pytest.raises(TableError):
        read(data, size=csv_parts.PART_BYTES)


def workbook(rows, title="Sheet"):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_a_workbook_is_read_as_what_it_shows():
    data = workbook(
        [[], ["name", "ects", "when", None], ["Demo", 1.5, datetime(2026, 5, 1)], [None], ["Other", 3.0, True]]  # noqa: DTZ001 -- as workbooks have them
    )
    book = opened_workbook(data)
    assert book.headings == ("name", "ects", "when")
    assert book.page() == ((3, ["Demo", "1.5", "2026-05-01T00:00:00Z"]), (5, ["Other", "3", "true"]))
    assert book.page() == ()


def test_a_cell_beside_the_headings_makes_its_row_ragged():
    book = opened_workbook(workbook([["name"], ["Demo", None, "beside"]]))
    assert book.page() == ((2, ["Demo", "beside"]),)


@pytest.mark.threat(64)
def test_a_workbook_that_unfolds_too_far_is_refused(monkeypatch):
    monkeypatch.setattr(workbooks, "MAX_UNFOLDED_BYTES", 1000)
    with pytest.raises(TableError) as refused:
        opened_workbook(workbook([["name"], ["Demo"]]))
    assert refused.value.code == "table.workbook"


@pytest.mark.threat(64)
@pytest.mark.parametrize("kind", ["not a zip", "another zip", "too large", "billion laughs"])
def test_what_is_no_workbook_is_refused(kind, monkeypatch):
    data = b"PK\x03\x04 and nothing"
    if kind == "another zip":
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a.txt", "a")
        data = stream.getvalue()
    elif kind == "too large":
        monkeypatch.setattr(workbooks, "MAX_WORKBOOK_BYTES", 10)
        data = workbook([["name"]])
    elif kind == "billion laughs":
        data = _laughing()
    with pytest.raises(TableError) as refused:
        all_of(data)
    assert refused.value.code == "table.workbook"


def all_of(data):
    book = opened_workbook(data)
    while book.page():
        pass


def _laughing():
    source, stream = zipfile.ZipFile(io.BytesIO(workbook([["name"], ["Demo"]]))), io.BytesIO()
    entities = '<!DOCTYPE a [<!ENTITY b "' + "b" * 1000 + '">'
    for inner, outer in zip("bcdefgh", "cdefghi", strict=True):
        entities += f'<!ENTITY {outer} "{f"&{inner};" * 10}">'
    with source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                content = (entities + "]>").encode() + content.replace(b"<sheetData>", b"<sheetData>&i;")
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("Imię i nazwisko", "name"),
        ("E-mail", "emailAddress"),
        ("valid_from", "validFrom"),
        ("Punkty ECTS", "creditsEarned"),
        ("Nr albumu", "sourcedId"),
        ("Ocena", "value:urn:x#grade"),
        ("emailAddress", "emailAddress"),
        ("Ulubiony kolor", None),
    ],
)
def test_a_meaning_is_proposed_where_one_is_probable(heading, meaning):
    assert suggested([heading], ["urn:x#grade"]).get(heading) == meaning


def test_no_meaning_is_proposed_twice():
    assert suggested(["E-mail", "Mail", "Ocena"], ["a", "b"]) == {"E-mail": "emailAddress"}
