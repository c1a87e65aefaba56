"""SVG pictures carry badges; whatever in them is more than a picture is never expanded, fetched or run, but named."""

import json
import re
import subprocess
import sys

import pytest
from active_svg import ACTIVE
from hypothesis import given
from hypothesis import strategies as st
from picture_support import ASSERTION, CREDENTIAL, V2, V3, element, section, svg, text, token
from support import ROOT, vectors

from node.credentials.errors import BadgeError, PictureError, SvgError
from node.credentials.pictures.badge import BadgeKind, Form
from node.credentials.pictures.limits import MAX_BADGE_BYTES
from node.credentials.pictures.picture import PictureFormat, bake, unbake
from node.credentials.pictures.svg_activity import MAX_ACTIVITIES, ActivityKind
from node.credentials.pictures.svg_reading import MAX_DEPTH, MAX_MARKUP, scan

BADGE = text(CREDENTIAL)
CARRIED = element(section(CREDENTIAL))


def refusal(image):
    with pytest.raises(PictureError) as caught:
        unbake(image)
    assert caught.value.remedy
    assert len(str(caught.value)) < 250
    return caught.value.code


@pytest.mark.vectors
def test_the_published_sample_opens():
    image = vectors("openbadges", "1edtech-validator", "simple-jwt.svg").read_bytes()
    found = unbake(image)
    assert (found.kind, found.form, found.format) == (BadgeKind.CREDENTIAL, Form.JWS, PictureFormat.SVG)
    assert found.text.count(b".") == 2
    assert found.activity == ()
    assert unbake(bake(image, BADGE, replace=True)).text == BADGE


names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=200)
pictures = st.sampled_from(
    [
        svg(),
        svg(before="\ufeff"),
        svg(before='<?xml version="1.0"?><!-- <svg> --><?x <svg> ?>'),
        svg(attributes=' data-x="&gt; > /" id=\'"\''),
        svg(attributes=f'\n xmlns:openbadges="{V3}"'),
        svg(attributes=f' xmlns:openbadges="{V2}" openbadges:x="1"'),
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b'<s:svg xmlns:s="http://www.w3.org/2000/svg" />',
        '<svg xmlns="http://www.w3.org/2000/svg"><title>Żółw 🎓</title></svg>'.encode(),
    ]
)
DECLARED = re.compile(rb' xmlns:openbadges="[^"]*"')


@given(pictures, names, st.sampled_from(["", "\n", "\r\n", " \t"]))
def test_what_is_put_in_comes_out_and_nothing_else_changes(image, name, line):
    document = CREDENTIAL | {"name": name}
    credential = json.dumps(document, ensure_ascii=False, separators=(f",{line}", ":")).encode()
    baked = bake(image, line.encode() + credential + line.encode())
    assert unbake(baked).text == credential
    (badge,) = scan(baked).badges
    left = baked[: badge.start] + baked[badge.end :]
    assert DECLARED.sub(b"", left).replace(b"></svg>", b"/>").replace(b" ></s:svg>", b" />") == DECLARED.sub(
        b"", image
    ).replace(b"></svg>", b"/>")


def test_polish_letters_and_the_end_of_a_section_survive():
    assert unbake(bake(svg(), BADGE)).text == BADGE
    assert "Zażółć gęślą jaźń".encode() in bake(svg(), BADGE)
    assert b"]]>" in BADGE


def test_the_form_is_the_one_of_the_specification():
    start = f'<svg xmlns:openbadges="{V3}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'.encode()
    plain = text(CREDENTIAL | {"name": "x"})
    assert start + b"<openbadges:credential><![CDATA[" + plain + b"]]></openbadges:credential>\n" in bake(svg(), plain)
    compact = token(CREDENTIAL)
    assert start + b'<openbadges:credential verify="' + compact + b'"></openbadges:credential>' in bake(svg(), compact)


