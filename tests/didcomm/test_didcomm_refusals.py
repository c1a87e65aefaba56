"""What is never opened, by name: each case is sound but for one thing."""

import json
from base64 import urlsafe_b64encode

import pytest
from didcomm_forgery import protected_of, seal, signed, token, unchanged
from didcomm_support import AT, PROPOSAL, Party, documents_of

from did_methods.did import parse_did
from did_methods.multibase import from_base64url, to_base64url
from did_methods.multikey import KeyType, PrivateKey
from node.didcomm.encrypted import MAX_ENVELOPE_BYTES, MAX_RECIPIENTS
from node.didcomm.errors import DidCommError, UnresolvedError
from node.didcomm.message import compose, write_message
from node.didcomm.parties import HeldSecrets
from node.didcomm.rotation import prior_token
from node.didcomm.unpack import unpack
from node.didcomm.wrapping import AUTHCRYPTED, CONFIDENTIAL, Wrapping

ALICE, BOB, MALLORY = (Party(f"did:example:{name}") for name in ("alice", "bob", "mallory"))
X, P = KeyType.X25519, KeyType.P256
ED = KeyType.ED25519
ANY = frozenset(Wrapping)


def agreeing(party, curve=X):
    kid = f"{party.did}#agree-{curve}"
    return kid, party.keys[kid]


def signing(party, kind=ED):
    kid = f"{party.did}#sign-{kind}"
    return kid, party.keys[kid]


def message(**changes):
    given = {"sender": ALICE.did, "to": [BOB.did]} | changes
    return write_message(compose(PROPOSAL, {"n": 1}, **given))


def opened(data, *, allow=ANY, parties=(ALICE, BOB, MALLORY), at=AT):
    return unpack(data, secrets=BOB.secrets, documents=documents_of(*parties), at=at, allow=allow)


def refusal(data, **kwargs):
    with pytest.raises(DidCommError) as caught:
        opened(data, **kwargs)
    assert caught.value.remedy
    assert len(str(caught.value)) < 500
    return caught.value.code.removeprefix("didcomm.")


def anon(content=None, *, curve=X, **kwargs):
    return seal(content or message(), dict([agreeing(BOB, curve)]), **kwargs)


def auth(content=None, *, curve=X, by=ALICE, **kwargs):
    return seal(content or message(), dict([agreeing(BOB, curve)]), sender=agreeing(by, curve), **kwargs)


def sign(content=None, *, kind=ED, by=ALICE, **kwargs):
    return signed(content or message(), *signing(by, kind), **kwargs)


def put(**members):
    return lambda target: target.update(members)


def drop(*names):
    return lambda target: [target.pop(name) for name in names]


def in_epk(**members):
    return lambda header: header["epk"].update(members)


def in_entry(**members):
    return lambda envelope: envelope["recipients"][0].update(members)


def in_entry_header(**members):
    return lambda envelope: envelope["recipients"][0]["header"].update(members)


def in_signature(**members):
    return lambda envelope: envelope["signatures"][0].update(members)


def twice(name):
    return lambda envelope: envelope[name].append(envelope[name][0])


def reprotected(text):
    return put(protected=to_base64url(text))


def test_the_cases_start_from_what_is_opened():
    assert opened(anon()).wrapping == Wrapping.ANONCRYPT
    assert opened(auth()).sender == ALICE.did
    assert opened(sign(kind=P)).signer_kid == signing(ALICE, P)[0]
    assert opened(anon(sign())).wrapping == Wrapping.ANONCRYPT_SIGNED
    assert opened(auth(sign())).wrapping == Wrapping.AUTHCRYPT_SIGNED
    assert opened(anon(auth())).wrapping == Wrapping.ANONCRYPT_AUTHCRYPT
    assert opened(anon(auth(sign()))).wrapping == Wrapping.ANONCRYPT_AUTHCRYPT_SIGNED
    assert opened(message()).wrapping == Wrapping.PLAINTEXT


