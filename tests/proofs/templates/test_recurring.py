"""Documents of strangers, canonicalized by what was learned from others: the same answer as the general way, always."""

import copy
import json
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from node.credentials.contexts import BUNDLED
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.errors import ProofsError
from node.proofs.jsonld import JsonLd
from node.proofs.templates import recurring
from node.proofs.templates.dataset import Dataset
from node.proofs.templates.recurring import (
    COST,
    LEAST_COST,
    MAX_LEARNED,
    MAX_TEXT_BYTES,
    PATIENCE,
    ROOM_ARRANGED,
    ROOM_OF_TEXT,
    Recurring,
)
from node.proofs.templates.template import Template

ROOT = Path(__file__).parents[3]
XSD = "http://www.w3.org/2001/XMLSchema#"
OURS = "https://example.org/terms"
TERMS = {
    "@version": 1.1,
    "id": "@id",
    "type": "@type",
    "text": "https://t.example/text",
    "date": {"@id": "https://t.example/date", "@type": f"{XSD}dateTime"},
    "double": {"@id": "https://t.example/double", "@type": f"{XSD}double"},
    "link": {"@id": "https://t.example/link", "@type": "@id"},
    "word": {"@id": "https://t.example/word", "@type": "@vocab"},
    "part": "https://t.example/part",
    "title": "https://t.example/title",
    "list": {"@id": "https://t.example/list", "@container": "@list"},
    "texts": {"@id": "https://t.example/texts", "@container": "@language"},
    "json": {"@id": "https://t.example/json", "@type": "@json"},
    "graph": {"@id": "https://t.example/graph", "@container": "@graph"},
    "issuer": {"@id": "https://t.example/issuer", "@type": "@id"},
    "Thing": "https://t.example/Thing",
    "tag": {"@id": "https://t.example/tag#", "@prefix": True},
}
JSONLD = JsonLd({**BUNDLED, OURS: {"@context": TERMS}}, rdf_direction="i18n-datatype")


def thing(number, **more):
    """One of many documents that are alike."""
    return {
        "@context": [OURS],
        "id": f"urn:x:{number}",
        "type": ["Thing"],
        "text": [f"text {number}", "always"],
        "date": f"2026-01-{number:02}T00:00:00Z",
        "double": number + 0.5,
        "link": f"did:example:{number}",
        "word": f"https://t.example/word/{number}",
        "list": [f"first {number}", "second"],
        "texts": {"en": f"in English {number}", "pl": "po polsku"},
        "part": [{"text": f"one {number}", "link": "urn:x:shared"}, {"id": f"urn:y:{number}", "text": "two"}],
        "graph": {"id": "urn:x:in", "text": f"inside {number}"},
        "title": {"@value": f"title {number}", "@language": "pl"},
        **more,
    }


def badge(number):
    """An award like those of the bench."""
    whole = json.loads((ROOT / "bench" / "badge.json").read_text("utf-8"))
    whole["id"] = f"urn:uuid:{number}"
    whole["credentialSubject"]["id"] = f"did:example:learner-{number}"
    whole["credentialSubject"]["result"][0]["value"] = "ABC"[number % 3]
    whole["evidence"][0]["id"] = f"https://rzemiosla.example/evidence/{number}"
    return whole


def outcome(work):
    try:
        return work()
    except ProofsError as error:
        return type(error), str(error), error.code, error.path, error.remedy


def general(document, hash_name="sha256"):
    return outcome(lambda: canonicalize(JSONLD.to_rdf(document), hash_name=hash_name).data)


def warm(make=thing, count=4):
    """A memory that has met documents of this kind, and a list of the values that templates have answered for."""
    known = Recurring(JSONLD)
    for number in range(1, count + 1):
        assert known.canonical(make(number), "sha256") == general(make(number))
    return known


@pytest.fixture
def templated(monkeypatch):
    """What templates were asked to write, but for trials while they were made."""
    asked = []
    canonical, of = Template.canonical, Template.of

    def made(*given, **more):
        before = len(asked)
        try:
            return of(*given, **more)
        finally:
            del asked[before:]

    monkeypatch.setattr(Template, "canonical", lambda self, values: asked.append(values) or canonical(self, values))
    monkeypatch.setattr(Template, "of", made)
    return asked


