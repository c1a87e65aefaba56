"""What the node's database takes and finds: awards written and searched, single changes one by one and together.

`python bench/store.py [ADDRESS] [AWARDS]`: SQLite in a temporary folder unless an address is given, which has to be of
an empty database; a million awards unless told otherwise, among which a search is to take less than 150 ms at the 95th
of a hundred. Figures are of one run on this machine; the searches are the ones that a person at a desk makes.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import store_samples as samples

from node.adapters.database.engine import opened
from node.adapters.database.identifiers import new_id
from node.adapters.database.store import DatabaseStore
from node.ports.awarding import AwardQuery, AwardState
from node.ports.outbox import Task
from node.ports.vault import KeyPurpose

GIVEN = ("Anna", "Jan", "Zofia", "Piotr", "Maria", "Adam", "Ewa", "Tomasz", "Olga", "Marek")
PARTS = ("ko", "wal", "no", "wak", "mar", "cin", "zie", "lin", "ska", "dą", "brow", "wiś", "nie", "pio", "tr", "lew")
AT_ONCE, SEARCHES, SINGLE = 5000, 60, 300
RANDOM = random.Random(20)  # noqa: S311 -- names of nobody


def family(parts: int) -> str:
    """The beginning of a made-up family name."""
    return "".join(RANDOM.choice(PARTS) for _ in range(parts)).capitalize()


async def fill(store: DatabaseStore, count: int) -> float:
    """Awards per second."""
    started = time.perf_counter()
    for start in range(0, count, AT_ONCE):
        rows = [
            samples.award(
                samples.A,
                number,
                id=new_id(),
                client_key=f"row {number}",
                name=f"{RANDOM.choice(GIVEN)} {family(4)}",
                email=f"p{number}@sample.example",
            )
            for number in range(start, min(start + AT_ONCE, count))
        ]
        await store.change(samples.A, lambda unit, rows=rows: unit.awards.intend(rows))
    return count / (time.perf_counter() - started)


async def search(store: DatabaseStore, count: int) -> None:
    """The time of each kind of search."""
    kinds = {
        "family name, two parts": lambda: AwardQuery(words=family(2)),
        "family name, three parts": lambda: AwardQuery(words=family(3)),
        "given name": lambda: AwardQuery(words=RANDOM.choice(GIVEN)),
        "given and family name": lambda: AwardQuery(words=f"{RANDOM.choice(GIVEN)} {family(1)}"),
        "one letter": lambda: AwardQuery(words=RANDOM.choice("akzmp")),
        "e-mail address": lambda: AwardQuery(words=f"p{RANDOM.randrange(count)}@"),
        "achievement": lambda: AwardQuery(achievement=f"{samples.A}-course"),
        "name of which none is issued": lambda: AwardQuery(words="anna", state=AwardState.ISSUED),
        "nobody's name": lambda: AwardQuery(words="xxxxxx"),
    }
    for name, make in kinds.items():
        times = []
        for _ in range(SEARCHES):
            async with store.view(samples.A) as view:
                started = time.perf_counter()
                await view.awards.search(make())
                times.append((time.perf_counter() - started) * 1000)
        print(f"  {name:32} p50 {statistics.median(times):7.1f} ms   p95 {sorted(times)[SEARCHES * 95 // 100]:7.1f} ms")


async def single(store: DatabaseStore, clients: int) -> float:
    """Durable changes per second, by so many at once."""

    async def client() -> None:
        for _ in range(SINGLE // clients):
            task = Task(new_id(), "mail", {}, samples.NOW)
            await store.change(samples.A, lambda unit, task=task: unit.outbox.add([task]))

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return SINGLE / (time.perf_counter() - started)


async def run(address: str, count: int) -> None:
    """All of it."""
    async with opened(address) as database:
        store = DatabaseStore(database)
        await samples.add_organisation(store)
        vault = await samples.make_vault(database)
        await samples.add_keys(vault, samples.A, (KeyPurpose.ASSERTION,))
        await store.change(samples.A, samples.add_profile)
        await store.change(samples.A, samples.add_course)
        print(f"{database.kind}: {count} awards written at {await fill(store, count):.0f}/s; searches among them")
        await database.purge()
        await search(store, count)
        rates = [f"{await single(store, clients):.0f}/s by {clients}" for clients in (1, 10, 30)]
        print(f"  single changes, each on the disk when it is told: {', '.join(rates)}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        given = [*sys.argv[1:], *(f"sqlite:///{folder}/node.db", "1000000")[len(sys.argv) - 1 :]]
        asyncio.run(run(given[0], int(given[1])))
