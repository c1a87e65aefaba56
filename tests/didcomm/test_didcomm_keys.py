"""The parts of encryption, one by one: keys that agree, content that is encrypted, signatures over secp256k1."""

import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from didcomm_cast import ALICE, BOB, agreeing, anon, message, opened, refusal
from didcomm_support import AT, PROPOSAL, Party, documents_of

from did_methods.multibase import to_base64url
from did_methods.multikey import KeyType, PrivateKey
from node.didcomm.agreement import CURVES, Point, ephemeral, local_agreement, point_of, read_ephemeral
from node.didcomm.content_encryption import A256CBC_HS512, ENCRYPTIONS
from node.didcomm.encrypted import MAX_RECIPIENTS
from node.didcomm.errors import ForgedEnvelopeError, MalformedEnvelopeError, PackError, UnsupportedEnvelopeError
from node.didcomm.message import compose
from node.didcomm.pack import pack
from node.didcomm.parties import HeldSecrets
from node.didcomm.rotation import prior_token
from node.didcomm.signed import check_by_key
from node.didcomm.unpack import unpack
from node.proofs.signatures import local_signer


@pytest.mark.parametrize("curve", CURVES)
def test_both_sides_share_a_secret(curve):
    private = PrivateKey.generate(curve)
    jwk, agree = ephemeral(curve)
    shared = agree(point_of(private.public))
    assert local_agreement(private).agree(read_ephemeral(jwk)) == shared
    assert any(shared)
    assert ephemeral(curve)[0] != jwk


# RFC 7748, section 6.1.
def test_the_published_secret():
    private = PrivateKey(
        KeyType.X25519,
        bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
    )
    bob = bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
    assert local_agreement(private).agree(Point(KeyType.X25519, bob)).hex() == shared


@pytest.mark.parametrize("curve", [KeyType.ED25519, KeyType.SECP256K1, KeyType.BLS12_381_G2])
def test_other_keys_do_not_agree(curve):
    private = PrivateKey.generate(curve)
    for attempt in (lambda: local_agreement(private), lambda: ephemeral(curve), lambda: point_of(private.public)):
        with pytest.raises(UnsupportedEnvelopeError) as caught:
            attempt()
        assert caught.value.code == "didcomm.unsupported.curve"


@pytest.mark.threat(16)
@pytest.mark.parametrize("one", CURVES)
@pytest.mark.parametrize("other", CURVES)
def test_keys_agree_on_one_curve_only(one, other):
    agreement, point = local_agreement(PrivateKey.generate(one)), point_of(PrivateKey.generate(other).public)
    if one == other:
        assert agreement.agree(point)
    else:
        with pytest.raises(MalformedEnvelopeError):
            agreement.agree(point)


SMALL = (0, 1, 2**255 - 20, 325606250916557431795983626356110631294008115727848805560023387167927233504)


@pytest.mark.threat(16)
@pytest.mark.parametrize("u", SMALL)
def test_a_point_of_small_order_is_not_read(u):
    with pytest.raises(MalformedEnvelopeError):
        read_ephemeral({"kty": "OKP", "crv": "X25519", "x": to_base64url(u.to_bytes(32, "little"))})


@pytest.mark.threat(16)
def test_a_shared_secret_is_never_zero():
    """Should a point of small order pass the readers, the agreement itself still refuses it."""
    for u in SMALL:
        with pytest.raises(MalformedEnvelopeError):
            local_agreement(PrivateKey.generate(KeyType.X25519)).agree(Point(KeyType.X25519, u.to_bytes(32, "little")))


# RFC 7518, appendix B.3.
KEY = bytes(range(64))
IV = bytes.fromhex("1af38c2dc2b96ffdd86694092341bc04")
TEXT = (
    b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy "
    b"without inconvenience"
)
ASSOCIATED = b"The second principle of Auguste Kerckhoffs"
TAG = "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5"


def test_the_published_encryption():
    ciphertext, tag = A256CBC_HS512.encrypt(KEY, IV, ASSOCIATED, TEXT)
    assert (ciphertext.hex()[:32], tag.hex()) == ("4affaaadb78c31c5da4b1b590d10ffbd", TAG)
    assert A256CBC_HS512.decrypt(KEY, IV, ASSOCIATED, ciphertext, tag) == TEXT


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 2048])
@pytest.mark.parametrize("name", ENCRYPTIONS)
def test_every_part_is_under_the_tag(name, size):
    encryption = ENCRYPTIONS[name]
    key, iv, content = b"k" * encryption.key_bytes, b"i" * encryption.iv_bytes, b"c" * size
    ciphertext, tag = encryption.encrypt(key, iv, b"a", content)
    assert (encryption.decrypt(key, iv, b"a", ciphertext, tag), len(tag)) == (content, encryption.tag_bytes)
    for altered in (
        (b"K" * encryption.key_bytes, iv, b"a", ciphertext, tag),
        (key, b"I" * encryption.iv_bytes, b"a", ciphertext, tag),
        (key, iv, b"b", ciphertext, tag),
        (key, iv, b"a", ciphertext + b"x", tag),
        (key, iv, b"a", ciphertext, bytes(encryption.tag_bytes)),
    ):
        with pytest.raises(ForgedEnvelopeError):
            encryption.decrypt(*altered)


@pytest.mark.parametrize(
    "padded", [b"", b"x", b"x" * 15 + b"\0", b"x" * 15 + b"\x11", b"x" * 14 + b"\1\2", b"\x20" * 32]
)
def test_padding_that_nobody_writes_is_refused_although_its_tag_is_right(padded):
    encryptor = Cipher(AES256(KEY[32:]), CBC(IV)).encryptor()
    whole = encryptor.update(padded) if len(padded) % 16 == 0 else padded
    tag = hmac.digest(KEY[:32], b"a" + IV + whole + (8).to_bytes(8), "sha512")[:32]
    with pytest.raises(ForgedEnvelopeError):
        A256CBC_HS512.decrypt(KEY, IV, b"a", whole, tag)


