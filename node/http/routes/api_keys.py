"""The keys with which persons and programs call the node for the caller's organisation."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.granted import ASKED, Granted, told
from node.http.services import Services
from node.issuance.organisation.api_keys import ApiKeysDesk, MadeKey, NewKey
from node.ports.api_keys import MAX_LIFETIME
from node.ports.organisations import ApiKey
from node.ports.oversight import Approval

PATH: Final = "/organisation/api-keys"
_ID: Final = "01990d5e-0000-7000-8000-000000000002"
_EXAMPLE: Final[JsonObject] = {
    "id": _ID,
    "prefix": "glejt_0123456789abcdef",
    "label": "student records",
    "scopes": ["credentials:issue"],
    "member": None,
    "madeBy": "01990d5e-0000-7000-8000-000000000001",
    "createdAt": "2026-09-01T12:00:00Z",
    "expiresAt": "2026-11-30T12:00:00Z",
    "revokedAt": None,
}
_MADE: Final[JsonObject] = {**_EXAMPLE, "key": "glejt_0123456789abcdef_…"}
_CHANGING: Final = (400, 404, 409, 422)


class ApiKeyToMake(BaseModel):
    """What a key is to be for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    days: Annotated[int, Field(ge=1, le=MAX_LIFETIME.days)] = 90


class KeyToHand(ApiKeyToMake):
    """… and whom it is for."""

    member: Annotated[
        str | None, Field(max_length=64, description="The member it is handed to, as a first key; none is a program.")
    ] = None


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Organisation")
    desk = ApiKeysDesk(services.store, services.now)

    @door.get(PATH, access=Scope.ORGANISATION_READ, answers=[Answer(200, "All of them.", {"apiKeys": [_EXAMPLE]})])
    async def listed(caller: Calling) -> Response:
        """The keys of the organisation, also those that are over; what begins with the prefix is shown once only."""
        return JSONResponse({"apiKeys": [shown(key) for key in await desk.listed(caller)]})

    @door.post(
        PATH,
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(201, "The key, which is shown this once.", _MADE), ASKED],
        body=Body({"label": "student records", "scopes": ["credentials:issue"], "days": 90}),
        problems=_CHANGING,
    )
    async def make(sent: KeyToHand, caller: Calling, granted: Granted = None) -> Response:
        """Make a key for a program, or a first one for another member.

        No key can do more than the one it is made with. A member exchanges what was handed over for a key of the
        member's own, and decides nothing as a second person before.
        """
        new = NewKey(sent.label, frozenset(map(str, sent.scopes)), sent.days, sent.member)
        made = await desk.make(caller, new, granted)
        return told(made if isinstance(made, Approval) else shown_made(made), status=201)

    @door.post(
        f"{PATH}/own",
        access=Scope.ORGANISATION_READ,
        answers=[Answer(201, "The key, which is shown this once.", _MADE)],
        body=Body({"label": "laptop", "scopes": ["credentials:issue", "organisation:read"], "days": 90}),
        problems=_CHANGING,
    )
    async def make_own(sent: ApiKeyToMake, caller: Calling) -> Response:
        """Make a key of the caller's own; one that somebody else has made and handed over ends with that."""
        new = NewKey(sent.label, frozenset(map(str, sent.scopes)), sent.days)
        return JSONResponse(shown_made(await desk.make_own(caller, new)), status_code=201)

    @door.delete(
        f"{PATH}/{{key}}", access=Scope.ORGANISATION_READ, answers=[Answer(204, "It is over.")], problems=[403, 404]
    )
    async def revoke(key: str, caller: Calling) -> Response:
        """End a key at once: the one of this request, another one of the same person, or as an owner any.

        Nobody has to agree to that.
        """
        await desk.revoke(caller, key)
        return Response(status_code=204)

    return door


def shown(key: ApiKey) -> JsonObject:
    """A key without anything from which it follows."""
    return {
        "id": key.id,
        "prefix": f"glejt_{key.prefix}",
        "label": key.label,
        "scopes": [*sorted(key.scopes)],
        "member": key.member,
        "madeBy": key.made_by,
        "createdAt": format_timestamp(key.created_at),
        "expiresAt": format_timestamp(key.expires_at),
        "revokedAt": None if key.revoked_at is None else format_timestamp(key.revoked_at),
    }


def shown_made(made: MadeKey) -> JsonObject:
    """A new key, with its text."""
    return {**shown(made.key), "key": made.text.reveal().decode()}
