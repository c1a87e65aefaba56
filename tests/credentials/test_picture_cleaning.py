"""What is published of an uploaded picture is a picture: nothing in it runs, fetches, or says anything else."""

import re
import time
from xml.etree import ElementTree as ET

import pytest
from active_svg import ACTIVE
from hypothesis import given
from hypothesis import strategies as st
from picture_support import IDAT, chunk, header, international, png

from node.credentials.errors import PictureError
from node.credentials.pictures.cleaning import MAX_UPLOAD_BYTES, PNG_TYPE, SVG_TYPE, clean
from node.credentials.pictures.png import chunks
from node.credentials.pictures.svg_reading import scan
from node.credentials.pictures.svg_rebuild import ATTRIBUTES, ELEMENTS, MAX_USES

SIZE = ' width="40" height="30"'
SHAPE = '<rect width="40" height="30"/>'
HOSTILE = [part for parts in ACTIVE.values() for part in parts]
SPACES = "{http://www.w3.org/2000/svg}"


def svg(inside, attributes="", before=""):
    return f'{before}<svg xmlns="http://www.w3.org/2000/svg"{attributes}>{inside}</svg>'.encode()


def rebuilt(inside, attributes=SIZE):
    return clean(svg(inside, attributes))


def refusal(image):
    with pytest.raises(PictureError) as caught:
        clean(image)
    assert caught.value.remedy
    return caught.value.code


def assert_quiet(image):
    """By the reader that knows what is active, and by the list itself."""
    assert scan(image).activities == ()
    assert scan(image).badges == ()
    for element in ET.fromstring(image).iter():  # noqa: S314 -- we wrote it
        assert element.tag.removeprefix(SPACES) in ELEMENTS
        for name, value in element.attrib.items():
            assert name in ATTRIBUTES | {"href", "style", "{http://www.w3.org/XML/1998/namespace}space"}
            assert not name.startswith("on")
            if name == "href":
                assert value.startswith("#")
            assert "://" not in value
            assert "\\" not in value


@pytest.mark.threat(61)
@pytest.mark.parametrize("part", HOSTILE)
def test_nothing_active_is_left(part):
    found = rebuilt(SHAPE + part)
    assert found.media_type == SVG_TYPE
    assert b"<rect" in found.image
    assert_quiet(found.image)
    assert not re.search(rb"script|alert|example\.org|foreignObject|import", found.image)
    assert found.left_out, "what is left out is told"


@pytest.mark.threat(61)
def test_there_are_sixty_ways_and_more():
    assert len(HOSTILE) >= 60


