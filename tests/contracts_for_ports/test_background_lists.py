"""Status lists in the background, on both engines: each version is a rendering of the rows, and none is ever lost."""

import asyncio
from datetime import timedelta

import pytest
import store_samples as samples
import work_support as support
from work_support import LIST, URL, A, now, places, published

from node.documents import parse_object
from node.issuance.background import lists as lists_module
from node.issuance.errors import NotIssuableError
from node.issuance.publication import RENEW_AFTER, is_due, stated_date
from node.ports.errors import RuleError
from node.ports.work import publish_list, seal_list
from node.proofs.jose.jws import parse_jws
from node.status.status_list import SEALED_UNTIL
from node.status.token_status_list import INVALID, read_token_status_list
from node.verification.received import read_text


@pytest.fixture
def vault(database, runner):
    return runner.run(samples.make_vault(database))


async def revoke(store, place, value=1):
    async def work(unit):
        await unit.status.set_value(LIST, place, value, now(), "by mistake")
        await unit.outbox.add([publish_list(LIST, now())])

    await store.change(A, work)


@pytest.mark.threat(54)
async def test_of_sixty_four_withdrawals_at_once_none_is_lost_and_few_versions_are_made(store, vault, monkeypatch):
    monkeypatch.setattr("node.issuance.background.office.PUBLISHED_SECONDS", 60.0)  # on a machine with much else to do
    await support.add_issuer(store, vault)
    given = await support.add_awards(store, 64)
    async with support.working(store, vault) as work:

        async def withdraw(place):
            await revoke(store, place)
            work.wake()
            assert await work.published(LIST, now())
            return place in places(await published(store))

        assert await asyncio.gather(*map(withdraw, given)) == [True] * 64, "it was told before it could be seen"
    assert places(await published(store)) == dict.fromkeys(given, 1)
    async with store.view(A) as view:
        assert (await view.status.find(LIST)).version < 40


@pytest.mark.threat(48)
async def test_each_version_is_later_than_the_one_before_and_counts_for_a_day(store, vault):
    await support.add_issuer(store, vault)
    (place,) = await support.add_awards(store, 1)
    standing = now()
    publisher = support.publisher(store, vault, lambda: standing)
    versions = [(await publisher.publish(A, LIST)).document]
    await store.change(A, lambda unit: unit.status.set_value(LIST, place, 1, standing, "by mistake"))
    versions += [(await publisher.publish(A, LIST)).document for _ in range(2)]
    dates = [stated_date(each) for each in versions]
    assert dates == sorted(set(dates))
    for each, date in zip(versions, dates, strict=True):
        value = read_text(each.decode()).value
        assert value["validUntil"] == support.format_timestamp(date + timedelta(hours=24))
    assert [places(each) for each in versions] == [{}, {place: 1}, {place: 1}]
    standing -= timedelta(hours=1)
    with pytest.raises(NotIssuableError) as refused:
        await publisher.publish(A, LIST)
    assert refused.value.code == "issuance.clock"


async def test_a_version_is_what_its_issuer_signed(store, vault):
    await support.add_issuer(store, vault)
    (place,) = await support.add_awards(store, 1)
    await revoke(store, place)
    await support.publisher(store, vault).publish(A, LIST)
    document = await published(store)
    outcome = support.judged(document, place)
    assert outcome == ("failed", "status.revoked")


@pytest.mark.parametrize("form", ["jwt", "sd-jwt"])
async def test_a_profile_of_tokens_publishes_its_lists_as_tokens(store, vault, form):
    await support.add_issuer(store, vault, form=form)
    (place,) = await support.add_awards(store, 1)
    await revoke(store, place)
    await support.publisher(store, vault).publish(A, LIST)
    document = await published(store)
    assert parse_jws(document.decode()).typ == "vc+jwt"
    assert support.judged(document, place) == ("failed", "status.revoked")


async def test_a_token_status_list_has_every_purpose_and_a_withdrawal_in_it_is_final(store, vault):
    await support.add_issuer(store, vault, form="sd-jwt", purpose="status_list", size=2)
    first, second = await support.add_awards(store, 2)
    await revoke(store, first, INVALID)
    await revoke(store, second, 2)
    publisher = support.publisher(store, vault)
    versions = [(await publisher.publish(A, LIST)).document for _ in range(2)]
    read = [read_token_status_list(parse_object(parse_jws(each.decode()).payload)) for each in versions]
    assert [dict(each.nonzero()) for each in read] == [{first: INVALID, second: 2}] * 2
    assert read[0].issued_at < read[1].issued_at
    assert read[0].uri == URL
    await revoke(store, second, 0)
    with pytest.raises(RuleError) as refused:
        await revoke(store, first, 0)
    assert refused.value.code == "status.final"
    with pytest.raises(RuleError) as refused:
        await publisher.publish(A, LIST, seal=True)
    assert refused.value.code == "status.token_seal"


