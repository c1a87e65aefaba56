"""The receipts of a block, out of the JSON in which a node tells them, as bytes that the chain's own trie is made of.

Nothing is taken at the node's word: the trie over these bytes has to come to the root that the block's header names.

Spec: https://eips.ethereum.org/EIPS/eip-2718, https://eips.ethereum.org/EIPS/eip-658
"""

from typing import Final

from anchoring import rlp
from anchoring.event_proof import MAX_RECEIPTS, MAX_TOPICS
from anchoring.storage_proof import ADDRESS_BYTES, WORD_BYTES
from node.adapters.json_rpc.hexadecimal import digits, to_bytes, to_number
from node.documents import JsonValue

TYPES: Final = range(5)
"""Transactions of old, with access lists, with priority fees, with blobs, and with authorizations. What others leave in
the trie is not known here."""
_BLOOM_BYTES: Final = 256
_SUCCEEDED: Final = 1


class ReceiptsError(ValueError):
    """Something is not the receipts of a block."""


class ReceiptTypeError(ReceiptsError):
    """A receipt is of a type that is not read here."""


def encoded_receipts(value: JsonValue) -> list[bytes]:
    """Each receipt as it stands in the trie, in the order given; raises ReceiptsError and HexError.

    Only what the chain hashes is read. The order is judged by the root alone.
    """
    if not isinstance(value, list) or len(value) >= MAX_RECEIPTS:
        raise ReceiptsError(f"something that is no list of fewer than {MAX_RECEIPTS} receipts")
    return [_encoded(receipt) for receipt in value]


def _encoded(receipt: JsonValue) -> bytes:
    if not isinstance(receipt, dict) or not isinstance(logs := receipt.get("logs"), list):
        raise ReceiptsError("something that is no receipt")
    # Nodes from before there were types leave them out.
    kind = to_number(receipt.get("type", "0x0"))
    if kind not in TYPES:
        raise ReceiptTypeError(f"a receipt of the type {kind}; known are 0 to {TYPES[-1]}")
    status = to_number(receipt.get("status"))
    if status > _SUCCEEDED:
        raise ReceiptsError("a receipt that says neither that it went well nor that it did not")
    fields: list[rlp.Item] = [
        b"\x01" if status else b"",
        digits(to_number(receipt.get("cumulativeGasUsed"))),
        to_bytes(receipt.get("logsBloom"), _BLOOM_BYTES),
        [_log(log) for log in logs],
    ]
    return (bytes([kind]) if kind else b"") + rlp.encode(fields)


def _log(log: JsonValue) -> rlp.Item:
    if not isinstance(log, dict) or not isinstance(topics := log.get("topics"), list) or len(topics) > MAX_TOPICS:
        raise ReceiptsError("something that is no log")
    return [
        to_bytes(log.get("address"), ADDRESS_BYTES),
        [to_bytes(topic, WORD_BYTES) for topic in topics],
        to_bytes(log.get("data")),
    ]
