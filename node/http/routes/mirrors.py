"""Status lists of others that the node keeps copies of, so that nobody depends on whoever published them."""

from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from anchoring.heads import cid_of
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.services import Services
from node.issuance.list_copies import ListCopies
from node.ports.mirroring import Mirrored

PATH: Final = "/organisation/mirrors"
Url = Annotated[str, Field(max_length=2048)]
_EXAMPLE: Final[JsonObject] = {
    "url": "https://university.example/status/1",
    "askedAt": "2026-09-01T12:00:00Z",
    "triedAt": "2026-09-01T12:00:05Z",
    "hadAt": "2026-09-01T12:00:05Z",
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "cid": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
    "problem": None,
}


class ListToMirror(BaseModel):
    """A status list of somebody else."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[Url, Field(description="Where it is published: https, and a public host.")]


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Mirrors")
    copies = ListCopies(services.store, services.public_url, services.hosting.pages.is_local)

    @door.get(PATH, access=Scope.ORGANISATION_READ, answers=[Answer(200, "All of them.", {"mirrors": [_EXAMPLE]})])
    async def listed(caller: Calling) -> Response:
        """The lists of others that are mirrored for the organisation, and how that goes."""
        return JSONResponse({"mirrors": [_shown(each) for each in await copies.listed(caller.organisation)]})

    @door.put(
        PATH,
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(200, "How it goes.", _EXAMPLE)],
        body=Body({"url": "https://university.example/status/1"}),
        problems=[400, 409],
    )
    async def add(sent: ListToMirror, caller: Calling) -> Response:
        """Mirror a list of somebody else: fetched in the background, every hour, and served by its digest."""
        kept = await copies.add(sent.url, caller, services.now())
        services.work.wake()
        return JSONResponse(_shown(kept))

    @door.delete(
        PATH, access=Scope.ORGANISATION_MANAGE, answers=[Answer(204, "It is mirrored no more.")], problems=[404]
    )
    async def remove(url: Annotated[str, Query(max_length=2048)], caller: Calling) -> Response:
        """Mirror a list no more, and drop its copies."""
        await copies.remove(url, caller, services.now())
        return Response(status_code=204)

    return door


def _shown(each: Mirrored) -> JsonObject:
    return {
        "url": each.url,
        "askedAt": format_timestamp(each.asked_at),
        "triedAt": None if each.tried_at is None else format_timestamp(each.tried_at),
        "hadAt": None if each.had_at is None else format_timestamp(each.had_at),
        "sha256": each.digest,
        "cid": None if each.digest is None else cid_of(bytes.fromhex(each.digest)),
        "problem": each.problem,
    }
