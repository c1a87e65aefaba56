"""What comes of runs: taken out as tables and credentials, and followed while they go on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

import orjson
from fastapi import Header, Query
from starlette.responses import JSONResponse, Response, StreamingResponse

from node.http.access import Calling, Scope
from node.http.door import Answer, Door
from node.http.listening import EVENTS, LOOK_SECONDS, Listeners
from node.http.routes.runs import CSV, PATH, UPLOAD_SECONDS, shown_run
from node.http.services import Services
from node.issuance.desk.desk import MAX_ROWS, RunDesk
from node.issuance.desk.progress import Pace
from node.issuance.desk.rejected import rejected_rows
from node.ports.api_keys import Caller
from node.ports.runs import MOVING

LINES: Final = "application/x-ndjson"
STREAM_SECONDS: Final = 120.0
"""Of one stream of events; whoever still listens then comes again, and misses nothing."""
_REJECTED: Final = (
    '"glejt: row","glejt: column","glejt: problem","glejt: what to do","name"\r\n'
    '"7","Ocena","it is no value of the scale","Use one of the scale.","Demo Learner"\r\n'
)

OnePage = Annotated[int | None, Query(ge=0, le=MAX_ROWS, description="Of one page of the table, counted from 0.")]


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Runs")
    desk = RunDesk(store=services.store, tables=services.tables, work=services.work, now=services.now)
    pace = Pace(services.now)
    listeners = Listeners("run.streams", "Ask for the run itself from time to time, or come again later.")

    @door.get(
        f"{PATH}/{{run}}/columns",
        access=Scope.CREDENTIALS_READ,
        answers=[
            Answer(200, "A proposal.", {"columns": {"Ocena": "value:grade"}, "sample": [["Demo Learner", "5.0"]]})
        ],
        problems=[404],
    )
    async def columns(
        run: str, caller: Calling, achievement: Annotated[str | None, Query(max_length=64)] = None
    ) -> Response:
        """What the columns of the table probably mean, beside its first rows."""
        found = await desk.columns(caller.organisation, run, achievement)
        return JSONResponse({"columns": dict(found.meanings), "sample": [list(row) for row in found.sample]})

    @door.get(
        f"{PATH}/{{run}}/rejected",
        access=Scope.CREDENTIALS_READ,
        answers=[Answer(200, "A table.", _REJECTED, CSV)],
        problems=[404],
        seconds=UPLOAD_SECONDS,
    )
    async def rejected(run: str, caller: Calling, page: OnePage = None) -> Response:
        """The rows that are not awarded, each with what is wrong and what to do; mended, they can be handed in again.

        No spreadsheet takes a cell of it for a formula.
        """
        found = await desk.find(caller.organisation, run)
        rows = desk.refused(caller.organisation, run, page)
        lines = rejected_rows(found.headings, rows, first=page in {None, 0})
        headers = {"Content-Disposition": 'attachment; filename="rejected.csv"'}
        return StreamingResponse(lines, media_type=CSV, headers=headers)

    @door.get(
        f"{PATH}/{{run}}/remarks",
        access=Scope.CREDENTIALS_READ,
        answers=[
            Answer(200, "Each once.", {"remarks": [{"code": "privacy.identifying", "path": "/credentialSubject"}]})
        ],
        problems=[404],
    )
    async def remarks(run: str, caller: Calling) -> Response:
        """What of the run's credentials would betray their holders, as far as it has come."""
        found = await desk.remarks(caller.organisation, run)
        return JSONResponse({"remarks": [{"code": code, "path": path} for code, path in found]})

    @door.get(
        f"{PATH}/{{run}}/credentials",
        access=Scope.CREDENTIALS_READ,
        answers=[Answer(200, "A line for each.", '{"row":2,"award":"…","credential":"…"}\n', LINES)],
        problems=[404],
        seconds=UPLOAD_SECONDS,
    )
    async def credentials(run: str, caller: Calling, page: OnePage = None) -> Response:
        """What was issued by a run, in the order of the table: a line of JSON for each, with the credential as text."""
        await desk.find(caller.organisation, run)
        return StreamingResponse(_lines(desk, caller, run, page), media_type=LINES)

    @door.get(
        f"{PATH}/{{run}}/events",
        access=Scope.CREDENTIALS_READ,
        answers=[Answer(200, "Events.", "id: 7\nevent: run\ndata: {…}\n\n", EVENTS)],
        problems=[404, 503],
        seconds=STREAM_SECONDS + 10,
    )
    async def events(
        run: str,
        caller: Calling,
        last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=32)] = None,
    ) -> Response:
        """How far a run has come, each time it has: the same as the run itself, as server-sent events.

        The stream ends when the run stands still, and after two minutes; whoever comes again with `Last-Event-ID`
        misses nothing.
        """
        await desk.find(caller.organisation, run)
        listeners.require_room()
        known = int(last) if last is not None and last.isdecimal() else -1
        return listeners.stream(_events(desk, caller, run, known, pace))

    return door


async def _events(desk: RunDesk, caller: Caller, run: str, known: int, pace: Pace) -> AsyncIterator[bytes]:
    now = asyncio.get_running_loop().time
    end = now() + STREAM_SECONDS
    yield b"retry: 2000\n\n"
    while True:
        found = await desk.find(caller.organisation, run)
        if found.version > known:
            known = found.version
            yield b"id: %d\nevent: run\ndata: %b\n\n" % (known, orjson.dumps(shown_run(found, pace)))
        if found.state not in MOVING or now() >= end:
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _lines(desk: RunDesk, caller: Caller, run: str, page: int | None) -> AsyncIterator[bytes]:
    async for row, credential in desk.credentials(caller.organisation, run, page):
        line = {
            "row": row,
            "award": credential.award,
            "id": credential.credential,
            "form": credential.form,
            "credential": credential.secured.decode(),
        }
        yield orjson.dumps(line) + b"\n"
