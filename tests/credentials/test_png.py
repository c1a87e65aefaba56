"""PNG pictures carry badges: what is put in comes out, the image stays as it was, and what is ambiguous is refused."""

import random
import subprocess
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_support import (
    ASSERTION,
    CREDENTIAL,
    IDAT,
    IEND,
    SIGNATURE,
    chunk,
    chunks_of,
    compressed_latin,
    header,
    international,
    latin,
    png,
    text,
    token,
)
from support import ROOT, vectors

from node.credentials.errors import BadgeError, PictureError, PngError
from node.credentials.pictures.badge import BadgeKind, Form
from node.credentials.pictures.limits import MAX_BADGE_BYTES, MAX_PICTURE_BYTES
from node.credentials.pictures.picture import PictureFormat, bake, unbake
from node.credentials.pictures.png import MAX_CHUNKS
from node.documents import DocumentError, parse_object

BADGE = text(CREDENTIAL)


def refusal(image):
    with pytest.raises(PictureError) as caught:
        unbake(image)
    assert caught.value.remedy
    assert len(str(caught.value)) < 250
    return caught.value.code


@pytest.mark.vectors
@pytest.mark.parametrize(
    ("name", "form", "begins"), [("simple-json.png", Form.JSON, b"{"), ("simple-jwt_v1.png", Form.JWS, b"eyJ")]
)
def test_the_published_samples_open(name, form, begins):
    image = vectors("openbadges", "1edtech-validator", name).read_bytes()
    found = unbake(image)
    assert (found.kind, found.form, found.format) == (BadgeKind.CREDENTIAL, form, PictureFormat.PNG)
    assert found.text.startswith(begins)
    if form is Form.JSON:
        assert bake(image, found.text, replace=True) == image
        assert parse_object(found.text)["type"] == ["VerifiableCredential", "OpenBadgeCredential"]


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
ancillary = st.lists(
    st.builds(
        lambda kind, data: chunk(kind, b"Comment\0" + data),  # or the search finds a second badge
        st.sampled_from([b"tIME", b"prVt", b"tEXt", b"iTXt", b"zTXt", b"IDAT"]),
        st.binary(max_size=40),
    ),
    max_size=6,
)


@given(names, ancillary, st.sampled_from(["", "\n", " \r\n\t"]))
def test_what_is_put_in_comes_out_and_nothing_else_changes(name, more, around):
    image = png(*more)
    credential = text(CREDENTIAL | {"name": name})
    baked = bake(image, around.encode() + credential + around.encode())
    assert unbake(baked).text == credential
    before, after = chunks_of(image), chunks_of(baked)
    assert after[:-2] == before[:-1]
    assert after[-1] == before[-1] == IEND
    assert after[-2][8:].startswith(b"openbadgecredential\0\0\0\0\0{")  # uncompressed, no language


def test_polish_letters_survive():
    assert parse_object(unbake(bake(png(), BADGE)).text)["name"] == "Zażółć gęślą jaźń ĄĆĘŁŃÓŚŹŻ 🎓 ]]> <&\"'"


@pytest.mark.parametrize(
    ("credential", "kind", "form", "keyword"),
    [
        (BADGE, BadgeKind.CREDENTIAL, Form.JSON, b"openbadgecredential"),
        (token(CREDENTIAL), BadgeKind.CREDENTIAL, Form.JWS, b"openbadgecredential"),
        (token({"vc": CREDENTIAL}), BadgeKind.CREDENTIAL, Form.JWS, b"openbadgecredential"),
        (text(ASSERTION), BadgeKind.ASSERTION, Form.JSON, b"openbadges"),
        (token(ASSERTION), BadgeKind.ASSERTION, Form.JWS, b"openbadges"),
    ],
)
def test_each_kind_and_form_has_its_keyword(credential, kind, form, keyword):
    baked = bake(png(), credential)
    found = unbake(baked)
    assert (found.kind, found.form, found.text) == (kind, form, credential)
    assert chunks_of(baked)[-2][4:].startswith(b"iTXt" + keyword + b"\0")


