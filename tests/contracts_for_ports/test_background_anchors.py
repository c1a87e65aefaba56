"""Anchoring in the background, on both engines and an embedded chain: what is wanted gets a final receipt, once."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import store_samples as samples
import work_support as support
from work_support import FORM, LIST, A, now

from anchoring.devchain.opening import opened as opened_chain
from anchoring.facts import AnchorOf, HeadOf, StatusHead
from anchoring.header import Header
from anchoring.heads import digest_of, list_id
from anchoring.ledger import Anchor
from anchoring.receipt import Site, State, anchor_shown_by
from node.adapters.chain_access import EMBEDDED, ChainAccess
from node.adapters.chain_sites import NodeChains, VaultAuthorities
from node.credentials.record_name import RecordName
from node.issuance.background.batches import receipt_of
from node.issuance.errors import NotIssuableError
from node.issuance.reconciling import Reconciling
from node.ports.anchor_rows import BatchState
from node.ports.api_keys import Caller
from node.ports.errors import ConflictError, RuleError
from node.ports.organisations import ChainRecord
from node.ports.vault import KeyPurpose
from node.ports.work import open_namespace, publish_list
from node.verification.chains import ChainKind, TrustedChain
from node.verification.receipt_subject import subject_of
from node.verification.trust import NO_TRUST

pytestmark = pytest.mark.peer


@pytest.fixture
def vault(database, runner):
    return runner.run(samples.make_vault(database))


@asynccontextmanager
async def embedded(folder, *, at_once=True):
    """A chain of this process, and the door to it."""
    async with opened_chain(folder, at_once=at_once) as chain:
        known = TrustedChain(EMBEDDED, chain.chain, ChainKind.LOCAL, chain.contract)
        access = ChainAccess(known, chain, [chain.connect], chain.gas_account, 0.02)

        async def opening():
            return access

        yield chain, opening


@pytest.fixture
def chain(tmp_path, runner):
    opening = embedded(tmp_path / "chain")
    yield runner.run(opening.__aenter__())
    runner.run(opening.__aexit__(None, None, None))


@asynccontextmanager
async def at_work(database, store, vault, opening, **more):
    clock = more.get("now", now)
    chains = NodeChains(database, store, vault, [opening], now=lambda: clock().timestamp())
    async with support.working(store, vault, chains=chains, authorities=VaultAuthorities(vault), **more) as work:
        yield work


async def begin(store, vault, chain, awards=3, **profile):
    """An organisation with credentials, and a namespace that is about to be opened."""
    await support.add_issuer(store, vault, **profile)
    await support.add_awards(store, awards)
    name, opening = await support.add_namespace(store, vault, chain.chain.id, chain.contract.address)
    founding = (opening.authority, opening.recovery, opening.salt)
    await store.change(A, lambda unit: unit.outbox.add([open_namespace(name, *founding, now())]))
    return name


async def receipts(store, leaves):
    async with store.view(A) as view:
        return [await receipt_of(view, leaf.award, leaf.form) for leaf in leaves]


async def all_final(store, leaves):
    return all(each is not None and each.state is State.FINAL for each in await receipts(store, leaves))


async def shown(chain, namespace, leaves, found):
    """Each receipt shows its commitment anchored, to whoever trusts the chain's blocks."""
    name = RecordName.parse(namespace)
    site = Site(name.chain_id, name.contract, name.namespace)
    for leaf, receipt in zip(leaves, found, strict=True):
        block = await _block_of(chain, receipt.progress.proof)
        assert anchor_shown_by(receipt, leaf.commitment, site=site, block=block, contract=chain.contract)


async def _block_of(chain, proof):
    return await chain.block(Header.parse(proof.header).number)


@pytest.mark.threat(95)
async def test_what_is_wanted_gets_final_receipts_that_anybody_can_check(store, vault, database, chain):
    chain, opening = chain
    namespace = await begin(store, vault, chain)
    leaves = await support.want(store, namespace, [1, 2, 3])
    assert await receipts(store, leaves) == [None] * 3
    async with at_work(database, store, vault, opening):
        await support.until(lambda: all_final(store, leaves))
        await support.until(lambda: support.idle(store))
    found = await receipts(store, leaves)
    await shown(chain, namespace, leaves, found)
    assert [each.subject for each in found] == [subject_of(f"urn:{A}:{number}", FORM) for number in (1, 2, 3)]
    async with store.view(A) as view:
        (leaf, *_) = [await view.anchors.leaf(leaf.award, leaf.form) for leaf in leaves]
        batch = await view.anchors.batch(leaf.batch)
    assert (batch.state, batch.secret) == (BatchState.FINAL, None)


