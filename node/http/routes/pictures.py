"""Pictures of achievements: uploaded by designers, and shown to all once an achievement that has one is published.

What is served is what was written anew, never what was uploaded; it comes as an attachment, under a policy that lets
nothing in it do anything, so that it is a picture wherever it is put.
"""

import re
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Query, Request
from starlette.responses import JSONResponse, Response

from node.credentials.pictures.cleaning import MAX_UPLOAD_BYTES, PNG_TYPE, SVG_TYPE
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.http.access import PUBLIC, Calling, Scope
from node.http.caching import FOR_GOOD, cached
from node.http.door import Answer, Body, Door
from node.http.problems import ProblemError
from node.http.services import Services
from node.issuance.pictures import PictureDesk
from node.issuance.registering import PICTURE_SUFFIX, picture_url
from node.ports.publishing import Picture

MAX_LISTED: Final = 100
PICTURE_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A picture has its own styles, and nothing else."""
NOT_MODIFIED: Final = Answer(304, "What was kept is still right.")
_DIGEST: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_SHOWN: Final[JsonObject] = {
    "digest": _DIGEST,
    "url": f"https://node.example/pictures/{_DIGEST}.png",
    "mediaType": PNG_TYPE,
    "width": 400,
    "height": 400,
    "bytes": 20480,
    "addedAt": "2026-09-01T12:00:00Z",
    "publishedAt": None,
}
_NAME: Final = re.compile(r"([0-9a-f]{64})\.(png|svg)", re.ASCII)


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Pictures")
    desk = PictureDesk(services.store, services.judges)

    @door.post(
        "/organisation/pictures",
        access=Scope.ACHIEVEMENTS_WRITE,
        answers=[Answer(201, "The picture, and what was left out of it.", {**_SHOWN, "leftOut": ["tEXt"]})],
        body=Body("The bytes of the picture.", media_types=(PNG_TYPE, SVG_TYPE), max_bytes=MAX_UPLOAD_BYTES),
        problems=[400, 409],
    )
    async def upload(request: Request, caller: Calling) -> Response:
        """Keep a PNG or an SVG, for an achievement to name by the `url` that it gets.

        Of a PNG, what says nothing of the image is left out. An SVG is written anew of shapes, text and gradients:
        scripts, links, pictures in it, and all that is fetched from elsewhere, are gone. `leftOut` says what.
        """
        made = await desk.upload(caller, await request.body(), services.now())
        shown: JsonObject = {**_shown(made.picture, services.public_url), "leftOut": list[JsonValue](made.left_out)}
        location = {"Location": f"/organisation/pictures/{made.picture.digest}"}
        return JSONResponse(shown, status_code=201, headers=location)

    @door.get(
        "/organisation/pictures",
        access=Scope.ACHIEVEMENTS_READ,
        answers=[Answer(200, "A page of them.", {"pictures": [_SHOWN], "next": None})],
    )
    async def listed(
        caller: Calling,
        after: Annotated[str, Query(max_length=64)] = "",
        limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = MAX_LISTED,
    ) -> Response:
        """The pictures of the organisation."""
        async with services.store.view(caller.organisation) as view:
            found = await view.pictures.listed(after=after, limit=limit)
        following = found[-1].digest if len(found) == limit else None
        shown: list[JsonValue] = [_shown(one, services.public_url) for one in found]
        return JSONResponse({"pictures": shown, "next": following})

    @door.get(
        "/organisation/pictures/{digest}",
        access=Scope.ACHIEVEMENTS_READ,
        answers=[Answer(200, "The picture.", "The bytes of the picture.", media_type=PNG_TYPE)],
        problems=[404],
    )
    async def own(digest: str, caller: Calling) -> Response:
        """A picture of the organisation, also one that nobody else sees yet."""
        async with services.store.view(caller.organisation) as view:
            picture, image = await view.pictures.find(digest), await view.pictures.image(digest)
        return Response(image, media_type=picture.media_type, headers=_headers(picture))

    @door.delete(
        "/organisation/pictures/{digest}",
        access=Scope.ACHIEVEMENTS_WRITE,
        answers=[Answer(204, "It is gone.")],
        problems=[404, 409],
    )
    async def remove(digest: str, caller: Calling) -> Response:
        """Drop a picture that was never published."""
        await desk.remove(caller, digest, services.now())
        return Response(status_code=204)

    @door.get(
        "/pictures/{name}",
        access=PUBLIC,
        answers=[Answer(200, "The picture.", "The bytes of the picture.", media_type=PNG_TYPE), NOT_MODIFIED],
        problems=[404],
        open=True,
    )
    async def published(name: str, request: Request) -> Response:
        """A picture that a published achievement has; its name is its digest, so it never changes."""
        form = _NAME.fullmatch(name)
        if form is None:
            raise absent()
        async with services.store.node_view() as view:
            picture, image = await view.public.picture(form[1])
        if PICTURE_SUFFIX[picture.media_type] != form[2]:
            raise absent()
        return shown_picture(request, picture, image, FOR_GOOD)

    return door


def shown_picture(request: Request, picture: Picture, image: bytes, lasting: timedelta) -> Response:
    """The answer with a picture, to be kept for so long."""
    tag = f'"{picture.digest}"'
    return cached(request, image, media_type=picture.media_type, lasting=lasting, etag=tag, headers=_headers(picture))


def absent() -> ProblemError:
    """The answer for what is not published here."""
    return ProblemError(404, "request.not_found", "nothing is published here", "Compare the address with its source.")


def _headers(picture: Picture) -> dict[str, str]:
    name = f"{picture.digest[:16]}.{PICTURE_SUFFIX[picture.media_type]}"
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": PICTURE_POLICY,
        "X-Content-Type-Options": "nosniff",
    }


def _shown(picture: Picture, public_url: str) -> JsonObject:
    published = picture.published_at
    return {
        "digest": picture.digest,
        "url": picture_url(public_url, picture),
        "mediaType": picture.media_type,
        "width": picture.width,
        "height": picture.height,
        "bytes": picture.size,
        "addedAt": format_timestamp(picture.added_at),
        "publishedAt": None if published is None else format_timestamp(published),
    }
