"""An organisation that awards by tables: its achievement, profiles of every form, and processes that read and sign."""

import asyncio
import csv
import io
import pickle
import threading
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson
import store_samples as samples
import work_support as support
from award_support import achievement_file
from issuing_support import KEY_OF

from did_methods import key as did_key
from did_methods.multikey import PrivateKey
from node.adapters.judging.jobs import REFUSALS, refusal
from node.adapters.judging.pool import Judges
from node.adapters.judging.table_jobs import Tables
from node.adapters.judging.tables import TableJudging
from node.issuance.desk.desk import RunDesk
from node.issuance.desk.order import RunKind, RunOrder
from node.issuance.desk.running import Running
from node.issuance.errors import IssuanceError
from node.ports.access import Scope
from node.ports.api_keys import Caller
from node.ports.awarding import Achievement
from node.ports.judging import InputRefusedError
from node.ports.organisations import HostedDid, Profile
from node.ports.runs import OVER, RunState
from node.ports.vault import KeyPurpose
from node.ports.work import Kind, Nobody
from node.verification.trust import NO_TRUST

A = samples.A
COURSE, PUBLIC_URL, USUAL = "course", "https://school.example", "eddsa-rdfc-2022"
GRADE = "value:grade"
HEADINGS = ("name", "emailAddress", GRADE)
CALLER = Caller(A, "key", frozenset(Scope), "member")
GENEROUS = 30.0


def now():
    return datetime.now(UTC)


def table(rows, headings=HEADINGS):
    """A table as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows([headings, *rows])
    return text.getvalue().encode()


def learners(count, first=0):
    """Rows of so many learners."""
    return [[f"Learner {number}", f"learner{number}@school.example", "3.0"] for number in range(first, first + count)]


async def add_course(unit):
    """An achievement that can be awarded."""
    await unit.achievements.add(Achievement(COURSE, {}, 1, samples.NOW, samples.NOW))
    document = orjson.dumps(achievement_file())
    await unit.achievements.publish(COURSE, document, "owner", samples.NOW, revision=1)


async def add_profile(store, vault, form=USUAL, name="profile", organisation=A, **options):
    """A profile by a key of its own; its DID."""
    private = PrivateKey.generate(KEY_OF[form])
    did, method = str(did_key.create(private.public)), did_key.method_id(private.public)
    await vault.take(organisation, method, KeyPurpose.ASSERTION, private, samples.NOW)

    async def work(unit):
        await unit.identities.add_did(HostedDid(did, samples.NOW, samples.NOW))
        await unit.identities.add_profile(Profile(name, did, method, form, samples.NOW, options))

    await store.change(organisation, work)
    return did


def order(**changes):
    """An order of the course."""
    values = {"achievement": COURSE, "version": 1, "profile": "profile", "kind": RunKind.AT_ONCE}
    return RunOrder(**values | changes)


class Office:
    """The desk of one organisation, and what carries out its runs."""

    def __init__(self, store, vault, tables, checkpoint=lambda _: None, clock=now):
        self.store, self.vault = store, vault
        self.desk = RunDesk(store=store, tables=tables, work=Nobody(), now=clock)
        self.running = Running(
            store=store, vault=vault, tables=tables, now=clock, public_url=PUBLIC_URL, checkpoint=checkpoint
        )
        self.kinds = {Kind.RUN: self.running.run, Kind.RUN_CHECK: self.running.check}

    async def found(self, run):
        return await self.desk.find(A, run)

    async def until_over(self, run, seconds=60.0):
        """Wait until it is over; it has to be worked on meanwhile."""

        async def over():
            return (await self.found(run)).state in OVER | {RunState.CHECKED, RunState.PAUSED}

        await support.until(over, seconds)
        return await self.found(run)

    async def award(self, data, **changes):
        """A table, awarded whole: the run as it ended."""
        run = await self.desk.upload(CALLER, "table.csv", data)
        await self.desk.order(CALLER, run.id, order(**changes), check=False)
        await self.desk.start(CALLER, run.id)
        return await self.until_over(run.id)

    async def credentials(self, run):
        return [(row, one) async for row, one in self.desk.credentials(A, run)]

    async def refused(self, run):
        return [row async for row in self.desk.refused(A, run)]


@asynccontextmanager
async def signers(size=1, seconds=GENEROUS):
    """Processes that read tables and sign what they say."""
    async with Judges(size=size, seconds=seconds, serves=False) as pool:
        yield TableJudging(pool, now)


@asynccontextmanager
async def working(office, **more):
    """The office's runs are carried out."""
    async with support.working(office.store, office.vault, kinds=office.kinds, **more) as work:
        yield work


class HerePool:
    """Does in a thread what a process would do: for tests that are about something else."""

    def __init__(self):
        self._lock, self._asking = threading.Lock(), None
        self._tables = Tables(self, NO_TRUST)

    def left(self):
        return None

    async def run(self, task, *, sign=None, left=None):  # noqa: ARG002 -- as a pool has them
        return await asyncio.to_thread(self._do, task.job, sign, asyncio.get_running_loop())

    def _do(self, job, sign, loop):
        with self._lock:
            self._asking = lambda message: asyncio.run_coroutine_threadsafe(sign(message), loop).result()
            try:
                return orjson.loads(orjson.dumps(self._tables.do(pickle.loads(pickle.dumps(job)))))  # noqa: S301 -- our own
            except REFUSALS as error:
                told = refusal(error)
                raise InputRefusedError(told.pop("message"), **told) from error

    def ask(self, message):
        answer = self._asking(orjson.loads(orjson.dumps(message)))
        if not answer:
            raise IssuanceError("the key does not sign", code="key_store.refused", remedy="")
        return answer


def tables_here():
    """Tables without processes."""
    return TableJudging(HerePool(), now)
