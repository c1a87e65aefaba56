"""Conversations over DIDComm in the store, on both engines: relations, threads, letters, requests, and a mediator's."""

from dataclasses import replace
from datetime import timedelta

import pytest
import store_samples as samples
from store_samples import HOUR, NOW, A, B

from did_methods.multikey import KeyType, PrivateKey
from node.ports import threads as port
from node.ports.errors import AbsentError, ConflictError, RuleError, StoreError
from node.ports.threads import Letter, RequestState
from node.ports.vault import KeyPurpose
from node.ports.work import go_on_with

OURS = "did:example:org-a:1"
PHONE = "did:example:phone-of-org-a"


@pytest.fixture
def kept(store, runner):
    async def fill():
        await samples.add_organisation(store, A)
        await store.change(A, samples.add_conversations)
        return store

    return runner.run(fill())


def letter(number, **changed):
    return replace(Letter(f"letter-{number}", OURS, b"{}", NOW + timedelta(seconds=number), NOW + HOUR), **changed)


async def test_a_relation_is_found_by_its_identifier_and_its_invitation(store):
    await samples.add_organisation(store, A)
    relation = samples.relation(A, theirs=None)
    await store.change(A, lambda unit: unit.threads.invite(relation, about="award"))
    async with store.view(A) as view:
        assert await view.threads.relation(OURS) == relation
        assert await view.threads.offered("award") == (relation,)
        assert await view.threads.offered("another") == ()
    async with store.node_view() as node:
        assert await node.mail.owner(["did:example:nobody", OURS]) == (A, OURS)
        assert await node.mail.owner(["did:example:nobody"]) is None
        assert await node.mail.invitation(relation.short) == (A, relation)
        assert await node.mail.invitation("guessed") is None
    later = NOW + HOUR
    await store.change(A, lambda unit: unit.threads.take_up(OURS, "did:example:phone", later))
    async with store.view(A) as view:
        assert await view.threads.relation(OURS) == replace(relation, theirs="did:example:phone", heard_at=later)
    with pytest.raises(AbsentError):
        await store.change(A, lambda unit: unit.threads.take_up("did:example:nobody", "did:example:phone", later))


async def test_one_identifier_and_one_short_address_are_one_relations_of_all(kept):
    await samples.add_organisation(kept, B)
    for same in ({"ours": OURS}, {"short": "org-a-short-1"}):
        other = samples.relation(B, 2, **same)
        with pytest.raises(StoreError) as told:
            await kept.change(B, lambda unit, other=other: unit.threads.invite(other))
        assert isinstance(told.value, ConflictError)


async def test_a_thread_is_kept_as_it_is_now_and_bounded(kept, monkeypatch):
    monkeypatch.setattr("node.adapters.database.thread_rows.MAX_THREADS", 2)
    thread = samples.kept_thread(A, state="done", final=True, document=b"more", changed_at=NOW + HOUR)
    await kept.change(A, lambda unit: unit.threads.keep(thread))
    async with kept.view(A) as view:
        assert await view.threads.thread(thread.key) == thread
        assert await view.threads.thread("another") is None
    second = samples.kept_thread(A, 2)
    await kept.change(A, lambda unit: unit.threads.keep(second))
    async with kept.view(A) as view:
        assert await view.threads.threads_of(OURS) == (thread, second)
    with pytest.raises(RuleError, match="2 threads"):
        await kept.change(A, lambda unit: unit.threads.keep(samples.kept_thread(A, 3)))
    await kept.change(A, lambda unit: unit.threads.keep(replace(second, state="later")))  # what is there goes on


async def test_letters_wait_in_order_once_and_as_long_as_there_is_room(kept, monkeypatch):
    monkeypatch.setattr("node.adapters.database.thread_rows.MAX_LETTERS", 3)
    assert await kept.change(A, lambda unit: unit.threads.post([letter(2), letter(1), letter(3)])) == 2
    assert await kept.change(A, lambda unit: unit.threads.post([letter(1)])) == 0
    async with kept.view(A) as view:
        assert [each.id for each in await view.threads.letters(OURS)] == ["org-a-letter", "letter-1", "letter-2"]
        assert [each.id for each in await view.threads.letters(OURS, limit=1)] == ["org-a-letter"]
    async with kept.node_view() as node:
        assert await node.mail.with_mail([OURS, "did:example:nobody"]) == {OURS}
    await kept.change(A, lambda unit: unit.threads.sent(["org-a-letter", "letter-1", "letter-2"]))
    async with kept.node_view() as node:
        assert await node.mail.with_mail([OURS]) == frozenset()
        assert await node.mail.with_mail([OURS], live=[OURS]) == {OURS}


