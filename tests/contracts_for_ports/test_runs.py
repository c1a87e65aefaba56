"""Runs on either engine: everybody in the table gets it, once, however often and in whatever order tables come."""

import asyncio
import random
from collections import Counter

import orjson
import pytest
import run_support as support
import store_samples as samples
from award_support import achievement_file
from run_support import CALLER, A, learners, order, table

from node.credentials.timestamps import parse_timestamp
from node.issuance.aftercare.withdrawing import Choice, Withdrawing
from node.issuance.desk import signing_rows
from node.issuance.desk.errors import OrderError, TableError
from node.issuance.desk.order import RunKind
from node.issuance.organisation.second_person import decide
from node.ports.aftercare import Reason
from node.ports.api_keys import Caller
from node.ports.awarding import AwardQuery, AwardState, Standing
from node.ports.errors import AbsentError, RuleError
from node.ports.organisations import Member, Role, Settings
from node.ports.outbox import Claimed
from node.ports.oversight import Approval
from node.ports.runs import PAGE_ROWS, RunState
from node.ports.work import Nobody, revoke_many


@pytest.fixture
def office(store, database, runner):
    async def opened():
        vault = await samples.make_vault(database)
        await samples.add_organisation(store)
        await support.add_profile(store, vault)
        await store.change(A, support.add_course)
        return support.Office(store, vault, support.tables_here())

    return runner.run(opened())


async def awards(store):
    async with store.view(A) as view:
        found, before = [], None
        while page := await view.awards.search(AwardQuery(before=before, limit=200)):
            found += page
            before = page[-1].id
        return found


async def test_a_table_is_awarded_whole_and_what_is_wrong_with_a_row_is_told_of_that_row(office, store):
    rows = [*learners(5), ["", "", ""], ["Nobody", "", "9.0"], ["Ragged", "x"], ["", "", "3.0"]]
    async with support.working(office):
        run = await office.award(table(rows))
    assert (run.state, run.awarded, run.already, run.rejected) == (RunState.DONE, 5, 0, 3)
    signed = await office.credentials(run.id)
    assert [row for row, _ in signed] == [2, 3, 4, 5, 6]
    for row, credential in signed:
        document = orjson.loads(credential.secured)
        assert document["id"] == credential.credential
        assert document["credentialSubject"]["identifier"][0]["identityHash"] == f"Learner {row - 2}"
        assert document["credentialStatus"]["statusListCredential"].startswith(f"{support.PUBLIC_URL}/status/")
        assert document["proof"]["cryptosuite"] == support.USUAL
    refused = {row.row: row for row in await office.refused(run.id)}
    assert sorted(refused) == [8, 9, 10]
    assert refused[8].problems[0][0] == support.GRADE
    assert refused[9].cells == ("Ragged", "x")
    assert all(problem[3] for row in refused.values() for problem in row.problems)
    assert {award.state for award in await awards(store)} == {AwardState.ISSUED}


@pytest.mark.threat(97)
async def test_repeated_shuffled_and_overlapping_tables_award_nobody_twice(office, store):
    chance, people, expected = random.Random(97), learners(40), set()  # noqa: S311 -- to shuffle
    async with support.working(office):
        for _ in range(4):
            some = chance.sample(people, chance.randrange(5, 30))
            chance.shuffle(some)
            names = {row[0] for row in some}
            run = await office.award(table([*some, *some[:2]]))
            assert run.awarded == len(names - expected)
            assert run.already >= len(names & expected)  # both rows of a learner who had it
            assert {row.problems[0][1] for row in await office.refused(run.id)} <= {"award.twice"}
            assert run.done == len(some) + 2
            expected |= names
    counted = Counter(award.name for award in await awards(store))
    assert counted == Counter(expected)


