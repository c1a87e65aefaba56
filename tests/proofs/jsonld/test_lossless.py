"""Nothing is dropped silently: rows 1 to 4 of the threat table, on our own reading and where a second one follows."""

import json
import re
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from jsonld_support import BADGE, OB3, VC2, Path, badge, bundled, canonical, objects, outcome, read_by_both

from node.documents import pointer
from node.proofs.errors import ContextInvalidError, DataLossError, JsonLdError, ProofsError, UnknownContextError
from node.proofs.jsonld import JsonLd
from node.proofs.jsonld.active_context import KEYWORDS

A = "https://terms.example/a"
BOTH = pytest.mark.parametrize("read", [JsonLd.to_rdf, read_by_both], ids=["alone", "with pyld"])
OBJECTS = [path for path, _ in objects(BADGE)]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def with_member(path: Path, name: str, value: Any) -> dict[str, Any]:
    """The badge with the member at a random place among the others of the object."""
    document = badge()
    target = at(document, path)
    members = list(target.items())
    members.insert(len(name) % (len(members) + 1), (name, value))
    target.clear()
    target.update(members)
    return document


def nested_types() -> frozenset[str]:
    """All names that any context of the badge defines anywhere."""
    from node.credentials.contexts import BUNDLED  # noqa: PLC0415 - loads the files on first use

    names: set[str] = set()

    def visit(context: Any) -> None:
        if isinstance(context, dict):
            for name, value in context.items():
                names.add(name)
                if isinstance(value, dict):
                    visit(value.get("@context"))

    for url in (VC2, OB3):
        visit(BUNDLED[url]["@context"])
    return frozenset(names)


DEFINED = nested_types()


def undefined(name: str) -> bool:
    return name not in DEFINED and ":" not in name and not name.startswith("@")


class TestUndefinedTerms:
    @BOTH
    def test_the_untouched_badge_passes(self, read):
        assert len(canonical(read(bundled(), badge()))) == 63

    @pytest.mark.threat(1)
    @BOTH
    @given(path=st.sampled_from(OBJECTS), name=st.text(max_size=20).filter(undefined), value=json_values)
    @example(path=("credentialSubject", "achievement", "criteria"), name="revokd", value=None)
    @example(path=("proof",), name="", value="x")
    @settings(max_examples=300, deadline=None)
    def test_an_undefined_member_at_any_depth_is_caught_with_its_path(self, read, path, name, value):
        document = with_member(path, name, value)

        with pytest.raises(DataLossError) as refused:
            read(bundled(), document)

        assert refused.value.code == "context.undefined_term"
        assert refused.value.path == pointer(*path, name)
        assert refused.value.remedy

    @pytest.mark.threat(1)
    @given(path=st.sampled_from(OBJECTS), name=st.from_regex(r"@[a-z]+", fullmatch=True), value=json_values)
    @settings(max_examples=200, deadline=None)
    def test_a_member_that_looks_like_a_keyword_is_never_passed_over(self, path, name, value):
        assume(name not in at(BADGE, path))

        with pytest.raises((JsonLdError, UnknownContextError)) as refused:
            bundled().to_rdf(with_member(path, name, value))

        # The member itself, or, where it makes the object something else, one beside it or the whole object.
        assert refused.value.path.startswith(pointer(*path))

    @pytest.mark.threat(1)
    @pytest.mark.parametrize("path", OBJECTS, ids=lambda path: pointer(*path) or "/")
    def test_the_terms_of_one_type_mean_nothing_in_another(self, path):
        """proofValue, resultType and statusPurpose are defined inside their types only."""
        for name in ("proofValue", "resultType", "statusPurpose"):
            if name not in at(BADGE, path):
                assert outcome(bundled(), with_member(path, name, "x")) == "context.undefined_term"

    @pytest.mark.threat(1)
    @BOTH
    def test_rare_features_hide_nothing(self, read):
        """Under @nest, in @reverse, @included and @graph, in maps, sets and lists."""
        context = {
            "a": A,
            "n": "@nest",
            "byId": {"@id": A, "@container": "@id"},
            "list": {"@id": A, "@container": "@list"},
        }
        hidden = {"a": 1, "hidden": 2}
        for members, path in (
            ({"n": hidden}, "/n/hidden"),
            ({"n": [{"a": 1}, hidden]}, "/n/1/hidden"),
            ({"@reverse": {"a": {"@id": "urn:y", "hidden": 1}}}, "/@reverse/a/hidden"),
            ({"@reverse": {"hidden": {"@id": "urn:y"}}}, "/@reverse/hidden"),
            ({"@included": [hidden]}, "/@included/0/hidden"),
            ({"@graph": [hidden]}, "/@graph/0/hidden"),
            ({"byId": {"urn:z": hidden}}, "/byId/urn:z/hidden"),
            ({"a": {"@set": [hidden]}}, "/a/@set/0/hidden"),
            ({"a": {"@list": [1, hidden]}}, "/a/@list/1/hidden"),
            ({"list": [[hidden]]}, "/list/0/0/hidden"),
            ({"a": {"@value": "x", "hidden": 1}}, "/a/hidden"),
            ({"a": {"@context": {"b": A}, "b": 1, "hidden": 1}}, "/a/hidden"),
        ):
            with pytest.raises(DataLossError) as refused:
                read(JsonLd({}), {"@context": context, "@id": "urn:x", "a": 1} | members)
            assert (refused.value.code, refused.value.path) == ("context.undefined_term", path)


