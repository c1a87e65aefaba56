"""What the embedded chain takes from a sender, what it refuses, and in which words."""

from types import SimpleNamespace

import pytest
import rlp
from devchain_support import Sender, devchain
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring.calls import AuthorizedCall
from anchoring.devchain.pool import MAX_AHEAD, MAX_WAITING, Pool, read
from anchoring.devchain.rules import BLOCK_GAS
from anchoring.errors import EndpointError
from anchoring.operations import CompleteRecovery, OpenNamespace
from anchoring.rlp import MAX_BYTES
from anchoring.secp256k1 import ORDER
from anchoring.signing_key import SigningKey
from anchoring.transactions.endpoint import (
    AlreadyKnownError,
    NoFundsError,
    NonceTooLowError,
    RejectedError,
    RevertedError,
    UnderpricedError,
)
from anchoring.transactions.fees import GWEI, Fees
from anchoring.transactions.signing import Transaction

SENDER = Sender(SigningKey(bytes([0x51]) * 32))
TO = bytes([9]) * 20
COINS = 10**18
DATA = 7
"""Which of the fields may hold any bytes."""


@pytest.fixture
def bench(tmp_path):
    """Blocks are made by the test; the sender has a coin."""
    with devchain(tmp_path, at_once=False) as made:
        made.do(made.chain.fund(SENDER.address, COINS))
        made.do(made.chain.mine())
        yield made


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    with devchain(tmp_path_factory.mktemp("quick")) as made:
        made.do(made.chain.fund(SENDER.address, COINS))
        yield made


def send(bench, nonce, **members):
    raw = SENDER.raw(bench.chain.chain.id, nonce, members.pop("to", TO), members.pop("data", b""), **members)
    bench.do(bench.endpoint.send(raw))
    return keccak(raw)


def refused(bench, raw, kind=RejectedError):
    with pytest.raises(EndpointError) as caught:
        bench.do(bench.endpoint.send(raw))
    assert type(caught.value) is kind, caught.value
    assert len(str(caught.value)) < 400
    return str(caught.value)


