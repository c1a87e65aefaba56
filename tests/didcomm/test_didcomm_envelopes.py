"""Envelopes: what is packed is opened again, by those it is for, and says who sent it; nothing altered ever is."""

import json
import time
from itertools import product

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from didcomm_forgery import protected_of
from didcomm_support import AT, PROPOSAL, Party, documents_of
from hypothesis import given, settings
from hypothesis import strategies as st

from did_methods import key as did_key
from did_methods.did import parse_did
from did_methods.document import DidDocument, Relationship
from did_methods.multibase import from_base64url, to_base64url
from did_methods.multikey import KeyType, PrivateKey
from did_methods.peer import create_with_keys, resolve_peer
from node.didcomm.agreement import ONE_PU, point_of, read_ephemeral, wrapping_key
from node.didcomm.content_encryption import A256CBC_HS512, ENCRYPTIONS
from node.didcomm.encrypted import MAX_ENVELOPE_BYTES, read_encrypted
from node.didcomm.errors import DidCommError, NotForUsError, PackError, UnresolvedError
from node.didcomm.message import compose
from node.didcomm.pack import pack, pack_signed
from node.didcomm.parties import HeldSecrets
from node.didcomm.unpack import unpack
from node.didcomm.wrapping import LAYERS, Wrapping

CURVES = (KeyType.X25519, KeyType.P256, KeyType.P384, KeyType.P521)
A, B, C = (Party(f"did:example:{name}") for name in "abc")
DOCUMENTS = documents_of(A, B, C)
X_OF_A, X_OF_B = f"{A.did}#agree-X25519", f"{B.did}#agree-X25519"
SIGNER = f"{A.did}#sign-Ed25519"
ANY = frozenset(Wrapping)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def message(body=None, **changes):
    return compose(PROPOSAL, body or {"n": 1}, **({"sender": A.did, "to": [B.did]} | changes))


def packed(given=None, *, secrets=A.secrets, documents=DOCUMENTS, **how):
    return pack(given or message(), **({"to": [B.did]} | how), secrets=secrets, documents=documents, at=AT)


def opened(data, by=B, **kwargs):
    return unpack(data, secrets=by.secrets, documents=DOCUMENTS, at=AT, **({"allow": ANY} | kwargs))


WAYS = {
    Wrapping.ANONCRYPT: {},
    Wrapping.AUTHCRYPT: {"sender": A.did},
    Wrapping.ANONCRYPT_SIGNED: {"sign_by": SIGNER},
    Wrapping.ANONCRYPT_AUTHCRYPT: {"sender": A.did, "hide_sender": True},
}


@settings(max_examples=60, deadline=None)
@given(
    body=st.dictionaries(st.text(), JSON, max_size=4),
    wrapping=st.sampled_from(list(WAYS)),
    encryption=st.sampled_from(list(ENCRYPTIONS.values())),
    curve=st.sampled_from(CURVES),
    to=st.sampled_from([(B,), (B, C), (C, B, A)]),
)
def test_whatever_is_packed_is_opened_by_each_recipient(body, wrapping, encryption, curve, to):
    given = message(body, to=[party.did for party in to])
    way = {name: f"{A.did}#agree-{curve}" if name == "sender" else value for name, value in WAYS[wrapping].items()}
    made = packed(given, to=[f"{party.did}#agree-{curve}" for party in to], encryption=encryption, **way)
    assert made.wrapping == wrapping
    for party in to:
        unpacked = opened(made.data, party)
        assert unpacked.message.document == given.document
        assert unpacked.wrapping == wrapping
        assert unpacked.sender == (None if wrapping == Wrapping.ANONCRYPT else A.did)
        assert (unpacked.sender_kid, unpacked.signer_kid) == (way.get("sender"), way.get("sign_by"))
        assert set(unpacked.recipient_kids) == {f"{party.did}#agree-{curve}"}
        assert unpacked.encrypted_to == made.recipient_kids
        outermost = A256CBC_HS512 if wrapping == Wrapping.AUTHCRYPT else encryption
        assert unpacked.encryptions[0] == outermost.name
        assert unpacked.non_repudiable == (wrapping == Wrapping.ANONCRYPT_SIGNED)
        assert unpacked.authcrypted == ("sender" in way)
        assert unpacked.confidential


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_what_is_signed_is_evidence(kind):
    kid = f"{A.did}#sign-{kind}"
    made = pack_signed(message(), sign_by=kid, secrets=A.secrets, documents=DOCUMENTS, at=AT)
    assert made.wrapping == Wrapping.SIGNED
    unpacked = opened(made.data)
    assert (unpacked.sender, unpacked.signer_kid, unpacked.evidence) == (A.did, kid, made.data)
    inside = opened(packed(sign_by=kid).data)
    assert opened(inside.evidence).sender == A.did
    assert opened(packed(sender=A.did).data).evidence is None


