"""Runs: many awards from one table, from the upload to what came of it."""

from typing import Annotated, Final

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.granted import ASKED, Granted, told
from node.http.services import Services
from node.issuance.desk.desk import MAX_TABLE_BYTES, RunDesk
from node.issuance.desk.order import MAX_SERIES_CHARS, RunKind, RunOrder
from node.issuance.desk.progress import Pace
from node.ports.oversight import Approval
from node.ports.runs import MAX_RUNS_LISTED, Run

PATH: Final = "/organisation/runs"
CSV: Final = "text/csv"
WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UPLOAD_SECONDS: Final = 300.0
"""A workbook of a million rows is read for minutes."""
_ID: Final = "01990d5e-0000-7000-8000-000000000000"
_RUN: Final[JsonObject] = {
    "id": _ID,
    "name": "course.csv",
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "state": "running",
    "headings": ["name", "emailAddress", "Ocena"],
    "rows": 1200,
    "pages": 3,
    "done": 500,
    "awarded": 480,
    "already": 15,
    "rejected": 5,
    "perSecond": 4000.0,
    "secondsLeft": 0.2,
    "order": None,
    "problem": None,
    "createdAt": "2026-09-01T12:00:00Z",
    "startedAt": "2026-09-01T12:01:00Z",
    "endedAt": None,
    "version": 7,
}
_ORDER: Final[JsonObject] = {
    "achievement": "01990d5e-1111-7000-8000-000000000000",
    "version": 1,
    "profile": "school",
    "kind": "at_once",
    "columns": {"Ocena": "value:grade"},
    "award": {},
    "series": "2026",
    "mandatoryPointers": [],
    "check": True,
}


