"""RDFC-1.0 against the test suite of the W3C and, on random graphs, against another implementation."""

import itertools
import json
import math

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nquads import oxigraph_canonical, parse_nquads
from support import vectors, vectors_root

from node.proofs.canonicalize.n_degree import _permutations
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.errors import CanonicalizationBudgetError, MalformedTermError
from node.proofs.quads import to_nquad

HASHES = {"SHA256": "sha256", "SHA384": "sha384"}
ALGORITHMS = {
    "sha256": pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0,
    "sha384": pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0_SHA_384,
}


def entries(kind):
    """The entries of the published manifest; one that makes its test skip loudly when the test data is absent."""
    if vectors_root() is None:
        return [pytest.param({}, id="absent")]
    manifest = json.loads(vectors("rdf-canon", "tests", "manifest.jsonld").read_text())
    kinds = (entry for entry in manifest["entries"] if entry["type"] == f"rdfc:RDFC10{kind}Test")
    return [pytest.param(entry, id=entry["id"].lstrip("#")) for entry in kinds]


def canonical(entry):
    tests = vectors("rdf-canon", "tests")
    quads = parse_nquads((tests / entry["action"]).read_text())
    return canonicalize(quads, hash_name=HASHES[entry.get("hashAlgorithm", "SHA256")])


def expected(entry):
    return vectors("rdf-canon", "tests", entry["result"]).read_text()


@pytest.mark.vectors
@pytest.mark.threat(11)
@pytest.mark.parametrize("entry", entries("Eval"))
def test_published_canonical_form(entry):
    result = canonical(entry)
    assert result.text == expected(entry)
    assert result.data == expected(entry).encode()


@pytest.mark.vectors
@pytest.mark.parametrize("entry", entries("Map"))
def test_published_identifier_map(entry):
    assert dict(canonical(entry).labels) == json.loads(expected(entry))


@pytest.mark.vectors
@pytest.mark.threat(11)
@pytest.mark.parametrize("entry", entries("NegativeEval"))
def test_published_poison_is_refused(entry):
    vectors()
    with pytest.raises(CanonicalizationBudgetError) as caught:
        canonical(entry)
    assert caught.value.code == "canonicalization.budget"


@pytest.mark.vectors
def test_the_published_suite_is_whole():
    vectors()
    assert [len(entries(kind)) for kind in ("Eval", "Map", "NegativeEval")] == [64, 21, 1]


def test_a_dataset_without_blank_nodes_is_only_sorted():
    quads = [
        ("<urn:b>", "<urn:p>", '"1"', ""),
        ("<urn:a>", "<urn:p>", '"2"', "<urn:g>"),
        ("<urn:b>", "<urn:p>", '"1"', ""),
    ]
    result = canonicalize(iter(quads))
    assert result.nquads == ('<urn:a> <urn:p> "2" <urn:g> .\n', '<urn:b> <urn:p> "1" .\n')
    assert not result.labels


def test_nothing_is_something():
    assert canonicalize([]).data == b""


def test_lines_are_in_code_point_order():
    # U+FFFD comes before U+10000, which UTF-16 would sort first.
    quads = [("<urn:s>", "<urn:p>", f'"{character}"', "") for character in "\U00010000\ufffdaZ"]
    assert [line.split('"')[1] for line in canonicalize(quads).nquads] == ["Z", "a", "\ufffd", "\U00010000"]


def test_labels_name_each_blank_node_of_the_input():
    quads = parse_nquads('_:x <urn:p> _:y _:g .\n_:y <urn:q> "1" .\n')
    assert canonicalize(quads).labels.keys() == {"x", "y", "g"}


def test_a_blank_predicate_is_refused():
    with pytest.raises(MalformedTermError) as caught:
        canonicalize([("<urn:s>", "_:p", '"1"', "")])
    assert caught.value.code == "quads.predicate"


def test_a_neighbour_counts_as_often_as_it_is_mentioned():
    # Section 4.8.2: identifiers are recorded once for every mention. rdf-canonize gives this form too; pyoxigraph 0.5
    # counts the graph name once and gives another.
    quads = parse_nquads("_:g <urn:p> _:a _:g .\n_:a <urn:p> _:b _:g .\n_:b <urn:p> _:g _:g .\n")
    assert canonicalize(quads).nquads == (
        "_:c14n0 <urn:p> _:c14n1 _:c14n0 .\n",
        "_:c14n1 <urn:p> _:c14n2 _:c14n0 .\n",
        "_:c14n2 <urn:p> _:c14n0 _:c14n0 .\n",
    )


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6))
def test_each_order_of_the_neighbours_is_walked_once(neighbours):
    orders = [tuple(order) for order in itertools.islice(_permutations(neighbours), math.factorial(6) + 1)]
    assert orders == sorted(set(itertools.permutations(neighbours)))


NODES = [f"_:n{number}" for number in range(5)]
SUBJECTS = st.sampled_from([*NODES, "<urn:a>"])
OBJECTS = st.sampled_from([*NODES, "<urn:a>", '"1"', '"_:n1"', r'"\""@en'])
TRIPLES = st.tuples(SUBJECTS, st.sampled_from(["<urn:p>", "<urn:q>"]), OBJECTS)
# Half of the graphs have nothing but links, so that many nodes look alike.
LINKS = st.tuples(st.sampled_from(NODES), st.just("<urn:p>"), st.sampled_from(NODES))
GRAPHS = st.lists(TRIPLES, max_size=12) | st.lists(LINKS, max_size=12)


def datasets(*names):
    """Each in one graph: RDFC-1.0 cannot tell apart which of several graphs links two blank nodes."""
    return st.builds(lambda graph, name: [(*triple, name) for triple in graph], GRAPHS, st.sampled_from(names))


DATASETS = datasets("", "<urn:g>", "_:n0", "_:g")


@pytest.mark.threat(13)
@given(datasets("", "<urn:g>"), st.sampled_from(["sha256", "sha384"]))
@settings(max_examples=400, deadline=None)
def test_another_implementation_agrees(quads, hash_name):
    assert canonicalize(quads, hash_name=hash_name).text == oxigraph_canonical(quads, ALGORITHMS[hash_name])


@given(DATASETS, st.permutations(NODES), st.randoms(use_true_random=False))
@settings(max_examples=400, deadline=None)
def test_names_order_and_repetition_do_not_matter(quads, names, random):
    renamed = dict(zip(NODES, (f"_:other{name[2:]}" for name in names), strict=True))
    other = [tuple(renamed.get(term, term) for term in quad) for quad in quads]
    other += random.sample(other, len(other) // 2)
    random.shuffle(other)
    assert canonicalize(other).text == canonicalize(quads).text


@given(DATASETS, st.sampled_from(["sha256", "sha384"]))
@settings(deadline=None)
def test_the_labels_turn_the_input_into_the_canonical_form(quads, hash_name):
    result = canonicalize(quads, hash_name=hash_name)
    labelled = {f"_:{name}": f"_:{label}" for name, label in result.labels.items()}
    assert len(set(labelled.values())) == len(labelled)
    lines = {to_nquad(tuple(labelled.get(term, term) for term in quad)) for quad in quads}
    assert tuple(sorted(lines)) == result.nquads


@given(DATASETS, TRIPLES)
@settings(deadline=None)
def test_another_statement_gives_another_form(quads, triple):
    if (quad := (*triple, "")) not in quads:
        assert canonicalize([*quads, quad]).text != canonicalize(quads).text