@pytest.mark.parametrize("make", [thing, badge])
def test_the_third_document_of_a_kind_is_canonicalized_by_a_template(templated, make):
    known = warm(make, 2)
    assert not templated
    assert known.canonical(make(3), "sha256") == general(make(3))
    assert len(templated) == 1
    known.forget()
    assert known.canonical(make(4), "sha256") == general(make(4))
    assert len(templated) == 1


def test_the_configuration_of_a_proof_is_a_document_like_others(templated):
    known = Recurring(JsonLd(BUNDLED))
    contexts = ["https://www.w3.org/ns/credentials/v2"]

    def configuration(day):
        return {
            "@context": contexts,
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-rdfc-2022",
            "created": f"2026-01-{day:02}T00:00:00Z",
            "verificationMethod": f"did:example:{day}#key",
            "proofPurpose": "assertionMethod",
        }

    for day in range(1, 6):
        assert known.canonical(configuration(day), "sha256") == general(configuration(day))
    assert len(templated) == 3


def test_documents_that_are_the_same_are_of_one_shape(templated):
    """As are the configurations of the proofs of a batch."""
    known = Recurring(JSONLD)
    for _ in range(5):
        assert known.canonical(thing(1), "sha256") == general(thing(1))
    assert len(templated) == 3
    for number in range(2, 5):
        assert known.canonical(thing(number), "sha256") == general(thing(number))
    assert len(templated) == 5


def test_a_template_counts_for_its_hash_alone():
    known = warm()
    for number in range(5, 9):
        assert known.canonical(thing(number), "sha384") == general(thing(number), "sha384")


HOSTILE = [
    *("", " ", "a", '"', '\\"', "\\", "\n", "\x00", "\x7f", "\ufffe", "ż", "😀", '" .\n_:c14n0 <urn:x> "', "\u2028"),
    *("_:b0", "_:b1", "_:c14n0", "_:x y", "@id", "@type", "@value", "@none", "@list", "type", "Thing", "text", "part"),
    *(
        "relative",
        "/a",
        "#a",
        "?a",
        ":",
        "a:b",
        "tag:x",
        "tag://x",
        "tag",
        "urn:",
        "urn:x:1",
        "urn:x:2",
        "urn:x:shared",
    ),
    *(
        "urn:x:in",
        "urn:a b",
        "urn:a<b",
        "urn:a>b",
        'urn:a"b',
        "urn:%",
        "urn:%00",
        "URN:x",
        "did:",
        "did:example:1",
        "https:a",
    ),
    *(
        "https://",
        "https://?a",
        "https:///x",
        "https://a/%zz",
        "https://a/\u00a0",
        "https://a/\ufffe",
        "HTTPS://a",
        "mailto:a",
    ),
    *("https://t.example/text", "https://t.example/tag#x", "in:x", "pl", "en-GB", "x" * 300, "urn:" + "x" * 3000),
    *(
        "urn:glejt-hole:0:",
        "urn:glejt-hole:1:",
        "urn:glejt-hole:99999999999:",
        "urn:glejt-hole:0:x",
        "7000000000001",
        "7E12",
    ),
    *(
        "\ud800",
        "a\udfff",
        "%b",
        "%s %d %%",
        "one 1",
        "one 2",
        "text 1",
        "always",
        "two",
        "second",
        "2026-01-01T00:00:00Z",
    ),
    *(
        0,
        -0.0,
        1,
        1.0,
        1.5,
        -1,
        2**53 - 1,
        2**53,
        2**63,
        2**64,
        1e300,
        0.1 + 0.2,
        7e12,
        7_000_000_000_001,
        7_000_000_000_000.5,
    ),
    *(float("nan"), float("inf"), True, False, None, [], {}, [[]], ["a", ["b"]], {"id": "urn:x:1"}, {"id": "_:b0"}),
    *({"@value": "a"}, {"@value": "a", "@language": "en"}, {"@value": "a", "@type": "urn:t"}, {"@value": 1, "x": 1}),
    *({"@value": "a", "@direction": "rtl"}, {"@list": ["a"]}, {"@set": ["a"]}, {"@id": "urn:x:9"}, {"unknown": "a"}),
    *({"@reverse": {"link": {"id": "urn:x:2"}}}, {"@context": {"text": "urn:z:text"}, "text": "a"}, {"@graph": []}),
]
NAMES = [
    *(
        "id",
        "@id",
        "type",
        "@type",
        "text",
        "link",
        "word",
        "part",
        "list",
        "texts",
        "json",
        "graph",
        "double",
        "unknown",
    ),
    *(
        "@graph",
        "@included",
        "@reverse",
        "@nest",
        "@index",
        "@context",
        "@value",
        "tag:x",
        "https://t.example/text",
        "",
    ),
]


