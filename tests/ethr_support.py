"""A registry of identities simulated in the plainest way, on a chain made by hand: events, links, receipts, proofs.

Nothing of the registry is taken from the packages under test but the shapes that hold proofs. Behind it stands how
tests ask about an identity in it.
"""

from dataclasses import dataclass, field

import rlp
from anchoring_support import HandMadeTrie, header_of
from eth_hash.auto import keccak
from samples import finished

from anchoring.block_bridge import HISTORY, WINDOW
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.event_proof import EventProof
from anchoring.identity_registry import BlockEvents
from anchoring.storage_proof import Contract, StorageProof
from did_methods.curves import KeyType
from did_methods.did import parse_did
from did_methods.errors import AbsentError
from did_methods.ethr import EthrMethod, subject_of
from did_methods.ethr_events import Block, EventsOfBlock, LastChange, Log
from did_methods.multikey import PrivateKey
from did_methods.versions import VersionQuery
from node.documents import parse

CHAIN_ID = 31_337
CHAIN = Chain(CHAIN_ID, keccak(b"genesis"))
REGISTRY = Contract(keccak(b"registry")[-20:], keccak(b"code of the registry"))
START = 1_800_000_000
SECONDS = 12
OWNER = keccak(b"DIDOwnerChanged(address,address,uint256)")
DELEGATE = keccak(b"DIDDelegateChanged(address,bytes32,address,uint256,uint256)")
ATTRIBUTE = keccak(b"DIDAttributeChanged(address,bytes32,bytes,uint256,uint256)")
DAY = 86_400


def word(value):
    return value.to_bytes(32) if isinstance(value, int) else value.rjust(32, b"\0")


def named(text):
    return text.encode().ljust(32, b"\0")


def account(number):
    return keccak(b"account %d" % number)[-20:]


def owner_changed(identity, owner, previous):
    return Log((OWNER, word(identity)), word(owner) + word(previous))


def delegate_changed(identity, kind, delegate, valid_to, previous):
    return Log((DELEGATE, word(identity)), named(kind) + word(delegate) + word(valid_to) + word(previous))


def attribute_changed(identity, name, value, valid_to, previous):
    name = name if isinstance(name, bytes) else named(name)
    padded = value + bytes(-len(value) % 32)
    data = name + word(128) + word(valid_to) + word(previous) + word(len(value)) + padded
    return Log((ATTRIBUTE, word(identity)), data)


