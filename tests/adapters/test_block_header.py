"""Headers put together from the JSON of nodes, of every fork so far and of some to come."""

import pytest
import rlp
from anvil_support import running_chain
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring.errors import HeaderError
from anchoring.header import Header
from node.adapters.json_rpc.block_header import MAX_UNKNOWN, header_bytes

FIRST = [
    ("parentHash", 32), ("sha3Uncles", 32), ("miner", 20), ("stateRoot", 32), ("transactionsRoot", 32),
    ("receiptsRoot", 32), ("logsBloom", 256), ("difficulty", 0), ("number", 0), ("gasLimit", 0), ("gasUsed", 0),
    ("timestamp", 0), ("extraData", 5), ("mixHash", 32), ("nonce", 8),
]  # fmt: skip
FORKS = [
    ("baseFeePerGas", 0), ("withdrawalsRoot", 32), ("blobGasUsed", 0), ("excessBlobGas", 0),
    ("parentBeaconBlockRoot", 32), ("requestsHash", 32), ("blockAccessListHash", 32), ("slotNumber", 0),
]  # fmt: skip
BESIDE = {"size": "0x283", "totalDifficulty": "0x0", "transactions": [], "uncles": [], "withdrawals": []}


def _member(name, length, seed=10):
    """A member as a node tells it and as the chain hashes it; of no length is a number."""
    data = keccak(b"%d %s" % (seed, name.encode())) * 8
    if length:
        return f"0x{data[:length].hex()}", data[:length]
    number = int.from_bytes(data[: seed % 7])
    return hex(number), number.to_bytes((number.bit_length() + 7) // 8)


def _block(members, *, seed=10, beside=()):
    """A block of these members in this order: its JSON, and its header."""
    made = {name: _member(name, length, seed) for name, length in members}
    header = rlp.encode([field for _, field in made.values()])
    told = {name: text for name, (text, _) in made.items()} | BESIDE | dict(beside)
    return told | {"hash": f"0x{keccak(header).hex()}"}, header


@pytest.mark.threat(115)
@settings(max_examples=60)
@given(forks=st.integers(0, len(FORKS)), seed=st.integers(0, 10**6), data=st.data())
def test_every_fork_so_far_in_whatever_order_the_members_are_told(forks, seed, data):
    block, header = _block([*FIRST, *FORKS[:forks]], seed=seed)
    names = data.draw(st.permutations(list(block)))
    assert header_bytes({name: block[name] for name in names}) == header
    assert Header.parse(header).hash == keccak(header)


@pytest.mark.threat(115)
@pytest.mark.parametrize("unknown", range(MAX_UNKNOWN + 1))
def test_members_that_no_fork_has_brought_yet(unknown):
    new = [("lotteryRoot", 32), ("lotteryCount", 0), ("lotterySeal", 9)][:unknown]
    block, header = _block([*FIRST, *FORKS, *new])
    for names in (list(block), sorted(block), sorted(block, reverse=True)):
        assert header_bytes({name: block[name] for name in names}) == header


@pytest.mark.threat(115)
def test_members_beside_the_header_do_not_confuse():
    """Nodes of some chains tell more than is hashed, or tell members of forks that have not come yet."""
    beside = {"l1BlockNumber": "0x1", "sendRoot": "0x" + "11" * 32, "sendCount": "0x2", "author": None}
    block, header = _block(FIRST, beside={**beside, **{name: _member(name, length)[0] for name, length in FORKS[:2]}})
    assert header_bytes(block) == header
    for hashed in range(len(FORKS)):
        beside = {name: _member(name, length)[0] for name, length in FORKS[hashed:]}
        block, header = _block([*FIRST, *FORKS[:hashed]], beside=beside)
        assert header_bytes(block) == header
    block, header = _block([*FIRST, *FORKS[:6]], beside={f"more{number}": "0x1" for number in range(40)})
    assert header_bytes(block) == header


@pytest.mark.threat(91)
@pytest.mark.threat(115)
@pytest.mark.parametrize("name", [name for name, _ in [*FIRST, *FORKS]])
def test_a_changed_member_or_one_left_out_is_refused(name):
    block, _ = _block([*FIRST, *FORKS])
    value = block[name]
    altered = value[:-1] + ("0" if value[-1] != "0" else "1")
    for wrong in (altered, None, 1, "0x", "", "0xzz", [], value[2:], value + "0", f"0x0_{value[2:]}", f" {value}"):
        if wrong == value or (wrong == "0x" and value == "0x0"):
            continue
        with pytest.raises(HeaderError) as caught:
            header_bytes({**block, name: wrong})
        assert caught.value.code in ("header.hash", "header.field")
        assert caught.value.remedy
    with pytest.raises(HeaderError):
        header_bytes({member: text for member, text in block.items() if member != name})


@pytest.mark.parametrize("hash_", [None, "", "0x", "0x" + "00" * 31, 5, "0x" + "00" * 32])
def test_a_hash_that_is_not_the_headers(hash_):
    block, _ = _block(FIRST)
    with pytest.raises(HeaderError):
        header_bytes({**block, "hash": hash_})


def test_no_block():
    with pytest.raises(HeaderError):
        header_bytes({})


def test_a_header_too_long_to_be_one_is_not_hashed():
    block, _ = _block([*FIRST, ("lotteryRoot", 32)])
    long = "0x" + "00" * 400_000
    header = rlp.encode([*(_member(name, length)[1] for name, length in FIRST), bytes(400_000)])
    with pytest.raises(HeaderError):
        header_bytes({**block, "lotteryRoot": long, "hash": f"0x{keccak(header).hex()}"})


@pytest.mark.peer
@pytest.mark.threat(115)
@pytest.mark.parametrize("fork", ["london", "shanghai", "cancun", "prague", "osaka"])
def test_real_blocks_of_every_fork(fork):
    with running_chain("--hardfork", fork) as chain:
        chain.send(chain.accounts[1], b"")
        chain.ask("evm_mine")
        for number in (0, 1):
            block = chain.ask("eth_getBlockByNumber", hex(number), False)
            assert keccak(header_bytes(block)).hex() == block["hash"][2:]
