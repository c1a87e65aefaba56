"""The structure of credentials 1.1 and 2.0, rule by rule, and the view of what was received."""

import contextlib
import copy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.credentials.credential import (
    MAX_SCHEMAS,
    MAX_STATUS_ENTRIES,
    MAX_SUBJECTS,
    Credential,
    check_credential,
)
from node.credentials.errors import TimestampError
from node.credentials.findings import FindingOutcome
from node.credentials.structure import MAX_CONTEXTS, MAX_PROOFS, Version, is_url
from node.documents import MAX_CREDENTIAL_BYTES

V1 = "https://www.w3.org/2018/credentials/v1"
V2 = "https://www.w3.org/ns/credentials/v2"
MISSING = object()

CREDENTIAL_2 = {
    "@context": [V2],
    "id": "urn:uuid:3f0e6c1a-7f0f-4f0b-9f44-7b2f4a3d9c11",
    "type": ["VerifiableCredential"],
    "issuer": "did:example:university",
    "validFrom": "2026-06-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:ada"},
}
CREDENTIAL_1 = {
    "@context": [V1],
    "id": "urn:uuid:3f0e6c1a-7f0f-4f0b-9f44-7b2f4a3d9c11",
    "type": ["VerifiableCredential"],
    "issuer": "did:example:university",
    "issuanceDate": "2026-06-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:ada"},
}


def having(base, **members):
    names = {"context": "@context"}
    document = {**copy.deepcopy(base), **{names.get(name, name): value for name, value in members.items()}}
    return {name: value for name, value in document.items() if value is not MISSING}


def findings(base, **members):
    return [(finding.code, finding.path) for finding in check_credential(having(base, **members))]


@pytest.mark.parametrize("base", [CREDENTIAL_1, CREDENTIAL_2], ids=["1.1", "2.0"])
def test_a_minimal_credential_has_no_findings(base):
    assert check_credential(base) == []
    assert findings(base, id=MISSING) == []


