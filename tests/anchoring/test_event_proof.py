"""Receipts-trie proofs: every type of receipt, whole blocks, and no event too few or too many."""

import pytest
import rlp
from anchoring_support import HandMadeTrie, changed_bytes, header_of
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring.errors import AnchoringError, EventProofError, TrieProofError
from anchoring.event_proof import (
    MAX_INDEX,
    MAX_RECEIPTS,
    EventProof,
    Log,
    TransactionReceipt,
    proven_block,
    proven_receipts,
)

ADDRESS, TOPIC = b"\xaa" * 20, keccak(b"Changed(address)")


def _receipt(number, *, kind=2, status=b"\x01", logs=1, extra=()):
    listed = [[ADDRESS, [TOPIC, number.to_bytes(32)], b"data %d" % number] for _ in range(logs)]
    body = rlp.encode([status, b"\x52\x08", bytes(256), listed, *extra])
    return body if kind == 0 else bytes([kind]) + body


class Block:
    """A block with these receipts."""

    def __init__(self, receipts):
        self.trie = HandMadeTrie({rlp.encode(index): receipt for index, receipt in enumerate(receipts)})
        self.header = header_of(keccak(b"state"), receipts_root=self.trie.root)
        self.hash = keccak(self.header)

    def proof(self, indexes):
        nodes = dict.fromkeys(node for index in sorted(set(indexes)) for node in self.trie.proof(rlp.encode(index)))
        return EventProof(self.header, tuple(nodes))


BLOCK = Block([_receipt(number, kind=number % 5, logs=number % 3) for number in range(140)])


@settings(max_examples=40)
@given(st.sets(st.integers(0, 200), max_size=6))
def test_receipts_of_any_type_and_numbers_that_no_transaction_has(indexes):
    shown = proven_receipts(BLOCK.proof(indexes), block_hash=BLOCK.hash, indexes=indexes)
    assert set(shown.receipts) == indexes
    for index, receipt in shown.receipts.items():
        if index >= 140:
            assert receipt is None
            continue
        log = Log(ADDRESS, (TOPIC, index.to_bytes(32)), b"data %d" % index)
        assert receipt == TransactionReceipt(index % 5, succeeded=True, logs=(log,) * (index % 3))


def test_a_failed_transaction_and_one_with_fields_of_its_chain():
    block = Block([_receipt(0, status=b"", logs=0), _receipt(1, kind=0x7E, extra=(b"\x05", b"\x01"))])
    shown = proven_receipts(block.proof([0, 1]), block_hash=block.hash, indexes=[0, 1]).receipts
    assert not shown[0].succeeded
    assert (shown[1].type, len(shown[1].logs)) == (0x7E, 1)


@pytest.mark.threat(110)
@pytest.mark.parametrize("count", [0, 1, 2, 127, 128, 129, 140])
def test_a_whole_block_leaves_no_event_out(count):
    receipts = [_receipt(number) for number in range(count)]
    block = Block(receipts)
    proof = block.proof(range(count + 1))
    shown = proven_block(proof, block_hash=block.hash, count=count)
    assert [receipt.logs[0].data for receipt in shown] == [b"data %d" % number for number in range(count)]
    # Said to have one transaction less, or one more, the proof of the very same nodes does not hold.
    for other in {count - 1, count + 1} - {-1}:
        with pytest.raises((EventProofError, TrieProofError)):
            proven_block(proof, block_hash=block.hash, count=other)
        with pytest.raises(EventProofError) as caught:
            proven_block(block.proof(range(other + 1)), block_hash=block.hash, count=other)
        assert caught.value.code == "event_proof.index"


@pytest.mark.parametrize("count", [-1, -(10**20), MAX_RECEIPTS, 10**20])
def test_a_block_of_a_number_of_transactions_that_none_has(count):
    """The number comes with the proof, so it is looked at before anything is made of it."""
    with pytest.raises(EventProofError) as caught:
        proven_block(BLOCK.proof([0]), block_hash=BLOCK.hash, count=count)
    assert caught.value.code == "event_proof.index"
    assert len(str(caught.value)) < 200


@pytest.mark.threat(110)
def test_every_change_of_a_proof_is_refused():
    block = Block([_receipt(number) for number in range(3)])
    proof = block.proof([1])
    tried = 0
    for place, node in enumerate(proof.nodes):
        for altered in changed_bytes(node):
            forged = EventProof(proof.header, (*proof.nodes[:place], altered, *proof.nodes[place + 1 :]))
            with pytest.raises(TrieProofError):
                proven_receipts(forged, block_hash=block.hash, indexes=[1])
            tried += 1
    for nodes in (proof.nodes[:-1], proof.nodes[::-1], (*proof.nodes, b""), (proof.nodes[0], *proof.nodes)):
        with pytest.raises(TrieProofError):
            proven_receipts(EventProof(proof.header, nodes), block_hash=block.hash, indexes=[1])
    # The right nodes of another transaction are no proof of this one.
    with pytest.raises(TrieProofError):
        proven_receipts(block.proof([2]), block_hash=block.hash, indexes=[1])
    with pytest.raises(AnchoringError):
        proven_receipts(proof, block_hash=keccak(b"other"), indexes=[1])
    assert tried == 8 * sum(map(len, proof.nodes))


def test_encoding():
    proof = BLOCK.proof([3, 100, 150])
    assert EventProof.decode(proof.encode()) == proof


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        _receipt(1, kind=0x80),  # types end before
        _receipt(1, kind=0xBF),
        b"\x02",
        b"\x02\x80",
        _receipt(1) + b"\0",
        rlp.encode([b"\x01", b"", bytes(256)]),
        rlp.encode([b"\x01", b"", bytes(256), [], *[b""] * 5]),
        rlp.encode([b"\x02", b"", bytes(256), []]),
        rlp.encode([keccak(b"state"), b"", bytes(256), []]),  # of before 2017, when receipts held a state root
        rlp.encode([b"\x01", b"", bytes(255), []]),
        rlp.encode([b"\x01", b"", bytes(256), b"logs"]),
        rlp.encode([b"\x01", b"", bytes(256), [b"log"]]),
        rlp.encode([b"\x01", b"", bytes(256), [[b"\xaa" * 19, [], b""]]]),
        rlp.encode([b"\x01", b"", bytes(256), [[ADDRESS, [TOPIC] * 5, b""]]]),
        rlp.encode([b"\x01", b"", bytes(256), [[ADDRESS, [TOPIC[:31]], b""]]]),
        rlp.encode([b"\x01", b"", bytes(256), [[ADDRESS, [[TOPIC]], b""]]]),
        rlp.encode([b"\x01", b"", bytes(256), [[ADDRESS, [TOPIC], []]]]),
        rlp.encode([b"\x01", b"", bytes(256), [[ADDRESS, [TOPIC], b"", b""]]]),
    ],
)
def test_what_is_no_receipt(data):
    with pytest.raises(EventProofError) as caught:
        TransactionReceipt.parse(data)
    assert caught.value.code == "event_proof.receipt"
    assert caught.value.remedy


@pytest.mark.parametrize("indexes", [[-1], [MAX_INDEX + 1], range(MAX_RECEIPTS + 1)])
def test_bounds(indexes):
    with pytest.raises(EventProofError) as caught:
        proven_receipts(BLOCK.proof([1]), block_hash=BLOCK.hash, indexes=indexes)
    assert caught.value.code == "event_proof.index"
