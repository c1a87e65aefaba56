"""What the repositories keep, and how it is found again."""

from dataclasses import replace
from datetime import timedelta

import pytest
import store_samples as samples
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text

from node.adapters.database import award_rows
from node.adapters.database.award_rows import AwardRowsReader
from node.adapters.database.engine import opened
from node.adapters.database.identifiers import new_id
from node.ports.anchor_rows import BatchRecord, BatchState, Leaf
from node.ports.api_keys import MAX_LIFETIME, Caller, authenticate, make_api_key
from node.ports.awarding import Achievement, AwardQuery, AwardState, family_key, search_key
from node.ports.errors import AbsentError, ConflictError, RuleError, StoreError
from node.ports.organisations import HostedDid, Member, Role, State
from node.ports.vault import KeyPurpose

NOW, HOUR, FORM, A, B = samples.NOW, samples.HOUR, samples.FORM, samples.A, samples.B
NAMESPACE = "eip155:1:0x00#org-a"


@pytest.fixture
def filled(store, database, runner):
    """A store with an organisation that has something everywhere."""

    async def fill():
        await samples.add_organisation(store)
        vault = await samples.make_vault(database)
        await samples.add_keys(vault, A, (KeyPurpose.ASSERTION, KeyPurpose.AUTHORITY, KeyPurpose.GAS))
        await store.change(A, samples.add_everything)

    runner.run(fill())
    return store


async def refused(attempt, code):
    with pytest.raises(StoreError) as caught:
        await attempt
    assert caught.value.code == code


@pytest.mark.threat(85)
async def test_a_key_for_programs_is_shown_once_and_counts_until_it_is_revoked_or_over(filled):
    made, shown = make_api_key("id", label="l", scopes=frozenset({"issue"}), made_by="o", at=NOW, lifetime=HOUR)
    await filled.change(A, lambda unit: unit.api_keys.add(made))
    presented = shown.reveal().decode()
    assert await authenticate(filled, presented, NOW) == Caller(A, "id", frozenset({"issue"}), made_by="o")
    wrong = presented[:-1] + ("0" if presented[-1] != "0" else "1")
    for text_, at in (
        (wrong, NOW),
        (presented, NOW + HOUR),
        (presented, NOW - timedelta(microseconds=1)),
        (presented.upper(), NOW),
        (presented + "\n", NOW),
        ("", NOW),
        (f"glejt_{'0' * 16}_{'0' * 64}", NOW),
    ):
        assert await authenticate(filled, text_, at) is None
    async with filled.view(A) as view:
        kept = next(key for key in await view.api_keys.listed() if key.id == "id")
    assert kept == made
    assert presented.rpartition("_")[2] not in repr(kept)
    assert kept.digest.hex() not in repr(kept)
    await filled.change(A, lambda unit: unit.api_keys.revoke("id", NOW))
    await filled.change(A, lambda unit: unit.api_keys.revoke("id", NOW + HOUR))
    assert await authenticate(filled, presented, NOW) is None
    async with filled.view(A) as view:
        assert next(key for key in await view.api_keys.listed() if key.id == "id").revoked_at == NOW


async def test_a_key_of_an_organisation_that_closed_opens_nothing(filled):
    made, shown = make_api_key("id", label="l", scopes=frozenset({"issue"}), made_by="o", at=NOW, lifetime=HOUR)
    await filled.change(A, lambda unit: unit.api_keys.add(made))
    await filled.node_change(lambda node: node.organisations.close(A))
    assert await authenticate(filled, shown.reveal().decode(), NOW) is None


@pytest.mark.parametrize("lifetime", [timedelta(), -HOUR, MAX_LIFETIME + HOUR])
def test_a_key_has_an_end_and_a_use(lifetime):
    for scopes in (frozenset({"issue"}), frozenset()):
        with pytest.raises(RuleError):
            make_api_key("id", label="l", scopes=scopes, made_by="o", at=NOW, lifetime=lifetime if scopes else HOUR)


