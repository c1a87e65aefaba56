"""Ordering an operation once, whoever asks again; and following it by the contract's storage."""

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from anchoring_support import CONTRACT

from anchoring.calls import LIFETIME, AuthorizedCall
from anchoring.founding import RecoveryKey, found
from anchoring.ledger import CallState
from anchoring.memory import MemoryLedger
from anchoring.operations import AnchorValue, RotateAuthority, SetHead
from anchoring.receipt import Mined
from anchoring.signing_key import SigningKey
from anchoring.transactions.endpoint import Inclusion
from anchoring.transactions.machine import Round
from anchoring.transactions.store import MemoryTransactionStore
from node.adapters.anchor_batches import SqliteBatchStore
from node.cli.anchor_chain import Followed
from node.issuance.anchor import MARGIN, Desk, anchor_batch, followed, require_authority
from node.issuance.errors import NotAnchorableError

START = 1_800_000_000
AUTHORITY, OTHER = SigningKey(bytes([5]) * 32), SigningKey(bytes([6]) * 32)
OPENING = found(AUTHORITY.address, RecoveryKey(bytes([7]) * 32, bytes(32)))
NAMESPACE = OPENING.namespace


@dataclass
class Orders:
    """A journal in memory."""

    batches: object
    calls: MemoryTransactionStore = field(default_factory=MemoryTransactionStore)
    mine: bool = True

    @contextmanager
    def ordering(self):
        yield

    @contextmanager
    def sending(self):
        yield self.mine


@dataclass
class Sender:
    """Brings calls to a ledger in memory."""

    ledger: MemoryLedger
    calls: MemoryTransactionStore

    async def submit(self, call):
        await self.calls.add(call)
        return await self.ledger.submit(call)

    async def round(self):
        return Round(await self.ledger.advance())


class Scene:
    def __init__(self, folder):
        self.time = START
        self.ledger = MemoryLedger(CONTRACT, clock=lambda: self.time)
        self.orders = Orders(SqliteBatchStore(folder / "batches.sqlite", self.ledger.chain, CONTRACT))
        self.sender = Sender(self.ledger, self.orders.calls)
        self.desk = Desk(self.ledger, self.orders, self.sender, lambda: self.time)

    def do(self, awaitable):
        return asyncio.run(awaitable)

    def finish(self):
        for _ in range(6):
            self.do(self.sender.round())

    def open(self):
        self.do(self.desk.order(OPENING))
        self.finish()
        return self


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    made.orders.batches.__exit__()


VALUE = AnchorValue(NAMESPACE, b"v" * 32)


@pytest.mark.threat(93)
def test_what_is_under_way_is_not_ordered_again(scene):
    scene.open()
    first = scene.do(scene.desk.order(VALUE, AUTHORITY))
    scene.time += 60  # a word given now would have another deadline, and be another call
    assert scene.do(scene.desk.order(VALUE, AUTHORITY)) == first
    scene.finish()
    assert scene.do(scene.desk.order(VALUE, AUTHORITY)) is None


def test_a_word_that_is_nearly_over_is_given_anew(scene):
    scene.open()
    first = scene.do(scene.desk.order(VALUE, AUTHORITY))
    scene.time += LIFETIME - MARGIN - 1
    assert scene.do(scene.desk.order(VALUE, AUTHORITY)) == first
    scene.time += 2
    assert scene.do(scene.desk.order(VALUE, AUTHORITY)) != first


def test_a_successors_word_of_another_time_is_the_same_order(scene):
    from anchoring.calls import accepted  # noqa: PLC0415 - here alone

    def rotation():
        where = {"chain_id": scene.ledger.chain.id, "contract": CONTRACT.address}
        consent = scene.do(accepted(NAMESPACE, OTHER, **where, deadline=scene.time + LIFETIME))
        return RotateAuthority(NAMESPACE, 1, OTHER.address, consent)

    scene.open()
    first = scene.do(scene.desk.order(rotation(), AUTHORITY))
    scene.time += 60
    assert scene.do(scene.desk.order(rotation(), AUTHORITY)) == first