def test_a_party_named_by_its_did_has_all_its_keys_on_the_first_curve_used():
    two = Party("did:example:two", types=(KeyType.P256, KeyType.X25519))
    two.add("keyAgreement", f"{two.did}#more", PrivateKey.generate(KeyType.P256))
    given = message(to=[two.did])
    made = packed(given, to=[two.did], sender=A.did, documents=documents_of(A, two))
    assert made.recipient_kids == (f"{two.did}#agree-P-256", f"{two.did}#more")
    assert made.sender_kid == f"{A.did}#agree-P-256"


def test_the_first_curve_that_everybody_has_is_taken():
    p, x = Party("did:example:p", types=(KeyType.P384, KeyType.P256)), Party("did:example:x", types=(KeyType.P256,))
    made = packed(message(to=[p.did, x.did]), to=[p.did, x.did], sender=A.did, documents=documents_of(A, p, x))
    assert made.recipient_kids == (f"{p.did}#agree-P-256", f"{x.did}#agree-P-256")
    assert made.sender_kid == f"{A.did}#agree-P-256"


def test_keys_that_are_out_of_force_or_not_ours_are_not_used():
    old = Party("did:example:old", types=(KeyType.X25519, KeyType.P256))
    old.source["keyAgreement"][0]["revoked"] = "2026-01-01T00:00:00Z"
    assert packed(message(to=[old.did]), to=[old.did], documents=documents_of(old)).recipient_kids == (
        f"{old.did}#agree-P-256",
    )
    stranger = HeldSecrets({X_OF_A: PrivateKey.generate(KeyType.X25519)})
    with pytest.raises(PackError) as caught:
        packed(sender=A.did, secrets=stranger)
    assert caught.value.code == "didcomm.pack.sender"


def test_identifiers_that_hold_their_documents_talk():
    """did:key has one key that signs, and one derived from it; did:peer what it was made with."""
    signing, agreeing = PrivateKey.generate(KeyType.ED25519), PrivateKey.generate(KeyType.X25519)
    keys = [(Relationship.KEY_AGREEMENT, agreeing.public), (Relationship.AUTHENTICATION, signing.public)]
    peer = str(create_with_keys(keys))
    held = HeldSecrets({f"{peer}#key-1": agreeing, f"{peer}#key-2": signing})
    other = did_key.create(signing.public)

    def documents(did):
        parsed = parse_did(did)
        return DidDocument.parse((resolve_peer if parsed.method == "peer" else did_key.resolve_key)(parsed))

    given = message(sender=peer, to=[str(other)])
    made = pack(given, to=[str(other)], sign_by=peer, secrets=held, documents=documents, at=AT)
    assert made.recipient_kids == (f"{other}#{signing.public.to_x25519().to_multibase()}",)
    back = message(sender=peer, to=[peer])
    made = pack(back, to=[peer], sender=peer, secrets=held, documents=documents, at=AT)
    assert unpack(made.data, secrets=held, documents=documents, at=AT).sender_kid == f"{peer}#key-1"
    nobody = str(did_key.create(PrivateKey.generate(KeyType.P256).public))  # its document lists no agreement
    with pytest.raises(PackError) as caught:
        pack(message(to=[nobody]), to=[nobody], secrets=held, documents=documents, at=AT)
    assert caught.value.code == "didcomm.pack.curve"


NOT_PACKED = {
    "for nobody": ({"to": []}, "recipients"),
    "for an address": ({"to": ["https://example.com"]}, "recipients"),
    "for a path": ({"to": [f"{B.did}/path"]}, "recipients"),
    "for a key that is not there": ({"to": [f"{B.did}#gone"]}, "key"),
    "for a key that signs": ({"to": [f"{B.did}#sign-Ed25519"]}, "key"),
    "for somebody it does not name": ({"to": [C.did]}, "to"),
    "from somebody else": ({"sender": C.did}, "from"),
    "signed by somebody else": ({"sign_by": f"{C.did}#sign-Ed25519"}, "from"),
    "from a key that is not held": ({"sender": A.did, "secrets": B.secrets}, "sender"),
    "signed by a key that is not held": ({"sign_by": SIGNER, "secrets": B.secrets}, "signer"),
    "signed by a key that agrees": ({"sign_by": f"{A.did}#agree-P-256"}, "signer"),
    "signed by an unknown key": ({"sign_by": f"{A.did}#gone"}, "signer"),
    "signed, and from an authenticated sender": ({"sender": A.did, "sign_by": SIGNER}, "nesting"),
    "hiding nobody": ({"hide_sender": True}, "nesting"),
    "for keys on two curves": ({"to": [X_OF_B, f"{B.did}#agree-P-256"]}, "curve"),
    "from a key on another curve": ({"to": [X_OF_B], "sender": f"{A.did}#agree-P-256"}, "curve"),
    "signed for nobody it names": ({"given": message(to=[]), "sign_by": SIGNER}, "to"),
    "larger than is read": ({"given": message({"a": "a" * MAX_ENVELOPE_BYTES})}, "too_large"),
}


