"""What others have signed of the caller's organisation, and the organisation publishes: accreditations."""

from typing import Final

from fastapi import Request
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject, JsonValue
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.services import Services
from node.issuance.registering import statement_url
from node.issuance.statements import StatementDesk
from node.ports.publishing import Statement

_DIGEST: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_SHOWN: Final[JsonObject] = {
    "digest": _DIGEST,
    "url": f"https://node.example/statements/{_DIGEST}",
    "about": "did:web:node.example:school",
    "addedAt": "2026-09-01T12:00:00Z",
}


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Accreditations")
    desk = StatementDesk(services.store, services.judges, services.policies[services.policy], services.work)

    @door.post(
        "/organisation/accreditations",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(201, "It is published with the register.", _SHOWN)],
        body=Body(
            {"type": ["VerifiableCredential", "RecognizedEntityCredential"], "proof": {}},
            media_types=("application/json", "application/vc", "application/ld+json"),
            max_bytes=MAX_CREDENTIAL_BYTES,
        ),
        problems=[400, 409],
    )
    async def publish(request: Request, caller: Calling) -> Response:
        """Publish an accreditation of the organisation, signed by whoever gave it, to the byte."""
        made = await desk.publish(caller, await request.body(), services.now())
        return JSONResponse(_shown(made, services.public_url), status_code=201)

    @door.get(
        "/organisation/accreditations",
        access=Scope.ORGANISATION_READ,
        answers=[Answer(200, "All of them.", {"accreditations": [_SHOWN]})],
    )
    async def listed(caller: Calling) -> Response:
        """The accreditations that the organisation publishes."""
        async with services.store.view(caller.organisation) as view:
            found = await view.statements.listed()
        shown: list[JsonValue] = [_shown(one, services.public_url) for one in found]
        return JSONResponse({"accreditations": shown})

    @door.delete(
        "/organisation/accreditations/{digest}",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(204, "It is published no more.")],
        problems=[404],
    )
    async def remove(digest: str, caller: Calling) -> Response:
        """Publish an accreditation no more; copies of it stay what they are."""
        await desk.remove(caller, digest, services.now())
        return Response(status_code=204)

    return door


def _shown(statement: Statement, public_url: str) -> JsonObject:
    return {
        "digest": statement.digest,
        "url": statement_url(public_url, statement.digest),
        "about": statement.about,
        "addedAt": format_timestamp(statement.added_at),
    }
