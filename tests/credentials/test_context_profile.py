"""Which contexts stand where, and that any other list than the profile's is noticed (threats.md rows 5, 6, 8)."""

import copy
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import vectors

from node.credentials.context_profile import (
    MAX_CONTEXTS_IN_DOCUMENT,
    OPEN_BADGES_CONTEXTS,
    SUPPLEMENTS,
    check_contexts,
    context_profile,
)
from node.credentials.contexts import BUNDLED, PinnedContext, jcs_digest
from node.credentials.findings import FindingOutcome
from node.credentials.structure import BASE_CONTEXTS, MAX_CONTEXTS

V1 = "https://www.w3.org/2018/credentials/v1"
V2 = "https://www.w3.org/ns/credentials/v2"
OB = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OB_301 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"
EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
DI_1 = "https://w3id.org/security/data-integrity/v1"
DI_2 = "https://w3id.org/security/data-integrity/v2"
STATUS = "https://www.w3.org/ns/credentials/status/v1"
SUITE = "https://w3id.org/security/suites/ed25519-2020/v1"
UNKNOWN = "https://example.org/contexts/unknown/v1"
MINE = "https://example.org/contexts/mine/v1"
WITH_VOCAB = "https://example.org/contexts/vocab/v1"

OURS = BUNDLED.pin(
    PinnedContext(url, document, jcs_digest(document))
    for url, document in {
        MINE: {"@context": {"@protected": True, "level": "https://example.org/terms#level"}},
        WITH_VOCAB: {"@context": [MINE, {"@vocab": "https://example.org/terms#"}]},
    }.items()
)


def badge(*contexts, types=("VerifiableCredential", "OpenBadgeCredential")):
    return {
        "@context": list(contexts),
        "type": list(types),
        "issuer": "did:example:university",
        "credentialSubject": {"type": ["AchievementSubject"], "achievement": {"type": ["Achievement"], "name": "A"}},
    }


def codes(document, **options):
    return [finding.code for finding in check_contexts(document, **options)]


ACCEPTED = [
    (V2, OB),
    (V1, OB_301),
    (V2, OB, EXTENSIONS),
    (V2, OB, EXTENSIONS, SUITE),
    (V1, OB, DI_2, SUITE),
    (V1, OB_301, STATUS, SUITE, DI_2),
    (V1, OB_301, SUITE, DI_2, STATUS),
    (V2, OB, *sorted(SUPPLEMENTS - {DI_1})),
]


@pytest.mark.parametrize("contexts", ACCEPTED)
def test_the_profile_of_an_open_badge(contexts):
    assert codes(badge(*contexts)) == []


@pytest.mark.parametrize("contexts", [(V2,), (V1,), (V2, SUITE), (V2, OB), (V1, OB_301, DI_1)])
def test_the_profile_of_a_plain_credential(contexts):
    assert codes(badge(*contexts, types=["VerifiableCredential"])) == []
    assert codes(badge(*contexts, types=["VerifiablePresentation"])) == []


@pytest.mark.threat(6)
@pytest.mark.parametrize(
    ("contexts", "expected"),
    [
        ((V2,), "context.type"),
        ((V2, EXTENSIONS, OB), "context.type"),
        ((V2, DI_2, OB), "context.type"),
        ((V2, UNKNOWN, OB), "context.type"),
        ((V2, MINE, OB), "context.type"),
        ((OB, V2), "context.base"),
        ((OB,), "context.base"),
        ((SUITE, V2, OB), "context.base"),
        ((UNKNOWN, V2, OB), "context.base"),
        ((V2, V2, OB), "context.repeated"),
        ((V2, OB, V2), "context.repeated"),
        ((V2, OB, V1), "context.repeated"),
        ((V2, OB, OB), "context.repeated"),
        ((V2, OB, OB_301), "context.repeated"),
        ((V2, OB, DI_1, DI_2), "context.repeated"),
        ((V2, OB, SUITE, STATUS, SUITE), "context.repeated"),
        ((V2, OB, "https://w3id.org/security/v2"), "context.unexpected"),
        ((V2, OB, "https://www.w3.org/ns/did/v1"), "context.unexpected"),
        ((V2, OB, UNKNOWN), "context.unknown"),
        ((V2, OB, SUITE + "/"), "context.unknown"),
        ((V2, OB, {"level": "urn:example:level"}), "context.inline"),
        ((V2, {"level": "urn:example:level"}, OB), "context.inline"),
        (({"level": "urn:example:level"}, V2, OB), "context.inline"),
        ((V2, OB, None), "context.inline"),
        ((V2, OB, {"secret": None}), "context.inline"),
        ((), "context.base"),
    ],
)
def test_any_other_list_is_noticed(contexts, expected):
    assert expected in codes(badge(*contexts))