@pytest.mark.parametrize("base", [CREDENTIAL_1, CREDENTIAL_2], ids=["1.1", "2.0"])
@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"context": MISSING}, ("credential.context.missing", "")),
        ({"context": None}, ("credential.context.list", "/@context")),
        ({"context": []}, ("credential.context.list", "/@context")),
        ({"context": V2}, ("credential.context.list", "/@context")),
        ({"context": {"@vocab": "urn:x:"}}, ("credential.context.list", "/@context")),
        ({"context": ["https://www.w3.org/ns/credentials/v3"]}, ("credential.context.base", "/@context/0")),
        ({"context": ["https://www.w3.org/ns/credentials/v2/"]}, ("credential.context.base", "/@context/0")),
        ({"context": [{}, V2]}, ("credential.context.base", "/@context/0")),
        ({"context": [None, V2]}, ("credential.context.base", "/@context/0")),
        ({"context": [V2, 123192875]}, ("credential.context.item", "/@context/1")),
        ({"context": [V2, None]}, ("credential.context.item", "/@context/1")),
        ({"context": [V2, [V2]]}, ("credential.context.item", "/@context/1")),
        ({"context": [V2, "context/v1"]}, ("credential.context.item", "/@context/1")),
        ({"context": [V2, "https ://not-a-url/v1"]}, ("credential.context.item", "/@context/1")),
        ({"context": [V2, {"type": "urn:x:type"}]}, ("credential.context.redefined", "/@context/1/type")),
        ({"context": [V2, {"id": None}]}, ("credential.context.redefined", "/@context/1/id")),
        (
            {"context": [V2, {"VerifiableCredential": {"@id": "urn:x:Other"}}]},
            ("credential.context.redefined", "/@context/1/VerifiableCredential"),
        ),
        ({"context": [V2, {"level": "no iri"}]}, ("credential.context.iri", "/@context/1/level")),
        ({"context": [V2, {"a/b": {"@id": "x:<y>"}}]}, ("credential.context.iri", "/@context/1/a~1b")),
        ({"id": None}, ("credential.id", "/id")),
        ({"id": "3732"}, ("credential.id", "/id")),
        ({"id": ["urn:x:1"]}, ("credential.id", "/id")),
        ({"id": {"id": "urn:x:1"}}, ("credential.id", "/id")),
        ({"type": MISSING}, ("credential.type", "")),
        ({"type": []}, ("credential.type", "")),
        ({"type": None}, ("credential.type", "/type")),
        ({"type": ["OpenBadgeCredential"]}, ("credential.type", "/type")),
        ({"type": ["VerifiableCredential", 1]}, ("credential.type", "/type/1")),
        ({"type": ["VerifiableCredential", ""]}, ("credential.type", "/type/1")),
        ({"type": ["VerifiableCredential", "no term"]}, ("credential.type", "/type/1")),
        ({"type": ["VerifiableCredential", "VerifiablePresentation"]}, ("credential.type", "/type")),
        ({"issuer": MISSING}, ("credential.issuer", "")),
        ({"issuer": None}, ("credential.issuer", "/issuer")),
        ({"issuer": "Example University"}, ("credential.issuer", "/issuer")),
        ({"issuer": ["did:example:a", "did:example:b"]}, ("credential.issuer", "/issuer")),
        ({"issuer": {"name": "Example University"}}, ("credential.issuer.id", "/issuer")),
        ({"issuer": {"id": None}}, ("credential.issuer.id", "/issuer/id")),
        ({"issuer": {"id": ["did:example:a"]}}, ("credential.issuer.id", "/issuer/id")),
        ({"credentialSubject": MISSING}, ("credential.subject", "")),
        ({"credentialSubject": []}, ("credential.subject", "")),
        ({"credentialSubject": None}, ("credential.subject", "/credentialSubject")),
        ({"credentialSubject": "did:example:ada"}, ("credential.subject", "/credentialSubject")),
        ({"credentialSubject": {}}, ("credential.subject.empty", "/credentialSubject")),
        ({"credentialSubject": [{"id": "urn:x:1"}, {}]}, ("credential.subject.empty", "/credentialSubject/1")),
        ({"credentialSubject": {"id": "ada"}}, ("credential.subject.id", "/credentialSubject/id")),
        ({"credentialSubject": {"id": ["urn:x:1"]}}, ("credential.subject.id", "/credentialSubject/id")),
        ({"credentialStatus": "urn:x:1"}, ("credential.status", "/credentialStatus")),
        ({"credentialStatus": {"id": "urn:x:1"}}, ("credential.status.type", "/credentialStatus")),
        ({"credentialStatus": [{"id": "1", "type": "T"}]}, ("credential.status.id", "/credentialStatus/0/id")),
        ({"credentialSchema": {"type": "JsonSchema"}}, ("credential.schema.id", "/credentialSchema")),
        ({"credentialSchema": {"id": "urn:x:1"}}, ("credential.schema.type", "/credentialSchema")),
        ({"credentialSchema": [{"id": 1, "type": "T"}]}, ("credential.schema.id", "/credentialSchema/0/id")),
        ({"refreshService": {"id": "urn:x:1"}}, ("credential.refresh_service.type", "/refreshService")),
        ({"termsOfUse": {}}, ("credential.terms_of_use.type", "/termsOfUse")),
        ({"evidence": [{"id": "urn:x:1"}]}, ("credential.evidence.type", "/evidence/0")),
        ({"evidence": ["urn:x:1"]}, ("credential.evidence", "/evidence/0")),
        ({"evidence": {"type": "Evidence", "id": None}}, ("credential.evidence.id", "/evidence/id")),
        ({"proof": "z3FX"}, ("credential.proof", "/proof")),
        ({"proof": [{"proofValue": "z3FX"}]}, ("credential.proof.type", "/proof/0")),
        ({"proof": {"type": ["DataIntegrityProof", None]}}, ("credential.proof.type", "/proof/type/1")),
    ],
)
def test_a_broken_rule_is_found_where_it_is_broken(base, members, expected):
    assert findings(base, **members) == [expected]


