"""What waits for a second person in the caller's organisation: looked at, granted, refused."""

from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.services import Services
from node.issuance.organisation.second_person import decide
from node.ports.oversight import Approval, Decision
from node.ports.store import UnitOfWork

PATH: Final = "/organisation/approvals"
_ID: Final = "01990d5e-0000-7000-8000-000000000003"
_EXAMPLE: Final[JsonObject] = {
    "id": _ID,
    "action": "credentials.status",
    "payload": {"credentialId": "urn:uuid:01990d5e-0000-7000-8000-000000000004", "status": True},
    "state": "waiting",
    "askedBy": "01990d5e-0000-7000-8000-000000000001",
    "askedAt": "2026-09-01T12:00:00Z",
    "expiresAt": "2026-09-08T12:00:00Z",
    "decidedBy": None,
    "decidedAt": None,
}


class DecisionToMake(BaseModel):
    """Whether another person agrees."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grant: bool


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Second person")

    @door.get(PATH, access=Scope.ORGANISATION_READ, answers=[Answer(200, "A page.", {"approvals": [_EXAMPLE]})])
    async def listed(
        caller: Calling,
        state: Decision = Decision.WAITING,
        after: Annotated[str, Query(max_length=64, description="The id of the last one of the page before.")] = "",
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> Response:
        """What waits for a second person, or became of it."""
        async with services.store.view(caller.organisation) as view:
            found = await view.approvals.listed(state, after=after, limit=limit)
        return JSONResponse({"approvals": [shown(each) for each in found]})

    @door.get(
        f"{PATH}/{{approval}}",
        access=Scope.ORGANISATION_READ,
        answers=[Answer(200, "The request.", _EXAMPLE)],
        problems=[404],
    )
    async def find(approval: str, caller: Calling) -> Response:
        """One request, with all that will be done. Once it is over, what was asked for is not kept."""
        async with services.store.view(caller.organisation) as view:
            return JSONResponse(shown(await view.approvals.find(approval)))

    @door.post(
        f"{PATH}/{{approval}}/decision",
        access=Scope.APPROVALS_DECIDE,
        answers=[Answer(200, "The request, as it was decided.", {**_EXAMPLE, "state": "granted"})],
        body=Body({"grant": True}),
        problems=[400, 404, 409],
    )
    async def decided(approval: str, sent: DecisionToMake, caller: Calling) -> Response:
        """Agree to what another person has asked for, or refuse it.

        Not with a key that somebody else has made, not as a program, and not as who asked. What was granted is done
        when whoever asked sends the very same again, with the id in `Glejt-Approval`.
        """
        at = services.now()

        async def work(unit: UnitOfWork) -> Approval:
            return await decide(unit, approval, caller, at, grant=sent.grant)

        return JSONResponse(shown(await services.store.change(caller.organisation, work)))

    return door


def shown(approval: Approval) -> JsonObject:
    """A request, with what it is for."""
    return {
        "id": approval.id,
        "action": approval.action,
        "payload": dict(approval.payload),
        "state": approval.state.value,
        "askedBy": approval.asked_by,
        "askedAt": format_timestamp(approval.asked_at),
        "expiresAt": format_timestamp(approval.expires_at),
        "decidedBy": approval.decided_by,
        "decidedAt": None if approval.decided_at is None else format_timestamp(approval.decided_at),
    }
