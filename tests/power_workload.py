"""What runs while its disk is watched: `python power_workload.py DATABASE NUMBER [PRAGMA]`; says what was stored."""

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from store_samples import NOW, add_organisation

from node.adapters.database import engine, group_commit
from node.adapters.database.store import DatabaseStore
from node.ports.errors import StoreError
from node.ports.oversight import Event

AT_ONCE = 8


def say(text):
    """One write to standard output, which whoever watches sees between those to the disk."""
    os.write(1, f"{text}\n".encode())


async def acknowledge(store, organisation, number):
    async def work(unit):
        unit.audit.record(Event(NOW, "somebody", "did", f"change-{number}", {"long": "x" * (number % 7 * 900)}))

    try:
        await store.change(organisation, work)
    except StoreError as error:
        say(f"refused {error.code}")
    else:
        say(f"stored {number}")


async def main(path, total):
    async with engine.opened(f"sqlite:///{path}") as database:
        store = DatabaseStore(database)
        organisation = await add_organisation(store)
        say("begun")
        for first in range(0, total, AT_ONCE):
            await asyncio.gather(*(acknowledge(store, organisation, first + each) for each in range(AT_ONCE)))
            if first % (5 * AT_ONCE) == 4 * AT_ONCE:
                try:
                    await database.purge()
                except StoreError as error:
                    say(f"refused {error.code}")
        async with store.view(organisation) as view:
            say(f"read {len(await view.audit.entries())}")


if __name__ == "__main__":
    group_commit.MAX_GROUP, group_commit.GROUP_SECONDS = 3, 60.0  # some wait for the next, on any machine
    if sys.argv[3:]:  # another pragma than ours, to see that it would be noticed
        engine._PRAGMAS = (*engine._PRAGMAS, sys.argv[3])
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
