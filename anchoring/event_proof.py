"""Which events a transaction left, shown by nothing but the hash of its block.

The header names the root of the receipts of all its transactions, by their numbers. Proving also that there is no
receipt behind the last shows a block's events whole, which is what a history that must not leave anything out needs.

Spec: https://eips.ethereum.org/EIPS/eip-2718, https://eips.ethereum.org/EIPS/eip-658
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from anchoring import cbor, rlp, tags
from anchoring.errors import EventProofError, RlpError, shown
from anchoring.header import Header
from anchoring.storage_proof import ADDRESS_BYTES, WORD_BYTES
from anchoring.trie import TrieProof

MAX_INDEX: Final = 65_535
"""No chain puts as many transactions into a block."""
MAX_RECEIPTS: Final = 512
"""A whole block of a busy chain."""
MAX_TOPICS: Final = 4
MAX_NODE_BYTES: Final = rlp.MAX_BYTES
"""A leaf holds a whole receipt."""
_FIELDS: Final = 4
"""Status, gas used so far, bloom, logs; some chains add more behind them for receipts of their own types."""
_MAX_FIELDS: Final = 8
_BLOOM_BYTES: Final = 256
_TYPES: Final = 0x80
_FIRST_LIST: Final = 0xC0
"""A first byte below the one names a type, which what follows is of; from the other on, it is the RLP list of old."""
MAX_BYTES: Final = 2 * 1024 * 1024
"""The receipts of a busy block; the proof of one has some 10 kB."""
_REMEDY: Final = "Fetch the proof again, for the block and transaction that the event is in, from a node of its chain."


@dataclass(frozen=True, slots=True)
class Log:
    """An event as the chain keeps it."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class TransactionReceipt:
    """What a transaction left behind."""

    type: int
    succeeded: bool
    logs: tuple[Log, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a receipt of any type; raises EventProofError."""
        first = data[0] if data else _TYPES
        if _TYPES <= first < _FIRST_LIST:
            raise _error(f"{shown(data)} begins neither with a type nor as a list", "event_proof.receipt")
        kind, body = (0, data) if first >= _FIRST_LIST else (first, data[1:])
        try:
            fields = rlp.decode(body)
        except RlpError as error:
            raise _error(f"a receipt that cannot be read: {error}", "event_proof.receipt") from error
        if isinstance(fields, list) and _FIELDS <= len(fields) <= _MAX_FIELDS:
            match fields[:_FIELDS]:
                case [b"" | b"\x01" as status, bytes(), bytes(bloom), list(logs)] if len(bloom) == _BLOOM_BYTES:
                    return cls(kind, status == b"\x01", tuple(map(_log, logs)))
                case _:
                    pass
        raise _error(f"{shown(data)} is no receipt with status, gas, bloom and logs", "event_proof.receipt")


@dataclass(frozen=True, slots=True)
class EventProof:
    """The bytes that prove some receipts of one block; untrusted until `proven_receipts` has read them."""

    header: bytes
    nodes: tuple[bytes, ...]

    def encode(self) -> bytes:
        """The proof as CBOR."""
        return cbor.encode([tags.EVENT_PROOF, self.header, list(self.nodes)])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The proof that `encode` wrote; raises CborError."""
        header, nodes = cbor.tagged(data, tags.EVENT_PROOF, 2, max_bytes=MAX_BYTES)
        return cls(cbor.as_bytes(header), tuple(map(cbor.as_bytes, cbor.as_list(nodes))))


@dataclass(frozen=True, slots=True)
class ProvenReceipts:
    """What a proof has shown of the transactions of a block."""

    header: Header
    receipts: Mapping[int, TransactionReceipt | None]
    """By the number of the transaction; None where the block has no such transaction."""


def proven_receipts(proof: EventProof, *, block_hash: bytes, indexes: Iterable[int]) -> ProvenReceipts:
    """The receipts of these transactions of the trusted block with this hash, or that there are none.

    The proof has to be exactly the one of these numbers, which are a set. Raises the errors of headers and tries, and
    EventProofError.
    """
    wanted = sorted(set(indexes))
    if len(wanted) > MAX_RECEIPTS or any(not 0 <= index <= MAX_INDEX for index in wanted):
        raise _error(
            f"{len(wanted)} transactions; at most {MAX_RECEIPTS} with numbers of 0 to {MAX_INDEX} are read",
            "event_proof.index",
        )
    header = Header.trusted(proof.header, block_hash)
    nodes = TrieProof(proof.nodes, max_node_bytes=MAX_NODE_BYTES)
    receipts = {}
    for index in wanted:
        value = nodes.value(header.receipts_root, rlp.encode_integer(index))
        receipts[index] = None if value is None else TransactionReceipt.parse(value)
    nodes.finish()
    return ProvenReceipts(header, receipts)


def proven_block(proof: EventProof, *, block_hash: bytes, count: int) -> Sequence[TransactionReceipt]:
    """The receipts of all transactions of the trusted block, of which there are `count` and no more.

    Every transaction below `count` has to have its receipt in the proof, and the proof to show that there is none at
    `count`; numbers have no gaps, so that is the whole block.
    """
    if not 0 <= count < MAX_RECEIPTS:
        raise _error(f"{count} transactions; a block of 0 to {MAX_RECEIPTS - 1} is read whole", "event_proof.index")
    found = proven_receipts(proof, block_hash=block_hash, indexes=range(count + 1)).receipts
    held = [receipt for index, receipt in sorted(found.items()) if receipt is not None and index < count]
    if len(held) != count or found[count] is not None:
        raise _error(f"the block does not have exactly {count} transactions", "event_proof.index")
    return held


def _log(item: rlp.Item) -> Log:
    match item:
        case [bytes(address), list(topics), bytes(data)] if len(address) == ADDRESS_BYTES and len(topics) <= MAX_TOPICS:
            words = tuple(topic for topic in topics if isinstance(topic, bytes) and len(topic) == WORD_BYTES)
            if len(words) == len(topics):
                return Log(address, words, data)
        case _:
            pass
    raise _error("a log that is none", "event_proof.receipt")


def _error(message: str, code: str) -> EventProofError:
    return EventProofError(message, code=code, remedy=_REMEDY)