JSON = {
    "no JSON": (b"{", "envelope.document"),
    "not UTF-8": (b'{"ciphertext":"\xff"}', "envelope.document"),
    "an array": (b"[]", "envelope.document"),
    "a member twice": (anon()[:-1] + b',"tag":"AAAA"}', "envelope.document"),
    "33 levels": (b'{"a":' + b"[" * 33 + b"]" * 33 + b"}", "envelope.document"),
    "more bytes than are read": (b" " * (MAX_ENVELOPE_BYTES + 1), "envelope.document"),
    "encrypted and signed in one": (anon(outside=put(payload="AA")), "envelope.nesting"),
    "a message without its id": (b'{"type":"https://didcomm.org/empty/1.0/empty","body":{}}', "message.id"),
}
FORM = {
    "protected is no text": ("outside", put(protected={}), "envelope.member"),
    "protected is absent": ("outside", drop("protected"), "envelope.member"),
    "the content is no text": ("outside", put(ciphertext=1), "envelope.member"),
    "additional data": ("outside", put(aad="AA"), "unsupported.form"),
    "an unprotected header": ("outside", put(unprotected={"alg": "dir"}), "unsupported.form"),
    "no recipients": ("outside", drop("recipients"), "envelope.recipients"),
    "an empty list of recipients": ("outside", put(recipients=[]), "envelope.recipients"),
    "recipients are no list": ("outside", put(recipients={}), "envelope.recipients"),
    "a recipient is no object": ("outside", put(recipients=["x"]), "envelope.recipients"),
    "general and flattened in one": ("outside", put(encrypted_key="AA"), "envelope.recipients"),
    "a recipient without a key id": ("outside", in_entry(header={}), "envelope.recipients"),
    "a key id without a fragment": ("outside", in_entry_header(kid=BOB.did), "envelope.kid"),
    "a key id that is no DID URL": ("outside", in_entry_header(kid="key-1"), "envelope.kid"),
    "a key id with a query": ("outside", in_entry_header(kid=f"{BOB.did}?a=b#agree-X25519"), "envelope.kid"),
    "the same recipient twice": ("outside", twice("recipients"), "envelope.duplicate_kid"),
    "an algorithm beside a recipient": ("outside", in_entry_header(alg="dir"), "envelope.header"),
    "an ephemeral key beside a recipient": ("outside", in_entry_header(epk={}), "envelope.header"),
    "protected is not base64url": ("outside", put(protected="e30="), "envelope.header"),
    "protected is no object": ("outside", reprotected(b"[]"), "envelope.header"),
    "a header twice": ("outside", reprotected(b'{"alg":"x","alg":"y"}'), "envelope.header"),
    "a header of 20 kB": ("outside", reprotected(b'{"a":"' + b"a" * 20_000 + b'"}'), "envelope.header"),
    "a stray bit in the content": ("outside", put(ciphertext="AB"), "envelope.base64"),
    "a short tag": ("outside", put(tag="AAAA"), "envelope.length"),
    "no tag": ("outside", drop("tag"), "envelope.member"),
    "a short iv": ("outside", put(iv="AAAA"), "envelope.length"),
    "a key of another length": ("outside", in_entry(encrypted_key="AAAA"), "envelope.length"),
    "another recipient's key of the same length": (
        "outside",
        in_entry(encrypted_key=to_base64url(bytes(72))),
        "forged.key",
    ),
    "another iv": ("outside", put(iv=to_base64url(bytes(16))), "forged.content"),
    "a recipient was added": (
        "outside",
        lambda e: e["recipients"].append({**e["recipients"][0], "header": {"kid": f"{MALLORY.did}#k"}}),
        "inconsistent.apv",
    ),
    "critical headers": ("header", put(crit=["exp"]), "unsupported.critical"),
    "compressed": ("header", put(zip="DEF"), "unsupported.compression"),
    "of another media type": ("header", put(typ="JWT"), "unsupported.media_type"),
    "a media type that is no text": ("header", put(typ=1), "unsupported.media_type"),
    "no algorithm": ("header", drop("alg"), "unsupported.algorithm"),
    "none": ("header", put(alg="none"), "unsupported.algorithm"),
    "direct": ("header", put(alg="dir"), "unsupported.algorithm"),
    "agreed upon directly": ("header", put(alg="ECDH-ES"), "unsupported.algorithm"),
    "wrapped by 128 bits": ("header", put(alg="ECDH-ES+A128KW"), "unsupported.algorithm"),
    "RSA": ("header", put(alg="RSA-OAEP"), "unsupported.algorithm"),
    "a password hashed for ever": (
        "header",
        put(alg="PBES2-HS512+A256KW", p2c=2**31, p2s="AAAA"),
        "unsupported.algorithm",
    ),
    "an algorithm that is a list": ("header", put(alg=["ECDH-ES+A256KW"]), "unsupported.algorithm"),
    "encrypted by 128 bits": ("header", put(enc="A128CBC-HS256"), "unsupported.encryption"),
    "an encryption that is an object": ("header", put(enc={}), "unsupported.encryption"),
    "apv is absent": ("header", drop("apv"), "inconsistent.apv"),
    "apv of other recipients": ("header", put(apv=to_base64url(bytes(32))), "inconsistent.apv"),
    "apu is a number": ("header", put(apu=1), "envelope.member"),
    "apu is not base64url": ("header", put(apu="="), "envelope.base64"),
    "no ephemeral key": ("header", drop("epk"), "envelope.key"),
    "an ephemeral key with its secret half": ("header", in_epk(d="AAAA"), "envelope.key"),
    "an ephemeral key of another kind": ("header", in_epk(kty="EC"), "envelope.key"),
    "an ephemeral key on secp256k1": ("header", in_epk(crv="secp256k1"), "unsupported.curve"),
    "an ephemeral key on X448": ("header", in_epk(crv="X448"), "unsupported.curve"),
    "an ephemeral key without a curve": ("header", lambda h: h["epk"].pop("crv"), "unsupported.curve"),
    "a short ephemeral key": ("header", in_epk(x="AAAA"), "envelope.key"),
    "an ephemeral key that is no text": ("header", in_epk(x=None), "envelope.key"),
}


