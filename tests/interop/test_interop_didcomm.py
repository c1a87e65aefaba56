"""DIDComm in both directions: what glejt packs, other programs open, and what they pack, glejt opens.

Beside `didcomm-node` stands `didcomm` of the Python index, in an environment of its own.
"""

import json
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest
from didcomm_support import AT, PROPOSAL, Party, documents_of
from peers.client import HERE, LineProcess, PeerError
from support import ROOT

from did_methods.did import parse_did
from did_methods.multikey import KeyType
from node.didcomm.attachment import attach_json
from node.didcomm.content_encryption import A256CBC_HS512, A256GCM, XC20P
from node.didcomm.forward import read_forward, wrap
from node.didcomm.message import compose
from node.didcomm.pack import pack, pack_signed
from node.didcomm.rotation import prior_token
from node.didcomm.unpack import unpack
from node.didcomm.wrapping import Wrapping

pytestmark = pytest.mark.peer

INTERPRETER = ROOT / ".venv-didcomm" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
CURVES = (KeyType.X25519, KeyType.P256, KeyType.P384, KeyType.P521)
NAMES = {A256CBC_HS512: ("A256cbcHs512EcdhEsA256kw", "A256CBC_HS512_ECDH_ES_A256KW"),
         A256GCM: ("A256gcmEcdhEsA256kw", "A256GCM_ECDH_ES_A256KW"),
         XC20P: ("Xc20pEcdhEsA256kw", "XC20P_ECDH_ES_A256KW")}  # fmt: skip
MESSAGE = {
    "id": "8f1a3c52",
    "typ": "application/didcomm-plain+json",
    "type": PROPOSAL,
    "from": "did:example:a",
    "to": ["did:example:b"],
    "created_time": 1772366400,
    "body": {"question": "Zażółć gęślą jaźń?"},
    "attachments": [{"id": "one", "data": {"json": {"n": 1}}}],
}


@pytest.fixture(scope="module")
def sicpa() -> Iterator[LineProcess]:
    if not INTERPRETER.exists():
        pytest.skip("a peer is absent: run `make .venv-didcomm/.stamp`")
    with LineProcess([str(INTERPRETER), str(HERE / "sicpa.py")]) as running:
        yield running


@pytest.fixture(params=["didcomm-node", "didcomm"])
def other(request) -> tuple[str, LineProcess]:
    return request.param, request.getfixturevalue("peer" if request.param == "didcomm-node" else "sicpa")


@pytest.fixture(params=[("didcomm-node", curve) for curve in CURVES[:2]] + [("didcomm", curve) for curve in CURVES])
def on_curve(request) -> tuple[str, LineProcess, KeyType]:
    name, curve = request.param
    return name, request.getfixturevalue("peer" if name == "didcomm-node" else "sicpa"), curve


def told(*parties: Party, secrets_of: Party | None = None) -> dict:
    """The documents and secrets of a request, as both libraries have them."""
    documents, secrets = [], []
    for party in parties:
        lists = {name: [each["id"] for each in party.source[name]] for name in ("keyAgreement", "authentication")}
        methods = [each for name in lists for each in party.source[name]]
        documents.append({"id": party.did, **lists, "verificationMethod": methods, "service": []})
        for kid, key in party.keys.items() if party is secrets_of else ():
            secrets.append({"id": kid, "type": "JsonWebKey2020", "privateKeyJwk": key.to_jwk()})
    return {"documents": documents, "secrets": secrets}


def two(curve: KeyType) -> tuple[Party, Party]:
    return Party("did:example:a", types=(curve,)), Party("did:example:b", types=(curve,))


def ours(packed, party, *others, **kwargs):
    return unpack(packed.encode(), secrets=party.secrets, documents=documents_of(party, *others), at=AT, **kwargs)


@pytest.mark.parametrize("curve", CURVES[2:])
def test_one_of_them_does_without_the_larger_curves(peer, curve):
    a, b = two(curve)
    with pytest.raises(PeerError):
        peer.ask("didcommPack", message=MESSAGE, to=b.did, **told(a, b, secrets_of=a))


@pytest.mark.parametrize("hidden", [False, True])
def test_authcrypt_goes_both_ways(on_curve, hidden):
    _, process, curve = on_curve
    a, b = two(curve)
    packed = process.ask(
        "didcommPack", message=MESSAGE, to=b.did, **{"from": a.did}, protect_sender=hidden, **told(a, b, secrets_of=a)
    )
    unpacked = ours(packed, b, a)
    assert unpacked.message.document == MESSAGE
    assert unpacked.sender == a.did
    assert unpacked.wrapping == (Wrapping.ANONCRYPT_AUTHCRYPT if hidden else Wrapping.AUTHCRYPT)

    message = compose(
        PROPOSAL, MESSAGE["body"], sender=a.did, to=[b.did], attachments=[attach_json({"n": 1}, id="one")]
    )
    made = pack(
        message, to=[b.did], sender=a.did, hide_sender=hidden, secrets=a.secrets, documents=documents_of(a, b), at=AT
    )
    answer = process.ask("didcommUnpack", packed=made.data.decode(), **told(a, b, secrets_of=b))
    assert answer["message"] == message.document
    assert answer["metadata"]["authenticated"]
    assert answer["metadata"]["encrypted_from_kid"] == f"{a.did}#agree-{curve}"


