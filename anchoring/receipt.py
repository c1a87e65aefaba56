"""A receipt: what the holder of a document needs to show that it was anchored, and nothing about anybody else.

It begins pending, is mined once a block has the anchor, and final once it carries the header of that block or a later
one, with the proof that the anchor stands in the contract's storage. From then on it needs nobody: not the issuer, not
a node of the chain, only a block hash that the verifier trusts. Since the contract never overwrites, anyone can prove
the same again under a newer block.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from anchoring import cbor, tags
from anchoring.batch import Place
from anchoring.checkpoint import HASH_BYTES, TrustedBlock
from anchoring.errors import MerkleError, ReceiptError, UnprovenError, shown
from anchoring.header import Header
from anchoring.layout import proven_facts
from anchoring.ledger import Anchor, AnchorOf
from anchoring.merkle import MAX_SIZE, anchored_value, leaf_hash, root_from_path
from anchoring.storage_proof import ADDRESS_BYTES, Contract, StorageProof

MAX_BYTES: Final = 64 * 1024
"""A final receipt has some 3 to 8 kB."""
MAX_SUBJECT_BYTES: Final = 1024
_REMEDY: Final = "Ask the issuer for the document's receipt; anyone who has the batch can make it again."


class State(StrEnum):
    """How far the anchor has come."""

    PENDING = "pending"
    MINED = "mined"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Site:
    """Which record on which chain: an anchor counts in the namespace that the document names, and nowhere else."""

    chain_id: int
    contract: bytes
    namespace: bytes

    def __post_init__(self) -> None:
        if len(self.contract) != ADDRESS_BYTES or len(self.namespace) != HASH_BYTES:
            raise ReceiptError(
                f"{shown(self.contract)} and {shown(self.namespace)} are no address and no namespace",
                code="receipt.shape",
                remedy=_REMEDY,
            )


@dataclass(frozen=True, slots=True)
class Mined:
    """The block in which the anchor was seen; a hint, as the chain may still take it back."""

    block: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Finality:
    """The anchor, and the proof of it at the end of some block that is not earlier."""

    anchor: Anchor
    proof: StorageProof

    def encode(self) -> bytes:
        """The part of a receipt that all of a batch share, as CBOR."""
        return cbor.encode(_progress_value(self))

    @classmethod
    def decode(cls, data: bytes) -> "Finality":
        """What `encode` wrote; raises CborError and ReceiptError. Nothing in it has been checked then."""
        found = _progress(cbor.as_list(cbor.decode(data, max_bytes=MAX_BYTES)))
        if not isinstance(found, Finality):
            raise _error("it is no proof of an anchor", "receipt.shape")
        return found


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of one commitment's anchor; untrusted until `anchor_shown_by` has judged it."""

    place: Place
    site: Site
    subject: bytes
    """Which proof of which document the commitment was made of, in the words of whoever made it; opaque here."""
    progress: Mined | Finality | None = None

    @property
    def state(self) -> State:
        """How far the anchor has come."""
        match self.progress:
            case None:
                return State.PENDING
            case Mined():
                return State.MINED
            case Finality():
                return State.FINAL

    @property
    def question(self) -> AnchorOf:
        """What to ask of the chain."""
        return AnchorOf(self.site.namespace, anchored_value(self.place.size, self.place.root))

    def leads_from(self, commitment: bytes) -> bool:
        """Whether the commitment under the receipt's salt is a leaf of its tree; of the anchor nothing is said."""
        place = self.place
        try:
            return root_from_path(leaf_hash(place.salt, commitment), place.index, place.size, place.path) == place.root
        except MerkleError:
            return False  # no place in any tree

    def encode(self) -> bytes:
        """The receipt as CBOR."""
        place, site = self.place, self.site
        return cbor.encode(
            [
                tags.RECEIPT,
                [place.salt, place.index, place.size, list(place.path), place.root],
                [site.chain_id, site.contract, site.namespace],
                self.subject,
                _progress_value(self.progress),
            ]
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The receipt that `encode` wrote; raises CborError and ReceiptError. Nothing in it has been checked then."""
        listed_place, listed_site, listed_subject, progress = cbor.tagged(data, tags.RECEIPT, 4, max_bytes=MAX_BYTES)
        salt, index, size, path, root = cbor.as_list(listed_place, 5)
        chain_id, contract, namespace = cbor.as_list(listed_site, 3)
        subject = cbor.as_bytes(listed_subject)
        if len(subject) > MAX_SUBJECT_BYTES:
            raise _error(f"a subject of {len(subject)} bytes; {MAX_SUBJECT_BYTES} are read", "receipt.shape")
        leaves = cbor.as_integer(size)
        if not 1 <= leaves <= MAX_SIZE:
            raise _error(f"a tree of {leaves} leaves; 1 to {MAX_SIZE} are possible", "receipt.shape")
        return cls(
            Place(
                cbor.as_bytes(salt, HASH_BYTES),
                cbor.as_integer(index),
                leaves,
                tuple(cbor.as_bytes(sibling, HASH_BYTES) for sibling in cbor.as_list(path)),
                cbor.as_bytes(root, HASH_BYTES),
            ),
            Site(cbor.as_integer(chain_id), cbor.as_bytes(contract), cbor.as_bytes(namespace)),
            subject,
            _progress(cbor.as_list(progress)),
        )

    def mined(self, block: int, block_hash: bytes) -> Self:
        """The receipt with the block in which the anchor was seen last; a final one stays as it is."""
        return self if self.state is State.FINAL else replace(self, progress=Mined(block, block_hash))

    def refreshed(self, proof: StorageProof, *, block: TrustedBlock, contract: Contract) -> Self:
        """The receipt with this proof under this trusted block, whatever it carried before: that was not checked.

        Anyone can do this: it takes nothing but the proof. Raises what `anchor_shown_by` raises of proofs and anchors.
        """
        return replace(self, progress=Finality(_anchor_shown(self, proof, block, contract), proof))

    def merge(self, other: Self) -> Self:
        """What both know together; the same in either order, and nothing new for a receipt merged with itself.

        Final comes before mined and mined before pending; the newer block before the older, as every proof of the same
        anchor is as good. Receipts of different things, and final ones that contradict each other, raise ReceiptError;
        one of two final ones without a header, HeaderError. Proofs are not checked here: a receipt of unknown origin is
        judged first, or it may take a good one's place.
        """
        if (self.place, self.site, self.subject) != (other.place, other.site, other.subject):
            raise _error("the receipts are of different anchors", "receipt.conflict")
        return replace(self, progress=_later(self.progress, other.progress))


def anchor_shown_by(
    receipt: Receipt, commitment: bytes, *, site: Site, block: TrustedBlock, contract: Contract
) -> Anchor:
    """The anchor that this receipt shows for this commitment: the signed object existed by the time of that block.

    It does not show when the object was signed, nor that what it says is true. `site` is what the document itself
    names; `contract` is pinned by the verifier; `block` is the trusted one that the receipt's proof ends in. Raises
    MerkleError, the errors of storage proofs, ReceiptError for what is wrong, UnprovenError for what is not there yet.

    1. The receipt is about the record that the document names, on the chain and contract that the verifier knows.
    2. The commitment under the receipt's salt is a leaf of the receipt's tree.
    3. The contract's storage holds the anchor of that tree, in that namespace.
    4. The receipt says of the anchor what the storage says.
    """
    if receipt.site != site or (site.chain_id, site.contract) != (block.chain.id, contract.address):  # 1
        raise _error("the receipt is about another record than the document names", "receipt.foreign")
    place = receipt.place
    leaf = leaf_hash(place.salt, commitment)  # 2
    if root_from_path(leaf, place.index, place.size, place.path) != place.root:
        raise _error("the document is not what was anchored", "receipt.root")
    if not isinstance(receipt.progress, Finality):
        raise UnprovenError(
            f"the receipt is {receipt.state}: it carries no proof yet",
            code="receipt.not_final",
            remedy="Fetch the proof from a node of the chain, or ask for the receipt again later.",
        )
    anchor = _anchor_shown(receipt, receipt.progress.proof, block, contract)  # 3
    if anchor != receipt.progress.anchor:  # 4
        raise _error("the receipt tells another block or time than the chain", "receipt.fact")
    return anchor


def _anchor_shown(receipt: Receipt, proof: StorageProof, block: TrustedBlock, contract: Contract) -> Anchor:
    if (receipt.site.chain_id, receipt.site.contract) != (block.chain.id, contract.address):
        raise _error("the proof is about another chain or contract than the receipt", "receipt.foreign")
    question = receipt.question
    shown_facts = proven_facts(proof, block_hash=block.hash, contract=contract, questions=[question])
    anchor = shown_facts.facts[question]
    if not isinstance(anchor, Anchor):
        raise UnprovenError(
            f"at block {shown_facts.header.number} the contract does not hold the anchor",
            code="receipt.absent",
            remedy="Wait until the anchor is final, then fetch the proof under a newer block.",
        )
    return anchor


def _later(one: Mined | Finality | None, other: Mined | Finality | None) -> Mined | Finality | None:
    match one, other:
        case Finality(), Finality():
            return _newer(one, other)
        case (Finality() as final, _) | (_, Finality() as final):
            return final
        case Mined(), Mined():
            # A block that the chain took back is not told from the one that stayed; either way this is but a hint.
            return max(one, other, key=lambda mined: (mined.block, mined.hash))
        case _:
            return one or other


def _newer(one: Finality, other: Finality) -> Finality:
    if one == other:
        return one
    numbers = [Header.parse(final.proof.header).number for final in (one, other)]
    if one.anchor != other.anchor or numbers[0] == numbers[1]:
        raise _error("the receipts tell different things about one anchor", "receipt.conflict")
    return one if numbers[0] > numbers[1] else other


def _progress_value(progress: Mined | Finality | None) -> cbor.Value:
    match progress:
        case None:
            return []
        case Mined(block, block_hash):
            return [block, block_hash]
        case Finality(anchor, proof):
            return [anchor.block, anchor.time, anchor.authority, anchor.era, proof.to_value()]


def _progress(listed: list[cbor.Value]) -> Mined | Finality | None:
    match listed:
        case []:
            return None
        case [int(block), bytes(block_hash)] if len(block_hash) == HASH_BYTES:
            return Mined(block, block_hash)
        case [int(block), int(time), int(authority), int(era), proof]:
            return Finality(Anchor(block, time, authority, era), StorageProof.from_value(proof))
        case _:
            raise _error("a state that is neither pending, mined nor final", "receipt.shape")


def _error(message: str, code: str) -> ReceiptError:
    return ReceiptError(message, code=code, remedy=_REMEDY)