@pytest.mark.parametrize("name", JSON)
def test_the_bytes(name):
    data, code = JSON[name]
    assert refusal(data) == code


@pytest.mark.threat(63)
@pytest.mark.parametrize("make", [anon, auth], ids=["anoncrypt", "authcrypt"])
@pytest.mark.parametrize("name", FORM)
def test_the_form(make, name):
    where, change, code = FORM[name]
    assert refusal(make(**{where: change})) == code


@pytest.mark.parametrize("encryption", ["A256GCM", "XC20P"])
def test_an_encryption_that_does_not_commit_to_its_key_has_no_known_sender(encryption):
    assert opened(anon(encryption=encryption)).encryptions == (encryption,)
    assert refusal(auth(encryption=encryption)) == "unsupported.encryption"


@pytest.mark.parametrize("number", [MAX_RECIPIENTS, MAX_RECIPIENTS + 1])
def test_recipients_are_few(number):
    kid, key = agreeing(BOB)
    many = {f"{BOB.did}#{place}": key for place in range(number - 1)} | {kid: key}
    data = seal(message(), many)
    if number > MAX_RECIPIENTS:
        assert refusal(data) == "envelope.recipients"
    else:
        assert opened(data).recipient_kids == (kid,)


# The points of small order on Curve25519, and the canonical ones in another spelling.
SMALL = {
    "zero": 0,
    "one": 1,
    "minus one": 2**255 - 20,
    "of order 8": 325606250916557431795983626356110631294008115727848805560023387167927233504,
    "the other of order 8": 39382357235489614581723060781553021112529911719440698176882885853963445705823,
    "the prime": 2**255 - 19,
    "the prime and one": 2**255 - 18,
    "nine, in another spelling": 2**255 - 19 + 9,
    "the high bit": 2**255 + 9,
}


@pytest.mark.threat(16)
@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("make", [anon, auth], ids=["anoncrypt", "authcrypt"])
def test_ephemeral_points_of_small_order(make, name):
    assert refusal(make(header=in_epk(x=to_base64url(SMALL[name].to_bytes(32, "little"))))) == "envelope.key"


@pytest.mark.threat(16)
@pytest.mark.parametrize("curve", [KeyType.P256, KeyType.P384, KeyType.P521])
@pytest.mark.parametrize("coordinates", [(1, 1), (0, 0), (5, None)])
def test_ephemeral_points_off_the_curve(curve, coordinates):
    size = {KeyType.P256: 32, KeyType.P384: 48, KeyType.P521: 66}[curve]
    x, y = (to_base64url((0 if each is None else each).to_bytes(size)) for each in coordinates)
    assert refusal(anon(curve=curve, header=in_epk(x=x, y=y))) == "envelope.key"


