"""Batches of signed objects, and the receipts that follow from them.

A batch is stored whole, salts and all, before anything of it is sent: whatever happens then, it leads to the same value
on the chain and to the same receipts. A signed object is in one batch of a namespace at most, so whoever runs the same
again anchors nothing twice.

Spec: docs/concepts/what-an-anchor-proves.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from anchoring.batch import Batch, batch, fresh_salts, fresh_secret
from anchoring.facts import AnchorOf
from anchoring.merkle import HASH_BYTES, Tree
from anchoring.operations import AnchorValue
from anchoring.receipt import Finality, Mined, Receipt, Site
from anchoring.storage_proof import Contract
from node.issuance.anchorable import Anchorable

MAX_DOCUMENTS: Final = 2**17
"""Of one batch: its tree takes a second to make, and a hundred megabytes. What is more goes into further ones."""


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch that was taken up."""

    number: int
    namespace: bytes
    value: bytes
    """What goes on chain for it."""
    documents: int
    sealed_at: int
    """When it was taken up, in seconds since 1970."""
    progress: Mined | Finality | None = None
    """How far its anchor has come."""

    @property
    def operation(self) -> AnchorValue:
        """What writes it down."""
        return AnchorValue(self.namespace, self.value)

    @property
    def question(self) -> AnchorOf:
        """What to ask of the chain."""
        return AnchorOf(self.namespace, self.value)

    @property
    def final(self) -> bool:
        """Whether its anchor stands for good."""
        return isinstance(self.progress, Finality)


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a batch: all leaves of its tree, and the salt of each object.

    Leaves are kept, and not the secret that pads them: whoever reads the file cannot tell padding from an object whose
    salt was deleted.
    """

    leaves: bytes
    salts: Mapping[bytes, bytes]
    """By commitment."""

    @property
    def tree(self) -> Batch:
        """The batch with its paths."""
        starts = range(0, len(self.leaves), HASH_BYTES)
        return Batch(Tree.of(self.leaves[start : start + HASH_BYTES] for start in starts))


def sealed(commitments: Sequence[bytes]) -> tuple[Batch, Content]:
    """A new batch of these objects, with a salt of its own for each."""
    salts = fresh_salts(len(commitments))
    made = batch(commitments, salts, fresh_secret())
    return made, Content(made.tree.levels[0], dict(zip(commitments, salts, strict=True)))


@dataclass(frozen=True, slots=True)
class Sealed:
    """What came of objects that were handed over: the new batch, if any was new, and how many were in one before."""

    batch: StoredBatch | None
    before: int


class BatchStore(Protocol):
    """Where batches lie; what a method took is durable, whole or not at all, when it returns.

    A store belongs to one contract on one chain; several processes may use it at once.
    """

    def seal(self, namespace: bytes, commitments: Sequence[bytes], *, now: int) -> Sealed:
        """Make a batch of those that are in none of this namespace yet."""

    def batches(self, namespace: bytes | None = None, *, unfinished: bool = False) -> tuple[StoredBatch, ...]:
        """The batches, in their order; with `unfinished` those whose anchor is not final."""

    def batch_of(self, namespace: bytes, commitment: bytes) -> StoredBatch | None:
        """The batch that holds this object."""

    def content(self, number: int) -> Content:
        """What is in the batch with this number."""

    def record(self, number: int, progress: Mined | Finality) -> None:
        """How far its anchor has come; one that is final stays so."""


class Receipts:
    """Makes the receipts of batches; those batches that were asked for last are kept, as they stood then."""

    __slots__ = ("_contract", "_kept", "_store")

    KEPT: Final = 2
    """Trees, of some fifty megabytes each where the batch is full."""

    def __init__(self, store: BatchStore, chain_id: int, contract: Contract) -> None:
        self._store = store
        self._contract = (chain_id, contract.address)
        self._kept: list[tuple[StoredBatch, Batch, Mapping[bytes, bytes]]] = []

    def of(self, namespace: bytes, document: Anchorable) -> Receipt | None:
        """The receipt of an object, as far as its anchor has come; None where it is in no batch."""
        for stored, tree, salts in self._kept:
            if stored.namespace == namespace and (salt := salts.get(document.commitment)) is not None:
                site = Site(*self._contract, namespace)
                return Receipt(tree.place(salt, document.commitment), site, document.subject, stored.progress)
        found = self._store.batch_of(namespace, document.commitment)
        if found is None:
            return None
        content = self._store.content(found.number)
        self._kept = [(found, content.tree, content.salts), *self._kept[: self.KEPT - 1]]
        return self.of(namespace, document)
