"""What canonicalization costs at the very most, and that nothing an issuer would write is refused for it."""

import contextlib
import gc
import itertools
import sys
import time
import tracemalloc

import pytest

from node.proofs.canonicalize.rdfc10 import MAX_NQUADS_CHARS, MAX_QUADS, canonicalize
from node.proofs.errors import BudgetExceededError, CanonicalizationBudgetError

LONGEST_SECONDS = 1.0
MOST_MEMORY = 64 * 1024 * 1024

pytestmark = pytest.mark.threat(11)


def clique(size, predicate="<urn:p>"):
    return [(f"_:n{one}", predicate, f"_:n{other}", "") for one, other in itertools.permutations(range(size), 2)]


def stars(count, points):
    return [(f"_:hub{hub}", "<urn:p>", f"_:n{hub}x{point}", "") for hub in range(count) for point in range(points)]


def chain(length):
    first = ("<urn:s>", "<urn:p>", "_:l0", "")
    cells = [(f"_:l{place}", "<urn:first>", '"1"', "") for place in range(length)]
    rest = [(f"_:l{place}", "<urn:rest>", f"_:l{place + 1}", "") for place in range(length - 1)]
    return [first, *cells, *rest, (f"_:l{length - 1}", "<urn:rest>", "<urn:nil>", "")]


def grid(side):
    return [
        (f"_:n{x}x{y}", predicate, f"_:n{(x + dx) % side}x{(y + dy) % side}", "")
        for x, y in itertools.product(range(side), repeat=2)
        for predicate, dx, dy in (("<urn:p>", 1, 0), ("<urn:p>", 0, 1))
    ]


def seconds(quads):
    """Processor seconds until the quads are answered or refused, without what else this process holds in memory."""
    gc.collect()
    gc.freeze()
    start = time.process_time()
    with contextlib.suppress(BudgetExceededError):
        canonicalize(quads)
    taken = time.process_time() - start
    gc.unfreeze()
    return taken


@pytest.mark.parametrize("size", range(3, 13))
def test_a_clique_is_answered_or_refused_in_time(size):
    assert seconds(clique(size)) < LONGEST_SECONDS


@pytest.mark.parametrize(
    "quads",
    [
        pytest.param(clique(100), id="a clique of 9,900 statements"),
        pytest.param(clique(10, f"<urn:{'p' * 90_000}>"), id="long predicates"),
        pytest.param(stars(2, 4999), id="two hubs"),
        pytest.param(stars(100, 100), id="hundred hubs"),
        pytest.param(chain(4999), id="a long list of equal members"),
        pytest.param(grid(70), id="a torus"),
        pytest.param([(f"_:n{n}", "<urn:p>", f"_:m{n}", f"_:g{n % 2}") for n in range(MAX_QUADS)], id="two graphs"),
    ],
)
def test_no_shape_costs_more(quads):
    assert seconds(quads) < LONGEST_SECONDS


def test_the_refusal_says_why_and_what_to_do():
    with pytest.raises(CanonicalizationBudgetError, match="interlinked") as caught:
        canonicalize(clique(8))
    assert caught.value.code == "canonicalization.budget"
    assert '"id"' in caught.value.remedy


@pytest.mark.parametrize("size", range(2, 7))
def test_small_cliques_are_answered(size):
    result = canonicalize(clique(size))
    assert set(result.labels.values()) == {f"c14n{number}" for number in range(size)}


@pytest.mark.parametrize(
    ("quads", "spent"),
    [
        # From each of the two: itself and both mentions of the other, the way through each; from there the same again.
        pytest.param([("_:a", "<urn:p>", "_:b", ""), ("_:b", "<urn:p>", "_:a", "")], 2 * 2 * (1 + 2 + 2), id="pair"),
        # From each of six points: itself, its hub, the way; the hub and its points, the way back, two ways through the
        # two other points: two names, two to take back, and each point with its hub and the way back.
        pytest.param(stars(2, 3), 6 * (3 + 4 + 1 + 2 * (2 + 2 + 2 * 3)), id="two hubs"),
    ],
)
def test_the_budget_is_what_is_spent(quads, spent):
    assert canonicalize(quads, budget=spent).labels
    with pytest.raises(CanonicalizationBudgetError, match=str(spent - 1)):
        canonicalize(quads, budget=spent - 1)


