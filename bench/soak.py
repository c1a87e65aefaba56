"""Many hours of a node's life after issue, by a clock that is put forward: does it stay as large as it is?

    python bench/soak.py [--hours N] [--seconds N] [--database sqlite|postgresql]

In each cycle awards are issued, some are claimed, withdrawn one by one and many at once, and erased; lists are
published, holders' notices and events of subscribers go out, what is over is tidied. Printed is how much memory the
process has, how many descriptors, tasks that wait, and rows: none of it may grow with the hours.
"""

import argparse
import asyncio
import gc
import resource
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import store_samples as samples  # noqa: E402 -- beside the tests
import work_support as support  # noqa: E402 -- likewise
from database_support import fresh_database, postgresql_server  # noqa: E402 -- likewise

from did_methods.multikey import KeyType, PrivateKey  # noqa: E402 -- from this folder
from node.adapters.database.engine import opened  # noqa: E402 -- likewise
from node.adapters.database.store import DatabaseStore  # noqa: E402 -- likewise
from node.issuance.aftercare.changing import ChangeOrder, Changing  # noqa: E402 -- likewise
from node.issuance.aftercare.telling import Telling  # noqa: E402 -- likewise
from node.issuance.aftercare.withdrawing import Choice, Withdrawing  # noqa: E402 -- likewise
from node.issuance.background.office import Background  # noqa: E402 -- likewise
from node.issuance.background.schedule import Housekeeping  # noqa: E402 -- likewise
from node.issuance.erasing import Erasing  # noqa: E402 -- likewise
from node.issuance.webhooks.delivering import Delivering  # noqa: E402 -- likewise
from node.ports.aftercare import Change, Reason  # noqa: E402 -- likewise
from node.ports.api_keys import Caller  # noqa: E402 -- likewise
from node.ports.links import LIFETIME, Link, LinkKind  # noqa: E402 -- likewise
from node.ports.store import UnitOfWork  # noqa: E402 -- likewise
from node.ports.vault import KeyPurpose  # noqa: E402 -- likewise
from node.ports.webhooks import EventType, Webhook  # noqa: E402 -- likewise
from node.ports.work import Kind, Nobody  # noqa: E402 -- likewise

A = support.A
CALLER: Final = Caller(A, "key", frozenset(), "org-a-owner")
STEP: Final = timedelta(minutes=3)
"""Of each cycle."""
MADE, ALONE, MANY, ERASED = 20, 2, 6, 20
"""Awards of a cycle: made, withdrawn one by one, withdrawn together, and, of those a cycle before, erased."""
ROWS: Final = ("awards", "credentials", "notices", "links", "outbox", "status_entries", "list_copies", "withdrawals")


class Clock:
    """A clock that goes on by itself, and is put forward."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """What it says."""
        return datetime.now(UTC) + self._ahead

    def forward(self) -> None:
        """To the next cycle."""
        self._ahead += STEP


async def cycle(store: DatabaseStore, now: Clock, first: int) -> None:
    """One cycle."""
    numbers = range(first, first + MADE)
    ids = [f"{A}-award-{number}" for number in numbers]
    at = now()

    async def issue(unit: UnitOfWork) -> None:
        await unit.awards.intend([samples.award(A, number, awarded_at=at) for number in numbers])
        await unit.awards.secure([samples.secured(A, number) for number in numbers], at)
        await unit.status.allocate(support.LIST, ids)
        for number, award in enumerate(ids[:4]):
            digest = f"{award}".encode()
            await unit.links.put(Link(f"link-{award}", award, LinkKind.CLAIM, digest, at, at + LIFETIME))
            if number % 2:
                await unit.links.accept(digest, at, again=None, holder=None)

    await store.change(A, issue)
    changing = Changing(store=store, work=WORK[0], now=now)
    for award in ids[:ALONE]:
        await changing.change(CALLER, ChangeOrder(award, Change.REVOKED, Reason("error")))
    withdrawing = Withdrawing(store=store, work=WORK[0], now=now)
    await withdrawing.order(CALLER, Choice(ids=tuple(ids[ALONE : ALONE + MANY])), Reason("error"))
    erasing = Erasing(store, now)
    for number in range(max(first - MADE, 1), max(first - MADE, 1) + (ERASED if first > MADE else 0)):
        await erasing.erase(CALLER, f"{A}-award-{number}")


WORK: list[Background] = []


async def post(_url: str, _body: bytes, _headers: object) -> int:
    """A subscriber that takes everything."""
    return 204


def told(started: float, cycles: int, rows: dict[str, int]) -> str:
    """How large it is."""
    gc.collect()
    memory = int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize() / 1e6
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    hours = cycles * STEP.total_seconds() / 3600
    return (
        f"{hours:6.1f} h  {time.perf_counter() - started:5.0f} s  RSS {memory:6.1f} MB  {descriptors:3} descriptors  "
        + "  ".join(f"{name} {count}" for name, count in rows.items())
    )


async def run(address: str, hours: float, seconds: float) -> None:
    """All cycles."""
    now = Clock()
    async with opened(address) as database:
        store, vault = DatabaseStore(database), await samples.make_vault(database)
        await support.add_issuer(store, vault, entries=1_048_576)
        sealed = await vault.seal(A, "hook", KeyPurpose.WEBHOOK, PrivateKey.generate(KeyType.ED25519), now())

        async def hook(unit: UnitOfWork) -> None:
            await unit.keys.add(sealed)
            await unit.webhooks.add(Webhook("hook", "https://x.example/", frozenset(EventType), "hook", now()))

        await store.change(A, hook)
        delivering = Delivering(store=store, vault=vault, post=post, now=now)
        house = Housekeeping(store, now)

        async def counted() -> dict[str, int]:
            async with database.reading() as connection:
                return {
                    name: (await connection.exec_driver_sql(f"SELECT count(*) FROM {name}")).scalar_one()  # noqa: S608 -- our own names
                    for name in ROWS
                }

        carrying = Withdrawing(store=store, work=Nobody(), now=now)
        kinds = {
            Kind.REVOKE_MANY: carrying.carry,
            Kind.DELIVER_EVENT: delivering.carry,
            "audit.head": done,
            Kind.TELL_HOLDER: Telling(store=store, mail=None, now=now).carry,
        }
        async with support.working(store, vault, kinds=kinds, now=now) as work:
            WORK[:] = [work]
            started, cycles, first = time.perf_counter(), 0, 1
            every = max(1, int(hours * 3600 / STEP.total_seconds() / 8))
            while cycles < hours * 3600 / STEP.total_seconds() and time.perf_counter() - started < seconds:
                await cycle(store, now, first)
                first, cycles = first + MADE, cycles + 1
                now.forward()
                if cycles % 30 == 0:
                    await house.tidy()
                    await delivering.tidy()
                    await database.purge()
                if cycles % every == 0:
                    print(told(started, cycles, await counted()), flush=True)
            print(told(started, cycles, await counted()), flush=True)


async def done(_claimed: object) -> None:
    """The end of the log is not signed here: this organisation's identifier is no one's."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = f"sqlite:///{folder}/node.db"
        if asked.database == "postgresql":
            address = stack.enter_context(fresh_database(stack.enter_context(postgresql_server())))
        asyncio.run(run(address, asked.hours, asked.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
