"""Storage proofs from a hand-made chain: what they show, and that nothing else passes for one."""

import itertools
from dataclasses import replace

import pytest
import rlp
from anchoring_support import CONTRACT, HandMadeState, HandMadeTrie, changed_bytes, header_of
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring.errors import AnchoringError, CborError, HeaderError, StorageProofError, TrieProofError
from anchoring.storage_proof import ABSENT, MAX_SLOTS, Contract, StorageProof, proven


def _word(number):
    return number.to_bytes(32)


STORAGE = {_word(slot): keccak(_word(slot)) if slot % 3 else _word(slot + 1) for slot in range(60)}
STATE = HandMadeState(STORAGE)
PRESENT, ABSENT_SLOTS = [_word(5), _word(33), _word(12)], [_word(1000), _word(2000)]
ASKED = [*PRESENT, *ABSENT_SLOTS]
PROOF = STATE.proof(ASKED)


def _proven(proof=PROOF, *, block_hash=STATE.hash, contract=CONTRACT, slots=ASKED):
    return proven(proof, block_hash=block_hash, contract=contract, slots=slots)


def test_words_and_their_absence_in_one_proof():
    shown = _proven()
    assert dict(shown.words) == {slot: STORAGE.get(slot, ABSENT) for slot in ASKED}
    assert (shown.header.number, shown.header.timestamp) == (1000, 1_800_000_000)


@settings(max_examples=60)
@given(st.sets(st.integers(0, 80), max_size=12), st.data())
def test_any_set_of_slots_in_any_order(numbers, data):
    slots = [_word(number) for number in numbers]
    proof = STATE.proof(slots)
    shuffled = data.draw(st.permutations(slots))
    assert STATE.proof(shuffled) == proof
    assert dict(_proven(proof, slots=shuffled).words) == {slot: STORAGE.get(slot, ABSENT) for slot in slots}


@settings(max_examples=60)
@given(st.sets(st.integers(0, 80), max_size=8), st.sets(st.integers(0, 80), max_size=8))
def test_a_proof_of_other_slots_shows_nothing_false(asked, proved):
    """It is refused, unless the nodes of the one happen to be those of the other."""
    asked, proved = ([_word(number) for number in numbers] for numbers in (asked, proved))
    proof = STATE.proof(proved)
    try:
        words = _proven(proof, slots=asked).words
    except TrieProofError:
        return
    assert dict(words) == {slot: STORAGE.get(slot, ABSENT) for slot in asked}
    assert proof == STATE.proof(asked)


def test_a_contract_that_stores_nothing():
    state = HandMadeState({})
    proof = state.proof([_word(1)])
    assert proof.storage == ()
    assert _proven(proof, block_hash=state.hash, slots=[_word(1)]).words == {_word(1): ABSENT}


def test_a_contract_that_stores_one_word():
    state = HandMadeState({_word(1): _word(7)})
    for slot in (_word(1), _word(2)):
        proof = state.proof([slot])
        assert len(proof.storage) == 1
        words = _proven(proof, block_hash=state.hash, slots=[slot]).words
        assert words == {slot: _word(7) if slot == _word(1) else ABSENT}


def test_every_changed_bit_is_refused():
    """Exhaustive: header, account nodes and storage nodes, bit by bit, and the CBOR around them byte by byte."""
    tried = 0
    for altered in changed_bytes(PROOF.header):
        with pytest.raises(HeaderError):
            _proven(replace(PROOF, header=altered))
        tried += 1
    for part in ("account", "storage"):
        nodes = getattr(PROOF, part)
        for place, node in enumerate(nodes):
            for altered in changed_bytes(node):
                with pytest.raises(TrieProofError) as caught:
                    _proven(replace(PROOF, **{part: (*nodes[:place], altered, *nodes[place + 1 :])}))
                assert caught.value.code == "trie_proof.mismatch"
                tried += 1
    parts = len(PROOF.header) + sum(map(len, (*PROOF.account, *PROOF.storage)))
    assert tried == 8 * parts
    encoded = PROOF.encode()
    for place, byte in enumerate(encoded):
        for other in {byte ^ 1, byte ^ 0x80, 0, 0xFF} - {byte}:
            with pytest.raises(AnchoringError):
                _proven(StorageProof.decode(encoded[:place] + bytes([other]) + encoded[place + 1 :]))
            tried += 1
    assert tried > 8 * parts + 3 * len(encoded)


def test_every_deleted_doubled_moved_or_added_node_is_refused():
    refused = 0
    for part in ("account", "storage"):
        nodes = getattr(PROOF, part)
        forged = [nodes[:place] + nodes[place + 1 :] for place in range(len(nodes))]
        forged += [(*nodes[:place], nodes[place], *nodes[place:]) for place in range(len(nodes))]
        forged += [
            (*nodes[:one], nodes[other], *nodes[one + 1 : other], nodes[one], *nodes[other + 1 :])
            for one, other in itertools.combinations(range(len(nodes)), 2)
        ]
        forged += [(*nodes, extra) for extra in (b"", b"\x80", nodes[0], PROOF.account[0], PROOF.storage[-1])]
        forged += [(extra, *nodes) for extra in (b"", b"\x80", nodes[-1])]
        for other in forged:
            with pytest.raises(TrieProofError):
                _proven(replace(PROOF, **{part: other}))
            refused += 1
    assert refused > 100