def test_no_budget_is_needed_where_every_hash_is_unique():
    quads = [("<urn:s>", "<urn:p>", f"_:n{n}", "") for n in range(100)]
    quads += [(f"_:n{n}", "<urn:q>", f'"{n}"', "") for n in range(100)]
    assert len(canonicalize(quads, budget=0).labels) == 100


@pytest.mark.parametrize(
    "quads",
    [
        pytest.param([("<urn:s>", "<urn:p>", f"_:n{n}", "") for n in range(MAX_QUADS)], id="equal empty objects"),
        pytest.param(stars(1, MAX_QUADS), id="one hub"),
        pytest.param([(f"_:n{n}", "<urn:p>", f"_:m{n}", "") for n in range(MAX_QUADS)], id="equal pairs"),
        pytest.param([(f"_:n{n}", "<urn:p>", f"_:m{n}", "_:g") for n in range(MAX_QUADS)], id="pairs in one graph"),
        pytest.param(chain(200), id="a list of 200 equal members"),
        pytest.param(
            [
                quad
                for proof in ("a", "b")
                for quad in (
                    ("<urn:vc>", "<urn:proof>", f"_:g{proof}", ""),
                    *((f"_:{proof}", f"<urn:p{n}>", f'"{n}"', f"_:g{proof}") for n in range(12)),
                )
            ],
            id="two equal proof graphs",
        ),
    ],
)
def test_what_repeats_without_being_tangled_is_answered(quads):
    assert len(canonicalize(quads).labels) > 0


def test_depth_is_no_reason_to_refuse():
    length = 1_500
    assert length > sys.getrecursionlimit()
    links = [(f"_:{way}{n}", "<urn:p>", f"_:{way}{n + 1}", "") for way in "ab" for n in range(length)]
    values = [(f"_:{way}{n}", "<urn:q>", f'"{n}"', "") for way in "ab" for n in range(length)]
    assert len(canonicalize(links + values).labels) == 2 * (length + 1)


@pytest.mark.threat(12)
def test_the_number_of_statements_doubles_until_it_is_refused():
    tracemalloc.start()
    try:
        for count in (64 * 2**step for step in range(20)):
            quads = (("<urn:s>", f"<urn:p{n}>", '"1"', "") for n in range(count))
            if count <= MAX_QUADS:
                assert len(canonicalize(quads).nquads) == count
                continue
            with pytest.raises(CanonicalizationBudgetError) as caught:
                canonicalize(quads)
            assert caught.value.code == "canonicalization.quads"
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.threat(12)
def test_the_limit_of_statements_is_exact():
    quads = [("<urn:s>", f"<urn:p{n}>", '"1"', "") for n in range(MAX_QUADS + 1)]
    assert len(canonicalize(quads[1:]).nquads) == MAX_QUADS
    with pytest.raises(CanonicalizationBudgetError):
        canonicalize(quads)


@pytest.mark.threat(12)
@pytest.mark.parametrize("node", ["_:b", "<urn:s>"])
def test_one_long_identifier_in_many_statements_is_refused_before_it_fills_the_memory(node):
    long_iri = f"<urn:{'x' * 200_000}>"
    tracemalloc.start()
    try:
        with pytest.raises(CanonicalizationBudgetError) as caught:
            canonicalize((node, f"<urn:p{n}>", long_iri, "") for n in range(MAX_QUADS))
        assert tracemalloc.get_traced_memory()[1] < 2 * MAX_NQUADS_CHARS
    finally:
        tracemalloc.stop()
    assert caught.value.code == "canonicalization.quads"
