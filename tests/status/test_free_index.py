"""Indexes are drawn, not counted up: spread evenly, never twice, and not after the last."""

import pytest

from node.status.bitstring import MIN_ENTRIES
from node.status.errors import StatusFullError
from node.status.indexes import TakenIndexes, free_index, free_indexes

DRAWS, BUCKETS = 10_000, 64
BEYOND_CHANCE = 156  # of 63 degrees of freedom: one honest run in a thousand million has more (Wilson-Hilferty, z = 6)


def _chi_square(indexes, places):
    """How far the counts are from even; `places` are the possible ones, in order."""
    rank = {place: number * BUCKETS // len(places) for number, place in enumerate(places)}
    counts = [0] * BUCKETS
    for index in indexes:
        counts[rank[index]] += 1
    expected = len(indexes) / BUCKETS
    return sum((count - expected) ** 2 / expected for count in counts)


@pytest.mark.threat(53)
def test_ten_thousand_draws_are_spread_evenly_and_differ():
    used = set()
    for _ in range(DRAWS):
        index = free_index(MIN_ENTRIES, used)
        assert index not in used
        used.add(index)
    assert 0 <= min(used) <= max(used) < MIN_ENTRIES
    assert _chi_square(list(used), range(MIN_ENTRIES)) < BEYOND_CHANCE
    assert _chi_square(range(DRAWS), range(MIN_ENTRIES)) > BEYOND_CHANCE, "counting up must not pass this test"


@pytest.mark.threat(53)
def test_what_is_left_of_a_nearly_full_list_is_spread_evenly():
    free = range(0, 4096, 64)
    used = set(range(4096)) - set(free)
    drawn = [free_index(4096, used) for _ in range(2_000)]
    assert set(drawn) <= set(free)
    assert _chi_square(drawn, free) < BEYOND_CHANCE


@pytest.mark.threat(53)
def test_every_index_is_given_once_and_then_none():
    used = set()
    for _ in range(300):
        used.add(free_index(300, used))
    assert used == set(range(300))
    with pytest.raises(StatusFullError) as refused:
        free_index(300, used)
    assert refused.value.code == "status.full"
    assert refused.value.remedy


@pytest.mark.threat(53)
@pytest.mark.parametrize("taken", [0, 100_000])
def test_many_indexes_at_once_are_spread_evenly_and_differ(taken):
    used = TakenIndexes(MIN_ENTRIES)
    used.take(range(taken))
    drawn = free_indexes(MIN_ENTRIES, used, DRAWS)
    assert len(set(drawn)) == DRAWS
    assert not any(index in used for index in drawn)
    assert _chi_square(drawn, range(taken, MIN_ENTRIES)) < BEYOND_CHANCE
    assert _chi_square(drawn[: DRAWS // 2], range(taken, MIN_ENTRIES)) < BEYOND_CHANCE, "nor in order"


def test_no_more_indexes_are_drawn_than_there_are():
    used = TakenIndexes(1000)
    used.take(range(990))
    assert sorted(free_indexes(1000, used, 10)) == list(range(990, 1000))
    with pytest.raises(StatusFullError):
        free_indexes(1000, used, 11)


def test_indexes_that_are_taken_can_be_kept_as_bits_and_given_back():
    used = TakenIndexes(20)
    used.take([0, 7, 8, 19, 8])
    assert (list(used), len(used), used.bits) == ([0, 7, 8, 19], 4, b"\x81\x80\x10")
    again = TakenIndexes(20, used.bits)
    again.give_back([8, 9])
    assert (list(again), len(again)) == ([0, 7, 19], 3)
