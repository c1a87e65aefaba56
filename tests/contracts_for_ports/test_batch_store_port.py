"""Stores of batches: what was taken up lies there whole, once, and leads to the same receipts for ever."""

import multiprocessing
import sqlite3
from dataclasses import replace

import pytest
from anchoring_support import CONTRACT
from ledger_support import CHAIN, NAMESPACE, STRANGE, Record

from anchoring.checkpoint import Chain
from anchoring.errors import TransactionError
from anchoring.merkle import leaf_hash, root_from_path
from anchoring.receipt import Finality, Mined
from node.adapters.anchor_batches import SqliteBatchStore
from node.issuance.anchor_batches import Receipts
from node.issuance.anchorable import Anchorable

DOCUMENTS = [Anchorable(bytes([number]) * 32, b"form urn:%d" % number) for number in range(1, 9)]
VALUES = [each.commitment for each in DOCUMENTS]
MANY = [number.to_bytes(32) for number in range(1, 4000)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "batches.sqlite"


def _store(path, chain=CHAIN, contract=CONTRACT):
    return SqliteBatchStore(path, chain, contract)


def _receipts(store):
    return Receipts(store, CHAIN.id, CONTRACT)


def test_what_is_in_a_batch_is_in_no_other(path):
    with _store(path) as store:
        first = store.seal(NAMESPACE, VALUES[:3], now=5)
        assert (first.batch.documents, first.before) == (3, 0)
        again = store.seal(NAMESPACE, [VALUES[0], VALUES[3], VALUES[3]], now=6)
        assert (again.batch.documents, again.before) == (1, 1)
        nothing = store.seal(NAMESPACE, VALUES[:4], now=7)
        assert (nothing.batch, nothing.before) == (None, 4)
        elsewhere = store.seal(STRANGE, VALUES[:1], now=8)
        assert elsewhere.batch.documents == 1
        assert [batch.documents for batch in store.batches(NAMESPACE)] == [3, 1]
        assert store.batch_of(NAMESPACE, VALUES[1]) == first.batch
        assert store.batch_of(STRANGE, VALUES[1]) is None


def test_receipts_are_the_same_whenever_they_are_made(path):
    with _store(path) as store:
        sealed = store.seal(NAMESPACE, VALUES[:5], now=5).batch
        receipts = [_receipts(store).of(NAMESPACE, each) for each in DOCUMENTS[:5]]
    with _store(path) as store:
        again = [_receipts(store).of(NAMESPACE, each) for each in DOCUMENTS[:5]]
        assert _receipts(store).of(NAMESPACE, DOCUMENTS[5]) is None
    assert receipts == again
    for receipt, document in zip(receipts, DOCUMENTS, strict=False):
        assert receipt.question == sealed.question
        assert receipt.subject == document.subject
        place = receipt.place
        leaf = leaf_hash(place.salt, document.commitment)
        assert root_from_path(leaf, place.index, place.size, place.path) == place.root
    assert len({receipt.place.salt for receipt in receipts}) == 5


def test_how_far_an_anchor_has_come(path):
    record = Record()
    with _store(path) as store:
        batch = store.seal(NAMESPACE, VALUES[:2], now=5).batch
        receipt = _receipts(store).of(NAMESPACE, DOCUMENTS[0])
        tree = store.content(batch.number).tree
        record.anchor(tree)
        store.record(batch.number, Mined(7, b"h" * 32))
        assert store.batches(unfinished=True) == (replace(batch, progress=Mined(7, b"h" * 32)),)
        final = record.final(receipt).progress
        store.record(batch.number, final)
        store.record(batch.number, Mined(8, b"i" * 32))
    with _store(path) as store:
        (found,) = store.batches()
        assert (found.progress, found.final) == (final, True)
        assert store.batches(unfinished=True) == ()
        assert isinstance(_receipts(store).of(NAMESPACE, DOCUMENTS[0]).progress, Finality)


@pytest.mark.parametrize(
    ("chain", "contract"),
    [
        (Chain(2, CHAIN.genesis), CONTRACT),
        (Chain(CHAIN.id, bytes(32)), CONTRACT),
        (CHAIN, replace(CONTRACT, address=bytes(20))),
    ],
)
def test_a_file_of_another_contract_or_chain_is_refused(path, chain, contract):
    _store(path).__exit__()
    with pytest.raises(TransactionError) as caught:
        _store(path, chain, contract)
    assert caught.value.code == "transaction.other_chain"


def test_a_file_that_is_none_and_one_that_was_changed(path):
    path.write_bytes(b"no database of any kind" * 100)
    with pytest.raises(TransactionError) as caught:
        _store(path)
    assert caught.value.code == "transaction.store"
    path.unlink()
    with _store(path) as store:
        number = store.seal(NAMESPACE, VALUES[:2], now=5).batch.number
    with sqlite3.connect(path) as database:
        database.execute("UPDATE batches SET final = x'00' WHERE number = ?", [number])
    database.close()
    with _store(path) as store, pytest.raises(TransactionError):
        store.batches()


def test_the_file_is_for_its_owner_alone(path):
    _store(path).__exit__()
    assert path.stat().st_mode & 0o777 == 0o600


def _seal(path, ready, done):
    with _store(path) as store:
        ready.wait()
        sealed = store.seal(NAMESPACE, MANY, now=5)
        done.put((0 if sealed.batch is None else sealed.batch.documents, sealed.before))


@pytest.mark.threat(95)
def test_of_processes_that_take_the_same_up_at_once_one_does(path):
    _store(path).__exit__()
    context = multiprocessing.get_context("fork")
    ready, done = context.Barrier(4), context.Queue()
    processes = [context.Process(target=_seal, args=(path, ready, done)) for _ in range(4)]
    for process in processes:
        process.start()
    told = sorted(done.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()
    assert told == [(0, len(MANY))] * 3 + [(len(MANY), 0)]
    with _store(path) as store:
        assert len(store.batches()) == 1