def number(value):
    return value.to_bytes((value.bit_length() + 7) // 8)


def legacy(nonce, *, chain_id=None, price=10 * GWEI):
    """A transaction as they were before there were types; without a number of a chain, or with one (EIP-155)."""
    fields = [*map(number, (nonce, price, 21_000)), TO, b"", b""]
    digest = keccak(rlp.encode(fields if chain_id is None else [*fields, number(chain_id), b"", b""]))
    signature = SENDER.key.sign_digest(digest)
    v = signature[64] if chain_id is None else signature[64] - 27 + 35 + 2 * chain_id
    return rlp.encode(
        [*fields, number(v), number(int.from_bytes(signature[:32])), number(int.from_bytes(signature[32:64]))]
    )


def test_a_transaction_waits_comes_into_a_block_and_is_known(bench):
    before = bench.do(bench.endpoint.head())
    sent = send(bench, 0)
    unknown = keccak(b"unknown")
    assert bench.do(bench.endpoint.inclusion(sent)) is None
    assert [bench.do(bench.endpoint.known(each)) for each in (sent, unknown)] == [True, False]
    assert [bench.do(bench.endpoint.nonce(SENDER.address, pending=pending)) for pending in (True, False)] == [1, 0]
    bench.do(bench.chain.mine())
    head = bench.do(bench.endpoint.head())
    found = bench.do(bench.endpoint.inclusion(sent))
    assert (found.block, found.block_hash, found.succeeded) == (head.number, head.hash, True)
    assert head.number == before.number + 1
    assert [bench.do(bench.endpoint.known(each)) for each in (sent, unknown)] == [True, False]
    assert bench.do(bench.endpoint.nonce(SENDER.address, pending=False)) == 1
    assert bench.do(bench.endpoint.balance(TO)) == 0
    paid = COINS - bench.do(bench.endpoint.balance(SENDER.address))
    fee = before.base_fee + bench.do(bench.endpoint.priority_fee())
    assert paid == 21_000 * fee
    assert head.base_fee < before.base_fee, "blocks that are not half full make the next ones cheaper"


def test_a_call_that_fails_is_in_the_block_and_says_so(quick):
    data = AuthorizedCall(CompleteRecovery(keccak(b"nobody's"), 1)).data()
    contract = quick.chain.contract.address
    with pytest.raises(RevertedError) as caught:
        quick.do(quick.endpoint.estimate(SENDER.address, contract, data))
    assert caught.value.reason[:4] == keccak(b"NoRecoveryPending(bytes32)")[:4]
    sent = send(quick, quick.do(quick.endpoint.nonce(SENDER.address, pending=False)), to=contract, data=data)
    assert quick.do(quick.endpoint.inclusion(sent)).succeeded is False


def test_an_estimate_is_enough_and_little_more(quick):
    data = AuthorizedCall(OpenNamespace(SENDER.address, keccak(b"recovery"), keccak(b"salt"))).data()
    contract, nonce = quick.chain.contract.address, quick.do(quick.endpoint.nonce(SENDER.address, pending=False))
    gas = quick.do(quick.endpoint.estimate(SENDER.address, contract, data))
    assert quick.do(quick.endpoint.nonce(SENDER.address, pending=False)) == nonce, "nothing was sent"
    sent = send(quick, nonce, to=contract, data=data, gas=gas)
    assert quick.do(quick.endpoint.inclusion(sent)).succeeded
    again = AuthorizedCall(OpenNamespace(SENDER.address, keccak(b"recovery"), keccak(b"other salt"))).data()
    short = send(quick, nonce + 1, to=contract, data=again, gas=gas * 9 // 10)
    assert not quick.do(quick.endpoint.inclusion(short)).succeeded


def test_numbers_follow_each_other(bench):
    chain_id = bench.chain.chain.id
    later = [send(bench, nonce) for nonce in (2, 1)]
    assert bench.do(bench.endpoint.nonce(SENDER.address, pending=True)) == 0
    bench.do(bench.chain.mine())
    assert [bench.do(bench.endpoint.inclusion(each)) for each in later] == [None, None]
    first = send(bench, 0)
    assert bench.do(bench.endpoint.nonce(SENDER.address, pending=True)) == 3
    bench.do(bench.chain.mine())
    block = bench.do(bench.endpoint.head()).number
    assert [bench.do(bench.endpoint.inclusion(each)).block for each in (first, *later)] == [block] * 3
    refused(bench, SENDER.raw(chain_id, 0, TO, b"another"), NonceTooLowError)
    refused(bench, SENDER.raw(chain_id, 0, TO), AlreadyKnownError)
    refused(bench, SENDER.raw(chain_id, 3 + MAX_AHEAD + 1, TO))
    waiting = send(bench, 3)
    refused(bench, SENDER.raw(chain_id, 3, TO), AlreadyKnownError)
    assert bench.do(bench.endpoint.known(waiting))


def test_where_blocks_are_made_at_once_those_that_waited_follow(quick):
    nonce = quick.do(quick.endpoint.nonce(SENDER.address, pending=False))
    later = send(quick, nonce + 1)
    assert quick.do(quick.endpoint.inclusion(later)) is None
    first = send(quick, nonce)
    blocks = [quick.do(quick.endpoint.inclusion(each)).block for each in (first, later)]
    assert blocks[1] == blocks[0] + 1


@pytest.mark.threat(93)
def test_another_takes_the_place_only_for_clearly_more(bench):
    first = send(bench, 0, fees=Fees(100 * GWEI, 10 * GWEI))
    chain_id = bench.chain.chain.id
    for fees in (
        Fees(100 * GWEI, 10 * GWEI),
        Fees(110 * GWEI - 1, 11 * GWEI),
        Fees(110 * GWEI, 11 * GWEI - 1),
        Fees(200 * GWEI, 10 * GWEI),
    ):
        refused(bench, SENDER.raw(chain_id, 0, TO, b"instead", fees=fees), UnderpricedError)
    second = send(bench, 0, data=b"instead", fees=Fees(110 * GWEI, 11 * GWEI))
    assert not bench.do(bench.endpoint.known(first))
    bench.do(bench.chain.mine())
    assert bench.do(bench.endpoint.inclusion(second)) is not None
    assert bench.do(bench.endpoint.inclusion(first)) is None


def test_one_that_pays_too_little_waits(bench):
    base_fee = bench.do(bench.endpoint.head()).base_fee
    sent = send(bench, 0, fees=Fees(base_fee // 2, 1))
    bench.do(bench.chain.mine())
    assert bench.do(bench.endpoint.inclusion(sent)) is None
    for _ in range(8):
        bench.do(bench.chain.mine())
    assert bench.do(bench.endpoint.inclusion(sent)) is not None


@pytest.mark.threat(93)
def test_without_coins_nothing_is_taken(bench):
    poor = Sender(SigningKey(bytes([0x52]) * 32))
    chain_id = bench.chain.chain.id
    refused(bench, poor.raw(chain_id, 0, TO), NoFundsError)
    # Each by itself could be paid for; both cannot: the second waits.
    half = Fees(COINS * 3 // 4 // 200_000, 1)
    sent = [send(bench, nonce, fees=half) for nonce in (0, 1)]
    bench.do(bench.chain.mine())
    assert bench.do(bench.endpoint.inclusion(sent[0])) is not None


def test_what_is_for_another_chain_is_refused(bench):
    other = bench.chain.chain.id + 1
    assert str(other) in refused(bench, SENDER.raw(other, 0, TO))
    refused(bench, SENDER.raw(1, 0, TO))
    refused(bench, legacy(0, chain_id=other))
    bench.do(bench.endpoint.send(legacy(0, chain_id=bench.chain.chain.id)))
    bench.do(bench.endpoint.send(legacy(1)))  # as the one that makes the factory
    bench.do(bench.chain.mine())
    assert bench.do(bench.endpoint.nonce(SENDER.address, pending=False)) == 2


def test_what_no_block_takes_is_refused(bench):
    chain_id = bench.chain.chain.id
    good = SENDER.raw(chain_id, 0, TO)
    for members in (
        {"gas": 20_999},
        {"gas": BLOCK_GAS + 1},
        {"fees": Fees(GWEI, GWEI + 1)},
    ):
        refused(bench, SENDER.raw(chain_id, 0, TO, **members))
    fields = rlp.decode(good[1:])
    s = int.from_bytes(fields[-1])
    parity = b"" if fields[-3] else b"\x01"
    refused(bench, b"\x02" + rlp.encode([*fields[:-3], parity, fields[-2], number(ORDER - s)]))  # the high twin
    refused(bench, b"\x02" + rlp.encode([*fields[:-1], b""]))
    refused(bench, b"\x02" + rlp.encode([*fields[:-2], number(ORDER), fields[-1]]))
    refused(bench, b"\x02" + rlp.encode([*fields[:-3], b"\x02", *fields[-2:]]))
    refused(bench, b"\x02" + rlp.encode([*fields, b""]))
    for raw in (
        b"",
        b"\x02",
        b"\x80",
        b"\xc0",
        good + b"\0",
        good[:-1],
        bytes(MAX_BYTES + 1),
        b"\xc0" * MAX_BYTES,
        b"\x02" * 2000,
    ):
        refused(bench, raw)
    for kind in (0, 1, 3, 4, 5, 0x7F, 0x80):
        refused(bench, bytes([kind]) + good[1:])
    # The EVM's library takes empty lists for zeros; a transaction has one encoding.
    for place in range(len(fields)):
        for other in ([], [b""], [b"\x01", b"\x02"], [[]], b"\0"):
            if other != fields[place] and not (other == b"\0" and place == DATA):
                refused(bench, b"\x02" + rlp.encode([*fields[:place], other, *fields[place + 1 :]]))
    old = rlp.decode(legacy(0))
    for place in range(len(old)):
        refused(bench, rlp.encode([*old[:place], [], *old[place + 1 :]]))
    send(bench, 0)


def test_a_pool_has_an_end():
    pool = Pool()

    def filled():
        for place in range(MAX_WAITING + 1):
            pool.add(waiting(place // MAX_AHEAD, place % MAX_AHEAD), 0)

    with pytest.raises(RejectedError):
        filled()
    assert len(list(pool.senders())) == MAX_WAITING // MAX_AHEAD
    assert not list(pool.ready(account(0), MAX_AHEAD, 0, 0))
    pool.add(waiting(0, 0, fee=2 * GWEI), 0)  # takes the place of another, and no more room
    with pytest.raises(RejectedError):
        pool.add(waiting(MAX_WAITING, 0), 0)
    pool.forget(account(0), 0)
    pool.add(waiting(MAX_WAITING, 0), 0)


def account(place):
    return place.to_bytes(20)


def waiting(place, nonce, fee=GWEI):
    """As much of a transaction as waiting takes."""
    fees = {"max_fee_per_gas": fee, "max_priority_fee_per_gas": fee}
    return SimpleNamespace(sender=account(place), nonce=nonce, hash=keccak(b"%d %d %d" % (place, nonce, fee)), **fees)


_GOOD = SENDER.raw(0x676C_0000_0001, 5, TO, b"data")


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.builds(
            lambda kind, rest: bytes([kind]) + rest, st.sampled_from([1, 2, 0xC0, 0xF8]), st.binary(max_size=200)
        ),
        st.builds(
            lambda place, bit: bytes(byte ^ (1 << bit) if at == place else byte for at, byte in enumerate(_GOOD)),
            st.integers(0, len(_GOOD) - 1),
            st.integers(0, 7),
        ),
    )
)
def test_any_bytes_are_a_transaction_or_refused(raw):
    try:
        transaction = read(raw)
    except RejectedError:
        return
    assert len(transaction.sender) == 20
    assert transaction.sender != SENDER.address


def test_the_account_for_gas_signs_what_it_is_asked(quick):
    account = quick.chain.gas_account
    nonce = quick.do(quick.endpoint.nonce(account.address, pending=True))
    asked = Transaction(quick.chain.chain.id, nonce, TO, b"data", 50_000, Fees(10 * GWEI, GWEI))
    raw = quick.do(account.sign(asked))
    digest = asked.hash_of(raw, account.address)
    quick.do(quick.endpoint.send(raw))
    assert quick.do(quick.endpoint.inclusion(digest)).succeeded
