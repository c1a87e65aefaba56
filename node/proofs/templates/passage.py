"""Lines of canonical N-Quads with holes in them, in the order that they have whatever is put into the holes.

Where the fixed beginnings of two lines differ, so does their order, for all values. Lines of which one begins as the
other does up to a hole are put in order anew for each document; there are few of them.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, Self

type Piece = bytes | int
"""What a line consists of: fixed bytes, or the number of the hole that a value is put into."""
type Line = tuple[Piece, ...]
type Values = tuple[bytes, ...]
"""For each hole what is put into it."""

HOLE: Final = "urn:glejt-hole:{}:"
"""What stands in a hole while the shape of a document is worked out. No number's hole begins another's."""
_HOLE: Final = re.compile(HOLE.format("([0-9]+)").encode())


class CoincidenceError(Exception):
    """With these values two lines, or two blank nodes, are the same; nothing that was done beforehand counts then."""


def line(text: str) -> Line:
    """The pieces of a text in which holes are marked."""
    parts = _HOLE.split(text.encode())
    return tuple([int(part) if place % 2 else part for place, part in enumerate(parts) if part])


class Passage:
    """Lines with holes, in the order that they have for all values. `fixed` is the whole text, if no value is in it."""

    __slots__ = ("_form", "_loose", "_pick", "fixed", "parts")

    def __init__(self, parts: "Iterable[Piece | _Loose]") -> None:
        self.parts = tuple(parts)
        self._loose = tuple([part for part in self.parts if isinstance(part, _Loose)])
        self._form, self._pick = _form(self.parts)
        self.fixed = self._form % () if self._pick is _nothing else None

    @classmethod
    def of(cls, lines: Iterable[Line], *, beginning: Line = (), distinct: bool = True) -> Self:
        """The lines, each with the same beginning, such as their subject, in code point order.

        `distinct` says that no two may be the same, as in a canonical form.
        """
        parts: list[Piece | _Loose] = []
        for run in _runs(lines):
            whole = [(*beginning, *each) for each in run]
            if len(whole) == 1:
                parts += whole[0]
            else:
                parts.append(_Loose(tuple([_form(each) for each in whole]), distinct=distinct))
        return cls(parts)

    @classmethod
    def joined(cls, passages: Iterable[Self]) -> Self:
        """The passages, one after the other."""
        return cls([part for passage in passages for part in passage.parts])

    def text(self, values: Values) -> bytes:
        """The lines with these values; raises CoincidenceError where two are the same that must not be."""
        if self._loose:
            values = (*values, *[loose.text(values) for loose in self._loose])
        return self._form % self._pick(values)


@dataclass(frozen=True, slots=True)
class _Loose:
    """Lines that begin alike, put in order for each document."""

    forms: tuple[tuple[bytes, Callable[[Values], Values]], ...]
    distinct: bool

    def text(self, values: Values) -> bytes:
        lines = sorted([form % pick(values) for form, pick in self.forms])
        if self.distinct and len(set(lines)) < len(lines):
            raise CoincidenceError
        return b"".join(lines)


def _runs(lines: Iterable[Line]) -> list[list[Line]]:
    """The lines in order; those whose order depends on values stand in one run."""
    runs: list[list[Line]] = []
    for each in sorted(lines, key=_fixed_beginning):
        # A line that begins as another ends with it: only one with a hole can begin a run of several.
        if runs and _fixed_beginning(each).startswith(_fixed_beginning(runs[-1][0])):
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


def _fixed_beginning(each: Line) -> bytes:
    """What the line begins with, whatever the values."""
    return each[0] if isinstance(each[0], bytes) else b""


def _form(parts: "Sequence[Piece | _Loose]") -> tuple[bytes, Callable[[Values], Values]]:
    """A format for the parts, and what picks its arguments from the values, and from loose lines after them."""
    form = b"".join([part.replace(b"%", b"%%") if isinstance(part, bytes) else b"%b" for part in parts])
    loose = iter(range(-sum(isinstance(part, _Loose) for part in parts), 0))
    places = [part if isinstance(part, int) else next(loose) for part in parts if not isinstance(part, bytes)]
    if not places:
        return form, _nothing
    if len(places) == 1:
        place = places[0]
        return form, lambda values: (values[place],)
    return form, itemgetter(*places)


def _nothing(_values: Values) -> Values:
    return ()
