"""QR codes are read from pictures of printed pages, and pictures are bounded before anything draws them."""

import io
import subprocess
import sys
import time
import zlib
from contextlib import suppress

import pytest
import segno
import zxingcpp
from pdf_support import bytes_of, drawn, signed_sample
from picture_support import IDAT, chunk, header, international, png
from PIL import Image

from node.adapters import scanner
from node.adapters.errors import ExtraAbsentError, ScannerError
from node.adapters.scan import scan
from node.adapters.scanner import codes_in
from node.credentials.errors import PictureError, PngError
from node.issuance.printed_page import page_of

PAGE = page_of(bytes_of(signed_sample()), "pl", address="https://school.example/credentials/1")
SHEET = drawn(PAGE, resolution=120)


def png_of(picture):
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def sheet():
    return Image.open(io.BytesIO(SHEET)).convert("L")


def code(text, **options):
    out = io.BytesIO()
    segno.make(text, micro=False).save(out, kind="png", scale=4, **options)
    return out.getvalue()


@pytest.mark.parametrize(("language", "address"), [("en", None), ("pl", "https://school.example/" + "a" * 177)])
def test_the_code_of_a_printed_page_is_read(language, address):
    page = page_of(bytes_of(signed_sample()), language, address=address)
    assert codes_in(drawn(page, resolution=150)) == [page.code.text]


@pytest.mark.parametrize("turn", [0, 3, 90, 180, 270, 350])
def test_a_crooked_scan_is_read(turn):
    assert scan(png_of(sheet().rotate(turn, expand=True, fillcolor=255))) == [PAGE.code.text]


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture.point(lambda value: 70 + value // 3),
        lambda picture: picture.point(lambda value: 255 * (value > 128)).convert("1"),
        lambda picture: picture.convert("P"),
        lambda picture: picture.convert("LA"),
        lambda picture: picture.convert("RGBA"),
        lambda picture: picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)),
    ],
    ids=["faint", "black and white", "palette", "grey and alpha", "colour and alpha", "smaller"],
)
def test_a_scan_of_any_kind_is_read(change):
    assert scan(png_of(change(sheet()))) == [PAGE.code.text]


def test_what_is_transparent_is_paper():
    assert scan(code("ni:///x", light=None)) == ["ni:///x"]


def test_a_picture_without_a_code_has_none_and_one_with_two_has_both():
    assert codes_in(png()) == []
    wide = Image.new("L", (600, 300), 255)
    for place, text in ((0, "one"), (300, "two"), (0, "one")):
        wide.paste(Image.open(io.BytesIO(code(text))).convert("L"), (place, 0))
    assert sorted(scan(png_of(wide))) == ["one", "two"]


def test_other_kinds_of_codes_are_not_looked_for():
    made = zxingcpp.create_barcode("hello", zxingcpp.BarcodeFormat.DataMatrix)
    pixels = zxingcpp.write_barcode_to_image(made, scale=8)
    picture = Image.frombytes("L", (pixels.shape[1], pixels.shape[0]), bytes(memoryview(pixels).tobytes()))
    assert scan(png_of(picture)) == []


@pytest.mark.threat(59)
@pytest.mark.parametrize(
    ("image", "refused"),
    [
        (png(head=header(12_000, 12_000)), "picture.png.header"),
        (png(head=header(4096, 4096), image=chunk(b"IDAT", zlib.compress(bytes(100)))), "picture.png.image"),
        (
            png(image=chunk(b"IDAT", zlib.compress(bytes(64 * 1024 * 1024), 9)), head=header(4097, 1)),
            "picture.png.header",
        ),
        (png(image=chunk(b"IDAT", b"no zlib")), "picture.png.image"),
        (png(image=chunk(b"IDAT", b"")), "picture.png.image"),
        (png(head=header(colour=3)), "picture.png.image"),
        (png() + b"x", "picture.png.rest"),
        (b"GIF89a", "picture.png.header"),
        (png(image=chunk(b"IDAT", IDAT[8:-4], crc=1)), "picture.png.crc"),
    ],
)
def test_a_hostile_picture_is_refused_before_or_while_it_is_drawn(image, refused):
    with pytest.raises(PictureError) as caught:
        codes_in(image)
    assert caught.value.code == refused


@pytest.mark.threat(59)
def test_the_libraries_get_nothing_but_pixels(monkeypatch):
    seen = []
    real = subprocess.run

    def watched(command, **options):
        seen.append(options["input"])
        return real(command, **options)

    monkeypatch.setattr(subprocess, "run", watched)
    bomb = zlib.compress(bytes(1024 * 1024), 9)
    assert codes_in(png(international(b"{}"), chunk(b"iCCP", b"p\0\0" + bomb), chunk(b"zTXt", b"a\0\0" + bomb))) == []
    (given,) = seen
    assert not {b"iTXt", b"iCCP", b"zTXt", b"gAMA"} & {given[at : at + 4] for at in range(len(given))}


def test_the_library_that_draws_is_asked_for_a_png_and_nothing_else():
    assert scan(SHEET) == [PAGE.code.text]
    out = io.BytesIO()
    sheet().save(out, "BMP")
    with pytest.raises(OSError, match="cannot identify"):
        scan(out.getvalue())


@pytest.mark.threat(59)
def test_a_page_full_of_corners_of_codes_takes_no_longer_than_it_may(monkeypatch):
    corner = Image.new("1", (9, 9), 1)
    for at, white in ((1, 0), (2, 1), (3, 0)):
        corner.paste(white, (at, at, 9 - at, 9 - at))
    full = Image.new("1", (4096, 4096), 1)
    for at in range(0, 4096 * 455, 9):
        full.paste(corner, (at % 4095, at // 4095 * 9))
    image = png_of(full)
    monkeypatch.setattr(scanner, "MAX_SECONDS", 2)
    started = time.monotonic()
    with pytest.raises(ScannerError) as caught:
        codes_in(image)
    assert time.monotonic() - started < 30  # without a bound it is minutes
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("colour", "pixels"),
    [(0, b""), (2, b"x"), (3, zlib.compress(b"")), (4, zlib.compress(bytes(10_000))), (6, b"\x78")],
)
def test_any_pixels_are_read_or_refused(colour, pixels):
    with suppress(PngError):
        assert codes_in(png(head=header(colour=colour), image=chunk(b"IDAT", pixels))) == []


@pytest.mark.parametrize("library", ["zxingcpp", "PIL"])
def test_without_the_libraries_it_is_said_what_to_install(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ExtraAbsentError) as caught:
        codes_in(SHEET)
    assert "glejt[node]" in caught.value.remedy
