"""Runs that are killed: each order on standard input is one process, forked off a loaded one, as `work_office` has it.

An order says which learners are in a table, how often it was handed in, and at which point the process ends, by
SIGKILL. What was acknowledged, and the points that were passed, are answered.
"""

import json
import sys

import run_support as runs
import store_samples as samples
import work_office
import work_support as support
from run_support import CALLER, A
from work_office import node

from node.issuance.desk import csv_parts
from node.ports.work import open_namespace

ROWS = 4
"""Rows of a page, so that small tables have several."""


async def begin(folder, watch):
    """The organisation."""
    async with node(folder, lambda _: None) as (database, store, vault, access, _):
        from node.adapters.database.key_rows import MasterKeyRows  # noqa: PLC0415 -- once

        await database.transact(lambda connection: MasterKeyRows(connection).add("master", None, samples.NOW))
        await samples.add_organisation(store)
        await store.change(A, runs.add_course)
        chain = access.reader
        name, opening = await support.add_namespace(store, vault, chain.chain.id, chain.contract.address)
        await runs.add_profile(store, vault, anchor=name)
        founding = (opening.authority, opening.recovery, opening.salt)
        await store.change(A, lambda unit: unit.outbox.add([open_namespace(name, *founding, support.now())]))
        watch.tell(f"namespace {name}")


async def work(folder, watch, order):
    """Hand in what is ordered, tell of what was acknowledged, and work until nothing is left."""
    async with node(folder, watch) as (_, store, vault, _, means):
        office = runs.Office(store, vault, runs.tables_here(), checkpoint=watch)
        async with runs.working(office, **means) as at_work:
            for first, count in order["tables"]:
                run = await office.desk.upload(CALLER, "table.csv", runs.table(runs.learners(count, first)))
                await office.desk.order(CALLER, run.id, runs.order(), check=False)
                await office.desk.start(CALLER, run.id)
                watch.tell(f"started {run.id} {first} {count}")
                at_work.wake()
            await support.until(lambda: nothing_left(store), 300)


async def nothing_left(store):
    """Whether nothing is due or under way, but for the signing of the log some time from now."""
    async with store.view(A) as view:
        return all(task.kind == "audit.head" for task in await view.outbox.waiting())


def obey(order):
    """Run one process to its end; how it ended, and what it told."""
    csv_parts.PAGE_ROWS = ROWS
    work_office.begin, work_office.work = begin, work
    return work_office.obey(order)


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(obey(json.loads(line))), flush=True)  # noqa: T201 -- the answer