@pytest.mark.parametrize(
    ("base", "members", "expected"),
    [
        (CREDENTIAL_1, {"issuanceDate": MISSING}, [("credential.date", "")]),
        (CREDENTIAL_1, {"issuanceDate": MISSING, "validFrom": "2026-06-01T00:00:00Z"}, [("credential.date", "")]),
        (CREDENTIAL_1, {"issuanceDate": "2026-06-01"}, [("credential.date.format", "/issuanceDate")]),
        (CREDENTIAL_1, {"issuanceDate": None}, [("credential.date.format", "/issuanceDate")]),
        (CREDENTIAL_1, {"expirationDate": "2026-W23-1"}, [("credential.date.format", "/expirationDate")]),
        (CREDENTIAL_1, {"expirationDate": "2026-05-01T00:00:00Z"}, [("credential.validity.order", "/expirationDate")]),
        (CREDENTIAL_1, {"validUntil": "2026-05-01T00:00:00Z"}, [("credential.validity.order", "/validUntil")]),
        (CREDENTIAL_1, {"credentialStatus": {"type": "T"}}, [("credential.status.id", "/credentialStatus")]),
        (CREDENTIAL_1, {"refreshService": {"type": "T"}}, [("credential.refresh_service.id", "/refreshService")]),
        (CREDENTIAL_2, {"validFrom": "2026-06-01T00:00:00"}, [("credential.date.zone", "/validFrom")]),
        (CREDENTIAL_2, {"validFrom": 1780272000}, [("credential.date.format", "/validFrom")]),
        (CREDENTIAL_2, {"validFrom": ["2026-06-01T00:00:00Z"]}, [("credential.date.format", "/validFrom")]),
        (CREDENTIAL_2, {"validUntil": "2026-05-31T23:59:59Z"}, [("credential.validity.order", "/validUntil")]),
        (CREDENTIAL_2, {"name": None}, [("credential.name", "/name")]),
        (CREDENTIAL_2, {"name": 1}, [("credential.name", "/name")]),
        (CREDENTIAL_2, {"name": {"@value": ["A"]}}, [("credential.name", "/name")]),
        (CREDENTIAL_2, {"name": {"@value": "A", "@language": 1}}, [("credential.name", "/name")]),
        (CREDENTIAL_2, {"description": ["A", {"@value": 1}]}, [("credential.description", "/description/1")]),
        (
            CREDENTIAL_2,
            {"issuer": {"id": "urn:x:1", "name": {"@value": "A", "url": "urn:x:2"}}},
            [("credential.issuer.name", "/issuer/name")],
        ),
        (
            CREDENTIAL_2,
            {"relatedResource": "urn:x:1"},
            [("credential.related_resource", "/relatedResource")],
        ),
        (
            CREDENTIAL_2,
            {"relatedResource": {"id": "urn:x:1"}},
            [("credential.related_resource.digest", "/relatedResource")],
        ),
        (
            CREDENTIAL_2,
            {"relatedResource": [{"id": "urn:x:1", "digestSRI": "a"}, {"id": "urn:x:1", "digestMultibase": "u"}]},
            [("credential.related_resource.repeated", "/relatedResource/1/id")],
        ),
        (
            CREDENTIAL_2,
            {"relatedResource": [{"id": "context.json", "digestSRI": ["a", ""]}]},
            [
                ("credential.related_resource.id", "/relatedResource/0/id"),
                ("credential.related_resource.digest", "/relatedResource/0"),
            ],
        ),
        (
            CREDENTIAL_2,
            {"relatedResource": {"digestSRI": "a"}},
            [("credential.related_resource.id", "/relatedResource")],
        ),
    ],
)
def test_a_rule_of_one_version_is_found(base, members, expected):
    assert findings(base, **members) == expected


@pytest.mark.parametrize(
    ("base", "members"),
    [
        (CREDENTIAL_2, {"context": [V2, {"level": "urn:x:level", "@vocab": "urn:x:"}]}),
        (CREDENTIAL_2, {"context": [V2, {"id": "@id", "name": {"@id": "https://schema.org/name"}}]}),
        (CREDENTIAL_2, {"context": [V2, {"schema": "https://schema.org/", "level": "schema:level"}]}),
        (CREDENTIAL_2, {"type": "VerifiableCredential"}),
        (CREDENTIAL_2, {"type": ["urn:x:T", "VerifiableCredential"]}),
        (CREDENTIAL_2, {"issuer": {"id": "https://university.example/", "name": "A"}}),
        (CREDENTIAL_2, {"validFrom": MISSING}),
        (CREDENTIAL_2, {"validUntil": "2026-06-01T00:00:00Z"}),
        (CREDENTIAL_2, {"validUntil": "2026-06-01T01:00:00+01:00"}),
        (CREDENTIAL_2, {"credentialStatus": {"type": "T"}}),
        (CREDENTIAL_2, {"refreshService": {"type": "T"}}),
        (CREDENTIAL_2, {"evidence": [], "proof": []}),
        (CREDENTIAL_2, {"name": "A", "description": [{"@value": "Hund", "@language": "de"}, "dog"]}),
        (CREDENTIAL_2, {"relatedResource": {"id": "urn:x:1", "digestSRI": "sha384-a", "mediaType": "text/plain"}}),
        (CREDENTIAL_2, {"credentialSubject": [{"id": "urn:x:1"}, {"name": "Ada"}]}),
        (CREDENTIAL_2, {"unknownMember": {"kept": [1, 2.5, None, True]}}),
        (CREDENTIAL_1, {"name": {"en": "Dog", "de": "Hund"}}),
        (CREDENTIAL_1, {"expirationDate": "2026-06-01T00:00:00Z"}),
    ],
)
def test_what_the_model_allows_has_no_findings(base, members):
    assert findings(base, **members) == []


