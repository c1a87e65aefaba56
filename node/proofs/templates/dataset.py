"""The canonical form of a dataset with holes: RDFC-1.0 with everything done beforehand that no value changes.

What is left for each document (the numbers are those of rdfc10):

3. the hash of each blank node that a value stands beside; those of the others are known;
4. the names of all blank nodes, in the order of the hashes;
7. the lines that a value or a name stands in, each in its place among the others.

A document in which two blank nodes share a hash, or two statements are the same, needs more than that. It is filled
into the statements, and canonicalized like any other.

Spec: https://www.w3.org/TR/rdf-canon/#canon-algo-algo
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from node.proofs.canonicalize.rdfc10 import MAX_NQUADS_CHARS, HashName, canonicalize
from node.proofs.quads import Quad
from node.proofs.templates.passage import HOLE, CoincidenceError, Line, Passage, Values, line

type Order = tuple[int, ...]
"""Nodes by their numbers."""

MAX_FILLED_BYTES: Final = MAX_NQUADS_CHARS // 16
"""Half a megabyte: a longer canonical form is made the general way, which counts what it may have."""

MAX_ARRANGED_BYTES: Final = 1024 * 1024
"""Canonical forms put together beforehand, for the orders of nodes that have occurred. Where values stand beside many
nodes, hardly an order occurs again."""

_HASHES: Final = MappingProxyType({"sha256": hashlib.sha256, "sha384": hashlib.sha384})
_MARK: Final = re.compile(HOLE.format("([0-9]+)"))


class Dataset:
    """Statements with holes, and their canonical form once the holes are filled."""

    __slots__ = (
        "_arranged",
        "_blanks",
        "_by_name",
        "_hash",
        "_hash_name",
        "_hashes",
        "_keys",
        "_labels",
        "_loose",
        "_most_bytes",
        "_quads",
        "_room",
        "_size",
        "_stated",
        "_touched",
        "_varying",
    )

    def __init__(self, quads: Iterable[Quad], holes: int, hash_name: HashName, room: int | None = None) -> None:
        self._stated = tuple(quads)
        times = Counter(self._stated)
        self._quads = tuple(times)
        # A statement that is there several times counts as often in the general way, and is written once.
        self._most_bytes = MAX_FILLED_BYTES // max(times.values(), default=1)
        self._hash_name: HashName = hash_name
        self._hash = _HASHES[hash_name]
        subjects = dict.fromkeys([subject for subject, _, _, _ in self._quads if subject[0] == "<"])
        self._keys = [f"{subject} ".encode() for subject in subjects]
        self._varying = tuple(
            [(index, int(mark[1])) for index, name in enumerate(subjects) if (mark := _MARK.fullmatch(name[1:-1]))]
        )
        self._blanks = tuple(dict.fromkeys([term for quad in self._quads for term in quad if term[:1] == "_"]))
        count = len(self._blanks)
        self._labels = tuple([f"_:c14n{rank}" for rank in range(count)])
        self._by_name = sorted(range(count), key=str)  # c14n10 comes before c14n2
        # The names of blank nodes are holes too: what stands in them is known once the nodes are ranked.
        self._loose = self._about({node: HOLE.format(holes + number) for number, node in enumerate(self._blanks)})
        self._arranged: dict[tuple[Order, Order], Passage] = {}
        self._size = sum(len(term) for quad in self._quads for term in quad)
        self._room = MAX_ARRANGED_BYTES if room is None else room
        mentions = _mentions(self._quads)
        first_degree = [_first_degree(blank, mentions[blank]) for blank in self._blanks]
        self._touched = tuple([(node, text) for node, text in enumerate(first_degree) if text.fixed is None])
        self._hashes = ["" if text.fixed is None else self._hash(text.fixed).hexdigest() for text in first_degree]

    def canonical(self, values: Values) -> bytes:
        """The canonical form with these values: for each hole what is to stand in it, escaped for N-Quads."""
        try:
            filled = self._filled(values)
        except CoincidenceError:
            filled = None
        if filled is None or len(filled) > self._most_bytes:
            return canonicalize(self.quads(values), hash_name=self._hash_name).data
        return filled

    def quads(self, values: Values) -> list[Quad]:
        """The statements with these values, each as often as the document states it."""
        texts = [value.decode() for value in values]

        def filled(term: str) -> str:
            return _MARK.sub(lambda mark: texts[int(mark[1])], term)

        return [(filled(s), p, filled(o), filled(g)) for s, p, o, g in self._stated]

    def _filled(self, values: Values) -> bytes:
        """The canonical form; raises CoincidenceError where two hashes or two statements are the same."""
        ranked = self._ranked(values)  # 3. and 4.
        order = self._ordered(values)
        whole = self._arranged.get((order, ranked))  # 7.
        if whole is None and self._room > 0:
            self._room -= self._size
            whole = self._arranged[order, ranked] = self._arrange(order, ranked)
        if whole is not None:
            return whole.text(values)
        names = self._names(ranked)
        values = (*values, *[names[node].encode() for node in self._blanks])
        return b"".join([each.text(values) for each in self._in_order(self._loose, order, ranked)])

    def _arrange(self, order: Order, ranked: Order) -> Passage:
        """All lines for one order of the named nodes and one ranking of the others."""
        return Passage.joined(self._in_order(self._about(self._names(ranked)), order, ranked))

    def _in_order(self, about: tuple[list[Passage], list[Passage]], order: Order, ranked: Order) -> list[Passage]:
        named, blank = about
        return [*[named[node] for node in order], *[blank[ranked[rank]] for rank in self._by_name]]

    def _names(self, ranked: Order) -> Mapping[str, str]:
        return {self._blanks[node]: label for node, label in zip(ranked, self._labels, strict=True)}

    def _about(self, names: Mapping[str, str]) -> tuple[list[Passage], list[Passage]]:
        """The lines about each named node, and about each blank node, these having the names."""
        about: dict[str, list[Line]] = {}
        for s, p, o, g in self._quads:
            rest = f"{p} {names.get(o, o)} {names.get(g, g)} .\n" if g else f"{p} {names.get(o, o)} .\n"
            about.setdefault(s, []).append(line(rest))
        blank = [Passage.of(about.pop(node, ()), beginning=line(f"{names[node]} ")) for node in self._blanks]
        return [Passage.of(lines, beginning=line(f"{name} ")) for name, lines in about.items()], blank

    def _ranked(self, values: Values) -> Order:
        """The blank nodes in the order of their hashes, each with one of its own."""
        hashes = self._hashes.copy()
        for node, text in self._touched:
            hashes[node] = self._hash(text.text(values)).hexdigest()
        if len(set(hashes)) < len(hashes):
            raise CoincidenceError
        return tuple(sorted(range(len(hashes)), key=hashes.__getitem__))

    def _ordered(self, values: Values) -> Order:
        """The named nodes in the order of their lines, each with an identifier of its own."""
        keys = self._keys.copy()
        for node, hole in self._varying:
            keys[node] = b"<%b> " % values[hole]
        if len(set(keys)) < len(keys):
            raise CoincidenceError
        return tuple(sorted(range(len(keys)), key=keys.__getitem__))


def _mentions(quads: Iterable[Quad]) -> dict[str, list[Quad]]:
    """The statements in which each blank node is."""
    found: dict[str, list[Quad]] = {}
    for quad in quads:
        for node in {term for term in quad if term[:1] == "_"}:
            found.setdefault(node, []).append(quad)
    return found


def _first_degree(node: str, its_quads: Iterable[Quad]) -> Passage:
    """What is hashed for a blank node.

    Spec: https://www.w3.org/TR/rdf-canon/#hash-1d-quads-algorithm
    """
    lines = []
    for quad in its_quads:
        s, p, o, g = [term if term[:1] != "_" else "_:a" if term == node else "_:z" for term in quad]
        lines.append(line(f"{s} {p} {o} {g} .\n" if g else f"{s} {p} {o} .\n"))
    return Passage.of(lines, distinct=False)
