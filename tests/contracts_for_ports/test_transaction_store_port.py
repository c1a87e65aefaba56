"""What every store of transactions does."""

import asyncio
import os
import sqlite3
import stat
from dataclasses import replace

import pytest

from anchoring.calls import AuthorizedCall
from anchoring.checkpoint import Chain
from anchoring.errors import TransactionError
from anchoring.ledger import CallState
from anchoring.operations import AnchorValue
from anchoring.storage_proof import Contract
from anchoring.transactions import store as store_module
from anchoring.transactions.fees import Fees
from anchoring.transactions.store import Attempt, LeaseLostError, MemoryTransactionStore
from node.adapters import transaction_store
from node.adapters.database import transaction_rows
from node.adapters.database.engine import opened
from node.adapters.database.transaction_rows import DatabaseTransactionStore
from node.adapters.transaction_store import SqliteTransactionStore

CHAIN, CONTRACT = Chain(2**200, bytes([1]) * 32), Contract(bytes([2]) * 20, bytes([3]) * 32)
ACCOUNT, OTHER = bytes([4]) * 20, bytes([5]) * 20


def call(number=1):
    return AuthorizedCall(AnchorValue(bytes([6]) * 32, number.to_bytes(32)), 2**40, bytes(65))


def attempt(of, number=1, **changed):
    made = Attempt(of.id, ACCOUNT, 2**63, bytes([number]) * 32, b"raw %d" % number, 2**70, Fees(2**80, 2**65), 1_000)
    return replace(made, **changed)


@pytest.fixture(params=["memory", "sqlite", "node on sqlite", "node on postgresql"])
def store(request, tmp_path):
    if request.param == "memory":
        yield MemoryTransactionStore()
    elif request.param in {"node on sqlite", "node on postgresql"}:
        make_address = request.getfixturevalue("make_address")
        opening = opened(make_address(request.param.removeprefix("node on ")), revision=None)
        database = do(opening.__aenter__())
        yield do(DatabaseTransactionStore.opened(database, CHAIN, CONTRACT))
        do(opening.__aexit__(None, None, None))
    else:
        with SqliteTransactionStore(tmp_path / "sending.db", CHAIN, CONTRACT) as in_a_file:
            yield in_a_file


LOOPS = []


@pytest.fixture(autouse=True, scope="module")
def _one_loop():
    with asyncio.Runner() as loop:
        LOOPS.append(loop)
        yield


def do(coroutine):
    return LOOPS[-1].run(coroutine)


def leased(store, holder="one", *, account=ACCOUNT, now=100.0, seconds=30.0):
    return do(store.lease(account, holder, now=now, seconds=seconds))


def test_calls_come_back_in_their_order_and_once(store):
    calls = [call(number) for number in (3, 1, 2)]
    for each in [*calls, calls[0]]:
        do(store.add(each))
    found = do(store.open_calls())
    assert [each.call for each in found] == calls
    assert [each.progress.state for each in found] == [CallState.BATCHED] * 3
    assert do(store.find(calls[1].id)) == found[1]
    assert do(store.find(bytes(32))) is None


@pytest.mark.threat(95)
def test_a_transaction_is_kept_with_all_that_it_takes_to_send_it_again(store):
    of = call()
    do(store.add(of))
    lease = leased(store)
    first, second = attempt(of), attempt(of, 2, fees=Fees(2**81, 2**66))
    progress = replace(do(store.find(of.id)).progress, state=CallState.SENT, transaction=second.hash, problem="a.b")
    do(store.save(lease, attempts=[first, second], progress=[progress]))
    do(store.save(lease, sent=[second.hash]))
    found = do(store.find(of.id))
    assert found.attempts == (first, replace(second, sent=True))
    assert found.progress == progress
    do(store.add(of))
    assert do(store.find(of.id)) == found, "the same call once more changes nothing"


def test_what_is_settled_is_open_no_more_but_can_be_found(store):
    of = call()
    do(store.add(of))
    done = replace(do(store.find(of.id)).progress, state=CallState.FINALIZED, block=7)
    do(store.save(leased(store), progress=[done], anchored_until=500))
    assert do(store.open_calls()) == ()
    assert do(store.find(of.id)).progress == done
    do(store.save(leased(store), anchored_until=400))
    assert do(store.anchored_until()) == 500


@pytest.mark.threat(93)
def test_one_process_at_a_time_has_an_account(store):
    assert leased(store) is not None
    assert leased(store, "two") is None
    assert leased(store, "two", account=OTHER) is not None
    assert leased(store, now=125.0) is not None, "held on to"
    assert leased(store, "two", now=154.9) is None
    assert leased(store, "two", now=155.0) is not None


@pytest.mark.threat(98)
def test_a_lease_of_a_clock_that_was_years_ahead_holds_nobody_up(store):
    leased(store, now=10.0**9)
    assert leased(store, "two", now=100.0) is not None


