"""Runs as rows, and the pages of their tables."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from node.adapters.database.bound import Bound, without_organisation
from node.adapters.database.run_tables import RUN_PAGES, RUNS
from node.documents import JsonValue
from node.ports.errors import RuleError
from node.ports.runs import MAX_RUNS_LISTED, MOVING, NEXT, OVER, Outcome, Page, Run, RunState

_WHAT = "run with this id"


class RunRowsReader(Bound):
    """The runs of one organisation."""

    __slots__ = ()

    async def find(self, run: str) -> Run:
        """The run."""
        return _run(await self.found(_WHAT, RUNS, id=run))

    async def listed(self, *, before: str | None = None, limit: int = 50) -> tuple[Run, ...]:
        """The newest first."""
        conditions = [] if before is None else [RUNS.c.id < before]
        limit = max(1, min(limit, MAX_RUNS_LISTED))
        statement = self.select(RUNS, *conditions).order_by(RUNS.c.id.desc()).limit(limit)
        return tuple(map(_run, await self.rows(statement)))

    async def pages(self, run: str, *, after: int = -1, limit: int = 10, done: bool | None = None) -> tuple[Page, ...]:
        """Its pages in order."""
        conditions = [RUN_PAGES.c.run == run, RUN_PAGES.c.number > after]
        if done is not None:
            conditions.append(RUN_PAGES.c.done.is_(done))
        statement = self.select(RUN_PAGES, *conditions).order_by(RUN_PAGES.c.number).limit(limit)
        return tuple(map(_page, await self.rows(statement)))


class RunRows(RunRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, run: Run) -> None:
        """Take a new one."""
        await self.insert(RUNS, {**asdict(run), "headings": list(run.headings)})

    async def add_pages(self, run: str, pages: Sequence[Page]) -> None:
        """Take rows of a table that is being read."""
        found = await self._locked(run)
        if found.state is not RunState.READING:
            raise _refused(found, "takes no more rows", "Upload the table anew, as a run of its own.")
        await self.insert(RUN_PAGES, *[{**asdict(page), "run": run} for page in pages])
        rows = found.rows + sum(page.rows for page in pages)
        await self._keep(found, found.changed_at, rows=rows, pages=found.pages + len(pages))

    async def change(self, run: str, state: RunState, at: datetime) -> Run:
        """Bring it to a state that may follow."""
        found = await self._locked(run)
        if state not in NEXT[found.state]:
            raise _refused(found, f"cannot become {state}", "Look at it again; it has got on.")
        values: dict[str, Any] = {"state": state, "problem": None}
        if state in MOVING and found.state is not RunState.PAUSED:
            values["started_at"] = at
        if state in OVER:
            values["ended_at"] = at
        await self._keep(found, at, **values)
        return await self.find(run)

    async def order(self, run: str, ordered: Mapping[str, JsonValue], at: datetime) -> Run:
        """Say what is awarded."""
        found = await self._locked(run)
        if found.state not in {RunState.READ, RunState.CHECKED}:
            raise _refused(found, "cannot be ordered anew", "Upload the table again, as another run.")
        await self._keep(found, at, ordered=dict(ordered), state=RunState.READ)
        return await self.find(run)

    async def begin(self, run: str, at: datetime) -> None:
        """Forget what a dry run found."""
        found = await self._locked(run)
        if found.state not in MOVING:
            raise _refused(found, "does nothing now", "Start it first.")
        await self.changed(self.update(RUN_PAGES, RUN_PAGES.c.run == run).values(done=False, outcome=None))
        await self._keep(found, at, awarded=0, already=0, rejected=0)

    async def page_done(self, run: str, page: int, outcome: Outcome, at: datetime, *, keep: bool = False) -> bool:
        """Keep what became of a page, once."""
        place = (RUN_PAGES.c.run == run, RUN_PAGES.c.number == page, RUN_PAGES.c.done.is_(False))
        values: dict[str, Any] = {"done": True, "outcome": outcome.said} | ({} if keep else {"content": None})
        if not await self.changed(self.update(RUN_PAGES, *place).values(values)):
            return False
        counts = {"awarded": outcome.awarded, "already": outcome.already, "rejected": outcome.rejected}
        added = {name: RUNS.c[name] + count for name, count in counts.items()}
        statement = self.update(RUNS, RUNS.c.id == run)
        await self.changed(statement.values(changed_at=at, version=RUNS.c.version + 1, problem=None, **added))
        return True

    async def rewrite(self, run: str, page: int, outcome: bytes) -> None:
        """Keep less of what became of a page that is done."""
        place = (RUN_PAGES.c.run == run, RUN_PAGES.c.number == page, RUN_PAGES.c.done.is_(True))
        await self.changed(self.update(RUN_PAGES, *place).values(outcome=outcome))

    async def note(self, run: str, problem: str | None, at: datetime) -> None:
        """Say what it waits for."""
        found = await self._locked(run)
        if found.problem != problem:
            await self._keep(found, at, problem=problem)

    async def remove(self, run: str) -> None:
        """Forget it, with all its rows."""
        found = await self._locked(run)
        if found.state in MOVING | {RunState.PAUSED}:
            raise _refused(found, "goes on", "Cancel it first.")
        await self.changed(self.delete(RUN_PAGES, RUN_PAGES.c.run == run))
        await self.changed(self.delete(RUNS, RUNS.c.id == run))

    async def _locked(self, run: str) -> Run:
        return _run(await self.found(_WHAT, RUNS, lock=True, id=run))

    async def _keep(self, run: Run, at: datetime, **values: object) -> None:
        await self.set(RUNS, {"changed_at": at, "version": run.version + 1, **values}, id=run.id)


def _refused(run: Run, what: str, remedy: str) -> RuleError:
    return RuleError(f"a run that is {run.state} {what}", code="run.state", remedy=remedy)


def _run(row: RowMapping) -> Run:
    values = without_organisation(row)
    return Run(**{**values, "state": RunState(row["state"]), "headings": tuple(row["headings"])})


def _page(row: RowMapping) -> Page:
    return Page(row["number"], row["rows"], row["content"], row["outcome"], row["done"])
