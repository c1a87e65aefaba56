"""A namespace that is asked for twice under one name is founded and opened once, and its recovery key is not kept."""

import asyncio

import pytest
import store_samples as samples
from sqlalchemy import select

from anchoring.founding import RecoveryKey
from did_methods.multibase import to_base64url
from node.adapters.database.tables import IDEMPOTENCY_KEYS
from node.issuance.issuing import Once
from node.issuance.organisation.chain_records import ChainRecordsDesk
from node.issuance.organisation.second_person import Action
from node.ports.api_keys import Caller
from node.ports.errors import ConflictError, StoreError
from node.ports.organisations import Settings
from node.ports.oversight import Approval
from node.ports.store import Store

CONTRACT = f"eip155:31337:0x{'0a' * 20}"
ONCE = Once("caller:one", b"asked")
CALLER = Caller(samples.A, "k1", frozenset(), "anna", "anna")

pytestmark = pytest.mark.threat(82)


class FailingOnce(Store):
    """A store whose first change is done and then taken back, as where the machine goes down before the end."""

    def __init__(self, store):
        self.store, self.fails = store, True

    def view(self, organisation):
        return self.store.view(organisation)

    async def change(self, organisation, work):
        async def failing(unit):
            await work(unit)
            raise StoreError("taken back", code="store.unreachable", remedy="Try again.")

        if self.fails:
            self.fails = False
            return await self.store.change(organisation, failing)
        return await self.store.change(organisation, work)


@pytest.fixture
def desk(database, store, runner):
    async def made():
        await samples.add_organisation(store)
        return ChainRecordsDesk(store, await samples.make_vault(database), lambda: samples.NOW)

    return runner.run(made())


async def opened(store):
    async with store.view(samples.A) as view:
        tasks = [task.payload for task in await view.outbox.waiting() if task.kind == "namespace.open"]
        return tasks, await view.identities.namespaces()


async def test_it_is_founded_once_and_the_recovery_key_is_not_kept(desk, store, database):
    founded = await asyncio.gather(*[desk.found(CALLER, CONTRACT, None, once=ONCE) for _ in range(4)])
    founded.append(await desk.found(CALLER, CONTRACT, None, once=ONCE))
    (record,) = {each.record for each in founded}
    (shown,) = [each for each in founded if each.recovery is not None]
    assert [each.was_shown for each in founded].count(True) == 4
    assert not shown.was_shown
    tasks, namespaces = await opened(store)
    assert (len(tasks), namespaces) == (1, (record,))
    recovery = RecoveryKey.from_bytes(shown.recovery.reveal())
    assert recovery.commitment.hex() == tasks[0]["recovery"].removeprefix("0x")
    async with database.reading() as connection:
        kept = repr((await connection.execute(select(IDEMPOTENCY_KEYS))).all())
    assert record.id in kept
    for secret in (to_base64url(recovery.to_bytes()), recovery.to_bytes().hex(), repr(recovery.to_bytes())):
        assert secret not in kept
    with pytest.raises(ConflictError):
        await desk.found(CALLER, CONTRACT, None, once=Once(ONCE.key, b"something else"))
    given = [await desk.found(CALLER, CONTRACT, b"\1" * 32, once=Once("caller:two", b"")) for _ in range(2)]
    assert given[0] == given[1]
    assert given[0].record != record


async def test_what_was_taken_back_is_founded_by_the_next_try(desk, store):
    failing = ChainRecordsDesk(FailingOnce(store), desk.vault, desk.now)
    with pytest.raises(StoreError):
        await failing.found(CALLER, CONTRACT, None, once=ONCE)
    assert await opened(store) == ([], ())
    founded = await failing.found(CALLER, CONTRACT, None, once=ONCE)
    assert founded.recovery is not None
    assert not founded.was_shown
    assert (await opened(store))[1] == (founded.record,)


async def test_what_takes_a_second_person_is_founded_once_somebody_has_agreed(desk, store):
    await store.change(samples.A, lambda unit: unit.settings.keep(Settings(frozenset({Action.PROFILES})), samples.NOW))
    asked = await desk.found(CALLER, CONTRACT, None, once=ONCE)
    assert isinstance(asked, Approval)
    assert await desk.found(CALLER, CONTRACT, None, once=ONCE) == asked
    await store.change(samples.A, lambda unit: unit.approvals.decide(asked.id, "jan", samples.NOW, grant=True))
    founded = await desk.found(CALLER, CONTRACT, None, asked.id, once=ONCE)
    assert founded.recovery is not None
    again = await desk.found(CALLER, CONTRACT, None, asked.id, once=ONCE)
    assert (again.record, again.was_shown, again.recovery) == (founded.record, True, None)
    assert (await opened(store))[1] == (founded.record,)


async def test_one_that_is_taken_up_is_taken_up_once(desk):
    name = f"{CONTRACT}#0x{'0c' * 32}"
    taken = [await desk.add_namespace(CALLER, name, once=ONCE) for _ in range(2)]
    assert taken[0] == taken[1]
    with pytest.raises(ConflictError):
        await desk.add_namespace(CALLER, name)
