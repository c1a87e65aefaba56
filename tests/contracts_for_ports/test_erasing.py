"""Row 46 on both engines: one of many is erased with every trace, and the proofs of all others are as before."""

from contextlib import asynccontextmanager
from dataclasses import asdict

import pytest
import store_samples as samples
import work_support as support
from sqlalchemy import select, text, update
from work_support import FORM, A, now

from anchoring.devchain.opening import opened as opened_chain
from anchoring.header import Header
from anchoring.receipt import Site, State, anchor_shown_by
from node.adapters.chain_access import EMBEDDED, ChainAccess
from node.adapters.chain_sites import NodeChains, VaultAuthorities
from node.adapters.database.award_tables import AWARDS
from node.adapters.database.schema import METADATA
from node.credentials.record_name import RecordName
from node.issuance.aftercare.telling import Telling
from node.issuance.background.batches import receipt_of
from node.issuance.erasing import Erasing, Person
from node.issuance.errors import NotIssuableError
from node.ports.aftercare import Change, Notice
from node.ports.api_keys import Caller
from node.ports.awarding import search_key
from node.ports.errors import AbsentError, RuleError
from node.ports.mail import Letterhead
from node.ports.runs import Outcome, Page, Run, RunState
from node.ports.threads import Letter
from node.ports.work import Kind, open_namespace, publish_list, tell_holder
from node.verification.chains import ChainKind, TrustedChain

pytestmark = pytest.mark.peer

MANY = 30
NAME, EMAIL = "Żółć Zzyzx-Marker", "zzyzx@marker.example"
TRACES = ("zzyzx", "marker.example")
LATER = {"audit.head", "anchor.batch", "anchor.follow"}
CALLER = Caller(A, "key", frozenset(), "org-a-owner")


@pytest.fixture
def vault(database, runner):
    return runner.run(samples.make_vault(database))


@pytest.fixture
def chain(tmp_path, runner):
    """A chain of this process."""
    opening = opened_chain(tmp_path / "chain", at_once=True)
    yield runner.run(opening.__aenter__())
    runner.run(opening.__aexit__(None, None, None))


@asynccontextmanager
async def at_work(database, store, vault, chain):
    known = TrustedChain(EMBEDDED, chain.chain, ChainKind.LOCAL, chain.contract)
    access = ChainAccess(known, chain, [chain.connect], chain.gas_account, 0.02)

    async def opening():
        return access

    chains = NodeChains(database, store, vault, [opening], now=lambda: now().timestamp())
    async with support.working(store, vault, chains=chains, authorities=VaultAuthorities(vault)) as work:
        yield work


async def receipts(store, leaves):
    async with store.view(A) as view:
        return [await receipt_of(view, leaf.award, leaf.form) for leaf in leaves]


async def all_final(store, leaves):
    return all(each is not None and each.state is State.FINAL for each in await receipts(store, leaves))


async def shown(chain, namespace, leaves, found):
    """Each receipt shows its commitment anchored, to whoever trusts the chain's blocks."""
    name = RecordName.parse(namespace)
    site = Site(name.chain_id, name.contract, name.namespace)
    for leaf, receipt in zip(leaves, found, strict=True):
        block = await chain.block(Header.parse(receipt.progress.proof.header).number)
        assert anchor_shown_by(receipt, leaf.commitment, site=site, block=block, contract=chain.contract)