async def test_members_have_roles_and_there_is_always_an_owner(filled):
    await refused(filled.change(A, lambda unit: unit.members.remove("org-a-owner")), "organisation.last_owner")
    designer = frozenset({Role.DESIGNER})
    await refused(filled.change(A, lambda u: u.members.change("org-a-owner", designer)), "organisation.last_owner")
    await refused(filled.change(A, lambda u: u.members.change("org-a-owner", frozenset())), "organisation.role")
    await refused(
        filled.change(A, lambda u: u.members.add(Member("x", "x", "x", frozenset(), NOW))), "organisation.role"
    )
    both = frozenset({Role.OWNER, Role.ISSUER})
    await filled.change(A, lambda unit: unit.members.change("org-a-other", both))
    await filled.change(A, lambda unit: unit.members.remove("org-a-owner"))
    async with filled.view(A) as view:
        (left,) = await view.members.listed()
        assert (left.id, left.roles) == ("org-a-other", both)
        assert await view.members.by_login("other@org-a.example") == left
        assert await view.members.by_login("owner@org-a.example") is None


async def test_a_did_is_published_over_what_was_seen(filled):
    def publish(before):
        return filled.change(
            A, lambda u: u.identities.publish_did("did:web:org-a.example", b"new", None, NOW + HOUR, before=before)
        )

    await publish(b"document org-a")
    await refused(publish(b"document org-a"), "store.changed")
    async with filled.node_view() as view:
        found = await view.public.did("did:web:org-a.example")
        assert found == HostedDid("did:web:org-a.example", NOW, NOW + HOUR, b"new", None)
        assert await view.public.profile_owner("org-a-profile") == A
        for absent in (view.public.did("did:web:b.example"), view.public.profile_owner("b")):
            with pytest.raises(AbsentError):
                await absent
    await filled.change(A, lambda unit: unit.identities.close_profile("org-a-profile"))
    async with filled.view(A) as view:
        assert [each.state for each in await view.identities.profiles()] == [State.CLOSED]


async def test_a_version_that_is_published_stays_and_drafts_do_not_overwrite_each_other(filled):
    course = "org-a-course"

    def save(revision):
        return filled.change(A, lambda unit: unit.achievements.save(course, {"name": "2"}, NOW, revision=revision))

    def publish(document, revision):
        return filled.change(A, lambda u: u.achievements.publish(course, document, "o", NOW, revision=revision))

    await refused(publish(b"again", 2), "achievement.empty")
    assert await save(2) == 3
    await refused(save(2), "store.changed")
    await refused(publish(b"second", 2), "store.changed")
    second = await publish(b"second", 3)
    assert second.version == 2
    async with filled.view(A) as view:
        assert (await view.achievements.find(course)).draft is None
        assert [each.document for each in await view.achievements.versions(course)] == [b"course org-a", b"second"]
        assert await view.achievements.version(course) == second
        assert (await view.achievements.version(course, 1)).document == b"course org-a"
    draft = Achievement("unpublished", {"name": "x"}, 1, NOW, NOW)
    await filled.change(A, lambda unit: unit.achievements.add(draft))
    async with filled.node_view() as view:
        assert await view.public.catalogue() == (second,)
        assert await view.public.catalogue(after=course) == ()
        assert (await view.public.achievement(course, 1)).document == b"course org-a"
        with pytest.raises(AbsentError):
            await view.public.achievement("unpublished")
    await filled.change(A, lambda unit: unit.achievements.withdraw(course, NOW))
    await refused(save(4), "achievement.withdrawn")
    async with filled.node_view() as view:
        assert await view.public.catalogue() == ()
        assert await view.public.achievement(course) == second