def test_an_ephemeral_point_with_too_long_a_coordinate():
    def longer(header):
        header["epk"]["x"] = to_base64url(b"\0" + from_base64url(header["epk"]["x"]))

    assert refusal(anon(curve=P, header=longer)) == "envelope.key"


def test_an_ephemeral_point_whose_leading_zeros_were_left_out_is_the_same_point():
    """As libraries write it against RFC 7518, in one message of 256 on P-256, and in every other on P-521."""
    for _ in range(64):
        shorter = []

        def shorten(header, shorter=shorter):
            for name in ("x", "y"):
                data = from_base64url(header["epk"][name])
                shorter.append(data[0] == 0)
                header["epk"][name] = to_base64url(data.lstrip(b"\0"))

        assert opened(anon(curve=KeyType.P521, header=shorten)).message.id
        if any(shorter):
            return
    pytest.fail("no coordinate began with a zero")


def test_an_envelope_for_others():
    assert refusal(seal(message(), dict([agreeing(MALLORY)]))) == "not_for_us"


def test_an_envelope_whose_key_of_ours_is_on_another_curve():
    assert refusal(seal(message(), {agreeing(BOB, P)[0]: PrivateKey.generate(X)})) == "not_for_us"


SENDERS = {
    "skid and apu differ": (put(skid=agreeing(MALLORY)[0]), "inconsistent.apu"),
    "apu alone is another's": (put(apu=to_base64url(agreeing(MALLORY)[0].encode())), "inconsistent.apu"),
    "apu is absent": (drop("apu"), "inconsistent.apu"),
    "neither": (drop("apu", "skid"), "envelope.kid"),
    "skid is a number": (put(skid=1), "inconsistent.apu"),
    "no fragment": (put(skid=ALICE.did, apu=to_base64url(ALICE.did.encode())), "envelope.kid"),
    "no text": (put(apu=to_base64url(b"\xff"), skid=None), "inconsistent.apu"),
}


@pytest.mark.threat(65)
@pytest.mark.parametrize("name", SENDERS)
def test_senders(name):
    change, code = SENDERS[name]
    assert refusal(auth(header=change)) == code


def test_a_sender_without_skid_is_known_by_apu():
    assert opened(auth(header=drop("skid"))).sender == ALICE.did


def test_bytes_in_apu_are_nobody():
    def header(target):
        del target["skid"]
        target["apu"] = to_base64url(b"\xff")

    assert refusal(auth(header=header)) == "envelope.kid"


@pytest.mark.threat(65)
def test_an_anonymous_envelope_that_names_a_sender():
    change = put(skid=agreeing(ALICE)[0], apu=to_base64url(agreeing(ALICE)[0].encode()))
    assert refusal(anon(header=change)) == "inconsistent.skid"


@pytest.mark.threat(65)
def test_a_sender_whose_key_was_not_used():
    """Mallory names the key of Alice, and has one of her own."""
    data = seal(message(), dict([agreeing(BOB)]), sender=(agreeing(ALICE)[0], agreeing(MALLORY)[1]))
    assert refusal(data) == "forged.key"


def test_a_sender_whose_document_is_not_at_hand():
    with pytest.raises(UnresolvedError) as caught:
        opened(auth(), parties=[BOB])
    assert (caught.value.did, caught.value.code) == (ALICE.did, "didcomm.unresolved")


def test_a_document_that_is_another_ones_is_not_at_hand():
    with pytest.raises(UnresolvedError):
        unpack(auth(), secrets=BOB.secrets, documents=lambda _: MALLORY.document, at=AT)


def test_a_sender_key_that_serves_something_else():
    carol = Party("did:example:carol", types=(X,))
    kid, key = f"{carol.did}#sign-P-256", carol.keys[f"{carol.did}#sign-P-256"]
    data = seal(message(sender=carol.did), dict([agreeing(BOB, P)]), sender=(kid, key))
    assert refusal(data, parties=[carol, BOB]) == "inconsistent.sender_key"


def test_a_sender_key_that_is_not_there():
    data = seal(message(), dict([agreeing(BOB)]), sender=(f"{ALICE.did}#gone", agreeing(ALICE)[1]))
    assert refusal(data) == "inconsistent.sender_key"


def test_a_sender_key_on_another_curve():
    data = seal(message(), dict([agreeing(BOB)]), sender=(agreeing(ALICE, P)[0], agreeing(ALICE)[1]))
    assert refusal(data) == "inconsistent.sender_key"


