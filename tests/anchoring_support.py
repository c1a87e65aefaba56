"""A chain's state made by hand: tries built from their definition, whole, in the slowest and plainest way.

Nothing here is taken from the package under test: hashing and RLP come from the libraries that other Ethereum software
uses, so that what proves and what is proven do not share their mistakes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import rlp
from eth_hash.auto import keccak

from anchoring.storage_proof import Contract, StorageProof

CODE_HASH = keccak(b"code of a contract")
ADDRESS = bytes(range(20))
CONTRACT = Contract(ADDRESS, CODE_HASH)


@dataclass
class HandMadeTrie:
    """A Merkle Patricia trie of these items; `root` and the nodes on the way to any key."""

    items: Mapping[bytes, bytes]
    _nodes: dict[bytes, bytes] = field(default_factory=dict)
    root: bytes = b""

    def __post_init__(self) -> None:
        paths = {key.hex(): value for key, value in self.items.items()}
        node = _node(paths, self._nodes) if paths else b""
        self.root = keccak(rlp.encode(node))
        self._nodes[self.root] = rlp.encode(node)

    def proof(self, key: bytes) -> list[bytes]:
        """The nodes that a walk along the key meets, root first, without those inside their parents."""
        found, at = [self._nodes[self.root]], rlp.decode(self._nodes[self.root])
        path = key.hex()
        while at:
            if len(at) == 17:
                if not path:
                    break
                following, path = at[int(path[0], 16)], path[1:]
            else:
                part, is_leaf = _unpacked(at[0])
                if is_leaf or not path.startswith(part):
                    break
                following, path = at[1], path[len(part) :]
            if isinstance(following, bytes) and following:
                found.append(self._nodes[following])
                following = rlp.decode(self._nodes[following])
            at = following
        return found if found != [b"\x80"] else []


def _node(paths: Mapping[str, bytes], nodes: dict[bytes, bytes]) -> Any:
    if len(paths) == 1:
        [(path, value)] = paths.items()
        return [_packed(path, is_leaf=True), value]
    shared = _common_prefix(list(paths))
    if shared:
        rest = {path[len(shared) :]: value for path, value in paths.items()}
        return [_packed(shared, is_leaf=False), _reference(_node(rest, nodes), nodes)]
    branch = []
    for digit in "0123456789abcdef":
        below = {path[1:]: value for path, value in paths.items() if path[:1] == digit}
        branch.append(_reference(_node(below, nodes), nodes) if below else b"")
    return [*branch, paths.get("", b"")]


def _reference(node: Any, nodes: dict[bytes, bytes]) -> Any:
    encoded = rlp.encode(node)
    if len(encoded) < 32:
        return node
    nodes[keccak(encoded)] = encoded
    return keccak(encoded)


def _common_prefix(paths: Sequence[str]) -> str:
    first, last = min(paths), max(paths)
    length = next((at for at, digit in enumerate(first) if digit != last[at]), len(first))
    return first[:length]


def _packed(path: str, *, is_leaf: bool) -> bytes:
    flag = 2 * is_leaf + len(path) % 2
    return bytes.fromhex(f"{flag:x}{'' if len(path) % 2 else '0'}{path}")


def _unpacked(encoded: bytes) -> tuple[str, bool]:
    flag = encoded[0] >> 4
    return encoded.hex()[1 if flag % 2 else 2 :], flag >= 2


def header_of(
    state_root: bytes,
    *,
    number: int = 1000,
    timestamp: int = 1_800_000_000,
    receipts_root: bytes = bytes(32),
    extra: Iterable[Any] = (),
) -> bytes:
    """A header of 15 fields with these, and whatever a fork adds."""
    fields: list[Any] = [bytes([place]) * 32 for place in range(3)]
    fields[2] = b"\x02" * 20
    fields += [state_root, b"\x04" * 32, receipts_root, bytes(256)]
    fields += [_digits(0), _digits(number), _digits(30_000_000), _digits(21_000), _digits(timestamp)]
    fields += [b"", b"\x0d" * 32, bytes(8), *extra]
    return rlp.encode(fields)


def _digits(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def digits(number: int) -> bytes:
    """A number as RLP wants it."""
    return _digits(number)


@dataclass
class HandMadeState:
    """A contract with these words in its storage, among other accounts, in one block."""

    storage: Mapping[bytes, bytes]
    number: int = 1000
    timestamp: int = 1_800_000_000
    contract: Contract = CONTRACT
    neighbours: int = 40

    def __post_init__(self) -> None:
        self.slots = HandMadeTrie(
            {keccak(slot): rlp.encode(word.lstrip(b"\0")) for slot, word in self.storage.items() if any(word)}
        )
        accounts = {
            keccak(b"neighbour" + bytes([number])): rlp.encode([b"\x01", _digits(number), keccak(b"\x80"), keccak(b"")])
            for number in range(self.neighbours)
        }
        accounts[keccak(self.contract.address)] = rlp.encode([b"\x01", b"", self.slots.root, self.contract.code_hash])
        self.accounts = HandMadeTrie(accounts)
        self.header = header_of(self.accounts.root, number=self.number, timestamp=self.timestamp)
        self.hash = keccak(self.header)

    def proof(self, slots: Iterable[bytes]) -> StorageProof:
        """What a node of the chain would answer, bundled."""
        return StorageProof.bundle(
            self.header,
            self.accounts.proof(keccak(self.contract.address)),
            {slot: self.slots.proof(keccak(slot)) for slot in slots},
        )


def changed_bytes(data: bytes, bits: Iterable[int] = range(8)) -> Iterable[bytes]:
    """The data with one bit changed, for each byte and each of these bits of it."""
    for place in range(len(data)):
        for bit in bits:
            altered = bytearray(data)
            altered[place] ^= 1 << bit
            yield bytes(altered)
