"""did:ethr: identifiers, and documents out of events."""

import pytest
from ethr_support import (
    ALICE,
    DAY,
    DID,
    ED25519,
    ED_NAME,
    ED_VALUE,
    KEY,
    SECONDS,
    START,
    Registry,
    account,
    ids,
    named,
    resolved,
)

from did_methods.accounts import checksummed, ethereum_address
from did_methods.curves import KeyType
from did_methods.did import parse_did
from did_methods.document import DidDocument, Relationship
from did_methods.errors import DidMethodsError, InvalidDidError, InvalidKeyError, UnsupportedEventsError
from did_methods.ethr import (
    NETWORKS,
    attribute_name,
    controller_key_id,
    create,
    key_attribute,
    subject_of,
)
from did_methods.multibase import to_base58
from did_methods.multikey import PrivateKey

# identifiers


@pytest.mark.parametrize(
    ("text", "chain_id"),
    [
        (f"did:ethr:0x{ALICE.hex()}", 1),
        (f"did:ethr:mainnet:0x{ALICE.hex()}", 1),
        (f"did:ethr:0x1:0x{ALICE.hex()}", 1),
        (f"did:ethr:sepolia:{checksummed(ALICE)}", 11_155_111),
        (f"did:ethr:0xaa36a7:0x{ALICE.hex().upper()}", 11_155_111),
        (f"did:ethr:artis:tau1:0x{ALICE.hex()}", 246_785),
        (f"did:ethr:0x7a69:0x{ALICE.hex()}", 31_337),
    ],
)
def test_an_account_on_a_chain(text, chain_id):
    subject = subject_of(parse_did(text))
    assert (subject.address, subject.chain_id, subject.public_key) == (ALICE, chain_id, None)


def test_a_key_is_its_account():
    for network, chain_id in ((None, 1), ("sepolia", 11_155_111), ("0x7a69", 31_337)):
        did = create(KEY, network=network)
        subject = subject_of(did)
        assert (subject.address, subject.chain_id, subject.public_key) == (ethereum_address(KEY), chain_id, KEY.raw)
    assert str(create(KEY)) == f"did:ethr:0x{KEY.raw.hex()}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("did:ethr:0x", "did.syntax"),
        (f"did:ethr:{ALICE.hex()}", "did.syntax"),
        (f"did:ethr:0x{ALICE.hex()}00", "did.syntax"),
        (f"did:ethr:0x{ALICE.hex()[1:]}", "did.syntax"),
        (f"did:ethr:0x00:0x{ALICE.hex()}", "did.syntax"),
        (f"did:ethr:0x01:0x{ALICE.hex()}", "did.syntax"),
        (f"did:ethr:0x7A69:0x{ALICE.hex()}", "did.syntax"),
        (f"did:ethr:0x{'f' * 17}:0x{ALICE.hex()}", "did.syntax"),
        (f"did:web:0x{ALICE.hex()}", "did.syntax"),
        ("did:ethr:" + checksummed(ALICE).swapcase().replace("X", "x"), "did.account"),
        (f"did:ethr:nowhere:0x{ALICE.hex()}", "ethr.network"),
        ("did:ethr:0x04" + "11" * 32, "key.not_canonical"),
        ("did:ethr:0x02" + "ff" * 32, "key.not_canonical"),
        ("did:ethr:0x02" + "00" * 31 + "05", "key.not_on_curve"),
    ],
)
def test_what_is_no_identifier(text, code):
    with pytest.raises(DidMethodsError) as caught:
        subject_of(parse_did(text))
    assert caught.value.code == code
    assert caught.value.remedy


def test_only_a_secp256k1_key_is_an_identifier():
    with pytest.raises(InvalidKeyError):
        create(ED25519[0])
    with pytest.raises(InvalidDidError):
        create(KEY, network="0x01")
    with pytest.raises(UnsupportedEventsError):
        create(KEY, network="nowhere")