async def talk(unit, award):
    """Conversations in which the marked one was offered the award, or took it; in one, another was handed over, too."""
    said = {"credential": {"name": NAME, "email": EMAIL}}
    offered = samples.relation(A, 7, theirs=None, context=said)
    taken = samples.relation(A, 8, theirs=f"did:example:{EMAIL}", message=said, context=said)
    shared = samples.relation(A, 9, theirs="did:example:somebody", context=said)
    await unit.threads.invite(offered, about=award)
    await unit.threads.invite(taken)
    await unit.threads.invite(shared, about=award)
    for relation in (taken, shared):
        number, ours = relation.ours[-1], relation.ours
        of_it = {"ours": ours, "document": EMAIL.encode()}
        await unit.threads.keep(samples.kept_thread(A, f"{number}-begun", about=None, **of_it))
        await unit.threads.keep(samples.kept_thread(A, f"{number}-given", about=award, **of_it))
        await unit.threads.post([Letter(f"letter-{number}", ours, EMAIL.encode(), now(), now() + samples.HOUR)])
        await unit.threads.hand(samples.handed(A, award=award, ours=ours, credential=f"urn:{EMAIL}"))
    await unit.threads.hand(samples.handed(A, award="org-a-award-2", ours=shared.ours))
    await unit.threads.keep(samples.kept_thread(A, "9-other", ours=shared.ours, about="org-a-award-2"))


async def mark(database, store, award):
    """Make an award the marked one's, with whatever is kept of a person."""
    values = {"name": NAME, "email": EMAIL, "name_key": search_key(NAME), "email_key": search_key(EMAIL)}
    await database.transact(lambda c: c.execute(update(AWARDS).where(AWARDS.c.id == award).values(**values)))

    async def work(unit):
        notice = Notice("notice-1", award, Change.SUSPENDED, "review", f"Words about {NAME}", now())
        await unit.notices.add([notice])
        await unit.outbox.add([tell_holder(notice.id, now())])
        await talk(unit, award)
        (place,) = await unit.status.entries_of(award)
        await unit.status.set_value(place.list, place.place, 1, now(), f"other: {NAME} asked for it")

    await store.change(A, work)


async def add_run(store, *, done=True):
    """A run that rejected a row of the marked one's, and one of somebody else's."""
    said = (
        b'{"awarded":[],"already":[],"refused":[[1,["%s","x"],[]],[2,["Other","y"],[]]],"remarks":[]}' % EMAIL.encode()
    )

    async def work(unit):
        run = Run("run-1", "Table", "00", ("email",), "key", None, now(), now())
        await unit.runs.add(run)
        await unit.runs.add_pages("run-1", [Page(0, 2, b'[[1,["%s"]]]' % EMAIL.upper().encode())])
        if done:
            await unit.runs.change("run-1", RunState.READ, now())
            await unit.runs.change("run-1", RunState.RUNNING, now())
            await unit.runs.page_done("run-1", 0, Outcome(said, 0, 0, 2), now())

    await store.change(A, work)


class Mailbox:
    """A way to a mail server that takes everything."""

    letterhead = Letterhead("desk@university.example")

    def __init__(self):
        self.sent = []

    async def send(self, message, sender, recipient):
        self.sent.append((message, sender, recipient))


async def quiet(store):
    """Nothing is left to be done but to sign the end of the log, and to have that anchored."""
    async with store.view(A) as view:
        left = [task for task in await view.outbox.waiting() if task.kind not in LATER]
    return not left


async def found_in(database):
    """Every value of every table that has a trace."""
    found = []
    async with database.reading() as connection:
        for table in METADATA.sorted_tables:
            for row in (await connection.execute(select(table))).mappings():
                shown = repr(dict(row)).casefold()
                found += [(table.name, trace) for trace in TRACES if trace in shown]
    return found


async def leaves_of(store, leaves):
    async with store.view(A) as view:
        return {leaf.award: asdict(await view.anchors.leaf(leaf.award, leaf.form)) for leaf in leaves}