def may_stand(contexts, types, pinned=frozenset()):
    """The profile once more, written as one pattern."""
    if not all(isinstance(context, str) for context in contexts) or contexts[:1] not in ([V1], [V2]):
        return False
    rest = contexts[2:] if contexts[1:2] and contexts[1] in OPEN_BADGES_CONTEXTS else contexts[1:]
    if "OpenBadgeCredential" in types and len(rest) == len(contexts[1:]):
        return False
    return len(set(rest)) == len(rest) and set(rest) <= SUPPLEMENTS | pinned and not {DI_1, DI_2} <= set(rest)


ANY_CONTEXT = st.sampled_from([*BUNDLED, UNKNOWN, MINE, None, {"name": "urn:example:name"}, {"@vocab": "urn:x:"}])
TYPES = st.sampled_from([("VerifiableCredential",), ("VerifiableCredential", "OpenBadgeCredential")])


@pytest.mark.threat(6)
@given(st.sampled_from(ACCEPTED), TYPES, st.data())
def test_inserted_deleted_or_reordered_contexts_are_noticed(accepted, types, data):
    contexts = list(accepted)
    for _ in range(data.draw(st.integers(1, 3))):
        match data.draw(st.sampled_from(["insert", "delete", "swap", "replace"])):
            case "insert":
                contexts.insert(data.draw(st.integers(0, len(contexts))), data.draw(ANY_CONTEXT))
            case "delete" if contexts:
                del contexts[data.draw(st.integers(0, len(contexts) - 1))]
            case "replace" if contexts:
                contexts[data.draw(st.integers(0, len(contexts) - 1))] = data.draw(ANY_CONTEXT)
            case _ if contexts:
                places = st.integers(0, len(contexts) - 1)
                one, other = data.draw(places), data.draw(places)
                contexts[one], contexts[other] = contexts[other], contexts[one]
    found = codes(badge(*contexts, types=types))
    assert (found == []) == may_stand(contexts, types)
    with_mine = codes(badge(*contexts, types=types), contexts=OURS, pinned={MINE})
    assert (with_mine == []) == may_stand(contexts, types, frozenset({MINE}))


def terms_of(context, known=BUNDLED):
    """The terms a context defines at its top, with those of the contexts it refers to."""
    terms = {}
    for part in context if isinstance(context, list) else [context]:
        given_by = terms_of(known[part]["@context"]) if isinstance(part, str) else part
        terms |= {term: definition for term, definition in given_by.items() if not term.startswith("@")}
    return terms


@pytest.mark.threat(6)
def test_no_two_contexts_that_may_follow_define_a_term_differently():
    for one, other in itertools.combinations(sorted(SUPPLEMENTS), 2):
        if {one, other} != {DI_1, DI_2}:
            first, second = terms_of(BUNDLED[one]["@context"]), terms_of(BUNDLED[other]["@context"])
            assert {term for term in first.keys() & second.keys() if first[term] != second[term]} == set()
    for base, open_badges in itertools.product(BASE_CONTEXTS, OPEN_BADGES_CONTEXTS):
        for supplement in SUPPLEMENTS:
            added = terms_of(BUNDLED[supplement]["@context"])
            before = terms_of([BUNDLED[base]["@context"], BUNDLED[open_badges]["@context"]])
            clash = {term for term in added.keys() & before.keys() if added[term] != before[term]}
            # What the base protects differently makes the document invalid JSON-LD, in either order.
            assert clash <= {"DataIntegrityProof", "Ed25519Signature2018"}, (base, supplement)


def scopes_of(context, outer=()):
    """Each scope of a context as its own terms, with the prefixes it can see."""
    terms = terms_of(context)
    seen = (*outer, terms)
    yield terms, seen
    for definition in terms.values():
        if isinstance(definition, dict) and isinstance(definition.get("@context"), dict):
            yield from scopes_of(definition["@context"], seen)