@pytest.mark.parametrize("member", ["revoked", "expires"])
def test_a_sender_key_that_is_no_longer_in_force(member):
    carol = Party("did:example:carol", types=(X,))
    carol.source["keyAgreement"][0][member] = "2026-03-01T12:00:00Z"
    data = seal(message(sender=carol.did), dict([agreeing(BOB)]), sender=agreeing(carol))
    assert opened(data, parties=[carol, BOB], at=AT.replace(hour=11)).sender == carol.did
    assert refusal(data, parties=[carol, BOB]) == "inconsistent.sender_key"


def test_a_sender_key_that_somebody_else_controls():
    carol = Party("did:example:carol", types=(X,))
    carol.source["keyAgreement"][0]["controller"] = MALLORY.did
    data = seal(message(sender=carol.did), dict([agreeing(BOB)]), sender=agreeing(carol))
    assert refusal(data, parties=[carol, BOB]) == "inconsistent.sender_key"


ADDRESSES = {
    "authcrypt from another": (lambda: auth(message(sender=MALLORY.did)), "inconsistent.from"),
    "authcrypt from nobody": (lambda: auth(message(sender=None)), "inconsistent.from"),
    "authcrypt from another, hidden": (lambda: anon(auth(message(sender=MALLORY.did))), "inconsistent.from"),
    "signed from another": (lambda: sign(message(sender=MALLORY.did)), "inconsistent.signer"),
    "signed from nobody": (lambda: sign(message(sender=None)), "inconsistent.signer"),
    "signed by another than the sender": (lambda: auth(sign(by=MALLORY)), "inconsistent.signer"),
    "sent by another than the signer": (lambda: auth(sign(), by=MALLORY), "inconsistent.from"),
    "anoncrypt for another": (lambda: anon(message(to=[MALLORY.did])), "inconsistent.to"),
    "authcrypt for another": (lambda: auth(message(to=[MALLORY.did])), "inconsistent.to"),
    "signed for another, and passed on": (lambda: anon(sign(message(to=[MALLORY.did]))), "inconsistent.to"),
    "signed for nobody, and encrypted": (lambda: anon(sign(message(to=[]))), "inconsistent.to"),
    "anoncrypt twice": (lambda: anon(anon()), "envelope.nesting"),
    "authcrypt twice": (lambda: auth(auth()), "envelope.nesting"),
    "anoncrypt inside authcrypt": (lambda: auth(anon()), "envelope.nesting"),
    "signed twice": (lambda: sign(sign()), "envelope.nesting"),
    "encrypted, then signed": (lambda: sign(auth()), "envelope.nesting"),
    "four layers": (lambda: anon(anon(auth(sign()))), "envelope.nesting"),
    "nothing inside": (lambda: anon(b"x"), "envelope.document"),
}


@pytest.mark.threat(65)
@pytest.mark.parametrize("name", ADDRESSES)
def test_layers_and_addresses(name):
    make, code = ADDRESSES[name]
    assert refusal(make()) == code


@pytest.mark.parametrize("to", [[], [MALLORY.did, BOB.did]])
def test_one_may_be_among_several_or_be_told_nothing(to):
    assert opened(auth(message(to=to))).sender == ALICE.did


@pytest.mark.threat(65)
def test_what_an_anonymous_message_says_of_its_sender_is_not_proven():
    unpacked = opened(anon())
    assert str(unpacked.message.sender) == ALICE.did
    assert (unpacked.sender, unpacked.anonymous, unpacked.authcrypted) == (None, True, False)


DUE = {
    "plaintext": (message(), CONFIDENTIAL),
    "signed": (sign(), CONFIDENTIAL),
    "anonymous": (anon(), AUTHCRYPTED),
    "signed by the sender, who need not have meant it for us": (anon(sign()), AUTHCRYPTED),
}


@pytest.mark.threat(65)
@pytest.mark.parametrize("name", DUE)
def test_less_protection_than_is_due(name):
    data, allow = DUE[name]
    assert refusal(data, allow=allow) == "unprotected"


def test_encryption_is_due_where_nothing_is_said():
    with pytest.raises(DidCommError) as caught:
        unpack(message(), secrets=BOB.secrets, documents=documents_of(ALICE, BOB), at=AT)
    assert caught.value.code == "didcomm.unprotected"