async def test_awards_are_found_by_names_addresses_and_achievement_the_newest_first(filled):
    people = ["Zofia Łącka", "Jan Kowalski", "Anna Maria Kowalska-Nowak", "Kowal Ski", "100% Learner", "1000 Learner"]
    awards = [
        samples.award(A, number, id=f"p{number}", client_key=f"p{number}", name=name, email=f"P{number}@Sample.example")
        for number, name in enumerate(people)
    ]
    await filled.change(A, lambda unit: unit.awards.intend(awards))

    async def found(**query):
        async with filled.view(A) as view:
            return [award.id for award in await view.awards.search(AwardQuery(**query))]

    assert await found(words="kowal") == ["p3", "p2", "p1"]
    assert await found(words="LACK") == ["p0"]
    assert await found(words="  jan   KOW ") == ["p1"]
    assert await found(words="p4@sample") == ["p4"]
    assert await found(words="100%") == ["p4"], "a letter is a letter"
    assert await found(words="_") == []
    everything = await found()
    assert everything == sorted([*[each.id for each in awards], "org-a-award-1", "org-a-award-2"], reverse=True)
    assert await found(limit=3) == everything[:3]
    assert await found(limit=3, before=everything[2]) == everything[3:6]
    assert await found(state=AwardState.ISSUED) == ["org-a-award-1"]
    assert await found(achievement="other") == []
    assert await found(words="demo learner", achievement="org-a-course", state=AwardState.INTENDED) == ["org-a-award-2"]
    async with filled.view(A) as view:
        assert await view.awards.find("p0") == awards[0]
        assert set(await view.awards.by_client_keys(["p1", "row-1", "absent"])) == {"p1", "row-1"}


async def test_a_search_for_what_is_rare_asks_indexes_of_words(make_address):
    async with opened(make_address("sqlite"), revision=None) as database, database.reading() as connection:
        found = []

        @event.listens_for(database._readers.sync_engine, "before_cursor_execute")
        def note(_connection, _cursor, statement, parameters, *_):
            found.append((statement, parameters))

        await AwardRowsReader(connection, A).search(AwardQuery(words="kowal", state=AwardState.ISSUED))
        statements = [each for each in found if "FROM awards" in each[0]]
        assert len(statements) == 2
        for statement, parameters in statements:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plan = [row.detail for row in rows]
            assert not any(step.startswith("SCAN awards") for step in plan), plan
            for column in ("name_key", "family_key", "email_key"):
                assert any(f"{column}>? AND {column}<?" in step for step in plan), plan


async def test_a_search_for_what_is_common_finds_the_same(filled, monkeypatch):
    awards = [samples.award(A, n, id=f"c{n:02}", client_key=f"c{n}", name=f"Common Name{n % 3}") for n in range(30)]
    await filled.change(A, lambda unit: unit.awards.intend(awards))
    queries = [AwardQuery(words="common", limit=7), AwardQuery(words="name1", before="c20"), AwardQuery(words="c n")]
    answers = []
    for many in (10_000, 5):
        monkeypatch.setattr(award_rows, "MANY", many)
        async with filled.view(A) as view:
            answers.append([await view.awards.search(query) for query in queries])
    assert answers[0] == answers[1]
    assert [len(found) for found in answers[0]] == [7, 7, 0]


async def test_a_credential_that_was_given_whole_is_of_no_achievement_and_found_by_its_identifier(filled):
    given_whole = samples.award(samples.A, 7, achievement=None, version=None)
    await filled.change(samples.A, lambda unit: unit.awards.intend([given_whole]))
    await filled.change(samples.A, lambda unit: unit.awards.secure([samples.secured(samples.A, 7)], samples.NOW))
    async with filled.view(samples.A) as view:
        assert await view.awards.of_credential("urn:org-a:7") == replace(given_whole, state=AwardState.ISSUED)
        with pytest.raises(AbsentError):
            await view.awards.of_credential("urn:org-a:8")


async def test_an_award_goes_its_way_and_none_back(filled):
    def change(state):
        return filled.change(A, lambda unit: unit.awards.change("org-a-award-2", state, NOW))

    await change(AwardState.WAITING)
    for state in (AwardState.INTENDED, AwardState.WAITING):
        await refused(change(state), "award.state")
    await change(AwardState.CANCELLED)
    for state in AwardState:
        await refused(change(state), "award.state")
    await refused(filled.change(A, lambda u: u.awards.intend([samples.award(A, 9, version=7)])), "store.conflict")
    many = [samples.award(A)] * 10_001
    await refused(filled.change(A, lambda unit: unit.awards.intend(many)), "store.value")