@pytest.mark.threat(46)
async def test_one_of_many_is_erased_and_all_others_have_their_anchored_proofs(store, vault, database, chain, tmp_path):
    await support.add_issuer(store, vault)
    await support.add_awards(store, MANY)
    namespace, founded = await support.add_namespace(store, vault, chain.chain.id, chain.contract.address)
    founding = (founded.authority, founded.recovery, founded.salt)
    await store.change(A, lambda unit: unit.outbox.add([open_namespace(namespace, *founding, now())]))
    leaves = await support.want(store, namespace, range(1, MANY + 1))
    gone, others = leaves[0], leaves[1:]
    async with at_work(database, store, vault, chain) as work:
        await support.until(lambda: all_final(store, leaves))
        await support.until(lambda: quiet(store))
    before = await leaves_of(store, others)
    await mark(database, store, gone.award)
    await add_run(store)
    assert {name for name, _ in await found_in(database)} >= {
        *("awards", "notices", "status_entries", "run_pages"),
        *("relations", "threads", "letters", "handed_credentials"),
    }

    erasing = Erasing(store, now)
    seen = await erasing.traces(A, Person(name="ZOLC  zzyzx-marker", email=EMAIL.upper()))
    assert (seen.awards, seen.rows) == ((gone.award,), 1)
    done = await erasing.erase_person(CALLER, Person(NAME, EMAIL), seen.digest)
    assert done == seen
    mail = Mailbox()
    telling = Telling(store=store, mail=mail, now=now)
    async with support.working(store, vault, kinds={Kind.TELL_HOLDER: telling.carry}) as work:
        await support.until(lambda: quiet(store))
        assert mail.sent == [], "of who was erased nothing is found"
        assert await found_in(database) == []
        await only_what_is_about_others_is_talked_of(store)
        await database.purge()
        if database.kind == "sqlite":
            held = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("*.db*")))
            assert [trace for trace in TRACES if trace.encode() in held.lower()] == []
            assert gone.salt not in held
            assert others[0].salt in held

        assert await leaves_of(store, others) == before, "to the byte"
        found = await receipts(store, others)
        await shown(chain, namespace, others, found)
        await store.change(A, lambda unit: unit.outbox.add([publish_list(support.LIST, now())]))
        work.wake()
        await support.until(lambda: quiet(store))
        document = await support.published(store)
        async with store.view(A) as view:
            places = {leaf.award: (await view.status.entries_of(leaf.award))[0].place for leaf in others}
            (of_nobody,) = set(await view.status.values(support.LIST))
        assert support.places(document) == {of_nobody: 1}, "its place keeps its value"
        assert of_nobody not in places.values()
    async with database.reading() as connection:
        kept = (await connection.execute(text("SELECT outcome FROM run_pages"))).scalar_one()
    assert b"Other" in bytes(kept)


async def only_what_is_about_others_is_talked_of(store):
    async with store.view(A) as view:
        for number in (7, 8):
            with pytest.raises(AbsentError):
                await view.threads.relation(f"did:example:{A}:{number}")
        (kept,) = await view.threads.threads_of(f"did:example:{A}:9")
        (handed,) = await view.threads.handed_in(f"did:example:{A}:9")
    assert (kept.about, handed.award) == ("org-a-award-2", "org-a-award-2")


@pytest.mark.threat(46)
async def test_what_was_not_looked_at_is_not_erased(store, vault, database):
    await support.add_issuer(store, vault)
    await support.add_awards(store, 3)
    erasing = Erasing(store, now)
    everybody = Person(name=f"Demo Learner {A}")
    seen = await erasing.traces(A, everybody)
    assert len(seen.awards) == 3
    assert (await erasing.traces(A, Person(name=f"Demo Learner {A}", email="somebody@else.example"))).awards == ()
    with pytest.raises(NotIssuableError):
        await erasing.traces(A, Person(name="  "))
    await support.add_awards(store, 1, 4)
    with pytest.raises(RuleError) as refused:
        await erasing.erase_person(CALLER, everybody, seen.digest)
    assert refused.value.code == "erasure.other"
    await mark(database, store, "org-a-award-1")
    await add_run(store, done=False)
    with pytest.raises(RuleError) as refused:
        await erasing.traces(A, Person(email=EMAIL))
    assert refused.value.code == "erasure.run"
    async with store.view(A) as view:
        assert (await view.awards.find("org-a-award-1")).name == NAME
        assert (await view.awards.credential("org-a-award-1", FORM)).secured