@pytest.mark.threat(61)
@given(
    st.lists(st.sampled_from(HOSTILE), max_size=6), st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
)
def test_nor_of_any_mixture(parts, text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("\ufffe", "").replace("\uffff", "")
    found = rebuilt(f"<g>{SHAPE}{''.join(parts)}<title>{escaped}</title></g>")
    assert_quiet(found.image)
    assert clean(found.image).image == found.image, "what was written anew stays as it is"


def test_what_only_shows_stays():
    inside = (
        '<defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient>'
        '<clipPath id="c"><circle cx="5" cy="5" r="5"/></clipPath></defs>'
        "<style>.a,#b{fill:url(#g);stroke:#000 }/* note */ circle{opacity:.5}</style>"
        '<g class="a" transform="translate(1 2) rotate(30)" clip-path="url(#c)">'
        '<path d="M0 0L10 10Z" fill="rgb(1,2,3)"/></g>'
        '<use href="#b"/><text x="1" y="2" font-family="serif">Żółw &amp; &lt;b&gt;</text>'
    )
    found = rebuilt(inside)
    assert found.left_out == ()
    root = ET.fromstring(found.image)  # noqa: S314 -- we wrote it
    assert [element.tag.removeprefix(SPACES) for element in root.iter()] == (
        ["svg", "defs", "linearGradient", "stop", "clipPath", "circle", "style", "g", "path", "use", "text"]
    )
    assert root.find(f"{SPACES}text").text == "Żółw & <b>"
    assert root.find(f"{SPACES}style").text == ".a,#b{fill:url(#g);stroke:#000}circle{opacity:.5}"
    assert root.find(f"{SPACES}g").attrib["clip-path"] == "url(#c)"
    assert (found.width, found.height) == (40, 30)


def test_older_references_are_written_as_newer_ones():
    old = '<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="#a"/>'
    assert b'<use href="#a">' in rebuilt(SHAPE + old).image


def test_what_is_drawn_again_draws_nothing_again():
    """Ten groups that each draw the next one ten times would be drawn for hours."""
    laughs = "".join(
        f'<g id="l{n}">{SHAPE}{f"""<use href="#l{n - 1}"/>""" * 10}</g>' if n else f'<g id="l0">{SHAPE}</g>'
        for n in range(10)
    )
    image = rebuilt(f"<defs>{laughs}</defs><use href='#l9'/>").image
    assert image.count(b"<use") == 1
    masks = "".join(
        f'<mask id="m{n}">{f"""<rect mask="url(#m{n - 1})" clip-path="url(#m0)"/>""" * 10}</mask>' for n in range(1, 10)
    )
    image = rebuilt(f'<mask id="m0">{SHAPE}</mask>{masks}<rect mask="url(#m9)"/>').image
    assert image.count(b"mask=") == 1
    assert image.count(b"clip-path=") == 0
    styled = rebuilt("<style>rect{mask:url(#m)}</style><mask id='m'>" + SHAPE + "</mask>" + SHAPE).image
    assert b"mask:" not in styled
    assert b"id=" not in rebuilt(SHAPE, SIZE + ' id="whole"').image
    assert (
        refusal(svg('<g id="a">' + SHAPE + "</g>" + '<use href="#a"/>' * (MAX_USES + 1), SIZE)) == "picture.svg.markup"
    )


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (svg(SHAPE), "picture.svg.root"),
        (svg(SHAPE, ' width="0" height="9"'), "picture.svg.root"),
        (svg(SHAPE, ' width="100%" height="100%"'), "picture.svg.root"),
        (svg("<title>x</title>", SIZE), "picture.svg.nothing"),
        (svg('<image href="data:image/png;base64,AAAA"/>', SIZE), "picture.svg.nothing"),
        (b"<html/>", "picture.svg.root"),
        (b"GIF89a", "picture.format"),
        (b"", "picture.format"),
        (b"%PDF-1.7", "picture.format"),
        (b"<" + b" " * MAX_UPLOAD_BYTES, "picture.too_large"),
        (png()[:-3], "picture.png.cut"),
        (png(head=chunk(b"IHDR", header(5000, 5000)[8:-4])), "picture.png.header"),
    ],
)
def test_what_is_no_sound_picture_is_refused(image, code):
    assert refusal(image) == code


@pytest.mark.threat(62)
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE svg SYSTEM "https://example.org/x.dtd">',
        "<!DOCTYPE svg [" + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "x"}">' for n in range(9)) + "]>",
    ],
)
def test_document_types_are_refused(doctype):
    assert refusal(svg(SHAPE, SIZE, before=doctype)) == "picture.svg.doctype"


def test_a_view_box_says_the_size_too():
    found = rebuilt(SHAPE, ' viewBox="0 0 64 48"')
    assert (found.width, found.height) == (64, 48)


@pytest.mark.threat(59)
def test_a_png_keeps_its_image_and_nothing_else():
    extra = (
        international(b'{"type":"Assertion"}'),
        chunk(b"tEXt", b"Author\0Somebody"),
        chunk(b"eXIf", b"II*\0 where it was taken"),
        chunk(b"iCCP", b"profile\0\0" + b"x" * 1000),
    )
    found = clean(png(*extra))
    assert [part.type for part in chunks(found.image)] == [b"IHDR", b"gAMA", b"IDAT", b"IEND"]
    assert IDAT in found.image
    assert found.left_out == ("eXIf", "iCCP", "iTXt", "tEXt")
    assert (found.media_type, found.width, found.height) == (PNG_TYPE, 2, 2)
    assert clean(found.image).image == found.image


@pytest.mark.threat(63)
@pytest.mark.parametrize(
    "inside",
    [
        f'<path d="{"(" * 400_000}"/>',
        f'<path d="{"a" * 800_000}"/>',
        f'<path d="{"a(" * 200_000}"/>',
        f'<rect style="{"fill:red;" * 80_000}"/>',
        f"<style>{'/*' * 400_000}</style>",
        f"<style>{'{' * 400_000}</style>",
        f"<style>{'a{b' * 200_000}</style>",
        f"<style>{'a,' * 300_000}{{fill:red}}</style>",
        f"<style>{' ' * 800_000}</style>",
        f"<g>{'<rect/>' * 100_000}</g>",
    ],
    ids=range(10),
)
def test_hostile_lengths_cost_linear_time(inside):
    began = time.perf_counter()
    rebuilt(SHAPE + inside)
    assert time.perf_counter() - began < 4