def test_a_badge_is_replaced_only_when_asked():
    other = text(CREDENTIAL | {"name": "another"})
    baked = bake(png(), BADGE)
    with pytest.raises(PictureError, match="already") as caught:
        bake(baked, other)
    assert caught.value.code == "picture.taken"
    again = bake(baked, other, replace=True)
    assert unbake(again).text == other
    assert bake(again, BADGE, replace=True) == baked
    two = png(latin(BADGE), chunk(b"tIME", b"1234567"), international(text(ASSERTION), b"openbadges"))
    assert bake(two, BADGE, replace=True) == png(international(BADGE), chunk(b"tIME", b"1234567"))


@pytest.mark.parametrize(
    ("carrier", "expected"),
    [
        (international(BADGE, compressed=True), BADGE),
        (international(BADGE, language=b"pl", translated=b"odznaka"), BADGE),
        (latin(BADGE), BADGE),
        (compressed_latin(BADGE), BADGE),
        (latin('{"name": "é"}'.encode("latin-1")), '{"name": "é"}'.encode()),
        (international(b"\n  " + BADGE + b"\n"), BADGE),
    ],
)
def test_what_is_found_in_the_field_is_read(carrier, expected):
    found = unbake(png(carrier))
    assert (found.kind, found.text) == (BadgeKind.CREDENTIAL, expected)


def test_the_address_that_the_oldest_badges_carry_is_read():
    found = unbake(png(latin(b"https://example.org/assertions/1", b"openbadges")))
    assert (found.kind, found.form) == (BadgeKind.ASSERTION, Form.ADDRESS)


def test_a_credential_under_the_older_keyword_is_known_for_what_it_is():
    assert unbake(png(international(BADGE, b"openbadges"))).kind is BadgeKind.CREDENTIAL
    assert unbake(png(international(token(CREDENTIAL), b"openbadges"))).kind is BadgeKind.CREDENTIAL
    assert unbake(png(international(b"{not JSON", b"openbadges"))).kind is BadgeKind.ASSERTION


@pytest.mark.threat(60)
@pytest.mark.parametrize("second", [international, latin, compressed_latin])
@pytest.mark.parametrize("first", [international, latin, compressed_latin])
@pytest.mark.parametrize("keyword", [b"openbadgecredential", b"openbadges"])
def test_two_badges_are_refused_whatever_chunks_carry_them(first, second, keyword):
    other = text(CREDENTIAL | {"name": "another"})
    assert refusal(png(first(BADGE), chunk(b"tIME", b"1234567"), second(other, keyword))) == "picture.several"
    assert refusal(png(second(other, keyword), first(BADGE))) == "picture.several"
    assert refusal(png(first(BADGE), second(BADGE, keyword))) == "picture.several"


@pytest.mark.threat(60)
def test_a_damaged_second_badge_is_still_a_second_badge():
    for damaged in (b"openbadges", b"openbadges\0", b"openbadges\0\7\7rubbish"):
        for kind in (b"iTXt", b"tEXt", b"zTXt"):
            assert refusal(png(international(BADGE), chunk(kind, damaged))) == "picture.several"


