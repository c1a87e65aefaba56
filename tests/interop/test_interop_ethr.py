"""did:ethr with `ethr-did-resolver`: what happened on a chain, both read alike; what one signs, the registry takes."""

import json
from dataclasses import dataclass, field

import pytest
from anvil_support import running_chain
from eth_hash.auto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import finished

from anchoring import secp256k1
from anchoring.registry_calls import (
    GIVEN_UP,
    AddDelegate,
    ChangeOwner,
    RevokeAttribute,
    RevokeDelegate,
    SetAttribute,
    call_data,
    digest,
    nonce_holder,
    signed_call_data,
)
from anchoring.signing_key import SigningKey
from did_methods.curves import KeyType
from did_methods.did import parse_did
from did_methods.ethr import EthrMethod, attribute_name, create, key_attribute
from did_methods.ethr_events import Block, EventsOfBlock, LastChange, Log
from did_methods.multikey import PrivateKey
from did_methods.versions import VersionQuery
from node.documents import parse

pytestmark = pytest.mark.peer

SECONDS = 12
CHAIN_ID = 31_337
SECRETS = [(number + 1).to_bytes(32) for number in range(4)]
KEYS = [PrivateKey(KeyType.SECP256K1, secret) for secret in SECRETS]
ED25519 = PrivateKey(KeyType.ED25519, b"\x07" * 32).public
NAMES = (
    "did/pub/Secp256k1/veriKey/hex",
    "did/pub/Ed25519/veriKey/base64",
    "did/pub/Ed25519/sigAuth/base58",
    "did/pub/X25519/enc/hex",
    "did/pub/RSA/veriKey/pem",
    "did/pub/Other/veriKey/odd",
    "did/pub/Ed25519",
    "did/pub/Multikey/veriKey",
    "did/svc/HubService",
    "did/svc/Hub/more",
    "other",
)
VALUES = (
    KEYS[1].public.raw,
    ED25519.raw,
    ED25519.multicodec,
    b"https://hub.example",
    b'{"uri": "https://hub.example", "accept": ["a"]}',
    b"\xff\xfe",
    b"\0\0\x01",
    b"",
)


@dataclass
class OnAnvil:
    """The registry on a chain, told of by the chain's own logs; nothing is proven here."""

    chain: object
    registry: object
    numbers: list = field(default_factory=list)

    async def last_change(self, identity):
        data = "0x" + _call("changed(address)", identity).hex()
        told = self.chain.ask("eth_call", {"to": "0x" + self.registry.address.hex(), "data": data}, "latest")
        return LastChange(await self.block(self.chain.block().number), int(told, 16))

    async def events(self, number):
        asked = {"address": "0x" + self.registry.address.hex(), "fromBlock": hex(number), "toBlock": hex(number)}
        logs = [
            Log(tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]), bytes.fromhex(log["data"][2:]))
            for log in self.chain.ask("eth_getLogs", asked)
        ]
        return EventsOfBlock(await self.block(number), tuple(logs))

    async def block(self, number):
        block = self.chain.ask("eth_getBlockByNumber", hex(number), False)
        return Block(number, int(block["timestamp"], 16))

    async def evidence(self):
        return {}

    @property
    def time(self):
        return finished(self.block(self.chain.block().number)).time

    def asked(self, **more):
        """How the peer is told where the chain is."""
        return {
            "rpcUrl": f"http://127.0.0.1:{self.chain.port}",
            "registry": "0x" + self.registry.address.hex(),
            "chainId": CHAIN_ID,
        } | more

    def nonce(self, signer):
        data = "0x" + _call("nonce(address)", signer).hex()
        return int(self.chain.ask("eth_call", {"to": "0x" + self.registry.address.hex(), "data": data}, "latest"), 16)

    def bring(self, data):
        return self.chain.send(self.registry.address, data, sender=7)


def _call(signature, address):
    return keccak(signature.encode())[:4] + address.rjust(32, b"\0")


@pytest.fixture(scope="module")
def registry():
    with running_chain() as chain:
        chain.ask("anvil_setBlockTimestampInterval", SECONDS)
        yield OnAnvil(chain, chain.deploy("EthereumDIDRegistry"))


def ours(registry, url, now):
    did, _, query = url.partition("?")
    asked = VersionQuery.read(*query.split("=")) if query else VersionQuery()
    method = EthrMethod({CHAIN_ID: registry}.get, parse, lambda: now)
    return finished(method.resolve_version(parse_did(did), asked))


def alike(document):
    """A document as far as both mean the same: see `test_what_the_peer_says_otherwise`."""
    document = json.loads(json.dumps(document))
    methods = {entry["id"] for entry in document["verificationMethod"]}
    for entry in document["verificationMethod"]:
        if entry["type"] == "Multikey":
            for member in ("publicKeyMultibase", "publicKeyHex"):
                entry.pop(member, None)
    agreement = [key for key in document.pop("keyAgreement", []) if key in methods]
    if agreement:
        document["keyAgreement"] = sorted(agreement)
    return document


