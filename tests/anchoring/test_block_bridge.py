"""From a trusted block back to an earlier one, as far as the chain keeps hashes and no further."""

import pytest
from anchoring_support import HandMadeState
from eth_hash.auto import keccak

from anchoring.block_bridge import HISTORY, WINDOW, earlier_block, slot_of
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.errors import CheckpointError, HeaderError, StorageProofError, TrieProofError, UntrustedBlockError

CHAIN = Chain(1, keccak(b"genesis"))
NUMBER = 30_000


def _hash_of(number):
    return keccak(b"block %d" % number)


STATE = HandMadeState(
    {slot_of(number): _hash_of(number) for number in range(NUMBER - WINDOW, NUMBER)}, number=NUMBER, contract=HISTORY
)
TRUSTED = TrustedBlock(CHAIN, NUMBER, STATE.hash)


@pytest.mark.threat(115)
@pytest.mark.parametrize("back", [1, 2, 4096, 8190, 8191])
def test_within_the_window(back):
    number = NUMBER - back
    block = earlier_block(TRUSTED, STATE.proof([slot_of(number)]), number)
    assert block == TrustedBlock(CHAIN, number, _hash_of(number))


@pytest.mark.threat(115)
@pytest.mark.parametrize("back", [8192, 8193, 16_382, 0, -1, NUMBER + 1])
def test_outside_the_window_stands_the_hash_of_another_block(back):
    number = NUMBER - back
    assert WINDOW == 8191
    with pytest.raises(UntrustedBlockError) as caught:
        earlier_block(TRUSTED, STATE.proof([slot_of(number)]), number)
    assert caught.value.code == "bridge.window"
    assert caught.value.remedy


@pytest.mark.parametrize("number", [-1, -8186])
def test_before_the_first_block_there_is_none(number):
    state = HandMadeState({slot_of(n): _hash_of(n) for n in (4, -1, -8186)}, number=5, contract=HISTORY)
    with pytest.raises(UntrustedBlockError) as caught:
        earlier_block(TrustedBlock(CHAIN, 5, state.hash), state.proof([slot_of(number)]), number)
    assert caught.value.code == "bridge.window"


def test_the_first_block_and_where_its_hash_stands():
    assert [int.from_bytes(slot_of(number)) for number in (0, 1, 8190, 8191, 8192)] == [0, 1, 8190, 0, 1]
    state = HandMadeState({bytes(32): _hash_of(0), slot_of(1): _hash_of(1)}, number=2, contract=HISTORY)
    bridged = earlier_block(TrustedBlock(CHAIN, 2, state.hash), state.proof([bytes(32)]), 0)
    assert bridged == TrustedBlock(CHAIN, 0, _hash_of(0))


def test_a_chain_that_had_not_yet_begun_to_keep_hashes():
    state = HandMadeState({slot_of(999): _hash_of(999)}, number=1000, contract=HISTORY)
    with pytest.raises(UntrustedBlockError) as caught:
        earlier_block(TrustedBlock(CHAIN, 1000, state.hash), state.proof([slot_of(998)]), 998)
    assert caught.value.code == "bridge.unknown"


def test_only_the_history_under_the_trusted_block_counts():
    with pytest.raises(TrieProofError):
        earlier_block(TRUSTED, STATE.proof([slot_of(NUMBER - 2)]), NUMBER - 1)
    with pytest.raises(HeaderError):
        earlier_block(TrustedBlock(CHAIN, NUMBER, keccak(b"other")), STATE.proof([slot_of(NUMBER - 1)]), NUMBER - 1)
    other = HandMadeState(dict(STATE.storage))  # any contract may hold the same words
    with pytest.raises((StorageProofError, TrieProofError)):
        earlier_block(TrustedBlock(CHAIN, 1000, other.hash), other.proof([slot_of(999)]), 999)
    # The window is counted from the header's own number, whatever the trusted block is said to be.
    with pytest.raises(CheckpointError):
        earlier_block(TrustedBlock(CHAIN, NUMBER + 1, STATE.hash), STATE.proof([slot_of(NUMBER - 1)]), NUMBER - 1)