@pytest.mark.threat(97)
async def test_one_table_handed_in_twice_at_one_time_awards_everybody_once(office, store):
    data = table(learners(30))
    async with support.working(office):
        runs = await asyncio.gather(*[office.award(data) for _ in range(3)])
    assert sum(run.awarded for run in runs) == 30
    assert sum(run.already for run in runs) == 60
    assert len(await awards(store)) == 30


@pytest.mark.threat(53)
async def test_every_award_has_a_place_of_its_own_in_a_list_that_many_share(office, store):
    async with support.working(office):
        run = await office.award(table(learners(60)))
    places = []
    async with store.view(A) as view:
        (record,) = await view.status.lists()
        assert record.entries >= 131_072
        for award in await awards(store):
            (entry,) = await view.status.entries_of(award.id)
            places.append(entry.place)
    assert len(set(places)) == run.awarded == 60
    assert places != sorted(places)


@pytest.mark.usefixtures("office")
async def test_many_places_are_found_without_looking_in_a_list_that_is_nearly_full(store):
    await store.change(A, lambda unit: unit.status.add(samples.status_list(A, profile="profile", entries=400)))
    given = {}
    for start in range(0, 400, 50):
        names = [f"learner {number}" for number in range(start, start + 50)]

        async def work(unit, names=names):
            known = {"profile": "profile", "achievement": "course"}
            await unit.awards.intend([samples.award(A, name, id=name, client_key=name, **known) for name in names])
            return await unit.status.spread(f"{A}-list", names)

        given |= await store.change(A, work)
    assert len(set(given.values())) == len(given) > 350


async def test_an_id_of_the_table_names_the_credential_and_is_taken_once(office):
    rows = [["Demo", "a@school.example", "urn:uuid:0fc754bc-fc32-46a0-aec1-a5ef385e7ea0"]]
    headings = ("name", "emailAddress", "id")
    async with support.working(office):
        first = await office.award(table(rows, headings))
        again = await office.award(table([["Other", "b@school.example", rows[0][2]]], headings))
    ((_, credential),) = await office.credentials(first.id)
    assert credential.credential == rows[0][2]
    assert (first.awarded, again.awarded, again.already) == (1, 0, 1)


@pytest.mark.parametrize("kind", [RunKind.AT_ONCE, RunKind.CLAIM])
async def test_what_a_run_awards_is_found_by_its_end_and_by_its_run(office, store, kind):
    headings = ("name", "emailAddress", "validUntil")
    ended, lasting = "2026-06-30T00:00:00Z", "2036-06-30T00:00:00+02:00"
    rows = [["A", "a@school.example", ended], ["B", "b@school.example", lasting], ["C", "c@school.example", ""]]
    shared = {"validFrom": "2026-01-01T00:00:00Z"}
    async with support.working(office):
        run = await office.award(table(rows, headings), kind=kind, award=shared)
        other = await office.award(table(learners(2)), kind=kind)
    assert (run.awarded, run.rejected) == (3, 0)

    async def names(**asked):
        async with store.view(A) as view:
            return sorted(award.name for award in await view.awards.search(AwardQuery(**asked)))

    at = parse_timestamp("2026-12-01T00:00:00Z")
    assert await names(run=run.id) == ["A", "B", "C"]
    assert await names(run=other.id) == ["Learner 0", "Learner 1"]
    assert await names(run="no-run") == []
    assert await names(ends_before=at) == ["A"]
    assert await names(ends_before=parse_timestamp("2036-06-29T22:00:01Z")) == ["A", "B"]
    if kind is RunKind.AT_ONCE:
        assert await names(standing=Standing.EXPIRED, at=at) == ["A"]
        assert await names(standing=Standing.GOOD, at=at, run=run.id) == ["B", "C"]
        withdrawing = Withdrawing(store=store, work=Nobody(), now=support.now)
        assert (await withdrawing.count(A, Choice(run=run.id))).total == 3
        made = await withdrawing.order(CALLER, Choice(run=run.id), Reason("error"))
        await withdrawing.carry(Claimed(A, revoke_many(made.id, support.now())))
        assert await names(standing=Standing.REVOKED) == ["A", "B", "C"]