async def test_more_than_a_batch_holds_goes_into_several(store, vault, database, chain):
    chain, opening = chain
    namespace = await begin(store, vault, chain, awards=5)
    leaves = await support.want(store, namespace, range(1, 6))
    async with at_work(database, store, vault, opening, batch_leaves=2):
        await support.until(lambda: all_final(store, leaves))
    found = await receipts(store, leaves)
    assert len({each.place.root for each in found}) == 3
    await shown(chain, namespace, leaves, found)


async def test_batches_come_by_the_clock_where_that_is_set(store, vault, database, chain):
    chain, opening = chain
    namespace = await begin(store, vault, chain, awards=5)
    async with at_work(database, store, vault, opening, anchor_every=timedelta(seconds=3)) as work:
        leaves = []
        for number in range(1, 6):
            leaves += await support.want(store, namespace, [number])
            work.wake()
            await asyncio.sleep(0.15)
        await support.until(lambda: all_final(store, leaves))
    assert len({each.place.root for each in await receipts(store, leaves)}) <= 2
    async with store.view(A) as view:
        assert await view.outbox.dead() == ()


@pytest.mark.threat(93)
async def test_while_the_chain_stands_still_issuing_goes_on_and_nothing_is_final(store, vault, database, tmp_path):
    async with embedded(tmp_path / "halted", at_once=False) as (chain, opening):
        namespace = await begin(store, vault, chain)
        async with at_work(database, store, vault, opening):
            leaves = await support.want(store, namespace, [1])
            await support.until(lambda: _pending(store, leaves))
            leaves += await support.want(store, namespace, [2, 3])
            await support.until(lambda: _pending(store, leaves))
            assert not await all_final(store, leaves)

            async def mined():
                await chain.mine()
                return await all_final(store, leaves)

            await support.until(mined)
    found = await receipts(store, leaves)
    assert all(each.state is State.FINAL for each in found)


async def _pending(store, leaves):
    return all(each is not None and each.state is State.PENDING for each in await receipts(store, leaves))


@pytest.mark.threat(93)
async def test_a_call_that_came_too_late_is_authorised_anew_for_the_same_root(store, vault, database, tmp_path):
    later = [timedelta()]

    def clock():
        return now() + later[0]

    async with opened_chain(tmp_path / "slow", clock=lambda: clock().timestamp(), at_once=False) as chain:
        known = TrustedChain(EMBEDDED, chain.chain, ChainKind.LOCAL, chain.contract)
        access = ChainAccess(known, chain, [chain.connect], None, 0.02)

        async def opening():
            return access

        namespace = await begin(store, vault, chain)
        private = support.secp256k1()
        account = support.address_of(private)
        await vault.take(A, "gas", KeyPurpose.GAS, private, samples.NOW)
        record = ChainRecord(f"eip155:{chain.chain.id}:0x{account.hex()}", samples.NOW, "gas")
        await store.change(A, lambda unit: unit.identities.add_gas_account(record))
        leaves = await support.want(store, namespace, [1])
        async with at_work(database, store, vault, opening, now=clock):
            await support.until(lambda: _pending(store, leaves))  # nobody can pay yet
            (before,) = await receipts(store, leaves)
            first = await _call(store, leaves)
            later[0] = timedelta(seconds=4000)
            await chain.mine()
            await support.until(lambda: _another_call(store, leaves, first))
            await chain.fund(account, 10**18)

            async def mined():
                await chain.mine()
                return await all_final(store, leaves)

            await support.until(mined)
    (after,) = await receipts(store, leaves)
    assert after.place == before.place


async def _call(store, leaves):
    async with store.view(A) as view:
        leaf = await view.anchors.leaf(leaves[0].award, leaves[0].form)
        return (await view.anchors.batch(leaf.batch)).call


async def _another_call(store, leaves, first):
    return await _call(store, leaves) != first


