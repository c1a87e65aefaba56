"""The status lists of the caller's organisation: how they stand, taking over what was published, and ending one."""

from typing import Annotated, Final

from fastapi import Path, Request
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.granted import Granted, told
from node.http.services import Services
from node.issuance.background.desk import ListsDesk
from node.issuance.reconciling import Reconciling
from node.ports.status_rows import ListRecord
from node.verification.trust import NO_TRUST

PATH: Final = "/organisation/status-lists"
LIST_TYPES: Final = ("application/vc", "application/vc+jwt", "application/statuslist+jwt")
_ID: Final = "01990d5e-0000-7000-8000-000000000008"
_EXAMPLE: Final[JsonObject] = {
    "id": _ID,
    "url": f"https://node.example/status/{_ID}",
    "profile": "diplomas",
    "purpose": "revocation",
    "entries": 131072,
    "open": True,
    "reconciled": True,
    "version": 7,
    "publishedAt": "2026-09-01T12:00:00Z",
    "sealedAt": None,
}
ListId = Annotated[str, Path(max_length=64, description="The id of the list.")]


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Status lists")
    desk = ListsDesk(services.store, services.now)
    reconciling = Reconciling(services.store, services.vault, NO_TRUST, services.now, services.chains)

    @door.get(PATH, access=Scope.ORGANISATION_READ, answers=[Answer(200, "All of them.", {"lists": [_EXAMPLE]})])
    async def listed(caller: Calling) -> Response:
        """The status lists of the organisation, and which version of each is published."""
        return JSONResponse({"lists": [shown(record) for record in await desk.listed(caller)]})

    @door.post(
        f"{PATH}/{{list_id}}/reconcile",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(200, "So many places were taken over.", {"id": _ID, "changed": 3})],
        body=Body(
            {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential", "…"]},
            media_types=LIST_TYPES,
            max_bytes=MAX_CREDENTIAL_BYTES,
        ),
        problems=[400, 404, 409],
    )
    async def reconcile(list_id: ListId, request: Request, caller: Calling) -> Response:
        """Take over what a list said when it was published last, after a restore; it is published again then.

        Send that version to the byte, as a mirror has it. Where the list has a head on a chain, no other is taken.
        """
        changed = await reconciling.reconcile(caller, list_id, [await request.body()])
        stored = services.now()
        services.work.wake()
        await services.work.published(list_id, stored)  # so that whoever verifies afterwards sees it
        return JSONResponse({"id": list_id, "changed": changed})

    @door.post(
        f"{PATH}/{{list_id}}/seal",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(202, "Its last version is being made.", {"id": _ID, "state": "sealing"})],
        problems=[404, 409],
    )
    async def seal(list_id: ListId, caller: Calling, granted: Granted = None) -> Response:
        """Publish a list for the last time: its version then counts for good, and nothing in it can be changed.

        For the end of an issuer: whoever closes the organisation seals its lists before. Where a change of a status
        takes a second person, so does this, and the answer is a request for approval first.
        """
        asked = await desk.seal(caller, list_id, granted)
        if asked is not None:
            return told(asked)
        services.work.wake()
        return JSONResponse({"id": list_id, "state": "sealing"}, status_code=202)

    return door


def shown(record: ListRecord) -> JsonObject:
    """A list, without its entries."""
    return {
        "id": record.id,
        "url": record.url,
        "profile": record.profile,
        "purpose": record.purpose,
        "entries": record.entries,
        "open": record.open,
        "reconciled": record.reconciled,
        "version": record.version,
        "publishedAt": None if record.published_at is None else format_timestamp(record.published_at),
        "sealedAt": None if record.sealed_at is None else format_timestamp(record.sealed_at),
    }