async def test_a_request_that_has_its_verdict_keeps_it(kept):
    report, later = {"verdict": "accepted"}, NOW + HOUR
    await kept.change(A, lambda unit: unit.threads.progress("org-a-request", RequestState.REQUESTED, NOW))
    await kept.change(
        A, lambda unit: unit.threads.progress("org-a-request", RequestState.ACCEPTED, later, report=report)
    )
    await kept.change(A, lambda unit: unit.threads.progress("org-a-request", RequestState.ABANDONED, later + HOUR))
    async with kept.view(A) as view:
        found = await view.threads.request("org-a-request")
        assert (found.state, found.report, found.changed_at) == (RequestState.ACCEPTED, report, later)
        assert await view.threads.requests() == (found,)
        assert await view.threads.requests(before="org-a-request") == ()
    with pytest.raises(AbsentError):
        await kept.change(A, lambda unit: unit.threads.progress("another", RequestState.REQUESTED, NOW))


async def test_what_was_told_of_a_credential_is_noted_once(kept):
    handed = samples.handed(A)
    await kept.change(A, lambda unit: unit.threads.hand(replace(handed, credential="another")))
    async with kept.view(A) as view:
        assert await view.threads.handed(handed.award) == (handed,)
        assert await view.threads.handed_in(OURS) == (handed,)
        assert await view.threads.handed_in("did:example:nobody") == ()
        assert await view.threads.to_tell() == (handed,)
        assert await view.threads.to_tell(after=handed.award) == ()
    told = replace(handed, receipt_told=True, status_told="withdrawn")
    await kept.change(A, lambda unit: unit.threads.tell(told))
    async with kept.view(A) as view:
        assert await view.threads.handed(handed.award) == (told,)


async def test_what_is_over_is_forgotten_with_the_key_of_an_invitation_that_nobody_took_up(kept, database):
    vault = await samples.make_vault(database)
    nobodys = samples.relation(A, 2, theirs=None)
    for ours in (OURS, nobodys.ours, f"{nobodys.ours}0"):
        await vault.take(A, f"{ours}#key-1", KeyPurpose.PAIRWISE, PrivateKey.generate(KeyType.X25519), NOW)
    over = samples.kept_thread(A, 2, final=True)
    await kept.change(A, lambda unit: unit.threads.invite(nobodys))
    await kept.change(A, lambda unit: unit.threads.keep(over))
    await kept.change(A, lambda unit: unit.threads.forget(NOW + timedelta(minutes=59)))
    async with kept.view(A) as view:
        assert await view.threads.thread(over.key) == over
        assert await view.threads.letters(OURS)
        assert await view.threads.relation(nobodys.ours) == nobodys
    late = NOW + HOUR + port.KEPT_THREADS
    await kept.change(A, lambda unit: unit.threads.forget(late))
    async with kept.view(A) as view:
        assert await view.threads.thread(over.key) is None
        assert await view.threads.thread("org-a-thread-1") is not None, "what is not over stays"
        assert await view.threads.letters(OURS) == ()
        with pytest.raises(AbsentError):
            await view.threads.relation(nobodys.ours)
    assert await vault.private_key(A, f"{OURS}#key-1", KeyPurpose.PAIRWISE)
    assert await vault.private_key(A, f"{nobodys.ours}0#key-1", KeyPurpose.PAIRWISE)
    with pytest.raises(AbsentError):
        await vault.private_key(A, f"{nobodys.ours}#key-1", KeyPurpose.PAIRWISE)


async def test_pairwise_keys_are_not_among_those_that_stand_for_the_organisation(store, database):
    await samples.add_organisation(store, A)
    vault = await samples.make_vault(database)
    await vault.take(A, f"{OURS}#key-1", KeyPurpose.PAIRWISE, PrivateKey.generate(KeyType.X25519), NOW)
    assert await vault.records(A) == ()


async def test_threads_whose_time_is_come_up_once(kept):
    async with kept.view(A):
        pass
    assert await kept.change(A, lambda unit: unit.threads.due(NOW)) == ()
    (found,) = await kept.change(A, lambda unit: unit.threads.due(NOW + HOUR))
    assert found == samples.kept_thread(A)
    await kept.change(A, lambda unit: unit.threads.keep(replace(found, final=True)))
    assert await kept.change(A, lambda unit: unit.threads.due(NOW + HOUR)) == ()


