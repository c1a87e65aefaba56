"""The encoded list: round trips, and everything that is not one bounded GZIP member."""

import base64
import gzip
import struct
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import python

from did_methods.multibase import encode_base64url
from node.status.bitstring import MAX_BYTES
from node.status.encoded_list import MAX_ENCODED_CHARS, decode, decode_bare, encode, expand
from node.status.errors import StatusListError

LIST = bytes(16_384)
PACKED = gzip.compress(LIST, mtime=0)


def _bomb(megabytes):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1024 * 1024)
    return b"".join(packer.compress(zeros) for _ in range(megabytes)) + packer.flush()


@given(st.binary(max_size=4096))
@settings(deadline=None)
def test_bits_survive_the_journey(data):
    text = encode(data)
    assert text.startswith("u")
    assert decode(text) == data
    assert encode(data) == text


def test_the_example_of_the_recommendation():
    """Section 2.2, example 3: 16 kB of noughts."""
    assert decode("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA") == LIST


def test_the_largest_list_is_read():
    assert len(decode(encode(bytes(MAX_BYTES)))) == MAX_BYTES
    with pytest.raises(StatusListError) as refused:
        decode(encode(bytes(MAX_BYTES + 1)))
    assert refused.value.code == "status.list.too_large"


def test_the_older_form_has_no_prefix_and_either_alphabet():
    noisy = bytes(range(256)) * 64
    packed = gzip.compress(noisy)
    plain = base64.b64encode(packed).decode()
    assert "+" in plain or "/" in plain
    for text in (plain, plain.rstrip("="), base64.urlsafe_b64encode(packed).decode()):
        assert decode_bare(text) == noisy
    with pytest.raises(StatusListError):
        decode_bare("not base64!")


HOSTILE = {
    "nothing": b"",
    "junk": b"\x00" * 64,
    "text": b"<html>404 Not Found</html>",
    "a zlib header": zlib.compress(LIST),
    "raw deflate": zlib.compress(LIST, wbits=-15),
    "another method": b"\x1f\x8b\x07" + PACKED[3:],
    "reserved flags": PACKED[:3] + b"\xe0" + PACKED[4:],
    "cut in the header": PACKED[:7],
    "cut in the data": PACKED[: len(PACKED) // 2],
    "cut before the checksum": PACKED[:-8],
    "cut in the length": PACKED[:-1],
    "a wrong checksum": PACKED[:-8] + struct.pack("<I", zlib.crc32(LIST) ^ 1) + PACKED[-4:],
    "a wrong length": PACKED[:-4] + struct.pack("<I", len(LIST) + 1),
    "two members": PACKED + PACKED,
    "a member and an empty one": PACKED + gzip.compress(b""),
    "an empty member and one": gzip.compress(b"") + PACKED,
    "a member and a nought": PACKED + b"\0",
    "a member and junk": PACKED + b"junk",
    "a bomb of 16 MiB": _bomb(16),
    "a bomb behind a list": PACKED + _bomb(16),
    "a bomb with a long name": b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 200_000 + b"\0" + _bomb(16)[10:],
}


@pytest.mark.threat(50)
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_one_bounded_member_is_refused(name):
    packed = HOSTILE[name]
    for attempt in (lambda: expand(packed), lambda: decode(encode_base64url(packed))):
        with pytest.raises(StatusListError) as refused:
            attempt()
        assert refused.value.code in {"status.list.encoding", "status.list.too_large"}
        assert len(str(refused.value)) < 400
        assert refused.value.remedy


@pytest.mark.threat(50)
def test_a_packed_list_inside_another_is_not_unpacked_again():
    assert decode(encode(PACKED)) == PACKED


@pytest.mark.threat(50)
@pytest.mark.parametrize(
    "text",
    ["", "u", PACKED.hex(), encode(LIST)[1:], "z" + encode(LIST)[1:], encode(LIST) + "=", encode(LIST)[:-1] + "!",
     f"U{encode(LIST)[1:]}", "u" + "A" * MAX_ENCODED_CHARS],
)  # fmt: skip
def test_what_is_no_multibase_base64url_is_refused(text):
    with pytest.raises(StatusListError):
        decode(text)


@pytest.mark.threat(50)
def test_a_text_that_no_credential_could_carry_is_not_even_decoded():
    long_name = PACKED[:3] + b"\x08" + PACKED[4:10] + b"a" * (MAX_ENCODED_CHARS * 3 // 4) + b"\0" + PACKED[10:]
    assert expand(long_name) == LIST
    with pytest.raises(StatusListError, match=str(MAX_ENCODED_CHARS)):
        decode(encode_base64url(long_name))


@given(st.binary(max_size=64), st.integers(0, len(PACKED) - 1), st.integers(1, 255))
@settings(deadline=None)
def test_damage_is_an_error_of_ours_or_harmless(junk, place, change):
    damaged = bytearray(PACKED)
    damaged[place] ^= change
    for packed in (bytes(damaged), junk, PACKED[:place] + junk + PACKED[place:]):
        try:
            data = expand(packed)
        except StatusListError:
            continue
        assert data == LIST


MEASURE = """
import resource, sys
from node.status.encoded_list import expand
from node.status.errors import StatusListError
packed = open(sys.argv[1], "rb").read()
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = used()
for _ in range(20):
    try:
        expand(packed)
    except StatusListError:
        pass
    else:
        sys.exit("it was read")
print(used() - before)
"""


@pytest.mark.threat(50)
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux")
def test_a_bomb_takes_less_than_8_megabytes(tmp_path):
    """256 MiB of noughts in 260 kB, as met in the field, unpacked twenty times over in a fresh process."""
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(_bomb(256))
    assert bomb.stat().st_size < 280_000
    done = python(tmp_path, ["-c", MEASURE, str(bomb)])
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 8 * 1024
