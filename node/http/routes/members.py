"""The persons who act for the caller's organisation, and how it is held to its rules."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.granted import ASKED, Granted, told
from node.http.services import Services
from node.issuance.organisation.members import MembersDesk, NewMember
from node.issuance.organisation.second_person import Action, taking_two
from node.issuance.organisation.settings import SettingsDesk
from node.ports.organisations import Member, Organisation, Role, Settings
from node.ports.oversight import Approval

_ID: Final = "01990d5e-0000-7000-8000-000000000001"
_EXAMPLE: Final[JsonObject] = {
    "id": _ID,
    "login": "issuer@university.example",
    "name": "Sample Issuer",
    "roles": ["issuer"],
    "createdAt": "2026-09-01T12:00:00Z",
}
_ORGANISATION: Final[JsonObject] = {
    "id": "01990d5e-0000-7000-8000-000000000000",
    "name": "Sample University",
    "state": "active",
    "createdAt": "2026-09-01T12:00:00Z",
    "secondPerson": ["credentials.issue"],
    "alsoTaking": ["organisation.keys", "organisation.members", "organisation.settings"],
}
_CHANGING: Final = (400, 404, 409, 422)


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MemberToAdd(_Sent):
    """Who is to act for the organisation."""

    login: Annotated[str, Field(min_length=1, max_length=254)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    roles: Annotated[list[Role], Field(min_length=1, max_length=len(Role))]


class RolesToHave(_Sent):
    """What a member may do from now on."""

    roles: Annotated[list[Role], Field(min_length=1, max_length=len(Role))]


class SettingsToKeep(_Sent):
    """What takes a second person from now on; none for nothing."""

    second_person: Annotated[list[Action], Field(alias="secondPerson", max_length=len(Action))]


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Organisation")
    members, settings = MembersDesk(services.store, services.now), SettingsDesk(services.store, services.now)

    @door.get("/organisation", access=Scope.ORGANISATION_READ, answers=[Answer(200, "It.", _ORGANISATION)])
    async def organisation(caller: Calling) -> Response:
        """The caller's organisation, and what takes a second person in it."""
        return JSONResponse(shown_settings(*await settings.find(caller)))

    @door.put(
        "/organisation/settings",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(200, "What counts now.", _ORGANISATION), ASKED],
        body=Body({"secondPerson": ["credentials.issue", "achievements.publish"]}),
        problems=_CHANGING,
    )
    async def change_settings(sent: SettingsToKeep, caller: Calling, granted: Granted = None) -> Response:
        """Say what takes a second person.

        As soon as anything does, so do settings, members and keys. Two members have to be there who may decide.
        """
        changed = await settings.change(caller, Settings(frozenset(map(str, sent.second_person))), granted)
        if isinstance(changed, Approval):
            return told(changed)
        return JSONResponse(shown_settings(*await settings.find(caller)))

    @door.get(
        "/organisation/members", access=Scope.ORGANISATION_READ, answers=[Answer(200, "All.", {"members": [_EXAMPLE]})]
    )
    async def listed(caller: Calling) -> Response:
        """The members of the organisation, with their roles."""
        return JSONResponse({"members": [shown_member(member) for member in await members.listed(caller)]})

    @door.get(
        "/organisation/members/{member}",
        access=Scope.ORGANISATION_READ,
        answers=[Answer(200, "The member.", _EXAMPLE)],
        problems=[404],
    )
    async def find(member: str, caller: Calling) -> Response:
        """One of them."""
        return JSONResponse(shown_member(await members.find(caller, member)))

    @door.post(
        "/organisation/members",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(201, "The new member.", _EXAMPLE), ASKED],
        body=Body({"login": "issuer@university.example", "name": "Sample Issuer", "roles": ["issuer"]}),
        problems=_CHANGING,
    )
    async def add(sent: MemberToAdd, caller: Calling, granted: Granted = None) -> Response:
        """Name somebody who acts for the organisation. Programs name no persons."""
        added = await members.add(caller, NewMember(sent.login, sent.name, frozenset(sent.roles)), granted)
        return told(added if isinstance(added, Approval) else shown_member(added), status=201)

    @door.put(
        "/organisation/members/{member}/roles",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(200, "The member.", _EXAMPLE), ASKED],
        body=Body({"roles": ["issuer", "auditor"]}),
        problems=_CHANGING,
    )
    async def change(member: str, sent: RolesToHave, caller: Calling, granted: Granted = None) -> Response:
        """Give a member other roles; what is taken away is gone from the member's keys at once. An owner stays."""
        changed = await members.change(caller, member, frozenset(sent.roles), granted)
        return told(changed if isinstance(changed, Approval) else shown_member(changed))

    @door.delete(
        "/organisation/members/{member}",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(200, "Who acts no more.", {"member": _ID, "programs": ["01990d5e-…"]}), ASKED],
        problems=_CHANGING,
    )
    async def remove(member: str, caller: Calling, granted: Granted = None) -> Response:
        """Let a member act no more, and end the member's keys.

        `programs` are the keys of programs that this person has made, and may know: revoke those that are not needed.
        """
        removed = await members.remove(caller, member, granted)
        return told(
            removed if isinstance(removed, Approval) else {"member": removed.member, "programs": [*removed.programs]}
        )

    return door


def shown_member(member: Member) -> JsonObject:
    """A member, as the organisation sees it."""
    return {
        "id": member.id,
        "login": member.login,
        "name": member.name,
        "roles": [role.value for role in sorted(member.roles)],
        "createdAt": format_timestamp(member.created_at),
    }


def shown_organisation(organisation: Organisation) -> JsonObject:
    """An organisation, as it is told of."""
    return {
        "id": organisation.id,
        "name": organisation.name,
        "state": organisation.state.value,
        "createdAt": format_timestamp(organisation.created_at),
    }


def shown_settings(organisation: Organisation, settings: Settings) -> JsonObject:
    """An organisation with what takes a second person: what was chosen, and what follows from that."""
    chosen = sorted(settings.second_person)
    also = sorted(action.value for action in taking_two(settings) if action.value not in settings.second_person)
    return {**shown_organisation(organisation), "secondPerson": [*chosen], "alsoTaking": [*also]}