class TestChangedClaims:
    @pytest.mark.threat(2)
    @BOTH
    @given(number=st.integers(0, 999))
    @settings(max_examples=20, deadline=None)
    def test_an_undefined_claim_is_refused_before_and_after_it_is_changed(self, read, number):
        """A holder who could derive again after changing it would find one signature over both."""
        for value in (number, number + 1):
            document = with_member(("credentialSubject",), "gradeLimit", value)
            with pytest.raises(DataLossError) as refused:
                read(bundled(), document)
            assert refused.value.path == "/credentialSubject/gradeLimit"

    @pytest.mark.threat(2)
    def test_a_changed_defined_claim_changes_the_statements(self):
        document = badge()
        document["credentialSubject"]["result"][0]["value"] = "5.0"

        assert canonical(bundled().to_rdf(document)) != canonical(bundled().to_rdf(badge()))

    @pytest.mark.threat(2)
    @given(data=st.data())
    @settings(max_examples=150, deadline=None)
    def test_no_scalar_can_be_changed_unnoticed(self, data):
        """Each string and number of the badge is in a statement; names of nodes may be in none of their own."""
        document = badge()
        path, target = data.draw(st.sampled_from([(path, found) for path, found in objects(document)]))
        name = data.draw(
            st.sampled_from([name for name, value in target.items() if isinstance(value, str | int | float)])
        )
        before = target[name]
        target[name] = f"{before}-changed" if isinstance(before, str) else before + 1

        try:
            after = canonical(bundled().to_rdf(document))
        except JsonLdError:
            return  # a type or term that nobody defines
        assert after != canonical(bundled().to_rdf(badge())), (path, name)


class TestNullDefinitions:
    @pytest.mark.threat(3)
    @BOTH
    @pytest.mark.parametrize("definition", [None, {"@id": None}, {"@id": None, "@type": "@id"}])
    @pytest.mark.parametrize("value", ["x", 1, None, [], {"a": 1}])
    def test_a_term_mapped_to_null_hides_nothing(self, read, definition, value):
        document = badge()
        document["@context"].append({"secret": definition})
        document["credentialSubject"]["secret"] = value

        with pytest.raises(DataLossError) as refused:
            read(bundled(), document)

        assert (refused.value.code, refused.value.path) == ("context.null_term", "/credentialSubject/secret")

    @pytest.mark.threat(3)
    def test_a_type_mapped_to_null_hides_nothing(self):
        document = badge()
        document["@context"].append({"Secret": None})
        document["credentialSubject"]["type"].append("Secret")

        with pytest.raises(DataLossError) as refused:
            bundled().to_rdf(document)

        assert (refused.value.code, refused.value.path) == ("context.null_term", "/credentialSubject/type/1")

    @pytest.mark.threat(3)
    @pytest.mark.parametrize("term", ["id", "name", "description", "VerifiableCredential", "OpenBadgeCredential"])
    def test_a_protected_term_cannot_be_mapped_to_null(self, term):
        document = badge()
        document["@context"].append({term: None})

        with pytest.raises(ContextInvalidError) as refused:
            bundled().to_rdf(document)

        assert (refused.value.code, refused.value.path) == ("context.protected", f"/@context/2/{term}")

    @pytest.mark.threat(3)
    def test_protected_terms_cannot_be_forgotten_with_a_context_of_null(self):
        document = badge()
        document["credentialSubject"]["@context"] = None

        with pytest.raises(ContextInvalidError) as refused:
            bundled().to_rdf(document)

        assert (refused.value.code, refused.value.path) == ("context.protected", "/credentialSubject/@context")


