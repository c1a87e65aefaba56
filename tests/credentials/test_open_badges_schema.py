"""The schema that we write down ourselves is the published one: the same verdict on every document tried."""

import copy
import json
from functools import cache

import jsonschema_rs
import pytest
from award_support import achievement, award
from hypothesis import given, settings
from hypothesis import strategies as st
from support import vectors

from node.credentials.compose import compose
from node.credentials.schemas.errors_found import MAX_ERRORS
from node.credentials.schemas.open_badges import Form, is_published, judge_form, schema_class, schema_of

PROOF = {"type": "DataIntegrityProof", "created": "2026-06-12T14:03:00Z", "proofValue": "z1"}
KINDS = {"AchievementCredential": "achievementcredential", "EndorsementCredential": "endorsementcredential"}
OTHERS = [None, True, 7, 0.5, "x", "ext:x", "2026-06-12T14:03:00Z", "2026-06-12", "en-GB", [], {}, [{}], ["x"]]
"""Values that are put in the place of others."""


@cache
def published(kind):
    path = vectors("openbadges", "schemas", "1edtech-gh-pages", f"{KINDS[kind]}.json")
    return jsonschema_rs.Draft201909Validator(json.loads(path.read_bytes()), validate_formats=True)


@cache
def ours(kind, form=Form.JSON):
    return jsonschema_rs.Draft201909Validator(schema_of(kind, form), validate_formats=True)


def composed():
    return {**compose(achievement(), award()), "proof": [PROOF]}


@cache
def samples():
    """Badges and endorsements that others published, with what we compose."""
    folder = vectors("openbadges", "1edtech-validator")
    found = [composed()]
    for path in [*folder.glob("*.json"), *vectors("dcc-vc-test-fixtures", "v2").glob("**/*.json")]:
        document = json.loads(path.read_bytes())
        if schema_class(document):
            proof = document.get("proof", [])
            found.append({**document, "proof": proof if isinstance(proof, list) else [proof]})
    surf = vectors("edu-samples-surf").glob("*.json")
    return [*found, *(json.loads(path.read_bytes()) for path in surf)]


def places(value, path=()):
    yield path
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(inner, (*path, step))


def at(document, path):
    for step in path:
        document = document[step]
    return document


def altered(document, path, value):
    changed = copy.deepcopy(document)
    if path:
        at(changed, path[:-1])[path[-1]] = value
        return changed
    return value


@pytest.mark.vectors
@pytest.mark.parametrize("kind", KINDS)
def test_samples_are_judged_as_by_the_published_schema(kind):
    verdicts = [(ours(kind).is_valid(document), published(kind).is_valid(document)) for document in samples()]
    assert all(one is other for one, other in verdicts)
    assert sum(one for one, _ in verdicts) >= (15 if kind == "AchievementCredential" else 1)


@pytest.mark.vectors
@given(st.data())
@settings(max_examples=400, deadline=None)
def test_altered_documents_are_judged_as_by_the_published_schema(data):
    document = data.draw(st.sampled_from(samples()))
    path = data.draw(st.sampled_from(list(places(document))))
    if path and data.draw(st.booleans()):
        changed = copy.deepcopy(document)
        del at(changed, path[:-1])[path[-1]]
    else:
        changed = altered(document, path, data.draw(st.sampled_from([*OTHERS, [at(document, path)]])))
    for kind in KINDS:
        assert ours(kind).is_valid(changed) is published(kind).is_valid(changed), (kind, path)


@pytest.mark.vectors
def test_each_member_of_the_published_classes_is_known_with_what_it_may_be():
    """One document of each class, by the published names of its members; every value of the wrong kind is tried."""
    definitions = json.loads(
        vectors("openbadges", "schemas", "1edtech-gh-pages", "achievementcredential.json").read_bytes()
    )["$defs"]
    own = schema_of("AchievementCredential", Form.JSON)["$defs"]
    schema = schema_of("AchievementCredential", Form.JSON)
    known = {"CredentialStatus": "Service", "RefreshService": "Service", "CredentialSchema": "Service"}
    for name, definition in definitions.items():
        if "properties" not in definition:
            continue
        theirs = jsonschema_rs.Draft201909Validator(
            {"$ref": f"#/$defs/{name}", "$defs": definitions}, validate_formats=True
        )
        mine = jsonschema_rs.Draft201909Validator(
            {**schema, "$ref": f"#/$defs/{known.get(name, name)}"}, validate_formats=True
        )
        least = {member: _value(definitions, definition["properties"][member]) for member in definition["required"]}
        assert theirs.is_valid(least), name
        assert mine.is_valid(least), name
        assert set(own[known.get(name, name)]["properties"]) == set(definition["properties"]), name
        for member in [*definition["properties"], "unheardOf"]:
            for value in [*OTHERS, _value(definitions, definition["properties"].get(member, {}))]:
                changed = {**least, member: value}
                assert mine.is_valid(changed) is theirs.is_valid(changed), (name, member, value)
            left = {other: value for other, value in least.items() if other != member}
            assert mine.is_valid(left) is theirs.is_valid(left), (name, member)