@pytest.mark.parametrize(
    ("credential", "kind", "form"),
    [
        (BADGE, BadgeKind.CREDENTIAL, Form.JSON),
        (token(CREDENTIAL), BadgeKind.CREDENTIAL, Form.JWS),
        (text(ASSERTION), BadgeKind.ASSERTION, Form.JSON),
        (token(ASSERTION), BadgeKind.ASSERTION, Form.JWS),
    ],
)
def test_each_kind_and_form_has_its_element(credential, kind, form):
    baked = bake(svg(), credential)
    found = unbake(baked)
    assert (found.kind, found.form, found.text) == (kind, form, credential)
    assert {BadgeKind.CREDENTIAL: V3, BadgeKind.ASSERTION: V2}[kind].encode() in baked
    if (kind, form) == (BadgeKind.ASSERTION, Form.JSON):
        assert b'verify="https://example.org/assertions/1?a=1&amp;b=2"' in baked


def test_a_badge_is_replaced_only_when_asked():
    baked = bake(svg(), BADGE)
    with pytest.raises(PictureError, match="already") as caught:
        bake(baked, token(CREDENTIAL))
    assert caught.value.code == "picture.taken"
    again = bake(baked, text(ASSERTION), replace=True)
    assert unbake(again).text == text(ASSERTION)
    assert unbake(again).kind is BadgeKind.ASSERTION
    assert bake(again, BADGE, replace=True) == baked
    two = svg(f"{CARRIED}<g/>{element(verify='a.b.c')}<g/>{element(name='assertion', namespace=V2)}<g/>")
    assert len(scan(two).badges) == 3
    assert bake(two, BADGE, replace=True) == bake(svg("<g/><g/><g/>"), BADGE)


def test_a_character_that_no_xml_can_hold_is_refused():
    with pytest.raises(BadgeError) as caught:
        bake(svg(), text(CREDENTIAL | {"name": "\uffff"}))
    assert caught.value.code == "picture.badge.characters"


@pytest.mark.parametrize(
    ("carrier", "expected"),
    [
        (element("\n  " + section(CREDENTIAL) + "\n"), BADGE),
        (element("{&quot;a&quot;: &#x105;}"), '{"a": ą}'.encode()),
        (element(verify="a.b.c"), b"a.b.c"),
        (element("a.b.c"), b"a.b.c"),
        (element(section(CREDENTIAL), verify=""), BADGE),
        (element(section(CREDENTIAL), verify="https://example.org/1"), BADGE),
        (element(section(CREDENTIAL), namespace="https://example.org/other"), BADGE),
        (f'<credential xmlns="{V3}">{section(CREDENTIAL)}</credential>', BADGE),
        (f'<x:credential xmlns:x="{V3}" verify="a.b.c"/>', b"a.b.c"),
        (f"<metadata>{CARRIED}</metadata>", BADGE),
        (element(section(CREDENTIAL), name="assertion", namespace=V2), BADGE),
    ],
)
def test_what_is_found_in_the_field_is_read(carrier, expected):
    found = unbake(svg(carrier))
    assert (found.kind, found.text) == (BadgeKind.CREDENTIAL, expected)


def test_the_older_forms_are_read():
    hosted = element(section(ASSERTION), name="assertion", namespace=V2, verify="https://example.org/assertions/1")
    assert (unbake(svg(hosted)).kind, unbake(svg(hosted)).form) == (BadgeKind.ASSERTION, Form.JSON)
    address = element(name="assertion", namespace=V2, verify="https://example.org/assertions/1")
    assert unbake(svg(address)).form is Form.ADDRESS


@pytest.mark.threat(60)
@pytest.mark.parametrize(
    "second",
    [
        CARRIED,
        element(verify="a.b.c"),
        element(name="assertion", namespace=V2),
        f'<x:credential xmlns:x="{V3}"/>',
        element(namespace="urn:another"),
    ],
)
def test_two_badges_are_refused(second):
    assert refusal(svg(CARRIED + second)) == "picture.several"
    assert refusal(svg(f"<g>{second}</g>{CARRIED}")) == "picture.several"


@pytest.mark.threat(60)
def test_two_badges_in_one_element_are_refused():
    assert refusal(svg(element(section(CREDENTIAL), verify="a.b.c"))) == "picture.several"
    assert refusal(svg(element(f"{section(CREDENTIAL)}{CARRIED}"))) == "picture.svg.badge"
    assert refusal(svg(element(f"<g>{section(CREDENTIAL)}</g>"))) == "picture.svg.badge"