@pytest.mark.threat(93)
def test_whoever_was_overtaken_stores_nothing(store):
    of = call()
    do(store.add(of))
    before = leased(store)
    taken_over = leased(store, "two", now=200.0)
    progress = replace(do(store.find(of.id)).progress, state=CallState.SENT)
    with pytest.raises(LeaseLostError):
        do(store.save(before, attempts=[attempt(of)], progress=[progress], anchored_until=9))
    assert do(store.find(of.id)).attempts == ()
    assert do(store.find(of.id)).progress.state is CallState.BATCHED
    assert do(store.anchored_until()) == 0
    do(store.save(taken_over, attempts=[attempt(of)]))
    assert leased(store, now=300.0) != before, "and is another one when it is its turn again"


def test_calls_under_way_are_bounded(store, monkeypatch):
    for module in (store_module, transaction_store, transaction_rows):
        monkeypatch.setattr(module, "MAX_OPEN", 2)
    for number in (1, 2, 2):
        do(store.add(call(number)))
    with pytest.raises(TransactionError) as caught:
        do(store.add(call(3)))
    assert caught.value.code == "transaction.full"


def test_a_file_outlives_its_process_and_belongs_to_one_contract(tmp_path):
    path, of = tmp_path / "sending.db", call()
    with SqliteTransactionStore(path, CHAIN, CONTRACT) as store:
        do(store.add(of))
        do(store.save(leased(store), attempts=[attempt(of)], anchored_until=77))
    with SqliteTransactionStore(path, CHAIN, CONTRACT) as store:
        assert do(store.find(of.id)).attempts == (attempt(of),)
        assert do(store.anchored_until()) == 77
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for chain, contract in (
        (replace(CHAIN, id=1), CONTRACT),
        (replace(CHAIN, genesis=bytes(32)), CONTRACT),
        (CHAIN, replace(CONTRACT, address=bytes(20))),
        (CHAIN, replace(CONTRACT, code_hash=bytes(32))),
    ):
        with pytest.raises(TransactionError) as caught:
            SqliteTransactionStore(path, chain, contract)
        assert caught.value.code == "transaction.other_chain"


@pytest.mark.threat(95)
def test_the_file_is_written_through_to_the_disk(tmp_path):
    with SqliteTransactionStore(tmp_path / "sending.db", CHAIN, CONTRACT) as store:
        (synchronous,) = store._database.execute("PRAGMA synchronous").fetchone()
        (journal,) = store._database.execute("PRAGMA journal_mode").fetchone()
    full = 2
    assert synchronous >= full
    assert journal == "truncate", "a journal of its own file: nothing to be folded in later"


def test_what_is_no_store_is_told(tmp_path):
    damaged, folder = tmp_path / "damaged.db", tmp_path / "folder.db"
    damaged.write_bytes(os.urandom(5000))
    folder.mkdir()
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE site (layout INTEGER)")
    database.close()
    for path in (damaged, folder, other, tmp_path / "absent" / "x.db"):
        with pytest.raises(TransactionError) as caught:
            SqliteTransactionStore(path, CHAIN, CONTRACT)
        assert caught.value.code == "transaction.store"


def test_a_call_that_cannot_be_read_again_is_told(tmp_path):
    with SqliteTransactionStore(tmp_path / "sending.db", CHAIN, CONTRACT) as store:
        do(store.add(call()))
        store._database.execute("UPDATE calls SET call = x'00'")
        with pytest.raises(TransactionError) as caught:
            do(store.open_calls())
    assert caught.value.code == "transaction.store"


def test_a_transaction_that_cannot_be_written_leaves_the_store_usable(tmp_path):
    of = call()
    with SqliteTransactionStore(tmp_path / "sending.db", CHAIN, CONTRACT) as store:
        do(store.add(of))
        lease = leased(store)
        do(store.save(lease, attempts=[attempt(of)]))
        with pytest.raises(TransactionError):
            do(store.save(lease, attempts=[attempt(of, 2), attempt(of)]))
        assert do(store.find(of.id)).attempts == (attempt(of),), "whole or not at all"
        do(store.save(lease, sent=[attempt(of).hash]))
        assert do(store.find(of.id)).attempts[0].sent


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_the_nodes_database_keeps_contracts_apart_and_refuses_another_chain_of_the_same_number(make_address, engine):
    of, address = call(), make_address(engine)

    async def story():
        async with opened(address, revision=None) as database:
            store = await DatabaseTransactionStore.opened(database, CHAIN, CONTRACT)
            await store.add(of)
            other = replace(CONTRACT, address=bytes(20))
            apart = await DatabaseTransactionStore.opened(database, CHAIN, other)
            assert await apart.find(of.id) is None
            for chain, contract in (
                (replace(CHAIN, genesis=bytes(32)), CONTRACT),
                (CHAIN, replace(CONTRACT, code_hash=bytes(32))),
            ):
                with pytest.raises(TransactionError) as caught:
                    await DatabaseTransactionStore.opened(database, chain, contract)
                assert caught.value.code == "transaction.other_chain"
        async with opened(address) as database:
            store = await DatabaseTransactionStore.opened(database, CHAIN, CONTRACT)
            assert (await store.find(of.id)).call == of

    do(story())