relative = st.one_of(
    st.sampled_from(["", "#frag", "a", "a/b", "../a", "./a", "/a", "//host/a", "?q", ":a", "1:a", "a b:c", "-x:y"]),
    st.text(max_size=12).filter(lambda text: not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|_:", text)),
)
NAMED = [path for path, found in objects(BADGE) if isinstance(found.get("id"), str)]
TYPED = [path for path, found in objects(BADGE) if "type" in found]


class TestRelativeIdentifiers:
    @pytest.mark.threat(4)
    @BOTH
    @given(path=st.sampled_from(NAMED), identifier=relative)
    @settings(max_examples=200, deadline=None)
    def test_no_id_is_relative(self, read, path, identifier):
        document = badge()
        at(document, path)["id"] = identifier

        with pytest.raises(DataLossError) as refused:
            read(bundled(), document)

        assert (refused.value.code, refused.value.path) == ("context.relative_iri", pointer(*path, "id"))

    @pytest.mark.threat(4)
    @BOTH
    @example(path=(), name="@json")
    @example(path=("credentialSubject",), name="_:a b")
    @given(path=st.sampled_from(TYPED), name=relative.filter(lambda name: name not in DEFINED))
    @settings(max_examples=200, deadline=None)
    def test_no_type_is_relative_or_undefined(self, read, path, name):
        document = badge()
        types = at(document, path)["type"]
        types = [types] if isinstance(types, str) else types
        at(document, path)["type"] = [*types, name]

        with pytest.raises(JsonLdError) as refused:
            read(bundled(), document)

        expected = (
            {"context.syntax"}
            if name in KEYWORDS
            else {"context.relative_iri", "context.undefined_type", "context.invalid_iri"}
        )
        assert refused.value.code in expected
        assert refused.value.path == pointer(*path, "type", len(types))

    @pytest.mark.threat(4)
    @BOTH
    @given(identifier=relative.filter(lambda name: name not in DEFINED))
    @example(identifier="@A")
    @example(identifier="@id")
    @settings(max_examples=100, deadline=None)
    def test_no_reference_is_relative(self, read, identifier):
        """verificationMethod has @type @id, proofPurpose @type @vocab, @id is itself."""
        for path in (
            ("proof", "verificationMethod"),
            ("proof", "proofPurpose"),
            ("credentialStatus", "statusListCredential"),
        ):
            document = badge()
            at(document, path[:-1])[path[-1]] = identifier
            with pytest.raises(DataLossError) as refused:
                read(bundled(), document)
            assert (refused.value.code, refused.value.path) == ("context.relative_iri", pointer(*path))

    @pytest.mark.threat(4)
    def test_no_base_is_taken_from_anywhere(self):
        for base in ("https://example.org/", "relative/", ""):
            document = badge()
            document["@context"].append({"@base": base})
            assert outcome(bundled(), document) == "context.base"

    @pytest.mark.threat(4)
    @given(path=st.sampled_from(NAMED), character=st.sampled_from(' <>"{}|\\^`\n\t\0\x7f\ud800'))
    @settings(max_examples=100, deadline=None)
    def test_no_identifier_breaks_out_of_its_statement(self, path, character):
        document = badge()
        at(document, path)["id"] = f"urn:x{character}> <urn:p> <urn:o"

        with pytest.raises(DataLossError) as refused:
            bundled().to_rdf(document)

        assert (refused.value.code, refused.value.path) == ("context.invalid_iri", pointer(*path, "id"))


class TestValues:
    @pytest.mark.parametrize(
        ("value", "code", "path"),
        [
            ({"@value": "x", "@type": A, "@language": "en"}, "context.value_members", ""),
            ({"@value": 1, "@language": "en"}, "context.value_members", ""),
            ({"@value": "x", "@id": "urn:y"}, "context.value_members", "/@id"),
            ({"@value": "x", "@list": []}, "context.value_members", "/@list"),
            ({"@value": "x", "@index": "i"}, "context.index", "/@index"),
            ({"@value": "x", "@direction": "rtl"}, "context.direction", ""),
            ({"@value": "x", "@direction": "up"}, "context.syntax", ""),
            ({"@value": "x", "@language": None}, "context.syntax", ""),
            ({"@value": "x", "@language": "no tag"}, "context.language", ""),
            ({"@value": "x", "@type": "T"}, "context.undefined_type", "/@type"),
            ({"@value": "x", "@type": None}, "context.syntax", "/@type"),
            ({"@value": "x", "@type": [A]}, "context.syntax", ""),
            ({"@value": "x", "@type": "@id"}, "context.syntax", "/@type"),
            ({"@value": "x", "@type": "_:b"}, "context.syntax", ""),
            ({"@value": None}, "context.null_value", ""),
            ({"@value": ["x"]}, "context.syntax", ""),
            ({"@value": {}}, "context.syntax", ""),
            ({"@language": "en"}, "context.value_members", "/@language"),
            ({"@index": "i", "a": 1}, "context.index", "/@index"),
            ({"@list": [], "a": 1}, "context.syntax", "/a"),
            ({"@list": [], "@set": []}, "context.syntax", "/@set"),
            ({"@list": [], "@index": "i"}, "context.index", "/@index"),
            ({"@list": [{"@value": None}]}, "context.null_value", "/@list/0"),
            ({"@list": [["x"]]}, "context.ambiguous", "/@list/0"),
            ({"@list": [{"@set": ["x"]}]}, "context.ambiguous", "/@list/0/@set"),
            ({"@none": "x"}, "context.syntax", "/@none"),
            ({"@version": 1.1}, "context.syntax", "/@version"),
            (2**53, "context.number", ""),
            (float("nan"), "context.number", ""),
            (0.1 + 0.2, "context.number", ""),
            ("\ud800", "context.text", ""),
        ],
        ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
    )
    def test_what_no_statement_could_carry_is_refused_where_it_stands(self, value, code, path):
        with pytest.raises(ProofsError) as refused:
            JsonLd({}).to_rdf({"@context": {"a": A}, "@id": "urn:x", "a": value})

        assert (refused.value.code, refused.value.path) == (code, f"/a{path}")
        assert refused.value.remedy

    @pytest.mark.parametrize(
        ("document", "path"),
        [
            ({"@graph": ["text"]}, "/@graph/0"),
            ({"@graph": [{"@value": "x"}]}, "/@graph/0"),
            ({"@graph": [{"@list": ["x"]}]}, "/@graph/0/@list"),
            ({"@graph": [{"@set": ["x"]}]}, "/@graph/0/@set"),
            ({"@graph": [{"@id": "urn:y"}]}, "/@graph/0"),
            ({"@id": "urn:x"}, ""),
            ({"@id": "urn:x", "@included": {"a": 1}}, ""),
            ({"@id": "urn:x", "@graph": [{"@id": "urn:y", "@graph": [{"a": 1}]}]}, ""),
            ({"@id": "urn:x", "a": None}, ""),
            ({"@id": "urn:x", "a": []}, ""),
            ({"@value": "x"}, ""),
            ({"graph": "urn:y"}, "/graph"),
            ({"graph": [{"@id": "urn:y"}]}, "/graph/0"),
            ({"graph": {"@value": "x"}}, "/graph"),
        ],
        ids=json.dumps,
    )
    def test_what_stands_alone_says_nothing(self, document, path):
        context = {"a": A, "graph": {"@id": A, "@type": "@id", "@container": "@graph"}}

        with pytest.raises(DataLossError) as refused:
            JsonLd({}).to_rdf({"@context": context} | document)

        assert (refused.value.code, refused.value.path) == ("context.free_value", path)

    @pytest.mark.parametrize(
        "document", [{}, {"@context": {"a": A}}, {"@context": {"a": A}, "a": None}, {"@graph": []}]
    )
    def test_a_document_without_claims_loses_none(self, document):
        assert JsonLd({}).to_rdf(document) == []

    def test_a_property_cannot_be_a_blank_node(self):
        for context in ({"b": "_:b"}, {"@vocab": "_:"}):
            with pytest.raises(DataLossError) as refused:
                JsonLd({}).to_rdf({"@context": context, "@id": "urn:x", "b": 1})
            assert (refused.value.code, refused.value.path) == ("context.blank_predicate", "/b")

    @pytest.mark.parametrize("container", ["@index", ["@graph", "@index"]])
    def test_an_index_would_not_be_signed(self, container):
        context = {"a": {"@id": A, "@container": container}}

        with pytest.raises(DataLossError) as refused:
            JsonLd({}).to_rdf({"@context": context, "@id": "urn:x", "a": {"i": {"@type": A}}})

        assert (refused.value.code, refused.value.path) == ("context.index", "/a/i")
