"""The node's background work: a withdrawal until it is published, many at once, and batches until their receipts.

`python bench/work.py [ADDRESS]`: SQLite in a temporary folder unless an address is given, which has to be of an empty
database. Batches are anchored on an embedded chain of the same process. Beside each stands how long the event loop
worked at most without looking at anything else, by the processor's time. Figures are of one run on this machine.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import store_samples as samples
import work_support as support
from sqlalchemy.ext.asyncio import AsyncConnection
from work_support import LIST, A

from anchoring.receipt import State
from node.adapters.chain_access import embedded_chain
from node.adapters.chain_sites import NodeChains, VaultAuthorities
from node.adapters.database.award_tables import STATUS_ENTRIES
from node.adapters.database.bound import insert_into
from node.adapters.database.engine import Database, opened
from node.adapters.database.store import DatabaseStore
from node.adapters.database.vault import DatabaseVault
from node.issuance.background.batches import receipt_of
from node.issuance.background.office import Background
from node.issuance.background.worker import Pace
from node.ports.work import open_namespace, publish_list

SINGLE, AT_ONCE = 20, 64
SET = (0, 13_000, 131_072)
"""Places that are set already: none, a tenth, and nearly all."""
LEAVES, PAGE = 20_000, 5_000


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Lag:
    """How long the event loop worked without looking at anything else, by its own processor time."""

    worst = 0.0

    async def watch(self) -> None:
        """Look every five milliseconds."""
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.005)
            self.worst = max(self.worst, time.thread_time() - before)

    def told(self) -> str:
        """The worst since the last time."""
        worst, self.worst = self.worst, 0.0
        return f"loop busy {worst * 1000:6.1f} ms at most"


async def withdraw(store: DatabaseStore, work: Background, place: int) -> float:
    """One withdrawal, until everybody can see it; in milliseconds."""
    started = time.perf_counter()

    async def change(unit: object) -> None:
        await unit.status.set_value(LIST, place, 1, now(), "by mistake")  # type: ignore[attr-defined]
        await unit.outbox.add([publish_list(LIST, now())])  # type: ignore[attr-defined]

    await store.change(A, change)
    after = now()
    work.wake()
    if not await work.published(LIST, after):
        raise SystemExit("it was not published in time")
    return (time.perf_counter() - started) * 1000


async def lists(database: Database, store: DatabaseStore, vault: DatabaseVault, lag: Lag) -> None:
    """Withdrawals in a list of 131,072 places."""
    await support.add_issuer(store, vault)
    given = list(await support.add_awards(store, (SINGLE + AT_ONCE) * len(SET) + 1))
    async with support.working(store, vault, pace=Pace()) as work:
        await withdraw(store, work, given.pop())
        lag.told()
        for wanted in SET:
            await fill(database, wanted, frozenset(given))
            lag.told()
            processor = time.process_time()
            single = [await withdraw(store, work, given.pop()) for _ in range(SINGLE)]
            processor = (time.process_time() - processor) / SINGLE * 1000
            print(
                f"  withdrawal to publication, {wanted:7,} set: p50 {statistics.median(single):6.1f} ms   "
                f"p95 {sorted(single)[SINGLE * 95 // 100]:6.1f} ms   processor {processor:5.1f} ms   {lag.told()}"
            )
            before = await version(store)
            started = time.perf_counter()
            await asyncio.gather(*(withdraw(store, work, given.pop()) for _ in range(AT_ONCE)))
            seconds = time.perf_counter() - started
            print(
                f"  {AT_ONCE} at once:                                {seconds * 1000:6.1f} ms in "
                f"{await version(store) - before} versions                {lag.told()}"
            )


async def fill(database: Database, wanted: int, others: frozenset[int]) -> None:
    """Set so many places of persons who were erased since."""
    rows = [
        {"organisation": A, "list": LIST, "place": place, "value": 1} for place in range(wanted) if place not in others
    ]

    async def change(connection: AsyncConnection) -> None:
        if rows:
            statement = insert_into(connection, STATUS_ENTRIES)
            await connection.execute(statement.on_conflict_do_nothing(), rows)

    await database.transact(change)


async def version(store: DatabaseStore) -> int:
    """Which one is published."""
    async with store.view(A) as view:
        return (await view.status.find(LIST)).version


async def batches(database: Database, store: DatabaseStore, vault: DatabaseVault, folder: Path, lag: Lag) -> None:
    """Leaves until each has a final receipt."""
    async with embedded_chain(folder) as access:

        async def opening() -> object:
            return access

        number = (SINGLE + AT_ONCE) * len(SET) + 2
        for start in range(number, 1002 + LEAVES, PAGE):
            await support.add_awards(store, min(PAGE, 1002 + LEAVES - start), start, places=False)
        chain = access.reader
        name, founded = await support.add_namespace(store, vault, chain.chain.id, chain.contract.address)
        founding = (founded.authority, founded.recovery, founded.salt)
        chains = NodeChains(database, store, vault, [opening])  # type: ignore[list-item]
        lag.told()
        async with support.working(
            store, vault, pace=Pace(), chains=chains, authorities=VaultAuthorities(vault)
        ) as work:
            await store.change(A, lambda unit: unit.outbox.add([open_namespace(name, *founding, now())]))
            work.wake()
            await support.until(lambda: support.idle(store))
            print(f"  opening a namespace                                                        {lag.told()}")
            for size in (1, 1000, LEAVES):
                first = {1: 1, 1000: 2, LEAVES: 1002}[size]
                started, processor = time.perf_counter(), time.process_time()
                leaves = []
                for start in range(first, first + size, PAGE):
                    some = range(start, min(start + PAGE, first + size))
                    leaves += await support.want(store, name, some)
                wanted = time.perf_counter() - started
                lag.told()
                work.wake()
                await support.until(lambda leaves=leaves: final(store, leaves), 300)  # type: ignore[misc]
                seconds = time.perf_counter() - started
                processor = time.process_time() - processor
                print(
                    f"  {size:7,} leaves wanted in {wanted:5.2f} s, final after {seconds:6.2f} s: "
                    f"{size / seconds:8,.0f}/s "
                    f"(processor {processor:5.2f} s)   {lag.told()}"
                )


async def final(store: DatabaseStore, leaves: list[object]) -> bool:
    """Whether the last of each batch is final."""
    async with store.view(A) as view:
        if await view.outbox.waiting():
            return False
        receipt = await receipt_of(view, leaves[-1].award, leaves[-1].form)  # type: ignore[attr-defined]
    return receipt is not None and receipt.state is State.FINAL


@asynccontextmanager
async def watched() -> AsyncIterator[Lag]:
    """The lag of this loop."""
    lag = Lag()
    task = asyncio.create_task(lag.watch())
    yield lag
    task.cancel()


async def main(address: str, folder: Path) -> None:
    """Everything."""
    async with opened(address) as database, watched() as lag:
        store, vault = DatabaseStore(database), await samples.make_vault(database)
        print(database.kind)
        await lists(database, store, vault, lag)
        await batches(database, store, vault, folder / "chain", lag)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        where = Path(temporary)
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{where / 'node.db'}", where))
