"""Indexes are drawn, not counted up: spread evenly, never twice, and not after the last."""

import pytest

from node.status.bitstring import MIN_ENTRIES
from node.status.errors import StatusFullError
from node.status.indexes import free_index

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
