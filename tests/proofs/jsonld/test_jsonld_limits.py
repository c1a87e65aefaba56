"""Row 12: huge, deep and many; each doubled until it is refused, and refused before it costs much."""

import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from jsonld_support import BADGE, badge, bundled, canonical, outcome

from node.credentials.contexts import BUNDLED
from node.documents import MAX_PRESENTATION_BYTES
from node.proofs.errors import BudgetExceededError
from node.proofs.jsonld import JsonLd, limits
from node.proofs.jsonld.contexts import Work
from node.proofs.jsonld.memo import Memo

pytestmark = pytest.mark.threat(12)

A = "https://terms.example/a"
MEBIBYTE = 1024 * 1024


def many_contexts(count):
    return {"@context": [{f"t{number}": A} for number in range(count)], "@id": "urn:x", "t0": 1}


def deep_nodes(count):
    document = {"a": 1}
    for _ in range(count):
        document = {"a": document}
    return {"@context": {"a": A}, "@id": "urn:x", **document}


def deep_arrays(count):
    value = "x"
    for _ in range(count):
        value = [value]
    return {"@context": {"a": A}, "@id": "urn:x", "a": value}


def deep_lists(count):
    return deep_arrays(count) | {"@context": {"a": {"@id": A, "@container": "@list"}}}


def deep_graphs(count):
    value = {"b": 1}
    for _ in range(count):
        value = [value]
    return {"@context": {"a": {"@id": A, "@container": "@graph"}, "b": A}, "@id": "urn:x", "a": value}


def deep_nests(count):
    document = {"a": 1}
    for _ in range(count):
        document = {"n": document}
    return {"@context": {"a": A, "n": "@nest"}, "@id": "urn:x", **document}


def deep_json(count):
    return deep_arrays(count) | {"@context": {"a": {"@id": A, "@type": "@json"}}}


def deep_context(count):
    scoped = {"a": A}
    for _ in range(count):
        scoped = {"a": {"@id": A, "@context": scoped}}
    return {"@context": scoped, "@id": "urn:x", "a": 1}


def many_values(count):
    return {"@context": {"a": A}, "@id": "urn:x", "a": [str(number) for number in range(count)]}


def many_numbers(count):
    """Two bytes each make a statement each."""
    return {"@context": {"a": A}, "@id": "urn:x", "a": [1] * count}


def many_nodes(count):
    return {"@context": {"a": A}, "@graph": [{"a": number} for number in range(count)]}


def many_inline_contexts(count):
    return {
        "@context": BADGE["@context"],
        "type": "VerifiableCredential",
        "evidence": [{"@context": {f"t{number}": A}, f"t{number}": 1} for number in range(count)],
    }


def one_large_context(count):
    return {"@context": {f"t{number}": A for number in range(count)}, "@id": "urn:x", "t0": 1}


def large_scoped_contexts(count):
    """Each type brings a large context; many types in one node."""
    scoped = {f"t{number}": A for number in range(100)}
    types = {f"T{number}": {"@id": A, "@context": scoped} for number in range(count)}
    return {"@context": types, "@id": "urn:x", "@type": list(types), "t0": 1}


def terms_that_need_each_other(count):
    """Each term is a compact IRI whose prefix comes later."""
    chain = {f"t{number}": f"t{number + 1}:a" for number in range(count)}
    return {"@context": {**chain, f"t{count}": f"{A}/"}, "@id": "urn:x", "t0": 1}


def long_prefix(count):
    terms = {f"t{number}": f"p:{number}" for number in range(20)}
    return {"@context": {**terms, "p": f"urn:{'x' * count}#"}, "@id": "urn:x", "t0": 1}


def long_vocabulary(count):
    return {"@context": {"@vocab": f"urn:{'x' * count}#"}, "@id": "urn:x", "t0": 1}


def long_datatype(count):
    return {"@context": {"t0": {"@id": A, "@type": f"urn:{'x' * count}"}}, "@id": "urn:x", "t0": "1"}


def long_language(count):
    return {"@context": {"t0": {"@id": A, "@language": f"en{'-a' * count}"}}, "@id": "urn:x", "t0": "1"}


