"""Headers of today, of yesterday and of forks to come; and what only looks like one."""

import pytest
import rlp
from anchoring_support import changed_bytes, digits, header_of
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from anchoring.errors import HeaderError
from anchoring.header import MAX_FIELDS, Header

ROOT = keccak(b"state")
PLAIN = header_of(ROOT, number=17, timestamp=1_800_000_123, receipts_root=keccak(b"receipts"))


def test_the_fields_that_are_read():
    header = Header.parse(PLAIN)
    assert header == Header(
        hash=keccak(PLAIN),
        parent_hash=bytes(32),
        state_root=ROOT,
        receipts_root=keccak(b"receipts"),
        number=17,
        timestamp=1_800_000_123,
    )
    assert Header.trusted(PLAIN, keccak(PLAIN)) == header


def test_the_first_block_of_the_main_chain():
    """Its bytes are known from its published fields, its hash to everybody."""
    fields = [
        bytes(32),
        bytes.fromhex("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"),
        bytes(20),
        bytes.fromhex("d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544"),
        bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"),
        bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"),
        bytes(256),
        digits(17_179_869_184),
        b"",
        digits(5000),
        b"",
        b"",
        bytes.fromhex("11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa"),
        bytes(32),
        bytes.fromhex("0000000000000042"),
    ]
    header = Header.parse(rlp.encode(fields))
    assert header.hash.hex() == "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
    assert (header.number, header.timestamp) == (0, 0)


@pytest.mark.threat(115)
@given(st.lists(st.binary(max_size=40) | st.lists(st.binary(max_size=4), max_size=3), max_size=25))
def test_later_fields_are_hashed_and_left_alone(extra):
    data = header_of(ROOT, number=5, extra=extra)
    header = Header.parse(data)
    assert header.hash == keccak(data)
    assert (header.number, header.state_root) == (5, ROOT)


@pytest.mark.threat(115)
@pytest.mark.parametrize("count", [0, 1, 14, MAX_FIELDS + 1])
def test_too_few_or_too_many_fields(count):
    fields = [*rlp.decode(PLAIN), *[b"x"] * 60][:count]
    with pytest.raises(HeaderError) as caught:
        Header.parse(rlp.encode(fields))
    assert caught.value.code == "header.fields"


@pytest.mark.threat(115)
def test_truncated_reordered_and_reencoded_headers_are_refused():
    trusted = keccak(PLAIN)
    fields = rlp.decode(PLAIN)
    refused = 0
    for length in range(len(PLAIN)):
        with pytest.raises(HeaderError):
            Header.trusted(PLAIN[:length], trusted)
        refused += 1
    for place in range(len(fields) - 1):
        swapped = [*fields[:place], fields[place + 1], fields[place], *fields[place + 2 :]]
        if swapped != fields:
            with pytest.raises(HeaderError):
                Header.trusted(rlp.encode(swapped), trusted)
            refused += 1
    number = fields[8]
    for longer in (b"\0" + number, b"\0\0" + number):
        with pytest.raises(HeaderError) as caught:
            Header.parse(rlp.encode([*fields[:8], longer, *fields[9:]]))
        assert caught.value.code == "header.rlp"
    for padded in (PLAIN + b"\0", b"\xb9" + len(PLAIN).to_bytes(2) + PLAIN):
        with pytest.raises(HeaderError):
            Header.trusted(padded, trusted)
    assert refused >= len(PLAIN) + 13


@pytest.mark.threat(115)
def test_every_changed_bit_is_seen():
    trusted = keccak(PLAIN)
    for altered in changed_bytes(PLAIN):
        with pytest.raises(HeaderError):
            Header.trusted(altered, trusted)


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        (3, b"x" * 31, "header.field"),
        (3, [], "header.field"),
        (5, b"x" * 33, "header.field"),
        (0, b"", "header.field"),
        (8, [b"\x01"], "header.rlp"),
        (8, b"\x01" * 9, "header.rlp"),
        (11, b"\0", "header.rlp"),
    ],
)
def test_fields_of_another_form(place, value, code):
    fields = rlp.decode(PLAIN)
    fields[place] = value
    with pytest.raises(HeaderError) as caught:
        Header.parse(rlp.encode(fields))
    assert caught.value.code == code
    assert caught.value.remedy


def test_long_headers_are_refused_unread():
    with pytest.raises(HeaderError) as caught:
        Header.parse(header_of(ROOT, extra=[bytes(9000)]))
    assert caught.value.code == "header.too_long"
