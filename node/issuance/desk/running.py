"""Runs in the background: pages signed side by side, each intended before it is signed, and stored at once.

1. What is ordered is looked up as it is now: profile, achievement, keys. Nothing of it is guessed later.
2. Pages that are not done are taken in order, a few at a time: while one is stored, the next is signed.
3. Of a page, the awards that are new are recorded with their places, and their number is counted against the caps of
   the key. An award that is there already is this row's own, gone on with; or somebody has it by an earlier table.
4. Documents are composed and signed where foreign input is read, by a key that only this process has.
5. Credentials, leaves, tasks, the event and the page's outcome are stored in one transaction.
6. After the last page the run is done, and what is to be anchored is ordered: full batches, not many small ones.

Between any two steps the process may die. `docs/issuance.md` has a line for what survives at each.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import orjson

from node.credentials.record_name import with_records
from node.issuance.allocating import Allocating, places_of
from node.issuance.announcing import announce
from node.issuance.background.tasks import Checkpoint, HopelessError, Later, member, told, unwatched
from node.issuance.desk.order import RunKind, RunOrder
from node.issuance.desk.outcome import PageOutcome
from node.issuance.desk.recorded import (
    AtWork,
    Found,
    Plan,
    What,
    award_of,
    begin_of,
    credential_of,
    intended_of,
    note,
    numbers_of,
    outcome_of,
    what_of,
)
from node.issuance.desk.rows import moment_of, naming_of
from node.issuance.errors import WithdrawnError
from node.issuance.issuing import SALT_BYTES
from node.issuance.organisation.caps import MOST, caps_of
from node.issuance.organisation.closing import require_open
from node.issuance.organisation.events import order_head, record
from node.issuance.profile_options import ProfileOptions, options_of, order_of
from node.ports.anchor_rows import Leaf
from node.ports.api_keys import Caller
from node.ports.awarding import AwardState, Published, Secured
from node.ports.errors import AbsentError, CapError
from node.ports.identifiers import new_id
from node.ports.judging import InputRefusedError
from node.ports.organisations import Caps, OrganisationId, Profile, State
from node.ports.outbox import Claimed, Task
from node.ports.runs import Page, Run, RunState
from node.ports.store import Store, UnitOfWork
from node.ports.tables import Doing, Intended, Rows, RowsOrder, Tables, Wish
from node.ports.vault import KeyPurpose, Vault
from node.ports.webhooks import EventType
from node.ports.work import anchor_batch, invite

if TYPE_CHECKING:
    from node.documents import JsonObject

WINDOW: Final = 3
"""Pages under way at a time: two that are signed, and one that is stored."""
READ_AHEAD: Final = 8
"""Pages that are looked up together. Before each such look it is seen whether the run goes on."""
AGAIN: Final = timedelta(seconds=5)
"""After which a run goes on that came some way and then met an error."""
ANCHOR_PAGES: Final = 20
"""After so many pages what is wanted is anchored, a full batch; the rest at the end."""
RUN_EVENT: Final = "run.page"
CLEARED: Final = 1000
"""Awards that are looked at together after a run was cancelled."""


class StoppedError(Exception):
    """The run was paused or cancelled meanwhile: nothing more is intended."""

    code = "run.stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Carries out RUN and RUN_CHECK."""

    store: Store
    vault: Vault
    tables: Tables
    now: Callable[[], datetime]
    public_url: str
    checkpoint: Checkpoint = unwatched
    window: int = WINDOW

    async def run(self, claimed: Claimed) -> Later | None:
        """Go on with a run, to its end where nothing stops it."""
        organisation, run_id = claimed.organisation, member(claimed, "run")
        run = await self._found(organisation, run_id)
        if run is None or run.state is not RunState.RUNNING:
            if run is not None and run.state is RunState.CANCELLED:
                await self._clear(organisation, run)
            return None
        before = run.done
        try:
            plan = await self.plan(organisation, run)  # 1.
            await self._pages(plan, self._page)  # 2. to 5.
        except StoppedError:
            at = self.now()
            await self.store.change(organisation, lambda unit: self._anchored(unit, plan, at))
            return await self.run(claimed)
        except CapError as error:
            await self._note(organisation, run_id, error)
            if not error.seconds:
                raise _hopeless_cap(error) from error
            return Later(_again(claimed.task, self.now() + timedelta(seconds=error.seconds)))
        except Exception as error:
            await self._note(organisation, run_id, error)
            after = await self._found(organisation, run_id)
            if after is not None and after.done > before and not isinstance(error, HopelessError):
                return Later(_again(claimed.task, self.now() + AGAIN))
            raise
        await self._ended(plan)  # 6.
        return None

    async def check(self, claimed: Claimed) -> Later | None:
        """Judge all rows as a run would, and sign nothing that anybody gets."""
        organisation, run_id = claimed.organisation, member(claimed, "run")
        run = await self._found(organisation, run_id)
        if run is None or run.state is not RunState.CHECKING:
            return None
        await self.store.change(organisation, lambda unit: unit.runs.begin(run_id, self.now()))
        try:
            plan = await self.plan(organisation, run, trial=True)
            await self._checked(plan)
        except StoppedError:
            return None
        except InputRefusedError as error:
            raise _hopeless(error) from error
        await self.store.change(organisation, lambda unit: unit.runs.change(run_id, RunState.CHECKED, self.now()))
        return None

    async def plan(self, organisation: OrganisationId, run: Run, *, trial: bool = False) -> Plan:
        """Step 1; raises AbsentError, IssuanceError and RuleError where the order cannot be carried out (any more)."""
        order = RunOrder.from_json(run.ordered or {})
        async with self.store.view(organisation) as view:
            profile = await view.identities.profile(order.profile)
            version = await view.achievements.version(order.achievement, order.version)
            withdrawn = (await view.achievements.find(order.achievement)).withdrawn_at
        if profile.state is not State.ACTIVE:
            raise AbsentError("signing profile in use with this name")
        if withdrawn is not None:
            raise WithdrawnError(
                "the achievement is withdrawn, and awarded no more",
                code="achievement.withdrawn",
                remedy="Award another one; what was awarded before stays as it is.",
            )
        options = options_of(profile)
        rows = self._rows_order(run, order, profile, options, version)
        rows = replace(rows, doing=Doing.TRY) if trial and rows.doing is Doing.SIGN else rows
        keys = await self.vault.keys(organisation, KeyPurpose.ASSERTION)
        caller = Caller(organisation, run.key, frozenset(), run.member)
        namespace = None if options.anchor is None else str(options.anchor)
        return Plan(run, order, profile, options, rows, keys, caller, namespace)

    def _rows_order(
        self, run: Run, order: RunOrder, profile: Profile, options: ProfileOptions, version: Published
    ) -> RowsOrder:
        signing = replace(order_of(profile, options, order.mandatory), anchored=options.anchor is not None)
        shared: JsonObject = with_records(order.award, options.records)
        return RowsOrder(
            run=run.id,
            doing=Doing.SIGN if order.kind is RunKind.AT_ONCE else Doing.OFFER,
            achievement=version.document,
            issuer=profile.did,
            headings=run.headings,
            columns=tuple(sorted(order.columns.items())),
            shared=orjson.dumps(shared),
            naming=naming_of(order.achievement, order.version, order.series),
            signing=signing,
            purposes=tuple(options.status),
            at=begin_of(run.started_at or run.created_at, profile.form),
            created=moment_of(self.now()),
        )

    async def _pages(self, plan: Plan, work: Callable[[Plan, Page], Coroutine[None, None, None]]) -> None:
        """Step 2. The first page goes alone: what it begins, as a list, serves the others."""
        under_way: set[asyncio.Task[None]] = set()
        first = True
        try:
            async for page in self._open_pages(plan):
                under_way.add(asyncio.create_task(work(plan, page)))
                while under_way and (first or len(under_way) >= self.window):
                    done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    first = False
                    for task in done:
                        task.result()
            for left in asyncio.as_completed(under_way):
                await left
        finally:
            if under_way:
                await asyncio.wait(under_way)
                for each in under_way:
                    each.cancelled() or each.exception()

    async def _open_pages(self, plan: Plan) -> AsyncIterator[Page]:
        after = -1
        while True:
            async with self.store.view(plan.organisation) as view:
                run = await view.runs.find(plan.run.id)
                pages = await view.runs.pages(plan.run.id, after=after, limit=READ_AHEAD, done=False)
            if run.state is not plan.run.state:
                raise StoppedError
            if not pages:
                return
            for page in pages:
                yield page
            after = pages[-1].number

    async def _page(self, plan: Plan, page: Page) -> None:
        """Steps 3 to 5 for one page."""
        if plan.order.kind is RunKind.CLAIM:
            await self._offer(plan, page)
            return
        at_work = AtWork(page.content)
        while True:
            made = await self.tables.award(
                plan.rows,
                page.content or b"[]",
                at_work.done,
                plan.keys,
                lambda wishes: self._intend(plan, at_work, wishes),
            )
            self.checkpoint("page.signed")
            outcome = at_work.outcome.joined(outcome_of(made, at_work))
            last = not made.left
            await self.store.change(
                plan.organisation,
                lambda unit, made=made, outcome=outcome, last=last: self._keep(  # type: ignore[misc]
                    unit, plan, at_work, made, outcome, page.number if last else None
                ),
            )
            self.checkpoint("page.stored")
            if last:
                return
            at_work.outcome = outcome
            at_work.done |= numbers_of(made)

    async def _intend(self, plan: Plan, at_work: "AtWork", wishes: Sequence[Wish]) -> list[Intended | None]:
        """Step 3; what was intended before is found again."""
        found = await self.store.change(
            plan.organisation, lambda unit: self._recorded(unit, plan, wishes, AwardState.INTENDED)
        )
        self.checkpoint("page.intended")
        answers: list[Intended | None] = []
        for wish, one in zip(wishes, found, strict=True):
            at_work.take(wish, one)
            answers.append(intended_of(one) if one.what is What.OURS else None)
        return answers

    async def _recorded(self, unit: UnitOfWork, plan: Plan, wishes: Sequence[Wish], state: AwardState) -> list["Found"]:
        """Which of these are to be awarded, by which awards and at which places."""
        require_open(unit)
        if (await unit.runs.find(plan.run.id)).state is not RunState.RUNNING:
            raise StoppedError
        at = self.now()
        known = dict(await unit.awards.by_client_keys([wish.key for wish in wishes]))
        fresh = {wish.key: award_of(plan, wish, state, at) for wish in reversed(wishes) if wish.key not in known}
        if fresh:
            added = await unit.awards.intend(list(fresh.values()))
            if len(added) < len(fresh):  # somebody else was faster with some
                others = [key for key, award in fresh.items() if award.id not in added]
                known |= await unit.awards.by_client_keys(others)
                fresh = {key: award for key, award in fresh.items() if award.id in added}
        if fresh:
            caps = caps_of(plan.profile)
            await unit.keys.spend(plan.profile.key, at, Caps(MOST, caps.per_day), count=len(fresh), by_minute=False)
        token = plan.rows.signing.vct is not None
        allocating = Allocating(unit, plan.profile, self.public_url, moment_of(at), token=token)
        ids = [award.id for award in fresh.values()]
        places = await allocating.many(ids, plan.options.status) if state is AwardState.INTENDED and ids else {}
        answers = []
        for wish in wishes:
            award = fresh.get(wish.key)
            if award is not None and award.content.get("row") == wish.row:
                answers.append(Found(What.OURS, award, places.get(award.id, ())))
                continue
            award = award or known[wish.key]
            what = what_of(plan, wish, award, state)
            own = what is What.OURS and state is AwardState.INTENDED
            answers.append(Found(what, award, await places_of(unit, award.id) if own else ()))
        return answers

    async def _keep(  # noqa: PLR0913, PLR0917 -- what is stored together
        self, unit: UnitOfWork, plan: Plan, at_work: "AtWork", made: Rows, outcome: PageOutcome, page: int | None
    ) -> None:
        """Step 5; `page` is None where more of it follows."""
        at, form = self.now(), plan.profile.form
        signed = [(one, at_work.ours[one.row]) for one in made.signed]
        await unit.awards.secure(
            [Secured(award.id, form, credential_of(award), plan.rows.created, one.body) for one, award in signed], at
        )
        if plan.namespace is not None:
            leaves = [
                Leaf(award.id, form, plan.namespace, one.commitment, secrets.token_bytes(SALT_BYTES))
                for one, award in signed
                if one.commitment is not None
            ]
            await unit.anchors.want(leaves)
        await announce(unit, EventType.AWARD_ISSUED, at, [award.id for _, award in signed], run=plan.run.id)
        vain = [at_work.ours[one.row].id for one in made.refused if one.row in at_work.ours]
        if vain:
            await unit.awards.erase(vain)
        await self._noted(unit, plan, outcome, page, len(signed), at)

    async def _noted(  # noqa: PLR0913, PLR0917 -- what is told of a page
        self, unit: UnitOfWork, plan: Plan, outcome: PageOutcome, page: int | None, count: int, at: datetime
    ) -> None:
        if count:
            details: JsonObject = {"awards": count, "profile": plan.profile.id, "form": plan.profile.form}
            record(unit, plan.caller, RUN_EVENT, plan.run.id, at, details)
        if page is None:
            return
        await unit.runs.page_done(plan.run.id, page, outcome.kept(), at)
        if plan.namespace is not None and (page + 1) % ANCHOR_PAGES == 0:
            await unit.outbox.add([anchor_batch(plan.namespace, at)])
        await order_head(unit, at)

    async def _offer(self, plan: Plan, page: Page) -> None:
        """A page of awards that wait for their learners: nothing is signed, so one transaction is all."""
        made = await self.tables.award(plan.rows, page.content or b"[]", frozenset(), plan.keys, _nobody)

        async def work(unit: UnitOfWork) -> None:
            at_work = AtWork(page.content)
            found = await self._recorded(unit, plan, made.wishes, AwardState.WAITING)
            for wish, one in zip(made.wishes, found, strict=True):
                at_work.take(wish, one)
            at_work.outcome.awarded += [(row, award.id) for row, award in at_work.ours.items()]
            outcome = at_work.outcome.joined(PageOutcome(refused=list(made.refused)))
            new, at = [award.id for award in at_work.ours.values()], self.now()
            if new:
                await unit.outbox.add([invite(new, at)])
            await self._noted(unit, plan, outcome, page.number, len(new), at)

        await self.store.change(plan.organisation, work)
        self.checkpoint("page.stored")

    async def _checked(self, plan: Plan) -> None:
        """All rows judged; nothing is recorded but what was found."""
        seen: set[int] = set()

        async def judge(plan: Plan, page: Page) -> None:
            outcome, wishes, done = PageOutcome(), dict[int, Wish](), frozenset[int]()
            while True:
                made = await self.tables.award(plan.rows, page.content or b"[]", done, plan.keys, _nobody)
                good = {one.row for one in made.signed} if plan.rows.doing is Doing.TRY else None
                wishes |= {wish.row: wish for wish in made.wishes if good is None or wish.row in good}
                outcome = outcome.joined(outcome_of(made, None))
                done |= numbers_of(made)
                if not made.left:
                    break
            async with self.store.view(plan.organisation) as view:
                known = await view.awards.by_client_keys([wish.key for wish in wishes.values()])
            for wish in wishes.values():
                name = hash(wish.key)
                what = What.TWICE if name in seen else What.OURS
                if wish.key in known:
                    what = what_of(plan, wish, known[wish.key], AwardState.INTENDED)
                seen.add(name)
                note(outcome, wish, what, "", page.content)
            kept, at = outcome.kept(), self.now()
            await self.store.change(
                plan.organisation, lambda unit: unit.runs.page_done(plan.run.id, page.number, kept, at, keep=True)
            )

        await self._pages(plan, judge)

    async def _ended(self, plan: Plan) -> None:
        """Step 6."""
        at = self.now()

        async def work(unit: UnitOfWork) -> None:
            run = await unit.runs.find(plan.run.id)
            if run.state is not RunState.RUNNING:
                return
            await unit.runs.change(plan.run.id, RunState.DONE, at)
            counts: JsonObject = {"awarded": run.awarded, "already": run.already, "rejected": run.rejected}
            record(unit, plan.caller, "run.done", plan.run.id, at, counts)
            await announce(unit, EventType.RUN_DONE, at, run=plan.run.id)
            await self._anchored(unit, plan, at)
            await order_head(unit, at)

        await self.store.change(plan.organisation, work)
        self.checkpoint("run.ended")

    @staticmethod
    async def _anchored(unit: UnitOfWork, plan: Plan, at: datetime) -> None:
        if plan.namespace is not None:
            await unit.outbox.add([anchor_batch(plan.namespace, at)])

    async def _clear(self, organisation: OrganisationId, run: Run) -> None:
        """After the end of a run that was cancelled: what it had intended, and nothing was signed of, is forgotten."""
        after = ""
        while True:
            async with self.store.view(organisation) as view:
                found = await view.awards.in_state(AwardState.INTENDED, after=after, limit=CLEARED)
            own = [award.id for award in found if award.content.get("run") == run.id]
            if own:
                await self.store.change(organisation, lambda unit, own=own: unit.awards.erase(own))  # type: ignore[misc]
            if len(found) < CLEARED:
                return
            after = found[-1].id

    async def _note(self, organisation: OrganisationId, run: str, error: Exception) -> None:
        problem, at = told(error), self.now()
        await self.store.change(organisation, lambda unit: unit.runs.note(run, problem, at))

    async def _found(self, organisation: OrganisationId, run: str) -> Run | None:
        try:
            async with self.store.view(organisation) as view:
                return await view.runs.find(run)
        except AbsentError:
            return None  # it was removed


async def _nobody(_wishes: Sequence[Wish]) -> list[Intended | None]:
    raise TypeError("nothing is intended here")


def _again(task: Task, at: datetime) -> Task:
    return replace(task, id=new_id(), due_at=at, attempts=0, problem=None)


def _hopeless_cap(error: CapError) -> HopelessError:
    return HopelessError(str(error), code=error.code, remedy="Raise the cap of the profile, and start the run again.")


def _hopeless(error: InputRefusedError) -> HopelessError:
    return HopelessError(str(error), code=error.code, remedy=error.remedy)
