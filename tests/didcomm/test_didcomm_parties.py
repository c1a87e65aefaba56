"""Who sent it, and for whom: senders that are not proven, layers that contradict each other, protection that lacks."""

from base64 import urlsafe_b64encode

import pytest
from didcomm_cast import ALICE, BOB, MALLORY, P, X, agreeing, anon, auth, drop, message, opened, put, refusal, sign
from didcomm_forgery import seal
from didcomm_support import AT, PROPOSAL, Party, documents_of

from did_methods.multibase import to_base64url
from node.didcomm.errors import DidCommError, UnresolvedError
from node.didcomm.message import compose, write_message
from node.didcomm.unpack import unpack
from node.didcomm.wrapping import AUTHCRYPTED, CONFIDENTIAL

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


def test_no_error_tells_what_was_inside_or_how_keys_are():
    hidden = "the only copy of a secret"
    inside = write_message(compose(PROPOSAL, {"text": hidden}, sender=MALLORY.did, to=[BOB.did]))
    for data in (auth(inside), anon(sign(inside)), auth(inside, outside=put(iv=to_base64url(bytes(16))))):
        with pytest.raises(DidCommError) as caught:
            opened(data)
        told = f"{caught.value} {caught.value.remedy} {caught.value.__cause__}"
        assert hidden not in told
        assert urlsafe_b64encode(hidden.encode())[:8].decode() not in told