def meaning(term, definition, scopes):
    iri = definition.get("@id", term) if isinstance(definition, dict) else definition
    prefix, _, rest = iri.partition(":")
    for scope in reversed(scopes):
        if not rest.startswith("//") and isinstance(scope.get(prefix), str):
            return scope[prefix] + rest
    return iri


@pytest.mark.threat(5)
@pytest.mark.parametrize("base", BASE_CONTEXTS)
@pytest.mark.parametrize("open_badges", sorted(OPEN_BADGES_CONTEXTS))
def test_no_member_can_be_renamed_to_another_of_the_same_meaning(base, open_badges):
    parts = [BUNDLED[url]["@context"] for url in (base, open_badges, *sorted(SUPPLEMENTS))]
    aliases = set()
    for terms, seen in scopes_of(parts):
        by_meaning = {}
        for term, definition in terms.items():
            by_meaning.setdefault(meaning(term, definition, seen), set()).add(term)
        aliases |= {tuple(sorted(names)) for names in by_meaning.values() if len(names) > 1}
    # Open Badges 3.0.2 names the class Image and the member image alike; it only tells where a picture is.
    assert aliases <= {("Image", "image")}
    assert aliases == (set() if not open_badges.endswith("3.0.2.json") else {("Image", "image")})


@pytest.mark.threat(8)
def test_no_bundled_context_uses_a_vocabulary():
    def keywords(value):
        if isinstance(value, dict):
            yield from (name for name in value if name.startswith("@"))
            value = list(value.values())
        if isinstance(value, list):
            yield from (keyword for item in value for keyword in keywords(item))

    for url in BUNDLED:
        assert {"@vocab", "@base", "@import", "@nest", "@included", "@graph", "@reverse"}.isdisjoint(
            keywords(BUNDLED[url])
        )


@pytest.mark.threat(8)
@pytest.mark.parametrize(
    ("context", "open_ended"),
    [
        (WITH_VOCAB, True),
        ({"@vocab": "urn:x:"}, True),
        ({"term": {"@id": "urn:x:t", "@context": {"@vocab": "urn:x:"}}}, True),
        ({"term": {"@id": "urn:x:t", "@context": [MINE, WITH_VOCAB]}}, True),
        ({"@import": WITH_VOCAB}, True),
        ({"term": {"@id": "urn:x:t", "@type": "@vocab"}}, False),
        ({"@vocab": None}, False),
        (MINE, False),
    ],
)
def test_a_vocabulary_for_all_is_noticed(context, open_ended):
    document = badge(V2, OB, context)
    profile = context_profile(document, OURS)
    assert profile.vocabularies == (("/@context/2",) if open_ended else ())
    found = [f for f in check_contexts(document, OURS, pinned={MINE, WITH_VOCAB}) if f.code == "context.vocab"]
    assert [finding.outcome for finding in found] == ([FindingOutcome.INDETERMINATE] if open_ended else [])


@pytest.mark.threat(5)
def test_an_unknown_context_leaves_open_and_an_inline_one_fails():
    outcomes = {f.code: f.outcome for f in check_contexts(badge(V2, OB, UNKNOWN, {"name": "urn:x:n"}))}
    assert outcomes == {
        "context.unknown": FindingOutcome.INDETERMINATE,
        "context.inline": FindingOutcome.FAILED,
    }


@pytest.mark.threat(5)
def test_a_pinned_context_is_allowed_only_where_it_is_pinned():
    document = badge(V2, OB, MINE)
    assert codes(document) == ["context.unknown"]
    assert codes(document, contexts=OURS) == ["context.unexpected"]
    assert codes(document, contexts=OURS, pinned={MINE}) == []
    assert codes(badge(V2, OB, MINE, MINE), contexts=OURS, pinned={MINE}) == ["context.repeated"]


