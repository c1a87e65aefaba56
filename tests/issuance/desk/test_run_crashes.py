"""kill -9 at labelled points of runs: who was in a table that was started has the award, once, and anchored once.

GLEJT_LONG kills some hundred times, so that every point is met by chance many times over.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections import Counter

import orjson
import pytest
from run_support import A
from running import environment
from support import ROOT

from anchoring.facts import AnchorOf
from anchoring.ledger import Anchor
from anchoring.receipt import State
from node.adapters.chain_access import embedded_chain
from node.adapters.database.engine import opened
from node.adapters.database.store import DatabaseStore
from node.credentials.record_name import RecordName
from node.issuance.background.batches import receipt_of
from node.ports.anchor_rows import BatchState
from node.ports.awarding import AwardQuery, AwardState
from node.ports.runs import RunState

pytestmark = [pytest.mark.peer, pytest.mark.threat(95), pytest.mark.threat(97)]

LONG = "GLEJT_LONG" in os.environ
ROUNDS = 500 if LONG else 4
DRAINED = 4
POINTS = {"task.claimed", "page.intended", "page.signed", "page.stored", "run.ended", "batch.opened", "batch.final"}
FORM = "eddsa-rdfc-2022"


class Office:
    """The processes, and what they acknowledged."""

    def __init__(self, folder, zygote):
        self.folder, self.zygote = folder, zygote
        self.people, self.runs, self.next = set(), set(), 0
        (said,) = self.employ("begin")["told"]
        self.namespace = said[1]

    def employ(self, do, **order):
        order |= {"do": do, "folder": str(self.folder)}
        self.zygote.stdin.write(json.dumps(order) + "\n")
        self.zygote.stdin.flush()
        return json.loads(self.zygote.stdout.readline())

    def tables(self):
        """Two tables that share learners, with others and with each other."""
        first = max(0, self.next - 3)
        self.next += 6
        return [[first, 9], [first + 2, 7]]

    def work(self, tables=(), kill=None):
        """One process; the points that it passed."""
        done = self.employ("work", tables=list(tables), kill=kill)
        assert done["ended"] in ({"done"} if kill is None else {"dead", "done"}), done["told"][-3:]
        for kind, value in done["told"]:
            if kind == "started":
                run, first, count = value.split()
                self.runs.add(run)
                self.people |= {f"Learner {number}" for number in range(int(first), int(first) + int(count))}
        return [value for kind, value in done["told"] if kind == "passed"]

    async def check(self):
        """Everybody who was in a table that was started has one credential, in one batch that is final."""
        async with (
            opened(f"sqlite:///{self.folder}/node.db") as database,
            embedded_chain(self.folder / "chain") as access,
        ):
            store, name = DatabaseStore(database), RecordName.parse(self.namespace)
            block = await access.reader.final_block()
            async with store.view(A) as view:
                found, before = [], None
                while page := await view.awards.search(AwardQuery(before=before, limit=200)):
                    found += page
                    before = page[-1].id
                counted = Counter(award.name for award in found)
                assert self.people <= counted.keys()
                assert set(counted.values()) == {1}
                batches = {}
                for award in found:
                    assert award.state is AwardState.ISSUED
                    (credential,) = await view.awards.credentials(award.id)
                    document = orjson.loads(credential.secured)
                    places = {entry.place for entry in await view.status.entries_of(award.id)}
                    assert {int(document["credentialStatus"]["statusListIndex"])} == places
                    receipt = await receipt_of(view, award.id, FORM)
                    assert receipt.state is State.FINAL
                    leaf = await view.anchors.leaf(award.id, FORM)
                    assert receipt.leads_from(leaf.commitment)
                    batches[leaf.batch] = await view.anchors.batch(leaf.batch)
                for run in self.runs:
                    done = await view.runs.find(run)
                    assert (done.state, done.done) == (RunState.DONE, done.rows)
                assert await view.outbox.dead() == ()
            for batch in batches.values():
                assert batch.state is BatchState.FINAL
                assert isinstance(await access.reader.answer(AnchorOf(name.namespace, batch.anchored), block), Anchor)


@pytest.fixture
def office(tmp_path):
    with subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, str(ROOT / "tests" / "run_office.py")],
        env=environment(tmp_path, PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as zygote:
        yield Office(tmp_path, zygote)
        zygote.stdin.close()


def test_whoever_dies_over_a_run_leaves_nobody_without_and_nobody_with_two(office):
    usual = office.work(office.tables())
    assert set(usual) >= POINTS
    pages = [number for number, point in enumerate(usual, start=1) if point.startswith("page.")]
    for number in range(ROUNDS):
        chosen = pages if number % 2 else range(1, len(usual))
        office.work(office.tables(), kill=random.sample(chosen, 1)[0])
        if number % DRAINED == DRAINED - 1:
            office.work()  # what those who died have left would else become more and more
    office.work()
    assert len(office.people) >= ROUNDS
    asyncio.run(office.check())