def test_the_attributes_that_keys_are_written_as():
    assert key_attribute(KEY) == (named("did/pub/Secp256k1/veriKey/hex"), KEY.raw)
    assert key_attribute(ED25519[0]) == (named("did/pub/Ed25519/veriKey/base58"), ED25519[0].raw)
    x25519 = ED25519[0].to_x25519()
    assert key_attribute(x25519) == (named("did/pub/X25519/enc/base58"), x25519.raw)
    p256 = PrivateKey.generate(KeyType.P256).public
    assert key_attribute(p256) == (named("did/pub/Multikey/veriKey"), b"\x80\x24" + p256.raw)
    for wrong in ("", "a" * 33, "a\0b"):
        with pytest.raises(InvalidDidError):
            attribute_name(wrong)


# documents


def test_the_document_of_an_account_that_was_never_changed():
    registry = Registry()
    registry.mine()
    result = resolved(registry)
    account_id = f"eip155:31337:{checksummed(ALICE)}"
    assert result.document == {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/suites/secp256k1recovery-2020/v2",
            "https://w3id.org/security/v3-unstable",
        ],
        "id": str(DID),
        "verificationMethod": [
            {
                "id": f"{DID}#controller",
                "type": "EcdsaSecp256k1RecoveryMethod2020",
                "controller": str(DID),
                "blockchainAccountId": account_id,
            }
        ],
        "authentication": [f"{DID}#controller"],
        "assertionMethod": [f"{DID}#controller"],
    }
    assert result.document_metadata == {}


def test_the_key_of_a_key_goes_with_its_owner():
    did = create(KEY, network="0x7a69")
    registry = Registry()
    registry.mine()
    document = resolved(registry, did).document
    assert ids(document) == ["controller", "controllerKey"]
    assert ids(document, "assertionMethod") == ids(document, "authentication") == ["controller", "controllerKey"]
    found = DidDocument.parse(document).verification_method(controller_key_id(did), Relationship.ASSERTION_METHOD)
    assert found.key == KEY
    registry.owner(ethereum_address(KEY), account(2))
    registry.mine()
    document = resolved(registry, did).document
    assert ids(document) == ids(document, "assertionMethod") == ["controller"]
    assert document["verificationMethod"][0]["blockchainAccountId"] == f"eip155:31337:{checksummed(account(2))}"
    registry.owner(ethereum_address(KEY), ethereum_address(KEY))
    registry.mine()
    assert ids(resolved(registry, did).document) == ["controller", "controllerKey"]