@pytest.mark.threat(48)
async def test_the_head_of_a_list_follows_each_version_with_a_higher_number(store, vault, database, chain):
    chain, opening = chain
    name, opens = None, None
    await samples.add_organisation(store)
    name, opens = await support.add_namespace(store, vault, chain.chain.id, chain.contract.address)
    await support.add_issuer(store, vault, options={"heads": name}, organisation=False)
    (place,) = await support.add_awards(store, 1)
    founding = (opens.authority, opens.recovery, opens.salt)
    orders = [open_namespace(name, *founding, now()), publish_list(LIST, now())]
    await store.change(A, lambda unit: unit.outbox.add(orders))
    question = HeadOf(RecordName.parse(name).namespace, list_id(support.URL))

    async def head():
        fact = await chain.answer(question, await chain.final_block())
        return fact if isinstance(fact, StatusHead) else None

    async def stands():
        found, document = await head(), await support.published(store)
        return found is not None and document is not None and found.digest == digest_of(document)

    async with at_work(database, store, vault, opening) as work:
        await support.until(stands)
        first = await head()

        async def revoke(unit):
            await unit.status.set_value(LIST, place, 1, now(), "by mistake")
            await unit.outbox.add([publish_list(LIST, now())])

        await store.change(A, revoke)
        after = now()
        work.wake()
        assert await work.published(LIST, after)
        await support.until(stands)
        await support.until(lambda: support.idle(store))
    assert (await head()).version > first.version


@pytest.mark.threat(48)
async def test_a_restored_list_takes_over_no_other_version_than_its_head_names(store, vault, database, chain):
    chain, opening = chain
    await samples.add_organisation(store)
    name, opens = await support.add_namespace(store, vault, chain.chain.id, chain.contract.address)
    await support.add_issuer(store, vault, options={"heads": name}, organisation=False)
    (place,) = await support.add_awards(store, 1)
    publisher = support.publisher(store, vault)
    older = (await publisher.publish(A, LIST)).document
    await store.change(A, lambda unit: unit.status.set_value(LIST, place, 1, now(), "by mistake"))
    newer = (await publisher.publish(A, LIST)).document
    founding = (opens.authority, opens.recovery, opens.salt)
    await store.change(A, lambda unit: unit.outbox.add([open_namespace(name, *founding, now())]))
    async with at_work(database, store, vault, opening):
        await support.until(lambda: support.idle(store))
    await database.transact(support.put_back)
    chains = NodeChains(database, store, vault, [opening])
    desk = Reconciling(store, vault, NO_TRUST, now, chains)
    caller = Caller(A, "key", frozenset())
    with pytest.raises(NotIssuableError) as refused:
        await desk.reconcile(caller, LIST, [older])
    assert refused.value.code == "issuance.copy"
    with pytest.raises(RuleError) as blind:
        await Reconciling(store, vault, NO_TRUST, now).reconcile(caller, LIST, [newer])
    assert blind.value.code == "status.head"
    assert await desk.reconcile(caller, LIST, [older, newer]) == 1


async def test_the_signed_end_of_the_log_goes_along(store, vault, database, chain):
    chain, opening = chain
    namespace = await begin(store, vault, chain)
    await store.change(A, support.note_something)
    await store.change(A, lambda unit: unit.outbox.add([support.sign_log()]))

    async def heads():
        async with store.view(A) as view:
            return await view.audit.signed_heads()

    async def final():
        found = [support.read_receipt(each.receipt) for each in await heads() if each.receipt]
        return bool(found) and all(each.state is State.FINAL for each in found)

    async with at_work(database, store, vault, opening):
        await support.until(final)
    (head,) = await heads()
    receipt = support.read_receipt(head.receipt)
    name = RecordName.parse(namespace)
    block = await _block_of(chain, receipt.progress.proof)
    site = Site(name.chain_id, name.contract, name.namespace)
    commitment = support.commitment_to(head)
    assert anchor_shown_by(receipt, commitment, site=site, block=block, contract=chain.contract)
    assert receipt.subject == support.subject_of_head(A, head.number)


async def test_a_batch_whose_learners_were_all_erased_is_not_anchored(store, vault, database, chain):
    chain, opening = chain
    namespace = await begin(store, vault, chain)
    leaves = await support.want(store, namespace, [1, 2])
    batch = support.new_batch(namespace)
    await store.change(A, lambda unit: unit.anchors.open(batch, limit=10))
    await store.change(A, lambda unit: unit.awards.erase([leaf.award for leaf in leaves]))
    async with at_work(database, store, vault, opening):
        await support.until(lambda: support.idle(store))
    async with store.view(A) as view:
        assert (await view.anchors.batch(batch.id)).state is BatchState.REFUSED


