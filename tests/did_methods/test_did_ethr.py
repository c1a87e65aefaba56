"""did:ethr: identifiers, documents out of events, versions, and what a reader cannot make of them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from ethr_support import (
    CHAIN_ID,
    DAY,
    SECONDS,
    START,
    Reader,
    Registry,
    account,
    attribute_changed,
    delegate_changed,
    named,
    owner_changed,
    word,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import finished

from did_methods.accounts import checksummed, ethereum_address
from did_methods.curves import KeyType
from did_methods.did import parse_did
from did_methods.document import DidDocument, Relationship
from did_methods.errors import DidMethodsError, EventsError, InvalidDidError, InvalidKeyError, UnsupportedEventsError
from did_methods.ethr import (
    NETWORKS,
    EthrMethod,
    attribute_name,
    controller_key_id,
    create,
    key_attribute,
    subject_of,
)
from did_methods.ethr_document import document_at, history_of
from did_methods.ethr_events import (
    LAST_MOMENT,
    MAX_BLOCKS,
    MAX_EVENTS,
    MAX_VALUE_BYTES,
    Block,
    EventsOfBlock,
    LastChange,
    Log,
    linked_in,
    read_changes,
)
from did_methods.history import KeyEvidence, KeyState, key_at
from did_methods.multibase import to_base58
from did_methods.multikey import PrivateKey
from did_methods.resolution import Problem, resolve
from did_methods.versions import VersionedMethod, VersionQuery
from node.documents import parse

ALICE = account(1)
DID = parse_did(f"did:ethr:0x7a69:0x{ALICE.hex()}")
SUBJECT = subject_of(DID)
KEY = PrivateKey.generate(KeyType.SECP256K1).public
ED25519 = [PrivateKey.generate(KeyType.ED25519).public for _ in range(3)]
ED_NAME, ED_VALUE = "did/pub/Ed25519/veriKey/base58", ED25519[0].raw


def method(reader, now=START + 365 * DAY, chain=CHAIN_ID):
    return EthrMethod({chain: reader}.get, parse, lambda: now)


def resolved(registry, did=DID, now=None, **query):
    asked = VersionQuery.read(*next(iter(query.items()))) if query else VersionQuery()
    now = registry.time + 1 if now is None else now
    return finished(method(Reader(registry), now).resolve_version(did, asked))


def ids(document, member="verificationMethod"):
    return [(entry if isinstance(entry, str) else entry["id"]).partition("#")[2] for entry in document.get(member, [])]


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


# versions


def told_registry():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, 5 * SECONDS)
    first = registry.mine()
    registry.mine(3)
    registry.owner(ALICE, account(2))
    second = registry.mine()
    registry.mine(5)
    return registry, first, second


def stamp(time):
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_versions_are_blocks():
    registry, first, second = told_registry()
    times = {number: stamp(registry.blocks[number][0]) for number in registry.blocks}
    now = {"versionId": str(second), "updated": times[second]}
    following = {"nextVersionId": str(second), "nextUpdate": times[second]}
    assert resolved(registry).document_metadata == now
    before = resolved(registry, versionId=str(first + 2))
    assert before.document_metadata == {"versionId": str(first), "updated": times[first]} | following
    assert ids(before.document) == ["controller", "delegate-1"]
    # Validity is compared with the time of the block that is asked for, event or none.
    assert ids(resolved(registry, versionId=str(second + 1)).document) == ["controller", "delegate-1"]
    assert ids(resolved(registry, versionId=str(second + 2)).document) == ["controller"]
    assert resolved(registry, versionId=str(second + 2)).document_metadata == now


def test_versions_by_their_time():
    registry, first, second = told_registry()
    began, changed = (registry.blocks[number][0] for number in (first, second))
    assert ids(resolved(registry, versionTime=stamp(began)).document) == ["controller", "delegate-1"]
    early = resolved(registry, versionTime=stamp(began - 1))
    assert ids(early.document) == ["controller"]
    assert early.document_metadata == {"nextVersionId": str(first), "nextUpdate": stamp(began)}
    one = resolved(registry, versionTime=stamp(changed - 1)).document["verificationMethod"][0]
    other = resolved(registry, versionTime=stamp(changed)).document["verificationMethod"][0]
    assert one["blockchainAccountId"] != other["blockchainAccountId"]


@pytest.mark.parametrize("version", ["0x65", "-1", "latest", "", "1e3", "99999999", "0101", "9" * 30, "99"])
def test_versions_that_there_are_not(version):
    registry, _, _ = told_registry()
    assert resolved(registry, versionId=version).problem is Problem.NOT_FOUND


def test_a_time_to_come_has_no_version():
    registry, _, _ = told_registry()
    assert resolved(registry, versionTime=stamp(registry.time + 10)).problem is Problem.NOT_FOUND
    assert resolved(registry, now=registry.time + 20, versionTime=stamp(registry.time + 10)).document


def test_what_cannot_be_asked():
    registry, _, _ = told_registry()
    assert resolved(registry, versionNumber="1").problem is Problem.FEATURE_NOT_SUPPORTED
    assert isinstance(method(Reader(registry)), VersionedMethod)
    for did, problem in (
        (f"did:ethr:0x{ALICE.hex()}", Problem.INTERNAL_ERROR),  # nobody is asked about that chain
        (f"did:ethr:nowhere:0x{ALICE.hex()}", Problem.FEATURE_NOT_SUPPORTED),
        ("did:ethr:0x", Problem.INVALID_DID),
        ("did:ethr:0x02" + "ff" * 32, Problem.INVALID_PUBLIC_KEY),
    ):
        assert finished(resolve(did, {"ethr": method(Reader(registry))})).problem is problem


# the way back through the blocks


def test_each_block_is_asked_for_once():
    registry = Registry()
    for number in range(5):
        for _ in range(number + 1):
            registry.attribute(ALICE, "did/svc/Hub", b"%d" % number, DAY)
            registry.attribute(account(9), "did/svc/Hub", b"", DAY)
        registry.mine(1 + number)
    reader = Reader(registry)
    changes = finished(read_changes(reader, ALICE)).events
    assert reader.asked == sorted(registry.event_blocks(ALICE), reverse=True)
    answer = finished(method(Reader(registry)).resolve(DID))
    assert answer.files == {"read": repr(reader.asked).encode()}
    assert [change.event.value for change in changes] == [b"%d" % n for n in range(5) for _ in range(n + 1)]


@dataclass
class Liar(Reader):
    """A reader that answers for one block with something else."""

    lies: dict = None
    last: int | None = None

    async def last_change(self, identity):
        told = await super().last_change(identity)
        return told if self.last is None else LastChange(told.at, self.last)

    async def events(self, number):
        return self.lies[number] if number in self.lies else await super().events(number)


def lying(registry, lies, last=None):
    return finished(read_changes(Liar(registry, lies=lies, last=last), ALICE)).events


@pytest.mark.threat(23)
def test_readers_that_leave_out_or_make_up_are_found_out():
    registry = Registry()
    for value in (b"a", b"b", b"c"):
        registry.attribute(ALICE, "did/svc/Hub", value, DAY)
        registry.attribute(ALICE, "did/svc/Hub", value + b"2", DAY)
        registry.mine(2)
    first, second, third = registry.event_blocks(ALICE)
    block, logs = registry.block(third), registry.logs(third)
    assert len(lying(registry, {})) == 6

    def answer(number, *said):
        return {number: EventsOfBlock(registry.block(number), said)}

    attribute = lambda previous, identity=ALICE: attribute_changed(identity, "did/svc/Hub", b"c", 0, previous)  # noqa: E731
    for lies in (
        answer(third),  # nothing there
        answer(third, attribute(0, account(9))),  # only others'
        answer(third, logs[1]),  # the first left out
        answer(third, logs[1], logs[0]),  # turned round
        answer(third, *logs, logs[0]),  # doubled
        answer(third, attribute(third), logs[1]),  # a circle
        answer(third, attribute(third + 5), logs[1]),  # ahead
        answer(third, attribute(2**255)),
        answer(third, attribute(first), attribute(second)),  # not of this block
        answer(third, attribute(second - 1)),  # where nothing is
        {third: EventsOfBlock(Block(third - 1, block.time), logs)},  # another block
        {second: EventsOfBlock(Block(second, block.time + 1), registry.logs(second))},  # dated later
        {third: EventsOfBlock(Block(third, registry.time + 99), logs)},
    ):
        with pytest.raises((EventsError, KeyError)) as caught:
            lying(registry, lies)
        assert getattr(caught.value, "code", "ethr.link") == "ethr.link"
    with pytest.raises(EventsError):
        lying(registry, {}, last=registry.number + 1)
    with pytest.raises(EventsError):
        lying(registry, {}, last=third + 1)
    # Shorter by a whole link, it hangs together: that needs the proof of the last change, and of each block.
    assert len(lying(registry, answer(third, attribute(first)))) == 3
    assert len(lying(registry, answer(third, logs[0]))) == 5


def test_what_does_not_hang_together_is_no_document():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, DAY)
    registry.mine()
    registry.blocks[registry.number] = (registry.time, [])
    result = resolved(registry)
    assert result.problem is Problem.INTERNAL_ERROR
    assert "shows none" in result.detail


@pytest.mark.parametrize(
    "log",
    [
        Log(owner_changed(ALICE, ALICE, 0).topics, word(ALICE)),
        Log(owner_changed(ALICE, ALICE, 0).topics, word(ALICE) + word(0) + word(0)),
        Log(owner_changed(ALICE, ALICE, 0).topics, b"\x01" * 32 + word(0)),
        Log(delegate_changed(ALICE, "veriKey", ALICE, 1, 0).topics, word(1) * 3),
        Log(delegate_changed(ALICE, "veriKey", ALICE, 1, 0).topics, b"\x01" * 128),
        Log(attribute_changed(ALICE, "x", b"", 1, 0).topics, word(0) * 4),
        Log(attribute_changed(ALICE, "x", b"", 1, 0).topics, word(0) + word(64) + word(0) * 3),
        Log(attribute_changed(ALICE, "x", b"", 1, 0).topics, word(0) + word(128) + word(0) * 2 + word(33) + word(0)),
        Log(attribute_changed(ALICE, "x", b"", 1, 0).topics, word(0) + word(128) + word(0) * 2 + word(2**200)),
    ],
)
def test_events_that_no_registry_writes(log):
    with pytest.raises(EventsError) as caught:
        linked_in(EventsOfBlock(Block(5, 5), (log,)), ALICE, 5)
    assert caught.value.code == "ethr.event"


def test_histories_are_bounded():
    registry = Registry()
    for number in range(MAX_BLOCKS):
        registry.attribute(ALICE, "did/svc/Hub", b"%d" % number, DAY)
        registry.mine()
    assert resolved(registry).document
    registry.attribute(ALICE, "did/svc/Hub", b"", DAY)
    registry.mine()
    assert resolved(registry).problem is Problem.FEATURE_NOT_SUPPORTED
    registry = Registry()
    for number in range(MAX_EVENTS):
        registry.attribute(ALICE, "did/svc/Hub", b"%d" % number, DAY)
    registry.mine()
    assert resolved(registry).document
    registry.attribute(ALICE, "did/svc/Hub", b"", DAY)
    registry.mine()
    assert resolved(registry).problem is Problem.FEATURE_NOT_SUPPORTED
    registry = Registry()
    registry.attribute(ALICE, "did/svc/Hub", b"x" * MAX_VALUE_BYTES, DAY)
    registry.mine()
    assert resolved(registry).document
    registry.attribute(ALICE, "did/svc/Hub", b"x" * (MAX_VALUE_BYTES + 1), DAY)
    registry.mine()
    assert resolved(registry).problem is Problem.FEATURE_NOT_SUPPORTED


# histories


def at(time):
    return datetime.fromtimestamp(time, UTC)


def history(registry):
    return history_of(SUBJECT, finished(read_changes(Reader(registry), ALICE)).events, parse)


@pytest.mark.threat(22)
def test_keys_in_time():
    registry = Registry()
    registry.mine()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, 100 * SECONDS)
    registry.mine()
    added = registry.time
    registry.mine(10)
    registry.attribute(ALICE, "did/pub/Ed25519/veriKey/hex", ED25519[1].raw, DAY)
    registry.mine()
    second = registry.time
    registry.mine(10)
    registry.attribute(ALICE, "did/pub/Ed25519/veriKey/hex", ED25519[1].raw, None)
    registry.mine()
    removed = registry.time
    told = history(registry)
    expected = {
        (0, added - 1): KeyState.NOT_YET,
        (0, added): KeyState.ACTIVE,
        (0, added + 100 * SECONDS): KeyState.ACTIVE,
        (0, added + 100 * SECONDS + 1): KeyState.ROTATED_AWAY,
        (1, second - 1): KeyState.NOT_YET,
        (1, second): KeyState.ACTIVE,
        (1, removed - 1): KeyState.ACTIVE,
        (1, removed): KeyState.ROTATED_AWAY,
        (2, removed): KeyState.UNKNOWN,
    }
    for (key, time), state in expected.items():
        known = key_at(told, ED25519[key], at(time))
        assert (known.state, known.evidence) == (state, KeyEvidence.ANCHORED), (key, time)
    assert told.versions[0].since is None
    assert told.present.until is None


@pytest.mark.threat(22)
def test_once_given_up_no_key_speaks():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, DAY)
    registry.mine()
    registry.owner(ALICE, bytes(20))
    registry.mine()
    told = history(registry)
    assert key_at(told, ED25519[0], at(registry.time)).state is KeyState.ROTATED_AWAY
    assert key_at(told, ED25519[0], at(registry.time - 1)).state is KeyState.ACTIVE
    assert told.present.document.methods == {}


def test_blocks_of_one_second_are_one_version():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, DAY)
    registry.mine()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, None)
    registry.mine(seconds=0)
    told = history(registry)
    assert key_at(told, ED25519[0], at(registry.time)).state is KeyState.UNKNOWN


def test_a_key_without_an_end_that_a_calendar_has():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, LAST_MOMENT)
    registry.mine()
    (found,) = [m for m in history(registry).present.document.methods.values() if m.key == ED25519[0]]
    assert found.expires is None
    assert key_at(history(registry), ED25519[0], datetime.max.replace(tzinfo=UTC)).state is KeyState.ACTIVE


DEEDS = st.one_of(
    st.tuples(st.just("owner"), st.sampled_from([ALICE, account(2), account(3)])),
    st.tuples(
        st.just("delegate"),
        st.sampled_from(["veriKey", "sigAuth", "raiden"]),
        st.sampled_from([account(4), account(5)]),
        st.integers(0, 80),
    ),
    st.tuples(
        st.just("attribute"),
        st.sampled_from([ED_NAME, "did/pub/Ed25519/sigAuth/hex", "did/pub/Ed25519/enc", "did/svc/Hub", "did/other"]),
        st.sampled_from([key.raw for key in ED25519]),
        st.none() | st.integers(0, 80),
    ),
    st.tuples(st.just("mine"), st.integers(1, 3)),
)


@pytest.mark.threat(22)
@settings(max_examples=60, deadline=None)
@given(st.lists(DEEDS, max_size=14))
def test_a_history_is_what_the_documents_of_all_times_say(deeds):
    registry = Registry()
    registry.mine()
    for name, *arguments in deeds:
        getattr(registry, name)(*(arguments if name == "mine" else (ALICE, *arguments)))
    registry.mine()
    reader = Reader(registry)
    changes = finished(read_changes(reader, ALICE)).events
    told = history_of(SUBJECT, changes, parse)
    for time in range(START, registry.time + 100, 7):
        until = [change for change in changes if change.block.time <= time]
        document = DidDocument.parse(document_at(SUBJECT, until, time, parse).document)
        for key in ED25519:
            listed = any(
                found.key == key and found.id in document.relationships[Relationship.ASSERTION_METHOD]
                for found in document.methods.values()
            )
            assert listed == (key_at(told, key, at(time)).state is KeyState.ACTIVE)


def test_the_document_is_plain_json():
    registry, _, _ = told_registry()
    assert json.loads(json.dumps(resolved(registry).to_json()))


def test_names_of_chains_are_numbers():
    assert len(set(NETWORKS.values())) == len(NETWORKS)
