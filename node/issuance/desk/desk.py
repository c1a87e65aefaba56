"""What people do with runs: hand in a table, say what it awards, have it judged, start it, stop it, take out what came.

1. A table is read where foreign input is read, part by part, and kept page by page. Then all of it is there.
2. What is awarded is said for all rows; what does not go together is told at once.
3. A dry run judges every row. Whoever wants no dry run starts at once: rows that are wrong are left out all the same.
4. To start is what takes a second person, where issuing does: for the run as a whole.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import orjson

from node.credentials.achievement import read_achievement
from node.credentials.award_table import AwardTable
from node.credentials.errors import CompositionError
from node.issuance.desk.columns import suggested
from node.issuance.desk.csv_parts import PART_BYTES
from node.issuance.desk.errors import OrderError, TableError
from node.issuance.desk.order import RunOrder
from node.issuance.desk.outcome import read_outcome
from node.issuance.desk.workbooks import SIGNATURE
from node.issuance.organisation.closing import require_open
from node.issuance.organisation.events import order_head, record
from node.issuance.organisation.second_person import Action, require_second_person
from node.issuance.profile_options import options_of, order_of
from node.ports.api_keys import Caller
from node.ports.awarding import Secured
from node.ports.errors import AbsentError
from node.ports.identifiers import new_id
from node.ports.judging import InputRefusedError
from node.ports.organisations import OrganisationId, State
from node.ports.oversight import Approval
from node.ports.runs import Page, Run, RunState
from node.ports.store import Store, UnitOfWork, View
from node.ports.tables import RefusedRow, TablePart, Tables
from node.ports.work import Nudge, check_run, go_on

if TYPE_CHECKING:
    from node.documents import JsonObject, JsonValue

MAX_TABLE_BYTES: Final = 64 * 1024 * 1024
"""A million usual rows. A larger table is handed in as several: nobody gets anything twice by that."""
MAX_ROWS: Final = 1_100_000
"""More than a sheet of a workbook has."""
MAX_NAME_CHARS: Final = 200
PAGES_AT_ONCE: Final = 8
"""Pages that are stored together while a table is read."""
_STARTABLE: Final = frozenset({RunState.READ, RunState.CHECKED})
SAMPLE_ROWS: Final = 5
"""Rows that are shown beside what the columns may mean."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a table may mean, beside the first rows of it."""

    meanings: Mapping[str, str]
    sample: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDesk:
    """The runs of the caller's organisation. Everything raises StoreError."""

    store: Store
    tables: Tables
    work: Nudge
    now: Callable[[], datetime]

    async def upload(self, caller: Caller, name: str, data: bytes, *, encoding: str = "utf-8") -> Run:
        """Take a table; raises TableError for one that cannot be read, and leaves nothing of it then.  1."""
        if len(data) > MAX_TABLE_BYTES:
            raise TableError(
                f"a table has at most {MAX_TABLE_BYTES // 1024 // 1024} MB",
                code="table.size",
                remedy="Hand it in as several tables; nobody is awarded anything twice.",
            )
        at, run_id = self.now(), new_id()
        begun = Run(
            id=run_id,
            name=name[:MAX_NAME_CHARS],
            digest=hashlib.sha256(data).hexdigest(),
            headings=(),
            key=caller.key,
            member=caller.member,
            created_at=at,
            changed_at=at,
        )
        try:
            return await self._read(caller, begun, data, encoding)
        except BaseException:
            with suppress(AbsentError):
                await self.store.change(caller.organisation, lambda unit: unit.runs.remove(run_id))
            raise

    async def _read(self, caller: Caller, begun: Run, data: bytes, encoding: str) -> Run:
        organisation, added, waiting, rows = caller.organisation, False, list[Page](), 0
        numbers = iter(range(MAX_ROWS))

        async def store() -> None:
            pages = tuple(waiting)
            waiting.clear()
            await self.store.change(organisation, lambda unit: unit.runs.add_pages(begun.id, pages))

        try:
            async for part in self._parts(data, encoding):
                if not added:
                    run = replace(begun, headings=part.headings)
                    await self.store.change(organisation, lambda unit, run=run: _begin(unit, run))  # type: ignore[misc]
                    added = True
                waiting += [Page(next(numbers), count, content) for count, content in part.pages]
                rows += sum(count for count, _ in part.pages)
                if rows > MAX_ROWS:
                    raise TableError(
                        f"a table has at most {MAX_ROWS} rows",
                        code="table.rows",
                        remedy="Hand it in as several tables.",
                    )
                if len(waiting) >= PAGES_AT_ONCE:
                    await store()
        except InputRefusedError as error:
            raise TableError(str(error), code=error.code, remedy=error.remedy) from error
        if waiting:
            await store()
        if not rows:
            raise TableError("the table has no rows", code="table.empty", remedy="Put a row for each learner.")
        at = self.now()

        async def work(unit: UnitOfWork) -> Run:
            details: JsonObject = {"rows": rows, "sha256": begun.digest}
            record(unit, caller, "run.upload", begun.id, at, details)
            return await unit.runs.change(begun.id, RunState.READ, at)

        return await self.store.change(organisation, work)

    async def _parts(self, data: bytes, encoding: str) -> AsyncIterator[TablePart]:
        if data.startswith(SIGNATURE):
            async with self.tables.workbook(data) as parts:
                async for part in parts:
                    yield part
            return
        start, place = 0, None
        while True:
            end = start + PART_BYTES
            last = end >= len(data)
            part = await self.tables.part(data[start:end], place, encoding=encoding, last=last)
            yield part
            start, place = start + part.consumed, part.place
            if last:
                return

    async def find(self, organisation: OrganisationId, run: str) -> Run:
        """The run; raises AbsentError."""
        async with self.store.view(organisation) as view:
            return await view.runs.find(run)

    async def listed(self, organisation: OrganisationId, before: str | None, limit: int) -> tuple[Run, ...]:
        """The newest first."""
        async with self.store.view(organisation) as view:
            return await view.runs.listed(before=before, limit=limit)

    async def columns(self, organisation: OrganisationId, run: str, achievement: str | None) -> Columns:
        """What the columns may mean, for an achievement where it is known which."""
        async with self.store.view(organisation) as view:
            found = await view.runs.find(run)
            pages = await view.runs.pages(run, limit=1)
            version = None if achievement is None else await view.achievements.version(achievement)
        described: list[str] = []
        if version is not None:
            described = list(read_achievement(orjson.loads(version.document)).descriptions())
        rows = orjson.loads(pages[0].content or b"[]")[:SAMPLE_ROWS] if pages else []
        return Columns(suggested(found.headings, described), tuple([tuple(cells) for _, cells in rows]))

    async def order(self, caller: Caller, run: str, order: RunOrder, *, check: bool) -> Run:
        """Say what is awarded, and have every row judged; raises OrderError for what does not go together.  2., 3."""
        at = self.now()

        async def work(unit: UnitOfWork) -> Run:
            require_open(unit)
            found = await unit.runs.find(run)
            await _check_order(unit, found, order)
            ordered = await unit.runs.order(run, order.to_json(), at)
            if check:
                ordered = await unit.runs.change(run, RunState.CHECKING, at)
                await unit.outbox.add([check_run(run, at)])
            return ordered

        ordered = await self.store.change(caller.organisation, work)
        self.work.wake()
        return ordered

    async def start(self, caller: Caller, run: str, granted: str | None = None) -> Run | Approval:
        """Award it, or go on with it; a second person agrees to the whole, once.  4."""
        at = self.now()

        async def work(unit: UnitOfWork) -> Run | Approval:
            require_open(unit)
            found = await unit.runs.find(run)
            if found.ordered is None:
                raise OrderError(
                    "nobody has said what this table awards",
                    code="run.order",
                    remedy="Say which achievement it is, by which profile, and what the columns mean.",
                )
            if found.state is RunState.PAUSED:
                await _go_on(unit, caller, run, "run.resume", at)
                return await unit.runs.change(run, RunState.RUNNING, at)
            await _check_order(unit, found, RunOrder.from_json(found.ordered))
            if found.state in _STARTABLE:
                asked: dict[str, JsonValue] = {
                    "run": run,
                    "name": found.name,
                    "sha256": found.digest,
                    "rows": found.rows,
                    "order": dict(found.ordered),
                }
                approval = await require_second_person(unit, Action.ISSUE, asked, caller, at, granted=granted)
                if approval is not None:
                    return approval
            await unit.runs.change(run, RunState.RUNNING, at)
            await unit.runs.begin(run, at)
            await _go_on(unit, caller, run, "run.start", at)
            return await unit.runs.find(run)

        done = await self.store.change(caller.organisation, work)
        self.work.wake()
        return done

    async def pause(self, caller: Caller, run: str) -> Run:
        """Let what is under way end, and begin nothing more until it is resumed."""
        return await self._change(caller, run, RunState.PAUSED, "run.pause")

    async def cancel(self, caller: Caller, run: str) -> Run:
        """Award nothing more by it; what was awarded stays."""
        return await self._change(caller, run, RunState.CANCELLED, "run.cancel")

    async def _change(self, caller: Caller, run: str, state: RunState, event: str) -> Run:
        at = self.now()

        async def work(unit: UnitOfWork) -> Run:
            changed = await unit.runs.change(run, state, at)
            await _go_on(unit, caller, run, event, at)  # whoever works on it leaves nothing half done
            return changed

        changed = await self.store.change(caller.organisation, work)
        self.work.wake()
        return changed

    async def remove(self, caller: Caller, run: str) -> None:
        """Forget it, with the rows that were rejected; what was awarded stays."""
        at = self.now()

        async def work(unit: UnitOfWork) -> None:
            await unit.runs.remove(run)
            record(unit, caller, "run.remove", run, at)

        await self.store.change(caller.organisation, work)

    async def refused(
        self, organisation: OrganisationId, run: str, page_number: int | None = None
    ) -> AsyncIterator[RefusedRow]:
        """The rows that are not awarded, in order, with what is wrong with each; of one page, or of all."""
        async for page in self._done(organisation, run, page_number):
            for row in read_outcome(page.outcome or b"").refused:
                yield row

    async def remarks(self, organisation: OrganisationId, run: str) -> list[tuple[str, str]]:
        """What of its credentials would betray their holders."""
        found: dict[tuple[str, str], None] = {}
        async for page in self._done(organisation, run):
            found |= read_outcome(page.outcome or b"").remarks
        return list(found)

    async def credentials(
        self, organisation: OrganisationId, run: str, page_number: int | None = None
    ) -> AsyncIterator[tuple[int, Secured]]:
        """What was issued by it, row by row, to the byte; of learners who had theirs already, that."""
        async for page in self._done(organisation, run, page_number):
            outcome = read_outcome(page.outcome or b"")
            rows = {award: row for row, award in sorted([*outcome.already, *outcome.awarded])}
            async with self.store.view(organisation) as view:
                found = await view.awards.signed(list(rows))
            for credential in sorted(found, key=lambda one: rows[one.award]):
                yield rows[credential.award], credential

    async def _done(self, organisation: OrganisationId, run: str, only: int | None = None) -> AsyncIterator[Page]:
        after = -1 if only is None else only - 1
        while True:
            async with self.store.view(organisation) as view:
                await view.runs.find(run)
                pages = await view.runs.pages(run, after=after, limit=1, done=True)
            if not pages or only not in {None, pages[0].number}:
                return
            yield pages[0]
            after = pages[0].number