class Identity:
    """An identity that is new for each example, and whoever owns it now."""

    made = 100

    def __init__(self, registry):
        Identity.made += 1
        self.registry = registry
        self.secret = Identity.made.to_bytes(32)
        self.key = PrivateKey(KeyType.SECP256K1, self.secret).public
        self.owner = SigningKey(self.secret)
        self.identity = self.owner.address
        self.calls = {}

    def did(self, *, by_key=False):
        if by_key:
            return str(create(self.key, network=hex(CHAIN_ID)))
        return f"did:ethr:{hex(CHAIN_ID)}:0x{self.identity.hex()}"

    def do(self, call):
        """Sign a call as the owner, for the next block; somebody else brings it."""
        holder = nonce_holder(call, self.owner.address)
        nonce = self.registry.nonce(holder) + self.calls.get(holder, 0)
        self.calls[holder] = self.calls.get(holder, 0) + 1
        signed = digest(call, registry=self.registry.registry.address, nonce=nonce)
        self.registry.bring(signed_call_data(call, self.owner.sign_digest(signed)))
        if isinstance(call, ChangeOwner):  # an identity that nobody owns the registry takes for its own again
            owner = self.identity if call.owner == GIVEN_UP else call.owner
            self.owner = SigningKey(next(s for s in (*SECRETS, self.secret) if SigningKey(s).address == owner))

    def mine(self, blocks=1):
        for _ in range(blocks):
            self.registry.chain.ask("evm_mine")
        self.calls = {}


OWNERS = [SigningKey(secret).address for secret in SECRETS[:2]]
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just(ChangeOwner), st.sampled_from([*OWNERS, *OWNERS, GIVEN_UP])),
        st.tuples(
            st.just(AddDelegate),
            st.sampled_from([attribute_name(kind) for kind in ("veriKey", "sigAuth", "raiden")] + [b"\xff" * 32]),
            st.sampled_from([bytes([5]) * 20, bytes([6]) * 20]),
            st.integers(0, 6 * SECONDS),
        ),
        st.tuples(
            st.just(RevokeDelegate),
            st.sampled_from([attribute_name(kind) for kind in ("veriKey", "sigAuth")]),
            st.sampled_from([bytes([5]) * 20, bytes([6]) * 20]),
        ),
        st.tuples(
            st.just(SetAttribute),
            st.sampled_from([*map(attribute_name, NAMES), b"\xff" * 32]),
            st.sampled_from(VALUES),
            st.integers(0, 6 * SECONDS) | st.just(10**9),
        ),
        st.tuples(st.just(RevokeAttribute), st.sampled_from(list(map(attribute_name, NAMES))), st.sampled_from(VALUES)),
        st.tuples(st.just(None), st.integers(1, 3)),
    ),
    max_size=12,
)


@pytest.mark.threat(23)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DEEDS, st.booleans())
def test_both_read_the_same_documents(peer, registry, deeds, by_key):
    identity = Identity(registry)
    start = registry.chain.block().number
    for deed, *arguments in deeds:
        if deed is None:
            identity.mine(*arguments)
        else:
            identity.do(deed(identity.identity, *arguments))
    identity.mine(2)
    end = registry.chain.block().number
    did = identity.did(by_key=by_key)
    # The present of the peer is the machine's clock, so what ends is compared at blocks.
    urls = [f"{did}?versionId={number}" for number in range(start, end + 1)]
    theirs = peer.ask("ethrResolve", urls=urls, **registry.asked())
    for url, said in zip(urls, theirs, strict=True):
        result = ours(registry, url, registry.time)
        assert alike(result.document) == alike(said["ok"]["didDocument"]), url
        assert result.document_metadata == said["ok"]["didDocumentMetadata"], url


def test_both_read_the_same_present(peer, registry):
    identity = Identity(registry)
    identity.do(SetAttribute(identity.identity, *key_attribute(ED25519), 10**9))
    identity.do(SetAttribute(identity.identity, attribute_name("did/svc/Hub"), b"https://hub.example", 10**9))
    identity.mine()
    for by_key in (False, True):
        did = identity.did(by_key=by_key)
        (said,) = peer.ask("ethrResolve", urls=[did], **registry.asked())
        result = ours(registry, did, registry.time)
        assert result.document == said["ok"]["didDocument"]
        assert result.document_metadata == said["ok"]["didDocumentMetadata"]


def test_what_is_no_identifier_for_both(peer, registry):
    address = "ab" * 20
    urls = [
        f"did:ethr:{hex(CHAIN_ID)}:0x{address[2:]}",
        f"did:ethr:{hex(CHAIN_ID)}:0xAb{address[2:]}",
        f"did:ethr:{hex(CHAIN_ID)}:0x02{'ff' * 32}",
        f"did:ethr:{hex(CHAIN_ID)}:0x04{'11' * 32}",
        f"did:ethr:nowhere:0x{address}",
        f"did:ethr:0x07a69:0x{address}",
    ]
    for url, said in zip(urls, peer.ask("ethrResolve", urls=urls, **registry.asked()), strict=True):
        assert said["ok"]["didDocument"] is None
        try:
            document = ours(registry, url, registry.time).document
        except ValueError:
            document = None
        assert document is None


