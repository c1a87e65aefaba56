"""What is never opened, by name: each case is sound but for one thing in its form or its keys."""

import json

import pytest
from didcomm_cast import (
    ALICE,
    BOB,
    MALLORY,
    P,
    X,
    agreeing,
    anon,
    auth,
    drop,
    in_entry,
    in_entry_header,
    in_epk,
    message,
    opened,
    put,
    refusal,
    reprotected,
    sign,
    signing,
    twice,
)
from didcomm_forgery import protected_of, seal, unchanged

from did_methods.multibase import from_base64url, to_base64url
from did_methods.multikey import KeyType, PrivateKey
from node.didcomm.encrypted import MAX_ENVELOPE_BYTES, MAX_RECIPIENTS
from node.didcomm.wrapping import Wrapping


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


def test_a_flattened_encryption_is_read():
    def flatten(envelope):
        envelope |= envelope.pop("recipients")[0]

    assert opened(auth(outside=flatten)).sender == ALICE.did


def test_what_is_not_known_and_changes_nothing_is_passed_over():
    data = auth(header=put(note="x", cty="x"), outside=in_entry_header(note="y"))
    assert opened(data).sender == ALICE.did


def test_the_toolkit_makes_what_the_library_makes():
    made = json.loads(auth())
    assert protected_of(made).keys() == {"epk", "apv", "skid", "apu", "typ", "enc", "alg"}
    assert unchanged({}) is None