async def test_another_series_awards_the_same_learners_once_more(office):
    data = table(learners(3))
    async with support.working(office):
        assert (await office.award(data)).awarded == 3
        assert (await office.award(data, series="2027")).awarded == 3
        assert (await office.award(data, series="2027")).awarded == 0


async def test_a_dry_run_finds_what_a_run_finds_and_leaves_nothing(office, store):
    rows = [*learners(4), ["Nobody", "", "9.0"], learners(1)[0]]
    async with support.working(office):
        run = await office.desk.upload(CALLER, "table.csv", table(rows))
        await office.desk.order(CALLER, run.id, order(), check=True)
        checked = await office.until_over(run.id)
        assert checked.state is RunState.CHECKED
        assert (checked.awarded, checked.already, checked.rejected) == (4, 0, 2)
        assert await awards(store) == []
        wrong = [(row.row, row.problems[0][1]) for row in await office.refused(run.id)]
        await office.desk.start(CALLER, run.id)
        done = await office.until_over(run.id)
        assert (done.awarded, done.already, done.rejected) == (4, 0, 2)
        assert [(row.row, row.problems[0][1]) for row in await office.refused(run.id)] == wrong
        again = await office.desk.upload(CALLER, "table.csv", table(rows))
        await office.desk.order(CALLER, again.id, order(), check=True)
        assert (await office.until_over(again.id)).already == 5  # both rows of one learner, as in a run


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # what is signed is the same on every engine
@pytest.mark.parametrize("form", ["jwt", "sd-jwt", "ecdsa-sd-2023", "bbs-2023", "ecdsa-rdfc-2019"])
async def test_every_form_is_awarded(office, store, form):
    options = {"signs": achievement_file()["id"], "epoch": str(support.now().year)} if form == "bbs-2023" else {}
    await support.add_profile(store, office.vault, form, name="other", **options)
    async with support.working(office):
        run = await office.award(table(learners(2)), profile="other")
    assert (run.awarded, run.problem) == (2, None), [row.problems for row in await office.refused(run.id)]


async def test_every_purpose_of_a_profile_has_a_place(office, store):
    await support.add_profile(store, office.vault, name="two", status=["revocation", "suspension"])
    async with support.working(office):
        run = await office.award(table(learners(2)), profile="two")
    for _, credential in await office.credentials(run.id):
        entries = orjson.loads(credential.secured)["credentialStatus"]
        assert [entry["statusPurpose"] for entry in entries] == ["revocation", "suspension"]
    assert run.awarded == 2
    again = await office.desk.upload(CALLER, "table.csv", table(learners(2, 7)))
    async with support.working(office):
        await office.desk.order(CALLER, again.id, order(profile="two"), check=True)
        assert (await office.until_over(again.id)).awarded == 2


async def test_a_page_that_takes_several_answers_is_awarded_whole(office, monkeypatch):
    monkeypatch.setattr(signing_rows, "MAX_ANSWER_BYTES", 1)
    async with support.working(office):
        run = await office.award(table(learners(7)))
    assert (run.awarded, len(await office.credentials(run.id))) == (7, 7)


async def test_awards_to_be_claimed_wait_for_their_learners(office, store):
    async with support.working(office):
        run = await office.award(table(learners(3)), kind=RunKind.CLAIM)
    assert (run.state, run.awarded) == (RunState.DONE, 3)
    found = await awards(store)
    assert {award.state for award in found} == {AwardState.WAITING}
    assert {award.email for award in found} == {row[1] for row in learners(3)}
    assert all("learner" not in award.content["award"] and award.content["award"]["result"] for award in found)
    async with store.view(A) as view:
        (task,) = [task for task in await view.outbox.waiting() if task.kind == "award.invite"]
    assert set(task.payload["awards"]) == {award.id for award in found}


