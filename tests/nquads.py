"""Reads and canonicalizes N-Quads with pyoxigraph: the tests' parser and their second opinion."""

from collections.abc import Iterable

import pyoxigraph

from node.proofs.quads import Quad, iri_term, literal_term, to_nquad

type Term = pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal | pyoxigraph.DefaultGraph


def parse_nquads(text: str) -> list[Quad]:
    return [
        (term(quad.subject), term(quad.predicate), term(quad.object), term(quad.graph_name))
        for quad in pyoxigraph.parse(text, pyoxigraph.RdfFormat.N_QUADS)
    ]


def term(node: Term) -> str:
    match node:
        case pyoxigraph.NamedNode():
            return iri_term(node.value)
        case pyoxigraph.BlankNode():
            return f"_:{node.value}"
        case pyoxigraph.Literal():
            return literal_term(node.value, None if node.language else node.datatype.value, node.language)
        case pyoxigraph.DefaultGraph():
            return ""
    raise TypeError(node)


def oxigraph_canonical(quads: Iterable[Quad], algorithm: pyoxigraph.CanonicalizationAlgorithm) -> str:
    """What pyoxigraph makes of the quads. It has no work limit: small graphs only."""
    text = "".join(map(to_nquad, quads))
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(text, pyoxigraph.RdfFormat.N_QUADS))
    dataset.canonicalize(algorithm)
    return "".join(sorted(f"{quad} .\n" for quad in dataset))
