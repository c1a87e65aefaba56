"""The log of events of the caller's organisation, for those who audit it."""

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import JSONResponse, Response, StreamingResponse

from did_methods.multibase import to_base64url
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.http.access import Calling, Scope
from node.http.door import Answer, Door
from node.http.services import Services
from node.issuance.organisation.log import PAGE, LogDesk, to_json
from node.ports.oversight import SignedHead

PATH: Final = "/organisation/audit"
LINES: Final = "application/x-ndjson"
EXPORT_SECONDS: Final = 600.0
"""A million entries, to whoever reads them slowly."""
_EXAMPLE: Final[JsonObject] = {
    "number": 1,
    "at": "2026-09-01T12:00:00+00:00",
    "actor": "member:01990d5e-0000-7000-8000-000000000001",
    "action": "member.add",
    "subject": "01990d5e-0000-7000-8000-000000000002",
    "details": {"key": "01990d5e-0000-7000-8000-000000000003", "roles": ["issuer"]},
    "previous": "00" * 32,
    "digest": "5f" * 32,
}
_HEAD: Final[JsonObject] = {
    "number": 17,
    "at": "2026-09-01T12:15:00Z",
    "signed": "eyJhbGciOiJFZDI1NTE5Ii…",
    "receipt": None,
}


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Audit")
    desk = LogDesk(services.store, services.vault)

    @door.get(PATH, access=Scope.AUDIT_READ, answers=[Answer(200, "A page.", {"entries": [_EXAMPLE], "next": 1})])
    async def page(
        caller: Calling,
        after: Annotated[int, Query(ge=0, le=2**53 - 1, description="`next` of the page before.")] = 0,
        limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
    ) -> Response:
        """The events in their order; each entry has the digest of the one before."""
        entries = await desk.page(caller, after=after, limit=limit)
        following = entries[-1].number if len(entries) == limit else None
        return JSONResponse({"entries": [to_json(entry) for entry in entries], "next": following})

    @door.get(
        f"{PATH}/export",
        access=Scope.AUDIT_READ,
        answers=[Answer(200, "One entry a line, from the first on.", None, LINES)],
        seconds=EXPORT_SECONDS,
    )
    async def export(caller: Calling) -> Response:
        """The whole log, to be compared with signed heads: `glejt audit check`."""
        return StreamingResponse(desk.export(caller), media_type=LINES)

    @door.get(f"{PATH}/heads", access=Scope.AUDIT_READ, answers=[Answer(200, "The latest first.", {"heads": [_HEAD]})])
    async def heads(caller: Calling, limit: Annotated[int, Query(ge=1, le=PAGE)] = 100) -> Response:
        """Which entry was the last at a time, in the organisation's signature; with a receipt once it is anchored."""
        return JSONResponse({"heads": [shown(head) for head in await desk.heads(caller, limit)]})

    return door


def shown(head: SignedHead) -> JsonObject:
    """A signed head."""
    return {
        "number": head.number,
        "at": format_timestamp(head.at),
        "signed": head.signed.decode(),
        "receipt": None if head.receipt is None else to_base64url(head.receipt),
    }
