"""What the node has still to do for the caller's organisation, and what it has given up."""

from typing import Annotated, Final, Literal

from fastapi import Query
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.http.access import Calling, Scope
from node.http.door import Answer, Door
from node.http.services import Services
from node.issuance.background.desk import OutboxDesk, about
from node.ports.outbox import Task

PATH: Final = "/organisation/outbox"
MAX_LISTED: Final = 1000
_EXAMPLE: Final[JsonObject] = {
    "id": "01990d5e-0000-7000-8000-000000000009",
    "kind": "status.publish",
    "about": "01990d5e-0000-7000-8000-000000000008",
    "dueAt": "2026-09-01T12:00:00Z",
    "attempts": 12,
    "problem": "status.unreconciled: the list comes from a backup, and what was withdrawn since then is not in it",
}


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Outbox")
    desk = OutboxDesk(services.store, services.now)

    @door.get(PATH, access=Scope.ORGANISATION_READ, answers=[Answer(200, "The next first.", {"tasks": [_EXAMPLE]})])
    async def listed(
        caller: Calling,
        state: Annotated[Literal["waiting", "dead"], Query(description="What waits, or was given up.")] = "waiting",
        limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 100,
    ) -> Response:
        """What is still to be done in the background, and what was given up and waits for a person."""
        tasks = await desk.listed(caller, dead=state == "dead", limit=limit)
        return JSONResponse({"tasks": [shown(task) for task in tasks]})

    @door.post(
        f"{PATH}/{{task}}/retry",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(202, "It is tried again now.", {"id": _EXAMPLE["id"], "state": "waiting"})],
        problems=[404],
    )
    async def retry(task: str, caller: Calling) -> Response:
        """Try something again that was given up, once what stood in its way is mended."""
        await desk.retry(caller, task)
        services.work.wake()
        return JSONResponse({"id": task, "state": "waiting"}, status_code=202)

    return door


def shown(task: Task) -> JsonObject:
    """A task, without what it carries: that may be of any size."""
    return {
        "id": task.id,
        "kind": task.kind,
        "about": about(task),
        "dueAt": format_timestamp(task.due_at),
        "attempts": task.attempts,
        "problem": task.problem,
    }
