"""The structure of presentations, and what they carry."""

import copy

import pytest

from node.credentials.credential import Credential
from node.credentials.presentation import (
    MAX_PRESENTED,
    DocumentKind,
    EnvelopedCredential,
    Presentation,
    check_presentation,
    kind_of,
)
from node.credentials.structure import MAX_PROOFS, Version
from node.documents import MAX_CREDENTIAL_BYTES, MAX_PRESENTATION_BYTES

V2 = "https://www.w3.org/ns/credentials/v2"
MISSING = object()
CREDENTIAL = {
    "@context": [V2],
    "type": ["VerifiableCredential"],
    "issuer": "did:example:university",
    "credentialSubject": {"id": "did:example:ada"},
}
ENVELOPED = {
    "@context": V2,
    "id": "data:application/vc+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
    "type": "EnvelopedVerifiableCredential",
}
PRESENTATION = {
    "@context": [V2],
    "id": "urn:uuid:0b1e3c9e-6f5f-4f5b-8a27-4d1d8f9f5b1a",
    "type": ["VerifiablePresentation"],
    "holder": "did:example:ada",
    "verifiableCredential": [CREDENTIAL],
}


def having(**members):
    names = {"context": "@context"}
    document = {**copy.deepcopy(PRESENTATION), **{names.get(name, name): value for name, value in members.items()}}
    return {name: value for name, value in document.items() if value is not MISSING}


def findings(**members):
    return [(finding.code, finding.path) for finding in check_presentation(having(**members))]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"id": MISSING, "holder": MISSING, "verifiableCredential": MISSING},
        {"type": "VerifiablePresentation"},
        {"type": ["VerifiablePresentation", "urn:x:Other"]},
        {"holder": {"id": "did:example:ada", "name": "Ada"}},
        {"verifiableCredential": CREDENTIAL},
        {"verifiableCredential": []},
        {"termsOfUse": {"type": "T"}, "proof": {"type": "T"}},
    ],
)
def test_what_the_model_allows_has_no_findings(members):
    assert findings(**members) == []


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"context": MISSING}, ("presentation.context.missing", "")),
        ({"context": ["urn:x:1", V2]}, ("presentation.context.base", "/@context/0")),
        ({"context": [V2, 1]}, ("presentation.context.item", "/@context/1")),
        ({"id": None}, ("presentation.id", "/id")),
        ({"type": MISSING}, ("presentation.type", "")),
        ({"type": ["urn:x:Other"]}, ("presentation.type", "/type")),
        ({"type": ["VerifiablePresentation", "VerifiableCredential"]}, ("presentation.type", "/type")),
        ({"holder": None}, ("presentation.holder", "/holder")),
        ({"holder": "Ada"}, ("presentation.holder", "/holder")),
        ({"holder": ["did:example:ada"]}, ("presentation.holder", "/holder")),
        ({"holder": {"name": "Acme"}}, ("presentation.holder.id", "/holder")),
        ({"termsOfUse": {}}, ("presentation.terms_of_use.type", "/termsOfUse")),
        ({"proof": [{}]}, ("presentation.proof.type", "/proof/0")),
        ({"verifiableCredential": "eyJhbGciOi"}, ("presentation.credential", "/verifiableCredential")),
        ({"verifiableCredential": None}, ("presentation.credential", "/verifiableCredential")),
        ({"verifiableCredential": [CREDENTIAL, "eyJhbGciOi"]}, ("presentation.credential", "/verifiableCredential/1")),
        (
            {"verifiableCredential": [CREDENTIAL, CREDENTIAL | {"issuer": None}]},
            ("credential.issuer", "/verifiableCredential/1/issuer"),
        ),
        (
            {"verifiableCredential": CREDENTIAL | {"credentialSubject": [{}]}},
            ("credential.subject.empty", "/verifiableCredential/credentialSubject/0"),
        ),
        (
            {"verifiableCredential": [ENVELOPED | {"id": "https://example.org/1"}]},
            ("credential.enveloped.id", "/verifiableCredential/0/id"),
        ),
        (
            {"verifiableCredential": [{"@context": V2, "type": ["EnvelopedVerifiableCredential"]}]},
            ("credential.enveloped.id", "/verifiableCredential/0"),
        ),
    ],
)
def test_a_broken_rule_is_found_where_it_is_broken(members, expected):
    assert findings(**members) == [expected]