@pytest.mark.threat(95)
async def test_a_batch_takes_each_leaf_once_and_gives_back_what_was_refused(filled):
    awards = [samples.award(A, number, id=f"l{number}", client_key=f"l{number}") for number in range(6)]
    credentials = [replace(samples.secured(A), award=each.id, credential=each.id) for each in awards]
    leaves = [Leaf(each.id, FORM, NAMESPACE, bytes([n]) * 32, bytes([n]) * 32) for n, each in enumerate(awards)]

    async def issue(unit):
        await unit.awards.intend(awards)
        await unit.awards.secure(credentials, NOW)
        await unit.anchors.want(leaves)
        await unit.anchors.want(leaves[:2])

    await filled.change(A, issue)

    def open_batch(name, limit):
        batch = BatchRecord(name, NAMESPACE, NOW, NOW, bytes(32))
        return filled.change(A, lambda unit: unit.anchors.open(batch, limit=limit))

    assert [await open_batch(f"b{n}", 4) for n in range(3)] == [4, 2, 0]
    async with filled.view(A) as view:
        assert [each.id for each in await view.anchors.unfinished()] == ["b0", "b1", "org-a-batch"]
        taken = [await view.anchors.leaves(name) for name in ("b0", "b1")]
        assert [leaf.award for part in taken for leaf in part] == [each.id for each in awards]
        last = (taken[0][1].award, FORM)
        assert await view.anchors.leaves("b0", after=last) == taken[0][2:]
        with pytest.raises(AbsentError):
            await view.anchors.batch("b2")
    await filled.change(A, lambda unit: unit.awards.erase(["l1"]))
    receipts = [replace(leaf, receipt=leaf.award.encode()) for leaf in taken[0]]
    await filled.change(A, lambda unit: unit.anchors.submit("b0", b"root", b"call", receipts, NOW))
    await refused(filled.change(A, lambda u: u.anchors.submit("b0", b"r", b"c", [], NOW)), "batch.state")
    await filled.change(A, lambda unit: unit.anchors.finish("b0", b"proof", NOW + HOUR))
    await refused(filled.change(A, lambda unit: unit.anchors.refuse("b0", NOW)), "batch.state")
    async with filled.view(A) as view:
        batch = await view.anchors.batch("b0")
        assert (batch.state, batch.secret, batch.anchored, batch.finality) == (
            BatchState.FINAL,
            None,
            b"root",
            b"proof",
        )
        assert (await view.anchors.leaf("l0", FORM)).receipt == b"l0"
        with pytest.raises(AbsentError):
            await view.anchors.leaf("l1", FORM)
    assert await filled.change(A, lambda unit: unit.anchors.refuse("b1", NOW)) == 2
    assert await open_batch("b3", 10) == 2


@pytest.mark.threat(85)
async def test_no_row_can_refer_to_one_of_another_organisation(filled, database):
    await samples.add_organisation(filled, B)
    for table, column in (("awards", "achievement"), ("status_entries", "list"), ("leaves", "batch"), ("dids", "did")):
        statement = text(f"UPDATE {table} SET organisation = 'org-b'")  # noqa: S608 -- of the line above
        with pytest.raises(ConflictError):
            await database.transact(lambda connection, statement=statement: connection.execute(statement))
        assert column


@given(st.text(max_size=40), st.text(max_size=40))
def test_names_are_compared_without_capitals_accents_and_order(first, second):
    key = search_key(f"{first} {second}")
    assert search_key(key) == key
    assert sorted(family_key(f"{first} {second}").split()) == sorted(key.split())
    assert "  " not in key


def test_ids_follow_each_other_in_time_and_are_of_version_seven():
    drawn = [new_id() for _ in range(200)]
    assert len(set(drawn)) == 200
    assert {(each[14], each[19] in "89ab") for each in drawn} == {("7", True)}
    assert [each[:13] for each in drawn] == sorted(each[:13] for each in drawn)