def places(value, place=()):
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        yield from places(child, (*place, step))


def at(value, place):
    for step in place:
        value = value[step]
    return value


@st.composite
def altered(draw, make):
    """A document of the kind, with none to three things about it altered."""
    whole = make(draw(st.integers(1, 30)))
    for _ in range(draw(st.integers(0, 3))):
        everywhere = [place for place in places(whole) if place]
        place = draw(st.sampled_from(everywhere))
        owner, step = at(whole, place[:-1]), place[-1]
        match draw(st.sampled_from(("value", "value", "value", "text", "copy", "drop", "add", "order", "wrap"))):
            case "value":
                owner[step] = copy.deepcopy(draw(st.sampled_from(HOSTILE)))
            case "text":
                owner[step] = draw(st.text(max_size=20))
            case "copy":  # what stands elsewhere: two nodes become one, two statements the same
                owner[step] = copy.deepcopy(at(whole, draw(st.sampled_from(everywhere))))
            case "drop":
                del owner[step]
            case "add" if isinstance(owner, dict):
                owner[draw(st.sampled_from(NAMES))] = copy.deepcopy(draw(st.sampled_from(HOSTILE)))
            case "order" if isinstance(owner, dict):
                owner[step] = owner.pop(step)
            case "order" | "add":
                owner.reverse()
            case "wrap":
                owner[step] = [owner[step]]
    return whole


SLOWLY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.threat(13)
@pytest.mark.parametrize("make", [thing, badge])
@SLOWLY
@given(st.data())
def test_whatever_was_met_before_the_answer_is_that_of_the_general_way(make, data):
    """Hostile documents are learned from too: the memory is as they left it."""
    known = warm(make, data.draw(st.integers(0, 4)))
    for _ in range(8):
        document = data.draw(altered(make))
        before = repr(document)
        assert outcome(lambda document=document: known.canonical(document, "sha256")) == general(document)
        assert repr(document) == before


@SLOWLY
@given(st.data())
def test_a_hostile_value_in_any_hole_says_what_it_says_in_the_general_way(data):
    """Each value that varies is replaced by every kind of hostile one, and most documents are still of one shape."""
    known = warm()
    answered = []
    canonical = Dataset.canonical
    for _ in range(8):
        document = thing(data.draw(st.integers(5, 9)))
        for place in data.draw(st.lists(st.sampled_from([p for p in places(document) if p]), min_size=1, max_size=2)):
            try:
                old = at(document, place)
            except (KeyError, IndexError, TypeError):
                continue
            if isinstance(old, (str, float)) and "@context" not in place:
                alike = [value for value in HOSTILE if type(value) is type(old)]
                at(document, place[:-1])[place[-1]] = data.draw(st.sampled_from(alike))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Dataset, "canonical", lambda self, values: answered.append(values) or canonical(self, values))
            got = outcome(lambda document=document: known.canonical(document, "sha256"))
        assert got == general(document)
    event("by template" if answered else "the general way alone")