def test_numbers_as_the_specification_counts_them():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, DAY)
    registry.attribute(ALICE, "did/pub/Secp256k1/veriKey/hex", KEY.raw, DAY)
    registry.delegate(ALICE, "veriKey", account(3), DAY // 2)
    registry.attribute(ALICE, "did/svc/HubService", b"https://hub.example", DAY)
    registry.mine()
    assert ids(resolved(registry).document) == ["controller", "delegate-1", "delegate-2", "delegate-3"]
    assert ids(resolved(registry).document, "service") == ["service-1"]
    registry.attribute(ALICE, ED_NAME, ED_VALUE, None)
    registry.mine()
    assert ids(resolved(registry).document) == ["controller", "delegate-2", "delegate-3"]
    registry.delegate(ALICE, "sigAuth", account(4), DAY)
    registry.mine()
    assert ids(resolved(registry).document) == ["controller", "delegate-2", "delegate-3", "delegate-5"]
    later = resolved(registry, now=START + DAY // 2 + 10 * SECONDS).document
    assert ids(later) == ["controller", "delegate-2", "delegate-5"]
    assert ids(later, "authentication") == ["controller", "delegate-5"]
    registry.attribute(ALICE, ED_NAME, ED_VALUE, DAY)  # once more, with a number of its own
    registry.mine()
    assert ids(resolved(registry).document)[-1] == "delegate-6"


@pytest.mark.parametrize(
    ("name", "value", "entry", "lists"),
    [
        (
            "did/pub/Ed25519/veriKey/base58",
            ED_VALUE,
            {"type": "Ed25519VerificationKey2018", "publicKeyBase58": to_base58(ED_VALUE)},
            {"assertionMethod"},
        ),
        (
            "did/pub/Ed25519/sigAuth/hex",
            ED_VALUE,
            {"type": "Ed25519VerificationKey2018", "publicKeyHex": ED_VALUE.hex()},
            {"assertionMethod", "authentication"},
        ),
        (
            "did/pub/Ed25519/veriKey/base64",
            bytes(range(32)),
            {
                "type": "Ed25519VerificationKey2018",
                "publicKeyBase64": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            },
            {"assertionMethod"},
        ),
        (
            "did/pub/Secp256k1/veriKey",
            KEY.raw,
            {"type": "EcdsaSecp256k1VerificationKey2019", "publicKeyHex": KEY.raw.hex()},
            {"assertionMethod"},
        ),
        (
            "did/pub/X25519/enc/hex",
            b"\x09" * 32,
            {"type": "X25519KeyAgreementKey2019", "publicKeyHex": "09" * 32},
            {"keyAgreement"},
        ),
        (
            "did/pub/RSA/veriKey/pem",
            b"-----BEGIN PUBLIC KEY-----",
            {"type": "RSAVerificationKey2018", "publicKeyPem": "-----BEGIN PUBLIC KEY-----"},
            {"assertionMethod"},
        ),
        (
            "did/pub/Multikey/veriKey",
            ED25519[0].multicodec,
            {"type": "Multikey", "publicKeyMultibase": ED25519[0].to_multibase()},
            {"assertionMethod"},
        ),
        ("did/pub/Dilithium", b"\x01\x02", {"type": "Dilithium", "publicKeyHex": "0102"}, {"assertionMethod"}),
        ("did/pub/Other/veriKey/odd", b"\x01", {"type": "Other", "value": "01"}, {"assertionMethod"}),
    ],
)
def test_attributes_are_keys(name, value, entry, lists):
    registry = Registry()
    registry.attribute(ALICE, name, value, DAY)
    registry.mine()
    document = resolved(registry).document
    assert document["verificationMethod"][1] == {"id": f"{DID}#delegate-1", "controller": str(DID)} | entry
    for member in ("authentication", "assertionMethod", "keyAgreement"):
        assert ("delegate-1" in ids(document, member)) == (member in lists)
    assert ("keyAgreement" in document) == ("keyAgreement" in lists)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("did/pub/Ed25519/veriKey/base58", ED_VALUE),
        ("did/pub/Ed25519/veriKey/base64", ED_VALUE),
        ("did/pub/Ed25519/veriKey/hex", ED_VALUE),
        ("did/pub/Multikey/veriKey", ED25519[0].multicodec),
    ],
)
def test_whatever_its_form_the_key_can_be_relied_upon(name, value):
    registry = Registry()
    registry.attribute(ALICE, name, value, DAY)
    registry.mine()
    document = DidDocument.parse(resolved(registry).document)
    assert document.verification_method(f"{DID}#delegate-1", "assertionMethod").key == ED25519[0]


@pytest.mark.parametrize(
    "text",
    [
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",  # stray bits
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",  # no padding
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "_-ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",  # of URLs
        "é",
        "A" * 2000,
    ],
)
def test_a_key_in_base64_has_one_form(text):
    entry = {"id": f"{DID}#key", "type": "Ed25519VerificationKey2018", "controller": str(DID), "publicKeyBase64": text}
    document = DidDocument.parse({"id": str(DID), "verificationMethod": [entry], "assertionMethod": [entry["id"]]})
    assert document.methods[entry["id"]].problem.code == "key.base64"