async def test_whoever_pauses_resumes_or_cancels_loses_nothing_that_was_awarded(office, store):
    await support.add_profile(store, office.vault, name="capped", caps={"per_day": PAGE_ROWS})
    rows = learners(PAGE_ROWS + 10)
    async with support.working(office):
        run = await office.desk.upload(CALLER, "table.csv", table(rows))
        await office.desk.order(CALLER, run.id, order(profile="capped"), check=False)
        await office.desk.start(CALLER, run.id)

        async def waits():
            return (await office.found(run.id)).problem is not None

        await support.support.until(waits, 60)
        halfway = await office.found(run.id)
        assert halfway.problem.startswith("key.cap")
        assert (halfway.state, halfway.awarded) == (RunState.RUNNING, PAGE_ROWS)
        assert (await office.desk.pause(CALLER, run.id)).state is RunState.PAUSED
        with pytest.raises(RuleError):
            await office.desk.remove(CALLER, run.id)
        assert (await office.desk.start(CALLER, run.id)).state is RunState.RUNNING
        assert (await office.desk.cancel(CALLER, run.id)).state is RunState.CANCELLED
        with pytest.raises(RuleError):
            await office.desk.start(CALLER, run.id)
    assert len(await office.credentials(run.id)) == PAGE_ROWS
    await office.desk.remove(CALLER, run.id)
    with pytest.raises(AbsentError):
        await office.found(run.id)


async def test_a_run_is_agreed_to_by_a_second_person_as_a_whole(office, store):
    async def begin(unit):
        for name in ("member", "other"):
            await unit.members.add(Member(name, f"{name}@school.example", name, frozenset({Role.OWNER}), samples.NOW))
        await unit.settings.keep(Settings(frozenset({"credentials.issue"})), samples.NOW)

    await store.change(A, begin)
    async with support.working(office):
        run = await office.desk.upload(CALLER, "table.csv", table(learners(2)))
        await office.desk.order(CALLER, run.id, order(), check=False)
        asked = await office.desk.start(CALLER, run.id)
        assert isinstance(asked, Approval)
        assert asked.payload["rows"] == 2
        assert (await office.found(run.id)).state is RunState.READ
        other = Caller(A, "key2", CALLER.scopes, "other", "other")
        await store.change(A, lambda unit: decide(unit, asked.id, other, support.now(), grant=True))
        await office.desk.order(CALLER, run.id, order(series="else"), check=False)
        with pytest.raises(RuleError):
            await office.desk.start(CALLER, run.id, asked.id)
        await office.desk.order(CALLER, run.id, order(), check=False)
        await office.desk.start(CALLER, run.id, asked.id)
        assert (await office.until_over(run.id)).awarded == 2


async def test_what_does_not_go_together_is_told_at_once(office):
    run = await office.desk.upload(CALLER, "table.csv", table(learners(1), ("name", "emailAddress", "Ocena")))
    with pytest.raises(OrderError) as refused:
        await office.desk.order(CALLER, run.id, order(), check=False)
    assert refused.value.code == "run.columns"
    for changes in ({"profile": "nobody's"}, {"achievement": "nothing"}, {"version": 7}):
        with pytest.raises(AbsentError):
            await office.desk.order(CALLER, run.id, order(**changes), check=False)
    with pytest.raises(OrderError):
        order(award={"learner": {}})
    with pytest.raises(OrderError):
        await office.desk.start(CALLER, run.id)
    columns = await office.desk.columns(A, run.id, support.COURSE)
    assert columns.meanings == {"name": "name", "emailAddress": "emailAddress"}
    assert columns.sample == (tuple(learners(1)[0]),)


async def test_a_table_that_cannot_be_read_leaves_nothing(office):
    with pytest.raises(TableError):
        await office.desk.upload(CALLER, "table.csv", table(learners(3)) + b'"open')
    assert await office.desk.listed(A, None, 50) == ()
