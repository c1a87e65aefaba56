"""Contexts: what they may say, what is protected, where they come from, and what processors read differently."""

import json

import pytest
from jsonld_support import OB3, VC2, badge, bundled, canonical, outcome

from node.proofs.errors import ContextInvalidError, ProofsError, UnknownContextError, UnsupportedProofError
from node.proofs.jsonld import JsonLd

A = "https://terms.example/a"
B = "https://terms.example/b"
X = {"@id": "urn:x"}


def refusal(document, contexts=None):
    with pytest.raises(ProofsError) as refused:
        JsonLd(contexts or {}).to_rdf(document)
    assert refused.value.remedy
    return refused.value.code, refused.value.path


def statements(document, contexts=None):
    return set(canonical(JsonLd(contexts or {}).to_rdf(document)))


class TestRegistry:
    def test_an_unknown_context_is_not_fetched_but_named_with_a_remedy(self):
        with pytest.raises(UnknownContextError) as unknown:
            JsonLd({}).to_rdf({"@context": [{"a": A}, "https://evil.example/c"], "a": 1})

        assert (unknown.value.code, unknown.value.path) == ("context.unknown", "/@context/1")
        assert unknown.value.url == "https://evil.example/c"
        assert "trust file" in unknown.value.remedy

    def test_an_unknown_context_inside_a_registered_one_is_named_too(self):
        with pytest.raises(UnknownContextError) as unknown:
            JsonLd({"https://c.example/1": {"@context": ["https://c.example/2"]}}).to_rdf(
                {"@context": "https://c.example/1", "a": 1}
            )

        assert (unknown.value.url, unknown.value.path) == ("https://c.example/2", "/@context")
        assert "https://c.example/1 at /0" in str(unknown.value)

    def test_an_unknown_scoped_context_matters_only_where_it_is_used(self):
        context = {"a": A, "b": {"@id": B, "@context": "https://unknown.example/"}}

        assert statements({"@context": context, **X, "a": 1})
        assert refusal({"@context": context, **X, "b": {"a": 1}}) == ("context.unknown", "/b")

    @pytest.mark.parametrize("name", ["relative", "", "/c", "c.jsonld", "https ://c"])
    def test_a_context_is_named_in_full(self, name):
        assert refusal({"@context": name, "a": 1}) == ("context.relative_iri", "/@context")

    @pytest.mark.parametrize("document", [{}, {"a": A}])
    def test_a_registered_document_must_be_a_context(self, document):
        assert refusal({"@context": "urn:c", "a": 1}, {"urn:c": document}) == ("context.invalid", "/@context")

    def test_a_context_cannot_include_itself(self):
        loop = {"urn:1": {"@context": ["urn:2"]}, "urn:2": {"@context": "urn:1"}}

        assert refusal({"@context": "urn:1", "a": 1}, loop) == ("context.invalid", "/@context")

    def test_a_fault_inside_a_registered_context_is_told_with_its_place(self):
        with pytest.raises(ContextInvalidError, match="urn:c at /1/a/@type") as refused:
            JsonLd({"urn:c": {"@context": [{}, {"a": {"@id": A, "@type": 3}}]}}).to_rdf({"@context": "urn:c"})

        assert refused.value.path == "/@context"

    def test_the_registry_is_read_and_never_changed(self):
        contexts = {"urn:c": {"@context": {"a": {"@id": A, "@container": "@id", "@context": {"b": B}}}}}
        before = json.dumps(contexts)

        JsonLd(contexts).to_rdf({"@context": {"@import": "urn:c", "c": B}, **X, "a": {"urn:y": {"b": 1}}, "c": 2})

        assert json.dumps(contexts) == before