@pytest.mark.threat(28)
@pytest.mark.parametrize(
    ("base", "members", "outcome"),
    [
        (CREDENTIAL_2, {"validUntil": "2026-06-12T24:00:00Z"}, FindingOutcome.INDETERMINATE),
        (CREDENTIAL_2, {"validUntil": "12026-06-12T00:00:00Z"}, FindingOutcome.INDETERMINATE),
        (CREDENTIAL_2, {"validUntil": "2026-06-12T00:00:60Z"}, FindingOutcome.FAILED),
        (CREDENTIAL_2, {"validUntil": "2026-06-12T00:00:00"}, FindingOutcome.FAILED),
        (CREDENTIAL_1, {"expirationDate": "2026-06-12T00:00:00"}, FindingOutcome.INDETERMINATE),
        (CREDENTIAL_1, {"expirationDate": "2026-06-12"}, FindingOutcome.FAILED),
    ],
)
def test_a_date_that_cannot_be_read_is_not_called_wrong(base, members, outcome):
    document = having(base, **members)
    (finding,) = check_credential(document)
    assert finding.outcome is outcome
    with pytest.raises(TimestampError) as refused:
        _ = Credential(document, "/verifiableCredential/0").validity
    assert refused.value.path == "/verifiableCredential/0" + finding.path


@pytest.mark.threat(12)
@pytest.mark.parametrize(
    ("code", "path", "members", "most"),
    [
        ("contexts", "/@context", lambda n: {"context": [V2, *(f"urn:x:{i}" for i in range(n - 1))]}, MAX_CONTEXTS),
        ("proof", "/proof", lambda n: {"proof": [{"type": "T"}] * n}, MAX_PROOFS),
        ("status", "/credentialStatus", lambda n: {"credentialStatus": [{"type": "T"}] * n}, MAX_STATUS_ENTRIES),
        (
            "schema",
            "/credentialSchema",
            lambda n: {"credentialSchema": [{"id": "urn:x:1", "type": "T"}] * n},
            MAX_SCHEMAS,
        ),
        ("subjects", "/credentialSubject", lambda n: {"credentialSubject": [{"name": "A"}] * n}, MAX_SUBJECTS),
    ],
)
def test_each_count_is_bounded(code, path, members, most):
    assert findings(CREDENTIAL_2, **members(most)) == []
    for count in (most + 1, most * 20):
        (finding,) = check_credential(having(CREDENTIAL_2, **members(count)))
        assert (finding.code, finding.path) == (f"credential.limit.{code}", path)
        assert finding.outcome is FindingOutcome.INDETERMINATE


@pytest.mark.threat(12)
def test_the_size_is_bounded():
    room = MAX_CREDENTIAL_BYTES - len(json.dumps(having(CREDENTIAL_2, name=""), separators=(",", ":")))
    assert findings(CREDENTIAL_2, name="a" * room) == []
    assert findings(CREDENTIAL_2, name="a" * (room + 1)) == [("credential.limit.bytes", "")]
    assert findings(CREDENTIAL_2, name="ą" * room) == [("credential.limit.bytes", "")]


@pytest.mark.parametrize("value", ["\ud800", 2**70, {1: 2}, {"deep": None}])
def test_what_is_no_json_is_said(value):
    if value == {"deep": None}:
        for _ in range(1000):
            value = {"deep": value}
    (finding,) = check_credential(having(CREDENTIAL_2, other=value))
    assert finding.code == "credential.json"
    assert finding.outcome is FindingOutcome.FAILED


@pytest.mark.threat(14)
def test_messages_carry_no_control_characters_and_stay_short():
    hostile = "\x1b[2J\u202e<script>" + "a" * 100_000
    for members in (
        {"id": hostile},
        {"type": [hostile]},
        {"issuer": hostile},
        {"context": [V2, hostile]},
        {"validUntil": hostile},
        {"credentialSubject": hostile},
        {"name": {hostile: 1}},
        {"evidence": hostile},
    ):
        for finding in check_credential(having(CREDENTIAL_2, **members)):
            assert finding.message.isascii()
            assert finding.message.isprintable()
            assert len(finding.message) < 300
            assert finding.remedy


