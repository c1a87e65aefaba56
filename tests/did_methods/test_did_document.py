"""DID documents: which method may be relied upon for what, and what is refused or only not known."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import vectors

from did_methods.did import parse_did_url
from did_methods.document import MAX_METHODS, DidDocument, Relationship
from did_methods.errors import (
    DidDocumentError,
    DidMethodsError,
    InvalidDidError,
    InvalidError,
    InvalidKeyError,
    UnsupportedError,
    UnsupportedKeyError,
    UnsupportedMethodError,
    VerificationMethodError,
)
from did_methods.multibase import to_base58
from did_methods.multikey import KeyType, PrivateKey

DID = "did:example:issuer"
KEYS = {key_type: PrivateKey.generate(key_type).public for key_type in KeyType}
ED = KEYS[KeyType.ED25519]


def method(fragment="key-1", *, key=ED, **members):
    return {
        "id": f"{DID}#{fragment}",
        "type": "Multikey",
        "controller": DID,
        "publicKeyMultibase": key.to_multibase(),
        **members,
    }


def document(*methods, **members):
    ids = [entry["id"] for entry in methods]
    return {"id": DID, "verificationMethod": list(methods), "assertionMethod": ids, **members}


def only(entry, relationship="assertionMethod"):
    """What the document says about its only method."""
    return DidDocument.parse({"id": DID, relationship: [entry]}).verification_method(f"{DID}#key-1", relationship)


def refusal(source, url=f"{DID}#key-1", relationship="assertionMethod", error=VerificationMethodError):
    with pytest.raises(error) as caught:
        DidDocument.parse(source).verification_method(url, relationship)
    assert caught.value.remedy
    return caught.value.code


def test_a_listed_method_of_the_subject_is_answered_with_its_key():
    source = document(method(), capabilityInvocation=["#key-1"])
    before = deepcopy(source)
    view = DidDocument.parse(source)
    found = view.verification_method(parse_did_url(f"{DID}#key-1"), "assertionMethod")
    assert (found.id, found.type, found.controller) == (f"{DID}#key-1", "Multikey", DID)
    assert found.key == ED
    assert found.path == "/verificationMethod/0"
    assert found.expires is found.revoked is found.problem is None
    assert view.verification_method(f"{DID}#key-1", "capabilityInvocation") is found
    assert view.source is source
    assert source == before


def test_a_method_with_a_relative_id_is_the_documents_own():
    source = {"id": DID, "authentication": [{**method(), "id": "#key-1"}]}
    assert DidDocument.parse(source).verification_method(f"{DID}#key-1", "authentication").key == ED


@pytest.mark.threat(19)
@pytest.mark.parametrize("embedded", [True, False])
@pytest.mark.parametrize("listed", list(Relationship))
@pytest.mark.parametrize("asked", list(Relationship))
def test_a_method_serves_only_the_relationships_that_list_it(embedded, listed, asked):
    key = KEYS[KeyType.P256]
    if embedded:
        source = {"id": DID, listed: [method(key=key)]}
    else:
        source = {"id": DID, "verificationMethod": [method(key=key)], listed: [f"{DID}#key-1"]}
    if listed is asked:
        assert DidDocument.parse(source).verification_method(f"{DID}#key-1", asked).key == key
    else:
        assert refusal(source, relationship=asked) == "verification_method.relationship"


@pytest.mark.threat(19)
def test_a_method_that_is_only_present_serves_nothing():
    source = {"id": DID, "verificationMethod": [method()]}
    for relationship in Relationship:
        assert refusal(source, relationship=relationship) == "verification_method.relationship"


@pytest.mark.threat(20)
@pytest.mark.parametrize(
    "controller", ["did:example:other", f"{DID}:sub", DID.upper(), f"{DID}#key-1", "https://issuer.example"]
)
@pytest.mark.parametrize("embedded", [True, False])
def test_a_method_that_someone_else_controls_is_refused(controller, embedded):
    entry = method(controller=controller)
    source = {"id": DID, "assertionMethod": [entry]} if embedded else document(entry)
    assert refusal(source) == "verification_method.controller"


@pytest.mark.threat(20)
def test_a_list_of_controllers_is_refused():
    with pytest.raises(DidDocumentError) as caught:
        DidDocument.parse(document(method(controller=[DID])))
    assert (caught.value.code, caught.value.path) == ("did_document.member", "/verificationMethod/0/controller")


@pytest.mark.threat(20)
@pytest.mark.parametrize(
    "foreign",
    [
        "did:example:other#key-1",
        "did:example:issuerx#key-1",
        "did:example:issuer:sub#key-1",
        "did:example:issuer/path#key-1",
        "did:example:issuer?version=1#key-1",
        "https://issuer.example/keys#key-1",
        "did:example:issuer",
        "did:example:issuer#",
        "did:example:issuer##key-1",
    ],
)
@pytest.mark.parametrize("controller", [DID, "did:example:other"])
def test_a_method_of_another_document_is_refused_wherever_it_is_hosted(foreign, controller):
    entry = {**method(), "id": foreign, "controller": controller}
    for source in (document(entry), {"id": DID, "assertionMethod": [entry]}, {"id": DID, "assertionMethod": [foreign]}):
        assert refusal(source, url=foreign) == "verification_method.foreign"


@pytest.mark.threat(20)
def test_the_issuers_own_document_does_not_answer_for_the_method_of_another():
    assert refusal(document(method()), url="did:example:other#key-1") == "verification_method.foreign"


def test_a_method_that_is_not_there_is_told_apart_from_one_that_is_not_allowed():
    assert refusal(document(method()), url=f"{DID}#key-2") == "verification_method.absent"
    assert refusal({"id": DID, "assertionMethod": [f"{DID}#key-1"]}) == "verification_method.absent"


def test_an_unknown_purpose_is_unsupported_not_wrong():
    assert (
        refusal(document(method()), relationship="contractAgreement", error=UnsupportedError)
        == "verification_method.purpose"
    )


# Methods of every known type

ED_JWK, P256_JWK = ED.to_jwk(), KEYS[KeyType.P256].to_jwk()


def typed(name, **material):
    return {"id": f"{DID}#key-1", "type": name, "controller": DID, **material}


@pytest.mark.parametrize(
    ("entry", "key_type", "relationship"),
    [
        *(
            (method(key=key), key_type, "keyAgreement" if key_type is KeyType.X25519 else "assertionMethod")
            for key_type, key in KEYS.items()
        ),
        *(
            (
                typed(name, publicKeyJwk=key.to_jwk()),
                key_type,
                "keyAgreement" if key_type is KeyType.X25519 else "assertionMethod",
            )
            for name in ("JsonWebKey", "JsonWebKey2020")
            for key_type, key in KEYS.items()
        ),
        (typed("Ed25519VerificationKey2020", publicKeyMultibase=ED.to_multibase()), KeyType.ED25519, "assertionMethod"),
        (typed("Ed25519VerificationKey2018", publicKeyBase58=to_base58(ED.raw)), KeyType.ED25519, "assertionMethod"),
        (
            typed("X25519KeyAgreementKey2020", publicKeyMultibase=KEYS[KeyType.X25519].to_multibase()),
            KeyType.X25519,
            "keyAgreement",
        ),
        (
            typed("X25519KeyAgreementKey2019", publicKeyBase58=to_base58(KEYS[KeyType.X25519].raw)),
            KeyType.X25519,
            "keyAgreement",
        ),
        (
            typed("EcdsaSecp256k1VerificationKey2019", publicKeyJwk=KEYS[KeyType.SECP256K1].to_jwk()),
            KeyType.SECP256K1,
            "assertionMethod",
        ),
        (
            typed("EcdsaSecp256k1VerificationKey2019", publicKeyBase58=to_base58(KEYS[KeyType.SECP256K1].raw)),
            KeyType.SECP256K1,
            "assertionMethod",
        ),
        (
            typed("EcdsaSecp256r1VerificationKey2019", publicKeyMultibase=KEYS[KeyType.P256].to_multibase()),
            KeyType.P256,
            "assertionMethod",
        ),
    ],
)
def test_keys_of_every_known_method_type_are_read(entry, key_type, relationship):
    assert only(entry, relationship).key == KEYS[key_type]


@pytest.mark.threat(24)
@pytest.mark.parametrize("key_type", list(KeyType))
@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("Ed25519VerificationKey2020", KeyType.ED25519),
        ("Ed25519VerificationKey2018", KeyType.ED25519),
        ("EcdsaSecp256k1VerificationKey2019", KeyType.SECP256K1),
        ("EcdsaSecp256r1VerificationKey2019", KeyType.P256),
    ],
)
def test_a_method_type_holds_keys_of_its_own_type_only(name, own, key_type):
    entry = typed(name, publicKeyMultibase=KEYS[key_type].to_multibase())
    if key_type is own:
        assert only(entry).key == KEYS[key_type]
    else:
        assert refusal(document(entry), error=InvalidKeyError) == "key.mismatch"


@pytest.mark.parametrize(
    "entry",
    [
        typed("GpgVerificationKey2020", publicKeyPem="-----BEGIN PUBLIC KEY-----"),
        typed(
            "EcdsaSecp256k1RecoveryMethod2020",
            blockchainAccountId="eip155:1:0xab16a96d359ec26a11e2c2b3d8f8b8942d5bfcdb",
        ),
        typed("Bls12381G1Key2020", publicKeyBase58="2"),
        typed("Multikey2", publicKeyMultibase=ED.to_multibase()),
        typed("Multikey", publicKeyJwk=ED_JWK),
        typed("JsonWebKey2020", publicKeyMultibase=ED.to_multibase()),
        typed("Ed25519VerificationKey2020", publicKeyHex=ED.raw.hex()),
    ],
)
def test_unknown_types_are_kept_and_reported_as_unsupported(entry):
    source = document(method("other"), entry)
    view = DidDocument.parse(source)
    kept = view.methods[f"{DID}#key-1"]
    assert kept.source is entry
    assert kept.key is None
    assert isinstance(kept.problem, UnsupportedMethodError)
    assert kept.problem.path == "/verificationMethod/1"
    assert refusal(source, error=UnsupportedMethodError) == "verification_method.unsupported"
    assert view.verification_method(f"{DID}#other", "assertionMethod").key == ED


def test_an_unknown_key_kind_is_unsupported_and_a_broken_key_is_wrong():
    unknown = method(publicKeyMultibase="z" + to_base58(bytes.fromhex("8524") + bytes(270)))
    assert refusal(document(unknown), error=UnsupportedKeyError) == "key.unsupported"
    identity = method(publicKeyMultibase="z" + to_base58(bytes.fromhex("ed0101") + bytes(31)))
    assert refusal(document(identity), error=InvalidKeyError) == "key.small_order"
    assert refusal(document(method(publicKeyMultibase="z0")), error=InvalidError) == "multibase.alphabet"
    assert refusal(document(method(publicKeyMultibase="uAAA")), error=InvalidError) == "multibase.prefix"
    short = typed("Ed25519VerificationKey2018", publicKeyBase58="2222")
    assert refusal(document(short), error=InvalidKeyError) == "key.length"


@pytest.mark.parametrize(
    "entry",
    [
        typed("Multikey"),
        {**method(), "publicKeyJwk": ED_JWK},
        {**method(), "publicKeyHex": ED.raw.hex()},
        typed("Multikey", publicKeyMultibase=["z1"]),
        typed("JsonWebKey", publicKeyJwk="{}"),
        typed("JsonWebKey", publicKeyJwk=None),
    ],
)
def test_a_key_given_never_twice_or_in_the_wrong_kind_of_value_is_refused(entry):
    assert refusal(document(entry), error=InvalidKeyError) == "key.ambiguous"


@pytest.mark.parametrize("member", ["secretKeyMultibase", "privateKeyJwk", "privateKeyBase58", "secretKeyJwk"])
def test_a_published_secret_key_is_refused(member):
    assert refusal(document({**method(), member: "x"}), error=InvalidKeyError) == "key.secret"
    leaked = typed("JsonWebKey", publicKeyJwk=PrivateKey.generate(KeyType.P256).to_jwk())
    assert refusal(document(leaked), error=InvalidKeyError) == "key.secret"


@pytest.mark.threat(24)
@pytest.mark.parametrize(
    ("entry", "relationship"),
    [
        (method(key=KEYS[KeyType.X25519]), "assertionMethod"),
        (method(key=ED), "keyAgreement"),
        (method(key=KEYS[KeyType.BLS12_381_G2]), "keyAgreement"),
        (typed("JsonWebKey", publicKeyJwk={**P256_JWK, "use": "enc"}), "assertionMethod"),
        (typed("JsonWebKey", publicKeyJwk={**P256_JWK, "use": "sig"}), "keyAgreement"),
        (typed("JsonWebKey", publicKeyJwk={**P256_JWK, "alg": "ECDH-ES"}), "authentication"),
        (typed("JsonWebKey", publicKeyJwk={**P256_JWK, "key_ops": ["deriveKey"]}), "capabilityInvocation"),
    ],
)
def test_a_key_that_cannot_serve_the_relationship_is_refused(entry, relationship):
    source = {"id": DID, relationship: [entry]}
    assert refusal(source, relationship=relationship) == "verification_method.use"


# Times


def test_times_of_a_method_are_shown_and_not_judged():
    found = only(method(expires="2020-01-01T00:00:00Z", revoked="2019-05-06T07:08:09.5+02:00"))
    assert found.key == ED
    assert found.expires == datetime(2020, 1, 1, tzinfo=UTC)
    assert found.revoked == datetime(2019, 5, 6, 7, 8, 9, 500000, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize("member", ["expires", "revoked"])
@pytest.mark.parametrize(
    "value",
    [
        None,
        0,
        "",
        "2020",
        "2020-01-01",
        "2020-01-01T00:00:00",
        "2020-02-30T00:00:00Z",
        "2020-01-01T00:00Z",
        [],
        "never",
        "2020-01-01 00:00:00Z",
        "\N{FULLWIDTH DIGIT TWO}020-01-01T00:00:00Z",
        "2020-01-01T00:00:00Z\n",
    ],
)
def test_a_time_that_cannot_be_read_makes_the_method_unusable(member, value):
    source = document(method(**{member: value}))
    assert refusal(source, error=DidDocumentError) == "did_document.time"
    assert DidDocument.parse(source).methods[f"{DID}#key-1"].key is None


# The document itself


@pytest.mark.parametrize(
    "change",
    [
        {"publicKeyMultibase": KEYS[KeyType.P256].to_multibase()},
        {"controller": "did:example:other"},
        {"revoked": "2020-01-01T00:00:00Z"},
        {"id": "#key-1"},
    ],
)
@pytest.mark.parametrize("embedded", [True, False])
def test_two_different_methods_with_one_id_are_refused(embedded, change):
    source = document(method(), {**method(), **change})
    if embedded:
        source = {"id": DID, "verificationMethod": [method()], "assertionMethod": [{**method(), **change}]}
    with pytest.raises(DidDocumentError) as caught:
        DidDocument.parse(source)
    assert caught.value.code == "did_document.duplicate_id"
    assert caught.value.path in {"/verificationMethod/1/id", "/assertionMethod/0/id"}


def test_a_method_repeated_word_for_word_is_one_method():
    source = {"id": DID, "verificationMethod": [method()], "assertionMethod": [method()]}
    view = DidDocument.parse(source)
    assert list(view.methods) == [f"{DID}#key-1"]
    assert view.verification_method(f"{DID}#key-1", "assertionMethod").key == ED
    assert refusal(source, relationship="authentication") == "verification_method.relationship"


@pytest.mark.vectors
@pytest.mark.parametrize("name", ["legacy", "oidf"])
def test_the_published_documents_of_an_issuer_in_the_field_are_read(name):
    """One embeds its method, the other lists it and embeds it again."""
    source = json.loads(vectors("dcc-vc-test-fixtures", "dids", name, "did.json").read_text())
    view = DidDocument.parse(source)
    (found,) = view.methods.values()
    assert view.verification_method(found.id, "assertionMethod").key.to_multibase() == found.id.split("#")[1]


@pytest.mark.parametrize(
    ("source", "code", "path"),
    [
        ({}, "did_document.id", "/id"),
        ({"id": 5}, "did_document.id", "/id"),
        ({"id": "urn:uuid:1"}, "did_document.id", "/id"),
        ({"id": "http://issuer.example"}, "did_document.id", "/id"),
        ({"id": "https://issuer.example#a"}, "did_document.id", "/id"),
        ({"id": "https://issuer.example/\n"}, "did_document.id", "/id"),
        ({"id": "https://" + "a" * 10_000}, "did_document.id", "/id"),
        ({"id": DID, "verificationMethod": {}}, "did_document.member", "/verificationMethod"),
        ({"id": DID, "verificationMethod": None}, "did_document.member", "/verificationMethod"),
        ({"id": DID, "verificationMethod": ["#key-1"]}, "did_document.member", "/verificationMethod/0"),
        ({"id": DID, "assertionMethod": "#key-1"}, "did_document.member", "/assertionMethod"),
        ({"id": DID, "assertionMethod": [5]}, "did_document.member", "/assertionMethod/0"),
        ({"id": DID, "assertionMethod": ["#" + "a" * 10_000]}, "did_document.member", "/assertionMethod/0"),
        (
            {"id": DID, "assertionMethod": ["#klucz\N{LATIN SMALL LETTER A WITH OGONEK}"]},
            "did_document.member",
            "/assertionMethod/0",
        ),
        (document(method(), {**method("b"), "id": None}), "did_document.member", "/verificationMethod/1/id"),
    ],
)
def test_documents_that_break_the_data_model_are_refused_with_the_place(source, code, path):
    with pytest.raises(DidDocumentError) as caught:
        DidDocument.parse(source)
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.threat(21)
def test_a_document_whose_id_is_not_a_did_is_refused():
    with pytest.raises(InvalidDidError):
        DidDocument.parse({"id": "did:web:good.edu%40evil.com"})


def test_a_controlled_identifier_document_has_an_https_id():
    base = "https://controller.example/101"
    entry = {**method(), "id": f"{base}#key-1", "controller": base}
    view = DidDocument.parse({"id": base, "verificationMethod": [entry], "authentication": ["#key-1"]})
    assert view.verification_method(f"{base}#key-1", "authentication").key == ED
    with pytest.raises(VerificationMethodError):
        view.verification_method("https://controller.example/10#key-1", "authentication")


@pytest.mark.parametrize("member", ["verificationMethod", *Relationship])
def test_the_number_of_entries_is_bounded(member):
    entries = [method(str(index)) for index in range(MAX_METHODS + 1)]
    assert len(DidDocument.parse({"id": DID, member: entries[1:]}).methods) == MAX_METHODS
    with pytest.raises(DidDocumentError) as caught:
        DidDocument.parse({"id": DID, member: entries})
    assert (caught.value.code, caught.value.path) == ("did_document.too_many", f"/{member}")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from([DID, f"{DID}#key-1", "Multikey", ED.to_multibase()]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "controller", "publicKeyMultibase", "publicKeyJwk", "kty", "expires"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["id", "verificationMethod", *Relationship]), JSON))
def test_any_object_is_a_document_or_refused_with_a_reason(source):
    try:
        view = DidDocument.parse(source)
        view.verification_method(f"{DID}#key-1", "assertionMethod")
    except DidMethodsError as error:
        assert error.remedy  # noqa: PT017 - refused or read, both are right
    else:
        assert view.id == DID
