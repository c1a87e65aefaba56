"""Bits in a row, read as entries of one size: the leftmost bit belongs to entry 0, its highest bit first.

Spec: https://www.w3.org/TR/vc-bitstring-status-list/#bitstring-encoding
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from node.status.errors import BitstringError, OutOfRangeError

MIN_ENTRIES: Final = 131_072
"""Fewer would make a crowd too small to disappear in: 16 kB of single bits, as the specification has it."""
MAX_BYTES: Final = 1024 * 1024
"""Eight million single bits: more than any issuer puts into one list, and little enough to hold many at once."""
MAX_SIZE: Final = 8
"""Bits of one entry: the 256 messages of a list this wide are more than people tell apart."""
_ZERO: Final = b"0"
_ONE: Final = ord("1")


@dataclass(frozen=True, slots=True)
class Bitstring:
    """Immutable bits; entry i is the `size` bits from bit i * size on, as an unsigned number."""

    data: bytes
    size: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.size <= MAX_SIZE:
            raise BitstringError(
                f"an entry of {self.size} bits; 1 to {MAX_SIZE} are possible", code="status.bitstring.size"
            )

    @classmethod
    def zeros(cls, entries: int = MIN_ENTRIES, size: int = 1) -> Self:
        """So many entries, all 0; raises BitstringError for fewer than MIN_ENTRIES, or more than MAX_BYTES hold."""
        length = (entries * size + 7) // 8
        if entries < MIN_ENTRIES or length > MAX_BYTES:
            raise BitstringError(
                f"{entries} entries of {size} bits; a list has at least {MIN_ENTRIES}, in at most {MAX_BYTES} bytes",
                code="status.bitstring.entries",
                remedy=f"Make lists of {MIN_ENTRIES} entries, and a new one when the last is full.",
            )
        return cls(bytes(length), size)

    @classmethod
    def holding(cls, places: Mapping[int, Sequence[int]], entries: int = MIN_ENTRIES, size: int = 1) -> Self:
        """So many entries, those at these places by the values that they have; raises as `zeros` and `changed` do.

        Each bit is written as a digit first, and all digits are read as one number: a list of which everything is set
        takes a tenth of the time that setting one after the other takes.
        """
        empty = cls.zeros(entries, size)
        digits = bytearray(_ZERO) * (len(empty.data) * 8)
        for value, indexes in places.items():
            if not indexes:
                continue
            for index in (min(indexes), max(indexes)):
                if not 0 <= index < entries:
                    empty._bounds(index)  # noqa: SLF001 -- its own kind
                    raise OutOfRangeError(f"the index {index} is beyond the list, which has {entries} entries")
            if not 0 <= value < 1 << size:
                raise BitstringError(f"{value} does not fit into {size} bits", code="status.bitstring.value")
            for bit in [bit for bit in range(size) if value >> (size - 1 - bit) & 1]:
                for place in indexes if size == 1 else [index * size + bit for index in indexes]:
                    digits[place] = _ONE
        return cls(int(digits, 2).to_bytes(len(empty.data)), size)

    @property
    def entries(self) -> int:
        """How many whole entries there are."""
        return len(self.data) * 8 // self.size

    def __getitem__(self, index: int) -> int:
        first, last = self._bounds(index)
        chunk = int.from_bytes(self.data[first // 8 : (last + 7) // 8])
        return chunk >> -last % 8 & self._mask

    def changed(self, values: Mapping[int, int]) -> Self:
        """The same bits with these entries set to these values."""
        data = bytearray(self.data)
        if self.size == 1 and all(value == 1 for value in values.values()):
            return self._with(data, values)
        for index, value in values.items():
            first, last = self._bounds(index)
            if not 0 <= value <= self._mask:
                raise BitstringError(f"{value} does not fit into {self.size} bits", code="status.bitstring.value")
            touched = slice(first // 8, (last + 7) // 8)
            shift = -last % 8
            kept = int.from_bytes(data[touched]) & ~(self._mask << shift)
            data[touched] = (kept | value << shift).to_bytes(touched.stop - touched.start)
        return type(self)(bytes(data), self.size)

    def nonzero(self) -> Iterator[tuple[int, int]]:
        """Each entry that is not 0, with its value, in order."""
        passed = -1
        for place, byte in enumerate(self.data):
            if byte:
                for index in range(max(8 * place // self.size, passed + 1), (8 * place + 7) // self.size + 1):
                    passed = index
                    if index < self.entries and (value := self[index]):
                        yield index, value

    def _with(self, data: bytearray, indexes: Iterable[int]) -> Self:
        """Single bits set, which takes a tenth of the time: lists are mostly rendered anew from all that is set."""
        entries = self.entries
        for index in indexes:
            if not 0 <= index < entries:
                self._bounds(index)
            data[index >> 3] |= 0x80 >> (index & 7)
        return type(self)(bytes(data))

    @property
    def _mask(self) -> int:
        return (1 << self.size) - 1

    def _bounds(self, index: int) -> tuple[int, int]:
        """The first bit of an entry, and the one behind its last."""
        if not 0 <= index < self.entries:
            raise OutOfRangeError(f"the index {index} is beyond the list, which has {self.entries} entries")
        return index * self.size, (index + 1) * self.size
