"""Which index the next credential gets: any of the free ones, each as likely as the other.

An index that follows from when, or to whom, a credential was issued would tell that to everybody who sees it.
"""

import secrets
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from node.status.errors import StatusFullError

GUESSES_BEFORE_COUNTING: Final = 32
"""While at most half are taken, so many wrong guesses in a row happen once in four billion draws."""


class TakenIndexes(AbstractSet[int]):
    """Indexes below `entries`, a bit for each: a list may have eight million."""

    __slots__ = ("_bits", "_count", "entries")

    def __init__(self, entries: int, bits: bytes = b"") -> None:
        self.entries = entries
        self._bits = bytearray(bits.ljust((entries + 7) // 8, b"\0"))
        self._count = int.from_bytes(self._bits).bit_count()

    def __contains__(self, index: object) -> bool:
        return isinstance(index, int) and bool(self._bits[index >> 3] & (0x80 >> (index & 7)))

    def __iter__(self) -> Iterator[int]:
        return (index for index in range(self.entries) if index in self)

    def __len__(self) -> int:
        return self._count

    def take(self, indexes: Iterable[int]) -> None:
        """Add these."""
        for index in indexes:
            self._count += index not in self
            self._bits[index >> 3] |= 0x80 >> (index & 7)

    def give_back(self, indexes: Iterable[int]) -> None:
        """Remove these, which no credential has got."""
        for index in indexes:
            self._count -= index in self
            self._bits[index >> 3] &= ~(0x80 >> (index & 7))

    @property
    def bits(self) -> bytes:
        """A bit for each index, that of the first one leftmost."""
        return bytes(self._bits)


def free_indexes(entries: int, used: AbstractSet[int], count: int) -> list[int]:
    """So many free indexes below `entries`, all different; raises StatusFullError when there are not as many."""
    if 2 * (len(used) + count) <= entries:
        drawn: set[int] = set()
        while len(drawn) < count:
            drawn.add(free_index(entries, used))
        return secrets.SystemRandom().sample(list(drawn), count)  # a set would tell smaller from larger ones
    free = [index for index in range(entries) if index not in used]
    if len(free) < count:
        raise StatusFullError(f"of {entries} indexes {len(free)} are free, and {count} are needed")
    return secrets.SystemRandom().sample(free, count)


def free_index(entries: int, used: AbstractSet[int]) -> int:
    """A free index below `entries`, drawn by the system's randomness; raises StatusFullError when there is none.

    Whoever issues keeps `used`, and keeps it so that no two draws are made from the same one.
    """
    for _ in range(GUESSES_BEFORE_COUNTING):
        index = secrets.randbelow(entries)
        if index not in used:
            return index
    free = [index for index in range(entries) if index not in used]
    if not free:
        raise StatusFullError(f"all {entries} indexes are taken")
    return secrets.choice(free)
