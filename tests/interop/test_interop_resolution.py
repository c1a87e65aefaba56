"""The did-resolver family resolves what is made here as it is resolved here, and its documents are understood."""

import pytest
from running import glejt
from samples import finished

from did_methods import key as did_key
from did_methods import peer as did_peer
from did_methods import pkh
from did_methods.did import parse_did
from did_methods.document import DidDocument, Relationship
from did_methods.key import KeyMethod
from did_methods.multikey import KeyType, PrivateKey
from did_methods.peer import PeerMethod
from did_methods.pkh import PkhMethod
from did_methods.resolution import resolve
from did_methods.resolution_result import older_result_json

OURS = {"key": KeyMethod(), "peer": PeerMethod(), "pkh": PkhMethod()}
ENDPOINT = {"uri": "https://example.com/didcomm", "accept": ["didcomm/v2"], "routingKeys": ["did:example:a#b"]}
SERVICE = {"type": "DIDCommMessaging", "serviceEndpoint": ENDPOINT}


def public(key_type, number):
    return PrivateKey(key_type, bytes([number]) * (48 if key_type is KeyType.P384 else 32)).public


def theirs(peer, *dids):
    return [answer.get("ok", answer) for answer in peer.ask("resolveDids", dids=[str(did) for did in dids])]


def ours(did):
    return finished(resolve(str(did), OURS)).document


def keys_by_use(document):
    """The keys under each relationship, in whatever form and under whatever id."""
    view = DidDocument.parse(document)
    return {
        relationship.value: {view.methods[name].key for name in names}
        for relationship, names in view.relationships.items()
        if names
    }


@pytest.mark.parametrize("number", [1, 2, 3])
def test_did_key_of_ed25519_is_read_alike(peer, number):
    did = did_key.create(public(KeyType.ED25519, number))
    (answer,) = theirs(peer, did)
    assert keys_by_use(answer["didDocument"]) == keys_by_use(ours(did))


def test_did_key_of_other_types_is_read_alike_where_both_sign(peer):
    for key_type in (KeyType.P256, KeyType.P384, KeyType.SECP256K1):
        did = did_key.create(public(key_type, 5))
        (answer,) = theirs(peer, did)
        document = answer["didDocument"]
        assert keys_by_use(document)["assertionMethod"] == keys_by_use(ours(did))["assertionMethod"], key_type


def test_a_did_peer_of_one_key_is_read_alike_but_for_the_name_of_its_method(peer):
    key = public(KeyType.ED25519, 6)
    did = did_peer.create_with_key(key)
    (answer,) = theirs(peer, did)
    for relationship in ("authentication", "assertionMethod", "capabilityDelegation", "capabilityInvocation"):
        assert keys_by_use(answer["didDocument"])[relationship] == keys_by_use(ours(did))[relationship] == {key}
    # The method says that the document is that of did:key, whose method is named by the whole key.
    assert answer["didDocument"]["authentication"] == [f"{did}#{key.to_multibase()[1:]}"]
    assert ours(did)["authentication"] == [f"{did}#{key.to_multibase()}"]


def test_a_did_peer_of_several_keys_is_read_alike(peer):
    keys = [
        (Relationship.AUTHENTICATION, public(KeyType.ED25519, 7)),
        (Relationship.KEY_AGREEMENT, public(KeyType.X25519, 8)),
    ]
    did = did_peer.create_with_keys(keys, [SERVICE, SERVICE | {"type": "Other"}])
    (answer,) = theirs(peer, did)
    their, our = answer["didDocument"], ours(did)
    assert their["verificationMethod"] == our["verificationMethod"]
    assert their["service"] == our["service"]
    for relationship in ("authentication", "keyAgreement"):
        assert their[relationship] == our[relationship]
    # They still let a key for authentication make statements, as programs did before the method had a code for that.
    assert their["assertionMethod"] == their["authentication"]
    assert "assertionMethod" not in our


@pytest.mark.parametrize(
    "did",
    [
        pkh.create(public(KeyType.SECP256K1, 9)),
        parse_did("did:pkh:bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6"),
        parse_did("did:pkh:eip155:137:0x4e90e8a8191c1c23a24a598c3ab4fb47ce926ff5"),
    ],
)
def test_accounts_are_read_alike(peer, did):
    (answer,) = theirs(peer, did)
    our = older_result_json(finished(resolve(did, OURS)))
    assert answer["didDocumentMetadata"] == our["didDocumentMetadata"]
    assert answer["didResolutionMetadata"] == our["didResolutionMetadata"]
    signing = ("capabilityDelegation", "capabilityInvocation")  # in the published examples, and not in theirs
    assert answer["didDocument"] == {name: value for name, value in our["didDocument"].items() if name not in signing}


def test_a_failure_is_a_word_for_both(peer):
    (answer,) = theirs(peer, "did:pkh:eip155")
    our = older_result_json(finished(resolve("did:pkh:eip155", OURS)))
    assert answer["didResolutionMetadata"]["error"] == our["didResolutionMetadata"]["error"] == "invalidDid"
    assert answer["didDocument"] is our["didDocument"] is None


def test_damaged_accounts_are_refused_here_and_answered_there(peer):
    damaged = "did:pkh:bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p7"
    assert ours(damaged) is None  # its checksum is wrong
    assert theirs(peer, damaged)[0]["didDocument"]["id"] == damaged


def test_what_the_command_makes_is_read_alike_but_for_what_signs_statements(peer, tmp_path):
    line = ["did", "create", "--method", "peer", "--numalgo", "2", "--out", "key.json", "--no-passphrase"]
    keys = ["--encryption-key", "open.json", "--authentication-key", "show.json"]
    done = glejt(tmp_path, *line, *keys, "--service", ENDPOINT["uri"])
    assert done.returncode == 0, done.stderr
    did = parse_did(done.stdout.strip())
    (answer,) = theirs(peer, did)
    their, our = answer["didDocument"], ours(did)
    assert their["service"] == our["service"]
    assert their["verificationMethod"] == our["verificationMethod"][:2]
    for relationship in ("authentication", "keyAgreement"):
        assert their[relationship] == our[relationship]
    # They pass over a key for statements, and let the one for authentication make them.
    assert (their["assertionMethod"], our["assertionMethod"]) == (["#key-1"], ["#key-3"])
