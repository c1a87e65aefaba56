"""Many at once: whatever is single-use is used once, and nothing that was stored is lost, on both engines."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
import store_samples as samples
from sqlalchemy import text

from node.adapters.database import engine as engine_module
from node.adapters.database.identifiers import new_id
from node.ports.awarding import AwardState
from node.ports.errors import ConflictError, RuleError
from node.ports.organisations import Member, Role
from node.ports.outbox import FIRST_WAIT, MAX_ATTEMPTS, Task
from node.ports.oversight import Approval, Event, Request, first_fault
from node.ports.vault import KeyPurpose

NOW, HOUR, FORM, A = samples.NOW, samples.HOUR, samples.FORM, samples.A


async def ready(store, database):
    """An organisation that can award a course."""
    await samples.add_organisation(store)
    vault = await samples.make_vault(database)
    await samples.add_keys(vault, A, [KeyPurpose.ASSERTION, KeyPurpose.AUTHORITY, KeyPurpose.GAS])

    async def work(unit):
        await samples.add_profile(unit)
        await samples.add_course(unit)

    await store.change(A, work)


async def all_of(works):
    """The results of all, errors among them."""
    return await asyncio.gather(*works, return_exceptions=True)


async def test_units_of_work_that_add_rows_do_not_wait_for_each_others_end(store):
    await samples.add_organisation(store)
    begun = []

    async def one(number):
        async def work(unit):
            begun.append(number)
            await unit.members.add(Member(f"m{number}", f"m{number}", "M", frozenset({Role.OWNER}), NOW))
            await asyncio.sleep(0.1)  # so that others have added theirs before this one writes its event
            unit.audit.record(Event(NOW, "m", "made", str(number), {}))

        await store.change(A, work)

    assert await all_of(map(one, range(6))) == [None] * 6
    assert len(begun) == 6, "nobody stood in another's way, and nothing was done again"


@pytest.mark.threat(32)
async def test_of_fifty_answers_to_one_challenge_one_counts(store):
    await samples.add_organisation(store)
    await store.change(A, lambda unit: unit.challenges.issue("nonce", "https://a.example", NOW))
    consumed = await all_of(
        store.change(A, lambda unit: unit.challenges.consume("nonce", "https://a.example", NOW)) for _ in range(50)
    )
    assert sorted(consumed) == [False] * 49 + [True]


@pytest.mark.threat(32)
async def test_a_challenge_counts_for_five_minutes_and_its_own_domain(store):
    await samples.add_organisation(store)
    until = await store.change(A, lambda unit: unit.challenges.issue("nonce", "https://a.example", NOW))
    assert until == NOW + timedelta(minutes=5)

    def consume(at, domain="https://a.example", challenge="nonce"):
        return store.change(A, lambda unit: unit.challenges.consume(challenge, domain, at))

    assert not await consume(NOW, domain="https://b.example")
    assert not await consume(NOW, challenge="other")
    assert not await consume(until)
    assert await consume(until - timedelta(microseconds=1))
    await store.change(A, lambda unit: unit.challenges.issue("second", "https://a.example", NOW))
    assert await store.change(A, lambda unit: unit.challenges.forget(until)) == 1


@pytest.mark.threat(53)
@pytest.mark.parametrize("entries", [131_072, 70])
async def test_no_place_in_a_list_is_given_away_twice(store, database, entries):
    await ready(store, database)
    await store.change(A, lambda unit: unit.awards.intend([samples.award(A, number) for number in range(64)]))
    await store.change(A, lambda unit: unit.status.add(samples.status_list(A, entries=entries)))
    places = await asyncio.gather(
        *(
            store.change(A, lambda unit, n=n: unit.status.allocate("org-a-list", [f"org-a-award-{n}"]))
            for n in range(64)
        )
    )
    drawn = [place for (place,) in places]
    assert len(set(drawn)) == 64
    assert all(0 <= place < entries for place in drawn)
    assert drawn != sorted(drawn), "they follow no order"
    async with store.view(A) as view:
        for number, place in enumerate(drawn):
            (entry,) = await view.status.entries_of(f"org-a-award-{number}")
            assert (entry.place, entry.value) == (place, 0)


@pytest.mark.threat(53)
async def test_places_say_nothing_of_when_they_were_given_away(store, database):
    await ready(store, database)
    await store.change(A, lambda unit: unit.awards.intend([samples.award(A)]))
    await store.change(A, lambda unit: unit.status.add(samples.status_list(A)))
    places = await store.change(A, lambda unit: unit.status.allocate("org-a-list", ["org-a-award-1"] * 400))
    assert max(places) - min(places) > 120_000
    rising = sum(first < second for first, second in pairwise(places))
    assert 140 < rising < 260, "as often up as down"


async def test_a_list_is_given_away_to_its_last_place_and_no_further(store, database):
    await ready(store, database)
    await store.change(A, lambda unit: unit.awards.intend([samples.award(A)]))
    await store.change(A, lambda unit: unit.status.add(samples.status_list(A, entries=50)))
    places = await store.change(A, lambda unit: unit.status.allocate("org-a-list", ["org-a-award-1"] * 50))
    assert sorted(places) == list(range(50))
    with pytest.raises(RuleError) as caught:
        await store.change(A, lambda unit: unit.status.allocate("org-a-list", ["org-a-award-1"]))
    assert caught.value.code == "status.full"


@pytest.mark.threat(54)
async def test_no_flip_of_sixty_four_at_once_is_lost(store, database):
    await ready(store, database)
    await store.change(A, lambda unit: unit.awards.intend([samples.award(A)]))
    await store.change(A, lambda unit: unit.status.add(samples.status_list(A)))
    places = await store.change(A, lambda unit: unit.status.allocate("org-a-list", ["org-a-award-1"] * 64))
    changed = await asyncio.gather(
        *(
            store.change(A, lambda unit, place=place: unit.status.set_value("org-a-list", place, 1, NOW, "mistake"))
            for place in places
        )
    )
    assert changed == [True] * 64
    async with store.view(A) as view:
        assert await view.status.values("org-a-list") == dict.fromkeys(places, 1)


@pytest.mark.threat(55)
async def test_a_withdrawal_is_final_a_suspension_can_be_lifted_and_a_sealed_list_stands(store, database):
    await ready(store, database)
    await store.change(A, lambda unit: unit.awards.intend([samples.award(A)]))
    pause = samples.status_list(A, id="pause", url="https://a.example/status/2", purpose="suspension")
    places = {}
    for record in (samples.status_list(A), pause):
        await store.change(A, lambda unit, record=record: unit.status.add(record))
        (places[record.id],) = await store.change(
            A, lambda unit, record=record: unit.status.allocate(record.id, ["org-a-award-1"])
        )

    def flip(name, value):
        return store.change(A, lambda unit: unit.status.set_value(name, places[name], value, NOW, "reason"))

    assert [await flip("pause", value) for value in (1, 1, 0, 1)] == [True, False, True, True]
    assert [await flip("org-a-list", value) for value in (1, 1)] == [True, False]
    with pytest.raises(RuleError) as caught:
        await flip("org-a-list", 0)
    assert caught.value.code == "status.final"
    with pytest.raises(RuleError) as caught:
        await flip("pause", 2)
    assert caught.value.code == "status.value"
    await store.change(A, lambda unit: unit.status.seal("pause", NOW))
    with pytest.raises(RuleError) as caught:
        await flip("pause", 0)
    assert caught.value.code == "status.sealed"
    async with store.view(A) as view:
        assert await view.status.values("org-a-list") == {places["org-a-list"]: 1}
        assert await view.status.values("pause") == {places["pause"]: 1}


async def test_a_version_of_a_list_follows_the_one_before(store, database):
    await ready(store, database)
    await store.change(A, lambda unit: unit.status.add(samples.status_list(A)))
    published = await all_of(
        store.change(A, lambda unit, n=n: unit.status.publish("org-a-list", b"version %d" % n, NOW, version=1))
        for n in range(8)
    )
    assert sum(result is None for result in published) == 1
    assert all(isinstance(result, ConflictError) for result in published if result is not None)
    async with store.node_view() as view:
        assert (await view.public.status_list("https://org-a.example/status/1")).startswith(b"version")


@pytest.mark.threat(82)
async def test_a_request_counts_once_however_often_it_comes(store, database):
    await ready(store, database)
    request = Request("key", b"digest", {}, NOW)

    async def post(number):
        async def work(unit):
            begun = await unit.requests.begin(replace(request, intent={"award": f"org-a-award-{number}"}))
            if begun.intent["award"] == f"org-a-award-{number}" and begun.answer is None:
                await unit.awards.intend([samples.award(A, number, client_key=f"post {number}")])
                if number % 3 == 0:
                    raise ConnectionError  # the process dies here
            return begun.intent["award"]

        return await store.change(A, work)

    results = await all_of(post(number) for number in range(30))
    told = {result for result in results if isinstance(result, str)}
    assert len(told) == 1
    async with store.view(A) as view:
        assert {award.id for award in await view.awards.in_state(AwardState.INTENDED)} == told

    async def end(unit):
        await unit.requests.answer("key", {"status": 201})
        return await unit.requests.begin(request)

    assert (await store.change(A, end)).answer == {"status": 201}
    with pytest.raises(ConflictError) as caught:
        await store.change(A, lambda unit: unit.requests.begin(replace(request, digest=b"another")))
    assert caught.value.code == "idempotency.other_request"


@pytest.mark.threat(83)
async def test_entries_of_a_log_follow_each_other_also_when_many_write(store):
    await samples.add_organisation(store)

    async def act(unit, number):
        unit.audit.record(Event(NOW, "owner", "act", str(number), {"n": number}))
        if number % 5 == 0:
            raise ConnectionError

    await all_of(store.change(A, lambda unit, n=n: act(unit, n)) for n in range(40))
    async with store.view(A) as view:
        entries, (number, head) = await view.audit.entries(), await view.audit.head()
        assert len(entries) == number == 32, "what was not done is not recorded"
        assert first_fault(A, entries, head=head) is None
        assert first_fault(A, entries[10:], number=10, previous=entries[9].digest, head=head) is None


@pytest.mark.threat(83)
async def test_the_log_takes_no_change_and_shows_one_that_was_forced(store, database):
    await samples.add_organisation(store)

    async def act(unit):
        for number in range(5):
            unit.audit.record(Event(NOW, "owner", "act", str(number), {}))

    await store.change(A, act)
    async with store.view(A) as view:
        _, head = await view.audit.head()
    for statement in ("UPDATE audit_entries SET actor = 'nobody'", "DELETE FROM audit_entries"):
        with pytest.raises(Exception, match=r"refused|there already"):
            await database.transact(lambda connection, statement=statement: connection.execute(text(statement)))
    await force(database)
    for statement, fault in (
        ("UPDATE audit_entries SET actor = 'nobody' WHERE number = 3", 3),
        ("UPDATE audit_entries SET actor = 'owner', at = at + 1 WHERE number = 3", 3),
        ("DELETE FROM audit_entries WHERE number = 3", 3),
        ("DELETE FROM audit_entries WHERE number > 1", 2),
    ):
        await database.transact(lambda connection, statement=statement: connection.execute(text(statement)))
        async with store.view(A) as view:
            assert first_fault(A, await view.audit.entries(), head=head) == fault, statement


async def force(database):
    """What whoever owns the database could do."""
    drops = (
        ["DROP TRIGGER audit_entries_no_UPDATE", "DROP TRIGGER audit_entries_no_DELETE"]
        if database.kind == "sqlite"
        else ["DROP TRIGGER audit_entries_stay ON audit_entries"]
    )
    for statement in drops:
        await database.transact(lambda connection, statement=statement: connection.execute(text(statement)))


@pytest.mark.threat(83)
async def test_a_second_person_agrees_and_it_is_done_once(store):
    await samples.add_organisation(store)
    asked = Approval("wish", "revoke", {"award": "1"}, "anna", NOW, NOW + HOUR)
    await store.change(A, lambda unit: unit.approvals.ask(replace(asked, decided_by="anna")))

    def decide(by, at=NOW, *, grant=True):
        return store.change(A, lambda unit: unit.approvals.decide("wish", by, at, grant=grant))

    def carry_out(action="revoke", at=NOW):
        return store.change(A, lambda unit: unit.approvals.carry_out("wish", at, action=action))

    for attempt, code in (
        (carry_out, "approval.closed"),
        (lambda: decide("anna"), "approval.same_person"),
        (lambda: decide("jan", NOW + HOUR), "approval.expired"),
    ):
        with pytest.raises(RuleError) as caught:
            await attempt()
        assert caught.value.code == code
    decided = await all_of(decide(f"person {number}") for number in range(8))
    assert sum(isinstance(result, RuleError) for result in decided) == 7, "one decides, and nobody decides again"
    for attempt, code in (
        (lambda: carry_out("erase"), "approval.other"),
        (lambda: carry_out(at=NOW + HOUR), "approval.expired"),
    ):
        with pytest.raises(RuleError) as caught:
            await attempt()
        assert caught.value.code == code
    done = await all_of(carry_out() for _ in range(10))
    assert sum(isinstance(result, Approval) for result in done) == 1
    assert next(result for result in done if isinstance(result, Approval)).payload == {"award": "1"}


@pytest.mark.threat(83)
async def test_what_a_second_person_refused_is_never_done(store):
    await samples.add_organisation(store)
    asked = Approval("wish", "revoke", {}, "anna", NOW, NOW + HOUR)
    await store.change(A, lambda unit: unit.approvals.ask(asked))
    async with store.view(A) as view:
        assert await view.approvals.waiting() == (asked,)
    refused = await store.change(A, lambda unit: unit.approvals.decide("wish", "jan", NOW, grant=False))
    with pytest.raises(RuleError) as caught:
        await store.change(A, lambda unit: unit.approvals.carry_out("wish", NOW, action="revoke"))
    assert caught.value.code == "approval.closed"
    async with store.view(A) as view:
        assert await view.approvals.waiting() == ()
        assert await view.approvals.find("wish") == refused


async def test_two_owners_cannot_remove_each_other_at_once(store):
    await samples.add_organisation(store)
    for name in ("anna", "jan"):
        member = Member(name, name, name, frozenset({Role.OWNER}), NOW)
        await store.change(A, lambda unit, member=member: unit.members.add(member))

    async def remove(unit, name):
        await unit.members.remove(name)
        await asyncio.sleep(0.1)  # so that the other one looks before this is done

    removed = await all_of(store.change(A, lambda unit, n=n: remove(unit, n)) for n in ("anna", "jan"))
    assert sum(result is None for result in removed) == 1
    assert next(result for result in removed if result is not None).code == "organisation.last_owner"


@pytest.mark.threat(97)
async def test_a_table_that_comes_again_shuffled_and_overlapping_awards_everybody_once(store, database, monkeypatch):
    monkeypatch.setattr(engine_module, "TRIES", 1)  # nobody gets into anybody's way for good
    await ready(store, database)
    rows = [samples.award(A, number) for number in range(60)]

    async def upload(seed):
        part = random.Random(seed).choices(rows, k=50)  # noqa: S311 -- any order will do; some come twice
        return await store.change(A, lambda unit: unit.awards.intend([replace(row, id=new_id()) for row in part]))

    new = await asyncio.gather(*(upload(seed) for seed in range(12)))
    async with store.view(A) as view:
        stored = await view.awards.in_state(AwardState.INTENDED)
    assert sorted(award.client_key for award in stored) == sorted(row.client_key for row in rows)
    assert sorted(name for names in new for name in names) == sorted(award.id for award in stored)


@pytest.mark.threat(95)
async def test_of_what_is_signed_twice_one_is_kept(store, database):
    await ready(store, database)
    await store.change(A, lambda unit: unit.awards.intend([samples.award(A)]))
    first, second = samples.secured(A), replace(samples.secured(A), secured=b"signed again")
    for credential in (first, first):
        await store.change(A, lambda unit, each=credential: unit.awards.secure([each], NOW))
    with pytest.raises(ConflictError):
        await store.change(A, lambda unit: unit.awards.secure([second], NOW))
    async with store.view(A) as view:
        assert await view.awards.credential("org-a-award-1", FORM) == first
        assert (await view.awards.find("org-a-award-1")).state is AwardState.ISSUED
    await store.change(A, lambda unit: unit.awards.intend([samples.award(A, 2)]))
    await store.change(A, lambda unit: unit.awards.change("org-a-award-2", AwardState.CANCELLED, NOW))
    with pytest.raises(ConflictError):
        await store.change(A, lambda unit: unit.awards.secure([samples.secured(A, 2)], NOW))
    async with store.view(A) as view:
        assert await view.awards.credentials("org-a-award-2") == ()


@pytest.mark.threat(95)
async def test_a_task_is_done_by_one_worker_and_by_the_next_where_he_died(store):
    await samples.add_organisation(store)
    tasks = [Task(new_id(), "mail", {"n": number}, NOW) for number in range(40)]
    await store.change(A, lambda unit: unit.outbox.add(tasks))

    def claim(at=NOW):
        return store.node_change(lambda node: node.worker.claim(["mail"], at, lasting=timedelta(minutes=1), limit=7))

    claimed = [each for part in await asyncio.gather(*(claim() for _ in range(8))) for each in part]
    assert len({each.task.id for each in claimed}) == len(claimed) == 40
    assert await claim() == ()
    later = NOW + timedelta(minutes=1)
    (again, *_) = await claim(later)
    old = next(each for each in claimed if each.task.id == again.task.id)
    assert not await store.node_change(lambda node: node.worker.done(old)), "he came back too late"
    assert not await store.node_change(lambda node: node.worker.failed(old, "late", later))
    assert await store.node_change(lambda node: node.worker.done(again))
    assert not await store.node_change(lambda node: node.worker.done(again))


async def test_a_task_that_fails_waits_longer_each_time_and_is_given_up(store):
    await samples.add_organisation(store)
    await store.change(A, lambda unit: unit.outbox.add([Task("task", "mail", {}, NOW, once="letter")]))
    at, waits = NOW, []
    for _ in range(MAX_ATTEMPTS):
        (claimed,) = await store.node_change(lambda node, at=at: node.worker.claim(["mail"], at, lasting=HOUR, limit=9))
        assert await store.node_change(lambda node, at=at, each=claimed: node.worker.failed(each, "no answer" * 99, at))
        async with store.view(A) as view:
            waiting = await view.outbox.waiting()
        waits += [each.due_at - at for each in waiting]
        at += timedelta(days=2)
    assert waits == [FIRST_WAIT * 2**n for n in range(MAX_ATTEMPTS - 1)]
    async with store.view(A) as view:
        (dead,) = await view.outbox.dead()
        assert dead.problem.startswith("no answer")
        assert len(dead.problem) == 500
    assert await store.node_change(lambda node: node.worker.claim(["mail"], at, lasting=HOUR, limit=9)) == ()
    await store.change(A, lambda unit: unit.outbox.retry("task", at))
    assert len(await store.node_change(lambda node: node.worker.claim(["mail"], at, lasting=HOUR, limit=9))) == 1


async def test_of_tasks_under_one_name_one_waits_and_what_comes_while_it_is_done_waits_too(store):
    await samples.add_organisation(store)

    def add():
        return store.change(A, lambda unit: unit.outbox.add([Task(new_id(), "publish", {}, NOW, once="list 1")]))

    def claim():
        return store.node_change(lambda node: node.worker.claim(["publish"], NOW, lasting=HOUR, limit=9))

    await add()
    await add()
    assert len(await claim()) == 1
    await add()
    assert len(await claim()) == 1
    assert await claim() == ()
