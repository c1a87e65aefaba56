"""A node's background work that is killed: each order on standard input is one process, forked off a loaded one.

An order says at which point the process ends, by SIGKILL, and what it is to have done. What it acknowledged and the
points that it passed are answered.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path

import store_samples as samples
import work_support as support
from work_support import LIST, A, now

import anchoring.devchain.chain  # noqa: F401 -- loaded once, before the fork
from anchoring.transactions.machine import Transactions  # noqa: F401 -- likewise
from node.adapters.chain_access import embedded_chain
from node.adapters.chain_sites import NodeChains, VaultAuthorities
from node.adapters.database.engine import opened
from node.adapters.database.store import DatabaseStore
from node.adapters.database.vault import DatabaseVault
from node.adapters.master_key import LocalMasterKey
from node.ports.secret import Secret
from node.ports.work import open_namespace, publish_list

DEAD, DONE, BROKEN = "dead", "done", "broken"


def master_of(folder):
    """The same master key for every process."""
    path = folder / "master"
    if not path.exists():
        path.write_bytes(os.urandom(32))
    return LocalMasterKey("master", Secret(path.read_bytes()))


class Watch:
    """Tells of each point, and ends the process at the one that was chosen."""

    def __init__(self, writing, kill):
        self.writing, self.kill, self.count = writing, kill, 0

    def tell(self, line):
        os.write(self.writing, f"{line}\n".encode())

    def __call__(self, point):
        self.count += 1
        self.tell(f"passed {point}")
        if self.count == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)


@contextlib.asynccontextmanager
async def node(folder, watch):
    async with opened(f"sqlite:///{folder}/node.db") as database, embedded_chain(folder / "chain") as access:
        store = DatabaseStore(database)
        vault = DatabaseVault(database, {"master": master_of(folder)})

        async def opening():
            return access

        chains = NodeChains(database, store, vault, [opening], checkpoint=watch)
        means = {"chains": chains, "authorities": VaultAuthorities(vault), "alone": True, "checkpoint": watch}
        yield database, store, vault, access, means


async def begin(folder, watch):
    """The organisation."""
    async with node(folder, lambda _: None) as (database, store, vault, access, _):
        from node.adapters.database.key_rows import MasterKeyRows  # noqa: PLC0415 -- once

        await database.transact(lambda connection: MasterKeyRows(connection).add("master", None, samples.NOW))
        await support.add_issuer(store, vault)
        await support.add_awards(store, 200)
        chain = access.reader
        name, opening = await support.add_namespace(store, vault, chain.chain.id, chain.contract.address)
        founding = (opening.authority, opening.recovery, opening.salt)
        await store.change(A, lambda unit: unit.outbox.add([open_namespace(name, *founding, now())]))
        watch.tell(f"namespace {name}")


async def work(folder, watch, order):
    """Ask for what is ordered, tell of what was acknowledged, and work until nothing is left."""
    async with node(folder, watch) as (_, store, vault, _, means), support.working(store, vault, **means) as at_work:
        for number in order["numbers"]:
            await support.want(store, order["namespace"], [number])
            watch.tell(f"wanted {number}")
            async with store.view(A) as view:
                (entry,) = await view.status.entries_of(f"{A}-award-{number}")

            async def revoke(unit, entry=entry):
                await unit.status.set_value(LIST, entry.place, 1, now(), "by mistake")
                await unit.outbox.add([publish_list(LIST, now())])

            await store.change(A, revoke)
            watch.tell(f"revoked {entry.place}")
            at_work.wake()
        await support.until(lambda: support.idle(store), 60)


def obey(order):
    """Run one process to its end; how it ended, and what it told."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        folder, watch = Path(order["folder"]), Watch(writing, order.get("kill"))
        try:
            asyncio.run(begin(folder, watch) if order["do"] == "begin" else work(folder, watch, order))
        except BaseException as error:  # noqa: BLE001 -- the parent is told
            watch.tell(f"error {type(error).__name__}: {error}"[:2000].replace("\n", " "))
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        told = stream.read().decode().split("\n")[:-1]
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    ended = DEAD if killed else DONE if os.waitstatus_to_exitcode(status) == 0 else BROKEN
    return {"ended": ended, "told": [line.split(" ", 1) for line in told]}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(obey(json.loads(line))), flush=True)  # noqa: T201 -- the answer
