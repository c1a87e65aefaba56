"""The test vectors of the specification: every message of its appendix C is opened with the keys of A and B."""

import json

import pytest
from didcomm_support import ALICE, APPENDIX, AT, BOB, appendix_secrets, jwk_of, resolvable

from did_methods.multikey import PrivateKey
from node.didcomm.message import parse_message
from node.didcomm.parties import HeldSecrets
from node.didcomm.unpack import unpack
from node.didcomm.wrapping import Wrapping

ENCRYPTED = {
    "anoncrypt X25519 XC20P": (Wrapping.ANONCRYPT, None, None),
    "anoncrypt P-384 A256CBC-HS512": (Wrapping.ANONCRYPT, None, None),
    "anoncrypt P-521 A256GCM": (Wrapping.ANONCRYPT, None, None),
    "authcrypt X25519": (Wrapping.AUTHCRYPT, "key-x25519-1", None),
    "authcrypt P-256, signed": (Wrapping.AUTHCRYPT_SIGNED, "key-p256-1", "key-1"),
    # The text says X25519 for the inner layer; its key is on P-521.
    "anoncrypt P-521 XC20P, authcrypt P-521, signed": (Wrapping.ANONCRYPT_AUTHCRYPT_SIGNED, "key-p521-1", "key-1"),
}


def opened(message, **kwargs):
    data = json.dumps(message).encode()
    return unpack(data, secrets=appendix_secrets("bob"), documents=resolvable, at=AT, **kwargs)


def is_the_proposal(message):
    # In C.2 and C.3 the type begins with http, in C.1 with https.
    expected = APPENDIX["plaintext"]
    assert message.document["type"].replace("http:", "https:") == expected["type"]
    assert {**message.document, "type": expected["type"], "typ": None} == {**expected, "typ": None}


def test_the_file_holds_every_message_of_the_appendix():
    assert ENCRYPTED.keys() == APPENDIX["encrypted"].keys()
    assert set(APPENDIX["signed"]) == {"EdDSA", "ES256", "ES256K"}


def test_the_plaintext_message_is_read():
    message = parse_message(json.dumps(APPENDIX["plaintext"]))
    assert (str(message.sender), [str(each) for each in message.to]) == (ALICE, [BOB])
    assert (message.thread, message.created_time, message.expires_time) == ("1234567890", 1516269022, 1516385931)
    assert message.type.protocol_uri == "https://example.com/protocols/lets_do_lunch/1.0"
    assert message.expired(AT)


@pytest.mark.parametrize("algorithm", APPENDIX["signed"])
def test_the_signed_messages_are_opened(algorithm):
    unpacked = opened(APPENDIX["signed"][algorithm], allow={Wrapping.SIGNED})
    is_the_proposal(unpacked.message)
    kid = APPENDIX["signed"][algorithm]["signatures"][0]["header"]["kid"]
    assert (unpacked.sender, unpacked.signer_kid, unpacked.non_repudiable) == (ALICE, kid, True)
    assert not unpacked.confidential


@pytest.mark.parametrize("name", ENCRYPTED)
def test_the_encrypted_messages_are_opened(name):
    wrapping, sender, signer = ENCRYPTED[name]
    unpacked = opened(APPENDIX["encrypted"][name])
    is_the_proposal(unpacked.message)
    assert unpacked.wrapping == wrapping
    assert unpacked.sender_kid == (sender and f"{ALICE}#{sender}")
    assert unpacked.signer_kid == (signer and f"{ALICE}#{signer}")
    assert unpacked.sender == (ALICE if sender else None)
    assert unpacked.anonymous == (sender is None)


@pytest.mark.parametrize("name", ENCRYPTED)
def test_every_recipient_can_open_them(name):
    """Each key of the outermost layer alone, with those that an inner one is for."""
    message = APPENDIX["encrypted"][name]
    outer = {entry["header"]["kid"] for entry in message["recipients"]}
    for kid in outer:
        held = {
            entry["kid"]: PrivateKey.from_jwk(jwk_of(entry))
            for entry in APPENDIX["bob"]
            if entry["kid"] == kid or entry["kid"] not in outer
        }
        unpacked = unpack(json.dumps(message).encode(), secrets=HeldSecrets(held), documents=resolvable, at=AT)
        assert unpacked.recipient_kids[0] == kid
