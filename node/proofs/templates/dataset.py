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
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from node.proofs.canonicalize.rdfc10 import MAX_NQUADS_CHARS, HashName, canonicalize
from node.proofs.quads import Quad
from node.proofs.templates.passage import HOLE, CoincidenceError, Line, Passage, Values, line

MAX_FILLED_BYTES: Final = MAX_NQUADS_CHARS // 16
"""Half a megabyte: a longer canonical form is made the general way, which counts what it may have."""

MAX_ARRANGED_BYTES: Final = 1024 * 1024
"""Lines put together beforehand, for rankings of the blank nodes that have occurred; each is as long as a canonical
form, and where values stand beside many nodes hardly one occurs again."""

_HASHES: Final = MappingProxyType({"sha256": hashlib.sha256, "sha384": hashlib.sha384})
_MARK: Final = re.compile(HOLE.format("([0-9]+)"))


class _Lines:
    """The lines of a dataset in which the names of blank nodes stand, or have holes of their own.

    Those about nodes with an identifier come first, in the order of the identifiers; then those about blank nodes.
    """

    __slots__ = ("_named", "blank")

    def __init__(self, quads: Iterable[Quad], names: Mapping[str, str]) -> None:
        about: dict[str, list[Line]] = {}
        for s, p, o, g in quads:
            rest = f"{p} {names.get(o, o)} {names.get(g, g)} .\n" if g else f"{p} {names.get(o, o)} .\n"
            about.setdefault(s, []).append(line(rest))
        self.blank = tuple([Passage(about.pop(node, ()), beginning=line(f"{name} ")) for node, name in names.items()])
        self._named = tuple(
            [(*_key(name), Passage(lines, beginning=line(f"{name} "))) for name, lines in about.items()]
        )

    def named(self, values: Values) -> list[bytes]:
        """The lines about each node with an identifier; raises CoincidenceError where two have the same."""
        subjects = {key if hole is None else b"<%b> " % values[hole]: passage for key, hole, passage in self._named}
        if len(subjects) < len(self._named):
            raise CoincidenceError
        return [subjects[key].fixed or subjects[key].text(values) for key in sorted(subjects)]


def _key(name: str) -> tuple[bytes, int | None]:
    """What lines about the node begin with, which tells their place, or the hole that its identifier stands in."""
    hole = _MARK.fullmatch(name[1:-1])
    return f"{name} ".encode(), int(hole[1]) if hole else None


class Dataset:
    """Statements with holes, and their canonical form once the holes are filled."""

    __slots__ = (
        "_alike",
        "_arranged",
        "_blanks",
        "_hash",
        "_hash_name",
        "_hashes",
        "_labels",
        "_loose",
        "_order",
        "_quads",
        "_room",
        "_size",
        "_touched",
    )

    def __init__(self, quads: Iterable[Quad], holes: int, hash_name: HashName) -> None:
        self._quads = tuple(dict.fromkeys(quads))
        self._hash_name: HashName = hash_name
        self._hash = _HASHES[hash_name]
        self._blanks = tuple(dict.fromkeys([term for quad in self._quads for term in quad if term[:1] == "_"]))
        count = len(self._blanks)
        self._labels = tuple([f"_:c14n{rank}" for rank in range(count)])
        self._order = sorted(range(count), key=str)  # c14n10 comes before c14n2
        # The names of blank nodes are holes too: what stands in them is known once the nodes are ranked.
        self._loose = _Lines(self._quads, {node: HOLE.format(holes + i) for i, node in enumerate(self._blanks)})
        self._arranged: dict[tuple[int, ...], _Lines] = {}
        self._size = sum(len(term) for quad in self._quads for term in quad)
        self._room = MAX_ARRANGED_BYTES
        first_degree = [_first_degree(blank, self._quads) for blank in self._blanks]
        self._touched = tuple([(node, text) for node, text in enumerate(first_degree) if text.fixed is None])
        self._hashes = ["" if text.fixed is None else self._hash(text.fixed).hexdigest() for text in first_degree]
        known = [hash_ for hash_ in self._hashes if hash_]
        self._alike = len(set(known)) < len(known)

    def canonical(self, values: Values) -> bytes:
        """The canonical form with these values: for each hole what is to stand in it, escaped for N-Quads."""
        if not self._alike:
            try:
                filled = self._filled(values)
            except CoincidenceError:
                pass
            else:
                if len(filled) <= MAX_FILLED_BYTES:
                    return filled
        return canonicalize(self.quads(values), hash_name=self._hash_name).data

    def quads(self, values: Values) -> list[Quad]:
        """The statements with these values."""
        texts = [value.decode() for value in values]

        def filled(term: str) -> str:
            return _MARK.sub(lambda mark: texts[int(mark[1])], term)

        return [(filled(s), p, filled(o), filled(g)) for s, p, o, g in self._quads]

    def _filled(self, values: Values) -> bytes:
        """The canonical form; raises CoincidenceError where two hashes or two statements are the same."""
        ranked = tuple(self._ranked(values))  # 3. and 4.
        lines = self._arranged.get(ranked)
        if lines is None:
            names = {self._blanks[node]: label for node, label in zip(ranked, self._labels, strict=True)}
            if self._room > 0:
                self._room -= self._size
                lines = self._arranged[ranked] = _Lines(self._quads, {n: names[n] for n in self._blanks})
            else:
                lines, values = self._loose, (*values, *[names[node].encode() for node in self._blanks])
        texts = lines.named(values)  # 7.
        for rank in self._order:
            about = lines.blank[ranked[rank]]
            texts.append(about.fixed or about.text(values))
        return b"".join(texts)

    def _ranked(self, values: Values) -> list[int]:
        """The blank nodes in the order of their hashes, each with one of its own."""
        hashes = self._hashes.copy()
        for node, text in self._touched:
            hashes[node] = self._hash(text.text(values)).hexdigest()
        if len(set(hashes)) < len(hashes):
            raise CoincidenceError
        return sorted(range(len(hashes)), key=hashes.__getitem__)


def _first_degree(node: str, quads: Iterable[Quad]) -> Passage:
    """What is hashed for a blank node.

    Spec: https://www.w3.org/TR/rdf-canon/#hash-1d-quads-algorithm
    """
    lines = []
    for quad in quads:
        if node in quad:
            s, p, o, g = [term if term[:1] != "_" else "_:a" if term == node else "_:z" for term in quad]
            lines.append(line(f"{s} {p} {o} {g} .\n" if g else f"{s} {p} {o} .\n"))
    return Passage(lines, distinct=False)