SIGNATURES = {
    "none": ({"header": put(alg="none")}, "unsupported.algorithm"),
    "a shared secret": ({"header": put(alg="HS256")}, "unsupported.algorithm"),
    "RS256": ({"header": put(alg="RS256")}, "unsupported.algorithm"),
    "ES384": ({"header": put(alg="ES384")}, "unsupported.algorithm"),
    "no algorithm": ({"header": drop("alg")}, "unsupported.algorithm"),
    "the algorithm of another kind of key": ({"header": put(alg="ES256")}, "forged.signature"),
    "ES256K with a key of another kind": ({"header": put(alg="ES256K")}, "forged.signature"),
    "critical": ({"header": put(crit=["b64"], b64=False)}, "unsupported.critical"),
    "b64": ({"header": put(b64=False)}, "unsupported.critical"),
    "a key brought along": ({"header": put(jwk=signing(MALLORY)[1].public.to_jwk())}, "unsupported.key_in_header"),
    "an address of keys": ({"header": put(jku="https://example.com")}, "unsupported.key_in_header"),
    "another media type": ({"header": put(typ="application/didcomm-encrypted+json")}, "unsupported.media_type"),
    "a key id in both headers": ({"header": put(kid=signing(ALICE)[0])}, "envelope.header"),
    "an algorithm beside": (
        {"outside": in_signature(header={"kid": signing(ALICE)[0], "alg": "x"})},
        "envelope.header",
    ),
    "a key beside": ({"outside": in_signature(header={"kid": signing(ALICE)[0], "jwk": {}})}, "envelope.header"),
    "no key id": ({"outside": in_signature(header={})}, "envelope.kid"),
    "the key of another": ({"outside": in_signature(header={"kid": signing(MALLORY)[0]})}, "forged.signature"),
    "a key that agrees": ({"outside": in_signature(header={"kid": agreeing(ALICE, P)[0]})}, "inconsistent.signer"),
    "two signatures": ({"outside": twice("signatures")}, "envelope.signatures"),
    "no signatures": ({"outside": put(signatures=[])}, "envelope.signatures"),
    "general and flattened": ({"outside": put(signature="AA")}, "envelope.signatures"),
    "another payload": ({"outside": put(payload=to_base64url(message()))}, "forged.signature"),
    "a payload that is no text": ({"outside": put(payload=1)}, "envelope.member"),
    "another signature": ({"outside": in_signature(signature=to_base64url(bytes(64)))}, "forged.signature"),
    "a short signature": ({"outside": in_signature(signature="AAAA")}, "forged.signature"),
    "padding": ({"outside": in_signature(signature="AA==")}, "envelope.base64"),
}


@pytest.mark.threat(24)
@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures(name):
    changes, code = SIGNATURES[name]
    assert refusal(sign(**changes)) == code
    assert refusal(anon(sign(**changes))) == code


def test_a_flattened_signature_with_its_key_id_protected_is_read():
    def flatten(envelope):
        (entry,) = envelope.pop("signatures")
        del entry["header"]
        envelope |= entry

    assert opened(sign(header=put(kid=signing(ALICE)[0]), outside=flatten)).sender == ALICE.did


def test_a_flattened_encryption_is_read():
    def flatten(envelope):
        envelope |= envelope.pop("recipients")[0]

    assert opened(auth(outside=flatten)).sender == ALICE.did


def test_what_is_not_known_and_changes_nothing_is_passed_over():
    data = auth(header=put(note="x", cty="x"), outside=in_entry_header(note="y"))
    assert opened(data).sender == ALICE.did


OLD = Party("did:example:old")
CLAIMS = {"iss": OLD.did, "sub": ALICE.did, "iat": 1772366400}


def rotated(text, make=auth, **changes):
    return make(message(from_prior=text, **changes))


def without(claims, name):
    return {member: value for member, value in claims.items() if member != name}


