"""A process that sends one letter out of a node's outbox, and can be killed at a point of that.

Its orders stand in the arguments: the folder of the node, the port of the mail server, and the point.
"""

import asyncio
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from claim_support import mailing_of
from judging_support import HereJudging
from node_support import NOW, A

from node.adapters.database.engine import opened
from node.adapters.database.store import DatabaseStore
from node.adapters.database.vault import DatabaseVault
from node.adapters.master_key import LocalMasterKey
from node.issuance.background.office import Means, background
from node.ports.secret import Secret
from node.ports.work import Kind
from node.verification.trust import NO_TRUST

START = time.monotonic()


def now():
    return NOW + timedelta(seconds=1 + time.monotonic() - START)


async def main(folder, port, point):
    def watch(passed):
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    name, key = (folder / "master").read_text("utf-8").split()
    master = LocalMasterKey(name, Secret(bytes.fromhex(key)))
    async with opened(f"sqlite:///{folder}/node.db") as database:
        store, vault = DatabaseStore(database), DatabaseVault(database, {master.id: master})
        mailing = mailing_of(store, vault, HereJudging(now=now), now, port, checkpoint=watch)
        means = Means(
            store=store,
            vault=vault,
            trust=NO_TRUST,
            now=now,
            alone=True,
            outside={Kind.SEND_MAIL: mailing.carry},
            checkpoint=watch,
        )
        async with background(means):
            while True:
                async with store.view(A) as view:
                    if not [task for task in await view.outbox.waiting() if task.kind == Kind.SEND_MAIL]:
                        return
                await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