@pytest.mark.parametrize("name", NOT_PACKED)
def test_what_is_not_packed(name):
    how, code = NOT_PACKED[name]
    with pytest.raises(PackError) as caught:
        packed(**how)
    assert caught.value.code == f"didcomm.pack.{code}"
    assert caught.value.remedy


def test_a_key_that_signs_no_messages():
    kid = f"{A.did}#sign-P-384"
    a = Party(A.did)
    a.add("authentication", kid, PrivateKey.generate(KeyType.P384))
    with pytest.raises(PackError) as caught:
        pack_signed(message(), sign_by=kid, secrets=a.secrets, documents=documents_of(a), at=AT)
    assert caught.value.code == "didcomm.pack.signer"


def test_a_document_that_is_not_at_hand_is_named():
    with pytest.raises(UnresolvedError) as caught:
        packed(documents=documents_of(A))
    assert caught.value.did == B.did


def test_nobody_else_opens_it():
    with pytest.raises(NotForUsError) as caught:
        opened(packed().data, C)
    assert caught.value.code == "didcomm.not_for_us"


def test_each_message_has_keys_of_its_own():
    first, second = (json.loads(packed(sender=A.did).data) for _ in range(2))
    for name in ("iv", "ciphertext", "tag", "protected"):
        assert first[name] != second[name]
    assert protected_of(first)["epk"] != protected_of(second)["epk"]


def test_the_sender_is_hidden_from_those_on_the_way():
    assert A.did in json.dumps(protected_of(json.loads(packed(sender=A.did).data)))
    hidden = packed(sender=A.did, hide_sender=True)
    outer = json.loads(hidden.data)
    assert A.did not in json.dumps(protected_of(outer)) + json.dumps(outer)


@pytest.mark.threat(65)
def test_a_recipient_does_not_pass_the_sender_off_with_another_content():
    """Who has the content key cannot exchange the content: the tag went into what wraps the key for the others."""
    given = message(to=[B.did, C.did])
    envelope = json.loads(packed(given, to=[X_OF_B, f"{C.did}#agree-X25519"], sender=X_OF_A).data)
    jwe, ours = read_encrypted(envelope), B.secrets.agreement(X_OF_B)
    shared = [ours.agree(read_ephemeral(jwe.header["epk"])), ours.agree(point_of(A.keys[X_OF_A].public))]
    apu, apv = (from_base64url(jwe.header[name]) for name in ("apu", "apv"))
    content_key = aes_key_unwrap(wrapping_key(ONE_PU, *shared, apu=apu, apv=apv, tag=jwe.tag), jwe.recipients[X_OF_B])
    assert A256CBC_HS512.decrypt(content_key, jwe.iv, jwe.protected.encode(), jwe.ciphertext, jwe.tag)
    forged = json.dumps(message({"n": 2}, to=[B.did, C.did]).document).encode()
    ciphertext, tag = A256CBC_HS512.encrypt(content_key, jwe.iv, jwe.protected.encode(), forged)
    envelope |= {"ciphertext": to_base64url(ciphertext), "tag": to_base64url(tag)}
    with pytest.raises(DidCommError) as caught:
        opened(json.dumps(envelope).encode(), C)
    assert caught.value.code == "didcomm.forged.key"


def told(unpacked):
    return unpacked.message.document, unpacked.sender, unpacked.signer_kid, unpacked.sender_kid, unpacked.wrapping


ENVELOPES = {wrapping: packed(**way).data for wrapping, way in WAYS.items()} | {
    Wrapping.SIGNED: pack_signed(message(), sign_by=SIGNER, secrets=A.secrets, documents=DOCUMENTS, at=AT).data
}


def holds(data, wrapping):
    """Opening it tells the same, or is refused."""
    try:
        found = opened(data)
    except DidCommError:
        return True
    return told(found) == told(opened(ENVELOPES[wrapping]))


@pytest.mark.threat(65)
@pytest.mark.parametrize("wrapping", ENVELOPES)
def test_no_byte_can_be_exchanged(wrapping):
    data = ENVELOPES[wrapping]
    for place in range(len(data)):
        for byte in (data[place] ^ 1, data[place] ^ 0x20, ord("A")):
            altered = data[:place] + bytes((byte,)) + data[place + 1 :]
            assert altered == data or holds(altered, wrapping), place


