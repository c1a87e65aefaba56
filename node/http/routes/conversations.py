"""Offers and requests by invitation: what an organisation gives to, and asks of, whoever has a wallet."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import orjson
from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.exchange.didcomm.asking import MAX_WHY_CHARS, Wish
from node.exchange.didcomm.inviting import INVITATION_PATH, Minted
from node.http.access import Calling, Scope
from node.http.conversing import offering
from node.http.door import Answer, Body, Door
from node.http.examples import CREDENTIAL
from node.http.listening import EVENTS, LOOK_SECONDS, Listeners
from node.http.routes.didcomm import QR_PATH
from node.http.services import Services
from node.issuance.issuing import IssueOrder
from node.ports.errors import RuleError
from node.ports.links import LinkKind
from node.ports.organisations import OrganisationId
from node.ports.threads import PresentationRequest, RequestState

REQUESTS: Final = "/organisation/presentation-requests"
EVENTS_SECONDS: Final = 60.0
"""For one stream of events; who listens on asks again."""
MAX_LISTED: Final = 200
_OVER: Final = frozenset({RequestState.ACCEPTED, RequestState.REJECTED, RequestState.ABANDONED})
_ID: Final = "0f6a4c3e-1d2b-4a57-8a52-000000000001"
_INVITED: Final[JsonObject] = {
    "id": _ID,
    "url": "https://node.example/didcomm/invitation?_oob=eyJ…",
    "shortUrl": "https://node.example/didcomm/invitation?_oobid=s3cr3t",
    "qr": "https://node.example/didcomm/invitation/qr?_oobid=s3cr3t",
    "expiresAt": "2026-09-01T12:10:00Z",
}
_DEFINITION: Final[JsonObject] = {
    "id": "a-welder",
    "input_descriptors": [
        {
            "id": "achievement",
            "constraints": {
                "limit_disclosure": "required",
                "fields": [{"path": ["$.credentialSubject.achievement.name"], "filter": {"type": "string"}}],
            },
        }
    ],
}
_REQUESTED: Final[JsonObject] = {
    "id": _ID,
    "state": "accepted",
    "definition": _DEFINITION,
    "why": "To let you work with the machine.",
    "policy": "glejt",
    "report": {"verdict": "accepted", "credentials": []},
    "madeAt": "2026-09-01T12:00:00Z",
    "changedAt": "2026-09-01T12:00:41Z",
    "expiresAt": "2026-09-01T12:10:00Z",
}


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class CredentialToOffer(_Sent):
    """What is offered, by which profile. The subject has no id: it gets that of whoever takes it up."""

    profile: Annotated[str, Field(min_length=1, max_length=200)]
    credential: dict[str, Any]
    credential_id: Annotated[str | None, Field(alias="credentialId", max_length=512)] = None
    mandatory_pointers: Annotated[list[str], Field(alias="mandatoryPointers", max_length=256)] = []


class RequestToMake(_Sent):
    """What is to be shown, why, and by which policy it is judged."""

    definition: dict[str, Any]
    why: Annotated[str, Field(min_length=1, max_length=MAX_WHY_CHARS)]
    policy: Annotated[str | None, Field(max_length=100)] = None


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Wallets")
    _giving(door, services)
    _asking(door, services)
    return door


def _giving(door: Door, services: Services) -> None:
    handing, offers = services.conversing.handing, offering(services)

    @door.post(
        "/organisation/offers",
        access=Scope.CREDENTIALS_ISSUE,
        body=Body({"profile": "profile", "credential": CREDENTIAL}),
        answers=[Answer(201, "The invitation, which works once, for ten minutes.", _INVITED)],
        problems=[400, 404, 409],
    )
    async def offer(sent: CredentialToOffer, caller: Calling) -> Response:
        """Offer a credential to whoever takes up the invitation, over DIDComm.

        It is issued once they ask for it, bound to an identifier that they show to be theirs. Mint an invitation when
        somebody is there to take it.
        """
        order = IssueOrder(
            profile=sent.profile,
            credential=sent.credential,
            credential_id=sent.credential_id,
            mandatory=tuple(sent.mandatory_pointers),
        )
        minted = await handing.offer(caller, await offers.offered(caller, order))
        return JSONResponse(shown_invitation(minted), status_code=201)

    @door.post(
        "/organisation/awards/{award}/invitations",
        access=Scope.CREDENTIALS_ISSUE,
        body=Body({}, max_bytes=1024, required=False),
        answers=[Answer(201, "The invitation, which works once, for ten minutes.", _INVITED)],
        problems=[404, 409],
    )
    async def invite(award: str, caller: Calling) -> Response:
        """Invite the learner of an award that waits to take it with a wallet, now: to be shown as a QR code."""
        async with services.store.view(caller.organisation) as view:
            await view.awards.find(award)
            links = await view.links.of_award(award)
        link = next((one for one in links if one.kind is LinkKind.CLAIM and one.lives(services.now())), None)
        if link is None:
            raise RuleError(
                "the award does not wait to be claimed, or its link is over",
                code="award.state",
                remedy="Make another link for it first, or another award.",
            )
        minted = await handing.mint_for(caller.organisation, award, link.id)
        return JSONResponse(shown_invitation(minted), status_code=201)

    @door.post(
        "/organisation/mediation-invitations",
        access=Scope.ORGANISATION_MANAGE,
        body=Body({}, max_bytes=1024, required=False),
        answers=[Answer(201, "The invitation, which works once, for ten minutes.", _INVITED)],
    )
    async def mediate(caller: Calling) -> Response:
        """Invite a phone for which this node is to keep messages while it is off."""
        return JSONResponse(shown_invitation(await handing.mediate(caller)), status_code=201)


def _asking(door: Door, services: Services) -> None:
    asking, inviting = services.conversing.asking, services.conversing.inviting
    listeners = Listeners(
        "presentation_request.streams", "Ask for the request itself from time to time, or come again later."
    )

    @door.post(
        REQUESTS,
        access=Scope.PRESENTATIONS_REQUEST,
        body=Body({"definition": _DEFINITION, "why": "To let you work with the machine."}),
        answers=[Answer(201, "The request, with its invitation.", {**_REQUESTED, "invitation": _INVITED})],
        problems=[400],
    )
    async def ask(sent: RequestToMake, caller: Calling) -> Response:
        """Ask whoever takes up the invitation to show something, over DIDComm.

        `definition` is one of Presentation Exchange 2, with paths and filters that compare. What is shown is judged by
        the policy, as an answer to this request alone, and the verdict is told to who showed it.
        """
        wish = Wish(definition=sent.definition, why=sent.why, policy=sent.policy)
        request, minted = await asking.ask(caller, wish)
        return JSONResponse({**shown_request(request), "invitation": shown_invitation(minted)}, status_code=201)

    @door.get(
        REQUESTS,
        access=Scope.PRESENTATIONS_REQUEST,
        answers=[Answer(200, "A page of them, the newest first.", {"requests": [_REQUESTED]})],
    )
    async def listed(
        caller: Calling,
        before: Annotated[str | None, Query(max_length=64, description="The last one of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
    ) -> Response:
        """Requests for presentations, and what came of them."""
        async with services.store.view(caller.organisation) as view:
            found = await view.threads.requests(before=before, limit=limit)
        return JSONResponse({"requests": [shown_request(each) for each in found]})

    @door.get(
        f"{REQUESTS}/{{request_id}}",
        access=Scope.PRESENTATIONS_REQUEST,
        answers=[Answer(200, "The request as it is now.", _REQUESTED)],
        problems=[404],
    )
    async def find(request_id: str, caller: Calling) -> Response:
        """One of them, with its invitation as long as nobody has taken it up."""
        async with services.store.view(caller.organisation) as view:
            found = await view.threads.request(request_id)
            relation = await view.threads.relation(found.ours)
        shown = shown_request(found)
        if relation.theirs is None and services.now() < relation.expires_at:
            shown["invitation"] = shown_invitation(inviting.minted(relation))
        return JSONResponse(shown)

    @door.get(
        f"{REQUESTS}/{{request_id}}/events",
        access=Scope.PRESENTATIONS_REQUEST,
        answers=[Answer(200, "Its states, as they come.", "event: state\ndata: {…}\n\n", EVENTS)],
        problems=[404, 503],
        seconds=EVENTS_SECONDS + 5,
    )
    async def events(request: Request, request_id: str, caller: Calling) -> Response:
        """Listen to a request: each state once, as server-sent events, until it is over or a minute has gone by.

        The stream ends, too, when the request is erased meanwhile.
        """
        async with services.store.view(caller.organisation) as view:
            found = await view.threads.request(request_id)
        listeners.require_room()
        return listeners.stream(_states(services, caller.organisation, found, request))


async def _states(
    services: Services, organisation: OrganisationId, found: PresentationRequest, request: Request
) -> AsyncIterator[bytes]:
    told: RequestState | None = None
    end = asyncio.get_running_loop().time() + EVENTS_SECONDS
    while True:
        if found.state is not told:
            told = found.state
            yield b"event: state\ndata: " + orjson.dumps(shown_request(found)) + b"\n\n"
        if told in _OVER or asyncio.get_running_loop().time() >= end or await request.is_disconnected():
            return
        await asyncio.sleep(LOOK_SECONDS)
        async with services.store.view(organisation) as view:
            found = await view.threads.request(found.id)


def shown_invitation(minted: Minted) -> JsonObject:
    """An invitation, in all the forms in which people are shown it; `qr` is where its picture is drawn."""
    return {
        "id": minted.relation.invitation,
        "url": minted.url,
        "shortUrl": minted.short_url,
        "qr": minted.short_url.replace(f"{INVITATION_PATH}?", f"{QR_PATH}?", 1),
        "expiresAt": format_timestamp(minted.relation.expires_at),
    }


def shown_request(request: PresentationRequest) -> JsonObject:
    """A request, without its challenge: whoever knows that could have somebody else answer it."""
    return {
        "id": request.id,
        "state": request.state.value,
        "definition": request.asked.get("definition"),
        "why": request.asked.get("why"),
        "policy": request.asked.get("policy"),
        "report": request.report,
        "madeAt": format_timestamp(request.made_at),
        "changedAt": format_timestamp(request.changed_at),
        "expiresAt": format_timestamp(request.expires_at),
    }
