"""Closing an organisation, on both engines: what it issued can be checked for good, and nothing in it changes."""

import asyncio
from datetime import timedelta

import pytest
import store_samples as samples
import work_support as support
from samples import badge, signed
from status_support import copy_of
from work_support import LIST, URL, A, now

from node.issuance.organisation.closing import ClosingDesk, require_open
from node.ports.api_keys import Caller
from node.ports.errors import AbsentError, RuleError
from node.ports.organisations import OrganisationId, State
from node.ports.work import follow_batch, mirror_list
from node.status.entry import StatusEntry
from node.verification.check import CheckName
from node.verification.material import Origin, VerificationMaterial
from node.verification.policy import built_in
from node.verification.received import read_text
from node.verification.verify import verify

ADMINISTRATOR = Caller(samples.B, "administrator", frozenset())
YEARS = timedelta(days=730)


@pytest.fixture
def vault(database, runner):
    return runner.run(samples.make_vault(database))


def judged_years_later(document, place):
    """What a verifier makes of it two years from now, with what this node serves then."""
    credential = signed(badge(credentialStatus=StatusEntry(URL, place, "revocation").to_json()))
    copies = (copy_of(read_text(document.decode()).whole, Origin.LIVE, url=URL, obtained=now() + YEARS),)
    report = verify(credential, VerificationMaterial(status_lists=copies), built_in("archive"), now() + YEARS)
    check = report.credentials[0].check(CheckName.STATUS)
    return check.outcome.value, check.code


async def state(store):
    async with store.node_view() as node:
        return (await node.organisations.find(A)).state


async def served(store):
    async with store.node_view() as node:
        return await node.public.status_list(URL)


@pytest.mark.threat(48)
async def test_what_a_closed_organisation_issued_is_checked_years_later_by_its_sealed_list(store, vault):
    await support.add_issuer(store, vault)
    good, withdrawn = await support.add_awards(store, 2)
    await store.change(A, lambda unit: unit.status.set_value(LIST, withdrawn, 1, now(), "by mistake"))
    desk = ClosingDesk(store, now)
    asked = await desk.close(ADMINISTRATOR, A)
    assert (asked.closed, {one.what for one in asked.still_open}) == (False, {"list", "status.seal"})
    assert await state(store) is State.CLOSING
    async with support.working(store, vault):
        await support.until(lambda: support.idle(store))
    assert (await desk.close(ADMINISTRATOR, A)).closed
    assert (await desk.close(ADMINISTRATOR, A)) == (await desk.close(ADMINISTRATOR, A))
    assert await state(store) is State.CLOSED
    async with support.working(store, vault, now=lambda: now() + YEARS):  # nothing renews it, and nothing has to
        await asyncio.sleep(0.3)
    document = await served(store)
    assert judged_years_later(document, good)[0] == "passed"
    assert judged_years_later(document, withdrawn) == ("failed", "status.revoked")
    with pytest.raises(RuleError) as refused:
        await store.change(A, lambda unit: unit.status.set_value(LIST, good, 1, now(), "too late"))
    assert refused.value.code == "organisation.closed"


async def test_while_it_is_closing_nothing_is_issued_and_its_lists_go_on(store, vault):
    await support.add_issuer(store, vault, purpose="status_list", form="sd-jwt")
    await store.change(A, lambda unit: unit.outbox.add([mirror_list("https://other.example/status/1", now())]))
    desk = ClosingDesk(store, now)
    (token_list,) = (await desk.close(ADMINISTRATOR, A)).still_open
    assert token_list.problem.startswith("status.token_seal")

    async def ask(unit):
        require_open(unit)

    with pytest.raises(RuleError) as refused:
        await store.change(A, ask)
    assert refused.value.code == "organisation.closing"
    async with support.working(store, vault):
        await support.until(lambda: has_version(store))  # it is renewed as ever
    lost = await desk.close(ADMINISTRATOR, A, anyway=True)
    assert lost.closed
    assert lost.still_open[0].problem.startswith("status.token_seal")
    async with store.view(A) as view:
        last = (await view.audit.entries())[-1].event
    assert (last.action, list(last.details["lost"])) == ("organisation.close", ["list"])


async def has_version(store):
    async with store.view(A) as view:
        return (await view.status.find(LIST)).version > 0


async def test_it_is_not_closed_while_a_batch_waits_for_the_chain_unless_that_is_said(store, vault):
    await support.add_issuer(store, vault)
    await store.change(A, lambda unit: unit.outbox.add([follow_batch("a-batch", now())]))
    desk = ClosingDesk(store, now)
    await desk.close(ADMINISTRATOR, A)
    async with support.working(store, vault):  # it has no chain, as one that halted
        await support.until(lambda: sealed(store))
    (batch,) = (await desk.close(ADMINISTRATOR, A)).still_open
    assert (batch.what, batch.about) == ("anchor.follow", "a-batch")
    assert not await store.node_change(lambda node: node.organisations.close(A, beside=[]))
    assert await state(store) is State.CLOSING
    assert (await desk.close(ADMINISTRATOR, A, anyway=True)).still_open == (batch,)
    assert await state(store) is State.CLOSED


async def sealed(store):
    async with store.view(A) as view:
        return (await view.status.find(LIST)).sealed_at is not None and len(await view.outbox.waiting()) == 1


@pytest.mark.threat(54)
async def test_closing_begins_after_the_changes_that_are_under_way(store):
    await samples.add_organisation(store)
    begun, order = asyncio.Event(), []

    async def slow(unit):
        assert not unit.closing
        begun.set()
        await asyncio.sleep(0.3)
        order.append("changed")

    change = asyncio.create_task(store.change(A, slow))
    await begun.wait()
    await store.node_change(lambda node: node.organisations.begin_closing(A))
    order.append("closing")
    await change
    assert order == ["changed", "closing"]


async def test_who_may_not_be_closed(store):
    await samples.add_organisation(store)
    desk = ClosingDesk(store, now)
    own = Caller(A, "own", frozenset())
    with pytest.raises(RuleError) as refused:
        await desk.close(own, A)
    assert refused.value.code == "organisation.own"
    with pytest.raises(AbsentError):
        await desk.close(ADMINISTRATOR, OrganisationId("nobody"))