LONG = b'{"a":"' + b"a" * MAX_BADGE_BYTES + b'"}'
HOSTILE = {
    "a second header": (png(header()), "picture.png.header"),
    "no header": (SIGNATURE + IDAT + IEND, "picture.png.header"),
    "header not first": (SIGNATURE + IDAT + header() + IEND, "picture.png.header"),
    "a header by another name": (
        SIGNATURE + chunk(b"prVt", header()[8:-4]) + IDAT + international(BADGE) + IEND,
        "picture.png.header",
    ),
    "short header": (png(head=chunk(b"IHDR", b"\0" * 12)), "picture.png.header"),
    "144 megapixels": (png(international(BADGE), head=header(12_000, 12_000)), "picture.png.header"),
    "4 gigapixels to a side": (png(international(BADGE), head=header(2**32 - 1, 1)), "picture.png.header"),
    "one pixel too many": (png(international(BADGE), head=header(1, 4097)), "picture.png.header"),
    "no pixels": (png(international(BADGE), head=header(0, 1)), "picture.png.header"),
    "impossible depth": (png(international(BADGE), head=header(depth=3)), "picture.png.header"),
    "impossible colour": (png(international(BADGE), head=header(colour=5)), "picture.png.header"),
    "unknown compression": (png(international(BADGE), head=header(tail=b"\1\0\0")), "picture.png.header"),
    "wrong checksum of the badge": (png(chunk(b"iTXt", b"openbadges\0\0\0\0\0{}", crc=1)), "picture.png.crc"),
    "wrong checksum of the image": (png(international(BADGE), image=chunk(b"IDAT", b"x", crc=0)), "picture.png.crc"),
    "no end": (png(international(BADGE), end=b""), "picture.png.cut"),
    "cut in the end": (png(international(BADGE))[:-1], "picture.png.cut"),
    "nothing but a signature": (SIGNATURE, "picture.png.cut"),
    "a length beyond the file": (png(end=b"\xff\xff\xff\xffIEND"), "picture.png.cut"),
    "data after the end": (png(international(BADGE)) + b"PK\3\4", "picture.png.rest"),
    "a badge after the end": (png() + international(BADGE), "picture.png.rest"),
    "an end that holds data": (png(international(BADGE), end=chunk(b"IEND", b"x")), "picture.png.rest"),
    "no image": (png(international(BADGE), image=b""), "picture.png.image"),
    "a type that is none": (png(international(BADGE), chunk(b"a b\n")), "picture.png.chunk"),
    "many chunks": (png(chunk(b"tIME") * MAX_CHUNKS, international(BADGE)), "picture.png.chunks"),
    "a compressed bomb": (png(compressed_latin(b"{" + b" " * 50_000_000)), "picture.too_large"),
    "an international bomb": (png(international(b"{" + b"0" * 50_000_000, compressed=True)), "picture.too_large"),
    "a long badge": (png(international(LONG)), "picture.too_large"),
    "a long older badge": (png(latin(LONG)), "picture.too_large"),
    "cut compression": (png(chunk(b"zTXt", b"openbadges\0\0" + zlib.compress(BADGE)[:-4])), "picture.png.text"),
    "more after the compression": (
        png(chunk(b"zTXt", b"openbadges\0\0" + zlib.compress(BADGE) + b"x")),
        "picture.png.text",
    ),
    "no compression at all": (png(chunk(b"zTXt", b"openbadges\0\0rubbish")), "picture.png.text"),
    "another compression": (png(chunk(b"zTXt", b"openbadges\0\1" + zlib.compress(BADGE))), "picture.png.text"),
    "another international compression": (
        png(chunk(b"iTXt", b"openbadges\0\1\1\0\0" + zlib.compress(BADGE))),
        "picture.png.text",
    ),
    "a flag that is none": (png(chunk(b"iTXt", b"openbadges\0\2\0\0\0{}")), "picture.png.text"),
    "no separators": (png(chunk(b"iTXt", b"openbadges\0\0\0{}")), "picture.png.text"),
    "a keyword alone": (png(chunk(b"tEXt", b"openbadges")), "picture.png.text"),
    "not UTF-8": (png(international(b'{"a":"\xff"}')), "picture.png.text"),
    "no badge in it": (png(international(b"hello")), "picture.text"),
    "an empty badge": (png(international(b"")), "picture.text"),
    "no badge": (png(), "picture.none"),
    "another keyword": (png(international(BADGE, b"Openbadges")), "picture.none"),
    "another picture": (b"\xff\xd8\xff\xe0" + png(), "picture.format"),
    "nothing": (b"", "picture.format"),
}


@pytest.mark.threat(59)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_are_refused(name):
    image, code = HOSTILE[name]
    assert refusal(image) == code


@pytest.mark.threat(59)
def test_a_picture_of_any_size_is_refused_unread():
    assert refusal(png(chunk(b"prVt", bytes(MAX_PICTURE_BYTES)), international(BADGE))) == "picture.too_large"
    with pytest.raises(PictureError) as caught:
        bake(png(chunk(b"prVt", bytes(MAX_PICTURE_BYTES - 200))), BADGE)
    assert caught.value.code == "picture.too_large"  # it could not be read again


@pytest.mark.parametrize("side", [1, 4096])
def test_pictures_within_the_bounds_are_read(side):
    assert unbake(png(international(BADGE), head=header(side, 4097 - side))).text == BADGE


def test_a_hostile_picture_is_not_baked_either():
    for name in ("144 megapixels", "wrong checksum of the image", "data after the end", "many chunks", "no end"):
        with pytest.raises(PngError):
            bake(HOSTILE[name][0], BADGE, replace=True)


