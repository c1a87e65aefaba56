"""Documents with rare features are read twice, and answered only if pyld agrees; ordinary ones never load pyld."""

import copy
import json
import socket
import subprocess
import sys

import pytest
from jsonld_support import BADGE, badge, bundled, canonical, outcome, read_by_both

from node.credentials.contexts import BUNDLED
from node.proofs.errors import UnsupportedProofError
from node.proofs.jsonld import JsonLd, second_reading
from node.proofs.jsonld.limits import MAX_SECOND_READING_QUADS

A = "https://terms.example/a"
B = "https://terms.example/b"

RARE = {
    "@nest": {"@context": {"a": A, "n": "@nest"}, "@id": "urn:x", "n": {"a": 1}},
    "@reverse": {"@context": {"a": A}, "@id": "urn:x", "@reverse": {"a": {"@id": "urn:y"}}},
    "reverse property": {"@context": {"a": {"@reverse": A, "@type": "@id"}}, "@id": "urn:x", "a": ["urn:y", "urn:z"]},
    "reversed twice": {"@context": {"a": {"@reverse": A}}, "@id": "urn:x", "@reverse": {"a": {"@id": "urn:y"}}},
    "@included": {"@context": {"a": A}, "@id": "urn:x", "a": 1, "@included": [{"@id": "urn:y", "a": 2}]},
    "@import": {"@context": {"@import": "urn:c", "b": B}, "@id": "urn:x", "a": 1, "b": 2},
    "map by @id": {"@context": {"a": {"@id": A, "@container": "@id"}}, "@id": "urn:x", "a": {"urn:y": {A: 1}}},
    "map by @type": {
        "@context": {"a": {"@id": A, "@container": "@type"}, "T": {"@id": B, "@context": {"b": B}}},
        "@id": "urn:x",
        "a": {"T": [{"@id": "urn:y", "b": 1}, "urn:z"]},
    },
    "map by a property": {
        "@context": {"a": {"@id": A, "@container": "@index", "@index": "b"}, "b": {"@id": B, "@type": "@id"}},
        "@id": "urn:x",
        "a": {"urn:i": [{"@id": "urn:y"}, {"@id": "urn:z", A: 1}]},
    },
    "graphs by @id": {
        "@context": {"a": {"@id": A, "@container": ["@graph", "@id"]}},
        "@id": "urn:x",
        "a": {"urn:g": {"@id": "urn:y", A: 1}, "@none": {A: 2}},
    },
    "graphs by a property": {
        "@context": {"a": {"@id": A, "@container": ["@graph", "@index"], "@index": "b"}, "b": B},
        "@id": "urn:x",
        "a": {"i": {"@id": "urn:y", A: 1}},
    },
}
IMPORTED = {"urn:c": {"@context": {"a": A, "b": A}}}


@pytest.mark.parametrize("name", RARE)
def test_a_rare_feature_is_read_twice(name, monkeypatch):
    seen = []
    agree = second_reading.agree
    monkeypatch.setattr("node.proofs.jsonld.processor.agree", lambda *a, **k: (seen.append(1), agree(*a, **k)))

    assert JsonLd(IMPORTED).to_rdf(RARE[name])
    assert seen == [1]


@pytest.mark.parametrize("name", RARE)
@pytest.mark.parametrize("loses", [True, False])
def test_a_second_reader_that_loses_or_invents_a_statement_is_not_followed(name, loses, monkeypatch):
    read = second_reading.read

    def other(document, contexts, **named):
        quads = read(document, contexts, **named)
        return quads[1:] if loses else [*quads, ("<urn:x>", f"<{A}>", "<http://example.org/base/T>", "")]

    monkeypatch.setattr(second_reading, "read", other)

    with pytest.raises(UnsupportedProofError) as refused:
        JsonLd(IMPORTED).to_rdf(RARE[name])

    assert refused.value.code == "context.disagreement"
    assert refused.value.remedy


def test_a_second_reader_that_fails_is_not_followed():
    """pyld removes a vocabulary that is not there, and falls over it."""
    document = {"@context": {"@vocab": None, "a": A, "n": "@nest"}, "@id": "urn:x", "n": {"a": 1}}

    assert outcome(JsonLd({}), document) == "context.disagreement"


def test_a_rare_document_that_is_large_is_refused():
    document = {"@context": {"a": A}, "@included": [{"a": number} for number in range(MAX_SECOND_READING_QUADS + 1)]}

    assert outcome(JsonLd({}), document) == "context.budget"


def test_ordinary_credentials_never_load_pyld():
    program = (
        "import json, sys\n"
        "from node.credentials.contexts import BUNDLED\n"
        "from node.proofs.jsonld import JsonLd\n"
        "quads = JsonLd(BUNDLED).to_rdf(json.load(sys.stdin))\n"
        "print(len(quads), [name for name in ('pyld', 'lxml', 'requests') if name in sys.modules])\n"
    )
    ran = subprocess.run(  # noqa: S603 - this interpreter and the text above
        [sys.executable, "-c", program], input=json.dumps(BADGE), capture_output=True, text=True, check=True
    )

    assert ran.stdout.split(maxsplit=1)[1] == "[]\n"


def test_nothing_goes_over_the_network(monkeypatch):
    def refuse(*_arguments, **_named):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    document = copy.deepcopy(RARE["@nest"])
    document["@context"]["later"] = {"@id": B, "@context": "https://unknown.example/context"}

    assert outcome(JsonLd(IMPORTED), RARE["@import"]) == ""
    assert outcome(bundled(), {**badge(), "@included": [{"id": "urn:y", "type": "Evidence"}]}) == ""
    # Ours leaves a scoped context alone until it is used; pyld would fetch it at once.
    assert outcome(JsonLd({}), document) == "context.disagreement"


def test_two_processors_do_not_share_what_a_context_means():
    document = {"@context": ["urn:c", {"n": "@nest"}], "@id": "urn:x", "n": {"a": 1}}
    for iri in (A, B, A):
        ((_, predicate, _, _),) = JsonLd({"urn:c": {"@context": {"a": iri}}}).to_rdf(document)
        assert predicate == f"<{iri}>"


def test_the_contexts_given_are_not_changed_by_the_second_reader():
    contexts = copy.deepcopy(IMPORTED)

    JsonLd(contexts).to_rdf(RARE["@import"])

    assert contexts == IMPORTED


def test_both_readings_of_the_badge_agree():
    assert canonical(read_by_both(JsonLd(BUNDLED), badge())) == canonical(bundled().to_rdf(badge()))