def es256k(data):
    private = PrivateKey.generate(KeyType.SECP256K1)
    loaded = ec.derive_private_key(int.from_bytes(private.raw), ec.SECP256K1())
    r, s = decode_dss_signature(loaded.sign(data, ec.ECDSA(SHA256())))
    return private.public, r.to_bytes(32) + s.to_bytes(32)


@pytest.mark.threat(24)
def test_signatures_over_secp256k1():
    key, signature = es256k(b"data")
    check_by_key("ES256K", key, b"data", signature)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    for data, altered in (
        (b"other", signature),
        (b"data", signature[:-1]),
        (b"data", signature + b"\0"),
        (b"data", bytes(64)),
        (b"data", signature[:32] + order.to_bytes(32)),
        (b"data", order.to_bytes(32) + signature[32:]),
    ):
        with pytest.raises(ForgedEnvelopeError) as caught:
            check_by_key("ES256K", key, data, altered)
        assert caught.value.code == "didcomm.forged.signature"


@pytest.mark.threat(24)
def test_a_signature_over_secp256k1_has_one_length():
    """Without its leading zero the number is the same, and the text another."""
    key, signature = next(pair for pair in iter(lambda: es256k(b"data"), None) if pair[1][32] == 0)
    check_by_key("ES256K", key, b"data", signature)
    with pytest.raises(ForgedEnvelopeError):
        check_by_key("ES256K", key, b"data", signature[:32] + signature[33:])


@pytest.mark.threat(24)
@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "ES256K", "ES384", "none", "HS256"])
@pytest.mark.parametrize("kind", [KeyType.ED25519, KeyType.P256, KeyType.P384, KeyType.P521, KeyType.SECP256K1])
def test_an_algorithm_goes_with_one_kind_of_key(algorithm, kind):
    goes = {"EdDSA": KeyType.ED25519, "ES256": KeyType.P256, "ES256K": KeyType.SECP256K1}.get(algorithm) == kind
    with pytest.raises(ForgedEnvelopeError) as caught:
        check_by_key(algorithm, PrivateKey.generate(kind).public, b"data", b"\1" * 64)
    assert ("never verified" in str(caught.value)) is not goes


def test_what_signs_a_token_signs_messages():
    private = PrivateKey.generate(KeyType.P384)
    with pytest.raises(PackError) as caught:
        prior_token("did:example:a#k", local_signer(private), subject=None, issued_at=AT)
    assert caught.value.code == "didcomm.pack.key"


@pytest.mark.parametrize("kind", [KeyType.SECP256K1, KeyType.ED25519])
def test_a_sender_whose_key_does_not_agree(kind):
    """A document may list for agreement what does not agree here."""
    carol = Party("did:example:carol", types=(KeyType.X25519,))
    kid = f"{carol.did}#odd"
    carol.add("keyAgreement", kid, PrivateKey.generate(kind))
    data = anon(header=lambda header: header.update(alg="ECDH-1PU+A256KW", skid=kid, apu=to_base64url(kid.encode())))
    expected = "inconsistent.sender_key"  # on another curve than the envelope, or no agreement key at all
    assert refusal(data, parties=[carol, BOB]) == expected


def test_a_sender_whose_key_is_of_an_unknown_kind():
    carol = Party("did:example:carol", types=(KeyType.X25519,))
    kid = f"{carol.did}#odd"
    carol.source["keyAgreement"].append(
        {"id": kid, "type": "Kyber", "controller": carol.did, "publicKeyMultibase": "z6"}
    )
    data = anon(header=lambda header: header.update(alg="ECDH-1PU+A256KW", skid=kid, apu=to_base64url(kid.encode())))
    assert refusal(data, parties=[carol, BOB]) == "unsupported.curve"


def test_a_message_is_for_so_many_keys():
    crowd = Party("did:example:crowd", types=(KeyType.X25519,))
    key = crowd.keys[f"{crowd.did}#agree-X25519"]
    for number in range(MAX_RECIPIENTS - 1):
        crowd.add("keyAgreement", f"{crowd.did}#{number}", key)
    given = compose(PROPOSAL, {}, to=[crowd.did, BOB.did])
    documents = documents_of(crowd, BOB)
    made = pack(given, to=[crowd.did], secrets=HeldSecrets({}), documents=documents, at=AT)
    assert len(made.recipient_kids) == MAX_RECIPIENTS
    opened_by_crowd = unpack(made.data, secrets=crowd.secrets, documents=documents, at=AT)
    assert len(opened_by_crowd.encrypted_to) == MAX_RECIPIENTS
    with pytest.raises(PackError) as caught:
        pack(given, to=[crowd.did, BOB.did], secrets=HeldSecrets({}), documents=documents, at=AT)
    assert caught.value.code == "didcomm.pack.recipients"


def test_secrets_are_held_by_their_ids():
    kid, key = agreeing(BOB)
    held = HeldSecrets({kid: key})
    assert held.agreement(kid) is held.agreement(kid)
    assert (held.agreement("x"), held.signer("x"), held.signer(kid)) == (None, None, None)
    sign = f"{ALICE.did}#sign-Ed25519"
    held = HeldSecrets({sign: ALICE.keys[sign]})
    assert held.signer(sign) is held.signer(sign)
    assert held.agreement(sign) is None
    assert opened(anon(message())).recipient_kids == (kid,)
