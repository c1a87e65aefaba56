"""Bit order and range, for every place of a list; entries of every size against a model."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.status.bitstring import MAX_BYTES, MAX_SIZE, MIN_ENTRIES, Bitstring
from node.status.errors import BitstringError, OutOfRangeError

BYTES = MIN_ENTRIES // 8


@pytest.mark.threat(51)
def test_setting_one_sets_that_one_and_no_other():
    """All 131,072: the bits as one number are a power of two, and the leftmost of them is entry 0."""
    empty = Bitstring.zeros()
    for index in range(MIN_ENTRIES):
        bits = empty.changed({index: 1})
        assert int.from_bytes(bits.data) == 1 << (MIN_ENTRIES - 1 - index)
        assert bits[index] == 1
    assert empty == Bitstring(bytes(BYTES))


@pytest.mark.threat(51)
def test_reading_one_reads_that_one_and_no_other():
    """In the k-th pattern each place holds bit k of its own number, so 17 readings name the place that was read."""
    width = (MIN_ENTRIES - 1).bit_length()
    found = [0] * MIN_ENTRIES
    for k in range(width):
        pattern = Bitstring(bytes(sum((8 * at + bit >> k & 1) << 7 - bit for bit in range(8)) for at in range(BYTES)))
        for index in range(MIN_ENTRIES):
            found[index] |= pattern[index] << k
    assert found == list(range(MIN_ENTRIES))
    ones = Bitstring(b"\xff" * BYTES)
    assert all(ones[index] == 1 for index in range(MIN_ENTRIES))


@pytest.mark.threat(51)
def test_the_order_is_that_of_the_specification():
    """Recommendation, section 7.1: the first bit is the leftmost; a DCC list with 2, 6 and 8 set begins 22 80."""
    assert Bitstring(b"\x22\x80" + bytes(BYTES)).changed({}).data[:2] == b"\x22\x80"
    assert [index for index, _ in Bitstring(b"\x22\x80").nonzero()] == [2, 6, 8]
    assert Bitstring.zeros().changed({2: 1, 6: 1, 8: 1}).data[:3] == b"\x22\x80\x00"


@pytest.mark.threat(51)
@pytest.mark.parametrize("size", range(2, MAX_SIZE + 1))
def test_an_entry_of_any_size_begins_at_index_times_size(size):
    highest = (1 << size) - 1
    empty = Bitstring.zeros(MIN_ENTRIES, size)
    total = len(empty.data) * 8
    for index in range(0, MIN_ENTRIES, 61):  # an odd step meets every alignment to bytes
        bits = empty.changed({index: highest})
        assert int.from_bytes(bits.data) == highest << (total - size * (index + 1))
        assert bits[index] == highest


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_entries_keep_their_values_at_every_size(data):
    """Against a text of noughts and ones."""
    size = data.draw(st.integers(1, MAX_SIZE))
    raw = data.draw(st.binary(min_size=1, max_size=40))
    text = f"{int.from_bytes(raw):0{8 * len(raw)}b}"
    bits = Bitstring(raw, size)
    model = [int(text[at : at + size], 2) for at in range(0, len(text) - size + 1, size)]
    assert [bits[index] for index in range(bits.entries)] == model
    assert list(bits.nonzero()) == [(index, value) for index, value in enumerate(model) if value]
    changes = data.draw(st.dictionaries(st.integers(0, bits.entries - 1), st.integers(0, (1 << size) - 1)))
    for index, value in changes.items():
        model[index] = value
    changed = bits.changed(changes)
    assert [changed[index] for index in range(changed.entries)] == model
    left_over = f"{int.from_bytes(changed.data):0{8 * len(raw)}b}"[bits.entries * size :]
    assert left_over == text[bits.entries * size :]
    assert bits.data == raw


@pytest.mark.threat(51)
@pytest.mark.parametrize("size", range(1, MAX_SIZE + 1))
def test_an_index_beyond_the_list_is_refused(size):
    bits = Bitstring.zeros(MIN_ENTRIES, size)
    assert bits.entries == MIN_ENTRIES
    for index in (-1, bits.entries, bits.entries + 7, 2**53):
        with pytest.raises(OutOfRangeError) as refused:
            bits[index]
        assert refused.value.code == "status.list.index"
        with pytest.raises(OutOfRangeError):
            bits.changed({index: 0})


def test_bits_that_make_no_whole_entry_are_none():
    assert Bitstring(bytes(16_384), 3).entries == 43_690
    with pytest.raises(OutOfRangeError):
        Bitstring(bytes(16_384), 3)[43_690]


@pytest.mark.parametrize("size", [-1, 0, 9, 64])
def test_a_size_that_is_not_possible(size):
    with pytest.raises(BitstringError) as refused:
        Bitstring(bytes(8), size)
    assert refused.value.code == "status.bitstring.size"


@pytest.mark.parametrize("value", [-1, 4, 256])
def test_a_value_that_does_not_fit(value):
    with pytest.raises(BitstringError) as refused:
        Bitstring.zeros(MIN_ENTRIES, 2).changed({0: value})
    assert refused.value.code == "status.bitstring.value"


@pytest.mark.threat(53)
@pytest.mark.parametrize(("entries", "size"), [(0, 1), (MIN_ENTRIES - 1, 1), (MAX_BYTES * 8 + 1, 1), (MIN_ENTRIES, 65)])
def test_a_list_that_is_too_short_or_too_long_is_not_made(entries, size):
    with pytest.raises(BitstringError):
        Bitstring.zeros(entries, size)
    assert len(Bitstring.zeros(MAX_BYTES * 8).data) == MAX_BYTES


@given(
    st.integers(1, MAX_SIZE).flatmap(
        lambda size: st.tuples(
            st.just(size),
            st.dictionaries(st.integers(0, MIN_ENTRIES - 1), st.integers(1, (1 << size) - 1), max_size=50),
        )
    )
)
@settings(max_examples=50, deadline=None)
def test_what_holds_these_values_is_what_they_were_set_in(given_values):
    size, values = given_values
    places = {value: [place for place, other in values.items() if other == value] for value in values.values()}
    assert Bitstring.holding(places, MIN_ENTRIES, size) == Bitstring.zeros(MIN_ENTRIES, size).changed(values)


@pytest.mark.threat(51)
@pytest.mark.parametrize("index", [-1, MIN_ENTRIES, MIN_ENTRIES + 7])
def test_nothing_beyond_the_list_is_held(index):
    with pytest.raises(OutOfRangeError):
        Bitstring.holding({1: [0, index]})
    with pytest.raises(BitstringError):
        Bitstring.holding({2: [0]})
    assert Bitstring.holding({1: list(range(MIN_ENTRIES))}).data == b"\xff" * BYTES
    assert Bitstring.holding({1: []}) == Bitstring.zeros()