def test_the_profile_lists_every_context_in_order():
    inline = {"level": "urn:x:level"}
    document = badge(V2, OB, inline)
    document["credentialSubject"]["achievement"]["@context"] = None
    document["credentialSubject"]["@context"] = [UNKNOWN, {"a": {"@id": "urn:x:a", "@context": {"@vocab": "urn:y:"}}}]
    document["endorsement"] = [badge(V2, OB, types=["VerifiableCredential", "EndorsementCredential"])]
    before = copy.deepcopy(document)
    profile = context_profile(document, path="/verifiableCredential/0")
    assert [used.path.removeprefix("/verifiableCredential/0") for used in profile.lists] == [
        "/@context",
        "/credentialSubject/@context",
        "/credentialSubject/achievement/@context",
        "/endorsement/0/@context",
    ]
    assert profile.lists[0].items == (V2, OB, inline)
    assert profile.urls == (V2, OB, UNKNOWN, V2, OB)
    assert profile.inline == (
        "/verifiableCredential/0/@context/2",
        "/verifiableCredential/0/credentialSubject/@context/1",
        "/verifiableCredential/0/credentialSubject/achievement/@context",
    )
    assert profile.unknown == (("/verifiableCredential/0/credentialSubject/@context/0", UNKNOWN),)
    assert profile.vocabularies == ("/verifiableCredential/0/credentialSubject/@context/1",)
    assert document == before


@pytest.mark.threat(6)
@pytest.mark.parametrize("context", [OB_301, [V2, OB], None, {}, []])
def test_a_list_of_contexts_inside_a_credential_is_noticed(context):
    document = badge(V2, OB)
    document["credentialSubject"]["achievement"]["@context"] = context
    (finding,) = [found for found in check_contexts(document) if found.code == "context.nested"]
    assert finding.path == "/credentialSubject/achievement/@context"
    assert finding.outcome is FindingOutcome.FAILED


def test_contexts_of_a_proof_and_of_an_embedded_credential_have_their_place():
    document = badge(V2, OB)
    document["proof"] = {"type": "DataIntegrityProof", "@context": [V2, OB]}
    assert codes(document) == []
    document["proof"] = [document["proof"], document["proof"]]
    assert codes(document) == []
    document["credentialSubject"]["proof"] = {"type": "DataIntegrityProof", "@context": [V2, OB]}
    assert codes(document) == ["context.nested"]
    del document["credentialSubject"]["proof"]
    document["proof"] = {"type": "DataIntegrityProof", "inner": {"@context": [V2, OB]}}
    assert codes(document) == ["context.nested"]
    document["proof"] = {"type": "DataIntegrityProof", "@context": [V2, {"a": "urn:x:a"}]}
    assert codes(document) == ["context.inline"]
    del document["proof"]
    document["endorsement"] = badge(V2, types=["VerifiableCredential", "EndorsementCredential"])
    assert codes(document) == ["context.type"]
    presentation = {
        "@context": [V2],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [
            badge(V2, OB),
            {"@context": V2, "id": "data:application/vc+jwt,e30", "type": "EnvelopedVerifiableCredential"},
            badge(OB, V2),
        ],
    }
    found = check_contexts(presentation)
    assert {finding.code for finding in found} == {"context.base", "context.type", "context.unexpected"}
    assert all(finding.path.startswith("/verifiableCredential/2/@context") for finding in found)


@pytest.mark.threat(12)
def test_the_number_of_contexts_is_bounded():
    assert codes(badge(V2, OB, *[UNKNOWN] * (MAX_CONTEXTS - 2))) != ["context.limit"]
    assert codes(badge(V2, OB, *[UNKNOWN] * (MAX_CONTEXTS - 1))) == ["context.limit"]
    document = badge(V2, OB)
    endorsement = badge(V2, OB, types=["VerifiableCredential", "EndorsementCredential"])
    document["endorsement"] = [endorsement] * (MAX_CONTEXTS_IN_DOCUMENT // 2 - 1)
    assert codes(document) == []
    document["endorsement"] *= 100
    (finding,) = check_contexts(document)
    assert finding.code == "context.limit"
    assert finding.outcome is FindingOutcome.INDETERMINATE


@pytest.mark.vectors
def test_published_badges_fit_their_profile():
    expected = json.loads(vectors("expected.json").read_bytes())
    names = [name for name, said in expected.items() if said["kind"] == "credential" and name.endswith(".json")]
    found = {name: codes(json.loads(vectors(name).read_bytes())) for name in names}
    assert {name: some for name, some in found.items() if some} == {
        "openbadges/1edtech-validator/simple-err-context.json": ["context.base", "context.type", "context.unexpected"]
    }
    assert len(names) == 65