def documented(doctype, inside=CARRIED):
    return svg(inside, before=f'<?xml version="1.0"?>{doctype}')


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
W3C = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"{}>'
ENTITIES = {
    "a billion laughs": documented(f"<!DOCTYPE svg [{LAUGHS}]>", f"<text>&l9;</text>{CARRIED}"),
    "quadratic blowup": documented(f'<!DOCTYPE svg [<!ENTITY a "{"a" * 50_000}">]>', f"<text>{'&a;' * 5_000}</text>"),
    "a file of the machine": documented(
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>', element("{&quot;a&quot;:&x;}")
    ),
    "a request to elsewhere": documented(
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]>', "<text>&x;</text>"
    ),
    "parameter entities": documented('<!DOCTYPE svg [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>'),
    "a definition elsewhere": documented('<!DOCTYPE svg SYSTEM "http://127.0.0.1:9/evil.dtd">'),
    "a local definition": documented('<!DOCTYPE svg SYSTEM "file:///usr/share/xml/fontconfig/fonts.dtd">'),
    "a public name with another address": documented(
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://127.0.0.1:9/svg11.dtd">'
    ),
    "a known address with more behind it": documented(
        '<!DOCTYPE svg SYSTEM "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd.example">'
    ),
    "a definition of its own beside the known one": documented(W3C.format(' [<!ENTITY a "b">]')),
    "an attribute by default": documented('<!DOCTYPE svg [<!ATTLIST circle onload CDATA "alert(1)">]>'),
    "no definition": documented("<!DOCTYPE svg>"),
}


@pytest.mark.threat(62)
@pytest.mark.parametrize("name", ENTITIES)
def test_document_types_that_could_say_something_are_refused(name):
    assert refusal(ENTITIES[name]) == "picture.svg.doctype"
    with pytest.raises(SvgError):
        bake(ENTITIES[name], BADGE, replace=True)


@pytest.mark.threat(62)
def test_entities_that_nobody_defined_are_refused():
    assert refusal(documented(W3C.format(""), f"<text>&nbsp;</text>{CARRIED}")) == "picture.svg.entity"
    assert refusal(svg(f"<text>&nbsp;</text>{CARRIED}")) == "picture.svg.syntax"
    assert unbake(documented(W3C.format(""), f"<text>&lt;&#261;</text>{CARRIED}")).text == BADGE