def test_what_is_not_about_the_document_changes_nothing():
    registry = Registry()
    registry.attribute(ALICE, b"\xff" * 32, b"not text", DAY)
    registry.attribute(ALICE, "did/pub/Ed25519/veriKey/base58/x", ED_VALUE, DAY)
    registry.attribute(ALICE, "did/pub/", b"", DAY)
    registry.attribute(ALICE, "other", b"x", DAY)
    registry.attribute(ALICE, "did/pub/Ed25519/veriKey\n", ED_VALUE, DAY)
    registry.attribute(account(9), ED_NAME, ED_VALUE, DAY)
    registry.delegate(ALICE, "raiden", account(3), DAY)  # counts, and is not shown
    registry.attribute(ALICE, "did/pub/RSA/veriKey/pem", b"\xff\xff", DAY)  # likewise
    registry.attribute(ALICE, ED_NAME, ED_VALUE, DAY)
    registry.stranger()
    registry.mine()
    document = resolved(registry).document
    assert ids(document) == ["controller", "delegate-3"]
    assert "service" not in document


@pytest.mark.parametrize(
    ("value", "endpoint"),
    [
        (b"https://hub.example", "https://hub.example"),
        (b'{"uri": "https://hub.example"}', {"uri": "https://hub.example"}),
        (b'["https://a.example", {"b": 1}]', ["https://a.example", {"b": 1}]),
        (b'"https://hub.example"', "https://hub.example"),
        (b'{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
        (b"12", "12"),
        (b"null", "null"),
        (b"", ""),
    ],
)
def test_services(value, endpoint):
    registry = Registry()
    registry.attribute(ALICE, "did/svc/HubService", value, DAY)
    registry.mine()
    assert resolved(registry).document["service"] == [
        {"id": f"{DID}#service-1", "type": "HubService", "serviceEndpoint": endpoint}
    ]


def test_a_service_that_is_no_text_counts_and_is_not_shown():
    registry = Registry()
    registry.attribute(ALICE, "did/svc/HubService", b"\xff", DAY)
    registry.attribute(ALICE, "did/svc/HubService", b"x", DAY)
    registry.mine()
    assert ids(resolved(registry).document, "service") == ["service-2"]


@pytest.mark.threat(23)
def test_validity_ends_with_the_second_that_is_named():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, 100)
    registry.mine()
    end = registry.time + 100
    assert ids(resolved(registry, now=end).document) == ["controller", "delegate-1"]
    assert ids(resolved(registry, now=end + 1).document) == ["controller"]


@pytest.mark.threat(23)
def test_the_last_word_about_a_key_counts_even_where_it_ends_sooner():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, 1000)
    registry.attribute(ALICE, ED_NAME, ED_VALUE, 10)
    registry.mine()
    assert ids(resolved(registry, now=registry.time + 10).document) == ["controller", "delegate-2"]
    assert ids(resolved(registry, now=registry.time + 11).document) == ["controller"]


@pytest.mark.threat(23)
def test_within_a_block_the_order_of_the_log_decides():
    registry = Registry()
    registry.owner(ALICE, account(2))
    registry.owner(ALICE, account(3))
    registry.attribute(ALICE, ED_NAME, ED_VALUE, DAY)
    registry.attribute(ALICE, ED_NAME, ED_VALUE, None)
    registry.mine()
    document = resolved(registry).document
    assert ids(document) == ["controller"]
    assert document["verificationMethod"][0]["blockchainAccountId"] == f"eip155:31337:{checksummed(account(3))}"


@pytest.mark.threat(23)
def test_once_given_up_nothing_counts_any_more():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, DAY)
    registry.mine()
    registry.owner(ALICE, bytes(20))
    given_up = registry.mine()
    # The registry takes the identity for its own owner again, and lets it write; no reader listens.
    registry.attribute(ALICE, "did/pub/Ed25519/veriKey/hex", ED25519[1].raw, DAY)
    registry.owner(ALICE, account(5))
    registry.mine()
    result = resolved(registry)
    assert result.deactivated
    assert result.document_metadata["versionId"] == str(given_up)
    assert "nextVersionId" not in result.document_metadata
    assert [result.document[name] for name in ("verificationMethod", "authentication", "assertionMethod")] == [[]] * 3
    assert "service" not in result.document
    before = resolved(registry, versionId=str(given_up - 1))
    assert ids(before.document) == ["controller", "delegate-1"]
    assert not before.deactivated


def test_names_of_chains_are_numbers():
    assert len(set(NETWORKS.values())) == len(NETWORKS)
