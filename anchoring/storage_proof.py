"""What a contract's storage holds at a block, shown by nothing but the hash of that block.

The chain of evidence: the block's hash is that of the header's bytes; the header names the root of all accounts; under
it stands the contract with its code's hash and the root of its storage; under that stands each slot, or nothing. One
proof serves many slots, and a slot that holds nothing is proven as much as one that does.

Spec: https://eips.ethereum.org/EIPS/eip-1186
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from anchoring import cbor, rlp, tags
from anchoring.errors import RlpError, StorageProofError, shown
from anchoring.header import Header
from anchoring.keccak import keccak256
from anchoring.trie import TrieProof

ADDRESS_BYTES: Final = 20
WORD_BYTES: Final = 32
ABSENT: Final = bytes(WORD_BYTES)
"""What a slot holds that nobody has written: the chain makes no difference between zero and nothing."""
MAX_SLOTS: Final = 128
"""Forty facts at once; a verifier asks for some five."""
MAX_NODE_BYTES: Final = 17 * 33 + 4
"""A branch with 16 hashes and a value; the nodes of account and storage tries are never longer."""
MAX_BYTES: Final = 128 * 1024
"""The widest proof of MAX_SLOTS in a trie of some millions of slots."""
_REMEDY: Final = "Fetch the proof again, for the contract that the document names, from a node of its chain."


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as the verifier knows it: where it is, and by which code."""

    address: bytes
    code_hash: bytes

    def __post_init__(self) -> None:
        if len(self.address) != ADDRESS_BYTES or len(self.code_hash) != WORD_BYTES:
            raise _error(
                f"{shown(self.address)} and {shown(self.code_hash)} are no address and no hash of code",
                "storage_proof.key",
            )


@dataclass(frozen=True, slots=True)
class StorageProof:
    """The bytes that prove some slots; untrusted until `proven` has read them."""

    header: bytes
    account: tuple[bytes, ...]
    storage: tuple[bytes, ...]

    @classmethod
    def bundle(cls, header: bytes, account: Sequence[bytes], storage: Mapping[bytes, Sequence[bytes]]) -> Self:
        """One proof out of the node lists that a node of the chain gives for an account and for each slot apart."""
        paths = (storage[slot] for slot in _in_trie_order(storage))
        return cls(header, _each_once([account]), _each_once(paths))

    def to_value(self) -> cbor.Value:
        """The three parts, for a place inside other CBOR."""
        return [self.header, list(self.account), list(self.storage)]

    @classmethod
    def from_value(cls, value: cbor.Value) -> Self:
        """The proof that `to_value` wrote; raises CborError."""
        header, account, storage = cbor.as_list(value, 3)
        return cls(
            cbor.as_bytes(header),
            tuple(map(cbor.as_bytes, cbor.as_list(account))),
            tuple(map(cbor.as_bytes, cbor.as_list(storage))),
        )

    def encode(self) -> bytes:
        """The proof as CBOR that travels on its own."""
        return cbor.encode([tags.STORAGE_PROOF, self.to_value()])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The proof that `encode` wrote; raises CborError."""
        (value,) = cbor.tagged(data, tags.STORAGE_PROOF, 1, max_bytes=MAX_BYTES)
        return cls.from_value(value)


@dataclass(frozen=True, slots=True)
class ProvenStorage:
    """What a proof has shown: at this block, the contract's slots held these words."""

    header: Header
    words: Mapping[bytes, bytes]
    """32 bytes for each slot that was asked for; ABSENT where nothing stands."""


def proven(proof: StorageProof, *, block_hash: bytes, contract: Contract, slots: Iterable[bytes]) -> ProvenStorage:
    """What these slots of the contract held at the end of the trusted block with this hash.

    The proof has to be exactly the one of these slots, which are a set: a proof that shows more is refused. Raises the
    errors of headers and tries, and StorageProofError. That the block belongs to its chain is the caller's to know.

    1. The bytes of the header have the trusted hash.
    2. The account stands under the header's state root, with the pinned code.
    3. Each slot stands, or is absent, under the account's storage root.
    4. No node was left over.
    """
    wanted = tuple(slots)
    if len(wanted) > MAX_SLOTS or any(len(slot) != WORD_BYTES for slot in wanted):
        raise _error(f"{len(wanted)} slots; at most {MAX_SLOTS} of {WORD_BYTES} bytes are read", "storage_proof.key")
    header = Header.trusted(proof.header, block_hash)  # 1
    storage_root = _storage_root(proof, header, contract)  # 2
    nodes = TrieProof(proof.storage, max_node_bytes=MAX_NODE_BYTES)
    words = {slot: _word(nodes.value(storage_root, key)) for slot, key in _in_trie_order(wanted).items()}  # 3
    nodes.finish()  # 4
    return ProvenStorage(header, words)


def _storage_root(proof: StorageProof, header: Header, contract: Contract) -> bytes:
    nodes = TrieProof(proof.account, max_node_bytes=MAX_NODE_BYTES)
    account = nodes.value(header.state_root, keccak256(contract.address))
    nodes.finish()
    if account is None:
        raise _error(
            f"there is nothing at {shown(contract.address)} at block {header.number}", "storage_proof.absent_account"
        )
    try:
        fields = rlp.decode(account)
    except RlpError as error:
        raise _error(f"an account that cannot be read: {error}", "storage_proof.account") from error
    match fields:
        case [bytes(), bytes(), bytes(storage_root), bytes(code_hash)] if len(storage_root) == WORD_BYTES:
            pass
        case _:
            raise _error(f"the account {shown(account)} is none of four fields", "storage_proof.account")
    if code_hash != contract.code_hash:
        raise _error(
            f"the code at {shown(contract.address)} has the hash {shown(code_hash)}, not {shown(contract.code_hash)}",
            "storage_proof.code_hash",
        )
    return storage_root


def _word(value: bytes | None) -> bytes:
    """The 32 bytes of a slot out of what the trie holds: RLP of the number without leading zeros.

    A chain takes a slot out of the trie that becomes zero. anvil leaves it there, as a zero, which says the same.
    """
    if value is None:
        return ABSENT
    try:
        return rlp.integer(rlp.decode(value)).to_bytes(WORD_BYTES)
    except RlpError as error:
        raise _error(f"a slot that cannot be read: {error}", "storage_proof.value") from error


def _in_trie_order(slots: Iterable[bytes]) -> dict[bytes, bytes]:
    """Each slot with its key in the trie, in the order of the keys: a proof depends on the set of slots alone."""
    return dict(sorted(((slot, keccak256(slot)) for slot in set(slots)), key=lambda pair: pair[1]))


def _each_once(paths: Iterable[Sequence[bytes]]) -> tuple[bytes, ...]:
    """The nodes of several paths in the order of first use, without those that stand inside their parents anyway."""
    return tuple(
        dict.fromkeys(
            node
            for path in paths
            for place, node in enumerate(path)
            if len(node) >= WORD_BYTES or (place == 0 and node != rlp.encode(b""))
        )
    )


def _error(message: str, code: str) -> StorageProofError:
    return StorageProofError(message, code=code, remedy=_REMEDY)
