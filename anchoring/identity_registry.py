"""The registry of identities of ERC-1056: where its storage says when an identity last changed, and its events, proven.

Ours and those on public chains keep the same in the same slots. The events of a block are read out of all its receipts:
nothing shorter shows that none was left out.

Spec: https://eips.ethereum.org/EIPS/eip-1056
"""

from dataclasses import dataclass
from typing import Final, Self

from anchoring import cbor, tags
from anchoring.errors import EventProofError, shown
from anchoring.event_proof import MAX_BYTES, EventProof, Log, proven_block
from anchoring.header import Header
from anchoring.keccak import keccak256
from anchoring.storage_proof import ADDRESS_BYTES, WORD_BYTES, Contract, StorageProof, proven

CHANGED: Final = 2
"""Where the mapping stands, behind those of the owners and the delegates."""
NONCES: Final = 3


def changed_slot(identity: bytes) -> bytes:
    """The slot in which the number of the block stands that an identity last changed in."""
    return _at(identity, CHANGED)


def nonce_slot(signer: bytes) -> bytes:
    """The slot in which the number of calls stands that were made by a signature of this address."""
    return _at(signer, NONCES)


@dataclass(frozen=True, slots=True)
class BlockEvents:
    """The proof of all receipts of a block, and how many there are; untrusted until `proven_events` has read it."""

    count: int
    proof: EventProof

    def encode(self) -> bytes:
        """The proof as CBOR."""
        return cbor.encode([tags.BLOCK_EVENTS, self.count, self.proof.header, list(self.proof.nodes)])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The proof that `encode` wrote; raises CborError."""
        count, header, nodes = cbor.tagged(data, tags.BLOCK_EVENTS, 3, max_bytes=MAX_BYTES)
        proof = EventProof(cbor.as_bytes(header), tuple(map(cbor.as_bytes, cbor.as_list(nodes))))
        return cls(cbor.as_integer(count), proof)


@dataclass(frozen=True, slots=True)
class LastChange:
    """At the end of this block, the identity had last changed in the block with this number; 0 for never."""

    header: Header
    number: int


@dataclass(frozen=True, slots=True)
class RegistryEvents:
    """All events of the registry in this block, in the order of the log."""

    header: Header
    logs: tuple[Log, ...]


def proven_change(proof: StorageProof, *, block_hash: bytes, registry: Contract, identity: bytes) -> LastChange:
    """When an identity had last changed, at the end of the trusted block with this hash.

    Raises the errors of storage proofs, and EventProofError for a block behind the one that says so.
    """
    slot = changed_slot(identity)
    shown_words = proven(proof, block_hash=block_hash, contract=registry, slots=[slot])
    number = int.from_bytes(shown_words.words[slot])
    if number > shown_words.header.number:
        raise _error(f"the last change is said to be in block {shown(shown_words.words[slot])}, which is still to come")
    return LastChange(shown_words.header, number)


def proven_events(events: BlockEvents, *, block_hash: bytes, registry: bytes) -> RegistryEvents:
    """What the registry at an address left in the trusted block with this hash, and nothing of it missing.

    Raises the errors of headers and tries, and EventProofError.
    """
    receipts = proven_block(events.proof, block_hash=block_hash, count=events.count)
    logs = tuple(log for receipt in receipts if receipt.succeeded for log in receipt.logs if log.address == registry)
    return RegistryEvents(Header.trusted(events.proof.header, block_hash), logs)


def _at(address: bytes, mapping: int) -> bytes:
    if len(address) != ADDRESS_BYTES:
        raise _error(f"{shown(address)} is no address")
    return keccak256(address.rjust(WORD_BYTES, b"\0") + mapping.to_bytes(WORD_BYTES))


def _error(message: str) -> EventProofError:
    return EventProofError(
        message,
        code="event_proof.registry",
        remedy="Look whether the address of the registry is right, and fetch the proof again from a node of the chain.",
    )