class TestRedefinition:
    @pytest.mark.threat(7)
    def test_an_unprotected_term_can_be_given_another_meaning_and_the_statements_show_it(self):
        """A type of the Open Badges extensions: whether to accept an inline context is the policy's matter."""
        document = badge()
        document["@context"].append("https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
        document["credentialSchema"] = {"id": "https://s.example/1", "type": "1EdTechJsonSchemaValidator2019"}
        honest = canonical(bundled().to_rdf(document))
        document["@context"].append({"1EdTechJsonSchemaValidator2019": "https://evil.example/AnythingGoes"})

        changed = canonical(bundled().to_rdf(document))

        assert [line for line in honest if line not in changed] != []
        assert any("<https://evil.example/AnythingGoes>" in line for line in changed)

    @pytest.mark.threat(7)
    @pytest.mark.parametrize("at", [(), ("issuer",), ("credentialSubject", "achievement"), ("proof",)])
    @pytest.mark.parametrize("term", ["id", "type", "name", "OpenBadgeCredential", "DataIntegrityProof"])
    @pytest.mark.parametrize("definition", [A, {"@id": A}, None, {"@id": A, "@protected": False}])
    def test_a_protected_term_keeps_its_meaning(self, at, term, definition):
        document = badge()
        target = document
        for step in at:
            target = target[step]
        target["@context"] = [*target.get("@context", []), {term: definition}]

        assert outcome(bundled(), document) == "context.protected"

    @pytest.mark.threat(7)
    def test_a_protected_term_may_be_said_again(self):
        document = badge()
        document["@context"] += [VC2, OB3, {"id": "@id", "type": "@type"}]

        assert canonical(bundled().to_rdf(document)) == canonical(bundled().to_rdf(badge()))

    def test_a_property_may_redefine_protected_terms_for_what_is_inside_it(self):
        context = {"@protected": True, "a": A, "b": {"@id": B, "@context": {"a": B}}}

        assert statements({"@context": context, **X, "b": {"@id": "urn:y", "a": 1}}) >= {f"<urn:x> <{B}> <urn:y> .\n"}

    def test_the_prefix_flag_is_part_of_the_meaning(self):
        contexts = [{"@protected": True, "a": "https://terms.example/"}, {"a": {"@id": "https://terms.example/"}}]

        assert refusal({"@context": contexts, **X, "a": 1}) == ("context.protected", "/@context/1/a")


class TestDifferences:
    """What processors read differently is not answered: nobody could tell what was signed."""

    @pytest.mark.parametrize(
        ("document", "path"),
        [
            ({"@context": [{"a": A}, {"@propagate": False}], **X, "a": 1}, "/@context/1"),
            ({"@context": [{"a": A}, {"a": {"@id": "@maybe"}}], **X}, "/@context/1/a"),
            (
                {"@context": {"a": {"@id": A, "@type": "@json", "@context": {"a": A}}}, **X, "a": {}},
                "/a",
            ),
            ({"@context": {"a": {"@id": A, "@type": "@json", "@container": "@index"}}, **X, "a": {}}, "/a"),
            ({"@context": {"a": A, "n": "@nest"}, **X, "n": {"@id": "urn:y", "a": 1}}, "/n"),
            ({"@context": {"a": A, "n": "@nest"}, **X, "n": {"@context": {}, "a": 1}}, "/n"),
            ({"@context": {"a": {"@id": A, "@type": f"{XSD}double"}}, **X, "a": "1.50"}, "/a"),
            ({"@context": {"a": A, "T": {"@id": B, "@context": {}}}, **X, "@nest": {"@type": "T"}}, "/@nest/@type"),
        ]
        if (XSD := "http://www.w3.org/2001/XMLSchema#")
        else [],
        ids=json.dumps,
    )
    def test_it_is_refused_as_undecidable_not_as_wrong(self, document, path):
        with pytest.raises(UnsupportedProofError) as refused:
            JsonLd({}).to_rdf(document)

        assert (refused.value.code, refused.value.path) == ("context.ambiguous", path)


class TestErrors:
    @pytest.mark.parametrize(
        ("context", "path"),
        [
            (3, ""),
            ([3], "/0"),
            ({"@version": 1.0}, "/@version"),
            ({"@version": True}, "/@version"),
            ({"@vocab": 3}, "/@vocab"),
            ({"@language": 3}, "/@language"),
            ({"@direction": "up"}, "/@direction"),
            ({"@propagate": "no"}, "/@propagate"),
            ({"@protected": "yes"}, "/@protected"),
            ({"@import": 3}, "/@import"),
            ({"": A}, "/"),
            ({"@id": A}, "/@id"),
            ({"@type": {"@container": "@list"}}, "/@type"),
            ({"@type": A}, "/@type"),
            ({"a": 3}, "/a"),
            ({"a": {"@id": 3}}, "/a/@id"),
            ({"a": {"@id": "relative"}}, "/a/@id"),
            ({"a": {"@id": "@context"}}, "/a/@id"),
            ({"a": {"@id": A, "@type": "relative"}}, "/a/@type"),
            ({"a": {"@id": A, "@type": "_:b"}}, "/a/@type"),
            ({"a": {"@id": A, "@container": "@nest"}}, "/a/@container"),
            ({"a": {"@id": A, "@container": ["@list", "@set"]}}, "/a/@container"),
            ({"a": {"@id": A, "@container": ["@set", "@set"]}}, "/a/@container"),
            ({"a": {"@id": A, "@container": None}}, "/a/@container"),
            ({"a": {"@id": A, "@container": "@type", "@type": "@json"}}, "/a/@type"),
            ({"a": {"@id": A, "@language": 3}}, "/a/@language"),
            ({"a": {"@id": A, "@direction": "up"}}, "/a/@direction"),
            ({"a": {"@id": A, "@nest": "@id"}}, "/a/@nest"),
            ({"a": {"@id": A, "@prefix": 1}}, "/a/@prefix"),
            ({"a:b": {"@id": "urn:x", "@prefix": True}, "a": "urn:"}, "/a:b/@id"),
            ({"i": {"@id": "@id", "@prefix": True}}, "/i/@prefix"),
            ({"a": {"@id": A, "@protected": 1}}, "/a/@protected"),
            ({"a": {"@id": A, "@index": "b"}}, "/a/@index"),
            ({"a": {"@id": A, "@unknown": 1}}, "/a"),
            ({"a": {"@reverse": A, "@id": B}}, "/a"),
            ({"a": {"@reverse": 3}}, "/a/@reverse"),
            ({"a": {"@reverse": "relative"}}, "/a/@reverse"),
            ({"a": {"@reverse": A, "@container": "@list"}}, "/a/@container"),
            ({"a": "b:c", "b": "a:d"}, "/a"),
            ({"a": "b:c", "b": 3}, "/b"),
            ({"a/b": "urn:x"}, "/a~1b/@id"),
            ({"a": {"@id": A, "@context": {"b": 3}}}, "/a/@context/b"),
            ({"a": {"@id": A, "@context": [{}, {"b": {"@id": B, "@context": 3}}]}}, "/a/@context/1/b/@context"),
        ],
        ids=json.dumps,
    )
    def test_a_faulty_context_is_refused_where_it_is_wrong(self, context, path):
        with pytest.raises(ContextInvalidError) as refused:
            JsonLd({}).to_rdf({"@context": context, **X})

        assert (refused.value.code, refused.value.path) == ("context.invalid", f"/@context{path}")

    @pytest.mark.parametrize("context", [{"@language": "no tag"}, {"a": {"@id": A, "@language": "no tag"}}])
    def test_a_language_must_be_a_tag(self, context):
        code, path = refusal({"@context": context, **X})

        assert code == "context.language"
        assert path.endswith("/@language")

    @pytest.mark.parametrize("vocab", ["", "relative", "/"])
    def test_a_vocabulary_must_be_absolute(self, vocab):
        assert refusal({"@context": {"@vocab": vocab}, **X}) == ("context.relative_iri", "/@context/@vocab")


class TestMeaning:
    """The features that credentials use, each seen in its statement."""

    @pytest.mark.parametrize(
        ("context", "members", "statement"),
        [
            ({"a": A}, {"a": "x"}, f'<urn:x> <{A}> "x"'),
            ({"a": {"@id": A, "@language": "pl"}}, {"a": "x"}, f'<urn:x> <{A}> "x"@pl'),
            ({"@language": "en-GB", "a": A}, {"a": "x"}, f'<urn:x> <{A}> "x"@en-gb'),
            ({"@language": "en", "a": {"@id": A, "@language": None}}, {"a": "x"}, f'<urn:x> <{A}> "x"'),
            ({"@language": "en", "a": {"@id": A, "@type": "@none"}}, {"a": "x"}, f'<urn:x> <{A}> "x"@en'),
            ({"@language": "en", "a": A}, {"a": 1}, f'<urn:x> <{A}> "1"^^<http://www.w3.org/2001/XMLSchema#integer>'),
            ({"a": {"@id": A, "@type": B}}, {"a": "x"}, f'<urn:x> <{A}> "x"^^<{B}>'),
            ({"a": {"@id": A, "@type": "@id"}}, {"a": "urn:y"}, f"<urn:x> <{A}> <urn:y>"),
            ({"a": {"@id": A, "@type": "@vocab"}, "b": B}, {"a": "b"}, f"<urn:x> <{A}> <{B}>"),
            ({"a": {"@id": A, "@type": "@vocab"}, "@vocab": "urn:v:"}, {"a": "b"}, f"<urn:x> <{A}> <urn:v:b>"),
            ({"a": {"@id": A, "@container": "@language"}}, {"a": {"pl": "x"}}, f'<urn:x> <{A}> "x"@pl'),
            ({"a": {"@id": A, "@container": "@language"}}, {"a": {"@none": ["x"]}}, f'<urn:x> <{A}> "x"'),
            ({"t": "https://terms.example/"}, {"t:a": "x"}, f'<urn:x> <{A}> "x"'),
            ({"t": {"@id": "https://terms.example/", "@prefix": True}}, {"t:a": "x"}, f'<urn:x> <{A}> "x"'),
            ({"@vocab": "https://terms.example/"}, {"a": "x"}, f'<urn:x> <{A}> "x"'),
            ({"t": "https://terms.example/", "a": "t:a"}, {"a": "x"}, f'<urn:x> <{A}> "x"'),
            (
                {"a": {"@id": A, "@type": "@json"}},
                {"a": {"z": 1, "b": []}},
                f'<urn:x> <{A}> "{{\\"b\\":[],\\"z\\":1}}"',
            ),
            ({"a": {"@reverse": A, "@type": "@id"}}, {"a": "urn:y"}, f"<urn:y> <{A}> <urn:x>"),
            ({"a": {"@id": A, "@container": "@set"}}, {"a": {"@set": ["x"]}}, f'<urn:x> <{A}> "x"'),
            ({"a": {"@id": A, "@container": "@list"}}, {"a": []}, f"<urn:x> <{A}> <{RDF}nil>"),
        ]
        if (RDF := "http://www.w3.org/1999/02/22-rdf-syntax-ns#")
        else [],
        ids=json.dumps,
    )
    def test_a_member_makes_its_statement(self, context, members, statement):
        (line,) = statements({"@context": context, **X, **members})

        assert line.startswith(statement)

    def test_a_type_scoped_context_ends_with_its_node(self):
        context = {"T": {"@id": B, "@context": {"a": A}}, "b": B}

        assert statements({"@context": context, **X, "@type": "T", "a": "x"}) >= {f'<urn:x> <{A}> "x" .\n'}
        assert refusal({"@context": context, **X, "@type": "T", "b": {"a": "x"}}) == ("context.undefined_term", "/b/a")

    def test_a_type_scoped_context_goes_on_where_it_says_so(self):
        context = {"T": {"@id": B, "@context": {"@propagate": True, "a": A}}, "b": B}

        assert any('"x"' in line for line in statements({"@context": context, **X, "@type": "T", "b": {"a": "x"}}))

    def test_a_property_scoped_context_goes_on_unless_it_says_otherwise(self):
        context = {"b": {"@id": B, "@context": {"a": A}}}
        ending = {"b": {"@id": B, "@context": {"@propagate": False, "a": A}}}
        document = {**X, "b": {"a": {"a": "x"}}}

        assert any('"x"' in line for line in statements({"@context": context, **document}))
        assert refusal({"@context": ending, **document}) == ("context.undefined_term", "/b/a/a")

    def test_the_contexts_of_several_types_apply_in_the_order_of_their_names(self):
        context = {"Y": {"@id": B, "@context": {"a": A}}, "Z": {"@id": A, "@context": {"a": B}}}

        for types in (["Y", "Z"], ["Z", "Y"]):
            assert f'<urn:x> <{B}> "x" .\n' in statements({"@context": context, **X, "@type": types, "a": "x"})

    def test_a_reference_and_a_value_keep_the_context_of_the_node(self):
        context = {"T": {"@id": B, "@context": {"a": A, "v": "@value", "i": "@id"}}}

        lines = statements({"@context": context, **X, "@type": "T", "a": [{"v": "x"}, {"i": "urn:y"}]})

        assert lines >= {f'<urn:x> <{A}> "x" .\n', f"<urn:x> <{A}> <urn:y> .\n"}

    def test_each_proof_is_a_graph_of_its_own(self):
        context = {"proof": {"@id": A, "@container": "@graph"}, "b": B}
        lines = statements({"@context": context, **X, "proof": [{"b": 1}, {"b": 2}]})

        graphs = {line.split()[-2] for line in lines if f"<{B}>" in line}
        assert {line.split()[2] for line in lines if f"<{A}>" in line} == graphs
        assert len(graphs) == 2

    def test_blank_nodes_of_the_document_are_told_apart_from_ours(self):
        """Whatever the document calls them, also what we would call ours."""

        def graph(outer, inner):
            nodes = [{"a": "y"}, {"@id": outer, "a": [{"a": "z"}, {"@id": inner, "a": "x"}]}]
            return statements({"@context": {"a": A}, "@graph": nodes})

        assert graph("_:first", "_:second") == graph("_:b1", "_:b3") == graph("_:b2", "_:b1")
        assert len(graph("_:first", "_:second")) == 5

    def test_lists_in_lists(self):
        context = {"a": {"@id": A, "@container": "@list"}}

        nested = statements({"@context": context, **X, "a": [["x"], []]})
        explicit = statements({"@context": {"a": A}, **X, "a": {"@list": [{"@list": ["x"]}, {"@list": []}]}})

        assert nested == explicit
        assert len(nested) == 7