CALLS = {
    "ChangeOwner": (ChangeOwner(bytes(20), OWNERS[0]), ["0x" + OWNERS[0].hex()]),
    "AddDelegate": (
        AddDelegate(bytes(20), attribute_name("veriKey"), b"\x05" * 20, 86_400),
        ["veriKey", "0x" + "05" * 20, 86_400],
    ),
    "RevokeDelegate": (
        RevokeDelegate(bytes(20), attribute_name("veriKey"), b"\x05" * 20),
        ["veriKey", "0x" + "05" * 20],
    ),
    "SetAttribute": (
        SetAttribute(bytes(20), attribute_name("did/svc/Hub"), b"https://hub.example", 86_400),
        ["did/svc/Hub", "https://hub.example", 86_400],
    ),
    "RevokeAttribute": (
        RevokeAttribute(bytes(20), attribute_name("did/svc/Hub"), b"https://hub.example"),
        ["did/svc/Hub", "https://hub.example"],
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_one_signs_the_registry_takes_from_the_other(peer, registry, name):
    identity = Identity(registry)
    for _ in range(2):  # with a count of 0, and of 1
        call, arguments = CALLS[name]
        call = type(call)(identity.identity, *(getattr(call, member) for member in call.__slots__[1:]))
        nonce = registry.nonce(identity.owner.address)
        hashed = digest(call, registry=registry.registry.address, nonce=nonce)
        did = f"did:ethr:0x{identity.identity.hex()}"
        theirs = peer.ask(
            "ethrSign", did=did, call=name, args=arguments, secret="0x" + identity.secret.hex(), **registry.asked()
        )
        assert theirs["hash"] == "0x" + hashed.hex()
        signature = bytes.fromhex(theirs["signature"][2:])
        assert secp256k1.signer_of(hashed, signature) == identity.identity
        assert signature == identity.owner.sign_digest(hashed)
        receipt = registry.chain.transact(registry.registry.address, signed_call_data(call, signature), sender=7)
        assert len(receipt["logs"]) == 1
        assert registry.nonce(identity.identity) == nonce + 1
        if name == "ChangeOwner":
            return  # the next is for the new owner to sign


@pytest.mark.parametrize("name", CALLS)
def test_the_owner_can_call_too(registry, name):
    owner = registry.chain.accounts[3]
    call, _ = CALLS[name]
    call = type(call)(owner, *(getattr(call, member) for member in call.__slots__[1:]))
    if name == "ChangeOwner":
        call = ChangeOwner(owner, owner)
    receipt = registry.chain.transact(registry.registry.address, call_data(call), sender=3)
    assert len(receipt["logs"]) == 1


def test_what_the_peer_says_otherwise(peer, registry):
    """Three things in which we differ, on purpose; where one of them is no more so, this fails."""
    identity = Identity(registry)
    identity.do(SetAttribute(identity.identity, attribute_name("did/pub/Multikey/veriKey"), ED25519.multicodec, 10**9))
    identity.do(SetAttribute(identity.identity, attribute_name("did/pub/X25519/enc/hex"), b"\x09" * 32, 10**9))
    identity.do(RevokeAttribute(identity.identity, attribute_name("did/pub/X25519/enc/hex"), b"\x09" * 32))
    # A name that begins as one of keys does, and is none: it must not move the numbers of others when it ends.
    malformed = attribute_name("did/pub/a/b/c/d")
    identity.do(SetAttribute(identity.identity, malformed, b"x", 10**9))
    identity.do(RevokeAttribute(identity.identity, malformed, b"x"))
    identity.do(SetAttribute(identity.identity, attribute_name("did/pub/Ed25519/veriKey/hex"), ED25519.raw, 10**9))
    identity.mine()
    did = identity.did()
    (said,) = peer.ask("ethrResolve", urls=[did], **registry.asked())
    theirs, result = said["ok"]["didDocument"], ours(registry, did, registry.time).document
    # A Multikey that is said in hexadecimal is none.
    assert theirs["verificationMethod"][1]["publicKeyHex"] == ED25519.multicodec.hex()
    assert result["verificationMethod"][1]["publicKeyMultibase"] == ED25519.to_multibase()
    # A key that was withdrawn stays listed, although it is not there.
    assert theirs["keyAgreement"] == [f"{did}#delegate-2"]
    assert "keyAgreement" not in result
    assert theirs["verificationMethod"][2]["id"] == f"{did}#delegate-5"
    assert result["verificationMethod"][2]["id"] == f"{did}#delegate-4"
