"""Subscriptions of other programs to what happens in the caller's organisation.

Spec: https://www.standardwebhooks.com/
"""

from datetime import datetime
from typing import Annotated, Final

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.services import Services
from node.issuance.webhooks.desk import CHOOSABLE, WebhookDesk, Wish
from node.ports.secret import Secret
from node.ports.webhooks import EventType, Webhook

PATH: Final = "/organisation/webhooks"
_ID: Final = "01990d5e-0000-7000-8000-000000000011"
_EXAMPLE: Final[JsonObject] = {
    "id": _ID,
    "url": "https://records.university.example/glejt",
    "events": ["award.issued", "award.revoked"],
    "enabled": True,
    "madeAt": "2026-09-01T12:00:00Z",
    "deliveredAt": None,
    "failures": 0,
    "failingSince": None,
    "problem": None,
    "formerSecretUntil": None,
}
_SECRET: Final[JsonObject] = {**_EXAMPLE, "secret": "whsec_…"}


def _choosable(events: list[EventType]) -> list[EventType]:
    if not set(events) <= CHOOSABLE:
        raise ValueError("a ping is sent on request alone")
    return events


Events = Annotated[list[EventType], Field(min_length=1, max_length=len(EventType)), AfterValidator(_choosable)]
Url = Annotated[str, Field(max_length=2048, description="Where to: https, and a public host.")]
WebhookId = Annotated[str, Path(max_length=64, description="The id of the webhook.")]


class WebhookToAdd(BaseModel):
    """Who is to be told of what."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Url
    events: Events


class WebhookToChange(BaseModel):
    """What is to be otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = None


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Webhooks")
    desk = WebhookDesk(
        store=services.store,
        vault=services.vault,
        work=services.work,
        now=services.now,
        public_url=services.public_url,
        loopback=services.hosting.pages.is_local,
    )

    @door.get(PATH, access=Scope.ORGANISATION_READ, answers=[Answer(200, "All of them.", {"webhooks": [_EXAMPLE]})])
    async def listed(caller: Calling) -> Response:
        """The webhooks of the organisation, and how deliveries to them go."""
        shown: list[JsonValue] = [_shown(each) for each in await desk.listed(caller.organisation)]
        return JSONResponse({"webhooks": shown})

    @door.post(
        PATH,
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(201, "It, with its secret, which is shown this once.", _SECRET)],
        body=Body({"url": "https://records.university.example/glejt", "events": ["award.issued", "award.revoked"]}),
        problems=[400, 409, 422],
    )
    async def add(sent: WebhookToAdd, caller: Calling) -> Response:
        """Tell another program what happens, from now on.

        What is sent is signed by the scheme of Standard Webhooks (`webhook-id`, `webhook-timestamp`,
        `webhook-signature`), and has ids alone. It is sent at least once, under one id, until the answer is 2xx.
        """
        made, secret = await desk.add(caller, sent.url, sent.events)
        return _with_secret(made, secret, 201)

    @door.patch(
        f"{PATH}/{{webhook}}",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(200, "It.", _EXAMPLE)],
        body=Body({"enabled": True}),
        problems=[400, 404, 422],
    )
    async def change(webhook: WebhookId, sent: WebhookToChange, caller: Calling) -> Response:
        """Change a webhook, disable it, or enable it again once its receiver is mended."""
        made = await desk.change(caller, webhook, Wish(url=sent.url, events=sent.events, enabled=sent.enabled))
        return JSONResponse(_shown(made))

    @door.post(
        f"{PATH}/{{webhook}}/secret",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(201, "It, with its new secret, which is shown this once.", _SECRET)],
        problems=[404],
    )
    async def rotate(webhook: WebhookId, caller: Calling) -> Response:
        """Have another secret; for a day what is sent is signed by the one before, too."""
        made, secret = await desk.rotate(caller, webhook)
        return _with_secret(made, secret, 201)

    @door.post(
        f"{PATH}/{{webhook}}/ping",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(202, "It is sent.", {"event": "01990d5e-0000-7000-8000-000000000012"})],
        problems=[404],
    )
    async def ping(webhook: WebhookId, caller: Calling) -> Response:
        """Send a test, and see in the list of webhooks how it went."""
        return JSONResponse({"event": await desk.ping(caller, webhook)}, status_code=202)

    @door.delete(
        f"{PATH}/{{webhook}}",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(204, "It is told nothing any more.")],
        problems=[404],
    )
    async def remove(webhook: WebhookId, caller: Calling) -> Response:
        """End a webhook; what was not delivered yet is not."""
        await desk.remove(caller, webhook)
        return Response(status_code=204)

    return door


def _with_secret(webhook: Webhook, secret: Secret, status: int) -> Response:
    said = {**_shown(webhook), "secret": secret.reveal().decode()}
    return JSONResponse(said, status_code=status, headers={"Cache-Control": "no-store"})


def _shown(webhook: Webhook) -> JsonObject:
    events: list[JsonValue] = [*sorted(webhook.events)]
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": events,
        "enabled": webhook.disabled_at is None,
        "madeAt": format_timestamp(webhook.made_at),
        "deliveredAt": _moment(webhook.delivered_at),
        "failures": webhook.failures,
        "failingSince": _moment(webhook.failing_since),
        "problem": webhook.problem,
        "formerSecretUntil": _moment(webhook.former_until),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else format_timestamp(at)