@pytest.mark.threat(1)
@pytest.mark.threat(4)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"unknown": "a"}, "context.undefined_term"),
        ({"text": ["text 5", {"@value": "a", "id": "urn:x:2"}]}, "context.value_members"),
        ({"link": "relative"}, "context.relative_iri"),
        ({"link": "did:a b"}, "context.invalid_iri"),
        ({"type": ["thing"]}, "context.undefined_type"),
    ],
)
def test_what_would_be_lost_is_refused_as_if_nothing_had_been_met(change, code):
    known = warm()
    document = thing(5, **change)
    found = outcome(lambda: known.canonical(document, "sha256"))
    assert found == general(document)
    assert found[2] == code


@pytest.mark.threat(12)
def test_a_statement_that_is_there_many_times_counts_as_often_as_it_is_there(templated):
    """Though it is written once: a long identifier may be repeated in none of them."""

    def repeated(number):
        return thing(number, text=[*["always"] * 400, f"text {number}"])

    known = warm(repeated)
    assert known.canonical(repeated(5), "sha256") == general(repeated(5))
    assert templated
    too_large = repeated(6) | {"id": "urn:x:" + "x" * 25_000}
    assert general(too_large)[2] == "canonicalization.quads"
    assert outcome(lambda: known.canonical(too_large, "sha256")) == general(too_large)


@pytest.mark.threat(12)
def test_nothing_is_learned_from_long_documents(templated):
    def long(number):
        return thing(number, text=["x" * MAX_TEXT_BYTES, f"text {number}"])

    warm(long)
    assert not templated


@pytest.mark.threat(11)
def test_nothing_is_learned_from_nodes_that_had_to_be_told_apart(monkeypatch):
    tried = []
    monkeypatch.setattr(Template, "of", lambda *given, **_: tried.append(given))

    def tangled(number):
        clique = [
            {"id": f"_:n{one}", "link": [f"_:n{other}" for other in range(4) if other != one]} for one in range(4)
        ]
        return {"@context": [OURS], "id": f"urn:x:{number}", "part": clique}

    warm(tangled)
    assert not tried


@pytest.mark.threat(12)
def test_learning_takes_no_more_time_than_was_spent_on_the_general_way(monkeypatch):
    """Two documents of each of many issuers, as somebody sends who wants everything to be learned."""
    made = []
    of = Template.of
    monkeypatch.setattr(Template, "of", lambda *given, **more: made.append(given) or of(*given, **more))
    monkeypatch.setattr(recurring, "MAX_CREDIT", 10 * COST * LEAST_COST)
    known = Recurring(JSONLD)
    for number in range(200):
        for day in (1, 2):
            known.canonical(thing(day, issuer=f"did:example:{number}"), "sha256")
    assert 10 < len(made) <= 10 + 400 // COST + 1


def test_a_family_that_has_changed_is_learned_anew(templated):
    """As when an issuer words its achievement anew, or somebody sent other documents under its name."""

    def odd(number):
        return thing(number, text=[str(step) for step in range(number)])

    known = warm(odd, MAX_LEARNED + 5)
    asked = len(templated)
    for number in range(1, 2 * PATIENCE):
        document = thing(number % 28 + 1, text="now one")
        assert known.canonical(document, "sha256") == general(document)
    assert len(templated) > asked


def test_many_threads_get_the_same_answers():
    known, wrong = Recurring(JSONLD), []
    wanted = [(document, general(document)) for number in range(1, 29) for document in (thing(number), badge(number))]

    def ask():
        wrong.extend([document for document, answer in wanted * 3 if known.canonical(document, "sha256") != answer])

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_is_remembered_is_bounded(monkeypatch):
    """Forgotten as a whole, generation by generation, whatever is asked for in between."""
    monkeypatch.setattr(recurring, "ROOM", 4 * (ROOM_ARRANGED + ROOM_OF_TEXT * LEAST_COST))
    known = Recurring(JSONLD)
    for number in range(40):
        for day in (1, 2, 3):
            known.canonical(thing(day, issuer=f"did:example:{number}"), "sha256")
    families = known._families
    assert len(families._young) + len(families._old) <= 9