URLS = [
    "https://university.example/credentials/3732",
    "HTTPS://university.example",
    "http://[::1]:8080/a?b#c",
    "did:example:123",
    "did:key:z6Mk#z6Mk",
    "urn:uuid:3f0e6c1a-7f0f-4f0b-9f44-7b2f4a3d9c11",
    "data:application/vc+jwt,eyJ",
    "https://przykład.example/odznaka/ś",
    "mailto:a@university.example",
]
NO_URLS = [
    "",
    "3732",
    "credentials/3732",
    "/credentials/3732",
    "//university.example/3732",
    "#fragment",
    "https:",
    "https:university.example",
    "https://",
    "https:///path",
    "https://?query",
    "https ://university.example",
    "https://university.example/a b",
    " https://university.example",
    "https://university.example\n",
    "urn:",
    "_:b0",
    "1a:b",
    "did:example:<x>",
    "urn:x:\x00",
    "urn:x:\\",
    None,
    1,
    True,
    ["urn:x:1"],
    {"id": "urn:x:1"},
]


@pytest.mark.parametrize("url", URLS)
def test_an_absolute_url_is_one(url):
    assert is_url(url)


@pytest.mark.parametrize("url", NO_URLS, ids=ascii)
def test_anything_else_is_no_url(url):
    assert not is_url(url)


def test_the_view_shows_what_is_there():
    document = having(
        CREDENTIAL_2,
        type=["VerifiableCredential", "OpenBadgeCredential"],
        issuer={"id": "did:example:university", "name": "Example University"},
        validUntil="2026-07-01T00:00:00+02:00",
        credentialSubject=[{"id": "did:example:ada"}, {"name": "Bo"}],
        credentialStatus={"type": "S"},
        credentialSchema=[{"id": "urn:x:1", "type": "A"}, {"id": "urn:x:2", "type": "B"}],
        evidence={"type": "E"},
        termsOfUse={"type": "U"},
        relatedResource={"id": "urn:x:3", "digestSRI": "a"},
        proof=[{"type": "P"}, {"type": "Q"}],
    )
    before = copy.deepcopy(document)
    credential = Credential(document)
    assert check_credential(document) == []
    assert credential.version is Version.V2_0
    assert credential.id == document["id"]
    assert credential.types == ("VerifiableCredential", "OpenBadgeCredential")
    assert credential.issuer == "did:example:university"
    assert credential.issuer_profile is document["issuer"]
    assert credential.subjects == tuple(document["credentialSubject"])
    assert credential.subject_ids == ("did:example:ada", None)
    assert credential.validity.start == datetime(2026, 6, 1, tzinfo=UTC)
    assert credential.validity.end == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert credential.status == ({"type": "S"},)
    assert [schema["type"] for schema in credential.schemas] == ["A", "B"]
    assert credential.evidence == ({"type": "E"},)
    assert credential.terms_of_use == ({"type": "U"},)
    assert credential.related_resources == ({"id": "urn:x:3", "digestSRI": "a"},)
    assert credential.proofs[0] is document["proof"][0]
    assert document == before


def test_the_view_of_1_1_takes_the_narrower_period():
    view = Credential(
        having(
            CREDENTIAL_1,
            validFrom="2026-06-02T00:00:00Z",
            expirationDate="2026-08-01T00:00:00Z",
            validUntil="2026-07-01T00:00:00Z",
        )
    )
    assert view.version is Version.V1_1
    assert view.validity.start == datetime(2026, 6, 2, tzinfo=UTC)
    assert view.validity.end == datetime(2026, 7, 1, tzinfo=UTC)
    open_ended = Credential(CREDENTIAL_1).validity
    assert open_ended.end is None
    assert open_ended.start == datetime(2026, 6, 1, tzinfo=UTC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    [*CREDENTIAL_1, *CREDENTIAL_2, "validUntil", "expirationDate", "credentialStatus", "credentialSchema", "evidence"]
) | st.sampled_from(["refreshService", "termsOfUse", "relatedResource", "name", "description", "proof", "other"])


@given(st.sampled_from([CREDENTIAL_1, CREDENTIAL_2]), st.dictionaries(MEMBERS, JSON, max_size=6))
def test_no_json_breaks_the_rules_or_the_view(base, members):
    document = {**base, **members}
    before = copy.deepcopy(document)
    for finding in check_credential(document, "/verifiableCredential/3"):
        assert finding.code.startswith(("credential.", "members."))
        assert finding.path.startswith("/verifiableCredential/3")
        steps = finding.path.removeprefix("/verifiableCredential/3").split("/")[1:]
        place = document
        for step in steps:
            name = step.replace("~1", "/").replace("~0", "~")
            place = place[int(name)] if isinstance(place, list) else place[name]
    view = Credential(document)
    for name in ("version", "id", "types", "issuer", "issuer_profile", "subjects", "subject_ids", "status", "proofs"):
        getattr(view, name)
    with contextlib.suppress(TimestampError):
        _ = view.validity
    assert document == before
