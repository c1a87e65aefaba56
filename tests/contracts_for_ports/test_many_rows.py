"""Rows that are added together: as if one by one, all of them or only what is new, on both engines."""

import asyncio
from dataclasses import replace

import pytest
import store_samples as samples

from node.adapters.database.bound import MANY_ROWS
from node.ports.awarding import AwardState, Secured
from node.ports.errors import RuleError, StoreError
from node.ports.identifiers import new_id
from node.ports.vault import KeyPurpose

A, NOW, FORM = samples.A, samples.NOW, samples.FORM
COUNT = 2 * MANY_ROWS


async def ready(store, database):
    """An organisation that can award a course; so many awards."""
    await samples.add_organisation(store)
    await samples.add_keys(await samples.make_vault(database), A, [KeyPurpose.ASSERTION])

    async def work(unit):
        await samples.add_profile(unit)
        await samples.add_course(unit)

    await store.change(A, work)
    odd = {"name": 'Łódź \\N "\t\\.\n😀', "content": {"é": [1, None, "\\"]}, "valid_until": NOW}
    return [samples.award(A, number, **(odd if number % 2 else {"email": None})) for number in range(COUNT)]


async def stored(store, awards):
    """The awards as they are stored, by their ids."""
    async with store.view(A) as view:
        found = await view.awards.by_client_keys([award.client_key for award in awards])
    return {award.id: award for award in found.values()}


async def test_what_is_added_together_is_stored_as_what_is_added_one_by_one(store, database):
    awards = await ready(store, database)
    assert len(await store.change(A, lambda unit: unit.awards.intend(awards))) == COUNT
    others = [replace(award, id=new_id(), client_key=f"other {award.client_key}") for award in awards]
    for award in others[:2]:
        await store.change(A, lambda unit, award=award: unit.awards.intend([award]))
    assert await stored(store, awards) == {award.id: award for award in awards}
    assert await stored(store, others[:2]) == {award.id: award for award in others[:2]}


@pytest.mark.threat(95)
async def test_of_many_of_which_some_are_there_only_the_others_are_added(store, database):
    awards = await ready(store, database)
    await store.change(A, lambda unit: unit.awards.intend(awards[COUNT // 2 : COUNT // 2 + 3]))
    again = [replace(award, id=new_id()) for award in awards]
    added = await store.change(A, lambda unit: unit.awards.intend(again))
    assert added == {award.id for place, award in enumerate(again) if not 0 <= place - COUNT // 2 < 3}
    assert len(await stored(store, awards)) == COUNT


@pytest.mark.threat(95)
async def test_two_who_add_the_same_at_once_add_each_row_once(store, database):
    awards = await ready(store, database)
    tables = [[replace(award, id=new_id()) for award in order] for order in (awards, awards[::-1], awards[5:])]
    added = await asyncio.gather(*(store.change(A, lambda unit, t=t: unit.awards.intend(t)) for t in tables))
    assert sum(map(len, added)) == COUNT
    assert set(await stored(store, awards)) == frozenset().union(*added)


async def test_what_cannot_be_stored_leaves_nothing_of_what_was_added_with_it(store, database):
    awards = await ready(store, database)
    nowhere = [*awards[1:], replace(awards[0], profile="none")]
    for work, kind in ((nowhere, StoreError), ([*awards[1:], replace(awards[0], profile="no\0ne")], StoreError)):
        with pytest.raises(kind):
            await store.change(A, lambda unit, work=work: unit.awards.intend(work))
        assert await stored(store, awards) == {}


async def test_a_text_with_u_0000_is_refused_alike_however_many_come_with_it(store, database):
    if database.kind == "sqlite":
        return  # which stores it
    awards = await ready(store, database)
    told = []
    for work in (awards, awards[:1]):
        bad = [replace(work[0], name="a\0b"), *work[1:]]
        with pytest.raises(RuleError) as error:
            await store.change(A, lambda unit, bad=bad: unit.awards.intend(bad))
        told.append((error.value.code, error.value.remedy))
    assert told[0] == told[1]


async def test_another_failure_ends_the_unit_of_work_and_is_no_doublet(store, database):
    awards = await ready(store, database)
    await store.change(A, lambda unit: unit.awards.intend(awards))
    signed = [Secured(award.id, FORM, f"urn:x:{award.id}", NOW, b"{}") for award in awards]
    same = [*signed[1:], replace(signed[0], credential=signed[1].credential)]
    with pytest.raises(StoreError) as error:
        await store.change(A, lambda unit: unit.awards.secure(same, NOW))
    assert error.value.code == "store.conflict"
    assert {award.state for award in (await stored(store, awards)).values()} == {AwardState.INTENDED}
