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
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

from node.proofs.canonicalize.rdfc10 import MAX_NQUADS_CHARS, HashName, canonicalize
from node.proofs.quads import Quad
from node.proofs.templates.passage import HOLE, CoincidenceError, Line, Passage, Values, line

MAX_FILLED_BYTES: Final = MAX_NQUADS_CHARS // 16
"""Half a megabyte: a longer canonical form is made the general way, which counts what it may have."""

_HASHES: Final = MappingProxyType({"sha256": hashlib.sha256, "sha384": hashlib.sha384})
_MARK: Final = re.compile(HOLE.format("([0-9]+)"))


@dataclass(frozen=True, slots=True)
class _Subject:
    """The lines about one subject. `key` is what tells where they stand, if that is the same for all values."""

    name: Line
    key: bytes | None
    lines: Passage

    @classmethod
    def of(cls, name: str, rests: Iterable[str]) -> Self:
        beginning = line(f"{name} ")
        key = beginning[0] if len(beginning) == 1 and isinstance(beginning[0], bytes) else None
        return cls(beginning, key, Passage([line(rest) for rest in rests], beginning=beginning))

    def key_with(self, values: Values) -> bytes:
        """What tells where the lines stand among those about other subjects."""
        if self.key is not None:
            return self.key
        return b"".join([piece if isinstance(piece, bytes) else values[piece] for piece in self.name])


class Dataset:
    """Statements with holes, and their canonical form once the holes are filled."""

    __slots__ = (
        "_alike",
        "_blank",
        "_by_name",
        "_hash",
        "_hash_name",
        "_hashes",
        "_labels",
        "_named",
        "_quads",
        "_touched",
    )

    def __init__(self, quads: Iterable[Quad], holes: int, hash_name: HashName) -> None:
        self._quads = tuple(dict.fromkeys(quads))
        self._hash_name: HashName = hash_name
        self._hash = _HASHES[hash_name]
        # The names of blank nodes are holes too: what stands in them is known once the nodes are ranked.
        blanks = tuple(dict.fromkeys([term for quad in self._quads for term in quad if term[:1] == "_"]))
        names = {blank: f"_:{HOLE.format(holes + number)}" for number, blank in enumerate(blanks)}
        about: dict[str, list[str]] = {}
        for s, p, o, g in self._quads:
            rest = f"{p} {names.get(o, o)} {names.get(g, g)} .\n" if g else f"{p} {names.get(o, o)} .\n"
            about.setdefault(s, []).append(rest)
        self._named = tuple([_Subject.of(name, rests) for name, rests in about.items() if name not in names])
        self._blank = tuple([_Subject.of(names[blank], about.get(blank, ())).lines for blank in blanks])
        self._labels = tuple([b"c14n%d" % rank for rank in range(len(blanks))])
        self._by_name = tuple(sorted(range(len(blanks)), key=str))  # c14n10 comes before c14n2
        first_degree = [_first_degree(blank, self._quads) for blank in blanks]
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
        ranked: list[int] = []
        if self._blank:
            ranked = self._ranked(values)  # 3. and 4.
            names = list(self._labels)
            for label, node in zip(self._labels, ranked, strict=True):
                names[node] = label
            values = (*values, *names)
        texts = self._named_texts(values)  # 7.
        for rank in self._by_name:
            lines = self._blank[ranked[rank]]
            texts.append(lines.fixed or lines.text(values))
        return b"".join(texts)

    def _ranked(self, values: Values) -> list[int]:
        """The blank nodes in the order of their hashes, each with one of its own."""
        hashes = self._hashes.copy()
        for node, text in self._touched:
            hashes[node] = self._hash(text.text(values)).hexdigest()
        if len(set(hashes)) < len(hashes):
            raise CoincidenceError
        return sorted(range(len(hashes)), key=hashes.__getitem__)

    def _named_texts(self, values: Values) -> list[bytes]:
        """The lines about what has an identifier."""
        subjects = {subject.key or subject.key_with(values): subject.lines for subject in self._named}
        if len(subjects) < len(self._named):
            raise CoincidenceError
        return [lines.fixed or lines.text(values) for _, lines in sorted(subjects.items())]


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