async def test_a_chain_that_the_node_does_not_write_to_is_told_of(store, vault, database, chain):
    chain, opening = chain
    await support.add_issuer(store, vault)
    await support.add_awards(store, 1)
    namespace, _ = await support.add_namespace(store, vault, 1, bytes(20))
    await support.want(store, namespace, [1])
    async with at_work(database, store, vault, opening):
        await support.until(lambda: support.idle(store))
    async with store.view(A) as view:
        assert [each.problem.split(":")[0] for each in await view.outbox.dead()] == ["work.chain"]


@pytest.mark.threat(98)
async def test_nothing_is_signed_by_a_clock_behind_a_final_block(store, vault, database, chain):
    """What stands on the chain is of a later time than this machine."""
    chain, opening = chain
    namespace = await begin(store, vault, chain)
    leaves = await support.want(store, namespace, [1])
    async with at_work(database, store, vault, opening):
        await support.until(lambda: all_final(store, leaves))
    leaves = await support.want(store, namespace, [2])
    behind = timedelta(hours=1)
    for task in await _waiting(store):
        assert task.kind == "anchor.batch"
    async with at_work(database, store, vault, opening, now=lambda: now() - behind):
        await store.change(A, lambda unit: unit.outbox.add([support.anchor_batch(namespace, now() - behind)]))
        await support.until(lambda: _problem(store, "clock.behind"))
    assert await receipts(store, leaves) == [None]


async def _waiting(store):
    async with store.view(A) as view:
        return await view.outbox.waiting()


async def _problem(store, code):
    return any((task.problem or "").startswith(code) for task in await _waiting(store))


async def test_of_two_nodes_on_one_database_each_root_is_anchored_once(vault, store, database, chain):
    chain, opening = chain
    namespace = await begin(store, vault, chain, awards=6)
    async with at_work(database, store, vault, opening), at_work(database, store, vault, opening):
        leaves = []
        for number in range(1, 7):
            leaves += await support.want(store, namespace, [number])
            await asyncio.sleep(0.03)
        await support.until(lambda: all_final(store, leaves))
        await support.until(lambda: support.idle(store), 120)
    await shown(chain, namespace, leaves, await receipts(store, leaves))
    name = RecordName.parse(namespace)
    async with store.view(A) as view:
        rows = [await view.anchors.leaf(leaf.award, leaf.form) for leaf in leaves]
        batches = {row.batch: await view.anchors.batch(row.batch) for row in rows}
    for batch in batches.values():
        question = AnchorOf(name.namespace, batch.anchored)
        assert isinstance(await chain.answer(question, await chain.final_block()), Anchor)


async def test_a_call_is_replaced_only_by_who_has_seen_the_one_before(store, vault):
    await support.add_issuer(store, vault)
    await support.add_awards(store, 2)
    namespace, _ = await support.add_namespace(store, vault, 1, bytes(20))
    (leaf, _) = await support.want(store, namespace, [1, 2])
    batch = support.new_batch(namespace)

    async def do(work):
        return await store.change(A, lambda unit: work(unit.anchors))

    assert await do(lambda anchors: anchors.open(batch, limit=1)) == 1
    with pytest.raises(RuleError, match="open"):
        await do(lambda anchors: anchors.authorize(batch.id, b"new", now(), before=b"call"))
    await do(lambda anchors: anchors.keep(batch.id, [replace(leaf, receipt=b"pending")]))
    await do(lambda anchors: anchors.submit(batch.id, bytes(32), b"call", [], now()))
    with pytest.raises(RuleError, match="submitted"):
        await do(lambda anchors: anchors.keep(batch.id, [replace(leaf, receipt=b"another")]))
    with pytest.raises(ConflictError):
        await do(lambda anchors: anchors.authorize(batch.id, b"new", now(), before=b"another"))
    await do(lambda anchors: anchors.authorize(batch.id, b"new", now(), before=b"call"))
    async with store.view(A) as view:
        assert (await view.anchors.batch(batch.id)).call == b"new"
        (kept,) = await view.anchors.leaves(batch.id)
    assert (kept.receipt, kept.credential) == (b"pending", f"urn:{A}:1")


async def test_a_batch_may_be_empty_where_it_is_for_something_else(store, vault):
    await support.add_issuer(store, vault)
    namespace, _ = await support.add_namespace(store, vault, 1, bytes(20))
    one, other = support.new_batch(namespace), support.new_batch(namespace)
    assert await store.change(A, lambda unit: unit.anchors.open(one, limit=1)) == 0
    assert await store.change(A, lambda unit: unit.anchors.open(other, limit=1, empty=True)) == 0
    async with store.view(A) as view:
        assert [batch.id for batch in await view.anchors.unfinished()] == [other.id]