@pytest.mark.threat(65)
@pytest.mark.parametrize("wrapping", [each for each in ENVELOPES if each != Wrapping.SIGNED])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_header_can_be_exchanged(wrapping, data):
    """A header that is protected, altered in whatever way and encoded as it should be."""
    envelope = json.loads(ENVELOPES[wrapping])
    header = protected_of(envelope)
    name = data.draw(st.sampled_from([*header, "crit", "zip", "skid", "apu", "p2c", "note"]))
    value = data.draw(st.just(...) | JSON | st.sampled_from([X_OF_A, X_OF_B, "dir", "A256GCM", "ECDH-ES+A256KW"]))
    if value is ... or value == header.get(name):
        header.pop(name, None)
    else:
        header[name] = value
    envelope["protected"] = to_base64url(json.dumps(header).encode())
    with pytest.raises(DidCommError):  # even a header that nobody reads is under the tag
        opened(json.dumps(envelope).encode())


@pytest.mark.threat(65)
@pytest.mark.parametrize(("one", "other"), [pair for pair in product(WAYS, WAYS) if pair[0] != pair[1]])
def test_no_part_of_one_envelope_serves_in_another(one, other):
    target, source = json.loads(ENVELOPES[one]), json.loads(ENVELOPES[other])
    for name in target:
        assert holds(json.dumps(target | {name: source[name]}).encode(), one)
    for names in product(target, target):
        assert holds(json.dumps(target | {name: source[name] for name in names}).encode(), one)


MEMBERS = ["protected", "recipients", "iv", "ciphertext", "tag", "payload", "signatures", "signature", "header",
           "encrypted_key", "aad", "unprotected", "id", "type", "body", "from", "to", "from_prior"]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300)
    | st.dictionaries(st.sampled_from(MEMBERS), JSON).map(lambda each: json.dumps(each).encode())
)
def test_whatever_comes_is_opened_or_refused(data):
    try:
        opened(data)
    except DidCommError as error:
        assert error.remedy  # noqa: PT017 -- either is an answer


@settings(max_examples=200, deadline=None)
@given(wrapping=st.sampled_from(list(ENVELOPES)), data=st.data())
def test_whatever_is_done_to_an_envelope_it_is_opened_or_refused(wrapping, data):
    def altered(value):
        if isinstance(value, dict) and value and data.draw(st.integers(0, 3)):
            name = data.draw(st.sampled_from(sorted(value)))
            return value | {name: altered(value[name])}
        if isinstance(value, list) and value and data.draw(st.integers(0, 3)):
            place = data.draw(st.integers(0, len(value) - 1))
            return [altered(each) if number == place else each for number, each in enumerate(value)]
        return data.draw(JSON)

    assert holds(json.dumps(altered(json.loads(ENVELOPES[wrapping]))).encode(), wrapping)


LADDER = (10**3, 10**4, 10**5, 10**6)
BUDGET = 0.5
"""Seconds for a megabyte anywhere, on a machine that does other things too."""


@pytest.mark.threat(63)
@pytest.mark.threat(67)
@pytest.mark.parametrize(
    "name", ["protected", "iv", "ciphertext", "tag", "kid", "encrypted_key", "kids", "deep", "header"]
)
def test_nothing_large_takes_long(name):
    for size in LADDER:
        envelope = json.loads(ENVELOPES[Wrapping.AUTHCRYPT])
        entry = envelope["recipients"][0]
        if name == "kid":
            entry["header"]["kid"] = f"did:example:{'a' * size}#k"
        elif name == "encrypted_key":
            entry[name] = "A" * size
        elif name == "kids":
            envelope["recipients"] = [{**entry, "header": {"kid": f"did:a:b#{n}"}} for n in range(size // 100)]
        elif name == "deep":
            envelope["x"] = json.loads("[" * 900 + "]" * 900)
        elif name == "header":
            header = protected_of(envelope) | {"apu": "A" * size, "skid": "did:example:" + "a" * size}
            envelope["protected"] = to_base64url(json.dumps(header).encode())
        else:
            envelope[name] = "A" * size
        data = json.dumps(envelope).encode()
        start = time.process_time()
        with pytest.raises(DidCommError):
            opened(data)
        assert time.process_time() - start < BUDGET


def test_every_wrapping_has_its_layers():
    assert set(LAYERS.values()) == set(Wrapping)
    assert LAYERS[()] == Wrapping.PLAINTEXT
    assert all(len(layers) == wrapping.count("(") for layers, wrapping in LAYERS.items())
