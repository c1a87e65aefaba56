"""Hash N-Degree Quads: tells blank nodes apart by the blank nodes around them.

The procedure (section 4.8.3 of the specification; its numbers recur below) walks every way through the neighbours
that look alike and keeps the one whose description comes first in code point order. k neighbours alike make k! ways,
so each blank node looked at is paid from a budget.

Three things differ from the letter and not in the result. The temporary issuer is not copied for each way (5.4.1,
5.4.5.4, 5.6): what a way added is taken back, and what the chosen way added is put again. A neighbour that is
mentioned several times alike stands several times in the list to permute (3.1.2); permutations that are equal as
sequences describe the same way and are walked once. And the recursion (5.4.5.1) has its own stack, as a chain of a
thousand nodes is no reason to refuse a document.

Spec: https://www.w3.org/TR/rdf-canon/#hash-nd-quads-algorithm
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Final, Protocol, Self

from node.proofs.errors import CanonicalizationBudgetError
from node.proofs.quads import Quad

DEFAULT_BUDGET: Final = 200_000
"""Blank nodes looked at, each about a microsecond: a quarter of a second at the very most. The worst test of the W3C
that has an answer needs 7,188; a pass over as many statements as a document may have needs at most 150,000; a list of
200 equal members 196,000; 6 nodes that are all linked to each other 86,466, and 7 of them ten times that."""


class Hash(Protocol):
    """A running hash of hashlib."""

    def update(self, data: bytes, /) -> None:
        """Hashes more."""

    def hexdigest(self) -> str:
        """The hash so far."""
        ...

    def copy(self) -> Self:
        """Another running hash that has seen the same."""
        ...


class Work:
    """What may still be spent on one dataset."""

    __slots__ = ("budget", "left")

    def __init__(self, budget: int | None) -> None:
        self.budget = self.left = DEFAULT_BUDGET if budget is None else budget

    def spend(self, nodes: int) -> None:
        """Pays for looking at so many blank nodes; raises CanonicalizationBudgetError when that is too much."""
        self.left -= nodes
        if self.left < 0:
            raise CanonicalizationBudgetError(
                f"the blank nodes of the document are too interlinked: {self.budget} looks were not enough",
                remedy='Ask the issuer to give the nested objects an "id": documents like this one stall verifiers.',
            )


class NDegreeQuads:
    """The state of the canonicalization, as far as Hash N-Degree Quads reads it."""

    __slots__ = ("_first_degree", "_issued", "_mentions", "_new_hash", "_related", "_work")

    def __init__(
        self,
        mentions: Mapping[str, Sequence[Quad]],
        first_degree: Mapping[str, str],
        issued: Mapping[str, str],
        new_hash: Callable[[bytes], Hash],
        work: Work,
    ) -> None:
        self._mentions = mentions
        self._first_degree = first_degree
        self._issued = issued
        self._new_hash = new_hash
        self._work = work
        self._related: dict[str, list[tuple[Hash, str]]] = {}

    def hash(self, node: str) -> tuple[str, list[str]]:
        """The N-degree hash of the node, and the nodes that got a temporary identifier, in that order.

        Steps 5.2.2 to 5.2.4 of https://www.w3.org/TR/rdf-canon/#canon-algo-algo
        """
        temporary = {node: "_:b0"}
        calls = [self._walk(node, temporary)]
        value: str | None = None
        while True:
            try:
                related = calls[-1].send(value)  # type: ignore[arg-type]  # None starts a generator
            except StopIteration as end:
                calls.pop()
                value = end.value
                if not calls:
                    return end.value, list(temporary)
            else:
                calls.append(self._walk(related, temporary))
                value = None

    def _walk(self, node: str, temporary: dict[str, str]) -> Generator[str, str, str]:
        """The hash for the node. Yields each node to recurse into, and is sent the hash of that one."""
        # 1. to 3. The neighbours by the hash of their relation to the node.
        groups = self._neighbours(node, temporary)
        # 4. and 5. For each such hash, in code point order, the first way through the neighbours that have it.
        data_to_hash: list[str] = []
        for related_hash in sorted(groups):
            neighbours = groups[related_hash]
            if len(neighbours) == 1:
                self._work.spend(1)
                path = yield from self._path(neighbours, temporary, "")
            else:
                path = yield from self._chosen_path(neighbours, temporary)
            # 5.1 and 5.5
            data_to_hash += related_hash, path
        # 6.
        return self._new_hash("".join(data_to_hash).encode()).hexdigest()

    def _chosen_path(self, neighbours: list[str], temporary: dict[str, str]) -> Generator[str, str, str]:
        """Steps 5.2 to 5.4 and 5.6: the first of the descriptions of all ways, in code point order."""
        chosen_path, chosen = "", []
        mark = len(temporary)
        for permutation in _permutations(neighbours):
            path = yield from self._path(permutation, temporary, chosen_path)
            added = [temporary.popitem() for _ in range(len(temporary) - mark)]
            self._work.spend(len(permutation) + len(added))
            # 5.4.6
            if path and (not chosen_path or path < chosen_path):
                chosen_path, chosen = path, added
        temporary.update(reversed(chosen))
        return chosen_path

    def _path(
        self, permutation: Sequence[str], temporary: dict[str, str], chosen_path: str
    ) -> Generator[str, str, str]:
        """Steps 5.4.1 to 5.4.5: what is met on this way; empty when it comes after the chosen one anyway."""
        path = ""
        recursion_list = []
        # 5.4.4
        for related in permutation:
            name = self._issued.get(related) or temporary.get(related)
            if name is None:
                recursion_list.append(related)
                name = temporary[related] = f"_:b{len(temporary)}"
            path += name
            if chosen_path and len(path) >= len(chosen_path) and path > chosen_path:
                return ""
        # 5.4.5
        for related in recursion_list:
            result = yield related
            path += f"{temporary[related]}<{result}>"
            if chosen_path and len(path) >= len(chosen_path) and path > chosen_path:
                return ""
        return path

    def _neighbours(self, node: str, temporary: Mapping[str, str]) -> dict[str, list[str]]:
        """Steps 1 to 3, with Hash Related Blank Node.

        Spec: https://www.w3.org/TR/rdf-canon/#hash-related-algorithm
        """
        related = self._related.get(node)
        if related is None:
            # The part of the hash that stays the same is computed once, however long the predicate is.
            related = self._related[node] = [
                (self._new_hash(relation.encode()), other) for relation, other in _related(node, self._mentions[node])
            ]
        self._work.spend(len(related) + 1)
        groups: dict[str, list[str]] = {}
        for relation, other in related:
            running = relation.copy()
            name = self._issued.get(other) or temporary.get(other) or self._first_degree[other]
            running.update(name.encode())
            groups.setdefault(running.hexdigest(), []).append(other)
        return groups


def _related(node: str, its_quads: Sequence[Quad]) -> Iterator[tuple[str, str]]:
    """Each mention of another blank node: position and predicate as they are hashed, and the other node."""
    for subject, predicate, object_, graph in its_quads:
        if subject[0] == "_" and subject != node:
            yield "s" + predicate, subject
        if object_[0] == "_" and object_ != node:
            yield "o" + predicate, object_
        if graph[:1] == "_" and graph != node:
            yield "g", graph


def _permutations(nodes: list[str]) -> Iterator[list[str]]:
    """The different orders of the nodes, some of which may be there several times."""
    order = sorted(nodes)
    while True:
        yield order
        # The next one in lexicographic order: raise the last place that can be raised by as little as possible.
        place = len(order) - 2
        while place >= 0 and order[place] >= order[place + 1]:
            place -= 1
        if place < 0:
            return
        other = len(order) - 1
        while order[other] <= order[place]:
            other -= 1
        order[place], order[other] = order[other], order[place]
        order[place + 1 :] = reversed(order[place + 1 :])
