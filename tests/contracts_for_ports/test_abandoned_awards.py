"""Rows 46 and 95: an award that was begun, and that nobody came back for, is there no longer than its request."""

from datetime import timedelta

import pytest
import store_samples as samples
from work_support import A, now

from node.issuance.background.schedule import KEPT_REQUESTS, Housekeeping
from node.ports.awarding import AwardState
from node.ports.vault import KeyPurpose


@pytest.mark.threat(46, 95)
async def test_what_was_begun_and_left_is_removed_with_its_request_and_nothing_else(store, database):
    await samples.add_organisation(store)
    await samples.add_keys(await samples.make_vault(database), A, KeyPurpose)
    await store.change(A, samples.add_everything)
    old = now() - KEPT_REQUESTS - timedelta(minutes=1)
    young = now() - KEPT_REQUESTS + timedelta(minutes=1)
    left, issued, waiting, fresh = (
        samples.award(A, number, awarded_at=at) for number, at in ((11, old), (12, old), (13, old), (14, young))
    )

    async def work(unit):
        await unit.awards.intend([left, issued, waiting, fresh])
        await unit.awards.secure([samples.secured(A, 12)], old)
        await unit.awards.change(waiting.id, AwardState.WAITING, old)
        await unit.status.allocate(f"{A}-list", [left.id])

    await store.change(A, work)
    async with store.view(A) as view:
        (entry,) = await view.status.entries_of(left.id)
    await Housekeeping(store, now).tidy()
    async with store.view(A) as view:
        there = await view.awards.by_client_keys([each.client_key for each in (left, issued, waiting, fresh)])
        assert set(there) == {issued.client_key, waiting.client_key, fresh.client_key}
        assert await view.status.entries_of(left.id) == ()
    again = samples.award(A, 15, client_key=left.client_key)

    async def begin_anew(unit):
        await unit.status.allocate(f"{A}-list", [again.id])
        return await unit.status.entries_of(again.id)

    assert await store.change(A, lambda unit: unit.awards.intend([again])) == {again.id}, "its name is free"
    ((other,)) = await store.change(A, begin_anew)
    assert other.place != entry.place, "and its place in the list is nobody's"
