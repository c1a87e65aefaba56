"""kill -9 at labelled points of the background work: what was acknowledged is stored, published, and anchored once.

GLEJT_LONG tries every point that a piece of work passes.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
from itertools import count

import pytest
import work_support as support
from running import environment
from support import ROOT
from work_support import FORM, A

from anchoring.facts import AnchorOf
from anchoring.ledger import Anchor
from anchoring.receipt import State
from anchoring.transactions.points import Point
from node.adapters.chain_access import embedded_chain
from node.adapters.database.engine import opened
from node.adapters.database.store import DatabaseStore
from node.credentials.record_name import RecordName
from node.issuance.background.batches import receipt_of
from node.ports.anchor_rows import BatchState

pytestmark = [pytest.mark.peer, pytest.mark.threat(95), pytest.mark.threat(54)]

LONG = "GLEJT_LONG" in os.environ
SAMPLED = 4
POINTS = {
    *("task.claimed", "task.carried", "list.signed", "list.published"),
    *("batch.opened", "batch.made", "batch.submitted", "call.brought", "anchor.proven", "batch.final"),
    *map(str, Point),
}


class Office:
    def __init__(self, folder, zygote):
        self.folder, self.zygote = folder, zygote
        self.wanted, self.revoked, self.passed = set(), set(), set()
        self.numbers = count(1)
        (said,) = self.employ("begin")["told"]
        self.namespace = said[1]

    def employ(self, do, **order):
        order |= {"do": do, "folder": str(self.folder)}
        self.zygote.stdin.write(json.dumps(order) + "\n")
        self.zygote.stdin.flush()
        return json.loads(self.zygote.stdout.readline())

    def work(self, numbers=(), kill=None):
        """One process; what it acknowledged is remembered, and how many points it passed is answered."""
        done = self.employ("work", numbers=list(numbers), namespace=self.namespace, kill=kill)
        assert done["ended"] == ("done" if kill is None else "dead"), done
        for kind, value in done["told"]:
            {"wanted": self.wanted, "revoked": self.revoked, "passed": self.passed}[kind].add(
                value if kind == "passed" else int(value)
            )
        return [value for kind, value in done["told"] if kind == "passed"]

    async def check(self):
        """All that was acknowledged is there, once."""
        chain_folder = self.folder / "chain"
        async with opened(f"sqlite:///{self.folder}/node.db") as database, embedded_chain(chain_folder) as access:
            store, name = DatabaseStore(database), RecordName.parse(self.namespace)
            block = await access.reader.final_block()
            async with store.view(A) as view:
                batches = {}
                for number in self.wanted:
                    receipt = await receipt_of(view, f"{A}-award-{number}", FORM)
                    assert receipt.state is State.FINAL
                    leaf = await view.anchors.leaf(f"{A}-award-{number}", FORM)
                    assert receipt.leads_from(leaf.commitment)
                    batches[leaf.batch] = await view.anchors.batch(leaf.batch)
                assert await view.anchors.unfinished() == ()
                assert await view.outbox.dead() == ()
            for batch in batches.values():
                assert batch.state is BatchState.FINAL
                fact = await access.reader.answer(AnchorOf(name.namespace, batch.anchored), block)
                assert isinstance(fact, Anchor)
            assert self.revoked <= support.places(await support.published(store)).keys()


@pytest.fixture
def office(tmp_path):
    with subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, str(ROOT / "tests" / "work_office.py")],
        env=environment(tmp_path, PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as zygote:
        yield Office(tmp_path, zygote)
        zygote.stdin.close()


def test_whoever_goes_on_after_a_death_loses_nothing_and_does_nothing_twice(office):
    first = office.work([next(office.numbers)])
    assert set(first) >= POINTS - {Point.SIGNED, Point.SENT}
    usual = len(office.work([next(office.numbers), next(office.numbers)]))
    chosen = range(1, usual) if LONG else sorted(random.sample(range(1, usual - 4), SAMPLED))
    for kill in chosen:
        office.work([next(office.numbers), next(office.numbers)], kill=kill)
    office.work()
    assert len(office.wanted) >= SAMPLED
    asyncio.run(office.check())