HOSTILE = {
    "not well-formed": (svg(CARRIED + "<g>"), "picture.svg.syntax"),
    "cut": (svg(CARRIED)[:-8], "picture.svg.syntax"),
    "something after the end": (svg(CARRIED) + b"<svg/>", "picture.svg.syntax"),
    "an unbound prefix": (svg("<openbadges:credential/>"), "picture.svg.syntax"),
    "an attribute twice": (
        svg('<openbadges:credential xmlns:openbadges="x" verify="a" verify="b"/>'),
        "picture.svg.syntax",
    ),
    "UTF-16": (svg(CARRIED).decode().encode("utf-16"), "picture.format"),
    "UTF-16, as XML": (svg(CARRIED, before="").decode().encode("utf-16-le"), "picture.svg.encoding"),
    "UTF-7": (svg(CARRIED, before='<?xml version="1.0" encoding="UTF-7"?>'), "picture.svg.encoding"),
    "Windows-1250": (svg(CARRIED, before='<?xml version="1.0" encoding="windows-1250"?>'), "picture.svg.encoding"),
    "not UTF-8": (svg(CARRIED).replace("ż".encode(), b"\xbf"), "picture.svg.syntax"),
    "a page": (b"<html><svg xmlns='http://www.w3.org/2000/svg'/></html>", "picture.svg.root"),
    "no namespace": (b"<svg>" + CARRIED.encode() + b"</svg>", "picture.svg.root"),
    "a badge without a picture": (CARRIED.encode(), "picture.svg.root"),
    "deep": (svg("<g>" * MAX_DEPTH + CARRIED + "</g>" * MAX_DEPTH), "picture.svg.depth"),
    "many elements": (svg("<g/>" * MAX_MARKUP + CARRIED), "picture.svg.markup"),
    "many attributes": (svg("<g " + "".join(f'a{n}="" ' for n in range(MAX_MARKUP)) + "/>"), "picture.svg.markup"),
    "a long badge": (svg(element("{" + "0" * MAX_BADGE_BYTES + "}")), "picture.too_large"),
    "a long badge in an attribute": (svg(element(verify="a.b." + "c" * MAX_BADGE_BYTES)), "picture.too_large"),
    "a long badge in few letters": (svg(element("{" + "ą" * (MAX_BADGE_BYTES // 2) + "}")), "picture.too_large"),
    "an empty badge": (svg(element(" ")), "picture.svg.badge"),
    "no badge in it": (svg(element("hello")), "picture.text"),
    "no badge": (svg(), "picture.none"),
    "a badge in a comment": (svg(f"<!--{CARRIED}-->"), "picture.none"),
    "a badge in a section": (svg(f"<desc><![CDATA[{element('{}')}]]></desc>"), "picture.none"),
}


@pytest.mark.threat(62)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_are_refused(name):
    image, code = HOSTILE[name]
    assert refusal(image) == code


QUIET = [
    '<a href="https://example.org/"><circle/></a>',
    '<a href="mailto:school@example.org"><circle/></a>',
    '<a href="#top"><circle/></a>',
    '<use href="#a"/><use href=""/>',
    '<image href="data:image/png;base64,iVBORw0KGgo="/>',
    '<image href="data:image/jpeg;charset=utf-8;base64,/9j="/>',
    '<circle fill="url(#g)" style="fill:url( \'#g\' );stroke:rgb(1,2,3)" transform="translate(1 2)"/>',
    "<style>.a{fill:url(#g)} @media print{.a{fill:none}} @font-face{src:url(data:font/woff2;base64,AA==)}</style>",
    '<animate attributeName="x" from="0" to="1" dur="1s"/>',
    '<text aria-label="javascript: the basics, on: load" font-family="Arial">src=x href=y onload=z url</text>',
    "<desc>&lt;script&gt;alert(1)&lt;/script&gt;</desc><!-- <script/> -->",
    '<metadata><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" r:resource="https://example.org/"/></metadata>',
]


@pytest.mark.threat(61)
@pytest.mark.parametrize(("kind", "part"), [(kind, part) for kind, parts in ACTIVE.items() for part in parts])
def test_what_does_more_than_show_is_named_and_never_given_out(kind, part):
    found = unbake(svg(part + CARRIED))
    assert found.text == BADGE
    assert kind in {activity.kind for activity in found.activity}
    assert all(activity.line == 3 for activity in found.activity)
    with pytest.raises(SvgError) as caught:
        bake(svg(part), BADGE)
    assert caught.value.code == "picture.svg.active"


@pytest.mark.threat(61)
def test_a_style_sheet_from_elsewhere_is_named():
    image = svg(CARRIED, before='<?xml-stylesheet href="https://example.org/x.css"?>')
    assert [activity.kind for activity in unbake(image).activity] == [ActivityKind.REFERENCE]


@pytest.mark.threat(61)
def test_there_are_sixty_ways_and_more_and_their_list_is_bounded():
    assert sum(map(len, ACTIVE.values())) >= 60
    assert len(unbake(svg('<g onload="x"/>' * 1000 + CARRIED)).activity) == MAX_ACTIVITIES


@pytest.mark.parametrize("part", QUIET)
def test_pictures_that_only_show_are_left_alone(part):
    assert unbake(svg(part + CARRIED)).activity == ()
    assert unbake(bake(svg(part), BADGE)).text == BADGE


MEMORY = """
import resource, sys
sys.path[:0] = sys.argv[1:]
from picture_support import *
from node.credentials.errors import PictureError
from node.credentials.pictures.picture import unbake
from node.credentials.pictures.svg_reading import MAX_MARKUP
bombs = [
    svg("<g " + "".join(f'a{n}="" ' for n in range(MAX_MARKUP - 100)) + "/>"),
    svg("<g/>" * (MAX_MARKUP - 100)),
    svg("<text>" + "a\\n" * 3_900_000 + "</text>"),
    svg("<style>" + "a\\n" * 3_900_000 + "</style>"),
    svg("<image href='data:image/png;base64," + "A" * 7_900_000 + "'/>"),
    svg("<g>" * 200_000),
]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for bomb in bombs:
    try:
        unbake(bomb)
    except PictureError:
        continue
    raise SystemExit("a bomb was read")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.threat(62)
def test_bombs_cost_little_memory():
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", MEMORY, str(ROOT), str(ROOT / "tests")], capture_output=True, check=True, text=True
    )
    assert int(done.stdout) < 128 * 1024  # kB
