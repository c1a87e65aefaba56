"""The issuing desk: a table with a row for each learner, from its bytes to credentials that are anchored.

    python bench/desk.py [LEARNERS] [--form FORM] [--on sqlite|postgresql|both] [--database ADDRESS] [--profile]

SQLite in a temporary folder, then PostgreSQL by a server that is started for it and ended after it; or the database at
an address, which has to be empty. That server waits for the disk as a node's does. The table is handed in,
ordered and started, as by HTTP; it is read, composed and signed by processes of their own, stored with a place in a
status list each, and anchored on an embedded chain of the same process, until every receipt is final. Figures are of
one run on this machine. Beside the rate stands what the processors took, since what else runs takes of the time: by
that alone two processors could award so many a second. What PostgreSQL takes is counted where it was started here.
"""

import argparse
import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import run_support as runs
import store_samples as samples
import work_support as support
from database_support import SETTINGS, fresh_database, postgresql_server
from run_support import CALLER, A
from sqlalchemy import text

from node.adapters.chain_access import embedded_chain
from node.adapters.chain_sites import NodeChains, VaultAuthorities
from node.adapters.database.engine import Database, opened
from node.adapters.database.store import DatabaseStore
from node.issuance.background.worker import Pace
from node.ports.runs import OVER
from node.ports.work import open_namespace

USUAL = 20_000
TARGET = 4_000
"""Awards a second, by two processors."""
MAX_MEGABYTES = 600.0
PROCESSORS = 2
LOOK_SECONDS = 0.2


def taken(pids: frozenset[int], server: int | None) -> tuple[float, float, float]:
    """Seconds of the processors so far: of this process, of those that sign, and of the database's server."""
    signing = sum(seconds_of(pid) for pid in pids)
    return time.process_time(), signing, 0.0 if server is None else sum(map(seconds_of, below(server)))


def seconds_of(pid: int) -> float:
    """What a process took of the processors, and those it began that are over."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:  # it is over; whoever began it has its seconds
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def below(pid: int) -> list[int]:
    """A process, and those that it began."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split())]


def held() -> float:
    """The most megabytes that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@asynccontextmanager
async def timed(name: str, count: int, pids: frozenset[int], server: int | None) -> AsyncIterator[None]:
    """Say how long something took for so many."""
    started, before = time.perf_counter(), taken(pids, server)
    yield
    took = time.perf_counter() - started
    each = [(now - then) / count * 1e6 for now, then in zip(taken(pids, server), before, strict=True)]
    used = sum(each)
    print(
        f"  {name:<30}{took:8.2f} s {count / took:8,.0f}/s   processors {used:6.1f} µs each "
        f"(here {each[0]:5.1f}, signing {each[1]:5.1f}, server {each[2]:5.1f}), "
        f"so {PROCESSORS * 1e6 / used:7,.0f}/s by two   {held():6.1f} MB",
        flush=True,
    )


def on_disk(folder: str) -> int:
    """Bytes of SQLite's files."""
    return sum(path.stat().st_size for path in Path(folder).glob("node.db*"))