def _value(definitions, schema):  # noqa: C901, PLR0911, PLR0912 -- a case for each form of a definition
    """A value that a published definition allows."""
    match schema:
        case {"$ref": reference}:
            return _value(definitions, definitions[reference.rpartition("/")[2]])
        case {"oneOf": [first, *_]}:
            return _value(definitions, first)
        case {"allOf": parts}:
            return [part["contains"]["enum"][0] for part in parts]
        case {"enum": [first, *_]}:
            return first
        case {"properties": properties, "required": required}:
            return {member: _value(definitions, properties[member]) for member in required}
        case {"type": "array", "contains": {"enum": [first, *_]}}:
            return [first]
        case {"type": "array", "items": [first, _]}:
            return [first["enum"][0], "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]
        case {"type": "array", "items": one}:
            return [_value(definitions, one)]
        case {"format": "date-time"}:
            return "2026-06-12T14:03:00Z"
        case {"format": "date"}:
            return "2026-06-12"
        case {"pattern": pattern}:
            return "en" if "A-Z" in pattern and "_" not in pattern else "a.b.c"
        case {"type": kind}:
            return {"string": "x", "number": 1, "boolean": True, "object": {}}[kind]
        case _:
            return "x"


@pytest.mark.vectors
def test_what_we_compose_keeps_to_the_plain_family():
    assert judge_form(composed()).form is Form.JSON
    assert published("AchievementCredential").is_valid(composed())


def test_a_proof_that_stands_alone_is_taken_for_an_array_of_one():
    assert judge_form(composed() | {"proof": PROOF}).form is Form.JSON
    assert judge_form(composed() | {"proof": {"created": "2026"}}).form is None


@pytest.mark.parametrize(
    "changes",
    [
        {"evidence": {"type": "Evidence"}},
        {"issuer": {"id": "did:web:school.example", "type": "Profile"}},
        {"endorsementJwt": "a.b.c"},
    ],
)
def test_a_compacted_document_keeps_to_the_other_family(changes):
    verdict = judge_form(composed() | changes)
    assert (verdict.form, verdict.errors) == (Form.JSON_LD, ())


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"issuer": {"id": "did:web:school.example", "type": "Organisation"}}, "/issuer/type"),
        ({"evidence": [{"type": ["Evidence"], "name": 7}]}, "/evidence/0/name"),
        ({"evidence": {"type": "Evidence", "name": 7}}, "/evidence/name"),
        ({"validFrom": "yesterday"}, "/validFrom"),
    ],
)
def test_what_speaks_against_it_is_named_with_its_place_and_without_its_value(changes, path):
    verdict = judge_form(composed() | changes)
    assert verdict.form is None
    assert path in [error.path for error in verdict.errors]
    assert not any("yesterday" in error.message or "Organisation" in error.message for error in verdict.errors)


def test_errors_are_few_and_short():
    verdict = judge_form(composed() | {"evidence": [{"type": ["x" * 10_000]}] * 500})
    assert len(verdict.errors) == MAX_ERRORS
    assert all(len(error.message) <= 200 for error in verdict.errors)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": ["VerifiableCredential"]},
        {
            "@context": [
                "https://www.w3.org/2018/credentials/v1",
                "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
            ]
        },
        {"type": 7},
    ],
)
def test_no_other_document_is_judged(changes):
    assert judge_form(composed() | changes) is None


def test_the_schemas_of_open_badges_are_known_by_their_address():
    assert is_published(judge_form(composed()).schema)
    assert not is_published("https://school.example/schema.json")