@pytest.mark.parametrize("encryption", NAMES, ids=lambda each: each.name)
@pytest.mark.parametrize("signed", [False, True])
def test_anoncrypt_goes_both_ways(on_curve, encryption, signed):
    name, process, curve = on_curve
    a, b = two(curve)
    wanted = {"enc_alg_anon": NAMES[encryption][0]} if name == "didcomm-node" else {"encryption": NAMES[encryption][1]}
    signer = f"{a.did}#sign-Ed25519" if signed else None
    packed = process.ask("didcommPack", message=MESSAGE, to=b.did, signBy=signer, **wanted, **told(a, b, secrets_of=a))
    unpacked = ours(packed, b, a)
    assert unpacked.message.document == MESSAGE
    assert (unpacked.signer_kid, unpacked.encryptions) == (signer, (encryption.name,))

    message = compose(PROPOSAL, {}, sender=a.did, to=[b.did])
    made = pack(
        message,
        to=[b.did],
        sign_by=signer,
        encryption=encryption,
        secrets=a.secrets,
        documents=documents_of(a, b),
        at=AT,
    )
    answer = process.ask("didcommUnpack", packed=made.data.decode(), **told(a, b, secrets_of=b))
    assert answer["message"] == message.document
    assert answer["metadata"]["non_repudiation"] == signed


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_signed_messages_go_both_ways(other, kind):
    _, process = other
    a, b = Party("did:example:a"), Party("did:example:b")
    kid = f"{a.did}#sign-{kind}"
    packed = process.ask("didcommPack", message=MESSAGE, signBy=kid, **told(a, b, secrets_of=a))
    assert ours(packed, b, a, allow={Wrapping.SIGNED}).signer_kid == kid

    message = compose(PROPOSAL, {}, sender=a.did, to=[b.did])
    made = pack_signed(message, sign_by=kid, secrets=a.secrets, documents=documents_of(a, b), at=AT)
    answer = process.ask("didcommUnpack", packed=made.data.decode(), **told(a, b, secrets_of=b))
    assert answer["metadata"]["sign_from"] == kid


def test_rotations_go_both_ways(other):
    _, process = other
    old, new, b = Party("did:example:old"), Party("did:example:a"), Party("did:example:b")
    kid = f"{old.did}#sign-Ed25519"
    told_all = told(old, new, b, secrets_of=new)
    told_all["secrets"] += told(old, secrets_of=old)["secrets"]
    claims = {"iss": old.did, "sub": new.did, "iat": 1772366400}
    packed = process.ask(
        "didcommPack", message=MESSAGE, to=b.did, **{"from": new.did}, prior={"claims": claims, "kid": kid}, **told_all
    )
    rotation = ours(packed, b, old, new).rotation
    assert (rotation.prior, rotation.subject, rotation.signer_kid) == (old.did, new.did, kid)

    signer = old.secrets.signer(kid)
    token = prior_token(
        kid, signer, subject=parse_did(new.did), issued_at=datetime.fromtimestamp(1772366400, AT.tzinfo)
    )
    message = compose(PROPOSAL, {}, sender=new.did, to=[b.did], from_prior=token)
    made = pack(message, to=[b.did], sender=new.did, secrets=new.secrets, documents=documents_of(new, b), at=AT)
    answer = process.ask("didcommUnpack", packed=made.data.decode(), **told(old, new, b, secrets_of=b))
    assert answer["metadata"]["from_prior_issuer_kid"] == kid


def test_forwards_go_both_ways(peer):
    a, b, mediator = (Party(f"did:example:{name}", types=(KeyType.X25519,)) for name in ("a", "b", "mediator"))
    documents = documents_of(a, b, mediator)
    key = f"{mediator.did}#agree-X25519"
    message = compose(PROPOSAL, {}, sender=a.did, to=[b.did])
    inner = pack(message, to=[b.did], sender=a.did, secrets=a.secrets, documents=documents, at=AT)
    wrapped = peer.ask(
        "didcommForward", packed=inner.data.decode(), to=b.did, routingKeys=[key], **told(a, b, mediator)
    )
    forward = read_forward(ours(wrapped, mediator).message)
    assert forward.next == b.did
    assert ours(forward.payloads[0].decode(), b, a).message.document == message.document

    made = wrap(inner.data, next_hop=b.did, routing_keys=[key], documents=documents, at=AT)
    answer = peer.ask("didcommUnpack", packed=made.decode(), **told(a, b, mediator, secrets_of=mediator))
    assert answer["message"]["body"] == {"next": b.did}
    assert answer["message"]["attachments"][0]["data"]["json"] == json.loads(inner.data)


def test_what_was_altered_is_opened_by_nobody(other):
    _, process = other
    a, b = Party("did:example:a", types=(KeyType.X25519,)), Party("did:example:b", types=(KeyType.X25519,))
    message = compose(PROPOSAL, {}, sender=a.did, to=[b.did])
    made = pack(message, to=[b.did], sender=a.did, secrets=a.secrets, documents=documents_of(a, b), at=AT)
    altered = json.loads(made.data)
    altered["tag"] = "A" + altered["tag"][1:] if altered["tag"][0] != "A" else "B" + altered["tag"][1:]
    with pytest.raises(PeerError):
        process.ask("didcommUnpack", packed=json.dumps(altered), **told(a, b, secrets_of=b))