def test_what_is_inside_an_envelope_is_left_to_whoever_opens_it():
    assert check_presentation(having(verifiableCredential=[CREDENTIAL, ENVELOPED])) == []
    (without,) = findings(
        verifiableCredential=[{name: ENVELOPED[name] for name in ("id", "type")}],
    )[:1]
    assert without == ("credential.context.missing", "/verifiableCredential/0")


def test_credentials_can_be_left_to_their_own_check():
    document = having(verifiableCredential=[CREDENTIAL | {"issuer": None}, "eyJhbGciOi"])
    assert [finding.path for finding in check_presentation(document, credentials=False)] == ["/verifiableCredential/1"]


@pytest.mark.threat(12)
def test_each_count_is_bounded():
    assert findings(verifiableCredential=[CREDENTIAL] * MAX_PRESENTED) == []
    over = [CREDENTIAL] * (MAX_PRESENTED + 1)
    assert findings(verifiableCredential=over) == [("presentation.limit.credentials", "/verifiableCredential")]
    assert findings(proof=[{"type": "T"}] * MAX_PROOFS) == []
    assert findings(proof=[{"type": "T"}] * (MAX_PROOFS + 1)) == [("presentation.limit.proof", "/proof")]


@pytest.mark.threat(12)
def test_the_size_of_each_credential_and_of_the_whole_is_bounded():
    large = CREDENTIAL | {"name": "a" * MAX_CREDENTIAL_BYTES}
    assert findings(verifiableCredential=[CREDENTIAL, large]) == [("credential.limit.bytes", "/verifiableCredential/1")]
    full = CREDENTIAL | {"name": "a" * (MAX_CREDENTIAL_BYTES - 1000)}
    count = MAX_PRESENTATION_BYTES // MAX_CREDENTIAL_BYTES
    assert findings(verifiableCredential=[full] * count) == []
    assert findings(verifiableCredential=[full] * (count + 1)) == [("presentation.limit.bytes", "")]


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        ("VerifiableCredential", DocumentKind.CREDENTIAL),
        (["OpenBadgeCredential", "VerifiableCredential"], DocumentKind.CREDENTIAL),
        (["VerifiablePresentation"], DocumentKind.PRESENTATION),
        ("EnvelopedVerifiableCredential", DocumentKind.ENVELOPED_CREDENTIAL),
        ("EnvelopedVerifiablePresentation", DocumentKind.ENVELOPED_PRESENTATION),
        (["VerifiableCredential", "VerifiablePresentation"], None),
        (["VerifiableCredential", "EnvelopedVerifiableCredential"], None),
        (["OpenBadgeCredential"], None),
        ([], None),
        (None, None),
        ([None, 1, ["VerifiableCredential"]], None),
    ],
)
def test_the_kind_is_told_by_the_types(types, kind):
    assert kind_of({"type": types}) is kind


def test_the_view_shows_what_is_there():
    document = having(
        verifiableCredential=[CREDENTIAL, ENVELOPED, "eyJhbGciOi"],
        holder={"id": "did:example:ada"},
        proof={"type": "DataIntegrityProof"},
    )
    before = copy.deepcopy(document)
    view = Presentation(document)
    assert view.version is Version.V2_0
    assert view.id == PRESENTATION["id"]
    assert view.types == ("VerifiablePresentation",)
    assert view.holder == "did:example:ada"
    assert view.proofs == ({"type": "DataIntegrityProof"},)
    first, second = view.credentials
    assert first == Credential(CREDENTIAL, "/verifiableCredential/0")
    assert first.document is document["verifiableCredential"][0]
    assert second == EnvelopedCredential(ENVELOPED, "/verifiableCredential/1")
    (single,) = Presentation(having(verifiableCredential=CREDENTIAL)).credentials
    assert single.path == "/verifiableCredential"
    bare = Presentation(having(verifiableCredential=MISSING, holder="Ada", id=1))
    assert (bare.credentials, bare.holder, bare.id) == ((), None, None)
    assert document == before