async def _begin(unit: UnitOfWork, run: Run) -> None:
    require_open(unit)
    await unit.runs.add(run)


async def _go_on(unit: UnitOfWork, caller: Caller, run: str, event: str, at: datetime) -> None:
    await unit.outbox.add([go_on(run, at)])
    record(unit, caller, event, run, at)
    await order_head(unit, at)


async def _check_order(view: View | UnitOfWork, run: Run, order: RunOrder) -> None:
    """That profile, achievement and columns go together; raises what says that they do not."""
    profile = await view.identities.profile(order.profile)
    if profile.state is not State.ACTIVE:
        raise AbsentError("signing profile in use with this name")
    order_of(profile, options_of(profile), order.mandatory)
    version = await view.achievements.version(order.achievement, order.version)
    if (await view.achievements.find(order.achievement)).withdrawn_at is not None:
        raise OrderError(
            "the achievement is withdrawn, and awarded no more",
            code="achievement.withdrawn",
            path="/achievement",
            remedy="Award another one; what was awarded before stays as it is.",
        )
    try:
        achievement = read_achievement(orjson.loads(version.document))
        AwardTable(run.headings, order.columns, order.award, achievement)
    except CompositionError as error:
        first = error.problems[0]
        raise OrderError(first.message, code="run.columns", path="/columns", remedy=first.remedy) from error