class OrderOfRun(BaseModel):
    """What a table awards."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    achievement: Annotated[str, Field(min_length=1, max_length=64)]
    version: Annotated[int, Field(ge=1, le=2**31)]
    profile: Annotated[str, Field(min_length=1, max_length=64)]
    kind: RunKind = RunKind.AT_ONCE
    columns: Annotated[dict[str, str], Field(max_length=256)] = {}
    award: dict[str, JsonValue] = {}
    series: Annotated[str, Field(max_length=MAX_SERIES_CHARS)] = ""
    mandatoryPointers: Annotated[list[str], Field(max_length=64)] = []  # noqa: N815 -- as in requests to issue
    check: bool = True

    @property
    def order(self) -> RunOrder:
        """The order."""
        return RunOrder(
            achievement=self.achievement,
            version=self.version,
            profile=self.profile,
            kind=self.kind,
            columns=self.columns,
            award=self.award,
            series=self.series,
            mandatory=tuple(self.mandatoryPointers),
        )


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Runs")
    desk = RunDesk(store=services.store, tables=services.tables, work=services.work, now=services.now)
    pace = Pace(services.now)

    @door.post(
        PATH,
        access=Scope.CREDENTIALS_ISSUE,
        answers=[Answer(201, "The run; nothing is awarded yet.", {**_RUN, "state": "read"})],
        body=Body("The bytes of the table.", media_types=(CSV, WORKBOOK), max_bytes=MAX_TABLE_BYTES),
        problems=[400, 422],
        seconds=UPLOAD_SECONDS,
    )
    async def upload(
        request: Request,
        caller: Calling,
        name: Annotated[str, Query(max_length=200, description="What the table is called, for people.")] = "table",
        encoding: Annotated[str, Query(max_length=32, description="Of CSV; UTF-8 unless it is named.")] = "utf-8",
    ) -> Response:
        """Hand in a table with a row for each learner: CSV, or the first sheet of a workbook (XLSX)."""
        run = await desk.upload(caller, name, await request.body(), encoding=encoding)
        return JSONResponse(shown_run(run, pace), status_code=201, headers={"Location": f"{PATH}/{run.id}"})

    @door.get(
        PATH, access=Scope.CREDENTIALS_READ, answers=[Answer(200, "A page of them.", {"runs": [_RUN], "next": None})]
    )
    async def listed(
        caller: Calling,
        before: Annotated[str | None, Query(max_length=64, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_RUNS_LISTED)] = 50,
    ) -> Response:
        """The runs of the organisation, the newest first."""
        found = await desk.listed(caller.organisation, before, limit)
        following = found[-1].id if len(found) == limit else None
        return JSONResponse({"runs": [shown_run(run, pace) for run in found], "next": following})

    @door.get(f"{PATH}/{{run}}", access=Scope.CREDENTIALS_READ, answers=[Answer(200, "It.", _RUN)], problems=[404])
    async def find(run: str, caller: Calling) -> Response:
        """How far a run has come, how fast it goes on, and how long it will take."""
        return JSONResponse(shown_run(await desk.find(caller.organisation, run), pace))

    @door.put(
        f"{PATH}/{{run}}/order",
        access=Scope.CREDENTIALS_ISSUE,
        answers=[Answer(200, "The run as it is ordered.", {**_RUN, "state": "checking"})],
        body=Body(_ORDER),
        problems=[400, 404, 409, 422],
    )
    async def order(run: str, sent: OrderOfRun, caller: Calling) -> Response:
        """Say what the table awards, and what its columns mean; `check` has every row judged, and none signed."""
        return JSONResponse(shown_run(await desk.order(caller, run, sent.order, check=sent.check), pace))

    @door.post(
        f"{PATH}/{{run}}/start",
        access=Scope.CREDENTIALS_ISSUE,
        answers=[Answer(200, "It goes on by itself.", _RUN), ASKED],
        problems=[404, 409, 422],
    )
    async def start(run: str, caller: Calling, granted: Granted = None) -> Response:
        """Award the table; or go on, where it was paused. Who is awarded this already gets nothing twice.

        Where awarding takes a second person, that one agrees to the run as a whole.
        """
        done = await desk.start(caller, run, granted)
        return told(done if isinstance(done, Approval) else shown_run(done, pace))

    @door.post(
        f"{PATH}/{{run}}/pause",
        access=Scope.CREDENTIALS_ISSUE,
        answers=[Answer(200, "It stands still after what is under way.", {**_RUN, "state": "paused"})],
        problems=[404, 409],
    )
    async def pause(run: str, caller: Calling) -> Response:
        """Let a run stand still; `start` has it go on."""
        return JSONResponse(shown_run(await desk.pause(caller, run), pace))

    @door.post(
        f"{PATH}/{{run}}/cancel",
        access=Scope.CREDENTIALS_ISSUE,
        answers=[Answer(200, "It awards nothing more.", {**_RUN, "state": "cancelled"})],
        problems=[404, 409],
    )
    async def cancel(run: str, caller: Calling) -> Response:
        """End a run before its end; what was awarded stays."""
        return JSONResponse(shown_run(await desk.cancel(caller, run), pace))

    @door.delete(
        f"{PATH}/{{run}}",
        access=Scope.CREDENTIALS_ISSUE,
        answers=[Answer(204, "It is forgotten.")],
        problems=[404, 409],
    )
    async def remove(run: str, caller: Calling) -> Response:
        """Forget a run that is over, with the rows that were rejected; what was awarded stays."""
        await desk.remove(caller, run)
        return Response(status_code=204)

    return door


def shown_run(run: Run, pace: Pace) -> JsonObject:
    """A run, and how fast it goes on."""
    rate, left = pace.of(run)
    return {
        "id": run.id,
        "name": run.name,
        "sha256": run.digest,
        "state": run.state.value,
        "headings": list(run.headings),
        "rows": run.rows,
        "pages": run.pages,
        "done": run.done,
        "awarded": run.awarded,
        "already": run.already,
        "rejected": run.rejected,
        "perSecond": rate,
        "secondsLeft": left,
        "order": None if run.ordered is None else dict(run.ordered),
        "problem": run.problem,
        "createdAt": format_timestamp(run.created_at),
        "startedAt": None if run.started_at is None else format_timestamp(run.started_at),
        "endedAt": None if run.ended_at is None else format_timestamp(run.ended_at),
        "version": run.version,
    }
