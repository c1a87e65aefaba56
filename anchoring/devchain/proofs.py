"""Proofs out of the chain's own tries, in the form in which proofs from anywhere are read.

Spec: https://eips.ethereum.org/EIPS/eip-1186
"""

from collections.abc import Iterable

from eth.abc import BlockHeaderAPI, DatabaseAPI
from trie.hexary import HexaryTrie

from anchoring import rlp
from anchoring.event_proof import EventProof
from anchoring.keccak import keccak256
from anchoring.storage_proof import StorageProof
from anchoring.trie import EMPTY_ROOT


def header_bytes(header: BlockHeaderAPI) -> bytes:
    """The header as it is hashed."""
    return rlp.encode(_plain(type(header).serialize(header)))


def storage_proof(
    database: DatabaseAPI, header: BlockHeaderAPI, address: bytes, slots: Iterable[bytes]
) -> StorageProof:
    """What these slots of the account at this address hold at the end of the block."""
    accounts = HexaryTrie(database, header.state_root)
    key = keccak256(address)
    storage = HexaryTrie(database, _storage_root(accounts[key]))
    return StorageProof.bundle(
        header_bytes(header), _path(accounts, key), {slot: _path(storage, keccak256(slot)) for slot in slots}
    )


def event_proof(database: DatabaseAPI, header: BlockHeaderAPI, indexes: Iterable[int]) -> EventProof:
    """The receipts of these transactions of the block, or that there are none."""
    receipts = HexaryTrie(database, header.receipt_root)
    # Each node once, in the order of the walks; none is short enough to stand in its parent.
    paths = (_path(receipts, rlp.encode_integer(index)) for index in sorted(set(indexes)))
    return EventProof(header_bytes(header), tuple(dict.fromkeys(node for path in paths for node in path)))


def _storage_root(account: bytes) -> bytes:
    match rlp.decode(account) if account else None:
        case [_, _, bytes(root), _]:
            return root
        case _:
            return EMPTY_ROOT


def _path(trie: HexaryTrie, key: bytes) -> list[bytes]:
    nodes: tuple[object, ...] = trie.get_proof(key)  # type: ignore[no-untyped-call] # the library tells no types here
    return [rlp.encode(_plain(node)) for node in nodes]


def _plain(item: object) -> rlp.Item:
    match item:
        case bytes():
            return item
        case [*parts]:
            return [_plain(part) for part in parts]
        case _:
            raise TypeError(f"{type(item).__name__} is not what tries and headers are made of")