@pytest.mark.threat(68)
async def test_what_waits_at_a_mediator_has_room_by_identifier_and_stays_until_it_was_received(kept, monkeypatch):
    monkeypatch.setattr("node.adapters.database.mail_rows.MAX_DEPOSITS", 2)
    other = "did:example:phone-of-org-a-2"
    assert await kept.change(A, lambda unit: unit.mediation.serve(OURS, other))
    assert not await kept.change(A, lambda unit: unit.mediation.serve(OURS, other))

    async def put(number, recipient=PHONE, data=b"12345"):
        row = samples.deposit(A, number, recipient=recipient, data=data)
        return await kept.change(A, lambda unit: unit.mediation.deposit(row))

    assert await put(2)
    assert not await put(3), "there is room for two"
    assert await put(4, other), "another identifier has its own room"
    assert not await put(5, "did:example:nobody")
    async with kept.view(A) as view:
        waits = await view.mediation.waiting(OURS)
        assert (waits.count, waits.total_bytes) == (3, 5 + 5 + 5)
        assert (await view.mediation.waiting(OURS, other)).count == 1
        found = await view.mediation.deposits(OURS, limit=9, max_bytes=999)
        assert [each.id for each in found] == ["org-a-deposit-1", "org-a-deposit-2", "org-a-deposit-4"]
        assert len(await view.mediation.deposits(OURS, limit=9, max_bytes=10)) == 2
        assert len(await view.mediation.deposits(OURS, limit=9, max_bytes=1)) == 1, "one alone always fits"
        assert len(await view.mediation.deposits(OURS, limit=2, max_bytes=999)) == 2
        assert await view.mediation.recipients(OURS) == ((PHONE, other), 0)
        assert await view.mediation.recipients(OURS, offset=0, limit=1) == ((PHONE,), 1)
    assert await kept.change(A, lambda unit: unit.mediation.received(OURS, ["org-a-deposit-2", "unknown"])) == 1
    assert await kept.change(A, lambda unit: unit.mediation.received("did:example:else", ["org-a-deposit-1"])) == 0
    assert await put(6)
    assert await kept.change(A, lambda unit: unit.mediation.leave(OURS, other))
    assert not await kept.change(A, lambda unit: unit.mediation.leave(OURS, other))
    async with kept.view(A) as view:
        assert (await view.mediation.waiting(OURS)).count == 2
    assert await kept.change(A, lambda unit: unit.mediation.expire(NOW + HOUR)) == 2


async def test_a_phone_is_served_under_so_many_identifiers_and_not_more(kept, monkeypatch):
    monkeypatch.setattr("node.adapters.database.mail_rows.MAX_RECIPIENTS", 2)
    await kept.change(A, lambda unit: unit.mediation.serve(OURS, "did:example:2"))
    with pytest.raises(RuleError, match="2 identifiers"):
        await kept.change(A, lambda unit: unit.mediation.serve(OURS, "did:example:3"))


async def test_bytes_of_one_identifier_are_bounded(kept, monkeypatch):
    monkeypatch.setattr("node.adapters.database.mail_rows.MAX_DEPOSITED_BYTES", 8)
    row = samples.deposit(A, 2, data=b"1234")
    assert not await kept.change(A, lambda unit: unit.mediation.deposit(row))
    assert await kept.change(A, lambda unit: unit.mediation.deposit(replace(row, data=b"123")))


async def test_what_was_done_otherwise_waits_no_more(kept):
    first, other = (go_on_with(thread, NOW) for thread in ("one", "other"))
    await kept.change(A, lambda unit: unit.outbox.add([first, other]))
    await kept.change(A, lambda unit: unit.outbox.take_back(go_on_with("one", NOW + HOUR)))
    async with kept.view(A) as view:
        assert [each.id for each in await view.outbox.waiting()] == [other.id]
    await kept.change(A, lambda unit: unit.outbox.add([first]))
    await kept.node_change(lambda node: node.worker.claim([first.kind], NOW, lasting=HOUR, limit=9))
    await kept.change(A, lambda unit: unit.outbox.take_back(first))
    async with kept.view(A) as view:
        assert len(await view.outbox.waiting()) == 2, "what somebody has claimed is theirs"