def long_default_language(count):
    return {"@context": {"@language": f"en{'-a' * count}", "t0": A}, "@id": "urn:x", "t0": "1"}


LADDERS = {
    terms_that_need_each_other: ("context.too_deep", limits.MAX_TERM_NESTING),
    **dict.fromkeys(
        (long_prefix, long_vocabulary, long_datatype, long_language, long_default_language),
        ("context.too_long", limits.MAX_TERM_CHARS),
    ),
    many_contexts: ("context.too_many", limits.MAX_CONTEXTS),
    deep_nodes: ("context.too_deep", limits.MAX_DEPTH),
    deep_arrays: ("context.too_deep", limits.MAX_DEPTH),
    deep_lists: ("context.too_deep", limits.MAX_DEPTH),
    deep_graphs: ("context.too_deep", limits.MAX_DEPTH),
    deep_nests: ("context.too_deep", limits.MAX_DEPTH),
    many_values: ("context.quads", limits.MAX_QUADS),
    many_numbers: ("context.quads", limits.MAX_QUADS),
    many_nodes: ("context.quads", limits.MAX_QUADS),
    many_inline_contexts: ("context.budget", 4_096),
    one_large_context: ("context.budget", limits.MAX_CONTEXT_WORK),
    large_scoped_contexts: ("context.budget", 1_024),
}


@pytest.mark.parametrize("build", LADDERS, ids=lambda build: build.__name__)
def test_it_is_doubled_until_it_is_refused(build):
    code, limit = LADDERS[build]
    size = 1
    while not (refused := outcome(JsonLd(BUNDLED), build(size))):
        size *= 2
        assert size < 8 * limit, "it is never refused"

    assert refused == code
    assert size / 2 <= limit <= size * 2 or size <= limit


@pytest.mark.parametrize("build", LADDERS, ids=lambda build: build.__name__)
def test_the_refusal_is_a_budget_not_a_verdict(build):
    code, limit = LADDERS[build]

    with pytest.raises(BudgetExceededError) as refused:
        JsonLd(BUNDLED).to_rdf(build(limit * 2 + 2))

    assert refused.value.code == code
    assert refused.value.remedy


def as_large_as_parsing_allows(build):
    """The largest of the doubled documents that is no more than a presentation may be; nesting is not bounded here."""
    size = 1
    while len(orjson.dumps(build(size * 2), default=str)) < MAX_PRESENTATION_BYTES:
        size *= 2
    return build(size)


@pytest.mark.parametrize("build", LADDERS, ids=lambda build: build.__name__)
def test_the_largest_document_costs_bounded_memory(build):
    document = build(50_000) if build.__name__.startswith("deep") else as_large_as_parsing_allows(build)
    processor = JsonLd(BUNDLED)
    processor.to_rdf(badge())
    tracemalloc.start()
    try:
        assert outcome(processor, document) in {
            LADDERS[build][0],
            "context.quads",
            "",
        }  # a large context may just be read
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 64 * MEBIBYTE


@pytest.mark.parametrize("build", [deep_json, deep_context])
def test_nesting_where_nothing_is_read_member_by_member(build):
    assert outcome(JsonLd({}), build(10)) == ""
    assert outcome(JsonLd({}), build(50_000)) in {"context.json", "context.invalid"}


@pytest.mark.parametrize("container", [[], ["@list"]])
def test_an_array_of_a_megabyte_is_refused_before_it_is_read(container):
    document = {"@context": {"a": {"@id": A, "@container": container or "@set"}}, "@id": "urn:x", "a": [1] * 500_000}
    processor = JsonLd({})
    tracemalloc.start()
    try:
        assert outcome(processor, document) == "context.quads"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < MEBIBYTE


def test_one_more_than_the_limit_is_refused_and_the_limit_is_not():
    for build, limit in ((many_contexts, limits.MAX_CONTEXTS), (many_values, limits.MAX_QUADS)):
        assert outcome(JsonLd({}), build(limit)) == ""
        assert outcome(JsonLd({}), build(limit + 1)) == LADDERS[build][0]


