"""Receipts as the chain hashes them, out of the JSON of nodes."""

import pytest
import rlp
from anchoring_support import HandMadeTrie
from anvil_support import running_chain

from anchoring.event_proof import MAX_RECEIPTS, TransactionReceipt
from node.adapters.json_rpc.block_receipts import ReceiptsError, ReceiptTypeError, encoded_receipts
from node.adapters.json_rpc.hexadecimal import HexError

LOG = {
    "address": "0x" + "aa" * 20,
    "topics": ["0x" + "01" * 32, "0x" + "02" * 32],
    "data": "0x616263",
    "removed": False,
}
RECEIPT = {
    "type": "0x2", "status": "0x1", "cumulativeGasUsed": "0x5208", "logsBloom": "0x" + "00" * 256, "logs": [LOG],
    "transactionHash": "0x" + "03" * 32, "gasUsed": "0x5208", "contractAddress": None, "transactionIndex": "0x0",
}  # fmt: skip


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize("status", ["0x0", "0x1"])
def test_receipts_of_every_type(kind, status):
    [data] = encoded_receipts([{**RECEIPT, "type": hex(kind), "status": status}])
    body = rlp.encode(
        [
            b"\x01" if status == "0x1" else b"",
            b"\x52\x08",
            bytes(256),
            [[b"\xaa" * 20, [b"\x01" * 32, b"\x02" * 32], b"abc"]],
        ]
    )
    assert data == (bytes([kind]) if kind else b"") + body
    read = TransactionReceipt.parse(data)
    assert (read.type, read.succeeded, read.logs[0].data) == (kind, status == "0x1", b"abc")


def test_a_node_from_before_there_were_types():
    [data] = encoded_receipts([{name: value for name, value in RECEIPT.items() if name != "type"}])
    assert TransactionReceipt.parse(data).type == 0


@pytest.mark.threat(110)
@pytest.mark.parametrize("kind", [5, 0x7E, 0x7F, 0x100])
def test_an_unknown_type_is_not_guessed(kind):
    with pytest.raises(ReceiptTypeError):
        encoded_receipts([RECEIPT, {**RECEIPT, "type": hex(kind)}])


@pytest.mark.threat(110)
@pytest.mark.parametrize(
    "members",
    [{"type": None}, {"type": 2}, {"status": "0x2"}, {"status": None}, {"root": "0x" + "00" * 32, "status": None},
     {"cumulativeGasUsed": "5208"}, {"cumulativeGasUsed": "0x"}, {"logsBloom": "0x" + "00" * 255}, {"logs": None},
     {"logs": [None]}, {"logs": [{**LOG, "address": "0x" + "aa" * 19}]}, {"logs": [{**LOG, "topics": None}]},
     {"logs": [{**LOG, "topics": ["0x01"]}]}, {"logs": [{**LOG, "topics": LOG["topics"] * 3}]},
     {"logs": [{**LOG, "data": None}]}, {"logs": [{**LOG, "data": "0x6"}]}, {"logs": [{**LOG, "data": "616263"}]}],
)  # fmt: skip
def test_what_is_no_receipt(members):
    with pytest.raises((ReceiptsError, HexError)):
        encoded_receipts([{**RECEIPT, **members}])


@pytest.mark.parametrize("value", [None, {}, "0x", [None], [[]], [RECEIPT] * MAX_RECEIPTS])
def test_what_are_no_receipts(value):
    with pytest.raises(ReceiptsError):
        encoded_receipts(value)


@pytest.mark.peer
@pytest.mark.threat(110)
def test_a_real_block_with_transactions_of_several_types():
    """The trie over what is made of them has the root that the chain's own header names."""
    with running_chain() as chain:
        registry = chain.deploy("EthereumDIDRegistry")
        told = {"from": "0x" + chain.accounts[0].hex(), "to": "0x" + registry.address.hex(), "gas": "0x30d40"}
        fees = {"maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x0"}
        for more in (
            {"type": "0x0", "gasPrice": "0x77359400"},
            {"type": "0x1", "gasPrice": "0x77359400", "accessList": []},
            {"type": "0x2", **fees},
            {"type": "0x2", **fees, "data": "0xdeadbeef"},
        ):
            chain.ask("eth_sendTransaction", {**told, **more})
        chain.ask("evm_mine")
        block = chain.ask("eth_getBlockByNumber", "latest", False)
        receipts = chain.ask("eth_getBlockReceipts", block["number"])
    assert {receipt["type"] for receipt in receipts} == {"0x0", "0x1", "0x2"}
    trie = HandMadeTrie({rlp.encode(index): data for index, data in enumerate(encoded_receipts(receipts))})
    assert f"0x{trie.root.hex()}" == block["receiptsRoot"]