def test_what_has_something_else_in_its_place_is_refused(scene):
    scene.open()
    head = SetHead(NAMESPACE, b"l" * 32, b"d" * 32, 2, START + 9_000_000)
    scene.do(scene.desk.order(head, AUTHORITY))
    scene.finish()
    with pytest.raises(NotAnchorableError) as caught:
        scene.do(scene.desk.order(replace(head, version=1), AUTHORITY))
    assert caught.value.code == "anchoring.overtaken"


def test_what_takes_a_word_is_not_ordered_without(scene):
    with pytest.raises(NotAnchorableError) as caught:
        scene.do(scene.desk.order(VALUE))
    assert caught.value.code == "anchoring.authority"


def test_only_the_present_authority_writes(scene):
    assert scene.do(require_authority(scene.desk, NAMESPACE, OTHER)) is None  # not open yet: nobody can tell
    scene.open()
    assert scene.do(require_authority(scene.desk, NAMESPACE, AUTHORITY)).era == 0
    with pytest.raises(NotAnchorableError):
        scene.do(require_authority(scene.desk, NAMESPACE, OTHER))


def test_a_batch_opens_its_namespace_first_and_is_proven_once_it_is_final(scene):
    batch = scene.orders.batches.seal(NAMESPACE, [b"c" * 32], now=START).batch
    ids = scene.do(anchor_batch(scene.desk, batch, AUTHORITY, OPENING))
    assert len(ids) == 2
    assert scene.do(scene.desk.prove_batches([batch])) == ()
    scene.finish()
    (proven,) = scene.do(scene.desk.prove_batches([batch]))
    assert proven.final
    assert scene.orders.batches.batches(unfinished=True) == ()
    assert scene.do(anchor_batch(scene.desk, batch, AUTHORITY, OPENING)) == ()


def test_who_does_not_send_tells_what_the_journal_knows(scene):
    scene.open()
    call_id = scene.do(scene.desk.order(VALUE, AUTHORITY))
    scene.orders.mine = False
    told = scene.do(scene.desk.follow([call_id]))
    assert (told.elsewhere, [call.state for call in told.calls]) == (True, [CallState.BATCHED])


def test_following_ends_where_it_should(scene):
    scene.open()
    call_id = scene.do(scene.desk.order(VALUE, AUTHORITY))

    async def told(until):
        async def pause():
            pass

        return [each async for each in followed(scene.desk, [call_id], until, pause)]

    rounds = scene.do(told(CallState.FINALIZED))
    assert rounds[-1].calls[0].state is CallState.FINALIZED
    assert len(rounds) > 1
    assert Followed(()).reached(CallState.FINALIZED)


def test_the_block_of_a_transaction_is_a_nodes_word_and_noted_as_such(scene):
    batch = scene.orders.batches.seal(NAMESPACE, [b"c" * 32], now=START).batch
    scene.open()
    (call_id,) = scene.do(anchor_batch(scene.desk, batch, AUTHORITY, None))
    (call,) = scene.do(scene.desk.follow([call_id])).calls
    mined = replace(call, state=CallState.MINED, transaction=b"t" * 32)

    async def look(_transaction, place=Inclusion(7, b"h" * 32, succeeded=True)):  # noqa: B008 - a value
        return place

    async def failed(_transaction):
        return Inclusion(7, b"h" * 32, succeeded=False)

    assert scene.do(scene.desk.note_mined(batch, mined, failed)) == batch
    assert scene.do(scene.desk.note_mined(batch, replace(mined, state=CallState.SENT), look)) == batch
    assert scene.do(scene.desk.note_mined(batch, mined, look)).progress == Mined(7, b"h" * 32)
    assert AuthorizedCall(OPENING).expires is None