def test_ten_thousand_words_behind_one_long_vocabulary_cost_bounded_memory():
    """A vocabulary of 100 kB was repeated by each word, and what 170 kB of document made took 480 MB and stayed."""
    words = {f"m{number}": "x" for number in range(1_800)}
    document = {"@context": {"@vocab": f"urn:{'x' * 100_000}#"}, "@id": "urn:x", **words}
    tracemalloc.start()
    try:
        assert outcome(JsonLd({}), document) == "context.too_long"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 16 * MEBIBYTE


def test_contexts_that_include_each_other_tenfold_are_stopped():
    registry = {f"urn:{level}": {"@context": [f"urn:{level + 1}"] * 10} for level in range(9)}
    registry["urn:9"] = {"@context": {"a": A}}

    assert outcome(JsonLd(registry), {"@context": "urn:0", "@id": "urn:x", "a": 1}) == "context.budget"


def test_contexts_named_through_too_many_others_are_refused():
    registry = {f"urn:{level}": {"@context": f"urn:{level + 1}"} for level in range(30)}
    registry["urn:30"] = {"@context": {"a": A}}

    assert outcome(JsonLd(registry), {"@context": "urn:0", "@id": "urn:x", "a": 1}) == "context.invalid"


def test_the_same_document_costs_the_same_the_second_time():
    """What was remembered counts as if it had been made, so the outcome never depends on earlier documents."""
    processor = JsonLd(BUNDLED)
    document = many_inline_contexts(500)
    spent = []
    for _ in range(3):
        work = Work()
        contexts = processor._shared.contexts
        outer = contexts.local(contexts.initial, document["@context"], work)
        for evidence in document["evidence"]:
            contexts.local(outer, evidence["@context"], work)
            contexts.local(outer, evidence["@context"], work)
        spent.append(work.spent)

    assert spent == [spent[0]] * 3


def test_foreign_contexts_do_not_fill_the_memory_nor_push_out_what_is_used():
    processor = JsonLd(BUNDLED)
    contexts = processor._shared.contexts
    used = contexts.local(contexts.initial, BADGE["@context"], Work())
    for number in range(1_800):
        document = {"@context": {f"t{number}": A, "@vocab": "urn:v:"}, "@id": "urn:x"}
        processor.to_rdf(
            document
            | {f"m{member}": 1 for member in range(200 if number % 100 == 0 else 1)}
            | {"@type": f"urn:{number}"}
        )
        if number % 500 == 0:
            processor.to_rdf(badge())

    assert contexts.local(contexts.initial, BADGE["@context"], Work()) is used
    for memo in (contexts._memo, processor._shared.types._memo, processor._shared.iris):
        assert memo._weight <= memo._weight_limit
    kept = [*contexts._memo._young.values(), *contexts._memo._old.values()]
    assert len(kept) < 2 * limits.MEMO_WEIGHT / limits.MEMO_ENTRY_WEIGHT
    assert max(len(active.members) for active, _ in kept) <= limits.MAX_CACHED_MEMBERS + len(used.definitions)


def test_threads_share_one_processor():
    processor = JsonLd(BUNDLED)
    expected = canonical(bundled().to_rdf(badge()))
    start = threading.Barrier(8)

    def read(number):
        start.wait()
        found = []
        for turn in range(30):
            document = badge()
            document["@context"].append({f"t{number}{turn}": A})
            document[f"t{number}{turn}"] = 1
            processor.to_rdf(document)
            found.append(canonical(processor.to_rdf(badge())))
        return found

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = [one for answers in pool.map(read, range(8)) for one in answers]
    finally:
        sys.setswitchinterval(interval)

    assert set(found) == {expected}


class TestMemo:
    def test_it_remembers(self):
        memo = Memo(10)
        memo.put("a", 1, 1)

        assert (memo.get("a"), memo.get("b")) == (1, None)

    def test_what_is_not_asked_for_is_forgotten_and_what_is_asked_for_stays(self):
        memo = Memo(10)
        memo.put("used", 0, 1)
        memo.put("unused", 0, 1)
        for number in range(100):
            memo.put(number, number, 1)
            assert memo.get("used") == 0

        assert memo.get("unused") is None
        assert len(memo._young) + len(memo._old) <= 20

    def test_what_is_heavier_than_a_generation_is_not_kept(self):
        memo = Memo(10)
        memo.put("heavy", 1, 11)

        assert memo.get("heavy") is None
