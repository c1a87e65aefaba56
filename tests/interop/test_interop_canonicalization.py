"""Random datasets of interlinked blank nodes: the same canonical form as rdf-canonize, with either hash."""

import random

import pytest
from peers.client import Peer

from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.quads import Quad, iri_term, literal_term, to_nquad

pytestmark = [pytest.mark.peer, pytest.mark.threat(13)]

DATASETS = 1000
MAX_NODES = 7


def dataset(seed: int) -> list[Quad]:
    """Few nodes and fewer predicates, so that many look alike at first; rings, stars, twins and loops among them."""
    r = random.Random(seed)  # noqa: S311 - reproducible samples, no secret
    nodes = [f"_:n{number}" for number in range(r.randint(2, MAX_NODES))]
    predicates = [iri_term(f"https://terms.example/p{number}") for number in range(r.randint(1, 2))]
    graphs = ["", "", "", iri_term("urn:g"), r.choice(nodes)]
    named = iri_term("urn:x")
    ring = [(node, predicates[0], nodes[place - 1], "") for place, node in enumerate(nodes)]
    more = [
        (
            r.choice([*nodes, named]),
            r.choice(predicates),
            r.choice([*nodes, named, literal_term("ż")]),
            r.choice(graphs),
        )
        for _ in range(r.choice([0, 1, 2, len(nodes), 2 * len(nodes)]))
    ]
    return list(dict.fromkeys(ring + more if r.random() < 0.7 else more + ring[:1]))


@pytest.mark.parametrize(("hash_name", "theirs"), [("sha256", "SHA-256"), ("sha384", "SHA-384")])
def test_random_blank_nodes_are_named_alike(hash_name, theirs, peer: Peer):
    samples = [dataset(seed) for seed in range(DATASETS)]
    answered = peer.canonize_nquads(
        ["".join(map(to_nquad, sample)) for sample in samples], hash_name=theirs, max_work_factor=MAX_NODES
    )

    for seed, (sample, answer) in enumerate(zip(samples, answered, strict=True)):
        assert isinstance(answer, str), f"dataset({seed}): {answer}"
        assert canonicalize(sample, hash_name=hash_name).text == answer, f"dataset({seed}) differs"


def test_the_datasets_are_worth_comparing():
    """Most need more than first-degree hashes; otherwise the comparison would be of sorting alone."""
    alike = 0
    for seed in range(DATASETS):
        sample = dataset(seed)
        nodes = {term for quad in sample for term in quad if term.startswith("_:")}
        shapes = set()
        for node in nodes:
            lines = ("".join(to_nquad(_seen_from(node, quad))) for quad in sample if node in quad)
            shapes.add("".join(sorted(lines)))
        alike += len(shapes) < len(nodes)

    assert alike > DATASETS / 4


def _seen_from(node: str, quad: Quad) -> Quad:
    subject, predicate, object_, graph = (
        "_:a" if term == node else "_:z" if term.startswith("_:") else term for term in quad
    )
    return subject, predicate, object_, graph