ROTATIONS = {
    "no token": (lambda: "x", "rotation.token"),
    "a token of no object": (lambda: token(*signing(OLD), [1]), "rotation.token"),
    "a token with critical headers": (lambda: token(*signing(OLD), CLAIMS, crit=["x"]), "rotation.token"),
    "by none": (lambda: token(*signing(OLD), CLAIMS, alg="none"), "unsupported.algorithm"),
    "by a key brought along": (lambda: token(*signing(OLD), CLAIMS, jwk={}), "unsupported.key_in_header"),
    "by the new key": (lambda: token(*signing(ALICE), CLAIMS), "rotation.signer"),
    "by another's key": (lambda: token(signing(OLD)[0], signing(MALLORY)[1], CLAIMS), "rotation.signer"),
    "by a key that agrees": (lambda: token(agreeing(OLD)[0], signing(OLD)[1], CLAIMS), "rotation.signer"),
    "by a key without an id": (lambda: token(None, signing(OLD)[1], CLAIMS), "rotation.signer"),
    "of somebody else's": (lambda: token(*signing(OLD), CLAIMS | {"iss": MALLORY.did}), "rotation.signer"),
    "for somebody else": (lambda: token(*signing(OLD), CLAIMS | {"sub": MALLORY.did}), "rotation.subject"),
    "for nobody": (lambda: token(*signing(OLD), without(CLAIMS, "sub")), "rotation.subject"),
    "of oneself": (lambda: token(*signing(ALICE), CLAIMS | {"iss": ALICE.did}), "rotation.claims"),
    "of nobody": (lambda: token(*signing(OLD), without(CLAIMS, "iss")), "rotation.claims"),
    "at no time": (lambda: token(*signing(OLD), without(CLAIMS, "iat")), "rotation.claims"),
    "at a time that is a text": (lambda: token(*signing(OLD), CLAIMS | {"iat": "now"}), "rotation.claims"),
    "of a text": (lambda: token(*signing(OLD), CLAIMS | {"iss": "x"}), "rotation.claims"),
}


@pytest.mark.threat(65)
@pytest.mark.parametrize("name", ROTATIONS)
def test_rotations(name):
    make, code = ROTATIONS[name]
    assert refusal(rotated(make()), parties=(OLD, ALICE, BOB, MALLORY)) == code


def test_a_rotation_is_told():
    kid, key = signing(OLD)
    text = prior_token(kid, HeldSecrets({kid: key}).signer(kid), subject=parse_did(ALICE.did), issued_at=AT)
    rotation = opened(rotated(text), parties=(OLD, ALICE, BOB)).rotation
    assert (rotation.prior, rotation.subject, rotation.signer_kid) == (OLD.did, ALICE.did, kid)
    assert rotation.issued_at == AT.timestamp()


@pytest.mark.threat(65)
def test_a_rotation_is_for_a_sender_who_is_proven():
    parties = (OLD, ALICE, BOB)
    text = token(*signing(OLD), CLAIMS)
    assert refusal(rotated(text, anon), parties=parties) == "rotation.subject"
    assert refusal(rotated(text, sign), parties=parties) == "rotation.unprotected"
    assert refusal(rotated(text, unchanged_message), parties=parties) == "rotation.unprotected"
    assert opened(rotated(text, lambda content: anon(sign(content))), parties=parties).rotation


def unchanged_message(content):
    return content


def test_the_end_of_a_relationship_is_from_nobody():
    parties = (OLD, ALICE, BOB)
    kid, key = signing(OLD)
    text = prior_token(kid, HeldSecrets({kid: key}).signer(kid), subject=None, issued_at=AT)
    rotation = opened(rotated(text, anon, sender=None), parties=parties).rotation
    assert (rotation.prior, rotation.subject) == (OLD.did, None)
    assert refusal(rotated(text, anon), parties=parties) == "rotation.subject"


def test_no_error_tells_what_was_inside_or_how_keys_are():
    hidden = "the only copy of a secret"
    inside = write_message(compose(PROPOSAL, {"text": hidden}, sender=MALLORY.did, to=[BOB.did]))
    for data in (auth(inside), anon(sign(inside)), auth(inside, outside=put(iv=to_base64url(bytes(16))))):
        with pytest.raises(DidCommError) as caught:
            opened(data)
        told = f"{caught.value} {caught.value.remedy} {caught.value.__cause__}"
        assert hidden not in told
        assert urlsafe_b64encode(hidden.encode())[:8].decode() not in told


def test_the_toolkit_makes_what_the_library_makes():
    made = json.loads(auth())
    assert protected_of(made).keys() == {"epk", "apv", "skid", "apu", "typ", "enc", "alg"}
    assert unchanged({}) is None