@pytest.mark.parametrize(
    ("credential", "error", "code"),
    [
        (text(CREDENTIAL | {"proof": []}), BadgeError, "picture.badge.unsigned"),
        (token(CREDENTIAL, alg="none"), BadgeError, "picture.badge.unsigned"),
        (text(ASSERTION | {"id": "urn:uuid:1"}), BadgeError, "picture.badge.unsigned"),
        (text(ASSERTION | {"id": 7}), BadgeError, "picture.badge.unsigned"),
        (text(CREDENTIAL | {"type": ["VerifiableCredential"]}), BadgeError, "picture.badge.kind"),
        (text({"type": "VerifiablePresentation", "verifiableCredential": []}), BadgeError, "picture.badge.kind"),
        (token({"sub": "x"}), BadgeError, "picture.badge.kind"),
        (b"a.b.c", BadgeError, "picture.badge.kind"),
        (b"{", DocumentError, "document.syntax"),
        (b'{"type":"Assertion","type":"x"}', DocumentError, "document.duplicate_key"),
        (b"https://example.org/assertions/1", DocumentError, "document.syntax"),
        (b"", DocumentError, "document.syntax"),
    ],
)
def test_only_signed_or_hosted_badges_are_put_into_pictures(credential, error, code):
    with pytest.raises(error) as caught:
        bake(png(), credential)
    assert caught.value.code == code
    assert caught.value.remedy


def mutated(image, chance):
    """The picture with a few bytes, or whole stretches, changed, moved, doubled or lost."""
    data = bytearray(image)
    for _ in range(chance.randint(1, 4)):
        place, length = chance.randrange(len(data) + 1), chance.choice((1, 1, 4, 12, 40))
        match chance.randrange(5):
            case 0:
                data[place : place + length] = chance.randbytes(length)
            case 1:
                del data[place : place + length]
            case 2:
                data[place:place] = data[place : place + length]
            case 3:
                data[place : place + 1] = bytes([chance.choice((0, 1, 0x7F, 0x80, 0xFF))])
            case _:
                data[place:place] = chance.choice((IEND, IDAT, SIGNATURE, b"iTXt", b"openbadges\0"))
    return bytes(data)


def mended(image):
    """The picture with the checksums that its lengths ask for, so that what lies behind them is tried too."""
    data, place = bytearray(image), len(SIGNATURE)
    while (end := place + 12 + int.from_bytes(data[place : place + 4])) <= len(data):
        data[end - 4 : end] = zlib.crc32(data[place + 4 : end - 4]).to_bytes(4)
        place = end
    return bytes(data)


@pytest.mark.threat(59)
def test_fuzz_every_damaged_picture_is_read_or_refused():
    chance = random.Random(59)  # noqa: S311 -- the same pictures each time
    seeds = [png(carrier) for carrier in (international(BADGE[:60]), latin(BADGE[:60]), compressed_latin(BADGE[:60]))]
    seeds.append(png(international(BADGE[:60], compressed=True)))
    read = 0
    for number in range(60_000):
        image = mutated(chance.choice(seeds), chance)
        if number % 2:
            image = mended(image)
        try:
            found = unbake(image)
        except PictureError:
            continue
        assert found.text.decode()
        read += 1
    assert read > 1000  # the mended ones go deep


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_rubbish_behind_a_signature_is_refused(rubbish):
    with pytest.raises(PictureError):
        unbake(SIGNATURE + rubbish)


MEMORY = """
import resource, sys, zlib
sys.path[:0] = sys.argv[1:]
from picture_support import *
from node.credentials.errors import PictureError
from node.credentials.pictures.picture import unbake
bombs = [
    lambda: png(compressed_latin(b"{" + b" " * 3_000_000)),
    lambda: png(chunk(b"tIME") * 600_000),
    lambda: png(head=header(12_000, 12_000)),
    lambda: png(chunk(b"prVt", bytes(7_000_000)), chunk(b"zTXt", b"openbadges\\0\\0" + ZEROS)),
]
squeezed = zlib.compressobj(9)
ZEROS = b"".join([squeezed.compress(bytes(1_000_000)) for _ in range(900)]) + squeezed.flush()
made = [make() for make in bombs]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for bomb in made:
    try:
        unbake(bomb)
    except PictureError:
        continue
    raise SystemExit("a bomb was read")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.threat(59)
def test_bombs_cost_no_memory():
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", MEMORY, str(ROOT), str(ROOT / "tests")], capture_output=True, check=True, text=True
    )
    assert int(done.stdout) < 24 * 1024  # kB: 900 MB of zeros, 600,000 chunks, 576 MB of pixels