async def test_a_sealed_list_counts_for_good_and_is_published_no_more(store, vault):
    await support.add_issuer(store, vault)
    (place,) = await support.add_awards(store, 1)
    await revoke(store, place)
    await store.change(A, lambda unit: unit.outbox.add([seal_list(LIST, now())]))
    async with support.working(store, vault):
        await support.until(lambda: support.idle(store))
    document = await published(store)
    assert read_text(document.decode()).value["validUntil"] == support.format_timestamp(SEALED_UNTIL)
    assert places(document) == {place: 1}
    assert await support.publisher(store, vault).publish(A, LIST) is None
    assert await support.publisher(store, vault).publish(A, LIST, seal=True) is None
    assert await published(store) == document


async def test_a_list_is_published_again_before_its_version_ends(store, vault):
    await support.add_issuer(store, vault)
    at = now() - RENEW_AFTER - timedelta(minutes=1)
    await support.publisher(store, vault, lambda: at).publish(A, LIST)
    before = await published(store)
    async with support.working(store, vault):
        await support.until(lambda: _other(store, before))
    async with store.view(A) as view:
        record = await view.status.find(LIST)
    assert record.version == 2
    assert not is_due(record, now())
    assert is_due(record, record.published_at + RENEW_AFTER)


async def _other(store, before):
    return await published(store) != before


@pytest.mark.threat(48)
async def test_a_restored_list_is_not_published_before_it_was_compared(store, vault):
    await support.add_issuer(store, vault, reconciled=False)
    await store.change(A, lambda unit: unit.outbox.add([publish_list(LIST, now())]))
    async with support.working(store, vault):
        await support.until(lambda: _given_up(store))
    assert await published(store) is None


async def _given_up(store):
    async with store.view(A) as view:
        return [each.problem.split(":")[0] for each in await view.outbox.dead()] == ["status.unreconciled"]


async def test_two_publishers_at_once_make_versions_one_after_the_other(store, vault):
    await support.add_issuer(store, vault)
    given = await support.add_awards(store, 12)
    publishers = [support.publisher(store, vault) for _ in range(4)]

    async def change(number, place):
        await store.change(A, lambda unit: unit.status.set_value(LIST, place, 1, now(), "by mistake"))
        await publishers[number % 4].publish(A, LIST)
        assert place in places(await published(store))

    await asyncio.gather(*(change(number, place) for number, place in enumerate(given)))
    assert places(await published(store)) == dict.fromkeys(given, 1)


class Held:
    """A store in which the first change waits for something."""

    def __init__(self, store, wait):
        self._store, self._wait = store, wait
        self.view = store.view

    async def change(self, organisation, work):
        if self._wait is not None:
            wait, self._wait = self._wait, None
            await wait()
        return await self._store.change(organisation, work)


@pytest.mark.threat(54)
async def test_who_is_overtaken_by_one_that_looked_before_the_change_publishes_all_the_same(store, vault):
    await support.add_issuer(store, vault)
    (place,) = await support.add_awards(store, 1)
    changed = asyncio.Event()
    other = asyncio.create_task(support.publisher(Held(store, changed.wait), vault).publish(A, LIST))
    await asyncio.sleep(0.3)  # it has looked, and seen nothing
    await store.change(A, lambda unit: unit.status.set_value(LIST, place, 1, now(), "by mistake"))

    async def overtaken():
        changed.set()
        await other

    await support.publisher(Held(store, overtaken), vault).publish(A, LIST)
    assert places(await published(store)) == {place: 1}
    async with store.view(A) as view:
        assert (await view.status.find(LIST)).version == 2


async def test_waiting_for_a_list_that_nobody_publishes_ends(store, vault, monkeypatch):
    await support.add_issuer(store, vault)
    monkeypatch.setattr("node.issuance.background.office.PUBLISHED_SECONDS", 0.3)
    async with support.working(store, vault) as work:
        await support.until(lambda: support.idle(store))
        assert not await work.published(LIST, now() + timedelta(hours=1))
        assert not await work.published("no list", now())


async def test_what_another_process_published_is_noticed(store, vault):
    await support.add_issuer(store, vault)
    async with support.working(store, vault, kinds={"status.publish": _nothing}) as work:
        began = now()
        await support.publisher(store, vault).publish(A, LIST)
        assert await work.published(LIST, began)


async def _nothing(_claimed):
    return None


async def test_only_so_many_lists_are_remembered(monkeypatch):
    monkeypatch.setattr(lists_module, "MAX_REMEMBERED", 2)
    lately = lists_module.Lately()
    began = now()
    for name in ("one", "two", "three"):
        await lately.note(name, began)
    assert [lately.since(name, began) for name in ("one", "two", "three")] == [False, True, True]


async def test_a_token_status_list_is_never_dated_far_ahead(store, vault):
    """Tokens are dated in whole seconds: of many versions within one, the later ones wait."""
    await support.add_issuer(store, vault, form="sd-jwt", purpose="status_list")
    given = await support.add_awards(store, 4)
    async with support.working(store, vault) as work:
        for place in given:
            await revoke(store, place)
            work.wake()
            await support.until(lambda place=place: _says(store, place))
            ahead = stated_date(await published(store)) - now()
            assert ahead <= timedelta(seconds=2)


async def _says(store, place):
    document = await published(store)
    if document is None:
        return False
    read = read_token_status_list(parse_object(parse_jws(document.decode()).payload))
    return dict(read.nonzero()).get(place) == INVALID
