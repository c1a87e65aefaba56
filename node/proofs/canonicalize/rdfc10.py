"""RDFC-1.0: one text for all RDF datasets that differ only in the names of their blank nodes.

Canonicalization (section 4.4.3 of the specification; its numbers recur below):

1. the state is the local variables of canonicalize;
2. map each blank node to the quads that mention it;
3. give each blank node a hash of those quads (section 4.6.3);
4. name the nodes with a hash of their own, in the order of the hashes;
5. tell the others apart by their neighbours (n_degree, section 4.8.3), hash by hash, and name them;
6. keep which name each node was given;
7. write all quads with these names and sort them.

Most credentials end after step 4, or have no blank node at all and are only sorted. Step 5 can cost factorial time:
it has a budget, and a dataset beyond it is refused.

The hashes of the specification do not say in which graph a link stands. Blank nodes that are alike but for that, being
linked to each other in several graphs of one dataset, are named in the order of the input, here as elsewhere.

Spec: https://www.w3.org/TR/rdf-canon/#canon-algo-algo
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from node.proofs.canonicalize.n_degree import Hash, NDegreeQuads, Work
from node.proofs.errors import CanonicalizationBudgetError, MalformedTermError, shown
from node.proofs.quads import Quad

type HashName = Literal["sha256", "sha384"]
type NewHash = Callable[[bytes], Hash]

MAX_QUADS: Final = 10_000
"""Statements of one document: the largest published sample has 407."""
MAX_NQUADS_CHARS: Final = 8 * 1024 * 1024
"""Characters of all statements together: 800 for each of the most there may be. A quarter of a megabyte of JSON can
repeat one long identifier in thousands of statements and become a gigabyte."""

_HASHES: Final[Mapping[HashName, NewHash]] = MappingProxyType({"sha256": hashlib.sha256, "sha384": hashlib.sha384})


@dataclass(frozen=True, slots=True)
class CanonicalDataset:
    """The canonical form, and the names that its blank nodes were given."""

    nquads: tuple[str, ...]
    """The statements in code point order, each with its newline."""
    labels: Mapping[str, str]
    """From the identifier of each blank node in the input to the canonical one, both without "_:"."""
    told_apart: bool = False
    """Whether blank nodes had to be told apart by their neighbours, in step 5."""

    @property
    def text(self) -> str:
        """The serialized canonical form."""
        return "".join(self.nquads)

    @property
    def data(self) -> bytes:
        """The serialized canonical form in UTF-8, as it is hashed."""
        return self.text.encode()


def canonicalize(
    quads: Iterable[Quad], *, hash_name: HashName = "sha256", budget: int | None = None
) -> CanonicalDataset:
    """The canonical form of the dataset; the order of the quads and their repetition do not matter.

    The budget counts blank nodes looked at in step 5; without one it is n_degree.DEFAULT_BUDGET. Raises
    CanonicalizationBudgetError for more than that, MAX_QUADS or MAX_NQUADS_CHARS.

    Spec: https://www.w3.org/TR/rdf-canon/#canon-algo-algo
    """
    # 2. The quads that mention each blank node.
    ground, mentioning, mentions = _sort_out(quads)
    if not mentioning:
        return CanonicalDataset(tuple(sorted(ground)), MappingProxyType({}))
    new_hash = _HASHES[hash_name]
    if len(mentions) == 1:  # 3. to 5. would find that it has a hash of its own
        return _named(ground, mentioning, dict.fromkeys(mentions, "_:c14n0"))
    # 3. The nodes of each first-degree hash.
    first_degree = {node: _hash_first_degree(node, its_quads, new_hash) for node, its_quads in mentions.items()}
    alike: dict[str, list[str]] = {}
    for node, its_hash in first_degree.items():
        alike.setdefault(its_hash, []).append(node)
    # 4. Canonical identifiers for the nodes with a hash of their own.
    issued: dict[str, str] = {}
    shared: list[list[str]] = []
    for its_hash in sorted(alike):
        nodes = alike[its_hash]
        if len(nodes) == 1:
            issued[nodes[0]] = f"_:c14n{len(issued)}"
        else:
            shared.append(nodes)
    # 5. Canonical identifiers for the others.
    if shared:
        _tell_apart(shared, issued, NDegreeQuads(mentions, first_degree, issued, new_hash, Work(budget)))
    return _named(ground, mentioning, issued, told_apart=bool(shared))


def _named(
    ground: set[str], mentioning: Iterable[Quad], issued: Mapping[str, str], *, told_apart: bool = False
) -> CanonicalDataset:
    """Steps 6 and 7: all lines with the names that were given to the blank nodes, in code point order."""
    ground.update(_relabelled(mentioning, issued))
    labels = {node[2:]: name[2:] for node, name in issued.items()}
    return CanonicalDataset(tuple(sorted(ground)), MappingProxyType(labels), told_apart)


def _sort_out(quads: Iterable[Quad]) -> tuple[set[str], Iterable[Quad], dict[str, list[Quad]]]:
    """The lines of quads without blank nodes; the quads with some, each once; those that mention each of these."""
    ground: list[str] = []
    mentioning: dict[Quad, None] = {}
    mentions: dict[str, list[Quad]] = {}
    room = MAX_NQUADS_CHARS
    for number, quad in enumerate(quads, 1):
        subject, predicate, object_, graph = quad
        line = f"{subject} {predicate} {object_} {graph} .\n" if graph else f"{subject} {predicate} {object_} .\n"
        room -= len(line)
        if number > MAX_QUADS or room < 0:
            raise CanonicalizationBudgetError(
                f"the document has more than {MAX_QUADS} statements, or {MAX_NQUADS_CHARS} characters of them",
                code="canonicalization.quads",
                remedy="Ask for a document that says less, or for its parts one by one.",
            )
        if predicate[0] != "<":
            raise MalformedTermError(f"the predicate {shown(predicate)} is no IRI", code="quads.predicate")
        if subject[0] != "_" and object_[0] != "_" and not (graph and graph[0] == "_"):
            ground.append(line)
        elif quad not in mentioning:
            mentioning[quad] = None
            if subject[0] == "_":
                mentions.setdefault(subject, []).append(quad)
            if object_[0] == "_" and object_ != subject:
                mentions.setdefault(object_, []).append(quad)
            if graph and graph[0] == "_" and graph not in (subject, object_):
                mentions.setdefault(graph, []).append(quad)
    return set(ground), mentioning, mentions


def _hash_first_degree(node: str, its_quads: list[Quad], new_hash: NewHash) -> str:
    """Hash First Degree Quads.

    Spec: https://www.w3.org/TR/rdf-canon/#hash-1d-quads-algorithm
    """
    # 1. to 3. Its quads, with "_:a" for the node itself and "_:z" for any other blank node.
    lines = []
    for subject, predicate, object_, graph in its_quads:
        s = subject if subject[0] != "_" else "_:a" if subject == node else "_:z"
        o = object_ if object_[0] != "_" else "_:a" if object_ == node else "_:z"
        if graph:
            g = graph if graph[0] != "_" else "_:a" if graph == node else "_:z"
            lines.append(f"{s} {predicate} {o} {g} .\n")
        else:
            lines.append(f"{s} {predicate} {o} .\n")
    # 4. and 5. In code point order, joined, hashed.
    lines.sort()
    return new_hash("".join(lines).encode()).hexdigest()


def _tell_apart(shared: list[list[str]], issued: dict[str, str], n_degree: NDegreeQuads) -> None:
    """Step 5: names the nodes that share their first-degree hash, group by group in the order of the hashes."""
    for nodes in shared:
        # 5.1 and 5.2. What the neighbours of each node look like, and in which order they were met.
        results = [n_degree.hash(node) for node in nodes if node not in issued]
        # 5.3. Name the nodes that were met on each way, in the order of the hashes.
        results.sort(key=lambda result: result[0])
        for _, met in results:
            for node in met:
                if node not in issued:
                    issued[node] = f"_:c14n{len(issued)}"


def _relabelled(quads: Iterable[Quad], issued: Mapping[str, str]) -> Iterator[str]:
    """The lines of the quads with canonical identifiers."""
    name = issued.get
    for subject, predicate, object_, graph in quads:
        if graph:
            yield f"{name(subject, subject)} {predicate} {name(object_, object_)} {name(graph, graph)} .\n"
        else:
            yield f"{name(subject, subject)} {predicate} {name(object_, object_)} .\n"