@dataclass
class Registry:
    """The registry: what is done to identities, block by block; each deed is a transaction of its own."""

    number: int = 100
    changed: dict = field(default_factory=dict)
    blocks: dict = field(default_factory=dict)
    """By number: the time, and the transactions, each a list of (address, log)."""
    pending: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)
    time: int = START

    def owner(self, identity, owner):
        self._emit(identity, lambda previous: owner_changed(identity, owner, previous))

    def delegate(self, identity, kind, delegate, validity):
        """`validity` counts from the block's time, as in the registry; 0 ends it now."""
        until = self.time + SECONDS + validity
        self._emit(identity, lambda previous: delegate_changed(identity, kind, delegate, until, previous))

    def attribute(self, identity, name, value, validity):
        """`validity` None revokes."""
        until = 0 if validity is None else self.time + SECONDS + validity
        self._emit(identity, lambda previous: attribute_changed(identity, name, value, until, previous))

    def stranger(self):
        """A transaction of another contract."""
        self.pending.append([(b"\xee" * 20, Log((keccak(b"Other()"),), b"other"))])

    def raw(self, log):
        """A log of the registry as it stands, whatever it says."""
        self.pending.append([(REGISTRY.address, log)])

    def mine(self, blocks=1, seconds=SECONDS):
        """Close the block, and let empty ones follow."""
        for _ in range(blocks):
            self.number += 1
            self.time += seconds
            self.blocks[self.number] = (self.time, self.pending)
            self.pending = []
            self.headers[self.number] = self._header(self.number)
        return self.number

    def _emit(self, identity, log):
        previous = self.changed.get(identity, 0)
        self.changed[identity] = self.number + 1
        self.pending.append([(REGISTRY.address, log(previous))])

    # the chain

    def block(self, number):
        return Block(number, self.blocks[number][0])

    def logs(self, number):
        return tuple(
            log for transaction in self.blocks[number][1] for address, log in transaction if address == REGISTRY.address
        )

    def _receipts(self, number):
        encoded = [
            b"\x02"
            + rlp.encode(
                [b"\x01", b"\x52\x08", bytes(256), [[a, list(log.topics), log.data] for a, log in transaction]]
            )
            for transaction in self.blocks[number][1]
        ]
        return HandMadeTrie({rlp.encode(index): receipt for index, receipt in enumerate(encoded)}), len(encoded)

    def _header(self, number):
        self.slots = HandMadeTrie({keccak(slot): rlp.encode(n) for slot, n in self._storage().items()})
        kept = {
            (n % WINDOW).to_bytes(32): keccak(header)
            for n, header in self.headers.items()
            if number - WINDOW <= n < number
        }
        self.history = HandMadeTrie({keccak(slot): rlp.encode(word) for slot, word in kept.items()})
        accounts = {
            keccak(b"neighbour %d" % n): rlp.encode([b"\x01", b"", keccak(b"\x80"), keccak(b"")]) for n in range(9)
        }
        accounts[keccak(REGISTRY.address)] = rlp.encode([b"\x01", b"", self.slots.root, REGISTRY.code_hash])
        accounts[keccak(HISTORY.address)] = rlp.encode([b"\x01", b"", self.history.root, HISTORY.code_hash])
        self.accounts = HandMadeTrie(accounts)
        receipts = self._receipts(number)[0]
        return header_of(
            self.accounts.root, number=number, timestamp=self.blocks[number][0], receipts_root=receipts.root
        )

    def _storage(self):
        others = {keccak(b"slot %d" % n): 7 for n in range(9)}
        return others | {keccak(word(identity) + word(2)): number for identity, number in self.changed.items()}

    # what a node of the chain answers with

    def prove_changed(self, identity):
        """The storage proof of the newest block."""
        slot = keccak(word(identity) + word(2))
        return StorageProof.bundle(
            self.headers[self.number],
            self.accounts.proof(keccak(REGISTRY.address)),
            {slot: self.slots.proof(keccak(slot))},
        )

    def prove_block(self, number):
        """The proof of all receipts of a block."""
        trie, count = self._receipts(number)
        nodes = dict.fromkeys(node for index in range(count + 1) for node in trie.proof(rlp.encode(index)))
        return BlockEvents(count, EventProof(self.headers[number], tuple(nodes)))

    def prove_earlier(self, number):
        """The proof of the hash of an earlier block, at the newest."""
        slot = (number % WINDOW).to_bytes(32)
        return StorageProof.bundle(
            self.headers[self.number],
            self.accounts.proof(keccak(HISTORY.address)),
            {slot: self.history.proof(keccak(slot))},
        )

    def event_blocks(self, identity):
        """The numbers of the blocks with events of the identity, oldest first."""
        return [
            number for number in self.blocks if any(log.topics[1:] == (word(identity),) for log in self.logs(number))
        ]

    def files(self, identity):
        """All that proves the history of an identity."""
        events = {f"events-{number}": self.prove_block(number).encode() for number in self.event_blocks(identity)}
        return {"changed": self.prove_changed(identity).encode()} | events

    def trusts(self, *numbers):
        """The trust of a verifier that takes these blocks for final, or all where none are named."""
        known = {keccak(self.headers[number]): number for number in numbers or self.headers}

        def trusted(header):
            number = known.get(header.hash)
            return None if number is None else TrustedBlock(CHAIN, number, header.hash)

        return trusted


@dataclass
class Reader:
    """An EventReader over the simulated registry, which remembers what it was asked for."""

    registry: Registry
    asked: list = field(default_factory=list)

    async def last_change(self, identity):
        return LastChange(self.registry.block(self.registry.number), self.registry.changed.get(identity, 0))

    async def events(self, number):
        self.asked.append(number)
        return EventsOfBlock(self.registry.block(number), self.registry.logs(number))

    async def block(self, number):
        if number not in self.registry.blocks:
            raise AbsentError(f"there is no block {number}", code="test", remedy="None.")
        return self.registry.block(number)

    async def evidence(self):
        return {"read": repr(self.asked).encode()}


ALICE = account(1)
DID = parse_did(f"did:ethr:0x7a69:0x{ALICE.hex()}")
SUBJECT = subject_of(DID)
# Made from fixed numbers, for tests only: they name cases, which have to be the same in every process of a run.
KEY = PrivateKey(KeyType.SECP256K1, bytes(31) + b"\x07").public
ED25519 = [PrivateKey(KeyType.ED25519, bytes([number]) * 32).public for number in range(1, 4)]
ED_NAME, ED_VALUE = "did/pub/Ed25519/veriKey/base58", ED25519[0].raw


def method(reader, now=START + 365 * DAY, chain=CHAIN_ID):
    return EthrMethod({chain: reader}.get, parse, lambda: now)


def resolved(registry, did=DID, now=None, **query):
    asked = VersionQuery.read(*next(iter(query.items()))) if query else VersionQuery()
    now = registry.time + 1 if now is None else now
    return finished(method(Reader(registry), now).resolve_version(did, asked))


def ids(document, member="verificationMethod"):
    return [(entry if isinstance(entry, str) else entry["id"]).partition("#")[2] for entry in document.get(member, [])]
