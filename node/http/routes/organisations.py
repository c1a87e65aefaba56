"""The organisations of the node, for whoever runs it."""

from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from node.documents import JsonObject
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.routes.api_keys import shown_made
from node.http.routes.members import shown_member, shown_organisation
from node.http.services import Services
from node.issuance.organisation.closing import ClosingDesk, StillOpen
from node.issuance.organisation.members import NewMember
from node.issuance.organisation.settings import OrganisationsDesk
from node.ports.organisations import Role

PATH: Final = "/node/organisations"
_EXAMPLE: Final[JsonObject] = {
    "id": "01990d5e-0000-7000-8000-000000000000",
    "name": "Sample University",
    "state": "active",
    "createdAt": "2026-09-01T12:00:00Z",
}
_OPEN: Final[JsonObject] = {
    "what": "status.seal",
    "about": "01990d5e-0000-7000-8000-000000000008",
    "problem": None,
    "remedy": "Ask again in a moment: the node is at it.",
}
_CLOSING: Final[JsonObject] = {"id": _EXAMPLE["id"], "state": "closing", "open": [_OPEN]}
_CLOSED_ANYWAY: Final[JsonObject] = {"id": _EXAMPLE["id"], "state": "closed", "lost": [_OPEN]}


class OwnerToName(BaseModel):
    """The first owner."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    login: Annotated[str, Field(min_length=1, max_length=254)]
    name: Annotated[str, Field(min_length=1, max_length=200)]


class OrganisationToFound(BaseModel):
    """An organisation that is to be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    owner: OwnerToName


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Node")
    desk = OrganisationsDesk(services.store, services.now)
    closing = ClosingDesk(services.store, services.now)

    @door.get(PATH, access=Scope.NODE_MANAGE, answers=[Answer(200, "A page.", {"organisations": [_EXAMPLE]})])
    async def listed(
        caller: Calling,  # noqa: ARG001 -- who may see all of them
        after: Annotated[str, Query(max_length=64, description="The id of the last one of the page before.")] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """The organisations of the node, also those that are closed."""
        found = await desk.listed(after=after, limit=limit)
        return JSONResponse({"organisations": [shown_organisation(each) for each in found]})

    @door.post(
        PATH,
        access=Scope.NODE_MANAGE,
        answers=[
            Answer(
                201,
                "The organisation, its first owner, and the key to hand over, which is shown this once.",
                {"organisation": _EXAMPLE, "owner": {"id": "01990d5e-…"}, "apiKey": {"key": "glejt_…"}},
            )
        ],
        body=Body(
            {"name": "Sample University", "owner": {"login": "owner@university.example", "name": "Sample Owner"}}
        ),
        problems=[400, 409, 422],
    )
    async def found(sent: OrganisationToFound, caller: Calling) -> Response:
        """Found an organisation with its first owner.

        The owner exchanges the key that is handed over within a week: `POST /organisation/api-keys/own`.
        """
        owner = NewMember(sent.owner.login, sent.owner.name, frozenset({Role.OWNER}))
        made = await desk.found(caller, sent.name, owner)
        told = {
            "organisation": shown_organisation(made.organisation),
            "owner": shown_member(made.owner),
            "apiKey": shown_made(made.key),
        }
        return JSONResponse(told, status_code=201)

    @door.get(
        f"{PATH}/{{organisation}}", access=Scope.NODE_MANAGE, answers=[Answer(200, "It.", _EXAMPLE)], problems=[404]
    )
    async def find(organisation: str, caller: Calling) -> Response:  # noqa: ARG001 -- who may see all of them
        """One of them."""
        return JSONResponse(shown_organisation(await desk.find(organisation)))

    @door.delete(
        f"{PATH}/{{organisation}}",
        access=Scope.NODE_MANAGE,
        answers=[
            Answer(200, "It is closed though something was still open, which is lost.", _CLOSED_ANYWAY),
            Answer(202, "It is being closed: it issues no more, and this is still open.", _CLOSING),
            Answer(204, "Nobody acts for it any more, and what it issued can be checked for good."),
        ],
        problems=[400, 404, 409],
    )
    async def close(
        organisation: str,
        caller: Calling,
        anyway: Annotated[bool, Query(description="Close it though something is still open, which is lost.")] = False,  # noqa: FBT002 -- a parameter of the address
    ) -> Response:
        """Close an organisation: from now on it issues and withdraws nothing, and its status lists are sealed.

        Ask again until it is closed: then its keys are over, and what it published stays.
        """
        done = await closing.close(caller, organisation, anyway=anyway)
        services.work.wake()
        if done.closed and not done.still_open:
            return Response(status_code=204)
        members: JsonObject = {"id": organisation, "state": "closed" if done.closed else "closing"}
        members["lost" if done.closed else "open"] = [_shown(one) for one in done.still_open]
        return JSONResponse(members, status_code=200 if done.closed else 202)

    return door


def _shown(one: StillOpen) -> JsonObject:
    return {"what": one.what, "about": one.about, "problem": one.problem, "remedy": one.remedy}