async def size_of(database: Database, folder: str) -> int:
    """Bytes of the database, as it lies on the disk."""
    if database.kind == "sqlite":
        return on_disk(folder)
    async with database.reading() as connection:
        return int(await connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


async def award(count: int, form: str, address: str | None, server: int | None = None) -> None:
    """One table, from its bytes to final receipts."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = await stack.enter_async_context(opened(address or f"sqlite:///{folder}/node.db"))
        access = await stack.enter_async_context(embedded_chain(Path(folder) / "chain"))
        tables = await stack.enter_async_context(runs.signers(size=PROCESSORS))
        store, vault, pids = DatabaseStore(database), await samples.make_vault(database), tables.signers.pids
        await samples.add_organisation(store)
        chain = access.reader
        name, opening = await support.add_namespace(store, vault, chain.chain.id, chain.contract.address)
        options = {"signs": "…", "epoch": "2026"} if form == "bbs-2023" else {"anchor": name}
        await runs.add_profile(store, vault, form, caps={"per_day": 10_000_000}, **options)
        await store.change(A, runs.add_course)

        async def chain_opened() -> object:
            return access

        chains = NodeChains(database, store, vault, [chain_opened])  # type: ignore[list-item]
        office = runs.Office(store, vault, tables)
        means = {"chains": chains, "authorities": VaultAuthorities(vault), "pace": Pace(), "alone": True}
        at_work = await stack.enter_async_context(runs.working(office, **means))
        founding = (opening.authority, opening.recovery, opening.salt)
        await store.change(A, lambda unit: unit.outbox.add([open_namespace(name, *founding, support.now())]))
        at_work.wake()
        await support.until(lambda: nothing_left(store), 60)
        data, before = runs.table(runs.learners(count)), await size_of(database, folder)
        print(f"{count:,} learners, {form}, {database.kind}: a table of {len(data) / 1e6:.1f} MB", flush=True)
        async with timed("in all", count, pids, server):
            async with timed("handed in", count, pids, server):
                run = await office.desk.upload(CALLER, "table.csv", data)
                await office.desk.order(CALLER, run.id, runs.order(), check=False)
            async with timed("signed, placed and stored", count, pids, server):
                await office.desk.start(CALLER, run.id)
                at_work.wake()
                await until(lambda: over(office, run.id))
            async with timed("anchored, all receipts final", count, pids, server):
                at_work.wake()
                await until(lambda: nothing_left(store))
        found = await office.found(run.id)
        if (found.awarded, found.problem) != (count, None):
            raise SystemExit(f"{found.awarded} of {count} were awarded: {found.problem}")
        size = await size_of(database, folder) - before
        print(f"  {size / count:,.0f} bytes of the database for each award")
        if held() > MAX_MEGABYTES:
            raise SystemExit(f"MISSED: {held():.0f} MB are more than {MAX_MEGABYTES:.0f}")


async def over(office: runs.Office, run: str) -> bool:
    """Whether it came to its end, or stands still."""
    found = await office.found(run)
    return found.state in OVER or found.problem is not None


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so, looking seldom: what is measured does the looking, too."""
    async with asyncio.timeout(3600):
        while not await done():  # noqa: ASYNC110 -- what is waited for is in a database
            await asyncio.sleep(LOOK_SECONDS)


async def nothing_left(store: DatabaseStore) -> bool:
    """Whether nothing is due or under way, but for the signing of the log some time from now."""
    async with store.view(A) as view:
        return all(task.kind == "audit.head" for task in await view.outbox.waiting())


@contextmanager
def server_of_its_own() -> Iterator[tuple[str, int]]:
    """The address of an empty database, and the server's process; it waits for the disk."""
    SETTINGS.update(fsync="on", shared_buffers="128MB")
    with postgresql_server() as server, fresh_database(server) as address:
        folder = Path(server.partition("host=")[2])
        yield address, int((folder / "data" / "postmaster.pid").read_text("ascii").split()[0])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("learners", nargs="?", type=int, default=USUAL)
    parser.add_argument("--form", default=runs.USUAL)
    parser.add_argument("--on", choices=["sqlite", "postgresql", "both"], default="both", help="which databases")
    parser.add_argument("--database", help="the address of an empty database, instead of those")
    parser.add_argument("--profile", action="store_true", help="say where this process spends its time")
    arguments = parser.parse_args()
    count, form, on = arguments.learners, arguments.form, arguments.on
    measured = profiled if arguments.profile else asyncio.run
    if arguments.database or on != "postgresql":
        measured(award(count, form, arguments.database))
    if not arguments.database and on != "sqlite":
        with server_of_its_own() as (address, server):
            measured(award(count, form, address, server))
    return 0


def profiled(work: Coroutine[None, None, None]) -> None:
    """Run it, and print where the time went."""
    import cProfile  # noqa: PLC0415 -- seldom
    import pstats  # noqa: PLC0415 -- likewise

    profile = cProfile.Profile()
    profile.runcall(asyncio.run, work)
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    sys.exit(main())
