"""Alice, Bob and Mallory, what they send each other, and how it is made wrong."""

import pytest
from didcomm_forgery import seal, signed
from didcomm_support import AT, PROPOSAL, Party, documents_of

from did_methods.multibase import to_base64url
from did_methods.multikey import KeyType
from node.didcomm.errors import DidCommError
from node.didcomm.message import compose, write_message
from node.didcomm.unpack import unpack
from node.didcomm.wrapping import Wrapping

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