def test_encoding():
    assert StorageProof.decode(PROOF.encode()) == PROOF
    for value in (b"", PROOF.encode()[:-1], PROOF.encode() + b"\0"):
        with pytest.raises(CborError):
            StorageProof.decode(value)


def test_another_block_account_or_code():
    other_state = HandMadeState(STORAGE, number=1001)
    with pytest.raises(HeaderError) as caught:
        _proven(other_state.proof(ASKED))
    assert caught.value.code == "header.hash"
    with pytest.raises(StorageProofError) as caught:
        _proven(contract=Contract(CONTRACT.address, keccak(b"other code")))
    assert caught.value.code == "storage_proof.code_hash"
    # The account's neighbour is no stand-in for it, and where there is nothing, nothing is shown to be absent.
    nowhere = Contract(b"\xee" * 20, CONTRACT.code_hash)
    account = tuple(STATE.accounts.proof(keccak(nowhere.address)))
    with pytest.raises(StorageProofError) as caught:
        _proven(StorageProof(STATE.header, account, ()), contract=nowhere, slots=[_word(1)])
    assert caught.value.code == "storage_proof.absent_account"


@pytest.mark.parametrize(
    "fields",
    [
        [b"", b"", keccak(b"root")],
        [b"", b"", keccak(b"root"), CONTRACT.code_hash, b""],
        [b"", b"", b"short", CONTRACT.code_hash],
        [b"", b"", [], CONTRACT.code_hash],
        [[], b"", keccak(b"root"), CONTRACT.code_hash],
        b"text" * 10,
    ],
)
def test_what_is_no_account(fields):
    accounts = HandMadeTrie({keccak(CONTRACT.address): rlp.encode(fields)})
    header = header_of(accounts.root)
    proof = StorageProof(header, tuple(accounts.proof(keccak(CONTRACT.address))), ())
    with pytest.raises(StorageProofError) as caught:
        _proven(proof, block_hash=keccak(header), slots=[])
    assert caught.value.code == "storage_proof.account"


def test_an_account_that_is_not_even_rlp():
    accounts = HandMadeTrie({keccak(CONTRACT.address): b"\x81\x01" + bytes(40)})
    header = header_of(accounts.root)
    proof = StorageProof(header, tuple(accounts.proof(keccak(CONTRACT.address))), ())
    with pytest.raises(StorageProofError) as caught:
        _proven(proof, block_hash=keccak(header), slots=[])
    assert caught.value.code == "storage_proof.account"


@pytest.mark.parametrize(
    "value",
    [
        b"\0",
        b"\x00\x01",
        b"\x81\x01",
        rlp.encode(b"x" * 33),
        rlp.encode([b"\x01"]),
        b"\x82\x00\x01",
        b"\x01\x01",
    ],
)
def test_what_is_no_word(value):
    with pytest.raises(StorageProofError) as caught:
        _word_in_a_trie_with(value)
    assert caught.value.code == "storage_proof.value"
    assert caught.value.remedy


def test_a_zero_in_so_many_words_is_as_absent_as_nothing():
    """Chains take such a slot out of the trie; anvil does not."""
    assert _word_in_a_trie_with(b"\x80") == bytes(32)


def _word_in_a_trie_with(value):
    state = HandMadeState({})
    state.slots = HandMadeTrie({keccak(_word(1)): value})
    accounts = HandMadeTrie(
        {keccak(CONTRACT.address): rlp.encode([b"\x01", b"", state.slots.root, CONTRACT.code_hash])}
    )
    header = header_of(accounts.root)
    proof = StorageProof(
        header, tuple(accounts.proof(keccak(CONTRACT.address))), tuple(state.slots.proof(keccak(_word(1))))
    )
    return _proven(proof, block_hash=keccak(header), slots=[_word(1)]).words[_word(1)]


def test_bounds():
    with pytest.raises(StorageProofError) as caught:
        _proven(slots=[_word(number) for number in range(MAX_SLOTS + 1)])
    assert caught.value.code == "storage_proof.key"
    for slots in ([b"short"], [_word(1) + b"\0"]):
        with pytest.raises(StorageProofError):
            _proven(slots=slots)
    for address, code_hash in [(b"short", CONTRACT.code_hash), (CONTRACT.address, b"short")]:
        with pytest.raises(StorageProofError):
            Contract(address, code_hash)


def test_a_node_s_answer_is_bundled_without_what_stands_in_other_nodes():
    answer = {_word(5): [*STATE.slots.proof(keccak(_word(5))), b"\xc2\x20\x01"], _word(9): [b"\x80"]}
    bundled = StorageProof.bundle(STATE.header, PROOF.account, answer)
    assert bundled.storage == tuple(STATE.slots.proof(keccak(_word(5))))
    for length, kept in [(31, 0), (32, 1)]:
        answer = {_word(5): [*STATE.slots.proof(keccak(_word(5))), bytes(length)]}
        assert len(StorageProof.bundle(STATE.header, PROOF.account, answer).storage) == len(bundled.storage) + kept


def test_nodes_stand_in_the_order_of_the_hashed_slots():
    """Part of the form: proofs that were handed out have to be read for ever."""
    paths = [STATE.slots.proof(key) for key in sorted(map(keccak, ASKED))]
    assert PROOF.storage == tuple(dict.fromkeys(itertools.chain.from_iterable(paths)))
